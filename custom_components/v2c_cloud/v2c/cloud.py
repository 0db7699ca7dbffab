"""The cloud's door: one call at a time, each of them paid for, no write ever sent twice."""

import asyncio
from collections.abc import Mapping
import hashlib
from ipaddress import IPv4Address, IPv6Address, ip_address
import json
import logging
import math
import re
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from aiohttp import ClientSession

from ...energy_core.capture import Recorder
from ...energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
)
from ...energy_core.exchange import Exchange
from ...energy_core.http import Json, request
from ...energy_core.pacing import Pacer
from ...energy_core.points import tidy
from . import parse
from .endpoints import Endpoint

_LOGGER = logging.getLogger(__name__)

type Param = str | int | float

BASE_URL: Final = "https://v2c.cloud/kong/v2c_service"
DEADLINE: Final = 15.0
# A year of charging sessions and more.
MAX_BYTES: Final = 1024 * 1024
# Before a read that was lost is tried once more (s).
RETRY_PAUSE: Final = 2.0
# As the integration that owned this domain before makes the unique id of an account.
SALT: Final = b"v2c_cloud_unique_id"
ROUNDS: Final = 200_000
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


class QuotaLike(Protocol):
    """Who counts the calls of an account."""

    def spend(self, *, command: bool) -> None:
        """Use one call; raise ``RateLimitedError`` when none is left."""

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of a call that succeeded."""

    def refused(self, retry_after: float | None) -> None:
        """Learn that the server said 429, and for how many seconds; None when it did not say."""


class CloudClient:
    """Calls the endpoints of one account."""

    def __init__(
        self,
        session: ClientSession,
        api_key: str,
        *,
        quota: QuotaLike,
        base_url: str = BASE_URL,
        pacer: Pacer,
        recorder: Recorder | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        """Call with ``api_key`` in the turns that ``pacer`` gives, as often as ``quota`` allows."""
        self.recorder = recorder or Recorder()
        self._session = session
        self._key = _clean(api_key)
        self._quota = quota
        self._base = base_url.rstrip("/")
        self._pacer = pacer
        self._deadline = deadline

    async def call(
        self, endpoint: Endpoint, device_id: str | None = None, *, command: bool = False, content: Json = None, **params: Param
    ) -> Json:
        """Make one call and return what it answers, None where that is nothing.

        A read that got no answer is repeated once, a write never.
        """
        url = self._base + endpoint.path + _query(endpoint, device_id, params)
        _check_content(endpoint, content)
        if not (self._key and self._key.isascii() and self._key.isprintable()):
            raise DeviceAuthError("not an API key", status=401)
        try:
            return await self._send(endpoint, url, content, command=command)
        except DeviceTimeoutError, DeviceConnectionError:
            if not endpoint.reads:
                raise
        await asyncio.sleep(RETRY_PAUSE)
        return await self._send(endpoint, url, content, command=command)

    async def _send(self, endpoint: Endpoint, url: str, content: Json, *, command: bool) -> Json:
        async with self._pacer.turn(command=command):
            self._quota.spend(command=command)
            try:
                answer = await request(
                    self._session,
                    endpoint.method,
                    url,
                    deadline=self._deadline,
                    # A kept connection may be closed from afar just when a command is sent.
                    headers={"apikey": self._key, "Connection": "close"},
                    content=content,
                    max_bytes=MAX_BYTES,
                    exchange=Exchange(_LOGGER, "cloud", endpoint.name),
                )
            except EnergyError as error:
                # Without its cause: that one may show the address, and a password in it.
                raise self._meant(error) from None
            self._quota.heard(answer.headers)
        parsed = parse.loose(answer.body)
        if isinstance(parsed, str) and parsed.startswith("<"):
            raise DeviceProtocolError("a web page", key="cloud_error", status=answer.status)
        self.recorder.note(endpoint.name, parsed, answer.status)
        return parsed

    def _meant(self, error: EnergyError) -> EnergyError:
        """Return what a failure means here, after the quota has learnt of it."""
        if isinstance(error, RateLimitedError):
            self._quota.refused(error.retry_after if error.named else None)
        if error.key != "http_status":
            return error
        status = error.placeholders["status"]
        if status == "400":
            return DeviceRefusedError(str(error), key="cloud_refused")
        if status == "404":
            return DeviceRefusedError(str(error), key="cloud_unknown")
        return DeviceProtocolError(str(error), key="cloud_error", status=status)


def _query(endpoint: Endpoint, device_id: str | None, params: Mapping[str, Param]) -> str:
    """Return the encoded query; other parameters than the endpoint's are a mistake of ours."""
    if (endpoint.device is None) != (device_id is None):
        raise TypeError(f"{endpoint.name}: device id {'missing' if device_id is None else 'not wanted'}")
    if not set(endpoint.params) <= params.keys() <= {*endpoint.params, *endpoint.optional}:
        raise TypeError(f"{endpoint.name}: got {sorted(params)}")
    device = [] if endpoint.device is None or device_id is None else [(endpoint.device, device_id)]
    found = "&".join(f"{name}={_encoded(value)}" for name, value in (*device, *params.items()))
    return f"?{found}" if found else ""


def _encoded(value: Param) -> str:
    try:
        return quote(value if isinstance(value, str) else _digits(value), safe="")
    except (ValueError, OverflowError) as error:
        # Not shown: it may be a password.
        raise DeviceRefusedError(key="invalid_value", value="-") from error


def _digits(value: float) -> str:
    """Return a number as the cloud writes it: 7, not 7.0, and a switch as 1 or 0."""
    if not math.isfinite(value):
        raise ValueError("not a number")
    return str(tidy(float(value)))


def _check_content(endpoint: Endpoint, content: Json) -> None:
    """Refuse what cannot travel as JSON, before anything is spent."""
    if endpoint.body != (content is not None):
        raise TypeError(f"{endpoint.name}: content {'missing' if endpoint.body else 'not wanted'}")
    try:
        json.dumps(content, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DeviceRefusedError(key="invalid_value", value=type(content).__name__) from error


def _clean(api_key: str) -> str:
    """Return a key as it was before it was copied: no white space, no line breaks."""
    return "".join(api_key.split())


def account_id(api_key: str) -> str:
    """Return the unique id of the account that ``api_key`` opens; takes a tenth of a second."""
    return hashlib.pbkdf2_hmac("sha256", _clean(api_key).encode(errors="replace"), SALT, ROUNDS).hex()


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def check_base_url(url: str) -> str:
    """Return the address of a cloud without a slash at its end; raise ``DeviceRefusedError`` for a bad one.

    It must be encrypted, as the key travels with each call; only a simulated one on this machine need not.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise DeviceRefusedError(key="invalid_base_url") from error
    address = _address(host)
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    bare = url.isascii() and url.strip().isprintable() and not set(url) & set("?#@%\\")
    good = (
        bare
        and (parts.scheme == "https" or (parts.scheme == "http" and loopback))
        and (isinstance(address, IPv6Address) or HOST.fullmatch(host) is not None)
        and port != 0
        and PATH.fullmatch(parts.path) is not None
    )
    if not good:
        raise DeviceRefusedError(key="invalid_base_url")
    shown = f"[{address}]" if isinstance(address, IPv6Address) else host
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{shown}{'' if port in (None, usual) else f':{port}'}{parts.path.rstrip('/')}"
