"""Waiting until Home Assistant, or the house, shows what it must; each wait ends as a line of the report."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
import time
from typing import Any

from .client import HomeAssistant
from .compare import Expected, base_value, compare
from .console import Row, failures
from .registry import Entity, House, without_value

VALUES_WITHIN = 180
AGREE_WITHIN = 60
LOOK_SECONDS = 0.5


async def wait_values(
    read: Callable[[], Awaitable[House]], hass: HomeAssistant, *, parts: int = 0, limit: float = VALUES_WITHIN
) -> tuple[House, list[str], float]:
    """Wait for every part and every value; return the house, who still has no value, and the seconds it took."""
    start = time.monotonic()
    while True:
        house = await read()
        missing = without_value(house.entities, await hass.states())
        took = time.monotonic() - start
        complete = house.entities and len(house.parts) >= parts and not missing
        if complete or took > limit:
            return house, missing, took
        await asyncio.sleep(2 * LOOK_SECONDS)


async def reaches[T](
    check: str, expected: str, read: Callable[[], Awaitable[T]], good: Callable[[T], bool], *, limit: float
) -> Row:
    """Wait until what is read is good."""
    start = time.monotonic()
    while True:
        got = await read()
        took = time.monotonic() - start
        if good(got) or took > limit:
            found = "nothing" if got is None else f"{got:.1f}" if isinstance(got, float) else str(got)
            return Row(check=check, expected=expected, got=f"{found} after {took:.0f} s", ok=good(got))
        await asyncio.sleep(LOOK_SECONDS)


async def reaches_number(
    check: str, wanted: float, tolerance: float, read: Callable[[], Awaitable[float | None]], *, unit: str, limit: float
) -> Row:
    """Wait until a number comes close enough to the wanted one."""

    def near(got: float | None) -> bool:
        return got is not None and abs(got - wanted) <= tolerance

    return await reaches(check, f"{wanted:.0f} ±{tolerance:g} {unit}", read, near, limit=limit)


async def agree(hass: HomeAssistant, house: House, read: Callable[[], Awaitable[Iterable[Expected]]], pause: float) -> list[Row]:
    """Compare all numbers; each poll is another chance, as counters move between two of them."""
    start = time.monotonic()
    while True:
        rows = compare(await read(), house, await hass.states())
        if not failures(rows) or time.monotonic() - start > AGREE_WITHIN:
            return rows
        await asyncio.sleep(pause)


def state_of(hass: HomeAssistant, entity: Entity | None) -> Callable[[], Awaitable[str | None]]:
    """Return what reads the state of an entity."""

    async def read() -> str | None:
        shown = await _shown(hass, entity)
        return None if shown is None else str(shown["state"])

    return read


def number_of(hass: HomeAssistant, entity: Entity | None) -> Callable[[], Awaitable[float | None]]:
    """Return what reads the state of an entity as a number in W, Wh or %."""

    async def read() -> float | None:
        return base_value(await _shown(hass, entity))

    return read


async def _shown(hass: HomeAssistant, entity: Entity | None) -> Mapping[str, Any] | None:
    return (await hass.states()).get(entity.entity_id) if entity else None
