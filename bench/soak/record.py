"""What a soak found, as plain data: for JSON, for the page, and for the figures of the goals."""

from dataclasses import asdict
from typing import Any, Final

from .asking import EXACT, PROMISED
from .day import Day

# Polls never take more calls than this in any 24 hours; the rest of the 1000 is for commands and for others.
CALLS: Final = 900
# They are counted as they leave, here as they arrive: at the ends of a day so many more may fall into it.
ON_THEIR_WAY: Final = 5

type Record = dict[str, Any]


def record(day: Day) -> Record:
    """Return everything that was counted."""
    asked, said, mischief = day.asked, day.said, day.mischief
    return {
        "seed": day.seed,
        "hours": day.hours,
        "size": asdict(day.size),
        "wall_s": round(day.wall_s, 1),
        "cpu_s": round(day.cpu_s, 1),
        "entities": day.entities,
        "samples": [each.as_dict() for each in day.samples],
        "healthy": day.healthy,
        "pace": day.pace,
        "requests": dict(asked.requests),
        "gaps": asked.gaps,
        "at_once": dict(asked.at_once),
        "violations": dict(asked.violations),
        "hurried": asked.hurried,
        "calls_in_a_day": asked.calls_in_a_day,
        "refused_calls": asked.refused_calls,
        "writes": asked.writes,
        "struck": dict(mischief.struck),
        "drawn": dict(mischief.asked),
        "kinds": dict(mischief.kinds),
        "outages": [asdict(each) for each in mischief.outages],
        "states": day.states,
        "grown": day.grown,
        "log": dict(said.levels),
        "library": dict(said.library),
        "losses": said.losses,
        "returns": said.returns,
        "down": sorted(map(list, said.down)),
        "traces": said.traces,
        "twice": said.twice,
        "other": said.other,
    }


def wrongs(found: Record) -> list[str]:
    """Return what must not be, in words; nothing when all is well."""
    checks = {
        f"{kind}: {gap:.3f} s between two requests, {PROMISED[kind]} promised": gap < PROMISED[kind] - EXACT
        for kind, gap in found["gaps"].items()
    }
    checks |= {f"{kind}: {most} requests at once": most > 1 for kind, most in found["at_once"].items()}
    checks |= {
        f"{found['calls_in_a_day']} calls of the cloud in a day": found["calls_in_a_day"] > CALLS + ON_THEIR_WAY,
        f"{found['refused_calls']} calls refused": found["refused_calls"] > 0,
        f"violations: {found['violations']}": bool(found["violations"]),
        f"{len(found['traces'])} traces": bool(found["traces"]),
        f"said twice: {found['twice'][:3]}": bool(found["twice"]),
        f"unexpected: {found['other'][:3]}": bool(found["other"]),
        f"still away when all was well: {found['down']}": bool(found["down"]),
        f"{found['writes']} writes without a command": found["writes"] > 0,
    }
    return [text for text, wrong in checks.items() if wrong]
