"""Enphase Envoy: the solar gateway, its inverters, meters and batteries, on the local network."""

from functools import partial

from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from ..energy_core.errors import DeviceAuthError, EnergyError
from ..energy_core.ha import dashboard, loops, takeover
from . import issues
from .const import DOMAIN
from .coordinator import EnvoyConfigEntry, EnvoyCoordinator
from .devices import present
from .migrate import GUIDE_CUSTOM, VERSION, tell, usable
from .runtime import create, store_of
from .seeding import seed
from .services import async_setup_services
from .surplus import KIND, SurplusLevel

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the action, whether or not an entry is loaded."""
    async_setup_services(hass)
    takeover.check_versions(hass, DOMAIN, VERSION, guide=GUIDE_CUSTOM)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: EnvoyConfigEntry) -> bool:
    """Meet the gateway; an entry of Home Assistant's own integration is used as it is."""
    if not usable(entry):
        raise takeover.refused(hass, entry, guide=GUIDE_CUSTOM)
    takeover.accepted(hass, entry)
    levels = loops.Loops(hass, entry)
    await levels.load({KIND: partial(SurplusLevel, hass, entry, levels)})
    coordinator: EnvoyCoordinator | None = None
    try:
        coordinator = await _made(hass, entry)
        await coordinator.async_config_entry_first_refresh()
    except ConfigEntryError, ConfigEntryNotReady, ConfigEntryAuthFailed:
        # What an earlier life has left on, nobody else would switch off.
        await levels.stop()
        if coordinator is not None:
            # What an attempt has cost the cloud counts for the next one, too.
            await coordinator.store.async_save(coordinator.kept())
        raise
    coordinator.loops = levels
    entry.runtime_data = coordinator
    tell(hass, entry)
    await seed(hass, coordinator.device)

    async def stopping(_event: Event) -> None:
        await coordinator.store.async_save(coordinator.kept())

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stopping))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    levels.start()
    await dashboard.offer(hass, entry)
    return True


async def _made(hass: HomeAssistant, entry: EnvoyConfigEntry) -> EnvoyCoordinator:
    """Return the coordinator of a gateway that lets us in."""
    try:
        return await create(hass, entry)
    except EnergyError as error:
        reason = ConfigEntryAuthFailed if isinstance(error, DeviceAuthError) else ConfigEntryNotReady
        raise reason(translation_domain=DOMAIN, translation_key=error.key, translation_placeholders=error.placeholders) from error


async def async_unload_entry(hass: HomeAssistant, entry: EnvoyConfigEntry) -> bool:
    """Stop what runs, write everything down, then let go."""
    coordinator = entry.runtime_data
    await coordinator.loops.stop()
    if coordinator.keeper is not None:
        coordinator.keeper.stop()
    await coordinator.store.async_save(coordinator.kept())
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: EnvoyConfigEntry) -> None:
    """Leave nothing behind."""
    await store_of(hass, entry).async_remove()
    await loops.store_of(hass, entry).async_remove()
    issues.forget(hass, entry)


async def async_remove_config_entry_device(hass: HomeAssistant, entry: EnvoyConfigEntry, device: dr.DeviceEntry) -> bool:
    """Let the user remove what is no longer there."""
    there = {(DOMAIN, identifier) for identifier in (*present(entry.runtime_data), *entry.subentries)}
    return not device.identifiers & there
