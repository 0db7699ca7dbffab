"""Bearer tokens in the form of a JWT (RFC 7519): what they say, and whether they can be used.

Times are seconds of the wall clock since 1970, as in the tokens. A token's text, its audience and
its claims are secrets: no ``repr``, message or placeholder of this module holds any of them.
"""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
import json
import re
from types import MappingProxyType
from typing import Any, Final

from .errors import DeviceAuthError
from .points import number

# RFC 7518, section 3.1: the signatures with elliptic curves, and how long each is in bytes.
ES256: Final = "ES256"
SIGNATURE_BYTES: Final = MappingProxyType({"ES256": 64, "ES384": 96, "ES512": 132})
# Real ones have about 600; a page that was pasted as a whole has more.
MAX_CHARACTERS: Final = 8192
PARTS: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}", re.ASCII)
# What each token begins with: '{"' in base64.
OPENING: Final = "eyJ"
# What a paste brings along: quotes of many kinds, commas, and marks that nobody sees.
AROUND: Final = "\"'`,;\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019"
UNSEEN: Final = re.compile(r"[\s\x00\u200b-\u200f\u2060\ufeff]+")
SCHEME: Final = re.compile(r"(authorization:)?\s*bearer\s+", re.IGNORECASE)
# Years 2001 to 9999: a time outside is a mistake, and no calendar could show it.
EARLIEST, LATEST = 1e9, 253_402_300_799.0
# Where clocks differ by more, tokens look expired, or not yet valid, that are neither (s).
MAX_SKEW: Final = 300.0


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token that could be read; ``issued`` is None, ``audience`` empty where it does not say.

    Of its claims only those are kept that are plain values.
    """

    text: str = field(repr=False)
    expires: float
    issued: float | None = None
    audience: str = field(default="", repr=False)
    claims: Mapping[str, str | float] = field(default_factory=lambda: MappingProxyType({}), repr=False, compare=False)

    @property
    def lifetime(self) -> float | None:
        """How long it was made to live, in seconds; None where it does not say."""
        return None if self.issued is None else self.expires - self.issued

    def valid(self, now: float) -> bool:
        """Tell whether it has not expired."""
        return now < self.expires


def bare(text: str) -> str:
    """Return a token without what surrounds it: blanks, line breaks, quotes, ``Bearer``, an object with ``token``.

    Where there is no token, something comes back that ``read_token`` refuses.
    """
    if len(text) > 4 * MAX_CHARACTERS:
        return ""
    text = text.strip()
    if text.startswith("{"):
        try:
            found = json.loads(text).get("token")
        except ValueError, RecursionError:
            return ""
        text = found if isinstance(found, str) else ""
    text = SCHEME.sub("", text.strip().strip(AROUND), count=1)
    return UNSEEN.sub("", text).strip(AROUND)


def read_token(text: str, *, algorithms: Collection[str] = frozenset({ES256})) -> Token:
    """Return what a token says, whatever a paste brought along; the signature is not checked.

    Raises ``DeviceAuthError``: ``token_truncated`` for one that is not whole, ``token_malformed`` for what is no token
    of these ``algorithms`` or does not say when it expires.
    """
    text = bare(text)
    if text.startswith(OPENING) and text.count(".") < 2:
        raise DeviceAuthError("it ends before its signature", key="token_truncated")
    if len(text) > MAX_CHARACTERS or PARTS.fullmatch(text) is None:
        raise DeviceAuthError("not three parts in base64", key="token_malformed")
    header, claims, signature = text.split(".")
    algorithm = _object(header).get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise DeviceAuthError("signed in a way that is not allowed", key="token_malformed")
    if len(signature) * 3 // 4 < SIGNATURE_BYTES.get(algorithm, 1):
        raise DeviceAuthError("its signature ends too early", key="token_truncated")
    return _token(text, _object(claims))


def _object(part: str) -> dict[str, Any]:
    """Return the JSON object in one part of a token."""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError, RecursionError:
        found = None
    if not isinstance(found, dict):
        raise DeviceAuthError("a part of it is no object", key="token_malformed")
    return found


def _token(text: str, claims: dict[str, Any]) -> Token:
    expires, issued = _time(claims.get("exp")), _time(claims.get("iat"))
    if expires is None:
        raise DeviceAuthError("no time of expiry", key="token_malformed")
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    return Token(
        text=text,
        expires=expires,
        issued=issued if issued is not None and issued < expires else None,
        audience=audience if isinstance(audience, str) else "",
        claims=MappingProxyType({name: value for name, value in claims.items() if isinstance(value, str | int | float)}),
    )


def _time(raw: Any) -> float | None:
    """Return a time that a calendar can show, else None."""
    seconds = None if isinstance(raw, str) else number(raw)
    return seconds if seconds is not None and EARLIEST <= seconds <= LATEST else None


def check(token: Token, *, audience: str, now: float) -> None:
    """Return if the token is for ``audience`` and has not expired; nothing else is safe to judge it by.

    Raises ``DeviceAuthError``: ``token_foreign`` or ``token_expired``.
    """
    if token.audience != audience:
        raise DeviceAuthError("for somebody else", key="token_foreign")
    if not token.valid(now):
        raise DeviceAuthError("its time is over", key="token_expired")


def skew(device_time: float, now: float) -> float:
    """Return by how many seconds the clock of a device is ahead, 0 as long as no token suffers from it.

    Otherwise a new token would be refused like the old one: somebody has to set a clock.
    """
    ahead = device_time - now
    return ahead if abs(ahead) > MAX_SKEW else 0.0
