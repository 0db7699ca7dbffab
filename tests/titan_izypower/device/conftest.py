"""The device layer knows no Home Assistant, and neither do these tests: only simulators and sockets."""

from collections.abc import AsyncGenerator

import pytest

from tests.titan_izypower.device.units import Bench, Clock


@pytest.fixture
def enable_custom_integrations() -> None:
    """Start no Home Assistant."""


@pytest.fixture
async def bench(socket_enabled: None) -> AsyncGenerator[Bench]:
    """Give a bench for simulators and Titans."""
    bench = Bench()
    yield bench
    await bench.stack.aclose()


@pytest.fixture
def clock(bench: Bench) -> Clock:
    """Give the clock of the bench's houses."""
    return bench.clock
