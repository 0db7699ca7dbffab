"""A value of the site, and the blocks that it depends on: found in the best place, or made of others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ...energy_core.points import Block, Point

type Place = tuple[Block | None, Point[Any]]


@dataclass(frozen=True)
class Pick:
    """A value, None while there is none, and the names of the blocks that it comes or should come from."""

    value: float | None = None
    names: frozenset[str] = frozenset()


def first(places: Iterable[Place], good: Callable[[Block], bool], recent: Callable[[Block], bool] = lambda _: True) -> Pick:
    """Return the first value of the places, best first, whose block is ``good``; a stand-in has to be ``recent``, too."""
    there = [(block, point) for block, point in places if block is not None]
    for block, point in there:
        value = block.get(point)
        if isinstance(value, int | float) and good(block) and (block is there[0][0] or recent(block)):
            return Pick(value, frozenset((block.name,)))
    return Pick(names=frozenset(block.name for block, _ in there))


def combine(rule: Callable[..., float], *picks: Pick) -> Pick:
    """Return ``rule`` of several values; it is there only when all of them are, and has a place only when all have one."""
    if not all(pick.names for pick in picks):
        return Pick()
    names = frozenset().union(*(pick.names for pick in picks))
    values = [pick.value for pick in picks]
    return Pick(None if any(value is None for value in values) else rule(*values), names)


def add(*picks: Pick) -> Pick:
    """Return the sum."""
    return combine(lambda *values: sum(values), *picks)


def minus(one: Pick, other: Pick) -> Pick:
    """Return the difference."""
    return combine(lambda a, b: a - b, one, other)


def imported(net: Pick) -> Pick:
    """Return what comes from the grid."""
    return combine(lambda value: max(0, value), net)


def exported(net: Pick) -> Pick:
    """Return what goes to the grid."""
    return combine(lambda value: max(0, -value), net)
