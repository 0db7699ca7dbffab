"""The simulated Titan as the bench wants it: answers after a given time, kept connections, everything counted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
import json
import sys
from typing import Any, Final, Self, override

from simulators.faults import Faults
from simulators.house import House
from simulators.http_front import HttpFront, HttpRequest
from simulators.scenarios import apply
from simulators.tcp import Connection, Listener
from simulators.titan import TitanSimulator
from simulators.titan_opendata import OpenData
from simulators.titan_writes import TitanWriter

from ..children import serve
from .processes import DEVICE, pin

LOOPBACK: Final = "127.0.0.1"
CHUNK: Final = 65536
# Seconds that pass in the house with each request of Modbus, as they do where requests are a second apart: a house
# that stands still flatters whoever remembers what it said.
REQUEST_TAKES: Final = 1.0
MORNING: Final = datetime.fromisoformat("2026-06-21T10:00:00+02:00")


@dataclass
class Counts:
    """What went over one wire."""

    connections: int = 0
    up: int = 0
    down: int = 0


class Relay:
    """Stands before a wire: holds each answer back for a while, and counts connections and bytes."""

    def __init__(self, port: int, asked: Callable[[], None] | None = None) -> None:
        """Pass everything on to ``port``, and tell ``asked`` of each request."""
        self.delay = 0.0
        self._asked = asked
        self.counts = Counts()
        self._port = port
        self.listener = Listener(self._serve, LOOPBACK, 0)

    async def _serve(self, connection: Connection) -> None:
        self.counts.connections += 1
        device = Connection(*await asyncio.open_connection(LOOPBACK, self._port))
        up = asyncio.create_task(self._up(connection, device))
        try:
            while data := await device.reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                self.counts.down += len(data)
                await connection.send(data)
        finally:
            up.cancel()
            device.close()

    async def _up(self, connection: Connection, device: Connection) -> None:
        while data := await connection.reader.read(CHUNK):
            self.counts.up += len(data)
            if self._asked is not None:
                self._asked()
            await device.send(data)
        device.close()


class KeepingFront(HttpFront):
    """The HTTP wire of a unit that keeps a connection where the client wants it; of the real one nobody says so."""

    def __init__(self, opendata: OpenData) -> None:
        """Let ``opendata`` answer."""
        super().__init__(opendata.answer, opendata.is_write, Faults())
        self._kept: set[Connection] = set()

    @override
    async def _serve(self, connection: Connection) -> None:
        while True:
            self._kept.discard(connection)
            await super()._serve(connection)
            if connection not in self._kept:
                return

    @override
    async def exchange(self, connection: Connection, request: HttpRequest) -> None:
        answer = self._responder(request, None).encode()
        if request.headers.get("connection", "").lower() != "close":
            self._kept.add(connection)
            answer = answer.replace(b"Connection: close\r\n", b"", 1)
        await connection.send(answer)


class Device:
    """A Titan in a house where the sun shines; its clock is set by hand."""

    def __init__(self, **options: Any) -> None:
        """Prepare a unit; nothing listens before the block is entered."""
        self.seconds = 0.0
        house = House(clock=lambda: self.seconds, start=MORNING)
        apply(house, "sunny")
        self.unit = TitanSimulator(house, http_enabled=False, **options)
        self.front = KeepingFront(OpenData(self.unit.model, TitanWriter(self.unit.model), self.unit.log))
        self.relays: dict[str, Relay] = {}

    async def __aenter__(self) -> Self:
        """Open both wires."""
        await self.unit.start()
        await self.front.listener.start()
        self.relays = {"modbus": Relay(self.unit.modbus_port, self._pass), "http": Relay(self.front.listener.port)}
        for relay in self.relays.values():
            await relay.listener.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        for relay in self.relays.values():
            await relay.listener.stop()
        await self.front.listener.stop()
        await self.unit.stop()

    def _pass(self) -> None:
        self.seconds += REQUEST_TAKES

    @property
    def ports(self) -> dict[str, int]:
        """Return where clients find each wire."""
        return {name: relay.listener.port for name, relay in self.relays.items()}

    def taken(self) -> dict[str, Any]:
        """Return what went over the wires since the last time, and forget it."""
        wires = {name: vars(relay.counts) for name, relay in self.relays.items()}
        asked = {name: [each for each in self.unit.requests if each.wire == name] for name in wires}
        found = {
            name: counts
            | {
                "requests": len(asked[name]),
                "refused": sum(each.outcome.startswith("exception") for each in asked[name]),
                "asked": [each.at for each in asked[name]],
                "writes": [each.at for each in asked[name] if each.write],
            }
            for name, counts in wires.items()
        }
        self.unit.log.clear()
        for relay in self.relays.values():
            relay.counts = Counts()
        return found

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked for, and say what was asked of the unit."""
        for relay in self.relays.values():
            relay.delay = question.get("delay", relay.delay)
        self.seconds += question.get("advance", 0)
        for key, value in question.get("set", {}).items():
            self.unit.set(key, value)
        return self.taken()


async def run(options: dict[str, Any]) -> None:
    """Answer questions about the unit until there are no more."""
    async with Device(**options) as device:
        print(json.dumps(device.ports), flush=True)
        await serve(device.answer)


if __name__ == "__main__":
    pin(DEVICE)
    asyncio.run(run(json.loads(sys.argv[1])))
