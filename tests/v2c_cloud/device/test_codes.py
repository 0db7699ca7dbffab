"""What the numbers mean, on both wires, and that a number which nobody knows is no trouble."""

import pytest

from custom_components.v2c_cloud.v2c import codes
from custom_components.v2c_cloud.v2c.points import Charge, Settings

EMODBUS = (
    *("timeout", "invalid_server", "crc", "function_code_mismatch", "server_id_mismatch", "packet_length"),
    *("parameter_count", "parameter_limit", "request_queue_full", "illegal_ip_or_port", "ip_connection_failed"),
    *("tcp_head_mismatch", "empty_message"),
)
OWN = (
    *("no_error", "communication", "reading", "slave", "waiting_wifi", "waiting_communication", "wrong_ip"),
    *("slave_not_found", "wrong_slave", "no_response", "clamp_not_connected"),
)
EXCEPTIONS = {
    21: "illegal_function",
    22: "illegal_data_address",
    23: "illegal_data_value",
    24: "server_device_failure",
    25: "acknowledge",
    26: "server_busy",
    27: "negative_acknowledge",
    28: "memory_parity",
    30: "gateway_path_unavailable",
    31: "gateway_target_no_response",
    32: "server_inactive",
    257: "undefined",
}


def lan(point, raw):
    """Decode what the LAN says."""
    return point.decode(point.source("lan"), raw)


def cloud(point, raw):
    """Decode what the cloud says."""
    return point.decode(point.source("cloud"), raw)


@pytest.mark.parametrize(
    ("code", "meaning"), [*enumerate(OWN), *EXCEPTIONS.items(), *enumerate(EMODBUS, 224), *enumerate(EMODBUS, 244)]
)
def test_meter_errors(code, meaning):
    assert lan(Charge.meter_error, code) == meaning
    assert cloud(Charge.meter_error, str(code)) == meaning


@pytest.mark.parametrize("code", [-1, 11, 20, 33, 223, 237, 243, 258, 300, 2.5, "", "x", None, True, [1]])
def test_meter_errors_that_nobody_knows(code):
    assert lan(Charge.meter_error, code) is None


@pytest.mark.parametrize(
    ("meaning", "on_lan", "in_cloud"),
    [
        ("disconnected", 0, "0"),
        ("connected", 1, "1"),
        ("charging", 2, "2"),
        ("ventilation_required", 6, "3"),
        ("pilot_fault", 5, "4"),
        ("system_fault", 4, "5"),
    ],
)
def test_charge_states(meaning, on_lan, in_cloud):
    assert lan(Charge.state, on_lan) == meaning == cloud(Charge.state, in_cloud)


@pytest.mark.parametrize(("wire", "code"), [("lan", 3), ("lan", 7), ("lan", -1), ("cloud", 6), ("cloud", 7)])
def test_charge_states_that_nobody_knows(wire, code):
    assert Charge.state.decode(Charge.state.source(wire), code) is None


def test_power_modes_are_those_of_the_newest_sheet():
    assert [lan(Settings.power_mode, code) for code in range(6)] == [
        "app_profile",
        "app_profile_off",
        "solar_minimum",
        "solar_only",
        "solar_grid",
        "stop",
    ]
    assert all(codes.POWER_MODES_WRITE[name] == code + 2 for name, code in codes.CLOUD_POWER_MODES_WRITE.items())
    assert "app_profile_off" not in codes.POWER_MODES_WRITE


def test_tables_agree_with_each_other():
    assert set(codes.FAULTS) < set(codes.CHARGE_STATES.values()) == set(codes.CLOUD_CHARGE_STATES.values())
    assert not any(name.startswith("type_") for name in codes.METER_TYPES_WRITE)
    assert codes.METER_TYPES_WRITE["mqtt"] == 11
    assert len(codes.LANGUAGES) == len(set(codes.LANGUAGES.values())) == 10
    assert codes.LOGO[0] is False
    assert all(codes.LOGO[percent] is True for percent in range(1, 101))
