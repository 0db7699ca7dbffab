"""Talk gently: one request at a time, a gap between requests, commands first, budgets kept."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import time
from typing import Any, Self

from .errors import RateLimitedError
from .points import number

DAY = 86400.0


class Pacer:
    """Gives out turns on one device, whatever the number of wires and callers.

    Two requests start at least ``gap`` seconds apart (with ``rest`` the second starts so long after the
    end of the first), never overlap, and a waiting command goes before every waiting poll.
    """

    def __init__(self, gap: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with the first turn free."""
        self.gap = gap
        self._clock = clock
        self._free_at = 0.0
        self._quiet_until = 0.0
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._commands: deque[asyncio.Future[None]] = deque()
        self._polls: deque[asyncio.Future[None]] = deque()

    def hush(self, seconds: float) -> None:
        """Keep polls, not commands, away for ``seconds`` from now: the device has work to do."""
        self._quiet_until = max(self._quiet_until, self._clock() + seconds)

    def rest(self) -> None:
        """Count the gap from now on, for a device that needs it after its answer; call it as a turn ends."""
        self._free_at = max(self._free_at, self._clock() + self.gap)

    @asynccontextmanager
    async def turn(self, *, command: bool = False) -> AsyncIterator[None]:
        """Hold the device for one request."""
        ticket = asyncio.get_running_loop().create_future()
        (self._commands if command else self._polls).append(ticket)
        self._next()
        try:
            await ticket
            self._free_at = self._clock() + self.gap
            yield
        finally:
            if not ticket.cancelled():
                self._busy = False
            self._next()

    def _next(self) -> None:
        """Give the turn to who is first in line, now or when its time has come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for queue in (self._commands, self._polls):
            while queue and queue[0].cancelled():
                queue.popleft()
        queue = self._commands or self._polls
        if self._busy or not queue:
            return
        until = self._free_at if self._commands else max(self._free_at, self._quiet_until)
        if (delay := until - self._clock()) > 0:
            self._timer = asyncio.get_running_loop().call_later(delay, self._next)
            return
        self._busy = True
        queue.popleft().set_result(None)


class Newest:
    """Lets one at a time through to each slot, and of those that wait for it only the newest counts."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._latest: dict[str, object] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def turn(self, slot: str) -> AsyncIterator[bool]:
        """Wait for who has ``slot``, and tell whether nobody has come since."""
        ticket = self._latest[slot] = object()
        async with self._locks.setdefault(slot, asyncio.Lock()):
            yield self._latest[slot] is ticket


class Steady:
    """The wall clock as it stood at first, which goes on evenly: what is noted by it does not move when the clock is set.

    ``ahead`` is how far the clock had been set by the end of an earlier life.
    """

    def __init__(self, ahead: object = 0.0) -> None:
        """Begin where the clock stands, less what it was set by before."""
        self._base = time.time() - (number(ahead) or 0.0) - time.monotonic()

    def __call__(self) -> float:
        """Return the seconds since 1970."""
        return self._base + time.monotonic()

    def ahead(self) -> float:
        """Return by how much the clock on the wall has been set since, in seconds."""
        return time.time() - self()


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How long to wait for a device that does not answer, in seconds."""

    first: float = 10.0
    ceiling: float = 60.0

    def delay(self, failures: int, interval: float) -> float:
        """Return the wait after the ``failures``-th failed poll of one that is due each ``interval``.

        Once soon, because most losses are short; then ever longer, never more often than healthy.
        """
        if failures <= 1:
            return min(interval, self.first)
        return float(min(interval * 2 ** min(failures - 2, 10), max(interval, self.ceiling)))


@dataclass
class Budget:
    """At most ``limit`` uses within any ``window`` seconds, ``reserve`` of them for commands.

    Times are wall-clock seconds, so that a budget survives a restart; a clock that jumps back
    neither frees nor freezes it.
    """

    limit: int
    window: float = DAY
    reserve: int = 0
    clock: Callable[[], float] = time.time
    _uses: list[float] = field(default_factory=list)

    def used(self) -> int:
        """Return how much of the budget is gone."""
        now = self.clock()
        self._uses = [min(use, now) for use in self._uses if use > now - self.window]
        return len(self._uses)

    def left(self, *, command: bool = False) -> int:
        """Return how many more uses are free, for a command or for anything else."""
        return max(0, self.limit - self.used() - (0 if command else self.reserve))

    def spend(self, *, command: bool = False) -> None:
        """Use one; raise ``RateLimitedError`` when none is left."""
        if not self.left(command=command):
            retry_after = self._uses[0] + self.window - self.clock() if self._uses else self.window
            raise RateLimitedError(key="budget_exhausted", retry_after=retry_after, limit=self.limit)
        self._uses.append(self.clock())

    def as_list(self) -> list[float]:
        """Return what must survive a restart, ready for JSON."""
        self.used()
        return list(self._uses)

    def restore(self, saved: Iterable[Any]) -> Self:
        """Take back the uses of an earlier life, ignoring what is not a time."""
        self._uses = sorted(use for use in map(number, saved) if use is not None)
        return self
