"""Helpers of the simulator tests: a hand-moved clock, and raw clients that share no code with the simulators."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from simulators.house import House
from simulators.titan import TitanSimulator
from tests.simulators.raw_clients import RawModbus


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        """Start at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock that moves only when told."""
    return Clock()


@pytest.fixture
def house(clock: Clock) -> House:
    """Give a house at noon on that clock."""
    return House(clock=clock, start=datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC))


type Starter = Callable[..., Awaitable[TitanSimulator]]


@pytest.fixture
async def titan(house: House, socket_enabled: None) -> AsyncIterator[Starter]:
    """Give a function that starts a Titan with options; all are stopped at the end."""
    started: list[TitanSimulator] = []

    async def start(**options: Any) -> TitanSimulator:
        sim = TitanSimulator(house, **options)
        await sim.start()
        started.append(sim)
        return sim

    yield start
    for sim in started:
        await sim.stop()


type Dialer = Callable[[TitanSimulator], Awaitable[RawModbus]]


@pytest.fixture
async def dial() -> AsyncIterator[Dialer]:
    """Give a function that connects a raw Modbus client; all are closed at the end."""
    opened: list[RawModbus] = []

    async def connect(sim: TitanSimulator) -> RawModbus:
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.modbus_port)
        opened.append(RawModbus(reader, writer))
        return opened[-1]

    yield connect
    for client in opened:
        client.writer.close()
