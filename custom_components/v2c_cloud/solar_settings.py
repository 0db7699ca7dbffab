"""What users set for solar charging, and the words that it answers with."""

from typing import Any, Final

from homeassistant.components.number import NumberDeviceClass
from homeassistant.const import UnitOfElectricCurrent, UnitOfEnergy, UnitOfPower, UnitOfTime

from ..energy_core.charging import Why
from ..energy_core.ha.loop_settings import LoopSetting, setting
from .v2c.points import HIGHEST_A, LOWEST_A

KIND: Final = "solar_charging"
CONF_GRID: Final = "grid"
CONF_INVERTED: Final = "inverted"
CONF_BATTERY: Final = "battery"
CONF_PRIORITY: Final = "priority"
CONF_PHASES: Final = "switch_phases"
BATTERY_FIRST, CAR_FIRST = "battery_first", "car_first"
PRIORITIES: Final = (BATTERY_FIRST, CAR_FIRST)

SOLAR, MINIMUM, FULL = "solar", "minimum", "full"
MODES: Final = (SOLAR, MINIMUM, FULL)

_CURRENT: Final[dict[str, Any]] = {"device_class": NumberDeviceClass.CURRENT}
_POWER: Final[dict[str, Any]] = {"device_class": NumberDeviceClass.POWER}


def _amps(key: str, default: float) -> LoopSetting:
    return setting(key, default, LOWEST_A, HIGHEST_A, UnitOfElectricCurrent.AMPERE, **_CURRENT)


def _seconds(key: str, default: float) -> LoopSetting:
    return setting(key, default, 0, 3600, UnitOfTime.SECONDS, device_class=NumberDeviceClass.DURATION)


SETTINGS: Final = (
    _amps("min_current", LOWEST_A),
    _amps("max_current", HIGHEST_A),
    setting("start_margin", 100, 0, 5000, UnitOfPower.WATT, step=10, **_POWER),
    setting("tolerated_import", 0, 0, 5000, UnitOfPower.WATT, step=10, **_POWER),
    _seconds("start_delay", 60),
    _seconds("stop_delay", 120),
    _seconds("min_on", 300),
    _seconds("min_off", 300),
    setting("house_limit", 0, 0, 50_000, UnitOfPower.WATT, step=10, **_POWER),
    setting("energy_target", 0, 0, 200, UnitOfEnergy.KILO_WATT_HOUR, step=0.5, device_class=NumberDeviceClass.ENERGY),
)

# What an order of the law is called; what forces a current has a word of its own.
CHARGING: Final = {Why.SURPLUS: "charging_surplus", Why.FLOOR: "charging_minimum", Why.GUARD: "guard"}
WORDS_OF: Final = {
    **CHARGING,
    Why.NONE: "no_surplus",
    Why.STARTING: "waiting_start",
    Why.STOPPING: "stopping",
    Why.RESTING: "min_off",
    Why.PHASES: "phase_switch",
}
FORCED: Final = ("charging_full", "boost", "deadline")
CAR_ABSENT, NOT_DRAWING, LOCKED, FAULT = "car_absent", "not_drawing", "locked", "fault"
TARGET_REACHED, NEEDS_LAN, TAKEN_OVER, NO_CHARGER = "target_reached", "needs_lan", "taken_over", "no_charger"
WORDS: Final = (
    *WORDS_OF.values(),
    *FORCED,
    *(CAR_ABSENT, NOT_DRAWING, LOCKED, FAULT, TARGET_REACHED, NEEDS_LAN, TAKEN_OVER, NO_CHARGER),
)
