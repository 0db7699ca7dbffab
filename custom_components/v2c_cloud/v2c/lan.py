"""The LAN wire: the Trydan's own HTTP on port 80, all of it GET, writes too.

Facts: it serves one request at a time and answers a hurried one with 404; a write's status says nothing, its
body does; nobody is asked for credentials, so who answers is checked before anything is written.
Source: research brief of the two protocols, sections 1.1, 1.5 and 1.6.
"""

import asyncio
from collections.abc import Callable, Sequence
import logging
import time
from typing import Final
from urllib.parse import quote

from aiohttp import ClientConnectorError, ClientSession

from ...energy_core.capture import Recorder
from ...energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
    WrongDeviceError,
)
from ...energy_core.exchange import Exchange
from ...energy_core.http import Answer, Json, request
from ...energy_core.pacing import Pacer
from ...energy_core.points import Key, Raw, Source, number, text, tidy
from ...energy_core.report import Reading
from .address import netloc, split
from .keywords import MOST, READ_ONLY_BY_KEYWORD, WRITABLE, Memory, has_read
from .repair import realtime

_LOGGER = logging.getLogger(__name__)

# Seconds from the end of one request to the start of the next.
GAP: Final = 0.15
# After a 404 that haste may have caused (s).
SECOND_TRY: Final = 0.35
# Two misses of a keyword count as two when they are so far apart (s).
SPACED: Final = 10.0
# Who answered so recently (s) is still the one that a write will reach.
CONFIRMED_FOR: Final = 60.0
DEADLINE: Final = 10.0
# An answer has less than one kilobyte.
MAX_BYTES: Final = 16 * 1024

REALTIME: Final = "/RealTimeData"
# The box serves one at a time: who keeps a connection shuts others out.
HEADERS: Final = {"Connection": "close"}
_DEAF: Final = (DeviceConnectionError, DeviceTimeoutError)


class LanWire:
    """Reads and writes keywords; nothing that another unit says is ever used."""

    name = "lan"

    def __init__(
        self,
        session: ClientSession,
        host: str,
        *,
        pacer: Pacer,
        recorder: Recorder | None = None,
        deadline: float = DEADLINE,
        device_id: str | None = None,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Talk to ``host`` (``host[:port]``) in the turns of ``pacer``; raise ``DeviceRefusedError`` when it is no address."""
        self.host = host
        self.url = f"http://{netloc(*split(host))}"
        self.device_id = device_id
        self.recorder = recorder or Recorder()
        self.memory = memory or Memory()
        self.last: dict[str, Json] = {}
        # Write requests that left this machine, whatever became of them.
        self.sent = 0
        self._session, self._pacer, self._deadline, self._clock = session, pacer, deadline, clock
        self._confirmed_at: float | None = None
        self._missed_at: dict[str, float] = {}
        # The config flow, or the wire to an earlier address, may just have asked this box.
        pacer.rest()

    @property
    def firmware(self) -> str | None:
        """The firmware that the last good answer told."""
        return text(self.last.get("FirmwareVersion"))

    @property
    def shown_id(self) -> str | None:
        """The id that the last good answer told; old firmware has none."""
        return text(self.last.get("ID"))

    # Reading

    async def identify(self) -> dict[str, Json]:
        """Ask once who is there, and return all that it says."""
        async with self._pacer.turn():
            return await self._snapshot()

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:
        """Ask for ``sources``: one request for nearly all, one for each that is only told by name."""
        keys = list(dict.fromkeys(key for source in sources if isinstance(key := source.key, str)))
        values: dict[Key, Raw] = {}
        failed: dict[Key, EnergyError] = {}
        by_name = [key for key in keys if key in READ_ONLY_BY_KEYWORD and key not in self.last]
        # Which keywords there are to ask for depends on the firmware, so it is known before.
        heard = bool(keys) and (self._confirmed_at is None or len(by_name) < len(keys))
        if heard:
            async with self._pacer.turn(command=command):
                found = await self._snapshot()
            values.update((key, found[key]) for key in keys if key in found)
            by_name = [key for key in keys if key in READ_ONLY_BY_KEYWORD and key not in found]
        for key in by_name if has_read(self.firmware) else ():
            if self.memory.lacks(key):
                continue
            try:
                values[key] = await self._by_name(key, command=command)
            except EnergyError as error:
                if not self.memory.lacks(key):
                    failed[key] = error
        if not heard and failed and not values and all(isinstance(each, _DEAF) for each in failed.values()):
            raise next(iter(failed.values()))
        return Reading(values=values, failed=failed)

    async def _snapshot(self) -> dict[str, Json]:
        """Read everything at once, and believe it when it is this charger's; the caller has the turn."""
        try:
            found = realtime(await self._send(REALTIME))
            shown = text(found.get("ID"))
            if shown is not None and self.device_id is not None and shown != self.device_id:
                raise WrongDeviceError("another charger answers at this address")
        except EnergyError:
            self._confirmed_at = None
            raise
        self.last, self._confirmed_at = found, self._clock()
        self.memory.see(self.firmware)
        self.recorder.note(f"GET {REALTIME}", found)
        return found

    async def _by_name(self, key: str, *, command: bool) -> Raw:
        """Return the number that ``/read`` answers; remember when there is none."""
        path = f"/read/{key}"
        try:
            async with self._pacer.turn(command=command):
                body = await self._twice(path)
        except DeviceProtocolError as error:
            if _unknown(error):
                self._missed(key)
            raise
        if (value := number(body.decode(errors="replace").strip(" \t\r\n\0%"))) is None:
            self._missed(key)
            raise DeviceProtocolError(f"{path}: no number")
        self.memory.misses.pop(key, None)
        self.recorder.note(f"GET {path}", tidy(value))
        return tidy(value)

    def _missed(self, key: str) -> None:
        """Count a miss, once for all that come in a short time."""
        now = self._clock()
        if now - self._missed_at.get(key, -SPACED) >= SPACED:
            self._missed_at[key] = now
            self.memory.misses[key] = self.memory.misses.get(key, 0) + 1

    # Writing

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Write each value; an answer that is neither yes nor no is a ``DeviceProtocolError``: read it back."""
        orders = [(_keyword(source), _whole(raw)) for source, raw in values]
        for keyword, value in orders:
            # One turn for both, lest somebody else finds out in between that another unit is there.
            async with self._pacer.turn(command=True):
                if self._confirmed_at is None or self._clock() - self._confirmed_at > CONFIRMED_FOR:
                    await self._snapshot()
                    await asyncio.sleep(self._pacer.gap)
                await self._write(keyword, value)

    async def _write(self, keyword: str, value: int) -> None:
        self.sent += 1
        try:
            body = await self._twice(f"/write/{quote(keyword, safe='')}={quote(str(value), safe='')}")
        except DeviceConnectionError as error:
            self.sent -= isinstance(error.__cause__, ClientConnectorError)
            raise
        except DeviceProtocolError as error:
            if _unknown(error):
                raise DeviceRefusedError(f"no {keyword} here", key="keyword_unknown", name=keyword) from error
            raise
        match body.strip(b" \t\r\n\0").upper():
            case b"OK":
                return
            case b"ERROR":
                raise DeviceRefusedError(f"{keyword}: refused", key="device_refused", name=keyword)
            case _:
                raise DeviceProtocolError(f"{keyword}: neither yes nor no", key="write_unclear", name=keyword)

    # Talking; the caller has the turn

    async def _twice(self, path: str) -> bytes:
        """Ask again after a 404: the box says so too when it is busy."""
        try:
            return await self._send(path)
        except DeviceProtocolError as error:
            if not _unknown(error):
                raise
        await asyncio.sleep(SECOND_TRY)
        return await self._send(path)

    async def _send(self, path: str) -> bytes:
        try:
            answer = await self._request(path)
        except _DEAF:
            self._confirmed_at = None
            raise
        finally:
            self._pacer.rest()
        return answer.body

    async def _request(self, path: str) -> Answer:
        """Send one request; every status but 200 is one that no Trydan has, a demand for a password too."""
        try:
            answer = await request(
                self._session,
                "GET",
                self.url + path,
                deadline=self._deadline,
                headers=HEADERS,
                max_bytes=MAX_BYTES,
                # Without the value: it may be a password.
                exchange=Exchange(_LOGGER, "lan", f"GET {path.partition('=')[0]}"),
            )
        except (DeviceAuthError, RateLimitedError) as error:
            status = error.placeholders.get("status", "429")
            raise DeviceProtocolError(str(error), key="http_status", status=status) from error
        if answer.status != 200:
            raise DeviceProtocolError(f"status {answer.status}", key="http_status", status=answer.status)
        return answer


def _keyword(source: Source) -> str:
    """Return the keyword that ``source`` is written under, if it is one of those that may be."""
    if source.target not in WRITABLE:
        raise DeviceRefusedError(key="not_writable", name=text(source.target) or "-")
    return str(source.target)


def _whole(raw: Raw) -> int:
    """Return a whole number, which is all that the box takes."""
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > MOST:
        raise DeviceRefusedError(key="invalid_value", value=text(raw) or "-")
    return int(raw)


def _unknown(error: DeviceProtocolError) -> bool:
    return error.placeholders.get("status") == "404"
