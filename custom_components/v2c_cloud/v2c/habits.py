"""When charges begin: learned from all chargers of an account, so that one is looked at when it is worth it."""

from collections.abc import Iterator
import math
from typing import Any, Final

from ...energy_core.memory import section
from ...energy_core.pacing import DAY
from ...energy_core.points import number

HOUR: Final = 3600.0
HOURS: Final = 24
# What a charger does that may begin to charge: without a car, with one that waits, with one that has charged.
STATES: Final = ("idle", "waiting", "charged")
# What was learned fades each hour: half of it is forgotten in two weeks.
FADING: Final = 0.5 ** (1 / (14 * HOURS))
# What lies longer between two looks says too little about the hour.
LONGEST: Final = 2 * HOUR
# More days in an hour of the day are no more certain; nor is a memory with more in order.
MOST: Final = 1000.0


class Habits:
    """Counts, for each hour of the day, for how many days chargers were watched and how many charges began."""

    def __init__(self, now: float) -> None:
        """Begin with nothing learned."""
        self._days = {state: [0.0] * HOURS for state in STATES}
        self._starts = {state: [0.0] * HOURS for state in STATES}
        self._looks: dict[str, tuple[float, float]] = {}
        self._faded_at = now

    def looked(self, device_id: str, state: str | None, before: float | None, now: float) -> None:
        """Take in that a charger was in this ``state`` from the look ``before`` until this one; None while it charges."""
        self._looks.pop(device_id, None)
        if state is not None and before is not None:
            self._looks[device_id] = before, now
            for hour, seconds in _hours(before, now):
                self._days[state][hour] += seconds / DAY

    def began(self, device_id: str, state: str | None) -> None:
        """Take in that the last look showed a charge which had begun since the one before."""
        since, until = self._looks.pop(device_id, (0.0, 0.0))
        if state is not None:
            for hour, seconds in _hours(since, until):
                self._starts[state][hour] += seconds / (until - since)

    def turned(self, now: float) -> bool:
        """Tell whether another hour has come, and then forget a little."""
        if now // HOUR == self._faded_at // HOUR:
            return False
        self._faded_at = now
        for hours in (*self._days.values(), *self._starts.values()):
            hours[:] = [each * FADING for each in hours]
        return True

    def patience(self, state: str | None, at: float) -> float:
        """Return how much longer than usual a look can wait at this time."""
        return 1.0 if state is None else self._patience(state, _hour(at))

    def usual(self, *states: str) -> float:
        """Return the patience that makes as many looks in a day as that of every hour does; at first, all hours count alike."""
        hours = [(self._days[state][hour] + 1 / HOURS, self._patience(state, hour)) for state in states for hour in range(HOURS)]
        return sum(days for days, _ in hours) / sum(days / patience for days, patience in hours)

    def _patience(self, state: str, hour: int) -> float:
        """Return what makes data least old for so many looks: the third root of how seldom charges begin.

        One charge a day is usual; of an hour that was not watched yet, this is believed.
        """
        return math.cbrt((self._days[state][hour] + 1) / (self._starts[state][hour] + 1))

    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        known = {state: (self._days[state], self._starts[state]) for state in STATES if any(self._days[state])}
        return {state: [[round(each, 4) for each in hours] for hours in both] for state, both in known.items()}

    def restore(self, saved: Any) -> None:
        """Take back what an earlier life saved; what is not whole is ignored."""
        for state, both in section(saved).items():
            match both:
                case [list() as days, list() as starts] if state in STATES and len(days) == len(starts) == HOURS:
                    self._days[state], self._starts[state] = _counts(days), _counts(starts)


def _counts(raw: list[Any]) -> list[float]:
    return [min(max(number(each) or 0.0, 0.0), MOST) for each in raw]


def _hour(at: float) -> int:
    return int(at % DAY // HOUR)


def _hours(since: float, until: float) -> Iterator[tuple[int, float]]:
    """Return the hours of the day between two looks, with how long each takes part."""
    if until - since > LONGEST:
        return
    while since < until:
        end = min(until, (since // HOUR + 1) * HOUR)
        yield _hour(since), end - since
        since = end
