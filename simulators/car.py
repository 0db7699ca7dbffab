"""A simulated car, and what a house asks of whatever charges one."""

from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final, Protocol

# A car starts to charge at 6 A (IEC 61851); what is offered below that is no offer.
LEAST_CURRENT: Final = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """The house at one moment, W; load holds every consumer but the charger that is asked."""

    wall: datetime
    pv: float
    load: float
    battery: float


class Charger(Protocol):
    """What the house integrates besides its load; none of these may let time pass."""

    watts: float

    def settle(self, flows: Flows) -> None:
        """Decide the power from this moment on."""

    def horizon(self) -> float:
        """Seconds during which that power surely stays."""

    def count(self, seconds: float) -> None:
        """Integrate that power over so many seconds."""


@dataclass(slots=True, kw_only=True)
class Car:
    """A car and its battery; a sleepy one needs an unlocked charger, not only an un-paused one, to wake up."""

    connected: bool = False
    wants: bool = True
    capacity_kwh: float = 60.0
    soc: float = 40.0
    max_current: float = 32.0
    phases: int = 1
    sleepy: bool = False
    asleep: bool = False

    @property
    def missing_wh(self) -> float:
        """Energy until the battery is full."""
        return max(0.0, (100.0 - self.soc) / 100.0 * self.capacity_kwh * 1000.0)

    @property
    def full(self) -> bool:
        """Whether nothing more fits in."""
        return self.missing_wh < 1e-6

    def current(self, offered: float) -> float:
        """Current on each phase that the car draws when so much is offered."""
        willing = self.connected and self.wants and not self.asleep and not self.full
        return float(min(offered, self.max_current)) if willing and offered >= LEAST_CURRENT else 0.0

    def seconds_to_full(self, watts: float) -> float:
        """How long this power fills the battery."""
        return self.missing_wh / watts * 3600.0 if watts > 0 else inf

    def store(self, wh: float) -> None:
        """Put energy in; what is within a rounding error of full is full."""
        self.soc = min(100.0, self.soc + wh / (self.capacity_kwh * 10.0))
        if self.full:
            self.soc = 100.0

    def doze(self) -> None:
        """Fall asleep, if this car does, because the offer went away."""
        self.asleep = self.asleep or self.sleepy
