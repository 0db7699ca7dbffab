"""HTTP Digest as the Titan checks it: MD5, qop=auth, user opend, and any realm and nonce the client likes."""

from hashlib import md5
import re
from secrets import compare_digest
from typing import Final

USER: Final = "opend"
REALM: Final = "IGEN"
FIELD: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]+))')


def challenge(nonce: str) -> str:
    """Give the WWW-Authenticate header of a 401 answer."""
    return f'Digest realm="{REALM}", qop="auth", nonce="{nonce}", algorithm=MD5'


def fields(header: str) -> dict[str, str]:
    """Read the fields of an Authorization header, none when it is not Digest."""
    if not header.lower().startswith("digest "):
        return {}
    return {name: quoted or plain for name, quoted, plain in FIELD.findall(header[7:])}


def valid(header: str, method: str, target: str, password: str, user: str = USER) -> bool:
    """Whether the header proves the password for this request."""
    found = fields(header)
    if found.get("username") != user or found.get("uri") != target or found.get("qop") != "auth":
        return False
    first = _hash(f"{user}:{found.get('realm', '')}:{password}")
    second = _hash(f"{method}:{target}")
    middle = ":".join(found.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
    return compare_digest(_hash(f"{first}:{middle}:{second}"), found.get("response", ""))


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
