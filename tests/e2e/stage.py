"""The demo, in a thread of its own: the tests tell it what to do and wait for the answer, as the browser's API does."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
import threading
import time
from typing import Any

from demo.runtime import Demo, running

START_SECONDS = 240
ANSWER_SECONDS = 90
STOP_SECONDS = 90
LOOK_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A running demo, for code that is not asynchronous."""

    demo: Demo
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """Where Home Assistant is."""
        return self.demo.hass.url

    def do[T](self, work: Coroutine[Any, Any, T], within: float = ANSWER_SECONDS) -> T:
        """Run something in the demo's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(within)

    def command(self, name: str, **payload: object) -> Any:
        """Send a WebSocket command to Home Assistant."""
        return self.do(self.demo.hass.command(name, **payload))

    def until(self, condition: Callable[[], bool], within: float = ANSWER_SECONDS) -> None:
        """Wait until something is so that no page shows."""
        end = time.monotonic() + within
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("it did not come to that")
            time.sleep(LOOK_SECONDS)

    def loaded(self, domain: str) -> bool:
        """Tell whether the entry of an integration works."""
        return bool(self.command("config_entries/get", domain=domain)[0]["state"] == "loaded")

    def house(self, **change: object) -> None:
        """Change the simulated house."""
        self.do(self.demo.simulator.change(change))

    def simulated(self) -> dict[str, Any]:
        """Return everything that the simulators know."""
        return self.do(self.demo.simulator.state())


@contextmanager
def staged() -> Iterator[Stage]:
    """Run the demo while the block runs."""
    ready: Future[tuple[Demo, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        try:
            async with running(port=None, keep=False) as demo:
                over = asyncio.Event()
                ready.set_result((demo, asyncio.get_running_loop(), over))
                await over.wait()
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="demo")
    thread.start()
    demo, loop, over = ready.result(START_SECONDS)
    try:
        yield Stage(demo=demo, loop=loop)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(STOP_SECONDS)
