"""What it costs our Titan to learn what a unit refuses: requests that come to nothing, once."""

import asyncio
import itertools
import json
from typing import Final

from ..children import Child, child
from .modbus import titan_at

# Scans after which a unit that still refuses something has not been learned.
PATIENCE: Final = 10


async def _lesson(device: Child) -> tuple[int, int]:
    async with titan_at(device.hear()["modbus"]) as titan:
        titan.wire.memory.forget(None)  # type: ignore[attr-defined]
        device.ask()
        refused = 0
        for scan in itertools.count(1):
            titan.expire()
            await titan.update(tuple(titan.blocks))
            went = device.ask()["modbus"]
            refused += went["refused"]
            if not went["refused"] or scan == PATIENCE:
                return refused, went["requests"]
        raise AssertionError


def learn(**unit: object) -> tuple[int, int]:
    """Return how many requests a unit with these options refuses until it is known, and what a full scan takes then."""
    with child("bench.battery.simulated", json.dumps({"packs": 2} | unit)) as device:
        return asyncio.run(_lesson(device))
