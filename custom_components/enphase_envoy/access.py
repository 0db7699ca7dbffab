"""What a user gives to open a gateway, tried on it before it is kept: a password, an account, a token."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import CONF_PASSWORD, CONF_TOKEN, CONF_USERNAME
from homeassistant.core import HomeAssistant

from ..energy_core.errors import DeviceAuthError, DeviceConnectionError, DeviceProtocolError, DeviceTimeoutError
from ..energy_core.tokens import Token
from .connect import Gateway, cloud_of, digest_of, is_manual, keeper_of, local_password, opened, session_of, wall
from .const import CONF_MANUAL_TOKEN
from .envoy.token_claims import token_for

# What an entry says of its credentials; each way of opening a gateway fills in its own.
NOTHING: Final[Mapping[str, Any]] = {CONF_USERNAME: "", CONF_PASSWORD: "", CONF_TOKEN: "", CONF_MANUAL_TOKEN: False}


class Access:
    """Tries keys on one gateway; each way returns what an entry has to know of it, or raises an ``EnergyError``."""

    def __init__(self, hass: HomeAssistant, gateway: Gateway, pin: bytes | None = None) -> None:
        """Try to open ``gateway``, which shows the certificate ``pin`` if it is known."""
        self.hass = hass
        self.gateway = gateway
        self.pin = pin
        self._session = session_of(hass)
        # What an account gave, so that the cloud is not asked again because the gateway was busy.
        self._fetched: tuple[str, str, str] | None = None

    async def by_password(self, password: str = "") -> dict[str, Any]:
        """Open firmware before 7, with the passwords that it comes with if there is no other."""
        digest = await digest_of(self._session, self.gateway, password)
        return {**NOTHING, CONF_USERNAME: digest.username, CONF_PASSWORD: password}

    async def by_account(self, username: str, password: str) -> dict[str, Any]:
        """Open the gateway with a token that an account in the cloud gives out."""
        data = {**NOTHING, CONF_USERNAME: username, CONF_PASSWORD: password}
        if self._fetched is None or self._fetched[:2] != (username, password):
            self._fetched = username, password, await cloud_of(self.hass, data).fetch_token(self.gateway.serial)
        token = await self._fitting(self._fetched[2])
        return {**data, CONF_TOKEN: token.text}

    async def by_token(self, text: str) -> dict[str, Any]:
        """Open the gateway with a token that the user keeps."""
        token = await self._fitting(text)
        return {**NOTHING, CONF_TOKEN: token.text, CONF_MANUAL_TOKEN: True}

    async def by_entry(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Open the gateway with what an entry knows already."""
        if not self.gateway.wants_token:
            return await self.by_password(local_password(data))
        try:
            token = await self._fitting(data.get(CONF_TOKEN) or "")
        except DeviceAuthError:
            if is_manual(data):
                raise
            return await self.by_account(data[CONF_USERNAME], data[CONF_PASSWORD])
        return {CONF_TOKEN: token.text}

    async def _fitting(self, text: str) -> Token:
        """Return the token in ``text``, once the gateway has taken it."""
        token = token_for(text, self.gateway.serial, now=wall())
        kept = {CONF_TOKEN: token.text, CONF_MANUAL_TOKEN: True}
        keeper = keeper_of(self.hass, self.gateway.serial, kept, lambda _token: None)
        try:
            await opened(self._session, self.gateway, keeper, self.pin)
        except (DeviceConnectionError, DeviceTimeoutError, DeviceProtocolError) as error:
            # It answered a moment ago.
            raise DeviceConnectionError(str(error), key="gateway_busy") from error
        return token
