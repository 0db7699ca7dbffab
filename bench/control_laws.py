"""The laws that are compared: ours, and what others run.

The others are written anew from published descriptions and gains, none is a copy: section 7.1 of our brief names them.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from custom_components.energy_core.control import Bounds, Regulator, Sample

from .plants import Kind


@dataclass(slots=True)
class View:
    """What a law sees: the meter's last word, whether it is new, and the battery's measured power."""

    meter: float = 0.0
    fresh: bool = False
    battery: Sample | None = None


class Law(Protocol):
    """Decides what to order."""

    def __call__(self, now: float, view: View) -> float | None:
        """Return the power to order now, None for none."""


type Maker = Callable[[Kind], Law]


class Ours:
    """The regulator of our core, fed as a loop feeds it: the time of a sample is when it arrived, which is all we know."""

    def __init__(self, kind: Kind, *, error: float = 1.0, target: float = 0.0, strict: bool = False) -> None:
        """Know the plant's delay up to a factor ``error``; what is learned later is its own affair."""
        gate = (kind.dead + 2 * kind.lag + kind.meter_delay) * error
        self.regulator = Regulator(gate=gate, gap=kind.gap, ramp=kind.ramp, strict=strict)
        self._bounds = Bounds(low=-kind.limit, high=kind.limit, target=target)
        self._grid: Sample | None = None

    def __call__(self, now: float, view: View) -> float | None:
        """Decide on each step; the regulator itself knows which sample it has seen."""
        if view.fresh:
            self._grid = Sample(value=view.meter, at=now)
        if self._grid is None:
            return None
        watts = self.regulator.step(now, self._grid, view.battery, self._bounds)
        if watts is not None:
            self.regulator.sent(watts, now)
        return watts


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The published gains of the integrating peer; limits are W for each second."""

    proportional: float
    integral: float
    derivative: float
    target: float
    up: float
    down: float
    dead_band: float
    samples: int
    clamp: float


PROFILES: Final[Mapping[str, Profile]] = {
    "eco": Profile(
        proportional=0.3,
        integral=0.04,
        derivative=0.1,
        target=15,
        up=600,
        down=2500,
        dead_band=25,
        samples=10,
        clamp=150,
    ),
    "balanced": Profile(
        proportional=0.4,
        integral=0.05,
        derivative=0.1,
        target=0,
        up=1500,
        down=800,
        dead_band=20,
        samples=8,
        clamp=200,
    ),
    "performance": Profile(
        proportional=0.3,
        integral=0.05,
        derivative=0.1,
        target=-5,
        up=2500,
        down=400,
        dead_band=20,
        samples=8,
        clamp=200,
    ),
}


class Peer:
    """PI(D) on a moving average, once a second, added to the last order: so it integrates twice."""

    LIMIT: Final = 4800.0

    def __init__(self, profile: str) -> None:
        """Start at rest."""
        self._profile = PROFILES[profile]
        self._errors: deque[float] = deque(maxlen=self._profile.samples)
        self._sum = self._last = self._order = self._next = 0.0

    def __call__(self, now: float, view: View) -> float | None:
        """Decide once a second, whatever the age of the meter's word."""
        if now < self._next:
            return None
        self._next = now + 1
        profile, error = self._profile, view.meter - self._profile.target
        if abs(error) < profile.dead_band:
            return None
        self._errors.append(error)
        mean = sum(self._errors) / len(self._errors)
        self._sum = max(-profile.clamp, min(profile.clamp, self._sum + mean))
        change = profile.proportional * mean + profile.integral * self._sum + profile.derivative * (mean - self._last)
        self._last = mean
        most = profile.up if change > 0 else profile.down
        self._order = max(-self.LIMIT, min(self.LIMIT, self._order + max(-most, min(most, change))))
        return self._order


class Naive:
    """The automation that everybody writes first: every few seconds, the order grows by the meter's word."""

    DEAD_BAND: Final = 20.0

    def __init__(self, kind: Kind, *, factor: float = 1.0) -> None:
        """Correct ``factor`` of what the meter says."""
        self._gap, self._limit, self._factor = kind.gap, kind.limit, factor
        self._order = self._next = 0.0

    def __call__(self, now: float, view: View) -> float | None:
        """Decide when the gap is over."""
        if now < self._next:
            return None
        self._next = now + self._gap
        if abs(view.meter) < self.DEAD_BAND:
            return None
        self._order = max(-self._limit, min(self._limit, self._order + self._factor * view.meter))
        return self._order


class Differential:
    """PD on each new word of the meter, added to the last order, in small bites."""

    def __init__(self, kind: Kind, *, gain: float, derivative: float, dead_band: float, bite: float) -> None:
        """Start at rest."""
        self._gap, self._limit = max(1.0, kind.gap), kind.limit
        self._gain, self._derivative, self._dead_band, self._bite = gain, derivative, dead_band, bite
        self._order = self._next = self._last = self._slope = 0.0

    def __call__(self, now: float, view: View) -> float | None:
        """Decide when the meter spoke and the gap is over."""
        if not view.fresh or now < self._next:
            return None
        self._next = now + self._gap
        self._slope = 0.5 * self._slope + 0.5 * (view.meter - self._last)
        self._last = view.meter
        if abs(view.meter) < self._dead_band:
            return None
        change = self._gain * view.meter + self._derivative * self._slope
        self._order = max(-self._limit, min(self._limit, self._order + max(-self._bite, min(self._bite, change))))
        return self._order


OURS: Final = "ours"
NAIVE: Final = "naive k=1"
PEER: Final = "peer balanced"
OTHERS: Final[Mapping[str, Maker]] = {
    "peer eco": lambda _: Peer("eco"),
    PEER: lambda _: Peer("balanced"),
    "peer performance": lambda _: Peer("performance"),
    NAIVE: Naive,
    "naive k=0.6": lambda kind: Naive(kind, factor=0.6),
    "PD default": lambda kind: Differential(kind, gain=0.35, derivative=0.3, dead_band=40, bite=800),
    "PD aggressive": lambda kind: Differential(kind, gain=0.75, derivative=0.45, dead_band=25, bite=2000),
}
