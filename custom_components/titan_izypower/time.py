"""Every time of day of the Titan."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import time_of_day
from ..energy_core.ha.platforms import EnergyTime, add_when_shown
from .coordinator import TitanConfigEntry
from .titan.points import Settings

PARALLEL_UPDATES = 0

TIMES = (
    time_of_day(Settings.sleep_start, key="deep_sleep_start", entity_registry_enabled_default=False),
    time_of_day(Settings.sleep_end, key="deep_sleep_end", entity_registry_enabled_default=False),
    time_of_day(Settings.calibration_start, entity_registry_enabled_default=False),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the times of everything that the unit has."""
    add_when_shown(entry.runtime_data, entry, async_add_entities, TIMES, EnergyTime)
