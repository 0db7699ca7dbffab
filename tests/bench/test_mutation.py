"""Mutation testing: what is mutated does the same as before, and what becomes of a mutant is read rightly."""

from pathlib import Path

import pytest

from bench.mutation.__main__ import arguments, run, shown
from bench.mutation.mutants import forget, score
from bench.mutation.workspace import CORE, MODULES, TESTS, configuration, plain, prepare
from tests.source_tree import ROOT

SAMPLE = '''
from contextlib import asynccontextmanager
from typing import cast


class Shape[T: float | str]:
    """A shape."""

    side = 3

    @property
    def area(self) -> float:
        """Return the area."""
        return cast("float", self.side * self.side)

    @asynccontextmanager
    async def held(self):
        yield self.area

    @staticmethod
    def corners() -> int:
        return 4
'''


async def test_what_is_mutated_does_the_same() -> None:
    """Written so that all of it can be mutated: no decorators that mutmut leaves alone, nothing for the type checker only."""
    text = plain(SAMPLE)
    assert "@property" not in text
    assert "@asynccontextmanager" not in text
    assert "@staticmethod" in text
    assert "cast(" not in text
    assert "str]" not in text
    made: dict[str, type] = {}
    exec(text, made)
    shape = made["Shape"]()
    async with shape.held() as area:
        assert (area, shape.area, shape.corners()) == (9, 9, 4)


def test_the_folder_needs_no_home_assistant(tmp_path: Path) -> None:
    """The core but for ``ha``, its tests and their fixtures; what has not changed keeps its time."""
    prepare(tmp_path, "pacing", again=False)
    found = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*.py")}
    assert {f"{CORE}/pacing.py", f"{TESTS}/test_pacing.py", f"{TESTS}/conftest.py"} <= found.keys()
    assert not [name for name, path in found.items() if "import homeassistant" in path.read_text() or "/ha/" in name]
    assert "turn__body" in found[f"{CORE}/pacing.py"].read_text()
    assert found[f"{CORE}/points.py"].read_text() == (ROOT / CORE / "points.py").read_text()
    before = found[f"{CORE}/pacing.py"].stat().st_mtime_ns
    prepare(tmp_path, "pacing", again=True)
    assert found[f"{CORE}/pacing.py"].stat().st_mtime_ns == before


LAW = "def more(value):\n    return value + 1\n\n\ndef ready(value):\n    return value > 5\n"
TEST = "from custom_components.energy_core.law import more, ready\n\n\ndef test_law():\n    assert more(1) == 2\n    assert ready(9)\n"


@pytest.mark.timeout(300)
def test_what_becomes_of_mutants(tmp_path: Path) -> None:
    """A real run: of four mutants the tests notice two."""
    files = {
        "pyproject.toml": configuration("law"), "custom_components/__init__.py": "", f"{CORE}/__init__.py": "",
        f"{CORE}/law.py": LAW, f"{TESTS}/test_law.py": TEST,
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    run(tmp_path)
    found = score(tmp_path, "law")
    assert (found.mutants, found.killed, found.share) == (4, 2, 50)
    assert [(each.where, each.before, each.after) for each in found.survivors] == [
        ("ready", "return value > 5", "return value >= 5"), ("ready", "return value > 5", "return value > 6"),
    ]  # fmt: skip
    assert "| law    |       4 |      2 |        2 |" in shown([found])
    assert "- `law.ready`: `return value > 5` → `return value > 6`" in shown([found])
    # What was not noticed is tried again.
    forget(tmp_path, "law")
    assert score(tmp_path, "law").fates == {"killed": 2, "not checked": 2}


def test_a_module_that_is_not_mutated_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Rather than nothing mutated and all well."""
    with pytest.raises(SystemExit):
        arguments(["pacing", "nosuch"])
    assert "nosuch" in capsys.readouterr().err


def test_every_module_and_test_that_is_named_is_there() -> None:
    """A renamed one would be mutated no more."""
    assert [module for module in MODULES if not (ROOT / CORE / f"{module}.py").is_file()] == []
    assert [name for names in MODULES.values() for name in names if not (ROOT / TESTS / f"{name}.py").is_file()] == []
    assert MODULES.keys() >= {"points", "pacing", "counters", "tokens", "control"}
