"""Clients of the HTTP wire: each fetches the same points, ours by three policies and indevolt-api by its own."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
import itertools
import logging
from typing import Any, Final, override

from aiohttp import ClientSession

from custom_components.energy_core.pacing import Pacer
from custom_components.titan_izypower.titan import opendata
from custom_components.titan_izypower.titan.opendata import Batching, OpenDataWire
from custom_components.titan_izypower.titan.sources import point
from simulators.titan_table import read_points

HOST: Final = "127.0.0.1"
KEYS: Final = 120
# What core asks for with one request of indevolt-api.
CORE_BATCH: Final = 50

type Scan = Callable[[], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How many points we ask for at once, and whether the connection is kept."""

    batch: int
    kept: bool


POLICIES: Final = {
    "ours": Policy(batch=opendata.BATCHES[0], kept=False),
    "alike": Policy(batch=CORE_BATCH, kept=False),
    "kept": Policy(batch=CORE_BATCH, kept=True),
    "kept, largest": Policy(batch=KEYS, kept=True),
}


def keys() -> list[int]:
    """Return the points that are asked for: those of the first pack and of all other parts, which every unit has."""
    return sorted(read_points())[:KEYS]


class KeptWire(OpenDataWire):
    """Our wire, if units could keep a connection."""

    @override
    async def _send(self, verb: str, path: str, headers: dict[str, str], middlewares: Sequence[Any]) -> Any:
        return await super()._send(verb, path, headers | {"Connection": "keep-alive"}, middlewares)


@asynccontextmanager
async def ours(port: int, policy: Policy) -> AsyncGenerator[Scan]:
    """Read through our wire, with no pause between requests."""
    sources = [point(key) for key in keys()]
    make = KeptWire if policy.kept else OpenDataWire
    async with ClientSession() as session:
        memory = Batching(size=policy.batch)
        wire = make(session, HOST, port, Pacer(0.0), logger=logging.getLogger(__name__), memory=memory)
        yield partial(wire.read, sources)


@asynccontextmanager
async def peer(port: int) -> AsyncGenerator[Scan]:
    """Read through indevolt-api, in batches as Home Assistant core does."""
    from indevolt_api import IndevoltAPI  # noqa: PLC0415 - may be missing

    wanted = [str(key) for key in keys()]
    async with ClientSession() as session:
        api = IndevoltAPI(HOST, port, session)

        async def scan() -> object:
            found: dict[str, Any] = {}
            for batch in itertools.batched(wanted, CORE_BATCH, strict=False):
                found.update(await api.fetch_data(list(batch)))
            return found

        yield scan


async def connect(stack: AsyncExitStack, port: int) -> dict[str, Scan]:
    """Return what a scan of each client is, for as long as ``stack`` lasts."""
    clients: dict[str, AbstractAsyncContextManager[Scan]] = {name: ours(port, policy) for name, policy in POLICIES.items()}
    return {name: await stack.enter_async_context(each) for name, each in (clients | {"peer": peer(port)}).items()}
