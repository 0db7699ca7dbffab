"""Control laws: hysteresis with delays, and a regulator that waits until its last order shows.

Pure: no input or output, no Home Assistant, and the clock is the caller's, in seconds. Powers are W; grid + is
import, battery + is discharging. The law of the regulator and its figures come from the brief
on the battery, section 7.3.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
import math
from typing import Any, Final

from .points import number

# A change of the error beyond this is no noise and is believed at once; less is smoothed.
SURE_W: Final = 120.0
SMOOTHING: Final = 0.6
# Measured power that differs more than this from the order in force means that the order was lost or is derated.
LOST_W: Final = 60.0
# Smaller corrections are not worth a write.
LEAST_CHANGE_W: Final = 15.0
# Less than 50 W the unit cannot do; what asks for less than 40 W gets none.
LEAST_W, NONE_W = 50.0, 40.0
# Steps from which the delay can be learned, how much each counts, and what is believable.
LEARN_W: Final = 200.0
LEARN_WEIGHT: Final = 0.35
# Half of a step shows after the dead time and 0.7 of the lag; the gate is to cover twice the lag.
LEARN_SCALE: Final = 1.6
SHORTEST_GATE, LONGEST_GATE = 0.5, 20.0
# Feeding in more than this does not wait for the last order to show, where feeding in is forbidden.
URGENT_W: Final = -300.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A power in W, and when it was measured."""

    value: float
    at: float


# Hysteresis


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When a latch turns: above ``start`` it starts, below ``stop`` it stops; times in s."""

    start: float
    stop: float
    start_delay: float = 0.0
    stop_delay: float = 0.0
    min_on: float = 0.0
    min_off: float = 0.0


@dataclass(kw_only=True)
class Latch:
    """A fact with hysteresis. Comparisons are strict: exactly the threshold changes nothing."""

    on: bool = False
    # When it last turned; before any turn there is no minimum time to keep.
    since: float = -math.inf
    # Since when the value has been beyond the threshold that would turn it.
    beyond: float | None = None

    def step(self, value: float, now: float, thresholds: Thresholds) -> bool:
        """Take ``value`` in; return whether the latch turned."""
        if not (value < thresholds.stop if self.on else value > thresholds.start):
            self.beyond = None
            return False
        if self.beyond is None:
            self.beyond = now
        if now < self.due(thresholds):
            return False
        self.turn(on=not self.on, now=now)
        return True

    def due(self, thresholds: Thresholds) -> float:
        """Return when it turns if the value stays as it is; infinity when it does not."""
        if self.beyond is None:
            return math.inf
        delay, least = (thresholds.stop_delay, thresholds.min_on) if self.on else (thresholds.start_delay, thresholds.min_off)
        return max(self.beyond + delay, self.since + least)

    def turn(self, *, on: bool, now: float) -> None:
        """Turn it, whatever the value."""
        self.on, self.since, self.beyond = on, now, None

    def saved(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {"on": self.on, "since": self.since if math.isfinite(self.since) else None}

    def restore(self, saved: Mapping[str, Any], now: float) -> None:
        """Take back an earlier life; a turn in the future, on a clock that was put back, was now."""
        since = number(saved.get("since"))
        self.on, self.since = saved.get("on") is True, -math.inf if since is None else min(since, now)


class Mean:
    """The mean of a power over the last while; each sample stands for the time since the one before."""

    def __init__(self) -> None:
        """Know nothing."""
        self._samples: deque[Sample] = deque()

    def add(self, sample: Sample, window: float) -> float:
        """Take ``sample`` in; return the mean over the last ``window`` seconds, or over what there is of them."""
        samples, begin = self._samples, sample.at - window
        samples.append(sample)
        while len(samples) > 2 and samples[1].at <= begin:
            samples.popleft()
        spans = [(each.at - max(before.at, begin), each.value) for before, each in pairwise(samples) if each.at > begin]
        total = math.fsum(span for span, _ in spans)
        return math.fsum(span * value for span, value in spans) / total if window > 0 < total else sample.value

    def forget(self) -> None:
        """Begin anew."""
        self._samples.clear()


# Setpoint regulator


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the battery may be ordered: from ``low`` (charging, negative) to ``high``; W at the grid to aim at."""

    low: float
    high: float
    target: float = 0.0


@dataclass(kw_only=True)
class Regulator:
    """Keeps the grid at a target with few orders: corrects the whole error, then waits until that shows.

    A sample of the meter counts only if it was taken when the last order had had the time to act: ``gate`` is
    dead time and twice the lag, and is learned. An order that the battery does not follow is noticed, and what it does
    becomes the base of the next; until the battery is read, an order of which the grid shows nothing is repeated rather
    than added to: no wind-up.
    """

    gate: float
    # Least time between two orders.
    gap: float
    # W/s that the battery changes by.
    ramp: float = 800.0
    # Whether feeding in is forbidden: then much of it does not wait.
    strict: bool = False
    order: float = 0.0
    # What the last decision wanted beyond what the battery may do: + more discharging, - more charging, in W.
    beyond: float = 0.0
    _error: float = 0.0
    _change: float = 0.0
    _sent: float = -math.inf
    _seen: float = -math.inf
    _hurried: bool = False
    # The grid when the last order was given, and whether that order repeats one that seemed lost.
    _before: float = 0.0
    _repeats: bool = False
    _lesson: _Lesson | None = field(default=None)
    _grid: float | None = None

    @property
    def ready(self) -> float:
        """Return from when on samples show the whole of the last order."""
        return self._sent + self.gate + abs(self._change) / self.ramp

    def step(self, now: float, grid: Sample, battery: Sample | None, bounds: Bounds) -> float | None:
        """Return the power to order now, None for no change; ``sent`` is to be told of what was ordered."""
        measured = battery if battery is not None and battery.at >= self.ready else None
        if measured is not None and abs(measured.value - self.order) > LOST_W:
            self.order = measured.value
        if grid.at <= self._seen:
            return None
        self._seen = grid.at
        self._learn(grid)
        self._grid = grid.value
        error = grid.value - bounds.target
        if not self._usable(grid, error):
            return None
        self._error = error if abs(error - self._error) > SURE_W else self._error + SMOOTHING * (error - self._error)
        lost = measured is None and self._lost(grid)
        base = self.order - self._change if lost else self.order
        wanted = self._possible(base + self._error, bounds)
        hurried = self._hurried = self.strict and error < URGENT_W and not self._hurried
        if abs(wanted - base) < LEAST_CHANGE_W or (now < self._sent + self.gap and not hurried):
            return None
        self.order, self._repeats = base, lost
        return wanted

    def _usable(self, grid: Sample, error: float) -> bool:
        """Tell whether a sample shows the whole of the last order.

        Two kinds go before that: what a small last order cannot explain, and, once, much feeding in.
        """
        if grid.at >= self.ready:
            return True
        if abs(self._change) <= LOST_W and abs(error) > SURE_W + abs(self._change):
            return True
        return self.strict and error < URGENT_W and not self._hurried

    def _lost(self, grid: Sample) -> bool:
        """Tell whether the last order seems lost: it should show by now, and the grid is as it was before.

        Once: a load that changed as much at the same moment looks just like it, and then the repetition changes nothing.
        """
        due = grid.at >= self.ready and abs(self._change) > LEARN_W
        return due and not self._repeats and abs(grid.value - self._before) <= LOST_W

    def _possible(self, wanted: float, bounds: Bounds) -> float:
        cut = max(bounds.low, min(bounds.high, wanted))
        self.beyond = wanted - cut if abs(wanted - cut) > LEAST_CHANGE_W else 0.0
        if abs(cut) >= LEAST_W:
            return cut
        least = math.copysign(LEAST_W, cut)
        reachable = bounds.low <= least <= bounds.high
        return least if abs(cut) >= NONE_W and self.order and reachable else 0.0

    def sent(self, watts: float, at: float) -> None:
        """Know what was ordered, and when the battery got it."""
        change = watts - self.order
        alone = at - self._sent > 2 * self.gate
        teaches = alone and abs(change) > LEARN_W and self._grid is not None and not self._repeats
        self._before = self._grid or 0.0
        self._lesson = _Lesson(before=self._before, change=change, at=at) if teaches else None
        self._change, self.order, self._sent, self._error = change, watts, at, 0.0

    def start(self, watts: float) -> None:
        """Begin at what the battery does now."""
        self.order, self._change, self._error, self._sent, self._lesson = watts, 0.0, 0.0, -math.inf, None
        self._repeats = False

    def _learn(self, grid: Sample) -> None:
        """Learn the delay from a large step that stood alone: the time until half of it shows.

        The meter speaks now and then: the moment is looked for between its last two words.
        """
        lesson = self._lesson
        if lesson is None or grid.at <= lesson.at:
            return
        took, shown = grid.at - lesson.at, (lesson.before - grid.value) / lesson.change
        if shown < 0.5:
            lesson.took, lesson.shown = took, shown
            self._lesson = None if took > LONGEST_GATE else lesson
            return
        earlier = max(0.0, lesson.shown)
        half = lesson.took + (took - lesson.took) * (0.5 - earlier) / max(shown - earlier, 0.5)
        self.gate += LEARN_WEIGHT * (max(SHORTEST_GATE, min(LONGEST_GATE, LEARN_SCALE * half)) - self.gate)
        self._lesson = None


@dataclass(kw_only=True)
class _Lesson:
    """An order from which the delay can be learned, and what showed of it before half did."""

    before: float
    change: float
    at: float
    took: float = 0.0
    shown: float = 0.0
