"""Ours beside Home Assistant core's own and pyenphase, on the same simulated gateway."""

from collections.abc import Sequence

from ..goals import Figure


def main(argv: Sequence[str]) -> int:
    """Run the comparison at length."""
    from .command import main as run  # noqa: PLC0415  (the processes of this package import only what they need)

    return run(argv)


def measure(rounds: int) -> list[Figure]:
    """Measure every goal so many times."""
    from .goals import measure as every  # noqa: PLC0415  (as above)

    return every(rounds)
