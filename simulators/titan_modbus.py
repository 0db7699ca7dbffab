"""The Modbus TCP server of a Titan: pymodbus speaks the protocol, the Titan fills the registers."""

import asyncio
from typing import TYPE_CHECKING, Final

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from .titan_words import TitanWords
from .titan_writes import Outcome, TitanWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from .titan_model import TitanModel

FAILED: Final = {Outcome.ADDRESS: ExcCodes.ILLEGAL_ADDRESS, Outcome.VALUE: ExcCodes.ILLEGAL_VALUE}


class TitanContext:
    """Answers pymodbus in place of its own memory."""

    def __init__(self, model: TitanModel, writer: TitanWriter, losing: Callable[[], bool]) -> None:
        """Show this Titan; losing tells whether a write is to be acknowledged but not applied."""
        self._model = model
        self._words = TitanWords(model)
        self._writer = writer
        self._losing = losing
        self._echo: list[int] = []

    def device_ids(self) -> list[int]:
        """Give the unit ids that are served."""
        return [self._model.options.unit_id]

    async def async_getValues(self, device_id: int, func_code: int, address: int, count: int = 1) -> list[int] | ExcCodes:  # noqa: N802 - pymodbus's name
        """Read words, or give the exception the device answers."""
        self._check_unit(device_id)
        if func_code == 6:
            # pymodbus echoes a single write by reading it back; the device echoes what was asked.
            return self._echo
        if func_code not in self._model.options.functions:
            return ExcCodes.ILLEGAL_FUNCTION
        if not 1 <= count <= self._model.options.max_words:
            return ExcCodes.ILLEGAL_VALUE
        words = self._words.read(address, count)
        return ExcCodes.ILLEGAL_ADDRESS if words is None else words

    async def async_setValues(self, device_id: int, func_code: int, address: int, values: list[int]) -> ExcCodes | None:  # noqa: N802 - pymodbus's name
        """Write words, or give the exception the device answers."""
        self._check_unit(device_id)
        if func_code not in self._model.options.write_functions:
            return ExcCodes.ILLEGAL_FUNCTION
        self._echo = list(values)
        return FAILED.get(self._writer.words(address, list(values), lost=self._losing()))

    def _check_unit(self, device_id: int) -> None:
        options = self._model.options
        if device_id != options.unit_id and options.foreign_units != "answer":
            raise NoSuchIdException(f"unit {device_id}")  # type: ignore[no-untyped-call]


class TitanModbusServer:
    """A pymodbus server on a private loopback port."""

    def __init__(self, context: TitanContext) -> None:
        """Serve this context."""
        self._context = context
        self._server: ModbusTcpServer | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        blank = SimDevice(0, [SimData(0, values=0, datatype=DataType.REGISTERS)])
        server = ModbusTcpServer(blank, address=("127.0.0.1", 0))
        server.context = self._context  # type: ignore[assignment]
        await server.serve_forever(background=True)
        transport = server.transport
        assert isinstance(transport, asyncio.Server)
        self.port = transport.sockets[0].getsockname()[1]
        self._server = server

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None
