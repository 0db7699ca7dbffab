"""One side of B10: a Home Assistant with one integration on one box, in a process of its own."""

import argparse
import asyncio
import gc
import logging
import time
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..children import Child, child, serve
from ..home_assistant import counting, home_assistant, peak_memory, timed
from .names import CORE, DEVICE, FRESH, OURS
from .pinning import pin
from .pollers import SHORT_GAP, Clock

DOMAINS: Final = {OURS: "v2c_cloud", CORE: "v2c"}
NAMED: Final = "intensity"


class Side:
    """Runs one integration and says what it costs."""

    def __init__(self, hass: HomeAssistant, which: str, box: Child) -> None:
        """Use ``which`` integration on ``box``."""
        self.hass, self.which, self.box = hass, which, box
        self.clock = Clock()
        address = box.hear()["address"]
        data = (
            {"host": address}
            if which == CORE
            else {"manual_ips": {DEVICE: address}, "cached_pairings": [{"deviceId": DEVICE, "tag": "Garage"}]}
        )
        self.entry = MockConfigEntry(
            domain=DOMAINS[which],
            title="Garage",
            unique_id=DEVICE,
            version=1 if which == CORE else 2,
            data=data,
            pref_disable_polling=True,
        )

    async def setup(self) -> dict[str, Any]:
        """Load the integration for the first time, imports included."""
        self.hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        self.entry.add_to_hass(self.hass)
        before = peak_memory()
        taken = await timed(self.hass, self.hass.config_entries.async_setup(self.entry.entry_id))
        self._loaded()
        for _ in range(3):
            await self._poll()
        self.box.ask()
        found = er.async_entries_for_config_entry(er.async_get(self.hass), self.entry.entry_id)
        return taken | {
            "registered": len(found),
            "enabled": sum(each.disabled_by is None for each in found),
            "memory_mb": peak_memory() - before,
        }

    def _loaded(self) -> None:
        if self.entry.state is not ConfigEntryState.LOADED:
            raise RuntimeError(f"{self.which} is {self.entry.state}: {self.entry.reason}")
        runtime: Any = self.entry.runtime_data
        self.coordinator: Any = runtime if self.which == CORE else runtime.chargers[DEVICE]
        if self.which == OURS:
            trydan = self.coordinator.device
            trydan._clock = trydan.lan._clock = trydan.lan._pacer._clock = self.clock
            trydan.lan._pacer.gap = SHORT_GAP

    async def reload(self) -> dict[str, Any]:
        """Load it once more: nothing is imported, everything is registered."""
        taken = await timed(self.hass, self.hass.config_entries.async_reload(self.entry.entry_id))
        self._loaded()
        await self._poll()
        self.box.ask()
        return taken

    async def freeze(self) -> dict[str, Any]:
        """Spare the collector what will stay."""
        gc.collect()
        gc.freeze()
        return {}

    async def _poll(self) -> None:
        self.clock.ahead += FRESH
        await self.coordinator.async_refresh()
        await self.hass.async_block_till_done()
        if not self.coordinator.last_update_success:
            raise RuntimeError(f"{self.which}: an update failed")

    async def polls(self, count: int) -> dict[str, Any]:
        """Poll so often; return what it cost in all."""
        self.box.ask(delay=0.0)
        cpu = time.process_time()
        for _ in range(count):
            await self._poll()
        cpu = time.process_time() - cpu
        await asyncio.sleep(0.005)
        told = self.box.ask()
        return {"cpu_ms": cpu * 1000, "requests": len(told["asked"]), "bytes": told["bytes"], "connections": told["connections"]}

    async def writes(self, count: int) -> dict[str, Any]:
        """Poll as often, and count what is written into the state machine."""
        with counting(self.hass) as seen:
            await self.polls(count)
        return dict(seen)

    async def seen(self, delay: float) -> dict[str, Any]:
        """Let the box's power change, and return how long after the start of a poll the state shows it."""
        power = 7000.0 + time.monotonic() % 100
        self.box.ask(delay=delay, pinned={"ChargePower": round(power, 2)})
        shown = self.hass.loop.create_future()

        @callback
        def changed(event: Event[Any]) -> None:
            state = event.data["new_state"]
            if (
                not shown.done()
                and state is not None
                and state.attributes.get("device_class") == "power"
                and _near(state.state, power)
            ):
                shown.set_result(time.perf_counter())

        stop = self.hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
        begun = time.perf_counter()
        await self._poll()
        found = await asyncio.wait_for(shown, 5) - begun
        stop()
        self.box.ask(delay=0.0, pinned={})
        return {"ms": found * 1000}

    async def command(self, delay: float, amps: int) -> dict[str, Any]:
        """Set the charging current, and return how long the box waited for it, and how many requests it took."""
        registry = er.async_get(self.hass)
        (number,) = [
            each.entity_id
            for each in er.async_entries_for_config_entry(registry, self.entry.entry_id)
            if each.unique_id in (f"{self.entry.entry_id}_{NAMED}", f"v2c_{DEVICE}_{NAMED}_number")
        ]
        await self._poll()
        self.box.ask(delay=delay)
        begun = time.monotonic()
        await self.hass.services.async_call("number", "set_value", {"entity_id": number, "value": amps}, blocking=True)
        done = time.monotonic()
        await self.hass.async_block_till_done()
        told = self.box.ask(delay=0.0)
        ((_, at),) = told["writes"]
        before = next(index for index, target in enumerate(told["asked"]) if target.startswith("/write"))
        return {
            "ms": (at - begun) * 1000,
            "done_ms": (done - begun) * 1000,
            "requests": len(told["asked"]),
            "before": before,
        }


def _near(state: str, power: float) -> bool:
    """Tell whether a state is that power, in W or kW."""
    try:
        value = float(state)
    except ValueError:
        return False
    return min(abs(value - power), abs(1000 * value - power)) < 1


async def run(which: str) -> None:
    """Answer questions about a side until there are no more."""
    logging.basicConfig(level=logging.ERROR)
    logging.disable(logging.WARNING)
    with child("bench.charger.box") as box:
        async with home_assistant() as hass:
            hass.loop.set_debug(False)
            side = Side(hass, which, box)
            await serve(lambda question: getattr(side, question.pop("do"))(**question))


def main() -> None:
    """Run the side that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=tuple(DOMAINS))
    pin()
    asyncio.run(run(parser.parse_args().which))


if __name__ == "__main__":
    main()
