"""The Modbus TCP wire: blocks of registers through a unit that Home Assistant's connection lends.

Vendor facts: port 8899, unit 1, functions 03, 04, 06, 16, at most one request a second. Unknown and
therefore found out here: which read function serves, holes, the order of 32-bit words, text length.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
import logging
import time
from typing import Final, cast

from modbus_connection import ModbusError, ModbusExceptionError, ModbusUnit

from ...energy_core.capture import Recorder
from ...energy_core.errors import DeviceProtocolError, DeviceRefusedError, DeviceTimeoutError, EnergyError
from ...energy_core.exchange import Exchange
from ...energy_core.pacing import Pacer
from ...energy_core.points import Raw, Source
from ...energy_core.report import Reading
from . import plan, words
from .mishaps import EXCEPTIONS, ILLEGAL_VALUE, AbsentError, FunctionRefusedError, LinkLostError, failure, refusal
from .plan import Heard, Memory, Span
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
# How an exception reads that may mean too many registers at once.
TOO_LONG: Final = EXCEPTIONS[ILLEGAL_VALUE][1]
# So many plans are kept: what is due together differs from poll to poll, but not much.
PLANS: Final = 16


@dataclass(kw_only=True)
class _Poll:
    """One reading under way: what came, what failed, what was refused."""

    command: bool
    answers: list[tuple[Span, list[int]]] = field(default_factory=list)
    failed: dict[Register, EnergyError] = field(default_factory=dict)
    refusals: list[EnergyError] = field(default_factory=list)


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
        # What each firmware has answered.
        self._heard_of: dict[str | None, Heard] = {}
        self._plans: dict[Hashable, list[Span]] = {}
        # Whether anything answered the last time: a unit that refuses everything says nothing about a register.
        self._lively = False
        # The library of Home Assistant 2026.9 cannot be told; there our deadline ends the wait.
        if hasattr(unit, "require_timeout"):
            unit.require_timeout(ANSWER_WITHIN)

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:
        """Fetch ``sources``; registers that the unit refuses are left out, now and from now on."""
        self.memory.refresh(time.time())
        poll, before = _Poll(command=command), self.memory.as_dict()
        try:
            await self._collect(cast("tuple[Register, ...]", tuple(sources)), poll)
        finally:
            self._lively = bool(poll.answers)
            if not poll.answers:
                # A unit that refuses everything is not ready: nothing is learned from that.
                self.memory = Memory.restored(before)
        if not poll.answers and (errors := [*poll.failed.values(), *poll.refusals]):
            # Nothing that was asked for is a value that could be refused: whoever answers makes no sense.
            if isinstance(errors[0], DeviceRefusedError):
                raise DeviceProtocolError(str(errors[0]), key=errors[0].key) from errors[0]
            raise errors[0]
        self.memory.swapped = words.swapped(poll.answers, default=self.memory.swapped)
        values = words.decode(poll.answers, swapped=self.memory.swapped)
        return Reading(values=values, failed={each.key: error for each, error in poll.failed.items() if each.key not in values})

    async def _collect(self, registers: tuple[Register, ...], poll: _Poll) -> None:
        silences = 0
        pending = deque(self._planned(registers))
        while pending:
            span = pending.popleft()
            try:
                whole = await self._fetch(span, poll)
            except (DeviceTimeoutError, DeviceProtocolError, DeviceRefusedError) as error:
                whole = False
                if not span.alone:
                    poll.failed.update(dict.fromkeys(span.group, error))
                silences += isinstance(error, DeviceTimeoutError)
                if silences >= SILENCES:
                    raise
                if not (poll.answers or self._lively) and len(poll.failed) > len(span.group):
                    # Nothing answered the last time either: the rest would be refused as well.
                    return
            if not whole:
                # What was learned holds for the rest, too.
                pending = deque(plan.spans((each for later in pending for each in later.group), self.memory))

    def _planned(self, registers: tuple[Register, ...]) -> list[Span]:
        """Return the requests that fetch ``registers``, made once as long as nothing is learned."""
        kind = registers, self.memory.shape()
        if (found := self._plans.get(kind)) is None:
            if len(self._plans) >= PLANS:
                self._plans.clear()
            found = self._plans[kind] = plan.spans(registers, self.memory)
        return found

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Write one register (06) or several in a row (16)."""
        first = cast("int", values[0][0].target)
        data = [int(raw) for _, raw in values]
        if [source.target for source, _ in values] != list(range(first, first + len(data))):
            raise ValueError("registers of one command must follow each other")
        exchange = Exchange(self._logger, "modbus", f"write {plan.registers(len(data), first)}")
        if len(data) == 1:
            await self._request(self._unit.write_register, (first, data[0]), f"write {first}", exchange, command=True)
        else:
            await self._request(self._unit.write_registers, (first, data), f"write {first}+{len(data)}", exchange, command=True)

    async def _fetch(self, span: Span, poll: _Poll, *, whole: bool = True, other: bool = True, believed: bool = False) -> bool:
        """Fetch ``span``; return whether it came in one piece, else learn why not.

        It is not ``whole`` as part of one that was refused; without ``other`` the other function did not serve
        that, and when ``believed`` its refusal is beyond doubt.
        """
        try:
            found = await self._registers(span, self._function(span.group), poll)
        except (AbsentError, FunctionRefusedError) as error:
            group = span.group
            if not span.alone:
                poll.refusals.append(error)
            if not believed:
                # A unit that refuses whatever it is asked says nothing of what lies between its registers.
                believed = not (poll.answers or self._lively) or self._heard.same(span)
                if believed and self._heard.doubts(span, lively=self._lively):
                    raise
            if not poll.answers and len(poll.refusals) >= REFUSALS:
                raise
            asked = other and self._other_may_serve(span, error, whole=whole)
            if asked and await self._try_other_function(span, poll):
                return True
            if len(group) == 1:
                return await self._shorten_or_drop(group[0], poll)
            return await self._divide(span, poll, error, other=other and not (asked and span.solid), believed=believed)
        self._take(span, found, poll)
        return True

    async def _divide(self, span: Span, poll: _Poll, error: EnergyError, *, other: bool, believed: bool) -> bool:
        """Fetch ``span`` in two, or in more where what the first half taught parts the second."""
        left, right = plan.halves(span.group, long=error.key == TOO_LONG)
        clean = True
        for half in (left, right):
            parts = plan.spans(half, self.memory)
            for part in parts:
                clean &= await self._fetch(part, poll, whole=False, other=other, believed=believed)
            clean &= len(parts) == 1
        if clean:
            self._learn(span, error, left, right)
        return False

    @property
    def _heard(self) -> Heard:
        return self._heard_of.setdefault(self.memory.firmware, Heard())

    def _learn(self, span: Span, error: EnergyError, left: list[Register], right: list[Register]) -> None:
        """Learn from a refusal of what was answered in two pieces: by exception 3 it was too long, else its gap is to blame."""
        pieces = [self._heard.longest, *(plan.extent(half, self.memory)[1] for half in (left, right))]
        longest = max(count for count in pieces if count < span.count)
        if error.key == TOO_LONG and plan.TEXT_LENGTHS[0] <= longest:
            self.memory.max_words = min(longest, self.memory.max_words)
        else:
            self.memory.split(left, right)

    def _function(self, group: list[Register]) -> int:
        function = self.memory.function or 3
        return 7 - function if group[0].key in self.memory.other_function else function

    def _other_may_serve(self, span: Span, error: EnergyError, *, whole: bool) -> bool:
        """Tell whether the other function is worth a request: after an answer, a gap or the length is more likely to blame."""
        if self.memory.function is None or isinstance(error, FunctionRefusedError):
            return whole
        return span.solid and (len(span.group) == 1 or error.key != TOO_LONG)

    async def _try_other_function(self, span: Span, poll: _Poll) -> bool:
        other, settled = 7 - self._function(span.group), self.memory.function is not None
        try:
            found = await self._registers(span, other, poll)
        except AbsentError, FunctionRefusedError:
            return False
        if settled:
            self.memory.other_function ^= span.keys.keys()
        self._take(span, found, poll)
        return True

    async def _shorten_or_drop(self, register: Register, poll: _Poll) -> bool:
        """Ask for a shorter text, and when nothing helps remember that the unit lacks the register."""
        if (
            register.kind == "text"
            and not register.alone
            and (shorter := [n for n in plan.TEXT_LENGTHS if n < self.memory.text_words])
        ):
            kept, self.memory.text_words = self.memory.text_words, shorter[0]
            if await self._fetch(Span([register], self.memory), poll, whole=False, other=False):
                return True
            self.memory.text_words = kept
        self.memory.absent.add(register.key)
        self._heard.refused.pop(register.key, None)
        return False

    def _take(self, span: Span, found: list[int], poll: _Poll) -> None:
        poll.answers.append((span, found))
        if span.alone:
            self.memory.proven.update(span.keys)
        self._heard.note(span)

    async def _registers(self, span: Span, function: int, poll: _Poll) -> list[int]:
        label = span.labels[function]
        for attempt in (1, 2):
            read = self._unit.read_holding_registers if function == 3 else self._unit.read_input_registers
            try:
                exchange = Exchange(self._logger, "modbus", span.asked[function])
                found = await self._request(read, (span.start, span.count), label, exchange, command=poll.command)
            except LinkLostError:
                # An idle link may have been closed by the unit; reading again on a new one is harmless.
                if attempt == 2:
                    raise
                continue
            if len(found) != span.count:
                await self._drop()
                raise DeviceProtocolError(f"{label}: {len(found)} words")
            if self.memory.function is None:
                self.memory.function = function
            self.recorder.note(label, span.public(found))
            return found
        raise AssertionError

    async def _request[T, *A](
        self, request: Callable[[*A], Awaitable[T]], what: tuple[*A], label: str, exchange: Exchange, *, command: bool
    ) -> T:
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
                        answer = await request(*what)
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
