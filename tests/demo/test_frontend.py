"""The dashboard, the Energy preferences, the set-up form and the command line."""

import json

import pytest

from demo.__main__ import arguments
from demo.dashboard import dashboard
from demo.energy import energy_sources
from demo.flow import defaults, titan_form
from demo.frontend import energy_issues
from demo.registry import Entity, House

SERIAL = "SIM-1"
DEVICE = {"id": "d1", "identifiers": [["titan_izypower", SERIAL]], "name": "Titan", "name_by_user": None}
PACK = DEVICE | {"id": "d2", "identifiers": [["titan_izypower", f"{SERIAL}_pack_0"]], "parent_device_id": "d1", "name": "Pack"}
KEYS = (
    "battery_soc",
    "battery_power",
    "dc_input_power",
    "meter_power",
    "cumulative_production",
    "battery_total_charging_energy",
    "battery_total_discharging_energy",
)


def entity(entity_id, key, device="d1", category=None):
    return Entity(entity_id=entity_id, unique_id=f"{SERIAL}_{key}", name=key, category=category, device_id=device)


@pytest.fixture
def house():
    sensors = [entity(f"sensor.{key}", key) for key in (*KEYS, "grid_voltage")]
    others = [
        entity("number.backup", "backup_soc", category="config"),
        entity("select.mode", "energy_mode"),
        entity("button.stop", "stop"),
        entity("sensor.pack_soc", "pack_soc_0", device="d2"),
    ]
    return House(devices=(DEVICE, PACK), entities=(*sensors, *others))


def sections(config):
    return {section["cards"][0]["heading"]: section["cards"][1:] for section in config["views"][0]["sections"]}


def test_every_entity_is_on_the_dashboard(house):
    text = json.dumps(dashboard(house, "titan_izypower"))
    assert [one.entity_id for one in house.entities if f'"{one.entity_id}"' not in text] == []


def test_sections_and_actions(house):
    found = sections(dashboard(house, "titan_izypower"))
    assert set(found) == {"Battery", "Power now", "Energy", "Settings", "Pack", "More"}
    actions = [card["tap_action"]["perform_action"] for card in found["Battery"] if card["type"] == "button"]
    assert actions == ["titan_izypower.charge", "titan_izypower.discharge", "titan_izypower.stop"]


def test_a_unit_without_anything_still_gets_a_dashboard():
    found = sections(dashboard(House(devices=(DEVICE,), entities=()), "titan_izypower"))
    assert set(found) == {"Battery"}


def test_the_charger_has_a_view_of_its_own(house):
    charger = House(devices=(DEVICE,), entities=(), lead="v2c_")
    views = dashboard(house, "titan_izypower", charger)["views"]
    assert [view["path"] for view in views] == ["house", "charger"]


def test_energy_sources(house):
    by_type = {source["type"]: source for source in energy_sources(house)}
    assert by_type["battery"]["stat_energy_from"] == "sensor.battery_total_discharging_energy"
    assert by_type["battery"]["stat_energy_to"] == "sensor.battery_total_charging_energy"
    assert by_type["battery"]["stat_soc"] == "sensor.battery_soc"
    assert by_type["solar"] == {
        "type": "solar",
        "stat_energy_from": "sensor.cumulative_production",
        "stat_rate": "sensor.dc_input_power",
    }
    assert by_type["grid"]["stat_energy_from"] is None
    assert by_type["grid"]["stat_rate"] == "sensor.meter_power"


def test_energy_sources_of_nothing():
    assert energy_sources(House(devices=(DEVICE,), entities=())) == []


def test_missing_statistics_of_a_young_house_are_no_issue():
    young = {"type": "statistics_not_defined", "affected_entities": [["sensor.a", None]]}
    wrong = {"type": "entity_unexpected_unit_energy", "affected_entities": [["sensor.a", "W"]]}
    assert energy_issues({"energy_sources": [[young], []], "device_consumption": [[young]]}) == []
    assert len(energy_issues({"energy_sources": [[young, wrong]], "device_consumption": [[]]})) == 1
    assert len(energy_issues({"energy_sources": [], "device_consumption": [[wrong]]})) == 1


def test_form_of_the_titan():
    form = titan_form(1502)
    assert form["port"] == 1502
    assert form["host"] == "127.0.0.1"
    assert form["advanced"] == {"transport": "auto", "unit_id": 1}


def test_defaults_of_a_follow_up_step():
    schema = [
        {"name": "a", "default": 1},
        {"name": "b", "description": {"suggested_value": 2}},
        {"name": "c"},
        {"name": "d", "type": "expandable", "schema": [{"name": "e", "default": 3}]},
    ]
    assert defaults(schema) == {"a": 1, "b": 2, "d": {"e": 3}}


def test_command_line():
    assert arguments(["--check", "--port", "18123"]).port == 18123
    assert arguments([]).screenshots is None
    assert arguments(["--screenshots", "docs/images"]).screenshots.name == "images"
