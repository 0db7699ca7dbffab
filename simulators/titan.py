"""A simulated Titan: one battery of the house, on Modbus TCP and on OpenData HTTP at once."""

from typing import TYPE_CHECKING, Any, Self

from .faults import Faults
from .house import House
from .http_front import HttpFront
from .modbus_front import ModbusFront
from .requestlog import Request, RequestLog
from .titan_modbus import TitanContext, TitanModbusServer
from .titan_model import PointValue, TitanModel
from .titan_opendata import OpenData
from .titan_options import TitanOptions
from .titan_table import registers
from .titan_words import TitanWords
from .titan_writes import TitanWriter

if TYPE_CHECKING:
    from .titan_values import Value


class TitanSimulator:
    """One Titan on loopback; every keyword is a field of TitanOptions, and sim.options can be changed later."""

    def __init__(self, house: House | None = None, **options: Any) -> None:
        """Join a Titan to a house (a new one by default)."""
        self.house = house or House()
        self.options = TitanOptions(**options)
        if self.options.packs is not None and self.options.packs != self.house.battery.packs:
            self.house.fit_packs(self.options.packs)
        self.model = TitanModel(self.house, self.options)
        self.words = TitanWords(self.model)
        self.log = RequestLog()
        self.faults = Faults(self._fault_changed)
        writer = TitanWriter(self.model)
        self._server = TitanModbusServer(TitanContext(self.model, writer, lambda: self._modbus.losing))
        self._modbus = ModbusFront(self.options, self.faults, self.log, lambda: self._server.port)
        opendata = OpenData(self.model, writer, self.log)
        self._http = HttpFront(opendata.answer, opendata.is_write, self.faults)
        self._http.listener.host, self._http.listener.port = self.options.host, self.options.http_port
        self._running = False

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Open the enabled wires."""
        await self._server.start()
        if self.options.modbus_enabled:
            await self._modbus.listener.start()
        if self.options.http_enabled:
            await self._http.listener.start()
        self._running = True
        for wire in ("modbus", "http"):
            self._fault_changed(wire)

    async def stop(self) -> None:
        """Close everything; no task and no socket stays behind."""
        self._running = False
        await self._modbus.listener.stop()
        await self._http.listener.stop()
        await self._server.stop()

    @property
    def modbus_port(self) -> int:
        """Port of the Modbus wire."""
        return self._modbus.listener.port

    @property
    def http_port(self) -> int:
        """Port of the OpenData wire."""
        return self._http.listener.port

    @property
    def connections(self) -> dict[str, int]:
        """How many connections each wire has open now."""
        return {"modbus": self._modbus.listener.connections, "http": self._http.listener.connections}

    @property
    def requests(self) -> list[Request]:
        """Every request of both wires, in the order of arrival."""
        return self.log.requests

    @property
    def writes(self) -> list[Request]:
        """Only the requests that write."""
        return self.log.writes

    def value(self, key: int | str) -> Value:
        """Give what a register (address or name) shows now, in its unit."""
        return self.model.value(self.model.address(key))

    def point(self, number: int) -> PointValue | None:
        """Give what OpenData answers for a point, None when it leaves it out."""
        return self.model.point(number)

    def set(self, key: int | str, value: PointValue | None) -> None:
        """Pin a register (address or name, on both wires) or a point (its number as text) until clear()."""
        self.model.override(key, value)

    def clear(self, key: int | str | None = None) -> None:
        """Drop one pinned value, or all."""
        self.model.release(key)

    def registers(self) -> dict[str, Value]:
        """Give every register by name."""
        return {register.name: self.model.value(register.address) for register in registers().values()}

    def reboot(self, *, keep_mode: bool = True) -> None:
        """Restart: connections drop, the running order is forgotten, run time starts again at zero."""
        self._modbus.listener.drop()
        self._http.listener.drop()
        self.model.restart(keep_mode=keep_mode)

    def _fault_changed(self, wire: str) -> None:
        if not self._running:
            return
        enabled = self.options.modbus_enabled if wire == "modbus" else self.options.http_enabled
        listener = (self._modbus if wire == "modbus" else self._http).listener
        if not enabled:
            return
        if self.faults.peek(wire, "refuse"):
            listener.shut()
        else:
            listener.open()
