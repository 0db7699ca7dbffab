"""A meter of another maker in Home Assistant, and a unit that follows it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Self

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.titan_izypower.coordinator import TitanConfigEntry
from simulators.house import House
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import settle

METER = "sensor.meter"


class Meter:
    """Reports the power at the simulated grid now and then, in a state as any integration would."""

    def __init__(self, hass: HomeAssistant, read: Callable[[], float], *, every: float = 2.0, entity_id: str = METER) -> None:
        """Report what ``read`` gives ``every`` so many seconds."""
        self._hass, self._read, self.every, self.entity_id = hass, read, every, entity_id
        self.silent = False
        self.shown: list[float] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to report."""
        self._task = asyncio.get_running_loop().create_task(self._report())
        await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _report(self) -> None:
        while True:
            if not self.silent:
                self.shown.append(round(self._read()))
                unit = {"unit_of_measurement": "W", "device_class": "power"}
                self._hass.states.async_set(self.entity_id, str(self.shown[-1]), unit)
            await asyncio.sleep(self.every)


@asynccontextmanager
async def at_night() -> AsyncIterator[TitanSimulator]:
    """Build a unit with two packs, slow as real ones are, in a house that draws 350 W at night."""
    async with TitanSimulator(House(dead_time=2.0), packs=2) as titan:
        titan.house.pv_w = 0
        titan.house.load_w = 350
        yield titan


async def add_loop(hass: HomeAssistant, entry: TitanConfigEntry, **data: Any) -> str:
    """Add zero export as the flow does, and return the id of its subentry."""
    given = {"grid": METER, "inverted": False, "profile": "balanced"} | data
    subentry = ConfigSubentry(data=MappingProxyType(given), subentry_type="zero_export", title="Zero export", unique_id=None)
    hass.config_entries.async_add_subentry(entry, subentry)
    await settle(hass)
    return subentry.subentry_id


def shown(hass: HomeAssistant, subentry: str, key: str = "status") -> str:
    """Return the state of an entity of the loop."""
    state = hass.states.get(entity_of(subentry, key, hass))
    assert state is not None
    return state.state


def entity_of(subentry: str, key: str, hass: HomeAssistant) -> str:
    """Return the id of an entity of the loop."""
    found = [each.entity_id for each in er.async_get(hass).entities.values() if each.unique_id == f"{subentry}_{key}"]
    assert len(found) == 1, f"no entity {subentry}_{key}"
    return found[0]


async def switch(hass: HomeAssistant, subentry: str, *, on: bool) -> None:
    """Switch the loop as a user does."""
    name = "turn_on" if on else "turn_off"
    await hass.services.async_call("switch", name, {"entity_id": entity_of(subentry, "enabled", hass)}, blocking=True)
