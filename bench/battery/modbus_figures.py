"""Modbus: ours beside modbus-connection's model, pymodbus, one register after the other, and a bare socket (B7, B8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import Any, Final

from custom_components.titan_izypower.titan.device import REQUEST_GAP

from ..goals import Figure
from .learning import learn
from .modbus import POLL_EVERY
from .wires import QUICK, Results, scan

DELAYS: Final = {0.0: QUICK, 0.01: 2, 0.05: 1}
LATE: Final = 0.05
A_MINUTE: Final = 60 / POLL_EVERY
CPU: Final[dict[str, Any]] = {"what": "CPU of a full Modbus scan, decoded", "kind": "cpu_ms"}
WALL: Final[dict[str, Any]] = {"what": "time of a full Modbus scan", "kind": "wall_ms"}
PEERS: Final = {
    "model": f"modbus-connection {version('modbus-connection')}[tmodbus], its model as it is",
    "singly": f"modbus-connection {version('modbus-connection')}[tmodbus], one register after the other",
    "borrowed": f"modbus-connection {version('modbus-connection')}[tmodbus], the same requests, nothing decoded",
    "pymodbus": f"pymodbus {version('pymodbus')}, the best plan there is",
    "floor": "a bare socket, the best plan there is, nothing checked",
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """What all clients came to."""

    found: Results

    def counted(self, what: str, kind: str, peer: str, *, who: str = "ours", times: float = 1, **more: Any) -> Figure:
        """Return a figure of what went over the wire."""
        own, other = (times * getattr(self.found[each, 0.0], kind) for each in (who, peer))
        return Figure(what=what, unit="", ours=own, peer=other, against=PEERS[peer], exact=True, **more)

    def timed(self, what: str, kind: str, peer: str, delay: float, *, who: str = "ours", times: float = 1, **more: Any) -> Figure:
        """Return a figure of time that was spent."""
        own, other = ([times * each for each in getattr(self.found[name, delay], kind)] for name in (who, peer))
        case = f"{delay * 1000:g} ms an answer"
        return Figure.of_rounds(own, other, what=what, case=case, unit="ms", against=PEERS[peer], **more)


def measure(rounds: int, delays: Mapping[float, int] = DELAYS) -> list[Figure]:
    """Return all figures of the Modbus wire that can be had with these ``delays`` (s until an answer, scans in a round)."""
    table = Table(found=scan("modbus", rounds, delays, packs=2))
    waiting = [*_waits(table), *_paused(table)] if LATE in delays else []
    return [*_counts(table), *_lessons(), *_times(table), *waiting]


def _counts(table: Table) -> Sequence[Figure]:
    full: dict[str, Any] = {"what": "Modbus requests of a full scan", "kind": "requests", "case": "138 registers"}
    paced: dict[str, Any] = {"who": "tiers", "times": A_MINUTE, "case": "each block at its own pace, a poll each 30 s"}
    a_minute: dict[str, Any] = {"what": "Modbus requests a minute", "kind": "requests", **paced}
    return (
        table.counted(goal="B7", peer="model", bound=0.75, **full),
        table.counted(goal="B7", peer="singly", bound=0.065, **full),
        table.counted(goal="", peer="floor", **full),
        table.counted(goal="B7", peer="model", bound=0.45, **a_minute),
        table.counted(goal="", peer="singly", **a_minute),
        table.counted("Modbus bytes of a full scan", "bytes", "model", goal="", case="138 registers"),
        table.counted("Modbus bytes a minute", "bytes", "model", goal="", **paced),
    )


def _lessons() -> Sequence[Figure]:
    refused, then = learn(holes="undocumented")
    short, then_short = learn(max_words=60)
    what: dict[str, Any] = {"unit": "", "exact": True}
    return (
        Figure(goal="B7", what="Modbus requests refused, once", case="a unit that serves no gap", ours=refused, bound=16, **what),
        Figure(goal="B7", what="Modbus requests refused, once", case="at most 60 words at once", ours=short, bound=16, **what),
        Figure(goal="", what="Modbus requests of a full scan", case="a unit that serves no gap", ours=then, **what),
        Figure(goal="", what="Modbus requests of a full scan", case="at most 60 words at once", ours=then_short, **what),
    )


def _times(table: Table) -> Sequence[Figure]:
    return (
        table.timed(**CPU, peer="model", delay=0.0, goal="B8", bound=0.65),
        *(table.timed(**CPU, peer=peer, delay=0.0, goal="") for peer in ("borrowed", "pymodbus", "singly", "floor")),
        table.timed("CPU of the requests of a full Modbus scan alone", "cpu_ms", "model", 0.0, who="borrowed", goal=""),
        table.timed(
            "CPU of Modbus a minute, each block at its own pace", "cpu_ms", "model", 0.0, who="tiers", times=A_MINUTE, goal=""
        ),
    )


def _waits(table: Table) -> Sequence[Figure]:
    return (
        *(table.timed(**CPU, peer="model", delay=delay, goal="") for delay in DELAYS if delay),
        table.timed(**WALL, peer="model", delay=0.01, goal=""),
        table.timed(**WALL, peer="model", delay=LATE, goal="B8", bound=0.78),
        *(table.timed(**WALL, peer=peer, delay=LATE, goal="") for peer in ("pymodbus", "floor")),
    )


def _paused(table: Table) -> Sequence[Figure]:
    """Say what our pause costs: it follows from the number of requests."""
    peer = median(table.found["model", LATE].wall_ms)
    what: dict[str, Any] = {"goal": "", "unit": "ms", "peer": peer, "against": PEERS["model"]}
    full, fast = (_with_pauses(count) for count in (table.found["ours", 0.0].requests, round(table.found["tiers", 0.0].requests)))
    case = f"50 ms an answer, {REQUEST_GAP:g} s between requests"
    return (
        Figure(what="time of a full Modbus scan with our pauses, computed", case=case, ours=full, **what),
        Figure(what="time of a usual Modbus poll with our pauses, computed", case=case, ours=fast, **what),
    )


def _with_pauses(requests: float) -> float:
    return 1000 * ((requests - 1) * REQUEST_GAP + LATE)
