"""The repository of one integration, whole: made out of this one, and checked."""

import json
from pathlib import Path
from typing import Final

from .imports import inward, strays
from .readme import Page
from .sources import COMPONENTS, CORE, Files, ReleaseError, Sources

# Folders of this repository that are no part of any release.
_AT_HOME: Final = ("bench", "capture", "demo", "release", "scripts", "simulators", "tests")
# What stands in each built repository as it stands here: its checks, and where its issues belong.
_BESIDE: Final = Path(__file__).with_name("repository")
# Keys of the template that would make HACS look for something else than the tree.
_NOT_OURS: Final = ("content_in_root", "filename", "zip_release")


def tree(sources: Sources, domain: str, version: str) -> Files:
    """Return the repository of ``domain``, by path; raise ``ReleaseError`` when it could not work alone."""
    files = {f"{COMPONENTS}/{domain}/{path}": content for path, content in folder(sources, domain).items()}
    files |= {
        "LICENSE": sources.bytes("LICENSE"),
        "hacs.json": _hacs(sources, domain),
        **{path.relative_to(_BESIDE).as_posix(): path.read_bytes() for path in _BESIDE.rglob("*") if path.is_file()},
        **Page(sources=sources, domain=domain, version=version).files(),
    }
    return dict(sorted(files.items()))


def folder(sources: Sources, domain: str) -> Files:
    """Return what comes to stand in ``custom_components/<domain>``: the integration, the core inside it, the licence."""
    own = sources.files(domain)
    files = {path: inward(path, content) if path.endswith(".py") else content for path, content in own.items()}
    files |= {f"{CORE}/{path}": content for path, content in sources.files(CORE).items()}
    # The licence asks to go along with every copy, and this folder is all that is installed.
    files["LICENSE"] = sources.bytes("LICENSE")
    wrong = problems(files, sources.domains)
    if wrong:
        raise ReleaseError(f"{domain} would not work alone: {'; '.join(wrong[:3])}{' and more' if wrong[3:] else ''}.")
    return dict(sorted(files.items()))


def problems(files: Files, domains: list[str]) -> list[str]:
    """Return why an integration's folder would not work alone."""
    found = strays(files, {COMPONENTS, CORE, *domains, *_AT_HOME})
    manifests = [path for path in files if path.endswith("manifest.json")]
    if manifests != ["manifest.json"]:
        found.append(f"manifests: {', '.join(manifests) or 'none'}")
    return found + [
        f"there is no {path}" for path in ("__init__.py", "brand/icon.png", f"{CORE}/__init__.py") if path not in files
    ]


def _hacs(sources: Sources, domain: str) -> bytes:
    """Return ``hacs.json``: the template, under the integration's own name."""
    template = json.loads(sources.text("hacs.json"))
    hacs = {**template, "name": sources.manifest(domain)["name"]}
    return (json.dumps({key: value for key, value in hacs.items() if key not in _NOT_OURS}, indent=2) + "\n").encode()
