"""Every switch of the Titan."""

from homeassistant.components.switch import SwitchDeviceClass  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import switch
from ..energy_core.ha.platforms import EnergySwitch, add_when_shown
from .coordinator import TitanConfigEntry
from .titan.points import Settings

PARALLEL_UPDATES = 1

SWITCHES = (
    switch(Settings.grid_charging, device_class=SwitchDeviceClass.SWITCH),
    switch(Settings.bypass, device_class=SwitchDeviceClass.SWITCH),
    switch(Settings.key_load, device_class=SwitchDeviceClass.SWITCH, entity_registry_enabled_default=False),
    switch(Settings.reverse_charging, device_class=SwitchDeviceClass.SWITCH, entity_registry_enabled_default=False),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of everything that the unit has."""
    add_when_shown(entry.runtime_data, entry, async_add_entities, SWITCHES, EnergySwitch)
