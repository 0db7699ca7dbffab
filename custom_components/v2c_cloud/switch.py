"""Every switch of the Trydan."""

from homeassistant.components.switch import SwitchDeviceClass, SwitchEntityDescription  # type: ignore[attr-defined]
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import switch
from ..energy_core.ha.loop_entities import LoopSwitch, add_to_loops, switch_of
from ..energy_core.ha.platforms import EnergySwitch, add_when_shown
from .coordinator import V2CConfigEntry
from .solar_entities import SolarFlag
from .solar_settings import KIND
from .v2c.points import Cloud, Extra, Settings

PARALLEL_UPDATES = 0

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
ENABLED = switch_of(KIND)
FLAGS = (
    SwitchEntityDescription(key="boost", translation_key="solar_boost"),
    SwitchEntityDescription(key="departure", translation_key="solar_departure", entity_category=EntityCategory.CONFIG),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of everything that a charger has."""
    loops = entry.runtime_data.loops
    add_to_loops(loops, async_add_entities, LoopSwitch, [ENABLED])
    add_to_loops(loops, async_add_entities, SolarFlag, FLAGS)
    for charger in entry.runtime_data.chargers.values():
        add_when_shown(charger, entry, async_add_entities, SWITCHES, EnergySwitch)
