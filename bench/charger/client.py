"""The client's process of B9: polls a box in every way, round by round, and says what it cost."""

import asyncio
from contextlib import AsyncExitStack
import gc
import json
import logging
from random import Random
import sys
import time
from typing import Any, Final

from custom_components.v2c_cloud.v2c import lan

from ..children import Child, child
from .names import FLOOR, OURS
from .pinning import pin
from .pollers import Poll, opened, ours

WARM_UP: Final = 3
# What the loop and the box need to see that a connection is closed, in seconds.
SETTLE: Final = 0.005


async def cost(poll: Poll, box: Child, polls: int, *, apart: bool = False) -> dict[str, Any]:
    """Return what so many polls cost; when they are ``apart``, no connection has lived since the last one."""
    box.ask()
    walls: list[float] = []
    cpu = 0.0
    told: dict[str, Any] = {"asked": [], "connections": 0, "bytes": 0}
    for _ in range(polls):
        wall, begun = time.perf_counter(), time.process_time()
        await poll()
        walls.append((time.perf_counter() - wall) * 1000)
        # What is left to do for the connection is part of it.
        await asyncio.sleep(0)
        cpu += (time.process_time() - begun) * 1000
        if apart:
            told = _sum(told, box.ask(drop=True))
            await asyncio.sleep(SETTLE)
    # What was sent last may still be on its way.
    await asyncio.sleep(SETTLE)
    told = _sum(told, box.ask())
    return {
        "cpu_ms": cpu / polls,
        "walls_ms": walls,
        "requests": len(told["asked"]),
        "connections": told["connections"],
        "bytes": told["bytes"],
    }


def _sum(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {name: each + other[name] for name, each in one.items()}


async def measured(question: dict[str, Any], ways: dict[str, Poll], box: Child, random: Random) -> dict[str, Any]:
    """Poll in each way, in an order of its own each time."""
    box.ask(delay=question["delay"])
    order = list(ways)
    random.shuffle(order)
    apart = question.get("apart", False)
    return {name: await cost(ways[name], box, question["polls"], apart=apart) for name in order}


async def run() -> None:
    """Answer questions until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.basicConfig(level=logging.ERROR)
    with child("bench.charger.box") as box:
        about = box.hear()
        address, device = about["address"], about["device"]
        async with AsyncExitStack() as stack:
            ways = await opened(stack, address, device)
            paced = await stack.enter_async_context(ours(address, device, lan.GAP))
            for _ in range(WARM_UP):
                for poll in ways.values():
                    await poll()
            gc.collect()
            gc.freeze()
            random = Random(1)  # noqa: S311 an order, not a secret
            print(json.dumps({"ways": list(ways)}), file=answers, flush=True)
            while line := await asyncio.to_thread(sys.stdin.readline):
                question = json.loads(line)
                # A connection that is gone is no way to go on; a bare socket does not open another one.
                lasting = {name: poll for name, poll in ways.items() if name != FLOOR}
                chosen = {OURS: paced} if question.pop("paced", False) else lasting if question.get("apart") else ways
                print(json.dumps(await measured(question, chosen, box, random)), file=answers, flush=True)


if __name__ == "__main__":
    pin()
    asyncio.run(run())
