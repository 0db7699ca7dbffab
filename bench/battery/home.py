"""Whole Home Assistants on the same simulated unit over HTTP: ours beside core's own indevolt."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
import random
from statistics import median
import time
from typing import Any, Final

from ..children import Child, child
from ..goals import Figure
from .modbus import POLL_EVERY
from .processes import CORE, OURS

# Five minutes: what comes as often is in each round, once.
POLLS: Final = 10
LATE: Final = 0.05
PAUSE: Final = 1.02
# After an order ours looks once more; then nobody speaks to the unit.
REST: Final = 7.0
METER_W: Final = (1111, 777)
ORDERS_W: Final = (500, 700)
AGAINST: Final = f"Home Assistant {version('homeassistant')}, its own indevolt"

type Answers = dict[str, list[dict[str, Any]]]


@dataclass(kw_only=True)
class Both:
    """Both sides, and what each answered to the same questions."""

    sides: Mapping[str, Child]
    rounds: Answers = field(default_factory=dict)

    def ask(self, what: str, **question: Any) -> None:
        """Ask both, in any order, and keep the answers under ``what``."""
        for which in random.sample((OURS, CORE), 2):
            found = self.rounds.setdefault(f"{what} {which}", [])
            found.append(self.sides[which].ask(**question))

    def of(self, what: str, kind: str) -> tuple[list[float], list[float]]:
        """Return one value of each answer of ours and of core's."""
        own, core = ([float(each[kind]) for each in self.rounds[f"{what} {which}"]] for which in (OURS, CORE))
        return own, core

    def figure(self, name: str, what: str, kind: str, *, by: float = 1, **more: Any) -> Figure:
        """Return a figure of a time, or another amount that differs from round to round."""
        own, core = ([each * by for each in side] for side in self.of(what, kind))
        return Figure.of_rounds(own, core, goal="", what=name, against=AGAINST, **more)

    def count(self, name: str, what: str, kind: str, *, by: float = 1, **more: Any) -> Figure:
        """Return a figure of what can be counted: the same in each round."""
        own, core = (round(by * median(side), 3) for side in self.of(what, kind))
        return Figure(goal="", what=name, ours=own, peer=core, against=AGAINST, exact=True, **{"unit": "", **more})


def measure(rounds: int, *, pauses: bool = True) -> list[Figure]:
    """Return all figures of whole Home Assistants; without ``pauses`` those that take their time are left out."""
    with ExitStack() as stack:
        sides = {which: stack.enter_context(child("bench.battery.side", which)) for which in (OURS, CORE)}
        both = Both(sides=sides)
        both.ask("setup", do="setup", gap=None if pauses else 0)
        figures = [*_waiting(both, rounds)] if pauses else []
        for _ in range(rounds):
            both.ask("reload", do="reload", gap=0)
        both.ask("warm", do="cycles", count=POLLS, step=POLL_EVERY)
        both.ask("warm", do="freeze")
        for _ in range(rounds):
            both.ask("polls", do="cycles", count=POLLS, step=POLL_EVERY)
        both.ask("states", do="writes", count=POLLS, step=POLL_EVERY)
        return [*_polls(both), *_starts(both), *figures]


def _polls(both: Both) -> Sequence[Figure]:
    each, minute = {"by": 1 / POLLS}, {"by": 60 / POLL_EVERY / POLLS}
    case: dict[str, Any] = {"case": "a poll each 30 s, five minutes"}
    return (
        both.count("HA: requests in a refresh", "polls", "requests", **each, **case),
        both.count("HA: requests a minute", "polls", "requests", **minute, **case),
        both.count("HA: connections in a refresh", "polls", "connections", **each, **case),
        both.figure("HA: bytes in a refresh", "polls", "bytes", unit="", **each, **case),
        both.figure("HA: bytes a minute", "polls", "bytes", unit="", **minute, **case),
        both.figure("HA: CPU of a refresh with its states", "polls", "cpu_ms", unit="ms", **each, **case),
        both.count("HA: states changed in a refresh", "states", "changed", **each, **case),
        both.count("HA: states written as they were in a refresh", "states", "reported", **each, **case),
    )


def _starts(both: Both) -> Sequence[Figure]:
    return (
        both.count("HA: entities registered", "setup", "registered", case=""),
        both.count("HA: entities enabled", "setup", "enabled", case=""),
        both.count("HA: requests of a first set-up", "setup", "requests", case="until everything is shown"),
        both.figure("HA: CPU of a first set-up", "setup", "cpu_ms", case="imports included", unit="ms"),
        both.figure("HA: CPU of a reload", "reload", "cpu_ms", case="", unit="ms"),
        both.count("HA: memory of a first set-up", "setup", "memory_mb", case="", unit="MB"),
    )


def _waiting(both: Both, rounds: int) -> Sequence[Figure]:
    """Return what is measured by the clock on the wall, with the pauses that ours makes between requests."""
    both.ask("slow reload", do="reload")
    for turn in range(rounds):
        time.sleep(PAUSE)
        both.ask("follow", do="follow", value=METER_W[turn % 2], delay=LATE)
    for number, power in enumerate(ORDERS_W):
        time.sleep(REST)
        both.ask(f"order {number}", do="order", power=power)
    paused: dict[str, Any] = {"unit": "ms"}
    case = f"50 ms an answer, ours with {PAUSE} s between requests"
    half: dict[str, Any] = {"goal": "", "unit": "s", "against": AGAINST}
    own, core = (median(side) / 1000 + POLL_EVERY / 2 for side in both.of("follow", "wall_ms"))
    return (
        both.figure("HA: first set-up until it goes on", "setup", "ready_ms", case="with our pauses", **paused),
        both.figure("HA: first set-up until everything is shown", "setup", "wall_ms", case="with our pauses", **paused),
        both.figure("HA: reload until it goes on", "slow reload", "ready_ms", case="with our pauses", **paused),
        both.figure("HA: from the beginning of a poll to the state", "follow", "wall_ms", case=case, **paused),
        Figure(what="HA: from a change to its state, on average", case="a poll each 30 s", ours=own, peer=core, **half),
        both.figure("HA: from the action to the order on the wire", "order 0", "last_ms", case="mode to be set first", **paused),
        both.figure("HA: from the action to the order on the wire", "order 1", "last_ms", case="mode set already", **paused),
        both.count("HA: requests before the order", "order 0", "before", case="mode to be set first"),
        both.count("HA: requests before the order", "order 1", "before", case="mode set already"),
        both.count("HA: requests of an order", "order 1", "requests", case="mode set already; ours reads it back"),
    )
