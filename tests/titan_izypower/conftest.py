"""A simulated Titan, and Home Assistant talking to it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from custom_components.energy_core.device import Device
from custom_components.titan_izypower import connect, coordinator
from custom_components.titan_izypower.titan import control, device
from simulators.titan import TitanSimulator


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every rule of pacing, at a thousandth of its length."""
    monkeypatch.setattr(device, "REQUEST_GAP", 0.001)
    monkeypatch.setattr(control, "ORDER_GAP", {"modbus": 0.002, "opendata": 0.005, "gen1": 0.005})
    monkeypatch.setattr(control, "QUIET", 0.004)
    monkeypatch.setattr(Device, "settle", (0.0, 0.01, 0.02, 0.05, 0.1))


@pytest.fixture
async def sim() -> AsyncGenerator[TitanSimulator]:
    """A unit with two extension packs, in the sun."""
    async with TitanSimulator(packs=2) as titan:
        yield titan
