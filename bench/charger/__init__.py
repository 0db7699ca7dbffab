"""The charger on the LAN: ours beside pytrydan, the community's request pattern and Home Assistant's own (B9, B10).

Clients are on one processor, the simulated box on another, and everything that is compared is measured in the same round.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from statistics import median
import sys
from typing import Any, Final

from ..children import Child, child
from ..goals import Figure
from .names import CORE, EVERY, FLOOR, FRESH, KEPT, LIBRARY, OURS, PATTERN
from .pollers import library_version

# As many polls as lie between two of those in which ours reads everything.
CYCLE: Final = 12
COMMUNITY: Final = "the request pattern of HomeAssistant-V2C-Cloud 1.3.5"
# Milliseconds an answer, and how often everything is polled with it.
DELAYS: Final = ((0, 2 * CYCLE), (10, CYCLE), (50, CYCLE))
POLLS: Final = 24
SLOW: Final = 0.05
MINUTE: Final = 60.0
TWENTY: Final = 20

type Round = dict[str, dict[str, Any]]


def measure(rounds: int) -> list[Figure]:
    """Measure the library, then both integrations in a Home Assistant each."""
    return [*library(rounds), *integrations(rounds)]


# B9


def library(rounds: int) -> list[Figure]:
    """Return what a poll costs, without Home Assistant."""
    peers = {LIBRARY: f"pytrydan {library_version()}", PATTERN: COMMUNITY}
    with child("bench.charger.client") as client:
        ways = client.hear()["ways"]
        if LIBRARY not in ways:
            print("charger: pytrydan is not installed, its figures are left out", file=sys.stderr)
            del peers[LIBRARY]
        found = {delay: _rounds(client, rounds, delay=delay / 1000, polls=polls) for delay, polls in DELAYS}
        apart = _rounds(client, rounds, delay=0.0, polls=2 * CYCLE, apart=True)
        (paced,) = _rounds(client, 1, delay=SLOW, polls=CYCLE, paced=True)
    figures: list[Figure] = []
    for name, against in peers.items():
        figures += _counts(found[0], name, against)
        figures += _cpu(found, apart, name, against)
        figures += [_wall(found[delay], name, against, delay) for delay, _ in DELAYS]
    walls = sorted(paced[OURS]["walls_ms"])
    figures += [
        Figure(goal="", what="a poll of everything, with its pauses", case="50 ms an answer", unit="ms", ours=walls[-1]),
        _compared(
            found[0],
            FLOOR,
            "CPU of a poll, decoded",
            lambda way: way["cpu_ms"],
            unit="ms",
            against="a bare socket, kept open",
        ),
    ]
    return figures


def _rounds(client: Child, rounds: int, **question: Any) -> list[Round]:
    return [client.ask(**question) for _ in range(rounds)]


def _counts(found: Sequence[Round], name: str, against: str) -> list[Figure]:
    """Return requests and bytes of a poll; they are the same in all rounds."""
    polls = DELAYS[0][1]
    case = f"{EVERY:.0f} s between polls"
    names = (("requests of a poll", "requests", "", "B9", 0.32), ("bytes of a poll", "bytes", "B", "", None))
    return [
        Figure(
            goal=goal,
            what=what,
            case=case,
            unit=unit,
            ours=median(each[OURS][key] for each in found) / polls,
            peer=median(each[name][key] for each in found) / polls,
            against=against,
            bound=bound,
            exact=True,
        )
        for what, key, unit, goal, bound in names
    ]


def _compared(
    found: Sequence[Round], name: str, what: str, value: Callable[[dict[str, Any]], float], ours: str = OURS, **more: Any
) -> Figure:
    mine, theirs = ([value(each[way]) for each in found] for way in (ours, name))
    return Figure.of_rounds(mine, theirs, **{"goal": "", "what": what, "case": "", **more})


def _cpu(found: dict[int, list[Round]], apart: Sequence[Round], name: str, against: str) -> list[Figure]:
    def cpu(way: dict[str, Any]) -> float:
        return float(way["cpu_ms"])

    goal: dict[str, Any] = {"goal": "B9", "unit": "ms", "against": against, "bound": 0.12 if name == LIBRARY else 0.40}
    shown = {"unit": "ms", "against": against}
    return [
        _compared(found[0], name, "CPU of a poll", cpu, case="its connections stay open", **goal),
        _compared(apart, name, "CPU of a poll", cpu, case="all connections have ended since the last one", **goal),
        _compared(found[0], name, "CPU of a poll", cpu, KEPT, case="were ours kept open as well", **shown),
    ]


def _wall(found: Sequence[Round], name: str, against: str, delay: int) -> Figure:
    goal: dict[str, Any] = {"goal": "B9", "bound": 0.35 if name == LIBRARY else 0.65} if delay == DELAYS[-1][0] else {}
    case = f"{delay} ms an answer"
    return _compared(
        found, name, "time of a usual poll", lambda way: median(way["walls_ms"]), case=case, unit="ms", against=against, **goal
    )


# B10


def integrations(rounds: int) -> list[Figure]:
    """Return what Home Assistant pays for both integrations."""
    if library_version() is None:
        print("charger: without pytrydan Home Assistant's own does not load; its figures are left out", file=sys.stderr)
        return []
    with ExitStack() as stack:
        sides = {which: stack.enter_context(child("bench.charger.side", which)) for which in (CORE, OURS)}
        first = {which: side.ask(do="setup") for which, side in sides.items()}
        again = [_turns(sides, do="reload") for _ in range(rounds)]
        for side in sides.values():
            side.ask(do="freeze")
        _turns(sides, do="polls", count=POLLS)
        polls = [_turns(sides, do="polls", count=POLLS) for _ in range(rounds)]
        written = _turns(sides, do="writes", count=POLLS)
        # A whole cycle of ours, so that what it reads seldom counts as often as it does.
        asked = _turns(sides, do="polls", count=round(CYCLE * EVERY / FRESH))
        seen = [_turns(sides, do="seen", delay=SLOW) for _ in range(rounds)]
        told = [_turns(sides, do="command", delay=SLOW, amps=10 + turn % 6) for turn in range(rounds)]
    against = f"v2c of Home Assistant {version('homeassistant')}"
    return [
        *_refresh(polls, written, asked, against),
        *_start(first, again, against),
        *_times(seen, told, against),
    ]


def _turns(sides: dict[str, Child], **question: Any) -> Round:
    """Ask both, one after the other: what slows the machine down slows both."""
    return {which: side.ask(**question) for which, side in sides.items()}


def _refresh(polls: Sequence[Round], written: Round, asked: Round, against: str) -> list[Figure]:
    cycle = CYCLE * EVERY / FRESH
    counts = (
        ("states changed by a refresh", written, "changed", POLLS, ""),
        ("states written by a refresh and not changed", written, "reported", POLLS, ""),
        ("requests of a refresh", asked, "requests", cycle, ""),
        ("requests a minute", asked, "requests", cycle * FRESH / MINUTE, ""),
        ("bytes a minute", asked, "bytes", cycle * FRESH / MINUTE, "B"),
        ("connections a minute", asked, "connections", cycle * FRESH / MINUTE, ""),
    )
    case = f"both each {FRESH:.0f} s"
    return [
        _compared(
            polls,
            CORE,
            "CPU of a refresh in Home Assistant",
            lambda side: side["cpu_ms"] / POLLS,
            goal="B10",
            case=case,
            unit="ms",
            against=against,
            bound=0.25,
        ),
        Figure(
            goal="B10",
            what="share of a processor, twenty chargers",
            case=case,
            unit="",
            ours=TWENTY * median(each[OURS]["cpu_ms"] for each in polls) / POLLS / 1000 / FRESH,
            bound=0.02,
        ),
        *(
            Figure(
                goal="", what=what, case=case, unit=unit, ours=told[OURS][key] / by, peer=told[CORE][key] / by, against=against
            )
            for what, told, key, by, unit in counts
        ),
    ]


def _start(first: Round, again: Sequence[Round], against: str) -> list[Figure]:
    names = (
        ("set-up for the first time", "wall_ms", "ms"),
        ("CPU of it, imports included", "cpu_ms", "ms"),
        ("memory of it", "memory_mb", "MB"),
        ("entities registered", "registered", ""),
        ("entities enabled", "enabled", ""),
    )
    return [
        *(
            Figure(goal="", what=what, case="", unit=unit, ours=first[OURS][key], peer=first[CORE][key], against=against)
            for what, key, unit in names
        ),
        _compared(again, CORE, "CPU of a reload", lambda side: side["cpu_ms"], unit="ms", against=against),
    ]


def _times(seen: Sequence[Round], told: Sequence[Round], against: str) -> list[Figure]:
    case = "50 ms an answer"
    more: dict[str, Any] = {"case": case, "unit": "ms", "against": against}
    return [
        _compared(seen, CORE, "from the start of a poll to the changed state", lambda side: side["ms"], **more),
        _compared(told, CORE, "from an action to the box", lambda side: side["ms"], **more),
        _compared(told, CORE, "from an action to its end", lambda side: side["done_ms"], **more),
        Figure(
            goal="",
            what="requests of an action, reading back included",
            case=case,
            unit="",
            ours=median(each[OURS]["requests"] for each in told),
            peer=median(each[CORE]["requests"] for each in told),
            against=against,
        ),
    ]
