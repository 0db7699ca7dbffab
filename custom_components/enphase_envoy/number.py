"""Every number that can be set: charges of batteries on the gateway, in %, and what surplus levels go by."""

from dataclasses import replace
from typing import Any

from homeassistant.components.number import NumberDeviceClass, NumberMode
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import NumberPoint, number
from ..energy_core.ha.loop_entities import LoopNumber, add_to_loops
from ..energy_core.ha.platforms import EnergyNumber, add_when_shown
from ..energy_core.points import Point
from .coordinator import EnvoyConfigEntry
from .envoy.points import ContactSettings, StorageSettings
from .surplus import SurplusLevel

PARALLEL_UPDATES = 0


def _charge(point: Point[float], key: str, **more: Any) -> NumberPoint:
    """Describe a charge; Home Assistant chooses how it is set."""
    return replace(number(point, NumberDeviceClass.BATTERY, key=key, **more), mode=NumberMode.AUTO)


NUMBERS = (
    _charge(StorageSettings.reserve, "reserve_soc", entity_category=None),
    # Without a unit, as Home Assistant's own integration has them: statistics and automations go on unchanged.
    replace(_charge(ContactSettings.soc_low, "soc_low"), native_unit_of_measurement=None),
    replace(_charge(ContactSettings.soc_high, "soc_high"), native_unit_of_measurement=None),
)
LEVEL = SurplusLevel.settings


async def async_setup_entry(
    hass: HomeAssistant, entry: EnvoyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of everything that can be set."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, LoopNumber, LEVEL)
    add_when_shown(entry.runtime_data, entry, async_add_entities, NUMBERS, EnergyNumber)
