"""The sources as trees: which modules there are, what each imports, and which integrations stand here."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMPONENTS = ROOT / "custom_components"


@dataclass(frozen=True)
class Import:
    """One imported name: where it stands, how many dots it has, and what it means from the root."""

    line: int
    level: int
    target: str
    name: str | None = None
    typing_only: bool = False

    @property
    def top(self) -> str:
        """The first part of what is imported."""
        return self.target.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One source file, read or invented (for a negative control)."""

    path: Path
    source: str = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Module:
        """Return the module that stands at ``path``."""
        return cls(path.relative_to(ROOT), path.read_text(encoding="utf-8"))

    def __str__(self) -> str:
        return self.path.as_posix()

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.source, str(self.path))

    @property
    def dotted(self) -> str:
        """The name under which others import it."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> tuple[str, ...]:
        """The folder that its dots count from."""
        return self.path.parts[:-1]

    def imports(self) -> Iterator[Import]:
        """Yield every import, at any depth."""
        guards = (
            node for node in ast.walk(self.tree) if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        )
        for_types = {inner for guard in guards for each in guard.body for inner in ast.walk(each)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(node.lineno, 0, alias.name, typing_only=node in for_types) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self.package[: len(self.package) - node.level + 1] if node.level else ()
                target = ".".join((*base, *filter(None, [node.module])))
                yield from (
                    Import(node.lineno, node.level, target, alias.name, typing_only=node in for_types) for alias in node.names
                )


@dataclass(frozen=True)
class Integration:
    """A folder with a manifest."""

    path: Path

    def __str__(self) -> str:
        return self.path.name

    @property
    def domain(self) -> str:
        """The name of its folder."""
        return self.path.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What its manifest says."""
        return self.json("manifest.json")

    def json(self, name: str) -> dict[str, Any]:
        """Return the content of one of its JSON files."""
        return dict(json.loads((self.path / name).read_text(encoding="utf-8")))

    def modules(self) -> list[Module]:
        """Return its source files."""
        return modules_under(self.path)

    def top(self) -> list[Module]:
        """Return the source files that speak with Home Assistant."""
        return [Module.read(path) for path in sorted(self.path.glob("*.py"))]

    def module(self, name: str) -> Module:
        """Return one of its source files."""
        return Module.read(self.path / name)

    def has(self, name: str) -> bool:
        """Tell whether it has a file of that name."""
        return (self.path / name).is_file()

    @property
    def device_folders(self) -> list[Path]:
        """The folders that know the device and no Home Assistant."""
        return sorted(path for path in self.path.iterdir() if (path / "__init__.py").is_file())


@cache
def integrations() -> tuple[Integration, ...]:
    """Return every integration of this repository."""
    return tuple(Integration(path.parent) for path in sorted(COMPONENTS.glob("*/manifest.json")))


@cache
def modules_under(folder: Path) -> list[Module]:
    """Return every source file below ``folder``."""
    return [Module.read(path) for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts]


def reachable(starts: list[Module]) -> list[Module]:
    """Return ``starts`` and every module of ours that they import, directly or not."""
    known = {module.dotted: module for module in modules_under(COMPONENTS)}
    found: dict[str, Module] = {}
    waiting = list(starts)
    while waiting:
        module = waiting.pop()
        if module.dotted in found:
            continue
        found[module.dotted] = module
        waiting += [known[name] for name in edges(module, known) if name in known]
    return list(found.values())


def edges(module: Module, known: dict[str, Module]) -> set[str]:
    """Return the names of the modules among ``known`` that ``module`` imports when it runs.

    ``from . import x`` means the module ``x`` where there is one, else the package itself.
    """
    found = set()
    for each in module.imports():
        if each.typing_only:
            continue
        inner = f"{each.target}.{each.name}"
        target = inner if inner in known else each.target
        if target in known and target != module.dotted:
            found.add(target)
    return found
