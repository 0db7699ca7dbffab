"""Ours beside its peers, in figures.

scripts/bench [--suite NAME]... [--rounds N] [--json FILE] [--docs]   every goal: a table and a verdict
scripts/bench gateway|soak|control [OPTIONS]                         one subject at length; each has a --help
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
import sys
from typing import Final

from . import overview
from .children import ROOT, ChildError
from .goals import Figure
from .machine import machine
from .suites import SUITES, Suite

PAGE: Final = ROOT / "docs/performance.md"
IMAGES: Final = ROOT / "docs/images"
AT_LENGTH: Final[Mapping[str, str]] = {"gateway": "bench.gateway.command", "soak": "bench.soak", "control": "bench.control"}
ROUNDS: Final = 7
TITLES: Final = {"performance.svg": "Ours by the peer's", "cloud_age.svg": "Age of the values while charging"}


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    names = [suite.name for suite in SUITES]
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    about = "; ".join(f"{suite.name}: {suite.what}" for suite in SUITES)
    parser.add_argument("--suite", action="append", choices=names, default=[], help=f"{about}; again for more")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each pair is measured (default {ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    parser.add_argument("--docs", action="store_true", help="write table and pictures into docs/performance.md")
    return parser.parse_args(argv)


def chosen(names: Sequence[str]) -> list[Suite]:
    """Return the suites that are meant: all when none is named."""
    return [suite for suite in SUITES if not names or suite.name in names]


def goals(argv: Sequence[str]) -> int:
    """Measure, show, judge; 0 when every goal is met, 1 when one is missed, 2 when nothing could be measured."""
    options = arguments(argv)
    figures: list[Figure] = []
    about = machine()
    try:
        for suite in chosen(options.suite):
            print(f"{suite.name}: {suite.what} …", file=sys.stderr, flush=True)
            figures += suite.measure(options.rounds)
    except ChildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    text = _text(figures, about, options.rounds)
    print(text)
    if options.json is not None:
        options.json.write_text(overview.as_json(figures, about, options.rounds) + "\n", encoding="utf-8")
    if options.docs:
        _renew(text, figures, chosen(options.suite))
    return 1 if any(each.met is False for each in figures) else 0


def _text(figures: Sequence[Figure], about: Mapping[str, object], rounds: int) -> str:
    where = ", ".join(f"{name} {value}" for name, value in about.items())
    parts = [f"Machine: {where}. Medians of {rounds} rounds.", overview.goals_table(figures), overview.verdict(figures)]
    return "\n\n".join([*parts, "Measured besides:", overview.other_table(figures)])


def _renew(text: str, figures: Sequence[Figure], suites: Sequence[Suite]) -> None:
    """Write the page and its pictures."""
    pictures = {"performance.svg": overview.picture(figures)}
    for suite in suites:
        pictures |= suite.plots()
    for name, svg in pictures.items():
        (IMAGES / name).write_text(svg, encoding="utf-8")
    shown = "\n\n".join(f"![{TITLES.get(name, name)}](images/{name})" for name in pictures)
    overview.into_page(PAGE, "goals", f"{shown}\n\n{text}")


def main() -> int:
    """Run what is named first, or all goals."""
    name, *rest = sys.argv[1:] or [""]
    if name in AT_LENGTH:
        at_length: Callable[[Sequence[str]], int] = import_module(AT_LENGTH[name]).main
        return at_length(rest)
    return goals(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
