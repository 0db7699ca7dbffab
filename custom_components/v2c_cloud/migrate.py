"""From the integration that owned this domain before: its entries load, its entities keep their history."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import CONF_OLD_PAIRINGS, CONF_PAIRINGS

# Its first release called these otherwise; what they show is the same.
RENAMED: Final = {"voltage_installation": "grid_voltage"}


def migrated(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an entry of version 1 as version 2 keeps it; later ones come out as they are."""
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
