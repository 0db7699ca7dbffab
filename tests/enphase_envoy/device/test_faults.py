"""Each endpoint of each capture, broken in each way: it fails alone, quietly, and is left alone for a while."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceTimeoutError,
    EnergyError,
)
from custom_components.enphase_envoy.envoy import endpoints as table, local
from custom_components.enphase_envoy.envoy.health import BACKOFF, PACE
from custom_components.enphase_envoy.envoy.owner import endpoint
from tests.enphase_envoy.capture_gateway import OWN, every_capture
from tests.enphase_envoy.device.rig import INFO, READINGS, REPORT, Rig, captured, simulated

CHECK: Final = "/auth/check_jwt"
FAULTS: Final = ("503", "500", "401", "html", "object", "null", "list", "truncated", "nan", "reset")
# What such an answer means is not wrong everywhere: no battery, no contact, no optional part.
HARMLESS: Final = {
    "object": ("contacts", "contact_settings", "generator", "export_limit"),
    "list": ("meters", "inverters", "inventory", "ensemble"),
    "nan": (),
}
# In this time a broken endpoint is asked so often at most: 15 s, 30 s, 60 s, 120 s after the last.
WATCHED: Final = 120.0
MOST: Final = 5


def path_of(rig: Rig, name: str) -> str:
    """Return the path of an endpoint without its query."""
    return rig.local.endpoints[name].path.partition("?")[0]


def in_use(rig: Rig) -> list[str]:
    """Return the endpoints that answered."""
    return sorted(rig.local.health.answered)


def blocks_of(rig: Rig, name: str) -> set[str]:
    """Return the blocks that are read from an endpoint."""
    return {block.name for block in rig.envoy.blocks.values() if endpoint(block) == name}


async def observe(rig: Rig, name: str) -> None:
    """Poll for a while and see that only one endpoint suffers, and the others do not notice."""
    path, own = path_of(rig, name), blocks_of(rig, name)
    # Firmware 3 has a page for people at the address of the report.
    usual = set(rig.reports[-1].failed)
    rig.server.forget()
    rig.envoy.expire()
    updated: set[str] = set()
    for _ in range(round(WATCHED / 5)):
        report = await rig.poll(every=5.0)
        assert set(report.failed) <= own | usual, report.failed
        assert all(isinstance(error, EnergyError) for error in report.failed.values())
        updated |= report.updated
    asked = rig.asked(path)
    # A list of meters says which there are; it may say that there are none.
    others = {block for block in rig.envoy.blocks if block not in own and endpoint(rig.envoy.blocks[block]) is not None} - usual
    assert others - {block for block in others if rig.envoy.blocks[block].every > WATCHED} <= updated
    # Only the meters' readings are asked in each cycle, and only as long as they answer.
    harmless = not (set(rig.local.health.troubles) | set(rig.local.health.denied))
    assert asked <= MOST or (harmless and name == "readings") or (harmless and asked <= 13), (name, asked)


@pytest.mark.parametrize("folder", every_capture())
async def test_trap_8_one_broken_endpoint_fails_alone(folder: Path):
    """No error but ours comes out, and only the blocks of that endpoint fail; then it heals, and all are back."""
    async with captured(folder) as rig:
        await rig.all_at_once(2)
        for name in in_use(rig):
            path = path_of(rig, name)
            for fault in FAULTS:
                rig.server.broken = {path: fault}
                await observe(rig, name)
                rig.server.broken = {}
                report = await rig.all_at_once(4)
                rig.local.health.denied.clear()
                assert not report.failed.keys() - {"report"}, (name, fault)
                assert rig.server.max_in_flight == 1
