"""Plants for control laws: a battery that obeys late, a meter that speaks late, and the load of a house.

Powers are W; grid + is import, battery + is discharging. The figures of the plants are assumptions, bracketed by what
is public: commands take "several seconds", meters refresh every 1 to 10 s, the maker recommends 5 s between requests.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
import math
from random import Random
from typing import Final

# The step of the simulation, in s, and how many there are in a second.
DT: Final = 0.1
PER_SECOND: Final = 10
BASE_LOAD: Final = 350.0
# The unit does nothing below this.
LEAST_W: Final = 50.0
# How late a measured battery power arrives, and how noisy it is.
BATTERY_DELAY: Final = 0.3
BATTERY_NOISE: Final = 6.0
METER_NOISE: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a battery and its wires are like; times in s, powers in W."""

    name: str
    # Between an order and the first effect, and by how much that varies.
    dead: float
    jitter: float
    # Then it follows with a time constant, within a slope in W/s, and rests when it turns around.
    lag: float
    ramp: float
    pause: float
    # How often the meter measures, how late that arrives; how often the battery's own power is read.
    meter_every: float
    meter_delay: float
    battery_every: float
    # The least time between two orders.
    gap: float
    limit: float = 2400.0


FAST: Final = Kind(
    name="fast",
    dead=0.8,
    jitter=0.25,
    lag=0.6,
    ramp=1500,
    pause=0.5,
    meter_every=1,
    meter_delay=0.3,
    battery_every=1,
    gap=2,
)
NOMINAL: Final = Kind(
    name="nominal",
    dead=2,
    jitter=0.6,
    lag=1,
    ramp=800,
    pause=1,
    meter_every=2,
    meter_delay=0.5,
    battery_every=5,
    gap=5,
)
BRISK: Final = Kind(
    name="brisk",
    dead=2,
    jitter=0.6,
    lag=1,
    ramp=800,
    pause=1,
    meter_every=2,
    meter_delay=0.5,
    battery_every=3,
    gap=3,
)
SLOW: Final = Kind(
    name="slow",
    dead=4,
    jitter=1,
    lag=1.5,
    ramp=400,
    pause=2,
    meter_every=10,
    meter_delay=1,
    battery_every=10,
    gap=10,
)
KINDS: Final = (FAST, NOMINAL, BRISK, SLOW)


def dice(seed: int) -> Random:
    """Return what is random, the same for the same seed."""
    return Random(seed)  # noqa: S311


# Loads


def moments(seconds: float) -> Iterator[float]:
    """Return the times of all steps."""
    return (step * DT for step in range(int(seconds / DT)))


def wander(seed: int, size: float = 15) -> Iterator[float]:
    """Yield what a house does by itself: ``size`` W up and down, with a memory of 20 s."""
    random, watts = dice(seed), 0.0
    while True:
        watts += -watts / 20 * DT + size * math.sqrt(2 * DT / 20) * random.gauss(0, 1)
        yield watts


def appliances(second: float) -> float:
    """Return what is switched on in the mixed half hour: a kettle, a hob that cycles, a pulse, and sun with clouds."""
    watts = 0.0
    if 120 <= second < 270:
        watts += 1800
    if 420 <= second < 780 and (second - 420) % 60 < 20:
        watts += 1000
    if second >= 900:
        sun = min(1600, (second - 900) * 1600 / 120)
        clouded = 1100 <= second < 1400 and int((second - 1100) / 25) % 2
        watts -= sun * (0.5 if clouded else 1)
    if 1500 <= second < 1560:
        watts += 2500
    return watts


@cache
def mixed(seed: int, seconds: int = 1800) -> tuple[float, ...]:
    """Return half an hour of an ordinary house."""
    walk = wander(seed)
    return tuple(BASE_LOAD + appliances(second) + next(walk) for second in moments(seconds))


@cache
def step(seed: int, seconds: int = 180, *, at: float = 60, watts: float = 1000) -> tuple[float, ...]:
    """Return a load that rises once."""
    walk = wander(seed)
    return tuple(BASE_LOAD + (watts if second >= at else 0) + next(walk) for second in moments(seconds))


@cache
def constant(seed: int, seconds: int = 900) -> tuple[float, ...]:
    """Return a quarter of an hour in which nothing happens but 4 W of noise."""
    walk = wander(seed, 4)
    return tuple(BASE_LOAD + next(walk) for _ in moments(seconds))


# The battery


class Battery:
    """Follows orders, late; some are lost on the way."""

    def __init__(self, kind: Kind, seed: int, loss: float = 0.0) -> None:
        """Start at rest; ``loss`` is the share of orders that never arrive."""
        self._kind, self._loss = kind, loss
        self._random = dice(seed + 7)
        self._coming: deque[tuple[float, float]] = deque()
        self._target = self._resting = 0.0
        self.power = 0.0

    def order(self, now: float, watts: float) -> None:
        """Take an order."""
        if self._random.random() < self._loss:
            return
        kept = float(round(max(-self._kind.limit, min(self._kind.limit, watts))))
        late = max(0.2, self._random.gauss(self._kind.dead, self._kind.jitter))
        self._coming.append((now + late, 0.0 if abs(kept) < LEAST_W else kept))

    def step(self, now: float) -> float:
        """Let one step pass; return the power."""
        while self._coming and self._coming[0][0] <= now:
            _, watts = self._coming.popleft()
            if watts * self._target < 0:
                self._resting = self._kind.pause
            self._target = watts
        goal = self._target
        if self._resting > 0:
            self._resting -= DT
            goal = 0.0
        change, most = (goal - self.power) * DT / self._kind.lag, self._kind.ramp * DT
        self.power += max(-most, min(most, change))
        return self.power
