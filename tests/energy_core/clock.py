"""A clock that only moves when told to."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Seconds that pass by hand, and the local time that goes with them."""

    seconds: float = 1000.0
    moment: datetime = field(default=NOON)

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.moment += timedelta(seconds=seconds)
