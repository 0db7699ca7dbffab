"""A simulated V2C cloud: accounts, quota and outages, in front of the same chargers that stand in the house."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Self

from .faults import REPLACING, Fault, Faults
from .http_bodies import HTML
from .http_front import HttpAnswer, HttpFront, HttpRequest
from .tcp import Connection
from .trydan import TrydanSimulator
from .trydan_http import KINDS
from .v2c_cloud_commands import PROFILE_MODES, BadParameterError, Call, Commands, UnknownThingError, add_card
from .v2c_cloud_device import CloudDevice, Json
from .v2c_cloud_endpoints import ENDPOINTS
from .v2c_cloud_gate import BASE, TEXT, Gate, RefusedError, route
from .v2c_cloud_options import V2CCloudOptions
from .v2c_cloud_reads import Reads
from .v2c_cloud_sessions import SessionBook

OUTAGES: Final = (None, 401, 403, 429, 500, 503, "html", "refuse", "hang")

STATUS: Final = {"unauthorized": 401, "too_many": 429, "redirect": 302}

type Outage = int | str | None


class CloudCall(NamedTuple):
    """One call, whatever came of it; status 0 is no answer at all."""

    time: float
    method: str
    path: str
    device_id: str
    status: int


class CloudFront(HttpFront):
    """The wire of the cloud, which an outage may leave without an answer."""

    def __init__(self, cloud: V2CCloudSimulator) -> None:
        """Serve this cloud."""
        super().__init__(cloud.answer, is_command, cloud.faults)
        self._cloud = cloud

    async def exchange(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one call, unless there is nobody to answer."""
        outage = self._cloud.outage_for(request)
        if outage in ("hang", "refuse"):
            self._cloud.note(request, 0)
            if outage == "refuse":
                connection.reset()
            else:
                await connection.swallow()
        else:
            await super().exchange(connection, request)


class V2CCloudSimulator:
    """The cloud on loopback; every keyword is a field of V2CCloudOptions, and cloud.options can be changed later."""

    def __init__(self, chargers: Sequence[TrydanSimulator], **options: Any) -> None:
        """Serve these chargers."""
        self.options = V2CCloudOptions(**options)
        self.faults = Faults(self._fault_changed, KINDS)
        self.devices: dict[str, CloudDevice] = {}
        for sim in chargers:
            self.pair(sim)
        self.offline_devices: set[str] = set()
        self.path_outage: dict[str, Outage] = {}
        self.calls: list[CloudCall] = []
        self.sessions = SessionBook(self.options)
        self.gate = Gate(self.options)
        self._commands = Commands(self.options)
        self._reads = Reads(self.options, self.sessions, lambda: self.offline_devices)
        self._outage: Outage = None
        self.front = CloudFront(self)
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
        """Listen."""
        await self.front.listener.start()
        self._running = True
        self._fault_changed("http")

    async def stop(self) -> None:
        """Close everything; no task and no socket stays behind."""
        self._running = False
        await self.front.listener.stop()

    # -- what a test sees ------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """Port of the cloud."""
        return self.front.listener.port

    @property
    def base_url(self) -> str:
        """What stands before each path."""
        return f"http://{self.options.host}:{self.port}{BASE}"

    @property
    def outage(self) -> Outage:
        """What is wrong with the whole cloud: a status, html, refuse, hang, or None."""
        return self._outage

    @outage.setter
    def outage(self, outage: Outage) -> None:
        if outage not in OUTAGES:
            raise ValueError(f"unknown outage {outage!r}")
        self._outage = outage
        self._fault_changed("http")

    def calls_by_path(self) -> Counter[str]:
        """Count the calls of each path, whatever came of them."""
        return Counter(call.path for call in self.calls)

    def accounts(self) -> dict[str, list[str]]:
        """Give the chargers of each key."""
        return self.options.accounts if self.options.accounts is not None else {self.options.api_key: list(self.devices)}

    def left(self, key: str | None = None) -> int:
        """Give how many calls an account has left today."""
        return self.gate.left(key or self.options.api_key)

    def pair(self, sim: TrydanSimulator) -> CloudDevice:
        """Pair a charger, in the place of one of the same id."""
        device = self.devices[sim.options.device_id] = CloudDevice(sim, self.options.clock)
        return device

    def unpair(self, device_id: str) -> None:
        """Forget a charger."""
        del self.devices[device_id]

    def device(self, device_id: str) -> CloudDevice:
        """Give what the cloud knows of a charger; its fields may be changed."""
        return self.devices[device_id]

    # -- what a test does ------------------------------------------------------------------------------------------

    def swipe(self, device_id: str, code: str) -> bool:
        """Hold a card to the reader: it is learned, or belongs to the next session; False when it is unknown."""
        device = self.devices[device_id]
        if device.learning is not None and self.options.clock() <= device.learning[1]:
            add_card(device, code, device.learning[0])
            device.learning = None
            return True
        known = any(card["code"] == code for card in device.cards)
        if known:
            device.sim.model.next_card = code
        return known

    def add_session(
        self, device_id: str, start: datetime, end: datetime | None, kwh_by_hour: Sequence[float], **more: object
    ) -> Json:
        """Add a finished session to the history; more replaces any field, so bad records are possible too."""
        zone = self.sessions.zone(self.devices[device_id].sim.house.now.tzinfo)
        return self.sessions.add(device_id, start, end, kwh_by_hour, zone, **more)

    def activate_profile(self, device_id: str, name: str) -> None:
        """Make a profile the active one, as only the app can."""
        device = self.devices[device_id]
        for profile in device.profiles:
            profile["active"] = profile["name"] == name
            if profile["active"]:
                device.sim.house.advance()
                device.sim.model.profile_mode = PROFILE_MODES.get(str(profile["mode"]), device.sim.model.profile_mode)

    # -- the wire --------------------------------------------------------------------------------------------------

    def outage_for(self, request: HttpRequest) -> Outage:
        """Give what is wrong with the path of this call."""
        return self.path_outage.get(route(request)[0], self._outage)

    def note(self, request: HttpRequest, status: int) -> None:
        """Log one call."""
        path, params = route(request)
        device_id = params.get("deviceId") or params.get("id") or ""
        self.calls.append(CloudCall(self.options.clock(), request.method, path, device_id, status))

    def answer(self, request: HttpRequest, fault: Fault | None) -> HttpAnswer:
        """Answer one call and log it."""
        outage = self.outage_for(request)
        if outage is not None:
            answer = HttpAnswer(200, HTML, "text/html") if outage == "html" else HttpAnswer(int(outage), b"", TEXT)
        elif fault is not None and fault.kind in REPLACING:
            answer = HttpAnswer(int(fault.number(500)) if fault.kind == "status" else STATUS.get(fault.kind, 200))
        else:
            answer = self._ordinary(request, fault)
        self.note(request, answer.status)
        return answer

    def _ordinary(self, request: HttpRequest, fault: Fault | None) -> HttpAnswer:
        try:
            admitted = self.gate.admit(request, set(self.accounts()))
            mine = self._mine(admitted.key)
            name = admitted.endpoint.name
            if admitted.endpoint.id is None:
                answer = self._reads.pairings(mine) if name == "pairings" else self._reads.totals(mine, admitted.params)
            elif (device := self._device(admitted.device_id, mine)) is None:
                raise RefusedError(403, "Device is not paired with this user")
            else:
                call = Call(name=name, device=device, params=admitted.params, body=admitted.body)
                answer = self._execute(call, fault) if admitted.endpoint.is_command else self._reads.answer(call)
        except RefusedError as refused:
            return refused.answer
        except BadParameterError as bad:
            return HttpAnswer(400, f"Bad Request: {bad}".encode(), TEXT)
        except UnknownThingError:
            return HttpAnswer(404, b"Not Found", TEXT)
        answer.headers = {"RateLimit-Limit": str(self.options.quota), "RateLimit-Remaining": str(self.left(admitted.key))}
        return answer

    def _execute(self, call: Call, fault: Fault | None) -> HttpAnswer:
        """Do what a command says; a charger that is offline gets it later, or never."""
        kind = fault.kind if fault is not None else ""
        if kind == "refuse_write":
            raise BadParameterError(call.name)
        action = self._commands.check(call)
        if call.device.id in self.offline_devices:
            if self.options.offline_commands == "queued":
                call.device.late.append((self.options.clock(), action))
        elif kind not in ("lost_write", "silent_write"):
            action()
        return HttpAnswer(200, b"", TEXT) if kind == "silent_write" else self._commands.confirm(call.name)

    def _mine(self, key: str) -> list[CloudDevice]:
        return [self.devices[device_id] for device_id in self.accounts()[key] if device_id in self.devices]

    def _device(self, device_id: str, mine: list[CloudDevice]) -> CloudDevice | None:
        device = next((each for each in mine if each.id == device_id), None)
        if device is not None:
            device.settle(offline=device.id in self.offline_devices)
        return device

    def _fault_changed(self, _: str) -> None:
        if not self._running:
            return
        if self._outage == "refuse" or self.faults.peek("http", "refuse"):
            self.front.listener.shut()
        else:
            self.front.listener.open()


def is_command(request: HttpRequest) -> bool:
    """Whether a call changes something; what is no endpoint does not."""
    endpoint = ENDPOINTS.get(route(request)[0], {}).get(request.method)
    return endpoint is not None and endpoint.is_command
