"""What load must not do: reloads that leave something behind, many sockets, a start that waits for who is away."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from bench.goals import Figure
from tests.virtual_time import VirtualTime

from .asking import Asked
from .day import house, listened, virtual
from .mischief import switches_of
from .place import CHARGER, Size, add_all, add_chargers
from .sample import Sample, sample
from .saying import Said

RELOADS: Final = 1000
# Before the first sample everything was loaded so often: what is kept from then on is kept on purpose.
WARM_UP: Final = 5
# What a reload has begun is over after so many s: second readings, and connections that are kept for a while.
REST: Final = 60.0
SMALL: Final = Size(chargers=1, inverters=4, titan_http=False)
BUSY: Final = Size(chargers=20, inverters=1, titan_http=False, charger_interval=5)
# As slow as a box may be, in s, so that polls of different chargers overlap.
SLOW: Final = 0.5
WATCHED: Final = 120.0
GLANCE: Final = 0.1
# Everything that can be away, and how: nobody listens, or somebody listens and never answers.
AWAY: Final = {"refused": {"modbus": "refuse", "http": "refuse", "gateway": "503"}}
SILENT: Final = {"no answer at all": {"modbus": "half_open", "http": "half_open", "gateway": "hang"}}
# Home Assistant says so itself when a set-up takes longer, in s; it waits for nobody who asks to be tried again.
LONGEST_START: Final = 60.0


@dataclass
class Left:
    """What reloads left behind."""

    before: Sample
    after: Sample
    listeners: int
    said: Said = field(default_factory=Said)


def measure(reloads: int = RELOADS) -> list[Figure]:
    """Return what was found."""
    return [*_of_reloads(reloads), *_of_sockets(), *_of_starts()]


def _of_reloads(count: int) -> Iterator[Figure]:
    left = virtual(lambda clock: _reloaded(clock, count))
    case = f"{count} reloads of each of three entries"
    grown = {name: getattr(left.after, name) - getattr(left.before, name) for name in ("tasks", "timers", "files", "connections")}
    for name, gained in (grown | {"listeners": left.listeners}).items():
        yield Figure(goal="B13", what=f"{name} gained", case=case, unit="", ours=gained, bound=0, exact=True)
    objects = (left.after.objects - left.before.objects) / max(1, count)
    yield Figure(goal="B13", what="objects gained by a reload", case=case, unit="", ours=objects, bound=1, exact=True)
    yield Figure(goal="B14", what="traces", case=case, unit="", ours=len(left.said.traces), bound=0, exact=True)


async def _reloaded(clock: VirtualTime, count: int) -> Left:
    said, asked = Said(), Asked()
    async with house(SMALL) as (hass, there):
        with listened(said):
            entries = await add_all(hass, there)
            for turn in range(WARM_UP + count):
                if turn == WARM_UP:
                    await asyncio.sleep(REST)
                    before, listeners = await sample(0, lambda: there.connections), _listeners(hass)
                for entry in entries:
                    await hass.config_entries.async_reload(entry.entry_id)
                await hass.async_block_till_done()
                asked.take(there)
            await asyncio.sleep(REST)
            after = await sample(1, lambda: there.connections)
            return Left(before=before, after=after, listeners=_listeners(hass) - listeners, said=said)


def _listeners(hass: HomeAssistant) -> int:
    return sum(hass.bus.async_listeners().values())


def _of_sockets() -> Iterator[Figure]:
    most, requests = virtual(_watched)
    case = f"{BUSY.chargers} chargers at {BUSY.charger_interval} s, answers after {SLOW} s"
    yield Figure(goal="B13", what="connections at once", case=case, unit="", ours=most, bound=BUSY.chargers, exact=True)
    yield Figure(goal="", what="requests of a charger a minute", case=case, unit="", ours=requests)


async def _watched(clock: VirtualTime) -> tuple[int, float]:
    async with house(BUSY) as (hass, there):
        await add_chargers(hass, there)
        for charger in there.chargers:
            charger.options.response_delay = SLOW
            charger.forget()
        most, began = 0, clock.time()
        while clock.time() - began < WATCHED:
            await asyncio.sleep(GLANCE)
            most = max(most, sum(each.connections for each in there.chargers))
        asked = sum(len(each.requests) for each in there.chargers)
        return most, asked / len(there.chargers) / (WATCHED / 60)


def _of_starts() -> Iterator[Figure]:
    for how, faults in (AWAY | SILENT).items():
        took, lost, traces = virtual(partial(_started, faults))
        case = f"all devices and clouds away, {how}"
        yield Figure(goal="B14", what="set-up gives the start back after", case=case, unit="s", ours=took, bound=LONGEST_START)
        yield Figure(goal="B14", what="set-ups not left to Home Assistant", case=case, unit="", ours=lost, bound=0, exact=True)
        yield Figure(goal="B14", what="traces at the start", case=case, unit="", ours=traces, bound=0, exact=True)


async def _started(faults: dict[str, str], clock: VirtualTime) -> tuple[float, int, int]:
    """Set everything up while nobody is there; an account with known chargers loads without them."""
    said = Said()
    async with house(SMALL) as (hass, there):
        entries = await add_all(hass, there)
        for entry in entries:
            await hass.config_entries.async_unload(entry.entry_id)
        for wire, fail, _ in switches_of(there).values():
            fail(faults[wire])
        with listened(said):
            began = clock.time()
            # Its state when its set-up ends: soon after, Home Assistant may already be at it again.
            wrong = await asyncio.gather(*(_set_up(hass, each) for each in entries))
            took = clock.time() - began
        return took, sum(wrong), len(said.traces)


async def _set_up(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Set an entry up, and tell whether it stands otherwise than it should."""
    await hass.config_entries.async_setup(entry.entry_id)
    right = ConfigEntryState.LOADED if entry.domain == CHARGER else ConfigEntryState.SETUP_RETRY
    return entry.state is not right
