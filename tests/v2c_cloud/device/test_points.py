"""The datasheet: every point has a place that exists, and the same value in both dresses."""

import pytest

from custom_components.energy_core.errors import DeviceRefusedError
from custom_components.v2c_cloud.v2c import points
from custom_components.v2c_cloud.v2c.keywords import WRITABLE
from custom_components.v2c_cloud.v2c.points import Charge, Cloud, Extra, Meter, Raw, Settings
from custom_components.v2c_cloud.v2c.routes import ROUTES
from simulators.trydan_options import FIRST_KEYS, NETWORK_KEYS, ONLY_BY_READ, PHASE_KEYS

ALL = [
    point
    for block in vars(points).values()
    if isinstance(block, type) and hasattr(block, "points")
    for point in block.points.values()
]
KEYWORDS = {"ID", *FIRST_KEYS, *NETWORK_KEYS, *ONLY_BY_READ, *PHASE_KEYS}


@pytest.mark.parametrize("point", ALL, ids=repr)
def test_every_source_exists(point):
    if (source := point.source("lan")) is not None:
        assert source.key in KEYWORDS
        assert not source.writable or source.target in WRITABLE
    if (source := point.source("cloud")) is not None:
        assert str(source.key).partition(".")[0] in ("live", "reported")
        assert not source.writable or source.write_key in ROUTES


def test_every_keyword_that_can_be_written_has_a_point():
    found = {source.target for point in ALL if (source := point.source("lan")) is not None and source.writable}
    assert found == set(WRITABLE)


def test_every_route_has_a_point():
    assert {source.write_key for point in ALL if (source := point.source("cloud")) is not None and source.writable} == set(ROUTES)


@pytest.mark.parametrize(
    ("point", "on_lan", "in_cloud", "value"),
    [
        (Charge.power, 531.18, "0.531180", 531.18),
        (Charge.energy, 4.18, "4.180000", 4.18),
        (Charge.time, 26711, "26711", 26711),
        (Charge.house_power, -85, "-0.085000", -85),
        (Charge.pv_power, 1500, "1.5", 1500),
        (Charge.battery_power, -85.0, "-0.085", -85),
        (Settings.contracted_power, 4600, "46", 4600),
        (Settings.contracted_power, 700, "7", 700),
        (Settings.intensity, 16, "16", 16),
        (Settings.paused, 1, "1", True),
        (Settings.locked, "0", "0", False),
        (Settings.dynamic, 1, 1, True),
        (Extra.light_led, 50, "0.500000", 50),
        (Extra.light_led, "100", "1.000000", 100),
        (Extra.logo_led, 1, "1", True),
        (Raw.paused, 1, "1", "paused"),
    ],
)
def test_the_same_value_on_both_wires(point, on_lan, in_cloud, value):
    assert point.decode(point.source("lan"), on_lan) == value == point.decode(point.source("cloud"), in_cloud)


@pytest.mark.parametrize(
    ("point", "wire", "raw"),
    [
        (Settings.contracted_power, "lan", -1),
        (Charge.power, "lan", 1e9),
        (Charge.energy, "lan", -1),
        (Settings.paused, "lan", 2),
        (Settings.power_mode, "lan", 6),
        (Extra.charge_mode, "lan", -1),
        (Extra.light_led, "lan", 101),
        (Extra.light_led, "cloud", "2.0"),
        (Charge.mains_voltage, "cloud", "0"),
        (Meter.solar_on, "cloud", "x"),
        (Cloud.meter_type, "cloud", "12"),
    ],
)
def test_what_is_not_believed(point, wire, raw):
    assert point.decode(point.source(wire), raw) is None


@pytest.mark.parametrize("point", [Settings.intensity, Settings.min_intensity, Settings.max_intensity])
@pytest.mark.parametrize("amps", [0, 5, 33, 100, -6])
def test_currents_that_cannot_be_set(point, amps):
    with pytest.raises(DeviceRefusedError):
        point.validate(amps)


def test_an_unknown_meter_is_shown_and_not_offered():
    assert Cloud.meter_type.decode(Cloud.meter_type.source("cloud"), "9") == "type_9"
    with pytest.raises(DeviceRefusedError, match="unsupported_value"):
        Cloud.meter_type.encode(Cloud.meter_type.source("cloud"), "type_9")
