"""scripts/bench soak [--hours N] [--seed N] [--chargers N] [--inverters N] [--json FILE] [--docs]."""

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import random
import sys

from bench.children import ROOT
from bench.machine import machine
from bench.overview import into_page

from . import day, page, plot
from .place import Size
from .record import Record, record, wrongs

PAGE = ROOT / "docs/soak.md"
PICTURE = ROOT / "docs/images/soak.svg"


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench soak", description="Hours of everything, with faults, in virtual time.")
    parser.add_argument("--hours", type=float, default=24.0, help="hours with faults, after one without (default 24)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run: what goes wrong, and when")
    parser.add_argument("--chargers", type=int, default=20)
    parser.add_argument("--inverters", type=int, default=200)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was counted to a file, hour by hour")
    parser.add_argument("--show", type=Path, metavar="FILE", help="run nothing: show what an earlier run wrote with --json")
    parser.add_argument("--docs", action="store_true", help="write the tables and the picture into docs/soak.md")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Run, show, judge; 0 when nothing was seen that must not be, else 1."""
    options = arguments(argv)
    found: Record = json.loads(options.show.read_text(encoding="utf-8")) if options.show is not None else _run(options)
    text = page.text(found)
    print(text)
    if options.docs:
        into_page(PAGE, "soak", text)
        PICTURE.write_text(plot.picture(found), encoding="utf-8")
    return 1 if wrongs(found) else 0


def _run(options: argparse.Namespace) -> Record:
    """Run, and write the file after each hour: a run that is broken off has found something, too."""
    seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    about = machine()
    print(f"seed {seed}", file=sys.stderr, flush=True)
    found: Record = {}

    def tell(so_far: day.Day, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
        found.update(record(so_far), machine=about)
        if options.json is not None:
            options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    size = Size(chargers=options.chargers, inverters=options.inverters)
    day.run(size, hours=options.hours, seed=seed, tell=tell)
    return found
