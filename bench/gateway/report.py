"""The figures as tables that a terminal and a document both show, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
import json
import statistics
from typing import Any

from ..tables import table
from .figures import Cost, Result, Run


def requests_table(results: Sequence[Result]) -> str:
    """Return what is asked of the gateway."""
    head = ("site", "core a minute", "ours", "worst minute", "ratio", "in a poll", "fast", "at once", "core at 60 s")
    return table(head, [_requests(each) for each in results])


def _requests(result: Result) -> list[str]:
    core, ours = result.core, result.ours
    polls = [len(poll.paths) for poll in ours.polls]
    by_poll = (f"{statistics.fmean(polls):.2f}, most {max(polls)}", _span(result.fast)) if result.stepped else ("-", "-")
    return [
        result.site,
        _short(core.requests),
        _short(ours.requests),
        str(ours.busiest),
        f"{result.request_ratio:.2f}",
        *by_poll,
        f"{core.in_flight} / {ours.in_flight}",
        _short(result.slow.requests) if result.slow else "-",
    ]


def cpu_table(results: Sequence[Result]) -> str:
    """Return what a minute costs the machine."""
    head = (
        "site",
        "core ms a minute",
        "ours",
        "ratio",
        "by rounds",
        "worst minute",
        "core at 60 s",
        "writes core",
        "writes ours",
    )
    return table(head, [_cpu(each) for each in results])


def _cpu(result: Result) -> list[str]:
    least, middle, most = result.cpu_spread
    return [
        result.site,
        f"{statistics.fmean(result.core.typical):.1f}",
        f"{statistics.fmean(result.ours.typical):.1f}",
        f"{result.cpu_ratio:.2f}",
        f"{least:.2f} {middle:.2f} {most:.2f}",
        f"{max(result.ours.typical):.1f}",
        f"{statistics.fmean(result.slow.typical):.1f}" if result.slow else "-",
        _writes(result.core, result),
        _writes(result.ours, result),
    ]


def start_table(results: Sequence[Result]) -> str:
    """Return what loading costs."""
    head = ("site", "requests", "entities", "enabled", "first, ms", "of it CPU", "again, CPU ms", "memory, MB")
    return table(head, [_start(each) for each in results])


def _start(result: Result) -> list[str]:
    core, ours = result.core.start, result.ours.start
    if core is None or ours is None:
        return [result.site, *["-"] * 7]
    pairs = (
        (str(core.requests), str(ours.requests)),
        (str(core.registered), str(ours.registered)),
        (str(core.enabled), str(ours.enabled)),
        (f"{core.wall_ms:.0f}", f"{ours.wall_ms:.0f}"),
        (f"{core.cpu_ms:.0f}", f"{ours.cpu_ms:.0f}"),
        (f"{min(core.reload_cpu_ms):.0f}", f"{min(ours.reload_cpu_ms):.0f}"),
        (f"{core.memory_mb:.1f}", f"{ours.memory_mb:.1f}"),
    )
    return [result.site, *(f"{one} / {other}" for one, other in pairs)]


def _writes(cost: Cost, result: Result) -> str:
    return f"{_short(cost.changed)} + {_short(cost.reported)}" if result.stepped else "-"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _span(values: Sequence[int]) -> str:
    return str(min(values)) if min(values) == max(values) else f"{min(values)} to {max(values)}"


def tables(run: Run) -> str:
    """Return everything, as a document shows it."""
    machine = ", ".join(f"{name} {value}" for name, value in run.machine.items())
    method = ", ".join(f"{name} {value}" for name, value in run.method.items())
    used = "; ".join(f"{result.site}: `{result.capture}`" for result in run.results)
    return "\n\n".join(
        [
            f"Machine: {machine}.\nMethod: {method}.\nCaptures: {used}.",
            "### Requests",
            requests_table(run.results),
            "### CPU and states written",
            cpu_table(run.results),
            "### Set-up (core / ours)",
            start_table(run.results),
        ]
    )


def verdict(run: Run) -> str:
    """Return what does not clear its bar, or that everything does."""
    if not run.misses:
        return "Every bar is cleared."
    return "\n".join(f"MISSED {miss}" for miss in run.misses)


def as_json(run: Run) -> str:
    """Return all figures, raw ones included."""
    found: dict[str, Any] = asdict(run)
    for result, shown in zip(run.results, found["results"], strict=True):
        shown["ratios"] = {"requests": result.request_ratio, "cpu": result.cpu_ratio, "cpu_by_round": result.cpu_spread}
    found["misses"] = run.misses
    return json.dumps(found, indent=1)
