"""The dashboard, the Energy preferences, the set-up form and the command line."""

from pathlib import Path
import re

from demo.__main__ import arguments
from demo.dashboard import BATTERY_PATH, CHARGER_PATH, CONFIG, CONTROL_PATH, HOUSE_PATH, SOLAR_PATH
from demo.flow import defaults, titan_form
from demo.frontend import energy_issues

STRATEGY = Path("custom_components/energy_core/ha/frontend")


def test_the_dashboard_is_the_one_that_is_shipped():
    """Its type, and the paths of the views that pictures are taken of."""
    kind = re.search(r'^const TYPE = "([\w-]+)";', (STRATEGY / "main.js").read_text(), re.MULTILINE)
    assert {"strategy": {"type": f"custom:{kind[1]}"}} == CONFIG
    icons = re.search(r"const ICONS = \{(.*?)\};", (STRATEGY / "engine.js").read_text(), re.DOTALL)
    views = {HOUSE_PATH, BATTERY_PATH, CHARGER_PATH, SOLAR_PATH, CONTROL_PATH}
    assert views == set(re.findall(r"(\w+): \"", icons[1]))


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
    assert not arguments([]).check
