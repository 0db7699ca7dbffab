"""What the gateway has taught us about each endpoint: each fails alone, and is left alone for a while."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ...energy_core.errors import DeviceTimeoutError, EnergyError
from ...energy_core.pacing import Backoff

# One bad answer is no news. From the second on an endpoint is left alone for 15 s at first, for five minutes at most; so
# is one that took all its time to say nothing.
BACKOFF: Final = Backoff(first=15.0, ceiling=300.0)
PACE: Final = 30.0
# The role may change with the next token; an endpoint that is not allowed is tried again by then.
DENIED: Final = 6 * 3600.0


@dataclass
class Trouble:
    """Why an endpoint failed, how often in a row, and when it is worth another try."""

    error: EnergyError
    failures: int
    again: float


@dataclass
class Health:
    """The state of every endpoint; ``absent`` ones do not exist in this firmware."""

    clock: Callable[[], float]
    absent: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    denied: dict[str, float] = field(default_factory=dict)

    def skips(self, name: str) -> bool:
        """Tell whether there is nothing to ask: not there, or not for us."""
        return name in self.absent or self.denied.get(name, 0.0) > self.clock()

    def waits(self, name: str) -> EnergyError | None:
        """Return the error that still stands, while it is too early to ask again."""
        trouble = self.troubles.get(name)
        return trouble.error if trouble is not None and trouble.again > self.clock() else None

    def succeeded(self, name: str) -> None:
        """Note an answer."""
        self.troubles.pop(name, None)
        self.denied.pop(name, None)
        self.answered.add(name)

    def failed(self, name: str, error: EnergyError) -> None:
        """Note a failure; but for a first bad answer the next try comes later each time."""
        known = self.troubles.get(name)
        failures = known.failures + 1 if known else 1
        patience = failures if isinstance(error, DeviceTimeoutError) else failures - 1
        pause = BACKOFF.delay(patience, PACE) if patience else 0.0
        self.troubles[name] = Trouble(error, failures, self.clock() + pause)

    def pardon(self, name: str) -> None:
        """Forget the failures of an endpoint: they were not its own."""
        self.troubles.pop(name, None)

    def missing(self, name: str) -> bool:
        """Note a 404; return whether the endpoint counts as absent. One that has answered before is only in trouble."""
        if name in self.answered:
            return False
        self.absent.add(name)
        return True

    def refuse(self, name: str) -> None:
        """Note that our role may not ask this."""
        self.denied[name] = self.clock() + DENIED

    def forget(self) -> None:
        """Start anew: another firmware, another token."""
        for memory in (self.absent, self.answered, self.troubles, self.denied):
            memory.clear()
