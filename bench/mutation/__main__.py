"""Mutation testing of the core's modules that need no Home Assistant.

scripts/mutate [MODULE]... [--again] [--docs]

Ends with 1 when fewer than 85 of 100 mutants of a module are noticed.
"""

import argparse
from collections.abc import Sequence
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Final

from bench.children import ROOT
from bench.overview import into_page
from bench.tables import table

from .equivalents import EQUIVALENT
from .mutants import Score, Survivor, forget, score
from .workspace import MODULES, prepare

LEAST: Final = 85.0
FOLDER: Final = ROOT / ".cache/mutation"
PAGE: Final = ROOT / "docs/testing.md"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; all when none is named")
    parser.add_argument("--again", action="store_true", help="only what survived the last run or has changed since")
    parser.add_argument("--docs", action="store_true", help="write the last run of every module into docs/testing.md")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.modules) - set(MODULES)):
        parser.error(f"not mutated: {', '.join(unknown)}")
    return options


def run(folder: Path) -> None:
    """Have mutmut try every mutant of which it does not know yet."""
    mutmut = Path(sys.executable).with_name("mutmut")
    outcome = folder / "mutmut.txt"
    with outcome.open("w", encoding="utf-8") as said:
        command = [str(mutmut), "run", "--max-children", "1"]
        # Looking for plugins takes longer than most mutants do; those that are needed are named in the configuration.
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut ended with {done.returncode}:\n{outcome.read_text(encoding='utf-8')[-2000:]}")


def shown(scores: Sequence[Score]) -> str:
    """Return the table, and every mutant that survived."""
    survivors = [each for found in scores for each in found.survivors]
    rows = [_row(each.module, [each]) for each in scores]
    parts = [table(("module", "mutants", "killed", "survived", "of them equivalent", "%"), [*rows, _row("all", scores)])]
    for title, chosen in (
        ("Survivors that no test can kill, because they do the same:", [each for each in survivors if _reason(each)]),
        ("Survivors that a test might kill:", [each for each in survivors if not _reason(each)]),
    ):
        if chosen:
            parts += [title, "\n".join(_told(each) for each in chosen)]
    return "\n\n".join(parts)


def _row(name: str, scores: Sequence[Score]) -> list[str]:
    mutants, killed = sum(each.mutants for each in scores), sum(each.killed for each in scores)
    equivalent = sum(1 for found in scores for each in found.survivors if _reason(each))
    return [name, str(mutants), str(killed), str(mutants - killed), str(equivalent), f"{100 * killed / mutants:.1f}"]


def _reason(survivor: Survivor) -> str:
    return EQUIVALENT.get((survivor.module, survivor.where, survivor.after), "")


def _told(survivor: Survivor) -> str:
    reason = _reason(survivor)
    change = f"`{survivor.before}` → `{survivor.after}`"
    return f"- `{survivor.module}.{survivor.where}`: {change}{f': {reason}' if reason else ''}"


def main(argv: Sequence[str] | None = None) -> int:
    """Mutate, show, judge."""
    options = arguments(argv)
    modules = [each for each in MODULES if not options.modules or each in options.modules]
    began = time.monotonic()
    for module in modules:
        print(f"{module} …", file=sys.stderr, flush=True)
        prepare(FOLDER / module, module, again=options.again)
        if options.again:
            forget(FOLDER / module, module)
        run(FOLDER / module)
    scores = [score(FOLDER / module, module) for module in modules]
    text = shown(scores)
    print(f"{text}\n\n{(time.monotonic() - began) / 60:.1f} min")
    if options.docs:
        into_page(PAGE, "mutation", shown([score(FOLDER / module, module) for module in MODULES]))
    return 1 if any(each.share < LEAST for each in scores) else 0


if __name__ == "__main__":
    sys.exit(main())
