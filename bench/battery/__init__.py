"""Ours beside other Modbus clients, indevolt-api and Home Assistant core's own, on the same simulated battery."""

from importlib.util import find_spec
import sys

from ..goals import Figure
from . import home, modbus_figures, rpc_figures

# Without it there is neither indevolt-api nor Home Assistant's own integration.
PEER = "indevolt_api"


def measure(rounds: int) -> list[Figure]:
    """Measure both wires and whole Home Assistants, so many rounds."""
    figures = modbus_figures.measure(rounds)
    if find_spec(PEER) is None:
        print(f"{PEER} is not installed: nothing to measure HTTP by", file=sys.stderr)
        return figures
    return [*figures, *rpc_figures.measure(rounds), *home.measure(rounds)]
