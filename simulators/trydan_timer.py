"""The programmed timers of a Trydan: when charging is allowed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

OFF: Final = "8"


@dataclass(frozen=True, slots=True)
class Slot:
    """One timer: days as digits from 1 (Monday), 8 for off; an end before the start lies on the next day."""

    days: str
    start: str
    end: str

    @property
    def active(self) -> bool:
        """Whether this timer does anything."""
        return bool(self.days) and OFF not in self.days

    def covers(self, wall: datetime) -> bool:
        """Whether charging is allowed at this moment."""
        clock = f"{wall:%H:%M}"
        today, yesterday = (str((wall - timedelta(days=ago)).isoweekday()) in self.days for ago in (0, 1))
        if self.start <= self.end:
            return today and self.start <= clock < self.end
        return (today and clock >= self.start) or (yesterday and clock < self.end)


def allowed(slots: list[Slot], wall: datetime) -> bool:
    """Whether charging is allowed now; without an active timer it always is."""
    active = [slot for slot in slots if slot.active]
    return not active or any(slot.covers(wall) for slot in active)
