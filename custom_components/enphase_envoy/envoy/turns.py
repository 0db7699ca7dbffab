"""When each block is read: the fast ones in each poll, and of the slower endpoints one at a time."""

from collections.abc import Collection, Iterator
from datetime import time
import math
from typing import Any, Final, override

from ...energy_core.points import Block
from .local import Local
from .owner import PartOwner, endpoint
from .points import Meter

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
# What was due a moment earlier by the rounding of a sum is due (s).
ROUNDING: Final = 0.001


class TurnTaker(PartOwner):
    """A device whose slower endpoints take turns; ``origins`` are the blocks that each derived value depends on.

    ``pace`` are the seconds between two polls, set by who polls.
    """

    pace: float = SLOT

    def __init__(self, local: Local, *, serial: str, **more: Any) -> None:
        """Have read nothing yet."""
        super().__init__(local, serial=serial, **more)
        self.origins: dict[tuple[str, str], frozenset[str]] = {}
        # Whether everything has been read once: from then on the slower endpoints take turns.
        self._settled = False
        self._wanted: frozenset[str] = frozenset()
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

    @override
    def due(self, wanted: Collection[str]) -> list[Block]:
        """Return the fast blocks, and a few of the slower endpoints that are due, the most overdue first."""
        wanted = frozenset(wanted)
        if self._clock() < self._idle_until and wanted == self._wanted:
            return list(self._fast)
        self._wanted = wanted
        needed = self._needed()
        blocks = super().due(needed)
        self._fast = [block for block in blocks if block.every == FAST]
        self._idle_until = min(self._next(blocks, needed)) - ROUNDING
        quiet = QUIET[0] <= self._now().time() < QUIET[1]
        fast: list[Block] = []
        slow: dict[str, list[Block]] = {}
        for block in sorted(blocks, key=self._deadline):
            name = endpoint(block)
            if block.every == FAST or name is None:
                fast.append(block)
            elif not (quiet and name == TROUBLED) and (not self._begun or self.local.health.waits(name) is None):
                slow.setdefault(name, []).append(block)
        room = max(1, math.ceil(self.pace / SLOT)) if self._settled else len(slow)
        return fast + [block for group in list(slow.values())[:room] for block in group]

    def _needed(self) -> set[str]:
        """Return what is wanted, what that comes from, and what has to be looked at from time to time."""
        needed = {name for (block, _), names in self.origins.items() if block in self._wanted for name in names}
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
                yield self._read_at.get(name, -math.inf) + block.every
        for name in SEARCHERS:
            yield self._read_at.get(name, -math.inf) + SEARCH

    def _deadline(self, block: Block) -> float:
        return self._read_at.get(block.name, -1e12) + block.every
