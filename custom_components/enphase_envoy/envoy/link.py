"""One gateway as a web server: a request at a time, its certificate pinned, its refusals understood."""

import logging
from typing import Final

from aiohttp import ClientSession, DummyCookieJar, Fingerprint
from aiohttp.abc import AbstractCookieJar

from ...energy_core.errors import DeviceAuthError, EnergyError, WrongDeviceError
from ...energy_core.exchange import Exchange
from ...energy_core.http import Answer, Json, parse, request
from ...energy_core.pacing import Pacer
from .auth import Auth, Digest

_LOGGER = logging.getLogger(__name__)

type Session = ClientSession

CHECK_JWT: Final = "/auth/check_jwt"
CHECK_DEADLINE: Final = 20.0
MAX_BYTES: Final = 2 * 1024 * 1024
# The gateway is a small, slow device: one request at a time, with a breath between (trap 22).
GAP: Final = 0.1


def no_cookies() -> AbstractCookieJar:
    """Return what makes a session forget every cookie: who needs one sends it himself."""
    return DummyCookieJar()


def is_about_access(error: EnergyError) -> bool:
    """Tell whether an error is about the way in: no endpoint is to blame then, and none is worth a try."""
    return isinstance(error, DeviceAuthError | WrongDeviceError) or error.key.startswith(("token_", "cloud_"))


def is_refusal(error: DeviceAuthError) -> bool:
    """Tell whether the gateway itself refuses us; else there is not even a token to show it."""
    return "status" in error.placeholders


class Link:
    """Sends requests to one gateway; ``pin`` is the SHA-256 of the certificate that is trusted."""

    def __init__(
        self,
        session: ClientSession,
        base: str,
        auth: Auth | None = None,
        *,
        pin: bytes | None = None,
    ) -> None:
        """Talk to ``base``, e.g. ``https://envoy.local``; without ``auth`` only what is open can be asked."""
        self.session = session
        self.base = base
        self.auth: Auth = auth or Digest()
        self.pacer = Pacer(GAP)
        self._trust: Fingerprint | bool = Fingerprint(pin) if pin else False

    async def send(
        self, method: str, path: str, *, deadline: float, content: Json = None, is_open: bool = False, command: bool = False
    ) -> Answer:
        """Send one request; an ``is_open`` one goes without credentials."""
        async with self.pacer.turn(command=command):
            try:
                answer = await request(
                    self.session,
                    method,
                    self.base + path,
                    deadline=deadline,
                    headers={} if is_open else await self.auth.headers(),
                    content=content,
                    middlewares=() if is_open else self.auth.middlewares,
                    max_bytes=MAX_BYTES,
                    ssl=self._trust,
                    exchange=Exchange(_LOGGER, "lan", f"{method} {path}"),
                )
            except WrongDeviceError as error:
                raise WrongDeviceError(str(error), key="certificate_changed") from error
        if not is_open:
            self.auth.heard(answer)
        return answer

    async def token_holds(self) -> bool:
        """Ask whether the token itself is good; a gateway that is booting raises its error (trap 7)."""
        try:
            answer = await self.send("GET", CHECK_JWT, deadline=CHECK_DEADLINE)
        except DeviceAuthError as error:
            if not is_refusal(error):
                raise
            return False
        return b"invalid" not in answer.body.lower()

    async def call(self, method: str, path: str, content: Json = None, *, deadline: float = 30.0) -> Json:
        """Send a command and return the JSON of its answer, None for an empty one."""
        answer = await self.send(method, path, deadline=deadline, content=content, command=True)
        return parse(answer.body) if answer.body.strip() else None
