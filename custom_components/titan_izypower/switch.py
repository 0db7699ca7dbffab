"""Every switch of the Titan."""

from homeassistant.components.switch import SwitchDeviceClass  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import switch
from ..energy_core.ha.loop_entities import LoopSwitch, add_to_loops, switch_of
from ..energy_core.ha.platforms import EnergySwitch, add_when_shown
from .coordinator import TitanConfigEntry
from .titan.points import Settings
from .zero_export import KIND

PARALLEL_UPDATES = 0

SWITCHES = (
    switch(Settings.grid_charging, device_class=SwitchDeviceClass.SWITCH),
    switch(Settings.bypass, device_class=SwitchDeviceClass.SWITCH),
    switch(Settings.key_load, device_class=SwitchDeviceClass.SWITCH, entity_registry_enabled_default=False),
    switch(Settings.reverse_charging, device_class=SwitchDeviceClass.SWITCH, entity_registry_enabled_default=False),
)

LOOP = switch_of(KIND)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of everything that the unit has."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, LoopSwitch, (LOOP,))
    add_when_shown(entry.runtime_data, entry, async_add_entities, SWITCHES, EnergySwitch)
