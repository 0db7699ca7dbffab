"""How a fault delivers an HTTP answer: in halves, in crumbs, without an end, or something else in its place."""

from typing import TYPE_CHECKING, Final

from .http_bodies import NOT_HTTP, bomb

if TYPE_CHECKING:
    from .faults import Fault
    from .tcp import Connection

CHUNK: Final = 65536
CLOSE: Final = b"Connection: close\r\n"
DELIVERIES: Final = frozenset(
    {
        "reset",
        "reset_mid_frame",
        "close_mid_frame",
        "close_after_each",
        "drip",
        "delay",
        "no_answer",
        "huge",
        "endless",
        "bomb",
        "not_http",
    }
)


async def deliver(connection: Connection, data: bytes, fault: Fault) -> None:
    """Send an answer, a whole one with its head, as this fault does."""
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
        case _:
            await _other(connection, data, fault)


async def _other(connection: Connection, data: bytes, fault: Fault) -> None:
    """Send an answer of another kind, or of another size."""
    match fault.kind:
        case "huge":
            await _flood(connection, fault.number(8))
        case "endless":
            await connection.send(head("Transfer-Encoding: chunked") + b"1\r\n[\r\n")
            while True:
                await connection.send(f"{CHUNK:x}\r\n".encode() + b" " * CHUNK + b"\r\n")
        case "bomb":
            await connection.send(head("Content-Encoding: gzip", f"Content-Length: {len(bomb())}") + bomb())
        case "not_http":
            await connection.send(NOT_HTTP)
        case "close_after_each":
            # Nothing announces it.
            await connection.send(data.replace(CLOSE, b""))
        case _:
            await connection.send(data)


def head(*lines: str) -> bytes:
    """Give the head of a good answer."""
    return "\r\n".join(("HTTP/1.1 200 OK", "Content-Type: application/json", *lines, "", "")).encode()


async def _flood(connection: Connection, megabytes: float) -> None:
    """Stream a JSON text of so many megabytes."""
    size = int(megabytes * 1_000_000)
    await connection.send(head(f"Content-Length: {size}") + b'{"0": "')
    left = size - 9
    while left > 0:
        await connection.send(b"A" * min(CHUNK, left))
        left -= CHUNK
    await connection.send(b'"}')
