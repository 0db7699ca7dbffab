"""An inverter's energy of the day where the gateway does not count it: firmware before 8.2.4345.

Between two reports power is taken to change evenly; inverters report every 5 or 15 minutes, and after an
hour without a report nothing is known of the time between.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from ...energy_core.memory import section
from ...energy_core.points import number

LONGEST_GAP: Final = 3600.0


@dataclass
class Estimate:
    """The last report of one inverter (seconds since 1970, W), and what the day has brought so far (Wh)."""

    at: float
    watts: float
    day: date
    energy: float = 0.0

    def report(self, at: float, watts: float, now: datetime) -> float:
        """Take a report and return the energy of the day of ``now`` (local, aware)."""
        moment = datetime.fromtimestamp(at, now.tzinfo)
        if self.day != now.date():
            self.day, self.energy = now.date(), 0.0
        gap = at - self.at
        if moment.date() == self.day and 0 < gap <= LONGEST_GAP:
            # The part of it that lies before midnight belongs to yesterday; nothing shines then.
            self.energy += (self.watts + watts) / 2 * gap / 3600
        if gap > 0:
            self.at, self.watts = at, watts
        return self.energy


class Estimates:
    """The estimates of all inverters, by serial number."""

    def __init__(self) -> None:
        """Start with none."""
        self._all: dict[str, Estimate] = {}

    def report(self, item: str, at: float, watts: float, now: datetime) -> float:
        """Take a report and return the energy of the day."""
        known = self._all.get(item)
        if known is None:
            known = self._all[item] = Estimate(at, watts, now.date())
        return known.report(at, watts, now)

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {item: asdict(each) | {"day": each.day.isoformat()} for item, each in self._all.items()}

    def restore(self, saved: object) -> None:
        """Take back what an earlier life saved; what cannot be read is forgotten."""
        for item, kept in section(saved).items():
            if isinstance(kept, dict) and (known := _estimate(kept)) is not None:
                self._all[str(item)] = known


def _estimate(kept: Mapping[str, Any]) -> Estimate | None:
    at, watts, energy = (number(kept.get(name)) for name in ("at", "watts", "energy"))
    try:
        day = date.fromisoformat(kept["day"])
    except KeyError, TypeError, ValueError:
        return None
    return None if at is None or watts is None or energy is None else Estimate(at, watts, day, energy)
