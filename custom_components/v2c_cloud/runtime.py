"""From a config entry to running coordinators, with everything that an earlier life kept."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_API_KEY
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..energy_core.capture import Recorder
from ..energy_core.ha.loops import Loops
from ..energy_core.memory import section
from ..energy_core.pacing import Pacer, Steady
from .const import (
    CONF_ADDRESSES,
    CONF_BASE_URL,
    CONF_CLOUD_ONLY,
    CONF_OLD_PAIRINGS,
    CONF_PAIRINGS,
    CONF_SHARE,
    CONF_UNNAMED,
    DOMAIN,
    SHARE,
    STORAGE_VERSION,
)
from .coordinator import AccountCoordinator, TrydanCoordinator, V2CConfigEntry, V2CRuntime
from .v2c import cloud, lan, parse
from .v2c.account import Account
from .v2c.device import Trydan
from .v2c.face import CloudWire, Face
from .v2c.locate import Locator
from .v2c.parse import Pairing
from .v2c.plan import Plan
from .v2c.quota import Quota
from .v2c.sessions import SessionBook


def store_of(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the memory of ``entry`` is kept."""
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}", private=True)


def pairings_of(data: Mapping[str, Any]) -> list[Pairing]:
    """Return the chargers that an entry knows without asking anybody."""
    kept = data.get(CONF_PAIRINGS) or data.get(CONF_OLD_PAIRINGS) or []
    known = {each.device_id: each for each in parse.pairings(kept) or []}
    placed = parse.pairings([{"deviceId": device_id} for device_id in data.get(CONF_ADDRESSES) or {}]) or []
    return [*known.values(), *(each for each in placed if each.device_id not in known)]


def cloud_client(hass: HomeAssistant, api_key: str, base_url: str | None, quota: Quota) -> cloud.CloudClient:
    """Return a client of the cloud."""
    return cloud.CloudClient(
        async_get_clientsession(hass),
        api_key,
        quota=quota,
        base_url=base_url or cloud.BASE_URL,
        pacer=Pacer(0.0),
        recorder=Recorder(),
    )


def lan_wire(hass: HomeAssistant, device_id: str | None, host: str) -> lan.LanWire:
    """Return a wire to a charger at ``host``."""
    session = async_get_clientsession(hass)
    return lan.LanWire(session, host, pacer=Pacer(lan.GAP), recorder=Recorder(), device_id=device_id)


def _account(hass: HomeAssistant, entry: V2CConfigEntry, clock: Steady) -> Account | None:
    if not (api_key := entry.data.get(CONF_API_KEY)):
        return None
    quota = Quota(share=entry.options.get(CONF_SHARE, SHARE) / 100, clock=clock)
    client = cloud_client(hass, api_key, entry.data.get(CONF_BASE_URL), quota)
    return Account(client, quota, Plan(quota, clock=clock), wall=clock, now=dt_util.now)


def _trydan(face: Face, account: Account | None, clock: Steady) -> Trydan:
    wire = None if account is None else CloudWire(account.client, face)
    reachable = (lambda: False) if account is None else (lambda: account.reachable)
    trydan = Trydan(face, lan=None, cloud=wire, reachable=reachable, wall=clock, now=dt_util.now)
    trydan.ahead = clock.ahead
    return trydan


def _locator(hass: HomeAssistant, entry: V2CConfigEntry, device_id: str, kept: Mapping[str, Any]) -> Locator:
    """Return what finds a charger; one that shows no id of its own cannot be told from others."""
    unnamed = device_id in entry.data.get(CONF_UNNAMED, ())
    address = kept.get("address")
    return Locator(
        partial(lan_wire, hass, None if unnamed else device_id),
        fixed=(entry.data.get(CONF_ADDRESSES) or {}).get(device_id),
        known=address if isinstance(address, str) else None,
        discover=not unnamed and not entry.data.get(CONF_CLOUD_ONLY),
    )


async def create(hass: HomeAssistant, entry: V2CConfigEntry) -> V2CRuntime:
    """Return what runs for ``entry``; its account may still have to be asked for its chargers."""
    store = store_of(hass, entry)
    kept = section(await store.async_load())
    runtime = V2CRuntime(store=store, loops=Loops(hass, entry), clock=Steady(kept.get("ahead")))
    account = _account(hass, entry, runtime.clock)
    pairings = pairings_of(entry.data)
    if account is not None:
        account.adopt(pairings)
        account.restore(section(kept.get("cloud")))
        runtime.account = AccountCoordinator(hass, entry, account)
        runtime.account.found = lambda: f"an account, {len(account.pairings)} paired"
        if not pairings:
            await runtime.account.async_config_entry_first_refresh()
            pairings = account.pairings
    chargers = section(kept.get("chargers"))
    for pairing in pairings:
        add_charger(hass, entry, runtime, pairing, section(chargers.get(pairing.device_id)))
    return runtime


def add_charger(
    hass: HomeAssistant, entry: V2CConfigEntry, runtime: V2CRuntime, pairing: Pairing, kept: Mapping[str, Any]
) -> None:
    """Run one charger."""
    device_id = pairing.device_id
    account = None if runtime.account is None else runtime.account.device
    face = Face(device_id, SessionBook(), name=pairing.name) if account is None else account.faces[device_id]
    trydan, locator = _trydan(face, account, runtime.clock), _locator(hass, entry, device_id, kept)
    trydan.restore(kept)
    trydan.use_lan(locator.first())
    charger = TrydanCoordinator(hass, entry, trydan, locator, pairing.name or f"Trydan {device_id}")
    charger.found = partial(_summary, trydan)
    if runtime.account is not None:
        charger.account = runtime.account
        runtime.account.chargers[device_id] = charger
    runtime.chargers[device_id] = charger


def _summary(trydan: Trydan) -> str:
    """Return what the log says of a charger that was set up."""
    return f"{trydan.face.facts.get('model') or 'Trydan'}, firmware {trydan.info.firmware or 'unknown'}, over {trydan.wire.name}"
