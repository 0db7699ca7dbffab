"""Tokens as the Enphase cloud gives them out: ES256, for one gateway, of an owner or an installer."""

from time import time
from typing import Any, Final
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
import jwt

ALGORITHM: Final = "ES256"
ISSUER: Final = "Entrez"
KID: Final = "00000000-0000-4000-8000-000000000001"
OWNER: Final = "owner"
INSTALLER: Final = "installer"
LIFETIMES: Final = {OWNER: 31_536_000.0, INSTALLER: 43_200.0}
CLAIMS: Final = ("aud", "exp")

type PublicKey = EllipticCurvePublicKey | str | bytes


class TokenError(ValueError):
    """A token that cannot be read, or that somebody else signed."""


def new_key() -> EllipticCurvePrivateKey:
    """Make a key such as the cloud signs with."""
    return generate_private_key(SECP256R1())


def make_token(
    key: EllipticCurvePrivateKey,
    *,
    serial: str,
    role: str = OWNER,
    username: str = "owner@example.org",
    issued: float | None = None,
    lifetime: float | None = None,
    kid: str = KID,
) -> str:
    """Sign a token for a gateway; it lives a year for an owner and 12 h for an installer unless told otherwise."""
    begin = int(time() if issued is None else issued)
    claims = {
        "aud": serial,
        "iss": ISSUER,
        "enphaseUser": role,
        "exp": begin + int(LIFETIMES.get(role, LIFETIMES[OWNER]) if lifetime is None else lifetime),
        "iat": begin,
        "jti": str(uuid4()),
        "username": username,
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid})


def read_token(text: str, public_key: PublicKey | None) -> dict[str, Any]:
    """Give the claims; the signature counts only if there is a key, the times are for the reader to judge."""
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
    try:
        if jwt.get_unverified_header(text).get("alg") != ALGORITHM:
            raise TokenError("not ES256")
        if public_key is None:
            claims = jwt.decode(text, options=options | {"verify_signature": False})
        else:
            claims = jwt.decode(text, public_key, algorithms=[ALGORITHM], options=options)
    except jwt.PyJWTError as error:
        raise TokenError(str(error)) from error
    if missing := [name for name in CLAIMS if name not in claims]:
        raise TokenError(f"claims are missing: {missing}")
    return claims
