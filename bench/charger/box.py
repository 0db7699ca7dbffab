"""The box's process: answers as a Trydan does, with values that move, and counts what it is asked.

It answers several requests at once, which a real one does not: whoever asks in parallel is measured at its best.
"""

import asyncio
from collections.abc import Callable
import json
import sys
import time
from typing import Any, Final, override

from .names import BY_NAME, DEVICE, SNAPSHOT
from .pinning import pin

HEAD: Final = "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n"


class Box:
    """What the box knows, and what it was asked."""

    def __init__(self) -> None:
        """Charge a car."""
        self.values: dict[str, Any] = SNAPSHOT | BY_NAME
        self.pinned: dict[str, Any] = {}
        self.delay = 0.0
        self.asked: list[str] = []
        self.connections = 0
        self.bytes = 0
        self.writes: list[tuple[str, float]] = []
        self.open: set[asyncio.Transport] = set()

    def answer(self, target: str) -> tuple[int, bytes]:
        """Return status and body for one request."""
        self.asked.append(target)
        kind, _, rest = target.removeprefix("/").partition("/")
        if kind == "RealTimeData":
            self._live()
            return 200, json.dumps({key: self.values[key] for key in SNAPSHOT}, separators=(",", ":")).encode()
        if kind == "read" and rest in BY_NAME:
            return 200, str(self.values[rest]).encode()
        if kind == "write":
            key, _, value = rest.partition("=")
            self.writes.append((key, time.monotonic()))
            self.values[key] = int(value)
            return 200, b"OK"
        return 404, b"this URI does not exist"

    def _live(self) -> None:
        """Let time show: power, energy, time and the house's power are never twice the same."""
        turn = len(self.asked) % 100
        moved = {
            "ChargePower": 3600 + 1.37 * turn,
            "ChargeEnergy": round(self.values["ChargeEnergy"] + 0.01, 2),
            "ChargeTime": self.values["ChargeTime"] + 5,
            "HousePower": 500.0 + 3 * turn,
        }
        self.values |= moved | self.pinned

    def taken(self) -> dict[str, Any]:
        """Return what was asked since the last time, and forget it."""
        found = {"asked": self.asked, "connections": self.connections, "bytes": self.bytes, "writes": self.writes}
        self.asked, self.connections, self.bytes, self.writes = [], 0, 0, []
        return found


class Exchange(asyncio.Protocol):
    """One connection."""

    def __init__(self, box: Box, later: Callable[..., Any]) -> None:
        """Answer for ``box``."""
        self._box, self._later, self._buffer = box, later, b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._box.open.add(transport)
        self._box.connections += 1

    @override
    def data_received(self, data: bytes) -> None:
        self._box.bytes += len(data)
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            request, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if self._box.delay:
                self._later(self._box.delay, self._answer, request)
            else:
                self._answer(request)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._box.open.discard(self._transport)

    def _answer(self, request: bytes) -> None:
        if self._transport.is_closing():
            return
        keep = b"connection: close" not in request.lower()
        status, body = self._box.answer(request.split(b" ", 2)[1].decode())
        shown = "200 OK" if status == 200 else "404 Not Found"
        head = HEAD.format(status=shown, length=len(body), connection="keep-alive" if keep else "close")
        answer = head.encode() + body
        self._box.bytes += len(answer)
        self._transport.write(answer)
        if not keep:
            self._transport.close()


async def serve() -> None:
    """Answer questions about the box until there are no more."""
    loop = asyncio.get_running_loop()
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    box = Box()
    server = await loop.create_server(lambda: Exchange(box, loop.call_later), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(json.dumps({"address": f"{host}:{port}", "device": DEVICE}), flush=True)
    while line := await questions.readline():
        told = json.loads(line)
        box.delay = told.get("delay", box.delay)
        box.pinned = told.get("pinned", box.pinned)
        for transport in list(box.open) if told.get("drop") else ():
            transport.close()
        print(json.dumps(box.taken()), flush=True)


if __name__ == "__main__":
    pin(last=True)
    asyncio.run(serve())
