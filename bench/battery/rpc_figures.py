"""OpenData over HTTP: ours by three policies beside indevolt-api by its own (B11)."""

from importlib.metadata import version
from typing import Any, Final

from ..goals import Figure
from .rpc import CORE_BATCH, KEYS
from .wires import QUICK, scan

# The bound for each policy of ours, and what it is.
GOALS: Final = {
    "alike": (1.0, f"the same batch of {CORE_BATCH}, a connection for each request"),
    "kept": (0.8, f"batches of {CORE_BATCH}, a connection that is kept"),
    "kept, largest": (0.5, f"one batch of {KEYS}, a connection that is kept"),
}


def measure(rounds: int) -> list[Figure]:
    """Return all figures of the HTTP wire."""
    found = scan("http", rounds, {0.0: QUICK}, packs=5)
    peer, against = found["peer", 0.0], f"indevolt-api {version('indevolt-api')}"
    more: dict[str, Any] = {"against": against}
    figures = []
    for who, (bound, case) in GOALS.items():
        own = found[who, 0.0]
        cpu = Figure.of_rounds(
            own.cpu_ms, peer.cpu_ms, goal="B11", what=f"CPU for {KEYS} points", case=case, unit="ms", bound=bound, **more
        )
        figures.append(cpu)
    own, case = found["ours", 0.0], "as we ask: 40 at once, a connection for each request"
    figures.append(
        Figure.of_rounds(own.cpu_ms, peer.cpu_ms, goal="", what=f"CPU for {KEYS} points", case=case, unit="ms", **more)
    )
    more |= {"case": case, "unit": "", "exact": True}
    figures += [
        Figure(goal="B11", what=f"requests for {KEYS} points", ours=own.requests, peer=peer.requests, bound=1.0, **more),
        Figure(goal="B11", what=f"connections for {KEYS} points", ours=own.connections, peer=peer.connections, bound=1.0, **more),
        Figure(goal="", what=f"bytes for {KEYS} points", ours=own.bytes, peer=peer.bytes, **more),
    ]
    return figures
