"""Diagnostics of an entry: an account with its budget, and each charger."""

from typing import Any

from homeassistant.const import CONF_API_KEY
from homeassistant.core import HomeAssistant

from ..energy_core.capture import Recorder, blank, scrub
from ..energy_core.ha.diagnostics import device_diagnostics
from .const import CONF_ADDRESSES, CONF_PAIRINGS, CONF_UNNAMED
from .coordinator import TrydanCoordinator, V2CConfigEntry, V2CRuntime
from .v2c.privacy import NAMES

PRIVATE = (CONF_API_KEY, CONF_ADDRESSES, CONF_PAIRINGS, CONF_UNNAMED, "initial_pairings")


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: V2CConfigEntry) -> dict[str, Any]:
    """Return everything that a bug report needs and nothing that identifies the chargers or their owner."""
    runtime = entry.runtime_data
    secrets = _secrets(entry, runtime)
    chargers = [_charger(each, secrets) for each in runtime.chargers.values()]
    about = {
        "entry": {
            "version": entry.version,
            "data": {name: value for name, value in entry.data.items() if name not in PRIVATE},
            "options": dict(entry.options),
        },
        "loops": [{"status": loop.status, "memory": loop.memory, "data": dict(loop.subentry.data)} for loop in runtime.loops],
        "chargers": chargers,
    }
    if (account := runtime.account) is None:
        return _clean(about, secrets)
    client = account.device.client
    state = {
        "quota": account.device.quota.saved(),
        "plan": account.device.plan.saved(),
        "refusals": account.device.refusals,
        "reachable": account.device.reachable,
    }
    cloud = device_diagnostics(account, client.recorder or Recorder(), secrets=secrets, about=state)
    return _clean(about | {"account": cloud}, secrets)


def _clean(found: dict[str, Any], secrets: set[str]) -> dict[str, Any]:
    """Leave out what is private by its name, and then each secret wherever it occurs."""
    return dict(scrub(blank(found, NAMES), secrets))


def _charger(charger: TrydanCoordinator, secrets: set[str]) -> dict[str, Any]:
    trydan = charger.device
    about = {
        "wire": trydan.wire.name,
        "has_lan": trydan.lan is not None,
        "lan_lost": trydan.lan_lost,
        "session": trydan.session_meter.saved(),
        "cloud_ages": {kind: trydan.face.at[kind] for kind in trydan.face.at},
        "sessions_known": len(charger.sessions.all),
    }
    recorder = trydan.lan.recorder if trydan.lan is not None else None
    return device_diagnostics(charger, recorder or Recorder(), secrets=secrets, about=about)


def _secrets(entry: V2CConfigEntry, runtime: V2CRuntime) -> set[str]:
    """Return every text that tells who or where somebody is."""
    found: set[object] = {entry.unique_id, entry.data.get(CONF_API_KEY), *(entry.data.get(CONF_ADDRESSES) or {}).values()}
    for charger in runtime.chargers.values():
        trydan = charger.device
        reported = trydan.face.answers.get("reported", {})
        found |= {charger.device_id, charger.title, trydan.face.name, trydan.info.ssid, trydan.info.ip}
        found |= {reported.get(name) for name in ("mac", "wifi_ssid", "wifi_ip", "huawei_ip", "deviceid", "device_id")}
        found |= {each.get(name) for each in trydan.face.lists.get("cards", []) for name in ("code", "tag")}
        found |= {each.card_name for each in charger.sessions.all} | {each.card_code for each in charger.sessions.all}
        found |= {None if trydan.lan is None else trydan.lan.host}
    return {str(each) for each in found if each}
