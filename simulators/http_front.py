"""An HTTP wire as bytes: a small, literal server in the manner of the devices' own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from .faults import Fault, Faults
from .http_bodies import CONTENTS, JSON_TYPE, spoiled
from .http_delivery import deliver
from .tcp import Connection, Listener

SERVER: Final = "RT-Thread HTTP Agent"
LONGEST_HEAD: Final = 16384
CHALLENGE: Final = 'Digest realm="IGEN", qop="auth", nonce="0"'
# An address set aside for documentation: nobody answers there.
ELSEWHERE: Final = "http://192.0.2.1/rpc/Sys.GetConfig"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HttpAnswer:
    """One answer before it becomes bytes; write tells whether the request was a write."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Give the bytes of the answer."""
        head = {"Server": SERVER, "Content-Type": self.content_type, "Content-Length": str(len(self.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in (head | self.headers).items())
        status = f"HTTP/1.1 {self.status} {_reason(self.status)}\r\n"
        return f"{status}{lines}Connection: close\r\n\r\n".encode() + self.body


type Responder = Callable[[HttpRequest, Fault | None], HttpAnswer]


class HttpFront:
    """Listens on the public port and answers one request per connection."""

    def __init__(self, responder: Responder, is_write: Callable[[HttpRequest], bool], faults: Faults) -> None:
        """Let responder answer; is_write tells which faults concern a request."""
        self.faults = faults
        self._responder = responder
        self._is_write = is_write
        self.listener = Listener(self._serve, "127.0.0.1", 0)

    async def _serve(self, connection: Connection) -> None:
        if self.faults.peek("http", "reset_on_connect"):
            self.faults.take("http")
            connection.reset()
            return
        request = await _read(connection.reader)
        if request is None:
            await connection.send(HttpAnswer(400).encode())
            return
        await self.exchange(connection, request)

    def fault_for(self, request: HttpRequest) -> Fault | None:
        """Give the fault that strikes this request."""
        return self.faults.take("http", write=self._is_write(request))

    async def exchange(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one request."""
        fault = self.fault_for(request)
        if fault is not None and fault.kind == "half_open":
            await connection.swallow()
            return
        answer = self._responder(request, fault)
        if fault is None:
            await connection.send(answer.encode())
        else:
            await deliver(connection, _change(answer, fault).encode(), fault)


def _change(answer: HttpAnswer, fault: Fault) -> HttpAnswer:
    """Give the answer that a content fault puts in place of the right one."""
    if fault.kind in CONTENTS:
        return HttpAnswer(200, *CONTENTS[fault.kind])
    change = CHANGES.get(fault.kind)
    if change is not None:
        return change(answer, fault)
    body = spoiled(answer.body, fault)
    return answer if body is answer.body else HttpAnswer(200, body)


async def _read(reader: asyncio.StreamReader) -> HttpRequest | None:
    """Read one request; None when it is not HTTP."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return None
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) < 3 or len(head) > LONGEST_HEAD:
        return None
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
    length = headers.get("content-length", "0")
    body = await reader.readexactly(int(length)) if length.isdigit() else b""
    return HttpRequest(parts[0], " ".join(parts[1:-1]), headers, body)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _too_many(_: HttpAnswer, fault: Fault) -> HttpAnswer:
    """Say for how long, or with "silent" nothing at all."""
    return HttpAnswer(429, headers={} if fault.value == "silent" else {"Retry-After": fault.value or "7"})


CHANGES: Final[dict[str, Callable[[HttpAnswer, Fault], HttpAnswer]]] = {
    "status": lambda _, fault: HttpAnswer(int(fault.number(500)), b"error", "text/plain"),
    "unauthorized": lambda *_: HttpAnswer(401, headers={"WWW-Authenticate": CHALLENGE}),
    "too_many": _too_many,
    "redirect": lambda _, fault: HttpAnswer(302, headers={"Location": fault.value or ELSEWHERE}),
    "content_type": lambda answer, fault: HttpAnswer(200, answer.body, fault.value or "text/plain"),
}
