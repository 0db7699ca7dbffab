"""The raw TCP front of the Modbus wire: passes frames to the real server and spoils them on request."""

import asyncio
from random import Random
from typing import TYPE_CHECKING, Final

from .modbus_frames import WRITES, exception, is_modbus, other_device, read_frame, spoil
from .requestlog import Request, RequestLog, present
from .tcp import Connection, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from .faults import Fault, Faults
    from .titan_options import TitanOptions

NO_SUCH_UNIT: Final = 11
HANG_UP: Final = frozenset({"http_server", "solarman", "close_after_each"})


class ModbusFront:
    """Listens on the public port."""

    def __init__(self, options: TitanOptions, faults: Faults, log: RequestLog, backend: Callable[[], int]) -> None:
        """Stand before the server on the port that backend gives."""
        self.options = options
        self.faults = faults
        self.log = log
        self._backend = backend
        self._random = Random(0)
        self.losing = False
        self._turn = asyncio.Lock()
        self.listener = Listener(self._serve, options.host, options.modbus_port)

    async def _serve(self, connection: Connection) -> None:
        if self.faults.peek("modbus", "reset_on_connect"):
            self.faults.take("modbus")
            connection.reset()
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", self._backend())
        backend = Connection(reader, writer)
        try:
            while not await self._exchange(connection, backend):
                continue
        finally:
            backend.close()

    async def _exchange(self, connection: Connection, backend: Connection) -> bool:
        """Answer one request; True ends the connection."""
        request = await read_frame(connection.reader)
        if not is_modbus(request):
            return False
        fault = self.faults.take("modbus", write=request[7] in WRITES)
        if fault is not None and fault.kind == "half_open":
            self._note(request, b"", fault)
            await connection.swallow()
            return True
        answer = await self._answer(request, backend, fault)
        self._note(request, answer, fault)
        if answer:
            await self._deliver(connection, answer, fault)
        if fault is not None and fault.kind in ("reset_mid_frame", "close_mid_frame"):
            return True
        return fault is not None and fault.kind in HANG_UP

    async def _answer(self, request: bytes, backend: Connection, fault: Fault | None) -> bytes:
        """Ask the real server, or answer in its place; empty when the device keeps silent."""
        options = self.options
        if fault is not None and fault.kind == "exception":
            return exception(request, int(fault.number(4)))
        if fault is not None and fault.kind == "other_device":
            return other_device(request, fault.value)
        if request[6] != options.unit_id and options.foreign_units != "answer":
            return b"" if options.foreign_units == "silent" else exception(request, NO_SUCH_UNIT)
        if request[7] not in options.functions | options.write_functions:
            return exception(request, 1)
        lost = fault is not None and fault.kind == "lost_write"
        return await self._ask(request, backend, lost=lost)

    async def _ask(self, request: bytes, backend: Connection, *, lost: bool) -> bytes:
        async with self._turn:
            self.losing = lost
            await backend.send(request)
            return await read_frame(backend.reader)

    async def _deliver(self, connection: Connection, answer: bytes, fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else ""
        if fault is None or kind == "close_after_each":
            await connection.send(answer)
        elif kind in ("reset_mid_frame", "close_mid_frame"):
            await connection.send_half(answer)
            if kind == "reset_mid_frame":
                connection.reset()
        elif kind == "drip":
            await connection.drip(answer, fault.number(0.02))
        elif kind == "delay":
            await asyncio.sleep(fault.number(0.5))
            await connection.send(answer)
        elif kind == "late":
            self.listener.spawn(_later(connection, answer, fault.number(1.0)))
        elif kind != "no_answer":
            await connection.send(spoil(fault, answer, self._random))

    def _note(self, request: bytes, answer: bytes, fault: Fault | None) -> None:
        function, body = request[7], request[8:]
        address, second = int.from_bytes(body[:2]), int.from_bytes(body[2:4])
        single = function == 6
        data = body[5:] if function == 16 else b""
        values = (second,) if single else tuple(int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2))
        outcome = f"fault {fault.kind}" if fault is not None else "silent"
        if answer and fault is None:
            outcome = f"exception {answer[8]}" if answer[7] & 0x80 else "ok"
        self.log.add(
            Request(
                at=present(),
                wire="modbus",
                function=function,
                address=address,
                count=1 if single else second,
                values=values,
                outcome=outcome,
                write=function in WRITES,
                unit=request[6],
            )
        )


async def _later(connection: Connection, answer: bytes, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await connection.send(answer)
