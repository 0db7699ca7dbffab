"""The Integration Quality Scale, enforced: nobody else does it for a custom integration.

``quality_scale.yaml`` must name exactly the rules of Home Assistant 2026.10 and reach platinum. Whatever
code, texts or documents can show for a rule that is ``done``, they must show; whatever shows that an
exemption is not deserved refutes it.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cache
import json
from pathlib import Path
import re
from types import SimpleNamespace
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.util.yaml import load_yaml_dict
import probatio
import pytest

from tests import hassfest_rules
from tests.hassfest_rules import descriptions
from tests.source_tree import COMPONENTS, ROOT, Integration, Module, integrations, modules_under, reachable

EACH = pytest.mark.parametrize("integration", integrations(), ids=str)
RULES = dict(
    reversed(line.split()) for line in (ROOT / "tests/quality_scale_rules.txt").read_text().splitlines() if line[0] != "#"
)
# An exemption that says less is no reason.
SHORTEST_REASON = 30

STATUS = probatio.Any(
    "done",
    "todo",
    {probatio.Required("status"): probatio.In(["done", "todo"]), probatio.Optional("comment"): str},
    {
        probatio.Required("status"): "exempt",
        probatio.Required("comment"): probatio.All(str, probatio.Length(min=SHORTEST_REASON)),
    },
)
FILE = probatio.Schema({probatio.Required("rules"): {probatio.Required(name): STATUS for name in RULES}})
# Rules from which nothing that we claim can be exempt: their pages allow no exception.
NEVER_EXEMPT = {
    *("brands", "config-flow-test-coverage", "docs-installation-instructions", "docs-removal-instructions", "entity-unique-id"),
    *("has-entity-name", "runtime-data", "test-before-setup", "unique-config-entry", "config-entry-unloading"),
    *("integration-owner", "parallel-updates", "test-coverage", "diagnostics", "async-dependency", "strict-typing"),
    *("docs-data-update", "docs-examples", "docs-known-limitations", "docs-troubleshooting", "docs-use-cases"),
}
# What a heading about the subject of a rule says.
HEADINGS = {
    "docs-actions": r"\bactions?\b",
    "docs-triggers": r"\btriggers?\b",
    "docs-installation-instructions": r"\binstall|\bset.?up\b",
    "docs-removal-instructions": r"\bremov|\buninstall",
    "docs-configuration-parameters": r"\boptions\b|\bconfiguration\b|\bpreferences\b",
    "docs-installation-parameters": r"\bset.?up\b|\binstallation\b|\bfields\b|\bparameters\b",
    "docs-data-update": r"\bupdate|\bhow often\b|\bpolling\b|\bread\b",
    "docs-examples": r"\bexample|\bautomations?\b",
    "docs-known-limitations": r"\blimit",
    "docs-supported-devices": r"\b(devices|models|units|hardware)\b",
    "docs-supported-functions": r"\b(entities|functions|features)\b",
    "docs-troubleshooting": r"\btroubleshoot|\bproblems?\b",
    "docs-use-cases": r"\buse cases?\b|\bwhat (you|it) can\b|\bwhat for\b",
}


@cache
def claims(integration: Integration) -> dict[str, Any]:
    """Return what an integration says of each rule."""
    return dict(load_yaml_dict(str(integration.path / "quality_scale.yaml"))["rules"])


def status(claim: Any) -> str:
    """Return the status in a claim, with a comment or without."""
    return str(claim["status"] if isinstance(claim, dict) else claim)


def claim_problems(rules: Any) -> list[str]:
    """Check shape, names, reasons, and that nothing is left to do."""
    problems = hassfest_rules.problems_by(FILE, {"rules": rules})
    for name, claim in rules.items():
        if name in RULES and status(claim) == "todo":
            problems.append(f"{name} ({RULES[name]}) is to do")
        if name in NEVER_EXEMPT and status(claim) == "exempt":
            problems.append(f"{name}: nobody is exempt")
    return problems


def test_the_rules_are_those_of_the_scale() -> None:
    """54 of them, in four tiers."""
    tiers = list(RULES.values())
    assert {tier: tiers.count(tier) for tier in tiers} == {"bronze": 20, "silver": 10, "gold": 21, "platinum": 3}


@EACH
def test_platinum_is_reached(integration: Integration) -> None:
    """Every rule is there, and done or exempt with a reason."""
    problems = claim_problems(claims(integration))
    assert not problems, "\n".join(problems)
    assert integration.manifest["quality_scale"] == "platinum"


@pytest.mark.parametrize(
    "change",
    [
        {"brands": "todo"},
        {"brands": "nearly"},
        {"brands": {"status": "todo", "comment": "Soon."}},
        {"brands": {"status": "exempt", "comment": "Nobody is exempt from this rule, whatever he says."}},
        {"docs-triggers": "exempt"},
        {"docs-triggers": {"status": "exempt"}},
        {"docs-triggers": {"status": "exempt", "comment": "Not needed."}},
        {"docs-colours": "done"},
    ],
    ids=str,
)
def test_a_bad_claim_is_refused(change: dict[str, Any]) -> None:
    """Too little, too much, or without a reason."""
    good = dict.fromkeys(RULES, "done")
    assert claim_problems(good) == []
    assert claim_problems(good | change)
    assert claim_problems({name: claim for name, claim in good.items() if name != "brands"})


def test_a_pace_that_can_be_chosen_has_a_bound() -> None:
    """And the claim says which."""
    assert not list(pace_problems({"status": "done", "comment": "30 s by default, bounded to 5 s."}))
    for claim in ("done", {"status": "done"}, {"status": "done", "comment": "As users like it."}):
        assert list(pace_problems(claim))


# What can be shown

type Check = Callable[[Integration], Iterator[str]]
CHECKS: dict[str, Check] = {}


def shows(rule: str) -> Callable[[Check], Check]:
    """Register what must hold where ``rule`` is done."""

    def register(check: Check) -> Check:
        CHECKS[rule] = check
        return check

    return register


def functions(module: Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function of a module by name, methods too."""
    return {node.name: node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def calls(node: ast.AST) -> set[str]:
    """Return the last part of everything that is called."""
    return {ast.unparse(each.func).rpartition(".")[2] for each in ast.walk(node) if isinstance(each, ast.Call)}


def classes(modules: list[Module]) -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield each class and where it stands."""
    for module in modules:
        yield from ((f"{module}:{node.lineno}", node) for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef))


def described(integration: Integration) -> list[tuple[str, Any]]:
    """Return every entity description with its platform."""
    return [(platform, each) for platform, found in descriptions(integration).items() for each in found]


def wants(condition: object, otherwise: str) -> Iterator[str]:
    """Yield ``otherwise`` unless the condition holds."""
    if not condition:
        yield otherwise


@shows("action-setup")
def actions_are_set_up_with_the_integration(integration: Integration) -> Iterator[str]:
    """Whether or not an entry is loaded."""
    init = functions(integration.module("__init__.py"))
    yield from wants("async_setup" in init, "no async_setup")
    setup = calls(init["async_setup"]) if "async_setup" in init else set()
    yield from wants({"async_register", "async_setup_services"} & setup, "async_setup registers no action")
    entry = calls(init["async_setup_entry"])
    yield from wants(not {name for name in entry if "register" in name and "service" in name}, "an entry registers actions")


@shows("appropriate-polling")
def polls_at_a_fitting_pace(integration: Integration) -> Iterator[str]:
    """A cloud less often than a device on the same network."""
    if "polling" in integration.manifest["iot_class"]:
        found = re.search(r"^SCAN_INTERVAL\w*(?:: Final)? = (\d+)", integration.module("const.py").source, re.MULTILINE)
        yield from wants(found and 5 <= int(found[1]) <= 3600, "no SCAN_INTERVAL between 5 s and an hour")
    told = [texts(integration).get(part, {}).get("step", {}) for part in ("config", "options")]
    asked = {field for steps in told for field, _ in hassfest_rules.walk(steps) if ".data." in field and "interval" in field}
    if asked:
        yield from pace_problems(claims(integration)["appropriate-polling"])


def pace_problems(claim: Any) -> Iterator[str]:
    """Check the reason for letting users choose a pace, which the rule does not want: how slow and how fast it can get."""
    comment = claim.get("comment", "") if isinstance(claim, dict) else ""
    yield from wants(re.search(r"bounded to \d+ s", comment, re.IGNORECASE), "the pace can be chosen, and no bound is claimed")


@shows("brands")
def brings_its_pictures(integration: Integration) -> Iterator[str]:
    """Square icons of 256 and 512 pixels."""
    for name, size in (("icon.png", 256), ("icon@2x.png", 512)):
        head = (integration.path / "brand" / name).read_bytes()[:24]
        width, height = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
        yield from wants((width, height) == (size, size), f"brand/{name} is {width} x {height}")


@shows("common-modules")
def keeps_coordinators_and_base_entities_where_all_do(integration: Integration) -> Iterator[str]:
    """In ``coordinator.py`` and ``entity.py``, here or in the shared core."""
    for where, node in classes(reachable(integration.modules())):
        bases = " ".join(ast.unparse(base) for base in node.bases)
        if "DataUpdateCoordinator" in bases or "EnergyCoordinator" in bases.replace("CoordinatorEntity[EnergyCoordinator", ""):
            yield from wants("/coordinator.py:" in where, f"{where}: a coordinator in another file")
        if re.search(r"\bCoordinatorEntity\b", bases):
            yield from wants("/entity.py:" in where, f"{where}: a base entity in another file")


@shows("config-flow")
def is_set_up_in_the_ui(integration: Integration) -> Iterator[str]:
    """Each field is described, and nobody is asked for a name."""
    yield from wants(integration.manifest.get("config_flow") is True, "no config_flow in the manifest")
    for part in ("config", "options"):
        for name, step in texts(integration).get(part, {}).get("step", {}).items():
            for place in (step, *step.get("sections", {}).values()):
                yield from wants(
                    place.get("data", {}).keys() == place.get("data_description", {}).keys(), f"{part}.{name}: no descriptions"
                )
                yield from wants("name" not in place.get("data", {}), f"{part}.{name} asks for a name")


@shows("config-flow-test-coverage")
def covers_the_whole_flow(integration: Integration) -> Iterator[str]:
    """Each step, each error and each reason to abort is named by a test."""
    tested = "\n".join(module.source for module in modules_under(ROOT / "tests" / integration.domain))
    flow = texts(integration)["config"]
    for word in (*flow["step"], *flow["error"], *flow["abort"], "options"):
        yield from wants(re.search(rf"\b{word}\b", tested), f"no test of the flow says {word}")


@shows("dependency-transparency")
def brings_no_hidden_library(integration: Integration) -> Iterator[str]:
    """Only what PyPI has, pinned, and free."""
    for line in integration.manifest.get("requirements", []):
        yield from wants("==" in line and "://" not in line, f"{line} is not a pinned release")


@shows("entity-event-setup")
def entities_listen_while_they_are_there(integration: Integration) -> Iterator[str]:
    """From when they are added, and no longer than that."""
    found = [node for _, node in classes(reachable(integration.top())) if "async_added_to_hass" in ast.unparse(node)]
    yield from wants(found, "nobody listens")
    for node in found:
        methods = {each.name: calls(each) for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        early = {name for name in methods.get("__init__", ()) if name.startswith(("async_track", "async_listen", "listen"))}
        yield from wants(not early, f"{node.name} listens before it is added")
        yield from wants("async_on_remove" in methods["async_added_to_hass"], f"{node.name} listens for ever")


@shows("entity-unique-id")
def identifies_by_serial_number(integration: Integration) -> Iterator[str]:
    """Never by address or name."""
    for module in reachable(integration.modules()):
        for node in ast.walk(module.tree):
            told = isinstance(node, ast.Assign) and "_attr_unique_id" in ast.unparse(node.targets[0])
            asked = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("async_set_unique_id")
            if told or asked:
                said = ast.unparse(node)
                yield from wants(not re.search(r"\b(host|ip|title|name)\b", said), f"{module}:{node.lineno}: {said}")


@shows("has-entity-name")
def entities_have_names_of_their_own(integration: Integration) -> Iterator[str]:
    """Behind that of their device."""
    bases = [node for _, node in classes(reachable(integration.modules())) if "CoordinatorEntity" in ast.unparse(node)]
    yield from wants(bases, "no base entity")
    yield from wants(all("_attr_has_entity_name = True" in ast.unparse(node) for node in bases), "no _attr_has_entity_name")


@shows("runtime-data")
def keeps_its_state_with_the_entry(integration: Integration) -> Iterator[str]:
    """Typed, and nowhere else."""
    yield from wants("entry.runtime_data = " in integration.module("__init__.py").source, "runtime_data is not set")
    yield from wants(entry_alias(integration), "no type alias …ConfigEntry = ConfigEntry[…]")
    for module in integration.modules():
        yield from wants(not re.search(r"\bhass\.data\b", module.source), f"{module}: hass.data")


def entry_alias(integration: Integration) -> str | None:
    """Return the name of its own type of entry."""
    found = re.search(
        r"^type ([A-Za-z0-9]+ConfigEntry) = ConfigEntry\[\w+\]$",
        "\n".join(each.source for each in integration.top()),
        re.MULTILINE,
    )
    return found[1] if found else None


@shows("test-before-configure")
def looks_before_it_makes_an_entry(integration: Integration) -> Iterator[str]:
    """A flow that never shows an error never tried."""
    shown = [
        node
        for node in ast.walk(integration.module("config_flow.py").tree)
        if isinstance(node, ast.keyword) and node.arg == "errors"
    ]
    yield from wants(shown, "the flow shows no errors")
    yield from wants(texts(integration)["config"].get("error", {}).get("cannot_connect"), "no text for cannot_connect")


@shows("test-before-setup")
def looks_before_it_shows_entities(integration: Integration) -> Iterator[str]:
    """The first reading decides."""
    yield from wants(
        "async_config_entry_first_refresh" in calls(functions(integration.module("__init__.py"))["async_setup_entry"]),
        "no first refresh",
    )


@shows("unique-config-entry")
def is_set_up_once(integration: Integration) -> Iterator[str]:
    """The unique id of the entry is the unit's."""
    made = calls(integration.module("config_flow.py").tree)
    yield from wants({"async_set_unique_id", "_abort_if_unique_id_configured"} <= made, "the same unit could be added twice")


@shows("action-exceptions")
def actions_fail_aloud(integration: Integration) -> Iterator[str]:
    """Misuse and failure are different errors."""
    source = "\n".join(module.source for module in reachable(integration.top()))
    for kind in ("ServiceValidationError", "HomeAssistantError"):
        yield from wants(re.search(rf"\b{kind}\b", source), f"never raises {kind}")


@shows("config-entry-unloading")
def can_be_unloaded(integration: Integration) -> Iterator[str]:
    """Its platforms with it."""
    unload = functions(integration.module("__init__.py")).get("async_unload_entry")
    yield from wants(unload is not None and "async_unload_platforms" in calls(unload), "no async_unload_entry")


@shows("entity-unavailable")
def entities_say_when_they_know_nothing(integration: Integration) -> Iterator[str]:
    """A base entity that looks at more than the last poll."""
    bodies = "\n".join(
        ast.unparse(node) for _, node in classes(reachable(integration.top())) if "CoordinatorEntity" in ast.unparse(node)
    )
    yield from wants("def available" in bodies and "super().available" in bodies, "no availability")


@shows("integration-owner")
def has_an_owner(integration: Integration) -> Iterator[str]:
    """Whom to ask."""
    yield from wants(integration.manifest["codeowners"], "no code owner")


@shows("log-when-unavailable")
def logs_a_loss_and_a_return(integration: Integration) -> Iterator[str]:
    """Once each: Home Assistant's coordinator does, where its failures reach it."""
    yield from wants(
        "UpdateFailed" in "\n".join(each.source for each in reachable(integration.top())), "never raises UpdateFailed"
    )


@shows("parallel-updates")
def platforms_say_how_many_at_once(integration: Integration) -> Iterator[str]:
    """Each of them."""
    for platform in descriptions(integration):
        source = integration.module(f"{platform}.py").source
        yield from wants(re.search(r"^PARALLEL_UPDATES = [01]$", source, re.MULTILINE), f"{platform}.py: no PARALLEL_UPDATES")


@shows("reauthentication-flow")
def asks_for_new_credentials(integration: Integration) -> Iterator[str]:
    """When the old ones are refused, and of the same unit."""
    steps = functions(integration.module("config_flow.py"))
    yield from wants({"async_step_reauth", "async_step_reauth_confirm"} <= steps.keys(), "no step for it")
    source = "\n".join(module.source for module in reachable(integration.top()))
    yield from wants("ConfigEntryAuthFailed" in source, "never asked for")


@shows("test-coverage")
def measures_its_tests(integration: Integration) -> Iterator[str]:
    """Coverage is measured in each full run, branches too."""
    yield from wants("--cov" in (ROOT / "scripts/test").read_text(), "scripts/test does not measure")
    yield from wants(
        re.search(r"\[tool\.coverage\.run\]\nbranch = true", (ROOT / "pyproject.toml").read_text()), "branches do not count"
    )
    tested = {path.name for path in (ROOT / "tests" / integration.domain).rglob("test_*.py")}
    yield from wants(len(tested) > 2, "hardly any tests")


@shows("devices")
def devices_say_what_they_are(integration: Integration) -> Iterator[str]:
    """As much as the unit tells."""
    given = {
        each.arg
        for module in integration.top()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("DeviceInfo")
        for each in node.keywords
    }
    wanted = {"identifiers", "manufacturer", "model", "name", "serial_number", "sw_version"}
    yield from wants(wanted <= given, f"DeviceInfo lacks {sorted(wanted - given)}")


@shows("diagnostics")
def has_diagnostics(integration: Integration) -> Iterator[str]:
    """Of an entry, and without secrets."""
    yield from wants("async_get_config_entry_diagnostics" in functions(integration.module("diagnostics.py")), "no diagnostics")
    source = "\n".join(each.source for each in reachable([integration.module("diagnostics.py")]))
    yield from wants("async_redact_data" in source or "scrub(" in source, "nothing is redacted")


def discovery_keys(integration: Integration) -> set[str]:
    """Return by what Home Assistant discovers it."""
    return {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"} & integration.manifest.keys()


@shows("discovery")
def is_discovered(integration: Integration) -> Iterator[str]:
    """With a step for each way."""
    keys = discovery_keys(integration)
    yield from wants(keys, "the manifest tells of no way")
    steps = functions(integration.module("config_flow.py"))
    yield from (f"no async_step_{key}" for key in sorted(keys) if f"async_step_{key}" not in steps)


@shows("discovery-update-info")
def follows_a_unit_that_moves(integration: Integration) -> Iterator[str]:
    """A known unit at a new address changes its entry."""
    source = integration.module("config_flow.py").source
    yield from wants("async_update_entry(" in source or "_abort_if_unique_id_configured(updates" in source, "the address stays")
    dhcp = integration.manifest.get("dhcp", [])
    yield from wants({"registered_devices": True} in dhcp or "zeroconf" in integration.manifest, "nothing tells of a new address")


@shows("dynamic-devices")
def adds_what_appears_later(integration: Integration) -> Iterator[str]:
    """Entities are looked for after each poll."""
    platforms = "\n".join(integration.module(f"{name}.py").source for name in descriptions(integration))
    yield from wants("add_when_shown" in platforms or "async_add_listener" in platforms, "entities are added once only")


@shows("stale-devices")
def lets_go_of_what_is_gone(integration: Integration) -> Iterator[str]:
    """By itself or by hand."""
    yield from wants("async_remove_config_entry_device" in functions(integration.module("__init__.py")), "no way to remove it")


@shows("entity-category")
def entities_have_categories(integration: Integration) -> Iterator[str]:
    """Settings are configuration, and not everything is of first interest."""
    found = [each.entity_category for _, each in described(integration)]
    for category in EntityCategory:
        yield from wants(category in found, f"no entity is {category}")
    for platform, each in described(integration):
        if platform in {"sensor", "binary_sensor"} and each.entity_category is EntityCategory.CONFIG:
            yield f"{platform}.{each.key}: configuration that cannot be set"


@shows("entity-device-class")
def entities_have_device_classes(integration: Integration) -> Iterator[str]:
    """Wherever a unit leaves no doubt which."""
    units = {"W", "Wh", "kWh", "V", "A", "Hz", "°C", "VA", "var", "s", "min", "h", "d", "dBm"}
    for platform, each in described(integration):
        unit = getattr(each, "native_unit_of_measurement", None)
        if platform in {"sensor", "number"} and unit in units and each.device_class is None:
            yield f"{platform}.{each.key}: {unit}, but no device class"
        if platform == "sensor" and states(each) and each.device_class is not SensorDeviceClass.ENUM:
            yield f"sensor.{each.key}: known states, but no enumeration"


def states(description: Any) -> list[str]:
    """Return the states that a description lists."""
    return list(getattr(description, "options", None) or [])


@shows("entity-disabled-by-default")
def noisy_entities_are_off(integration: Integration) -> Iterator[str]:
    """Until somebody wants them."""
    yield from wants(not all(each.entity_registry_enabled_default for _, each in described(integration)), "everything is on")
    # What can be set stands still until somebody sets it.
    found = [each for platform, each in described(integration) if platform != "number"]
    busy = {SensorDeviceClass.VOLTAGE, SensorDeviceClass.CURRENT, SensorDeviceClass.SIGNAL_STRENGTH, SensorDeviceClass.FREQUENCY}
    on = [each.key for each in found if each.entity_registry_enabled_default and each.device_class in busy]
    yield from wants(len(on) <= 2, f"many values that always move are on: {on}")


@shows("entity-translations")
def entities_are_named_by_translations(integration: Integration) -> Iterator[str]:
    """All of them, and none in code."""
    for platform, each in described(integration):
        yield from wants(each.translation_key, f"{platform}.{each.key}: no translation_key")
        yield from wants(not isinstance(each.name, str), f"{platform}.{each.key}: a name in code")


@shows("exception-translations")
def errors_are_translated(integration: Integration) -> Iterator[str]:
    """None of Home Assistant's is raised in one language."""
    kinds = (
        "HomeAssistantError",
        "ServiceValidationError",
        "ConfigEntryNotReady",
        "ConfigEntryAuthFailed",
        "ConfigEntryError",
        "UpdateFailed",
    )
    for module in reachable(integration.modules()):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) in kinds:
                given = {each.arg for each in node.exc.keywords}
                yield from wants({"translation_domain", "translation_key"} <= given, f"{module}:{node.lineno}: not translated")


@shows("icon-translations")
def icons_are_where_they_belong(integration: Integration) -> Iterator[str]:
    """Each entity has one, of its device class or its own, and none in code."""
    icons = json.loads((integration.path / "icons.json").read_text())["entity"]
    for platform, each in described(integration):
        of_class = each.device_class not in (None, SensorDeviceClass.ENUM)
        yield from wants(of_class or each.translation_key in icons.get(platform, {}), f"{platform}.{each.key}: no icon")
        yield from wants(each.icon is None, f"{platform}.{each.key}: an icon in code")
    for module in integration.modules():
        yield from wants("_attr_icon" not in module.source, f"{module}: an icon in code")


@shows("reconfiguration-flow")
def can_be_reconfigured(integration: Integration) -> Iterator[str]:
    """In place, and only for the same unit."""
    steps = functions(integration.module("config_flow.py"))
    yield from wants("async_step_reconfigure" in steps, "no step for it")
    yield from wants("async_update_reload_and_abort" in calls(integration.module("config_flow.py").tree), "nothing is reloaded")


@shows("repair-issues")
def repairs_are_raised_and_cleared(integration: Integration) -> Iterator[str]:
    """What is mended goes away by itself."""
    made = set().union(*(calls(module.tree) for module in integration.top()))
    yield from wants("async_create_issue" in made, "no repair")
    yield from wants("async_delete_issue" in made, "a repair that stays for ever")


@shows("async-dependency")
def never_blocks(integration: Integration) -> Iterator[str]:
    """No library, and nothing of the standard one, that waits for a network."""
    for module in reachable(integration.modules()):
        for each in module.imports():
            yield from wants(
                each.top not in {"requests", "socket", "http", "urllib3", "httpx", "pymodbus"},
                f"{module}:{each.line}: {each.target}",
            )
            yield from wants(each.target != "urllib.request", f"{module}:{each.line}: {each.target}")
        yield from wants("sleep" not in calls(module.tree) or "time.sleep" not in module.source, f"{module}: sleeps")


@shows("inject-websession")
def uses_the_session_of_home_assistant(integration: Integration) -> Iterator[str]:
    """And opens none of its own."""
    source = "\n".join(module.source for module in integration.top())
    yield from wants(re.search(r"async_(get|create)_clientsession\(", source), "takes no session")
    for module in reachable(integration.modules()):
        yield from wants("ClientSession" not in calls(module.tree), f"{module}: opens a session")


@shows("strict-typing")
def is_strictly_typed(integration: Integration) -> Iterator[str]:
    """Mypy is strict, requirements are typed, and whoever gets an entry says of which kind."""
    yield from wants(
        re.search(r"\[tool\.mypy\][^[]*\nstrict = true", (ROOT / "pyproject.toml").read_text()), "mypy is not strict"
    )
    yield from wants(not integration.manifest.get("requirements"), "a requirement: show that it has py.typed")
    alias = entry_alias(integration)
    for name in ("__init__.py", "diagnostics.py", *(f"{platform}.py" for platform in descriptions(integration))):
        for function in functions(integration.module(name)).values():
            for argument in function.args.args:
                if argument.arg in {"entry", "config_entry"}:
                    kind = ast.unparse(argument.annotation) if argument.annotation else None
                    yield from wants(kind == alias, f"{name}: {function.name} takes {kind}")


# Documents


def texts(integration: Integration) -> dict[str, Any]:
    """Return its English texts."""
    return integration.json("translations/en.json")


def pages(integration: Integration) -> list[Path]:
    """Return the documents that speak of it: one page for its device, and the front page."""
    return [*(ROOT / "docs" / f"{folder.name}.md" for folder in integration.device_folders), ROOT / "README.md"]


def headings(markdown: str) -> list[str]:
    """Return the headings of a document that have something below them."""
    prose = re.sub(r"```.*?```", "code", markdown, flags=re.DOTALL)
    found = re.split(r"^(#{1,4} .+)$", prose, flags=re.MULTILINE)
    return [title.lstrip("# ") for title, below in zip(found[1::2], found[2::2], strict=True) if below.strip()]


def told(rule: str) -> Check:
    """Return the check that a heading is about the subject of a rule."""

    def check(integration: Integration) -> Iterator[str]:
        found = [title for page in pages(integration) for title in headings(page.read_text(encoding="utf-8"))]
        yield from wants(
            any(re.search(HEADINGS[rule], title, re.IGNORECASE) for title in found), f"no heading like {HEADINGS[rule]}"
        )
        page = pages(integration)[0].read_text(encoding="utf-8").lower()
        for word in words_told(integration, rule):
            yield from wants(word.lower() in page, f"{pages(integration)[0].name} does not mention {word!r}")

    return check


def words_told(integration: Integration, rule: str) -> set[str]:
    """Return what a page must mention for a rule: every action with its fields, every field of a form by its label."""
    english = texts(integration)
    match rule:
        case "docs-actions":
            fields = {field for action in english.get("services", {}).values() for field in action.get("fields", {})}
            return {f"{integration.domain}.{action}" for action in english.get("services", {})} | fields
        case "docs-installation-parameters":
            return labels(english["config"]["step"]["user"])
        case "docs-configuration-parameters":
            return labels(english["options"]["step"]["init"])
        case "docs-supported-devices":
            return set(english.get("selector", {}).get("model", {}).get("options", {}).values())
    return set()


def labels(step: dict[str, Any]) -> set[str]:
    """Return the labels of the fields of a step, folded ones too."""
    return {label for place in (step, *step.get("sections", {}).values()) for label in place.get("data", {}).values()}


for _rule in HEADINGS:
    CHECKS[_rule] = told(_rule)


@shows("docs-high-level-description")
def documents_begin_with_what_it_is(integration: Integration) -> Iterator[str]:
    """And where its maker is found."""
    page = pages(integration)[0].read_text(encoding="utf-8")
    yield from wants(len(page.partition("\n")[2].partition("\n## ")[0].strip()) > 100, "no introduction")
    yield from wants("https://" in page, "no link to the maker")


# What refutes an exemption

REFUTED_BY: dict[str, Callable[[Integration], object]] = {
    "action-setup": lambda each: each.has("services.yaml"),
    "docs-actions": lambda each: each.has("services.yaml"),
    "action-exceptions": lambda each: each.has("services.yaml") or "button" in descriptions(each),
    "docs-conditions": lambda each: each.has("conditions.yaml") or each.has("condition.py"),
    "docs-triggers": lambda each: any(each.has(name) for name in ("triggers.yaml", "trigger.py", "device_trigger.py")),
    "docs-configuration-parameters": lambda each: "options" in texts(each),
    "entity-event-setup": lambda each: any("async_added_to_hass" in functions(module) for module in reachable(each.top())),
    "reauthentication-flow": lambda each: "password" in json.dumps(texts(each)["config"]["step"]),
    "discovery": discovery_keys,
    "discovery-update-info": discovery_keys,
    "dynamic-devices": lambda each: "parent_device_id" in "".join(module.source for module in each.top()),
    "stale-devices": lambda each: "parent_device_id" in "".join(module.source for module in each.top()),
    "repair-issues": lambda each: texts(each).get("issues"),
    "inject-websession": lambda each: "ClientSession" in "".join(module.source for module in each.modules()),
    "exception-translations": lambda each: texts(each).get("exceptions"),
    "reconfiguration-flow": lambda each: "reconfigure" in texts(each)["config"]["step"],
}


@EACH
@pytest.mark.parametrize("rule", RULES)
def test_a_claim_is_true(integration: Integration, rule: str) -> None:
    """Done means that it shows; exempt means that nothing speaks against it."""
    if status(claims(integration)[rule]) == "exempt":
        assert rule in REFUTED_BY
        assert not REFUTED_BY[rule](integration)
        return
    problems = list(CHECKS[rule](integration))
    assert not problems, "\n" + "\n".join(problems)


def test_every_rule_can_be_judged() -> None:
    """By a check, or by what refutes an exemption."""
    assert RULES.keys() == CHECKS.keys() | {"docs-conditions"}
    assert RULES.keys() >= NEVER_EXEMPT
    assert REFUTED_BY.keys() <= RULES.keys()


# Negative controls: an integration that has next to nothing passes next to nothing


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Integration:
    """An integration with all its files and nothing in them that counts."""
    path = COMPONENTS / "shell"
    folder = tmp_path_factory.mktemp("custom_components") / path.name
    folder.mkdir()
    for name in ("__init__.py", "config_flow.py", "coordinator.py", "const.py", "sensor.py"):
        (folder / name).write_text('"""Nothing."""\n\nasync def async_setup_entry(hass, entry): ...\n')
    (folder / "diagnostics.py").write_text('"""Nothing."""\n')
    (folder / "manifest.json").write_text('{"codeowners": [], "iot_class": "local_polling", "requirements": ["sample>=1"]}')
    (folder / "icons.json").write_text('{"entity": {}}')
    (folder / "translations").mkdir()
    step = {"data": {"host": "Host", "name": "Name"}}
    flow = {"step": {"user": step}, "error": {"never_tested": "?"}, "abort": {}}
    (folder / "translations/en.json").write_text(json.dumps({"config": flow, "options": {"step": {"init": step}}}))
    (folder / "brand").mkdir()
    for name in ("icon.png", "icon@2x.png"):
        (folder / "brand" / name).write_bytes(b"\x89PNG" + bytes(30))
    return Integration(folder)


# What an empty shell does not do wrong, because it does nothing, and the sources that do it wrong.
BAD_SOURCES = {
    "common-modules": ("sensor.py", "class Base(CoordinatorEntity): ..."),
    "entity-unique-id": ("sensor.py", "self._attr_unique_id = f'{entry.data[host]}_{self.name}'"),
    "exception-translations": ("sensor.py", "raise HomeAssistantError('no')"),
    "async-dependency": ("sensor.py", "import requests"),
}


@pytest.mark.parametrize("rule", sorted(CHECKS.keys() - HEADINGS.keys() - {"docs-high-level-description", "test-coverage"}))
def test_a_check_can_fail(shell: Integration, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell fails each of them, alone or with a bad line added."""
    bare = SimpleNamespace(
        key="power",
        name="Power",
        icon="mdi:home",
        translation_key=None,
        device_class=None,
        entity_category=None,
        native_unit_of_measurement="W",
        entity_registry_enabled_default=True,
    )
    monkeypatch.setattr("tests.test_quality_scale.descriptions", lambda _: {"sensor": [bare]})
    modules = [Module(path.relative_to(shell.path.parent), path.read_text()) for path in sorted(shell.path.glob("*.py"))]
    if rule in BAD_SOURCES:
        name, source = BAD_SOURCES[rule]
        modules = [Module(each.path, source if each.path.name == name else each.source) for each in modules]
    monkeypatch.setattr(Integration, "modules", lambda _: modules)
    monkeypatch.setattr(Integration, "top", lambda _: modules)
    monkeypatch.setattr(Integration, "module", lambda _, name: next(each for each in modules if each.path.name == name))
    assert list(CHECKS[rule](shell))


@pytest.mark.parametrize("rule", sorted(HEADINGS))
def test_a_document_without_the_heading_is_refused(rule: str) -> None:
    """Words in prose or code, and a heading with nothing below it, do not count."""
    told_in_code = (
        "# Titan\n\nText.\n\n```yaml\n# Actions, install, remove, options, update, example\n```\n\n## Weather\n\nText.\n"
    )
    assert not any(re.search(HEADINGS[rule], title, re.IGNORECASE) for title in headings(told_in_code))
    assert headings("## Actions\n\n## Options\n\nText.\n") == ["Options"]
