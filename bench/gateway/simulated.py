"""The gateway's process: serves a capture whose values move, so that none of its work counts as the client's."""

import argparse
import asyncio
import json
from pathlib import Path
import sys
import time
from typing import Any, override

from aiohttp.web import BaseRequest

from tests.enphase_envoy.capture_gateway import Answer, CaptureGateway, Request

from .living import alive
from .sites import folder_of, grown


class LivingGateway(CaptureGateway):
    """A capture whose clock is set from outside, or runs by itself."""

    def __init__(self, folder: Path, *, inverters: int = 0, runs: bool = False, delay: float = 0.0) -> None:
        """Serve ``folder``, with more inverters where there are to be some; an answer takes ``delay`` seconds."""
        super().__init__(folder, delay=delay)
        self.sent = 0
        self.elapsed = 0.0
        self._started = time.monotonic()
        self._runs = runs
        self._documents: dict[str, Any] = grown(folder, inverters)

    @property
    def seconds(self) -> float:
        """Return how long this has been going on."""
        return time.monotonic() - self._started if self._runs else self.elapsed

    @override
    def captured(self, path: str) -> Answer | None:
        found = super().captured(path)
        if found is None or found.status != 200 or "json" not in found.content_type:
            return found
        if path not in self._documents:
            try:
                self._documents[path] = json.loads(found.body)
            except ValueError:
                return found
        moved = alive(self._documents[path], self.seconds)
        return Answer(json.dumps(moved).encode(), headers=found.headers)

    @override
    async def _answer(self, request: BaseRequest, record: Request) -> Answer:
        found = await super()._answer(request, record)
        self.sent += len(found.body)
        return found

    def taken(self, *, keep: bool = False) -> dict[str, Any]:
        """Return what was asked since the last time, and forget it unless it is to be kept."""
        writes = [(number, each.start) for number, each in enumerate(self.requests) if each.method not in ("GET", "HEAD")]
        found = {
            "paths": [each.path for each in self.requests],
            "in_flight": self.max_in_flight,
            "bytes": self.sent,
            # Of the first write: how many requests came before it, and when.
            "write": writes[0] if writes else None,
        }
        if not keep:
            self.sent = 0
            self.forget()
        return found


async def serve(arguments: argparse.Namespace) -> None:
    """Answer questions about the gateway until there are no more."""
    loop = asyncio.get_running_loop()
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    gateway = LivingGateway(
        folder_of(arguments.capture), inverters=arguments.inverters, runs=arguments.real, delay=arguments.delay
    )
    async with gateway:
        about = {"address": gateway.address, "serial": gateway.serial, "secure": gateway.secure, "token": gateway.token}
        print(json.dumps(about), flush=True)
        while line := await questions.readline():
            question = json.loads(line)
            gateway.elapsed += question["advance"]
            print(json.dumps(gateway.taken(keep=question.get("keep", False))), flush=True)


def main() -> None:
    """Serve what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("capture")
    parser.add_argument("--inverters", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--real", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
