"""The columns of the matrix: each way to a device, in a house that stands still, with what can be made to go wrong on it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.enphase_envoy.envoy import cloud as enphase_cloud
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.house import House
from simulators.titan import TitanSimulator
from simulators.titan_table import registers
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator

HOST = "127.0.0.1"
# Further than any register reaches, which then stands at its end.
BEYOND = 1e18
SERIAL, CHARGER, KEY = "122000000001", "SIMV2C", "SIM-KEY"
ACCOUNT = {"username": "owner@example.org", "password": "sunny day"}


@dataclass
class Site:
    """One house with everything in it; what flows does not change, so a value that changes is a wrong one."""

    house: House
    titan: TitanSimulator
    trydan: TrydanSimulator
    v2c: V2CCloudSimulator
    envoy: EnvoySimulator
    enphase: EnphaseCloudSimulator


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Build the house."""
    house = House(seed=1, packs=1, clock=lambda: 0.0)
    house.pv_w, house.load_w = 3000, 700
    async with (
        EnphaseCloudSimulator(serials=(SERIAL,)) as enphase,
        TitanSimulator(house, packs=1) as titan,
        TrydanSimulator(house, device_id=CHARGER, firmware="2.5.0") as trydan,
        V2CCloudSimulator([trydan]) as v2c,
        EnvoySimulator(house, serial=SERIAL, token_key=enphase.key.public_key(), inverters=2) as envoy,
    ):
        hosts = enphase_cloud.Hosts(enlighten=enphase.base_url, entrez=enphase.base_url)
        with patch.object(enphase_cloud, "HOSTS", hosts):
            trydan.plug()
            yield Site(house, titan, trydan, v2c, envoy, enphase)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One way to one device.

    ``grace`` is how long values may stand after the device fell silent, ``back`` how long they may be away
    after it is well again; both in s. Each is what the interval, the deadlines and the pauses add up to.
    """

    name: str
    domain: str
    forms: Callable[[Site], list[dict[str, Any]]]
    fail: Callable[[Site, str], Awaitable[None]]
    heal: Callable[[Site], Awaitable[None]]
    asked: Callable[[Site], int]
    open: Callable[[Site], int]
    interval: float
    grace: float
    back: float

    def __str__(self) -> str:
        """Return the name that the table shows."""
        return self.name

    async def add(self, hass: HomeAssistant, there: Site) -> ConfigEntry[Any]:
        """Add the device as a user does."""
        result: Any = await hass.config_entries.flow.async_init(self.domain, context={"source": SOURCE_USER})
        for entered in self.forms(there):
            result = await hass.config_entries.flow.async_configure(result["flow_id"], entered)
        assert result["type"] == "create_entry", result
        await hass.async_block_till_done()
        entry: ConfigEntry[Any] = result["result"]
        assert entry.state is ConfigEntryState.LOADED
        return entry


def _set(name: str, wire: str) -> Callable[[Site, str], Awaitable[None]]:
    async def fail(there: Site, fault: str) -> None:
        getattr(there, name).faults.set(wire, fault)

    return fail


def _clear(name: str) -> Callable[[Site], Awaitable[None]]:
    async def heal(there: Site) -> None:
        getattr(there, name).faults.clear()

    return heal


def _fail_titan(wire: str) -> Callable[[Site, str], Awaitable[None]]:
    """Spoil the wire; with "pins:nothing" each register says that it has no value, which its kind tells how."""

    async def fail(there: Site, fault: str) -> None:
        if fault != "pins:nothing":
            there.titan.faults.set(wire, fault)
            return
        for each in registers().values():
            if not isinstance(there.titan.value(each.address), str):
                there.titan.set(each.address, -BEYOND if each.signed else BEYOND)

    return fail


async def _heal_titan(there: Site) -> None:
    there.titan.faults.clear()
    there.titan.clear()


def _titan(name: str, wire: str, transport: str, scan: int = 30) -> Column:
    """Return the Titan on one of its wires, which differ in nothing else."""

    def forms(there: Site) -> list[dict[str, Any]]:
        port = getattr(there.titan, f"{wire}_port")
        advanced = {"transport": transport, "unit_id": 1}
        return [{"host": HOST, "port": port, "scan_interval": scan, "model": "titan_2400", "advanced": advanced}]

    return Column(
        name=name,
        domain="titan_izypower",
        forms=forms,
        fail=_fail_titan(wire),
        heal=_heal_titan,
        asked=lambda there: sum(each.wire == wire for each in there.titan.requests),
        open=lambda there: there.titan.connections[wire],
        interval=scan,
        grace=75,
        back=95,
    )


MODBUS = _titan("Titan, Modbus", "modbus", "modbus_tcp")
HTTP = _titan("Titan, HTTP", "http", "opendata")
LAN = Column(
    name="Trydan, LAN",
    domain="v2c_cloud",
    forms=lambda there: [{"next_step_id": "local"}, {"host": there.trydan.address}],
    fail=_set("trydan", "http"),
    heal=_clear("trydan"),
    asked=lambda there: len(there.trydan.requests),
    open=lambda there: there.trydan.connections,
    interval=30,
    grace=75,
    back=95,
)
CLOUD = Column(
    name="V2C Cloud",
    domain="v2c_cloud",
    forms=lambda there: [{"next_step_id": "cloud"}, {"api_key": KEY, "advanced": {"base_url": there.v2c.base_url}}],
    fail=_set("v2c", "http"),
    heal=_clear("v2c"),
    asked=lambda there: len(there.v2c.calls),
    open=lambda there: there.v2c.front.listener.connections,
    interval=300,
    grace=900,
    back=960,
)


async def _fail_envoy(there: Site, fault: str) -> None:
    if fault == "refuse":
        await there.envoy.server.stop()
    else:
        there.envoy.fail("*", fault)


async def _heal_envoy(there: Site) -> None:
    there.envoy.heal()
    if not there.envoy.server.listening:
        await there.envoy.server.start()


ENVOY = Column(
    name="Envoy",
    domain="enphase_envoy",
    forms=lambda there: [{"host": there.envoy.address}, {"next_step_id": "account"}, ACCOUNT],
    fail=_fail_envoy,
    heal=_heal_envoy,
    asked=lambda there: len(there.envoy.requests),
    open=lambda there: there.envoy.log.open,
    interval=5,
    grace=60,
    back=95,
)
# Who stands beside each: one of each other kind; beside the cloud, whose day is long, one that asks rarely.
SLOW = _titan("Titan, Modbus, seldom", "modbus", "modbus_tcp", scan=300)
NEIGHBOURS = {MODBUS.name: (LAN, ENVOY), HTTP.name: (LAN, ENVOY), LAN.name: (MODBUS, ENVOY), CLOUD.name: (SLOW,)}
NEIGHBOURS[ENVOY.name] = (MODBUS, LAN)
COLUMNS = (MODBUS, HTTP, LAN, CLOUD, ENVOY)
