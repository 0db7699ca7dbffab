"""The OpenData HTTP wire: the vendor's JSON calls on port 8080.

Vendor facts: ``/rpc/<Method>``, at most one request a second, ``Connection: close`` because the small
web server handles kept connections badly. A point that the unit lacks is left out of the answer.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
import hashlib
import json
import logging
import secrets
import time
from typing import Any, Final
from urllib.parse import quote

from aiohttp import ClientSession, DigestAuthMiddleware

from ...energy_core.capture import Recorder
from ...energy_core.errors import (
    DeviceAuthError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
)
from ...energy_core.exchange import Exchange
from ...energy_core.http import Json, request_json
from ...energy_core.pacing import DAY, Pacer
from ...energy_core.points import MISSES_UNTIL_UNSUPPORTED, Key, Raw, Source
from ...energy_core.report import Reading

DEADLINE: Final = 10.0
USER: Final = "opend"
HEADERS: Final = {"Content-Type": "application/json", "Connection": "close"}
# Points per request, best first; other projects run with each of these on some firmware.
BATCHES: Final = (40, 20, 10, 8)
# When more than this share of points that exist is missing, the answer was cut short.
CUT_SHORT: Final = 0.3
# So many requests are kept ready: what is due together differs from poll to poll, but not much.
PLANS: Final = 32
# Failed polls after which a batch size that used to work is doubted.
DOUBT_AFTER: Final = 3


@dataclass
class Batching:
    """What the unit has taught us about request sizes and missing points; kept across restarts."""

    firmware: str | None = None
    size: int = BATCHES[0]
    proven: int = 0
    sized_at: float = 0.0
    misses: dict[int, int] = field(default_factory=dict)

    def forget(self, firmware: str | None) -> None:
        """Start anew for another firmware."""
        vars(self).update(vars(Batching(firmware=firmware)))

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return vars(self) | {"misses": {str(key): count for key, count in self.misses.items()}}

    @classmethod
    def restored(cls, saved: object) -> Batching:
        """Return the memory as it was saved; what cannot be read is forgotten."""
        batching = cls()
        if isinstance(saved, dict) and saved.get("size") in BATCHES and isinstance(saved.get("misses"), dict):
            batching.size = saved["size"]
            batching.firmware = firmware if isinstance(firmware := saved.get("firmware"), str) else None
            batching.misses = {
                int(key): count for key, count in saved["misses"].items() if str(key).isdecimal() and isinstance(count, int)
            }
        return batching

    def smaller(self) -> bool:
        """Go down one size, unless this one is proven or the smallest."""
        if self.size <= max(self.proven, BATCHES[-1]):
            return False
        self.size = next(size for size in BATCHES if size < self.size)
        return True

    def daily(self, now: float) -> None:
        """Once a day try what was given up: a larger batch, and points that were missing."""
        if not self.sized_at:
            self.sized_at = now
        if now - self.sized_at >= DAY:
            self.sized_at = now
            self.size = next((size for size in reversed(BATCHES) if size > self.size), BATCHES[0])
            self.misses.clear()


class Batch:
    """Points that one request asks for, and how it asks."""

    def __init__(self, keys: tuple[int, ...]) -> None:
        """Prepare the request for ``keys``."""
        self.keys = keys
        self.names = [(key, str(key)) for key in keys]
        self.there = dict.fromkeys(keys, 0)
        self.asked = _compact({"t": keys})
        self.path = _path("Indevolt.GetData", self.asked)


class OpenDataWire:
    """Reads and writes points over HTTP; ``name`` is ``gen1`` for the older class of units."""

    def __init__(
        self,
        session: ClientSession,
        host: str,
        port: int,
        pacer: Pacer,
        *,
        logger: logging.Logger,
        password: str | None = None,
        deadline: float | None = None,
        memory: Batching | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Talk to ``host``:``port`` in the turns that ``pacer`` gives."""
        self.name = "opendata"
        # Each request is a connection of its own; who answers is asked again after a failure.
        self.reconnects = 0
        self.memory = memory or Batching()
        self.recorder = recorder or Recorder()
        self._session = session
        self._base = f"http://{f'[{host}]' if ':' in host else host}:{port}/rpc/"
        self._pacer = pacer
        self._logger = logger
        self._password = password
        self._deadline = deadline
        self._invented = False
        self._failures = 0
        # Each made once: polls repeat themselves.
        self._batch = lru_cache(PLANS)(Batch)

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:
        """Ask for ``sources`` in as few requests as the unit can answer."""
        values: dict[Key, Raw] = {}
        self.memory.daily(time.time())
        size = self.memory.size
        misses = self.memory.misses
        points = [
            key for source in sources if isinstance(key := source.key, int) and misses.get(key, 0) < MISSES_UNTIL_UNSUPPORTED
        ]
        try:
            await self._points(points, values, command=command)
        except DeviceTimeoutError, DeviceProtocolError:
            self._failures += 1
            if self.memory.size < size and not self.memory.proven:
                # Smaller ones failed, too: the size was not to blame.
                self.memory.size = self.memory.proven = size
                self._failures = 0
            elif self._failures >= DOUBT_AFTER:
                self.memory.proven = 0
            raise
        self._failures = 0
        await self._paths([source.key for source in sources if isinstance(source.key, str)], values, command=command)
        return Reading(values=values)

    async def _points(self, points: list[int], values: dict[Key, Raw], *, command: bool) -> None:
        while points:
            batch = self._batch(tuple(points[: self.memory.size]))
            try:
                answer = await self._ask("POST", batch.path, f"Indevolt.GetData {batch.asked}", command=command)
                if not isinstance(answer, dict) or not answer:
                    raise DeviceProtocolError("GetData: no object")
                values.update(self._found(batch, answer))
            except DeviceTimeoutError, DeviceProtocolError:
                if len(batch.keys) > BATCHES[-1] and self.memory.smaller():
                    continue
                raise
            self.memory.proven = max(self.memory.proven, len(batch.keys))
            points = points[len(batch.keys) :]

    def _found(self, batch: Batch, answer: Mapping[str, Raw]) -> dict[Key, Raw]:
        """Return what ``answer`` has of ``batch``; raise when points are missing that the unit is known to have."""
        found: dict[Key, Raw] = {key: answer[name] for key, name in batch.names if name in answer}
        misses, missing = self.memory.misses, batch.there.keys() - found.keys()
        lost = sum(misses.get(key) == 0 for key in missing)
        if lost > CUT_SHORT * len(batch.keys):
            raise DeviceProtocolError(f"GetData: {lost} of {len(batch.keys)} points are missing")
        missed = {key: misses.get(key, 0) + 1 for key in missing}
        misses.update(batch.there | missed if missed else batch.there)
        return found

    async def _paths(self, paths: list[str], values: dict[Key, Raw], *, command: bool) -> None:
        """Fill in values of the system calls; a call that the firmware lacks leaves them out."""
        for method in dict.fromkeys(".".join(path.split(".")[:2]) for path in paths):
            try:
                answer = await self.call(method, command=command)
            except DeviceProtocolError:
                continue
            asked = {path: _at(answer, path.split(".")[2:]) for path in paths if path.startswith(f"{method}.")}
            found = {path: value for path, value in asked.items() if value is not None}
            values.update(found)
            # The whole answer has the name of the network and more; what was asked for is enough.
            self.recorder.note(method, found)

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Write one point, or several in a row with one command."""
        first = values[0][0].target
        answer = await self.call("Indevolt.SetData", {"f": 16, "t": first, "v": [raw for _, raw in values]}, command=True)
        result = answer.get("result") if isinstance(answer, dict) else None
        if result in (False, 0):
            raise DeviceRefusedError(f"SetData {first}: rejected", key="write_rejected")
        if result not in (True, 1):
            raise DeviceProtocolError(f"SetData {first}: no result")

    async def call(self, method: str, config: Mapping[str, Json] | None = None, *, command: bool = False) -> Json:
        """Call ``method`` and return its JSON; ``config`` travels in the query, percent-encoded."""
        if config is None:
            return await self._ask("GET", method, command=command)
        asked = _compact(config)
        return await self._ask("POST", _path(method, asked), f"{method} {asked}", command=command)

    async def _ask(self, verb: str, path: str, noted: str = "", *, command: bool) -> Json:
        async with self._pacer.turn(command=command):
            answer = await self._authorised(verb, path)
        if noted:
            self.recorder.note(noted, answer)
        return answer

    async def _authorised(self, verb: str, path: str) -> Json:
        """Answer the unit's challenge; when it makes none, invent one as the vendor wants it."""
        if not self._password:
            return await self._send(verb, path, {}, ())
        digest = DigestAuthMiddleware(login=USER, password=self._password)
        if not self._invented:
            try:
                return await self._send(verb, path, {}, (digest,))
            except DeviceAuthError as error:
                if error.placeholders.get("challenge") == "Digest":
                    raise
        answer = await self._send(verb, path, {"Authorization": invented_digest(self._password, verb, f"/rpc/{path}")}, ())
        self._invented = True
        return answer

    async def _send(self, verb: str, path: str, headers: dict[str, str], middlewares: Sequence[Any]) -> Json:
        return await request_json(
            self._session,
            verb,
            self._base + path,
            deadline=self._deadline or DEADLINE,
            headers=HEADERS | headers,
            middlewares=middlewares,
            exchange=Exchange(self._logger, "lan", f"{verb} /rpc/{path.partition('?')[0]}"),
        )


def _compact(config: Mapping[str, Json]) -> str:
    return json.dumps(config, separators=(",", ":"))


def _path(method: str, asked: str) -> str:
    return f"{method}?config={quote(asked, safe='')}"


def _at(answer: Json, path: list[str]) -> Json:
    """Return what lies at ``path`` of nested objects, or None."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def invented_digest(password: str, verb: str, uri: str) -> str:
    """Return an Authorization header whose realm and nonces the client chose, as the vendor documents."""
    realm = base64.b64encode(secrets.token_bytes(12)).decode()
    nonce, cnonce, count = secrets.token_hex(16), secrets.token_hex(8), "00000001"
    user = _md5(f"{USER}:{realm}:{password}")
    response = _md5(f"{user}:{nonce}:{count}:{cnonce}:auth:{_md5(f'{verb}:{uri}')}")
    return (
        f'Digest username="{USER}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5, '
        f'qop=auth, nc={count}, cnonce="{cnonce}", response="{response}"'
    )


def _md5(value: str) -> str:
    return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
