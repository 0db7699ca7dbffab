"""From the integration that owned this domain before: its entries load, its entities keep their history."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.event import DOMAIN as EVENT
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_API_KEY
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..energy_core.ha import takeover
from ..energy_core.ha.takeover import Taken, fits
from .const import (
    CONF_ADDRESSES,
    CONF_BASE_URL,
    CONF_INTERVAL,
    CONF_OLD_PAIRINGS,
    CONF_PAIRINGS,
    CONF_SHARE,
    CONF_UNNAMED,
)

GUIDE: Final = "https://github.com/energy-core/energy-core/blob/main/docs/v2c.md#coming-from-another-integration"
# The version that its releases have: they load what we leave. One that it has tried is read as well, and left as it is.
VERSION: Final = 2
NEWEST: Final = 3
PREDECESSOR: Final = "HomeAssistant-V2C-Cloud"
SHAPE: Final = {
    CONF_API_KEY: str,
    CONF_BASE_URL: str,
    CONF_PAIRINGS: list,
    CONF_OLD_PAIRINGS: list,
    CONF_ADDRESSES: dict,
    CONF_UNNAMED: list,
}
OPTIONS: Final = {CONF_INTERVAL: (int, float), CONF_SHARE: (int, float)}
# Any of these leads to a charger.
LEADS: Final = (CONF_API_KEY, CONF_PAIRINGS, CONF_OLD_PAIRINGS, CONF_ADDRESSES)
# Its first release called these otherwise; what they show is the same.
RENAMED: Final = {"voltage_installation": "grid_voltage"}


def usable(entry: ConfigEntry) -> bool:
    """Tell whether an entry, whoever wrote it, leads to a charger, and has nothing that we would misread."""
    if not (fits(entry.data, SHAPE) and fits(entry.options, OPTIONS)):
        return False
    addresses = entry.data.get(CONF_ADDRESSES) or {}
    return all(isinstance(each, str) for each in addresses.values()) and any(entry.data.get(name) for name in LEADS)


def tell(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Say once that an entry was taken over: it has entities, and none of a kind that only we have."""
    known = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    if known and all(each.domain != EVENT for each in known):
        takeover.tell(hass, entry, Taken(origin=PREDECESSOR, kept=len(known)), guide=GUIDE)


def migrated(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an entry of version 1 as later versions keep it; theirs come out as they are."""
    kept = {name: value for name, value in data.items() if name != CONF_OLD_PAIRINGS}
    if CONF_OLD_PAIRINGS in data:
        kept.setdefault(CONF_PAIRINGS, data[CONF_OLD_PAIRINGS])
    return kept


def keep_renamed(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give entities whose id changed over the years the present one."""
    registry = er.async_get(hass)
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        for old, new in RENAMED.items():
            if known.domain != "sensor" or not known.unique_id.endswith(f"_{old}"):
                continue
            unique_id = known.unique_id.removesuffix(old) + new
            if registry.async_get_entity_id("sensor", known.platform, unique_id) is None:
                registry.async_update_entity(known.entity_id, new_unique_id=unique_id)
