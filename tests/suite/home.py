"""One simulated house with all three devices, and a Home Assistant in which all three loops run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import pi, sin
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.enphase_envoy.envoy import cloud as cloud_module
from custom_components.enphase_envoy.envoy.cloud import Hosts
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.house import House
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator

HOST = "127.0.0.1"
SERIAL, CHARGER = "122000000001", "SIMV2C"
EVERY = 5.0
DAWN, DUSK = 6 * 3600.0, 21 * 3600.0
PEAK = 6500.0


@dataclass
class Devices:
    """What stands in the house."""

    house: House
    titan: TitanSimulator
    trydan: TrydanSimulator
    envoy: EnvoySimulator
    cloud: EnphaseCloudSimulator


def weather(house: House, seed: int) -> None:
    """Let the sun shine with clouds, and the household live: the same way for the same seed."""
    shades = [1.0 if house.random.random() < 0.6 else house.random.uniform(0.2, 0.9) for _ in range(1440)]
    kettles = {int(house.random.uniform(0, 1440)) for _ in range(40 + seed)}

    def drive(home: House, second: float) -> None:
        minute = int(second // 60)
        height = sin(pi * (second - DAWN) / (DUSK - DAWN)) if DAWN < second < DUSK else 0.0
        load = 320.0 + (1900.0 if {minute, minute - 1} & kettles else 0.0) + (900.0 if 12 * 60 < minute < 12 * 60 + 40 else 0.0)
        home.apply_flows([PEAK * max(0.0, height) ** 1.3 * shades[minute % 1440] / 4] * 4, load)

    house.driver = drive


@asynccontextmanager
async def devices(seed: int, *, hour: int, soc: float) -> AsyncIterator[Devices]:
    """Build the house on a day in June: nobody regulates anything yet, and a car is at the box."""
    start = datetime(2026, 6, 15, hour, tzinfo=datetime.now().astimezone().tzinfo)
    house = House(seed=seed, packs=1, dead_time=2.0, start=start, auto_midnight=True)
    house.soc = soc
    house.battery_model.meter_linked = False
    weather(house, seed)
    async with (
        EnphaseCloudSimulator(serials=(SERIAL,)) as cloud,
        TitanSimulator(house, packs=1) as titan,
        TrydanSimulator(house, device_id=CHARGER, firmware="2.5.0") as trydan,
        EnvoySimulator(house, serial=SERIAL, token_key=cloud.key.public_key(), inverters=2) as envoy,
    ):
        hosts = Hosts(enlighten=cloud.base_url, entrez=cloud.base_url)
        with patch.object(cloud_module, "HOSTS", hosts):
            trydan.plug()
            yield Devices(house, titan, trydan, envoy, cloud)


async def _flow(hass: HomeAssistant, domain: str, *forms: dict[str, Any]) -> ConfigEntry[Any]:
    result: Any = await hass.config_entries.flow.async_init(domain, context={"source": SOURCE_USER})
    for form in forms:
        result = await hass.config_entries.flow.async_configure(result["flow_id"], form)
    assert result["type"] == "create_entry", result
    await hass.async_block_till_done()
    entry: ConfigEntry[Any] = result["result"]
    return entry


@dataclass
class Home:
    """The house as its owner sees it, and a diary of what flowed: grid, battery and car in W, every few seconds."""

    hass: HomeAssistant
    devices: Devices
    entries: dict[str, ConfigEntry[Any]] = field(default_factory=dict)
    loops: dict[str, str] = field(default_factory=dict)
    diary: list[tuple[float, float, float, float]] = field(default_factory=list)

    async def move_in(self) -> None:
        """Add the three devices."""
        one = self.devices
        titan = {"host": HOST, "port": one.titan.modbus_port, "scan_interval": 30, "model": "titan_2400"}
        advanced = {"transport": "auto", "unit_id": 1}
        self.entries["titan"] = await _flow(self.hass, "titan_izypower", {**titan, "advanced": advanced})
        local = ({"next_step_id": "local"}, {"host": one.trydan.address})
        self.entries["v2c"] = await _flow(self.hass, "v2c_cloud", *local)
        account = {"username": "owner@example.org", "password": "sunny day"}
        envoy = ({"host": one.envoy.address}, {"next_step_id": "account"}, account)
        self.entries["envoy"] = await _flow(self.hass, "enphase_envoy", *envoy)

    def entity(self, ending: str) -> str:
        """Return the entity whose unique id ends so."""
        found = [each.entity_id for each in er.async_get(self.hass).entities.values() if each.unique_id.endswith(ending)]
        assert len(found) == 1, (ending, found)
        return found[0]

    async def add(self, entry: str, kind: str, **data: Any) -> None:
        """Add a loop."""
        subentry = ConfigSubentry(data=MappingProxyType(data), subentry_type=kind, title=kind, unique_id=None)
        self.hass.config_entries.async_add_subentry(self.entries[entry], subentry)
        await self.hass.async_block_till_done()
        self.loops[kind] = subentry.subentry_id

    def word(self, kind: str) -> str:
        """Return what a loop says that it does."""
        return self.hass.states.get(self.entity(f"{self.loops[kind]}_status")).state  # type: ignore[union-attr]

    async def regulate(self, priority: str) -> None:
        """Add the three loops, all on the meter of the gateway."""
        grid, battery = self.entity(f"{SERIAL}_net_consumption"), self.entity("TITAN-0001_battery_power")
        shared = {"grid": grid, "inverted": False}
        await self.add("titan", "zero_export", **shared, profile="balanced", car=self.entity(f"{CHARGER}_charge_power"))
        more = {"battery": battery, "priority": priority, "switch_phases": False, "charger": CHARGER}
        await self.add("v2c", "solar_charging", **shared, **more)
        await self.add("envoy", "surplus_level", **shared)

    async def move_out(self) -> None:
        """Unload everything."""
        for entry in self.entries.values():
            await self.hass.config_entries.async_unload(entry.entry_id)

    async def live(self, seconds: float) -> None:
        """Let time pass, and keep the diary."""
        house = self.devices.house
        for _ in range(int(seconds / EVERY)):
            await asyncio.sleep(EVERY)
            self.diary.append((house.grid_w, house.battery_w, house.ev_w, house.soc))

    # What the diary says

    def starts(self) -> int:
        """Count how often the car began to charge."""
        return sum(before[2] < 100 <= after[2] for before, after in pairwise(self.diary))

    def turns(self) -> int:
        """Count how often the battery turned between charging and discharging."""
        signs = [battery > 0 for _, battery, _, _ in self.diary if abs(battery) >= 50]
        return sum(before != after for before, after in pairwise(signs))

    def energy(self, column: int, sign: int = 1) -> float:
        """Return the Wh of the positive, or the negative, part of a column."""
        return sum(max(0.0, sign * line[column]) for line in self.diary) * EVERY / 3600

    def fed_to_the_car(self) -> float:
        """Return the Wh that the battery gave although the house alone did not need them."""
        return sum(min(max(0.0, b), max(0.0, b - max(0.0, g + b - e))) for g, b, e, _ in self.diary) * EVERY / 3600
