"""Everything under ``.github`` keeps its rules, and each rule can fail."""

from collections.abc import Callable
import copy
import json
from pathlib import Path
import re
import subprocess
from typing import Any

import pytest
import yaml

from release.readme import MAIN, repository
from tests import workflow_rules as rules
from tests.source_tree import ROOT
from tests.suite.artefacts import HERE

HOME = ROOT / ".github"
# What each built repository gets stands here as a file, so that it is watched and checked like our own.
BUILT = ROOT / "release/repository/.github"
WORKFLOWS = sorted([*HOME.glob("workflows/*"), *BUILT.glob("workflows/*")])
FORMS = sorted(HOME.glob("ISSUE_TEMPLATE/[0-9]-*"))
LOCKS = {path.stem.removeprefix("home-assistant-"): path.read_text() for path in sorted(ROOT.glob("locks/*.lock"))}
EACH_FORM = pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)


def text(name: str) -> str:
    """Return one of our workflows."""
    return (HOME / "workflows" / name).read_text(encoding="utf-8")


# Workflows


def test_there_are_workflows() -> None:
    """Everything here runs over what is found, so something must be."""
    names = {path.name for path in HOME.glob("workflows/*")}
    assert names == {"mutation.yml", "nightly.yml", "release.yml", "security.yml", "test.yml", "validate.yml"}
    assert len(FORMS) == 3


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_workflow_keeps_the_rules(path: Path) -> None:
    """Pins, permissions, triggers, machines, secrets, scripts."""
    assert rules.workflow_problems(path.name, path.read_text(encoding="utf-8")) == []


def test_an_action_has_one_pin_everywhere() -> None:
    """Two versions of one action would be one that nobody looked at."""
    found = rules.pins(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    assert len(found) > 5
    assert {action: len(each) for action, each in found.items()} == dict.fromkeys(found, 1)
    assert rules.pins(["uses: a/b@1 # v1\n", "uses: a/b@2 # v1\n"]) == {"a/b": {"1 # v1", "2 # v1"}}


def test_the_versions_are_those_of_the_locks() -> None:
    """The least that hacs.json promises, the one of the lock, and the next."""
    hacs = json.loads((ROOT / "hacs.json").read_text())
    ours = (ROOT / "requirements.lock").read_text()
    test = rules.parsed(text("test.yml"))
    assert rules.version_problems(test, hacs, LOCKS, ours) == []
    # Each of the four can be what is wrong.
    assert rules.version_problems(rules.parsed(text("test.yml").replace("2026.9", "2026.8")), hacs, LOCKS, ours)
    assert rules.version_problems(test, {"homeassistant": "2026.8.0"}, LOCKS, ours)
    assert rules.version_problems(test, hacs, {**LOCKS, "2026.12": "homeassistant==2026.12.0"}, ours)
    assert rules.version_problems(test, hacs, {**LOCKS, "2026.9": LOCKS["2026.11"]}, ours)
    assert rules.version_problems(test, hacs, LOCKS, "homeassistant==2025.1.0")


def test_the_lock_has_what_is_pinned() -> None:
    """Whoever changes a pin renews the lock."""
    project, lock = (ROOT / "pyproject.toml").read_text(), (ROOT / "requirements.lock").read_text()
    assert rules.lock_problems(project, lock) == []
    assert rules.lock_problems(project.replace("tmodbus==", "tmodbus==9"), lock)


def test_every_integration_is_built_checked_and_published() -> None:
    """A fourth cannot be forgotten."""
    validate, release = rules.parsed(text("validate.yml")), rules.parsed(text("release.yml"))
    assert rules.matrix(validate, "domain") == {"build": HERE.domains, "hassfest": HERE.domains}
    assert rules.matrix(release, "domain") == {"publish": HERE.domains}
    names = [repository(domain).rpartition("/")[2] for domain in HERE.domains]
    assert rules.matrix(validate, "repository") == {"hacs": names}
    assert release["jobs"]["publish"]["environment"] == "publish-${{ matrix.domain }}"


def test_nothing_is_published_that_was_not_tested() -> None:
    """Check, test, publish, announce; and the token is where nothing is installed."""
    jobs = rules.jobs(rules.parsed(text("release.yml")))
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "check": None, "test": "check", "publish": "test", "announce": "publish",
    }  # fmt: skip
    ran = " ".join(str(step.get("run", step.get("uses"))) for step in jobs["publish"]["steps"])
    assert not re.search(r"pip|uv |npm|curl|scripts/", ran)


def test_each_repository_is_checked_by_both_actions() -> None:
    """What is asked for by HACS's catalogue, in the repository itself."""
    used = rules.pins([(BUILT / "workflows/validate.yml").read_text()]).keys()
    assert {"home-assistant/actions/hassfest", "hacs/action"} <= used
    chooser = yaml.safe_load((BUILT / "ISSUE_TEMPLATE/config.yml").read_text())
    assert rules.problems_by(rules.CHOOSER, chooser) == []
    assert chooser["blank_issues_enabled"] is False
    assert [link["url"] for link in chooser["contact_links"]] == [f"{MAIN}/issues/new/choose"]


def zizmor(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Ask zizmor, without the network."""
    command = [str(ROOT / ".venv/bin/zizmor"), "--offline", "--no-progress", "--persona", "pedantic", *map(str, paths)]
    return subprocess.run(command, cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    """And it would find something."""
    done = zizmor(HOME, BUILT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings" in done.stdout
    bad = tmp_path / ".github/workflows/bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(text("test.yml").replace("run: .ci/run", "run: echo ${{ github.event.pull_request.title }}"))
    assert "template-injection" in zizmor(bad).stdout


SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"
MUTATIONS: list[tuple[str, str, str, str]] = [
    ("test.yml", f"@{SHA} # v7.0.1", "@v7", "not pinned"),
    ("test.yml", f"{SHA} # v7.0.1", SHA, "not pinned"),
    ("test.yml", f"{SHA} #", f"{SHA[:12]} #", "not pinned"),
    ("validate.yml", "# master", "# whatever", "not pinned"),
    ("release.yml", "$/.github/workflows/test.yml", "$/.github/workflows/tests.yml", "there is no"),
    ("test.yml", "  pull_request:", "  pull_request_target:", "strangers"),
    ("test.yml", "permissions: {}", "permissions: read-all", "a workflow has none"),
    ("test.yml", "permissions: {}", "", "a workflow has none"),
    ("test.yml", "contents: read", "contents: write", "writes ['contents']"),
    ("release.yml", "contents: write", "contents: read", "announce: permissions"),
    ("nightly.yml", "issues: write", "issues: write\n      pull-requests: write", "report: permissions"),
    ("security.yml", "    permissions:\n      contents: read # to check out\n", "", "not stated"),
    ("test.yml", "ubuntu-24.04", "ubuntu-latest", "another machine"),
    ("test.yml", "    timeout-minutes: 60\n", "", "timeout-minutes"),
    ("test.yml", "persist-credentials: false", "persist-credentials: true", "leaves its token"),
    ("test.yml", "          persist-credentials: false", "          fetch-depth: 1", "leaves its token"),
    ("test.yml", "run: .ci/run", "run: .ci/runs", "there is no .ci/runs"),
    ("test.yml", "run: scripts/test ", "run: ./scripts/tests ", "there is no scripts/tests"),
    ("release.yml", "release.publish", "release.published", "no module release.published"),
    ("test.yml", "run: scripts/demo --check", "run: scripts/demo --look", "nobody knows --look"),
    ("release.yml", '--version "${', '--release "${', "nobody knows --release"),
    ("test.yml", "run: .ci/run", "run: if .ci/run; then", "no shell"),
    ("test.yml", '"$HOME_ASSISTANT"', "${{ matrix.home-assistant }}", "something is inserted"),
    ("release.yml", "gh auth setup-git", "set -ex; gh auth setup-git", "could print a secret"),
    ("release.yml", "gh auth setup-git", 'echo "$GH_TOKEN"', "could print a secret"),
    ("release.yml", "    environment: publish-${{ matrix.domain }}\n", "", "outside of an environment"),
    ("release.yml", "      DOMAIN: ", "      TOKEN: ${{ secrets.REPOSITORY_TOKEN }}\n      DOMAIN: ", "more than one step"),
    ("test.yml", "name: Test", "name: [Test", "no YAML"),
]


@pytest.mark.parametrize(("name", "old", "new", "word"), MUTATIONS, ids=[f"{name}-{word}" for name, _, _, word in MUTATIONS])
def test_a_mutation_is_found(name: str, old: str, new: str, word: str) -> None:
    """Each rule can fail."""
    spoilt = text(name).replace(old, new, 1)
    assert spoilt != text(name)
    found = rules.workflow_problems(name, spoilt)
    assert any(word in each for each in found), found


# Scripts that only a workflow runs


@pytest.mark.parametrize("path", sorted((ROOT / ".ci").iterdir()), ids=lambda path: path.name)
def test_a_script_of_ci_is_a_shell_script(path: Path) -> None:
    """One that can be run, and that names files that are there."""
    assert path.stat().st_mode & 0o111
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    assert rules.script_problems(path.read_text()) == []


GH = """#!/bin/sh
echo "$@" >>"$LOG"
[ "$1 $2" != "issue list" ] || echo "$OPEN"
"""


@pytest.mark.parametrize(
    ("result", "number", "verbs"),
    [
        ("failure", "", ["issue list", "label create", "issue create"]),
        ("failure", "7", ["issue list", "issue edit"]),
        ("success", "7", ["issue list", "issue close"]),
        ("success", "", ["issue list"]),
        ("cancelled", "7", ["issue list"]),
    ],
)
def test_the_canary_has_one_issue(tmp_path: Path, result: str, number: str, verbs: list[str]) -> None:
    """Opened by the first failing night, renewed by the next, closed by a good one."""
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    log = tmp_path / "log"
    env = {
        "PATH": f"{tmp_path}:/usr/bin:/bin", "LOG": str(log), "OPEN": number, "GITHUB_RUN_ID": "5",
        "GITHUB_SERVER_URL": "https://example.test", "GITHUB_REPOSITORY": "some/thing",
    }  # fmt: skip
    subprocess.run([ROOT / ".ci/report", result], env=env, check=True, capture_output=True)
    told = log.read_text()
    assert re.findall(r"^(issue \w+|label \w+) ", told, re.MULTILINE) == verbs
    assert ("https://example.test/some/thing/actions/runs/5" in told) == (verbs != ["issue list"])


# Issue forms


@EACH_FORM
def test_a_form_is_one_that_github_takes(path: Path) -> None:
    """A form with a mistake is not shown, and nobody is told."""
    assert rules.form_problems(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


def test_the_chooser_leads_on() -> None:
    """No empty issues; security has another way."""
    chooser = yaml.safe_load((HOME / "ISSUE_TEMPLATE/config.yml").read_text())
    assert rules.problems_by(rules.CHOOSER, chooser) == []
    assert chooser["blank_issues_enabled"] is False
    assert (ROOT / "SECURITY.md").is_file()
    assert rules.problems_by(rules.CHOOSER, {**chooser, "contact_links": [{"name": "x", "url": "http://x", "about": "y"}]})


def test_the_forms_ask_for_what_is_needed() -> None:
    """What nobody can help without, and for each integration by its name."""
    forms = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FORMS}
    needed = {
        each["id"]
        for each in forms["1-problem.yml"]["body"]
        if each.get("validations", {}).get("required") or each["type"] == "checkboxes"
    }
    assert needed >= {"integration", "device", "version", "installed", "home-assistant", "seen", "diagnostics"}
    names = [HERE.manifest(domain)["name"] for domain in HERE.domains]
    for name, form in forms.items():
        offered = next(each for each in form["body"] if each.get("id") == "integration")["attributes"]["options"]
        assert set(names) <= set(offered), name
    assert "scripts/capture" in str(forms["2-device.yml"])
    for path in FORMS:
        assert rules.script_problems(" ".join(re.findall(r"`([^`\n]+)`", path.read_text()))) == []
    for path, anchor in re.findall(rf"{MAIN}/blob/main/([\w./-]+)#(\w+)", "".join(path.read_text() for path in FORMS)):
        assert re.search(rf"^## {anchor}$", (ROOT / path).read_text(), re.MULTILINE | re.IGNORECASE), path


def _element(form: Any, kind: str) -> Any:
    return next(each for each in form["body"] if each["type"] == kind)


BAD_FORMS: dict[str, Callable[[Any], object]] = {
    "no name": lambda form: form.pop("name"),
    "an empty description": lambda form: form.update(description=" "),
    "an unknown key": lambda form: form.update(colour="red"),
    "nothing asked": lambda form: form.update(body=[_element(form, "markdown")]),
    "an empty body": lambda form: form.update(body=[]),
    "an unknown type": lambda form: _element(form, "input").update(type="number"),
    "no attributes": lambda form: _element(form, "input").pop("attributes"),
    "no label": lambda form: _element(form, "input")["attributes"].pop("label"),
    "a label that is no text": lambda form: _element(form, "input")["attributes"].update(label=1.5),
    "a forbidden label": lambda form: _element(form, "input")["attributes"].update(label="Your password"),
    "an id with a space": lambda form: _element(form, "input").update(id="my id"),
    "no id": lambda form: _element(form, "input").pop("id"),
    "an id twice": lambda form: _element(form, "input").update(id="integration"),
    "a label twice": lambda form: _element(form, "input")["attributes"].update(label="Integration"),
    "an id for words": lambda form: _element(form, "markdown").update(id="words"),
    "no choices": lambda form: _element(form, "dropdown")["attributes"].update(options=[]),
    "a choice twice": lambda form: _element(form, "dropdown")["attributes"].update(options=["a", "a"]),
    "a choice that is none": lambda form: _element(form, "dropdown")["attributes"].update(options=["a", "None"]),
    "a choice that is a number": lambda form: _element(form, "dropdown")["attributes"].update(options=[2026.1]),
    "a box without label": lambda form: _element(form, "checkboxes")["attributes"]["options"].append({"required": True}),
    "a box twice": lambda form: _element(form, "checkboxes")["attributes"].update(options=[{"label": "a"}, {"label": "a"}]),
    "an unknown validation": lambda form: _element(form, "input").update(validations={"needed": True}),
    "render in a line": lambda form: _element(form, "input")["attributes"].update(render="text"),
}


@pytest.mark.parametrize("spoil", BAD_FORMS.values(), ids=BAD_FORMS.keys())
def test_a_bad_form_is_refused(spoil: Callable[[Any], object]) -> None:
    """Each with one thing wrong."""
    form = copy.deepcopy(yaml.safe_load(FORMS[0].read_text(encoding="utf-8")))
    spoil(form)
    assert rules.form_problems(form)


# Dependabot


def test_dependabot_watches_what_there_is() -> None:
    """Actions in both places, with time to think."""
    config = yaml.safe_load((HOME / "dependabot.yml").read_text())
    assert rules.dependabot_problems(config) == []
    watched = [folder for update in config["updates"] for folder in update.get("directories", [])]
    assert watched == ["/", f"/{BUILT.relative_to(ROOT).as_posix()}/workflows"]


@pytest.mark.parametrize(
    "change",
    [
        {"package-ecosystem": "bower"},
        {"schedule": {"interval": "sometimes"}},
        {"cooldown": {"default-days": 0}},
        {"directories": ["/nowhere"]},
        {"groups": None},
        {"exclude-paths": ["/locks/**"]},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_bad_dependabot_file_is_refused(change: dict[str, Any]) -> None:
    """Each with one thing wrong."""
    config = yaml.safe_load((HOME / "dependabot.yml").read_text())
    config["updates"][0] |= change
    assert rules.dependabot_problems(config)
    del config["updates"][0]["cooldown"]
    assert rules.dependabot_problems(config)
