"""When a token is to be renewed, and how often that may be tried: a policy, and what is known of the attempts.

Times are seconds of a wall clock since 1970, so that everything survives a restart.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from .errors import DeviceAuthError, EnergyError, RateLimitedError
from .pacing import DAY
from .points import number
from .token_text import Token

HOUR: Final = 3600.0
# At least so long from one attempt to the next: at first, and after two and more in a row that came to nothing.
PAUSES: Final = (900.0, HOUR, 6 * HOUR)
# A token that is refused so soon after it was fetched came to nothing.
YOUNG: Final = HOUR
COUNTS: Final = ("attempts", "successes", "failures", "refusals")
TIMES: Final = ("last", "fetched", "quiet_until")
KEYS: Final = ("last_error", "rejected")


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """When a token is due, in seconds.

    One that lives longer than ``long`` is due ``lead`` before its end, and then tried once ``every``; each with a
    random part of ``spread`` on top, so that not all homes ask at once. One that lives shorter is due after ``share``
    of its life. One that does not say how long it lives is taken for a long one.
    """

    long: float = 60 * DAY
    lead: float = 30 * DAY
    every: float = DAY
    spread: float = 4 * HOUR
    share: float = 2 / 3

    def due_at(self, token: Token, draw: float) -> float:
        """Return when a token is due; ``draw`` is a random number from 0 to 1."""
        if token.lifetime is None or token.lifetime > self.long:
            return token.expires - self.lead + draw * self.spread
        return token.expires - (1 - self.share) * token.lifetime

    def pause(self, token: Token, draw: float) -> float:
        """Return how long a token that is due and still valid is left alone after an attempt."""
        if token.lifetime is None or token.lifetime > self.long:
            return self.every + draw * self.spread
        return 0.0


@dataclass
class Attempts:
    """What is known of the attempts so far.

    ``failures`` are those in a row that failed, ``refusals`` the fetched tokens in a row that the device did not
    want; ``rejected`` is the key of an error that only new credentials can mend.
    """

    attempts: int = 0
    successes: int = 0
    failures: int = 0
    refusals: int = 0
    last: float | None = None
    fetched: float | None = None
    quiet_until: float = 0.0
    last_error: str | None = None
    rejected: str | None = None
    # The refusal of the present token is counted already.
    counted: bool = False

    def wait(self, now: float) -> float:
        """Return how many seconds have to pass before the next attempt, 0 if it may be made now."""
        self.quiet_until = min(self.quiet_until, now + DAY)
        if self.last is None:
            return max(0.0, self.quiet_until - now)
        # A clock that was set back neither frees nor freezes anything.
        self.last = min(self.last, now)
        in_vain = max(self.failures, self.refusals, 1)
        return max(0.0, self.last + PAUSES[min(in_vain, len(PAUSES)) - 1] - now, self.quiet_until - now)

    def began(self, now: float) -> None:
        """Count an attempt."""
        self.attempts += 1
        self.last = now

    def failed(self, error: EnergyError, now: float) -> None:
        """Count that it failed, and why."""
        self.failures += 1
        self.last_error = error.key
        if isinstance(error, DeviceAuthError):
            self.rejected = error.key
        elif isinstance(error, RateLimitedError):
            self.quiet_until = now + error.retry_after

    def succeeded(self, now: float) -> None:
        """Count that it brought a token."""
        self.successes += 1
        self.failures, self.quiet_until, self.last_error = 0, 0.0, None
        self.fetched, self.counted = now, False

    def refused(self, now: float) -> None:
        """Count, once for each token, that the device refuses the present one."""
        if not self.counted:
            young = self.fetched is not None and 0 <= now - self.fetched < YOUNG
            self.counted, self.refusals = True, self.refusals + 1 if young else 0

    def forgive(self) -> None:
        """Forget everything that may be due to other credentials or another token."""
        self.failures, self.refusals, self.counted = 0, 0, False
        self.last, self.fetched, self.quiet_until = None, None, 0.0
        self.last_error, self.rejected = None, None

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON; it holds no secret."""
        return asdict(self)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over what was saved, as far as it makes sense."""
        for name in (*COUNTS, *TIMES):
            raw = saved.get(name)
            found = None if isinstance(raw, str) else number(raw)
            if found is not None and found >= 0:
                setattr(self, name, int(found) if name in COUNTS else found)
        for name in KEYS:
            if isinstance(raw := saved.get(name), str) and raw:
                setattr(self, name, raw)
        self.counted = saved.get("counted") is True
