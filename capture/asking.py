"""What every device's capture is made with: sessions, raw answers, passwords typed by a person."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from getpass import getpass
import re
import sys

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from custom_components.energy_core.capture import NAMES, Json, Recorder
from custom_components.energy_core.errors import DeviceProtocolError, EnergyError
from custom_components.energy_core.http import Answer, parse

# Tells the person at the keyboard how far it is.
type Say = Callable[[str], None]


@dataclass(kw_only=True)
class Found:
    """What a device told, who it is, and what of it is nobody's business."""

    maker: str
    model: str | None = None
    firmware: str | None = None
    recorder: Recorder = field(default_factory=Recorder)
    secrets: set[str] = field(default_factory=set)
    # Keys of its answers whose values are private, and whether all of them go, or those too short to be looked for.
    names: re.Pattern[str] = NAMES
    blanks_all: bool = False
    # Where nothing answered, and why; for the person at the keyboard.
    silent: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def session(*, verified: bool) -> AsyncIterator[ClientSession]:
    """Open a session that keeps no cookies; a device's certificate is its own, a cloud's is ``verified``."""
    connector = TCPConnector(ssl=verified)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as opened:
        yield opened


def entered(question: str) -> str:
    """Return what a person types; nothing is shown of it, and nothing is on the command line for others to see."""
    if sys.stdin.isatty():
        return getpass(f"{question}: ").strip()
    return sys.stdin.readline().strip()


async def note(found: Found, request: str, answer: Awaitable[Answer], say: Say) -> None:
    """Ask once and keep what came, also where that is a refusal."""
    try:
        told = await answer
    except EnergyError as error:
        found.silent[request] = str(error)
        status = error.placeholders.get("status")
        if status is not None:
            found.recorder.note(request, None, int(status) if str(status).isdecimal() else str(status))
        say(f"{request}: {error}")
        return
    found.recorder.note(request, readable(told.body), told.status)
    say(f"{request}: {len(told.body)} bytes")


def readable(body: bytes) -> Json:
    """Return JSON as it is; anything else as text, blemishes and all: they are what a test needs."""
    try:
        return parse(body)
    except DeviceProtocolError:
        return body.decode(errors="replace")
