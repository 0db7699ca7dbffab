"""What a client asked, and what it was told."""

from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request on one wire; at is time.monotonic() of its arrival."""

    at: float
    wire: str
    function: int | str
    address: int | None = None
    points: tuple[int, ...] = ()
    count: int = 0
    values: tuple[object, ...] = ()
    outcome: str = ""
    write: bool = False
    unit: int = 0
    key: str = ""


class RequestLog:
    """Every request in the order of arrival."""

    def __init__(self) -> None:
        """Start empty."""
        self.requests: list[Request] = []

    @property
    def writes(self) -> list[Request]:
        """Only the requests that write."""
        return [request for request in self.requests if request.write]

    def add(self, request: Request) -> None:
        """Append a request."""
        self.requests.append(request)

    def clear(self) -> None:
        """Forget what was asked so far."""
        self.requests.clear()


def present() -> float:
    """Give the time stamp of now."""
    return monotonic()
