"""Every select of the Titan."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import CONFIG, select
from ..energy_core.ha.platforms import EnergySelect, add_when_shown
from .coordinator import TitanConfigEntry
from .titan.points import Settings, System

PARALLEL_UPDATES = 0

SELECTS = (
    select(System.working_mode, key="energy_mode"),
    select(Settings.led, entity_category=CONFIG),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the selects of everything that the unit has."""
    add_when_shown(entry.runtime_data, entry, async_add_entities, SELECTS, EnergySelect)
