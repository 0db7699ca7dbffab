"""A charging session from plug to plug, whatever the box does to its counters in between."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from ...energy_core.points import number

# The LAN rounds to 10 Wh, and the cloud lags behind it: only a fall below this share is a counter that began again.
RESET: Final = 0.5
# Between two readings further apart than this nobody knows how long it charged.
LONGEST_STEP: Final = 900.0


@dataclass
class SessionMeter:
    """Adds up a session: ``energy`` in Wh, ``active`` in s, ``since`` in wall-clock seconds.

    The box starts its own counter again at a lock, on some firmware at a pause, and at a restart.
    """

    energy: float = 0.0
    active: float = 0.0
    since: float | None = None
    counter: float | None = None
    seen: float | None = None
    plugged: bool = False

    def feed(self, *, plugged: bool | None, charging: bool, counter: float | None, now: float) -> None:
        """Take over a reading; ``counter`` is the box's own session energy in kWh."""
        if plugged is None:
            return
        if plugged and (not self.plugged or self._changed_unseen(counter, now)):
            self._begin(counter, now)
        elif self.plugged and counter is not None:
            self._add(counter)
        if plugged and charging and self.seen is not None:
            self.active += min(max(0.0, now - self.seen), LONGEST_STEP)
        self.plugged, self.seen = plugged, now

    def _changed_unseen(self, counter: float | None, now: float) -> bool:
        """Tell whether the car was unplugged and another came while nobody looked: the counter fell meanwhile."""
        if self.seen is None or self.counter is None or counter is None:
            return False
        return now - self.seen > LONGEST_STEP and counter < RESET * self.counter

    def _begin(self, counter: float | None, now: float) -> None:
        """Start at what the box counts already, unless that is left over from the session before."""
        known, self.energy, self.active = self.counter, 0.0, 0.0
        self.since = now
        if self.seen is None or (counter is not None and known is not None and counter < known):
            self.energy = 1000.0 * (counter or 0.0)
        self.counter = counter

    def _add(self, counter: float) -> None:
        """Count what was added; a counter that fell has begun again at nothing."""
        if self.counter is not None and RESET * self.counter < counter < self.counter:
            return
        if self.counter is not None:
            self.energy += 1000.0 * (counter - self.counter if counter >= self.counter else counter)
        self.counter = counter

    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return asdict(self)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what was saved; rubbish counts as never seen."""
        for name in ("energy", "active"):
            setattr(self, name, max(0.0, number(saved.get(name)) or 0.0))
        for name in ("since", "counter", "seen"):
            setattr(self, name, number(saved.get(name)))
        self.plugged = saved.get("plugged") is True
