"""The Modbus TCP wire: blocks of registers through a unit that Home Assistant's connection lends.

Vendor facts: port 8899, unit 1, functions 03, 04, 06, 16, at most one request a second. Unknown and
therefore found out here: which read function serves, holes, the order of 32-bit words, text length.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
import logging
import time
from typing import Final, cast

from modbus_connection import (
    ModbusError,
    ModbusExceptionError,
    ModbusUnit,
)

from ...energy_core.capture import Recorder
from ...energy_core.errors import (
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
)
from ...energy_core.exchange import Exchange
from ...energy_core.pacing import Pacer
from ...energy_core.points import Key, Raw, Source
from ...energy_core.report import Reading
from . import plan, words
from .mishaps import AbsentError, FunctionRefusedError, LinkLostError, failure, refusal
from .plan import Memory
from .sources import Register

# The vendor answers within 1 s; the library's own limit comes first, ours also ends its busy retries.
ANSWER_WITHIN: Final = 3.0
DEADLINE: Final = 4.0
# After so long (s) the library asks a busy unit again, within our turn: the gap to the next counts from there.
BUSY_PAUSE: Final = 1.0
# A write is answered with where it went, and what or how much.
WRITTEN: Final = 4
# Silences within one poll after which the unit counts as gone.
SILENCES: Final = 2
# Refusals within one poll after which a unit that answered nothing at all is not ready, rather than full of holes.
REFUSALS: Final = 16
# How often in a row registers that have answered are refused before that is believed.
DOUBT: Final = 3

# Where serial numbers stand, whether they were asked for or lie between what was: never recorded.
PRIVATE: Final = frozenset(address for first in (52, 6022, 6134, 6246, 6358, 6470, 6745) for address in range(first, first + 16))


class ModbusWire:
    """Reads and writes the registers of one unit, gently, and learns what it has.

    ``reconnects`` counts new links: behind each may be another unit.
    """

    name = "modbus"

    def __init__(
        self,
        unit: ModbusUnit,
        pacer: Pacer,
        *,
        logger: logging.Logger,
        memory: Memory | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Talk to ``unit`` in the turns that ``pacer`` gives."""
        self.memory = memory or Memory()
        self.recorder = recorder or Recorder()
        self.reconnects = 0
        self._unit = unit
        self._pacer = pacer
        self._logger = logger
        self._refusals: list[EnergyError] = []
        # Registers that have answered, by firmware, and how often they were refused since.
        self._refused: dict[tuple[str | None, int], int] = {}
        # Whether anything answered the last time: a unit that refuses everything says nothing about a register.
        self._lively = False
        # The library of Home Assistant 2026.9 cannot be told; there our deadline ends the wait.
        if hasattr(unit, "require_timeout"):
            unit.require_timeout(ANSWER_WITHIN)

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:
        """Fetch ``sources``; registers that the unit refuses are left out, now and from now on."""
        self.memory.refresh(time.time())
        answers: dict[Register, list[int]] = {}
        failed: dict[Register, EnergyError] = {}
        self._refusals, before = [], self.memory.as_dict()
        try:
            await self._collect(cast("Sequence[Register]", sources), answers, failed, command=command)
        finally:
            self._lively = bool(answers)
            if not answers:
                # A unit that refuses everything is not ready: nothing is learned from that.
                self.memory = Memory.restored(before)
        if not answers and (errors := [*failed.values(), *self._refusals]):
            # Nothing that was asked for is a value that could be refused: whoever answers makes no sense.
            if isinstance(errors[0], DeviceRefusedError):
                raise DeviceProtocolError(str(errors[0]), key=errors[0].key) from errors[0]
            raise errors[0]
        self.memory.swapped = words.swapped(answers, default=self.memory.swapped)
        values: dict[Key, Raw] = {
            each.key: words.decode(each, found, swapped=self.memory.swapped) for each, found in answers.items()
        }
        return Reading(values=values, failed={each.key: error for each, error in failed.items() if each.key not in values})

    async def _collect(
        self,
        registers: Sequence[Register],
        answers: dict[Register, list[int]],
        failed: dict[Register, EnergyError],
        *,
        command: bool,
    ) -> None:
        silences = 0
        for group in plan.ranges(registers, self.memory):
            try:
                await self._fetch(group, answers, command=command)
            except (DeviceTimeoutError, DeviceProtocolError, DeviceRefusedError) as error:
                if not group[0].alone:
                    failed.update(dict.fromkeys(group, error))
                silences += isinstance(error, DeviceTimeoutError)
                if silences >= SILENCES:
                    raise
                if not (answers or self._lively) and len(failed) > len(group):
                    # Nothing answered the last time either: the rest would be refused as well.
                    return

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Write one register (06) or several in a row (16)."""
        first = cast("int", values[0][0].target)
        data = [int(raw) for _, raw in values]
        if [source.target for source, _ in values] != list(range(first, first + len(data))):
            raise ValueError("registers of one command must follow each other")
        exchange = Exchange(self._logger, "modbus", f"write {_registers(len(data), first)}")
        if len(data) == 1:
            request, label = partial(self._unit.write_register, first, data[0]), f"write {first}"
        else:
            request, label = partial(self._unit.write_registers, first, data), f"write {first}+{len(data)}"
        await self._request(request, label, exchange, command=True)

    async def _fetch(
        self, group: list[Register], answers: dict[Register, list[int]], *, command: bool, whole: bool = True
    ) -> bool:
        """Fetch ``group``; return whether it came in one piece, else learn why not."""
        try:
            found = await self._registers(group, self._function(group), command=command)
        except (AbsentError, FunctionRefusedError) as error:
            if not group[0].alone:
                self._refusals.append(error)
            if whole:
                await self._doubt(group, answers, error, command=command)
            if not answers and len(self._refusals) >= REFUSALS:
                raise
            if whole and await self._try_other_function(group, answers, command=command):
                return True
            if len(group) == 1:
                return await self._shorten_or_drop(group[0], answers, command=command)
            left, right = plan.halves(group)
            clean = [await self._fetch(half, answers, command=command, whole=False) for half in (left, right)]
            if all(clean):
                self._learn(error, left, right)
            return False
        self._take(group, found, answers)
        return True

    async def _doubt(
        self, group: list[Register], answers: dict[Register, list[int]], error: EnergyError, *, command: bool
    ) -> None:
        """Raise ``error`` unless it is to be learned from: what has answered does not go missing by one refusal."""
        firmware = self.memory.firmware
        known = [each for each in group if (firmware, each.key) in self._refused]
        if not known:
            return
        if len(known) < len(group):
            # Somebody new may be to blame.
            await self._fetch(known, answers, command=command)
            return
        for each in known:
            self._refused[firmware, each.key] += 1
        if not self._lively or max(self._refused[firmware, each.key] for each in known) % DOUBT:
            raise error

    def _learn(self, error: EnergyError, left: list[Register], right: list[Register]) -> None:
        """Learn from a refusal of what was answered in two pieces: by exception 3 it was too long, else its gap is to blame."""
        longest = max(plan.extent(half, self.memory)[1] for half in (left, right))
        if error.key == "illegal_value" and plan.TEXT_LENGTHS[0] <= longest:
            self.memory.max_words = min(longest, self.memory.max_words)
        else:
            self.memory.splits.add(right[0].key)

    def _function(self, group: list[Register]) -> int:
        function = self.memory.function or 3
        return 7 - function if group[0].key in self.memory.other_function else function

    async def _try_other_function(self, group: list[Register], answers: dict[Register, list[int]], *, command: bool) -> bool:
        other, settled = 7 - self._function(group), self.memory.function is not None
        try:
            found = await self._registers(group, other, command=command)
        except AbsentError, FunctionRefusedError:
            return False
        if settled:
            self.memory.other_function ^= {each.key for each in group}
        self._take(group, found, answers)
        return True

    async def _shorten_or_drop(self, register: Register, answers: dict[Register, list[int]], *, command: bool) -> bool:
        """Ask for a shorter text, and when nothing helps remember that the unit lacks the register."""
        if (
            register.kind == "text"
            and not register.alone
            and (shorter := [n for n in plan.TEXT_LENGTHS if n < self.memory.text_words])
        ):
            kept, self.memory.text_words = self.memory.text_words, shorter[0]
            if await self._fetch([register], answers, command=command, whole=False):
                return True
            self.memory.text_words = kept
        self.memory.absent.add(register.key)
        self._refused.pop((self.memory.firmware, register.key), None)
        return False

    def _take(self, group: list[Register], found: list[int], answers: dict[Register, list[int]]) -> None:
        memory, start = self.memory, group[0].key
        for each in group:
            at = each.key - start
            answers[each] = found[at : at + memory.words(each)]
            self._refused[memory.firmware, each.key] = 0

    async def _registers(self, group: list[Register], function: int, *, command: bool) -> list[int]:
        start, count = plan.extent(group, self.memory)
        label = f"fc{function:02d} {start}+{count}"
        for attempt in (1, 2):
            read = self._unit.read_holding_registers if function == 3 else self._unit.read_input_registers
            try:
                exchange = Exchange(self._logger, "modbus", f"read {_registers(count, start)} (fc{function:02d})")
                found = await self._request(partial(read, start, count), label, exchange, command=command)
            except LinkLostError:
                # An idle link may have been closed by the unit; reading again on a new one is harmless.
                if attempt == 2:
                    raise
                continue
            if len(found) != count:
                await self._drop()
                raise DeviceProtocolError(f"{label}: {len(found)} words")
            if self.memory.function is None:
                self.memory.function = function
            self.recorder.note(label, [None if start + at in PRIVATE else word for at, word in enumerate(found)])
            return found
        raise AssertionError

    async def _request[T](self, request: Callable[[], Awaitable[T]], label: str, exchange: Exchange, *, command: bool) -> T:
        """Make one request in its turn; whatever goes wrong becomes one of our errors.

        After a silence or a frame that is not ours the link is dropped: a late answer would be taken
        for the next one.
        """
        async with self._pacer.turn(command=command):
            self.reconnects += not self._unit.connected
            started = time.monotonic()
            with exchange:
                try:
                    async with asyncio.timeout(DEADLINE):
                        answer = await request()
                except ModbusExceptionError as error:
                    raise refusal(error, label) from error
                except (TimeoutError, ModbusError, OSError) as error:
                    await self._drop()
                    raise failure(error, label) from error
                finally:
                    if time.monotonic() - started >= BUSY_PAUSE:
                        self._pacer.rest()
                exchange.got("ok", 2 * len(answer) if isinstance(answer, list) else WRITTEN)
            return answer

    async def _drop(self) -> None:
        with suppress(ModbusError, OSError, TimeoutError):
            await self._unit.disconnect()


def _registers(count: int, first: int) -> str:
    return f"{count} register{'s' if count > 1 else ''} at {first}"
