"""One side of the comparison: a Home Assistant with one integration for one simulated battery, in a process of its own."""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
import gc
import json
import logging
from pathlib import Path
import resource
import time
from typing import Any, Final
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.titan_izypower.titan import device as titan_device

from ..children import Child, child, serve
from ..home_assistant import counting, home_assistant
from .processes import CLIENT, CORE, OURS, pin

HOST: Final = "127.0.0.1"
SERIAL: Final = "SIM-TITAN-0001"
DOMAINS: Final = {OURS: "titan_izypower", CORE: "indevolt"}
# Where each shows the power at the meter, and what that is in the answers of the unit.
METER: Final = {OURS: f"{SERIAL}_meter_power", CORE: f"{SERIAL}_11016"}
STATM: Final = Path("/proc/self/statm")
METER_POINT: Final = "11016"


class Side:
    """Runs one integration on one unit and says what it costs."""

    def __init__(self, hass: HomeAssistant, which: str, device: Child) -> None:
        """Use ``which`` integration over HTTP."""
        self.hass, self.which, self.device = hass, which, device
        self.ahead = 0.0
        port = device.hear()["http"]
        self._patches = [patch("homeassistant.components.indevolt.coordinator.DEFAULT_PORT", port)] if which == CORE else []
        data = {"host": HOST, "model": "CMS-SF2000", "serial_number": SERIAL, "generation": 2}
        if which == OURS:
            more = {"transport": "opendata", "unit_id": 1, "wire": "opendata", "serials": {"device": SERIAL}}
            data = {"host": HOST, "port": port, "model": "titan_2400", **more}
        self.entry: ConfigEntry[Any] = MockConfigEntry(
            domain=DOMAINS[which],
            title="Battery",
            unique_id=SERIAL,
            version=1,
            minor_version=2 if which == CORE else 1,
            data=data,
            pref_disable_polling=True,
        )

    async def setup(self, gap: float | None = None) -> dict[str, Any]:
        """Load the integration for the first time, imports included; ``gap`` as in ``reload``."""
        for each in self._patches:
            each.start()
        self.hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        self.entry.add_to_hass(self.hass)  # type: ignore[attr-defined]
        before = _memory()
        taken = await self._timed(self.hass.config_entries.async_setup, gap)
        found = er.async_entries_for_config_entry(er.async_get(self.hass), self.entry.entry_id)
        return taken | {
            "registered": len(found),
            "enabled": sum(each.disabled_by is None for each in found),
            "memory_mb": _memory() - before,
        }

    async def reload(self, gap: float | None = None) -> dict[str, Any]:
        """Load it once more; ``gap`` is our pause between two requests from then on, in seconds, where not the usual one."""
        return await self._timed(self.hass.config_entries.async_reload, gap)

    async def _timed(self, load: Callable[[str], Awaitable[bool]], gap: float | None) -> dict[str, Any]:
        """Load, and say how long it took: until Home Assistant goes on, and until everything is shown."""
        self._went()
        usual = titan_device.REQUEST_GAP
        with patch.object(titan_device, "REQUEST_GAP", usual if gap is None else gap):
            wall, cpu = time.perf_counter(), time.process_time()
            await load(self.entry.entry_id)
            await self.hass.async_block_till_done()
            ready = time.perf_counter() - wall
            await self.hass.async_block_till_done(wait_background_tasks=True)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if self.entry.state.value != "loaded":
            raise RuntimeError(f"{self.which} is {self.entry.state}: {self.entry.reason}")
        self.coordinator: Any = self.entry.runtime_data
        if self.which == OURS:
            self._rule(self.coordinator.device)
        return {"ready_ms": ready * 1000, "wall_ms": wall * 1000, "cpu_ms": cpu * 1000} | self._went()

    def _rule(self, device: Any) -> None:
        """Be the clock of a device of ours."""
        device._clock = lambda: time.monotonic() + self.ahead
        device._now = self._now

    def _now(self) -> datetime:
        return dt_util.now() + timedelta(seconds=self.ahead)

    def _went(self, **change: Any) -> dict[str, Any]:
        """Return what went over the wire since the last time."""
        found: dict[str, Any] = self.device.ask(**change)["http"]
        return found

    async def freeze(self) -> dict[str, Any]:
        """Spare the collector what will stay."""
        gc.collect()
        gc.freeze()
        return {}

    async def cycles(self, count: int, step: float) -> dict[str, Any]:
        """Poll ``count`` times, ``step`` seconds apart by the clocks of unit and integration."""
        total = {"cpu_ms": 0.0, "requests": 0, "connections": 0, "bytes": 0}
        for _ in range(count):
            self._went(advance=step)
            self.ahead += step
            before = time.process_time()
            await self._refresh()
            total["cpu_ms"] += (time.process_time() - before) * 1000
            went = self._went()
            total["requests"] += went["requests"]
            total["connections"] += went["connections"]
            total["bytes"] += went["up"] + went["down"]
        return total

    async def _refresh(self) -> None:
        await self.coordinator.async_refresh()
        await self.hass.async_block_till_done()
        if not self.coordinator.last_update_success:
            raise RuntimeError(f"{self.which}: an update failed")

    async def writes(self, count: int, step: float) -> dict[str, Any]:
        """Poll as often, and count what is written into the state machine."""
        with counting(self.hass) as seen:
            await self.cycles(count, step)
        return seen

    async def follow(self, value: int, delay: float) -> dict[str, Any]:
        """Change the meter's power, and return how long a poll that begins now takes to show it."""
        entity = er.async_get(self.hass).async_get_entity_id("sensor", DOMAINS[self.which], METER[self.which])
        shown: asyncio.Future[float] = self.hass.loop.create_future()

        def changed(event: Event[Any]) -> None:
            if event.data["entity_id"] == entity and not shown.done():
                shown.set_result(time.perf_counter())

        stop = self.hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
        self._went(set={METER_POINT: value}, delay=delay)
        started = time.perf_counter()
        await self._refresh()
        stop()
        went = self._went(delay=0)
        return {"wall_ms": (shown.result() - started) * 1000, "requests": went["requests"]}

    async def order(self, power: int) -> dict[str, Any]:
        """Have the unit charge, and return when each write of that reached it, and what was asked in between."""
        ours = self.which == OURS
        device = dr.async_entries_for_config_entry(dr.async_get(self.hass), self.entry.entry_id)[0]
        target: Mapping[str, Any] = {"config_entry_id": self.entry.entry_id} if ours else {"device_id": device.id}
        self._went()
        started = time.monotonic()
        await self.hass.services.async_call(
            DOMAINS[self.which], "charge", {"power": power, "target_soc": 95, **target}, blocking=True
        )
        took, went = time.monotonic() - started, self._went()
        order = went["writes"][-1]
        before = sum(at < order for at in went["asked"])
        return {"wall_ms": took * 1000, "last_ms": (order - started) * 1000, "before": before, "requests": went["requests"]}

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked for."""
        found: dict[str, Any] = await getattr(self, question.pop("do"))(**question)
        return found


def _memory() -> float:
    """Return the memory that this process holds, in MB."""
    gc.collect()
    return int(STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


@asynccontextmanager
async def beginning(which: str) -> AsyncGenerator[Side]:
    """Run a Home Assistant and a unit for ``which`` integration."""
    with child("bench.battery.simulated", json.dumps({"packs": 2})) as device:
        async with home_assistant() as hass:
            yield Side(hass, which, device)


async def run(which: str) -> None:
    """Answer questions about a side until there are no more."""
    async with beginning(which) as side:
        await serve(side.answer)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=(OURS, CORE))
    pin(CLIENT)
    asyncio.run(run(parser.parse_args().which))
