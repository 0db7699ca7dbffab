"""What is read of this repository: which integrations there are, their files, and the one version."""

from dataclasses import dataclass
from functools import cached_property
import json
from pathlib import Path
import re
import tomllib
from typing import Any, Final

CORE: Final = "energy_core"
COMPONENTS: Final = "custom_components"
# What Home Assistant reads of an integration. Anything else is a left-over of an editor.
SUFFIXES: Final = frozenset({".py", ".js", ".json", ".yaml", ".png"})
# What Home Assistant's loader takes, and pip, and a tag: 1.2.3, 1.2.3b4, 1.2.3rc1.
VERSION: Final = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")

type Files = dict[str, bytes]


class ReleaseError(Exception):
    """No release can be made; the message is one sentence for whoever asked for it."""


@dataclass(frozen=True)
class Sources:
    """The repository, read and never written."""

    root: Path

    @cached_property
    def domains(self) -> list[str]:
        """The integrations: the folders with a manifest."""
        found = sorted(path.parent.name for path in (self.root / COMPONENTS).glob("*/manifest.json"))
        if not found:
            raise ReleaseError(f"{self.root / COMPONENTS} has no integration.")
        return found

    def manifest(self, domain: str) -> dict[str, Any]:
        """Return what an integration says of itself."""
        return dict(json.loads(self.text(f"{COMPONENTS}/{domain}/manifest.json")))

    def bytes(self, path: str) -> bytes:
        """Return the content of a file that has to be there."""
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            raise ReleaseError(f"{path} cannot be read: {error.strerror}.") from error

    def text(self, path: str) -> str:
        """Return the text of a file that has to be there."""
        return self.bytes(path).decode()

    def files(self, folder: str) -> Files:
        """Return every file below a folder of ``custom_components``, by its path from there, sorted."""
        top = self.root / COMPONENTS / folder
        found: Files = {}
        for path in sorted(top.rglob("*")):
            if "__pycache__" in path.parts or (path.is_dir() and not path.is_symlink()):
                continue
            name = path.relative_to(self.root).as_posix()
            if path.is_symlink() or path.suffix not in SUFFIXES or path.name.startswith("."):
                raise ReleaseError(f"{name} does not belong into a release.")
            found[path.relative_to(top).as_posix()] = self.bytes(name)
        return found

    def version(self, wanted: str | None = None) -> str:
        """Return the one version, which everything says, and which is the ``wanted`` one."""
        said = self._versions()
        version = said["pyproject.toml"] if wanted is None else wanted
        if not VERSION.fullmatch(version):
            raise ReleaseError(f"{version!r} is no version: it looks like 1.2.3 or 1.2.3b4.")
        other = [f"{place} says {each}" for place, each in said.items() if each != version]
        if other:
            raise ReleaseError(f"This is not version {version}: {', '.join(other)}.")
        return version

    def _versions(self) -> dict[str, str]:
        first = re.search(r"^## \[?v?(\d[^\s\]]*)", self.text("CHANGELOG.md"), re.MULTILINE)
        return {
            "pyproject.toml": str(tomllib.loads(self.text("pyproject.toml"))["project"]["version"]),
            "CHANGELOG.md": first[1] if first else "nothing",
            **{f"the manifest of {domain}": str(self.manifest(domain).get("version")) for domain in self.domains},
        }
