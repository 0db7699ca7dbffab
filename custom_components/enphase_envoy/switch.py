"""Every switch of the gateway and of what hangs on it."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import switch
from ..energy_core.ha.loop_entities import LoopSwitch, add_to_loops, switch_of
from ..energy_core.ha.platforms import EnergySwitch, add_when_shown
from .coordinator import EnvoyConfigEntry
from .envoy.points import Contact, Enpower, StorageSettings
from .surplus import KIND

PARALLEL_UPDATES = 0

SWITCHES = (
    switch(Enpower.grid_enabled, key="mains_admin_state", translation_key="grid_enabled", entity_category=None),
    # A dry contact is a device of its own, and this is what it is about.
    switch(Contact.closed, key="relay_status", name=None, entity_category=None),
    switch(StorageSettings.charge_from_grid, entity_category=None),
    switch(StorageSettings.optimised, key="optimised_schedules"),
)
LEVEL = (switch_of(KIND),)


async def async_setup_entry(
    hass: HomeAssistant, entry: EnvoyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of everything that can be switched."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, LoopSwitch, LEVEL)
    add_when_shown(entry.runtime_data, entry, async_add_entities, SWITCHES, EnergySwitch)
