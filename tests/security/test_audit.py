"""What the locks install: looked up in a list of vulnerabilities, and, without any network, what a lock may hold at all."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
import json
from pathlib import Path
import re
import threading
from typing import Any

import pytest
import yaml

from release import audit
from tests.source_tree import ROOT, integrations

LOCK = "aiohttp==3.9.0 \\\n    --hash=sha256:00\nPy_JWT[crypto]==2.10.1 \\\n    --hash=sha256:11\n# yarl==1.0\nyarl==1.20 ; x\n"
PINS = [("aiohttp", "3.9.0"), ("py-jwt", "2.10.1"), ("yarl", "1.20")]
NOBODY = "http://127.0.0.1:9"


@contextmanager
def listed(known: Mapping[str, list[str]] | bytes, status: int = 200) -> Generator[tuple[str, list[Any]]]:
    """Serve a list of vulnerabilities by name, or some bytes; yield its address and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            found = [known.get(each["package"]["name"]) for each in asked[-1]["queries"]] if isinstance(known, Mapping) else []
            results = [{"vulns": [{"id": each} for each in ids]} if ids else {} for ids in found]
            body = known if isinstance(known, bytes) else json.dumps({"results": results}).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A small lock."""
    path = tmp_path / "small.lock"
    path.write_text(LOCK)
    return path


def test_a_lock_is_read_and_every_lock_is_looked_at() -> None:
    """Names as indexes spell them; and none is left out."""
    assert audit.pins(LOCK) == PINS
    assert {path.name for path in audit.locks()} == {"requirements.lock"} | {path.name for path in ROOT.glob("locks/*.lock")}
    assert all(len(audit.pins(path.read_text())) > 50 for path in audit.locks())


def test_what_is_known_is_told_and_fails(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is installed, and what it is called."""
    with listed({"py-jwt": ["GHSA-b", "GHSA-a"]}) as (source, asked):
        assert audit.main([str(lock), "--source", source]) == audit.FOUND
    assert "py-jwt 2.10.1 (small.lock): GHSA-a, GHSA-b" in capsys.readouterr().err
    assert [(each["package"]["name"], each["version"]) for each in asked[0]["queries"]] == PINS
    assert {each["package"]["ecosystem"] for each in asked[0]["queries"]} == {"PyPI"}


def test_nothing_known_is_fine(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And it says how much was looked up."""
    with listed({}) as (source, _):
        assert audit.main([str(lock), "--source", source, "--required"]) == audit.CLEAN
    assert "3 packages in 1 locks" in capsys.readouterr().out


@pytest.mark.parametrize(("required", "result"), [(False, 0), (True, 2)])
def test_without_the_list_it_says_so(lock: Path, capsys: pytest.CaptureFixture[str], required: bool, result: int) -> None:
    """At home no failure, in the workflow one: nobody may take silence for safety."""
    assert audit.main([str(lock), "--source", NOBODY, *(["--required"] if required else [])]) == result
    assert capsys.readouterr().err.startswith("NOT CHECKED")


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"results": [{}]}', b'{"results": 1}', b"<html>"])
def test_an_odd_answer_is_no_answer(lock: Path, answer: bytes) -> None:
    """A list that is too short would hide what it left out."""
    with listed(answer) as (source, _):
        assert audit.main([str(lock), "--source", source, "--required"]) == audit.UNKNOWN
    with listed({}, status=500) as (source, _):
        assert audit.main([str(lock), "--source", source, "--required"]) == audit.UNKNOWN


def test_what_is_accepted_has_a_reason_and_an_end() -> None:
    """Then it is looked at again."""
    today = date(2026, 11, 21)
    accepted = {"GHSA-a": ("not reached by us", today.isoformat())}
    assert audit.borne("GHSA-a", today, accepted)
    assert not audit.borne("GHSA-a", today + timedelta(days=1), accepted)
    assert not audit.borne("GHSA-b", today, accepted)
    for reason, until in audit.ACCEPTED.values():
        assert len(reason) > 20
        assert date.fromisoformat(until) < date.today() + timedelta(days=366)  # noqa: DTZ011


def test_a_workflow_asks_each_week_and_for_each_change() -> None:
    """And there a list that does not answer is a failure."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/security.yml").read_text())
    steps = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert "scripts/audit --required" in steps
    # YAML reads the word "on" as true.
    when = workflow[True]
    assert when["schedule"]
    for event in ("push", "pull_request"):
        assert {"requirements.lock", "locks/**"} <= set(when[event]["paths"])


# Without a network; that each entry of a lock has hashes and no address is in tests/suite/test_locks.py


def test_a_lock_holds_nothing_but_pins_and_hashes() -> None:
    """No address, no file, no other index, no version that is open."""
    entry = re.compile(r"[\w.-]+(\[[\w,.-]+\])?==[\w.+!-]+( ; [^\\\n]+)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+")
    for path in audit.locks():
        entries = re.split(r"\n(?=[\w-])", "\n".join(line for line in path.read_text().strip().splitlines() if line[:1] != "#"))
        assert [each for each in entries if not entry.fullmatch(each)] == [], path.name
        assert len(entries) == len(re.findall(r"^[\w.-]+.*==", path.read_text(), re.MULTILINE))


def test_users_install_nothing_of_others() -> None:
    """As docs/decisions/0005 says: what Home Assistant itself brings, and no more."""
    manifests = [json.loads((each.path / "manifest.json").read_bytes()).get("requirements", []) for each in integrations()]
    assert manifests == [[]] * 3
    assert "The manifest has no `requirements`." in (ROOT / "docs/decisions/0005-no-runtime-requirements.md").read_text()


def test_each_exception_from_the_security_rules_has_a_reason() -> None:
    """In what users get, and in what makes it; and no file is excepted as a whole."""
    shipped = [path for folder in ("custom_components", "release", "capture") for path in (ROOT / folder).rglob("*.py")]
    found = [
        pair for path in shipped for pair in pairwise(path.read_text().splitlines()) if re.search(r"noqa:.*\bS\d{3}", pair[1])
    ]
    assert len(found) > 5
    assert [
        line for before, line in found if not (re.search(r"noqa: S\d{3} \(?\w+,? \w+", line) or before.strip()[:2] == "# ")
    ] == []
    assert (
        "custom_components" not in re.findall(r"per-file-ignores\](.*?)\n\n", (ROOT / "pyproject.toml").read_text(), re.DOTALL)[0]
    )
    assert 'select = ["ALL"]' in (ROOT / "pyproject.toml").read_text()
