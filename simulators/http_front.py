"""An HTTP wire as bytes: a small, literal server in the manner of the devices' own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
import json
from typing import Final

from .faults import Fault, Faults
from .tcp import Connection, Listener

SERVER: Final = "RT-Thread HTTP Agent"
LONGEST_HEAD: Final = 16384
CHUNK: Final = 65536
JSON_TYPE: Final = "application/json"
HTML: Final = b"<html><body><h1>It works!</h1></body></html>"
CHALLENGE: Final = 'Digest realm="IGEN", qop="auth", nonce="0"'
# An address set aside for documentation: nobody answers there.
ELSEWHERE: Final = "http://192.0.2.1/rpc/Sys.GetConfig"
NESTING: Final = 100_000
CONTENTS: Final = {
    "html": (HTML, "text/html"),
    "empty": (b"", JSON_TYPE),
    "null": (b"null", JSON_TYPE),
    "list": (b"[1,2,3]", JSON_TYPE),
    "object": (b"{}", JSON_TYPE),
    "garbage": (bytes(range(128, 256)), JSON_TYPE),
    "nested": (b"[" * NESTING + b"]" * NESTING, JSON_TYPE),
}


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
            await self._deliver(connection, _change(answer, fault), fault)

    async def _deliver(self, connection: Connection, answer: HttpAnswer, fault: Fault) -> None:
        data = answer.encode()
        match fault.kind:
            case "reset":
                connection.reset()
            case "reset_mid_frame" | "close_mid_frame":
                await connection.send_half(data)
                if fault.kind == "reset_mid_frame":
                    connection.reset()
            case "drip":
                await connection.drip(data, fault.number(0.005))
            case "delay":
                await connection.pause(fault.number(0.5))
                await connection.send(data)
            case "no_answer":
                await connection.swallow()
            case "huge":
                await _flood(connection, fault.number(8))
            case _:
                await connection.send(data)


def _change(answer: HttpAnswer, fault: Fault) -> HttpAnswer:
    """Give the answer that a content fault puts in place of the right one."""
    if fault.kind in CONTENTS:
        return HttpAnswer(200, *CONTENTS[fault.kind])
    change = CHANGES.get(fault.kind)
    return change(answer, fault) if change is not None else answer


def _mapped(body: bytes, change: Callable[[object], object]) -> bytes:
    """Change every value of a flat JSON object; anything else stays as it is."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return body
    return json.dumps({key: change(value) for key, value in found.items()}).encode() if isinstance(found, dict) else body


async def _flood(connection: Connection, megabytes: float) -> None:
    """Stream a JSON text of so many megabytes."""
    size = int(megabytes * 1_000_000)
    head = HttpAnswer(200).encode().replace(b"Content-Length: 0", f"Content-Length: {size}".encode())
    await connection.send(head + b'{"0": "')
    left = size - 9
    while left > 0:
        await connection.send(b"A" * min(CHUNK, left))
        left -= CHUNK
    await connection.send(b'"}')


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


CHANGES: Final[dict[str, Callable[[HttpAnswer, Fault], HttpAnswer]]] = {
    "status": lambda _, fault: HttpAnswer(int(fault.number(500)), b"error", "text/plain"),
    "unauthorized": lambda *_: HttpAnswer(401, headers={"WWW-Authenticate": CHALLENGE}),
    "too_many": lambda _, fault: HttpAnswer(429, headers={"Retry-After": fault.value or "7"}),
    "redirect": lambda _, fault: HttpAnswer(302, headers={"Location": fault.value or ELSEWHERE}),
    "truncated": lambda answer, _: HttpAnswer(200, answer.body[: len(answer.body) // 2]),
    "content_type": lambda answer, fault: HttpAnswer(200, answer.body, fault.value or "text/plain"),
    "nan": lambda answer, _: HttpAnswer(200, _mapped(answer.body, lambda _: float("nan"))),
    "text_numbers": lambda answer, _: HttpAnswer(200, _mapped(answer.body, str)),
}
