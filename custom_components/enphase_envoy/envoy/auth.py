"""How a request to the gateway proves itself: not at all, by digest, or by a token.

Source: research brief, sections 1.3 and 1.6.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from aiohttp import ClientMiddlewareType, DigestAuthMiddleware

from ...energy_core.http import Answer
from ...energy_core.tokens import Token, TokenKeeper

SESSION: Final = "sessionId"


class Auth(Protocol):
    """What a request is given; ``renewable`` tells whether a refusal may be a matter of the token."""

    renewable: bool

    async def headers(self) -> Mapping[str, str]:
        """Return the headers of the next request; raise an ``EnergyError`` when there can be none."""

    @property
    def middlewares(self) -> Sequence[ClientMiddlewareType]:
        """Return what answers challenges."""

    def heard(self, answer: Answer) -> None:
        """Learn from an answer."""

    async def renew(self) -> None:
        """Replace the token that was refused; raise an ``EnergyError`` when there is no other."""


class Digest:
    """Firmware before 7: each request on a connection of its own, because 3.18 closes it after the challenge."""

    renewable = False

    def __init__(self, username: str | None = None, password: str = "") -> None:
        """Answer challenges as ``username``, or not at all."""
        self.username = username or ""
        self._digest = DigestAuthMiddleware(username, password) if username else None

    async def headers(self) -> Mapping[str, str]:
        """Ask for a connection that ends with the answer."""
        return {"Connection": "close"}

    @property
    def middlewares(self) -> Sequence[ClientMiddlewareType]:
        """Return the digest."""
        return (self._digest,) if self._digest else ()

    def heard(self, answer: Answer) -> None:
        """Nothing to learn."""

    async def renew(self) -> None:
        """Nothing to renew."""


class Bearer:
    """Firmware from 7 on: the token with each request, and the session's cookie, which spares the gateway work."""

    renewable = True
    middlewares: Sequence[ClientMiddlewareType] = ()

    def __init__(self, keeper: TokenKeeper) -> None:
        """Ask ``keeper`` for the token of each request."""
        self.keeper = keeper
        self._cookie = ""
        self._token: Token | None = None

    async def headers(self) -> Mapping[str, str]:
        """Return the token, and the cookie that was given for it."""
        token = await self.keeper.token()
        if token is not self._token:
            self._token, self._cookie = token, ""
        headers = {"Authorization": f"Bearer {token.text}"}
        return headers | ({"Cookie": self._cookie} if self._cookie else {})

    def heard(self, answer: Answer) -> None:
        """Keep the cookie of the session."""
        session = answer.cookies.get(SESSION, "")
        if session and session.isascii():
            self._cookie = f"{SESSION}={session}"

    async def renew(self) -> None:
        """Have the token that was used last replaced."""
        if self._token is not None:
            await self.keeper.refused(self._token)
