"""Runs both sides on a site, in turn, round by round."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from ..children import Child, child
from .figures import CORE, OURS, Cost, Minute, Poll, Result, Start
from .sites import Site

# How fresh the values are to be, in seconds, and how fresh core keeps them by itself.
FRESH: Final = 5
SLOW: Final = 60
MINUTE: Final = 60
WARM_UP: Final = 2
RELOADS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long is measured, and how often; ``real`` by the clock on the wall."""

    minutes: int = 5
    rounds: int = 8
    real: bool = False


class Both:
    """The two sides of one site, each with a gateway of its own."""

    def __init__(self, stack: ExitStack, site: Site, *, real: bool) -> None:
        """Start all processes; they end with ``stack``."""
        more = ["--inverters", str(site.inverters), *(["--real"] if real else [])]
        self.sides: dict[str, Child] = {
            which: stack.enter_context(child("bench.gateway.side", which, site.capture, *more)) for which in (CORE, OURS)
        }

    def starts(self) -> dict[str, Start]:
        """Load both, then load them again a few times."""
        first = {which: side.ask(do="setup") for which, side in self.sides.items()}
        again: dict[str, list[float]] = {which: [] for which in self.sides}
        for _ in range(RELOADS):
            for which, side in self.sides.items():
                again[which].append(side.ask(do="reload")["cpu_ms"])
        return {which: _start(first[which], again[which]) for which in self.sides}

    def settle(self) -> None:
        """Let both forget that they have just begun."""
        for side in self.sides.values():
            for _ in range(WARM_UP):
                minute(side, FRESH)
            side.ask(do="freeze")

    def minute(self) -> dict[str, Minute]:
        """Have both poll for a minute, in turns: what slows the machine down slows both."""
        polls: dict[str, list[Poll]] = {which: [] for which in self.sides}
        for turn in range(MINUTE // FRESH):
            for which in (CORE, OURS) if turn % 2 else (OURS, CORE):
                polls[which].append(poll(self.sides[which], FRESH))
        return {which: Minute(polls=found) for which, found in polls.items()}


def _start(told: dict[str, Any], again: list[float]) -> Start:
    names = ("registered", "enabled", "wall_ms", "cpu_ms", "memory_mb", "in_flight")
    return Start(requests=len(told["paths"]), reload_cpu_ms=again, **{name: told[name] for name in names})


def poll(side: Child, step: int) -> Poll:
    """Have one side poll once, so many seconds after the last time."""
    told = side.ask(do="cycles", count=1, step=step)
    return Poll(paths=told["paths"][0], cpu_ms=told["cpu_ms"], in_flight=told["in_flight"])


def minute(side: Child, step: int) -> Minute:
    """Have one side poll for a minute."""
    return Minute(polls=[poll(side, step) for _ in range(MINUTE // step)])


def stepped(site: Site, plan: Plan) -> Result:
    """Measure with clocks that are set by hand."""
    with ExitStack() as stack:
        both = Both(stack, site, real=False)
        starts = both.starts()
        both.settle()
        rounds: dict[str, list[list[Minute]]] = {CORE: [], OURS: []}
        slow: list[list[Minute]] = []
        for _ in range(plan.rounds):
            told = [both.minute() for _ in range(plan.minutes)]
            for which, found in rounds.items():
                found.append([each[which] for each in told])
            slow.append([minute(both.sides[CORE], SLOW) for _ in range(plan.minutes)])
        costs = {
            which: Cost(rounds=rounds[which], start=starts[which], **_written(side, plan)) for which, side in both.sides.items()
        }
    return Result(site=site.name, capture=site.capture, core=costs[CORE], ours=costs[OURS], slow=Cost(rounds=slow))


def _written(side: Child, plan: Plan) -> dict[str, float]:
    """Return the writes in a minute, in a pass of their own: who counts, costs."""
    told = side.ask(do="writes", count=plan.minutes * MINUTE // FRESH, step=FRESH)
    return {name: told[name] / plan.minutes for name in ("changed", "reported")}


def live(site: Site, plan: Plan) -> Result:
    """Measure by the clock on the wall, both sides at once: they share what disturbs them."""
    with ExitStack() as stack:
        both = Both(stack, site, real=True)
        starts = both.starts()
        rounds: dict[str, list[list[Minute]]] = {CORE: [], OURS: []}
        for _ in range(plan.rounds):
            for side in both.sides.values():
                side.say(do="live", seconds=plan.minutes * MINUTE, interval=FRESH)
            for which, side in both.sides.items():
                rounds[which].append(_spread(side.hear(), plan.minutes))
    costs = {which: Cost(rounds=rounds[which], start=starts[which]) for which in rounds}
    return Result(site=site.name, capture=site.capture, core=costs[CORE], ours=costs[OURS], stepped=False)


def _spread(told: dict[str, Any], minutes: int) -> list[Minute]:
    """Return the minutes of a stretch that was not measured minute by minute: each has its share of everything."""
    cpu, most = told["cpu_ms"] / minutes, told["in_flight"]
    shares = [told["paths"][number::minutes] for number in range(minutes)]
    return [Minute(polls=[Poll(paths=share, cpu_ms=cpu, in_flight=most)]) for share in shares]


def profiled(site: Site, plan: Plan, say: Callable[[str], None]) -> None:
    """Say where the time of both sides goes."""
    with ExitStack() as stack:
        both = Both(stack, site, real=False)
        both.starts()
        both.settle()
        for which, side in both.sides.items():
            say(f"\n{site.name}, {which}\n{side.ask(do='profile', count=plan.minutes * MINUTE // FRESH, step=FRESH)['text']}")
