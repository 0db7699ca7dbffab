"""Helpers of the simulator tests: a hand-moved clock, and raw clients that share no code with the simulators."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
from datetime import UTC, datetime
import json
from typing import Any

import aiohttp
import pytest

from simulators.enphase_jwt import make_token, new_key
from simulators.envoy import EnvoySimulator
from simulators.house import House
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.simulators.raw_clients import RawModbus


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        """Start at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock that moves only when told."""
    return Clock()


@pytest.fixture
def house(clock: Clock) -> House:
    """Give a house at noon on that clock."""
    return House(clock=clock, start=datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC))


type Starter = Callable[..., Awaitable[TitanSimulator]]


@pytest.fixture
async def titan(house: House, socket_enabled: None) -> AsyncIterator[Starter]:
    """Give a function that starts a Titan with options; all are stopped at the end."""
    started: list[TitanSimulator] = []

    async def start(**options: Any) -> TitanSimulator:
        sim = TitanSimulator(house, **options)
        await sim.start()
        started.append(sim)
        return sim

    yield start
    for sim in started:
        await sim.stop()


type Dialer = Callable[[TitanSimulator], Awaitable[RawModbus]]


@pytest.fixture
async def dial() -> AsyncIterator[Dialer]:
    """Give a function that connects a raw Modbus client; all are closed at the end."""
    opened: list[RawModbus] = []

    async def connect(sim: TitanSimulator) -> RawModbus:
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.modbus_port)
        opened.append(RawModbus(reader, writer))
        return opened[-1]

    yield connect
    for client in opened:
        client.writer.close()


@pytest.fixture
def bare_house(house: House) -> House:
    """Give the same house with a battery that does nothing."""
    house.battery.max_charge = house.battery.max_discharge = 0.0
    return house


@pytest.fixture
async def trydan(bare_house: House, socket_enabled: None) -> AsyncIterator[Callable[..., Awaitable[TrydanSimulator]]]:
    """Give a function that starts a Trydan with options; all are stopped at the end."""
    started: list[TrydanSimulator] = []

    async def start(**options: Any) -> TrydanSimulator:
        sim = TrydanSimulator(bare_house, **options)
        await sim.start()
        started.append(sim)
        return sim

    yield start
    for sim in started:
        await sim.stop()


class CloudClient:
    """A client of the cloud that knows its paths and nothing else."""

    def __init__(self, cloud: V2CCloudSimulator, session: aiohttp.ClientSession) -> None:
        """Talk to this cloud."""
        self.cloud = cloud
        self.session = session
        self.headers: dict[str, str] = {}

    async def call(self, method: str, path: str, /, *, key: str = "SIM-KEY", body: Any = None, **params: str) -> tuple[int, str]:
        """Give status and text; the headers stay at hand."""
        url = self.cloud.base_url + path
        async with self.session.request(method, url, params=params, json=body, headers={"apikey": key}) as response:
            self.headers = dict(response.headers)
            return response.status, await response.text()

    async def get(self, path: str, /, **params: str) -> Any:
        """Give the JSON of a good answer."""
        return await self._json("GET", path, params)

    async def state(self, device_id: str = "SIMV2C") -> Any:
        """Give the live data of a charger."""
        return await self._json("POST", "/device/currentstatecharge", {"deviceId": device_id})

    async def reported(self, device_id: str = "SIMV2C") -> Any:
        """Give the shadow of a charger."""
        return await self._json("GET", "/device/reported", {"deviceId": device_id})

    async def command(self, path: str, /, method: str = "POST", body: Any = None, **params: str) -> int:
        """Give the status of a command to the charger."""
        return (await self.call(method, f"/device/{path}", body=body, **({"deviceId": "SIMV2C"} | params)))[0]

    async def _json(self, method: str, path: str, params: dict[str, str]) -> Any:
        status, text = await self.call(method, path, **params)
        assert status == 200, text
        return json.loads(text)


@pytest.fixture
async def cloud(bare_house: House, clock: Clock, socket_enabled: None) -> AsyncIterator[Callable[..., Awaitable[CloudClient]]]:
    """Give a function that starts a cloud with options, by default in front of one cloud-only charger."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(*chargers: TrydanSimulator, **options: Any) -> CloudClient:
            boxes = chargers or (TrydanSimulator(bare_house, lan=False, firmware="2.5.0"),)
            simulator = await stack.enter_async_context(V2CCloudSimulator(boxes, clock=clock, **options))
            return CloudClient(simulator, await stack.enter_async_context(aiohttp.ClientSession()))

        yield start


class EnvoyClient:
    """A client of a gateway that has a token and nothing else."""

    def __init__(self, sim: EnvoySimulator, session: aiohttp.ClientSession, key: Any) -> None:
        """Talk to this gateway."""
        self.sim = sim
        self.session = session
        self.key = key
        self.role = "owner"
        self.headers: Any = {}

    def token(self, **changes: Any) -> str:
        """Make a token for the gateway as it is now."""
        claims = {"serial": self.sim.serial, "role": self.role, "issued": self.sim.model.epoch} | changes
        return make_token(self.key, **claims)

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Any = None
    ) -> tuple[int, str]:
        """Give status and text; a token is used unless headers are given."""
        headers = {"Authorization": f"Bearer {token or self.token()}"} if headers is None else headers
        data = None if body is None else json.dumps(body)
        url = self.sim.base_url + path
        async with self.session.request(
            method, url, data=data, headers=headers, ssl=False, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=5)
        ) as response:
            self.headers = response.headers
            return response.status, await response.text()

    async def get(self, path: str) -> Any:
        """Give the JSON of a good answer."""
        status, text = await self.call("GET", path)
        assert status == 200, text
        return json.loads(text)

    async def status(self, path: str, **more: Any) -> int:
        """Give the status of a reading."""
        return (await self.call("GET", path, **more))[0]


@pytest.fixture
async def envoy(house: House, socket_enabled: None) -> AsyncIterator[Callable[..., Awaitable[EnvoyClient]]]:
    """Give a function that starts a gateway with options, and gives a client of it; all are stopped at the end."""
    key = new_key()
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: Any) -> EnvoyClient:
            sim = await stack.enter_async_context(EnvoySimulator(house, token_key=key.public_key(), **options))
            return EnvoyClient(sim, await stack.enter_async_context(aiohttp.ClientSession()), key)

        yield start
