"""Titan IzyPower: a home battery over Modbus TCP or the vendor's OpenData HTTP."""

from functools import partial

from homeassistant.const import CONF_HOST, EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr, issue_registry as ir
from homeassistant.helpers.typing import ConfigType

from ..energy_core.ha import dashboard, loops, neighbours
from .const import DOMAIN
from .coordinator import TitanConfigEntry
from .devices import other_unit_issue
from .runtime import create, store_of
from .services import async_setup_services
from .zero_export import KIND, ZeroExport

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
]
# Home Assistant's own integration for the same units.
BUILT_IN = "indevolt"


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, whether or not an entry is loaded."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: TitanConfigEntry) -> bool:
    """Meet the unit, then show it."""
    coordinator = await create(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    coordinator.unit_id()
    neighbours.Neighbours(hass, entry, BUILT_IN, lambda: _places(entry)).start()
    await coordinator.loops.load({KIND: partial(ZeroExport, coordinator)})

    async def stopping(_event: Event) -> None:
        await coordinator.close()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stopping))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.loops.start()
    # Packs and other parts that are not needed to start follow at once, without holding up the start.
    entry.async_create_background_task(hass, coordinator.async_refresh(), f"{DOMAIN} second reading")
    await dashboard.offer(hass, entry)
    return True


def _places(entry: TitanConfigEntry) -> list[neighbours.Place]:
    """Return what Home Assistant's own integration may ask as well: the unit answers one request a second."""
    return [neighbours.Place(name=entry.title, serial=entry.runtime_data.serial, host=entry.data[CONF_HOST])]


async def async_unload_entry(hass: HomeAssistant, entry: TitanConfigEntry) -> bool:
    """End what runs, then let go."""
    await entry.runtime_data.loops.stop()
    await entry.runtime_data.close()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: TitanConfigEntry) -> None:
    """Leave nothing behind."""
    await store_of(hass, entry).async_remove()
    await loops.store_of(hass, entry).async_remove()
    ir.async_delete_issue(hass, DOMAIN, other_unit_issue(entry))
    neighbours.forget(hass, entry)


async def async_remove_config_entry_device(hass: HomeAssistant, entry: TitanConfigEntry, device: dr.DeviceEntry) -> bool:
    """Let the user remove a pack that is no longer fitted."""
    coordinator = entry.runtime_data
    fitted = {(DOMAIN, name) for name in entry.subentries}
    fitted |= {(DOMAIN, coordinator.serial)} | {
        (DOMAIN, f"{coordinator.serial}_{pack.name}") for pack in coordinator.device.packs
    }
    return not device.identifiers & fitted
