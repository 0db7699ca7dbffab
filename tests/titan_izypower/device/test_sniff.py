"""What else answers on the port of a Titan: asked once, on a real socket."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
import socket

import pytest

from custom_components.titan_izypower.titan import sniff

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(answer: Callable[[asyncio.StreamWriter], None]) -> AsyncGenerator[int]:
    """Answer everybody in one way."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        answer(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return found.getsockname()[1]


@pytest.mark.parametrize(
    ("body", "otherwise"),
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", True),
        (b"\xa5\x17\x00\x10\x45", True),
        # An exception of a Modbus unit, with our transaction and protocol.
        (bytes.fromhex("5449 0000 0003 01 83 02"), False),
    ],
)
async def test_another_protocol_is_seen(socket_enabled: None, body: bytes, otherwise: bool) -> None:
    """A web server and a Solarman logger are told from a unit that refuses."""
    async with listening(lambda writer: writer.write(body)) as port:
        assert await sniff.speaks_otherwise(HOST, port) is otherwise


async def test_silence_says_nothing(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a port that takes the question and keeps quiet."""
    monkeypatch.setattr(sniff, "PATIENCE", 0.1)
    async with listening(lambda _: None) as port:
        assert not await sniff.speaks_otherwise(HOST, port)


async def test_nobody_there_says_nothing(socket_enabled: None) -> None:
    """There is no connection to close."""
    assert not await sniff.speaks_otherwise(HOST, free_port())
