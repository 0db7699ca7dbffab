"""Every binary sensor of the Titan."""

from homeassistant.components.binary_sensor import BinarySensorDeviceClass  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import DIAGNOSTIC, binary
from ..energy_core.ha.platforms import EnergyBinarySensor, add_when_shown
from .coordinator import TitanConfigEntry
from .titan.points import Grid, Pack, System

PARALLEL_UPDATES = 0

BINARY_SENSORS = (
    binary(
        Grid.meter_connected,
        key="meter_connection",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=DIAGNOSTIC,
    ),
    binary(System.has_alarm, key="problem", device_class=BinarySensorDeviceClass.PROBLEM, entity_category=DIAGNOSTIC),
    binary(
        Pack.heater,
        key="pack_heater",
        device_class=BinarySensorDeviceClass.HEAT,
        entity_category=DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of everything that the unit has."""
    add_when_shown(entry.runtime_data, entry, async_add_entities, BINARY_SENSORS, EnergyBinarySensor)
