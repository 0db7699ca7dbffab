"""When each block is read: the fast ones in each poll, and of the slower endpoints one at a time."""

from collections.abc import Collection, Iterator, Mapping
from datetime import time
import math
from typing import Any, Final, override

from ...energy_core.points import Block
from .local import Local
from .owner import endpoint
from .points import Meter
from .reading import AnswerReader

# One slower endpoint in each stretch of so many seconds: what is due together is read one by one.
SLOT: Final = 5.0
# The bulk of the day's polls; it may not make others wait.
FAST: Final = 0.0
# Of the blocks that find parts, those that may be of no use to anybody today, and are read all the same, so often (s).
SEARCHERS: Final = ("report", "contacts")
SEARCH: Final = 900.0
# Around this hour of its day the gateway is busy with itself, and device data hangs (trap 9).
QUIET: Final = (time(22, 59), time(23, 4))
TROUBLED: Final = "device_data"
# With polls far apart not each of them asks for what moves slowly: every how many polls, and how old it may become (s).
UNHURRIED: Final[Mapping[str, tuple[int, float]]] = {
    **dict.fromkeys(("ensemble", "generator"), (2, 120.0)),
    "secctrl": (3, 180.0),
    **dict.fromkeys(("production", "v1", "contacts"), (4, 240.0)),
    **dict.fromkeys(("meters", "contact_settings"), (15, 900.0)),
}
# What these are made of is asked in time at any interval: people look at them, and loops regulate by them.
LIVE: Final = frozenset({"production", "consumption", "net", "importing", "exporting", "house", "power"})


class TurnTaker(AnswerReader):
    """A device whose slower endpoints take turns; ``origins`` are the blocks that each derived value depends on.

    ``pace`` are the seconds between two polls, set by who polls.
    """

    pace: float = SLOT

    def __init__(self, local: Local, *, serial: str, **more: Any) -> None:
        """Have read nothing yet."""
        super().__init__(local, serial=serial, **more)
        self.origins: dict[tuple[str, str], frozenset[str]] = {}
        self.failing: set[str] = set()
        # Whether everything has been read once: from then on the slower endpoints take turns.
        self._settled = False
        self._wanted: frozenset[str] = frozenset()
        # The blocks that live power is made of.
        self._live: frozenset[str] = frozenset()
        # Looking through hundreds of blocks costs more than reading the few fast ones: until when only these are due.
        self._fast: list[Block] = []
        self._idle_until = -math.inf

    def depends(self, block: Block, name: str, names: frozenset[str]) -> None:
        """Note which blocks a value of ``block`` comes from."""
        if self.origins.get((block.name, name)) != names:
            self.origins[block.name, name] = names
            self._idle_until = -math.inf

    @override
    def expire(self, *names: str) -> None:
        """Have the named blocks, or all of them, read at the next update."""
        self._idle_until = -math.inf
        super().expire(*names)

    @override
    def look_again(self) -> None:
        """Read also what finds parts, and what has shown nothing so far."""
        self._idle_until = -math.inf
        super().look_again()

    @override
    def _look_up_anew(self) -> None:
        self._idle_until = -math.inf
        super()._look_up_anew()

    def period(self, block: Block) -> float:
        """Return the seconds between two readings of a block, as far apart as polls are now."""
        polls, oldest = UNHURRIED.get(endpoint(block) or "", (1, 0.0)) if block.name not in self._live else (1, 0.0)
        return max(block.every, min(polls * self.pace, oldest))

    @override
    def due(self, wanted: Collection[str]) -> list[Block]:
        """Return the fast blocks, and a few of the slower endpoints that are due, the most overdue first."""
        wanted, now = frozenset(wanted), self._clock()
        if now < self._idle_until and wanted == self._wanted:
            return list(self._fast)
        self._wanted = wanted
        needed = self._needed()
        blocks = [block for block in self.blocks.values() if self._awaited(block, needed) and self._deadline(block) <= now]
        self._fast = [block for block in blocks if block.every == FAST]
        self._idle_until = min(self._next(blocks, needed))
        quiet = QUIET[0] <= self._now().time() < QUIET[1]
        fast: list[Block] = []
        # In the order in which they are overdue.
        slow: dict[str, None] = {}
        for block in sorted(blocks, key=self._deadline):
            name = endpoint(block)
            if block.every == FAST or name is None:
                fast.append(block)
            elif not (quiet and name == TROUBLED) and (not self._begun or self.local.health.waits(name) is None):
                slow[name] = None
        room = max(1, math.ceil(self.pace / SLOT)) if self._settled else len(slow)
        return fast + self._answered_by(set(list(slow)[:room]), needed)

    def _answered_by(self, names: Collection[str], needed: Collection[str]) -> list[Block]:
        """Return all that is read with these endpoints: also what is due later comes with the same answer."""
        slow = (block for block in self.blocks.values() if block.every != FAST and endpoint(block) in names) if names else ()
        return [block for block in slow if block.name in SEARCHERS or self._awaited(block, needed)]

    def _awaited(self, block: Block, needed: Collection[str]) -> bool:
        """Tell whether a block is to be read when its time comes."""
        if block.late and not self._begun:
            return False
        return block.essential or block.name in needed or block.name not in self._shown

    def _needed(self) -> set[str]:
        """Return what is wanted, what that comes from, and what has to be looked at from time to time."""
        self._live = frozenset(name for (_, point), names in self.origins.items() if point in LIVE for name in names)
        needed = {name for (block, _), names in self.origins.items() if block in self._wanted for name in names}
        # Also when another stands in for it, what was silent is asked until it is back.
        needed |= self.failing
        # Whether the storage CT can be believed, only its phases tell (units.heal_storage).
        needed |= {meter.name for meter in self.parts(Meter) if meter.kind == "storage"}
        needed |= {name for name in SEARCHERS if self._clock() - self._read_at.get(name, -SEARCH) >= SEARCH}
        return needed | self._wanted

    def _next(self, blocks: list[Block], needed: set[str]) -> Iterator[float]:
        """Yield when all has to be looked through again, because more than ``_fast`` may be due, or less."""
        if not self._settled or len(self._fast) < len(blocks) or any(block.name not in self._shown for block in blocks):
            yield -math.inf
        for name, block in self.blocks.items():
            if block.every != FAST and (block.essential or name in needed):
                yield self._deadline(block)
        for name in SEARCHERS:
            yield self._read_at.get(name, -math.inf) + SEARCH

    def _deadline(self, block: Block) -> float:
        """Return from when on a block is due; the poll that is nearest to the end of its period is in time."""
        read_at = self._read_at.get(block.name)
        return -1e12 if read_at is None else read_at + self.period(block) - min(self.pace, block.every) / 2
