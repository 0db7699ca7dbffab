"""What became of the mutants, read from what mutmut leaves in its folder."""

from collections import Counter
from collections.abc import Iterator, Sequence
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from .workspace import BODY, CORE

# A test failed, or the mutant went round in a circle.
KILLED = frozenset({"killed", "timeout", "segfault"})


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed: where it is, and the lines that differ."""

    module: str
    name: str
    before: str
    after: str

    @property
    def where(self) -> str:
        """Return the function, as code has it."""
        function = self.name.rpartition("__mutmut_")[0].rpartition(".")[2].removesuffix(BODY)
        return function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")


@dataclass(frozen=True)
class Score:
    """What became of the mutants of one module."""

    module: str
    fates: Counter[str]
    survivors: Sequence[Survivor]

    @property
    def mutants(self) -> int:
        """How many there are."""
        return self.fates.total()

    @property
    def killed(self) -> int:
        """How many were noticed."""
        return sum(count for fate, count in self.fates.items() if fate in KILLED)

    @property
    def share(self) -> float:
        """How many of a hundred were noticed."""
        return 100 * self.killed / self.mutants


def forget(folder: Path, module: str) -> None:
    """Have the mutants of a module that were not noticed tried again, and find out anew which tests concern which."""
    meta = _meta(folder, module)
    saved = json.loads(meta.read_text(encoding="utf-8"))
    codes = saved["exit_code_by_key"]
    saved["exit_code_by_key"] = {name: code if status_by_exit_code[code] in KILLED else None for name, code in codes.items()}
    meta.write_text(json.dumps(saved), encoding="utf-8")
    (folder / "mutants/mutmut-stats.json").unlink(missing_ok=True)


def _meta(folder: Path, module: str) -> Path:
    return folder / "mutants" / CORE / f"{module}.py.meta"


def score(folder: Path, module: str) -> Score:
    """Return what became of the mutants of a module."""
    codes = json.loads(_meta(folder, module).read_text(encoding="utf-8"))["exit_code_by_key"]
    fates = {name: status_by_exit_code[code] for name, code in codes.items()}
    with contextlib.chdir(folder):
        survivors = [_survivor(module, name) for name, fate in fates.items() if fate not in KILLED]
    return Score(module, Counter(fates.values()), survivors)


def _survivor(module: str, name: str) -> Survivor:
    diff = get_diff_for_mutant(name, path=f"{CORE}/{module}.py").splitlines()[2:]
    return Survivor(module, name, " ".join(_lines(diff, "-")), " ".join(_lines(diff, "+")))


def _lines(diff: Sequence[str], mark: str) -> Iterator[str]:
    return (line[1:].strip() for line in diff if line.startswith(mark))
