"""What goes wrong in a soak: one request in twenty at random, and now and then a device for minutes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from unittest.mock import patch

from simulators.faults import Fault

from .place import Place

SHARE: Final = 0.05
MODBUS: Final = (
    "reset_mid_frame",
    "close_mid_frame",
    "half_open",
    "drip:0.001",
    "delay:1",
    "late:5",
    "wrong_transaction",
    "wrong_unit",
    "wrong_function",
    "short_frame",
    "byte_count_off",
    "long_frame",
    "garbage",
    "garbage_prefix",
    "duplicate",
    "exception:4",
    "exception:6",
    "close_after_each",
    "no_answer",
)
HTTP: Final = (
    "reset",
    "reset_mid_frame",
    "close_mid_frame",
    "half_open",
    "drip:0.001",
    "delay:2",
    "status:500",
    "status:503",
    "truncated",
    "html",
    "empty",
    "null",
    "object",
    "list",
    "nan",
    "text_numbers",
    "garbage",
    "redirect",
    "no_answer",
)
GATEWAY: Final = (
    "500",
    "502",
    "503",
    "html",
    "empty",
    "null",
    "object",
    "list",
    "garbage",
    "hang",
    "truncated",
    "nan",
    "text_numbers",
    "reset",
    "close",
    "delay:2",
    "redirect",
)
# What a whole device has for some minutes.
LONG: Final = {
    "modbus": ("refuse", "half_open", "garbage", "exception:4", "reset_on_connect"),
    "http": ("refuse", "half_open", "status:503", "html", "reset_on_connect"),
    "gateway": ("503", "hang", "garbage", "reset"),
}
SHORTEST, LONGEST = 180.0, 900.0
# From the end of an outage to the beginning of the next, anywhere.
CALM: Final = (300.0, 1500.0)


@dataclass(frozen=True, slots=True)
class Outage:
    """One device away: its name, what was wrong, from when to when."""

    name: str
    fault: str
    began: float
    ended: float


@dataclass
class Mischief:
    """Spoils what it is let at, by a seed."""

    random: Random
    share: float = SHARE
    # How many requests there were, and how many of them went wrong, by device.
    asked: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    outages: list[Outage] = field(default_factory=list)
    quiet: bool = True

    def strike(self, name: str, kinds: tuple[str, ...]) -> Fault | None:
        """Draw for one request."""
        self.asked[name] += 1
        if self.quiet or self.random.random() >= self.share:
            return None
        fault = Fault.parse(self.random.choice(kinds))
        self.struck[name] += 1
        self.kinds[fault.kind] += 1
        return fault

    @contextmanager
    def let_at(self, there: Place) -> Iterator[None]:
        """Draw for every request of every device while the block runs; a fault that was set by hand goes first."""
        with ExitStack() as stack:
            for name, faults, kinds in _wires(there):
                original = faults.take
                stack.enter_context(patch.object(faults, "take", self._taking(name, original, kinds)))
            yield

    def _taking(self, name: str, original: Callable[..., Fault | None], kinds: tuple[str, ...]) -> Callable[..., Fault | None]:
        def take(*args: Any, **named: Any) -> Fault | None:
            return original(*args, **named) or self.strike(name, kinds)

        return take

    @asynccontextmanager
    async def at_work(self, there: Place, clock: Callable[[], float]) -> AsyncIterator[None]:
        """Spoil things while the block runs; afterwards all is well."""
        self.quiet, outages = False, asyncio.create_task(self._outages(there, clock))
        try:
            yield
        finally:
            self.quiet = True
            outages.cancel()
            await asyncio.gather(outages, return_exceptions=True)

    async def _outages(self, there: Place, clock: Callable[[], float]) -> None:
        """Take one device after the other away for some minutes."""
        switches = switches_of(there)
        while True:
            await asyncio.sleep(self.random.uniform(*CALM))
            name = self.random.choice(sorted(switches))
            kind, fail, heal = switches[name]
            fault, lasts, began = self.random.choice(LONG[kind]), self.random.uniform(SHORTEST, LONGEST), clock()
            fail(fault)
            try:
                await asyncio.sleep(lasts)
            finally:
                heal()
                self.outages.append(Outage(name, fault, began, clock()))


type Switch = tuple[str, Callable[[str], None], Callable[[], None]]


def _wires(there: Place) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Give what decides on the faults of each device, under the name that figures have."""
    for wire, titan in there.titans.items():
        yield f"titan {wire}", titan.faults, MODBUS if wire == "modbus" else HTTP
    for charger in there.chargers:
        yield "charger", charger.faults, HTTP
    yield "v2c cloud", there.v2c.faults, HTTP
    yield "gateway", there.envoy.faults, GATEWAY


def switches_of(there: Place) -> Mapping[str, Switch]:
    """Return how each device is taken away and given back."""

    def of(sim: Any, wire: str) -> Switch:
        return wire, lambda fault: sim.faults.set(wire, fault), sim.faults.clear

    found: dict[str, Switch] = {f"titan {wire}": of(titan, wire) for wire, titan in there.titans.items()}
    found |= {each.options.device_id: of(each, "http") for each in there.chargers}
    found["v2c cloud"] = of(there.v2c, "http")
    found["gateway"] = ("gateway", lambda fault: there.envoy.fail("*", fault), there.envoy.heal)
    return found
