"""What no wire says as such: signs, means, names. Pure functions and one small learner."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Below this the unit calls itself idle (it lags at 30 W charging, 60 W discharging).
CERTAIN_AC_W = 60.0
# Weaker currents do not vote on the polarity; this many equal votes settle it, twice as many are counted at
# most: the state lags when the battery turns, and a few contrary samples must not unsettle it.
VOTING_W = 100.0
VOTES = 5
MOST_VOTES = 2 * VOTES


class Polarity(StrEnum):
    """What a positive raw battery power means on this unit."""

    AUTO = "auto"
    DISCHARGING = "discharging_positive"
    CHARGING = "charging_positive"


@dataclass
class SignLearner:
    """Finds out which sign the unit means, from what it says it is doing.

    ``choice`` is the user's; ``AUTO`` believes the votes, and the vendor's newest page until then.
    """

    choice: Polarity = Polarity.AUTO
    votes: int = 0

    def observe(self, raw: float, state: str | None) -> None:
        """Let one sample vote: raw power in W against the state in words."""
        if abs(raw) > VOTING_W and state in ("charging", "discharging"):
            agrees = (raw > 0) == (state == "discharging")
            self.votes = max(-MOST_VOTES, min(MOST_VOTES, self.votes + (1 if agrees else -1)))

    @property
    def factor(self) -> int:
        """Return what turns raw power into + = discharging."""
        if self.choice is Polarity.AUTO:
            return -1 if self.votes <= -VOTES else 1
        return -1 if self.choice is Polarity.CHARGING else 1

    def power(self, raw: float | None, state: str | None, ac_power: float | None) -> float | None:
        """Return battery power in W, + = discharging, from everything that knows its direction.

        ``ac_power`` is what the battery takes from AC (+, charging) or feeds (-); a polarity that is
        settled knows better, because that reading may be older.
        """
        if raw is None:
            return None
        if raw == 0:
            return 0
        if self.choice is Polarity.AUTO:
            if state in ("charging", "discharging"):
                return abs(raw) if state == "discharging" else -abs(raw)
            if abs(self.votes) < VOTES and ac_power is not None and abs(ac_power) > CERTAIN_AC_W:
                return -abs(raw) if ac_power > 0 else abs(raw)
        return raw * self.factor

    def restore(self, saved: Any) -> None:
        """Take back the votes of an earlier life."""
        if isinstance(saved, int):
            self.votes = max(-MOST_VOTES, min(MOST_VOTES, saved))


def split(power: float | None) -> tuple[float | None, float | None]:
    """Return the negative and the positive half of a signed power, both unsigned."""
    return (None, None) if power is None else (max(-power, 0), max(power, 0))


def mean_soc(levels: Iterable[float | None]) -> float | None:
    """Return the SoC of packs of equal capacity together."""
    known = [level for level in levels if level is not None]
    return round(sum(known) / len(known), 1) if known else None


def percent(factor: float | None) -> float | None:
    """Return a power factor in percent: firmware says 0.98, or 98."""
    return factor * 100 if factor is not None and abs(factor) <= 1 else factor


def version(raw: str | None) -> str | None:
    """Return a packed firmware number as the App shows it: 14501 is V1.45.01, 108 is V1.08."""
    if raw is None or not (raw.isascii() and raw.isdigit()):
        return raw
    number = int(raw)
    if number in {0, 0xFFFF}:
        return None
    if number >= 10000:
        return f"V{number // 10000}.{number // 100 % 100:02d}.{number % 100:02d}"
    return f"V{number // 100}.{number % 100:02d}"
