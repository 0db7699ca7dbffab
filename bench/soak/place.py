"""The devices of a soak: a Titan, a gateway with many inverters, many chargers, and the clouds behind them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.enphase_envoy.envoy import cloud as enphase_cloud
from simulators import scenarios
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.house import House
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator

HOST: Final = "127.0.0.1"
SERIAL, KEY = "122000000001", "SIM-KEY"
ACCOUNT: Final = {"username": "owner@example.org", "password": "sunny day"}
TITAN, CHARGER, GATEWAY = "titan_izypower", "v2c_cloud", "enphase_envoy"
# By default, or chosen by the user: seconds between two polls.
INTERVALS: Final = {TITAN: 30, CHARGER: 30, GATEWAY: 5}


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much hangs on one Home Assistant; without ``titan_http`` the unit is met on Modbus alone."""

    chargers: int = 20
    inverters: int = 200
    titan_http: bool = True
    # What the chargers are asked at, in s; None: as they come.
    charger_interval: int | None = None
    titan_interval: int = INTERVALS[TITAN]


@dataclass
class Place:
    """All of them, running."""

    size: Size
    house: House
    # One on each wire.
    titans: dict[str, TitanSimulator]
    chargers: list[TrydanSimulator]
    v2c: V2CCloudSimulator
    envoy: EnvoySimulator
    enphase: EnphaseCloudSimulator

    @property
    def connections(self) -> int:
        """Return how many connections the devices have open."""
        gateway = self.envoy.server._server
        return (
            sum(sum(each.connections.values()) for each in self.titans.values())
            + sum(each.connections for each in self.chargers)
            + self.v2c.front.listener.connections
            + (len(gateway.connections) if gateway is not None else 0)
        )


@asynccontextmanager
async def place(size: Size) -> AsyncIterator[Place]:
    """Build it; each charger hangs on a house of its own, so that twenty cars do not wait for one another."""
    house = House(seed=1, packs=1, auto_midnight=True)
    scenarios.apply(house, "cloudy")
    wires = ("modbus", "http") if size.titan_http else ("modbus",)
    async with AsyncExitStack() as stack:
        enphase = await stack.enter_async_context(EnphaseCloudSimulator(serials=(SERIAL,)))
        titans = {wire: TitanSimulator(_home(wire, house), packs=1, serial=f"SIM-TITAN-{wire}") for wire in wires}
        chargers = [TrydanSimulator(device_id=f"SIMV2C{number:02}", firmware="2.5.0") for number in range(size.chargers)]
        v2c = V2CCloudSimulator(chargers)
        key = enphase.key.public_key()
        envoy = EnvoySimulator(house, serial=SERIAL, token_key=key, inverters=size.inverters)
        devices: list[AbstractAsyncContextManager[object]] = [*titans.values(), *chargers, v2c, envoy]
        for device in devices:
            await stack.enter_async_context(device)
        hosts = enphase_cloud.Hosts(enlighten=enphase.base_url, entrez=enphase.base_url)
        stack.enter_context(patch.object(enphase_cloud, "HOSTS", hosts))
        yield Place(size=size, house=house, titans=titans, chargers=chargers, v2c=v2c, envoy=envoy, enphase=enphase)


def _home(wire: str, house: House) -> House:
    """Return the house of a Titan; two batteries in one would fight over its meter."""
    if wire == "modbus":
        return house
    other = House(seed=2, packs=1, auto_midnight=True)
    scenarios.apply(other, "sunny")
    return other


async def add_all(hass: HomeAssistant, there: Place) -> list[ConfigEntry[Any]]:
    """Add everything as a user does."""
    titans = [await add_titan(hass, there, wire) for wire in there.titans]
    return [*titans, await add_chargers(hass, there), await add_gateway(hass, there)]


async def add_titan(hass: HomeAssistant, there: Place, wire: str) -> ConfigEntry[Any]:
    """Add the battery over one of its wires."""
    titan = there.titans[wire]
    # Two models: the log tells units by their names.
    transport, model = {"modbus": ("modbus_tcp", "titan_2400"), "http": ("opendata", "titan_pro")}[wire]
    advanced = {"transport": transport, "unit_id": 1}
    port = titan.modbus_port if wire == "modbus" else titan.http_port
    interval = there.size.titan_interval
    form = {"host": HOST, "port": port, "scan_interval": interval, "model": model, "advanced": advanced}
    return await _add(hass, TITAN, [form])


async def add_chargers(hass: HomeAssistant, there: Place) -> ConfigEntry[Any]:
    """Add the account with all its chargers, then tell where each is on the LAN, which loopback does not tell by itself."""
    forms: list[dict[str, Any]] = [{"next_step_id": "cloud"}, {"api_key": KEY, "advanced": {"base_url": there.v2c.base_url}}]
    entry = await _add(hass, CHARGER, forms)
    addresses = {each.options.device_id: each.address for each in there.chargers}
    options = dict(entry.options)
    if (interval := there.size.charger_interval) is not None:
        options["local_update_interval"] = interval
    hass.config_entries.async_update_entry(entry, data={**entry.data, "manual_ips": addresses}, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    return _loaded(entry)


async def add_gateway(hass: HomeAssistant, there: Place) -> ConfigEntry[Any]:
    """Add the gateway, whose token comes from the account."""
    return await _add(hass, GATEWAY, [{"host": there.envoy.address}, {"next_step_id": "account"}, ACCOUNT])


async def _add(hass: HomeAssistant, domain: str, forms: list[dict[str, Any]]) -> ConfigEntry[Any]:
    result: Any = await hass.config_entries.flow.async_init(domain, context={"source": SOURCE_USER})
    for entered in forms:
        result = await hass.config_entries.flow.async_configure(result["flow_id"], entered)
    if result["type"] != "create_entry":
        raise RuntimeError(f"{domain}: {result}")
    await hass.async_block_till_done()
    return _loaded(result["result"])


def _loaded(entry: ConfigEntry[Any]) -> ConfigEntry[Any]:
    if entry.state is not ConfigEntryState.LOADED:
        raise RuntimeError(f"{entry.domain} is {entry.state}: {entry.reason}")
    return entry
