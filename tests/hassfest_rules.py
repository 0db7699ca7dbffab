"""What hassfest demands of a custom integration, and a little more, as functions that return what is wrong.

hassfest itself is neither on PyPI nor in Home Assistant's package, and checks English only. Each function
here takes data, not files, so that a test can prove with a bad sample that it can fail.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
import importlib
import json
from pathlib import Path
import re
import string
from typing import Any
from urllib.parse import urlparse

from awesomeversion import AwesomeVersion, AwesomeVersionException, AwesomeVersionStrategy
from homeassistant import components
from homeassistant.const import Platform
from homeassistant.helpers import config_validation as cv, selector
from homeassistant.helpers.entity import EntityDescription
from homeassistant.requirements import DISCOVERY_INTEGRATIONS
from packaging.requirements import InvalidRequirement, Requirement
import probatio

from tests.source_tree import ROOT, Integration, Module

LANGUAGES = ("de", "en", "es", "fr", "it")
IOT_CLASSES = ("assumed_state", "calculated", "cloud_polling", "cloud_push", "local_polling", "local_push")
# Helpers and base platforms that any integration may import without depending on them.
FREE_COMPONENTS = {
    *(platform.value for platform in Platform),
    *("alert", "automation", "conversation", "device_automation", "frontend", "group", "homeassistant", "input_boolean"),
    *("input_button", "input_datetime", "input_number", "input_select", "input_text", "media_source", "onboarding"),
    *("panel_custom", "persistent_notification", "person", "script", "sun", "system_health", "system_log", "timer"),
    *("webhook", "websocket_api", "zone", "repairs", "diagnostics"),
}
# Domains of ours that Home Assistant has too: hassfest warns of others, and users are asked.
TAKEN_OVER = {"enphase_envoy"}
# What hassfest looks at, and we have no rule for because nothing of ours has it.
NOT_REPLAYED = ("application_credentials.py", "conditions.yaml", "strings.json", "triggers.yaml")
# What a field of an action can be hidden by, which only something chosen can tell.
FILTERS = {"attribute", "supported_features"}
SLUG = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
ADDRESS = re.compile(r"(\b(ftps?|https?|mqtts?|socks5|scp|socket)://|www\.)[a-z0-9]", re.IGNORECASE)
HTML = re.compile(r"<[a-z!/][^>]*>", re.IGNORECASE)
QUOTED_PLACEHOLDER = re.compile(r"'\{\w+\}'")
HACS_KEYS = {
    *("name", "content_in_root", "country", "filename", "hacs", "hide_default_branch", "homeassistant"),
    *("persistent_directory", "render_readme", "zip_release"),
}


def problems_by(schema: probatio.Schema, data: Any) -> list[str]:
    """Return what a schema says against data."""
    try:
        schema(data)
    except probatio.MultipleInvalid as error:
        return [str(each) for each in error.errors]
    except probatio.Invalid as error:
        return [str(error)]
    return []


# manifest.json


def _https(value: str) -> str:
    parsed = urlparse(value)
    if parsed.scheme != "https" or not parsed.netloc:
        raise probatio.Invalid("not an https address")
    if parsed.netloc.endswith("home-assistant.io"):
        raise probatio.Invalid("a custom integration is not documented at home-assistant.io")
    return value


def _version(value: str) -> str:
    strategies = ("CALVER", "SEMVER", "SIMPLEVER", "BUILDVER", "PEP440")
    try:
        AwesomeVersion(value, ensure_strategy=[AwesomeVersionStrategy[name] for name in strategies])
    except AwesomeVersionException as error:
        raise probatio.Invalid(f"{value!r} is no version") from error
    return value


def _requirement(value: str) -> str:
    if " " in value:
        raise probatio.Invalid("a requirement with a space")
    try:
        Requirement(value)
    except InvalidRequirement as error:
        raise probatio.Invalid(f"{value!r} is no requirement") from error
    return value


def _matching(pattern: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise probatio.Invalid(f"{value!r} does not match {pattern}")
        return value

    return check


_LOWER, _MAC = _matching(r"[^A-Z]+"), _matching(r"(?=.*\*)[0-9A-F*]+")
_TYPE, _OWNER, _DOMAIN = _matching(r"_[a-z0-9-]+\._(tcp|udp)\.local\."), _matching(r"@[\w/-]+"), _matching(r"[a-z0-9_]+")
MANIFEST = probatio.Schema(
    {
        probatio.Required("domain"): _DOMAIN,
        probatio.Required("name"): probatio.All(str, probatio.Length(min=1)),
        probatio.Required("codeowners"): probatio.All([_OWNER], probatio.Length(min=1)),
        probatio.Required("documentation"): _https,
        probatio.Required("iot_class"): probatio.In(IOT_CLASSES),
        probatio.Required("version"): probatio.All(str, _version),
        probatio.Required("issue_tracker"): _https,
        probatio.Optional("integration_type"): probatio.In(
            ["device", "entity", "hardware", "helper", "hub", "service", "system"]
        ),
        probatio.Optional("config_flow"): bool,
        probatio.Optional("zeroconf"): [
            probatio.Any(
                _TYPE,
                {
                    probatio.Required("type"): _TYPE,
                    probatio.Optional("name"): _LOWER,
                    probatio.Optional("properties"): {str: _LOWER},
                },
            )
        ],
        probatio.Optional("dhcp"): [
            probatio.All(
                {
                    probatio.Optional("macaddress"): _MAC,
                    probatio.Optional("hostname"): _LOWER,
                    probatio.Optional("registered_devices"): True,
                },
                probatio.Length(min=1),
            )
        ],
        probatio.Optional("ssdp"): [probatio.All({str: str}, probatio.Length(min=1))],
        probatio.Optional("usb"): [dict],
        probatio.Optional("bluetooth"): [dict],
        probatio.Optional("homekit"): {probatio.Optional("models"): [str]},
        probatio.Optional("mqtt"): [str],
        probatio.Optional("quality_scale"): probatio.In(["bronze", "silver", "gold", "platinum"]),
        probatio.Optional("requirements"): [_requirement],
        probatio.Optional("dependencies"): [_DOMAIN],
        probatio.Optional("after_dependencies"): [_DOMAIN],
        probatio.Optional("loggers"): [str],
        probatio.Optional("single_config_entry"): bool,
        probatio.Optional("preview_features"): dict,
        probatio.Optional("disabled"): str,
        probatio.Optional("import_executor"): bool,
    }
)


def manifest_problems(manifest: Mapping[str, Any], folder: str) -> list[str]:
    """Check keys and values, their order, and that the domain is the folder."""
    problems = problems_by(MANIFEST, dict(manifest))
    keys = list(manifest)
    if keys != ["domain", "name", *sorted(key for key in keys if key not in {"domain", "name"})]:
        problems.append(f"keys are not domain, name, then alphabetical: {keys}")
    if manifest.get("domain") != folder:
        problems.append(f"domain is not the folder {folder}")
    problems += [f"{key} is not sorted" for key in ("zeroconf", "dhcp", "dependencies") if not _sorted(manifest.get(key, []))]
    first, later = set(manifest.get("dependencies", [])), set(manifest.get("after_dependencies", []))
    problems += [f"{name} is a dependency twice" for name in sorted(first & later)]
    problems += [f"Home Assistant has no {name} to depend upon" for name in sorted(first | later) if not _built_in(name)]
    if _built_in(folder) and folder not in TAKEN_OVER:
        problems.append(f"Home Assistant has a {folder} of its own")
    if manifest.get("config_flow") and "integration_type" not in manifest:
        problems.append("a flow without an integration_type")
    return problems


def _built_in(domain: str) -> bool:
    return (Path(components.__file__).parent / domain / "manifest.json").is_file()


def _sorted(items: Iterable[Any]) -> bool:
    texts = [json.dumps(item, sort_keys=True) for item in items]
    return texts == sorted(texts)


def dependency_problems(modules: Iterable[Module], manifest: Mapping[str, Any]) -> list[str]:
    """Check that every component that is imported is depended upon, or needs not be."""
    implied = {name for name, keys in DISCOVERY_INTEGRATIONS.items() if any(key in manifest for key in keys)}
    declared = {*manifest.get("dependencies", []), *manifest.get("after_dependencies", [])}
    allowed = FREE_COMPONENTS | implied | declared
    problems = []
    for module in modules:
        for each in module.imports():
            parts = f"{each.target}.{each.name}".split(".")
            if parts[:2] == ["homeassistant", "components"] and not each.typing_only and parts[2] not in allowed:
                problems.append(f"{module}:{each.line}: imports {parts[2]}, on which the manifest does not depend")
    return problems


def set_up_problems(init: Module, *, has_flow_file: bool, manifest: Mapping[str, Any]) -> list[str]:
    """Check that a flow is declared and there, and that YAML is refused where ``async_setup`` exists."""
    bound = [node for node in init.tree.body if isinstance(node, ast.Assign | ast.AnnAssign | ast.ImportFrom)]
    names = {
        name.id for node in bound for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    names |= {each.asname or each.name for node in bound if isinstance(node, ast.ImportFrom) for each in node.names}
    functions = {node.name for node in init.tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}
    problems = []
    if bool(manifest.get("config_flow")) != has_flow_file:
        problems.append("config_flow in the manifest and config_flow.py do not agree")
    if "async_setup" in functions and "CONFIG_SCHEMA" not in names:
        problems.append("async_setup without CONFIG_SCHEMA")
    return problems


def flow_problems(modules: Iterable[Module], manifest: Mapping[str, Any], texts: Mapping[str, Any]) -> list[str]:
    """Check the steps of the flows that ``modules`` have: each has a text, each text a step, each menu its choices.

    What is discovered must be told apart, or it would be offered again and again.
    """
    nodes = [node for module in modules for node in ast.walk(module.tree)]
    named = {node.name for node in nodes if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("async_step_")}
    steps = {name.removeprefix("async_step_") for name in named}
    told = [(name, step) for flow in flows(texts) for name, step in flow["step"].items()]
    offered = {name for _, step in told for name in step.get("menu_options", {})}
    # A choice may act at once, and show nothing.
    problems = [f"step {name} has no text" for name in sorted(steps - {name for name, _ in told} - offered - _SILENT)]
    problems += [
        f"a text for {name}, which is no step" for name in sorted({name for name, _ in told} - steps - _OF_HOME_ASSISTANT)
    ]
    for name in sorted(_menus(nodes)):
        if name not in steps or name not in offered:
            problems.append(f"a menu offers {name}, which has no step or no text")
    discovered = any(key in manifest for keys in DISCOVERY_INTEGRATIONS.values() for key in keys)
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    if discovered and "self.async_set_unique_id" not in called:
        problems.append("discovered without a unique id")
    return problems


# The step of its flow for problems that are mended by a click.
_OF_HOME_ASSISTANT = {"confirm"}
# Steps that only lead to another.
_SILENT = {"bluetooth", "dhcp", "homekit", "import", "mqtt", "reauth", "ssdp", "usb", "zeroconf"}


def _menus(nodes: Iterable[ast.AST]) -> set[str]:
    """Return what menus offer, as far as they say so by name."""
    given = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "menu_options"]
    return {
        each.value for node in given for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def flows(texts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the texts of every flow: of entries, options, subentries, and of what mends a problem."""
    found = [texts[name] for name in ("config", "options") if name in texts]
    found += texts.get("config_subentries", {}).values()
    return [*found, *(issue["fix_flow"] for issue in texts.get("issues", {}).values() if "fix_flow" in issue)]


# translations/*.json


def walk(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of each leaf."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from walk(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, tree


def names_in(text: str) -> set[str]:
    """Return the placeholders of a text; raise ``ValueError`` for stray braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


_SAY = probatio.Schema(str)
_WORDS = {probatio.Extra: str}
_STEP: dict[Any, Any] = {
    probatio.Optional("title"): _SAY,
    probatio.Optional("description"): _SAY,
    probatio.Optional("data"): _WORDS,
    probatio.Optional("data_description"): _WORDS,
    probatio.Optional("menu_options"): _WORDS,
    probatio.Optional("menu_option_descriptions"): _WORDS,
    probatio.Optional("submit"): _SAY,
    probatio.Optional("sections"): {
        probatio.Extra: {
            probatio.Required("name"): _SAY,
            probatio.Optional("description"): _SAY,
            probatio.Optional("data"): _WORDS,
            probatio.Optional("data_description"): _WORDS,
        }
    },
}
_FLOW: dict[Any, Any] = {
    probatio.Optional("flow_title"): _SAY,
    probatio.Required("step"): {probatio.Extra: _STEP},
    **{probatio.Optional(name): _WORDS for name in ("error", "abort", "progress", "create_entry")},
}
_ACTION = {
    probatio.Required("name"): _SAY,
    probatio.Required("description"): _SAY,
    probatio.Optional("fields"): {probatio.Extra: {probatio.Required("name"): _SAY, probatio.Required("description"): _SAY}},
    probatio.Optional("sections"): {probatio.Extra: {probatio.Required("name"): _SAY, probatio.Optional("description"): _SAY}},
}
TRANSLATIONS = probatio.Schema(
    {
        probatio.Optional("title"): _SAY,
        probatio.Optional("config"): _FLOW,
        probatio.Optional("options"): _FLOW,
        probatio.Optional("config_subentries"): {
            probatio.Extra: {**_FLOW, probatio.Required("entry_type"): _SAY, probatio.Required("initiate_flow"): _WORDS}
        },
        probatio.Optional("selector"): {
            probatio.Extra: {probatio.Optional(name): _WORDS for name in ("options", "choices", "unit_of_measurement")}
        },
        probatio.Optional("device"): {probatio.Extra: {probatio.Required("name"): _SAY}},
        probatio.Optional("device_automation"): {
            probatio.Optional(name): _WORDS for name in ("action_type", "condition_type", "trigger_type", "trigger_subtype")
        },
        probatio.Optional("entity"): {
            probatio.In([platform.value for platform in Platform]): {
                probatio.Extra: {
                    probatio.Optional("name"): _SAY,
                    probatio.Optional("state"): _WORDS,
                    probatio.Optional("unit_of_measurement"): _SAY,
                    probatio.Optional("state_attributes"): {
                        probatio.Extra: {probatio.Optional("name"): _SAY, probatio.Optional("state"): _WORDS}
                    },
                }
            }
        },
        probatio.Optional("exceptions"): {probatio.Extra: {probatio.Required("message"): _SAY}},
        probatio.Optional("issues"): {
            probatio.Extra: probatio.Any(
                {probatio.Required("title"): _SAY, probatio.Required("description"): _SAY},
                {probatio.Required("title"): _SAY, probatio.Required("fix_flow"): _FLOW},
            )
        },
        **{probatio.Optional(name): {probatio.Extra: _ACTION} for name in ("services", "triggers", "conditions")},
        probatio.Optional("system_health"): {probatio.Optional("info"): _WORDS},
        probatio.Optional("common"): _WORDS,
    }
)


def translation_problems(texts: Mapping[str, Any]) -> list[str]:
    """Check the sections and keys of one language, and every text."""
    problems = problems_by(TRANSLATIONS, dict(texts))
    for path, value in walk(texts):
        problems += [f"{path}: {part!r} is no slug" for part in path.split(".") if not SLUG.fullmatch(part)]
        problems += [
            f"{path}: {problem}" for problem in text_problems(value, plain=".state." in path or path.startswith("selector."))
        ]
    return problems + _undescribed(texts)


def text_problems(text: Any, *, plain: bool = False) -> list[str]:
    """Check one text; a ``plain`` one has no placeholders."""
    if not isinstance(text, str) or not text:
        return ["no text"]
    try:
        names = names_in(text)
    except ValueError as error:
        return [f"stray braces: {error}"]
    wrong = {
        "spaces around it": text != text.strip(),
        "two spaces": "  " in text,
        "a micro sign, where units have the Greek letter": "\u00b5" in text,
        "HTML": HTML.search(text),
        "an address: use a placeholder": ADDRESS.search(text),
        "a reference, which only core resolves": "[%" in text or "%]" in text,
        "a placeholder in single quotes, which hide it": QUOTED_PLACEHOLDER.search(text),
        "a placeholder without a usable name": not all(name.isidentifier() for name in names),
        "a placeholder where none is filled in": plain and names,
    }
    return [problem for problem, found in wrong.items() if found]


def _undescribed(texts: Mapping[str, Any]) -> list[str]:
    """Check that fields and choices go with their descriptions, in the steps of every flow and in their sections."""
    problems = []
    for flow in flows(texts):
        for name, step in flow.get("step", {}).items():
            parts = {name: step, **{f"{name}.{key}": part for key, part in step.get("sections", {}).items()}}
            for place, part in parts.items():
                fields, described = set(part.get("data", {})), set(part.get("data_description", {}))
                problems += [f"{place}: {each} is described but no field" for each in sorted(described - fields)]
                problems += [f"{place}: field {each} is not described" for each in sorted(fields - described)]
            extra = step.get("menu_option_descriptions", {}).keys() - step.get("menu_options", {}).keys()
            problems += [f"{name}: {each} is described but no choice" for each in sorted(extra)]
    return problems


def language_problems(english: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Check that another language has exactly the keys of English, and in each text the same placeholders."""
    ours, theirs = dict(walk(english)), dict(walk(other))
    problems = [f"lacks {key}" for key in sorted(ours.keys() - theirs.keys())]
    problems += [f"has {key}, which English lacks" for key in sorted(theirs.keys() - ours.keys())]
    for key in sorted(ours.keys() & theirs.keys()):
        if names_in(ours[key]) != names_in(theirs[key]):
            problems.append(f"{key}: {sorted(names_in(theirs[key]))}, English has {sorted(names_in(ours[key]))}")
    return problems


# icons.json

_ICON = _matching(r"mdi:[a-z0-9-]+")
_STATES = {probatio.Extra: _ICON}
ICONS = probatio.Schema(
    {
        probatio.Optional("entity"): {
            probatio.In([platform.value for platform in Platform]): {
                probatio.Extra: {
                    probatio.Optional("default"): _ICON,
                    probatio.Optional("state"): _STATES,
                    probatio.Optional("range"): _STATES,
                    probatio.Optional("state_attributes"): {
                        probatio.Extra: {probatio.Required("default"): _ICON, probatio.Optional("state"): _STATES}
                    },
                }
            }
        },
        **{
            probatio.Optional(name): {probatio.Extra: {probatio.Required(key): _ICON, probatio.Optional("sections"): _STATES}}
            for name, key in (("services", "service"), ("triggers", "trigger"), ("conditions", "condition"))
        },
    }
)


def icon_problems(icons: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """Check the shape, that each icon exists, and that none repeats the one it would replace."""
    problems = problems_by(ICONS, dict(icons))
    for path, icon in walk(icons):
        if str(icon).removeprefix("mdi:") not in known:
            problems.append(f"{path}: there is no icon {icon}")
    for platform, entities in icons.get("entity", {}).items():
        for key, entity in entities.items():
            default = entity.get("default")
            for kind in ("state", "range"):
                same = [state for state, icon in entity.get(kind, {}).items() if icon == default]
                problems += [f"{platform}.{key}: {state} has the default icon" for state in same]
            if "range" in entity and "state" in entity:
                problems.append(f"{platform}.{key}: either states or ranges")
            problems += [f"{platform}.{key}: {problem}" for problem in _more_icon_problems(entity)]
    return problems


def _more_icon_problems(entity: Mapping[str, Any]) -> Iterator[str]:
    """Check the ranges of an entity, and the icons of its attributes."""
    for name, attribute in entity.get("state_attributes", {}).items():
        same = [state for state, icon in attribute.get("state", {}).items() if icon == attribute.get("default")]
        yield from (f"{name}: {state} has the default icon" for state in same)
    try:
        steps = [float(step) for step in entity.get("range", {})]
    except ValueError as error:
        yield f"a range is no number: {error}"
        return
    if steps != sorted(steps):
        yield "ranges do not ascend"


# services.yaml


def _something(value: Any) -> Any:
    if value is None:
        raise probatio.Invalid("nothing is said")
    return value


_FIELD = {
    probatio.Optional("example"): _something,
    probatio.Optional("default"): _something,
    probatio.Optional("required"): bool,
    probatio.Optional("advanced"): bool,
    probatio.Required("selector"): selector.validate_selector,
    probatio.Optional("filter"): probatio.All({probatio.In(FILTERS): _something}, probatio.Length(min=1, max=1)),
}
SERVICES = probatio.Schema(
    {
        cv.slug: probatio.Any(
            None,
            {
                probatio.Optional("target"): probatio.All(_something, selector.TargetSelector.CONFIG_SCHEMA),
                probatio.Optional("fields"): {
                    str: probatio.Any(_FIELD, {probatio.Optional("collapsed"): bool, probatio.Required("fields"): {str: _FIELD}})
                },
            },
        )
    }
)


def service_fields(action: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of an action, those in folds too."""
    found: dict[str, Any] = {}
    for name, field in ((action or {}).get("fields") or {}).items():
        found |= field.get("fields", {name: field})
    return found


def service_problems(actions: Mapping[str, Any], texts: Mapping[str, Any], icons: Mapping[str, Any]) -> list[str]:
    """Check the shape of ``services.yaml``, and that texts and icons are those of its actions and fields."""
    problems = problems_by(SERVICES, dict(actions))
    if problems:
        return problems
    named, drawn = texts.get("services", {}), icons.get("services", {})
    problems += [f"{name}: in services.yaml or in the texts, not in both" for name in sorted(actions.keys() ^ named.keys())]
    problems += [f"{name}: in services.yaml or in the icons, not in both" for name in sorted(actions.keys() ^ drawn.keys())]
    for name, action in actions.items():
        problems += [f"{name}: {problem}" for problem in _shape_problems(action or {}, named.get(name, {}))]
        fields = service_fields(action)
        for field in sorted(fields.keys() ^ named.get(name, {}).get("fields", {}).keys()):
            problems.append(f"{name}.{field}: in services.yaml or in the texts, not in both")
        for field, about in fields.items():
            key = next(iter(about["selector"].values()), None) or {}
            if "translation_key" in key and key["translation_key"] not in texts.get("selector", {}):
                problems.append(f"{name}.{field}: its choices have no texts")
    return problems


def _shape_problems(action: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
    """Check the target of an action, and the folds that its fields are in."""
    if "device" in action.get("target", {}):
        yield "a device filter in a target, which fails from 2026.11"
    shown = action.get("fields") or {}
    folds = {name: fold["fields"] for name, fold in shown.items() if "fields" in fold}
    yield from (
        f"fold {name}: in services.yaml or in the texts" for name in sorted(folds.keys() ^ told.get("sections", {}).keys())
    )
    names = [name for name in shown if name not in folds] + [name for fold in folds.values() for name in fold]
    yield from (f"{name} is there twice" for name in sorted({name for name in names if names.count(name) > 1}))
    if "target" not in action:
        hidden = [name for name, field in service_fields(action).items() if "filter" in field]
        yield from (f"{name} is hidden by what is chosen, and nothing is" for name in hidden)


# hacs.json and versions


def hacs_problems(hacs: Mapping[str, Any]) -> list[str]:
    """Check the keys that HACS and the Marketplace allow."""
    problems = [f"{key} is no key of hacs.json" for key in sorted(hacs.keys() - HACS_KEYS)]
    problems += [f"{key} is missing" for key in ("name", "homeassistant") if not hacs.get(key)]
    if hacs.get("zip_release") and not hacs.get("filename"):
        problems.append("zip_release without a filename")
    return problems


def first_version(changelog: str) -> str | None:
    """Return the version that the first section of a change log is about."""
    found = re.search(r"^## \[?v?(\d[^\s\]]*)", changelog, re.MULTILINE)
    return found[1] if found else None


# Entities


def descriptions(integration: Integration) -> dict[str, list[EntityDescription]]:
    """Return every entity description that stands in a platform file, by platform."""
    return {
        path.stem: list({id(each): each for each in _described(vars(_loaded(path)).values())}.values())
        for path in sorted(integration.path.glob("*.py"))
        if path.stem in {platform.value for platform in Platform}
    }


def _loaded(path: Path) -> Any:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def _described(found: Any) -> Iterator[EntityDescription]:
    for each in found:
        # Home Assistant makes some of its descriptions from a twin that is not derived from the class.
        if isinstance(each, EntityDescription) or (
            not isinstance(each, type) and hasattr(each, "entity_registry_enabled_default")
        ):
            yield each
        elif isinstance(each, tuple | list):
            yield from _described(each)


def states_of(description: Any) -> set[str]:
    """Return every state that an entity of this description can name."""
    point = getattr(description, "point", None)
    return {*(getattr(description, "options", None) or ()), *(point.options if point is not None else ())}
