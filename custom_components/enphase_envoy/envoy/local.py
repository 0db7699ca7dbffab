"""The gateway's own wire: endpoints read one after the other, each failing alone; writes on fresh data."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
import logging
import time
from typing import Final, override

from ...energy_core.device import Wire
from ...energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceTimeoutError,
    EnergyError,
)
from ...energy_core.http import Answer
from ...energy_core.points import Key, Raw, Source
from ...energy_core.report import Reading
from .endpoints import ENDPOINTS, PAGE, Endpoint
from .health import Health
from .link import Link, is_about_access, is_refusal
from .parse import Flat
from .points import WIRE
from .writes import write

_LOGGER = logging.getLogger(__name__)

# What anybody may read on firmware from 7 on.
OPEN: Final = frozenset({"info"})
# Answered by the gateway itself and not by the part behind it: enough to tell a dead gateway from a stuck part.
SIGN_OF_LIFE: Final = "info"
ENDPOINT_MISSING: Final = 404
# What plain HTTP answers since firmware 7, also where it was good until an update.
REDIRECTED: Final = "redirected"


class Local(Wire):
    """Reads whole endpoints, whatever single value is asked for; ``seen`` keeps what each said last."""

    name = WIRE

    def __init__(self, link: Link, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read through ``link``."""
        self.link = link
        self.health = Health(clock)
        self.endpoints: dict[str, Endpoint] = dict(ENDPOINTS)
        self.seen: dict[str, Flat] = {}
        self.bodies: dict[str, Answer] = {}
        self.answered: set[str] = set()
        self._understood: dict[str, tuple[bytes, Flat]] = {}
        self._writing = asyncio.Lock()

    def use_page(self) -> None:
        """Take production from the page for people: firmware before 3.9 has nothing else."""
        self.endpoints["v1"] = PAGE

    @override
    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:
        """Read the endpoints of ``sources``; raise only when none of them, nor the gateway itself, answers."""
        answers, errors = await self.ask(dict.fromkeys(_endpoint(source.key) for source in sources), command=command)
        values = {key: raw for flat in answers.values() for key, raw in flat.items()}
        failed = {source.key: errors[name] for source in sources if (name := _endpoint(source.key)) in errors}
        return Reading(values=values, failed=failed)

    async def ask(self, names: Iterable[str], *, command: bool = False) -> tuple[dict[str, Flat], dict[str, EnergyError]]:
        """Return what each endpoint says, or why it does not; raise only when none of them, nor the gateway, answers."""
        answers: dict[str, Flat] = {}
        errors: dict[str, EnergyError] = {}
        alive = False
        self.answered = self.answered if command else set()
        for name in names:
            standing = None if command else self.health.waits(name)
            if standing is not None:
                errors[name] = standing
                continue
            try:
                answers[name] = await self._fresh(name, command=command)
            except EnergyError as error:
                if is_about_access(error):
                    raise
                errors[name] = error
                if not alive and not any(answers.values()):
                    # Before the next one is waited for: where nobody is, each would take its time.
                    await self._look_for_life(name, error)
                alive = True
        return answers, errors

    @override
    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Change what ``values`` name, all in one endpoint."""
        # What is read, changed and sent back as a whole must not be changed by another command meanwhile.
        async with self._writing:
            await write(self.link, {source.target: raw for source, raw in values})

    async def _fresh(self, name: str, *, command: bool) -> Flat:
        """Return what an endpoint says now; nothing where there is nothing to ask."""
        if self.health.skips(name):
            return {}
        endpoint = self.endpoints[name]
        try:
            answer = await self._ask(name, endpoint, command=command)
            if answer is None:
                self.health.refuse(name)
                return {}
            self.bodies[endpoint.path] = answer
            # Much of what is read says the same again: whoever has seen it knows it by its identity.
            body, flat = self._understood.get(name, (b"", {}))
            if body != answer.body:
                flat = endpoint.read(answer.body)
                self._understood[name] = (answer.body, flat)
        except EnergyError as error:
            if is_about_access(error):
                raise
            if _status(error) == str(ENDPOINT_MISSING) and self.health.missing(name):
                return {}
            self.health.failed(name, error)
            raise
        self.health.succeeded(name)
        self.seen[name] = flat
        self.answered.add(name)
        return flat

    async def _ask(self, name: str, endpoint: Endpoint, *, command: bool) -> Answer | None:
        """Ask once; after a refusal find out whose fault it is, ask once more, and take None for a no."""
        is_open = name in OPEN and self.link.auth.renewable
        try:
            return await self.link.send("GET", endpoint.path, deadline=endpoint.deadline, is_open=is_open, command=command)
        except DeviceAuthError as error:
            if not is_refusal(error):
                raise
            if not self.link.auth.renewable:
                return None
        await self._settle_refusal()
        try:
            return await self.link.send("GET", endpoint.path, deadline=endpoint.deadline, command=command)
        except DeviceAuthError:
            return None

    async def _settle_refusal(self) -> None:
        """Renew the token when it is the reason; raise what stands in the way (research brief, section 1.6)."""
        if await self.link.token_holds():
            return
        await self.link.auth.renew()
        # The new one may speak in another role.
        self.health.denied.clear()
        if not await self.link.token_holds():
            raise DeviceAuthError("the gateway refuses a new token", key="token_refused")

    async def _look_for_life(self, name: str, error: EnergyError) -> None:
        """Raise when the gateway as a whole is deaf: one endpoint failed, and one that has nothing to do with it does, too."""
        if not self._may_be_down(error):
            return
        others = (SIGN_OF_LIFE, *self.seen)
        witness = next((each for each in others if each != name and each not in self.health.troubles), name)
        try:
            if witness == name:
                raise error
            endpoint = self.endpoints[witness]
            await self.link.send("GET", endpoint.path, deadline=endpoint.deadline, is_open=witness == SIGN_OF_LIFE)
        except EnergyError as silence:
            if is_about_access(silence) and not (isinstance(silence, DeviceAuthError) and is_refusal(silence)):
                raise
            if not self._may_be_down(silence):
                return
            _LOGGER.debug("The gateway is silent: %s", silence)
            # The endpoint is not to blame: with the gateway it is back.
            self.health.pardon(name)
            if _status(silence).startswith("3"):
                raise DeviceConnectionError("HTTPS is wanted", key="redirected") from silence
            if _status(silence):
                raise DeviceConnectionError(str(silence), key="gateway_busy") from silence
            raise

    def _may_be_down(self, error: EnergyError) -> bool:
        """Tell whether an error may be one of the whole gateway: silence, 5xx while it starts, HTTPS and no HTTP any more."""
        if isinstance(error, DeviceConnectionError | DeviceTimeoutError):
            return True
        status = _status(error)
        return status.startswith("5") or (status.startswith("3") and self.link.base.startswith("http:"))


def _status(error: EnergyError) -> str:
    return error.placeholders.get("status", "")


def _endpoint(key: Key) -> str:
    assert isinstance(key, tuple)
    return str(key[0])
