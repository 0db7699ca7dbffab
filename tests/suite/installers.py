"""HACS and the Marketplace of Home Assistant 2026.11, as their sources have them: from a repository to a folder.

Both take what a Git host packs for a tag: everything below one folder that is named after repository and tag.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
import json
from pathlib import PurePosixPath

from awesomeversion import AwesomeVersion, AwesomeVersionException, AwesomeVersionStrategy

from release.sources import Files
from tests.hassfest_rules import HACS_KEYS

TOP = "repository-0.1.0/"
# What HACS's validator asks of the manifest.
MANIFEST_KEYS = {"codeowners", "documentation", "domain", "issue_tracker", "name", "version"}
# The Marketplace's limits.
MEMBERS, SIZE = 50_000, 100 * 1024 * 1024
VERSIONS = ("CALVER", "SEMVER", "SIMPLEVER", "BUILDVER", "PEP440")


# What is done to the repository of the charger, and why it is refused then; None: it is installed all the same.
SPOILT: dict[str, tuple[Callable[[Files], object], str | None]] = {
    "no hacs.json": (lambda tree: tree.pop("hacs.json"), "no hacs.json"),
    "no manifest": (lambda tree: tree.pop("custom_components/v2c_cloud/manifest.json"), "no manifest"),
    "no version": (lambda tree: tree.update({"custom_components/v2c_cloud/manifest.json": b'{"domain": "v2c_cloud"}'}), "a version"),
    "a way out": (lambda tree: tree.update({"custom_components/v2c_cloud/../x.py": b""}), "leads out"),
    "the core": (lambda tree: tree.update({"custom_components/energy_core/x.py": b""}), "energy_core has no manifest"),
    "a longer name": (lambda tree: tree.update({"custom_components_old/x.py": b""}), None),
    "too large": (lambda tree: tree.update({"custom_components/v2c_cloud/a.bin": b"0" * (101 * 1024 * 1024)}), "too large"),
}  # fmt: skip


class RefusedError(Exception):
    """The repository is not installed."""


def packed(tree: Files) -> Files:
    """Return the source archive of a repository."""
    return {f"{TOP}{path}": content for path, content in tree.items()}


def folders(paths: Iterable[str]) -> list[str]:
    """Return every folder in the order of a Git tree: by bytes, a folder before what is in it."""
    found = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents} - {"."}
    return sorted(found, key=lambda path: f"{path}/".encode())


@dataclass
class Config:
    """A ``custom_components`` folder, with who installed what."""

    files: dict[str, Files] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)


def _first_folder(tree: Files) -> str:
    """Return the folder that is installed; nothing in a repository can name another."""
    for path in folders(tree):
        if path.startswith("custom_components") and path != "custom_components":
            return path
    raise RefusedError("there is no folder below custom_components")


def _domain(tree: Files, remote: str) -> str:
    try:
        return str(json.loads(tree[f"{remote}/manifest.json"])["domain"])
    except KeyError as error:
        raise RefusedError(f"{remote} has no manifest with a domain") from error


def hacs(config: Config, archive: Files) -> str:
    """Install as HACS does; return the domain."""
    tree = {path.removeprefix(TOP): content for path, content in archive.items()}
    remote = _first_folder(tree)
    domain = _domain(tree, remote)
    # No border of a segment is asked for: a folder with a longer name would come along.
    inside = {path.removeprefix(remote).lstrip("/"): each for path, each in tree.items() if path.startswith(remote)}
    config.files[domain] = inside
    return domain


def validators_of_hacs(tree: Files) -> list[str]:
    """Return what HACS's checks for its catalogue say of a repository's files, as far as files tell."""
    found = []
    hacs_json = json.loads(tree.get("hacs.json", b"{}"))
    found += [f"hacs.json: {key}" for key in hacs_json if key not in HACS_KEYS]
    if not hacs_json.get("name") or (hacs_json.get("zip_release") and not hacs_json.get("filename")):
        found.append("hacs.json: no name, or a zip without a filename")
    if not {"readme.md", "readme", "info.md"} & {path.lower() for path in tree}:
        found.append("no README")
    remote = _first_folder(tree)
    manifest = json.loads(tree.get(f"{remote}/manifest.json", b"{}"))
    found += [f"manifest: no {key}" for key in sorted(MANIFEST_KEYS - manifest.keys())]
    if f"{remote}/brand/icon.png" not in tree:
        found.append("no brand/icon.png")
    if not tree.get("LICENSE", b"").startswith(b"MIT License"):
        found.append("no licence that is recognised")
    # The catalogue's own hassfest step gives up unless there is exactly one.
    count = sum(path.endswith("manifest.json") for path in tree)
    return found + ([f"{count} manifests"] if count != 1 else [])


def marketplace(config: Config, archive: Files, *, owner: str, built_in: Iterable[str] = (), confirmed: bool = False) -> str:
    """Install as the Marketplace does; return the domain."""
    tree = {path.removeprefix(TOP): content for path, content in archive.items()}
    if "hacs.json" not in tree:
        raise RefusedError("there is no hacs.json")
    remote = PurePosixPath(_first_folder(tree))
    domain = _domain(tree, remote.as_posix())
    if config.owners.get(domain, owner) != owner:
        raise RefusedError("another repository owns the domain")
    if domain in built_in and domain not in config.files and not confirmed:
        raise RefusedError("it replaces a built-in integration, which was not confirmed")
    inside = {}
    for path, content in tree.items():
        member = PurePosixPath(path)
        if ".." in member.parts or member.is_absolute():
            raise RefusedError("a member leads out of the folder")
        if member.is_relative_to(remote):
            inside[member.relative_to(remote).as_posix()] = content
    # An archive that is too large is no reason: then the files are fetched one by one, up to the same limits.
    if len(inside) > MEMBERS or sum(map(len, inside.values())) > SIZE:
        raise RefusedError("too large")
    _loadable(inside, domain)
    config.files[domain], config.owners[domain] = inside, owner
    return domain


def _loadable(folder: Files, domain: str) -> None:
    """Read the manifest again, as it was written: otherwise the folder of before comes back."""
    manifest = json.loads(folder["manifest.json"])
    if manifest["domain"] != domain:
        raise RefusedError("another domain than before")
    try:
        AwesomeVersion(manifest["version"], ensure_strategy=[AwesomeVersionStrategy[name] for name in VERSIONS])
    except (AwesomeVersionException, KeyError) as error:
        raise RefusedError("a version that cannot be loaded") from error
