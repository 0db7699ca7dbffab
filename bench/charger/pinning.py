"""Client and box each on a processor of their own, where there are two."""

import os


def pin(*, last: bool = False) -> None:
    """Stay on the first of the processors that this process may use, or on the last; where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[-1 if last else 0]})
