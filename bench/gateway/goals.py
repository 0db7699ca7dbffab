"""B1 to B6, and what is worth knowing besides."""

from collections.abc import Iterator
from contextlib import ExitStack
import json
from statistics import median
from typing import Any, Final

from homeassistant.const import __version__

from ..children import Child, child
from ..goals import Figure
from . import cycles
from .figures import CORE, OURS
from .measure import FRESH, MINUTE, SLOW, WARM_UP
from .sites import SITES, Site

PEER: Final = f"core {__version__}"
BATTERY: Final = SITES[3]
MANY: Final = SITES[-1]
HOUR: Final = 3600
REFRESHES: Final = 30
DELAY: Final = 0.05
TEN: Final = 10
# How long a poll may hold up whatever else Home Assistant does, in ms.
LONGEST: Final = 50.0


def both(stack: ExitStack, site: Site, *, delay: float = 0.0, options: dict[str, Any] | None = None) -> dict[str, Child]:
    """Start both sides on a site; they end with ``stack``."""
    more = ["--inverters", str(site.inverters), "--delay", str(delay)]
    chosen = {CORE: "{}", OURS: json.dumps(options or {})}
    return {
        which: stack.enter_context(child("bench.gateway.side", which, site.capture, *more, "--options", chosen[which]))
        for which in (CORE, OURS)
    }


def _figure(goal: str, what: str, case: str, unit: str, **more: Any) -> Figure:
    return Figure(goal=goal, what=what, case=case, unit=unit, against=PEER, **more)


def _rounds(sides: dict[str, Child], rounds: int, **question: Any) -> dict[str, list[dict[str, Any]]]:
    """Ask both the same, in turns: what slows the machine down slows both."""
    found: dict[str, list[dict[str, Any]]] = {which: [] for which in sides}
    for number in range(rounds):
        for which in (CORE, OURS) if number % 2 else (OURS, CORE):
            found[which].append(sides[which].ask(**question))
    return found


def _paced(sides: dict[str, Child], seconds: int, *, hurried: bool = True) -> None:
    for side in sides.values():
        side.ask(do="pace", interval=seconds, hurried=hurried)
        for _ in range(WARM_UP):
            side.ask(do="cycles", count=max(2, MINUTE // seconds), step=seconds)


def requests(site: Site) -> Iterator[Figure]:
    """B2: what a fresh value of the live power costs the gateway."""
    with ExitStack() as stack:
        sides = both(stack, site)
        for side in sides.values():
            side.ask(do="setup")
        for seconds in (SLOW, TEN):
            _paced(sides, seconds)
            count = HOUR // seconds
            told = {OURS: sides[OURS].ask(do="cycles", count=count, step=seconds)}
            # Core does the same each time.
            told[CORE] = sides[CORE].ask(do="cycles", count=TEN, step=seconds)
            each = {which: sum(map(len, found["paths"])) / len(found["paths"]) for which, found in told.items()}
            size = {which: found["bytes"] / len(found["paths"]) / 1000 for which, found in told.items()}
            case = f"{site.name}, an hour at {seconds} s"
            yield _figure("B2", "requests for a fresh power", case, "", ours=each[OURS], peer=each[CORE], bound=0.40, exact=True)
            yield _figure("", "kB of answers for a fresh power", case, "kB", ours=size[OURS], peer=size[CORE], exact=True)


def latency(site: Site, rounds: int) -> Iterator[Figure]:
    """B3: from the start of a poll to the state; and from an action to the gateway."""
    with ExitStack() as stack:
        sides = both(stack, site, delay=DELAY)
        for side in sides.values():
            side.ask(do="setup")
        _paced(sides, FRESH, hurried=False)
        found = _rounds(sides, 2 * rounds, do="latency", step=FRESH)
        walls = {which: [one["wall_ms"] for one in told if one["wall_ms"] is not None] for which, told in found.items()}
        case = f"{site.name}, {DELAY * 1000:.0f} ms an answer"
        pairs = list(zip(walls[OURS], walls[CORE], strict=False))
        ours, core = ([pair[side] for pair in pairs] for side in (0, 1))
        yield Figure.of_rounds(
            ours, core, goal="B3", what="poll to live power in a state", case=case, unit="ms", against=PEER, bound=0.25
        )
        yield _figure("", "the slowest of these polls", case, "ms", ours=max(ours), peer=max(core))
        yield _figure(
            "",
            "a change on the device to its state, at worst",
            f"{case}, polls of {FRESH} and {SLOW} s",
            "s",
            ours=FRESH + median(ours) / 1000,
            peer=SLOW + median(core) / 1000,
        )
        orders = {which: side.ask(do="command") for which, side in sides.items()}
        yield _figure(
            "", "requests before the write of an action", case, "", ours=orders[OURS]["before"], peer=orders[CORE]["before"]
        )
        yield _figure(
            "", "action to write on the gateway", case, "ms", ours=orders[OURS]["wall_ms"], peer=orders[CORE]["wall_ms"]
        )


def refreshes(site: Site, rounds: int) -> Iterator[Figure]:
    """B4 and B5: what a poll costs with the same entities, and what is written for nothing."""
    with ExitStack() as stack:
        sides = both(stack, site)
        memory = {which: side.ask(do="setup")["memory_mb"] for which, side in sides.items()}
        yield _figure("", "memory of the first load", site.name, "MB", ours=memory[OURS], peer=memory[CORE])
        _paced(sides, FRESH)
        wrote = {which: side.ask(do="writes", count=REFRESHES, step=FRESH) for which, side in sides.items()}
        ours, core = wrote[OURS], wrote[CORE]
        case = f"{site.name}, {REFRESHES} polls"
        share = ours["reported"] / (ours["reported"] + ours["changed"])
        yield Figure(goal="B5", what="useless writes of all writes", case=case, unit="", ours=share, bound=0.15, exact=True)
        yield _figure("B5", "useless writes", case, "", ours=ours["reported"], peer=core["reported"], bound=0.12, exact=True)
        held = {which: side.ask(do="held", count=REFRESHES, step=FRESH) for which, side in sides.items()}
        for kind, bound in (("poll", LONGEST), ("load", None)):
            longest = {which: told[f"{kind}_ms"] for which, told in held.items()}
            what = f"the longest that a {kind} holds everything else up"
            if bound is not None:
                yield Figure(goal="B4", what=what, case=site.name, unit="ms", ours=longest[OURS], bound=bound)
            yield _figure("", what, site.name, "ms", ours=longest[OURS], peer=longest[CORE])
        ids = {which: {tuple(each) for each in side.ask(do="enabled")["ids"]} for which, side in sides.items()}
        common = sorted(ids[OURS] & ids[CORE])
        for side in sides.values():
            side.ask(do="only", ids=common)
        for seconds in (SLOW, FRESH):
            _paced(sides, seconds)
            for side in sides.values():
                side.ask(do="freeze")
            found = _rounds(sides, rounds, do="cycles", count=HOUR // 6 // seconds // 2, step=seconds)
            costs = {which: [each["cpu_ms"] / len(each["paths"]) for each in told] for which, told in found.items()}
            what = f"CPU of a poll, the same {len(common)} entities"
            yield Figure.of_rounds(
                costs[OURS],
                costs[CORE],
                goal="B4",
                what=what,
                case=f"{site.name}, every {seconds} s",
                unit="ms",
                against=PEER,
                bound=0.55,
            )


def loads(site: Site, rounds: int) -> Iterator[Figure]:
    """B6: loading again, as it comes and with all details of inverters."""
    for options, case in (({}, site.name), ({"inverter_details": "all"}, f"{site.name}, all details")):
        with ExitStack() as stack:
            sides = both(stack, site, options=options)
            first = {which: side.ask(do="setup") for which, side in sides.items()}
            _rounds(sides, WARM_UP, do="reload")
            found = _rounds(sides, rounds, do="reload")
        costs = {which: [each["cpu_ms"] for each in told] for which, told in found.items()}
        known = {which: told["registered"] for which, told in first.items()}
        each = {which: [cost * 1000 / known[which] for cost in told] for which, told in costs.items()}
        more: dict[str, Any] = {"case": case, "against": PEER}
        if options:
            # Per entity it is compared where both register everything.
            yield Figure.of_rounds(
                each[OURS], each[CORE], goal="B6", what="loading again, CPU of an entity", unit="µs", bound=1.0, **more
            )
        else:
            yield Figure.of_rounds(costs[OURS], costs[CORE], goal="B6", what="loading again, CPU", unit="ms", bound=0.6, **more)
            yield Figure(goal="B6", what="entities registered", unit="", ours=known[OURS], bound=1000, exact=True, case=case)
        yield _figure("", "loading first, CPU", case, "ms", ours=first[OURS]["cpu_ms"], peer=first[CORE]["cpu_ms"])
        yield _figure("", "entities", case, "", ours=known[OURS], peer=known[CORE])


def measure(rounds: int) -> list[Figure]:
    """Measure every goal so many times."""
    return [
        *cycles.measure(rounds),
        *requests(BATTERY),
        *latency(BATTERY, rounds),
        *(figure for site in (SITES[1], BATTERY, SITES[4], MANY) for figure in refreshes(site, rounds)),
        *loads(MANY, rounds),
    ]
