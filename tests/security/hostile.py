"""A server on loopback that does everything that a server can do to a client."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from compression import zstd
from contextlib import asynccontextmanager
import gzip
from typing import Final
import zlib

# How a client begins that wants TLS: it is hung up on, so that it asks in the open.
HANDSHAKE: Final = b"\x16"
BLANKS: Final = b" " * 60_000_000
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _whole(body: bytes, encoding: str = "") -> bytes:
    """Return an answer with a length; ``encoding`` is how its body is packed."""
    packed = f"Content-Encoding: {encoding}\r\n".encode() if encoding else b""
    return OK + packed + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _deflate() -> bytes:
    return _whole(zlib.compress(BLANKS, 9), "deflate")


def _raw_deflate() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return _whole(packer.compress(BLANKS) + packer.flush(), "deflate")


# What is answered at once; each is some 60 MB when unpacked, or deep enough to end a recursion.
BODIES: Final[dict[str, Callable[[], bytes]]] = {
    "gzip": lambda: _whole(gzip.compress(BLANKS, 9), "gzip"),
    "gzip, many times over": lambda: _whole(gzip.compress(BLANKS[:1_000_000], 9) * 60, "gzip"),
    "deflate": _deflate,
    "bare deflate": _raw_deflate,
    "zstd": lambda: _whole(zstd.compress(BLANKS), "zstd"),
    "10 MB": lambda: _whole(b"[" + b"1," * 5_000_000 + b"1]"),
    "a length of petabytes": lambda: OK + b"Content-Length: 9999999999999999\r\n\r\n[1",
    "lists in lists": lambda: _whole(b"[" * 100_000 + b"]" * 100_000),
    "objects in objects": lambda: _whole(b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "a number of 100,000 digits": lambda: _whole(b"1" * 100_000),
    "a header of 1 MB": lambda: OK + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n[]",
    "100,000 headers": lambda: OK + b"X: 1\r\n" * 100_000 + b"\r\n[]",
    "a chunk of negative size": lambda: OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n[]\r\n0\r\n\r\n",
    "two lengths": lambda: OK + b"Content-Length: 2\r\nContent-Length: 90000000\r\n\r\n[]",
}
# What is said again and again until nobody listens: a beginning, and what follows for ever.
ENDLESS: Final[dict[str, tuple[bytes, bytes]]] = {
    "an endless body": (OK + b"\r\n", b"[" * 65_536),
    "endless chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"[" * 65_536 + b"\r\n"),
    "an endless header": (OK + b"X-Long: ", b"x" * 65_536),
    "endless headers": (OK, b"X-More: y\r\n" * 6_000),
    "an endless status": (b"HTTP/1.1 200 ", b"x" * 65_536),
}
REDIRECTS: Final = (301, 302, 303, 307, 308)


class Server:
    """Answers every request in the same way, and counts them."""

    def __init__(self, begin: bytes, again: bytes = b"") -> None:
        """Say ``begin``, then ``again`` without end."""
        self.begin, self.again = begin, again
        self.requests: list[bytes] = []
        self.port = 0

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, once."""
        try:
            if (begun := await reader.readexactly(1)) == HANDSHAKE:
                return
            self.requests.append(begun + await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.begin)
            await writer.drain()
            while self.again:
                writer.write(self.again)
                await writer.drain()
        except ConnectionError, asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def serving(begin: bytes, again: bytes = b"") -> AsyncGenerator[Server]:
    """Run a server as long as this lasts."""
    made = Server(begin, again)
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


def redirect(status: int, to: str) -> bytes:
    """Return an answer that sends one elsewhere."""
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
