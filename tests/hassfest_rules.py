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
    twice = set(manifest.get("dependencies", [])) & set(manifest.get("after_dependencies", []))
    return problems + [f"{name} is a dependency twice" for name in sorted(twice)]


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
    names = {name.id for node in init.tree.body for name in ast.walk(node) if isinstance(name, ast.Name)}
    functions = {node.name for node in init.tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}
    problems = []
    if bool(manifest.get("config_flow")) != has_flow_file:
        problems.append("config_flow in the manifest and config_flow.py do not agree")
    if "async_setup" in functions and "CONFIG_SCHEMA" not in names:
        problems.append("async_setup without CONFIG_SCHEMA")
    return problems


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
        "HTML": HTML.search(text),
        "an address: use a placeholder": ADDRESS.search(text),
        "a reference, which only core resolves": "[%" in text or "%]" in text,
        "a placeholder in single quotes, which hide it": QUOTED_PLACEHOLDER.search(text),
        "a placeholder without a usable name": not all(name.isidentifier() for name in names),
        "a placeholder where none is filled in": plain and names,
    }
    return [problem for problem, found in wrong.items() if found]


def _undescribed(texts: Mapping[str, Any]) -> list[str]:
    """Check that fields and their descriptions go together, in steps and in their sections."""
    problems = []
    for flow in ("config", "options"):
        for name, step in texts.get(flow, {}).get("step", {}).items():
            for place, part in {name: step, **{f"{name}.{key}": part for key, part in step.get("sections", {}).items()}}.items():
                fields, described = set(part.get("data", {})), set(part.get("data_description", {}))
                problems += [f"{flow}.{place}: {each} is described but no field" for each in sorted(described - fields)]
                problems += [f"{flow}.{place}: field {each} is not described" for each in sorted(fields - described)]
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
            steps = [float(step) for step in entity.get("range", {})]
            if steps != sorted(steps):
                problems.append(f"{platform}.{key}: ranges do not ascend")
    return problems


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
    probatio.Optional("filter"): dict,
}
SERVICES = probatio.Schema(
    {
        cv.slug: probatio.Any(
            None,
            {
                probatio.Optional("target"): probatio.Any(None, selector.TargetSelector.CONFIG_SCHEMA),
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
        target = (action or {}).get("target") or {}
        if "device" in target:
            problems.append(f"{name}: a device filter in a target, which fails from 2026.11")
        fields = service_fields(action)
        for field in sorted(fields.keys() ^ named.get(name, {}).get("fields", {}).keys()):
            problems.append(f"{name}.{field}: in services.yaml or in the texts, not in both")
        for field, about in fields.items():
            key = next(iter(about["selector"].values()), None) or {}
            if "translation_key" in key and key["translation_key"] not in texts.get("selector", {}):
                problems.append(f"{name}.{field}: its choices have no texts")
    return problems


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
