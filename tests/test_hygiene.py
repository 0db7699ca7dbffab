"""Hygiene: what hassfest, HACS and a careful reader would ask of every integration here.

The rules are functions of ``tests.hassfest_rules``. Each is applied to every integration that has a
manifest, and proven by a bad sample that it must refuse.
"""

import ast
from collections.abc import Iterator, Mapping
import copy
from dataclasses import dataclass
from functools import cache
import json
from pathlib import Path
import re
import tomllib
from typing import Any

import hass_frontend
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS as SENSOR_UNITS
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import SelectSelector
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest

from tests import hassfest_rules as rules
from tests.hassfest_rules import descriptions, states_of
from tests.source_tree import COMPONENTS, ROOT, Integration, Module, integrations, modules_under, reachable
from tests.translation_guard import Guard, our_texts, watching

EACH = pytest.mark.parametrize("integration", integrations(), ids=str)
EACH_LANGUAGE = pytest.mark.parametrize("language", rules.LANGUAGES)
# What an action's target turns into.
TARGET_KEYS = {"entity_id", "device_id", "area_id", "floor_id", "label_id"}
# Abort reasons that Home Assistant's own methods give.
ABORTS_OF_HA = {"already_configured", "already_in_progress", "reauth_successful", "reconfigure_successful"}
# Set on an error for the code that catches it; the text has no use for it.
NOT_SHOWN = {("invalid_auth", "challenge"), ("invalid_auth", "status"), ("rate_limited", "named")}


def texts_of(integration: Integration, language: str = "en") -> dict[str, Any]:
    """Return the texts of one language."""
    return integration.json(f"translations/{language}.json")


def listed(problems: list[str]) -> None:
    """Fail with one problem a line."""
    assert not problems, "\n" + "\n".join(problems)


@cache
def known_icons() -> frozenset[str]:
    """Return the names of all icons of the frontend that Home Assistant ships."""
    path = Path(hass_frontend.__file__).parent / "static/mdi/iconList.json"
    return frozenset(icon["name"] for icon in json.loads(path.read_text(encoding="utf-8")))


# Files and versions


def test_there_is_an_integration() -> None:
    """Everything here runs over what is found, so something must be."""
    assert integrations()


@EACH
def test_every_json_file_parses(integration: Integration) -> None:
    """Home Assistant would only say that the integration cannot be loaded."""
    for path in sorted(integration.path.rglob("*.json")):
        json.loads(path.read_text(encoding="utf-8"))


@EACH
def test_the_manifest_is_as_hassfest_wants_it(integration: Integration) -> None:
    """Known keys, in order, with usable values."""
    listed(rules.manifest_problems(integration.manifest, integration.domain))


@EACH
def test_every_imported_component_is_depended_upon(integration: Integration) -> None:
    """Home Assistant sets up what we depend upon before us, and only that."""
    listed(rules.dependency_problems(reachable(integration.modules()), integration.manifest))


@EACH
def test_set_up_is_declared(integration: Integration) -> None:
    """The manifest knows of the flow, and YAML is refused in words."""
    init = integration.module("__init__.py")
    listed(rules.set_up_problems(init, has_flow_file=integration.has("config_flow.py"), manifest=integration.manifest))


@EACH
def test_every_step_of_a_flow_has_a_text(integration: Integration) -> None:
    """And every text a step; menus offer what there is; what is discovered is known again."""
    modules = [module for module in reachable(integration.top()) if is_flow(module)]
    assert modules
    listed(rules.flow_problems(modules, integration.manifest, texts_of(integration)))


def is_flow(module: Module) -> bool:
    """Tell whether a module has steps of a flow."""
    return "async def async_step_" in module.source


@EACH
def test_there_is_nothing_that_hassfest_knows_and_we_do_not(integration: Integration) -> None:
    """Whoever adds such a file adds its rules first."""
    assert [name for name in rules.NOT_REPLAYED if integration.has(name)] == []


@EACH
def test_no_file_of_core_is_shipped(integration: Integration) -> None:
    """Custom integrations have pictures of their own."""
    for name in ("icon.png", "icon@2x.png", "logo.png", "logo@2x.png"):
        assert (integration.path / "brand" / name).read_bytes().startswith(b"\x89PNG")


def test_there_is_one_version() -> None:
    """What is released says the same everywhere."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    versions = {str(each): each.manifest.get("version") for each in integrations()}
    versions["CHANGELOG.md"] = rules.first_version((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert versions == dict.fromkeys(versions, project)


def test_hacs_json_has_only_keys_that_hacs_knows() -> None:
    """One unknown key, and HACS refuses the repository."""
    path = ROOT / "hacs.json"
    if not path.exists():
        pytest.skip("hacs.json is not there yet (issue 2)")
    listed(rules.hacs_problems(json.loads(path.read_text(encoding="utf-8"))))


# Texts


@EACH
@EACH_LANGUAGE
def test_every_text_is_well_formed(integration: Integration, language: str) -> None:
    """Sections, keys and texts are as hassfest wants them, in all languages."""
    listed(rules.translation_problems(texts_of(integration, language)))


@EACH
@EACH_LANGUAGE
def test_every_language_says_the_same(integration: Integration, language: str) -> None:
    """Each language has the keys and placeholders of English."""
    listed(rules.language_problems(texts_of(integration), texts_of(integration, language)))


@EACH
def test_there_is_no_language_beside_the_known_ones(integration: Integration) -> None:
    """A language that nobody keeps complete is worse than English."""
    assert sorted(path.name for path in integration.path.glob("translations/*")) == [f"{each}.json" for each in rules.LANGUAGES]


def names_of(described: Any) -> dict[str, set[str]]:
    """Return the keys of the texts that name an entity, with what fills them: that of a variant has an ending."""
    block = getattr(getattr(described, "point", None), "block", None)
    key = described.translation_key
    if block is None or key is None:
        return {key: set()}
    variants = {f"{key}{ending}": set(filled) for ending, filled in block.variants.items()}
    return {key: {"number"} if block.repeated else set(), **variants}


def entity_problems(platform: str, described: list[Any], texts: Mapping[str, Any]) -> list[str]:
    """Check that each entity has a name and each of its states a text, and that no text is left over."""
    problems, states, events = [], {}, {}
    for each in described:
        for key, filled in names_of(each).items():
            named = texts.get(key, {})
            if each.name is not None and "name" not in named:
                problems.append(f"{platform}.{each.key}: no name under {key}")
            if not rules.names_in(named.get("name", "")) <= filled:
                problems.append(f"{platform}.{each.key}: nobody fills in the placeholders of its name")
            states.setdefault(key, set()).update(states_of(each))
            events.setdefault(key, set()).update(getattr(each, "event_types", ()))
    for key, named in texts.items():
        if key not in states:
            problems.append(f"{platform}.{key}: a text without an entity")
            continue
        told = set(named.get("state_attributes", {}).get("event_type", {}).get("state", {}))
        for kind, wanted, found in (("state", states[key], set(named.get("state", {}))), ("event", events[key], told)):
            problems += [f"{platform}.{key}: {kind} {each} has no text" for each in sorted(wanted - found)]
            problems += [f"{platform}.{key}: {kind} {each} has a text and never happens" for each in sorted(found - wanted)]
    return problems


@EACH
def test_every_entity_and_every_state_has_a_text(integration: Integration) -> None:
    """And no text is left of what is gone."""
    texts = texts_of(integration)["entity"]
    found = descriptions(integration)
    assert found.keys() == texts.keys()
    listed(
        [problem for platform, described in found.items() for problem in entity_problems(platform, described, texts[platform])]
    )


# Errors


@dataclass(frozen=True)
class Raised:
    """An error as it is made somewhere: the key of its text, and what it brings to fill it; None when that is not known."""

    where: str
    key: str
    given: frozenset[str] | None


@cache
def default_keys() -> dict[str, str]:
    """Return the key of each kind of error of ours, by the name of its class."""
    classes = [node for module in modules_under(COMPONENTS) for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    keys: dict[str, str] = {}
    for _ in classes:
        before = dict(keys)
        for node in classes:
            own = [
                each.value.value
                for each in node.body
                if isinstance(each, ast.Assign | ast.AnnAssign)
                and isinstance(each.value, ast.Constant)
                and "default_key" in ast.unparse(each)
            ]
            inherited = [keys[name] for base in node.bases if (name := ast.unparse(base)) in keys]
            if found := own or inherited:
                keys[node.name] = str(found[0])
        if keys == before:
            break
    return keys


def errors_made_in(module: Module) -> Iterator[Raised]:
    """Yield each error that a module makes, ours and Home Assistant's, and each that a table of its names."""
    for node in ast.walk(module.tree):
        where = f"{module}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            more = {each.arg: each.value for each in node.keywords}
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in default_keys():
                key = more.get("key", ast.Constant(default_keys()[name]))
                given = {each for each in more if each is not None} - {"key"}
                given |= {"retry_after"} if name == "RateLimitedError" else set()
                for text in _texts(key):
                    yield Raised(where, text, None if None in more else frozenset(given))
            elif "translation_domain" in more and "translation_key" in more:
                for text in _texts(more["translation_key"]):
                    yield Raised(where, text, _keys(more.get("translation_placeholders")))
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and ast.unparse(node.elts[0]) in default_keys():
            yield from (Raised(where, text, frozenset()) for text in _texts(node.elts[1]))


def _texts(node: ast.expr) -> list[str]:
    """Return the texts that an expression can be, as far as it says so."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_texts(body), *_texts(orelse)]
    return []


def _keys(node: ast.expr | None) -> frozenset[str] | None:
    if node is None:
        return frozenset()
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return frozenset(key.value for key in node.keys if isinstance(key, ast.Constant))
    return None


def exception_problems(raised: list[Raised], texts: Mapping[str, Any]) -> list[str]:
    """Check that each error has a text with exactly the placeholders that it brings, and each text an error."""
    problems = []
    for each in raised:
        if each.key not in texts:
            problems.append(f"{each.where}: no text for {each.key}")
        elif each.given is not None:
            wanted = rules.names_in(texts[each.key]["message"])
            given = {name for name in each.given if (each.key, name) not in NOT_SHOWN}
            if wanted != given:
                problems.append(f"{each.where}: {each.key} brings {sorted(given)}, its text wants {sorted(wanted)}")
    unused = texts.keys() - {each.key for each in raised}
    return problems + [f"{key}: a text that no error has" for key in sorted(unused)]


def is_form(integration: Integration, module: Module) -> bool:
    """Tell whether the errors that a module makes or lists are shown by a form: those of the flow, and its table."""
    return module.path.parent.name == integration.domain and any(
        each.target.endswith("data_entry_flow") or (each.target.endswith(".config_entries") and each.name == "ConfigFlow")
        for each in module.imports()
    )


@EACH
def test_every_error_has_a_text_that_it_fills(integration: Integration) -> None:
    """In ``exceptions``, except for what only a form shows."""
    modules = [each for each in reachable(integration.modules()) if not is_form(integration, each)]
    raised = [each for module in modules for each in errors_made_in(module)]
    assert raised
    listed(exception_problems(raised, texts_of(integration)["exceptions"]))


@EACH
def test_every_error_of_a_form_has_a_text(integration: Integration) -> None:
    """And no text of a form is left over."""
    texts = texts_of(integration)["config"]["error"]
    forms = [module for module in integration.top() if is_form(integration, module)]
    made = {each.key for module in forms for each in errors_made_in(module)}
    said = {node.value for module in forms for node in ast.walk(module.tree) if isinstance(node, ast.Constant)}
    assert made <= texts.keys() <= said


@EACH
def test_every_reason_to_abort_has_a_text(integration: Integration) -> None:
    """Those that we give, and those that Home Assistant's methods give for us."""
    flow = integration.module("config_flow.py")
    reasons = {
        text
        for node in ast.walk(flow.tree)
        if isinstance(node, ast.Call)
        for each in node.keywords
        if each.arg == "reason"
        for text in _texts(each.value)
    }
    texts = texts_of(integration)["config"]["abort"].keys()
    assert reasons <= texts <= reasons | ABORTS_OF_HA


def calls(modules: list[Module], *names: str) -> Iterator[tuple[str, dict[str | None, ast.expr]]]:
    """Yield where each call of one of ``names`` stands, and its keywords."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names:
                yield f"{module}:{node.lineno}", {each.arg: each.value for each in node.keywords}


@EACH
def test_every_repair_and_every_part_has_a_text_that_it_fills(integration: Integration) -> None:
    """Repairs tell what happened to which unit; the parts of a unit have names."""
    texts = texts_of(integration)
    parts = {
        each: _keys(more.get("translation_placeholders"))
        for _, more in calls(integration.modules(), "DeviceInfo", "ChildDeviceInfo")
        for each in _texts(more.get("translation_key", ast.Constant(None)))
    }
    assert texts.get("device", {}).keys() == parts.keys()
    for name, given in parts.items():
        assert given is None or rules.names_in(texts["device"][name]["name"]) <= given
    repairs = {
        each: _keys(more.get("translation_placeholders"))
        for _, more in calls(reachable(integration.modules()), "async_create_issue")
        for each in _texts(more["translation_key"])
    }
    assert texts.get("issues", {}).keys() == repairs.keys()
    for name, given in repairs.items():
        shown = " ".join(text for _, text in rules.walk(texts["issues"][name]))
        assert given is None or rules.names_in(shown) == given


# Icons


@EACH
def test_every_icon_exists_and_means_something(integration: Integration) -> None:
    """Each is one of the frontend's, for an entity or state that there is."""
    icons = integration.json("icons.json")
    listed(rules.icon_problems(icons, known_icons()))
    for platform, described in descriptions(integration).items():
        drawn = icons.get("entity", {}).get(platform, {})
        states = {key: set[str]() for each in described for key in names_of(each) if key}
        for each in described:
            for key in names_of(each):
                states[key] |= states_of(each) or {"on", "off"}
        assert drawn.keys() <= states.keys()
        for key, entity in drawn.items():
            assert entity.get("state", {}).keys() <= states[key], key


# Actions


@EACH
async def test_actions_are_the_same_everywhere(hass: HomeAssistant, integration: Integration) -> None:
    """What is registered without any entry is what ``services.yaml``, texts and icons tell of, field by field."""
    assert await async_setup_component(hass, integration.domain, {})
    registered = hass.services.async_services_for_domain(integration.domain)
    path = integration.path / "services.yaml"
    actions = load_yaml_dict(str(path)) if path.exists() else {}
    listed(rules.service_problems(actions, texts_of(integration), integration.json("icons.json")))
    assert registered.keys() == actions.keys()
    for name, service in registered.items():
        taken = {str(marker.schema): marker for marker in service.schema.schema if str(marker.schema) not in TARGET_KEYS}
        told = rules.service_fields(actions[name])
        assert taken.keys() == told.keys(), name
        assert {key for key, marker in taken.items() if type(marker).__name__ == "Required"} == {
            key for key, field in told.items() if field.get("required")
        }
        targeted = any(str(marker.schema) in TARGET_KEYS for marker in service.schema.schema)
        assert targeted == ("target" in (actions[name] or {})), name


# Points and entities


# Home Assistant's own integration, whose entities these were, gives them no unit.
AS_CORE = frozenset({"soc_low", "soc_high"})


def unit_problems(platform: str, described: list[Any]) -> list[str]:
    """Check that an entity says its point's unit, and that its device class takes unit and state class."""
    problems = []
    for each in described:
        unit = getattr(each, "native_unit_of_measurement", None)
        point = getattr(each, "point", None)
        if each.key in AS_CORE and unit is None:
            continue
        if point is not None and platform in {"sensor", "number"} and point.unit != unit:
            problems.append(f"{platform}.{each.key}: {unit}, the point says {point.unit}")
        known = {"sensor": SENSOR_UNITS, "number": NUMBER_UNITS}.get(platform, {})
        if each.device_class in known and unit not in known[each.device_class]:
            problems.append(f"{platform}.{each.key}: {each.device_class} is not measured in {unit}")
        state_class = getattr(each, "state_class", None)
        if state_class is not None and state_class not in DEVICE_CLASS_STATE_CLASSES.get(each.device_class, {state_class}):
            problems.append(f"{platform}.{each.key}: {each.device_class} cannot be {state_class}")
        if platform == "sensor" and state_class is not None and point is not None and point.kind is not float:
            problems.append(f"{platform}.{each.key}: statistics of something that is no number")
    return problems


@EACH
def test_entities_say_the_units_of_their_points(integration: Integration) -> None:
    """And Home Assistant takes them for their device class."""
    found = descriptions(integration)
    assert any(found.values())
    listed([problem for platform, described in found.items() for problem in unit_problems(platform, described)])


@EACH
def test_keys_are_unique_within_a_platform(integration: Integration) -> None:
    """Two entities with one key would have one unique id; parts have their number or their own serial number in theirs."""
    for platform, described in descriptions(integration).items():
        points = [getattr(each, "point", None) for each in described]
        owners = [None if point is None or not (point.block.repeated or point.block.named) else point.block for point in points]
        slots = [(each.key, owner) for each, owner in zip(described, owners, strict=True)]
        assert len(slots) == len(set(slots)), platform


# Negative controls: the good sample passes, and each change to it is refused

GOOD_MANIFEST = {
    "domain": "sample",
    "name": "Sample",
    "codeowners": ["@somebody"],
    "config_flow": True,
    "dependencies": ["modbus"],
    "dhcp": [{"registered_devices": True}],
    "documentation": "https://github.com/somebody/sample",
    "integration_type": "device",
    "iot_class": "local_polling",
    "issue_tracker": "https://github.com/somebody/sample/issues",
    "requirements": ["sample==1.0"],
    "version": "1.0.0",
    "zeroconf": [{"name": "sample*", "type": "_http._tcp.local."}],
}
BAD_MANIFESTS: list[dict[str, Any]] = [
    {"domain": "other"},
    {"colour": "red"},
    {"version": "one"},
    {"version": None},
    {"iot_class": "local_guessing"},
    {"codeowners": []},
    {"codeowners": ["somebody"]},
    {"documentation": "http://github.com/somebody/sample"},
    {"documentation": "https://www.home-assistant.io/integrations/sample"},
    {"integration_type": "virtual"},
    {"requirements": ["sample == 1.0"]},
    {"requirements": ["sample=1"]},
    {"dependencies": ["zeroconf", "modbus"]},
    {"after_dependencies": ["modbus"]},
    {"dhcp": [{"hostname": "Sample*"}]},
    {"dhcp": [{"macaddress": "a1b2*"}]},
    {"dhcp": [{"registered_devices": False}]},
    {"dhcp": [{}]},
    {"zeroconf": [{"name": "sample*"}]},
    {"zeroconf": [{"name": "Sample*", "type": "_http._tcp.local."}]},
    {"zeroconf": [{"type": "_http._tcp"}]},
    {"quality_scale": "diamond"},
    {"dependencies": ["modbus", "no_such_thing"]},
    {"after_dependencies": ["no_such_thing"]},
]


def test_a_good_manifest_passes() -> None:
    """The sample that the bad ones are made of."""
    assert rules.manifest_problems(GOOD_MANIFEST, "sample") == []


@pytest.mark.parametrize("change", BAD_MANIFESTS, ids=str)
def test_a_bad_manifest_is_refused(change: dict[str, Any]) -> None:
    """Each with one thing wrong, its keys in order."""
    changed = GOOD_MANIFEST | change
    ordered = {key: changed[key] for key in ("domain", "name", *sorted(changed.keys() - {"domain", "name"}))}
    assert rules.manifest_problems(ordered, "sample")


@pytest.mark.parametrize(
    "missing",
    ["domain", "name", "codeowners", "documentation", "integration_type", "iot_class", "version", "issue_tracker"],
)
def test_a_manifest_that_lacks_a_key_is_refused(missing: str) -> None:
    """Required is required."""
    assert rules.manifest_problems({key: value for key, value in GOOD_MANIFEST.items() if key != missing}, "sample")


def test_a_domain_of_home_assistant_is_refused() -> None:
    """But for the one that we take over."""
    assert rules.manifest_problems({**GOOD_MANIFEST, "domain": "v2c"}, "v2c") == ["Home Assistant has a v2c of its own"]
    assert rules.manifest_problems({**GOOD_MANIFEST, "domain": "enphase_envoy"}, "enphase_envoy") == []


def test_a_manifest_in_disorder_is_refused() -> None:
    """Domain and name first, then the alphabet."""
    assert rules.manifest_problems(dict(reversed(GOOD_MANIFEST.items())), "sample")


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("from homeassistant.components.mqtt import client", True),
        ("from homeassistant.components import mqtt", True),
        ("import homeassistant.components.mqtt", True),
        ("if TYPE_CHECKING:\n    from homeassistant.components import mqtt", False),
        ("from homeassistant.components import sensor, modbus, zeroconf", False),
    ],
)
def test_a_component_without_dependency_is_refused(source: str, *, wrong: bool) -> None:
    """What is only for types needs no dependency."""
    assert bool(rules.dependency_problems([Module(Path("sample.py"), source)], GOOD_MANIFEST)) is wrong


def test_undeclared_set_up_is_refused() -> None:
    """No flow behind a promise, no schema for YAML."""
    init = Module(Path("__init__.py"), "async def async_setup(hass, config): ...")
    assert len(rules.set_up_problems(init, has_flow_file=False, manifest=GOOD_MANIFEST)) == 2
    init = Module(Path("__init__.py"), "async def async_setup(hass, config):\n    return CONFIG_SCHEMA")
    assert rules.set_up_problems(init, has_flow_file=True, manifest=GOOD_MANIFEST) == ["async_setup without CONFIG_SCHEMA"]
    for line in ("CONFIG_SCHEMA = 1", "CONFIG_SCHEMA: Final = 1", "from x import EMPTY as CONFIG_SCHEMA"):
        init = Module(Path("__init__.py"), f"{line}\nasync def async_setup(hass, config): ...")
        assert rules.set_up_problems(init, has_flow_file=True, manifest=GOOD_MANIFEST) == []


GOOD_FLOW = """
async def async_step_user(self, given=None):
    await self.async_set_unique_id("x")
    return self.async_show_menu(step_id="user", menu_options=["here", *more])
async def async_step_here(self, given=None): ...
async def async_step_dhcp(self, info): ...
async def async_step_more(self, given=None): ...
"""
GOOD_STEPS = {
    "config": {"step": {"user": {"menu_options": {"here": "Here"}}, "here": {}}},
    "issues": {"moved": {"title": "Moved", "fix_flow": {"step": {"confirm": {}, "more": {}}}}},
}


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("async_step_here", "async_step_there", "step there has no text"),
        ("async_step_here", "async_step_there", "a text for here, which is no step"),
        ("async_step_more", "async_step_dhcp", "a text for more"),
        ('["here", ', '["here", "cloud", ', "a menu offers cloud"),
        ('["here", ', '["here", "more", ', "a menu offers more"),
        ("self.async_set_unique_id", "self.set_id", "without a unique id"),
    ],
)
def test_a_flow_with_a_gap_is_refused(old: str, new: str, word: str) -> None:
    """In its steps, its menus, or in how it knows what was discovered."""
    assert rules.flow_problems([Module(Path("config_flow.py"), GOOD_FLOW)], GOOD_MANIFEST, GOOD_STEPS) == []
    spoilt = Module(Path("config_flow.py"), GOOD_FLOW.replace(old, new))
    found = rules.flow_problems([spoilt], GOOD_MANIFEST, GOOD_STEPS)
    assert any(word in each for each in found), found


GOOD_TEXTS: dict[str, Any] = {
    "config": {
        "step": {
            "user": {
                "title": "Connect",
                "data": {"host": "Host"},
                "data_description": {"host": "Where {name} is."},
                "sections": {"more": {"name": "More", "data": {"port": "Port"}, "data_description": {"port": "Its port."}}},
            }
        },
        "error": {"timeout": "No answer."},
    },
    "config_subentries": {
        "loop": {
            "entry_type": "Loop",
            "initiate_flow": {"user": "Add"},
            "step": {"user": {"data": {"power": "Power"}, "data_description": {"power": "In W."}}},
        }
    },
    "device_automation": {"trigger_type": {"went": "It went"}},
    "entity": {"sensor": {"mode": {"name": "Mode {number}", "state": {"on": "On"}}}},
    "exceptions": {"refused": {"message": "Refused: {value}"}},
    "issues": {
        "moved": {"title": "Moved", "description": "It moved."},
        "slow": {"title": "Slow", "fix_flow": {"step": {"confirm": {"data": {}}}}},
    },
    "selector": {"mode": {"options": {"on": "On"}}},
    "services": {"go": {"name": "Go", "description": "Goes.", "fields": {"power": {"name": "Power", "description": "In W."}}}},
}
BAD_TEXTS: list[tuple[str, Any]] = [
    ("config.step.user.title", "<b>Connect</b>"),
    ("config.step.user.title", "See https://example.com"),
    ("config.step.user.title", "See www.example.com"),
    ("config.step.user.title", " Connect"),
    ("config.step.user.title", "Connect  now"),
    ("config.step.user.title", "Connect in 5 \u00b5s"),
    ("config.step.user.title", ""),
    ("config.step.user.title", 1),
    ("config.step.user.title", "Connect '{name}'"),
    ("config.step.user.title", "Connect {name"),
    ("config.step.user.title", "Connect {}"),
    ("config.step.user.title", "Connect {a.b}"),
    ("config.step.user.title", "[%key:common::title%]"),
    ("config.step.user.subtitle", "Connect"),
    ("config.step.user.data_description.port", "Its port."),
    ("config.step.user.data.port", "Port"),
    ("config.step.user.sections.more.data_description.host", "Its host."),
    ("config.step.user.sections.more.data.host", "Host"),
    ("config.step.user.sections.less", {"data": {}}),
    ("config.step.user.menu_option_descriptions", {"here": "Here it is."}),
    ("config_subentries.loop.step.user.data.meter", "Meter"),
    ("config_subentries.loop.step.user.data_description.port", "Its port."),
    ("issues.slow.fix_flow.step.confirm.data.host", "Host"),
    ("issues.slow.description", "It is slow."),
    ("config.error.Time_Out", "No answer."),
    ("config.error.time__out", "No answer."),
    ("device_automation.trigger_type.came", 1),
    ("device_automation.event_type", {"came": "It came"}),
    ("entity.sensor.mode.state.off", "{state}"),
    ("entity.sensor.mode.icon", "mdi:home"),
    ("entity.sensors", {}),
    ("exceptions.lost", {}),
    ("issues.gone", {"title": "Gone"}),
    ("selector.mode.options.off", "{state}"),
    ("services.stop", {"name": "Stop"}),
    ("services.go.fields.duration", {"name": "Duration"}),
    ("colours", {}),
]


def with_change(texts: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of ``texts`` with one value set."""
    changed = copy.deepcopy(texts)
    place, *parents = changed, *path.split(".")[:-1]
    for key in parents:
        place = place[key]
    place[path.rpartition(".")[2]] = value
    return changed


def test_good_texts_pass() -> None:
    """The sample that the bad ones are made of."""
    assert rules.translation_problems(GOOD_TEXTS) == []
    assert rules.language_problems(GOOD_TEXTS, GOOD_TEXTS) == []


@pytest.mark.parametrize(("path", "value"), BAD_TEXTS, ids=str)
def test_a_bad_text_is_refused(path: str, value: Any) -> None:
    """Each with one thing wrong."""
    assert rules.translation_problems(with_change(GOOD_TEXTS, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config.error.lost", "Lost."),
        ("config.error", {}),
        ("exceptions.refused.message", "Non : {valeur}"),
        ("issues.moved.title", "{x}"),
    ],
)
def test_a_language_that_differs_is_refused(path: str, value: Any) -> None:
    """Keys and placeholders are those of English."""
    assert rules.language_problems(GOOD_TEXTS, with_change(GOOD_TEXTS, path, value))


@dataclass(frozen=True)
class Described:
    """As much of an entity description as the rules look at."""

    key: str = "mode"
    translation_key: str = "mode"
    name: str = ""
    options: tuple[str, ...] = ("on",)
    device_class: str | None = None
    native_unit_of_measurement: str | None = None
    state_class: str | None = None
    point: Any = None


@pytest.mark.parametrize(
    ("described", "texts"),
    [
        (Described(translation_key="other"), {"mode": {"name": "Mode"}}),
        (Described(), {"mode": {"state": {"on": "On"}}}),
        (Described(), {"mode": {"name": "Mode {number}", "state": {"on": "On"}}}),
        (Described(), {"mode": {"name": "Mode", "state": {}}}),
        (Described(), {"mode": {"name": "Mode", "state": {"on": "On", "off": "Off"}}}),
        (Described(), {"mode": {"name": "Mode", "state": {"on": "On"}}, "old": {"name": "Old"}}),
    ],
)
def test_an_entity_without_its_texts_is_refused(described: Described, texts: dict[str, Any]) -> None:
    """Too few, too many, or with a gap that nobody fills."""
    assert entity_problems("sensor", [described], texts)
    assert entity_problems("sensor", [Described()], {"mode": {"name": "Mode", "state": {"on": "On"}}}) == []


@dataclass(frozen=True)
class InWatts:
    """As much of a point as the rules look at."""

    unit: str = "W"
    kind: type = float
    options: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "described",
    [
        Described(native_unit_of_measurement="kW", point=InWatts()),
        Described(native_unit_of_measurement="W", device_class="energy", point=InWatts()),
        Described(native_unit_of_measurement="W", device_class="power", state_class="total", point=InWatts()),
        Described(native_unit_of_measurement="W", state_class="measurement", point=InWatts(kind=str)),
    ],
)
def test_an_entity_with_another_unit_is_refused(described: Described) -> None:
    """Than its point's, or than its device class takes."""
    assert unit_problems("sensor", [described])
    good = Described(native_unit_of_measurement="W", device_class="power", state_class="measurement", point=InWatts())
    assert unit_problems("sensor", [good]) == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('raise DeviceRefusedError(key="lost")', {}),
        ("raise DeviceTimeoutError('x')", {}),
        ('raise DeviceRefusedError(key="lost", value=1)', {"lost": {"message": "Lost."}}),
        ('raise DeviceRefusedError(key="lost")', {"lost": {"message": "Lost {value}."}}),
        ('raise DeviceRefusedError(key="lost")', {"lost": {"message": "Lost."}, "found": {"message": "Found."}}),
        ("raise RateLimitedError(key='lost', retry_after=1)", {"lost": {"message": "Lost."}}),
        ('X = {1: (DeviceRefusedError, "lost")}', {}),
        ('raise HomeAssistantError(translation_domain=D, translation_key="lost")', {"lost": {"message": "{x}"}}),
        (
            'raise HomeAssistantError(translation_domain=D, translation_key="lost", translation_placeholders={"y": 1})',
            {"lost": {"message": "{x}"}},
        ),
    ],
)
def test_an_error_without_its_text_is_refused(source: str, texts: dict[str, Any]) -> None:
    """No text, another gap, or a text that no error has."""
    assert exception_problems(list(errors_made_in(Module(Path("sample.py"), source))), texts)


def test_an_error_with_its_text_passes() -> None:
    """With what it brings filled in."""
    source = 'raise DeviceRefusedError(key="lost", value=1)\nraise RateLimitedError(retry_after=2)'
    texts = {"lost": {"message": "Lost {value}."}, "rate_limited": {"message": "Wait {retry_after}."}}
    assert exception_problems(list(errors_made_in(Module(Path("sample.py"), source))), texts) == []


@pytest.mark.parametrize(
    "icons",
    [
        {"entity": {"sensor": {"mode": {"default": "mdi:there-is-no-such-icon"}}}},
        {"entity": {"sensor": {"mode": {"default": "hass:home"}}}},
        {"entity": {"sensor": {"mode": {"default": "mdi:home", "state": {"on": "mdi:home"}}}}},
        {"entity": {"sensor": {"mode": {"default": "mdi:home", "range": {"50": "mdi:car", "10": "mdi:battery"}}}}},
        {"entity": {"sensor": {"mode": {"default": "mdi:home", "range": {"50": "mdi:car"}, "state": {"on": "mdi:battery"}}}}},
        {"entity": {"sensors": {"mode": {"default": "mdi:home"}}}},
        {"entity": {"sensor": {"mode": {"default": "mdi:home", "range": {"low": "mdi:car"}}}}},
        {"entity": {"sensor": {"mode": {"state_attributes": {"a": {"default": "mdi:home", "state": {"on": "mdi:home"}}}}}}},
        {"services": {"go": "mdi:home"}},
        {"services": {"go": {}}},
        {"colours": {}},
    ],
    ids=str,
)
def test_a_bad_icon_is_refused(icons: dict[str, Any]) -> None:
    """Unknown, twice the same, or in the wrong place."""
    assert rules.icon_problems(icons, known_icons())


GOOD_ACTION = {"target": {"entity": [{"integration": "sample"}]}, "fields": {"power": {"selector": {"number": {"mode": "box"}}}}}


@pytest.mark.parametrize(
    "actions",
    [
        {},
        {"go": None},
        {"go": GOOD_ACTION, "stop": None},
        {"Go": GOOD_ACTION},
        {"go": {**GOOD_ACTION, "target": {"device": [{"integration": "sample"}]}}},
        {"go": {"fields": {"power": {"selector": {"numbers": {}}}}}},
        {"go": {"fields": {"power": {}}}},
        {"go": {"fields": {"power": {"selector": {"text": {}}, "example": None}}}},
        {"go": {"fields": {"power": {"selector": {"select": {"options": ["a"], "translation_key": "none"}}}}}},
        {"go": {**GOOD_ACTION, "colour": "red"}},
        {"go": {**GOOD_ACTION, "target": None}},
        {"go": {**GOOD_ACTION, "fields": {**GOOD_ACTION["fields"], "more": {"fields": {}}}}},
        {"go": {**GOOD_ACTION, "fields": {**GOOD_ACTION["fields"], "more": {"fields": GOOD_ACTION["fields"]}}}},
        {"go": {**GOOD_ACTION, "fields": {"power": {"selector": {"text": {}}, "filter": {"colour": ["red"]}}}}},
        {"go": {**GOOD_ACTION, "fields": {"power": {"selector": {"text": {}}, "filter": {}}}}},
        {
            "go": {
                "fields": {"power": {"selector": {"text": {}}, "filter": {"supported_features": ["light.LightEntityFeature.X"]}}}
            }
        },
    ],
    ids=str,
)
def test_a_bad_action_is_refused(actions: dict[str, Any]) -> None:
    """Malformed, or without the same texts and icons."""
    icons = {"services": {"go": {"service": "mdi:home"}}}
    assert rules.service_problems(actions, GOOD_TEXTS, icons)
    assert rules.service_problems({"go": GOOD_ACTION}, GOOD_TEXTS, icons) == []
    assert rules.service_problems({"go": GOOD_ACTION}, GOOD_TEXTS, {})


@pytest.mark.parametrize(
    "hacs", [{}, {"name": "Sample"}, {"name": "S", "homeassistant": "2026.9.0", "zip_release": True}, {"x": 1}]
)
def test_a_bad_hacs_file_is_refused(hacs: dict[str, Any]) -> None:
    """One key too many or too few."""
    assert rules.hacs_problems(hacs)
    assert rules.hacs_problems({"name": "Sample", "homeassistant": "2026.9.0"}) == []


def test_the_version_of_a_change_log_is_its_first_heading() -> None:
    """With and without brackets and date."""
    assert rules.first_version("# Changes\n\n## 1.2.3 - today\n\n## 1.2.2\n") == "1.2.3"
    assert rules.first_version("# Changes\n\n## [0.1.0]\n") == "0.1.0"
    assert rules.first_version("# Changes\n") is None


# The guard of texts at run time


def without(pattern: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return our texts, less those whose key matches ``pattern``."""
    return {
        domain: {
            language: {key: text for key, text in texts.items() if not re.fullmatch(pattern, key)}
            for language, texts in languages.items()
        }
        for domain, languages in our_texts().items()
    }


@EACH
@pytest.mark.parametrize(
    "pattern",
    [
        r"config\.step\.user\.title",
        r"config\.step\.user\.data\..*",
        r"config\.step\.user\.data_description\..*",
        r"config\.step\.user\.sections\..*\.name",
        r"selector\..*",
    ],
)
async def test_the_guard_sees_a_form_without_text(hass: HomeAssistant, integration: Integration, pattern: str) -> None:
    """In every language; and with all texts it sees nothing."""
    if not any(re.fullmatch(pattern, key) for key in our_texts()[integration.domain]["en"]):
        pytest.skip("this integration has no such texts")
    with watching(without(pattern)) as problems, watching(our_texts()) as none:
        first = await hass.config_entries.flow.async_init(integration.domain, context={"source": SOURCE_USER})
    fields = first["data_schema"].schema.values() if first.get("data_schema") else ()
    if pattern.startswith("selector") and not any(isinstance(field, SelectSelector) for field in fields):
        pytest.skip("the first step has no choices in a form")
    assert {language for language in rules.LANGUAGES if any(f"/{language}.json" in each for each in problems)} == {
        *rules.LANGUAGES
    }
    assert none == set()


async def test_the_guard_sees_a_repair_without_text(hass: HomeAssistant) -> None:
    """Title, description and placeholders."""
    texts = {"sample": {"en": {"issues.moved.title": "{name} moved"}}}
    for name, given in (("moved", None), ("gone", {"name": "x"})):
        with watching(texts) as problems:
            ir.async_create_issue(
                hass,
                "sample",
                name,
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key=name,
                translation_placeholders=given,
            )
        assert len(problems) == 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HomeAssistantError("plain"), "not translated"),
        (ServiceValidationError(translation_domain="sample", translation_key="lost"), "lacks exceptions.lost.message"),
        (ServiceValidationError(translation_domain="sample", translation_key="refused"), "waits for ['value']"),
        (
            ServiceValidationError(
                translation_domain="sample", translation_key="refused", translation_placeholders={"value": "1"}
            ),
            "",
        ),
        (ServiceValidationError(translation_domain="homeassistant", translation_key="lost"), ""),
    ],
)
async def test_the_guard_sees_an_error_without_text(hass: HomeAssistant, error: HomeAssistantError, expected: str) -> None:
    """Of an action; the error still reaches its caller."""

    async def fail(_call: object) -> None:
        raise error

    hass.services.async_register("sample", "go", fail)
    texts = {"sample": {"en": {"exceptions.refused.message": "Refused: {value}"}}}
    with watching(texts) as problems, pytest.raises(HomeAssistantError):
        await hass.services.async_call("sample", "go", blocking=True)
    assert expected in " ".join(problems)
    assert bool(problems) == bool(expected)


def test_the_guard_sees_every_kind_of_step() -> None:
    """Errors, reasons, menus, progress and the last page; of domains that are not ours it sees nothing."""
    flow: Any = type("Flow", (), {"handler": "sample", "context": {"title_placeholders": {}}})()
    results: list[dict[str, Any]] = [
        {"type": "form", "step_id": "user", "errors": {"base": "lost"}},
        {"type": "abort", "reason": "gone"},
        {"type": "menu", "step_id": "user", "menu_options": ["one"]},
        {"type": "progress", "progress_action": "wait"},
        {"type": "create_entry", "description": "partly"},
    ]
    wanted = ["error.lost", "abort.gone", "menu_options.one", "progress.wait", "create_entry.partly"]
    for result, key in zip(results, wanted, strict=True):
        guard = Guard({"sample": {"en": {"config.flow_title": "{name}"}}})
        guard.step(object(), flow, result)
        assert any(key in problem for problem in guard.problems)
        assert any("flow_title waits for ['name']" in problem for problem in guard.problems)
        stranger = Guard({"other": {"en": {}}})
        stranger.step(object(), flow, result)
        assert not stranger.problems


# Sections of forms


def filled_sections(source: str) -> list[int]:
    """Return the lines where a section has a default: the frontend then leaves its required fields empty."""
    pairs = [
        (key, value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    return [
        key.lineno
        for key, value in pairs
        if isinstance(key, ast.Call)
        and isinstance(value, ast.Call)
        and ast.unparse(value.func).endswith("section")
        and any(word.arg == "default" for word in key.keywords)
    ]


@pytest.mark.parametrize("integration", integrations(), ids=str)
def test_no_section_has_a_default(integration: Integration) -> None:
    """Was wrong: nobody could add a Titan in the browser."""
    for module in modules_under(integration.path):
        assert filled_sections(module.source) == [], module


def test_a_section_with_a_default_is_found() -> None:
    """Negative control."""
    assert filled_sections('{probatio.Required("advanced", default={}): section(probatio.Schema({}))}') == [1]
    assert filled_sections('{probatio.Required("advanced"): section(probatio.Schema({}))}') == []
