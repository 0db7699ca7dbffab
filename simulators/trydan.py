"""A simulated V2C Trydan: a car charger of the house, on its LAN HTTP interface."""

from asyncio import sleep
from typing import TYPE_CHECKING, Any, Self

from .car import Car
from .faults import Faults
from .house import House
from .requestlog import Request, RequestLog
from .trydan_http import KINDS, TrydanFront, TrydanHttp
from .trydan_model import TrydanModel
from .trydan_options import TrydanOptions
from .trydan_values import TrydanValues

if TYPE_CHECKING:
    from .trydan_values import Value


class TrydanSimulator:
    """One Trydan on loopback; every keyword is a field of TrydanOptions, and sim.options can be changed later."""

    def __init__(self, house: House | None = None, *, car: Car | None = None, **options: Any) -> None:
        """Hang a Trydan on a house (by default a new one without a battery), with a car that is not plugged in."""
        self.house = house or _bare_house()
        self.options = TrydanOptions(**options)
        self.car = car or Car(phases=self.options.phases)
        self.model = TrydanModel(self.house, self.car, self.options)
        self.values = TrydanValues(self.model)
        self.quirks: set[str] = set()
        self.log = RequestLog()
        self.faults = Faults(self._fault_changed, KINDS)
        http = TrydanHttp(self.values, lambda: self.quirks, self.log)
        self.front = TrydanFront(http.answer, self.faults, self.options, http.hurried)
        self.front.listener.host, self.front.listener.port = self.options.host, self.options.port
        self._running = False

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Open the LAN interface, if this box has one."""
        if self.options.lan:
            await self.front.listener.start()
            self._running = True
            self._fault_changed("http")

    async def stop(self) -> None:
        """Close everything; no task and no socket stays behind."""
        self._running = False
        await self.front.listener.stop()

    async def move(self, host: str | None = None, port: int = 0) -> None:
        """Appear at another address, as after a new DHCP lease; nobody answers at the old one."""
        await self.stop()
        self.options.host = self.front.listener.host = host or self.options.host
        self.front.listener.port = port
        await self.start()

    @property
    def host(self) -> str:
        """Address of the LAN interface."""
        return self.options.host

    @property
    def port(self) -> int:
        """Port of the LAN interface."""
        return self.front.listener.port

    @property
    def address(self) -> str:
        """Host and port, as a client is told them."""
        return f"{self.host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return self.front.listener.connections

    @property
    def most_open(self) -> int:
        """The greatest number of requests that were open at the same time."""
        return self.front.most_open

    @property
    def smallest_gap(self) -> float:
        """The shortest time in s from the end of a request to the start of the next; 0 when they overlapped."""
        return self.front.smallest_gap

    @property
    def requests(self) -> list[Request]:
        """Every request in the order of arrival."""
        return self.log.requests

    @property
    def writes(self) -> list[Request]:
        """Only the requests that write; key and values tell what, as text."""
        return self.log.writes

    @property
    def written(self) -> list[tuple[str, str]]:
        """Keyword and value of each write request, done or not."""
        return [(request.key, str(request.values[0])) for request in self.writes]

    @property
    def power(self) -> float:
        """Power that the car draws now, W."""
        self.house.advance()
        return self.model.watts

    @property
    def offered(self) -> int:
        """Current that the box offers on each phase now, A."""
        self.house.advance()
        return self.model.offered

    def forget(self) -> None:
        """Forget what was asked so far, and measure the client anew."""
        self.log.clear()
        self.front.forget()

    def plug(self) -> None:
        """Plug the car in."""
        self.model.plug()

    def unplug(self) -> None:
        """Draw the plug."""
        self.model.unplug()

    def change_car(self, **changes: Any) -> None:
        """Change the car from this moment on; also connected, which plugs and unplugs."""
        self.house.advance()
        connected = changes.pop("connected", self.car.connected)
        for name, value in changes.items():
            if name not in Car.__slots__:
                raise AttributeError(f"a car has no {name}")
            setattr(self.car, name, value)
        if connected != self.car.connected:
            (self.plug if connected else self.unplug)()
        self.house.advance()

    def value(self, key: str) -> Value:
        """Give what a keyword shows now."""
        return self.values.value(key)

    def set(self, key: str, value: Value) -> None:
        """Pin what a keyword shows, whatever happens, until clear(); Raw stands in the JSON as it is."""
        self.values.pins[key] = value

    def clear(self, key: str | None = None) -> None:
        """Drop one pinned value, or all."""
        if key is None:
            self.values.pins.clear()
        else:
            self.values.pins.pop(key, None)

    def write(self, key: str, value: int) -> bool:
        """Change a setting at the box itself, as its display or the app does; False when it refuses."""
        return self.model.write(key, value)

    def reboot(self) -> None:
        """Restart: connections drop, and the box is away for options.reboot_seconds."""
        self.front.listener.drop()
        if self._running and self.options.reboot_seconds > 0:
            self.front.listener.shut()
            self.front.listener.spawn(self._return())

    async def _return(self) -> None:
        await sleep(self.options.reboot_seconds)
        self._fault_changed("http")

    def _fault_changed(self, wire: str) -> None:
        if not self._running:
            return
        if self.faults.peek(wire, "refuse"):
            self.front.listener.shut()
        else:
            self.front.listener.open()


def _bare_house() -> House:
    """Give a house whose battery does nothing."""
    house = House()
    house.battery.max_charge = house.battery.max_discharge = 0.0
    return house
