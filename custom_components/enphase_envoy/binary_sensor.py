"""Every binary sensor of the gateway and of what hangs on it."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (  # type: ignore[attr-defined]
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import DIAGNOSTIC, BinaryPoint, binary
from ..energy_core.ha.loop_entities import LoopEntity, add_to_loops
from ..energy_core.ha.platforms import EnergyBinarySensor, add_when_shown
from ..energy_core.points import Point
from .coordinator import EnvoyConfigEntry
from .envoy.points import (
    Acb,
    Collar,
    Combiner,
    Encharge,
    Enpower,
    ExportLimit,
    Generator,
    Home,
    InverterState,
    QRelay,
)
from .surplus import SurplusLevel

PARALLEL_UPDATES = 0

SHOWN: Final[dict[str, Any]] = {"entity_category": DIAGNOSTIC}
QUIET: Final[dict[str, Any]] = {**SHOWN, "entity_registry_enabled_default": False}


def _heard(point: Point[bool], **more: Any) -> BinaryPoint:
    """Describe whether something is heard of."""
    return binary(point, device_class=BinarySensorDeviceClass.CONNECTIVITY, **SHOWN, **more)


INVERTER = (
    _heard(InverterState.communicating),
    binary(InverterState.provisioned, **QUIET),
    binary(InverterState.producing, **QUIET),
    binary(InverterState.operating, **QUIET),
)
BATTERY = (
    _heard(Encharge.communicating),
    binary(Encharge.dc_switch, **SHOWN),
    binary(Encharge.provisioned, **SHOWN),
    binary(Encharge.producing, **SHOWN),
    binary(Encharge.operating, **QUIET),
    binary(Encharge.sleep_enabled, **QUIET),
)
AC_BATTERY = (
    _heard(Acb.communicating),
    binary(Acb.operating, **SHOWN),
    binary(Acb.producing),
    binary(Acb.provisioned, **SHOWN),
)
CONTROLLERS = (
    _heard(Enpower.communicating),
    binary(Enpower.grid_connected, key="mains_oper_state", translation_key="grid_status"),
    _heard(Collar.communicating),
    _heard(Combiner.communicating),
    _heard(QRelay.communicating),
    binary(
        Generator.running,
        key="generator_running",
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    binary(Generator.enabled, key="generator_enabled", **SHOWN),
)
GATEWAY = (
    _heard(Home.cloud),
    binary(ExportLimit.limited, key="export_limited", **QUIET),
)


SURPLUS: Final = "surplus"
LEVEL = (BinarySensorEntityDescription(key=SURPLUS, translation_key="surplus"),)


class Surplus(LoopEntity, BinarySensorEntity):
    """Tells whether a surplus level is on."""

    loop: SurplusLevel

    @property
    @override
    def is_on(self) -> bool:
        """Return what everybody has been told."""
        return self.loop.on

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Tell since when, and when it turns if the surplus stays as it is."""
        return {"since": self.loop.since, "due": self.loop.due}


async def async_setup_entry(
    hass: HomeAssistant, entry: EnvoyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of everything that the gateway shows."""
    table = (*INVERTER, *BATTERY, *AC_BATTERY, *CONTROLLERS, *GATEWAY)
    add_to_loops(entry.runtime_data.loops, async_add_entities, Surplus, LEVEL)
    add_when_shown(entry.runtime_data, entry, async_add_entities, table, EnergyBinarySensor)
