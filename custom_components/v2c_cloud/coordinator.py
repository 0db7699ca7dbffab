"""The runtime: one coordinator for each charger, and one that spends the account's calls."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..energy_core.device import CommandResult
from ..energy_core.errors import DeviceRefusedError
from ..energy_core.ha.coordinator import EnergyCoordinator, discreet
from ..energy_core.ha.loops import Loops
from ..energy_core.pacing import Steady
from ..energy_core.points import Block, Point, Value
from ..energy_core.report import UpdateReport
from .const import CONF_ADDRESSES, CONF_INTERVAL, CONF_SHARE, DOMAIN, MANUFACTURER, SCAN_INTERVAL, SHARE
from .v2c import verbs
from .v2c.account import Account
from .v2c.device import Trydan
from .v2c.locate import Locator
from .v2c.pending import SETTLES as PENDING_SETTLES
from .v2c.plan import Kind, Task
from .v2c.sessions import SessionBook

_LOGGER = logging.getLogger(__name__)

# After a command through the cloud it is asked what shows, in s: most settings take seconds, some a minute and a half.
LOOKS: Final = (5.0, 100.0, PENDING_SETTLES + 1.0)

type V2CConfigEntry = ConfigEntry[V2CRuntime]


def auth_issue(entry: ConfigEntry) -> str:
    """Return the id of the repair for a key that the cloud refuses."""
    return f"cloud_auth_{entry.entry_id}"


class TrydanCoordinator(EnergyCoordinator[Trydan]):
    """Reads one charger, follows it to new addresses, and tells what happens to it."""

    config_entry: V2CConfigEntry

    def __init__(self, hass: HomeAssistant, entry: V2CConfigEntry, trydan: Trydan, locator: Locator, name: str) -> None:
        """Run ``trydan``, which ``locator`` finds on the LAN."""
        serial, every = f"v2c_{trydan.face.device_id}", entry.options.get(CONF_INTERVAL, SCAN_INTERVAL)
        super().__init__(hass, entry, trydan, domain=DOMAIN, serial=serial, interval=every, logger=_LOGGER, title=name)
        self.name = discreet(name, trydan.face.device_id)
        self.locator = locator
        self.account: AccountCoordinator | None = None
        self._source: object = None
        self._firmware: object = None
        self._lan_worked = False
        self._plugged: bool | None = None
        self._looks: list[CALLBACK_TYPE] = []
        # Settings that the cloud accepted and the charger did not take, until somebody has told the user.
        self.lost_commands: list[str] = []
        trydan.not_applied = self._not_applied

    @property
    def device_id(self) -> str:
        """Return the charger's id, as the maker prints it."""
        return self.device.face.device_id

    @property
    def sessions(self) -> SessionBook:
        """Return the sessions that the cloud has in its books."""
        return self.device.face.book

    @property
    def session_since(self) -> datetime | None:
        """Return when the present session began, None without a car."""
        meter = self.device.session_meter
        if not meter.plugged or meter.since is None:
            return None
        return dt_util.utc_from_timestamp(meter.since + self.device.ahead())

    @override
    async def _async_update_data(self) -> UpdateReport:
        if (lan := await self.locator.find(self.device)) is not None:
            self.device.use_lan(lan)
        try:
            return await super()._async_update_data()
        finally:
            self._tell_account()

    @override
    async def after_update(self, report: UpdateReport) -> None:
        """Note the way that the values came, and what the registry shows of the charger."""
        self.locator.confirm(self.device)
        source = self.device.wire.name
        if self._source is not None and source != self._source:
            _LOGGER.log(
                logging.WARNING if source == "cloud" else logging.INFO, "%s: values come from the %s now", self.name, source
            )
        self._source = source
        firmware = self.device.info.firmware
        if firmware != self._firmware and self.data is not None:
            dr.async_get(self.hass).async_get_or_create(config_entry_id=self.config_entry.entry_id, **self.device_info(None))
        self._firmware = firmware

    def _tell_account(self) -> None:
        """Let the plan know whether this charger needs the cloud."""
        if self.account is None:
            return
        self.account.device.plan.situation(self.device_id, self.device.situation())
        plugged = self.device.status.plugged
        if self._plugged and plugged is False:
            # The session that has just ended is in the cloud's books by the time that the plan comes to it.
            self.account.device.plan.hurry(Task(Kind.SESSIONS, self.device_id))
        self._plugged = plugged
        worked, self._lan_worked = self._lan_worked, self.device.lan_works
        if worked and not self._lan_worked:
            # At the first silence, so that the cloud has something to show should a second one follow.
            self.account.ask_again(self.device_id, Kind.LIVE, Kind.REPORTED)

    @override
    async def write(self, block: Block, point: Point[Any], value: Value) -> CommandResult:
        """Write for an entity; what goes through the cloud is confirmed by it later."""
        return await self._applied(self.device.write(block, point, value))

    async def set_mode(self, mode: str) -> CommandResult:
        """Change the operating mode."""
        return await self._applied(self.device.set_mode(mode))

    async def _applied(self, command: Awaitable[CommandResult]) -> CommandResult:
        try:
            if not (result := await command).applied:
                raise DeviceRefusedError(key="not_applied")
        finally:
            self.commanded()
        return result

    async def wake(self) -> None:
        """Wake a car that stays asleep after a pause."""
        try:
            await verbs.wake(self.device)
        finally:
            self.commanded()

    def commanded(self) -> None:
        """Show what was written, and have the cloud asked for it soon."""
        self.device.digest(UpdateReport())
        self.async_update_listeners()
        self.stop_looking()
        if self.device.pending or self.device.unsure:
            self._looks = [async_call_later(self.hass, delay, self._look) for delay in LOOKS]

    @callback
    def _look(self, _now: datetime) -> None:
        """Have the cloud asked whether it shows by now what it was told."""
        if self.account is not None and (self.device.pending or self.device.unsure):
            self.account.ask_again(self.device_id, Kind.REPORTED, *((Kind.LIVE,) if self.device.lan_lost else ()))

    @callback
    def stop_looking(self) -> None:
        """Let go of every timer."""
        while self._looks:
            self._looks.pop()()

    def _not_applied(self, point: Point[Any]) -> None:
        _LOGGER.warning("%s: %s was accepted by the cloud and not applied by the charger", self.name, point.name)
        self.lost_commands.append(point.name)

    def cloud_news(self) -> None:
        """Show what the account has just learned of this charger."""
        if self.device.lan_works or self.data is None:
            self.device.digest(UpdateReport())
            self.async_update_listeners()
        else:
            self.refresh_soon()

    def refresh_soon(self) -> None:
        """Read the charger now, without holding up anybody."""
        self.config_entry.async_create_background_task(self.hass, self.async_refresh(), f"{DOMAIN} refresh")

    @override
    def device_info(self, block: Block | None) -> dr.DeviceInfo:
        """Return the charger."""
        face, lan = self.device.face, self.device.lan
        return dr.DeviceInfo(
            identifiers={(DOMAIN, self.device_id)},
            manufacturer=MANUFACTURER,
            name=face.name or f"Trydan {self.device_id}",
            model=str(face.facts.get("model") or "Trydan"),
            serial_number=self.device_id,
            sw_version=self.device.info.firmware,
            configuration_url=lan.url if lan is not None else "https://v2c.cloud",
        )


class AccountCoordinator(EnergyCoordinator[Account]):
    """Spends the account's calls where they matter, and hands out what they brought."""

    config_entry: V2CConfigEntry

    def __init__(self, hass: HomeAssistant, entry: V2CConfigEntry, account: Account) -> None:
        """Run ``account``."""
        serial = f"v2c_account_{entry.entry_id}"
        super().__init__(hass, entry, account, domain=DOMAIN, serial=serial, interval=30, logger=_LOGGER, title="V2C Cloud")
        self.chargers: dict[str, TrydanCoordinator] = {}
        self.pairings_changed: Callable[[], None] = lambda: None
        self._refused = False
        self._asked = False

    @override
    async def _async_update_data(self) -> UpdateReport:
        try:
            return await super()._async_update_data()
        finally:
            self._judge_key()
            for charger in self.chargers.values():
                charger.cloud_news()

    @override
    async def after_update(self, report: UpdateReport) -> None:
        """Come back when the plan has something to do."""
        self.interval = self.device.plan.wait()
        # A charger that is not paired, but has an address, stays.
        placed = set(self.config_entry.data.get(CONF_ADDRESSES) or {}) & set(self.chargers)
        if self.chargers and placed.union(self.device.own) != set(self.chargers):
            self.pairings_changed()

    def ask_again(self, device_id: str, *kinds: Kind) -> None:
        """Ask for a charger's answers out of turn, soon; what it is set to and does when no kind is named."""
        for kind in kinds or (Kind.REPORTED, Kind.LIVE):
            self.device.plan.hurry(Task(kind, device_id))
        self.refresh_soon()

    def refresh_soon(self) -> None:
        """Make the calls that are due now."""
        self.config_entry.async_create_background_task(self.hass, self.async_refresh(), f"{DOMAIN} cloud")

    def _judge_key(self) -> None:
        """Ask for a new key only when it is proven bad and nothing else reaches the chargers."""
        refused = self.device.key_refused
        if refused and not self._asked and not any(charger.device.lan_works for charger in self.chargers.values()):
            self._asked = True
            self.config_entry.async_start_reauth(self.hass)
        if refused == self._refused:
            return
        self._refused = refused
        self._asked = self._asked and refused
        if refused:
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                auth_issue(self.config_entry),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key="cloud_auth",
                translation_placeholders={"title": self.config_entry.title},
            )
        else:
            ir.async_delete_issue(self.hass, DOMAIN, auth_issue(self.config_entry))

    @override
    def device_info(self, block: Block) -> dr.DeviceInfo:
        """Return the account, which is a service."""
        return dr.DeviceInfo(
            identifiers={(DOMAIN, self.serial)},
            entry_type=dr.DeviceEntryType.SERVICE,
            manufacturer=MANUFACTURER,
            translation_key="account",
            configuration_url="https://v2c.cloud",
        )


@dataclass(kw_only=True)
class V2CRuntime:
    """Everything that runs for an entry: its chargers, and the account when there is one."""

    chargers: dict[str, TrydanCoordinator] = field(default_factory=dict)
    account: AccountCoordinator | None = None
    store: Store[dict[str, Any]]
    loops: Loops
    clock: Steady

    def apply(self, options: Mapping[str, Any]) -> None:
        """Take over new preferences at once."""
        for charger in self.chargers.values():
            charger.set_interval(options.get(CONF_INTERVAL, SCAN_INTERVAL))
        if self.account is not None:
            self.account.device.quota.share = options.get(CONF_SHARE, SHARE) / 100

    def kept(self) -> dict[str, Any]:
        """Return what must survive a restart."""
        cloud = {} if self.account is None else self.account.device.saved()
        chargers = {name: charger.device.saved() | {"address": charger.locator.known} for name, charger in self.chargers.items()}
        return {"cloud": cloud, "chargers": chargers, "ahead": self.clock.ahead()}
