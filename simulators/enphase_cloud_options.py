"""Everything that may differ in the answers of the Enphase cloud."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Final, Literal

from .enphase_jwt import OWNER

# A status, a page, nothing to read, nobody there, nobody who answers, a connection that breaks.
OUTAGES: Final = ("html", "empty", "refuse", "hang", "reset")

type Outage = int | str | None
type Shape = Literal["text", "json", "empty", "html", "null", "garbage", "cut", "foreign"]


@dataclass(slots=True, kw_only=True)
class EnphaseCloudOptions:
    """Options of the simulated cloud; every one may be changed while it runs, but host and port."""

    host: str = "127.0.0.1"
    port: int = 0
    clock: Callable[[], float] = time
    # The account: what it may see, and as whom.
    username: str = "owner@example.org"
    password: str = field(default="sunny day", repr=False)
    serials: tuple[str, ...] = ("122000000001",)
    uncommissioned: tuple[str, ...] = ()
    role: str = OWNER
    # Of new tokens, in seconds; what goes with the role when None.
    lifetime: float | None = None
    mfa: bool = False
    blocked: bool = False
    # How each of the two ways hands a token over.
    tokens_shape: Shape = "text"
    web_shape: Shape = "json"
    # A login that sets no cookies leaves only the first way.
    cookies: bool = True
    # Seconds that every answer takes, and what a 429 says about waiting.
    slow: float = 0.0
    retry_after: int | None = None


def check_outage(outage: Outage) -> Outage:
    """Give an outage back; ValueError for one that does not exist."""
    known = outage is None or outage in OUTAGES or (isinstance(outage, int) and 300 <= outage < 600)
    if not known:
        raise ValueError(f"unknown outage {outage!r}")
    return outage
