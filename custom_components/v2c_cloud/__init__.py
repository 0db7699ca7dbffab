"""V2C Cloud: the Trydan charger, on the LAN first, through the V2C Cloud within its budget."""

import asyncio
from collections.abc import Callable
import contextlib
from datetime import datetime
from functools import partial
import math
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr, issue_registry as ir
from homeassistant.helpers.typing import ConfigType

from ..energy_core.ha import dashboard, loops, neighbours, takeover
from ..energy_core.ha.coordinator import EnergyCoordinator
from .const import CONF_PAIRINGS, DOMAIN
from .coordinator import V2CConfigEntry, V2CRuntime, auth_issue
from .migrate import GUIDE, NEWEST, VERSION, keep_renamed, migrated, tell, usable
from .runtime import create, pairings_of, store_of
from .services import async_setup_services
from .solar import SolarCharging
from .solar_settings import KIND
from .statistics import import_sessions

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.LOCK,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
    Platform.UPDATE,
]
# Home Assistant's own integration for the same boxes.
BUILT_IN = "v2c"
# Counts and sessions change with every reading: write them to disk now and then, and at the end.
SAVE_DELAY = 300


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, whether or not an entry is loaded."""
    async_setup_services(hass)
    takeover.check_versions(hass, DOMAIN, NEWEST, guide=GUIDE)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: V2CConfigEntry) -> bool:
    """Take over an entry of the integration that owned this domain before; what it can load again stays as it is."""
    if entry.version < VERSION:
        hass.config_entries.async_update_entry(entry, data=migrated(entry.data), version=VERSION)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: V2CConfigEntry) -> bool:
    """Meet the chargers on the LAN and the account in the cloud at the same time; either is enough to start."""
    if not usable(entry):
        raise takeover.refused(hass, entry, guide=GUIDE)
    takeover.accepted(hass, entry)
    keep_renamed(hass, entry)
    runtime = await create(hass, entry)
    _leave_to_others(hass, entry, runtime)
    account = runtime.account

    async def meet(coordinator: EnergyCoordinator[Any]) -> None:
        """Read for the first time; who does not answer now is asked again later."""
        with contextlib.suppress(ConfigEntryNotReady):
            await coordinator.async_config_entry_first_refresh()

    await asyncio.gather(*(meet(each) for each in (*runtime.chargers.values(), account) if each is not None))
    # Who has no LAN waits for what the cloud has just said.
    await asyncio.gather(*(meet(each) for each in runtime.chargers.values() if not each.last_update_success))
    if not (any(each.last_update_success for each in runtime.chargers.values()) or _lives_in_the_cloud(runtime)):
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="cannot_connect")
    entry.runtime_data = runtime
    if runtime.chargers:
        # An account without any shows nothing that could tell whose it was.
        tell(hass, entry)
    _follow(hass, entry, runtime)
    _watch_others(hass, entry, runtime)
    await runtime.loops.load({KIND: partial(SolarCharging, hass, entry)})
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    runtime.loops.start()
    for charger in runtime.chargers.values():
        charger.refresh_soon()
    await dashboard.offer(hass, entry)
    return True


def _lives_in_the_cloud(runtime: V2CRuntime) -> bool:
    """Tell whether there is an account: its outage is no reason to give up what may come back by itself."""
    return runtime.account is not None


def _leave_to_others(hass: HomeAssistant, entry: V2CConfigEntry, runtime: V2CRuntime) -> None:
    """Leave a charger to the entry that has it already, or had it first: two accounts may share one."""
    entries = [each for each in hass.config_entries.async_entries(DOMAIN) if each.disabled_by is None and usable(each)]
    earlier = entries[: entries.index(entry)]
    loaded = [each for each in entries if each.state is ConfigEntryState.LOADED and each is not entry]
    taken = {each.device_id: other for other in earlier for each in pairings_of(other.data)}
    taken |= {name: other for other in loaded for name in other.runtime_data.chargers}
    issue = f"shared_charger_{entry.entry_id}"
    shared = [name for name in runtime.chargers if name in taken]
    for name in shared:
        charger = runtime.chargers.pop(name)
        if runtime.account is not None:
            runtime.account.chargers.pop(name)
            runtime.account.device.leave(name)
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="shared_charger",
            translation_placeholders={"name": charger.title, "title": entry.title, "other": taken[name].title},
        )
    if not shared:
        ir.async_delete_issue(hass, DOMAIN, issue)


def _watch_others(hass: HomeAssistant, entry: V2CConfigEntry, runtime: V2CRuntime) -> None:
    """Tell the user when Home Assistant's own integration asks a charger of ours: the box answers one at a time."""

    def places() -> list[neighbours.Place]:
        found = ((each, each.device.lan) for each in runtime.chargers.values())
        return [neighbours.Place(name=each.title, serial=each.device_id, host=lan.host) for each, lan in found if lan is not None]

    watch = neighbours.Neighbours(hass, entry, BUILT_IN, places)
    watch.start()
    for charger in runtime.chargers.values():
        entry.async_on_unload(charger.async_add_listener(watch.look))


def _memory(hass: HomeAssistant, runtime: V2CRuntime) -> Callable[[], None]:
    """Return what writes things down now and then; each call of the store's own puts a save that waits off again."""
    asked_at = -math.inf

    @callback
    def remember() -> None:
        nonlocal asked_at
        if (now := hass.loop.time()) - asked_at >= SAVE_DELAY:
            asked_at = now
            runtime.store.async_delay_save(runtime.kept, SAVE_DELAY / 2)

    return remember


def _follow(hass: HomeAssistant, entry: V2CConfigEntry, runtime: V2CRuntime) -> None:
    """Remember, import sessions, and notice chargers that come and go."""
    remember = _memory(hass, runtime)

    async def stopping(_event: Event) -> None:
        await runtime.store.async_save(runtime.kept())

    for charger in runtime.chargers.values():
        entry.async_on_unload(charger.async_add_listener(remember))
        entry.async_on_unload(charger.stop_looking)
    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stopping))
    if (account := runtime.account) is None:
        return

    def sessions_changed(device_id: str, since: datetime | None) -> None:
        if (charger := runtime.chargers.get(device_id)) is not None:
            import_sessions(hass, device_id, charger.title, charger.sessions, since)

    def pairings_changed() -> None:
        pairings = [{"deviceId": each.device_id, "tag": each.name} for each in account.device.pairings]
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_PAIRINGS: pairings})
        hass.config_entries.async_schedule_reload(entry.entry_id)

    account.device.sessions_changed = sessions_changed
    account.pairings_changed = pairings_changed
    entry.async_on_unload(account.async_add_listener(remember))
    for device_id, charger in runtime.chargers.items():
        if charger.sessions.all:
            sessions_changed(device_id, None)


async def async_unload_entry(hass: HomeAssistant, entry: V2CConfigEntry) -> bool:
    """Give back what is steered and write everything down, then let go; a charge that runs goes on."""
    await entry.runtime_data.loops.stop()
    await entry.runtime_data.store.async_save(entry.runtime_data.kept())
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: V2CConfigEntry) -> None:
    """Leave nothing behind."""
    await store_of(hass, entry).async_remove()
    await loops.store_of(hass, entry).async_remove()
    for issue in (auth_issue(entry), f"shared_charger_{entry.entry_id}"):
        ir.async_delete_issue(hass, DOMAIN, issue)
    takeover.forget(hass, entry)
    neighbours.forget(hass, entry)


async def async_remove_config_entry_device(hass: HomeAssistant, entry: V2CConfigEntry, device: dr.DeviceEntry) -> bool:
    """Let the user remove a charger that is no longer paired."""
    runtime = entry.runtime_data
    present = {(DOMAIN, name) for name in (*runtime.chargers, *entry.subentries)}
    if runtime.account is not None:
        present.add((DOMAIN, runtime.account.serial))
    return not device.identifiers & present
