"""A Home Assistant to measure in, and what is written into its state machine."""

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
import resource
import tempfile
import time
from typing import Any, Never, Self, override
from unittest.mock import patch

from aiohttp.abc import AbstractResolver
from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, HomeAssistant, callback
from pytest_homeassistant_custom_component.common import async_test_home_assistant


class counting:  # noqa: N801
    """Counts what is written into the state machine while the block runs."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.seen = {"changed": 0, "reported": 0}
        self._hass = hass

    def __enter__(self) -> dict[str, int]:
        @callback
        def changed(_event: Event[Any]) -> None:
            self.seen["changed"] += 1

        @callback
        def reported(_event: Event[Any]) -> None:
            self.seen["reported"] += 1

        @callback
        def every(_data: Any) -> bool:
            return True

        listen = self._hass.bus.async_listen
        self._stops = [listen(EVENT_STATE_CHANGED, changed), listen(EVENT_STATE_REPORTED, reported, event_filter=every)]
        return self.seen

    def __exit__(self, *_: object) -> None:
        for stop in self._stops:
            stop()


class holding_up:  # noqa: N801
    """Notes the longest that one turn of the event loop kept everything else waiting, in ms of CPU time."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.longest_ms = 0.0
        self._loop = loop

    def __enter__(self) -> Self:
        self._last = time.thread_time()
        self._next = self._loop.call_soon(self._tick)
        return self

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now
        self._next = self._loop.call_soon(self._tick)

    def __exit__(self, *_: object) -> None:
        self._next.cancel()


class NoNames(AbstractResolver):
    """Nobody is looked up: the gateway has a number, and everybody else is none of our business."""

    @override
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Never:
        raise OSError(f"{host} is not looked up here")

    @override
    async def close(self) -> None:
        """Nothing is open."""

    async def real_close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant that has nothing but its core, and knows nobody but this machine."""
    resolver = patch("homeassistant.helpers.aiohttp_client._async_make_resolver", return_value=NoNames())
    with tempfile.TemporaryDirectory() as folder, resolver:
        async with async_test_home_assistant(config_dir=folder) as hass:
            yield hass
            await hass.async_stop(force=True)


async def timed(hass: HomeAssistant, load: Awaitable[bool]) -> dict[str, Any]:
    """Load an entry, and return how long it took until nothing was left to do, and what CPU time it cost."""
    wall, cpu = time.perf_counter(), time.process_time()
    await load
    await hass.async_block_till_done()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall_ms": wall * 1000, "cpu_ms": cpu * 1000}


def peak_memory() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
