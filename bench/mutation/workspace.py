"""A folder with what mutmut needs and no more: the core, the tests of one of its modules, and a configuration.

So the configuration of the project stays free of it, the tests start in milliseconds, and a mutant cannot reach
anything else.
"""

from collections.abc import Mapping
from pathlib import Path
import shutil
from typing import Final, override

import libcst as cst

from bench.children import ROOT

CORE: Final = "custom_components/energy_core"
TESTS: Final = "tests/energy_core"
# The modules that are mutated, and the tests of each.
MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "points": ("test_points", "test_fuzz"),
    "pacing": ("test_pacing",),
    "counters": ("test_counters",),
    "tokens": ("test_tokens",),
    "control": ("test_control", "test_control_bounds", "test_mean"),
    "charging": ("test_charging", "test_charging_bounds"),
    "ledger": ("test_ledger",),
    "renewal": ("test_renewal", "test_tokens"),
    "token_text": ("test_token_text", "test_tokens"),
}
# What those tests stand on.
GROUND: Final = ("clock", "datasheet", "fake_wire", "plain")
# mutmut leaves a decorated function alone. These are put on afterwards, so that their functions are mutated like any other.
DECORATORS: Final = frozenset({"property", "asynccontextmanager"})
BODY: Final = "__body"

CONFIGURATION: Final = """[tool.pytest.ini_options]
asyncio_mode = "auto"
testpaths = ["tests"]
pythonpath = ["."]
addopts = "--strict-config --import-mode=importlib -p pytest_asyncio.plugin -p pytest_timeout -p no:cacheprovider"
timeout = 120

[tool.mutmut]
source_paths = ["custom_components"]
only_mutate = ["{module}"]
pytest_add_cli_args_test_selection = ["{tests}"]
use_git_change_detection = false
timeout_constant = 10.0
timeout_multiplier = 5.0
"""


def prepare(folder: Path, module: str, *, again: bool) -> None:
    """Fill an empty folder, or with ``again`` bring one up to date."""
    if not again:
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder / "tests", ignore_errors=True)
    files = {
        "pyproject.toml": configuration(module),
        "custom_components/__init__.py": "",
        # In place of the fixtures of all tests those that need no Home Assistant.
        f"{TESTS}/conftest.py": Path(__file__).with_name("fixtures.py").read_text(encoding="utf-8"),
    }
    for path in sorted((ROOT / CORE).glob("*.py")):
        source = path.read_text(encoding="utf-8")
        files[f"{CORE}/{path.name}"] = plain(source) if path.stem == module else source
    for name in (*GROUND, *MODULES[module]):
        files[f"{TESTS}/{name}.py"] = (ROOT / TESTS / f"{name}.py").read_text(encoding="utf-8")
    for name, text in files.items():
        _write(folder / name, text)


def configuration(module: str) -> str:
    """Return what mutmut and pytest are told."""
    return CONFIGURATION.format(module=f"{CORE}/{module}.py", tests=TESTS)


def plain(source: str) -> str:
    """Return a module that does the same, written so that all of it can be mutated, and nothing that does nothing.

    A decorator is called behind its function, for mutmut leaves decorated functions alone; what is there for the type checker
    only, ``cast`` and bounds of type parameters, is left out, for to change it changes nothing.
    """
    return cst.parse_module(source).visit(_Plain()).code


class _Plain(cst.CSTTransformer):
    @override
    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        """Take the value for ``cast(type, value)``."""
        if isinstance(updated_node.func, cst.Name) and updated_node.func.value == "cast":
            return updated_node.args[1].value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return updated_node

    @override
    def leave_TypeVar(self, original_node: cst.TypeVar, updated_node: cst.TypeVar) -> cst.TypeVar:
        """Leave the bound out."""
        return updated_node.with_changes(bound=None, colon=cst.MaybeSentinel.DEFAULT)

    @override
    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef | cst.FlattenSentinel[cst.FunctionDef | cst.SimpleStatementLine]:
        """Write ``name = decorator(name__body)`` behind the function."""
        found = [each.decorator for each in updated_node.decorators]
        if len(found) != 1 or not isinstance(found[0], cst.Name) or found[0].value not in DECORATORS:
            return updated_node
        name = updated_node.name.value
        renamed = updated_node.with_changes(decorators=[], name=cst.Name(f"{name}{BODY}"))
        behind = cst.parse_statement(f"{name} = {found[0].value}({name}{BODY})")
        assert isinstance(behind, cst.SimpleStatementLine)
        return cst.FlattenSentinel([renamed, behind])


def _write(path: Path, text: str) -> None:
    """Write what is new: mutmut goes by the time of a file."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
