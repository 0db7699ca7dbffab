"""Polls one gateway, keeps what must survive a restart, and tells who its entities are."""

from collections.abc import Callable
import logging
import math
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.storage import Store

from ..energy_core.errors import EnergyError, WrongDeviceError
from ..energy_core.ha.coordinator import EnergyCoordinator, Identity
from ..energy_core.ha.descriptions import PointDescription
from ..energy_core.ha.loops import Loops
from ..energy_core.points import Block
from ..energy_core.report import UpdateReport
from ..energy_core.tokens import Token as Jwt, TokenKeeper
from . import issues
from .connect import Gateway, wall
from .const import ACB_BAND, ACB_BANDS, CONF_INTERVAL, DOMAIN, SCAN_INTERVAL
from .details import Details, is_detail
from .devices import info_of
from .envoy.device import Envoy
from .envoy.firmware import version
from .envoy.local import REDIRECTED
from .envoy.points import OF_PHASES, Acb, Inverter, Part, Token
from .envoy.token_claims import role
from .envoy.units import acb_units
from .envoy.writes import set_acb_sleep, wake_acb

_LOGGER = logging.getLogger(__name__)

# Days and registers change with every reading: write them down now and then, and at the end.
SAVE_DELAY: Final = 300
# The only entity of an inverter in old versions: its id is the serial number alone.
BARE_KEY: Final = "inverters"
PHASE_TEXT: Final = next(iter(OF_PHASES))

type EnvoyConfigEntry = ConfigEntry[EnvoyCoordinator]


class EnvoyCoordinator(EnergyCoordinator[Envoy]):
    """Runs one gateway."""

    config_entry: EnvoyConfigEntry
    sparse = True
    # The surplus levels: they are there before the gateway answers.
    loops: Loops

    def __init__(
        self,
        hass: HomeAssistant,
        entry: EnvoyConfigEntry,
        envoy: Envoy,
        gateway: Gateway,
        *,
        keeper: TokenKeeper | None,
        store: Store[dict[str, Any]],
    ) -> None:
        """Poll ``envoy``; ``keeper`` has its token, None for firmware that needs none."""
        interval = entry.options.get(CONF_INTERVAL, SCAN_INTERVAL)
        super().__init__(hass, entry, envoy, domain=DOMAIN, serial=gateway.serial, interval=interval, logger=_LOGGER)
        self.gateway = gateway
        self.keeper = keeper
        self.store = store
        self.details = Details(hass, entry, envoy)
        self.pin: str | None = None
        self.chosen_band: str | None = None
        self._asked_reauth: str | None = None
        self._token: Jwt | None = None
        self._saved_at = -math.inf
        self.set_interval(interval)

    @override
    def set_interval(self, interval: float) -> None:
        """Poll each ``interval`` seconds from now on; the slower endpoints take turns by it."""
        super().set_interval(interval)
        self.device.pace = interval

    # -- identity -------------------------------------------------------------------------------------------------

    @override
    def identify(self, block: Block, key: str) -> Identity:
        """Return the id that Home Assistant's own integration gives the same entity."""
        unique_id = self._key_of(block, key)
        if not isinstance(block, Part) or not block.phase:
            return Identity(unique_id=unique_id)
        phase = {"phase_name": f"L{block.phase}"}
        return Identity(unique_id=f"{unique_id}_l{block.phase}", placeholders=phase, name_suffix=PHASE_TEXT, hidden=True)

    def _key_of(self, block: Block, key: str) -> str:
        if not isinstance(block, Part):
            return f"{self.serial}_{key}"
        if key == BARE_KEY and isinstance(block, Inverter):
            return block.item
        return f"{block.prefix or self.serial}_{key}"

    @override
    def offers(self, block: Block, description: PointDescription) -> bool:
        """Leave out details of inverters where there are many, unless the registry has them: nobody loses a history."""
        if self.details.of_all or not is_detail(block, description):
            return True
        return self._key_of(block, description.key) in self.details.known

    @override
    def device_info(self, block: Block) -> dr.DeviceInfo:
        """Return the device that a block belongs to."""
        return info_of(self, block)

    # -- polling --------------------------------------------------------------------------------------------------

    @override
    async def _async_update_data(self) -> UpdateReport:
        try:
            return await super()._async_update_data()
        finally:
            self._tell_token()

    @override
    async def after_update(self, report: UpdateReport) -> None:
        """Notice another firmware, keep what was counted, and look after the token."""
        if "info" in report.updated:
            issues.certificate_known(self.hass, self.config_entry)
            self._look_at_clock()
            self._look_at_firmware()
        self._remember()

    @override
    def _lost(self, error: EnergyError) -> UpdateReport:
        if isinstance(error, WrongDeviceError) and error.key == "certificate_changed":
            issues.certificate_changed(self.hass, self.config_entry)
        if error.key == REDIRECTED:
            # New firmware, which wants HTTPS and a token from now on.
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)
        return super()._lost(error)

    def _look_at_firmware(self) -> None:
        told = self.device.info.firmware
        if told is None or version(told) == version(self.gateway.firmware):
            return
        _LOGGER.info("%s has new firmware: what it offers is looked at again", self.name)
        self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    def _look_at_clock(self) -> None:
        if (told := self.device.info.time) is not None:
            issues.clock(self.hass, self.config_entry, told - wall())

    def _tell_token(self) -> None:
        """Show what the token says; ask the user when only the user can help, once."""
        if (keeper := self.keeper) is None:
            return
        block = self.device.token
        if (token := keeper.current) is not None and (token is not self._token or "info" in self.fresh):
            self._token = token
            block.set(Token.expires, token.expires)
            block.set(Token.role, role(token))
            issues.token_expiry(self.hass, self.config_entry, token.expires - wall(), manual=keeper.manual)
        if keeper.rejected is not None and keeper.rejected != self._asked_reauth:
            self.config_entry.async_start_reauth(self.hass)
        self._asked_reauth = keeper.rejected

    # -- memory ---------------------------------------------------------------------------------------------------

    def kept(self) -> dict[str, Any]:
        """Return what must survive a restart."""
        token = {} if self.keeper is None else self.keeper.saved()
        return {"device": self.device.saved(), "token": token, "pin": self.pin, "acb_band": self.chosen_band}

    @callback
    def _remember(self) -> None:
        """Write things down now and then: each call of the store's own puts a save that waits off again."""
        if (now := self.hass.loop.time()) - self._saved_at >= SAVE_DELAY:
            self._saved_at = now
            self.store.async_delay_save(self.kept, SAVE_DELAY / 2)

    # -- commands -------------------------------------------------------------------------------------------------

    @property
    def can_renew(self) -> bool:
        """Tell whether a token can be fetched."""
        return self.keeper is not None and not self.keeper.manual

    async def renew_token(self) -> None:
        """Fetch a new token now."""
        assert self.keeper is not None
        await self.keeper.renewed()
        self._tell_token()
        self.async_update_listeners()

    async def rescan(self) -> None:
        """Look at everything again, also at what was not there before."""
        self.device.local.health.forget()
        self.device.look_again()
        self.device.expire()
        await self.async_refresh()

    @property
    def acb_band(self) -> str:
        """Return the charge at which AC batteries are to sleep: as chosen, else as the first of them has it."""
        told = (f"{acb.sleep_soc_target}" for acb in self.device.parts(Acb))
        return self.chosen_band or next((band for band in told if band in ACB_BANDS), ACB_BAND)

    @acb_band.setter
    def acb_band(self, band: str) -> None:
        self.chosen_band = band

    async def acb_sleep(self) -> None:
        """Let all AC batteries sleep at the chosen charge."""
        low, high = self.acb_band.split("-")
        await self._acb(lambda: set_acb_sleep(self.device.local.link, acb_units(self.device), int(low), int(high)))

    async def acb_wake(self) -> None:
        """Wake all AC batteries."""
        await self._acb(lambda: wake_acb(self.device.local.link, acb_units(self.device)))

    async def _acb(self, command: Callable[[], Any]) -> None:
        await command()
        self.device.expire(*(block.name for block in self.device.blocks.values() if block.name.startswith("acb_")))
        self.device.expire("inventory")
        await self.async_refresh()
