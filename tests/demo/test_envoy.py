"""The gateway in the demo: its form, its numbers, its view, its pictures, and who feeds the Energy dashboard."""

import pytest
import yaml

from demo.checks_envoy import GATEWAY_LOST, cloud_calls, gentle
from demo.compare import log_complaints
from demo.config_dir import CLOUDS
from demo.envoy import INVERTERS, SOLAR_ONLY, envoy_expectations
from demo.flow import envoy_forms
from demo.registry import Entity, House, without_value
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy_options import EnvoyOptions

SERIAL = "122000000001"
DEVICE = {"id": "d1", "identifiers": [["enphase_envoy", SERIAL]], "name": f"Envoy {SERIAL}", "name_by_user": None}
INVERTER_NAMES = {"i1": "482000000001", "i2": "482000000002"}
SENSORS = (
    *("production", "consumption", "net_consumption", "import_power", "export_power"),
    *("daily_production", "lifetime_production", "lifetime_net_consumption", "lifetime_net_production"),
    *("seven_days_production", "inverter_count", "token_expires", "token_role"),
)
POWERS = {"pv": 800.0, "net": -380.0, "battery": 0.0, "load": 420.0}
TODAY = {"pv": 60.0, "imported": 40.0, "exported": 20.0}
REGISTERS = {"pv": 321_000.0, "imported": 1_500_000.0, "exported": 120_000.0}


def entity(key, domain="sensor", device="d1", lead=f"{SERIAL}_"):
    return Entity(entity_id=f"{domain}.{device}_{key}", unique_id=f"{lead}{key}", name=key, category=None, device_id=device)


@pytest.fixture
def envoy():
    own = [*(entity(key) for key in SENSORS), *(entity(key, "button") for key in ("rescan", "renew_token"))]
    parts, theirs = [], []
    for device, serial in reversed(INVERTER_NAMES.items()):
        name = f"Inverter {serial}"
        parts.append(
            {"id": device, "identifiers": [["enphase_envoy", serial]], "via_device_id": "d1", "name": name, "name_by_user": None}
        )
        theirs += [entity(serial, device=device, lead=""), entity("communicating", "binary_sensor", device, f"{serial}_")]
    return House(devices=(*parts, DEVICE), entities=(*own, *theirs))


# How it gets there


def test_the_form_is_what_a_user_fills_in():
    cloud = EnphaseCloudSimulator()
    address, way, account = envoy_forms(8443)
    assert address == {"host": "127.0.0.1:8443"}
    assert way == {"next_step_id": "account"}
    assert account == {"username": cloud.options.username, "password": cloud.options.password}


def test_the_house_has_one_battery_and_the_gateway_none():
    options = EnvoyOptions(**SOLAR_ONLY)
    assert (options.inverters, options.encharges, options.enpower) == (INVERTERS, 0, False)
    assert options.is_metered
    assert options.production_ct
    assert options.consumption_ct


def test_the_demo_sends_tokens_nowhere_else():
    assert yaml.safe_load(CLOUDS.format(enphase="http://127.0.0.1:1")) == {"demo_cloud": {"enphase": "http://127.0.0.1:1"}}


# Its numbers


def test_expectations_follow_the_gateway():
    numbers = {one.key: one.value for one in envoy_expectations({"powers": POWERS, "today": TODAY, "registers": REGISTERS})}
    assert (numbers["production"], numbers["consumption"]) == (800, 420)
    assert (numbers["net_consumption"], numbers["import_power"], numbers["export_power"]) == (-380, 0, 380)
    assert numbers["daily_consumption"] == 80
    assert numbers["lifetime_net_production"] == 120_000
    assert numbers["inverter_count"] == INVERTERS


def test_only_a_week_that_nobody_counted_may_be_unknown():
    keys = ("seven_days_import", "seven_days_export", "seven_days_net_consumption", "seven_days_production")
    entities = [entity(key) for key in keys]
    unknown = {one.entity_id: {"state": "unknown", "attributes": {}} for one in entities}
    assert [one.split()[0] for one in without_value(entities, unknown)] == ["sensor.d1_seven_days_production"]


# How it is treated


@pytest.mark.parametrize(
    ("change", "ok"),
    [
        ({}, True),
        ({"most_open": 2}, False),
        ({"busiest_minute": 19}, False),
        ({"violations": [["parallel", "/info", ""]]}, False),
    ],
)
def test_a_gateway_is_treated_gently(change, ok):
    gateway = {"most_open": 1, "busiest_minute": 14, "violations": [], "requests_by_path": {}} | change
    assert gentle("requests", gateway, 18).ok is ok


def test_without_a_limit_a_minute_may_be_busy():
    assert gentle("requests", {"most_open": 1, "busiest_minute": 99, "violations": [], "requests_by_path": {}}).ok


@pytest.mark.parametrize(("calls", "ok"), [((2, 1, 1), True), ((4, 2, 2), False), ((3, 1, 1), False), ((2, 1, 0), False)])
def test_a_token_costs_the_cloud_two_calls(calls, ok):
    state = dict(zip(("calls", "logins", "issued"), calls, strict=True))
    assert cloud_calls("cloud", state, 1).ok is ok


def test_a_restart_is_one_line_of_the_log():
    name = "custom_components.enphase_envoy.coordinator"
    line = {"level": "WARNING", "name": name, "source": ["coordinator.py", 1], "exception": "", "count": 1}
    lost = line | {"message": [f"Envoy {SERIAL} {GATEWAY_LOST.text}"]}
    other = line | {"message": [f"Envoy {SERIAL}: no values of /production.json: status 503"]}
    assert log_complaints([lost], ("enphase_envoy",), (GATEWAY_LOST,)) == []
    assert len(log_complaints([lost, other], ("enphase_envoy",), (GATEWAY_LOST,))) == 1


# The Energy dashboard
