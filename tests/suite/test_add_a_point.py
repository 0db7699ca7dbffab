"""``docs/add-a-point.md``, done start to finish in a copy of this repository: what it says is enough, and all of it is needed."""

from collections.abc import Callable
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

import pytest

from tests.source_tree import ROOT

PAGE = (ROOT / "docs/add-a-point.md").read_text(encoding="utf-8")
TITAN = "custom_components/titan_izypower"
NUMBER, KEY = "11005", "transformer_temperature"
WORDS = {
    "en": "Transformer temperature",
    "fr": "Température du transformateur",
    "de": "Transformatortemperatur",
    "es": "Temperatura del transformador",
    "it": "Temperatura del trasformatore",
}
# What step 7 tells to run first.
CHECKS = ("tests/titan_izypower/device/test_datasheet.py", "tests/test_hygiene.py")
SEEN = f'''"""The new point, all the way to a state."""

from homeassistant.helpers import entity_registry as er

from tests.titan_izypower.ha.house import SERIAL, act, add, settle


async def test_it_is_there(hass, sim):
    """Off from the start, as the page says; switched on it shows what the simulator was told."""
    sim.set("{NUMBER}", 41)
    entry = await add(hass, sim, "opendata")
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", "titan_izypower", f"{{SERIAL}}_{KEY}")
    assert registry.async_get(entity_id).disabled_by is er.RegistryEntryDisabler.INTEGRATION
    registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    shown = hass.states.get(entity_id)
    assert (float(shown.state), shown.attributes["unit_of_measurement"]) == (41, "°C")
    assert shown.attributes["friendly_name"].endswith("{WORDS["en"]}")
'''


def blocks(language: str) -> list[str]:
    """Return the code that the page shows."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Change a file, and make sure that it changed."""
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before, path
    path.write_text(after, encoding="utf-8")


def datasheet(copy: Path) -> None:
    """Step 1: a line in the block ``System``."""
    line = blocks("python")[0]
    head = "class System(Block):"
    edit(
        copy / TITAN / "titan/points.py",
        lambda text: re.sub(rf"({re.escape(head)}.*?\n\n    essential = True\n)", rf"\1    {line}", text, flags=re.DOTALL),
    )


def table(copy: Path) -> None:
    """Step 2: the number is no longer one that is left out."""
    path = copy / "tests/titan_izypower/device/test_datasheet.py"
    edit(path, lambda text: re.sub(rf"^    {NUMBER}: .*\n", "", text, flags=re.MULTILINE))


def entity(copy: Path) -> None:
    """Step 3: a line in the tuple of the system's sensors."""
    # The page shows it as Python that can be read alone: a tuple of one.
    line = blocks("python")[1].strip().removeprefix("(").removesuffix(")")
    assert line.endswith("),")
    edit(copy / TITAN / "sensor.py", lambda text: re.sub(r"(\n    sensor\(System\.)", rf"\n    {line}\1", text, count=1))


def words(copy: Path, languages: tuple[str, ...] = tuple(WORDS)) -> None:
    """Step 4: a name in each language, in alphabetical order."""
    assert json.loads(f"{{{blocks('json')[0]}}}") == {KEY: {"name": WORDS["en"]}}
    for language in languages:
        path = copy / TITAN / f"translations/{language}.json"
        texts = json.loads(path.read_text(encoding="utf-8"))
        sensors = texts["entity"]["sensor"] | {KEY: {"name": WORDS[language]}}
        texts["entity"]["sensor"] = dict(sorted(sensors.items()))
        path.write_text(json.dumps(texts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


STEPS = (datasheet, table, entity, words)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a contributor has after ``git clone``."""
    into = tmp_path / "energy-core"
    hidden = shutil.ignore_patterns(".*", "__pycache__", "dist", "e2e", "images")
    shutil.copytree(ROOT, into, ignore=hidden, symlinks=True)
    return into


def check(copy: Path, *tests: str) -> str:
    """Run tests of the copy; return what failed, one line each."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, timeout=300, check=False)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    assert failed or done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return "\n".join(failed)


@pytest.mark.timeout(400)
def test_following_the_page_is_enough(copy: Path) -> None:
    """Every step of the page, then what it tells to run, and the value in Home Assistant."""
    for step in STEPS:
        step(copy)
    (copy / "tests/titan_izypower/ha/test_new_point.py").write_text(SEEN, encoding="utf-8")
    assert check(copy, *CHECKS, "tests/titan_izypower/ha/test_new_point.py") == ""


@pytest.mark.timeout(400)
def test_what_is_forgotten_is_found(copy: Path) -> None:
    """The words of one language, and the number in the table of what is left out."""
    datasheet(copy)
    entity(copy)
    words(copy, ("en", "fr", "de", "es"))
    failed = check(copy, *CHECKS)
    assert "test_datasheet.py" in failed
    assert "test_every_language_says_the_same" in failed


def test_the_page_names_what_exists() -> None:
    """Every file of ours that the page names is there."""
    for path in re.findall(r"`((?:custom_components|tests|simulators|docs)/[\w./-]+)`", PAGE):
        assert (ROOT / path).exists(), path
