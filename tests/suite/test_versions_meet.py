"""Several versions of ours: each integration has its own core, and a newer one takes over what an older one left."""

import io
import json
from pathlib import Path
import subprocess
import sys
import tarfile
from typing import Any

import pytest

from release.sources import Files
from tests.source_tree import ROOT
from tests.suite.artefacts import HERE, read_zip
from tests.suite.real_home import ENTRIES, VERSIONS, Home, Resident, real_home

# Nothing is released yet: the first commit whose artefacts are complete. From the first release on, its tag.
BEFORE = "9d94c59"
CORE = "energy_core/ha/diagnostics.py"
PLACE = "        **about,\n"
# Several times what the slowest takes. The heartbeat of a connection outlives it by a moment.
pytestmark = [pytest.mark.timeout(300), pytest.mark.parametrize("expected_lingering_timers", [True])]


def suite(folder: Path) -> Files:
    """Return all three integrations as one build has them."""
    return read_zip(next(folder.glob("energy_core_suite-*.zip")))


# The core


def with_word(files: Files, domain: str, word: str) -> Files:
    """Return the integrations; the core of one of them is another, and says so in the diagnostics."""
    path = f"{domain}/{CORE}"
    text = files[path].decode()
    assert text.count(PLACE) == 1
    return files | {path: text.replace(PLACE, f'{PLACE}        "core": "{word}",\n').encode()}


async def said_by_the_core(user: Resident, domain: str) -> list[str]:
    """Return which word stands in the diagnostics of an integration's entry."""
    told = [await user.hass.get(f"/api/diagnostics/config_entry/{each['entry_id']}") for each in await user.entries(domain)]
    return [word for word in ("older", "newer") if f'"core": "{word}"' in json.dumps(told)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_each_integration_has_its_own_core(dist: Path, tmp_path: Path, version: str) -> None:
    """Three cores, an older, a newer and ours, in one Home Assistant: none takes another's place."""
    files = with_word(with_word(suite(dist), "titan_izypower", "older"), "v2c_cloud", "newer")
    async with real_home(tmp_path) as home:
        home.install(files)
        async with home.running(version) as user:
            await user.move_in(HERE.domains)
            assert await user.wrong_values(HERE.domains) == []
            found = {domain: await said_by_the_core(user, domain) for domain in HERE.domains}
            assert found == {"enphase_envoy": [], "titan_izypower": ["older"], "v2c_cloud": ["newer"]}
            modules = await user.modules()
            for domain in HERE.domains:
                file = modules[f"custom_components.{domain}.{CORE.removesuffix('.py').replace('/', '.')}"]
                assert Path(file) == home.components / domain / CORE
            assert await user.complaints() == []
        assert home.errors() == []


# Upgrade


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The version before, made by its own builder from the history of this repository."""
    command = ["git", "-C", str(ROOT), "archive", BEFORE]
    packed = subprocess.run(command, capture_output=True, check=False)
    if packed.returncode != 0:
        pytest.skip(f"there is no commit {BEFORE} here, so no version to upgrade from: {packed.stderr.decode().strip()}")
    top = tmp_path_factory.mktemp("before")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(top, filter="data")
    subprocess.run([sys.executable, "-m", "release", "--into", str(top / "dist")], cwd=top, check=True)
    return suite(top / "dist")


def entries(home: Home) -> dict[str, Any]:
    """Return what is stored of our entries, by their ids."""
    stored = json.loads((home.config / ".storage" / ENTRIES).read_text(encoding="utf-8"))["data"]["entries"]
    wanted = ("domain", "unique_id", "title")
    return {each["entry_id"]: {key: each[key] for key in wanted} for each in stored if each["domain"] in HERE.domains}


@pytest.mark.parametrize(("before", "after"), [("2026.10", "2026.10"), ("2026.10", "2026.11")])
async def test_an_upgrade_keeps_everything(older: Files, dist: Path, tmp_path: Path, before: str, after: str) -> None:
    """The same entries, the same entities under the same names; nothing that nobody serves any more, nothing in the log."""
    async with real_home(tmp_path) as home:
        home.install(older)
        async with home.running(before) as user:
            await user.move_in(HERE.domains)
            assert await user.wrong_values(HERE.domains) == []
            known = await user.entities(HERE.domains)
        kept = entries(home)
        assert sorted(each["domain"] for each in kept.values()) == HERE.domains
        home.install(suite(dist))
        async with home.running(after) as user:
            assert await user.states(HERE.domains) == {domain: ["loaded"] for domain in HERE.domains}
            assert await user.wrong_values(HERE.domains) == []
            now = await user.entities(HERE.domains)
            assert {unique: now.get(unique) for unique in known} == known
            assert await user.abandoned() == []
            assert await user.complaints() == []
        assert entries(home) == kept
        assert home.errors() == []
