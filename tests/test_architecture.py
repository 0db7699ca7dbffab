"""The architecture, enforced: who may import whom, and the shape of every file.

Each rule takes one module and yields what is wrong with it. Each is proven by a sample that it must
refuse (``BAD``). Folders are found, not listed: a new sibling is covered as soon as it exists.
"""

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
import re
import sys

from homeassistant.const import Platform
import pytest

from tests.source_tree import COMPONENTS, ROOT, Integration, Module, edges, integrations, modules_under

type Rule = Callable[[Module], Iterator[str]]

CORE = "custom_components.energy_core"
# What an integration of Home Assistant brings along for those that depend on it.
BROUGHT_BY = {"modbus": {"modbus_connection"}}
# The only files of the core that may use a library, and which.
CORE_LIBRARIES = {"http": {"aiohttp", "yarl", "orjson"}, "tokens": {"jwt"}}
SIMULATOR_LIBRARIES = {"aiohttp", "yarl", "pymodbus", "tmodbus", "jwt", "cryptography"}
# Words that only a sibling may say.
VENDORS = re.compile(
    r"\b(titan|izypower|indevolt|igen|solarman|v2c|trydan|enphase|envoy|enlighten|iq ?gateway|iq ?battery|ems2?v?1)\b",
    re.IGNORECASE,
)
# Platforms whose entities command the device.
PRESSED = {"button", "update"}
PLATFORM_NAMES = {platform.value for platform in Platform}

MAX_FUNCTION, MAX_DECLARATION = 40, 60
MAX_FILE, MAX_TABLE = 300, 600
TABLES = ("points.py", "sensor.py", "codes.py", "tables.py")
MUTABLE_TYPES = {"dict", "list", "set", "defaultdict", "deque", "OrderedDict", "Counter", "WeakKeyDictionary", "Lock", "Event"}
# Where an entity or coordinator is told that it comes or goes.
HOOKS = {"async_added_to_hass", "async_will_remove_from_hass", "async_shutdown"}
MUTATORS = {"append", "add", "update", "extend", "insert", "setdefault", "pop", "popitem", "clear", "remove", "discard"}

OURS = modules_under(COMPONENTS)
SIMULATORS = modules_under(ROOT / "simulators")
DEMO = modules_under(ROOT / "demo")
EVERYTHING = [*OURS, *SIMULATORS, *DEMO]


def zone(module: Module) -> str:
    """Return which part of the architecture a file belongs to."""
    match module.path.parts:
        case ("custom_components", "energy_core", "ha", *_):
            return "core_ha"
        case ("custom_components", "energy_core", *_):
            return "core"
        case ("custom_components", _, _):
            return "sibling"
        case ("custom_components", _, _, *_):
            return "device"
        case (top, *_):
            return top
    raise AssertionError


def in_zone(name: str) -> list[Module]:
    """Return the files of one part."""
    return [module for module in OURS if zone(module) == name]


def libraries(module: Module) -> set[str]:
    """Return the libraries that the manifest of a sibling entitles it to."""
    known = {each.domain: each for each in integrations()}
    sibling = known.get(module.path.parts[1])
    if sibling is None:
        return set()
    required = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in sibling.manifest.get("requirements", [])}
    return required.union(*(BROUGHT_BY.get(name, set()) for name in sibling.manifest.get("dependencies", [])))


# Rules about imports


def imports_what_its_place_allows(module: Module) -> Iterator[str]:
    """Every import follows an arrow of the architecture."""
    allowed = {"core": _core, "core_ha": _core_ha, "sibling": _sibling, "device": _device}[zone(module)]
    for each in module.imports():
        ours = each.top == "custom_components"
        if ours and not each.level:
            yield f"{each.line}: {each.target}: ours are imported relatively, the release build relies on it"
        elif ours:
            if not allowed(module, f"{each.target}.{each.name}", ours=True):
                yield f"{each.line}: {each.target}.{each.name}: no arrow of the architecture leads there"
        elif each.top not in sys.stdlib_module_names and not allowed(module, each.target, ours=False):
            yield f"{each.line}: {each.target}: this library is not for this place"


def _within(target: str, package: str) -> bool:
    return target == package or target.startswith(f"{package}.")


def _core(module: Module, target: str, *, ours: bool) -> bool:
    if ours:
        return _within(target, CORE) and not _within(target, f"{CORE}.ha")
    return target.partition(".")[0] in CORE_LIBRARIES.get(module.path.stem, set())


def _core_ha(_module: Module, target: str, *, ours: bool) -> bool:
    return _within(target, CORE) if ours else target.partition(".")[0] in {"homeassistant", "probatio"}


def _sibling(module: Module, target: str, *, ours: bool) -> bool:
    if ours:
        own = ".".join(module.package)
        return _within(target, own) or (_within(target, CORE) and not _within(target, f"{CORE}.http"))
    return target.partition(".")[0] in {"homeassistant", "probatio"} | libraries(module)


def _device(module: Module, target: str, *, ours: bool) -> bool:
    if ours:
        own = ".".join(module.package)
        return _within(target, own) or (_within(target, CORE) and not _within(target, f"{CORE}.ha"))
    if target.partition(".")[0] == "aiohttp":
        # A wire that speaks HTTP names the session that it hands to the core's door, which alone opens it.
        return any(_within(each.target, f"{CORE}.http") for each in module.imports())
    return target.partition(".")[0] in libraries(module)


def simulator_shares_nothing_with_us(module: Module) -> Iterator[str]:
    """A mistake that both sides share would hide itself."""
    for each in module.imports():
        known = each.level or each.top in sys.stdlib_module_names or each.top == "simulators" or each.top in SIMULATOR_LIBRARIES
        if not known or (each.level and each.top != "simulators"):
            yield f"{each.line}: a simulator imports {each.target}"


def loads_no_module_by_name(module: Module) -> Iterator[str]:
    """An import that ``ast`` cannot see would pass every other rule."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"import_module", "__import__"}:
            yield f"{node.lineno}: imports by name"


def cycles(modules: list[Module]) -> list[str]:
    """Return each way that leads from a module back to itself."""
    known = {module.dotted: module for module in modules}
    graph = {name: sorted(edges(module, known)) for name, module in known.items()}
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append(" → ".join([*trail[trail.index(name) :], name]))
        elif name not in done:
            for target in graph[name]:
                visit(target, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])
    return found


# Rules about shape


def is_short_enough(module: Module) -> Iterator[str]:
    """A file that needs more is two files; tables of points may be longer."""
    lines, limit = len(module.source.splitlines()), MAX_TABLE if module.path.name in TABLES else MAX_FILE
    if lines > limit:
        yield f"1: {lines} lines, more than {limit}"


def has_short_functions(module: Module) -> Iterator[str]:
    """A function that does something fits on a screen; one that only declares may be longer."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            acts = any(
                isinstance(each, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.With | ast.AsyncWith | ast.Match)
                for each in ast.walk(node)
            )
            limit = MAX_FUNCTION if acts else MAX_DECLARATION
            if length > limit:
                yield f"{node.lineno}: {node.name} has {length} lines, more than {limit}"


def says_what_it_promises(module: Module) -> Iterator[str]:
    """Each module, class and public function has a docstring."""
    if not ast.get_docstring(module.tree):
        yield "1: the module has no docstring"
    for scope in ast.walk(module.tree):
        if not isinstance(scope, ast.Module | ast.ClassDef):
            continue
        for node in scope.body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or ast.get_docstring(node):
                continue
            overload = any(ast.unparse(each).endswith(("overload", ".setter")) for each in node.decorator_list)
            if not isinstance(node, ast.ClassDef) and (node.name.startswith("_") or overload):
                continue
            yield f"{node.lineno}: {node.name} has no docstring"


def catches_what_it_can_name(module: Module) -> Iterator[str]:
    """``except Exception`` hides bugs; the last resort of a config flow is the one exception."""
    allowed = 1 if module.path.name == "config_flow.py" else 0
    for node in ast.walk(module.tree):
        broad = isinstance(node, ast.ExceptHandler) and (node.type is None or _is_broad(node.type))
        suppressed = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress") and any(map(_is_broad, node.args))
        if broad and allowed:
            allowed -= 1
        elif broad or suppressed:
            yield f"{node.lineno}: catches everything"


def _is_broad(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id in {"Exception", "BaseException"} for each in ast.walk(node))


def passes_over_nothing(module: Module) -> Iterator[str]:
    """``pass`` is either needless or hides something."""
    yield from (f"{node.lineno}: pass" for node in ast.walk(module.tree) if isinstance(node, ast.Pass))


def keeps_nothing_in_hass_data(module: Module) -> Iterator[str]:
    """What an entry needs lives in its ``runtime_data``."""
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "data"
            and ast.unparse(node.value).split(".")[-1] in {"hass", "_hass"}
        ):
            yield f"{node.lineno}: hass.data"


def leaves_annotations_to_python(module: Module) -> Iterator[str]:
    """Python 3.14 evaluates annotations lazily."""
    yield from (f"{each.line}: from __future__" for each in module.imports() if each.target == "__future__")


def logs_or_raises(module: Module) -> Iterator[str]:
    """Who raises leaves the logging to who catches."""
    for node in ast.walk(module.tree):
        for first, second in _neighbours(node):
            call = first.value.func if isinstance(first, ast.Expr) and isinstance(first.value, ast.Call) else None
            shouts = isinstance(call, ast.Attribute) and call.attr in {"warning", "error", "exception", "critical"}
            if shouts and "logger" in ast.unparse(call).lower() and isinstance(second, ast.Raise):
                yield f"{second.lineno}: logs and raises"


def _neighbours(node: ast.AST) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield from pairwise(block)


def has_no_state_of_its_own(module: Module) -> Iterator[str]:
    """Each sibling carries a copy of the core: what a module remembered would be remembered several times, or not at all."""
    constants: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
            literal = isinstance(node.value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp)
            made = isinstance(node.value, ast.Call) and ast.unparse(node.value.func).rpartition(".")[2] in MUTABLE_TYPES
            constants |= names
            if made or (literal and not all(name.isupper() for name in names)):
                yield f"{node.lineno}: {', '.join(sorted(names))} can change"
    for inner in ast.walk(module.tree):
        if isinstance(inner, ast.Global):
            yield f"{inner.lineno}: global"
        for name in _changed(inner) & constants:
            yield f"{getattr(inner, 'lineno', 0)}: changes {name}"
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            cached = (ast.unparse(each).partition("(")[0].rpartition(".")[2] for each in inner.decorator_list)
            if {"cache", "lru_cache", "singleton"} & set(cached):
                yield f"{inner.lineno}: {inner.name} remembers its results"


def _changed(node: ast.AST) -> set[str]:
    """Return the module-level names that a statement changes in place."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        return {node.func.value.id} if isinstance(node.func.value, ast.Name) else set()
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del) and isinstance(node.value, ast.Name):
        return {node.value.id}
    return set()


def names_no_vendor(module: Module) -> Iterator[str]:
    """What names a vendor belongs to its sibling, in code and in comments."""
    for number, line in enumerate(module.source.splitlines(), start=1):
        yield from (f"{number}: says {found[0]!r}" for found in VENDORS.finditer(line.replace("_", " ")))


def lists_its_platforms_in_order(module: Module) -> Iterator[str]:
    """``PLATFORMS`` is sorted and names exactly the platform files that stand beside it."""
    for node in module.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and ast.unparse(target) == "PLATFORMS":
            listed = [ast.unparse(each).rpartition(".")[2].lower() for each in node.value.elts]  # type: ignore[union-attr]
            beside = sorted(path.stem for path in (ROOT / module.path).parent.glob("*.py") if path.stem in PLATFORM_NAMES)
            if listed != sorted(listed):
                yield f"{node.lineno}: PLATFORMS is not sorted"
            if sorted(listed) != beside:
                yield f"{node.lineno}: PLATFORMS is {listed}, the files are {beside}"
            return
    yield "1: no PLATFORMS"


def says_how_many_updates_run_at_once(module: Module) -> Iterator[str]:
    """What is pressed is done one after the other; values must not queue, where the newest could not overtake them."""
    wanted = 1 if module.path.stem in PRESSED else 0
    found = [
        node for node in module.tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PARALLEL_UPDATES"
    ]
    if not found:
        yield "1: no PARALLEL_UPDATES"
    elif ast.unparse(found[0].value) != str(wanted):
        yield f"{found[0].lineno}: PARALLEL_UPDATES is not {wanted}"


def lets_home_assistant_do_its_part(module: Module) -> Iterator[str]:
    """A hook of an entity or coordinator that is not passed on cuts off whatever a base class does in it."""
    for scope in ast.walk(module.tree):
        for node in scope.body if isinstance(scope, ast.ClassDef) and scope.bases else ():
            if isinstance(node, ast.AsyncFunctionDef) and node.name in HOOKS and f"super().{node.name}(" not in ast.unparse(node):
                yield f"{node.lineno}: {node.name} does not call that of its base"


def raises_what_callers_can_know(module: Module) -> Iterator[str]:
    """Errors of a library end where the library is used: ours, Home Assistant's and Python's go further."""
    foreign = {
        (each.name or each.target).partition(".")[0]: each.target
        for each in module.imports()
        if not each.level and each.top not in sys.stdlib_module_names | {"homeassistant", "probatio", "custom_components"}
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(raised).partition(".")[0]
            if name in foreign:
                yield f"{node.lineno}: raises {ast.unparse(raised)} of {foreign[name]}"


def writes_micro_as_home_assistant_does(module: Module) -> Iterator[str]:
    """There are two signs that look alike; units compare equal with the Greek letter only."""
    yield from (f"{number}: U+00B5" for number, line in enumerate(module.source.splitlines(), start=1) if "\u00b5" in line)


def asks_home_assistant_to_set_up(module: Module) -> Iterator[str]:
    """A test that calls our set-up or makes a coordinator itself tests something that no user has."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in {"async_setup_entry", "async_unload_entry"} or re.fullmatch(r"[A-Z]\w*Coordinator", name):
                yield f"{node.lineno}: calls {name} itself"


# The files that each rule is for

SIBLING_TESTS = [module for each in integrations() for module in modules_under(ROOT / "tests" / each.domain)]
PLATFORM_FILES = [module for module in in_zone("sibling") if module.path.stem in PLATFORM_NAMES]
CORE_FILES = [*in_zone("core"), *in_zone("core_ha")]
SHIPPED = [module for module in OURS if module.path.parts[1:] != ("__init__.py",)]
RULES: list[tuple[Rule, list[Module]]] = [
    (imports_what_its_place_allows, SHIPPED),
    (simulator_shares_nothing_with_us, SIMULATORS),
    (loads_no_module_by_name, [*OURS, *SIMULATORS]),
    (is_short_enough, EVERYTHING),
    (has_short_functions, EVERYTHING),
    (says_what_it_promises, EVERYTHING),
    (catches_what_it_can_name, EVERYTHING),
    (passes_over_nothing, EVERYTHING),
    (keeps_nothing_in_hass_data, OURS),
    (leaves_annotations_to_python, EVERYTHING),
    (logs_or_raises, EVERYTHING),
    (has_no_state_of_its_own, CORE_FILES),
    (names_no_vendor, CORE_FILES),
    (lists_its_platforms_in_order, [each.module("__init__.py") for each in integrations()]),
    (says_how_many_updates_run_at_once, PLATFORM_FILES),
    (lets_home_assistant_do_its_part, OURS),
    (raises_what_callers_can_know, OURS),
    (writes_micro_as_home_assistant_does, EVERYTHING),
    (asks_home_assistant_to_set_up, SIBLING_TESTS),
]


def found_by(rule: Rule, modules: list[Module]) -> list[str]:
    """Return what ``rule`` finds, each with its file and line."""
    return list(dict.fromkeys(f"{module}:{problem}" for module in modules for problem in rule(module)))


@pytest.mark.parametrize(("rule", "modules"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_every_module_obeys(rule: Rule, modules: list[Module]) -> None:
    """Each file that a rule is for obeys it, and there is at least one."""
    assert modules
    problems = found_by(rule, modules)
    assert not problems, "\n".join(problems)


def test_no_import_leads_back_to_where_it_started() -> None:
    """Modules form layers."""
    assert cycles(OURS) == []
    assert cycles(SIMULATORS) == []
    assert cycles(DEMO) == []


def test_the_core_is_a_plain_package() -> None:
    """It has sources, what it serves the browser, and nothing that Home Assistant would take for an integration."""
    core = COMPONENTS / "energy_core"
    other = (path for path in core.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})
    assert {path.parent for path in other} == {core / "ha" / "frontend"}


@pytest.mark.parametrize("integration", integrations(), ids=str)
def test_a_sibling_has_a_folder_for_its_device(integration: Integration) -> None:
    """What knows the device can be tested without Home Assistant."""
    assert len(integration.device_folders) == 1


# Negative controls: each rule refuses what it is there to refuse

CORE_FILE = "custom_components/energy_core/sample.py"
HA_FILE = "custom_components/energy_core/ha/sample.py"
SIBLING_FILE = "custom_components/titan_izypower/sample.py"
DEVICE_FILE = "custom_components/titan_izypower/titan/sample.py"
BAD: list[tuple[Rule, str, str]] = [
    (imports_what_its_place_allows, CORE_FILE, "import homeassistant"),
    (imports_what_its_place_allows, CORE_FILE, "import aiohttp"),
    (imports_what_its_place_allows, CORE_FILE, "from .ha import entity"),
    (imports_what_its_place_allows, CORE_FILE, "from . import ha"),
    (imports_what_its_place_allows, CORE_FILE, "from ..titan_izypower import const"),
    (imports_what_its_place_allows, "custom_components/energy_core/http.py", "import jwt"),
    (imports_what_its_place_allows, "custom_components/energy_core/tokens.py", "import aiohttp"),
    (imports_what_its_place_allows, HA_FILE, "from aiohttp import web"),
    (imports_what_its_place_allows, HA_FILE, "from ...titan_izypower.const import DOMAIN"),
    (imports_what_its_place_allows, SIBLING_FILE, "from ..v2c_cloud.const import DOMAIN"),
    (imports_what_its_place_allows, SIBLING_FILE, "from .. import v2c_cloud"),
    (imports_what_its_place_allows, SIBLING_FILE, "from custom_components.energy_core.points import Point"),
    (imports_what_its_place_allows, SIBLING_FILE, "import aiohttp"),
    (imports_what_its_place_allows, SIBLING_FILE, "from ..energy_core.http import request_json"),
    (imports_what_its_place_allows, SIBLING_FILE, "import voluptuous"),
    (imports_what_its_place_allows, SIBLING_FILE, "def f():\n    from simulators import house"),
    (imports_what_its_place_allows, DEVICE_FILE, "from homeassistant.core import HomeAssistant"),
    (imports_what_its_place_allows, DEVICE_FILE, "from ...energy_core.ha import entity"),
    (imports_what_its_place_allows, DEVICE_FILE, "from ..const import DOMAIN"),
    (imports_what_its_place_allows, DEVICE_FILE, "from aiohttp import ClientSession"),
    (imports_what_its_place_allows, DEVICE_FILE, "import pymodbus"),
    (simulator_shares_nothing_with_us, "simulators/sample.py", "from custom_components.energy_core import points"),
    (simulator_shares_nothing_with_us, "simulators/sample.py", "from demo import client"),
    (simulator_shares_nothing_with_us, "simulators/sample.py", "import tests.conftest"),
    (simulator_shares_nothing_with_us, "simulators/sample.py", "from ..custom_components import energy_core"),
    (simulator_shares_nothing_with_us, "simulators/sample.py", "import homeassistant.core"),
    (loads_no_module_by_name, CORE_FILE, "import importlib\nimportlib.import_module('homeassistant')"),
    (is_short_enough, CORE_FILE, "\n" * 301),
    (is_short_enough, "custom_components/titan_izypower/titan/points.py", "\n" * 601),
    (has_short_functions, CORE_FILE, "def f(x):\n    if x:\n" + "        x += 1\n" * 40),
    (has_short_functions, CORE_FILE, "def f(x):\n" + "    x.y = 1\n" * 61),
    (says_what_it_promises, CORE_FILE, "X = 1"),
    (says_what_it_promises, CORE_FILE, '"""Doc."""\nclass A:\n    x = 1'),
    (says_what_it_promises, CORE_FILE, '"""Doc."""\nclass A:\n    """Doc."""\n    async def run(self): ...'),
    (catches_what_it_can_name, CORE_FILE, "try:\n    f()\nexcept Exception:\n    g()"),
    (catches_what_it_can_name, CORE_FILE, "try:\n    f()\nexcept:\n    g()"),
    (catches_what_it_can_name, CORE_FILE, "try:\n    f()\nexcept (ValueError, BaseException):\n    g()"),
    (catches_what_it_can_name, CORE_FILE, "with contextlib.suppress(Exception):\n    f()"),
    (
        catches_what_it_can_name,
        "custom_components/titan_izypower/config_flow.py",
        "try:\n    f()\nexcept Exception:\n    g()\ntry:\n    f()\nexcept Exception:\n    g()",
    ),
    (passes_over_nothing, CORE_FILE, "def f():\n    pass"),
    (keeps_nothing_in_hass_data, SIBLING_FILE, "hass.data[DOMAIN] = 1"),
    (keeps_nothing_in_hass_data, SIBLING_FILE, "x = self.hass.data"),
    (leaves_annotations_to_python, CORE_FILE, "from __future__ import annotations"),
    (logs_or_raises, CORE_FILE, "def f(self):\n    self.logger.error('x')\n    raise ValueError"),
    (logs_or_raises, CORE_FILE, "try:\n    f()\nexcept ValueError:\n    _LOGGER.warning('x')\n    raise"),
    (has_no_state_of_its_own, CORE_FILE, "cache = {}"),
    (has_no_state_of_its_own, CORE_FILE, "SEEN: list[str] = list()"),
    (has_no_state_of_its_own, CORE_FILE, "SEEN = {}\ndef f():\n    SEEN['a'] = 1"),
    (has_no_state_of_its_own, CORE_FILE, "SEEN = set()\n"),
    (has_no_state_of_its_own, CORE_FILE, "NAMES = ['a']\ndef f():\n    NAMES.append('b')"),
    (has_no_state_of_its_own, CORE_FILE, "def f():\n    global x\n    x = 1"),
    (has_no_state_of_its_own, CORE_FILE, "@functools.lru_cache(1)\ndef f(): ..."),
    (names_no_vendor, CORE_FILE, "# as the Envoy does"),
    (names_no_vendor, CORE_FILE, "titan_power = 1"),
    (
        lists_its_platforms_in_order,
        "custom_components/titan_izypower/__init__.py",
        "PLATFORMS = [Platform.SENSOR, Platform.BUTTON]",
    ),
    (lists_its_platforms_in_order, "custom_components/titan_izypower/__init__.py", "X = 1"),
    (says_how_many_updates_run_at_once, "custom_components/titan_izypower/sensor.py", "X = 1"),
    (says_how_many_updates_run_at_once, "custom_components/titan_izypower/sensor.py", "PARALLEL_UPDATES = 1"),
    (says_how_many_updates_run_at_once, "custom_components/titan_izypower/number.py", "PARALLEL_UPDATES = 1"),
    (says_how_many_updates_run_at_once, "custom_components/titan_izypower/button.py", "PARALLEL_UPDATES = 0"),
    (lets_home_assistant_do_its_part, SIBLING_FILE, "class A(B):\n    async def async_added_to_hass(self):\n        f()"),
    (
        lets_home_assistant_do_its_part,
        SIBLING_FILE,
        "class A(B):\n    async def async_will_remove_from_hass(self):\n        await super().async_added_to_hass()",
    ),
    (raises_what_callers_can_know, "custom_components/energy_core/http.py", "import aiohttp\nraise aiohttp.ClientError"),
    (raises_what_callers_can_know, DEVICE_FILE, "from modbus_connection import ModbusError\nraise ModbusError('x')"),
    (writes_micro_as_home_assistant_does, CORE_FILE, "UNIT = '\u00b5s'"),
    (asks_home_assistant_to_set_up, "tests/v2c_cloud/test_x.py", "assert await async_setup_entry(hass, entry)"),
    (asks_home_assistant_to_set_up, "tests/v2c_cloud/test_x.py", "await v2c_cloud.async_unload_entry(hass, entry)"),
    (asks_home_assistant_to_set_up, "tests/v2c_cloud/test_x.py", "c = ChargerCoordinator(hass)"),
]


@pytest.mark.parametrize(
    ("rule", "path", "source"), BAD, ids=[f"{rule.__name__}-{number}" for number, (rule, *_) in enumerate(BAD)]
)
def test_a_rule_refuses_a_bad_sample(rule: Rule, path: str, source: str) -> None:
    """A rule that cannot fail protects nothing."""
    assert list(rule(Module(Path(path), source)))


def test_every_rule_has_a_bad_sample() -> None:
    """No rule is taken on trust."""
    assert {rule for rule, _, _ in BAD} == {rule for rule, _ in RULES}


def test_a_cycle_is_found() -> None:
    """Two modules that import each other are a cycle, three in a row are not."""
    folder = Path("custom_components/energy_core")
    first = Module(folder / "a.py", "from .b import x")
    second = Module(folder / "b.py", "from . import c")
    assert cycles([first, second, Module(folder / "c.py", "from . import a")])
    assert cycles([first, second, Module(folder / "c.py", "import math")]) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("custom_components/energy_core/http.py", "from aiohttp import ClientSession\nfrom yarl import URL"),
        ("custom_components/energy_core/tokens.py", "import jwt\nfrom .errors import EnergyError"),
        (HA_FILE, "from homeassistant.core import callback\nfrom ..points import Point\nfrom .entity import EnergyEntity"),
        (SIBLING_FILE, "from ..energy_core.ha.entity import EnergyEntity\nfrom .titan.points import Battery\nimport probatio"),
        (DEVICE_FILE, "from ...energy_core.http import request_json\nfrom aiohttp import ClientSession\nfrom . import codes"),
        (DEVICE_FILE, "from modbus_connection import ModbusUnit\nfrom ...energy_core.points import Point"),
    ],
)
def test_what_the_architecture_draws_is_allowed(path: str, source: str) -> None:
    """The rules leave room for the arrows that exist."""
    assert list(imports_what_its_place_allows(Module(Path(path), source))) == []
