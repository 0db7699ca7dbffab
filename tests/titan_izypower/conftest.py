"""A simulated Titan, and Home Assistant talking to it."""

from collections.abc import AsyncGenerator

import pytest

from custom_components.energy_core.device import Device
from custom_components.titan_izypower.titan import control, device
from simulators.titan import TitanSimulator


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the waiting out of pacing, whose tests stand elsewhere: with a frozen clock no wait would ever end."""
    monkeypatch.setattr(device, "REQUEST_GAP", 0.0)
    monkeypatch.setattr(control, "ORDER_GAP", dict.fromkeys(control.ORDER_GAP, 0.0))
    monkeypatch.setattr(control, "QUIET", 0.0)
    monkeypatch.setattr(Device, "settle", (0.0, 0.01, 0.02, 0.05, 0.1))


@pytest.fixture
async def sim() -> AsyncGenerator[TitanSimulator]:
    """A unit with two extension packs, in the sun."""
    async with TitanSimulator(packs=2) as titan:
        yield titan
