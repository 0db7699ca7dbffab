"""Every switch of the Trydan."""

from homeassistant.components.switch import SwitchDeviceClass  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import switch
from ..energy_core.ha.platforms import EnergySwitch, add_when_shown
from .coordinator import V2CConfigEntry
from .v2c.points import Cloud, Extra, Settings

PARALLEL_UPDATES = 1

SWITCH = SwitchDeviceClass.SWITCH

SWITCHES = (
    switch(Settings.paused, key="charging_pause", device_class=SWITCH, entity_category=None),
    switch(Settings.locked, device_class=SWITCH),
    switch(Settings.dynamic, device_class=SWITCH),
    switch(Settings.pause_dynamic, device_class=SWITCH),
    switch(Settings.timer, device_class=SWITCH),
    switch(Extra.logo_led, device_class=SWITCH),
    switch(Cloud.rfid_reader, device_class=SWITCH),
    switch(Cloud.ocpp, key="ocpp_enabled", device_class=SWITCH),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of everything that a charger has."""
    for charger in entry.runtime_data.chargers.values():
        add_when_shown(charger, entry, async_add_entities, SWITCHES, EnergySwitch)
