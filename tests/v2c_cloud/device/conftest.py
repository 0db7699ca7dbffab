"""A charger on the LAN, its account in the cloud, and our device layer on real sockets; no Home Assistant."""

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import ClientSession
import pytest

from custom_components.energy_core.errors import EnergyError
from custom_components.energy_core.pacing import Pacer
from custom_components.energy_core.report import UpdateReport
from custom_components.v2c_cloud.v2c import cloud as cloud_module, lan as lan_module
from custom_components.v2c_cloud.v2c.account import Account
from custom_components.v2c_cloud.v2c.cloud import CloudClient
from custom_components.v2c_cloud.v2c.device import Trydan
from custom_components.v2c_cloud.v2c.face import CloudWire, Face
from custom_components.v2c_cloud.v2c.lan import LanWire
from custom_components.v2c_cloud.v2c.parse import Pairing
from custom_components.v2c_cloud.v2c.plan import Kind, Plan, Task
from custom_components.v2c_cloud.v2c.quota import Quota
from custom_components.v2c_cloud.v2c.sessions import SessionBook
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.energy_core.clock import Clock

DEVICE = "SIMV2C"
EPOCH = 1_780_000_000.0


class Home:
    """A charger with its two wires, and clocks that move by hand; its account when there is a cloud."""

    def __init__(self, session: ClientSession, sim: TrydanSimulator, cloud: V2CCloudSimulator | None, *, lan: bool) -> None:
        self.session, self.sim, self.cloud = session, sim, cloud
        self.clock, self.wall = Clock(), Clock(EPOCH)
        self.account = self.new_account() if cloud is not None else None
        self.trydan = self.new_trydan(lan=lan)
        self.lost: list[str] = []
        self.trydan.not_applied = lambda point: self.lost.append(point.name)

    def lan(self, host: str | None = None, device_id: str | None = DEVICE, deadline: float = 0.5) -> LanWire:
        """Return a wire to an address, by default the charger's."""
        return LanWire(
            self.session,
            host or self.sim.address,
            pacer=Pacer(0.0),
            device_id=device_id,
            deadline=deadline,
            clock=self.clock,
        )

    def new_account(self, key: str = "SIM-KEY") -> Account:
        """Return an account that has the charger and has asked nothing."""
        quota = Quota(clock=self.wall)
        client = CloudClient(self.session, key, quota=quota, base_url=self.cloud.base_url, pacer=Pacer(0.0), deadline=0.5)
        account = Account(client, quota, Plan(quota, clock=self.wall), wall=self.wall)
        account.adopt([Pairing(device_id=DEVICE, name="Garage")])
        return account

    def new_trydan(self, *, lan: bool = True) -> Trydan:
        """Return the charger as a new life of Home Assistant knows it."""
        face = Face(DEVICE, SessionBook()) if self.account is None else self.account.faces[DEVICE]
        wire = None if self.account is None else CloudWire(self.account.client, face)
        return Trydan(
            face,
            lan=self.lan() if lan else None,
            cloud=wire,
            reachable=lambda: self.account is not None and self.account.reachable,
            clock=self.clock,
            wall=self.wall,
        )

    def advance(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self.clock.advance(seconds)
        self.wall.advance(seconds)

    async def ask(self, *kinds: Kind) -> None:
        """Have the account ask for these, live data and settings by default."""
        for kind in kinds or (Kind.LIVE, Kind.REPORTED):
            await self.account.ask(Task(kind, DEVICE))

    async def poll(self, times: int = 1, seconds: float = 30.0) -> Trydan:
        """Update so many times, so many seconds apart."""
        for _ in range(times):
            self.advance(seconds)
            await self.trydan.update(("extra",))
        return self.trydan

    async def takeover(self) -> Trydan:
        """Lose the LAN until the cloud stands in."""
        self.sim.faults.http = "refuse"
        for _ in range(2):
            self.advance(30)
            try:
                await self.trydan.update(("extra",))
            except EnergyError:
                continue
        assert self.trydan.wire is self.trydan.cloud
        return self.trydan

    async def written(self) -> None:
        """Wait until the box has got a write."""
        async with asyncio.timeout(5):
            while not self.sim.written:  # noqa: ASYNC110 the simulator has no event for it
                await asyncio.sleep(0.005)

    def digest(self) -> None:
        """Do what the coordinator does after a command, and when the account has news."""
        self.trydan.digest(UpdateReport())


@pytest.fixture
def enable_custom_integrations() -> None:
    """Start no Home Assistant."""


@pytest.fixture(autouse=True)
def _no_second_thoughts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(cloud_module, "RETRY_PAUSE", 0.0)
    monkeypatch.setattr(lan_module, "SECOND_TRY", 0.0)


@pytest.fixture
async def session(socket_enabled: None) -> AsyncGenerator[ClientSession]:
    """Sockets."""
    async with ClientSession() as made:
        yield made


@pytest.fixture
async def home(session: ClientSession, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> Home:
    """A charger with both wires."""
    return Home(session, sim, cloud, lan=True)


@pytest.fixture
async def lan_home(session: ClientSession, sim: TrydanSimulator) -> Home:
    """A charger without an account."""
    return Home(session, sim, None, lan=True)


@pytest.fixture
async def cloud_home(session: ClientSession, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> Home:
    """A charger that only the cloud reaches."""
    return Home(session, sim, cloud, lan=False)
