"""One library alone on a gateway, without Home Assistant, in a process of its own: what a full cycle of reading costs."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
import gc
import json
import logging
import ssl
import sys
import time
from typing import Any, Final, Protocol, override
from zoneinfo import ZoneInfo

from aiohttp import ClientSession, DummyCookieJar
import orjson

from custom_components.enphase_envoy.connect import identify
from custom_components.enphase_envoy.envoy.auth import Bearer
from custom_components.enphase_envoy.envoy.owner import endpoint
from tests.enphase_envoy.device.rig import Clock, device, keeper

from ..children import Child, child
from .figures import FLOOR, OURS, PYENPHASE

ZONE: Final = ZoneInfo("Europe/Paris")


class Library(Protocol):
    """Something that reads a gateway."""

    async def begin(self, about: dict[str, Any], paths: Sequence[str]) -> None:
        """Meet the gateway; who can choose reads what holds ``paths``."""

    async def cycle(self) -> None:
        """Read everything once, and have it as values."""


class Pyenphase(Library):
    """What Home Assistant core's own is built on."""

    @override
    async def begin(self, about: dict[str, Any], paths: Sequence[str]) -> None:
        """Set up as core does."""
        from pyenphase import Envoy  # noqa: PLC0415  (a peer: its process alone has it)

        self.envoy = Envoy(about["address"])
        await self.envoy.setup()
        await self.envoy.authenticate(token=about["token"])
        self.cycle = self.envoy.update  # type: ignore[method-assign, assignment]


class Ours(Library):
    """Our device on its wire, with the models of the site."""

    @override
    async def begin(self, about: dict[str, Any], paths: Sequence[str]) -> None:
        """Find the parts, and note which blocks the paths are for."""
        # The tokens of captures are made by the real clock.
        clock = Clock(datetime.now(ZONE))
        session = ClientSession(cookie_jar=DummyCookieJar())
        gateway = await identify(session, about["address"])
        self.clock = clock
        self.envoy = device(session, gateway, Bearer(keeper(about["token"], Clock(clock.moment))), clock)
        # Everything is read twice: what is not needed to start comes with the second.
        for _ in range(2):
            await self.envoy.update(set(self.envoy.blocks))
        known = self.envoy.local.endpoints
        names = ((block.name, endpoint(block)) for block in self.envoy.blocks.values())
        self.wanted = [name for name, source in names if source is not None and known[source].path in paths]

    @override
    async def cycle(self) -> None:
        """Read the same as the others."""
        self.clock.pass_(5)
        await self.envoy.update(self.wanted, only=True)


class Floor(Library):
    """A socket with TLS and a parser of JSON: nobody can do with less."""

    @override
    async def begin(self, about: dict[str, Any], paths: Sequence[str]) -> None:
        """Open the one connection."""
        host, _, port = about["address"].partition(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.reader, self.writer = await asyncio.open_connection(host, int(port), ssl=context)
        head = f"Host: {host}\r\nAuthorization: Bearer {about['token']}\r\n\r\n"
        self.questions = [f"GET {path} HTTP/1.1\r\n{head}".encode() for path in paths]

    @override
    async def cycle(self) -> None:
        """Ask one after the other."""
        for question in self.questions:
            self.writer.write(question)
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await self.reader.readexactly(length)
            if body[:1] in b"{[":
                orjson.loads(body)


LIBRARIES: Final[dict[str, Callable[[], Library]]] = {OURS: Ours, PYENPHASE: Pyenphase, FLOOR: Floor}


async def timed(work: Awaitable[Any]) -> float:
    """Return the CPU time that something takes, in ms."""
    before = time.process_time()
    await work
    return (time.process_time() - before) * 1000


async def answer(library: Library, gateway: Child, about: dict[str, Any], question: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked for."""
    if question["do"] == "begin":
        cpu = await timed(library.begin(about, question["paths"]))
    else:
        gateway.ask(advance=question["step"])
        cpu = await timed(library.cycle())
        if question["do"] == "settle":
            gc.collect()
            gc.freeze()
    return {"cpu_ms": cpu, **gateway.ask(advance=0)}


async def run(arguments: argparse.Namespace) -> None:
    """Answer questions until there are no more; nobody else may write where the answers go."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.basicConfig(level=logging.ERROR)
    with child("bench.gateway.simulated", arguments.capture, "--inverters", str(arguments.inverters)) as gateway:
        library, about = LIBRARIES[arguments.which](), gateway.hear()
        while line := await asyncio.to_thread(sys.stdin.readline):
            found = await answer(library, gateway, about, json.loads(line))
            print(json.dumps(found), file=answers, flush=True)


def main() -> None:
    """Run the library that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=tuple(LIBRARIES))
    parser.add_argument("capture")
    parser.add_argument("--inverters", type=int, default=0)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
