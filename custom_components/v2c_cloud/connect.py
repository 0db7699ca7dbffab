"""A first look at an account or at a charger, before an entry is made or changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_API_KEY
from homeassistant.core import HomeAssistant

from ..energy_core.errors import DeviceRefusedError, WrongDeviceError
from .const import CONF_ADDRESSES, CONF_BASE_URL, CONF_PAIRINGS, CONF_UNNAMED
from .runtime import cloud_client, lan_wire, pairings_of
from .v2c import endpoints, parse
from .v2c.address import valid_host
from .v2c.cloud import BASE_URL, account_id, check_base_url
from .v2c.quota import Quota


@dataclass(frozen=True, kw_only=True)
class FoundAccount:
    """An account that a key opens, and what an entry keeps of it."""

    unique_id: str
    data: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class FoundCharger:
    """A charger that answers on the LAN; old firmware shows no id."""

    host: str
    shown_id: str | None
    name: str
    data: dict[str, Any] = field(repr=False)


async def account(hass: HomeAssistant, given: Mapping[str, Any], entry: ConfigEntry | None = None) -> FoundAccount:
    """Return the account that a key opens; with ``entry`` it must hold one of its chargers."""
    base_url = check_base_url(given.get(CONF_BASE_URL) or BASE_URL)
    api_key = given[CONF_API_KEY]
    client = cloud_client(hass, api_key, base_url, Quota())
    found = parse.pairings(await client.call(endpoints.PAIRINGS, command=True))
    if found is None:
        raise DeviceRefusedError(key="not_v2c")
    if not found:
        raise DeviceRefusedError(key="no_chargers")
    if entry is not None:
        _same_chargers(entry, {each.device_id for each in found})
    pairings = [{"deviceId": each.device_id, "tag": each.name} for each in found]
    data = {CONF_API_KEY: api_key, CONF_PAIRINGS: pairings}
    if base_url != BASE_URL:
        data[CONF_BASE_URL] = base_url
    return FoundAccount(unique_id=await hass.async_add_executor_job(account_id, api_key), data=data)


def _same_chargers(entry: ConfigEntry, found: set[str]) -> None:
    """Refuse a key that opens none of the chargers which the entry has now."""
    named = set(names(entry)) - set(entry.data.get(CONF_UNNAMED, ()))
    if named and not named & found:
        raise DeviceRefusedError(key="charger_not_paired")


async def charger(hass: HomeAssistant, host: str) -> FoundCharger:
    """Return who answers at ``host``."""
    host = valid_host(host)
    wire = lan_wire(hass, None, host)
    await wire.identify()
    shown = wire.shown_id
    device_id = shown or f"local-{uuid4().hex[:8]}"
    name = f"Trydan {shown}" if shown else "Trydan"
    data = {
        CONF_ADDRESSES: {device_id: host},
        CONF_PAIRINGS: [{"deviceId": device_id, "tag": name}],
        CONF_UNNAMED: [] if shown else [device_id],
    }
    return FoundCharger(host=host, shown_id=shown, name=name, data=data)


def names(entry: ConfigEntry) -> dict[str, str]:
    """Return the chargers of an entry by id."""
    return {each.device_id: each.name or each.device_id for each in pairings_of(entry.data)}


async def moved(hass: HomeAssistant, entry: ConfigEntry, device_id: str | None, host: str | None) -> dict[str, Any]:
    """Return the data of ``entry`` with a charger at another address; without one it is looked for again."""
    device_id = device_id or next(iter(names(entry)))
    addresses = dict(entry.data.get(CONF_ADDRESSES) or {})
    if not host:
        if not entry.data.get(CONF_API_KEY):
            raise DeviceRefusedError(key="invalid_host")
        addresses.pop(device_id, None)
        return {**entry.data, CONF_ADDRESSES: addresses}
    found = await charger(hass, host)
    if found.shown_id is not None and found.shown_id != device_id and device_id not in entry.data.get(CONF_UNNAMED, ()):
        raise WrongDeviceError("another charger answers there")
    return {**entry.data, CONF_ADDRESSES: {**addresses, device_id: found.host}}
