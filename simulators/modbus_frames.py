"""Modbus TCP frames as bytes: reading them off a stream, and spoiling them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from random import Random

    from .faults import Fault

HEADER: Final = 7
WRITES: Final = frozenset({5, 6, 15, 16, 22, 23})
HTTP_ANSWER: Final = (
    b"HTTP/1.1 400 Bad Request\r\nServer: RT-Thread HTTP Agent\r\nContent-Length: 11\r\nConnection: close\r\n\r\nBad Request"
)
SOLARMAN_ANSWER: Final = bytes.fromhex("a5130010150001d2029649020100000000000000000103020000b844aa15")


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Read one frame; asyncio.IncompleteReadError when the stream ends."""
    header = await reader.readexactly(HEADER)
    return header + await reader.readexactly(max(0, int.from_bytes(header[4:6]) - 1))


def is_modbus(frame: bytes) -> bool:
    """Whether this is a request a Modbus server can answer."""
    return len(frame) > HEADER and frame[2:4] == b"\0\0"


def build(request: bytes, pdu: bytes) -> bytes:
    """Frame an answer to a request."""
    return request[:4] + (len(pdu) + 1).to_bytes(2) + request[6:7] + pdu


def exception(request: bytes, code: int) -> bytes:
    """Frame an exception answer to a request."""
    return build(request, bytes([request[HEADER] | 0x80, code]))


def other_device(request: bytes, value: str) -> bytes:
    """Answer as another vendor's device: exception 2, or a plausible set of foreign registers."""
    function = request[HEADER]
    if value != "registers" or function not in (3, 4):
        return exception(request, 2)
    address, count = int.from_bytes(request[8:10]), int.from_bytes(request[10:12])
    words = [(address + i) * 37 % 1000 for i in range(min(count, 125))]
    data = b"".join(word.to_bytes(2) for word in words)
    return build(request, bytes([function, len(data)]) + data)


def spoil(fault: Fault, frame: bytes, random: Random) -> bytes:
    """Give the bytes that go out instead of the right frame."""
    if fault.kind == "garbage":
        return random.randbytes(len(frame))
    spoiler = SPOILERS.get(fault.kind)
    return spoiler(frame, frame[HEADER:]) if spoiler else frame


def _short(frame: bytes, body: bytes) -> bytes:
    return build(frame, body[:-2] if len(body) > 3 else body[:-1])


SPOILERS: Final[dict[str, Callable[[bytes, bytes], bytes]]] = {
    "wrong_transaction": lambda frame, _: ((int.from_bytes(frame[:2]) + 1) % 65536).to_bytes(2) + frame[2:],
    "wrong_unit": lambda frame, body: frame[:6] + bytes([(frame[6] + 1) % 256]) + body,
    "wrong_function": lambda frame, body: frame[:HEADER] + bytes([4 if body[0] == 3 else 3]) + body[1:],
    "short_frame": _short,
    "byte_count_off": lambda frame, body: frame[:8] + bytes([(body[1] + 2) % 256]) + body[2:],
    "long_frame": lambda frame, body: build(frame, body + b"\x12\x34"),
    "huge_length": lambda frame, _: frame[:4] + b"\xff\xff" + frame[6:],
    "garbage_prefix": lambda frame, _: b"\xde\xad\xbe\xef\x00" + frame,
    "duplicate": lambda frame, _: frame + frame,
    "http_server": lambda *_: HTTP_ANSWER,
    "solarman": lambda *_: SOLARMAN_ANSWER,
    "lost_write": lambda frame, _: frame,
    "exception": lambda frame, _: frame,
    "other_device": lambda frame, _: frame,
}
