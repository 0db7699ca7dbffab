"""The dynamic power control of a Trydan: how much current it offers for sun, house and contract."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .car import Flows

LEAST: Final = 6
NO_LIMIT: Final = -1


class DynamicMode(IntEnum):
    """Values of DynamicPowerMode, as the keyword sheet of July 2026 numbers them."""

    PROFILE = 0
    NOT_TIMED = 1
    SUN_AND_MINIMUM = 2
    SUN_ONLY = 3
    SUN_AND_GRID = 4
    STOP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """How the box is wired: phases and volts, and what its installation may give."""

    phases: int
    volts: float
    most: int

    def amps(self, watts: float) -> int:
        """Give the whole amperes on each phase that this power is worth."""
        return int(max(0.0, watts + 1e-6) / (self.phases * self.volts))


def modulated(settings: Mapping[str, int], mode: int, flows: Flows, supply: Supply) -> int:
    """Give the current offered under dynamic control; 0 is a pause.

    A home battery that charges comes first and one that discharges is no sun, so box and battery do not chase
    each other.
    """
    least, most = settings["MinIntensity"], min(settings["MaxIntensity"], supply.most)
    contract = settings["ContractedPower"]
    surplus = flows.pv - flows.load + min(flows.battery, 0.0)
    match mode:
        case DynamicMode.STOP:
            return 0
        case DynamicMode.SUN_AND_MINIMUM:
            return min(max(supply.amps(surplus), least), most)
        case DynamicMode.SUN_ONLY:
            # A negative contract is a target here: so much shall go out to the grid.
            found = supply.amps(surplus + (contract if contract < NO_LIMIT else 0))
        case _:
            found = most if contract <= NO_LIMIT else supply.amps(contract + surplus)
    return min(found, most) if found >= max(least, LEAST) else 0
