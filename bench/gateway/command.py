"""Compare ours with core's: scripts/bench gateway [--site NAME] [--minutes N] [--rounds N] [--real] [--json FILE] [--docs]."""

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys
from typing import Any

from ..children import ROOT, ChildError
from ..machine import machine
from ..overview import into_page
from .figures import Result, Run
from .measure import FRESH, Plan, live, profiled, stepped
from .report import as_json, tables, verdict
from .sites import SITES, UnknownSiteError, chosen

DOCUMENT = ROOT / "docs/bench.md"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    known = ", ".join(site.name for site in SITES)
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Enphase Envoy: ours beside Home Assistant core's own.")
    parser.add_argument(
        "--site", action="append", default=[], help=f"one of {known}, or a capture like own/5.0.62; again for more"
    )
    parser.add_argument("--minutes", type=int, default=0, help="minutes in a round (default 5; with --real 1)")
    parser.add_argument("--rounds", type=int, default=0, help="how often everything is measured (default 8; with --real 1)")
    parser.add_argument("--real", action="store_true", help="wait through real minutes instead of setting the clocks")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/bench.md")
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    return parser.parse_args(argv)


def plan_of(options: argparse.Namespace) -> Plan:
    """Return what is to be measured."""
    usual = Plan(minutes=1, rounds=1, real=True) if options.real else Plan()
    return Plan(minutes=options.minutes or usual.minutes, rounds=options.rounds or usual.rounds, real=options.real)


def method(plan: Plan) -> dict[str, Any]:
    """Return how it was measured."""
    clock = "real" if plan.real else "set by hand"
    return {"clock": clock, "seconds between polls": FRESH, "minutes in a round": plan.minutes, "rounds": plan.rounds}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, show, judge; 0 when every bar is cleared, 1 when not, 2 when nothing could be measured."""
    options = arguments(argv)
    plan = plan_of(options)
    results: list[Result] = []
    found = Run(machine=machine(), method=method(plan), results=results)
    try:
        for site in chosen(options.site):
            print(f"{site.name} ({site.capture}) …", file=sys.stderr, flush=True)
            if options.profile:
                profiled(site, plan, print)
            else:
                results.append((live if plan.real else stepped)(site, plan))
    except (UnknownSiteError, ChildError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.profile:
        return 0
    print(tables(found), verdict(found), sep="\n\n")
    if options.json is not None:
        options.json.write_text(as_json(found) + "\n", encoding="utf-8")
    if options.docs:
        into_page(DOCUMENT, "bench", f"{tables(found)}\n\n{verdict(found)}")
    return 1 if found.misses else 0
