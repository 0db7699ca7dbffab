"""Trees and zips on disk: the same bytes for the same content, on every machine."""

import hashlib
from io import BytesIO
from pathlib import Path
import shutil
from typing import Final
import zipfile

from .sources import COMPONENTS, Files, ReleaseError, Sources
from .tree import tree

SUITE: Final = "energy_core_suite"
# What each zip hashes to, as `sha256sum --check` reads it.
SUMS: Final = "SHA256SUMS"
# The first moment that a zip can express.
_THEN: Final = (1980, 1, 1, 0, 0, 0)
_FILE, _UNIX = 0o100644, 3


def build(sources: Sources, into: Path, wanted: str | None = None) -> list[Path]:
    """Make every tree and every zip below ``into``; return what was made. Nothing is written when something is wrong."""
    version = sources.version(wanted)
    trees = {domain: tree(sources, domain, version) for domain in sources.domains}
    zips = {domain: _installed(files) for domain, files in trees.items()}
    zips[SUITE] = {path: content for files in zips.values() for path, content in files.items()}
    for domain in trees:
        if (into / domain).exists() and not (into / domain / "hacs.json").is_file():
            raise ReleaseError(f"{into / domain} was not built by this, so it is not replaced.")
    made = [_write_tree(into / domain, files) for domain, files in trees.items()]
    packed = [_write_zip(into, name, version, files) for name, files in zips.items()]
    return [*made, *packed, _write_sums(into, packed)]


def zipped(files: Files) -> bytes:
    """Return a zip that depends on names and contents alone.

    Nothing is compressed: what a compressor makes of the same bytes changes with its version.
    """
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(files.items()):
            info = zipfile.ZipInfo(path, _THEN)
            info.create_system, info.external_attr = _UNIX, _FILE << 16
            archive.writestr(info, content)
    return target.getvalue()


def _installed(files: Files) -> Files:
    """Return what of a tree comes to stand below ``custom_components``."""
    start = f"{COMPONENTS}/"
    return {path.removeprefix(start): content for path, content in files.items() if path.startswith(start)}


def _write_tree(top: Path, files: Files) -> Path:
    if top.exists():
        shutil.rmtree(top)
    for path, content in files.items():
        target = top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(_FILE & 0o777)
    return top


def _write_zip(into: Path, name: str, version: str, files: Files) -> Path:
    for older in into.glob(f"{name}-*.zip"):
        older.unlink()
    target = into / f"{name}-{version}.zip"
    target.write_bytes(zipped(files))
    return target


def _write_sums(into: Path, zips: list[Path]) -> Path:
    target = into / SUMS
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(zips)]
    target.write_text("".join(lines), encoding="utf-8")
    return target
