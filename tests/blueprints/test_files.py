"""Blueprints as files: Home Assistant loads them, people understand them, and what they name is there."""

from collections.abc import Iterator
from functools import cache
import re
from typing import Any

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import importer
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant
from homeassistant.helpers import selector
from homeassistant.util.yaml import extract_inputs, load_yaml_dict, parse_yaml
from homeassistant.util.yaml.objects import Input
import pytest
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from tests.blueprints.house import FOLDER, PATHS, content, inputs
from tests.hassfest_rules import descriptions, states_of
from tests.source_tree import ROOT, Integration, integrations

EACH = pytest.mark.parametrize("path", PATHS)
OURS = {each.domain: each for each in integrations()}
REPOSITORY = next(iter(OURS.values())).manifest["documentation"]
SOURCE = f"{REPOSITORY}/blob/main/blueprints/automation/"
# What Home Assistant brings along, and the fields that may be used of it.
GENERIC = {
    "number.set_value": {"value"},
    "select.select_option": {"option"},
    "switch.turn_{{ 'off' if paused else 'on' }}": set(),
    "persistent_notification.create": {"title", "message"},
}
# States and types of events that templates and actions compare or set: where they come from.
WORDS = [
    ("titan_izypower/realtime_at_start.yaml", "titan_izypower", "select", "energy_mode", ["realtime"]),
    ("titan_izypower/zero_export.yaml", "titan_izypower", "select", "energy_mode", ["realtime"]),
    ("titan_izypower/fail_safe.yaml", "titan_izypower", "select", "energy_mode", ["realtime", "self_consumption"]),
    ("v2c_cloud/night_charge.yaml", "v2c_cloud", "select", "operating_mode", ["charge", "stop", "solar", "dynamic"]),
    ("v2c_cloud/solar_charging.yaml", "v2c_cloud", "sensor", "data_source", ["lan"]),
    ("v2c_cloud/rfid_arrival.yaml", "v2c_cloud", "event", "happening", ["plugged_in", "charging_started", "unplugged"]),
    ("energy_core/notify_on_fault.yaml", "titan_izypower", "event", "happening", ["restarted"]),
    (
        "energy_core/notify_on_fault.yaml",
        *("v2c_cloud", "event", "happening"),
        ["plugged_in", "unplugged", "charging_started", "charging_stopped"],
    ),
]


def parsed(raw: str) -> dict[str, Any]:
    """Return what a text of YAML says."""
    found = parse_yaml(raw)
    assert isinstance(found, dict)
    return dict(found)


def walk(found: Any) -> Iterator[Any]:
    """Yield everything in a tree."""
    yield found
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    for each in inner:
        yield from walk(each)


@cache
def described(domain: str) -> dict[str, list[Any]]:
    """Return the entity descriptions of an integration, by platform."""
    return {platform: list(found) for platform, found in descriptions(OURS[domain]).items()}


def texts(integration: Integration) -> dict[str, Any]:
    """Return what an integration says in English."""
    return integration.json("translations/en.json")


def names(domain: str, platform: str) -> set[str]:
    """Return the names of the entities of one platform."""
    return {each["name"] for each in texts(OURS[domain])["entity"].get(platform, {}).values() if "name" in each}


def marked(text: str) -> list[str]:
    """Return what is set in italics."""
    return re.findall(r"(?<!\*)\*([^*\s][^*]*)\*(?!\*)", text)


def filters(described_input: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the filters of an entity selector."""
    return list((described_input["selector"].get("entity") or {}).get("filter", []))


def test_there_are_blueprints_with_names_of_their_own() -> None:
    """Home Assistant puts all that is imported from one owner in one folder."""
    stems = [path.split("/")[1] for path in PATHS]
    assert len(stems) == len(set(stems)) == 8
    assert {path.split("/")[0] for path in PATHS} <= {*OURS, "energy_core"}


@EACH
def test_home_assistant_loads_it(path: str) -> None:
    """With the schema of automations, in this version."""
    blueprint = Blueprint(content(path), path=path, expected_domain="automation", schema=AUTOMATION_BLUEPRINT_SCHEMA)
    assert blueprint.validate() is None
    assert blueprint.metadata["homeassistant"]["min_version"] == "2026.9.0"
    assert blueprint.metadata["source_url"] == SOURCE + path
    assert blueprint.name
    assert len(blueprint.metadata["description"]) > 100
    assert blueprint.metadata["author"]


@EACH
async def test_it_is_imported_from_its_address(hass: HomeAssistant, aioclient_mock: AiohttpClientMocker, path: str) -> None:
    """As the badge does it; what Home Assistant then writes to its disk is the same blueprint."""
    raw = (FOLDER / path).read_text(encoding="utf-8")
    aioclient_mock.get(SOURCE.replace("github.com", "raw.githubusercontent.com").replace("/blob/", "/") + path, text=raw)
    found = await importer.fetch_blueprint_from_url(hass, SOURCE + path)
    assert found.suggested_filename == f"energy-core/{path.split('/')[1].removesuffix('.yaml')}"
    kept, ours = parsed(found.blueprint.yaml()), dict(content(path))
    given, meant = kept.pop("blueprint"), ours.pop("blueprint")
    assert kept == ours
    assert given["input"].keys() == meant["input"].keys()
    assert (given["name"], given["description"]) == (meant["name"], meant["description"])


@EACH
def test_every_input_is_explained_used_and_preset(path: str) -> None:
    """With a selector that takes the default; a closed section has nothing that must be filled in."""
    for name, each in inputs(path).items():
        assert each["name"], name
        assert each["description"].endswith("."), name
        chosen: Any = selector.selector(each["selector"])
        if each.get("default") not in (None, []) and "action" not in each["selector"]:
            assert chosen(each["default"]) == each["default"], name
    for name, section in content(path)["blueprint"]["input"].items():
        if "input" in section:
            assert section["name"], name
            assert section["collapsed"] is True, name
            assert all("default" in each for each in section["input"].values()), name
    rest = {key: value for key, value in content(path).items() if key != "blueprint"}
    assert extract_inputs(rest) == inputs(path).keys()


@EACH
def test_it_is_written_in_todays_words(path: str) -> None:
    """Triggers, conditions, actions; and a mode that was thought about."""
    whole = content(path)
    assert {"triggers", "actions", "mode"} <= whole.keys()
    assert whole["max_exceeded"] == "silent"
    old = {"platform", "service", "service_template", "data_template", "trigger_template"}
    assert not [each for each in walk(whole) if isinstance(each, dict) and old & each.keys()]
    assert not [each for each in whole["triggers"] if "trigger" not in each]


@EACH
def test_no_template_fails_on_what_is_no_number(path: str) -> None:
    """Each conversion has a default."""
    bare = re.compile(r"\|\s*(float|int|as_timestamp|as_datetime|min_max)\b(?!\()|\b(float|int)\(\)|states\.\w")
    found = [each for each in walk(content(path)) if isinstance(each, str) and "{" in each and bare.search(each)]
    assert not found


def test_a_bare_conversion_would_be_found() -> None:
    """The rule above can fail."""
    bare = re.compile(r"\|\s*(float|int)\b(?!\()|\b(float|int)\(\)")
    assert bare.search("{{ states(it) | float }}")
    assert not bare.search("{{ states(it) | float(0) }}")


@EACH
def test_what_can_be_chosen_exists(path: str) -> None:
    """Each filter on an integration of ours finds something, and the entity that is named is of that kind."""
    for name, each in inputs(path).items():
        ours = [one for one in filters(each) if one.get("integration") in OURS]
        for one in ours:
            there = described(one["integration"]).get(one["domain"], [])
            if "device_class" in one:
                there = [entity for entity in there if classes(one["domain"], entity) == one["device_class"]]
            assert there, (name, one)
        known = {text for one in ours for text in names(one["integration"], one["domain"])}
        assert not ours or (marked(each["description"]) and set(marked(each["description"])) <= known), name


def classes(platform: str, entity: Any) -> str | None:
    """Return the device class that an entity of a description has; what has options is an enum."""
    if platform == "sensor" and states_of(entity):
        return "enum"
    return None if entity.device_class is None else str(entity.device_class)


@EACH
def test_what_the_description_names_exists(path: str) -> None:
    """Entities, actions and options that are set in italics."""
    known = {each["name"] for each in inputs(path).values()}
    for integration in OURS.values():
        said = texts(integration)
        known |= {name for platform in said["entity"] for name in names(integration.domain, platform)}
        known |= {each["name"] for each in said.get("services", {}).values()}
        known |= {each for each in walk(said["options"]) if isinstance(each, str)}
    assert set(marked(content(path)["blueprint"]["description"])) <= known


@EACH
def test_every_action_exists(path: str) -> None:
    """Ours with their fields, and few of Home Assistant's."""
    for step in walk(content(path)):
        if not isinstance(step, dict) or not isinstance(step.get("action"), str) or "selector" in step:
            continue
        domain, name = step["action"].split(".", 1)
        given = set(step.get("data", {}))
        if domain in OURS:
            services = load_yaml_dict(str(OURS[domain].path / "services.yaml"))
            assert given <= services[name].get("fields", {}).keys()
            assert isinstance(step["target"]["entity_id"], Input)
        else:
            assert given <= GENERIC[step["action"]]


@pytest.mark.parametrize(("path", "domain", "platform", "key", "words"), WORDS)
def test_every_word_exists(path: str, domain: str, platform: str, key: str, words: list[str]) -> None:
    """A state that is renamed would never come."""
    raw = (FOLDER / path).read_text(encoding="utf-8")
    text = texts(OURS[domain])["entity"][platform][key]
    there = text["state_attributes"]["event_type"]["state"] if platform == "event" else text["state"]
    for word in words:
        assert re.search(rf"\b{word}\b", raw)
        assert word in there


def test_the_page_lists_every_blueprint() -> None:
    """With the address that the badge imports."""
    page = (ROOT / "docs" / "blueprints.md").read_text(encoding="utf-8")
    badge = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
    listed = re.findall(re.escape(badge) + r"([^)\s]+)", page)
    assert sorted(each.replace("%3A", ":").replace("%2F", "/") for each in listed) == [SOURCE + path for path in PATHS]
    for path in PATHS:
        assert content(path)["blueprint"]["name"] in page
