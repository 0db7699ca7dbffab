"""A last look at a port where no Modbus came back, so that the user hears what is there instead."""

import asyncio
from contextlib import suppress
from typing import Final

# Transaction 0x5449, protocol 0, six more bytes: unit 1, function 3, one register at 7534.
QUESTION: Final = bytes.fromhex("5449 0000 0006 01 03 1d6e 0001")
PATIENCE: Final = 2.0


async def speaks_otherwise(host: str, port: int) -> bool:
    """Tell whether something answers at ``host``:``port`` in another protocol: a web server, a Solarman logger."""
    try:
        answer = await asyncio.wait_for(_ask(host, port), PATIENCE)
    except OSError, TimeoutError:
        return False
    return bool(answer) and not answer.startswith(QUESTION[:4])


async def _ask(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(QUESTION)
        return await reader.read(len(QUESTION))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
