"""Calls of the V2C Cloud: our plan and quota beside the fixed schedule of the community's integration (B12).

Both live through the same simulated weeks, with the same cars and commands. A round is another seed; three suffice.
"""

from statistics import median
from typing import Final

from ..goals import Figure
from . import peer
from .days import Scenario, stays
from .ours import Ours
from .outcome import Outcome, outcome
from .peer import Peer
from .plot import ages

BOXES: Final = (1, 2, 3, 5, 8, 10, 15, 20)
DAYS: Final = 42
WARM_UP: Final = 7
MOST_SEEDS: Final = 3
# With the local network nothing depends on the cars: a few days tell it all.
LAN_DAYS: Final = 5
# How many stay untouched in the worst 24 hours, whatever happens.
LEFT: Final = 50
LIMIT: Final = 1000
# The peer's calls in a day beside commands: cycles of two calls for each box, pairings, cards and versions.
AGAINST: Final = peer.NAME

type Both = tuple[Outcome, Outcome]

# What the last measurement found, for its picture.
_found: dict[int, list[Both]] = {}


def both(scenario: Scenario) -> Both:
    """Return what ours and the peer's make of the same days."""
    cars = stays(scenario)
    return outcome(Ours(scenario).run(), scenario, cars), outcome(Peer(scenario).run(), scenario, cars)


def measure(rounds: int, *, boxes: tuple[int, ...] = BOXES, days: int = DAYS) -> list[Figure]:
    """Live through ``days`` days with each number of boxes, as often as there are rounds, three times at most."""
    seeds = range(1, min(rounds, MOST_SEEDS) + 1)
    _found.clear()
    figures: list[Figure] = []
    for number in boxes:
        found = [both(Scenario(boxes=number, days=days, warm_up=WARM_UP, seed=seed)) for seed in seeds]
        _found[number] = found
        figures += _goals(number, found) + _others(number, found)
        figures += _looked_after(number, days)
        figures.append(_lan(number))
    return figures


def plots() -> dict[str, str]:
    """Return the picture of the last measurement."""
    return {"cloud_age.svg": ages({number: _median(found) for number, found in _found.items()})} if _found else {}


def _case(number: int) -> str:
    return f"{number} box{'es' if number > 1 else ''}"


def _median(found: list[Both]) -> tuple[float, float]:
    return median(mine.mean for mine, _ in found), median(theirs.mean for _, theirs in found)


def _goals(number: int, found: list[Both]) -> list[Figure]:
    """Return the figures that have a goal; counts are the worst of all seeds."""
    mine = [each for each, _ in found]
    case = _case(number)
    ages_of = (("mean age while charging", "mean", 0.35), ("95 % of ages while charging", "p95", 0.55))
    figures = [
        Figure.of_rounds(
            [getattr(each, name) for each in mine],
            [getattr(each, name) for _, each in found],
            goal="B12",
            what=what,
            case=case,
            unit="s",
            against=AGAINST,
            bound=bound,
            exact=True,
        )
        for what, name, bound in ages_of
    ]
    counts = (
        ("calls in the worst 24 hours", max(each.worst for each in mine), LIMIT - LEFT),
        ("calls that the cloud refused", max(each.refused for each in mine), 0),
        ("commands refused", max(each.refused_commands for each in mine), 0),
        ("calls after a 429", max(each.retries for each in mine), 0),
    )
    figures += [
        Figure(goal="B12", what=what, case=case, unit="", ours=value, bound=bound, exact=True) for what, value, bound in counts
    ]
    return figures


def _others(number: int, found: list[Both]) -> list[Figure]:
    """Return what both cost; the peer's refusals stand here, as nobody can be a ratio of nothing."""
    names = (
        ("calls a day", "calls_a_day"),
        ("worst 24 hours", "worst"),
        ("refused calls", "refused"),
        ("refused commands", "refused_commands"),
    )
    return [
        Figure(
            goal="",
            what=f"{what}, of both",
            case=_case(number),
            unit="",
            ours=median(getattr(mine, name) for mine, _ in found),
            peer=median(getattr(theirs, name) for _, theirs in found),
            against=AGAINST,
        )
        for what, name in names
    ]


def _looked_after(number: int, days: int) -> list[Figure]:
    """Return what becomes of it when each command is looked after, as both really do."""
    mine, theirs = both(Scenario(boxes=number, days=min(days, 14), warm_up=WARM_UP, seed=1, read_back=True))
    names = (
        ("mean age while charging", "mean", "s"),
        ("refused commands", "refused_commands", ""),
        ("worst 24 hours", "worst", ""),
    )
    return [
        Figure(
            goal="",
            what=f"{what}, commands looked after",
            case=_case(number),
            unit=unit,
            ours=getattr(mine, name),
            peer=getattr(theirs, name),
            against=AGAINST,
        )
        for what, name, unit in names
    ]


def _lan(number: int) -> Figure:
    """Return what is asked of the cloud while every box answers in the local network: the peer asks as ever."""
    mine = Ours(scenario := Scenario(boxes=number, days=LAN_DAYS, warm_up=1, lan=True)).run()
    cycles = scenario.end - scenario.counted_from
    theirs = LAN_DAYS * 24 * (1 + number * (4 + 2) / 24) + 2 * number * cycles / peer.interval(number)
    counted = sum(at >= scenario.counted_from for at in mine.calls)
    return Figure(
        goal="",
        what="calls a day, local network healthy",
        case=_case(number),
        unit="",
        ours=counted / LAN_DAYS,
        peer=theirs / LAN_DAYS,
        against=AGAINST,
    )
