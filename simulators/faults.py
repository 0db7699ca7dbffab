"""Faults that can be switched on and off while a simulator runs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MODBUS_KINDS: Final = frozenset(
    {
        "refuse",
        "reset_on_connect",
        "reset_mid_frame",
        "close_mid_frame",
        "half_open",
        "drip",
        "delay",
        "late",
        "wrong_transaction",
        "wrong_unit",
        "wrong_function",
        "short_frame",
        "byte_count_off",
        "long_frame",
        "huge_length",
        "garbage",
        "garbage_prefix",
        "duplicate",
        "http_server",
        "solarman",
        "other_device",
        "exception",
        "close_after_each",
        "no_answer",
        "lost_write",
    }
)
HTTP_KINDS: Final = frozenset(
    {
        "refuse",
        "reset",
        "reset_on_connect",
        "reset_mid_frame",
        "close_mid_frame",
        "half_open",
        "close_after_each",
        "drip",
        "delay",
        "status",
        "truncated",
        "html",
        "empty",
        "null",
        "list",
        "object",
        "nan",
        "numbers",
        "text_numbers",
        "missing_comma",
        "duplicate_key",
        "extra_keys",
        "content_type",
        "redirect",
        "huge",
        "endless",
        "bomb",
        "nested",
        "unauthorized",
        "too_many",
        "garbage",
        "not_http",
        "no_answer",
        "lost_write",
        "refuse_write",
    }
)
KINDS: Final[Mapping[str, frozenset[str]]] = {"modbus": MODBUS_KINDS, "http": HTTP_KINDS}
# Something else answers in place of the device, which therefore does not act on the request either.
REPLACING: Final = frozenset(
    {
        "status",
        "html",
        "empty",
        "null",
        "list",
        "object",
        "garbage",
        "not_http",
        "nested",
        "huge",
        "endless",
        "bomb",
        "redirect",
        "unauthorized",
        "too_many",
    }
)
SCOPES: Final = frozenset({"any", "read", "write"})


@dataclass(slots=True)
class Fault:
    """A kind of fault, with its value, how many times it strikes (None = until cleared) and on what."""

    kind: str
    times: int | None = None
    value: str = ""
    on: str = "any"

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read "kind", "kind:value" or "kind:value*times", for example "exception:6*2"."""
        body, _, times = text.partition("*")
        kind, _, value = body.partition(":")
        return cls(kind, int(times) if times else None, value)

    def number(self, default: float) -> float:
        """Give the value as a number."""
        return float(self.value) if self.value else default


class Faults:
    """The present fault of each wire; assign a Fault, a text as Fault.parse reads it, or None."""

    def __init__(self, changed: Callable[[str], None] | None = None, kinds: Mapping[str, frozenset[str]] = KINDS) -> None:
        """Call changed with the name of the wire whose fault was switched; kinds tells what each wire can do."""
        self._changed = changed
        self._kinds = kinds
        self._active: dict[str, Fault | None] = dict.fromkeys(kinds)

    @property
    def modbus(self) -> Fault | None:
        """Fault of the Modbus wire."""
        return self._active["modbus"]

    @modbus.setter
    def modbus(self, fault: Fault | str | None) -> None:
        self.set("modbus", fault)

    @property
    def http(self) -> Fault | None:
        """Fault of the HTTP wire."""
        return self._active["http"]

    @http.setter
    def http(self, fault: Fault | str | None) -> None:
        self.set("http", fault)

    def set(self, wire: str, fault: Fault | str | None) -> None:
        """Switch the fault of a wire; an unknown kind is a ValueError, so a test cannot pass by a typing error."""
        if isinstance(fault, str):
            fault = Fault.parse(fault) if fault else None
        if fault is not None and (fault.kind not in self._kinds[wire] or fault.on not in SCOPES):
            raise ValueError(f"unknown {wire} fault {fault}")
        self._active[wire] = fault
        if self._changed is not None:
            self._changed(wire)

    def clear(self) -> None:
        """Switch every fault off."""
        for wire in self._active:
            self.set(wire, None)

    def peek(self, wire: str, *kinds: str) -> Fault | None:
        """Give the fault of a wire if it is one of these kinds, without using it up."""
        fault = self._active[wire]
        return fault if fault is not None and fault.kind in kinds else None

    def take(self, wire: str, *, write: bool | None = None) -> Fault | None:
        """Use the fault of a wire once; write tells what is being asked, None before anything was asked."""
        fault = self._active[wire]
        if fault is None or not _concerns(fault, write=write):
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.set(wire, None)
        return fault


def _concerns(fault: Fault, *, write: bool | None) -> bool:
    if write is None:
        return True
    return fault.on in ("any", "write" if write else "read")
