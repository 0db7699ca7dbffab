"""Publish a built tree: one commit and one tag in the repository that users add.

Usage: python -m release.publish DOMAIN [--from DIR] [--to REMOTE] --version VERSION [--origin TEXT]

Nothing but git is used, and nothing is ever forced. The same version with the same content changes nothing; a
version that is there with other content, or that is older than one that is there, is refused.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile
from typing import Final

from .readme import repository
from .sources import COMPONENTS, VERSION, ReleaseError

BRANCH: Final = "main"
# What a tree must have, so that half of one is not published: hidden files are lost easily.
WHOLE: Final = ("LICENSE", "README.md", "hacs.json", ".github/workflows/validate.yml")
# Whoever's machine this is, its own settings change nothing of what is published.
_SETTINGS: Final = {
    "core.autocrlf": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.hooksPath": os.devnull,
    "core.fileMode": "false",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "user.name": "Energy Core",
    "user.email": "energy-core@users.noreply.github.com",
}
_STAGES: Final = {"a": 0, "b": 1, "rc": 2, "": 3}


@dataclass(frozen=True)
class Repository:
    """A bare copy of the repository that users add, for as long as it is published to."""

    folder: Path
    remote: str

    def git(self, *arguments: str, work_tree: Path | None = None) -> str:
        """Return what git says; raise ``ReleaseError`` with the first line of why not."""
        settings = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        where = [f"--git-dir={self.folder}", *([f"--work-tree={work_tree}"] if work_tree else [])]
        # A list of words, of which no shell makes anything else.
        done = subprocess.run(["git", *settings, *where, *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
        if done.returncode:
            said = next(iter(done.stderr.strip().splitlines()), "it says nothing")
            raise ReleaseError(f"git {arguments[0]} failed for {self.remote}: {said.rstrip('.')}.")
        return done.stdout.strip()

    def refs(self) -> dict[str, str]:
        """Return the branch and the tags of the remote: a name, and the commit that it leads to."""
        found: dict[str, str] = {}
        for line in self.git("ls-remote", self.remote).splitlines():
            commit, _, name = line.partition("\t")
            # A tag with a message is listed twice; the second line has the commit.
            found[name.removesuffix("^{}")] = commit
        return found

    def content(self, top: Path) -> str:
        """Return the name that git gives to the content of a folder."""
        self.git("add", "--all", "--force", ".", work_tree=top)
        return self.git("write-tree")

    def content_of(self, commit: str) -> str:
        """Return the name of the content of a commit of the remote."""
        self.git("fetch", "--quiet", "--no-tags", self.remote, commit)
        return self.git("rev-parse", f"{commit}^{{tree}}")


def publish(tree: Path, remote: str, version: str, origin: str) -> bool:
    """Make the content of ``tree`` the newest commit of ``remote``, and tag it; return whether anything changed."""
    _check(tree, version)
    with tempfile.TemporaryDirectory() as folder:
        target = Repository(Path(folder) / "git", remote)
        target.git("init", "--quiet", "--bare", str(target.folder))
        refs, content = target.refs(), target.content(tree)
        tag, head = f"refs/tags/v{version}", refs.get(f"refs/heads/{BRANCH}")
        if tag in refs:
            if target.content_of(refs[tag]) != content:
                raise ReleaseError(f"{remote} has a version {version} already, and its content is another.")
            return False
        _refuse_older(version, refs, remote)
        commit = _commit(target, content, head, f"Version {version}\n\n{origin}")
        target.git("tag", "--annotate", "--message", f"Version {version}", f"v{version}", commit)
        # Both or none: a branch without its tag would be a version that nobody can name.
        target.git("push", "--quiet", "--atomic", remote, f"{commit}:refs/heads/{BRANCH}", tag)
    return True


def _commit(target: Repository, content: str, head: str | None, message: str) -> str:
    """Return a commit of ``content`` on top of ``head``; ``head`` itself, when that is its content."""
    if head is not None and target.content_of(head) == content:
        return head
    parents = ["-p", head] if head else []
    return target.git("commit-tree", content, *parents, "-m", message)


def _check(tree: Path, version: str) -> None:
    """Refuse what is no whole tree of this version."""
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version: it looks like 1.2.3 or 1.2.3b4.")
    manifests = sorted(tree.glob(f"{COMPONENTS}/*/manifest.json"))
    lost = [name for name in WHOLE if not (tree / name).is_file()]
    if lost or len(manifests) != 1:
        raise ReleaseError(f"{tree} is no built repository: {', '.join(lost) or f'{len(manifests)} manifests'}.")
    said = json.loads(manifests[0].read_bytes()).get("version")
    if said != version:
        raise ReleaseError(f"{tree} is version {said}, not {version}.")


def _refuse_older(version: str, refs: dict[str, str], remote: str) -> None:
    """Refuse to put an older version on top of a newer one: users would go back without being asked."""
    there = [name.removeprefix("refs/tags/v") for name in refs if name.startswith("refs/tags/v")]
    newer = [each for each in there if VERSION.fullmatch(each) and _order(each) > _order(version)]
    if newer:
        raise ReleaseError(f"{remote} has version {max(newer, key=_order)}, which is newer than {version}.")


def _order(version: str) -> tuple[int, ...]:
    """Return what sorts versions: 1.2.3b1 before 1.2.3rc1 before 1.2.3."""
    numbers = [int(each) for each in re.findall(r"\d+", version)]
    return (*numbers[:3], _STAGES["".join(filter(str.isalpha, version))], *numbers[3:])


def main(argv: Sequence[str] | None = None) -> int:
    """Publish one tree, and say in one sentence what was done."""
    parser = argparse.ArgumentParser(prog="python -m release.publish", description="Publish one built repository.")
    parser.add_argument("domain", help="which integration")
    parser.add_argument("--version", required=True, help="what is published; refused unless the tree says the same")
    parser.add_argument("--from", dest="built", type=Path, default=Path("dist"), help="where it was built (default: dist)")
    parser.add_argument("--to", metavar="REMOTE", help="another remote than the repository that users add")
    parser.add_argument("--origin", default="Built from energy-core.", help="where it was built from, for the commit")
    options = parser.parse_args(argv)
    remote = options.to or f"{repository(options.domain)}.git"
    try:
        changed = publish(options.built / options.domain, remote, options.version, options.origin)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{remote} {'now has' if changed else 'had'} version {options.version}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
