"""An event loop that lives in virtual time: an hour of Home Assistant, with real sockets, in seconds.

In a test, ask for the fixture. Everything else stays as it is::

    async def test_an_hour(hass, virtual_time, sim):
        entry = await add(hass, sim)
        await virtual_time.run(3600)              # the same as asyncio.sleep(3600), and as cheap
        await virtual_time.until(lambda: sim.writes, within=60)
        assert virtual_time.elapsed == ...        # seconds since the test began

Elsewhere (a benchmark), wrap what runs::

    with VirtualTime(loop):
        loop.run_until_complete(...)

What it does. Each time the loop would sleep until its next timer, it first serves every socket that has something,
waits for threads that work for it, and then sets the clock to that timer. So time passes only while nothing else
can happen; computing takes none. ``loop.time``, ``time.monotonic``, ``time.time`` and ``datetime.now`` agree (freezegun,
moved by us); ``time.perf_counter`` stays real. The monotonic clock goes on from where it was; the wall clock begins
today at noon, UTC, or where ``set_wall`` puts it.

What to know.

- Both ends of each socket must be in this process. A subprocess, a container or a real device needs real time.
- Any ``await`` that has to wait moves the clock, ``asyncio.sleep`` in a helper or ``async_block_till_done`` too.
  ``asyncio.sleep(0.1)`` "to let it settle" costs nothing.
- ``while time.monotonic() < end: await asyncio.sleep(0)`` never ends: nothing there lets the clock go on.
- Objects made before the fixture may hold a real clock. The fixture is set up before all others, so that concerns
  only modules: their clocks in default arguments (``clock=time.monotonic``) are replaced in ours and the simulators'.
- A thread that was started otherwise than by ``run_in_executor`` (``to_thread``, ``async_add_executor_job``) is not
  waited for: hold the clock around it, ``with virtual_time.held(): ...``.
- Do not use it together with the ``freezer`` fixture or ``async_fire_time_changed``.
"""

import asyncio
from asyncio import selector_events
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
import logging
import math
import selectors
import sys
import time
from types import FunctionType, ModuleType
from typing import Any, Final, Self
from unittest.mock import patch

from freezegun import api as freezegun, freeze_time
import pytest
import pytest_asyncio

# What was sent over loopback arrives at once, unless the kernel has other things to do: so long it is waited for, in s.
IN_FLIGHT: Final = 0.02
# How long a thread may work, or somebody hold the clock, before time goes on without them, in real s.
PATIENCE: Final = 10.0
# How often the patience is looked at.
GLANCE: Final = 0.25
# Whose default arguments may hold a clock.
OURS: Final = ("custom_components.", "simulators.", "bench.", "demo.")
REAL: Final = (time.time, time.monotonic, datetime.now)

_LOGGER = logging.getLogger(__name__)


class StuckError(AssertionError):
    """Something that was waited for did not happen in time."""


class VirtualTime:
    """The clock of one event loop; a context manager that must be entered before the objects that it concerns exist."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, wall: datetime | None = None) -> None:
        """Take over the clock of ``loop``; ``wall`` is the time of day to begin at."""
        self._loop: Any = loop
        self._selector: selectors.BaseSelector = self._loop._selector
        self._select = self._selector.select
        # Whole microseconds, the resolution of freezegun: so all clocks agree to the last digit.
        self._began = self._micros = 0
        wall = wall or freezegun.real_datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        self._wall = wall.astimezone(UTC).replace(tzinfo=None)
        self._frozen: Any = None
        self._flying = False
        # Threads that work for the loop and holds; how many of them were waited for in vain.
        self._jobs = self._holds = self._given_up = 0
        self._stack = ExitStack()
        # How often the clock was moved: what a scenario costs.
        self.jumps = 0

    # What a test uses

    def time(self) -> float:
        """Return the monotonic time."""
        return self._micros / 1e6

    @property
    def elapsed(self) -> float:
        """Return how many seconds have passed since it began."""
        return (self._micros - self._began) / 1e6

    async def run(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def until(self, fact: Callable[[], object], *, within: float, every: float = 0.1) -> float:
        """Let time pass until ``fact`` is true; return how long it took."""
        began = self.time()
        while not fact():
            if self.time() - began > within:
                raise StuckError(f"not within {within:g} s: {getattr(fact, '__qualname__', fact)}")
            await asyncio.sleep(every)
        return self.time() - began

    def set_wall(self, moment: datetime) -> None:
        """Put the wall clock somewhere else, as a user or a time server does; no time passes by that."""
        self._wall = moment.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=self._micros - self._began)
        self._show()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the clock where it is, whatever is awaited within."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1

    # Taking over

    def __enter__(self) -> Self:
        """Take over."""
        with self._stack as undo:
            self._began = self._micros = math.ceil(time.monotonic() * 1e6)
            undo.enter_context(patch.object(freezegun, "fake_localtime", _localtime))
            self._frozen = undo.enter_context(freeze_time(self._wall))
            undo.enter_context(patch.object(freezegun, "_get_fake_monotonic", self.time))
            undo.enter_context(patch.object(freezegun, "_get_fake_monotonic_ns", lambda: self._micros * 1000))
            undo.enter_context(patch.object(time, "perf_counter", freezegun.real_perf_counter))
            for holder, name, replaced in (*_clocks_in_defaults(), *_clocks_in_partials()):
                undo.enter_context(patch.object(holder, name, replaced))
            undo.enter_context(patch.object(self._loop, "time", self.time))
            undo.enter_context(patch.object(self._loop, "run_in_executor", self._counted(self._loop.run_in_executor)))
            undo.enter_context(patch.object(self._selector, "select", self._wait))
            undo.enter_context(patch.object(self._selector, "register", self._noticed(self._selector.register)))
            transport: Any = selector_events._SelectorSocketTransport
            for name in ("write", "writelines"):
                undo.enter_context(patch.object(transport, name, self._announced(getattr(transport, name))))
            self._stack = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Give everything back; what was made in virtual time should be gone by now."""
        self._stack.close()

    def _counted(self, original: Callable[..., asyncio.Future[Any]]) -> Callable[..., asyncio.Future[Any]]:
        """Know which threads work for the loop."""

        def run_in_executor(*args: Any) -> asyncio.Future[Any]:
            future = original(*args)
            self._jobs += 1
            future.add_done_callback(self._finished)
            return future

        return run_in_executor

    def _finished(self, _: object) -> None:
        self._jobs -= 1

    def _noticed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """A new socket may be on its way to somebody."""

        def register(*args: Any) -> Any:
            self._flying = True
            return original(*args)

        return register

    def _announced(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """What is written will arrive."""

        def write(transport: Any, *args: Any) -> Any:
            self._flying = True
            return original(transport, *args)

        return write

    # Waiting

    def _wait(self, timeout: float | None = None) -> list[Any]:
        """Serve what is there; when nothing is, move the clock instead of waiting."""
        if timeout is None:
            return self._select(None)
        events = self._select(0) or (self._outside() if timeout > 0 else [])
        if events:
            self._flying = False
        elif timeout > 0:
            self._micros += max(1, math.ceil(timeout * 1e6))
            self.jumps += 1
            self._show()
        return events

    def _outside(self) -> list[Any]:
        """Wait in real time for what is on its way: bytes, and the results of threads."""
        # A thread that is not waited for may be about to end.
        events = self._select(IN_FLIGHT) if self._flying or self._given_up else []
        self._flying = False
        self._given_up = min(self._given_up, self._jobs + self._holds)
        until = freezegun.real_monotonic() + PATIENCE
        while not events and self._jobs + self._holds > self._given_up:
            if freezegun.real_monotonic() > until:
                _LOGGER.warning("Time goes on without %s threads and %s holds", self._jobs, self._holds)
                self._given_up = self._jobs + self._holds
            else:
                events = self._select(GLANCE)
        return events

    def _show(self) -> None:
        self._frozen.time_to_freeze = self._wall + timedelta(microseconds=self._micros - self._began)


def _clocks_in_defaults() -> Iterator[tuple[FunctionType, str, Any]]:
    """Find the clocks in default arguments: freezegun only sees names of modules. To be called while it is on."""
    fakes = {id(REAL[0]): time.time, id(REAL[1]): time.monotonic}

    def fake(value: Any) -> Any:
        return _now if isinstance(value, type(REAL[2])) and value == REAL[2] else fakes.get(id(value), value)

    for function in {id(each): each for each in _functions()}.values():
        if function.__defaults__ and any(fake(each) is not each for each in function.__defaults__):
            yield function, "__defaults__", tuple(map(fake, function.__defaults__))
        named = function.__kwdefaults__
        if named and any(fake(each) is not each for each in named.values()):
            yield function, "__kwdefaults__", {name: fake(each) for name, each in named.items()}


def _clocks_in_partials() -> Iterator[tuple[ModuleType, str, Any]]:
    """Find Home Assistant's ``utcnow``, made with ``partial`` before anybody could replace the clock; pytest's plugin did."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name.startswith("homeassistant."):
            for attribute, value in list(vars(module).items()):
                if isinstance(value, partial) and value.func == REAL[2]:
                    yield module, attribute, partial(_now, *value.args)


def _localtime(seconds: float | None = None) -> time.struct_time:
    """Know the offset, which freezegun's own leaves out and aiohttp's log asks for."""
    return freezegun.real_localtime(time.time() if seconds is None else seconds)


def _now(*args: Any) -> datetime:
    """Stand in for ``datetime.now`` as a value."""
    return datetime.now(*args)  # noqa: DTZ005


def _functions() -> Iterator[FunctionType]:
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name.startswith(OURS):
            for value in list(vars(module).values()):
                if isinstance(value, FunctionType):
                    yield value
                elif isinstance(value, type) and value.__module__.startswith(OURS):
                    yield from (each for each in vars(value).values() if isinstance(each, FunctionType))


@pytest_asyncio.fixture
def virtual_time() -> Generator[VirtualTime]:
    """Virtual time for this test, from before its other fixtures until after them."""
    with VirtualTime(asyncio.get_event_loop()) as clock:
        yield clock


def first(item: pytest.Item) -> None:
    """Set the fixture up before all others of a test: what they make must not know the real clock."""
    names: list[str] = getattr(item, "fixturenames", [])
    if "virtual_time" in names:
        names.remove("virtual_time")
        names.insert(0, "virtual_time")
