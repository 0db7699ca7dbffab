"""One law on one plant, step by step, and the figures that follow from what the grid saw."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
import math
import statistics
from typing import Final

from custom_components.energy_core.control import Sample

from .control_laws import Law, Maker, View
from .plants import BATTERY_DELAY, BATTERY_NOISE, DT, LEAST_W, METER_NOISE, PER_SECOND, Battery, Kind, constant, dice, mixed, step

# Nothing counts before: laws find their way first. The step of the load comes then, too.
SETTLED_AT: Final = 60
# A change of the load by so much within a second is a jump; what follows within so long is not quiet.
JUMP_W: Final = 200.0
UNQUIET: Final = 30
# Around a step: how near is settled, in the mean of two seconds; overshoot is looked at in the mean of one.
NEAR_W: Final = 50.0
MIXED_SEEDS: Final = 4
STEP_SEEDS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What happened: powers in W at each step, and every order."""

    load: Sequence[float]
    grid: Sequence[float]
    orders: Sequence[float]
    # When something was written, in s on any clock.
    at: Sequence[float] = ()

    @property
    def busiest(self) -> int:
        """Return the most that was written within any minute."""
        return max((bisect_left(self.at, first + 60) - number for number, first in enumerate(self.at)), default=0)

    @property
    def minutes(self) -> float:
        """Return how long it took."""
        return len(self.grid) / PER_SECOND / 60

    @property
    def reversals(self) -> int:
        """Return how often the orders changed between charging and discharging."""
        signs = [watts > 0 for watts in self.orders if abs(watts) >= LEAST_W]
        return sum(one != other for one, other in pairwise(signs))


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong: the share of orders that are lost, and from when to when the meter is silent."""

    loss: float = 0.0
    silent: tuple[float, float] = (math.inf, math.inf)


NONE: Final = Trouble()


class Wires:
    """Brings the meter's words and the battery's own power to the law, late and noisy."""

    def __init__(self, kind: Kind, seed: int, trouble: Trouble) -> None:
        """Start with a meter that speaks at once."""
        self._kind, self._trouble = kind, trouble
        self._random = dice(seed + 3)
        self._meter: deque[tuple[float, float]] = deque()
        self._battery: deque[tuple[float, float, float]] = deque()
        self._measure_at = self._poll_at = 0.0
        self.view = View()

    def step(self, now: float, grid: float, battery: float) -> View:
        """Measure what is due and deliver what has arrived."""
        kind, view = self._kind, self.view
        if now >= self._measure_at:
            self._measure_at = now + kind.meter_every
            watts = float(round(grid + self._random.gauss(0, METER_NOISE)))
            if not self._trouble.silent[0] <= now < self._trouble.silent[1]:
                self._meter.append((now + kind.meter_delay, watts))
        if now >= self._poll_at:
            self._poll_at = now + kind.battery_every
            self._battery.append((now + BATTERY_DELAY, now, float(round(battery + self._random.gauss(0, BATTERY_NOISE)))))
        view.fresh = False
        while self._meter and self._meter[0][0] <= now:
            _, view.meter = self._meter.popleft()
            view.fresh = True
        while self._battery and self._battery[0][0] <= now:
            _, at, power = self._battery.popleft()
            view.battery = Sample(value=power, at=at)
        return view


def run(kind: Kind, law: Law, load: Sequence[float], seed: int, trouble: Trouble = NONE) -> Trace:
    """Let ``law`` regulate ``load`` on a plant."""
    battery, wires = Battery(kind, seed, trouble.loss), Wires(kind, seed, trouble)
    grid: list[float] = []
    orders: list[float] = []
    at: list[float] = []
    for tick, watts in enumerate(load):
        now = tick * DT
        power = battery.step(now)
        grid.append(watts - power)
        wanted = law(now, wires.step(now, grid[-1], power))
        if wanted is not None:
            battery.order(now, wanted)
            orders.append(wanted)
            at.append(now)
    return Trace(load=load, grid=grid, orders=orders, at=at)


# Figures


def rms(watts: Sequence[float]) -> float:
    """Return the root of the mean square."""
    return math.sqrt(math.fsum(each * each for each in watts) / len(watts))


def quiet(trace: Trace) -> list[float]:
    """Return the grid power except for the half minute after each jump of the load."""
    found, unquiet = [], -1
    for tick in range(PER_SECOND, len(trace.load)):
        if abs(trace.load[tick] - trace.load[tick - PER_SECOND]) > JUMP_W:
            unquiet = tick + UNQUIET * PER_SECOND
        if tick > max(unquiet, SETTLED_AT * PER_SECOND):
            found.append(trace.grid[tick])
    return found


def oracle(load: Sequence[float], kind: Kind) -> list[float]:
    """Return the grid power of a perfect follower, which is only late by what cannot be avoided."""
    late = int((kind.dead + kind.meter_delay + kind.meter_every / 2 + kind.lag) * PER_SECOND)
    return [watts - max(-kind.limit, min(kind.limit, load[max(0, tick - late)])) for tick, watts in enumerate(load)]


def exported(trace: Trace) -> float:
    """Return what was fed in, in Wh."""
    return -math.fsum(each for each in trace.grid[SETTLED_AT * PER_SECOND :] if each < 0) * DT / 3600


def settling(trace: Trace) -> float:
    """Return how long after the step the grid was outside for the last time, in s."""
    first, width = SETTLED_AT * PER_SECOND, 2 * PER_SECOND
    means = _means(trace.grid, width)
    last = max((tick for tick in range(first, len(means)) if abs(means[tick]) > NEAR_W), default=first)
    return (last - first) * DT


def overshoot(trace: Trace) -> float:
    """Return the most that was fed in after the step, in W."""
    means = _means(trace.grid, PER_SECOND)
    return max(0.0, -min(means[SETTLED_AT * PER_SECOND : -PER_SECOND]))


def _means(watts: Sequence[float], width: int) -> list[float]:
    """Return the mean of the ``width`` values from each on; fewer at the end."""
    sums = [0.0, *accumulate(watts)]
    return [(sums[min(tick + width, len(watts))] - sums[tick]) / min(width, len(watts) - tick) for tick in range(len(watts))]


@dataclass(frozen=True, kw_only=True)
class Score:
    """The figures of one law on one plant; means over the seeds."""

    rms: float
    # By the oracle.
    ratio: float
    quiet: float
    # Orders and changes of direction in a minute.
    orders: float
    reversals: float
    # Wh in half an hour.
    exported: float
    # The most that was written within a minute.
    busiest: int = 0
    # After a step of 1 kW: s, s and W.
    settle: float = math.nan
    settle_worst: float = math.nan
    overshoot: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """How often everything is repeated, each time with other noise."""

    mixed: int = MIXED_SEEDS
    step: int = STEP_SEEDS


ALL: Final = Seeds()


@dataclass(kw_only=True)
class Traces:
    """What one law did on one plant: mixed half hours, and steps."""

    kind: Kind
    mixed: list[Trace] = field(default_factory=list)
    steps: list[Trace] = field(default_factory=list)

    def score(self) -> Score:
        """Return the figures."""
        first, minutes = SETTLED_AT * PER_SECOND, math.fsum(each.minutes for each in self.mixed)
        late = statistics.fmean(rms(oracle(each.load, self.kind)[first:]) for each in self.mixed)
        mean = statistics.fmean(rms(each.grid[first:]) for each in self.mixed)
        settled = [settling(each) for each in self.steps]
        return Score(
            rms=mean,
            ratio=mean / late,
            quiet=statistics.fmean(rms(quiet(each)) for each in self.mixed),
            orders=sum(len(each.orders) for each in self.mixed) / minutes,
            reversals=sum(each.reversals for each in self.mixed) / minutes,
            exported=statistics.fmean(map(exported, self.mixed)),
            busiest=max(each.busiest for each in (*self.mixed, *self.steps)),
            settle=statistics.fmean(settled) if settled else math.nan,
            settle_worst=max(settled, default=math.nan),
            overshoot=statistics.fmean(map(overshoot, self.steps)) if self.steps else math.nan,
        )


def score(kind: Kind, law: Maker, trouble: Trouble = NONE, seeds: Seeds = ALL) -> Score:
    """Return the figures of a law on a plant."""
    found = Traces(kind=kind)
    found.mixed = [run(kind, law(kind), mixed(seed), seed, trouble) for seed in range(seeds.mixed)]
    if trouble.silent == NONE.silent:
        found.steps = [run(kind, law(kind), step(seed), seed, trouble) for seed in range(seeds.step)]
    return found.score()


def calm_orders(kind: Kind, law: Maker, seeds: int) -> int:
    """Return the most orders in a quarter of an hour in which nothing happens."""
    return max(len(run(kind, law(kind), constant(seed), seed).orders) for seed in range(seeds))
