"""What the Trydan's numbers mean: the vendor's keyword sheet of 14 July 2026 and its cloud specification."""

from typing import Final

# The pilot states A, B, C, F, E and D of IEC 61851; 3 is not used on the LAN.
CHARGE_STATES: Final = {
    0: "disconnected",
    1: "connected",
    2: "charging",
    4: "system_fault",
    5: "pilot_fault",
    6: "ventilation_required",
}
# The cloud numbers the three faults differently.
CLOUD_CHARGE_STATES: Final = {
    0: "disconnected",
    1: "connected",
    2: "charging",
    3: "ventilation_required",
    4: "pilot_fault",
    5: "system_fault",
}
FAULTS: Final = ("system_fault", "pilot_fault", "ventilation_required")
READY_STATES: Final = {0: "not_ready", 1: "ready"}
SIGNALS: Final = {0: "unknown_signal", 1: "poor", 2: "fair", 3: "good"}
ON_OFF: Final = {0: False, 1: True}
PAUSED: Final = {0: "running", 1: "paused"}
LOCKED: Final = {0: "unlocked", 1: "locked"}
ENABLED: Final = {0: "disabled", 1: "enabled"}
MODULATING: Final = {0: "modulating", 1: "not_modulating"}

# 1 is deprecated: firmware 2.5.1 reads back 4 after it was written.
POWER_MODES: Final = {
    0: "app_profile",
    1: "app_profile_off",
    2: "solar_minimum",
    3: "solar_only",
    4: "solar_grid",
    5: "stop",
}
POWER_MODES_WRITE: Final = {name: code for code, name in POWER_MODES.items() if code != 1}
# The cloud's setter knows three of them, two lower each.
CLOUD_POWER_MODES_WRITE: Final = {"solar_minimum": 0, "solar_only": 1, "solar_grid": 2}

CHARGE_MODES: Final = {0: "single_phase", 1: "three_phase", 2: "mixed"}
INSTALLATION_TYPES: Final = {0: "single_phase", 1: "three_phase", 2: "photovoltaic"}
# 7 to 10 are listed nowhere; older documents number the first three differently.
METER_TYPES: Final = {
    0: "shelly",
    1: "v2c_v2",
    2: "v2c_legacy",
    3: "huawei",
    4: "solax",
    5: "carlo_gavazzi",
    6: "growatt",
    **{code: f"type_{code}" for code in (7, 8, 9, 10)},
    11: "mqtt",
}
METER_TYPES_WRITE: Final = {name: code for code, name in METER_TYPES.items() if not name.startswith("type_")}
LANGUAGES: Final = {0: "en", 1: "es", 2: "pt", 3: "fr", 4: "it", 5: "de", 6: "ro", 7: "nl", 8: "da", 9: "ca"}
# A logo light reads as 0 and 1, or as a brightness in percent.
LOGO: Final = {0: False, **dict.fromkeys(range(1, 101), True)}
LOGO_WRITE: Final = {False: 0, True: 1}

_OWN_ERRORS: Final = (
    "no_error",
    "communication",
    "reading",
    "slave",
    "waiting_wifi",
    "waiting_communication",
    "wrong_ip",
    "slave_not_found",
    "wrong_slave",
    "no_response",
    "clamp_not_connected",
)
_MODBUS_EXCEPTIONS: Final = (
    "illegal_function",
    "illegal_data_address",
    "illegal_data_value",
    "server_device_failure",
    "acknowledge",
    "server_busy",
    "negative_acknowledge",
    "memory_parity",
    "code_9",
    "gateway_path_unavailable",
    "gateway_target_no_response",
)
_LIBRARY_ERRORS: Final = (
    "timeout",
    "invalid_server",
    "crc",
    "function_code_mismatch",
    "server_id_mismatch",
    "packet_length",
    "parameter_count",
    "parameter_limit",
    "request_queue_full",
    "illegal_ip_or_port",
    "ip_connection_failed",
    "tcp_head_mismatch",
    "empty_message",
)
# The box reports its Modbus library's numbers: exceptions 1 to 11 and errors from 0xE0 on, both 20 higher;
# firmware 2.5.1 gives the latter without the 20.
METER_ERRORS: Final = {
    **dict(enumerate(_OWN_ERRORS)),
    **dict(enumerate(_MODBUS_EXCEPTIONS, 21)),
    32: "server_inactive",
    **dict(enumerate(_LIBRARY_ERRORS, 0xE0)),
    **dict(enumerate(_LIBRARY_ERRORS, 0xE0 + 20)),
    257: "undefined",
}
