"""A law for charging a car: how many amperes, on how many phases, or a pause, and why.

Pure, as ``control``: no input or output, and the clock is the caller's, in seconds. Powers are W. The car gets whole
amperes and never more than there is, so that it does not draw from the grid unless it is told to.
"""

from dataclasses import dataclass, field
from enum import StrEnum
import math
from typing import Final

from .control import SURE_W, Latch, Sample, Thresholds

# Smaller changes of the surplus than ``SURE_W`` are noise, and are smoothed.
SMOOTHING: Final = 0.4
# One more ampere has to be there with this to spare: noise around a boundary is not followed.
SPARE_W: Final = 40.0
# After less there is no more for so long (s): a meter that sways would have the car sway with it.
CALM: Final = 20.0
# A battery that lets so much flow out cannot take it.
OVERFLOW_W: Final = -100.0
# Rounding of a meter; less than this is not missing.
ROUNDING_W: Final = 1.0


class Why(StrEnum):
    """What an order follows from."""

    SURPLUS = "surplus"
    FLOOR = "floor"
    NONE = "none"
    STARTING = "starting"
    STOPPING = "stopping"
    RESTING = "resting"
    GUARD = "guard"
    PHASES = "phases"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What there is, and what has to be.

    ``power`` is what the car may have, ``cap`` what it may have at most (None: no bound); both hold what it draws
    now (``drawn``). ``floor`` are the amperes that must flow, whatever the surplus.
    """

    power: Sample | None = None
    cap: Sample | None = None
    drawn: float = 0.0
    floor: int = 0


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The bounds: amperes, volts, the numbers of phases to choose from; W; times in s."""

    low: int = 6
    high: int = 32
    volts: float = 230.0
    phases: tuple[int, ...] = (1,)
    margin: float = 100.0
    tolerance: float = 0.0
    start_delay: float = 60.0
    stop_delay: float = 120.0
    min_on: float = 300.0
    min_off: float = 300.0
    # Least time between two changes of the phases.
    dwell: float = 300.0

    def least(self, phases: int) -> float:
        """Return the least power that flows on ``phases``."""
        return self.low * self.volts * phases

    def latch(self, phases: int, min_on: float, min_off: float) -> Thresholds:
        """Return when charging on ``phases`` begins and ends."""
        least = self.least(phases)
        return Thresholds(
            start=least + self.margin,
            stop=least - self.tolerance,
            start_delay=self.start_delay,
            stop_delay=self.stop_delay,
            min_on=min_on,
            min_off=min_off,
        )


@dataclass(frozen=True, kw_only=True)
class Order:
    """Amperes on each phase, 0 for a pause; the phases to charge on."""

    amps: int
    phases: int
    why: Why


@dataclass(kw_only=True)
class Level:
    """A power as the law believes it: less at once, more when a second sample says so too. Infinity: not measured."""

    smoothing: float = 1.0
    last: float = math.inf
    before: float = math.inf
    seen: float = -math.inf

    @property
    def known(self) -> bool:
        """Tell whether anything was measured."""
        return math.isfinite(self.last)

    def take(self, sample: Sample) -> None:
        """Believe a sample; an older one only counts when it shows less."""
        if sample.at <= self.seen and (self.smoothing < 1 or sample.value >= self.last):
            return
        value = sample.value
        if self.known and abs(value - self.last) <= SURE_W:
            value = self.last + self.smoothing * (value - self.last)
        self.before = self.last if self.known else value
        self.last, self.seen = value, max(sample.at, self.seen)

    def amps(self, now: int, watts: float, extra: float = 0.0) -> int:
        """Return how many whole amperes of ``watts`` each it carries, when there are ``now``."""
        fewer = math.floor((self.last + extra + ROUNDING_W) / watts)
        if fewer <= now or not now:
            return fewer
        return max(now, math.floor((min(self.last, self.before) + extra - SPARE_W) / watts))


@dataclass(kw_only=True)
class Appetite:
    """What a home battery would take if it were let, as far as it has shown.

    While power flows out, it takes what it can. Otherwise the car may be what it lacks: what it took before counts
    until power flows out again.
    """

    most: float = 0.0

    def missing(self, grid: float, battery: float) -> float:
        """Return what the battery lacks, in W; grid + is import, battery + is discharging."""
        takes = max(0.0, -battery)
        self.most = takes if grid < OVERFLOW_W else max(self.most, takes)
        return self.most - takes


@dataclass(kw_only=True)
class Charging:
    """Decides. ``sent`` is to be told of what was ordered; ``gate`` is how long a car takes to obey."""

    gate: float = 6.0
    amps: int = 0
    phases: int = 1
    run: Latch = field(default_factory=Latch)
    wide: Latch = field(default_factory=Latch)
    power: Level = field(default_factory=lambda: Level(smoothing=SMOOTHING))
    cap: Level = field(default_factory=Level)
    _sent: float = -math.inf
    # When the last change was to less.
    _fewer: float = -math.inf
    _new: bool = True
    # Whether a cut was made before its predecessor showed; whether a cut led to the present pause.
    _hurried: bool = False
    _held: bool = False

    @property
    def ready(self) -> float:
        """Return from when on samples show the last order."""
        return self._sent + self.gate

    def begin(self, *, amps: int, phases: int) -> None:
        """Begin at what the car is given now; the past has no minimum times."""
        self.amps, self.phases = amps, phases
        self.run, self.wide = Latch(on=amps > 0), Latch(on=phases > 1)
        self.power, self.cap = Level(smoothing=SMOOTHING), Level()
        self._sent = self._fewer = -math.inf
        self._new, self._hurried, self._held = True, False, False

    def sent(self, amps: int, phases: int, at: float) -> None:
        """Know what the car is given since ``at``."""
        if (amps, phases) != (self.amps, self.phases):
            self._sent = at
            self._fewer = at if 0 < amps < self.amps else -math.inf
        self.amps, self.phases = amps, phases

    def halt(self, now: float) -> Order:
        """Pause at once, whatever the minimum times: enough has flowed."""
        self._held = False
        if self.run.on:
            self.run.turn(on=False, now=now)
        return Order(amps=0, phases=self.phases, why=Why.NONE)

    def step(self, now: float, wish: Wish, terms: Terms) -> Order:
        """Return what the car is to get now."""
        self._take(wish, terms)
        sun = self.power.last if wish.power is not None and self.power.known else 0.0
        most = self.cap.last
        phases = self._phases(now, min(math.inf if wish.floor else sun, most), terms)
        # Before the first sample that counts, what is stays.
        blind = wish.cap is not None and not self.cap.known
        if not blind and (self.power.known or wish.power is None or wish.floor):
            self._turn(now, min(sun, most), wish, terms, phases)
            self._new = False
        if not self.run.on:
            return Order(amps=0, phases=phases, why=Why.STARTING if blind else self._why_not(now, terms))
        return self._order(now, wish, terms, phases)

    def _take(self, wish: Wish, terms: Terms) -> None:
        """Believe what was measured after the last order showed; too much for the house is believed at once."""
        if wish.power is not None and wish.power.at >= self.ready:
            self.power.take(wish.power)
        if wish.cap is None:
            self.cap, self._held = Level(), False
            return
        if wish.cap.at >= self.ready:
            self.cap.take(wish.cap)
            self._hurried = False
        elif wish.cap.value < wish.drawn and not self._hurried:
            # The house takes too much. What the car draws by now nobody has measured: at most what it was given.
            given = max(wish.drawn, self.amps * self.phases * terms.volts)
            self.cap.take(Sample(value=wish.cap.value + given - wish.drawn, at=wish.cap.at))
            # What is measured between an order and its effect would be cut twice.
            self._hurried = True

    def _phases(self, now: float, there: float, terms: Terms) -> int:
        """Choose the phases: more when the least of them is there for some time."""
        low, high = min(terms.phases), max(terms.phases)
        if low == high:
            return low
        bounds = terms.latch(high, terms.dwell, terms.dwell)
        if self.amps:
            self.wide.step(there, now, bounds)
        elif self.wide.on != (there > bounds.start):
            # Nothing flows: a change costs nothing.
            self.wide.turn(on=not self.wide.on, now=now)
        return high if self.wide.on else low

    def _turn(self, now: float, there: float, wish: Wish, terms: Terms, phases: int) -> None:
        """Start or stop."""
        run, most, least = self.run, self.cap.last, terms.least(phases)
        bounds = terms.latch(min(terms.phases), terms.min_on, terms.min_off)
        if run.on and most < least - ROUNDING_W:
            run.turn(on=False, now=now)
            self._held = True
        elif run.on and self._new and not wish.floor and there < bounds.stop:
            # What flows when we come has no minimum time to keep.
            run.on = False
        elif not wish.floor or self._held:
            run.step(most if wish.floor else there, now, bounds)
        elif not run.on and most >= least:
            run.turn(on=True, now=now)
        else:
            run.beyond = None
        self._held = self._held and not run.on

    def _order(self, at: float, wish: Wish, terms: Terms, phases: int) -> Order:
        """Return whole amperes, and what they follow from."""
        watts = terms.volts * phases
        now = self.amps if phases == self.phases else 0
        sun = 0
        if wish.power is not None:
            sun = self.power.amps(now, watts, terms.tolerance) if self.power.known else now
        wanted, why = (wish.floor, Why.FLOOR) if wish.floor > sun else (sun, Why.SURPLUS)
        if self.run.beyond is not None:
            why = Why.STOPPING
        wanted = min(max(wanted, terms.low), terms.high)
        # Nobody knows whether there is room for more.
        most = self.cap.amps(now, watts) if self.cap.known else wanted if wish.cap is None else max(now, terms.low)
        if wanted > most:
            wanted, why = max(most, terms.low), Why.GUARD
        if wanted > now > 0 and not wish.floor and at < self._fewer + CALM:
            wanted = now
        changes = bool(self.amps) and phases != self.phases
        return Order(amps=wanted, phases=phases, why=Why.PHASES if changes else why)

    def _why_not(self, now: float, terms: Terms) -> Why:
        if self._held:
            return Why.GUARD
        if self.run.beyond is None:
            return Why.NONE
        return Why.RESTING if now < self.run.since + terms.min_off else Why.STARTING
