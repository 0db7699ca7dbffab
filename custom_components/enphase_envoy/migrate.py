"""From the integrations that had this domain before: whose entry this is, and which of its entities go on.

Home Assistant's own has our ids: nothing is changed. Two custom ones have this domain as well. Where their entity means
what one of ours means, it gets our id and keeps its history. Where their id is one of ours and means something else, it
steps aside, so that two quantities never share a history. The rest is left as it is. Which of an entry's entities are
theirs is told by the registry: their names are whole, ours and Home Assistant's own are parts of names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
import logging
import re
from typing import Final

from homeassistant.components.sensor import DOMAIN as SENSOR, SensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_TOKEN, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from ..energy_core.ha import takeover
from ..energy_core.ha.coordinator import discreet
from ..energy_core.ha.takeover import TAKEN_OVER, Taken, fits, issue_id
from .button import RESCAN
from .const import CONF_DETAILS, CONF_INTERVAL, CONF_PHASES, DOMAIN

_LOGGER = logging.getLogger(__name__)

PAGE: Final = "https://github.com/energy-core/energy-core/blob/main/docs/envoy.md"
GUIDE: Final = f"{PAGE}#coming-from-home-assistants-own-integration"
GUIDE_CUSTOM: Final = f"{PAGE}#coming-from-another-custom-integration"
# The version that Home Assistant's own integration has: a higher one would bar the way back.
VERSION: Final = 1
SHAPE: Final = {CONF_HOST: str, CONF_NAME: str, CONF_USERNAME: str, CONF_PASSWORD: str, CONF_TOKEN: str}
OPTIONS: Final[Mapping[str, type | tuple[type, ...]]] = {CONF_INTERVAL: (int, float), CONF_PHASES: str, CONF_DETAILS: str}

HOME_ASSISTANT: Final = "Home Assistant"
INSTALLER: Final = "Enphase Envoy Installer"
CUSTOM: Final = "home_assistant_custom_envoy"
# What only one of them has, in the data of an entry or as the key of an entity.
HINTS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    INSTALLER: (
        frozenset({"token_source"}),
        frozenset({"inverter_data_watts", "inverters", "envoy_software", "polling_interval", "grid_profile"}),
    ),
    CUSTOM: (
        frozenset({"use_enlighten"}),
        frozenset({"seven_days_production", "seven_days_consumption", "pf", "consumption_Current", "production_Current"}),
    ),
}
# A constant that the user has added to the register of a gateway: it would be taken for a reset when it falls away.
CORRECTION: Final = "lifetime_production_correction"

# Ids that are the same, and mean the same, everywhere.
SAME: Final = frozenset(
    {
        *("production", "daily_production", "lifetime_production", "lifetime_net_production"),
        *("consumption", "daily_consumption", "lifetime_consumption", "net_consumption"),
        *("seven_days_production", "seven_days_consumption", "storage_mode", ""),
    }
)
# Ids of ours that mean another quantity there: net over the life of the gateway, the other CT, a zero that never moves.
OTHERWISE: Final = frozenset({"lifetime_net_consumption", "voltage", "frequency", "daily_net_consumption"})
# The same quantity under another key, by the domain of the entity; "" is a serial number alone.
RENAMED: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    INSTALLER: {
        "sensor": {
            "inverter_data_watts": "",
            "inverter_data_watts_max": "max_reported",
            "inverter_data_last_reading": "last_reported",
            "inverter_data_last_reading_interval": "last_report_duration",
            "inverter_data_dc_voltage": "dc_voltage",
            "inverter_data_dc_current": "dc_current",
            "inverter_data_ac_voltage": "ac_voltage",
            "inverter_data_ac_current": "ac_current",
            "inverter_data_ac_frequency": "ac_frequency",
            "inverter_data_temperature": "temperature",
            "inverter_data_lifetime_power": "lifetime_energy",
            "inverter_data_watt_hours_today": "energy_today",
            "inverters": "",
            "inverters_dc_voltage": "dc_voltage",
            "inverters_dc_current": "dc_current",
            "inverters_ac_voltage": "ac_voltage",
            "inverters_temperature": "temperature",
            "batteries_power": "real_power_mw",
            "batteries_percentFull": "soc",
            "batteries_temperature": "temperature",
            "agg_batteries_soc": "battery_level",
            "agg_batteries_power": "battery_power",
            "lifetime_batteries_charged": "lifetime_battery_charged",
            "lifetime_batteries_discharged": "lifetime_battery_discharged",
            "envoy_software": "firmware",
        },
        "binary_sensor": {
            "inverter_info_communicating": "communicating",
            "inverter_info_producing": "producing",
            "inverters_communicating": "communicating",
            "inverters_producing": "producing",
            "batteries_communicating": "communicating",
            "batteries_operating": "operating",
            "batteries_sleep_enabled": "sleep_enabled",
            "relay_info_communicating": "communicating",
        },
        "number": {"storage_reserved_soc": "reserve_soc"},
        "switch": {"storage_charge_from_grid": "charge_from_grid"},
    },
    CUSTOM: {
        "sensor": {
            "pf": "net_ct_powerfactor",
            "consumption_Current": "net_ct_current",
            "production_Current": "production_ct_current",
        },
    },
}
# What this one has under ids of ours is what we have under them.
ALSO_SAME: Final[Mapping[str, frozenset[str]]] = {CUSTOM: frozenset({"lifetime_net_consumption", "voltage", "frequency"})}

# How an old version of the first one began the keys of inverters.
FORMERLY: Final = "inverters"
# What becomes of an entity.
KEPT, RENAMED_IT, ASIDE, LEFT = "kept", "renamed", "aside", "left"

_PHASE = re.compile(r"_l[123]$")


@dataclass(frozen=True, kw_only=True)
class Id:
    """A unique id in its parts: the serial number, the key, the phase."""

    item: str
    key: str
    phase: str

    @classmethod
    def of(cls, unique_id: str) -> Id:
        """Take an id apart."""
        item, _, key = unique_id.partition("_")
        phase = found[0] if (found := _PHASE.search(key)) else ""
        return cls(item=item, key=key.removesuffix(phase), phase=phase)

    def called(self, key: str) -> str:
        """Return the id of the same thing under another key."""
        return f"{self.item}_{key}{self.phase}" if key else self.item


def usable(entry: ConfigEntry) -> bool:
    """Tell whether an entry, whoever wrote it, has what we need, and nothing that we would misread."""
    return bool(entry.data.get(CONF_HOST)) and fits(entry.data, SHAPE) and fits(entry.options, OPTIONS)


def take_over(hass: HomeAssistant, entry: ConfigEntry) -> Taken | None:
    """Give the entities of another integration our ids; return what became of them, None when there is nothing to tell.

    Who goes back there, and comes again, is taken over again: nothing is remembered but what the registry shows.
    """
    registry = er.async_get(hass)
    known = er.async_entries_for_config_entry(registry, entry.entry_id)
    ran_here = any(Id.of(each.unique_id).key == RESCAN.key for each in known)
    # All have this one: whoever has provided it last has named it. What an earlier life has left is let be.
    named_here = any(each.has_entity_name for each in known if each.unique_id.partition("_")[2] == "production")
    theirs = [] if named_here else [each for each in known if not each.has_entity_name]
    if not theirs:
        return Taken(origin=HOME_ASSISTANT, kept=len(known)) if known and not ran_here else None
    origin = _origin(entry, theirs)
    # What an old version has left must not take the place of what the last one has recorded.
    theirs.sort(key=lambda each: Id.of(each.unique_id).key.startswith(FORMERLY))
    done = [_moved(registry, entry, each, origin) for each in theirs]
    if ran_here and not {RENAMED_IT, ASIDE} & set(done):
        return None
    aside, left = done.count(ASIDE), done.count(LEFT)
    return Taken(origin=origin or DOMAIN, kept=len(known) - aside - left, aside=aside, left=left)


def tell(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take an entry over, and say so, once."""
    taken = take_over(hass, entry)
    if taken is None:
        return
    if taken.origin == HOME_ASSISTANT:
        takeover.tell(hass, entry, taken, guide=GUIDE)
        return
    name = discreet(entry.title, entry.unique_id or "")
    _LOGGER.info("%s was taken over from %s: %s kept, %s aside, %s left", name, taken.origin, taken.kept, taken.aside, taken.left)
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(TAKEN_OVER, entry),
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="taken_over_custom",
        translation_placeholders={
            "title": entry.title,
            "origin": taken.origin,
            "kept": str(taken.kept),
            "aside": str(taken.aside),
            "left": str(taken.left),
        },
        learn_more_url=GUIDE_CUSTOM,
    )


def _origin(entry: ConfigEntry, theirs: Iterable[er.RegistryEntry]) -> str | None:
    """Return who made these entities; what an entry has of an even earlier life counts for less than its entities."""
    keys = {Id.of(each.unique_id).key for each in theirs}
    by_entity = (name for name, (_, typical) in HINTS.items() if typical & keys)
    by_data = (name for name, (typical, _) in HINTS.items() if typical & entry.data.keys())
    return next(by_entity, None) or next(by_data, None)


def _moved(registry: er.EntityRegistry, entry: ConfigEntry, each: er.RegistryEntry, origin: str | None) -> str:
    """Give an entity the id that it shall have, and tell what became of it."""
    found, also_same = Id.of(each.unique_id), ALSO_SAME.get(origin or "", frozenset())
    corrected = found.key == "lifetime_production" and bool(entry.options.get(CORRECTION))
    if corrected or found.key in OTHERWISE - also_same:
        free = (f"{each.unique_id}_before{number}" for number in count(1))
        next(unique_id for unique_id in free if _renamed(registry, each, unique_id))
        return ASIDE
    if not found.key and each.original_device_class == SensorDeviceClass.BATTERY:
        return RENAMED_IT if _renamed(registry, each, found.called("soc")) else LEFT
    if found.key in SAME | also_same and (found.key or each.domain == SENSOR):
        return KEPT
    new = RENAMED.get(origin or "", {}).get(each.domain, {}).get(found.key)
    return RENAMED_IT if new is not None and _renamed(registry, each, found.called(new)) else LEFT


def _renamed(registry: er.EntityRegistry, each: er.RegistryEntry, unique_id: str) -> bool:
    """Give an entity another id, if nobody has it."""
    if registry.async_get_entity_id(each.domain, each.platform, unique_id) is not None:
        return False
    registry.async_update_entity(each.entity_id, new_unique_id=unique_id)
    return True
