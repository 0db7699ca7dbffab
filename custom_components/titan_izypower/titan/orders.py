"""What can be ordered: an action, its power, where it ends, and what is ours to end."""

from dataclasses import asdict, dataclass
from enum import StrEnum
import time
from typing import Any

from ...energy_core.points import number


class Action(StrEnum):
    """What the battery can be ordered to do."""

    STANDBY = "standby"
    CHARGE = "charge"
    DISCHARGE = "discharge"


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order: power in W, unsigned, and the SoC in % at which it ends."""

    action: Action
    power: int = 0
    soc: int = 0

    def reached(self, level: float | None, *, within: float = 0.0) -> bool:
        """Tell whether the battery is at the level where this ends, or nearly."""
        if level is None or self.action is Action.STANDBY:
            return False
        return level >= self.soc - within if self.action is Action.CHARGE else level <= self.soc + within


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The user's own ceilings in W, and those of the model that was chosen."""

    charge: float
    discharge: float


@dataclass(frozen=True, kw_only=True)
class Running:
    """The order that is ours to end; ``until`` is monotonic time, so that no clock that is set moves it, or None."""

    order: Order
    until: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it ready for JSON, its end by the clock on the wall."""
        return {"order": asdict(self.order), "until": None if self.left is None else time.time() + self.left, "left": self.left}

    @property
    def left(self) -> float | None:
        """Return the seconds that are left, or None without an end."""
        return None if self.until is None else max(0.0, self.until - time.monotonic())

    @classmethod
    def restored(cls, saved: object) -> Running | None:
        """Return the order that an earlier life left running, if it can be read."""
        try:
            order = saved["order"]  # type: ignore[index]
            until = number(saved["until"])  # type: ignore[index]
            known = Order(action=Action(order["action"]), power=int(order["power"]), soc=int(order["soc"]))
            if until is None:
                return cls(order=known)
            # Never longer than it had left: a machine may start with a clock that is behind.
            most = number(saved["left"]) if "left" in saved else None  # type: ignore[index, operator]
            left = max(0.0, until - time.time())
            return cls(order=known, until=time.monotonic() + (left if most is None else min(left, most)))
        except KeyError, TypeError, ValueError, OverflowError:
            return None
