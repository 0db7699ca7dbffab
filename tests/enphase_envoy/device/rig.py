"""A gateway as the device layer has it, on a real wire to a fake or simulated one, with all clocks moved by hand."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientSession, DummyCookieJar

from custom_components.energy_core.report import UpdateReport
from custom_components.energy_core.tokens import TokenKeeper, read_token
from custom_components.enphase_envoy.connect import Gateway, digest_of, identify
from custom_components.enphase_envoy.envoy.auth import Auth, Bearer
from custom_components.enphase_envoy.envoy.device import Envoy
from custom_components.enphase_envoy.envoy.firmware import JSON_SINCE, version
from custom_components.enphase_envoy.envoy.link import Link
from custom_components.enphase_envoy.envoy.local import Local
from custom_components.enphase_envoy.envoy.points import Site
from simulators.enphase_jwt import make_token, new_key
from simulators.envoy import EnvoySimulator
from simulators.house import House
from tests.enphase_envoy.capture_gateway import CaptureGateway

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 15, 12, tzinfo=PARIS)
SERIAL = "122000000001"
KEY = new_key()
READINGS = "/ivp/meters/readings"
REPORT = "/production.json"
INFO = "/info"
# More than anything waits for: the longest interval of a block, and the longest back-off.
LONG = 4000.0


@dataclass
class Clock:
    """Seconds that pass by hand, and the local time that goes with them, also where a summer begins or ends."""

    moment: datetime = NOON
    seconds: float = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        """Return the local time, as Home Assistant has it."""
        return self.moment

    def wall(self) -> float:
        """Return seconds since 1970."""
        return self.moment.timestamp()

    def pass_(self, seconds: float) -> None:
        """Let time pass, on the monotonic clock and on the wall."""
        self.seconds += seconds
        self.moment = datetime.fromtimestamp(self.moment.timestamp() + seconds, self.moment.tzinfo)

    def until(self, hour: int, minute: int = 0, second: int = 0) -> float:
        """Return the seconds until the next such time of day."""
        there = self.moment.replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0)
        if there.timestamp() <= self.moment.timestamp():
            there += timedelta(days=1)
        return there.timestamp() - self.moment.timestamp()


@dataclass
class Rig:
    """A device, its clock, and what it talks to."""

    envoy: Envoy
    clock: Clock
    server: Any
    session: ClientSession
    gateway: Gateway
    auth: Auth
    wanted: set[str] | None = None
    reports: list[UpdateReport] = field(default_factory=list)

    @property
    def site(self) -> Site:
        """The site as a whole."""
        found = self.envoy.site(0)
        assert found is not None
        return found

    @property
    def local(self) -> Local:
        """Its wire."""
        return self.envoy.local

    async def poll(self, times: int = 1, *, every: float = 0.0) -> UpdateReport:
        """Poll so many times, each time after ``every`` seconds, as somebody who looks at everything."""
        for _ in range(times):
            self.clock.pass_(every)
            report = await self.envoy.update(self.wanted if self.wanted is not None else set(self.envoy.blocks))
            self.reports.append(report)
        return self.reports[-1]

    async def live(self, seconds: float, *, every: float = 5.0) -> None:
        """Poll every ``every`` seconds for so long."""
        await self.poll(round(seconds / every), every=every)

    async def all_at_once(self, times: int = 1) -> UpdateReport:
        """Poll everything that there is, whatever is due."""
        pace, self.envoy.pace = self.envoy.pace, 300.0
        for _ in range(times):
            self.envoy.expire()
            for trouble in self.local.health.troubles.values():
                trouble.again = 0.0
            await self.poll(every=1.0)
        self.envoy.pace = pace
        return self.reports[-1]

    def asked(self, path: str = "") -> int:
        """Count the requests, of one path or of all."""
        return sum(1 for each in self.server.requests if path in ("", each.path.partition("?")[0]))

    def reborn(self, saved: dict[str, Any] | None = None) -> Rig:
        """Return a new life after a restart, with what the earlier one saved."""
        saved = self.envoy.saved() if saved is None else saved
        envoy = device(self.session, self.gateway, self.auth, self.clock)
        envoy.restore(saved)
        return Rig(envoy, self.clock, self.server, self.session, self.gateway, self.auth, self.wanted)


def device(session: ClientSession, gateway: Gateway, auth: Auth, clock: Clock, pin: bytes | None = None, **more: Any) -> Envoy:
    """Return a device that waits for nothing."""
    link = Link(session, gateway.base, auth, pin=pin)
    link.pacer.gap = 0.0
    local = Local(link, clock=clock)
    if version(gateway.firmware) < JSON_SINCE:
        local.use_page()
    envoy = Envoy(local, serial=gateway.serial, clock=clock, now=clock.now, **more)
    envoy.settle = (0.0, 0.0)
    return envoy


def keeper(token: str, clock: Clock, renew: Any = None) -> TokenKeeper:
    """Return who keeps a token."""
    return TokenKeeper(read_token(token) if token else None, renew=renew, clock=clock.wall, changed=lambda _: None)


@asynccontextmanager
async def captured(folder: Path, **more: Any) -> AsyncGenerator[Rig]:
    """Serve a capture, and talk to it."""
    # The tokens of captures are made by the real clock; an hour in which a gateway is spared shall not depend on it.
    clock = Clock((datetime.now(PARIS) + timedelta(days=1)).replace(hour=12, minute=0))
    async with CaptureGateway(folder, **more) as server, ClientSession(cookie_jar=DummyCookieJar()) as session:
        gateway = await identify(session, server.address)
        auth: Auth = Bearer(keeper(server.token, clock)) if gateway.wants_token else await digest_of(session, gateway, "")
        server.forget()
        yield Rig(device(session, gateway, auth, clock), clock, server, session, gateway, auth)


@asynccontextmanager
async def simulated(
    *, start: datetime = NOON, phases_asked: int | None = None, pv: float = 3000.0, load: float = 1200.0, **options: Any
) -> AsyncGenerator[Rig]:
    """Run a gateway in a simulated house, and talk to it; all live by one clock."""
    clock = Clock(start)
    house = House(clock=clock, start=start, auto_midnight=True)
    house.pv_w, house.load_w = pv, load
    sim = EnvoySimulator(house, serial=SERIAL, token_key=KEY.public_key(), clock=clock.wall, **options)
    async with sim, ClientSession(cookie_jar=DummyCookieJar()) as session:
        gateway = await identify(session, sim.address)
        token = make_token(KEY, serial=SERIAL, issued=clock.wall())
        auth: Auth = Bearer(keeper(token, clock)) if gateway.wants_token else await digest_of(session, gateway, "")
        sim.forget()
        yield Rig(device(session, gateway, auth, clock, phases=phases_asked), clock, sim, session, gateway, auth)


def fields(rig: Rig, *names: str) -> dict[str, Any]:
    """Return some values of the site."""
    return {name: rig.site.values.get(name) for name in names}


def failed_endpoints(rig: Rig, report: UpdateReport) -> set[str]:
    """Return the paths whose blocks failed."""
    return {rig.envoy.label(name) for name in report.failed}


def paths(requests: Iterable[Any]) -> list[str]:
    """Return what was asked, without queries."""
    return [each.path.partition("?")[0] for each in requests]
