"""What the child processes of this suite share: a CPU of their own, and questions in lines of JSON."""

import asyncio
from collections.abc import Awaitable, Callable
import json
import os
import sys
from typing import Any, Final

# Places of a client and of the simulated unit among the processors that we may use.
CLIENT: Final = 0
DEVICE: Final = -1
# Whose Home Assistant: with core's own integration, or with ours.
CORE: Final = "core"
OURS: Final = "ours"

type Answerer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def pin(place: int) -> None:
    """Stay on one processor; nothing happens where that cannot be asked for."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[place]})


async def serve(answer: Answerer) -> None:
    """Answer questions until there are no more; nobody else may write where the answers go."""
    answers, sys.stdout = sys.stdout, sys.stderr
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(json.loads(line))), file=answers, flush=True)
