"""Who may ask a gateway: digest before firmware 7, tokens and sessions from then on."""

from dataclasses import dataclass
from hashlib import md5
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from .enphase_jwt import INSTALLER, TokenError, read_token
from .envoy_pages import REFUSED, REFUSED_OLD, REFUSED_OLDEST
from .envoy_profiles import Access, Endpoint
from .http_digest import fields, valid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .envoy_model import EnvoyModel

REALM: Final = "enphaseenergy.com"
COOKIE: Final = "sessionId"
BEARER: Final = "bearer "
CHECK: Final = "check_jwt"
ROLES: Final = {"owner": Access.OWNER, INSTALLER: Access.INSTALLER}
TAIL: Final = 8
LEAST_SKEW: Final = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brought along."""

    method: str
    target: str
    header: str
    cookies: Mapping[str, str]

    @property
    def kind(self) -> str:
        """What it is, for the log; never the thing itself."""
        header = self.header.lower()
        kinds = {"digest ": "digest", BEARER: "token"}
        return next((name for start, name in kinds.items() if header.startswith(start)), "cookie" if self.cookies else "none")


@dataclass(slots=True)
class Admission:
    """Whether a request is let in, with what role, and what the answer carries because of it."""

    admitted: bool
    role: Access = Access.OPEN
    cookie: str = ""
    challenge: str = ""


@dataclass(slots=True)
class Session:
    """A session of a token; it ends when nobody uses it, or when the token does."""

    role: Access
    expires: float
    used: float
    jti: str


class Gate:
    """Checks what a request brings along."""

    def __init__(self, model: EnvoyModel) -> None:
        """Guard this gateway."""
        self.model = model
        self.options = model.options
        self.sessions: dict[str, Session] = {}
        self.token_checks = 0
        self._nonces: set[str] = set()

    def forget(self) -> None:
        """Lose every session and nonce, as a restart does."""
        self.sessions.clear()
        self._nonces.clear()

    def admit(self, endpoint: Endpoint, given: Credentials) -> Admission:
        """Decide about one request."""
        needed = endpoint.access(self.options.firmware)
        if endpoint.handler == CHECK:
            role = self._token(given)
            return self._welcome(role, given, renew=True) if role else Admission(admitted=False)
        if needed == Access.OPEN:
            return Admission(admitted=True)
        if not self.options.firmware.tokens:
            return self._digest(needed, given)
        role, renew = self._session(given), False
        if role is None and (role := self._token(given)) is not None:
            # Young firmware gives a session with any answer to a good token.
            renew = self.options.firmware.since(8, 3)
        if role is None or role < needed or endpoint.path in self.options.role_too_low:
            return Admission(admitted=False)
        return self._welcome(role, given, renew=renew)

    def refusal(self) -> str:
        """Give the page that goes with a 401."""
        firmware = self.options.firmware
        if not firmware.tokens:
            return REFUSED_OLD if firmware.since(4) else REFUSED_OLDEST
        return REFUSED.replace("{target}", "/login.html" if firmware.since(8, 3, 5200) else "/home")

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _token(self, given: Credentials) -> Access | None:
        if not given.header.lower().startswith(BEARER):
            return None
        self.token_checks += 1
        try:
            claims = read_token(given.header[len(BEARER) :].strip(), self.options.token_key)
            issued, expires = float(claims.get("iat", 0)), float(claims["exp"])
        except TokenError, ValueError, TypeError:
            return None
        now = self.model.epoch
        if claims["aud"] != self.options.serial or expires <= now:
            return None
        if self.options.refuse_future_tokens and issued > now + LEAST_SKEW:
            return None
        return ROLES.get(str(claims.get("enphaseUser")), Access.OWNER)

    def _expiry(self, given: Credentials) -> tuple[float, str]:
        claims = read_token(given.header[len(BEARER) :].strip(), None)
        return float(claims["exp"]), str(claims.get("jti", ""))

    def _welcome(self, role: Access, given: Credentials, *, renew: bool) -> Admission:
        if not renew:
            return Admission(admitted=True, role=role)
        expires, jti = self._expiry(given)
        cookie = f"canary-session-{token_hex(16)}"
        self.sessions[cookie] = Session(role, expires, self.model.house.clock(), jti)
        return Admission(admitted=True, role=role, cookie=cookie)

    def _session(self, given: Credentials) -> Access | None:
        session = self.sessions.get(given.cookies.get(COOKIE, ""))
        if session is None:
            return None
        now = self.model.house.clock()
        if now - session.used > self.options.session_idle or session.expires <= self.model.epoch:
            del self.sessions[given.cookies[COOKIE]]
            return None
        session.used = now
        return session.role

    # -- digest ----------------------------------------------------------------------------------------------------

    def passwords(self) -> dict[str, tuple[str, Access]]:
        """Give password and role of each user."""
        options = self.options
        envoy = options.envoy_password if options.envoy_password is not None else options.serial[-6:]
        installer = options.installer_password
        computed = installer if installer is not None else installer_password(options.serial)
        return {"envoy": (envoy, Access.OWNER), "installer": (computed, Access.INSTALLER)}

    def _digest(self, needed: Access, given: Credentials) -> Admission:
        found = fields(given.header)
        password, role = self.passwords().get(found.get("username", ""), ("", Access.OPEN))
        known = found.get("nonce") in self._nonces and found.get("realm") == REALM and role >= needed
        if known and valid(given.header, given.method, given.target, password, found["username"]):
            return Admission(admitted=True, role=role)
        return Admission(admitted=False, challenge=self._challenge())

    def _challenge(self) -> str:
        nonce = token_hex(14)
        self._nonces.add(nonce)
        if self.options.malformed_challenge:
            return f'Digest qop="auth", realm="{REALM}, nonce={nonce}'
        return f'Digest qop="auth", realm="{REALM}", nonce="{nonce}"'


def installer_password(serial: str, user: str = "installer") -> str:
    """Compute the password of a user that is not envoy, as the makers of the gateway do."""
    digest = md5(f"[e]{user}@{REALM}#{serial} EnPhAsE eNeRgY ".encode(), usedforsecurity=False).hexdigest()
    zeros, ones = digest.count("0"), digest.count("1")
    password = ""
    for letter in digest[: -TAIL - 1 : -1]:
        zeros = min(max(zeros - (zeros in (3, 6, 9)), 0), 20)
        ones = min(max(ones - (ones in (9, 15)), 0), 26)
        if letter == "0":
            password += chr(ord("f") + zeros)
            zeros -= 1
        elif letter == "1":
            password += chr(ord("@") + ones)
            ones -= 1
        else:
            password += letter
    return password
