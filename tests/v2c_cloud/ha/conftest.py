"""A house that lives in virtual time."""

from collections.abc import AsyncGenerator

from homeassistant.core import HomeAssistant
import pytest

from simulators.trydan import TrydanSimulator
from tests.v2c_cloud.ha.sun import Sun
from tests.virtual_time import VirtualTime


@pytest.fixture
async def sun(hass: HomeAssistant, sim: TrydanSimulator, virtual_time: VirtualTime) -> AsyncGenerator[Sun]:
    """A house with a meter and a plugged-in car; what it does in an hour takes seconds."""
    sim.plug()
    house = Sun(hass, sim, virtual_time)
    yield house
    house.close()
    for entry in hass.config_entries.async_loaded_entries("v2c_cloud"):
        await hass.config_entries.async_unload(entry.entry_id)
