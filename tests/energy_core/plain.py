"""The fixtures that need no Home Assistant: a fake unit on a fake wire, and a clock that only moves when told to."""

from collections.abc import Callable

import pytest

from tests.energy_core.clock import Clock
from tests.energy_core.datasheet import SEED, Unit
from tests.energy_core.fake_wire import FakeWire


@pytest.fixture
def clock() -> Clock:
    """A clock at noon."""
    return Clock()


@pytest.fixture
def wire() -> FakeWire:
    """A wire to a unit that has everything."""
    return FakeWire(SEED)


@pytest.fixture
def unit(wire: FakeWire, clock: Clock) -> Unit:
    """The unit behind ``wire``."""
    return Unit(wire, clock=clock, now=clock.now)


@pytest.fixture
def reborn(wire: FakeWire, clock: Clock) -> Callable[[], Unit]:
    """Return a new life of the same unit after a restart."""
    return lambda: Unit(wire, clock=clock, now=clock.now)
