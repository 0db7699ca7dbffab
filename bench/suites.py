"""The suites of the benchmark: what each measures, and where it begins.

A suite is a package with ``measure(rounds) -> list[Figure]``, and with ``plots() -> {file name: SVG}`` where it has
pictures of its last measurement. Where a peer is not installed it says so on stderr and leaves its figures out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from .goals import Figure


@dataclass(frozen=True, slots=True)
class Suite:
    """One of them."""

    name: str
    what: str

    @property
    def measure(self) -> Callable[[int], list[Figure]]:
        """Return what measures: it takes the number of rounds."""
        found: Callable[[int], list[Figure]] = import_module(f"bench.{self.name}").measure
        return found

    def plots(self) -> Mapping[str, str]:
        """Return the pictures of the last measurement, by the name of the file."""
        draw: Callable[[], Mapping[str, str]] | None = getattr(import_module(f"bench.{self.name}"), "plots", None)
        return {} if draw is None else draw()


SUITES: Final = (
    Suite("gateway", "Enphase Envoy beside Home Assistant's own and pyenphase (B1 to B6)"),
    Suite("battery", "Titan on both wires beside other Modbus clients, indevolt-api and Home Assistant's own (B7, B8, B11)"),
    Suite("charger", "V2C Trydan beside pytrydan, Home Assistant's own and the request pattern of the community's (B9, B10)"),
    Suite("cloud", "the calls of the V2C Cloud beside the schedule of the community's integration (B12)"),
    Suite("soak", "24 hours of everything, with faults (B13, B14)"),
)
