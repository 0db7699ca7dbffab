"""B1: what a full cycle of reading costs a library, on three shapes of payload."""

from contextlib import ExitStack
from importlib.metadata import version

from ..children import child
from ..goals import Figure
from .figures import FLOOR, OURS, PYENPHASE
from .sites import SHAPES, Site

GOAL, BOUND = "B1", 0.70
WARM_UP = 3
# Cycles that make one sample, and seconds between two cycles.
CYCLES, STEP = 5, 5


def _of(site: Site, rounds: int) -> list[Figure]:
    which, cost = (PYENPHASE, OURS, FLOOR), dict[str, list[float]]()
    with ExitStack() as stack:
        arguments = (site.capture, "--inverters", str(site.inverters))
        sides = {name: stack.enter_context(child("bench.gateway.library", name, *arguments)) for name in which}
        sides[PYENPHASE].ask(do="begin", paths=[])
        # The first cycle also asks for what is not there.
        paths = [sides[PYENPHASE].ask(do="cycle", step=STEP)["paths"] for _ in range(WARM_UP)][-1]
        asked = {PYENPHASE: paths}
        for name in (OURS, FLOOR):
            sides[name].ask(do="begin", paths=paths)
            asked[name] = sides[name].ask(do="cycle", step=STEP)["paths"]
        for side in sides.values():
            for _ in range(WARM_UP):
                side.ask(do="settle", step=STEP)
        for number in range(rounds):
            for name in which if number % 2 else reversed(which):
                times = [sides[name].ask(do="cycle", step=STEP)["cpu_ms"] for _ in range(CYCLES)]
                cost.setdefault(name, []).append(sum(times) / CYCLES)
    peer = f"pyenphase {version('pyenphase')}"
    cpu = Figure.of_rounds(
        cost[OURS], cost[PYENPHASE], goal=GOAL, what="CPU of a full cycle", case=site.name, unit="ms", against=peer, bound=BOUND
    )
    floor = Figure.of_rounds(
        cost[FLOOR], cost[PYENPHASE], goal="", what="its floor: TLS and JSON alone", case=site.name, unit="ms", against=peer
    )
    requests = Figure(
        goal="",
        what="requests of a full cycle",
        case=site.name,
        unit="",
        ours=len(asked[OURS]),
        peer=len(paths),
        against=peer,
        exact=True,
    )
    return [cpu, floor, requests]


def measure(rounds: int) -> list[Figure]:
    """Measure all shapes."""
    return [figure for site in SHAPES for figure in _of(site, rounds)]
