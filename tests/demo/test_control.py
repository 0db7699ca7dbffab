"""The control loops in the demo: their forms, where they are found, and their checks."""

import pytest
import yaml

from custom_components.enphase_envoy.surplus import KIND as LEVEL, SurplusLevel
from custom_components.titan_izypower.zero_export import KIND as EXPORT, ZeroExport
from custom_components.v2c_cloud.solar import SolarCharging
from custom_components.v2c_cloud.solar_settings import KIND as CHARGING
from demo.checks_control import borrowed
from demo.config_dir import CONFIGURATION
from demo.console import DemoError
from demo.flow import SUBENTRY, TITAN, add_subentry, defaults
from demo.loops import HEATER, PLANS, SOLAR_CHARGING, SURPLUS_LEVEL, ZERO_EXPORT, forms, heater
from demo.registry import Entity, House, read_house, read_subentry

ENTRY = "e1"
DEVICE = {
    "id": "d1",
    "identifiers": [["titan_izypower", "SIM-1"]],
    "name": "Titan",
    "name_by_user": None,
    "config_entry_id": ENTRY,
    "config_subentry_id": None,
}
LOOP = DEVICE | {
    "id": "d9",
    "identifiers": [["titan_izypower", "S1"]],
    "name": "Zero export",
    "via_device_id": "d1",
    "config_subentry_id": "S1",
}
LOOPS = {EXPORT: ZeroExport, LEVEL: SurplusLevel, CHARGING: SolarCharging}


def entity(key, domain="sensor", device="d9", lead="S1"):
    return Entity(entity_id=f"{domain}.{device}_{key}", unique_id=f"{lead}_{key}", name=key, category=None, device_id=device)


def house(keys, device=DEVICE, lead="SIM-1"):
    return House(devices=(device,), entities=tuple(entity(key, device=device["id"], lead=lead) for key in keys))


def listed(one, subentry=None, disabled=None):
    return {
        "entity_id": one.entity_id,
        "unique_id": one.unique_id,
        "name": None,
        "original_name": one.name,
        "entity_category": None,
        "device_id": one.device_id,
        "platform": TITAN,
        "disabled_by": disabled,
        "config_subentry_id": subentry,
    }


class Hass:
    """Answers WebSocket commands and posts, and remembers what was posted."""

    def __init__(self, steps=(), entities=(), devices=(DEVICE, LOOP)):
        self.steps, self.posted = list(steps), []
        self.answers = {
            "config_entries/get": [{"entry_id": ENTRY}],
            "config_entries/subentries/list": [{"subentry_id": "S1", "subentry_type": ZERO_EXPORT}],
            "config/device_registry/list": list(devices),
            "config/entity_registry/list": list(entities),
        }

    async def command(self, command, **_):
        return self.answers[command]

    async def post(self, path, payload):
        self.posted.append((path, payload))
        return self.steps.pop(0)


@pytest.fixture
def loops():
    def one(kind):
        settings = [entity(each.key, "number") for each in LOOPS[kind].settings]
        common = [entity("status"), entity("enabled", "switch")]
        return House(devices=(LOOP | {"name": kind},), entities=(*common, *settings))

    found = {kind: one(kind) for kind in LOOPS}
    level, charging = found[LEVEL], found[CHARGING]
    more = (entity("surplus", "binary_sensor"), entity("surplus_power"))
    found[LEVEL] = House(devices=level.devices, entities=(*level.entities, *more))
    more = (entity("mode", "select"), entity("boost", "switch"), entity("ready_by", "time"))
    found[CHARGING] = House(devices=charging.devices, entities=(*charging.entities, *more))
    return found


# How they are added


FORM = {
    "type": "form",
    "flow_id": "f1",
    "data_schema": [
        {"name": "name", "default": "Zero export"},
        {"name": "car", "description": {"suggested_value": None}},
        {"name": "inverted", "default": False},
    ],
}
DONE = {"type": "create_entry"}


def test_an_empty_suggestion_is_no_answer():
    assert defaults(FORM["data_schema"]) == {"name": "Zero export", "inverted": False}


async def test_a_form_is_filled_in_over_what_it_offers():
    hass = Hass([FORM, DONE])
    filled = await add_subentry(hass, TITAN, ZERO_EXPORT, {"grid": "sensor.grid", "name": "Mine"})
    assert filled == {"name": "Mine", "inverted": False, "grid": "sensor.grid"}
    assert hass.posted == [(SUBENTRY, {"handler": [ENTRY, ZERO_EXPORT]}), (f"{SUBENTRY}/f1", filled)]


async def test_a_menu_is_gone_through():
    hass = Hass([{"type": "menu", "flow_id": "f1"}, FORM, DONE])
    await add_subentry(hass, TITAN, ZERO_EXPORT, {}, choice="loop")
    assert hass.posted[1] == (f"{SUBENTRY}/f1", {"next_step_id": "loop"})


@pytest.mark.parametrize(
    "steps", [[{"type": "abort", "reason": "already_configured"}], [FORM, FORM | {"errors": {"grid": "not_a_power"}}]]
)
async def test_a_refusal_ends_the_demo(steps):
    with pytest.raises(DemoError, match=r"already_configured|not_a_power"):
        await add_subentry(Hass(steps), TITAN, ZERO_EXPORT, {})


def test_all_follow_the_same_meter_and_know_of_each_other():
    found = forms(house(["battery_power"]), house(["charge_power"]), house(["net_consumption"]))
    assert {form["grid"] for form in found.values()} == {"sensor.d1_net_consumption"}
    assert found[ZERO_EXPORT]["car"] == "sensor.d1_charge_power"
    assert found[SURPLUS_LEVEL]["battery"] == found[SOLAR_CHARGING]["battery"] == "sensor.d1_battery_power"


def test_a_meter_that_is_not_there_is_said():
    with pytest.raises(DemoError, match="net_consumption"):
        forms(house(["battery_power"]), house(["charge_power"]), house([]))


def test_the_numbers_are_those_of_the_loops():
    assert {plan.kind for plan in PLANS} == set(LOOPS)
    for plan in PLANS:
        known = {each.key: each for each in LOOPS[plan.kind].settings}
        assert all(known[key].low <= value <= known[key].high for key, value in plan.numbers.items())


def test_the_heater_is_in_the_configuration():
    domain, name = HEATER.split(".")
    assert yaml.safe_load(CONFIGURATION)[domain][name]["name"] == heater().name


# Where they are found


async def test_a_loop_is_no_part_of_its_device():
    own, theirs = entity("battery_power", device="d1", lead="SIM-1"), entity("status")
    off = listed(entity("target", "number"), "S1", "user")
    hass = Hass(entities=[listed(own), listed(theirs, "S1"), off])
    titan = await read_house(hass, TITAN)
    assert (titan.main, titan.parts, [one.entity_id for one in titan.entities]) == (DEVICE, [], [own.entity_id])
    loop = await read_subentry(hass, TITAN, ZERO_EXPORT)
    assert loop.main == LOOP
    assert loop.find("status").entity_id == theirs.entity_id
    assert len(loop.entities) == 1


@pytest.mark.parametrize(("kind", "devices"), [("another", (DEVICE, LOOP)), (ZERO_EXPORT, (DEVICE,))])
async def test_a_loop_that_is_not_there_yet(kind, devices):
    assert await read_subentry(Hass(devices=devices), TITAN, kind) is None


# Their checks


def test_what_is_borrowed_of_the_box():
    values = {"Paused": 1, "Intensity": 8, "ChargePower": 0}
    assert borrowed({"trydan": {"values": values}}) == {"Paused": 1, "Intensity": 8}
