"""The community's integration, version 1.3.5: its fixed schedule, as the research brief read it in its source.

Two calls for each box in each cycle, and a cycle every max(120, ceil(2 n x 86400 / 850)) seconds; pairings each hour,
cards every 6 and versions every 12 hours. After a 429 the next cycle comes after 240, 480, then 600 seconds until one
succeeds. Each command is followed by a cycle, which ``read_back`` adds.
"""

from heapq import heapify, heappop, heappush
import math
from typing import Final

from .days import DAY, HOUR, START, Scenario, Vendor, commands
from .outcome import Log

NAME: Final = "HomeAssistant-V2C-Cloud 1.3.5 (schedule)"
POLLS: Final = 850
SHORTEST: Final = 120
LONGEST_BACKOFF: Final = 600


def interval(boxes: int) -> int:
    """Return the seconds between two cycles."""
    return max(SHORTEST, math.ceil(2 * boxes * DAY / POLLS))


class Peer:
    """The fixed schedule on a clock that is set by hand."""

    def __init__(self, scenario: Scenario) -> None:
        """Begin with everything due."""
        self.scenario = scenario
        self.vendor = Vendor()
        self.log = Log(heard={name: [] for name in scenario.names})
        self._backoff = SHORTEST

    def run(self) -> Log:
        """Let the days pass."""
        events = [(START, rank, what) for rank, what in enumerate(("cycle", "pairings", "cards", "version"))]
        events += [(at, 9, name) for at, name in commands(self.scenario)]
        heapify(events)
        while events and events[0][0] < self.scenario.end:
            now, rank, what = heappop(events)
            if (wait := self._do(now, what)) is not None:
                heappush(events, (now + wait, rank, what))
        self.log.refused = self.vendor.refused
        return self.log

    def _do(self, now: float, what: str) -> float | None:
        """Do what is due, and return in how many seconds it is due again."""
        boxes = self.scenario.boxes
        match what:
            case "cycle":
                return self._cycle(now)
            case "pairings":
                self._ask(now, "pairings")
                return HOUR
            case "cards" | "version":
                for _ in range(boxes):
                    self._ask(now, what)
                return (6 if what == "cards" else 12) * HOUR
            case _:
                if not self._ask(now, "command"):
                    self.log.refused_commands += 1
                elif self.scenario.read_back:
                    self._ask(now, "pairings")
                    self._cycle(now)
                return None

    def _cycle(self, now: float) -> float:
        good = True
        for name in self.scenario.names:
            for kind in ("reported", "live"):
                if self._ask(now, kind):
                    self.log.heard[name].append(now)
                else:
                    good = False
        if good:
            self._backoff = SHORTEST
            return interval(self.scenario.boxes)
        self._backoff = min(2 * self._backoff, LONGEST_BACKOFF)
        return self._backoff

    def _ask(self, now: float, kind: str) -> bool:
        self.log.calls.append(now)
        self.log.kinds[kind] += 1
        return self.vendor.ask(now) is not None
