"""From an address to a gateway that lets us in: who it is, which way leads to it, with which key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import re
from typing import Any, Final
from urllib.parse import urlsplit

from homeassistant.const import CONF_PASSWORD, CONF_TOKEN, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util import dt as dt_util

from ..energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
)
from ..energy_core.tls import fingerprint
from ..energy_core.tokens import Token, TokenKeeper, read_token
from .const import CONF_MANUAL_TOKEN
from .envoy.auth import Bearer, Digest
from .envoy.cloud import EnphaseCloud
from .envoy.endpoints import ENDPOINTS
from .envoy.firmware import JSON_SINCE, REPORT_SINCE, TOKEN_SINCE, version
from .envoy.link import Link, Session, no_cookies
from .envoy.local import Local
from .envoy.password import INSTALLER, USER, credentials
from .envoy.token_claims import token_for

LOOK_DEADLINE: Final = 10.0
# A good token is not renewed while everything starts (s).
PATIENCE: Final = 600.0
# Needs a password on every firmware that knows one; it tells which one is right.
GUARDED: Final = "/api/v1/production/inverters"
BUSY: Final = "gateway_busy"
STRANGER: Final = "not_envoy"
HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.%a-z]{2,60}\](:\d{1,5})?")


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Who answers at an address, and how it is spoken to."""

    base: str
    serial: str
    firmware: str
    part_number: str | None

    @property
    def wants_token(self) -> bool:
        """Tell whether this firmware lets nobody in without a token."""
        return version(self.firmware) >= TOKEN_SINCE


def wall() -> float:
    """Return Home Assistant's clock in seconds since 1970."""
    return dt_util.utcnow().timestamp()


def session_of(hass: HomeAssistant) -> Session:
    """Return a session for a gateway, whose certificate is its own; it keeps no cookies."""
    return async_create_clientsession(hass, verify_ssl=False, cookie_jar=no_cookies())


def cloud_of(hass: HomeAssistant, data: Mapping[str, Any]) -> EnphaseCloud:
    """Return the cloud as the account of an entry sees it; its certificate is always verified."""
    session = async_create_clientsession(hass, cookie_jar=no_cookies())
    return EnphaseCloud(session, username=data.get(CONF_USERNAME) or "", password=data.get(CONF_PASSWORD) or "")


def valid_host(host: str) -> str:
    """Return an address as it is used, or raise: a name or IP address, with a port if need be."""
    host = host.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    if HOST.fullmatch(host) is None:
        raise DeviceRefusedError(key="invalid_host")
    return host


async def identify(session: Session, host: str, pin: bytes | None = None, *, secure: bool = False) -> Gateway:
    """Return who answers at ``host``: by HTTPS, or by HTTP as firmware before 7 does.

    A gateway whose certificate is known, its ``pin``, or that has had a token (``secure``), never goes back to
    HTTP: who answers there is another.
    """
    host = valid_host(host)
    try:
        return await _look(session, f"https://{host}", pin)
    except (DeviceConnectionError, DeviceTimeoutError) as first:
        if first.key == BUSY or pin is not None or secure:
            raise
        try:
            return await _look(session, f"http://{host}", None)
        except (DeviceConnectionError, DeviceTimeoutError, DeviceProtocolError) as second:
            raise (second if second.key in (STRANGER, BUSY) else first) from second


async def _look(session: Session, base: str, pin: bytes | None) -> Gateway:
    endpoint = ENDPOINTS["info"]
    try:
        answer = await Link(session, base, pin=pin).send("GET", endpoint.path, deadline=LOOK_DEADLINE, is_open=True)
        flat = endpoint.read(answer.body)
    except DeviceProtocolError as error:
        status = error.placeholders.get("status", "")
        if status.startswith("5"):
            raise DeviceConnectionError("the gateway is busy", key="gateway_busy") from error
        if status.startswith("3") and base.startswith("http:"):
            raise DeviceConnectionError("HTTPS is wanted") from error
        raise DeviceProtocolError(str(error), key="not_envoy") from error
    except DeviceAuthError as error:
        raise DeviceProtocolError(str(error), key="not_envoy") from error
    firmware = str(flat["info", "firmware"])
    if not version(firmware):
        raise DeviceProtocolError("no firmware", key="not_envoy")
    if version(firmware) >= TOKEN_SINCE and not base.startswith("https:"):
        raise DeviceConnectionError("a token does not travel in the open")
    part = flat["info", "part_number"]
    return Gateway(base=base, serial=str(flat["info", "serial"]), firmware=firmware, part_number=str(part) if part else None)


async def pin_of(gateway: Gateway) -> bytes | None:
    """Return the fingerprint of the gateway's certificate; firmware before 7 has none."""
    url = urlsplit(gateway.base)
    if url.scheme != "https" or url.hostname is None:
        return None
    return await fingerprint(url.hostname, url.port or 443, deadline=LOOK_DEADLINE)


def local_of(gateway: Gateway, link: Link) -> Local:
    """Return the wire to a gateway."""
    local = Local(link)
    if version(gateway.firmware) < REPORT_SINCE:
        # It shows a page there, for ever.
        local.health.absent.add("production")
    if version(gateway.firmware) < JSON_SINCE:
        local.use_page()
    return local


def local_password(data: Mapping[str, Any]) -> str:
    """Return the password that an entry has for the gateway itself; that of an account is the cloud's business alone."""
    return str(data.get(CONF_PASSWORD) or "") if data.get(CONF_USERNAME) in (None, "", USER, INSTALLER) else ""


async def digest_of(session: Session, gateway: Gateway, password: str) -> Digest:
    """Return what opens a gateway with firmware before 7; raise ``DeviceAuthError`` when only another password would.

    A gateway that asks nobody, or asks in a way that nobody understands, is used as far as it is open.
    """
    for user, secret in credentials(gateway.serial, password):
        digest = Digest(user, secret)
        try:
            await Link(session, gateway.base, digest).send("GET", GUARDED, deadline=LOOK_DEADLINE)
        except DeviceAuthError as error:
            if error.placeholders.get("challenge") != "Digest":
                return Digest()
            refusal = error
            continue
        except DeviceProtocolError:
            return Digest()
        return digest
    raise refusal


def is_manual(data: Mapping[str, Any]) -> bool:
    """Tell whether the user keeps the token: says so, or has given no account but perhaps a user of older firmware."""
    account = data.get(CONF_USERNAME) not in (None, "", USER, INSTALLER) and data.get(CONF_PASSWORD)
    return bool(data.get(CONF_MANUAL_TOKEN)) or not account


def keeper_of(hass: HomeAssistant, serial: str, data: Mapping[str, Any], changed: Callable[[Token], None]) -> TokenKeeper:
    """Return who keeps the token of an entry; a stored one is used as long as it lives, without any cloud."""
    try:
        token = read_token(data.get(CONF_TOKEN) or "")
    except EnergyError:
        token = None
    cloud = None if is_manual(data) else cloud_of(hass, data)

    async def renew() -> str:
        assert cloud is not None
        return await cloud.fetch_token(serial)

    return TokenKeeper(
        token,
        renew=renew if cloud is not None else None,
        clock=wall,
        patience=PATIENCE,
        changed=changed,
        read=lambda text: token_for(text, serial, now=wall()),
    )


async def opened(session: Session, gateway: Gateway, keeper: TokenKeeper, pin: bytes | None = None) -> Bearer:
    """Return the key to a gateway, once it has been seen to fit; one that is busy raises its error."""
    bearer = Bearer(keeper)
    link = Link(session, gateway.base, bearer, pin=pin)
    if not await link.token_holds():
        raise DeviceAuthError(key="token_refused")
    return bearer
