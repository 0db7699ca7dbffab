"""One side of the comparison: a Home Assistant with one integration and nothing else, in a process of its own."""

import argparse
import asyncio
import cProfile
from datetime import datetime, timedelta
from functools import partial
import gc
import io
import json
import logging
import pstats
import time
from typing import Any, Final

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.enphase_envoy.envoy.link import GAP
from tests.enphase_envoy.oracle import DOMAIN, use_core, use_ours

from ..children import Child, child, serve
from ..home_assistant import counting, holding_up, home_assistant, peak_memory, timed
from .figures import CORE, OURS

# The breath between two requests, with a clock that is set by hand: its timer is still paid for, the wait is not.
SHORT_GAP: Final = 0.001
SHOWN_LINES: Final = 45


class Clock:
    """The time of the integration, which can be moved on."""

    def __init__(self) -> None:
        """Begin at the real time; who is ``hurried`` does not breathe between two requests."""
        self.ahead = 0.0
        self.hurried = True

    def monotonic(self) -> float:
        """Return what stands for the monotonic clock."""
        return time.monotonic() + self.ahead

    def now(self) -> datetime:
        """Return what stands for the local time."""
        return dt_util.now() + timedelta(seconds=self.ahead)

    def rule(self, device: Any) -> None:
        """Be the clock of a device of ours."""
        device._clock = self.monotonic
        device._now = self.now
        device.local.health.clock = self.monotonic
        device.local.link.pacer._clock = self.monotonic
        if self.hurried:
            device.local.link.pacer.gap = SHORT_GAP


class Side:
    """Runs one integration on one gateway and says what it costs."""

    def __init__(
        self, hass: HomeAssistant, which: str, gateway: Child, *, real: bool, options: dict[str, Any] | None = None
    ) -> None:
        """Use ``which`` integration; ``real`` leaves all clocks and timers alone."""
        self.hass = hass
        self.which = which
        self.gateway = gateway
        self.real = real
        self.clock = Clock()
        self.about = gateway.hear()
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title=f"Envoy {self.about['serial']}",
            unique_id=self.about["serial"],
            version=1,
            data=self._data(),
            options=options or {},
            pref_disable_polling=not real,
        )

    def _data(self) -> dict[str, str]:
        """Return what core's set-up form leaves behind; ours takes it as it is."""
        known = {"host": self.about["address"], "name": f"Envoy {self.about['serial']}"}
        if self.about["secure"]:
            return known | {"username": "somebody@example.com", "password": "secret", "token": self.about["token"]}
        return known | {"username": "installer", "password": ""}

    async def setup(self) -> dict[str, Any]:
        """Load the integration for the first time, imports included."""
        await (use_core if self.which == CORE else use_ours)(self.hass)
        self.entry.add_to_hass(self.hass)
        before = peak_memory()
        taken = await timed(self.hass, self.hass.config_entries.async_setup(self.entry.entry_id))
        self._loaded()
        asked = self.gateway.ask(advance=0)
        found = er.async_entries_for_config_entry(er.async_get(self.hass), self.entry.entry_id)
        return taken | {
            "paths": asked["paths"],
            "in_flight": asked["in_flight"],
            "registered": len(found),
            "enabled": sum(each.disabled_by is None for each in found),
            "memory_mb": peak_memory() - before,
        }

    def _loaded(self) -> None:
        if self.entry.state.value != "loaded":
            raise RuntimeError(f"{self.which} is {self.entry.state}: {self.entry.reason}")
        self.coordinator: Any = self.entry.runtime_data
        if self.which == OURS and not self.real:
            self.clock.rule(self.coordinator.device)

    async def reload(self) -> dict[str, Any]:
        """Load it once more: nothing is imported, everything is registered."""
        taken = await timed(self.hass, self.hass.config_entries.async_reload(self.entry.entry_id))
        self._loaded()
        self.gateway.ask(advance=0)
        return taken

    def pace(self, interval: float, *, hurried: bool) -> dict[str, Any]:
        """Live by another interval from now on; core reads everything each time."""
        self.clock.hurried = hurried
        if self.which == OURS:
            self.coordinator.set_interval(interval)
            self.coordinator.device.local.link.pacer.gap = SHORT_GAP if hurried else GAP
        return {}

    def enabled(self) -> dict[str, Any]:
        """Return what identifies the entities that are enabled."""
        found = er.async_entries_for_config_entry(er.async_get(self.hass), self.entry.entry_id)
        return {"ids": [[each.domain, each.unique_id] for each in found if each.disabled_by is None]}

    async def only(self, ids: list[list[str]]) -> dict[str, Any]:
        """Disable all other entities."""
        registry = er.async_get(self.hass)
        for each in er.async_entries_for_config_entry(registry, self.entry.entry_id):
            if each.disabled_by is None and [each.domain, each.unique_id] not in ids:
                registry.async_update_entity(each.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
        return await self.reload()

    async def latency(self, step: float) -> dict[str, Any]:
        """Poll once, and say how long it took until live power stood in the state machine."""
        registry, at = er.async_get(self.hass), list[float]()
        wanted = registry.async_get_entity_id("sensor", DOMAIN, f"{self.about['serial']}_production")

        @callback
        def changed(event: Event[Any]) -> None:
            if event.data["entity_id"] == wanted:
                at.append(time.perf_counter())

        stop = self.hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
        self.gateway.ask(advance=step)
        self.clock.ahead += step
        started = time.perf_counter()
        await self.coordinator.async_refresh()
        await self.hass.async_block_till_done()
        stop()
        return {"wall_ms": (at[0] - started) * 1000 if at else None, **self.gateway.ask(advance=0)}

    async def command(self) -> dict[str, Any]:
        """Set the reserve of the batteries, and say what stood between the call and the write on the gateway."""
        registry = er.async_get(self.hass)
        found = er.async_entries_for_config_entry(registry, self.entry.entry_id)
        wanted = next(each for each in found if each.domain == "number" and each.unique_id.endswith("_reserve_soc"))
        state = self.hass.states.get(wanted.entity_id)
        assert state is not None
        started = time.monotonic()
        value = float(state.state) + 5
        call = {"entity_id": wanted.entity_id, "value": value if value <= 100 else value - 10}
        task = self.hass.async_create_task(self.hass.services.async_call("number", "set_value", call, blocking=True))
        written = None
        while written is None:
            await asyncio.sleep(0.05)
            written = self.gateway.ask(advance=0, keep=True)["write"]
        task.cancel()
        return {"before": written[0], "wall_ms": (written[1] - started) * 1000}

    def freeze(self) -> dict[str, Any]:
        """Spare the collector what will stay."""
        gc.collect()
        gc.freeze()
        return {}

    async def cycles(self, count: int, step: float) -> dict[str, Any]:
        """Poll ``count`` times, ``step`` seconds apart by the clocks of gateway and integration."""
        cpu, paths, peak, size = 0.0, [], 0, 0
        for _ in range(count):
            self.gateway.ask(advance=step)
            self.clock.ahead += step
            before = time.process_time()
            await self.coordinator.async_refresh()
            await self.hass.async_block_till_done()
            cpu += time.process_time() - before
            if not self.coordinator.last_update_success:
                raise RuntimeError(f"{self.which}: an update failed")
            asked = self.gateway.ask(advance=0)
            paths.append(asked["paths"])
            size += asked["bytes"]
            peak = max(peak, asked["in_flight"])
        return {"cpu_ms": cpu * 1000, "paths": paths, "in_flight": peak, "bytes": size}

    async def writes(self, count: int, step: float) -> dict[str, Any]:
        """Poll as often, and count what is written into the state machine."""
        with counting(self.hass) as seen:
            await self.cycles(count, step)
        return seen

    async def held(self, count: int, step: float) -> dict[str, Any]:
        """Poll as often, and say how long a poll keeps everything else waiting; and then how long loading does."""
        with holding_up(self.hass.loop) as polls:
            await self.cycles(count, step)
        with holding_up(self.hass.loop) as load:
            await self.reload()
        return {"poll_ms": polls.longest_ms, "load_ms": load.longest_ms}

    async def profile(self, count: int, step: float) -> dict[str, Any]:
        """Poll as often under the profiler."""
        profiler = cProfile.Profile()
        profiler.enable()
        await self.cycles(count, step)
        profiler.disable()
        text = io.StringIO()
        found = pstats.Stats(profiler, stream=text)
        for order in ("tottime", "cumulative"):
            found.sort_stats(order).print_stats(SHOWN_LINES)
        return {"text": text.getvalue()}

    async def live(self, seconds: float, interval: float) -> dict[str, Any]:
        """Let Home Assistant do as it does, for so long by the clock on the wall."""
        if self.which == CORE:
            self.coordinator.update_interval = timedelta(seconds=interval)
        await self.coordinator.async_refresh()
        self.gateway.ask(advance=0)
        before = time.process_time()
        await asyncio.sleep(seconds)
        cpu = time.process_time() - before
        asked = self.gateway.ask(advance=0)
        return {"cpu_ms": cpu * 1000, "paths": asked["paths"], "in_flight": asked["in_flight"]}


async def answer(side: Side, question: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked for."""
    match question.pop("do"):
        case "freeze" | "pace" | "enabled" as name:
            told: dict[str, Any] = getattr(side, name)(**question)
            return told
        case "setup" | "reload" | "cycles" | "writes" | "held" | "profile" | "live" | "only" | "latency" | "command" as name:
            found: dict[str, Any] = await getattr(side, name)(**question)
            return found
    raise ValueError(question)


async def run(arguments: argparse.Namespace) -> None:
    """Answer questions about a side until there are no more."""
    logging.basicConfig(level=logging.ERROR)
    more = ["--inverters", str(arguments.inverters), "--delay", str(arguments.delay), *(["--real"] if arguments.real else [])]
    with child("bench.gateway.simulated", arguments.capture, *more) as gateway:
        async with home_assistant() as hass:
            side = Side(hass, arguments.which, gateway, real=arguments.real, options=json.loads(arguments.options))
            await serve(partial(answer, side))


def main() -> None:
    """Run the side that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=(CORE, OURS))
    parser.add_argument("capture")
    parser.add_argument("--inverters", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that each answer of the gateway takes")
    parser.add_argument("--options", default="{}", help="those of the entry, as JSON")
    parser.add_argument("--real", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
