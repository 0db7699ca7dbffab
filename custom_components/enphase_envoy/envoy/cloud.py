"""The cloud that gives out tokens: a login at Enlighten, then a token from Entrez, or from Enlighten itself.

Source: research brief, section 1.4, flows A and A'. Nothing of what is sent or received, neither
e-mail, password, session, serial nor token, is ever logged or part of an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Any, Final
from urllib.parse import quote, urlsplit

from aiohttp import ClientSession, DummyCookieJar

from ...energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
)
from ...energy_core.exchange import Exchange
from ...energy_core.http import Answer, parse, request
from ...energy_core.tokens import read_token
from .token_claims import check_commissioned

_LOGGER = logging.getLogger(__name__)

LOGIN: Final = "/login/login.json"
TOKENS: Final = "/tokens"
AUTH_TOKEN: Final = "/entrez-auth-token?serial_num="  # noqa: S105 (an address)
# One exchange; there are three of them at most (s).
DEADLINE: Final = 20.0
MAX_BYTES: Final = 128 * 1024
# Where a login is answered with this, a code by e-mail or telephone is wanted as well.
OTP_COOKIE: Final = "login_otp_nonce"
# How a server answers that no longer offers what was asked: there may be another way.
GONE: Final = frozenset({"404", "405", "406"})


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """Where the two parts of the cloud are."""

    enlighten: str = "https://enlighten.enphaseenergy.com"
    entrez: str = "https://entrez.enphaseenergy.com"


HOSTS: Final = Hosts()


@dataclass(frozen=True, kw_only=True, repr=False)
class Login:
    """What a login gives: the session for Entrez, cookies for Enlighten."""

    session_id: str
    cookies: Mapping[str, str]


class EnphaseCloud:
    """Fetches tokens for the gateways of one account; who calls decides how often.

    ``session`` verifies certificates and forgets cookies, so that no login stays behind in a session that others
    use: ``async_create_clientsession(hass, cookie_jar=DummyCookieJar())``. One that keeps them is a ``TypeError``.
    """

    def __init__(
        self, session: ClientSession, *, username: str, password: str, hosts: Hosts | None = None, deadline: float = DEADLINE
    ) -> None:
        """Sign in as ``username``, an e-mail address, at ``hosts``, by default ``HOSTS``; nothing is asked yet."""
        if not isinstance(session.cookie_jar, DummyCookieJar):
            raise TypeError("the session keeps cookies")
        self._session = session
        self._username, self._password = username.strip(), password
        self._hosts = hosts or HOSTS
        self._deadline = deadline

    async def fetch_token(self, serial: str) -> str:
        """Return a new token for the gateway of this serial, as text; it is for that gateway and can be read.

        Raises ``DeviceAuthError`` where the account is the reason (``invalid_auth``, ``mfa_required``,
        ``account_blocked``, ``no_right``, ``gateway_uncommissioned``), ``DeviceConnectionError``,
        ``DeviceTimeoutError`` and ``RateLimitedError`` where waiting helps, ``DeviceProtocolError`` for answers that
        make no sense (``cloud_answer``) or ways that are closed (``cloud_changed``).
        """
        login = await self._login()
        try:
            return await self._from_entrez(login, serial)
        except DeviceProtocolError as error:
            if not login.cookies or error.placeholders.get("status", "404") not in GONE:
                raise
        return await self._from_enlighten(login, serial)

    async def _login(self) -> Login:
        form = {"user[email]": self._username, "user[password]": self._password}
        if not (self._username and self._password and all(map(_encodable, form.values()))):
            raise DeviceAuthError("login: nothing to sign in with", key="invalid_auth")
        try:
            answer = await self._ask("login", "POST", self._hosts.enlighten + LOGIN, form=form)
        except DeviceAuthError as error:
            raise DeviceAuthError(str(error), key="invalid_auth") from None
        said = _object(answer.body)
        if said.get("isBlocked") is True:
            raise DeviceAuthError("login: blocked", key="account_blocked")
        session_id = said.get("session_id")
        if isinstance(session_id, str) and session_id:
            return Login(session_id=session_id, cookies=answer.cookies)
        if not session_id and (OTP_COOKIE in answer.cookies or said.get("success") is True):
            raise DeviceAuthError("login: wants a second factor", key="mfa_required")
        raise DeviceProtocolError("login: no session", key="cloud_answer")

    async def _from_entrez(self, login: Login, serial: str) -> str:
        """Flow A, second step; ``DeviceProtocolError`` where the other way is worth a try."""
        content = {"session_id": login.session_id, "serial_num": serial, "username": self._username}
        try:
            answer = await self._ask("tokens", "POST", self._hosts.entrez + TOKENS, content=content)
        except DeviceAuthError as error:
            if error.placeholders["status"] == "403":
                raise DeviceAuthError(str(error), key="no_right") from None
            raise DeviceAuthError(str(error), key="invalid_auth") from None
        return _token("tokens", answer.body, serial)

    async def _from_enlighten(self, login: Login, serial: str) -> str:
        """Flow A', which needs nothing but the cookies of the login."""
        cookies = "; ".join(f"{name}={value}" for name, value in login.cookies.items())
        url = self._hosts.enlighten + AUTH_TOKEN + quote(serial, safe="")
        try:
            answer = await self._ask("auth token", "GET", url, headers={"Cookie": cookies})
        except DeviceAuthError as error:
            if (status := error.placeholders["status"]) == "403":
                raise DeviceAuthError(str(error), key="no_right") from None
            # The login was fine a moment ago: it is no longer the way to a token.
            raise DeviceProtocolError(str(error), key="cloud_changed", status=status) from None
        return _token("auth token", answer.body, serial)

    async def _ask(
        self,
        name: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one request, once, and say in our words what became of it."""
        try:
            answer = await request(
                self._session,
                method,
                url,
                deadline=self._deadline,
                headers=headers,
                content=content,
                form=form,
                max_bytes=MAX_BYTES,
                exchange=Exchange(_LOGGER, "cloud", f"{method} {urlsplit(url).path}"),
            )
        except EnergyError as error:
            # Without its cause: that one may show the address, and the serial in it.
            raise _meant(name, error) from None
        return answer


def _meant(name: str, error: EnergyError) -> EnergyError:
    """Return what a failure means here; what concerns the account is for the caller to say."""
    message = f"{name}: {error}"
    match error:
        case DeviceAuthError():
            return DeviceAuthError(message, status=error.placeholders["status"])
        case DeviceConnectionError():
            return DeviceConnectionError(message, key="cloud_unreachable")
        case DeviceTimeoutError():
            return DeviceTimeoutError(message, key="cloud_timeout")
        case DeviceProtocolError():
            return _unexpected(message, error)
    return error


def _unexpected(message: str, error: DeviceProtocolError) -> EnergyError:
    """Return what a status means that is neither success nor refusal, or content that cannot be read."""
    status = error.placeholders.get("status")
    if status is None:
        return DeviceProtocolError(message, key="cloud_answer")
    if int(status) >= 500:
        return DeviceConnectionError(message, key="cloud_unavailable", status=status)
    return DeviceProtocolError(message, key="cloud_changed", status=status)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = parse(body)
    except DeviceProtocolError:
        found = None
    if not isinstance(found, dict):
        raise DeviceProtocolError("login: no JSON object", key="cloud_answer")
    return found


def _token(name: str, body: bytes, serial: str) -> str:
    """Return the token in an answer, bare or in a JSON object."""
    try:
        token = read_token(body.decode(errors="replace"))
    except DeviceAuthError as error:
        raise DeviceProtocolError(f"{name}: {error}", key="cloud_answer") from None
    check_commissioned(token)
    if token.audience != serial:
        raise DeviceProtocolError(f"{name}: for another gateway", key="cloud_answer")
    return token.text


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
