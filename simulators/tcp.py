"""A TCP listener whose connections can be refused, reset, dripped: the ground every simulated wire stands on."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
import socket
import struct
from typing import Final

LINGER_RESET: Final = struct.pack("ii", 1, 0)
# Long enough for a peer on loopback to read what was sent before the reset overtakes it.
RESET_PAUSE: Final = 0.03

type Handler = Callable[[Connection], Awaitable[None]]


class Connection:
    """One accepted connection, with the rude ways to end it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap the streams of a connection."""
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, data: bytes, pause: float) -> None:
        """Send bytes one by one."""
        for index in range(len(data)):
            await self.send(data[index : index + 1])
            await asyncio.sleep(pause)

    async def send_half(self, data: bytes) -> None:
        """Send the first half of the bytes and let them arrive."""
        await self.send(data[: len(data) // 2])
        await asyncio.sleep(RESET_PAUSE)

    async def swallow(self) -> None:
        """Read and forget until the peer gives up."""
        while await self.reader.read(4096):
            continue

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until the peer gives up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.swallow()

    def close(self) -> None:
        """End the connection politely."""
        self.writer.close()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.writer.transport.abort()


class Listener:
    """A TCP server that can be shut and opened again on the same port while it runs."""

    def __init__(self, handler: Handler, host: str, port: int) -> None:
        """Prepare a listener; nothing is bound before start()."""
        self.host = host
        self.port = port
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    async def start(self) -> None:
        """Bind and serve; port 0 becomes the port that was given."""
        self._server = await asyncio.start_server(self._accept, sock=self._bind())

    async def stop(self) -> None:
        """Close the listener and every connection, and wait for their handlers."""
        self.shut()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def shut(self) -> None:
        """Refuse new connections and reset the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop()

    def open(self) -> None:
        """Accept again, at once: the kernel queues connections until the server serves them."""
        if self._server is None:
            sock = self._bind()
            self.spawn(self._serve(sock))

    def drop(self) -> None:
        """Reset every open connection."""
        for connection in list(self._connections):
            connection.reset()

    def spawn(self, work: Awaitable[None]) -> None:
        """Run something until it ends or the listener stops."""

        async def run() -> None:
            with contextlib.suppress(ConnectionError):
                await work

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.settimeout(0.0)
        try:
            sock.bind((self.host, self.port))
        except OSError:
            sock.close()
            raise
        sock.listen(64)
        self.port = sock.getsockname()[1]
        return sock

    async def _serve(self, sock: socket.socket) -> None:
        self._server = await asyncio.start_server(self._accept, sock=sock)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self._connections.add(connection)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await self._handler(connection)
        except ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError:
            return
        finally:
            self._connections.discard(connection)
            writer.close()
