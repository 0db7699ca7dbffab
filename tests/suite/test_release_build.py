"""Building: dots are dropped where they are dots of an import, and every mistake is one sentence."""

from collections.abc import Callable
import os
from pathlib import Path
import shutil

import pytest

from release import __main__ as command
from release.archive import build
from release.imports import inward, strays
from release.sources import ReleaseError, Sources
from tests.source_tree import ROOT, modules_under
from tests.suite.artefacts import HERE, read_tree
from tests.test_architecture import (
    Rule,
    catches_what_it_can_name,
    found_by,
    has_short_functions,
    is_short_enough,
    passes_over_nothing,
    says_what_it_promises,
)

TITAN = "custom_components/titan_izypower"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", "from ..energy_core.points import Point", "from .energy_core.points import Point"),
        ("a.py", "from ..energy_core import points, report", "from .energy_core import points, report"),
        ("a.py", "from .. import energy_core", "from . import energy_core"),
        ("titan/a.py", "from ...energy_core.x import y", "from ..energy_core.x import y"),
        ("titan/a.py", "from ... import energy_core as core", "from .. import energy_core as core"),
        ("titan/deep/a.py", "from ....energy_core.x import y", "from ...energy_core.x import y"),
        ("a.py", "from ..energy_core.x import (\n    y,\n    z,\n)\n", "from .energy_core.x import (\n    y,\n    z,\n)\n"),
        ("a.py", "def f():\n    from ..energy_core.x import y\n", "def f():\n    from .energy_core.x import y\n"),
        ("a.py", "a = 'é'; from ..energy_core import x; from ..energy_core import y", "a = 'é'; from .energy_core import x; from .energy_core import y"),
        ("a.py", "from \\\n  . .energy_core import x", "from \\\n   .energy_core import x"),
        ("a.py", "if T:\r\n    from ..energy_core import x\r\n", "if T:\r\n    from .energy_core import x\r\n"),
    ],
)  # fmt: skip
def test_an_import_of_the_core_loses_one_dot(path: str, before: str, after: str) -> None:
    """Wherever it stands, and however it is written."""
    assert inward(path, before.encode()).decode() == after


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.py", '"""Siblings say ``from ..energy_core.x import y``."""\n'),
        ("a.py", "# from ..energy_core import x\n"),
        ("a.py", "X = 'from ..energy_core import x'\n"),
        ("a.py", "from .energy_core import x\n"),
        ("a.py", "from ..energy_cores import x\n"),
        ("a.py", "from .. import v2c_cloud\n"),
        ("titan/a.py", "from ..energy_core import x\n"),
        ("a.py", "from energy_core import x\nimport energy_core\n"),
    ],
)
def test_nothing_else_changes(path: str, source: str) -> None:
    """Text that looks like an import is text."""
    assert inward(path, source.encode()).decode() == source


@pytest.mark.parametrize(
    "source",
    [
        *("from .. import x", "from ..energy_core import x", "from . import b", "from .b import x", "from .c import y"),
        *("import custom_components", "import tests.home as x", "from energy_core.a import b", "from .d.e import f"),
    ],
)
def test_a_stray_import_is_seen(source: str) -> None:
    """Out of the folder, to what no user has, or to a file that is not there."""
    files = {"__init__.py": b"", "a.py": source.encode(), "c.py": b"x = 1", "d/__init__.py": b""}
    assert len(strays(files, {"custom_components", "tests", "energy_core"})) == 1


@pytest.mark.parametrize("source", ["from . import c, d", "from .c import x, y, Z, w", "from .d import c", "import os.path"])
def test_an_import_that_works_is_none(source: str) -> None:
    """Modules, folders, and whatever a module has."""
    c = b"import w\nx, y = 1, 2\nclass Z: ...\n"
    assert strays({"a.py": source.encode(), "c.py": c, "d/__init__.py": b"", "d/c.py": b"", "__init__.py": b""}, {"tests"}) == []


@pytest.mark.parametrize(
    "rule", [is_short_enough, has_short_functions, says_what_it_promises, catches_what_it_can_name, passes_over_nothing]
)
def test_the_builder_keeps_the_rules_of_the_house(rule: Rule) -> None:
    """As everything else here."""
    assert found_by(rule, modules_under(ROOT / "release")) == []


# Mistakes


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what a build reads."""
    root = tmp_path / "copy"
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("custom_components", "docs", "tests/enphase_envoy"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for name in ("LICENSE", "hacs.json", "CHANGELOG.md", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, root / name)
    return root


def edit(path: str, old: str, new: str) -> Callable[[Path], object]:
    """Return a mistake in a file."""

    def spoil(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        assert old in text
        (root / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def write(path: str, text: str) -> Callable[[Path], object]:
    """Return a file that should not be there."""
    return lambda root: (root / path).write_text(text, encoding="utf-8")


VERSION = HERE.version()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (edit("pyproject.toml", f'version = "{VERSION}"', 'version = "9.9.9"'), "not version 9.9.9: CHANGELOG.md says"),
        (edit("CHANGELOG.md", f"## {VERSION}", "## 9.9.9"), "CHANGELOG.md says 9.9.9"),
        (edit(f"{TITAN}/manifest.json", VERSION, "9.9.9"), "the manifest of titan_izypower says 9.9.9"),
        (write(f"{TITAN}/sensor.py.orig", ""), "sensor.py.orig does not belong"),
        (write(f"{TITAN}/.hidden.py", ""), "hidden.py does not belong"),
        (lambda root: (root / TITAN / "link.py").symlink_to("sensor.py"), "link.py does not belong"),
        (write(f"{TITAN}/broken.py", "def"), "is not Python"),
        (write(f"{TITAN}/bad.py", "from ..v2c_cloud import const\n"), "titan_izypower would not work alone: bad.py:1"),
        (write("custom_components/energy_core/bad.py", "from ..v2c_cloud import x\n"), "would not work alone"),
        (write(f"{TITAN}/titan/manifest.json", "{}"), "manifests: manifest.json, titan/manifest.json"),
        (lambda root: (root / TITAN / "brand/icon.png").unlink(), "there is no brand/icon.png"),
        (lambda root: (root / "custom_components/energy_core/pacing.py").unlink(), "there is no"),
        (lambda root: (root / "LICENSE").unlink(), "LICENSE cannot be read"),
        (lambda root: (root / "docs/safety.md").unlink(), "points to docs/safety.md, which is not there"),
        (lambda root: (root / "docs/images/v2c-dashboard.png").unlink(), "v2c-dashboard.png cannot be read"),
        (edit("docs/titan.md", "(Why not HACS:", "(Why:"), "0 passages like"),
        (edit("docs/titan.md", "## Options", "## Options\n\nBoth folders count."), "speaks of 'Both folders'"),
        (lambda root: shutil.copytree(root / TITAN, root / "custom_components/new"), "manifest of new says|would not|which page"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(
    copied: Path, tmp_path: Path, spoil: Callable[[Path], object], sentence: str
) -> None:
    """Whatever is wrong, what was built before stays."""
    spoil(copied)
    into = tmp_path / "dist"
    with pytest.raises(ReleaseError, match=sentence) as caught:
        build(Sources(copied), into)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert not into.exists()


def test_caches_and_times_make_no_difference(copied: Path, tmp_path: Path) -> None:
    """Other times, other permissions, bytecode: the same bytes."""
    build(Sources(copied), tmp_path / "before")
    (copied / TITAN / "__pycache__").mkdir()
    (copied / TITAN / "__pycache__/sensor.pyc").touch()
    for path in (copied / TITAN).glob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    build(Sources(copied), tmp_path / "after")
    assert read_tree(tmp_path / "after") == read_tree(tmp_path / "before")


def test_the_command_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One path a line."""
    assert command.main([VERSION, "--into", str(tmp_path)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert sorted(told) == sorted(str(path) for path in tmp_path.iterdir())


@pytest.mark.parametrize("version", ["", "1", "1.2", f"v{VERSION}", f" {VERSION}", f"{VERSION}; rm -rf .", "../1.2.3", "9.9.9"])
def test_the_command_refuses_another_version(version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tag that lies would be found out by users."""
    assert command.main([version, "--into", str(tmp_path / "dist")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert repr(version) in said or f"not version {version}" in said
    assert not (tmp_path / "dist").exists()


def test_what_was_not_built_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong folder costs no sources."""
    assert command.main(["--into", str(ROOT / "custom_components")]) == 1
    assert "is not replaced" in capsys.readouterr().err
    assert (ROOT / TITAN / "manifest.json").is_file()
