"""The soak itself: hours of all devices in one Home Assistant, in virtual time, with faults."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
import logging
import math
from random import Random
import time
from typing import Any, Final
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS

from bench.home_assistant import counting, home_assistant
from simulators.envoy_tls import SelfSigned
from simulators.trydan import TrydanSimulator
from tests import virtual_time
from tests.virtual_time import VirtualTime

from .asking import Asked
from .mischief import Mischief
from .place import Place, Size, add_all, place
from .sample import BETWEEN, LOOKS, Sample, kinds, sample
from .saying import Said

# A spring day, whose clocks are not changed: what is measured begins at midnight, UTC.
BEGIN: Final = datetime(2026, 5, 12, tzinfo=UTC)
HOUR: Final = 3600.0
# What is sent over loopback is there at once; with so many requests each real ms of waiting for it is minutes.
IN_FLIGHT: Final = 0.002
# The devices' notes are taken so often, in s.
TAKE: Final = 60.0
# After set-up, without faults: what comes seldom has come once, and the pace of a healthy hour is known.
WARM_UP: Final = 3600.0
# Before a sample all is well for so long: what was away is back. The LAN, while the cloud stands in, is tried every 300 s.
CALM: Final = 330.0
# When cars come and go, in s of real life.
STAY: Final = (600.0, 5400.0)
# How many classes are named when objects have become more.
GROWN: Final = 15


@dataclass
class Day:
    """What was found."""

    size: Size
    seed: int
    hours: float
    wall_s: float = 0.0
    cpu_s: float = 0.0
    entities: int = 0
    samples: list[Sample] = field(default_factory=list)
    # Requests by device in the hour without faults, then by hour.
    healthy: dict[str, int] = field(default_factory=dict)
    pace: list[dict[str, int]] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    grown: list[tuple[str, int]] = field(default_factory=list)
    said: Said = field(default_factory=Said)
    asked: Asked = field(default_factory=Asked)
    mischief: Mischief = field(default_factory=lambda: Mischief(Random(0)))  # noqa: S311


type Tell = Callable[[Day, str], None]


def run(size: Size, *, hours: float, seed: int, tell: Tell) -> Day:
    """Run so many hours; ``tell`` hears how far it is."""
    return virtual(lambda clock: _run(size, hours, seed, clock, tell))


def virtual[T](work: Callable[[VirtualTime], Coroutine[Any, Any, T]]) -> T:
    """Run ``work`` in virtual time."""
    # cryptography keeps the class of the first datetime that it sees: it must not be that of a stopped clock.
    SelfSigned("0")
    in_flight = patch.object(virtual_time, "IN_FLIGHT", IN_FLIGHT)
    with asyncio.Runner() as runner, in_flight, VirtualTime(runner.get_loop(), wall=BEGIN) as clock:
        runner.get_loop().set_debug(False)
        return runner.run(work(clock))


async def _run(size: Size, hours: float, seed: int, clock: VirtualTime, tell: Tell) -> Day:
    day = Day(size=size, seed=seed, hours=hours, mischief=Mischief(Random(seed)))  # noqa: S311
    began = time.perf_counter(), time.process_time()

    def told(so_far: Day, line: str) -> None:
        so_far.wall_s, so_far.cpu_s = time.perf_counter() - began[0], time.process_time() - began[1]
        tell(so_far, line)

    async with house(size) as (hass, there):
        with listened(day.said), counting(hass) as day.states, day.mischief.let_at(there):
            entries = await add_all(hass, there)
            day.entities = len(er.async_get(hass).entities)
            told(day, f"{len(entries)} entries, {day.entities} entities registered, {len(hass.states.async_all())} states")
            async with _living(there, day):
                await _hours(day, hass, there, clock, told)
            for entry in entries:
                await hass.config_entries.async_unload(entry.entry_id)
    return day


@asynccontextmanager
async def house(size: Size) -> AsyncIterator[tuple[HomeAssistant, Place]]:
    """Run a Home Assistant that finds our integrations, and the devices."""
    async with place(size) as there, home_assistant() as hass:
        hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        yield hass, there


@contextmanager
def listened(said: Said) -> Iterator[None]:
    """Let ``said`` hear the log from info on."""
    root = logging.getLogger()
    before, others = root.level, root.handlers[:]
    root.handlers[:] = [said]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = others
        root.setLevel(before)


@asynccontextmanager
async def _living(there: Place, day: Day) -> AsyncIterator[None]:
    """Let cars come and go, and take the devices' notes."""
    random = Random(day.seed + 1)  # noqa: S311
    tasks = [asyncio.create_task(each) for each in (_notes(there, day.asked), *(_cars(each, random) for each in there.chargers))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _cars(charger: TrydanSimulator, random: Random) -> None:
    """Let a car come and go."""
    while True:
        await asyncio.sleep(random.uniform(*STAY))
        charger.plug()
        await asyncio.sleep(random.uniform(*STAY))
        charger.unplug()
        # The next one is another.
        charger.car.soc = random.uniform(10, 60)


async def _notes(there: Place, asked: Asked) -> None:
    while True:
        await asyncio.sleep(TAKE)
        asked.take(there)


async def _hours(day: Day, hass: HomeAssistant, there: Place, clock: VirtualTime, tell: Tell) -> None:
    """Be well for an hour, then let things go wrong; look at the end of each hour, when all is well again."""
    await clock.run(WARM_UP - CALM)
    await _look(day, hass, there, clock, 0.0)
    day.healthy = dict(day.asked.requests)
    day.asked.forget()
    day.said.forget()
    before = kinds()
    for hour in range(1, math.ceil(day.hours) + 1):
        asked = Counter(day.asked.requests)
        async with day.mischief.at_work(there, clock.time):
            await clock.run(min(1.0, day.hours - hour + 1) * HOUR - CALM)
        await _look(day, hass, there, clock, min(hour, day.hours))
        day.pace.append(dict(day.asked.requests - asked))
        tell(day, _line(day))
    day.grown = (kinds() - before).most_common(GROWN)


async def _look(day: Day, hass: HomeAssistant, there: Place, clock: VirtualTime, hour: float) -> None:
    """Wait until all is well, then look."""
    await clock.run(CALM - LOOKS * BETWEEN)
    day.asked.take(there)
    day.samples.append(await sample(hour, lambda: there.connections, lambda: len(hass.states.async_all())))


def _line(day: Day) -> str:
    now, requests = day.samples[-1], sum(day.pace[-1].values())
    return (
        f"hour {now.hour:g}: {now.rss_mb:.1f} MB, {now.objects} objects, {now.blocks} blocks, {now.tasks} tasks, "
        f"{now.timers} timers, {now.files} files, {now.states} states, {now.connections} connections, {requests} requests, "
        f"{sum(day.mischief.struck.values())} faults, {len(day.mischief.outages)} outages"
    )
