"""What the unit's numbers mean. Facts: the vendor's tables; both dresses where firmware differs."""

from collections.abc import Mapping
from typing import Final


def _plus_1000[V](codes: Mapping[int, V]) -> dict[int, V]:
    """Accept 0-based and 1000-based codes: firmware uses either for the same point."""
    return {**codes, **{1000 + code: value for code, value in codes.items()}}


SWITCH: Final = {0: False, 1: True}
SWITCH_1000: Final = _plus_1000(SWITCH)
METER_LINK_OPENDATA: Final = {1000: True, 1001: False}

WORKING_MODE: Final = {
    0: "outdoor",
    1: "self_consumption",
    2: "schedule",
    4: "realtime",
    5: "schedule",
    6: "custom_time",
}
# A mode that a wire cannot set is refused, never guessed.
MODE_WRITES_MODBUS: Final = {"self_consumption": 1, "realtime": 4, "custom_time": 6}
MODE_WRITES_OPENDATA: Final = {"self_consumption": 1, "realtime": 4, "schedule": 5}

BATTERY_STATE: Final = _plus_1000({0: "idle", 1: "charging", 2: "discharging"})
ORDER: Final = _plus_1000({0: "standby", 1: "charge", 2: "discharge"})
ORDER_WRITES: Final = {"standby": 0, "charge": 1, "discharge": 2}
CLUSTER_ROLE_MODBUS: Final = {0: "standalone", 1: "master", 2: "slave"}
CLUSTER_ROLE_OPENDATA: Final = {**CLUSTER_ROLE_MODBUS, 1000: "master", 1001: "slave", 1002: "standalone"}
CLUSTER_TYPE: Final = {0: "centralised", 1: "coordinated"}
BYPASS_MODE: Final = {0: "eps", 1: "microinverter"}
LED: Final = {0: "off", 1: "on", 2: "half"}
DCDC_STATE: Final = {0: "standby", 1: "charging", 2: "discharging", 3: "protection"}
SYSTEM_STATE: Final = {
    1: "off",
    2: "sleeping",
    3: "starting",
    4: "running",
    5: "throttled",
    6: "shutting_down",
    7: "fault",
    8: "standby",
    9: "grid_charging",
    10: "grid_discharging",
    11: "off_grid_charging",
    12: "off_grid_discharging",
    13: "charging_to_backup",
    14: "deep_sleep",
    15: "calibrating",
    16: "off_grid_deep_sleep",
}
PV_STATE: Final = {
    1: "off",
    2: "sleeping",
    3: "starting",
    4: "running",
    5: "throttled",
    6: "shutting_down",
    7: "fault",
    8: "standby",
    9: "test",
}
GRID_CODE: Final = {
    0: "vde_ar_n_4105",
    1: "g98",
    2: "en_50549_nl",
    3: "cei_0_21",
    19: "c10_26",
    20: "france",
    33: "austria",
    34: "switzerland",
    69: "nts_2_1",
}
# Zero-based bits of the inverter's alarm word; the numbering is SunSpec's.
ALARMS: Final = {
    1: "dc_over_voltage",
    2: "ac_disconnected",
    3: "dc_disconnected",
    4: "grid_disconnected",
    5: "ground_fault",
    6: "ac_short_circuit",
    7: "over_temperature",
    8: "over_frequency",
    9: "under_frequency",
    10: "ac_over_voltage",
    11: "ac_under_voltage",
    12: "input_short_circuit",
    13: "under_temperature",
    19: "off_grid_over_voltage",
    20: "off_grid_under_voltage",
    21: "off_grid_overload",
    24: "relay_failure",
    25: "eps_overload",
}
PV_ALARMS: Final = {
    1: "over_voltage",
    3: "disconnected",
    12: "input_short_circuit",
    13: "low_temperature",
    19: "reversed_polarity",
    21: "under_voltage",
}


def bits(word: float | None, names: Mapping[int, str]) -> list[str]:
    """Return the names of the bits that are set; a bit without a name counts as ``other``."""
    value = int(word or 0)
    known = [name for bit, name in names.items() if value >> bit & 1]
    rest = value & ~sum(1 << bit for bit in names)
    return [*known, "other"] if rest else known
