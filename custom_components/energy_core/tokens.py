"""A token that does not run out while it is used: renewed in time, once for all who wait, never in a storm.

The door to everything about tokens: what they say is in ``token_text``, when they are renewed in ``renewal``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
import random as randomness
from typing import Any, Final, Self

import jwt

from .errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    EnergyError,
    RateLimitedError,
)
from .renewal import Attempts, Renewal
from .token_text import ES256, MAX_SKEW, Token, bare, check, read_token, skew

__all__ = ("MAX_SKEW", "Renewal", "Token", "TokenKeeper", "bare", "check", "read_token", "signed_by", "skew")

type Fetch = Callable[[], Awaitable[str]]
type Flight = asyncio.Task[Token | EnergyError]
type Spawn = Callable[[Coroutine[Any, Any, Token | EnergyError]], Flight]

USUAL: Final = Renewal()


def signed_by(token: Token, public_key: str) -> bool:
    """Tell whether a key (its SPKI in base64) made the signature; False too for a key that is none.

    Advisory: keys are replaced without notice, so that a good token may have a signature that nobody knows yet.
    """
    pem = f"-----BEGIN PUBLIC KEY-----\n{public_key}\n-----END PUBLIC KEY-----\n"
    try:
        jwt.PyJWS().decode(token.text, pem.encode(), algorithms=[ES256])
    except jwt.PyJWTError, ValueError, TypeError:
        return False
    return True


class TokenKeeper:
    """Holds the token of one device and gets a new one when it is due, gone or refused.

    ``renew`` fetches the text of a new token or raises an ``EnergyError``; None stands for a token that the user
    keeps, and then nothing is ever fetched. ``read`` makes a token of a text and may check it. ``clock`` tells seconds
    since 1970. ``changed`` is told of each new token and stores it. ``spawn`` starts the task that fetches. A token
    that is still good is not renewed in the first ``patience`` seconds: a start has enough to do.
    """

    def __init__(
        self,
        token: Token | None,
        *,
        renew: Fetch | None,
        clock: Callable[[], float],
        changed: Callable[[Token], None],
        read: Callable[[str], Token] = read_token,
        policy: Renewal = USUAL,
        random: Callable[[], float] = randomness.random,
        spawn: Spawn = asyncio.create_task,
        patience: float = 0.0,
    ) -> None:
        """Start with the stored token, if there is one; nothing is asked."""
        self.current = token
        self.attempts = Attempts()
        self._renew, self._read, self._changed = renew, read, changed
        self._clock, self._random, self._spawn = clock, random, spawn
        self._awake_at = clock() + patience if patience else 0.0
        self._policy = policy
        self._draw = random()
        self._flight: Flight | None = None
        # Given up because the user gave something better than what it was made with.
        self._outdated: Flight | None = None

    # -- for who talks with the device -----------------------------------------------------------------------------

    async def token(self) -> Token:
        """Return a token to use.

        A valid one comes at once; when it is due, another is fetched meanwhile. Without one this waits for the
        attempt and raises what it ends with: ``DeviceAuthError`` when only the user can help (the cloud is then asked
        no more), ``RateLimitedError`` when it is too early for another attempt.
        """
        now = self._clock()
        if self.current is not None and self.current.valid(now):
            renew = self._renew
            if renew and self.due(now) and self.rejected is None and max(self.next_attempt(now), self._awake_at) <= now:
                self._fly(renew)
            return self.current
        if self._renew is None:
            raise DeviceAuthError(key="token_missing" if self.current is None else "token_expired")
        return await self._landing(self._renew)

    async def refused(self, token: Token) -> Token:
        """Return another token in place of one that the device certainly refuses; errors as with ``token``.

        One attempt serves all who ask, and who comes after it gets the new token. The refused one stays for as long
        as there is no other: the device may change its mind.
        """
        now = self._clock()
        if self.current is not None and self.current.text != token.text and self.current.valid(now):
            return self.current
        if self._renew is None:
            raise DeviceAuthError(key="token_refused")
        if self._flight is None:
            self.attempts.refused(now)
        return await self._landing(self._renew)

    # -- for the user ----------------------------------------------------------------------------------------------

    async def renewed(self) -> Token:
        """Return a new token although the present one may be good; errors as with ``token``."""
        if self._renew is None:
            raise DeviceRefusedError(key="token_manual")
        return await self._landing(self._renew)

    def set_manual(self, text: str) -> Token:
        """Take over a token that the user gives; raises what ``read`` does, and then nothing has changed."""
        token = self._read(text)
        self.credentials_changed()
        self._adopt(token)
        return token

    def credentials_changed(self) -> None:
        """Forget what the old ones led to, so that the next who needs a token may ask at once."""
        self.stop()
        self._outdated, self._flight = self._flight, None
        self.attempts.forgive()

    # -- for who watches -------------------------------------------------------------------------------------------

    @property
    def manual(self) -> bool:
        """Whether the user keeps the token."""
        return self._renew is None

    @property
    def rejected(self) -> str | None:
        """The key of the error that only new credentials can mend, though the present token may still be good."""
        return self.attempts.rejected

    def due(self, now: float) -> bool:
        """Tell whether it is time for a new token; never, where the user keeps it."""
        if self._renew is None:
            return False
        return self.current is None or now >= self._policy.due_at(self.current, self._draw)

    def next_attempt(self, now: float) -> float:
        """Return from when on an attempt may be made, ``now`` at the earliest; whether it is due is not asked."""
        until = now + self.attempts.wait(now)
        if self.attempts.last is not None and self.current is not None and self.current.valid(now):
            until = max(until, self.attempts.last + self._policy.pause(self.current, self._draw))
        return until

    def report(self) -> dict[str, Any]:
        """Return what diagnostics show: counters, the keys of errors, times; nothing secret."""
        now = self._clock()
        shown = {name: value for name, value in self.attempts.as_dict().items() if name not in ("fetched", "counted")}
        next_attempt = None if self.manual or self.rejected is not None else self.next_attempt(now)
        expires = None if self.current is None else self.current.expires
        return {"manual": self.manual, "due": self.due(now), "expires": expires, "next_attempt": next_attempt, **shown}

    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON, without any secret; the token is stored by ``changed``."""
        return {**self.attempts.as_dict(), "token": self._mark()}

    def restored(self, saved: Any) -> Self:
        """Take back what was saved, unless the user or somebody else has given another token since."""
        if isinstance(saved, Mapping) and saved.get("token") == self._mark():
            self.attempts.restore(saved)
        return self

    def _mark(self) -> list[float | None] | None:
        """Return what tells one token from another and is no secret."""
        return None if self.current is None else [self.current.issued, self.current.expires]

    # -- the attempt -----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Give up the attempt that is under way, if there is one."""
        if self._flight is not None:
            self._flight.cancel()

    async def _landing(self, renew: Fetch) -> Token:
        """Return the token that an attempt brings, a new one or that which is under way; or raise why it does not."""
        if self._flight is None:
            if self.rejected is not None:
                raise DeviceAuthError(key=self.rejected)
            if (wait := self.attempts.wait(self._clock())) > 0:
                raise RateLimitedError(key="token_renewal_paused", retry_after=wait)
        flight = self._fly(renew)
        # One who is cancelled while waiting leaves the attempt to the others.
        await asyncio.wait({flight})
        if flight.cancelled():
            if flight is self._outdated:
                return await self.token()
            raise DeviceConnectionError("the attempt was given up", key="token_renewal_stopped")
        found = flight.result()
        if isinstance(found, EnergyError):
            raise found
        return found

    def _fly(self, renew: Fetch) -> Flight:
        """Return the attempt that is under way, a new one if there is none."""
        if self._flight is None:
            self.attempts.began(self._clock())
            self._draw = self._random()
            self._flight = self._spawn(self._attempt(renew))
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: Flight) -> None:
        if self._flight is flight:
            self._flight = None

    async def _attempt(self, renew: Fetch) -> Token | EnergyError:
        """Fetch a token and take it over, or return why that does not work."""
        try:
            token = self._usable(await renew())
        except EnergyError as error:
            self.attempts.failed(error, self._clock())
            return error
        self.attempts.succeeded(self._clock())
        self._adopt(token)
        return token

    def _usable(self, text: str) -> Token:
        """Return a fetched token if it is any good; what is wrong with it is nothing that the user could mend."""
        try:
            token = self._read(text)
        except DeviceAuthError as error:
            raise DeviceProtocolError(str(error), key="token_unusable") from None
        if not token.valid(self._clock()):
            raise DeviceProtocolError("expired already", key="token_unusable")
        return token

    def _adopt(self, token: Token) -> None:
        self.current = token
        self._changed(token)
