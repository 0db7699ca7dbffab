"""Control loops: added by hand to each integration, then seen at work on their own devices."""

import pytest

from demo.charger import read_charger
from demo.envoy import read_envoy
from demo.flow import ENVOY, TITAN, V2C
from demo.loops import SOLAR_CHARGING, SURPLUS_LEVEL, ZERO_EXPORT, read_loops
from demo.registry import read_house

ADDED = ("test_titan_is_added", "test_charger_gets_its_address", "test_gateway_is_added")
# A whole form.
TALL = (1280, 1120)


@pytest.fixture
def meters(stage):
    """Return what the loops follow, by the fields for it: entity and name of the device."""
    hass = stage.demo.hass
    titan, charger, envoy = stage.do(read_house(hass, TITAN)), stage.do(read_charger(hass)), stage.do(read_envoy(hass))
    return {
        "Power at the grid": (envoy.find("net_consumption"), envoy.main["name"]),
        "Power of the home battery": (titan.find("battery_power"), titan.main["name"]),
        "Power of the car charger": (charger.find("charge_power"), charger.main["name"]),
    }


@pytest.mark.after(*ADDED)
def test_zero_export_is_added(user, stage, meters):
    user.open_integration(TITAN)
    user.press("Add zero export")
    user.menu("A meter of Home Assistant")
    _fill(user, meters, "Power at the grid", "Power of the car charger")
    user.picture("zero_export-flow", TALL)
    _submit(user, stage, ZERO_EXPORT)


@pytest.mark.after(*ADDED)
def test_surplus_level_is_added(user, stage, meters):
    user.open_integration(ENVOY)
    user.press("Add surplus level")
    user.fill("Name", "Water heater")
    _fill(user, meters, "Power at the grid", "Power of the home battery")
    user.choose("Switch this on and off", "water_heater", "Water heater")
    user.picture("surplus_level-flow", TALL)
    _submit(user, stage, SURPLUS_LEVEL)


@pytest.mark.after(*ADDED)
def test_solar_charging_is_added(user, stage, meters):
    user.open_integration(V2C)
    user.press("Add solar charging")
    _fill(user, meters, "Power at the grid", "Power of the home battery")
    user.picture("solar_charging-flow", TALL)
    _submit(user, stage, SOLAR_CHARGING)


@pytest.mark.parametrize("kind", [ZERO_EXPORT, SURPLUS_LEVEL, SOLAR_CHARGING])
@pytest.mark.after("test_zero_export_is_added", "test_surplus_level_is_added", "test_solar_charging_is_added")
def test_loop_has_a_page(user, stage, kind):
    user.open_device(stage.do(read_loops(stage.demo.hass))[kind].main["id"])
    user.reads("Controls")
    user.misses("Waiting for the first reading")
    user.picture(f"{kind}-device")


def _fill(user, meters, *fields):
    """Choose the meters of a form."""
    for field in fields:
        entity, device = meters[field]
        user.choose(field, entity.entity_id, entity.name, device)


def _submit(user, stage, kind):
    """Hand the form in; the loop must be there then."""
    user.submit()
    user.press("Finish")
    stage.until(lambda: kind in stage.do(read_loops(stage.demo.hass)))
