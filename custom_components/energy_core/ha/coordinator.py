"""One coordinator for every device: polls what somebody listens to, logs a loss and a return once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
import logging
import re
import time
from typing import Any, ClassVar, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from ..device import CommandResult, Device
from ..errors import DeviceAuthError, DeviceRefusedError, EnergyError, WrongDeviceError
from ..pacing import Backoff
from ..points import Block, Point, Value
from ..report import UpdateReport
from .descriptions import PointDescription

# A single silence is normal for small devices and their parts; the second in a row is a loss.
GRACE: Final = 2
# A poll may keep the device busy for half of the time, no more.
BUSY_SHARE: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who an entity is: its frozen id, what fills its name, and which of two names it has."""

    unique_id: str
    placeholders: Mapping[str, str] = field(default_factory=dict)
    name_suffix: str = ""
    hidden: bool = False


def discreet(title: str, serial: str) -> str:
    """Return a title with the last characters of the serial number in place of all of it."""
    return re.sub(re.escape(serial), f"…{serial[-3:]}", title, flags=re.IGNORECASE) if serial else title


class EnergyCoordinator[D: Device](DataUpdateCoordinator[UpdateReport]):
    """Polls one device; ``data`` says which blocks answered, the values live in the device.

    ``fresh`` are the blocks that the last poll read, ``polled`` is when, by the device's clock. Where ``sparse``,
    nothing else of a device changes by a poll, and only entities of these look again.
    """

    config_entry: ConfigEntry
    sparse: ClassVar[bool] = False

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        device: D,
        *,
        domain: str,
        serial: str,
        interval: float,
        logger: logging.Logger,
        title: str | None = None,
    ) -> None:
        """Poll ``device`` each ``interval`` seconds on behalf of ``entry``, whose title it has unless it is told one."""
        # People see the title. The log, which ends up in public places, has no number of the unit in it.
        self.title = title or entry.title
        name = discreet(self.title, serial)
        super().__init__(hass, logger, name=name, config_entry=entry, update_interval=timedelta(seconds=interval))
        self.device = device
        self.domain = domain
        self.serial = serial
        self.interval = interval
        self.backoff = Backoff()
        self.fresh: frozenset[str] = frozenset()
        self.polled = 0.0
        self._failures = 0
        # How often in a row each block that showed values was silent.
        self._slips: dict[str, int] = {}
        self.grew = True
        # What the log says of a device that has just been set up: model, firmware, the way to it.
        self.found: Callable[[], str] = lambda: f"over {device.wire.name}"
        # Whether listeners are told of a poll that changed nothing about who answers: only those look whom it concerns.
        self.steady = False
        self._changes = 0
        self._sizes: dict[str, int] = {}
        # What is listened to, and the state of the listeners that it was found in.
        self._wanted: tuple[tuple[int, int], frozenset[str]] = (0, 0), frozenset()
        # The registry's id of the device of each block; and of each device, with all that the registry was told of it.
        self._devices: dict[str, str] = {}
        self._told: dict[frozenset[tuple[str, str]], tuple[str, dict[str, Any]]] = {}

    def identify(self, block: Block, key: str) -> Identity:
        """Return the frozen id of an entity of ``block``, and what its name needs; parts are numbered."""
        if not block.repeated:
            return Identity(unique_id=f"{self.serial}_{key}")
        return Identity(unique_id=f"{self.serial}_{key}_{block.number}", placeholders={"number": str(block.number)})

    def offers(self, _block: Block, _description: PointDescription) -> bool:
        """Tell whether a point that the unit shows becomes an entity."""
        return True

    def device_info(self, block: Block) -> dr.DeviceInfo | dr.ChildDeviceInfo:
        """Return the device that the entities of ``block`` belong to."""
        raise NotImplementedError

    def device_entry(self, block: Block) -> dr.AnyDeviceEntry:
        """Return the same, registered: not by each of its entities, of which there may be thousands."""
        registry = dr.async_get(self.hass)
        if (known := registry.async_get(self._devices.get(block.name, ""))) is not None:
            return known
        info: dict[str, Any] = dict(self.device_info(block))
        identifiers = frozenset(info["identifiers"])
        device_id, told = self._told.get(identifiers, ("", {}))
        found = registry.async_get(device_id)
        if found is None or not info.items() <= told.items():
            found = self._registered(info)
            self._told[identifiers] = (found.id, told | info)
        self._devices[block.name] = found.id
        return found

    def _registered(self, info: dict[str, Any]) -> dr.AnyDeviceEntry:
        registry, entry_id = dr.async_get(self.hass), self.config_entry.entry_id
        if "parent_device_id" in info:
            return registry.async_get_or_create_child(config_entry_id=entry_id, **info)
        return registry.async_get_or_create(config_entry_id=entry_id, **info)

    def set_interval(self, interval: float) -> None:
        """Poll each ``interval`` seconds from now on."""
        self.interval = interval
        self.update_interval = timedelta(seconds=interval)
        if self._listeners:
            self._schedule_refresh()

    async def write(self, block: Block, point: Point[Any], value: Value) -> CommandResult:
        """Write a point for an entity and show what the device now has."""
        result = await self.device.write(block, point, value)
        if not result.applied:
            raise DeviceRefusedError(key="not_applied")
        self.async_update_listeners()
        return result

    @override
    async def _async_update_data(self) -> UpdateReport:
        started = time.monotonic()
        self.fresh = frozenset()
        try:
            report = await self.device.update(self._listened())
            await self.after_update(report)
        except DeviceAuthError as error:
            raise ConfigEntryAuthFailed(
                translation_domain=self.domain, translation_key=error.key, translation_placeholders=error.placeholders
            ) from error
        except EnergyError as error:
            return self._lost(error)
        self._failures = 0
        self.fresh, self.polled = report.updated, report.at
        took = time.monotonic() - started
        # Home Assistant counts from the end of a poll, people from its start.
        self.update_interval = timedelta(seconds=max(self.interval - took, took / BUSY_SHARE - took))
        return self._noted(report)

    def _listened(self) -> frozenset[str]:
        """Return the blocks that somebody listens to; who listens rarely changes."""
        state = self._last_listener_id, len(self._listeners)
        if state != self._wanted[0]:
            self._wanted = state, frozenset(self.async_contexts())
        return self._wanted[1]

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell everybody of the poll, whether it was steady too."""
        super().async_update_listeners()
        self.steady = False

    def _measure(self, report: UpdateReport) -> bool:
        """Tell whether a block has come or gone, or shows more than it did."""
        if grew := self._changes != self.device.changes:
            # A block may have come back under the name of one that showed as much.
            self._changes, self._sizes = self.device.changes, {}
            self._devices.clear()
        blocks, sizes = self.device.blocks, self._sizes
        for name in report.updated:
            block = blocks.get(name)
            if block is not None and sizes.get(name) != len(block.values):
                sizes[name], grew = len(block.values), True
        return grew

    async def after_update(self, report: UpdateReport) -> None:
        """Act on a fresh report before entities see it; an ``EnergyError`` counts as a loss."""

    def _lost(self, error: EnergyError) -> UpdateReport:
        """Bear one silence, then declare the device lost: one warning, and ever longer pauses."""
        self._failures += 1
        delay = self.backoff.delay(self._failures, self.interval)
        if self.data is not None and self._failures < GRACE and not isinstance(error, WrongDeviceError):
            self.update_interval = timedelta(seconds=delay)
            return self.data
        if self.data is not None and self.last_update_success:
            self.logger.warning("%s does not answer: %s", self.name, error)
            self.last_update_success = False
        raise UpdateFailed(
            translation_domain=self.domain,
            translation_key=error.key,
            translation_placeholders=error.placeholders,
            retry_after=delay,
        ) from error

    def _noted(self, report: UpdateReport) -> UpdateReport:
        """Log what fell silent or came back, once; blocks that share a label are one thing."""
        earlier: UpdateReport | None = self.data
        if earlier is None:
            self.logger.info("%s is set up: %s", self.name, self.found())
            earlier = UpdateReport()
        now = self._borne(report, earlier).after(earlier)
        same = self.last_update_success and self.data is not None and now.failed.keys() == earlier.failed.keys()
        self.steady = self.sparse and same
        self.grew = self._measure(report)
        if not now.failed and same:
            return now
        before = {self.device.label(name) for name in earlier.failed}
        silent = {self.device.label(name): str(error) for name, error in now.failed.items()}
        for error in sorted({silent[label] for label in silent.keys() - before}):
            labels = sorted(label for label in silent.keys() - before if silent[label] == error)
            self.logger.warning("%s: no values of %s: %s", self.name, ", ".join(labels), error)
        if back := sorted(before - silent.keys()):
            self.logger.info("%s: values of %s are back", self.name, ", ".join(back))
        return now

    def _borne(self, report: UpdateReport, earlier: UpdateReport) -> UpdateReport:
        """Bear one silence of each block that showed values; what it showed stays."""
        if not report.failed and not self._slips:
            return report
        for name in report.updated & self._slips.keys():
            del self._slips[name]
        for name in report.failed:
            self._slips[name] = self._slips.get(name, 0) + 1
        failed = {
            name: error for name, error in report.failed.items() if self._slips[name] >= GRACE or name not in earlier.updated
        }
        return replace(report, failed=failed)
