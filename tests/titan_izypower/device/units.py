"""A simulated unit on loopback, and Titans that talk to it over either wire."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
import logging
from typing import Any

from aiohttp import ClientSession
from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection

from custom_components.energy_core.pacing import Pacer
from custom_components.titan_izypower.titan.control import Control, Limits
from custom_components.titan_izypower.titan.device import Titan
from custom_components.titan_izypower.titan.modbus import ModbusWire
from custom_components.titan_izypower.titan.opendata import Batching, OpenDataWire
from custom_components.titan_izypower.titan.plan import Memory
from simulators.house import House
from simulators.requestlog import Request
from simulators.titan import TitanSimulator

LOGGER = logging.getLogger("titan.test")
NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
LIVE = ("system", "battery", "solar", "grid", "pv_1", "pv_2", "pv_3", "pv_4")


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Starts simulators and connects Titans to them; closes all of them at the end."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.stack = AsyncExitStack()
        self.connections: list[ModbusConnection] = []

    async def start(self, *, moving: bool = False, **options: Any) -> TitanSimulator:
        """Start a unit; its house stands still unless it is ``moving``."""
        house = House(start=NOON) if moving else House(clock=self.clock, start=NOON)
        return await self.stack.enter_async_context(TitanSimulator(house, **options))

    def modbus(self, sim: TitanSimulator, *, memory: Memory | None = None, gap: float = 0.0, **more: Any) -> Titan:
        """Return a Titan on the real Modbus library."""
        connection = ModbusConnection(ModbusTcpParams(host="127.0.0.1", port=sim.modbus_port))
        self.connections.append(connection)
        self.stack.push_async_callback(connection.close)
        pacer = Pacer(gap)
        return Titan(ModbusWire(connection.for_unit(1), pacer, logger=LOGGER, memory=memory), pacer, logger=LOGGER, **more)

    async def opendata(
        self,
        sim: TitanSimulator,
        *,
        memory: Batching | None = None,
        gap: float = 0.0,
        name: str = "opendata",
        deadline: float | None = None,
        password: str | None = None,
        port: int | None = None,
        **more: Any,
    ) -> Titan:
        """Return a Titan on HTTP."""
        session = await self.stack.enter_async_context(ClientSession())
        pacer = Pacer(gap)
        wire = OpenDataWire(
            session, "127.0.0.1", port or sim.http_port, pacer, logger=LOGGER, memory=memory, deadline=deadline, password=password
        )
        wire.name = name
        return Titan(wire, pacer, logger=LOGGER, **more)

    async def titan(self, sim: TitanSimulator, wire: str, **more: Any) -> Titan:
        """Return a Titan on the wire of that name."""
        return self.modbus(sim, **more) if wire == "modbus" else await self.opendata(sim, **more)


def flow(sim: TitanSimulator, clock: Clock, *, load: float = 0.0, pv: float = 0.0) -> None:
    """Let consumption and sun settle, and the house stand still again."""
    sim.house.load_w, sim.house.pv_w = load, pv
    clock.now += 30
    sim.house.advance()


async def everything(titan: Titan) -> Titan:
    """Read all that the unit has: identity first, late blocks last."""
    await titan.update()
    await titan.update(tuple(titan.blocks))
    await titan.update(tuple(titan.blocks))
    return titan


def control(titan: Titan, *, charge: float = 2400, discharge: float = 2400) -> Control:
    """Return the control of a unit of 2400 W."""
    return Control(titan, Limits(charge=charge, discharge=discharge))


def ranges(requests: list[Request]) -> list[tuple[int | None, int]]:
    """Return what Modbus requests asked for: first register and number of words."""
    return [(each.address, each.count) for each in requests if each.wire == "modbus"]


def writes(sim: TitanSimulator) -> list[tuple[Any, tuple[object, ...]]]:
    """Return what was written: address or point, and the values."""
    return [(each.address if each.wire == "modbus" else each.points[0], each.values) for each in sim.writes]


async def no_connection(sim: TitanSimulator) -> None:
    """Wait until the unit has no connection open; fail when one stays."""
    for _ in range(100):
        if not any(sim.connections.values()):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(sim.connections)
