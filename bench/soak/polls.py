"""One day at a poll a second, compressed: 40 entities on our coordinator, or on Home Assistant's as its documentation has it.

Each side is a process of its own (``side.py``), and both see the same values and faults.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
import gc
import logging
import os
from random import Random
import time
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity, DataUpdateCoordinator, UpdateFailed
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockEntityPlatform

from bench.home_assistant import counting
from custom_components.energy_core.device import Device
from custom_components.energy_core.errors import DeviceTimeoutError
from custom_components.energy_core.ha.coordinator import EnergyCoordinator
from custom_components.energy_core.ha.descriptions import SensorPoint, sensor
from custom_components.energy_core.ha.platforms import EnergySensor
from custom_components.energy_core.points import Block, Point, Raw, Source
from custom_components.energy_core.report import Reading

from .sample import files, rss_mb

STOCK, OURS = "stock", "ours"
ENTITIES: Final = 40
# So many are powers and differ with every poll; of the others one in so many does.
POWERS: Final = 6
SELDOM: Final = 60
FAULT_EVERY: Final = 600
INTERVAL: Final = 3600.0
BREATH: Final = 20
_LOGGER = logging.getLogger(__name__)


class Values:
    """What a device answers, poll by poll, the same for both sides."""

    def __init__(self) -> None:
        """Begin."""
        self._random = Random(13)  # noqa: S311
        self._now: dict[str, float] = {f"value_{number}": 0.0 for number in range(ENTITIES)}
        self.polls = 0

    def ask(self) -> dict[str, float] | None:
        """Answer one poll; None when there is no answer."""
        self.polls += 1
        for number, name in enumerate(self._now):
            if number < POWERS or self._random.random() < 1 / SELDOM:
                self._now[name] = round(self._random.uniform(0, 5000), 1)
        return None if self.polls % FAULT_EVERY == 0 else dict(self._now)


class Memory:
    """A wire without a cable."""

    name = "memory"

    def __init__(self, values: Values) -> None:
        """Read ``values``."""
        self._values = values

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:  # noqa: ARG002
        """Answer, or not."""
        if (found := self._values.ask()) is None:
            raise DeviceTimeoutError("no answer")
        return Reading(values={source.key: found[str(source.key)] for source in sources})

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Nothing can be set."""
        raise NotImplementedError


POINTS: Final = {f"value_{number}": Point(float, "W", memory=Source(key=f"value_{number}")) for number in range(ENTITIES)}
Polled: Final = type("Polled", (Block,), {**POINTS, "essential": True})


class Ours(EnergyCoordinator[Device]):
    """Our coordinator, of a device whose polls change nothing but what they read: as battery and gateway are."""

    sparse = True

    @override
    def device_info(self, block: Block) -> DeviceInfo:
        return DeviceInfo(identifiers={("bench", self.serial)})


class Stock(DataUpdateCoordinator[dict[str, float]]):
    """A coordinator as the documentation has it."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, values: Values) -> None:
        """Ask ``values``."""
        super().__init__(hass, _LOGGER, name="bench", config_entry=entry, update_interval=timedelta(seconds=INTERVAL))
        self._values = values

    @override
    async def _async_update_data(self) -> dict[str, float]:
        if (found := self._values.ask()) is None:
            raise UpdateFailed("no answer")
        return found


class StockSensor(CoordinatorEntity[Stock], SensorEntity):
    """A sensor as the documentation has it; what describes it is the same as with ours."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: Stock, description: SensorPoint) -> None:
        """Show what ``description`` describes."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = description.key
        self._attr_device_info = DeviceInfo(identifiers={("bench", "1")})

    @property
    @override
    def native_value(self) -> float:
        return self.coordinator.data[self.entity_description.key]


DESCRIPTIONS: Final = tuple(
    sensor(point, SensorDeviceClass.POWER if number < POWERS else None) for number, point in enumerate(POINTS.values())
)


class Side:
    """Runs one of the two."""

    def __init__(self, hass: HomeAssistant, which: str) -> None:
        """Prepare ``which``."""
        self.hass, self.which, self.values = hass, which, Values()
        self.entry = MockConfigEntry(domain="bench", title="bench")
        self.entry.add_to_hass(hass)
        self.coordinator: Any = None

    async def begin(self) -> dict[str, Any]:
        """Add the entities."""
        sensors: list[SensorEntity]
        if self.which == STOCK:
            stock = self.coordinator = Stock(self.hass, self.entry, self.values)
            sensors = [StockSensor(stock, each) for each in DESCRIPTIONS]
        else:
            device = Device(Memory(self.values))
            block = device.add(Polled("polled"))
            ours = self.coordinator = Ours(
                self.hass, self.entry, device, domain="bench", serial="1", interval=INTERVAL, logger=_LOGGER
            )
            sensors = [EnergySensor(ours, block, each) for each in DESCRIPTIONS]
        await self.coordinator.async_refresh()
        platform = MockEntityPlatform(self.hass, domain="sensor", platform_name="bench")
        platform.config_entry = self.entry
        await platform.async_add_entities(sensors)
        await self.hass.async_block_till_done()
        if (states := len(self.hass.states.async_all())) != ENTITIES:
            raise RuntimeError(f"{states} states")
        return {}

    async def polls(self, count: int) -> dict[str, Any]:
        """Poll so often."""
        began = time.process_time()
        for number in range(count):
            await self.coordinator.async_refresh()
            # The loop's own turn is the same for both, and long where system calls are slow.
            if number % BREATH == 0:
                await asyncio.sleep(0)
        return {"cpu_s": time.process_time() - began}

    async def slowest(self, count: int) -> dict[str, Any]:
        """Poll so often, and time each poll by the processor's clock, which others on the machine do not move.

        That clock is slow to read on some machines: it is not read where the sum is measured.
        """
        worst = 0.0
        for _ in range(count):
            before = time.thread_time()
            await self.coordinator.async_refresh()
            worst = max(worst, time.thread_time() - before)
            await asyncio.sleep(0)
        return {"worst_ms": worst * 1000}

    async def writes(self, count: int) -> dict[str, Any]:
        """Poll so often, and count what is written."""
        with counting(self.hass) as seen:
            await self.polls(count)
        return dict(seen)

    async def look(self) -> dict[str, Any]:
        """Say what the process holds."""
        gc.collect()
        tasks = len(asyncio.all_tasks())
        return {"rss_mb": rss_mb(), "objects": len(gc.get_objects()), "tasks": tasks, "files": files(), "pid": os.getpid()}
