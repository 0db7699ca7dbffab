"""One charging session as the box and its cloud remember it: energy by clock hour, and how much of it was sun."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)


def hour_of(wall: datetime) -> datetime:
    """Give the beginning of the clock hour."""
    return wall.replace(minute=0, second=0, microsecond=0)


@dataclass(slots=True, kw_only=True)
class Session:
    """A session from the first power to the last before unplugging or a full battery, in the house's wall clock."""

    start: datetime
    end: datetime
    card: str = ""
    wh: dict[datetime, float] = field(default_factory=dict)
    wh_sun: dict[datetime, float] = field(default_factory=dict)

    @property
    def total_wh(self) -> float:
        """Energy of the session."""
        return sum(self.wh.values())

    def add(self, wall: datetime, seconds: float, wh: float, wh_sun: float) -> None:
        """Count energy delivered since wall, which must lie within one clock hour."""
        hour = hour_of(wall)
        self.end = wall + timedelta(seconds=seconds)
        self.wh[hour] = self.wh.get(hour, 0.0) + wh
        self.wh_sun[hour] = self.wh_sun.get(hour, 0.0) + wh_sun

    def buckets(self, *, sun: bool = False) -> list[float]:
        """Give kWh of every clock hour that the session touches, also of those in which it rested."""
        found = self.wh_sun if sun else self.wh
        hours: list[float] = []
        hour = hour_of(self.start)
        while hour < self.end or not hours:
            hours.append(found.get(hour, 0.0) / 1000.0)
            hour += HOUR
        return hours
