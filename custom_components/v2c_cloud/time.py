"""When a car is needed."""

from homeassistant.components.time import TimeEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.loop_entities import add_to_loops
from .coordinator import V2CConfigEntry
from .solar_entities import SolarReady

PARALLEL_UPDATES = 0

READY_BY = TimeEntityDescription(key="ready_by", translation_key="solar_ready_by", entity_category=EntityCategory.CONFIG)


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the time for each charger that charges by the sun."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, SolarReady, [READY_BY])
