"""What was built, read back as a stranger would read it, and every rule that it has to keep."""

import ast
from functools import cache
import io
import json
from pathlib import Path, PurePosixPath
import zipfile

import hass_frontend
from homeassistant.util.yaml import parse_yaml

from release.sources import COMPONENTS, Files, Sources
from release.tree import problems
from tests import hassfest_rules as rules
from tests.source_tree import ROOT, Module, edges


class Frozen(Sources):
    """This repository as it was when first looked at: nobody's editing comes between two builds."""

    def bytes(self, path: str) -> bytes:
        """Return the content of a file, always the same."""
        return _read(path)


@cache
def _read(path: str) -> bytes:
    return Sources(ROOT).bytes(path)


HERE = Frozen(ROOT)


def read_tree(top: Path) -> Files:
    """Return every file of a folder."""
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


def read_zip(path: Path) -> Files:
    """Return every file of a zip."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def ours() -> Files:
    """Return this repository, as far as an installer looks at it."""
    folders = (*HERE.domains, "energy_core")
    found = {f"{COMPONENTS}/{name}/{path}": each for name in folders for path, each in HERE.files(name).items()}
    return found | {name: HERE.bytes(name) for name in ("README.md", "LICENSE", "hacs.json")}


def folder_of(tree: Files, domain: str) -> Files:
    """Return what a tree has below ``custom_components/<domain>``."""
    start = f"custom_components/{domain}/"
    return {path.removeprefix(start): content for path, content in tree.items() if path.startswith(start)}


def modules_of(folder: Files, domain: str) -> list[Module]:
    """Return the source files of an installed folder."""
    at = Path("custom_components") / domain
    return [_module(at / path, content.decode()) for path, content in folder.items() if path.endswith(".py")]


@cache
def _module(path: Path, source: str) -> Module:
    """Return a module, read once however many trees have it."""
    return Module(path, source)


def wrong_with(tree: Files, domain: str) -> list[str]:
    """Return everything that is wrong with a built tree: forgotten files, imports, and hassfest's rules."""
    folder = folder_of(tree, domain)
    found = problems(folder, HERE.domains) + _forgotten(tree, folder, domain) + _arrows(folder, domain)
    if "manifest.json" not in folder:
        return found
    manifest = json.loads(folder["manifest.json"])
    modules = modules_of(folder, domain)
    found += rules.manifest_problems(manifest, domain)
    found += rules.dependency_problems(_run(modules, domain), manifest)
    init = next(each for each in modules if each.path.name == "__init__.py" and each.path.parent.name == domain)
    found += rules.set_up_problems(init, has_flow_file="config_flow.py" in folder, manifest=manifest)
    found += rules.hacs_problems(json.loads(tree.get("hacs.json", b"{}")))
    return found + _texts(folder)


def _forgotten(tree: Files, folder: Files, domain: str) -> list[str]:
    """Return what the sources have and the tree has not, or has otherwise."""
    wanted = {**HERE.files(domain), **{f"energy_core/{path}": each for path, each in HERE.files("energy_core").items()}}
    wanted["LICENSE"] = HERE.bytes("LICENSE")
    found = [f"{path} is missing" for path in wanted if path not in folder]
    found += [f"{path} is too much" for path in folder if path not in wanted]
    same = [path for path in wanted if path in folder and (not path.endswith(".py") or path.startswith("energy_core/"))]
    found += [f"{path} is not as it was" for path in same if folder[path] != wanted[path]]
    return found + [f"{path} is missing" for path in ("README.md", "LICENSE", "hacs.json") if path not in tree]


def _arrows(folder: Files, domain: str) -> list[str]:
    """Return each module that does not import what it imports here, where the rules of the architecture hold."""
    found = []
    for module in modules_of(folder, domain):
        inner = PurePosixPath(*module.path.parts[2:]).as_posix()
        here = inner if inner.startswith("energy_core/") else f"{domain}/{inner}"
        path = f"custom_components/{here}"
        if not (ROOT / path).is_file():
            continue
        meant = _module(Path(path), HERE.text(path))
        core = f"custom_components.{domain}.energy_core"
        built = {(each.target.replace(core, "custom_components.energy_core"), each.name) for each in module.imports()}
        source = {(each.target, each.name) for each in meant.imports()}
        found += [f"{module}: imports {target}.{name}, the source does not" for target, name in sorted(built - source, key=str)]
        if _undotted(module.source) != _undotted(meant.source):
            found.append(f"{module}: differs from its source by more than the dots of imports")
    return found


@cache
def _undotted(source: str) -> str:
    """Return the syntax of a module as if no import had dots."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            node.level = 0
    return ast.dump(tree)


def _run(modules: list[Module], domain: str) -> list[Module]:
    """Return the integration's own modules, and those of its core that they lead to."""
    known = {module.dotted: module for module in modules}
    found: dict[str, Module] = {}
    waiting = [name for name in known if not name.startswith(f"custom_components.{domain}.energy_core")]
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found[name] = known[name]
            waiting += edges(known[name], known)
    return list(found.values())


def _texts(folder: Files) -> list[str]:
    """Return what is wrong with texts, icons and actions."""
    texts = {PurePosixPath(path).stem: each for path, each in folder.items() if path.startswith("translations/")}
    english = texts.get("en", b"{}")
    found = [f"there is no language {each}" for each in rules.LANGUAGES if each not in texts]
    found += [f"{language}: {each}" for language, told in texts.items() for each in _told(english, told)]
    icons = json.loads(folder.get("icons.json", b"{}"))
    actions = parse_yaml(folder.get("services.yaml", b"").decode()) or {}
    found += rules.icon_problems(icons, known_icons())
    return found + rules.service_problems(actions, json.loads(english), icons)


@cache
def _told(english: bytes, told: bytes) -> list[str]:
    """Return what is wrong with one language."""
    texts = json.loads(told)
    return [*rules.translation_problems(texts), *rules.language_problems(json.loads(english), texts)]


@cache
def known_icons() -> frozenset[str]:
    """Return the names of all icons of the frontend that Home Assistant ships."""
    path = Path(hass_frontend.__file__).parent / "static/mdi/iconList.json"
    return frozenset(icon["name"] for icon in json.loads(path.read_text(encoding="utf-8")))
