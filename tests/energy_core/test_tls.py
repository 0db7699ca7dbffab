"""The fingerprint of a certificate that a device made for itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
import socket
import ssl

import pytest

from custom_components.energy_core.errors import DeviceConnectionError, DeviceTimeoutError
from custom_components.energy_core.tls import fingerprint
from simulators.envoy_tls import SelfSigned
from tests.enphase_envoy.capture_gateway import LOOPBACK, new_tls


@pytest.fixture
async def served() -> AsyncIterator[list[asyncio.Server]]:
    """Servers that end with the test."""
    servers: list[asyncio.Server] = []
    yield servers
    for server in servers:
        server.close()


async def serve(servers: list[asyncio.Server], context: ssl.SSLContext | None, answer: bytes | None = None) -> int:
    """Listen, and return the port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is not None:
            writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, LOOPBACK, 0, ssl=context)
    servers.append(server)
    return int(server.sockets[0].getsockname()[1])


async def test_it_is_the_hash_of_the_certificate_that_is_shown(served):
    """Whoever signed it, and for whatever name: to trust it is for others to decide."""
    port = await serve(served, new_tls())
    found = await fingerprint(LOOPBACK, port, deadline=5)
    assert len(found) == 32
    assert found == await fingerprint(LOOPBACK, port, deadline=5)


async def test_another_certificate_has_another_one(served):
    """And the one of a simulator is what it says."""
    one, other = await serve(served, new_tls()), await serve(served, new_tls())
    assert await fingerprint(LOOPBACK, one, deadline=5) != await fingerprint(LOOPBACK, other, deadline=5)
    made = SelfSigned("122000000001")
    port = await serve(served, made.context)
    assert (await fingerprint(LOOPBACK, port, deadline=5)).hex() == made.fingerprint.replace(":", "").lower()


@pytest.mark.parametrize("answer", [None, b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\x00" * 64])
async def test_who_does_not_speak_tls_has_none(served, answer):
    """Plain HTTP, garbage: an error of ours; and who says nothing is given up in time."""
    port = await serve(served, None, answer)
    kind = DeviceTimeoutError if answer is None else DeviceConnectionError
    with pytest.raises(kind):
        await fingerprint(LOOPBACK, port, deadline=0.3)


async def test_who_shows_no_certificate_is_not_recognised(served):
    """A server that only speaks anonymously: nothing is agreed with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ADH:AECDH:@SECLEVEL=0")

    def talk(listener: socket.socket) -> None:
        with suppress(ssl.SSLError):
            context.wrap_socket(listener.accept()[0], server_side=True)

    # In a thread: asyncio would report the handshake that fails on this side as an error of the test.
    with socket.create_server((LOOPBACK, 0)) as listener:
        server = asyncio.create_task(asyncio.to_thread(talk, listener))
        with pytest.raises(DeviceConnectionError):
            await fingerprint(LOOPBACK, listener.getsockname()[1], deadline=5)
        await server


async def test_nobody_there(served):
    """A closed port."""
    port = await serve(served, None)
    served[0].close()
    await served[0].wait_closed()
    with pytest.raises(DeviceConnectionError):
        await fingerprint(LOOPBACK, port, deadline=5)
