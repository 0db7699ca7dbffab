"""One side of the day of polls, in a process of its own: ``python -m bench.soak.side ours``."""

import argparse
import asyncio
import logging

from bench.children import serve
from bench.home_assistant import home_assistant

from .polls import OURS, STOCK, Side


async def _run(which: str) -> None:
    """Answer questions about a side until there are no more."""
    logging.disable(logging.WARNING)
    asyncio.get_running_loop().set_debug(False)
    async with home_assistant() as hass:
        side = Side(hass, which)
        await serve(lambda question: getattr(side, question.pop("do"))(**question))


def main() -> None:
    """Run the side that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=(STOCK, OURS))
    asyncio.run(_run(parser.parse_args().which))


if __name__ == "__main__":
    main()
