"""Imports of the core, one dot shorter; and the proof that none leads out of the folder any more."""

import ast
from collections.abc import Collection, Iterator
from functools import cache
from itertools import accumulate, pairwise
from pathlib import PurePosixPath
import re

from .sources import COMPONENTS, CORE, Files, ReleaseError

_FIRST_DOT = re.compile(rb"from[\s\\]*(\.)")


def inward(path: str, source: bytes) -> bytes:
    """Return a module of a sibling whose imports of the core look for it inside the sibling's own folder.

    ``path`` is the module's, from the sibling's folder. Only what the syntax tree calls an import is touched.
    """
    depth = len(PurePosixPath(path).parts)
    begins = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]
    dots: list[int] = []
    for node in ast.walk(parsed(path, source)):
        if isinstance(node, ast.ImportFrom) and node.level == depth + 1 and _means_core(node):
            found = _FIRST_DOT.match(source, begins[node.lineno - 1] + node.col_offset)
            assert found is not None
            dots.append(found.start(1))
    cuts = [-1, *sorted(dots), len(source)]
    return b"".join(source[before + 1 : after] for before, after in pairwise(cuts))


def _means_core(node: ast.ImportFrom) -> bool:
    if node.module is None:
        return all(alias.name == CORE for alias in node.names)
    return node.module.partition(".")[0] == CORE


@cache
def parsed(path: str, source: bytes) -> ast.Module:
    """Return the syntax tree of a module."""
    try:
        return ast.parse(source, path)
    except SyntaxError as error:
        raise ReleaseError(f"{path} is not Python: {error.msg} in line {error.lineno}.") from error


def strays(files: Files, foreign: Collection[str]) -> list[str]:
    """Return each import in a built folder that leads out of it, or to a file that is not in it.

    ``foreign`` are the names of this repository that nobody else has.
    """
    modules = {path: parsed(path, source) for path, source in files.items() if path.endswith(".py")}
    names = {path: _bound(tree) for path, tree in modules.items()}
    return [f"{path}:{problem}" for path, tree in modules.items() for problem in _strays(path, tree, names, foreign)]


def _strays(path: str, tree: ast.Module, names: dict[str, set[str]], foreign: Collection[str]) -> Iterator[str]:
    folder = PurePosixPath(path).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in foreign:
                    yield f"{node.lineno}: imports {alias.name}, which no user has"
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").partition(".")[0] in foreign:
                yield f"{node.lineno}: imports {node.module}, which no user has"
        elif isinstance(node, ast.ImportFrom):
            if node.level > len(folder) + 1:
                yield f"{node.lineno}: {ast.unparse(node)} leaves the folder"
                continue
            base = (*folder[: len(folder) - node.level + 1], *filter(None, (node.module or "").split(".")))
            lost = [alias.name for alias in node.names if not _is_there(base, alias.name, names)]
            if lost:
                yield f"{node.lineno}: there is no {', '.join(lost)} in {'.'.join(base) or COMPONENTS}"


def _is_there(base: tuple[str, ...], name: str, names: dict[str, set[str]]) -> bool:
    """Tell whether ``name`` is a module below ``base``, or something that ``base`` has."""
    at, inner = "/".join(base), "/".join((*base, name))
    if f"{inner}.py" in names or f"{inner}/__init__.py" in names:
        return True
    has = names.get(f"{at}.py", names.get("/".join((*base, "__init__.py"))))
    return has is not None and (name == "*" or name in has)


def _bound(tree: ast.Module) -> set[str]:
    """Return the names that a module binds anywhere outside its functions and classes, and some more."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.alias(name=name, asname=asname):
                found.add(asname or name.partition(".")[0])
    return found
