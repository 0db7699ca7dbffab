"""Every example in the docs, in a Home Assistant with all three devices: it is accepted, and what it names is there."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from pathlib import Path
import re
import shutil
from typing import Any

from homeassistant.components.automation import config as automations
from homeassistant.components.logger import CONFIG_SCHEMA as LOGGER
from homeassistant.components.script import config as scripts
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.script import async_validate_actions_config
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import probatio
import pytest

from tests.blueprints.house import FOLDER, PATHS
from tests.source_tree import ROOT, integrations
from tests.suite.all_three import all_three
from tests.suite.pages import Code, pages
from tests.titan_izypower.ha import house as titan_house
from tests.v2c_cloud.ha import house as v2c_house

# What a reader has to put in its place; the text around says so.
PLACEHOLDERS = {"sensor.roof_surplus", "switch.boiler", "input_boolean.storm_warning"}
# Kinds of entities that examples name.
KINDS = "binary_sensor|sensor|number|select|switch|lock|button|event|calendar|update|time|input_boolean"
ENTITY = re.compile(rf"\b(?:{KINDS})\.[a-z0-9_]+")
SERIAL = re.compile(r"\d{12}")


@dataclass(frozen=True)
class Example:
    """A block of YAML, and where it stands."""

    path: str
    code: Code

    def __str__(self) -> str:
        return f"{self.path}:{self.code.line}"


def examples() -> list[Example]:
    """Return every block of YAML in the docs."""
    return [Example(one.path, block) for one in pages() for block in one.code if block.language == "yaml"]


def walk(tree: Any) -> Iterator[Any]:
    """Yield everything in a tree."""
    yield tree
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for each in inner:
        yield from walk(each)


class Reader:
    """Reads an example as Home Assistant would, and says what is wrong with it."""

    def __init__(self, hass: HomeAssistant, answers: dict[str, dict[str, Any]]) -> None:
        """Judge by what is set up, and by what actions really answer."""
        self.hass = hass
        self.answers = answers
        registry = er.async_get(hass)
        self.entities = {SERIAL.sub("#", each) for each in registry.entities}
        events = [each.entity_id for each in registry.entities.values() if each.domain == "event"]
        self.variables = {
            "answer": {key: value for each in answers.values() for key, value in each.items()} | {"statistics": [{"energy": 1}]},
            "trigger": {"to_state": State(events[0], "now", {"event_type": "restarted"}), "entity_id": events[0]},
        }

    async def problems(self, example: Example) -> list[str]:
        """Return what is wrong with an example."""
        try:
            tree = parse_yaml(example.code.text)
            await self._validate(tree)
        except (probatio.Invalid, HomeAssistantError) as error:
            return [f"{example}: {error}"]
        found = [*self._actions(tree), *self._entities(example.code.text), *self._templates(tree)]
        return [f"{example}: {each}" for each in found]

    async def _validate(self, tree: Any) -> None:
        match tree:
            case {"automation": list(items)}:
                for number, item in enumerate(items):
                    await automations.async_validate_config_item(self.hass, str(number), item)
            case {"script": dict(items)}:
                for name, item in items.items():
                    await scripts.async_validate_config_item(self.hass, name, item)
            case {"logger": {"logs": dict(logs)}}:
                LOGGER(tree)
                if strange := {each.removeprefix("custom_components.").partition(".")[0] for each in logs} - DOMAINS:
                    raise probatio.Invalid(f"no logger of ours: {strange}")
            case {"action": str()} | [{"action": str()}, *_]:
                steps = tree if isinstance(tree, list) else [tree]
                await async_validate_actions_config(self.hass, cv.SCRIPT_SCHEMA(steps))
            case {"views": list()} | {"strategy": dict()} | {"type": str()}:
                pass  # a dashboard is the frontend's business: the browser tests show it
            case dict() if any(tree.keys() <= each.keys() for each in self.answers.values()):
                pass
            case _:
                raise probatio.Invalid("neither automation, script, action nor answer")

    def _actions(self, tree: Any) -> Iterator[str]:
        """Each action is there, and takes these fields."""
        for step in walk(tree):
            if not isinstance(step, dict) or not isinstance(step.get("action"), str):
                continue
            domain, _, name = step["action"].partition(".")
            service = self.hass.services.async_services_for_domain(domain).get(name)
            if service is None:
                yield f"no action {step['action']}"
                continue
            data = {key: self._rendered(value) for key, value in step.get("data", {}).items()}
            if domain in DOMAINS and (extra := data.keys() - FIELDS[domain][name]):
                yield f"{step['action']} has no {sorted(extra)}"
            for entity in cv.ensure_list(step.get("target", {}).get("entity_id", [])):
                yield from self._choice(entity, data)
            try:
                if service.schema is not None:
                    service.schema(data | step.get("target", {}))
            except probatio.Invalid as error:
                yield f"{step['action']}: {error}"

    def _choice(self, entity: str, data: dict[str, Any]) -> Iterator[str]:
        state = self.hass.states.get(entity)
        if state is not None and "option" in data and data["option"] not in state.attributes["options"]:
            yield f"{entity} has no option {data['option']}"

    def _entities(self, text: str) -> Iterator[str]:
        """Each entity is there, or is one that a reader puts something in the place of."""
        for name in set(ENTITY.findall(text)):
            domain, _, action = name.partition(".")
            known = SERIAL.sub("#", name) in self.entities or name in PLACEHOLDERS
            if not known and not self.hass.services.has_service(domain, action):
                yield f"no entity {name}"

    def _templates(self, tree: Any) -> Iterator[str]:
        """Each template can be rendered, with everything that it names."""
        for text in walk(tree):
            if isinstance(text, str) and ("{{" in text or "{%" in text):
                try:
                    self._rendered(text)
                except HomeAssistantError as error:
                    yield f"{text}: {error}"

    def _rendered(self, value: Any) -> Any:
        if not isinstance(value, str) or "{" not in value:
            return value
        return Template(value, self.hass).async_render(self.variables, strict=True)


DOMAINS = {each.domain for each in integrations()}
FIELDS = {
    each.domain: {
        name: set((action or {}).get("fields", {})) | {"device_id", "entity_id"}
        for name, action in load_yaml_dict(str(each.path / "services.yaml")).items()
    }
    for each in integrations()
    if each.has("services.yaml")
}


@pytest.fixture
async def reader(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncGenerator[Reader]:
    """A Home Assistant with the devices that the examples speak of, under the names that they have there."""
    hass.config.config_dir = str(tmp_path)
    for path in PATHS:
        target = tmp_path / "blueprints" / "automation" / "energy-core" / Path(path).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FOLDER / path, target)
    for component in ("automation", "script", "persistent_notification", "input_boolean", "homeassistant"):
        assert await async_setup_component(hass, component, {})
    async with all_three(hass, monkeypatch):
        answers = {
            "titan": await titan_house.act(hass, "charge", power=500),
            "v2c": await v2c_house.act(hass, "set_charge_intensity", amps=16),
        }
        for name in PLACEHOLDERS:
            hass.states.async_set(name, "1200" if name.startswith("sensor.") else "off")
        yield Reader(hass, answers)


async def test_every_example_works(reader: Reader) -> None:
    """Home Assistant's own checks, our actions with their fields, entities, options and templates."""
    assert len(examples()) > 15
    assert [each for example in examples() for each in await reader.problems(example)] == []


WRONG = {
    "no trigger": "automation:\n  - triggers:\n      - trigger: tyme\n    actions: []",
    "no action": "automation:\n  - triggers: []\n    actions:\n      - action: titan_izypower.explode",
    "no field": "action: titan_izypower.charge\ndata:\n  power: 500\n  colour: red",
    "no number": "action: v2c_cloud.set_charge_intensity\ndata: {}",
    "no entity": "automation:\n  - triggers: []\n    actions:\n      - condition: state\n        entity_id: sensor.nothing\n        state: x",
    "no option": (
        "action: select.select_option\ntarget:\n  entity_id: select.titan_2400_energy_mode\ndata:\n  option: everything"
    ),
    "bad template": "automation:\n  - triggers: []\n    actions:\n      - if: '{{ nothing.applied }}'\n        then: []",
    "no blueprint": "automation:\n  - use_blueprint:\n      path: energy-core/gone.yaml\n      input: {}",
    "no logger": "logger:\n  logs:\n    custom_components.nobody: debug",
    "no answer": "applied: true\ncolour: red",
    "nothing": "colour: red",
}


async def test_a_wrong_example_is_found(reader: Reader) -> None:
    """The check above can fail, for each reason."""
    for reason, text in WRONG.items():
        assert await reader.problems(Example("x.md", Code(1, "yaml", text))), reason
    right = "action: titan_izypower.charge\ndata:\n  power: 500"
    assert await reader.problems(Example("x.md", Code(1, "yaml", right))) == []


def test_no_placeholder_is_listed_in_vain() -> None:
    """Each is in an example."""
    whole = "".join(each.code.text for each in examples())
    assert {each for each in PLACEHOLDERS if each in whole} == PLACEHOLDERS
    assert (ROOT / "docs/titan.md").read_text().count("`sensor.roof_surplus` stands for a sensor of yours") == 1
