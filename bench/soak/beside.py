"""86,400 polls of our coordinator beside Home Assistant's own, in turn."""

from contextlib import ExitStack
from importlib.metadata import version
from typing import Any, Final

from bench.children import Child, child
from bench.goals import Figure

from .polls import FAULT_EVERY, OURS, STOCK

DAY: Final = 86_400
WARM_UP: Final = 2 * FAULT_EVERY


def measure(rounds: int, polls: int = DAY) -> list[Figure]:
    """Return the figures of goal B13; each round is a part of the polls."""
    share = max(1, polls // rounds // FAULT_EVERY)
    with ExitStack() as stack:
        sides = {which: stack.enter_context(child("bench.soak.side", which)) for which in (STOCK, OURS)}
        for side in sides.values():
            side.ask(do="begin")
            side.ask(do="polls", count=WARM_UP)
        before = {which: side.ask(do="look") for which, side in sides.items()}
        timed = _timed(sides, rounds, share)
        after = {which: side.ask(do="look") for which, side in sides.items()}
        writes = {which: side.ask(do="writes", count=FAULT_EVERY) for which, side in sides.items()}
    return [*_of_time(timed, rounds * share * FAULT_EVERY), *_of_memory(before, after), _of_writes(writes)]


def _timed(sides: dict[str, Child], rounds: int, share: int) -> dict[str, list[dict[str, float]]]:
    """Poll in turn; what each round cost, by side."""
    found: dict[str, list[dict[str, float]]] = {which: [] for which in sides}
    for _ in range(rounds):
        parts: dict[str, list[dict[str, Any]]] = {which: [] for which in sides}
        for _ in range(share):
            for which, side in sides.items():
                parts[which].append(side.ask(do="polls", count=FAULT_EVERY))
        for which, side in sides.items():
            worst = side.ask(do="slowest", count=FAULT_EVERY)["worst_ms"]
            found[which].append({"cpu": sum(part["cpu_s"] for part in parts[which]), "worst": worst})
    return found


def _of_time(timed: dict[str, list[dict[str, float]]], polls: int) -> list[Figure]:
    cpu = {which: [each["cpu"] for each in found] for which, found in timed.items()}
    worst = {which: max(each["worst"] for each in found) for which, found in timed.items()}
    case, against = f"{polls:,} polls, 40 entities, a fault every 600", f"DataUpdateCoordinator {version('homeassistant')}"
    return [
        Figure.of_rounds(
            cpu[OURS], cpu[STOCK], goal="B13", what="CPU of polling", case=case, unit="s", against=against, bound=0.30
        ),
        Figure(goal="B13", what="worst poll, CPU", case=case, unit="ms", ours=worst[OURS], bound=20),
        Figure(goal="", what="worst poll, CPU, of the stock pattern", case=case, unit="ms", ours=worst[STOCK]),
    ]


def _of_memory(before: dict[str, dict[str, float]], after: dict[str, dict[str, float]]) -> list[Figure]:
    grown = {name: after[OURS][name] - before[OURS][name] for name in ("rss_mb", "objects", "tasks", "files")}
    case = "after the day of polls"
    return [
        Figure(goal="B13", what="memory gained", case=case, unit="MB", ours=grown["rss_mb"], bound=5),
        Figure(goal="B13", what="objects gained", case=case, unit="", ours=grown["objects"], bound=1000, exact=True),
        Figure(goal="B13", what="tasks gained", case=case, unit="", ours=grown["tasks"], bound=0, exact=True),
        Figure(goal="B13", what="files and sockets gained", case=case, unit="", ours=grown["files"], bound=0, exact=True),
    ]


def _of_writes(writes: dict[str, dict[str, int]]) -> Figure:
    return Figure(
        goal="",
        what="states written",
        case="600 polls",
        unit="",
        ours=sum(writes[OURS].values()),
        peer=sum(writes[STOCK].values()),
        against="DataUpdateCoordinator",
    )
