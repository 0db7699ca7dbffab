"""What happens in the simulated days: cars that come and charge, users who command, and the maker's count of calls.

Source: research brief (performance and reliability), section 3.6.
"""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Final

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
LIMIT: Final = 1000
# Midnight of some day.
START: Final = 1_800_000_000.0 - 1_800_000_000.0 % DAY
SESSIONS_A_DAY: Final = 0.8
COMMANDS_A_BOX: Final = 15
MOST_COMMANDS: Final = 60


@dataclass(frozen=True, slots=True)
class Stay:
    """One car at one box: plugged in, charging for some hours, gone in the morning."""

    plugged: float
    begins: float
    ends: float
    gone: float


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How many boxes for how long; the first ``warm_up`` days are lived and not counted."""

    boxes: int
    days: int = 42
    warm_up: int = 7
    seed: int = 1
    lan: bool = False
    # Whether a command is looked after: ours by what it asks until it shows, the peer by a whole cycle.
    read_back: bool = False

    @property
    def names(self) -> list[str]:
        """The boxes."""
        return [f"C{number:02}" for number in range(self.boxes)]

    @property
    def counted_from(self) -> float:
        """When counting begins."""
        return START + self.warm_up * DAY

    @property
    def end(self) -> float:
        """When everything ends."""
        return self.counted_from + self.days * DAY


def stays(scenario: Scenario) -> dict[str, list[Stay]]:
    """Return the cars of each box: they come home at about half past six, and half of them wait for the night."""
    random = Random(scenario.seed)  # noqa: S311 the same days each time
    found: dict[str, list[Stay]] = {}
    for name in scenario.names:
        days = range(-1, scenario.warm_up + scenario.days)
        found[name] = [_stay(random, START + day * DAY) for day in days if random.random() < SESSIONS_A_DAY]
    return found


def _stay(random: Random, midnight: float) -> Stay:
    plugged = midnight + min(max(random.gauss(18.5, 1.5), 12.0), 22.5) * HOUR
    begins = midnight + random.choice((23, 25)) * HOUR if random.random() < 0.5 else plugged + 60
    ends = begins + min(HOUR * 3 * random.lognormvariate(0, 0.4), 9 * HOUR)
    return Stay(plugged, begins, ends, max(ends + 60, midnight + DAY + random.uniform(6.5, 9.0) * HOUR))


def commands(scenario: Scenario) -> list[tuple[float, str]]:
    """Return when users command which box."""
    random = Random(scenario.seed + 1000)  # noqa: S311 the same days each time
    a_day = min(COMMANDS_A_BOX * scenario.boxes, MOST_COMMANDS)
    return sorted(
        (START + day * DAY + random.uniform(7, 23) * HOUR, random.choice(scenario.names))
        for day in range(scenario.warm_up + scenario.days)
        for _ in range(a_day)
    )


class Truth:
    """What is so at the boxes."""

    def __init__(self, scenario: Scenario) -> None:
        """Let the cars of ``scenario`` come and go."""
        self.stays = stays(scenario)
        self._came = {name: [stay.plugged for stay in found] for name, found in self.stays.items()}

    def at(self, name: str, moment: float) -> tuple[bool, bool]:
        """Return whether a car is plugged in, and whether it charges."""
        index = bisect_right(self._came[name], moment) - 1
        if index < 0:
            return False, False
        stay = self.stays[name][index]
        return moment < stay.gone, stay.begins <= moment < stay.ends


@dataclass
class Vendor:
    """Counts as the maker may: the calls of any 24 hours, which is the strictest way to read *a day*."""

    calls: deque[float] = field(default_factory=deque)
    refused: int = 0

    def ask(self, now: float) -> int | None:
        """Return how many calls are left after this one; None when it is refused."""
        while self.calls and self.calls[0] <= now - DAY:
            self.calls.popleft()
        if len(self.calls) >= LIMIT:
            self.refused += 1
            return None
        self.calls.append(now)
        return LIMIT - len(self.calls)
