"""24 hours of everything, with faults; and what a day of polls costs beside Home Assistant's own coordinator."""

from collections.abc import Sequence

from bench.goals import Figure

from . import beside, command, load


def measure(rounds: int) -> list[Figure]:
    """Return the figures of goals B13 and B14, as far as they are about load; the 24 hours are a command of their own."""
    return [*beside.measure(rounds), *load.measure()]


def main(argv: Sequence[str]) -> int:
    """Run the 24 hours."""
    return command.main(argv)
