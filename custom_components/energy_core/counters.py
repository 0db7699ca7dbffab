"""One policy for energy counters: never back by a glitch, always back by a real reset."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

# A new level that this many readings in a row agree on is real, however odd.
CONFIRMATIONS = 3
# Resolution of the coarsest counter that we know (10 Wh), with room for rounding on both sides.
SLACK_WH = 100.0
# What may flow at most, against what is rated: clouds lift, meters round.
HEADROOM = 1.5
# A device clock may run ahead of ours by this much when it turns the day.
EARLY_MIDNIGHT = timedelta(minutes=30)
# How far a wrapped register may land from where it should, as a share of the modulus.
WRAP_TOLERANCE = 0.01
# More parts than this do not start again between two readings: that is a reset.
MOST_TURNS = 4
# No home has moved more energy than a terawatt hour: what was saved beyond it is no level.
MOST_WH = 1e12


class CounterPolicy(StrEnum):
    """How a counter may move."""

    LIFETIME = "lifetime"
    DAILY = "daily"


@dataclass
class Counter:
    """The believed level of one energy counter in Wh, and the rules for the next one.

    ``max_power`` is what can flow through it in W. A jump up that needs more, or a fall that no
    midnight explains, must be seen ``CONFIRMATIONS`` times before it counts. A register that starts
    again at ``modulus`` Wh, in any of its parts, is counted on: ``wrapped`` is what has been added so far.
    """

    policy: CounterPolicy
    max_power: float
    value: float | None = None
    seen: datetime | None = None
    reset: datetime | None = None
    modulus: float | None = None
    wrapped: float = 0.0
    _candidate: float | None = None
    _agreed: int = 0

    def accept(self, reading: float, now: datetime) -> float:
        """Return the level to publish after ``reading`` at ``now`` (local time, aware)."""
        if self.modulus is not None:
            reading = self._unwrap(reading + self.wrapped, self.modulus, now)
        if self.value is None:
            self.reset = now
            return self._believe(reading, now)
        if self._plausible(reading, now):
            return self._believe(reading, now)
        agrees = self._candidate is not None and 0 <= reading - self._candidate <= self._reach(now)
        self._agreed = self._agreed + 1 if agrees else 1
        self._candidate = reading
        if self._agreed < CONFIRMATIONS:
            return self.value
        return self._believe(reading, now)

    def _unwrap(self, reading: float, modulus: float, now: datetime) -> float:
        """Add back what a register lost that started again; several parts may have done so since."""
        if self.value is None or reading >= self.value:
            return reading
        turns = round((self.value - reading) / modulus)
        level = reading + turns * modulus
        slack = modulus * WRAP_TOLERANCE * turns
        if not 1 <= turns <= MOST_TURNS or not -slack <= level - self.value <= max(slack, self._reach(now)):
            return reading
        self.wrapped += turns * modulus
        return max(level, self.value)

    def _believe(self, reading: float, now: datetime) -> float:
        if self.value is not None and reading < self.value:
            # By the device's clock: a reset just before our midnight is the one of the new day.
            self.reset = now + EARLY_MIDNIGHT
        self.value, self.seen = reading, now
        self._candidate, self._agreed = None, 0
        return reading

    def _plausible(self, reading: float, now: datetime) -> bool:
        assert self.value is not None
        if reading >= self.value:
            return reading - self.value <= self._reach(now)
        return self.policy is CounterPolicy.DAILY and self._day_turned(now) and reading <= self._since_midnight(now)

    def _reach(self, now: datetime) -> float:
        elapsed = max(0.0, (now - self.seen).total_seconds()) if self.seen else 0.0
        return self.max_power * HEADROOM * elapsed / 3600 + SLACK_WH

    def _day_turned(self, now: datetime) -> bool:
        return self.reset is None or self.reset < _midnight(now + EARLY_MIDNIGHT)

    def _since_midnight(self, now: datetime) -> float:
        early = now + EARLY_MIDNIGHT
        return self.max_power * HEADROOM * (early - _midnight(early)).total_seconds() / 3600 + SLACK_WH

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        kept = asdict(self)
        saved = {name: kept[name] if name == "value" else _iso(kept[name]) for name in ("value", "seen", "reset")}
        return saved | ({"wrapped": self.wrapped} if self.wrapped else {})

    @classmethod
    def restored(cls, policy: CounterPolicy, max_power: float, saved: Mapping[str, Any], *, modulus: float | None = None) -> Self:
        """Return the counter as it was saved; anything unreadable counts as never seen."""
        value = saved.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MOST_WH:
            return cls(policy, max_power, modulus=modulus)
        counter = cls(policy, max_power, value, _parsed(saved.get("seen")), _parsed(saved.get("reset")), modulus)
        wrapped = saved.get("wrapped")
        counter.wrapped = float(wrapped) if isinstance(wrapped, int | float) and 0 <= wrapped <= MOST_WH else 0.0
        return counter


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _parsed(saved: object) -> datetime | None:
    if not isinstance(saved, str):
        return None
    try:
        moment = datetime.fromisoformat(saved)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
