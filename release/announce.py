"""Make the release of a version on GitHub, with its zips: here, and in the repository that users add.

Usage: python -m release.announce [DOMAIN] --version VERSION [--from DIR]

A release that is there is completed, never changed: a zip that is there with other content is refused. The program
``gh`` does the talking and takes its token from the environment.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import re
import subprocess
import sys
import tempfile
from typing import Final

from .archive import SUMS
from .readme import MAIN, repository
from .sources import VERSION, ReleaseError

ROOT: Final = Path(__file__).parents[1]
_ABSENT: Final = re.compile("release not found|HTTP 404", re.IGNORECASE)


@dataclass(frozen=True)
class Release:
    """One release on GitHub: that of a tag that is there already."""

    address: str
    version: str

    def gh(self, verb: str, *arguments: str, absent: str | None = None) -> str:
        """Return what ``gh release`` says; ``absent`` when there is no such release."""
        command = ["gh", "release", verb, f"v{self.version}", "--repo", self.address.removeprefix("https://"), *arguments]
        # A list of words, of which no shell makes anything else.
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if not done.returncode:
            return done.stdout
        if absent is not None and _ABSENT.search(done.stderr):
            return absent
        said = next(iter(done.stderr.strip().splitlines()), "it says nothing")
        raise ReleaseError(f"gh release {verb} failed for {self.address}: {said.rstrip('.')}.")

    def complete(self, files: Sequence[Path], notes: str) -> list[str]:
        """Make the release with ``files``, or give it those that it lacks; return the names of what it lacked."""
        said = self.gh("view", "--json", "assets,isDraft", absent="")
        if not said:
            early = ["--prerelease"] if re.search("[a-z]", self.version) else []
            title = ["--title", f"Version {self.version}", "--notes", notes]
            self.gh("create", "--verify-tag", *title, *early, *map(str, files))
            return [path.name for path in files]
        release = json.loads(said)
        there = {str(asset["name"]) for asset in release["assets"]}
        self._refuse_others([path for path in files if path.name in there])
        lacking = [path for path in files if path.name not in there]
        if lacking:
            self.gh("upload", *map(str, lacking))
        if release["isDraft"]:
            # An upload that broke off leaves a draft, which nobody but us can see.
            self.gh("edit", "--draft=false")
        return [path.name for path in lacking]

    def _refuse_others(self, files: Sequence[Path]) -> None:
        """Refuse to go on when a file that is there has other content."""
        with tempfile.TemporaryDirectory() as folder:
            for path in files:
                self.gh("download", "--pattern", path.name, "--dir", folder)
                if (Path(folder) / path.name).read_bytes() != path.read_bytes():
                    raise ReleaseError(f"{self.address} has a {path.name} already, and its content is another.")


def notes_of(changelog: str, version: str) -> str:
    """Return what a change log says of a version."""
    found = re.search(rf"^## \[?v?{re.escape(version)}(?=[\]\s])[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise ReleaseError(f"CHANGELOG.md says nothing of version {version}.")
    return found[1].strip() + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Complete one release, and say in one sentence what it lacked."""
    parser = argparse.ArgumentParser(prog="python -m release.announce", description="Make a release on GitHub.")
    parser.add_argument("domain", nargs="?", help="which integration's repository; this one without")
    parser.add_argument("--version", required=True, help="which version; its tag must be there")
    parser.add_argument("--from", dest="built", type=Path, default=Path("dist"), help="where it was built (default: dist)")
    options = parser.parse_args(argv)
    release = Release(repository(options.domain) if options.domain else MAIN, options.version)
    try:
        files = _files(options.built, options.domain, options.version)
        notes = notes_of((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), options.version)
        lacked = release.complete(files, notes)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{release.address} version {options.version}: {', '.join(lacked) or 'nothing'} added\n")
    return 0


def _files(built: Path, domain: str | None, version: str) -> list[Path]:
    """Return the zips of a release, and what they hash to."""
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version: it looks like 1.2.3 or 1.2.3b4.")
    zips = sorted(built.glob(f"{domain or '*'}-{version}.zip"))
    if not zips or not (built / SUMS).is_file():
        raise ReleaseError(f"{built} has no zip of version {version}: build it first.")
    return [*zips, built / SUMS]


if __name__ == "__main__":
    sys.exit(main())
