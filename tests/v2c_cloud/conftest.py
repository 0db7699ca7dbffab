"""A simulated charger, its cloud, and Home Assistant talking to both."""

from collections.abc import AsyncGenerator

import pytest

from custom_components.v2c_cloud.v2c import lan, verbs
from custom_components.v2c_cloud.v2c.device import Trydan
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator

DEVICE = "SIMV2C"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the waiting out of pacing, whose tests stand elsewhere: with a frozen clock no wait would ever end."""
    monkeypatch.setattr(lan, "GAP", 0.0)
    monkeypatch.setattr(verbs, "WAKE_PAUSE", 0.0)
    monkeypatch.setattr(Trydan, "settle", (0.0, 0.01, 0.02, 0.05, 0.1))


@pytest.fixture
async def sim() -> AsyncGenerator[TrydanSimulator]:
    """A charger with firmware 2.4.6 and a car beside it."""
    async with TrydanSimulator(device_id=DEVICE) as trydan:
        yield trydan


@pytest.fixture
async def cloud(sim: TrydanSimulator) -> AsyncGenerator[V2CCloudSimulator]:
    """The cloud of an account with that charger."""
    async with V2CCloudSimulator([sim]) as simulated:
        yield simulated
