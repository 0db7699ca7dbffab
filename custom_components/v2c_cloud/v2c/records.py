"""What the plan remembers of each call, and how it is read again after a restart."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from ...energy_core.memory import section
from ...energy_core.points import number


@dataclass
class Record:
    """What became of a task: its last success, its failures since, and whether it is wanted now."""

    since: float
    done_at: float | None = None
    failures: int = 0
    failed_at: float = 0.0
    wanted: bool = False

    @classmethod
    def read(cls, raw: list[Any], now: float) -> Self:
        """Return a record as it was saved; no time in it lies in the future."""
        done_at, failures, failed_at = (None if at is None else min(at, now) for at in map(number, (*raw, None, None, None)[:3]))
        return cls(now, done_at, int(max(failures or 0, 0)), failed_at or 0.0)

    def saved(self) -> list[float | None]:
        """Return what ``read`` understands, ready for JSON."""
        return [self.done_at, self.failures, self.failed_at]

    def move(self, back: float) -> None:
        """Go along with a clock that has jumped back."""
        self.since, self.failed_at = self.since - back, self.failed_at - back
        self.done_at = None if self.done_at is None else self.done_at - back


def items(saved: Any, part: str) -> Iterable[tuple[str, Any]]:
    """Return the pairs of a part of what was saved, none when it is not there."""
    return section(section(saved).get(part)).items()
