"""The Modbus TCP wire: blocks of registers through a unit that Home Assistant's connection lends.

Vendor facts: port 8899, unit 1, functions 03, 04, 06, 16, at most one request a second. Unknown and
therefore found out here: which read function serves, holes, the order of 32-bit words, text length.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
import logging
import time
from typing import Final, cast

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusTimeoutError,
    ModbusUnit,
)

from ...energy_core.capture import Recorder
from ...energy_core.errors import (
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
)
from ...energy_core.pacing import Pacer
from ...energy_core.points import Key, Raw, Source
from ...energy_core.report import Reading
from . import plan, words
from .plan import Memory
from .sources import Register

# The vendor answers within 1 s; the library's own limit comes first, ours also ends its busy retries.
ANSWER_WITHIN: Final = 3.0
DEADLINE: Final = 4.0
# Silences within one poll after which the unit counts as gone.
SILENCES: Final = 2
# Refusals within one poll after which a unit that answered nothing at all is not ready, rather than full of holes.
REFUSALS: Final = 16

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
# Where serial numbers stand, whether they were asked for or lie between what was: never recorded.
PRIVATE: Final = frozenset(address for first in (52, 6022, 6134, 6246, 6358, 6470, 6745) for address in range(first, first + 16))
# Exception codes and who can do something about them; an unknown code is a protocol error.
EXCEPTIONS: Final[Mapping[int, tuple[type[EnergyError], str]]] = {
    ILLEGAL_FUNCTION: (DeviceProtocolError, "illegal_function"),
    ILLEGAL_ADDRESS: (DeviceRefusedError, "illegal_address"),
    ILLEGAL_VALUE: (DeviceRefusedError, "illegal_value"),
    4: (DeviceProtocolError, "device_failure"),
    5: (DeviceTimeoutError, "device_busy"),
    6: (DeviceTimeoutError, "device_busy"),
    7: (DeviceRefusedError, "refused"),
    8: (DeviceProtocolError, "device_failure"),
    10: (DeviceConnectionError, "gateway"),
    11: (DeviceConnectionError, "gateway"),
}


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

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Write one register (06) or several in a row (16)."""
        first = cast("int", values[0][0].target)
        data = [int(raw) for _, raw in values]
        if [source.target for source, _ in values] != list(range(first, first + len(data))):
            raise ValueError("registers of one command must follow each other")
        if len(data) == 1:
            await self._request(partial(self._unit.write_register, first, data[0]), f"write {first}", command=True)
        else:
            await self._request(partial(self._unit.write_registers, first, data), f"write {first}+{len(data)}", command=True)

    async def _fetch(
        self, group: list[Register], answers: dict[Register, list[int]], *, command: bool, whole: bool = True
    ) -> bool:
        """Fetch ``group``; return whether it came in one piece, else learn why not."""
        try:
            found = await self._registers(group, self._function(group), command=command)
        except (_AbsentError, _FunctionRefusedError) as error:
            if not group[0].alone:
                self._refusals.append(error)
            if not answers and len(self._refusals) >= REFUSALS:
                raise
            if whole and await self._try_other_function(group, answers, command=command):
                return True
            if len(group) == 1:
                return await self._shorten_or_drop(group[0], answers, command=command)
            left, right = plan.halves(group)
            clean = [await self._fetch(half, answers, command=command, whole=False) for half in (left, right)]
            if all(clean):
                self.memory.splits.add(right[0].key)
            return False
        self._take(group, found, answers)
        return True

    def _function(self, group: list[Register]) -> int:
        function = self.memory.function or 3
        return 7 - function if group[0].key in self.memory.other_function else function

    async def _try_other_function(self, group: list[Register], answers: dict[Register, list[int]], *, command: bool) -> bool:
        other, settled = 7 - self._function(group), self.memory.function is not None
        try:
            found = await self._registers(group, other, command=command)
        except _AbsentError, _FunctionRefusedError:
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
        return False

    def _take(self, group: list[Register], found: list[int], answers: dict[Register, list[int]]) -> None:
        start, _ = plan.extent(group, self.memory)
        for each in group:
            answers[each] = found[each.key - start : each.key - start + self.memory.words(each)]

    async def _registers(self, group: list[Register], function: int, *, command: bool) -> list[int]:
        start, count = plan.extent(group, self.memory)
        label = f"fc{function:02d} {start}+{count}"
        for attempt in (1, 2):
            read = self._unit.read_holding_registers if function == 3 else self._unit.read_input_registers
            try:
                found = await self._request(partial(read, start, count), label, command=command)
            except _LinkLostError:
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

    async def _request[T](self, request: Callable[[], Awaitable[T]], label: str, *, command: bool) -> T:
        """Make one request in its turn; whatever goes wrong becomes one of our errors.

        After a silence or a frame that is not ours the link is dropped: a late answer would be taken
        for the next one.
        """
        async with self._pacer.turn(command=command):
            started = time.monotonic()
            self.reconnects += not self._unit.connected
            try:
                async with asyncio.timeout(DEADLINE):
                    answer = await request()
            except ModbusExceptionError as error:
                self._logger.debug("modbus %s: exception %s", label, error.exception_code)
                raise _refusal(error, label) from error
            except (TimeoutError, ModbusError, OSError) as error:
                self._logger.debug("modbus %s: %s", label, type(error).__name__)
                await self._drop()
                raise _failure(error, label) from error
            self._logger.debug("modbus %s: ok in %.0f ms", label, 1000 * (time.monotonic() - started))
            return answer

    async def _drop(self) -> None:
        with suppress(ModbusError, OSError, TimeoutError):
            await self._unit.disconnect()


class _FunctionRefusedError(DeviceProtocolError):
    """Exception 1: the other read function may serve."""


class _AbsentError(DeviceRefusedError):
    """Exceptions 2 and 3: some of these registers are not there, or they are too many."""


class _LinkLostError(DeviceConnectionError):
    """The link ended under a request, or could not be made."""


def _refusal(error: ModbusExceptionError, label: str) -> EnergyError:
    code = error.exception_code
    kind, key = EXCEPTIONS.get(code or 0, (DeviceProtocolError, "device_failure"))
    if code == ILLEGAL_FUNCTION:
        kind = _FunctionRefusedError
    elif code in (ILLEGAL_ADDRESS, ILLEGAL_VALUE):
        kind = _AbsentError
    return kind(f"{label}: exception {code}", key=key)


def _failure(error: Exception, label: str) -> EnergyError:
    if isinstance(error, TimeoutError | ModbusTimeoutError):
        return DeviceTimeoutError(f"{label}: no answer")
    if isinstance(error, ModbusConnectionError | OSError):
        return _LinkLostError(f"{label}: link lost")
    return DeviceProtocolError(f"{label}: {type(error).__name__}")
