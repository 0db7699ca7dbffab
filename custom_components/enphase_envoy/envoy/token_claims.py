"""What the tokens of Enphase say beyond the usual: for which gateway, in which role, signed by whom.

Source: research brief, sections 1.4 and 1.5.
"""

from typing import Final

from ...energy_core.errors import DeviceAuthError
from ...energy_core.tokens import Token, check, read_token, signed_by

# The key that the cloud is known to sign with: P-256, SPKI, base64. It may be replaced at any time.
PUBLIC_KEY: Final = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6PhAU3Mk4W7Ara5hCWPHDtv8LY0CtBwEVj4k4Tu8KRBMOhbTcHHnxYJ3UKppIKyraB2GFUmOhGP9O2jmcb4UAw=="
)
# What stands in place of a serial where the cloud does not know the gateway as one at work.
UNCOMMISSIONED: Final = "un-commissioned"
ROLE: Final = "enphaseUser"
OWNER: Final = "owner"
INSTALLER: Final = "installer"
UNKNOWN: Final = "unknown"
ROLES: Final = (OWNER, INSTALLER, UNKNOWN)


def role(token: Token) -> str:
    """Return as whom the token speaks to the gateway, one of ``ROLES``."""
    found = token.claims.get(ROLE)
    return found if found in (OWNER, INSTALLER) and isinstance(found, str) else UNKNOWN


def recognised(token: Token) -> bool:
    """Tell whether the key that we know made the signature; a no is worth a remark, never a refusal."""
    return signed_by(token, PUBLIC_KEY)


def check_commissioned(token: Token) -> None:
    """Raise ``DeviceAuthError`` for the token of a gateway that is not at work yet; the installer has to finish."""
    if token.audience == UNCOMMISSIONED:
        raise DeviceAuthError("not for a gateway at work", key="gateway_uncommissioned")


def token_for(text: str, serial: str, *, now: float) -> Token:
    """Return the token in ``text`` if the gateway of that serial will accept it at ``now`` (seconds since 1970).

    Raises ``DeviceAuthError``: ``token_malformed``, ``token_truncated``, ``gateway_uncommissioned``,
    ``token_foreign`` or ``token_expired``.
    """
    token = read_token(text)
    check_commissioned(token)
    check(token, audience=serial, now=now)
    return token
