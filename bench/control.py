"""Compare control laws: scripts/bench control [--plant NAME] [--quick] [--stack] [--day] [--check] [--docs]."""

import argparse
from collections.abc import Sequence
import sys
from typing import Final

from .children import ROOT
from .control_limits import QUICK, Verdict, measure, verdicts
from .control_plot import picture
from .control_report import into_document, text, verdict
from .control_runs import ALL, Seeds
from .plants import KINDS

DOCUMENT = ROOT / "docs/control.md"
DAY = ROOT / "docs/images/control_day.svg"
PICTURE = ROOT / "docs/images/control_nominal.svg"
QUICK_SEEDS: Final = Seeds(mixed=2, step=6)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    names = [kind.name for kind in KINDS]
    parser = argparse.ArgumentParser(prog="scripts/bench control", description="Our control law beside others, on plants.")
    parser.add_argument("--plant", action="append", choices=names, default=[], help="only this plant; again for more")
    parser.add_argument("--quick", action="store_true", help="few seeds, and only what the limits need")
    parser.add_argument("--stack", action="store_true", help="instead the whole of Home Assistant, in virtual time")
    parser.add_argument("--day", action="store_true", help="instead a day with battery, car and levels on one meter")
    parser.add_argument("--check", action="store_true", help="only say which limits are kept")
    parser.add_argument("--docs", action="store_true", help=f"all of it, into {DOCUMENT.name}, and draw {PICTURE.name}")
    return parser.parse_args(argv)


def measured(options: argparse.Namespace) -> tuple[str, list[Verdict]]:
    """Run the laws that were asked for; return what a document shows, and the verdicts."""
    kinds = [kind for kind in KINDS if not options.plant or kind.name in options.plant]
    seeds, only = (QUICK_SEEDS, QUICK) if options.quick else (ALL, ())
    found = [measure(kind, seeds, only=only) for kind in kinds]
    judged = [each for one in found for each in verdicts(one)]
    return text(found, judged), judged


def stacked(options: argparse.Namespace) -> tuple[str, list[Verdict]]:
    """Run the whole stack."""
    from . import control_stack  # noqa: PLC0415  (Home Assistant takes a while to import, and the laws do without)

    seeds = QUICK_SEEDS if options.quick else ALL
    scores = {driver: control_stack.score(driver, seeds, _say) for driver in control_stack.DRIVERS}
    judged = list(control_stack.verdicts(scores))
    return control_stack.text(scores, judged), judged


def days(options: argparse.Namespace) -> tuple[str, list[Verdict]]:
    """Live through a day with all three loops."""
    from . import control_day  # noqa: PLC0415  (as above)

    shown, judged, picture_of_it = control_day.days(_say)
    if options.docs:
        DAY.write_text(picture_of_it, encoding="utf-8")
    return shown, judged


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, show, judge; 0 when every limit is kept, 1 when not."""
    options = arguments(argv)
    chosen = [part for part, on in ((stacked, options.stack), (days, options.day)) if on] or [measured]
    wanted = [measured, stacked, days] if options.docs else chosen
    parts = [part(options) for part in wanted]
    judged = [each for _, some in parts for each in some]
    shown = "\n\n".join(each for each, _ in parts)
    print(*(judged if options.check else [shown]), sep="\n")
    if options.check:
        print(verdict(judged))
    if options.docs:
        into_document(DOCUMENT, shown)
        PICTURE.write_text(picture(), encoding="utf-8")
    return 0 if all(each.kept for each in judged) else 1
