"""The recordings themselves: one for each integration of each version, without an address or a secret of the day."""

import os
from pathlib import Path
import re
import subprocess
import sys

import pytest

from tests.source_tree import ROOT, integrations
from tests.upgrade.recording import filled, folded, lost, named, path_of, unfolded, versions

# An address with its port, a token, a fingerprint, a folder of the machine that recorded.
OF_THE_DAY = re.compile(r"127\.0\.0\.1:\d|eyJ[\w-]{8}|\b[0-9a-f]{64}\b|/(?:home|root|tmp|work)/")


def test_each_version_has_all() -> None:
    """A version without a recording of some integration would be upgraded from without a test."""
    assert versions()
    for version in versions():
        for each in integrations():
            assert path_of(version, each.domain).is_file(), f"python -m tests.upgrade.record was not run for {version}"


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("domain", [each.domain for each in integrations()])
def test_nothing_of_the_day(version: str, domain: str) -> None:
    """What is another one each time stands there by its name, and the files stay small enough to be read."""
    text = path_of(version, domain).read_text(encoding="utf-8")
    # The unique id of an account is such a number too: that of the simulated key, on purpose.
    found = [each for each in OF_THE_DAY.findall(text) if f'"unique_id": "{each}"' not in text]
    assert found == []
    assert len(text) < 120_000


@pytest.mark.parametrize("text", ["127.0.0.1:8123", "eyJhbGciOiJFUzI1NiJ9", "0f" * 32, "/root/.storage"])
def test_what_is_of_the_day_is_found(text: str) -> None:
    """Negative control."""
    assert OF_THE_DAY.search(f'"{text}"')


def test_names_and_back() -> None:
    """Texts, numbers and keys get names, and what they stand for comes back; truth is no number."""
    names = {"port": 5020, "address": "127.0.0.1:80"}
    tree = {"127.0.0.1:80": [5020, True, "at 127.0.0.1:80", None, 1.5]}
    assert named(tree, names) == {"<address>": ["<port>", True, "at <address>", None, 1.5]}
    assert filled(named(tree, names), names) == tree


def test_rows_and_back() -> None:
    """What rows have in common is written once."""
    rows = [{"a": 1, "b": None, "c": n} for n in range(4)] + [{"a": 2, "b": None, "c": 9}]
    table = folded(rows)
    assert table["common"] == {"a": 1, "b": None}
    assert table["rows"][0] == {"c": 0}
    assert unfolded(table) == rows
    assert unfolded(folded([])) == []


def test_what_counts_as_lost() -> None:
    """Keys, entries of lists, and values that were there; a value may become another one."""
    before = {"a": {"b": 1, "c": [1, 2]}, "d": None, "e": 5}
    assert list(lost(before, before)) == []
    assert list(lost(before, {"a": {"b": 7, "c": [3, 4, 5]}, "d": 1, "e": 0, "new": 1})) == []
    assert list(lost(before, {"a": {"c": [1]}, "d": None, "e": None})) == ["/a/b", "/a/c", "/e"]


def test_the_present_code_can_be_recorded(tmp_path: Path) -> None:
    """Each integration leaves a file; one that is there is not written again."""
    command = [sys.executable, "-m", "tests.upgrade.record", str(tmp_path)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert {path.stem for path in tmp_path.glob("*.json")} == {"enphase_envoy", "titan_izypower", "v2c_cloud"}
    again = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode != 0
    assert "already" in again.stderr
