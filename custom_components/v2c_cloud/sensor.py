"""Every sensor of the Trydan and of the account. Keys end up in entity ids of the registry: they are frozen."""

from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import DIAGNOSTIC, SensorPoint, sensor
from ..energy_core.ha.loop_entities import LoopStatus, add_to_loops, status_of
from ..energy_core.ha.platforms import EnergySensor, add_when_shown
from .coordinator import V2CConfigEntry
from .solar import SolarCharging
from .solar_entities import SolarSurplus
from .solar_settings import KIND
from .v2c.points import Account, Charge, Cloud, Info, LastSession, Link, Phases, Raw, Session, Settings, Status

PARALLEL_UPDATES = 0

POWER = SensorDeviceClass.POWER
ENERGY = SensorDeviceClass.ENERGY
VOLTAGE = SensorDeviceClass.VOLTAGE
CURRENT = SensorDeviceClass.CURRENT
DURATION = SensorDeviceClass.DURATION
TIMESTAMP = SensorDeviceClass.TIMESTAMP
TOTAL = SensorStateClass.TOTAL_INCREASING
SHOWN: Final[dict[str, Any]] = {"entity_category": DIAGNOSTIC}
QUIET: Final[dict[str, Any]] = {"entity_category": DIAGNOSTIC, "entity_registry_enabled_default": False}

CHARGING = (
    sensor(Status.state, key="charge_state"),
    sensor(Charge.power, POWER, key="charge_power"),
    sensor(Charge.energy, ENERGY, key="charge_energy", state_class=TOTAL, precision=2),
    sensor(Charge.time, DURATION, key="charge_time", precision=0),
    sensor(Session.energy, ENERGY, key="session_energy", state_class=TOTAL),
    sensor(Session.active_time, DURATION, key="session_time", precision=0),
    sensor(Session.started, TIMESTAMP, key="session_started", **SHOWN),
)
HOUSE = (
    sensor(Charge.house_power, POWER, key="house_power"),
    sensor(Charge.pv_power, POWER, key="fv_power"),
    sensor(Charge.battery_power, POWER, key="battery_power"),
    sensor(Status.grid_power, POWER, key="grid_power"),
    sensor(Settings.installation_voltage, VOLTAGE, key="grid_voltage", **QUIET),
    sensor(Charge.mains_voltage, VOLTAGE, key="mains_voltage", **QUIET),
    sensor(Charge.meter_error, key="slave_error", **SHOWN),
)
PHASES = tuple(
    sensor(getattr(Phases, f"{what}_l{phase}"), kind, **QUIET)
    for what, kind in (("current", CURRENT), ("voltage", VOLTAGE))
    for phase in (1, 2, 3)
)
SETTINGS = (
    sensor(Settings.intensity, CURRENT, key="intensity_value", **QUIET),
    sensor(Settings.min_intensity, CURRENT, key="min_intensity", **QUIET),
    sensor(Settings.max_intensity, CURRENT, key="max_intensity", **QUIET),
    sensor(Settings.contracted_power, POWER, key="contracted_power", **SHOWN),
    sensor(Settings.power_mode, key="dynamic_power_mode", **QUIET),
    sensor(Raw.ready_state, key="ready_state", **QUIET),
    sensor(Raw.paused, key="paused_state", **QUIET),
    sensor(Raw.locked, key="locked_state", **QUIET),
    sensor(Raw.timer, key="timer_state", **QUIET),
    sensor(Raw.dynamic, key="dynamic_state", **QUIET),
    sensor(Raw.pause_dynamic, key="pause_dynamic", **QUIET),
)
UNIT = (
    sensor(Info.device_id, key="device_identifier", **QUIET),
    sensor(Info.firmware, key="firmware_version", **SHOWN),
    sensor(Info.ssid, key="wifi_ssid", **QUIET),
    sensor(Info.ip, key="wifi_ip", **QUIET),
    sensor(Info.signal, key="signal_status", **SHOWN),
    sensor(Cloud.cards, key="rfid_cards", state_class=None, **SHOWN),
    sensor(Cloud.profiles, key="power_profiles", state_class=None, **QUIET),
    sensor(Cloud.active_profile, key="active_profile", **QUIET),
)
LAST_SESSION = (
    sensor(LastSession.started, TIMESTAMP, key="last_session_start"),
    sensor(LastSession.ended, TIMESTAMP, key="last_session_end"),
    sensor(LastSession.duration, DURATION, key="last_session_duration", state_class=None, precision=0),
    sensor(LastSession.energy, ENERGY, key="last_session_energy", state_class=None),
    sensor(LastSession.badge, key="last_session_badge"),
    sensor(LastSession.message, key="last_session_message", **QUIET),
)
COST = sensor(LastSession.cost, SensorDeviceClass.MONETARY, key="last_session_cost", state_class=None, precision=2)
SOURCE = sensor(Link.source, key="data_source", **SHOWN)
ACCOUNT = (
    sensor(Account.total_energy, ENERGY, key="total_energy", state_class=TOTAL),
    sensor(Account.total_sessions, key="total_sessions", state_class=TOTAL),
    sensor(Account.calls_left, key="calls_left", **SHOWN),
    sensor(Account.calls_limit, key="calls_limit", state_class=None, **QUIET),
)
STATUS = status_of(KIND, SolarCharging)
SURPLUS = SensorEntityDescription(
    key="surplus",
    translation_key="solar_surplus",
    device_class=POWER,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=UnitOfPower.WATT,
    suggested_display_precision=0,
)


class CostSensor(EnergySensor):
    """An amount in the currency of the house; the cloud names none."""

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        """Return the currency."""
        return self.hass.config.currency


class SourceSensor(EnergySensor):
    """Where the values come from; the one thing that is known of a charger that is offline."""

    entity_description: SensorPoint

    @property
    @override
    def available(self) -> bool:
        """It can always be told."""
        return True


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of everything that a charger has and shows."""
    runtime = entry.runtime_data
    add_to_loops(runtime.loops, async_add_entities, LoopStatus, [STATUS])
    add_to_loops(runtime.loops, async_add_entities, SolarSurplus, [SURPLUS])
    plain = (*CHARGING, *HOUSE, *PHASES, *SETTINGS, *UNIT, *LAST_SESSION)
    for charger in runtime.chargers.values():
        add_when_shown(charger, entry, async_add_entities, plain, EnergySensor)
        add_when_shown(charger, entry, async_add_entities, [COST], CostSensor)
        add_when_shown(charger, entry, async_add_entities, [SOURCE], SourceSensor)
    if runtime.account is not None:
        add_when_shown(runtime.account, entry, async_add_entities, ACCOUNT, EnergySensor)
