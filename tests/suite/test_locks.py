"""The versions of Home Assistant that we test with: exactly what each pins, by hash, and from no particular address."""

import json
from pathlib import Path
import re

import pytest

from tests.source_tree import ROOT
from tests.suite.real_home import DEVELOPMENT, LOCKED, VERSIONS, python_of

# The integrations of Home Assistant that ours need; the pages need the first.
NEEDED = ("frontend", "modbus", "recorder")


def lock_of(version: str) -> str:
    """Return the lock of a version."""
    path = "requirements.lock" if version == DEVELOPMENT else f"locks/home-assistant-{version}.lock"
    return (ROOT / path).read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """Return what a lock installs, each with its version."""
    return {re.sub(r"[-_.]+", "-", name).lower(): at for name, at in re.findall(r"^([\w.-]+)==([\w.+!-]+)", lock, re.MULTILINE)}


def test_the_least_version_is_among_them() -> None:
    """What ``hacs.json`` promises is tested, and what is newer than our development too."""
    least = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))["homeassistant"]
    assert VERSIONS[0] == least.rpartition(".")[0]
    assert pins(lock_of(VERSIONS[0]))["homeassistant"] == least
    assert VERSIONS[-1] != DEVELOPMENT
    assert len(VERSIONS) == len(LOCKED) + 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lock_has_hashes_and_no_address(version: str) -> None:
    """Any mirror serves, and none can give something else."""
    lock = lock_of(version)
    assert "://" not in lock
    entries = re.split(r"\n(?=\w)", lock.strip())
    assert len(entries) > 50
    assert [each for each in entries if "--hash=sha256:" not in each] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_what_home_assistant_pins(version: str) -> None:
    """The libraries of the integrations that ours need are those that a user gets with this version."""
    top = next(python_of(version).parents[1].glob("lib/python3.*/site-packages/homeassistant/components"), Path())
    wanted = [each for name in NEEDED for each in json.loads((top / name / "manifest.json").read_bytes())["requirements"]]
    assert len(wanted) >= len(NEEDED)
    locked = pins(lock_of(version))
    found = {(re.sub(r"\[.*?\]", "", name).lower(), at) for name, _, at in (each.partition("==") for each in wanted)}
    assert {(name, locked.get(name)) for name, _ in found} == found
