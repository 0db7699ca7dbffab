"""Every sensor of the Titan."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import DIAGNOSTIC, sensor
from ..energy_core.ha.loop_entities import LoopStatus, add_to_loops, status_of
from ..energy_core.ha.platforms import EnergySensor, add_when_shown
from .coordinator import TitanConfigEntry
from .titan.points import Battery, Grid, Info, Link, Network, Pack, PvInput, Radio, Settings, Solar, System
from .zero_export import KIND, ZeroExport

PARALLEL_UPDATES = 0

POWER, ENERGY = SensorDeviceClass.POWER, SensorDeviceClass.ENERGY
VOLTAGE, CURRENT, FREQUENCY = SensorDeviceClass.VOLTAGE, SensorDeviceClass.CURRENT, SensorDeviceClass.FREQUENCY
TEMPERATURE, DURATION = SensorDeviceClass.TEMPERATURE, SensorDeviceClass.DURATION
# Of use to few, or noisy: there for whoever enables them.
QUIET: Final[dict[str, Any]] = {"entity_category": DIAGNOSTIC, "entity_registry_enabled_default": False}
OFF: Final[dict[str, Any]] = {"entity_registry_enabled_default": False}
# A level, not a measurement that statistics should average.
FIXED: Final[dict[str, Any]] = {"entity_category": DIAGNOSTIC, "state_class": None}

BATTERY = (
    sensor(Battery.soc, SensorDeviceClass.BATTERY, key="battery_soc"),
    sensor(Battery.state, key="battery_state"),
    sensor(Battery.power, POWER, key="battery_power"),
    sensor(Battery.charge_power, POWER),
    sensor(Battery.discharge_power, POWER),
    sensor(Battery.charged_today, ENERGY, key="battery_daily_charging_energy"),
    sensor(Battery.discharged_today, ENERGY, key="battery_daily_discharging_energy"),
    sensor(Battery.charged_total, ENERGY, key="battery_total_charging_energy"),
    sensor(Battery.discharged_total, ENERGY, key="battery_total_discharging_energy"),
    sensor(Battery.charge_time_left, DURATION, key="remaining_charge_time", **OFF),
    sensor(Battery.discharge_time_left, DURATION, key="remaining_discharge_time", **OFF),
)

SOLAR = (
    sensor(Solar.power, POWER, key="dc_input_power"),
    sensor(Solar.today, ENERGY, key="daily_production"),
    sensor(Solar.total, ENERGY, key="cumulative_production"),
    sensor(PvInput.power, POWER, key="dc_input_power", translation_key="pv_power"),
    sensor(PvInput.voltage, VOLTAGE, key="dc_input_voltage", translation_key="pv_voltage", **QUIET),
    sensor(PvInput.current, CURRENT, key="dc_input_current", translation_key="pv_current", **QUIET),
    sensor(PvInput.state, key="dc_input_state", translation_key="pv_state", **QUIET),
    sensor(PvInput.alarm, key="dc_input_alarm", translation_key="pv_alarm", **QUIET),
)

GRID = (
    sensor(Grid.ac_output_power, POWER),
    sensor(Grid.ac_input_power, POWER),
    sensor(Grid.net_ac_power, POWER, **OFF),
    sensor(Grid.inverter_power, POWER, **QUIET),
    sensor(Grid.inverter_voltage, VOLTAGE, **QUIET),
    sensor(Grid.inverter_current, CURRENT, **QUIET),
    sensor(Grid.inverter_frequency, FREQUENCY, **QUIET),
    sensor(Grid.apparent_power, SensorDeviceClass.APPARENT_POWER, **QUIET),
    sensor(Grid.reactive_power, SensorDeviceClass.REACTIVE_POWER, **QUIET),
    sensor(Grid.power_factor, SensorDeviceClass.POWER_FACTOR, **QUIET),
    sensor(Grid.grid_voltage, VOLTAGE, entity_category=DIAGNOSTIC),
    sensor(Grid.grid_frequency, FREQUENCY, **QUIET),
    sensor(Grid.meter_power, POWER),
    sensor(Grid.home_power, POWER),
    sensor(Grid.bypass_power, POWER),
    sensor(Grid.bypass_mode, **QUIET),
    sensor(Grid.ac_input_total, ENERGY),
    sensor(Grid.ac_output_total, ENERGY),
    sensor(Grid.off_grid_total, ENERGY, **OFF),
    sensor(Grid.inverter_input_total, ENERGY, **QUIET),
    sensor(Grid.on_grid_today, ENERGY),
    sensor(Grid.off_grid_today, ENERGY, **OFF),
    sensor(Grid.bypass_total, ENERGY, **OFF),
    sensor(Grid.bypass_today, ENERGY, **OFF),
    sensor(Grid.microinverter_total, ENERGY, **OFF),
    sensor(Grid.microinverter_today, ENERGY, **OFF),
)

UNIT = (
    sensor(System.working_mode, key="working_mode"),
    sensor(System.state, key="system_state", entity_category=DIAGNOSTIC),
    sensor(System.alarm, key="alarm", entity_category=DIAGNOSTIC),
    sensor(System.order, key="realtime_order"),
    sensor(System.order_power, POWER, key="realtime_power", state_class=None),
    sensor(System.order_soc, key="realtime_target_soc", state_class=None),
    sensor(System.hours_since_full, DURATION, **QUIET),
    sensor(System.shutdown_count, state_class=SensorStateClass.TOTAL_INCREASING, **QUIET),
    sensor(Settings.available_power, POWER, entity_category=DIAGNOSTIC),
    sensor(Settings.max_charge_power, POWER, **FIXED),
    sensor(Settings.max_discharge_power, POWER, **FIXED),
    sensor(Settings.cluster_role, **QUIET),
    sensor(Settings.cluster_type, **QUIET),
    sensor(Settings.grid_code, **QUIET),
    sensor(Info.rated_power, POWER, **QUIET, state_class=None),
    sensor(Info.rated_capacity, SensorDeviceClass.ENERGY_STORAGE, **FIXED),
    sensor(Network.uptime, DURATION, **QUIET),
    sensor(Radio.signal, SensorDeviceClass.SIGNAL_STRENGTH, key="wifi_signal", **QUIET),
    sensor(Link.transport, entity_category=DIAGNOSTIC),
    sensor(Link.running, key="running_order"),
    sensor(Link.settings_writes_left, entity_category=DIAGNOSTIC),
    sensor(Link.mode_writes, **QUIET),
    sensor(Link.command_latency, DURATION, **QUIET),
)

PACK = (
    sensor(Pack.soc, SensorDeviceClass.BATTERY, key="pack_soc"),
    sensor(Pack.soh, key="pack_soh", entity_category=DIAGNOSTIC),
    sensor(Pack.cycles, key="pack_cycles", entity_category=DIAGNOSTIC, state_class=SensorStateClass.TOTAL_INCREASING),
    sensor(Pack.voltage, VOLTAGE, key="pack_voltage", **QUIET),
    sensor(Pack.current, CURRENT, key="pack_current", **QUIET),
    sensor(Pack.temperature, TEMPERATURE, key="pack_temperature", entity_category=DIAGNOSTIC),
    sensor(Pack.min_temperature, TEMPERATURE, key="pack_min_temperature", entity_category=DIAGNOSTIC),
    sensor(Pack.mosfet_temperature, TEMPERATURE, key="pack_mosfet_temperature", **QUIET),
    sensor(Pack.cell_1_voltage, VOLTAGE, key="pack_cell_1_voltage", precision=3, **QUIET),
    sensor(Pack.cell_2_voltage, VOLTAGE, key="pack_cell_2_voltage", precision=3, **QUIET),
    sensor(Pack.imbalance, VOLTAGE, key="pack_imbalance", **QUIET),
    sensor(Pack.dcdc_state, key="pack_dcdc_state", **QUIET),
    sensor(Pack.heater_temperature, TEMPERATURE, key="pack_heater_temperature", **QUIET),
    sensor(Pack.heater_power, POWER, key="pack_heater_power", **QUIET),
)

LOOP = status_of(KIND, ZeroExport)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of everything that the unit has."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, LoopStatus, (LOOP,))
    add_when_shown(entry.runtime_data, entry, async_add_entities, (*BATTERY, *SOLAR, *GRID, *UNIT, *PACK), EnergySensor)
