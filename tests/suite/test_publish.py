"""Publishing: bare repositories on disk stand for those that users add, a small program for GitHub's own."""

from collections.abc import Callable
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from release import announce, publish as command
from release.announce import Release, notes_of
from release.archive import SUITE, SUMS
from release.publish import publish
from release.readme import MAIN, OWNER, repository
from release.sources import ReleaseError
from tests import workflow_rules as rules
from tests.source_tree import ROOT
from tests.suite.artefacts import HERE, read_tree, read_zip

DOMAIN = "v2c_cloud"
VERSION = HERE.version()
ORIGIN = "Built from a test."


def git(folder: Path, *arguments: str) -> str:
    """Ask git about a repository."""
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """An empty repository, as GitHub makes one."""
    folder = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    return folder


@pytest.fixture
def tree(dist: Path, tmp_path: Path) -> Path:
    """A built tree that a test may change."""
    return shutil.copytree(dist / DOMAIN, tmp_path / "built" / DOMAIN)


def as_version(tree: Path, version: str) -> Path:
    """Make a tree say that it is another version."""
    path = tree / f"custom_components/{DOMAIN}/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": version}))
    return tree


def state(remote: Path) -> str:
    """Return every branch and tag, and where they stand."""
    return git(remote, "for-each-ref", "--format=%(refname) %(objectname)")


def content(remote: Path, ref: str, into: Path) -> dict[str, bytes]:
    """Return the files at a branch or tag."""
    subprocess.run(["git", "clone", "--quiet", "--branch", ref, remote, into], check=True, capture_output=True)
    shutil.rmtree(into / ".git")
    return read_tree(into)


@pytest.mark.parametrize("domain", HERE.domains)
def test_each_repository_brings_its_checks(dist: Path, domain: str) -> None:
    """As they stand here, hidden folders too; none of it is installed."""
    beside = read_tree(ROOT / "release/repository")
    assert ".github/workflows/validate.yml" in beside
    built = read_tree(dist / domain)
    assert {path: built.get(path) for path in beside} == beside
    assert not any("validate.yml" in name for name in read_zip(dist / f"{domain}-{VERSION}.zip"))


# Git


def test_the_first_version(remote: Path, tree: Path, tmp_path: Path) -> None:
    """The tree, whole, hidden files too, on the branch and at the tag."""
    assert publish(tree, str(remote), VERSION, ORIGIN)
    assert content(remote, "main", tmp_path / "a") == content(remote, f"v{VERSION}", tmp_path / "b") == read_tree(tree)
    assert git(remote, "log", "--format=%an|%s|%b", "main").strip() == f"Energy Core|Version {VERSION}|{ORIGIN}"
    assert git(remote, "cat-file", "-t", f"v{VERSION}") == "tag"


def test_the_same_again_changes_nothing(remote: Path, tree: Path) -> None:
    """However often, and whoever's machine it is."""
    publish(tree, str(remote), VERSION, ORIGIN)
    before = state(remote)
    assert not publish(tree, str(remote), VERSION, "Built elsewhere.")
    for path in tree.rglob("*.py"):
        path.chmod(0o755)
    assert not publish(tree, str(remote), VERSION, ORIGIN)
    assert state(remote) == before


def test_the_next_version_removes_what_is_gone(remote: Path, tree: Path, tmp_path: Path) -> None:
    """On top of the one before, which stays as it was."""
    publish(tree, str(remote), VERSION, ORIGIN)
    first = read_tree(tree)
    (tree / f"custom_components/{DOMAIN}/lock.py").unlink()
    (tree / f"custom_components/{DOMAIN}/new.py").write_text("X = 1\n")
    assert publish(as_version(tree, "9.9.9"), str(remote), "9.9.9", ORIGIN)
    assert content(remote, "main", tmp_path / "a") == read_tree(tree)
    assert content(remote, f"v{VERSION}", tmp_path / "b") == first
    assert git(remote, "log", "--format=%s", "main").splitlines() == ["Version 9.9.9", f"Version {VERSION}"]
    assert not publish(as_version(tree, "9.9.9"), str(remote), "9.9.9", ORIGIN)


def test_a_tag_that_was_lost_is_set_again(remote: Path, tree: Path) -> None:
    """On the commit that is there: no second one of the same content."""
    publish(tree, str(remote), VERSION, ORIGIN)
    head = git(remote, "rev-parse", "main")
    git(remote, "tag", "--delete", f"v{VERSION}")
    assert publish(tree, str(remote), VERSION, ORIGIN)
    assert git(remote, "rev-parse", "main") == git(remote, "rev-parse", f"v{VERSION}^{{commit}}") == head


def test_settings_of_the_machine_change_nothing(
    remote: Path, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither ignored files, nor ends of lines, nor hooks, nor signatures."""
    (tmp_path / "ignored").write_text("*.yml\n*.json\n")
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks/pre-push").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "hooks/pre-push").chmod(0o755)
    (tmp_path / "config").write_text(
        f"[core]\nexcludesFile={tmp_path}/ignored\nautocrlf=input\nhooksPath={tmp_path}/hooks\n"
        "[commit]\ngpgSign=true\n[tag]\ngpgSign=true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert publish(tree, str(remote), VERSION, ORIGIN)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    assert content(remote, "main", tmp_path / "a") == read_tree(tree)


@pytest.mark.parametrize(
    ("there", "version", "refused"),
    [
        ("0.2.0", "0.1.9", True),
        ("0.10.0", "0.9.0", True),
        ("1.0.0", "1.0.0rc2", True),
        ("1.0.0rc1", "1.0.0b9", True),
        ("1.0.0rc1", "1.0.0", False),
        ("0.9.0", "0.10.0", False),
        ("1.0.0b2", "1.0.0b10", False),
    ],
)
def test_an_older_version_is_not_put_on_top(remote: Path, tree: Path, there: str, version: str, *, refused: bool) -> None:
    """Users would go back without being asked."""
    publish(as_version(tree, there), str(remote), there, ORIGIN)
    before = state(remote)
    if not refused:
        assert publish(as_version(tree, version), str(remote), version, ORIGIN)
        return
    with pytest.raises(ReleaseError, match=f"has version {there}, which is newer than {version}"):
        publish(as_version(tree, version), str(remote), version, ORIGIN)
    assert state(remote) == before


@pytest.mark.parametrize(
    ("spoil", "version", "sentence"),
    [
        (lambda tree: (tree / "README.md").write_text("other"), VERSION, "has a version .* already, and its content is another"),
        (lambda tree: (tree / "README.md").unlink(), VERSION, "no built repository: README.md"),
        (lambda tree: shutil.rmtree(tree / ".github"), VERSION, "no built repository: .github/workflows/validate.yml"),
        (lambda tree: (tree / f"custom_components/{DOMAIN}/manifest.json").unlink(), VERSION, "0 manifests"),
        (lambda tree: shutil.copytree(tree / f"custom_components/{DOMAIN}", tree / "custom_components/x"), VERSION, "2 manif"),
        (lambda tree: None, "9.9.9", f"is version {VERSION}, not 9.9.9"),
        (lambda tree: None, f"v{VERSION}", "is no version"),
        (lambda tree: None, "1.2.3; rm -rf .", "is no version"),
    ],
)
def test_a_mistake_is_one_sentence_and_pushes_nothing(
    remote: Path, tree: Path, spoil: Callable[[Path], object], version: str, sentence: str
) -> None:
    """What is published stays as it is."""
    publish(tree, str(remote), VERSION, ORIGIN)
    before = state(remote)
    spoil(tree)
    with pytest.raises(ReleaseError, match=sentence) as caught:
        publish(tree, str(remote), version, ORIGIN)
    assert "\n" not in str(caught.value)
    assert state(remote) == before


def test_branch_and_tag_go_together(remote: Path, tree: Path) -> None:
    """A repository that takes no tags gets no branch either."""
    hook = remote / "hooks/update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) exit 1 ;; esac\n')
    hook.chmod(0o755)
    with pytest.raises(ReleaseError, match="git push failed"):
        publish(tree, str(remote), VERSION, ORIGIN)
    assert state(remote) == ""


def test_a_repository_that_is_not_there(tree: Path, tmp_path: Path) -> None:
    """One sentence, with its address."""
    with pytest.raises(ReleaseError, match=r"git ls-remote failed for .*/nowhere: .*\.$"):
        publish(tree, str(tmp_path / "nowhere"), VERSION, ORIGIN)


def test_the_command_says_what_it_did(remote: Path, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line; a refusal is a status."""
    arguments = [DOMAIN, "--from", str(tree.parent), "--to", str(remote), "--version"]
    assert command.main([*arguments, VERSION]) == 0
    assert command.main([*arguments, VERSION]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{remote} now has version {VERSION}", f"{remote} had version {VERSION}"]
    assert command.main([*arguments, "9.9.9"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_python_alone_builds_and_publishes(remote: Path, tmp_path: Path) -> None:
    """Where the token is, no package of anybody else is installed."""
    bare = [sys.executable, "-S", "-m"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for part in (
        ["release", VERSION, "--into", str(tmp_path / "dist")],
        ["release.publish", DOMAIN, "--version", VERSION, "--from", str(tmp_path / "dist"), "--to", str(remote)],
    ):
        done = subprocess.run([*bare, *part], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert f"refs/tags/v{VERSION}" in state(remote)
    done = subprocess.run([*bare, "release.announce", "--help"], cwd=ROOT, env=env, capture_output=True, check=False)
    assert done.returncode == 0


# GitHub


# A release is a folder with its files; what `gh` is told goes into a log. The real one reads and writes repositories with
# the same token, which has to be there.
GH = """#!/usr/bin/env python3
import json, os, pathlib, shutil, sys
if not os.environ.get("GH_TOKEN"):
    sys.exit("gh: set the GH_TOKEN environment variable")
if sys.argv[1:] == ["auth", "setup-git"]:
    sys.exit(0)
verb, tag, words = sys.argv[2], sys.argv[3], sys.argv[4:]
home = pathlib.Path(os.environ["HUB"])
with (home / "log").open("a") as log:
    print(verb, *words, file=log)
place = home / words[words.index("--repo") + 1].rpartition("/")[2]
if (home / "broken").exists():
    sys.exit("HTTP 401: Bad credentials")
release, draft = place / tag, place / f"{tag}.draft"
files = [pathlib.Path(word) for word in words if "/" in word and word.endswith((".zip", "SHA256SUMS"))]
if verb != "create" and not release.exists():
    sys.exit("release not found")
if verb == "view":
    print(json.dumps({"assets": [{"name": path.name} for path in release.iterdir()], "isDraft": draft.exists()}))
elif verb == "download":
    name, folder = words[words.index("--pattern") + 1], words[words.index("--dir") + 1]
    shutil.copy(release / name, folder)
elif verb == "edit":
    draft.unlink()
else:
    release.mkdir(parents=True, exist_ok=verb == "upload")
    for path in files:
        shutil.copy(path, release)
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands for GitHub."""
    folder = tmp_path / "hub"
    folder.mkdir()
    program = tmp_path / "bin/gh"
    program.parent.mkdir()
    program.write_text(GH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("HUB", str(folder))
    monkeypatch.setenv("GH_TOKEN", "a token")
    return folder


def place(hub: Path, address: str, version: str = VERSION) -> Path:
    """Return where a release stands."""
    return hub / address.rpartition("/")[2] / f"v{version}"


def verbs(hub: Path) -> list[str]:
    """Return what ``gh`` was told, and forget it."""
    log = hub / "log"
    told = [line.partition(" ")[0] for line in log.read_text().splitlines()] if log.exists() else []
    log.unlink(missing_ok=True)
    return told


@pytest.fixture
def files(dist: Path) -> list[Path]:
    """What goes with the release of one integration."""
    return [dist / f"{DOMAIN}-{VERSION}.zip", dist / SUMS]


def test_a_release_is_made_once(hub: Path, files: list[Path]) -> None:
    """With its files; again, nothing is added."""
    release = Release(repository(DOMAIN), VERSION)
    assert release.complete(files, "Notes.") == [path.name for path in files]
    assert verbs(hub) == ["view", "create"]
    assert release.complete(files, "Notes.") == []
    assert verbs(hub) == ["view", "download", "download"]
    made = place(hub, release.address).iterdir()
    assert {path.name: path.read_bytes() for path in made} == {path.name: path.read_bytes() for path in files}


def test_a_release_that_broke_off_is_completed(hub: Path, files: list[Path]) -> None:
    """What is lacking is added, and a draft is shown."""
    release = Release(repository(DOMAIN), VERSION)
    release.complete(files[:1], "Notes.")
    draft = place(hub, release.address).with_name(f"v{VERSION}.draft")
    draft.touch()
    verbs(hub)
    assert release.complete(files, "Notes.") == [SUMS]
    assert verbs(hub) == ["view", "download", "upload", "edit"]
    assert not draft.exists()


def test_a_release_with_other_files_is_refused(hub: Path, files: list[Path]) -> None:
    """What users have is not replaced under the same name."""
    release = Release(repository(DOMAIN), VERSION)
    release.complete(files, "Notes.")
    (place(hub, release.address) / files[0].name).write_bytes(b"other")
    verbs(hub)
    with pytest.raises(ReleaseError, match="already, and its content is another"):
        release.complete(files, "Notes.")
    assert "upload" not in verbs(hub)


def test_a_beta_is_called_one(hub: Path, files: list[Path]) -> None:
    """HACS offers it to those only who ask."""
    for version, early in (("1.0.0", False), ("1.0.0b1", True), ("1.0.0rc1", True)):
        Release(repository(DOMAIN), version).complete(files, "Notes.")
        assert ("--prerelease" in (hub / "log").read_text()) == early
        verbs(hub)


def test_github_that_refuses_is_no_missing_release(hub: Path, files: list[Path]) -> None:
    """A bad token must not look as if nothing were there."""
    (hub / "broken").touch()
    with pytest.raises(ReleaseError, match=r"gh release view failed for .*: HTTP 401: Bad credentials"):
        Release(repository(DOMAIN), VERSION).complete(files, "Notes.")
    assert verbs(hub) == ["view"]


def test_the_announcement_takes_what_was_built(hub: Path, dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own zip there, all of them here, and the sums."""
    assert announce.main([DOMAIN, "--version", VERSION, "--from", str(dist)]) == 0
    assert f"{DOMAIN}-{VERSION}.zip, {SUMS} added" in capsys.readouterr().out
    assert {path.name for path in place(hub, repository(DOMAIN)).iterdir()} == {SUMS, f"{DOMAIN}-{VERSION}.zip"}
    assert announce.main(["--version", VERSION, "--from", str(dist)]) == 0
    assert {path.name for path in place(hub, MAIN).iterdir()} == {
        SUMS,
        *(f"{each}-{VERSION}.zip" for each in (SUITE, *HERE.domains)),
    }
    assert announce.main(["--version", "9.9.9", "--from", str(dist)]) == 1
    assert announce.main(["--version", "v1", "--from", str(dist)]) == 1
    assert capsys.readouterr().err.count("\n") == 2


def test_the_sums_are_those_of_the_zips(dist: Path) -> None:
    """As ``sha256sum`` reads them."""
    done = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=dist, capture_output=True, text=True, check=True)
    assert done.stdout.count(": OK") == len(HERE.domains) + 1


def test_the_notes_are_those_of_the_version() -> None:
    """From its heading to the next; a version without any is refused."""
    changelog = "# Changelog\n\n## 0.2.0 - today\n\n- New.\n\n### Titan\n\n- More.\n\n## [0.1.0]\n\n- Old.\n\n## 0.0.9\n"
    assert notes_of(changelog, "0.2.0") == "- New.\n\n### Titan\n\n- More.\n"
    assert notes_of(changelog, "0.1.0") == "- Old.\n"
    for version in ("0.0.9", "0.3.0", "0.2"):
        with pytest.raises(ReleaseError, match="says nothing of version"):
            notes_of(changelog, version)


# The workflow, its scripts run one after the other


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This repository as a runner has it: the tag checked out, which is on the main branch of where it came from."""
    top, origin = tmp_path / "checkout", tmp_path / "origin.git"
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("custom_components", "docs", "release", "tests/enphase_envoy"):
        shutil.copytree(ROOT / folder, top / folder, ignore=ignored)
    for name in (".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "hacs.json", "pyproject.toml"):
        shutil.copy(ROOT / name, top / name)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", origin], check=True)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(top))
    git(top, "config", "user.name", "A test")
    git(top, "config", "user.email", "test@example.test")
    git(top, "remote", "add", "origin", str(origin))
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message", "A release")
    git(top, "push", "--quiet", "--set-upstream", "origin", "main")
    return top


def run_job(name: str, checkout: Path, env: dict[str, str], domain: str = "") -> subprocess.CompletedProcess[str] | None:
    """Run what a job of the release workflow runs; return the step that failed."""
    job = rules.parsed((ROOT / ".github/workflows/release.yml").read_text())["jobs"][name]
    shared = {key: domain if "matrix.domain" in value else value for key, value in job.get("env", {}).items()}
    for step in job["steps"]:
        if "run" in step:
            told = {"GH_TOKEN": "a token"} if "GH_TOKEN" in step.get("env", {}) else {}
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            done = subprocess.run(command, cwd=checkout, env=env | shared | told, capture_output=True, text=True, check=False)
            if done.returncode:
                return done
    return None


@pytest.fixture
def runner(tmp_path: Path, hub: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a runner: bare Python, and addresses of GitHub that lead to folders."""
    monkeypatch.delenv("GH_TOKEN")
    python = tmp_path / "bin/python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    for domain in HERE.domains:
        name = repository(domain).rpartition("/")[2]
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", tmp_path / f"{name}.git"], check=True)
    return {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "HUB": str(hub), "GITHUB_REF_NAME": f"v{VERSION}",
        "GITHUB_SHA": git(checkout, "rev-parse", "HEAD"), "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/.insteadOf", "GIT_CONFIG_VALUE_0": f"{OWNER}/",
    }  # fmt: skip


def test_a_tag_becomes_four_releases(tmp_path: Path, hub: Path, checkout: Path, runner: dict[str, str]) -> None:
    """One here and one in each repository, with tag and content; a second run of the tag changes nothing."""
    remotes = [tmp_path / f"{repository(domain).rpartition('/')[2]}.git" for domain in HERE.domains]
    assert run_job("check", checkout, runner) is None
    # Again for the first of them: who runs a job again, finds everything done.
    for domain in (*HERE.domains, HERE.domains[0]):
        before = [state(remote) for remote in remotes]
        assert run_job("publish", checkout, runner, domain) is None
    assert run_job("announce", checkout, runner) is None
    assert [state(remote) for remote in remotes] == before
    for domain, remote in zip(HERE.domains, remotes, strict=True):
        assert content(remote, f"v{VERSION}", tmp_path / domain) == read_tree(checkout / "dist" / domain)
        assert runner["GITHUB_SHA"] in git(remote, "log", "--format=%b", "main")
        assert len(list(place(hub, repository(domain)).iterdir())) == 2
    assert len(list(place(hub, MAIN).iterdir())) == len(HERE.domains) + 2
    assert verbs(hub).count("create") == len(HERE.domains) + 1


@pytest.mark.parametrize("wrong", ["another version", "another branch"])
def test_a_wrong_tag_stops_at_once(checkout: Path, runner: dict[str, str], wrong: str) -> None:
    """Before anything is tested or published."""
    if wrong == "another version":
        runner["GITHUB_REF_NAME"] = "v9.9.9"
    else:
        git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Not on main")
        runner["GITHUB_SHA"] = git(checkout, "rev-parse", "HEAD")
    assert run_job("check", checkout, runner) is not None
