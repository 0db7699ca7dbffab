"""From a config entry to a running coordinator, with everything that an earlier life kept."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..energy_core.errors import EnergyError, WrongDeviceError
from ..energy_core.memory import section
from ..energy_core.tokens import Token, TokenKeeper
from . import issues
from .connect import Gateway, digest_of, identify, keeper_of, local_of, local_password, pin_of, session_of
from .const import ACB_BANDS, CONF_PHASES, DOMAIN, PHASES
from .coordinator import EnvoyConfigEntry, EnvoyCoordinator
from .devices import summary
from .envoy.auth import Auth, Bearer
from .envoy.device import Envoy
from .envoy.link import Link

STORAGE_VERSION: Final = 1


def store_of(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the memory of ``entry`` is kept."""
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}", private=True)


async def known_pin(hass: HomeAssistant, entry: ConfigEntry) -> bytes | None:
    """Return the fingerprint of the certificate that the gateway of ``entry`` showed first."""
    coordinator: EnvoyCoordinator | None = getattr(entry, "runtime_data", None)
    if coordinator is not None and coordinator.pin:
        return bytes.fromhex(coordinator.pin)
    return _pin(section(await store_of(hass, entry).async_load()))


async def forget_pin(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget the certificate of the gateway."""
    store = store_of(hass, entry)
    kept = section(await store.async_load())
    coordinator: EnvoyCoordinator | None = getattr(entry, "runtime_data", None)
    if coordinator is not None:
        coordinator.pin = None
    await store.async_save({**kept, "pin": None})


async def create(hass: HomeAssistant, entry: EnvoyConfigEntry) -> EnvoyCoordinator:
    """Return the coordinator of ``entry``; raise an ``EnergyError`` when its gateway does not let us in."""
    store, session = store_of(hass, entry), session_of(hass)
    kept = section(await store.async_load())
    pin = _pin(kept)
    gateway = await _gateway(hass, entry, session, pin)
    if pin is None:
        pin = await pin_of(gateway)
    keeper = _keeper(hass, entry, gateway)
    auth: Auth
    if keeper is None:
        auth = await digest_of(session, gateway, local_password(entry.data))
    else:
        await _with_token(keeper.restored(kept.get("token")), store, kept)
        auth = Bearer(keeper)
    local = local_of(gateway, Link(session, gateway.base, auth, pin=pin))
    phases = PHASES.get(entry.options.get(CONF_PHASES, ""), None)
    envoy = Envoy(local, serial=gateway.serial, phases=phases, now=dt_util.now)
    envoy.restore(section(kept.get("device")))
    coordinator = EnvoyCoordinator(hass, entry, envoy, gateway, keeper=keeper, store=store)
    coordinator.found = partial(summary, coordinator)
    coordinator.pin = pin.hex() if pin else None
    coordinator.chosen_band = kept["acb_band"] if kept.get("acb_band") in ACB_BANDS else None
    return coordinator


async def _gateway(hass: HomeAssistant, entry: EnvoyConfigEntry, session: Any, pin: bytes | None) -> Gateway:
    try:
        gateway = await identify(session, entry.data[CONF_HOST], pin, secure=bool(entry.data.get(CONF_TOKEN)))
    except WrongDeviceError:
        issues.certificate_changed(hass, entry)
        raise
    if entry.unique_id is None:
        hass.config_entries.async_update_entry(entry, unique_id=gateway.serial)
    elif entry.unique_id != gateway.serial:
        raise WrongDeviceError("another gateway")
    return gateway


def _keeper(hass: HomeAssistant, entry: EnvoyConfigEntry, gateway: Gateway) -> TokenKeeper | None:
    if not gateway.wants_token:
        return None

    def changed(token: Token) -> None:
        hass.config_entries.async_update_entry(entry, data={**entry.data, "token": token.text})

    return keeper_of(hass, gateway.serial, entry.data, changed)


async def _with_token(keeper: TokenKeeper, store: Store[dict[str, Any]], kept: Mapping[str, Any]) -> None:
    """Return when there is a token; else what stands in its way is raised, and the next start knows of the attempt."""
    try:
        await keeper.token()
    except EnergyError:
        await store.async_save({**kept, "token": keeper.saved()})
        raise


def _pin(kept: Mapping[str, Any]) -> bytes | None:
    try:
        pin = bytes.fromhex(str(kept.get("pin") or ""))
    except ValueError:
        return None
    return pin if len(pin) == 32 else None
