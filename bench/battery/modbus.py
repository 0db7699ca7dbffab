"""Clients of the Modbus wire: each fetches and decodes the registers that our Titan reads, in its own way.

All but ours are told what to read beforehand; ours finds out, and keeps counters and derived values as it always does.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
import logging
from typing import Any, Final

from modbus_connection import ModbusTcpParams, ModbusUnit
from modbus_connection.model import ManualComponent, NumberField, string
from modbus_connection.tmodbus import ModbusConnection

from custom_components.energy_core.pacing import Pacer
from custom_components.titan_izypower.titan.device import Titan
from custom_components.titan_izypower.titan.modbus import ModbusWire
from custom_components.titan_izypower.titan.plan import MAX_SPAN, Memory, extent, ranges
from custom_components.titan_izypower.titan.sources import NOT_IMPLEMENTED, Register

HOST: Final = "127.0.0.1"
UNIT: Final = 1
# Two more show every pack that is fitted.
READINGS_UNTIL_KNOWN: Final = 3
# Seconds between two polls, as Home Assistant makes them by default.
POLL_EVERY: Final = 30

type Scan = Callable[[], Awaitable[object]]
type Client = Callable[[int, Sequence[Register]], AbstractAsyncContextManager[Scan]]
type Extent = tuple[int, int]


@asynccontextmanager
async def unit_at(port: int) -> AsyncGenerator[ModbusUnit]:
    """Lend the unit as Home Assistant does: over modbus-connection, with tmodbus behind it."""
    connection = ModbusConnection(ModbusTcpParams(host=HOST, port=port))
    try:
        yield connection.for_unit(UNIT)
    finally:
        await connection.close()


@asynccontextmanager
async def titan_at(port: int, gap: float = 0.0, **more: Any) -> AsyncGenerator[Titan]:
    """Return our Titan, ``gap`` seconds between two requests; it has shown everything once."""
    async with unit_at(port) as unit:
        pacer, logger = Pacer(gap), logging.getLogger(__name__)
        titan = Titan(ModbusWire(unit, pacer, logger=logger), pacer, logger=logger, **more)
        for _ in range(READINGS_UNTIL_KNOWN):
            await titan.update(tuple(titan.blocks))
        yield titan


def registers_of(titan: Titan) -> list[Register]:
    """Return every register that a Titan reads, in order."""
    found = {source.key: source for block in titan.blocks.values() for source in block.sources("modbus").values()}
    return sorted((each for each in found.values() if isinstance(each, Register)), key=lambda each: each.key)


def optimum(registers: Sequence[Register]) -> list[Extent]:
    """Return the fewest requests that fetch ``registers``, whatever lies between them."""
    blocks: list[Extent] = []
    for each in registers:
        if not blocks or each.end - blocks[-1][0] > MAX_SPAN:
            blocks.append((each.key, 0))
        start, count = blocks[-1]
        blocks[-1] = start, max(count, each.end - start)
    return blocks


def singly(registers: Sequence[Register]) -> list[Extent]:
    """Return one request for each of ``registers``."""
    return [(each.key, each.words) for each in registers]


@asynccontextmanager
async def ours(port: int, _registers: Sequence[Register]) -> AsyncGenerator[Scan]:
    """Read all blocks into points."""
    async with titan_at(port) as titan:

        async def scan() -> object:
            titan.expire()
            return await titan.update(tuple(titan.blocks))

        yield scan


@asynccontextmanager
async def tiers(port: int, _registers: Sequence[Register]) -> AsyncGenerator[Scan]:
    """Poll as our coordinator does, half a minute later each time by the Titan's clock: each block at its own pace."""
    seconds = 0.0
    async with titan_at(port, clock=lambda: seconds) as titan:

        async def poll() -> object:
            nonlocal seconds
            seconds += POLL_EVERY
            return await titan.update(tuple(titan.blocks))

        yield poll


@asynccontextmanager
async def model(port: int, registers: Sequence[Register]) -> AsyncGenerator[Scan]:
    """Use the model that modbus-connection offers, as it plans by default."""
    async with unit_at(port) as unit:
        component = ManualComponent(unit)
        for each in registers:
            component.add(str(each.key), _field(each))
        yield component.async_update


def _field(register: Register) -> Any:
    if register.kind == "text":
        return string(register.key, register.words)
    bits = (1 << 16 * register.words) - 1
    return NumberField(
        register.key,
        count=register.words,
        scale=register.scale,
        signed=register.kind.startswith("s"),
        nan=int(NOT_IMPLEMENTED[register.kind]) & bits,
        convert=None if register.codes is None else {int(code): value for code, value in register.codes.items()},
    )


@asynccontextmanager
async def borrowed(port: int, registers: Sequence[Register]) -> AsyncGenerator[Scan]:
    """Make the requests that ours makes, and nothing else: what Home Assistant's connection costs in any case."""
    memory = Memory(proven={each.key for each in registers})
    extents = [extent(group, memory) for group in ranges(registers, memory)]
    async with unit_at(port) as unit:

        async def scan() -> object:
            return [await unit.read_holding_registers(*each) for each in extents]

        yield scan


@asynccontextmanager
async def tmodbus_singly(port: int, registers: Sequence[Register]) -> AsyncGenerator[Scan]:
    """Ask for one register after the other, over modbus-connection."""
    async with unit_at(port) as unit:

        async def scan() -> object:
            return [await unit.read_holding_registers(*extent) for extent in singly(registers)]

        yield scan


@asynccontextmanager
async def pymodbus(port: int, registers: Sequence[Register]) -> AsyncGenerator[Scan]:
    """Use pymodbus alone, with the best plan there is and its own conversions."""
    from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415 - an import is part of nobody's scan

    client = AsyncModbusTcpClient(HOST, port=port)
    await client.connect()
    kinds = {
        "u16": client.DATATYPE.UINT16,
        "s16": client.DATATYPE.INT16,
        "u32": client.DATATYPE.UINT32,
        "s32": client.DATATYPE.INT32,
        "text": client.DATATYPE.STRING,
    }
    blocks = _shared(registers)

    async def scan() -> object:
        values = {}
        for (start, count), group in blocks:
            words = (await client.read_holding_registers(start, count=count, device_id=UNIT)).registers
            for each in group:
                found = client.convert_from_registers(words[each.key - start : each.end - start], kinds[each.kind])
                values[each.key] = found
        return values

    try:
        yield scan
    finally:
        client.close()


@asynccontextmanager
async def floor(port: int, registers: Sequence[Register]) -> AsyncGenerator[Scan]:
    """Speak Modbus on a bare socket, with the best plan there is, and check nothing."""
    reader, writer = await asyncio.open_connection(HOST, port)
    blocks = _shared(registers)

    async def scan() -> object:
        values = {}
        for (start, count), group in blocks:
            writer.write(b"\0\1\0\0\0\6\1\3" + start.to_bytes(2) + count.to_bytes(2))
            head = await reader.readexactly(6)
            words = (await reader.readexactly(int.from_bytes(head[4:])))[3:]
            for each in group:
                raw = words[2 * (each.key - start) : 2 * (each.end - start)]
                values[each.key] = raw if each.kind == "text" else int.from_bytes(raw, signed=each.kind.startswith("s"))
        return values

    try:
        yield scan
    finally:
        writer.close()


def _shared(registers: Sequence[Register]) -> list[tuple[Extent, list[Register]]]:
    """Return the optimum, and what each request of it brings."""
    return [
        ((start, count), [each for each in registers if start <= each.key < start + count]) for start, count in optimum(registers)
    ]


CLIENTS: Final[dict[str, Client]] = {
    "ours": ours,
    "tiers": tiers,
    "model": model,
    "borrowed": borrowed,
    "pymodbus": pymodbus,
    "singly": tmodbus_singly,
    "floor": floor,
}


async def connect(stack: AsyncExitStack, port: int) -> dict[str, Scan]:
    """Return what a scan of each client is, for as long as ``stack`` lasts."""
    async with titan_at(port) as titan:
        registers = registers_of(titan)
    return {name: await stack.enter_async_context(client(port, registers)) for name, client in CLIENTS.items()}
