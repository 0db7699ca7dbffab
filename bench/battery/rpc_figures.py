"""OpenData over HTTP: ours by three policies beside indevolt-api by its own (B11)."""

from importlib.metadata import version
from typing import Any, Final

from ..goals import Figure
from .rpc import CORE_BATCH, KEYS
from .wires import QUICK, scan

USUAL: Final = "as we ask: 40 at once, a connection for each request"
# The bound for each policy of ours, and what it is.
GOALS: Final = {
    "alike": (1.0, f"the same batch of {CORE_BATCH}, a connection for each request"),
    "kept": (0.8, f"batches of {CORE_BATCH}, a connection that is kept"),
    "kept, largest": (0.5, f"one batch of {KEYS}, a connection that is kept"),
}


def measure(rounds: int, times: int = QUICK) -> list[Figure]:
    """Return all figures of the HTTP wire, with so many scans in a round."""
    found = scan("http", rounds, {0.0: times}, packs=5)
    peer, more = found["peer", 0.0], dict[str, Any](against=f"indevolt-api {version('indevolt-api')}")

    def cpu(who: str, case: str, **goal: Any) -> Figure:
        own = found[who, 0.0]
        return Figure.of_rounds(own.cpu_ms, peer.cpu_ms, what=f"CPU for {KEYS} points", case=case, unit="ms", **goal, **more)

    def count(what: str, kind: str, **goal: Any) -> Figure:
        own, other = getattr(found["ours", 0.0], kind), getattr(peer, kind)
        return Figure(what=f"{what} for {KEYS} points", case=USUAL, unit="", ours=own, peer=other, exact=True, **goal, **more)

    return [
        *(cpu(who, case, goal="B11", bound=bound) for who, (bound, case) in GOALS.items()),
        cpu("ours", USUAL, goal=""),
        count("requests", "requests", goal="B11", bound=1.0),
        count("connections", "connections", goal="B11", bound=1.0),
        count("bytes", "bytes", goal=""),
    ]
