"""What a process holds: memory, objects, tasks and files."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
import gc
import os
from pathlib import Path
import sys
from typing import Any, Final

# A sample is the least of several looks, so that what is just being asked does not count.
LOOKS: Final = 20
BETWEEN: Final = 0.7
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One moment."""

    hour: float
    rss_mb: float
    blocks: int
    objects: int
    tasks: int
    timers: int
    files: int
    connections: int
    states: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def rss_mb() -> float:
    """Return the memory that this process has at present, in MB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE / 2**20


def files() -> int:
    """Count the open files of this process, sockets among them."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1


def timers(loop: asyncio.AbstractEventLoop) -> int:
    """Count the timers that wait; cancelled ones are only swept now and then."""
    return sum(not each.cancelled() for each in loop._scheduled)  # type: ignore[attr-defined]


async def sample(hour: float, connections: Callable[[], int] = lambda: 0, states: Callable[[], int] = lambda: 0) -> Sample:
    """Look several times, some moments apart."""
    loop = asyncio.get_running_loop()
    looks = []
    for _ in range(LOOKS):
        await asyncio.sleep(BETWEEN)
        looks.append((len(asyncio.all_tasks()), timers(loop), files(), connections()))
    gc.collect()
    least = [min(column) for column in zip(*looks, strict=True)]
    return Sample(
        hour=hour,
        rss_mb=rss_mb(),
        blocks=sys.getallocatedblocks(),
        objects=len(gc.get_objects()),
        tasks=least[0],
        timers=least[1],
        files=least[2],
        connections=least[3],
        states=states(),
    )


def kinds() -> Counter[str]:
    """Count the objects by their class: what has grown, when something has."""
    gc.collect()
    return Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
