"""The Titan's runtime: one coordinator, its control, and what is kept across restarts."""

from collections.abc import Callable, Mapping
from datetime import datetime
import logging
import math
import time
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store

from ..energy_core.control import Sample
from ..energy_core.device import CommandResult
from ..energy_core.errors import DeviceRefusedError, EnergyError, WrongDeviceError
from ..energy_core.ha.coordinator import EnergyCoordinator
from ..energy_core.ha.loops import Loops
from ..energy_core.points import Block, Point, Value
from ..energy_core.report import UpdateReport
from .connect import polarity
from .const import (
    CONF_FAIL_SAFE,
    CONF_POLARITY,
    CONF_SERIALS,
    CONF_SETTINGS_PER_DAY,
    DOMAIN,
    FAIL_SAFES,
    SCAN_INTERVAL,
)
from .devices import report_stranger, unit_info
from .schema import limits
from .titan import device as titan_device
from .titan.control import MIN_POWER, QUIET, Control
from .titan.device import Titan
from .titan.orders import Action, Order
from .titan.points import Pack, System

_LOGGER = logging.getLogger(__name__)
# Counters and budgets change with every poll: write them to disk now and then, and at the end.
SAVE_DELAY = 300

type TitanConfigEntry = ConfigEntry[TitanCoordinator]


class TitanCoordinator(EnergyCoordinator[Titan]):
    """Polls the unit, keeps its control and its memory, and ends what runs when Home Assistant goes."""

    sparse = True

    config_entry: TitanConfigEntry

    def __init__(self, hass: HomeAssistant, entry: TitanConfigEntry, titan: Titan, store: Store[dict[str, Any]]) -> None:
        """Run ``titan`` for ``entry``."""
        super().__init__(
            hass,
            entry,
            titan,
            domain=DOMAIN,
            serial=entry.unique_id or entry.entry_id,
            interval=entry.options.get(CONF_SCAN_INTERVAL, SCAN_INTERVAL),
            logger=_LOGGER,
        )
        self.control = Control(titan, limits(entry))
        self._store = store
        self._asked_at = -math.inf
        self._end_at: tuple[float, CALLBACK_TYPE] | None = None
        self._end_failed = False
        self._look: CALLBACK_TYPE | None = None
        self.loops = Loops(hass, entry)
        # Whether the order in force is that of a loop, which must not outlive it.
        self.following = False
        # The battery's power as last read, and when that reading began.
        self.battery_power: Sample | None = None
        # Called when a user commands the unit, whatever the way.
        self.commanded: Callable[[], None] = lambda: None

    def apply(self, options: Mapping[str, Any]) -> None:
        """Take over new preferences at once."""
        self.control.limits = limits(self.config_entry, options)
        self.device.sign.choice = polarity(options, CONF_POLARITY)
        self.device.settings_budget.limit = options.get(CONF_SETTINGS_PER_DAY, titan_device.SETTINGS_PER_DAY)
        self.set_interval(options.get(CONF_SCAN_INTERVAL, SCAN_INTERVAL))
        self.async_update_listeners()

    # Polling

    @override
    async def _async_update_data(self) -> UpdateReport:
        began = self.hass.loop.time()
        report = await super()._async_update_data()
        if "battery" in self.fresh and (power := self.device.battery.power) is not None:
            self.battery_power = Sample(value=power, at=began)
        return report

    @override
    async def after_update(self, report: UpdateReport) -> None:
        """Refuse a stranger, follow restarts, remember."""
        if "identity" in report.updated:
            self._check_identity()
        if self.data is not None:
            await self._recover()
            if "info" in report.updated:
                self.unit_id()
        self._arm_end()
        # Each call puts a save that waits off again: with every reading it would never come.
        if (now := self.hass.loop.time()) - self._asked_at >= SAVE_DELAY:
            self._asked_at = now
            self._store.async_delay_save(self._kept, SAVE_DELAY / 2)

    async def _recover(self) -> None:
        try:
            await self.control.recover()
        except DeviceRefusedError as error:
            _LOGGER.warning("%s restarted and refuses what it did before: %s", self.name, error)

    def _check_identity(self) -> None:
        self.device.stranger = not self.device.same_unit(self.config_entry.data[CONF_SERIALS])
        report_stranger(self.hass, self.config_entry, there=self.device.stranger)
        if self.device.stranger:
            self.device.expire("identity")
            raise WrongDeviceError("another unit answers at this address")

    # Commands

    @override
    async def write(self, block: Block, point: Point[Any], value: Value) -> CommandResult:
        """Write for an entity; modes and orders go through the control, which knows what follows from them."""
        if point is System.working_mode:
            self.commanded()
            return await self._commanded(self.control.set_mode(str(value)))
        result = await super().write(block, point, value)
        if result.writes:
            await self._save()
        return result

    async def set_realtime(self) -> CommandResult:
        """Arm real-time mode."""
        self.commanded()
        return await self._commanded(self.control.set_mode("realtime"))

    async def give(self, order: Order, duration: float | None = None) -> CommandResult:
        """Give an order; end it after ``duration`` seconds."""
        self.following = False
        self.commanded()
        return await self._commanded(self.control.order(order, duration))

    async def set_power(self, power: float) -> CommandResult:
        """Follow a signed setpoint: + discharges, - charges, less than the unit can do is standby."""
        return await self.give(self._signed(power, None))

    async def follow(self, power: float, soc: float, look: float) -> CommandResult:
        """Follow a loop, which orders often: look after ``look`` seconds, and write less to disk."""
        order = self._signed(power, soc)
        self.following = True
        return await self._commanded(self.control.order(order), look=look, often=True)

    async def let_go(self) -> None:
        """Leave the unit as the user wants it when nobody commands it any more, and see that it is so."""
        if self.device.system.working_mode not in ("realtime", None):
            # In another mode no order of ours runs, and that mode is somebody else's.
            self.release()
        elif self._fail_safe == "self_consumption":
            await self._commanded(self.control.set_mode("self_consumption"))
        elif not (await self._commanded(self.control.stop())).applied and self.following:
            # Not overtaken by a user's order: the unit goes on.
            raise DeviceRefusedError(key="not_applied")

    def release(self) -> None:
        """Leave the unit to whoever commands it by now."""
        self.following = False
        self.control.release()

    def _signed(self, power: float, soc: float | None) -> Order:
        if abs(power) < MIN_POWER:
            return Order(action=Action.STANDBY)
        return self.control.check(Action.DISCHARGE if power > 0 else Action.CHARGE, abs(power), soc)

    async def _commanded(self, command: Any, *, look: float = QUIET, often: bool = False) -> CommandResult:
        ran = self.control.running is not None
        try:
            result: CommandResult = await command
        finally:
            if not (self._end_failed or self.control.closed):
                self._arm_end()
            if not self.control.closed:
                self._look_soon(max(look, QUIET))
            if not often or ran != (self.control.running is not None):
                await self._save()
            self.async_update_listeners()
        return result

    @callback
    def _look_soon(self, delay: float) -> None:
        """Poll once the unit has had the time to do what it was told."""
        if self._look is not None:
            self._look()

        @callback
        def look(_now: datetime) -> None:
            self._look = None
            self.config_entry.async_create_background_task(self.hass, self.async_refresh(), f"{DOMAIN} look")

        self._look = async_call_later(self.hass, delay, look)

    # The end of an order

    @callback
    def _arm_end(self) -> None:
        """Have the running order ended when its time is up."""
        running = self.control.running
        until = None if running is None else running.until
        if self._end_at is not None:
            if self._end_at[0] == until:
                return
            self._end_at[1]()
            self._end_at = None
        if until is not None:
            self._end_at = (until, async_call_later(self.hass, max(0.0, until - time.monotonic()), self._time_is_up))

    async def _time_is_up(self, _now: datetime) -> None:
        """End the order; where that fails, the next poll that succeeds tries again."""
        self._end_at = None
        known, self._end_failed = self._end_failed, True
        try:
            await self._commanded(self.control.stop())
        except EnergyError as error:
            _LOGGER.log(logging.DEBUG if known else logging.WARNING, "%s: the order could not be ended yet: %s", self.name, error)
        else:
            self._end_failed = False

    @property
    def _fail_safe(self) -> str:
        return str(self.config_entry.options.get(CONF_FAIL_SAFE, FAIL_SAFES[0]))

    async def fail_safe(self) -> None:
        """Leave the unit as the user wants it when nobody commands it any more."""
        left = self._fail_safe == "leave" and not self.following
        # A loop holds the mode although nothing may run just now.
        ours = self.control.running is not None or (self.following and self.control.armed)
        if not ours or left or self.device.stranger:
            return
        try:
            await self.control.end()
            if self._fail_safe == "self_consumption":
                await self.device.wire.write([_mode_write(self.device, "self_consumption")])
                self.control.armed = False
            if self.following:
                # A loop that finds the mode still held knows that its order could not be ended.
                self.control.armed = False
        except EnergyError as error:
            _LOGGER.warning("%s could not be put to rest: %s", self.name, error)

    async def close(self) -> None:
        """End what is ours and write everything down."""
        self.control.closed = True
        for stop in (self._look, self._end_at and self._end_at[1]):
            if stop is not None:
                stop()
        await self.fail_safe()
        await self._save()

    # Memory

    def _kept(self) -> dict[str, Any]:
        return self.device.saved() | {"control": self.control.saved()}

    async def _save(self) -> None:
        await self._store.async_save(self._kept())

    # Devices

    @override
    def device_info(self, block: Block) -> dr.DeviceInfo | dr.ChildDeviceInfo:
        """Return the unit, or the pack as a part of it."""
        if not isinstance(block, Pack):
            return self._unit_info()
        return dr.ChildDeviceInfo(
            identifiers={(DOMAIN, f"{self.serial}_{block.name}")},
            translation_key="pack" if block.index else "main_pack",
            translation_placeholders={"number": str(block.number)},
            parent_device_id=self.unit_id(),
        )

    def unit_id(self) -> str:
        """Return the registry id of the unit, registering it first if need be."""
        registry = dr.async_get(self.hass)
        return registry.async_get_or_create(config_entry_id=self.config_entry.entry_id, **self._unit_info()).id

    def _unit_info(self) -> dr.DeviceInfo:
        return unit_info(self.device, self.config_entry, self.serial)


def _mode_write(titan: Titan, mode: str) -> tuple[Any, Any]:
    source = System.working_mode.source(titan.wire.name)
    assert source is not None
    return source, System.working_mode.encode(source, mode)
