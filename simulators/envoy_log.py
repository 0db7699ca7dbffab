"""What a client asked of a gateway, how hard it pressed, and what it should not have done."""

from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from .requestlog import present

WRITES: Final = frozenset({"POST", "PUT", "DELETE"})
HARMLESS: Final = frozenset({"/auth/check_jwt", "/ivp/livedata/stream"})
MINUTE: Final = 60.0


@dataclass(slots=True, kw_only=True)
class GatewayRequest:
    """One request; began and ended are time.monotonic(), at is the clock of the house; status 0 is no answer."""

    method: str
    path: str
    query: str
    at: float
    began: float
    credentials: str = "none"
    body: Any = None
    status: int = 0
    ended: float | None = None

    @property
    def write(self) -> bool:
        """Whether it changes a setting."""
        return self.method in WRITES and self.path not in HARMLESS


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that a good client does not do."""

    kind: str
    path: str
    detail: str = ""


@dataclass(slots=True)
class GatewayLog:
    """Every request in the order of arrival."""

    requests: list[GatewayRequest] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    smallest_gap: float = inf
    _ended: float = -inf

    def begin(self, request: GatewayRequest) -> None:
        """Note a request that just arrived; one beside another is a violation."""
        if self.open:
            self.violations.append(Violation("parallel", request.path, f"{self.open} open"))
        self.smallest_gap = min(self.smallest_gap, 0.0 if self.open else request.began - self._ended)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self.requests.append(request)

    def end(self, request: GatewayRequest) -> None:
        """Note that a request was answered, or given up."""
        self.open -= 1
        request.ended = self._ended = present()

    def violate(self, kind: str, path: str, detail: str = "") -> None:
        """Note what a client should not have done."""
        self.violations.append(Violation(kind, path, detail))

    def clear(self) -> None:
        """Forget everything and measure the client anew."""
        self.requests.clear()
        self.violations.clear()
        self.most_open, self.smallest_gap, self._ended = self.open, inf, -inf

    def busiest_minute(self) -> int:
        """Give the greatest number of requests in any 60 s of the house's clock."""
        times = [request.at for request in self.requests]
        first = best = 0
        for last, time in enumerate(times):
            while time - times[first] >= MINUTE:
                first += 1
            best = max(best, last - first + 1)
        return best
