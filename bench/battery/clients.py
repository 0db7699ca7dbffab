"""The client process: runs each client of a wire in turn, and says what a scan costs it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
import gc
import json
import logging
import sys
import time
from typing import Any, Final

from ..children import serve
from . import modbus, rpc
from .processes import CLIENT, pin

WARM_UP: Final = 2

type Scan = Callable[[], Awaitable[object]]


class Clients:
    """All clients of a wire, connected and warm."""

    def __init__(self, scans: dict[str, Scan]) -> None:
        """Run these."""
        self._scans = scans

    async def warm_up(self) -> None:
        """Let all of them forget that they have just begun, and spare the collector what will stay."""
        for scan in self._scans.values():
            for _ in range(WARM_UP):
                await scan()
        gc.collect()
        gc.freeze()

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Scan as often as is asked, and return what one scan took."""
        scan, times = self._scans[question["who"]], question["times"]
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(times):
            await scan()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"wall_ms": wall * 1000 / times, "cpu_ms": cpu * 1000 / times}


async def run(wire: str, port: int) -> None:
    """Answer questions about the clients of ``wire`` until there are no more."""
    logging.basicConfig(level=logging.WARNING)
    async with AsyncExitStack() as stack:
        scans = await (modbus if wire == "modbus" else rpc).connect(stack, port)
        clients = Clients(scans)
        await clients.warm_up()
        print(json.dumps({"clients": sorted(scans)}), flush=True)
        await serve(clients.answer)


if __name__ == "__main__":
    pin(CLIENT)
    asyncio.run(run(sys.argv[1], int(sys.argv[2])))
