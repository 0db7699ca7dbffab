"""Every binary sensor of the Trydan and of the account."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorDeviceClass  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import DIAGNOSTIC, binary
from ..energy_core.ha.platforms import EnergyBinarySensor, add_when_shown
from .coordinator import V2CConfigEntry
from .v2c.points import Account, Cloud, Status

PARALLEL_UPDATES = 0

PROBLEM = BinarySensorDeviceClass.PROBLEM
CONNECTIVITY = BinarySensorDeviceClass.CONNECTIVITY

BINARY_SENSORS = (
    binary(Status.plugged, device_class=BinarySensorDeviceClass.PLUG),
    binary(Status.charging, device_class=BinarySensorDeviceClass.BATTERY_CHARGING),
    binary(Status.ready, entity_category=DIAGNOSTIC, entity_registry_enabled_default=False),
    binary(Status.fault, device_class=PROBLEM, entity_category=DIAGNOSTIC),
    binary(Status.meter_problem, device_class=PROBLEM, entity_category=DIAGNOSTIC),
    binary(Cloud.connected, key="connected_status", device_class=CONNECTIVITY, entity_category=DIAGNOSTIC),
)
REACHABLE = binary(Account.reachable, key="cloud_reachable", device_class=CONNECTIVITY, entity_category=DIAGNOSTIC)


class ReachableSensor(EnergyBinarySensor):
    """Whether the cloud answers; it is known best when it does not."""

    @property
    @override
    def available(self) -> bool:
        """It can always be told."""
        return True


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of everything that a charger shows."""
    runtime = entry.runtime_data
    for charger in runtime.chargers.values():
        add_when_shown(charger, entry, async_add_entities, BINARY_SENSORS, EnergyBinarySensor)
    if runtime.account is not None:
        add_when_shown(runtime.account, entry, async_add_entities, [REACHABLE], ReachableSensor)
