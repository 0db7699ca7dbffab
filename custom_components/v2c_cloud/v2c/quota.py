"""How many calls the account has left: our own count of 24 hours, made more careful by what the server says."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
import math
import re
import time
from typing import Any, Final

from ...energy_core.errors import RateLimitedError
from ...energy_core.pacing import DAY, Budget
from ...energy_core.points import number

HOUR: Final = 3600.0
# Others may be left this much, no more: without any call there is nothing to show.
MOST_SHARE: Final = 0.9
# A refusal without a time holds for an hour, and twice as long each further time, up to this.
LONGEST_REFUSAL: Final = 6 * HOUR
SHORTEST_REFUSAL: Final = 60.0
# A smaller limit is not that of a day.
LEAST_LIMIT: Final = 100
PREFIXES: Final = ("ratelimit-", "x-ratelimit-")
FIGURE: Final = re.compile(r"\s*(\d{1,10})\s*(?:[,;].*)?", re.ASCII)


@dataclass
class Heard:
    """What the server last said is left, less the calls made since; ``until`` it cannot be true any more."""

    remaining: int
    at: float
    until: float


class Quota:
    """Gives out calls of one account: at most ``limit`` in any 24 hours, ``reserve`` of them for commands.

    ``share`` is the part of the limit that is left to others, the maker's app for one. Times are
    those of the wall clock, so that a restart does not refill it; a clock that jumps back neither
    frees nor freezes it.
    """

    def __init__(
        self, *, limit: int = 1000, share: float = 0.05, reserve: int = 50, clock: Callable[[], float] = time.time
    ) -> None:
        """Start with nothing used and nothing heard."""
        self.share = share
        self._most = limit
        self._reserve = reserve
        self._clock = clock
        self._seen = clock()
        self._budget = Budget(limit=limit, clock=clock)
        # When the calls of the last 24 hours were made; counted again when one of them is over.
        self._log: list[float] = []
        self._counted_at, self._count_ends = math.inf, -math.inf
        self._server_limit: int | None = None
        self._heard: Heard | None = None
        self._blocked_until: float | None = None
        self._refusals = 0

    @property
    def limit(self) -> int:
        """The calls of a day: ours, or fewer when the server says so."""
        return min(self._most, self._server_limit or self._most)

    @property
    def daily(self) -> int:
        """The calls of a day that polls may take."""
        return self._room(command=False)[0]

    @property
    def remaining(self) -> int:
        """What is left of the limit for all, as far as we know."""
        if self.blocked_until is not None:
            return 0
        own = max(0, self.limit - len(self._uses()))
        return min(own, self._heard.remaining) if self._heard else own

    @property
    def blocked_until(self) -> float | None:
        """When the server's refusal ends, or None without one."""
        self._now()
        return self._blocked_until

    def left(self, *, command: bool = False) -> int:
        """Return how many calls may be made now, for a command or for anything else."""
        if self.blocked_until is not None:
            return 0
        room, kept = self._room(command=command)
        return max(0, min(room - len(self._uses()), self._heard_room(kept)))

    @property
    def counted(self) -> float:
        """For how much of the last 24 hours calls have been counted: all of it, but for the first day."""
        uses = self._uses()
        return max(0.0, self._counted_at - uses[0]) if uses else 0.0

    def returning(self, seconds: float) -> int:
        """Return how many calls come free within so many seconds; none when the server allows less than our count."""
        if self._heard and self._heard.remaining < self.limit - len(self._uses()):
            return 0
        return bisect_left(self._uses(), self._seen - DAY + seconds)

    def spend(self, *, command: bool) -> None:
        """Use one call, before it is sent; raise ``RateLimitedError`` when none is left."""
        if not self.left(command=command):
            raise RateLimitedError(key="budget_exhausted", retry_after=self._free_in(command=command), limit=self.limit)
        self._budget.spend(command=True)
        self._count_ends = -math.inf
        if self._heard is None:
            return
        if self._heard.remaining <= self._room(command=command)[1]:
            # That was the one try of this hour.
            self._heard.at = self._seen
        self._heard.remaining = max(0, self._heard.remaining - 1)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of a call that succeeded."""
        now = self._now()
        self._refusals = 0
        found = {name.lower(): text for name, text in headers.items()}
        limit, remaining, reset = (_figure(found, name) for name in ("limit", "remaining", "reset"))
        if limit is not None and limit < max(LEAST_LIMIT, remaining or 0):
            return
        if limit is not None:
            self._server_limit = limit
        if remaining is not None:
            self._heard = Heard(remaining, now, now + _window(reset, now))

    def refused(self, retry_after: float | None) -> None:
        """Send nothing at all for ``retry_after`` seconds: the server said 429."""
        now = self._now()
        self._heard = None
        if self._blocked_until is None:
            # Calls that were on their way when the first was refused do not make it worse.
            self._refusals = min(self._refusals + 1, 10)
        wait = max(retry_after, SHORTEST_REFUSAL) if retry_after is not None and 0 <= retry_after <= DAY else HOUR
        wait = min(wait * 2.0 ** max(self._refusals - 1, 0), max(wait, LONGEST_REFUSAL))
        self._blocked_until = max(self._blocked_until or now, now + wait)

    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "at": self._now(),
            "uses": [math.ceil(use) for use in self._budget.as_list()],
            "limit": self._server_limit,
            "heard": vars(self._heard).copy() if self._heard else None,
            "blocked_until": self._blocked_until,
            "refusals": self._refusals,
        }

    def restore(self, saved: Any) -> None:
        """Take back what an earlier life saved, ignoring what makes no sense; what was used since stays used."""
        if not isinstance(saved, dict):
            return
        now = self._clock()
        uses = saved.get("uses")
        self._budget.restore([*self._budget.as_list(), *(uses if isinstance(uses, list) else [])]).used()
        self._count_ends = -math.inf
        # A clock that is behind the one that saved: the times below move with it.
        ahead = max(0.0, (number(saved.get("at")) or now) - now)
        limit = number(saved.get("limit"))
        if limit is not None and limit >= LEAST_LIMIT:
            self._server_limit = int(limit)
        heard = saved.get("heard")
        times = [number(heard.get(name)) for name in ("remaining", "at", "until")] if isinstance(heard, dict) else [None]
        match times:
            case [float() as remaining, float() as at, float() as until] if remaining >= 0:
                self._heard = Heard(int(remaining), min(at - ahead, now), min(until - ahead, now + DAY))
        blocked = number(saved.get("blocked_until"))
        if blocked is not None:
            self._blocked_until = min(blocked - ahead, now + DAY)
        self._refusals = int(min(max(number(saved.get("refusals")) or 0, 0), 10))

    def _uses(self) -> list[float]:
        """Return when the calls of the last 24 hours were made."""
        now = self._clock()
        if not self._counted_at <= now < self._count_ends:
            self._log = self._budget.as_list()
            self._count_ends = self._log[0] + DAY if self._log else math.inf
        self._counted_at = now
        return self._log

    def _room(self, *, command: bool) -> tuple[int, int]:
        """Return how many calls of a day may be made for this, and how many are kept for commands."""
        usable = round(self.limit * (1 - min(max(self.share, 0.0), MOST_SHARE)))
        if command:
            return usable, 0
        kept = min(self._reserve, usable // 4)
        return usable - kept, kept

    def _heard_room(self, kept: int) -> int:
        """Return how many calls the server's word leaves.

        With none left, one an hour is tried all the same: only an answer tells that its day is over.
        """
        if self._heard is None:
            return self.limit
        return max(self._heard.remaining - kept, 1 if self._seen - self._heard.at >= HOUR else 0)

    def _free_in(self, *, command: bool) -> float:
        """Return in how many seconds the next call may be free."""
        if self._blocked_until is not None:
            return self._blocked_until - self._seen
        room, kept = self._room(command=command)
        uses = self._uses()
        own = uses[len(uses) - room] + DAY - self._seen if 0 < room <= len(uses) else 0.0 if room else DAY
        tried = self._heard.at + HOUR - self._seen if self._heard and not self._heard_room(kept) else 0.0
        return max(1.0, own, tried)

    def _now(self) -> float:
        """Return the time, forgetting what is over; times move with a clock that has jumped back."""
        now = self._clock()
        back = max(0.0, self._seen - now)
        self._seen = now
        if self._heard is not None:
            self._heard = Heard(self._heard.remaining, self._heard.at - back, self._heard.until - back)
            self._heard = self._heard if now < self._heard.until else None
        if self._blocked_until is not None:
            self._blocked_until = self._blocked_until - back if now < self._blocked_until - back else None
        return now


def _figure(headers: Mapping[str, str], name: str) -> int | None:
    """Return a figure about the rate limit, or None when there is no sensible one."""
    for prefix in PREFIXES:
        if found := FIGURE.fullmatch(headers.get(prefix + name, "")):
            return int(found[1])
    return None


def _window(reset: int | None, now: float) -> float:
    """Return how long a figure can hold: until the reset, given in seconds from now or since 1970, or a day."""
    for seconds in () if reset is None else (reset, reset - now):
        if 0 < seconds <= DAY:
            return seconds
    return DAY
