"""What the child processes of this suite share: a CPU of their own, and the names of both sides."""

import os
from typing import Final

# Places of a client and of the simulated unit among the processors that we may use.
CLIENT: Final = 0
DEVICE: Final = -1
# Whose Home Assistant: with core's own integration, or with ours.
CORE: Final = "core"
OURS: Final = "ours"


def pin(place: int) -> None:
    """Stay on one processor; nothing happens where that cannot be asked for."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[place]})
