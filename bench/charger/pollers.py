"""Four ways to read everything that a box says, each on a connection of its own.

The community's pattern is written after the facts of the research brief: one request for the snapshot, then three by
name at once. None of its code is here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from importlib.metadata import PackageNotFoundError, version
import json
import time
from typing import Final
from unittest.mock import patch

from aiohttp import ClientSession, ClientTimeout
import orjson

from custom_components.energy_core.pacing import Pacer
from custom_components.v2c_cloud.v2c import lan
from custom_components.v2c_cloud.v2c.device import Trydan
from custom_components.v2c_cloud.v2c.face import Face
from custom_components.v2c_cloud.v2c.lan import LanWire
from custom_components.v2c_cloud.v2c.sessions import SessionBook

from .names import BY_NAME, EVERY, FLOOR, KEPT, LIBRARY, OURS, PATTERN

type Poll = Callable[[], Awaitable[object]]
type Way = Callable[[str, str, float], AbstractAsyncContextManager[Poll]]

# The breath between two requests, with a clock that is set by hand: its timer is paid for, the wait is not.
SHORT_GAP: Final = 0.001
PATIENCE: Final = ClientTimeout(total=10)


class Clock:
    """A monotonic clock that can be moved on."""

    def __init__(self) -> None:
        """Begin at the real time."""
        self.ahead = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return time.monotonic() + self.ahead


def library_version() -> str | None:
    """Return which pytrydan is here, None for none."""
    try:
        return version("pytrydan")
    except PackageNotFoundError:
        return None


@asynccontextmanager
async def ours(address: str, device_id: str, gap: float, *, kept: bool = False) -> AsyncIterator[Poll]:
    """Poll with our device layer, as the coordinator does when every entity is enabled; ``kept``: the connection stays."""
    clock = Clock()
    async with ClientSession() as session:
        wire = LanWire(session, address, pacer=Pacer(gap, clock=clock), device_id=device_id, clock=clock)
        trydan = Trydan(Face(device_id, SessionBook()), lan=wire, cloud=None, clock=clock)
        wanted = list(trydan.blocks)

        async def poll() -> object:
            clock.ahead += EVERY
            with patch.object(lan, "HEADERS", {}) if kept else nullcontext():
                return await trydan.update(wanted)

        yield poll


@asynccontextmanager
async def library(address: str, _device_id: str, _gap: float) -> AsyncIterator[Poll]:
    """Poll with the library of Home Assistant's own integration."""
    from pytrydan import Trydan as Theirs  # noqa: PLC0415 it may not be here

    async with Theirs(address) as trydan:
        yield trydan.get_data


@asynccontextmanager
async def pattern(address: str, _device_id: str, _gap: float) -> AsyncIterator[Poll]:
    """Ask for the snapshot, then for three keywords at once."""
    async with ClientSession() as session:

        async def get(path: str) -> str:
            async with session.get(f"http://{address}{path}", timeout=PATIENCE) as response:
                response.raise_for_status()
                return await response.text()

        async def poll() -> object:
            found = json.loads(await get("/RealTimeData"))
            more = await asyncio.gather(*(get(f"/read/{key}") for key in BY_NAME))
            return found | {key: int(text) for key, text in zip(BY_NAME, more, strict=True)}

        yield poll


@asynccontextmanager
async def floor(address: str, _device_id: str, _gap: float) -> AsyncIterator[Poll]:
    """Ask for the snapshot on a bare socket that stays open, and read its JSON: nobody can do less."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = f"GET /RealTimeData HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()

    async def poll() -> object:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return orjson.loads(await reader.readexactly(length))

    try:
        yield poll
    finally:
        writer.close()
        await writer.wait_closed()


WAYS: Final[Mapping[str, Way]] = {OURS: ours, KEPT: partial(ours, kept=True), LIBRARY: library, PATTERN: pattern, FLOOR: floor}


async def opened(stack: AsyncExitStack, address: str, device_id: str, gap: float = SHORT_GAP) -> dict[str, Poll]:
    """Return the way in which each candidate polls; one that is not installed is missing."""
    names = [name for name in WAYS if name != LIBRARY or library_version()]
    return {name: await stack.enter_async_context(WAYS[name](address, device_id, gap)) for name in names}
