"""A device: its blocks, the wire that they are read through, and verified writes."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import time
from typing import Any, Final, Protocol

from .counters import Counter
from .errors import DeviceConnectionError, DeviceProtocolError, DeviceRefusedError, DeviceTimeoutError, EnergyError
from .memory import section
from .pacing import Newest
from .points import Block, Key, Point, Raw, Source, Value
from .report import Reading, UpdateReport

# A value that was read so recently (s) needs no second look before an equal write is left out.
FRESH: Final = 30.0

# What a device shows once a command is applied: the point, where it is read, its value.
type Expected = Mapping[Key, tuple[Point[Any], Source, Value]]


class Wire(Protocol):
    """One way to talk to a device. It paces itself, and every error it raises is ours."""

    @property
    def name(self) -> str:
        """The keyword under which points declare their source for this wire."""

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:
        """Ask for ``sources``; raise an ``EnergyError`` only when the device as a whole is deaf."""

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Send ``values`` as one command; raise ``DeviceRefusedError`` when it is rejected."""


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """What became of a command: whether reading back shows it, how long that took (s), writes sent."""

    applied: bool
    latency: float | None = None
    writes: int = 0


class Device:
    """Owns the blocks of one unit and keeps them as fresh as each of them wants.

    ``wire`` is the one in use; a device with several may change it, or name another for one command.
    ``settle`` are the seconds after a write at which it is read back, until it shows;
    ``max_power`` in W is what its energy counters cannot outrun.
    """

    settle: Sequence[float] = (1.0, 2.0, 4.0, 8.0, 15.0)
    max_power: float = 20_000

    def __init__(
        self,
        wire: Wire,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """Start with no blocks; ``now`` gives the local time that daily counters turn by."""
        self.wire = wire
        self.blocks: dict[str, Block] = {}
        # How often a block has come or gone.
        self.changes = 0
        self.counters: dict[str, Counter] = {}
        self._clock = clock
        self._now = now
        self._read_at: dict[str, float] = {}
        self._confirmed_at: dict[str, float] = {}
        self._touched_at: dict[str, float] = {}
        self._shown: set[str] = set()
        self._begun = False
        self.turns = Newest()

    def add[B: Block](self, block: B) -> B:
        """Own ``block`` from now on."""
        self.changes += 1
        self.blocks[block.name] = block
        return block

    def forget(self, name: str) -> None:
        """Stop owning a block that the unit no longer has."""
        self.changes += 1
        self.blocks.pop(name, None)
        self._read_at.pop(name, None)
        self._shown.discard(name)

    def expire(self, *names: str) -> None:
        """Have the named blocks, or all of them, read at the next update."""
        for name in names or tuple(self._read_at):
            self._read_at.pop(name, None)

    def due(self, wanted: Collection[str]) -> list[Block]:
        """Return the blocks to read now: old enough, and wanted, essential, or never shown so far."""
        now, read_at = self._clock(), self._read_at
        return [
            block
            for name, block in self.blocks.items()
            if (name not in read_at or now - read_at[name] >= block.every)
            and (block.essential or name in wanted or name not in self._shown)
            and (self._begun or not block.late)
        ]

    async def update(self, wanted: Collection[str] = (), *, only: bool = False, wire: Wire | None = None) -> UpdateReport:
        """Read the blocks that are due, or ``only`` the wanted ones; raise an ``EnergyError`` when nothing answers."""
        blocks = [self.blocks[name] for name in wanted] if only else self.due(wanted)
        name, started = (wire := wire or self.wire).name, self._clock()
        sources = {source.key: source for block in blocks for source in block.sources(name).values()}
        reading = await wire.read(list(sources.values())) if sources else Reading()
        self.heard(wire)
        failed: dict[str, EnergyError] = {}
        heard_at = self._clock()
        blocks = [block for block in blocks if self._touched_at.get(block.name, started) <= started]
        for block in blocks:
            if reading.failed and (error := reading.error(block.sources(name).values())) is not None:
                failed[block.name] = error
                continue
            block.decode(name, reading.values)
            self._read_at[block.name] = heard_at
            self._shown.add(block.name)
        self._begun = self._begun or not only
        report = UpdateReport(updated=frozenset(block.name for block in blocks) - failed.keys(), failed=failed, at=heard_at)
        self._count(report)
        self.digest(report)
        return report

    def label(self, name: str) -> str:
        """Return what the log calls a block; those that fail together share a label."""
        return name

    def heard(self, wire: Wire) -> None:
        """Act on an answer of ``wire`` before it is decoded."""

    def _count(self, report: UpdateReport) -> None:
        """Hold each energy counter that was read to its policy."""
        now: datetime | None = None
        for block in (self.blocks[name] for name in report.updated):
            for name, policy in block.counted.items():
                if not isinstance(reading := block.values.get(name), int | float):
                    continue
                now = now or self._now()
                if (counter := self.counters.get(slot := f"{block.name}.{name}")) is None:
                    counter = self.counters[slot] = Counter(policy, self.max_power)
                block.values[name] = counter.accept(reading, now)

    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {"counters": {slot: counter.as_dict() for slot, counter in self.counters.items()}}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what an earlier life saved; call it before the first update."""
        for slot, state in section(saved.get("counters")).items():
            block_name, _, name = slot.partition(".")
            point = self.blocks[block_name].points.get(name) if block_name in self.blocks else None
            if point is not None and point.counter is not None and isinstance(state, dict):
                self.counters[slot] = Counter.restored(point.counter, self.max_power, state)

    def digest(self, report: UpdateReport) -> None:
        """Derive what no wire says; called after each update."""

    async def write[T: float | str | bool](
        self, block: Block, point: Point[T], value: Value, *, wire: Wire | None = None
    ) -> CommandResult:
        """Validate, write when different, and read back until it shows.

        Of many writes to one point that wait for each other, only the newest is sent.
        """
        wire = wire or self.wire
        wanted = point.validate(value, high=self.highest(block, point))
        source = self.writable(block, point, wire)
        encoded = point.encode(source, wanted)
        slot = f"{block.name}.{point.name}"
        async with self.turns.turn(slot) as newest:
            if not newest or await self._holds(block, point, source, wanted, wire):
                return CommandResult(applied=True)
            self._confirmed_at.pop(slot, None)
            try:
                expected = {source.key: (point, source, wanted)}
                result = await self.command([(source, encoded)], expected, kind=slot, wire=wire)
            finally:
                # Done, late or refused: what was read before the write may no longer be so.
                self.touched(block.name)
                self.expire(block.name)
            if result.applied:
                block.set(point, wanted)
                self._confirmed_at[slot] = self._clock()
            return result

    def serves(self, _block: Block, _point: Point[Any]) -> bool:
        """Tell whether the present value of ``point`` may be shown; some wires lack what others have."""
        return True

    def can_write(self, block: Block, point: Point[Any]) -> bool:
        """Tell whether ``point`` can be written on this wire."""
        source = block.sources(self.wire.name).get(point.name)
        return source is not None and source.writable

    def writable(self, block: Block, point: Point[Any], wire: Wire | None = None) -> Source:
        """Return where ``point`` is written; raise ``DeviceRefusedError`` when it cannot be."""
        source = block.sources((wire or self.wire).name).get(point.name)
        if source is None or not source.writable:
            raise DeviceRefusedError(key="not_writable", name=point.name)
        return source

    def highest(self, _block: Block, point: Point[Any]) -> float | None:
        """Return the highest number that ``point`` can be set to on this unit."""
        return point.write_high

    def touched(self, *names: str) -> None:
        """Distrust what a poll that is under way has read of the named blocks: they were written since."""
        self._touched_at.update(dict.fromkeys(names, self._clock()))

    def choices(self, block: Block, point: Point[Any], wire: Wire | None = None) -> list[str]:
        """Return what a choice can be set to on this unit."""
        source = point.source((wire or self.wire).name, block.index)
        if source is None or source.codes is None:
            return []
        return list(dict.fromkeys(str(value) for value in source.write_codes or source.codes.values()))

    async def _holds[T: float | str | bool](self, block: Block, point: Point[T], source: Source, wanted: T, wire: Wire) -> bool:
        """Tell whether the device already has ``wanted``, asking it when our memory says so."""
        if block.get(point) != wanted:
            return False
        slot, now = f"{block.name}.{point.name}", self._clock()
        seen = max(self._read_at.get(block.name, -FRESH), self._confirmed_at.get(slot, -FRESH))
        if now - seen < FRESH:
            return True
        if held := await self.confirms({source.key: (point, source, wanted)}, wire):
            self._confirmed_at[slot] = self._clock()
        return held

    def spend(self, kind: str) -> None:
        """Account for one write of ``kind``; raise ``RateLimitedError`` when the budget is used up."""

    async def command(
        self,
        values: Sequence[tuple[Source, Raw]],
        expected: Expected,
        *,
        kind: str,
        wire: Wire | None = None,
    ) -> CommandResult:
        """Send ``values`` once, and look until the device shows ``expected``.

        A write without an answer may have been done: it is read back, and repeated once only when
        the device clearly does not show it.
        """
        wire, started = wire or self.wire, self._clock()
        lost: EnergyError | None = None
        for attempt in (1, 2):
            self.spend(kind)
            lost = None
            try:
                await wire.write(values)
            except (DeviceTimeoutError, DeviceConnectionError, DeviceProtocolError) as error:
                lost = error
            if await self.shows(expected, wire):
                return CommandResult(applied=True, latency=self._clock() - started, writes=attempt)
            if lost is None:
                return CommandResult(applied=False, writes=attempt)
        assert lost is not None
        raise lost

    async def shows(self, expected: Expected, wire: Wire | None = None) -> bool:
        """Read back at each moment of ``settle`` until all of ``expected`` shows.

        A device that says nothing at the last of them has not shown the contrary: its error comes out.
        """
        started = self._clock()
        silence: EnergyError | None = None
        for moment in self.settle:
            if (wait := started + moment - self._clock()) > 0:
                await asyncio.sleep(wait)
            try:
                if await self.confirms(expected, wire):
                    return True
                silence = None
            except (DeviceTimeoutError, DeviceConnectionError, DeviceProtocolError) as error:
                silence = error
        if silence is not None:
            raise silence
        return False

    async def confirms(self, expected: Expected, wire: Wire | None = None) -> bool:
        """Ask the device once whether it has all of ``expected``."""
        reading = await (wire or self.wire).read([source for _, source, _ in expected.values()], command=True)
        return all(
            key in reading.values and point.decode(source, reading.values[key]) == value
            for key, (point, source, value) in expected.items()
        )
