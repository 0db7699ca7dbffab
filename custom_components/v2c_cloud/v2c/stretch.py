"""How far wishes must be stretched, so that they cost what may be spent: on a usual day, and when little is left."""

from collections.abc import Callable, Mapping
import math
from typing import Final, NamedTuple

from ...energy_core.pacing import DAY
from .quota import Quota

HOUR: Final = 3600.0
# So much of what polls may take shall be used on average: the rest is there when several cars charge for long.
AIM: Final = 0.95
# Appetite follows what rolling days really cost, in about so long, and within these bounds.
LEARNING: Final = 1.5 * DAY
LEAST_APPETITE: Final = 0.5
MOST_APPETITE: Final = 2.5
# What is left and what the rolling day gives back may be spent within this time, but for a cushion, left for what is
# wanted now, and for a part, so that the end is never reached. One charger needs longer: of many, not all charge.
HORIZON: Final = HOUR
CUSHION: Final = 20
RETURNED: Final = 0.95
# Wishes are stretched by no more than this, and a stretch is found so exactly.
MOST_STRETCH: Final = 100.0
PRECISION: Final = 1.01


class Wish(NamedTuple):
    """How often a call is wanted: each ``ideal`` seconds, ``most`` at the longest, and how it gives way in between.

    ``power`` says how it shares in the stretch of a usual day, ``yielding`` in what a day with little left adds. At this
    hour it can wait ``habit`` times as long as at others; longer only as far as wishes must be stretched at all.
    """

    ideal: float
    most: float
    power: float = 1.0
    yielding: float = 2.0
    habit: float = 1.0

    def interval(self, stretch: float = 1.0, tight: float = 1.0) -> float:
        """Return the seconds between two calls."""
        usual = min(self.habit, stretch) * math.pow(stretch, self.power)
        return min(self.ideal * usual * math.pow(tight, self.yielding), self.most)


class Stretch:
    """Finds the two factors, and learns from what rolling days really cost."""

    def __init__(self, quota: Quota, now: float) -> None:
        """Begin with nothing learned."""
        self.usual = self.tight = 1.0
        self.appetite = 1.0
        self._quota = quota
        self._learned_at = now

    def find(self, wishes: Mapping[Wish, float], usual: Mapping[Wish, float], chargers: int, now: float, *, learn: bool) -> None:
        """Fit how many wish what on a ``usual`` day into the day, and the ``wishes`` of now into what is left."""
        quota = self._quota
        aim = AIM * max(quota.daily - CUSHION, 1)
        planned = self.appetite * aim / DAY
        self.usual = _least(lambda factor: _rate(usual, factor, 1.0) <= planned, self.usual)
        left = quota.left()
        soon = HORIZON * (1 + 2 / max(chargers, 1))
        pace = (max(0, left - CUSHION) + RETURNED * quota.returning(soon)) / soon
        self.tight = _least(lambda factor: _rate(wishes, self.usual, factor) <= pace, self.tight)
        rest = quota.counted / DAY - (quota.daily - left) / aim
        passed, self._learned_at = min(max(now - self._learned_at, 0.0), HOUR), now
        # Days with little left were planned with too much; the fewer chargers, the more one day differs from the next.
        rest -= math.log(self.tight) / max(chargers, 1)
        # Where every wish is granted, a rest is no reason to plan with more.
        if learn and (self.usual > 1 or rest < 0):
            self.hunger(self.appetite + rest * passed / LEARNING)

    def hunger(self, appetite: float) -> None:
        """Plan with so much more or less than the aim from now on."""
        self.appetite = min(max(appetite, LEAST_APPETITE), MOST_APPETITE)


def _least(keeps: Callable[[float], bool], before: float) -> float:
    """Return the least factor that keeps to what there is, as far as it can be done; it is looked for near the one ``before``."""
    if keeps(1.0):
        return 1.0
    low, high = 1.0, MOST_STRETCH
    for guess in (before / PRECISION, before * PRECISION):
        if low < guess < high:
            low, high = (low, guess) if keeps(guess) else (guess, high)
    while high > PRECISION**2 * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if keeps(middle) else (middle, high)
    return high


def _rate(wishes: Mapping[Wish, float], stretch: float, tight: float) -> float:
    """Return the calls per second of ``wishes``, each with how many have it."""
    return sum(count / wish.interval(stretch, tight) for wish, count in wishes.items())
