"""Raw clients of the simulator tests: bytes only, no code in common with the simulators."""

import asyncio
import json
from typing import Any
from urllib.parse import quote


class RawModbus:
    """A Modbus TCP client made of bytes only."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap a connection."""
        self.reader = reader
        self.writer = writer
        self.tid = 0

    async def send(self, function: int, *words: int, unit: int = 1, tail: bytes = b"") -> bytes:
        """Send a request and give its bytes."""
        self.tid += 1
        body = bytes([unit, function]) + b"".join(w.to_bytes(2) for w in words) + tail
        frame = self.tid.to_bytes(2) + b"\0\0" + len(body).to_bytes(2) + body
        self.writer.write(frame)
        await self.writer.drain()
        return frame

    async def frame(self) -> bytes:
        """Read one well-formed frame."""
        head = await asyncio.wait_for(self.reader.readexactly(6), 2)
        return head + await asyncio.wait_for(self.reader.readexactly(int.from_bytes(head[4:6])), 2)

    async def ask(self, function: int, *words: int, unit: int = 1, tail: bytes = b"") -> bytes:
        """Send a request and give the PDU of the answer."""
        await self.send(function, *words, unit=unit, tail=tail)
        return (await self.frame())[7:]

    async def read(self, address: int, count: int = 1, function: int = 3) -> list[int] | int:
        """Read words, or give the exception code."""
        pdu = await self.ask(function, address, count)
        if pdu[0] & 0x80:
            return pdu[1]
        return [int.from_bytes(pdu[i : i + 2]) for i in range(2, len(pdu), 2)]

    async def write(self, address: int, *values: int) -> int:
        """Write by function 6 or 16; 0 or the exception code."""
        if len(values) == 1:
            pdu = await self.ask(6, address, values[0] & 0xFFFF)
        else:
            data = b"".join((v & 0xFFFF).to_bytes(2) for v in values)
            pdu = await self.ask(16, address, len(values), tail=bytes([len(data)]) + data)
        return pdu[1] if pdu[0] & 0x80 else 0

    async def rest(self, seconds: float = 0.3) -> bytes:
        """Read whatever comes until the end, or for so long."""
        data = b""
        try:
            async with asyncio.timeout(seconds):
                while part := await self.reader.read(65536):
                    data += part
        except TimeoutError:
            pass
        return data


class RawHttp:
    """An HTTP client made of bytes only."""

    def __init__(self, port: int) -> None:
        """Talk to this port of loopback."""
        self.port = port

    async def raw(self, target: str, method: str = "GET", head: str = "", seconds: float = 2.0, body: bytes = b"") -> bytes:
        """Give the bytes of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + body)
            async with asyncio.timeout(seconds):
                return await reader.read(-1)
        finally:
            writer.close()

    async def call(self, target: str, method: str = "GET", head: str = "") -> tuple[int, Any]:
        """Give status and JSON."""
        data = await self.raw(target, method, head)
        start, _, body = data.partition(b"\r\n\r\n")
        return int(start.split()[1]), json.loads(body) if body else None

    async def text(self, target: str, method: str = "GET") -> tuple[int, str]:
        """Give status and text."""
        start, _, body = (await self.raw(target, method)).partition(b"\r\n\r\n")
        return int(start.split()[1]), body.decode()

    async def get(self, *points: int) -> dict[str, Any]:
        """Read points."""
        config = quote(json.dumps({"t": list(points)}, separators=(",", ":")))
        status, found = await self.call(f"/rpc/Indevolt.GetData?config={config}", "POST")
        assert status == 200
        assert isinstance(found, dict)
        return found

    async def set(self, point: int, *values: int) -> bool:
        """Write a point."""
        config = quote(json.dumps({"f": 16, "t": point, "v": list(values)}, separators=(",", ":")))
        status, found = await self.call(f"/rpc/Indevolt.SetData?config={config}", "POST")
        assert status == 200
        return bool(found["result"])
