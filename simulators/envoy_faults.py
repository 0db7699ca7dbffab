"""What can go wrong with one path of a gateway, or with all of them."""

from typing import Final

from .faults import Fault
from .http_bodies import BODIES, CONTENTS
from .http_delivery import DELIVERIES

ALL: Final = "*"
# What a new connection meets, whatever path is asked for afterwards.
GREETINGS: Final = frozenset({"reset_on_connect", "no_tls"})
# The write behind such an answer did not happen either; behind any other it did.
REPLACING: Final = frozenset(CONTENTS) | {"redirect", "huge", "endless", "bomb", "not_http", "hang"} | GREETINGS
SPOILING: Final = (
    frozenset(BODIES) | {"close", "content_type"} | (DELIVERIES - {"huge", "endless", "bomb", "not_http", "no_answer"})
)
STATUS: Final = 3


class PathFaults:
    """The present faults by path; one for all paths gives way to one for the path itself."""

    def __init__(self) -> None:
        """Begin without any."""
        self._active: dict[str, Fault] = {}

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each fault that is switched on."""
        return {path: fault.kind for path, fault in self._active.items()}

    def fail(self, path: str, kind: str, times: int | None = None) -> None:
        """Switch a fault on: a status, or a kind, or "kind:value*times"; an unknown one is a ValueError."""
        fault = Fault.parse(kind)
        if not is_status(fault) and fault.kind not in REPLACING | SPOILING:
            raise ValueError(f"unknown fault {kind!r}")
        if times is not None:
            fault.times = times
        self._active[path] = fault

    def heal(self, path: str | None = None) -> None:
        """Switch the fault of a path off, or all."""
        if path is None:
            self._active.clear()
        else:
            self._active.pop(path, None)

    def greeting(self) -> str:
        """Give the fault that a new connection meets, empty when there is none."""
        fault = self._active.get(ALL)
        return fault.kind if fault is not None and fault.kind in GREETINGS else ""

    def take(self, path: str) -> Fault | None:
        """Use the fault of a path once."""
        name = path if path in self._active else ALL
        fault = self._active.get(name)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.heal(name)
        return fault


def is_status(fault: Fault) -> bool:
    """Whether a fault is just another status."""
    return len(fault.kind) == STATUS and fault.kind.isdigit()


def replaces(fault: Fault) -> bool:
    """Whether something else answers in place of the gateway."""
    return is_status(fault) or fault.kind in REPLACING


def replacement(fault: Fault) -> tuple[int, bytes, str, dict[str, str]]:
    """Give status, body, content type and headers of what answers instead."""
    if is_status(fault):
        status = int(fault.kind)
        return status, f"<html><body><h1>{status}</h1></body></html>".encode(), "text/html", {}
    if fault.kind == "redirect":
        return 301, b"", "text/html", {"Location": fault.value or "https://localhost/"}
    return 200, *CONTENTS.get(fault.kind, (b"", "")), {}
