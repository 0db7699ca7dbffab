"""The only door to HTTP: a session in, JSON or bytes out, and every error ours.

No redirects, one deadline for the whole exchange, a cap on the body; neither a URL nor a body is ever logged, only
what the caller calls them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
import json
import math
from typing import Any, Final

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    Fingerprint,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
)
import orjson
from yarl import URL

from .errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
    WrongDeviceError,
)
from .exchange import Exchange

type Json = Any

# What a small device can have to say, many times over; a hostile body ends here.
MAX_BYTES: Final = 256 * 1024
# Deeper than any device nests its answers; code that walks through one may recurse.
MAX_DEPTH: Final = 32
# When a server says 429 without saying for how long.
RETRY_AFTER: Final = 60.0
# One deadline stands around the whole exchange instead.
NO_TIMEOUT: Final = ClientTimeout(total=None)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A successful answer before anybody has read meaning into it; ``cookies`` are those that it sets."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Mapping[str, str] = field(default_factory=dict)


async def request_json(
    session: ClientSession,
    method: str,
    url: str,
    *,
    deadline: float,
    headers: Mapping[str, str] | None = None,
    middlewares: Sequence[ClientMiddlewareType] = (),
    max_bytes: int = MAX_BYTES,
    exchange: Exchange | None = None,
) -> Json:
    """Send one request and return the JSON of its answer; the content type is not trusted, the status is."""
    more: dict[str, Any] = {"middlewares": middlewares, "max_bytes": max_bytes, "exchange": exchange}
    answer = await request(session, method, url, deadline=deadline, headers=headers, **more)
    return parse(answer.body)


async def request(
    session: ClientSession,
    method: str,
    url: str,
    *,
    deadline: float,
    headers: Mapping[str, str] | None = None,
    content: Json = None,
    form: Mapping[str, str] | None = None,
    middlewares: Sequence[ClientMiddlewareType] = (),
    max_bytes: int = MAX_BYTES,
    ssl: Fingerprint | bool = True,
    exchange: Exchange | None = None,
) -> Answer:
    """Send one request to ``url`` (already encoded) and return its answer; ``exchange`` is its line in the log.

    ``content`` goes as JSON, ``form`` as the fields of a web form. ``deadline`` bounds the whole exchange in
    seconds. ``ssl`` is how the other side proves itself: by a public authority, by the fingerprint of its own
    certificate, or not at all (False).
    """
    send = partial(
        session.request,
        method,
        headers=headers,
        json=content,
        data=None if form is None else dict(form),
        allow_redirects=False,
        middlewares=(*middlewares, _once),
        timeout=NO_TIMEOUT,
        ssl=ssl,
    )
    with exchange or nullcontext():
        try:
            async with asyncio.timeout(deadline), send(url=URL(url, encoded=True)) as response:
                return await _answer(response, max_bytes, exchange)
        except (ClientError, OSError, ValueError, RuntimeError, AttributeError) as error:
            ours = _translated(error, session, deadline)
            if ours is None:
                raise
            raise ours from error


async def _answer(response: ClientResponse, max_bytes: int, exchange: Exchange | None) -> Answer:
    check_status(response)
    # Looking for cookies costs more than reading a small answer.
    told = response.cookies.items() if "Set-Cookie" in response.headers else ()
    cookies = {name: each.coded_value for name, each in told}
    received = await body(response, max_bytes)
    if exchange is not None:
        exchange.got(response.status, len(received))
    return Answer(status=response.status, headers=response.headers, body=received, cookies=cookies)


async def _once(outgoing: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from repeating a GET, PUT or DELETE whose connection broke: some devices take a GET for a write."""
    try:
        return await handler(outgoing)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise DeviceConnectionError(f"the connection was closed ({type(error).__name__})") from error


def _translated(error: Exception, session: ClientSession, deadline: float) -> EnergyError | None:
    """Connection troubles are the network's; what aiohttp refuses is an answer that is not HTTP; None is a mistake of ours."""
    if isinstance(error, TimeoutError):
        return DeviceTimeoutError(f"no answer within {deadline:g} s")
    if isinstance(error, ServerFingerprintMismatch):
        return WrongDeviceError("another certificate")
    if isinstance(error, OSError):
        return DeviceConnectionError(type(error).__name__)
    if isinstance(error, ClientError | ValueError):
        return DeviceProtocolError(f"not a usable answer ({type(error).__name__})")
    # aiohttp has no error of its own for a session that its owner lets go of between two requests, or in one.
    return DeviceConnectionError("the session was closed") if session.closed else None


def check_status(response: ClientResponse) -> None:
    """Return on 200 and 204; raise the error that the status stands for."""
    status = response.status
    if status in (200, 204):
        return
    if status in (401, 403):
        challenges = " ".join(response.headers.getall("WWW-Authenticate", ()))
        # One that opens a quote and never closes it can be answered by nobody.
        challenge = "Digest" if "digest" in challenges.lower() and challenges.count('"') % 2 == 0 else "none"
        raise DeviceAuthError(f"status {status}", challenge=challenge, status=status)
    if status == 429:
        named = _retry_after(response)
        raise RateLimitedError("status 429", retry_after=RETRY_AFTER if named is None else named, named=named is not None)
    raise DeviceProtocolError(f"status {status}", key="http_status", status=status)


def _retry_after(response: ClientResponse) -> float | None:
    header = response.headers.get("Retry-After", "")
    return float(header) if header.isascii() and header.isdigit() and len(header) < 6 else None


async def body(response: ClientResponse, max_bytes: int) -> bytes:
    """Return the body, or raise when it passes ``max_bytes``; no more than that is ever held."""
    chunks: list[bytes] = []
    left = max_bytes
    while not (chunks and response.content.at_eof()):
        # Mostly all of it has come together with the headers: one look, and nothing is copied.
        chunks.append(await response.content.readany())
        left -= len(chunks[-1])
        if left < 0:
            raise DeviceProtocolError(f"more than {max_bytes} bytes")
    return b"".join(chunks)


def parse(raw: bytes) -> Json:
    """Return JSON, with NaN and infinity as null; raise ``DeviceProtocolError`` for anything else."""
    try:
        parsed = _loads(raw)
    except (ValueError, RecursionError) as error:
        raise DeviceProtocolError("not JSON", key="not_json") from error
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _too_deep(parsed):
        raise DeviceProtocolError(f"nested deeper than {MAX_DEPTH} levels", key="not_json")
    return parsed


def _loads(raw: bytes) -> Json:
    """Read strict JSON quickly; what is not quite JSON, or holds an infinite number, patiently."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw, parse_constant=lambda _: None, parse_float=_finite)


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _too_deep(parsed: Json) -> bool:
    """Tell whether lists and objects are nested deeper than any device does."""
    level = [parsed]
    for _ in range(MAX_DEPTH):
        nests = [each for each in level if isinstance(each, dict | list)]
        if not nests:
            return False
        level = [inner for nest in nests for inner in (nest.values() if isinstance(nest, dict) else nest)]
    return any(isinstance(each, dict | list) for each in level)
