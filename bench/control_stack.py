"""The whole stack on the nominal plant: a real Home Assistant, our entry, the real wire, a simulated house, virtual time.

What the law bench leaves out counts here: polling, reading back, pacing, the state machine, and that the meter is an
entity of somebody else. Powers and loads are those of the law bench, so the figures stand beside its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
import logging
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS

from simulators.house import House
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import add
from tests.virtual_time import VirtualTime

from .control_limits import LIMITS, Verdict, basics
from .control_report import HEAD, limits_table, row, verdict
from .control_runs import Score, Seeds, Trace, Traces
from .home_assistant import home_assistant
from .plants import DT, METER_NOISE, NOMINAL, dice, mixed, step
from .tables import table

METER: Final = "sensor.meter"
SETPOINT: Final = "power_setpoint"
LOOP: Final = "zero export, Modbus"
LOOP_HTTP: Final = "zero export, HTTP"
SERVICE: Final = "naive by service, Modbus"
SERVICE_HTTP: Final = "naive by service, HTTP"
WATTS: Final[dict[str, Any]] = {"unit_of_measurement": "W", "device_class": "power"}
# What a real-time order is sent to, on each wire; and what stands before its power: standby, charge, discharge.
ORDER_REGISTER, ORDER_POINTS = 1150, (47015,)
SIGNS: Final = (0, -1, 1)
# How far the naive automation lets the battery go, and what it leaves alone.
NAIVE_GAP, NAIVE_DEAD_BAND = NOMINAL.gap, 20.0
# Figures of the whole stack may be so much worse than those of the law alone.
SLACK: Final = 1.15


@dataclass(kw_only=True)
class Scene:
    """A house under a Home Assistant, and what has happened there so far."""

    hass: HomeAssistant
    sim: TitanSimulator
    load: Sequence[float]
    seed: int
    grid: list[float] = field(default_factory=list)

    async def live(self) -> None:
        """Let the load go by, step by step, on a beat that does not drift."""
        loop, house = asyncio.get_running_loop(), self.sim.house
        began = loop.time()
        for tick, watts in enumerate(self.load):
            await asyncio.sleep(max(0.0, began + tick * DT - loop.time()))
            house.load_w, house.pv_w = max(0.0, watts), max(0.0, -watts)
            self.grid.append(house.grid_w)

    async def measure(self) -> None:
        """Be the meter: an entity that speaks now and then, late and noisy."""
        loop, random = asyncio.get_running_loop(), dice(self.seed + 3)
        due = loop.time()
        while True:
            watts = round(self.sim.house.grid_w + random.gauss(0, METER_NOISE))
            loop.call_later(NOMINAL.meter_delay, self.hass.states.async_set, METER, str(watts), WATTS)
            due += NOMINAL.meter_every
            await asyncio.sleep(due - loop.time())

    def orders(self) -> list[float]:
        """Return every order that went over the wire, W; whatever else was written is none."""
        found = []
        for each in self.sim.writes:
            if each.address == ORDER_REGISTER or each.points == ORDER_POINTS:
                state, watts = (int(str(value)) for value in each.values[:2])
                found.append(float(SIGNS[state] * watts))
        return found


type Driver = Callable[[Scene, Any], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def zero_export(scene: Scene, entry: Any) -> AsyncIterator[None]:
    """Switch on the loop of our integration, as a user does: by adding its subentry, which is switched on by itself."""
    data = {"grid": METER, "inverted": False, "profile": "balanced"}
    subentry = ConfigSubentry(data=MappingProxyType(data), subentry_type="zero_export", title="Zero export", unique_id=None)
    scene.hass.config_entries.async_add_subentry(entry, subentry)
    await scene.hass.async_block_till_done()
    yield


@asynccontextmanager
async def naive(scene: Scene, entry: Any) -> AsyncIterator[None]:
    """Run the automation that everybody writes first: the power setpoint grows by what the meter says."""
    found = er.async_entries_for_config_entry(er.async_get(scene.hass), entry.entry_id)
    number = next(each.entity_id for each in found if each.unique_id.endswith(SETPOINT))

    async def regulate() -> None:
        wanted, loop = 0.0, asyncio.get_running_loop()
        while True:
            due = loop.time() + NAIVE_GAP
            state = scene.hass.states.get(METER)
            error = float(state.state) if state is not None else 0.0
            if abs(error) >= NAIVE_DEAD_BAND:
                wanted = max(-NOMINAL.limit, min(NOMINAL.limit, wanted + error))
                # An automation waits for its action, and goes on when that is refused.
                with suppress(HomeAssistantError):
                    data = {"entity_id": number, "value": round(wanted)}
                    await scene.hass.services.async_call("number", "set_value", data, blocking=True)
            await asyncio.sleep(max(0.0, due - loop.time()))

    async with running(regulate()):
        yield


# Who regulates, and over which wire.
DRIVERS: Final[Mapping[str, tuple[Driver, str]]] = {
    LOOP: (zero_export, "modbus_tcp"),
    LOOP_HTTP: (zero_export, "opendata"),
    SERVICE: (naive, "modbus_tcp"),
    SERVICE_HTTP: (naive, "opendata"),
}


@asynccontextmanager
async def running(work: Any) -> AsyncIterator[None]:
    """Run something beside the block."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def perform(hass: HomeAssistant, driver: str, load: Sequence[float], seed: int) -> Trace:
    """Let a driver regulate ``load`` in a house of its own."""
    plant = NOMINAL
    house = House(seed=seed + 7, dead_time=plant.dead, jitter=plant.jitter, lag=plant.lag, ramp=plant.ramp, pause=plant.pause)
    # Nothing but the driver regulates: the unit has no meter of its own.
    house.battery_model.meter_linked = False
    async with TitanSimulator(house, packs=2) as sim:
        scene = Scene(hass=hass, sim=sim, load=load, seed=seed)
        regulate, wire = DRIVERS[driver]
        entry = await add(hass, sim, wire)
        house.load_w = load[0]
        async with running(scene.measure()):
            await asyncio.sleep(plant.meter_every)
            sim.log.clear()
            async with regulate(scene, entry):
                await scene.live()
            trace = Trace(load=load, grid=scene.grid, orders=scene.orders(), at=[each.at for each in sim.writes])
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.config_entries.async_remove(entry.entry_id)
    return trace


async def play(driver: str, load: Sequence[float], seed: int) -> Trace:
    """Do so in a Home Assistant of its own."""
    async with home_assistant() as hass:
        # It begins with no integrations but Home Assistant's own; ours are found when it looks again.
        hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        return await perform(hass, driver, load, seed)


def played(driver: str, load: Sequence[float], seed: int) -> Trace:
    """Do so in an event loop of its own, in virtual time."""
    with asyncio.Runner() as runner, VirtualTime(runner.get_loop()):
        return runner.run(play(driver, load, seed))


def score(driver: str, seeds: Seeds, say: Callable[[str], None]) -> Score:
    """Return the figures of a driver on the nominal plant."""
    logging.basicConfig(level=logging.ERROR)
    found = Traces(kind=NOMINAL)
    for seed in range(seeds.mixed):
        say(f"{driver}: mixed load {seed + 1} of {seeds.mixed} …")
        found.mixed.append(played(driver, mixed(seed), seed))
    for seed in range(seeds.step):
        say(f"{driver}: step {seed + 1} of {seeds.step} …")
        found.steps.append(played(driver, step(seed), seed))
    return found.score()


def verdicts(scores: Mapping[str, Score]) -> Iterator[Verdict]:
    """Judge the loop: as the law alone, with some slack, and no more writes than promised in any minute."""
    for name, other in ((LOOP, SERVICE), (LOOP_HTTP, SERVICE_HTTP)):
        if name not in scores:
            continue
        ours, wire = scores[name], name.rpartition(" ")[2]
        say = partial(Verdict, plant=wire)
        yield from (replace(each, plant=wire) for each in basics(NOMINAL.name, ours, slack=SLACK))
        yield say(what="writes in the worst minute", value=ours.busiest, limit=LIMITS.orders)
        if other in scores:
            share = ours.exported / scores[other].exported
            yield say(what="exported / naive", value=share, limit=LIMITS.exported_share * SLACK)


def text(scores: Mapping[str, Score], judged: Sequence[Verdict]) -> str:
    """Return everything, as a document shows it."""
    rows = [row(name, score) for name, score in scores.items()]
    return "\n\n".join(["### The whole stack, nominal plant", table(HEAD, rows), limits_table(judged), verdict(judged)])
