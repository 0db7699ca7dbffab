"""What a schedule cost and what it bought: calls, refusals, and how old the data were while a car charged."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from .days import DAY, LIMIT, Scenario, Stay

# How finely ages are sampled, in seconds.
SAMPLE: Final = 31.0


@dataclass
class Log:
    """Everything that one schedule did."""

    calls: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    # When each box was heard of.
    heard: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0
    refused_commands: int = 0
    # Calls that followed a refusal although nothing could have come free.
    retries: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The figures of one schedule in one scenario; ages in seconds."""

    calls_a_day: float
    worst: int
    refused: int
    refused_commands: int
    retries: int
    mean: float
    p95: float
    kinds: dict[str, float]

    @property
    def left(self) -> int:
        """How much of the limit nobody touched in the worst 24 hours."""
        return LIMIT - self.worst


def outcome(log: Log, scenario: Scenario, stays: dict[str, list[Stay]]) -> Outcome:
    """Add up what ``log`` says."""
    calls = sorted(log.calls)
    counted = [at for at in calls if at >= scenario.counted_from]
    ages = sorted(_ages(log, scenario, stays))
    return Outcome(
        calls_a_day=len(counted) / scenario.days,
        worst=max(index + 1 - bisect_right(calls, at - DAY, 0, index) for index, at in enumerate(calls)),
        refused=log.refused,
        refused_commands=log.refused_commands,
        retries=log.retries,
        mean=fmean(ages) if ages else 0.0,
        p95=ages[int(len(ages) * 0.95)] if ages else 0.0,
        kinds={kind: count / (scenario.warm_up + scenario.days) for kind, count in sorted(log.kinds.items())},
    )


def _ages(log: Log, scenario: Scenario, stays: dict[str, list[Stay]]) -> list[float]:
    """Return how old the newest data of a box were, every so often while it charged."""
    found: list[float] = []
    for name, cars in stays.items():
        heard = log.heard.get(name, [])
        for stay in cars:
            at, end = max(stay.begins, scenario.counted_from), min(stay.ends, scenario.end)
            while at < end:
                index = bisect_right(heard, at)
                if index:
                    found.append(at - heard[index - 1])
                at += SAMPLE
    return found
