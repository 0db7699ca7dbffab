"""What was measured, and what follows from it; nothing here measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import statistics
from typing import Any, Final

# The two sides, each a Home Assistant.
CORE: Final = "core"
OURS: Final = "ours"
# What is measured beside them, without Home Assistant.
PYENPHASE: Final = "pyenphase"
FLOOR: Final = "floor"
# Ours may cost less than this share of core's.
HALF: Final = 0.5
# What is read on every poll of a gateway that has meters; without any, nothing is new within a minute.
FAST: Final = "/ivp/meters/readings"
# A slower endpoint may be asked in the same poll: one, so that what is due together does not come together.
BESIDE: Final = 1


@dataclass(frozen=True, kw_only=True)
class Poll:
    """What one poll asked for, by path, and what it cost."""

    paths: Sequence[str]
    cpu_ms: float
    in_flight: int = 1


@dataclass(frozen=True, kw_only=True)
class Minute:
    """The polls of one minute."""

    polls: Sequence[Poll]

    @property
    def cpu_ms(self) -> float:
        """Return what they cost together."""
        return sum(poll.cpu_ms for poll in self.polls)

    @property
    def requests(self) -> int:
        """Return how many requests there were."""
        return sum(len(poll.paths) for poll in self.polls)


@dataclass(frozen=True, kw_only=True)
class Start:
    """What it takes to load the integration."""

    requests: int
    registered: int
    enabled: int
    wall_ms: float
    cpu_ms: float
    memory_mb: float
    in_flight: int = 1
    reload_cpu_ms: Sequence[float] = ()


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one integration costs on one site: in each round, minute by minute."""

    rounds: Sequence[Sequence[Minute]]
    start: Start | None = None
    # States that changed, and states that were written as they were, in a minute.
    changed: float = 0.0
    reported: float = 0.0

    @property
    def minutes(self) -> list[Minute]:
        """Return all minutes of all rounds."""
        return [minute for each in self.rounds for minute in each]

    @property
    def polls(self) -> list[Poll]:
        """Return all polls of all rounds."""
        return [poll for minute in self.minutes for poll in minute.polls]

    @property
    def requests(self) -> float:
        """Return the requests in a minute, on average."""
        return statistics.fmean(minute.requests for minute in self.minutes)

    @property
    def busiest(self) -> int:
        """Return the requests in the worst minute."""
        return max(minute.requests for minute in self.minutes)

    @property
    def cpu(self) -> list[float]:
        """Return the CPU time of a minute, in ms, on average in each round."""
        return [statistics.fmean(minute.cpu_ms for minute in each) for each in self.rounds]

    @property
    def typical(self) -> list[float]:
        """Return the CPU time of each minute of a round, in ms: the same poll of every round does the same, its median counts."""
        return [
            sum(statistics.median(each[number].polls[turn].cpu_ms for each in self.rounds) for turn in range(len(minute.polls)))
            for number, minute in enumerate(self.rounds[0])
        ]

    @property
    def in_flight(self) -> int:
        """Return how many requests there were at once, while it was loaded or later."""
        return max(self.start.in_flight if self.start else 0, *(poll.in_flight for poll in self.polls))


@dataclass(frozen=True, kw_only=True)
class Result:
    """Both sides on one site; ``slow`` is core's at its own pace."""

    site: str
    capture: str
    core: Cost
    ours: Cost
    slow: Cost | None = None
    stepped: bool = True

    @property
    def request_ratio(self) -> float:
        """Return our requests for one of core's, in our worst minute and core's best."""
        return self.ours.busiest / min(minute.requests for minute in self.core.minutes)

    @property
    def cpu_ratio(self) -> float:
        """Return our CPU time for core's."""
        return sum(self.ours.typical) / sum(self.core.typical)

    @property
    def cpu_spread(self) -> tuple[float, float, float]:
        """Return least, middle and most of the ratio of CPU times, round by round."""
        ratios = [ours / core for ours, core in zip(self.ours.cpu, self.core.cpu, strict=True)]
        return min(ratios), statistics.median(ratios), max(ratios)

    @property
    def fast(self) -> list[int]:
        """Return how often the fast endpoint was asked in each of our polls."""
        return [list(poll.paths).count(FAST) for poll in self.ours.polls]


def misses(result: Result) -> list[str]:
    """Return the bars that a result does not clear, in words."""
    found = []
    if result.request_ratio >= HALF:
        found.append(f"requests: {result.request_ratio:.2f} of core's, wanted below {HALF}")
    if result.cpu_ratio >= HALF:
        found.append(f"CPU: {result.cpu_ratio:.2f} of core's, wanted below {HALF}")
    if result.ours.in_flight > 1:
        found.append(f"{result.ours.in_flight} requests at once, wanted one")
    if result.stepped:
        found += _poll_misses(result)
    return found


def _poll_misses(result: Result) -> list[str]:
    metered = any(FAST in poll.paths for poll in result.core.polls)
    wanted = 1 if metered else 0
    found = []
    if set(result.fast) != {wanted}:
        found.append(f"fast tier: between {min(result.fast)} and {max(result.fast)} requests in a poll, wanted {wanted}")
    if (most := max(len(poll.paths) for poll in result.ours.polls)) > wanted + BESIDE:
        found.append(f"a poll of {most} requests, wanted at most {wanted + BESIDE}")
    return found


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that one call of the benchmark found."""

    machine: Mapping[str, Any]
    method: Mapping[str, Any]
    results: Sequence[Result] = field(default_factory=list)

    @property
    def misses(self) -> list[str]:
        """Return what does not clear its bar, anywhere."""
        return [f"{result.site}: {miss}" for result in self.results for miss in misses(result)]
