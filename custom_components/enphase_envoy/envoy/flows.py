"""A value of the site, and the blocks that it depends on: found in the best place, or made of others."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ...energy_core.points import Block, Point

type Place = tuple[Block | None, Point[Any]]


class Pick(NamedTuple):
    """A value, None while there is none, and the names of the blocks that it comes or should come from."""

    value: float | None = None
    names: frozenset[str] = frozenset()


def first(places: Iterable[Place], good: Callable[[Block], bool], recent: Callable[[Block], bool] = lambda _: True) -> Pick:
    """Return the first value of the places, best first, whose block is ``good``; a stand-in has to be ``recent``, too."""
    names: list[str] = []
    for block, point in places:
        if block is None:
            continue
        value = block.values.get(point.name)
        if isinstance(value, int | float) and good(block) and (not names or recent(block)):
            return Pick(value, frozenset((block.name,)))
        names.append(block.name)
    return Pick(names=frozenset(names))


def combine(rule: Callable[..., float], *picks: Pick) -> Pick:
    """Return ``rule`` of several values; it is there only when all of them are, and has a place only when all have one."""
    names: frozenset[str] = frozenset()
    values: list[float | None] = []
    for value, places in picks:
        if not places:
            return Pick()
        names |= places
        values.append(value)
    return Pick(None if None in values else rule(*values), names)


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
