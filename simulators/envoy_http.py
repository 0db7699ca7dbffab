"""The wire of a gateway: one port that speaks HTTPS or HTTP, whichever the firmware wants."""

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from .envoy_auth import Credentials
from .envoy_device_data import in_outage
from .envoy_faults import GREETINGS, PathFaults, replacement, replaces
from .envoy_log import GatewayLog, GatewayRequest
from .envoy_site import Answer, Call, Site
from .http_bodies import spoiled
from .http_delivery import DELIVERIES, deliver
from .http_front import HttpAnswer
from .requestlog import present
from .tcp import LINGER_RESET, Connection

if TYPE_CHECKING:
    from .envoy_tls import SelfSigned
    from .faults import Fault

# What aiohttp would not do.
RAW: Final = DELIVERIES - {"delay", "reset"}
HELLO: Final = b"\x16"
PLAIN: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
DEVICE_DATA: Final = "/ivp/pdm/device_data"
BACKLOG: Final = 64


class EnvoyServer:
    """Accepts connections, looks at their first byte, and lets aiohttp do the rest."""

    def __init__(self, site: Site, log: GatewayLog, faults: PathFaults, tls: SelfSigned) -> None:
        """Serve this site."""
        self.site = site
        self.options = site.options
        self.log = log
        self.faults = faults
        self.tls = tls
        self.port = 0
        self._listener: socket.socket | None = None
        self._server: web.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    # -- connections -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen; the same port again after a stop."""
        self._server = web.Server(self.handle, handler_cancellation=True, access_log=None)
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.settimeout(0.0)
        listener.bind((self.options.host, self.port or self.options.port))
        listener.listen(BACKLOG)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._spawn(self._accept(listener, self._server))

    @property
    def listening(self) -> bool:
        """Whether somebody is at the address."""
        return self._listener is not None

    async def stop(self) -> None:
        """Close everything; no task and no socket stays behind."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._server is not None:
            self.drop()
            await self._server.shutdown(0)
            self._server = None

    def drop(self) -> None:
        """Reset every open connection."""
        for connection in self._server.connections if self._server is not None else []:
            if connection.transport is not None:
                reset(connection.transport)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket, server: web.Server) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            self._spawn(self._greet(client, server))

    async def _greet(self, client: socket.socket, server: web.Server) -> None:
        """Tell TLS from plain HTTP by the first byte; old firmware does not know TLS at all."""
        loop = asyncio.get_running_loop()
        greeting = self.faults.greeting()
        if greeting == "reset_on_connect":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
            client.close()
            return
        try:
            await readable(client)
            if greeting:
                await loop.sock_sendall(client, PLAIN)
                client.close()
                return
            secure = client.recv(1, socket.MSG_PEEK) == HELLO
            if secure and not self.options.firmware.tokens:
                client.close()
                return
            context = self.tls.context if secure else None
            with contextlib.suppress(OSError):
                await loop.connect_accepted_socket(server, client, ssl=context)
        except OSError, asyncio.CancelledError:
            client.close()

    # -- requests --------------------------------------------------------------------------------------------------

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, and log it with what came of it."""
        given = Credentials(request.method, request.raw_path, request.headers.get("Authorization", ""), dict(request.cookies))
        entry = GatewayRequest(
            method=request.method,
            path=request.path,
            query=request.query_string,
            at=self.site.model.house.clock(),
            began=present(),
            credentials=given.kind,
        )
        self.log.begin(entry)
        try:
            entry.body = parsed(await request.read())
            return await self._exchange(request, Call(request.path, request.query_string, given, entry.body), entry)
        finally:
            self.log.end(entry)

    async def _exchange(self, request: web.BaseRequest, call: Call, entry: GatewayRequest) -> web.StreamResponse:
        delay = self.options.path_delay.get(call.path, self.options.response_delay)
        if delay > 0:
            async with self._turn:
                await asyncio.sleep(delay)
        fault = self.faults.take(call.path)
        night = self.options.hang_at_eleven and call.path == DEVICE_DATA and in_outage(self.site.model.house.now)
        if night or (fault is not None and fault.kind == "hang"):
            await asyncio.Event().wait()
        if fault is not None and fault.kind in GREETINGS:
            return _broken(request)
        if fault is not None and replaces(fault):
            return await self._send(request, Answer(*replacement(fault)), entry, fault)
        if not request.secure and self.options.firmware.tokens:
            return await self._send(request, self._elsewhere(request), entry)
        answer = self.site.answer(call)
        if answer.broken or (fault is not None and fault.kind == "reset"):
            return _broken(request)
        if fault is not None:
            _spoil(answer, fault)
        return await self._send(request, answer, entry, fault)

    def _elsewhere(self, request: web.BaseRequest) -> Answer:
        host = "localhost" if self.options.redirect_localhost else request.host
        return Answer(301, headers={"Location": f"https://{host}{request.raw_path}"})

    async def _send(
        self, request: web.BaseRequest, answer: Answer, entry: GatewayRequest, fault: Fault | None = None
    ) -> web.StreamResponse:
        firmware = self.options.firmware
        if fault is not None and fault.kind in RAW:
            return await _deliver(request, answer, fault)
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.number(0.5))
        response = web.Response(status=answer.status, body=answer.body, headers={"Server": "lighttpd"} | answer.headers)
        if answer.content_type:
            response.headers["Content-Type"] = answer.content_type
        if not firmware.keeps_alive or "Content-Length" in answer.headers:
            response.headers["Connection"] = "close"
            response.force_close()
        await response.prepare(request)
        await response.write_eof()
        entry.status = answer.status
        if answer.status == 401 and self.options.drop_after_401 and request.transport is not None:
            request.transport.close()
        return response


def _spoil(answer: Answer, fault: Fault) -> None:
    answer.body = spoiled(answer.body, fault)
    if fault.kind == "content_type":
        answer.content_type = fault.value or "text/plain"
    if fault.kind == "close":
        # More is promised than comes.
        answer.headers["Content-Length"] = str(len(answer.body) + 1)


async def _deliver(request: web.BaseRequest, answer: Answer, fault: Fault) -> web.StreamResponse:
    """Write the answer past aiohttp, which would write it properly; the connection ends with it."""
    transport = request.transport
    if transport is not None:
        whole = HttpAnswer(answer.status, answer.body, answer.content_type or "text/html", answer.headers)
        writer = asyncio.StreamWriter(transport, request.protocol, None, asyncio.get_running_loop())
        connection = Connection(asyncio.StreamReader(), writer)
        try:
            with contextlib.suppress(ConnectionError):
                await deliver(connection, whole.encode(), fault)
        finally:
            connection.close()
    return web.Response()


async def readable(client: socket.socket) -> None:
    """Wait until something can be read."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(client, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(client)


def parsed(body: bytes) -> Any:
    """Give the JSON of a body, none when there is none."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def reset(transport: Any) -> None:
    """End a connection with a TCP reset."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    transport.abort()


def _broken(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        reset(request.transport)
    return web.Response()
