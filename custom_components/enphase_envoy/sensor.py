"""Every sensor of the gateway and of what hangs on it.

Keys, units, digits and state classes of what Home Assistant's own integration has are its own: they keep the
statistics of who comes from there. Keys end up in unique ids: they are frozen.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import (
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import DIAGNOSTIC, SensorPoint, sensor
from ..energy_core.ha.loop_entities import LoopEntity, LoopStatus, add_to_loops, status_of
from ..energy_core.ha.platforms import EnergySensor, add_when_shown
from ..energy_core.points import Point, Value
from .coordinator import EnvoyConfigEntry
from .envoy.points import (
    Acb,
    AcbGroup,
    AcbPower,
    AcbStore,
    AcbSum,
    Batteries,
    Collar,
    Combiner,
    Encharge,
    EnchargePower,
    Enpower,
    Ensemble,
    ExportLimit,
    Generator,
    Home,
    Info,
    Inventory,
    Inverter,
    InverterDetail,
    Inverters,
    InverterState,
    Meter,
    MeterDetail,
    MeterState,
    MeterTotal,
    QRelay,
    Site,
    Storage,
    Token,
)
from .surplus import KIND, SurplusLevel

PARALLEL_UPDATES = 0

POWER = SensorDeviceClass.POWER
ENERGY = SensorDeviceClass.ENERGY
STORED = SensorDeviceClass.ENERGY_STORAGE
VOLTAGE = SensorDeviceClass.VOLTAGE
CURRENT = SensorDeviceClass.CURRENT
FREQUENCY = SensorDeviceClass.FREQUENCY
TEMPERATURE = SensorDeviceClass.TEMPERATURE
BATTERY = SensorDeviceClass.BATTERY
DURATION = SensorDeviceClass.DURATION
TIMESTAMP = SensorDeviceClass.TIMESTAMP
MEASUREMENT = SensorStateClass.MEASUREMENT
RISING = SensorStateClass.TOTAL_INCREASING
KWH = UnitOfEnergy.KILO_WATT_HOUR
MWH = UnitOfEnergy.MEGA_WATT_HOUR
SHOWN: Final[dict[str, Any]] = {"entity_category": DIAGNOSTIC}
OFF: Final[dict[str, Any]] = {"entity_registry_enabled_default": False}
QUIET: Final[dict[str, Any]] = {**SHOWN, **OFF}


def _sensor(
    point: Point[Any],
    device_class: SensorDeviceClass | None = None,
    *,
    shown_in: str | None = None,
    precision: int | None = None,
    **more: Any,
) -> SensorPoint:
    """Describe a sensor; no unit to show it in and no digits are implied."""
    made = sensor(point, device_class, suggested_unit_of_measurement=shown_in, **more)
    return replace(made, suggested_display_precision=precision)


def _power(point: Point[Any], key: str, **more: Any) -> SensorPoint:
    return _sensor(point, POWER, key=key, shown_in=UnitOfPower.KILO_WATT, precision=3, **more)


def _today(point: Point[Any], key: str, state_class: SensorStateClass | None = RISING) -> SensorPoint:
    return _sensor(point, ENERGY, key=key, state_class=state_class, shown_in=KWH, precision=2)


def _week(point: Point[Any], key: str) -> SensorPoint:
    """Describe what seven days brought: it rises and falls, so it has no state class."""
    return _sensor(point, ENERGY, key=key, state_class=None, shown_in=KWH, precision=1)


def _lifetime(point: Point[Any], key: str) -> SensorPoint:
    return _sensor(point, ENERGY, key=key, state_class=RISING, shown_in=MWH, precision=3)


def _said(point: Point[Any], key: str, translation_key: str) -> SensorPoint:
    """Describe a word that stays a plain text, although its values are known."""
    made = sensor(point, key=key, translation_key=translation_key)
    return replace(made, device_class=None, options=None)


def _seen(point: Point[Any], *, key: str = "last_reported", **more: Any) -> SensorPoint:
    return _sensor(point, TIMESTAMP, key=key, translation_key="last_reported", **more)


# The site, and each of its phases

SITE = (
    _power(Site.production, "production"),
    _today(Site.production_today, "daily_production"),
    _week(Site.production_week, "seven_days_production"),
    _lifetime(Site.production_lifetime, "lifetime_production"),
    _power(Site.consumption, "consumption"),
    _today(Site.consumption_today, "daily_consumption"),
    _week(Site.consumption_week, "seven_days_consumption"),
    _lifetime(Site.consumption_lifetime, "lifetime_consumption"),
    _power(Site.house, "house_consumption"),
    _power(Site.importing, "import_power"),
    _today(Site.import_today, "daily_import"),
    _week(Site.import_week, "seven_days_import"),
    _power(Site.exporting, "export_power"),
    _today(Site.export_today, "daily_export"),
    _week(Site.export_week, "seven_days_export"),
    _today(Site.net_today, "daily_net_consumption", state_class=None),
    _week(Site.net_week, "seven_days_net_consumption"),
    _power(Site.reported_net, "balanced_net_consumption", **OFF),
    _sensor(
        Site.net_lifetime,
        ENERGY,
        key="lifetime_balanced_net_consumption",
        state_class=SensorStateClass.TOTAL,
        shown_in=KWH,
        precision=3,
        **OFF,
    ),
)

# Its meters, and each of their phases

KINDS: Final = ("net_consumption", "production", "storage", "total_consumption", "backfeed", "load", "evse", "pv3p")
# What a meter tells: the end of the key, the point, its class, the rest.
type Measured = tuple[str, Point[Any], SensorDeviceClass | None, Mapping[str, Any]]
MEASURED: Final[tuple[Measured, ...]] = (
    ("energy_delivered", MeterTotal.delivered, ENERGY, {"state_class": RISING, "shown_in": MWH, "precision": 3}),
    ("energy_received", MeterTotal.received, ENERGY, {"state_class": RISING, "shown_in": MWH, "precision": 3}),
    ("power", Meter.power, POWER, {"shown_in": UnitOfPower.KILO_WATT, "precision": 3}),
    ("frequency", MeterDetail.frequency, FREQUENCY, {"precision": 1, **OFF}),
    ("voltage", MeterDetail.voltage, VOLTAGE, {"shown_in": UnitOfElectricPotential.VOLT, "precision": 1, **OFF}),
    ("current", MeterDetail.current, CURRENT, {"shown_in": UnitOfElectricCurrent.AMPERE, "precision": 3, **OFF}),
    (
        "powerfactor",
        MeterDetail.power_factor,
        SensorDeviceClass.POWER_FACTOR,
        {"state_class": MEASUREMENT, "precision": 2, **OFF},
    ),
    ("metering_status", MeterState.metering_status, None, QUIET),
    ("status_flags", MeterState.status_flags, None, QUIET),
)
# Only where somebody may want to know.
MEASURED_TOO: Final[tuple[Measured, ...]] = (
    ("apparent_power", MeterDetail.apparent_power, SensorDeviceClass.APPARENT_POWER, {"precision": 0, **OFF}),
    ("reactive_power", MeterDetail.reactive_power, SensorDeviceClass.REACTIVE_POWER, {"precision": 0, **OFF}),
)
# Keys that do not follow the rule: kind, "ct", what it is.
ODD_KEYS: Final[Mapping[tuple[str, str], str]] = {
    ("net_consumption", "energy_delivered"): "lifetime_net_consumption",
    ("net_consumption", "energy_received"): "lifetime_net_production",
    ("net_consumption", "power"): "net_consumption",
    ("net_consumption", "frequency"): "frequency",
    ("net_consumption", "voltage"): "voltage",
    ("net_consumption", "current"): "net_ct_current",
    ("net_consumption", "powerfactor"): "net_ct_powerfactor",
    ("net_consumption", "apparent_power"): "net_ct_apparent_power",
    ("net_consumption", "reactive_power"): "net_ct_reactive_power",
    ("storage", "energy_delivered"): "lifetime_battery_discharged",
    ("storage", "energy_received"): "lifetime_battery_charged",
    ("storage", "power"): "battery_discharge",
    ("storage", "voltage"): "storage_voltage",
}
# Keys that say too little to find a text by.
TEXTS: Final[Mapping[str, str]] = {"frequency": "net_ct_frequency", "voltage": "net_ct_voltage"}


def _metered(part: str, measured: Measured) -> SensorPoint:
    what, point, device_class, more = measured
    key = ODD_KEYS.get((part, what), f"{part}_ct_{what}")
    return _sensor(point, device_class, key=key, part=part, translation_key=TEXTS.get(key, key), **more)


METERS = tuple(_metered(part, each) for part in KINDS for each in MEASURED) + tuple(
    _metered(part, each) for part in ("net_consumption", "production") for each in MEASURED_TOO
)

# Inverters

INVERTER = (
    _sensor(Inverter.power, POWER, key="inverters", name=None),
    _sensor(Inverter.max_power, POWER, key="max_reported", **QUIET),
    _seen(Inverter.last_reported, **OFF),
    _sensor(InverterDetail.dc_voltage, VOLTAGE, precision=3, **OFF),
    _sensor(InverterDetail.dc_current, CURRENT, precision=3, **OFF),
    _sensor(InverterDetail.ac_voltage, VOLTAGE, precision=3, **OFF),
    _sensor(InverterDetail.ac_current, CURRENT, precision=3, **OFF),
    _sensor(InverterDetail.ac_frequency, FREQUENCY, precision=3, **OFF),
    _sensor(InverterDetail.temperature, TEMPERATURE, precision=3, **QUIET),
    _sensor(InverterDetail.lifetime_energy, ENERGY, shown_in=KWH, **OFF),
    _sensor(InverterDetail.energy_today, ENERGY, **OFF),
    _sensor(InverterDetail.energy_yesterday, ENERGY, state_class=None, **OFF),
    _sensor(InverterDetail.energy_week, ENERGY, state_class=None, **OFF),
    _sensor(InverterDetail.energy_produced, ENERGY, state_class=SensorStateClass.TOTAL, precision=3, **OFF),
    _sensor(InverterDetail.last_report_duration, DURATION, **QUIET),
    _sensor(InverterState.status, **QUIET),
)

# Batteries as one, and each of them

BATTERIES = (
    _power(Batteries.power, "battery_power"),
    _sensor(Batteries.state, key="battery_state"),
    _today(Batteries.charged_today, "daily_battery_charged"),
    _today(Batteries.discharged_today, "daily_battery_discharged"),
    _sensor(Storage.level, BATTERY, key="battery_level"),
    _sensor(Storage.reserve, key="reserve_soc"),
    _sensor(Storage.available, STORED, key="available_energy"),
    _sensor(Storage.reserve_energy, STORED),
    _sensor(Storage.capacity, STORED, key="max_capacity", state_class=None),
    _sensor(Storage.health, key="state_of_health", **SHOWN),
    _sensor(Storage.all_level, BATTERY, key="aggregated_soc"),
    _sensor(Storage.all_available, STORED, key="aggregated_available_energy"),
    _sensor(Storage.all_capacity, STORED, key="aggregated_max_battery_capacity", state_class=None),
)
ENCHARGE = (
    _sensor(EnchargePower.soc, BATTERY),
    _sensor(EnchargePower.real_power, POWER, key="real_power_mw", translation_key="power"),
    _sensor(
        EnchargePower.apparent_power,
        SensorDeviceClass.APPARENT_POWER,
        key="apparent_power_mva",
        translation_key="apparent_power",
    ),
    _sensor(EnchargePower.max_power, POWER, **SHOWN),
    _sensor(Encharge.led, key="charge_status"),
    _sensor(Encharge.temperature, TEMPERATURE),
    _sensor(Encharge.max_cell_temperature, TEMPERATURE, **SHOWN),
    _sensor(Encharge.capacity, STORED, state_class=None, **QUIET),
    _seen(Encharge.last_reported),
)
AC_BATTERIES = (
    _sensor(AcbSum.power, POWER, key="acb_power", translation_key="power"),
    _sensor(AcbSum.soc, BATTERY, key="acb_soc", translation_key="soc"),
    _sensor(AcbSum.state, key="acb_battery_state"),
    _sensor(AcbStore.energy, STORED, key="acb_available_energy"),
    _sensor(AcbGroup.sleep_state, key="acb_aggregate_sleep_state"),
    _sensor(Acb.soc, BATTERY, key="acb_battery_soc", translation_key="soc"),
    _sensor(Acb.temperature, TEMPERATURE, key="acb_battery_temperature", translation_key="temperature", **SHOWN),
    _sensor(Acb.charge_status, key="acb_battery_charge_status", translation_key="charge_status"),
    _sensor(Acb.sleep_soc_target, key="acb_battery_sleep_soc_target", **SHOWN),
    _sensor(Acb.sleep_state, key="acb_battery_sleep_state"),
    _sensor(AcbPower.power, POWER, key="acb_battery_power", translation_key="power"),
    _seen(AcbPower.last_reported, key="acb_battery_last_reported", **SHOWN),
)

# What switches

CONTROLLERS = (
    _sensor(Enpower.temperature, TEMPERATURE),
    _seen(Enpower.last_reported),
    _sensor(Collar.temperature, TEMPERATURE),
    _seen(Collar.last_reported),
    _said(Collar.grid_state, "grid_state", "grid_status"),
    _said(Collar.admin_state, "admin_state_str", "admin_state"),
    _said(Collar.mid_state, "mid_state", "mid_state"),
    _seen(Combiner.last_reported),
    _sensor(QRelay.relay, **SHOWN),
    _sensor(Generator.start_level, key="generator_start_level", state_class=None, **SHOWN),
    _sensor(Generator.stop_level, key="generator_stop_level", state_class=None, **SHOWN),
)

# The gateway itself

GATEWAY = (
    _sensor(Inverters.inverter_count, **SHOWN),
    _sensor(Ensemble.battery_count, **SHOWN),
    _sensor(Token.expires, TIMESTAMP, key="token_expires", **SHOWN),
    _sensor(Token.role, key="token_role", **SHOWN),
    _sensor(Info.firmware, **QUIET),
    _sensor(ExportLimit.limit, POWER, key="export_limit", state_class=None, **QUIET),
    _sensor(Home.signal, **QUIET),
    _sensor(Home.cloud_report, TIMESTAMP, **QUIET),
    _sensor(Home.database, **QUIET),
)

SILENT = (_sensor(Inventory.silent, key="inverters_silent", state_class=MEASUREMENT, **SHOWN),)

# Surplus levels

LEVEL_STATUS = (status_of(KIND, SurplusLevel),)
LEVEL_POWER = (
    SensorEntityDescription(
        key="surplus_power",
        translation_key="surplus_power",
        device_class=POWER,
        state_class=MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
    ),
)
LEVEL_COUNT = (
    SensorEntityDescription(
        key="activations",
        translation_key="activations",
        state_class=RISING,
        **QUIET,
    ),
)


class SilentInverters(EnergySensor):
    """How many inverters the gateway does not hear, and which."""

    _unrecorded_attributes = frozenset({"serial_numbers"})

    @override
    def shown(self) -> Value | None:
        """Return who they are: when others fall silent, that is news, though they be as many."""
        return self.block.get(Inventory.who)

    @property
    @override
    def native_value(self) -> float | None:
        """Return how many."""
        return self.block.get(Inventory.silent)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Tell which."""
        return {"serial_numbers": [item for item in str(self.shown() or "").split(",") if item]}


class SurplusPower(LoopEntity, SensorEntity):
    """What is left over, as a level sees it."""

    loop: SurplusLevel

    @override
    def follow(self) -> CALLBACK_TYPE:
        """Show every new value: helpers integrate it."""
        return self.loop.watch(self._news)

    @property
    @override
    def native_value(self) -> float | None:
        """Return it in whole W; None when the meter is lost."""
        return None if self.loop.surplus is None else round(self.loop.surplus)


class Activations(LoopEntity, SensorEntity):
    """How often a level has started."""

    loop: SurplusLevel

    @property
    @override
    def native_value(self) -> int:
        """Return how often."""
        return self.loop.activations


async def async_setup_entry(
    hass: HomeAssistant, entry: EnvoyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of everything that the gateway shows."""
    table = (*SITE, *METERS, *INVERTER, *BATTERIES, *ENCHARGE, *AC_BATTERIES, *CONTROLLERS, *GATEWAY)
    for make, described in ((LoopStatus, LEVEL_STATUS), (SurplusPower, LEVEL_POWER), (Activations, LEVEL_COUNT)):
        add_to_loops(entry.runtime_data.loops, async_add_entities, make, described)
    add_when_shown(entry.runtime_data, entry, async_add_entities, table, EnergySensor)
    add_when_shown(entry.runtime_data, entry, async_add_entities, SILENT, SilentInverters)
