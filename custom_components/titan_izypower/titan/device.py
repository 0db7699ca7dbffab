"""The Titan: which parts this unit has, who it is, and what follows from what it says."""

from collections.abc import Collection, Mapping
import logging
from typing import Any, Final, override

from ...energy_core.device import Device, Wire
from ...energy_core.errors import DeviceProtocolError, EnergyError, WrongDeviceError
from ...energy_core.pacing import Budget, Pacer, Steady
from ...energy_core.points import Block, Point
from ...energy_core.report import UpdateReport
from . import codes, digest
from .derive import Polarity, SignLearner
from .points import (
    Battery,
    Grid,
    Identity,
    Info,
    Link,
    Network,
    Pack,
    PvInput,
    Radio,
    Serials,
    Settings,
    Solar,
    System,
)

# One request at a time, a second apart: the vendor's minimum; a little more, so that jitter keeps it.
REQUEST_GAP: Final = 1.02
# Persistent settings live in flash: what users do by hand fits, what a runaway automation does not.
SETTINGS_PER_DAY: Final = 50
# Mode changes a day above which something is wrong.
MODES_PER_DAY: Final = 20
# A cluster is up to three units behind one master.
CLUSTER_UNITS: Final = 3
# Power limits as a multiple of the rated power; the output may add a microinverter on the bypass.
POWER_LIMITS: Final[Mapping[Point[Any], float]] = {
    Settings.charge_limit: 1,
    Settings.feed_in_limit: 1,
    Settings.output_limit: 1.5,
}
# The oldest protocol with a Modbus server that we know of, and a bound against another maker's register.
PROTOCOLS: Final = range(10, 100)
PV_INPUTS: Final = 4
# Protocol 1.6 brought the mode for periods of one's own.
CUSTOM_TIME_SINCE: Final = 16
GEN2_TYPES: Final = ("CMS-SP2000", "CMS-SF2000", "CMS-SP3000", "CMS-SF3000", "CMS-SF1200")


class Titan(Device):
    """One unit on one wire. Verbs are in ``control``; this knows what there is."""

    max_power = 10_800

    def __init__(
        self, wire: Wire, pacer: Pacer, *, logger: logging.Logger, polarity: Polarity = Polarity.AUTO, **more: Any
    ) -> None:
        """Own the blocks that every unit has; the others follow once the unit has shown them."""
        super().__init__(wire, **more)
        self.pacer = pacer
        self.logger = logger
        self.sign = SignLearner(polarity)
        clock = Steady()
        self.settings_budget = Budget(SETTINGS_PER_DAY, clock=clock)
        self.mode_budget = Budget(MODES_PER_DAY, clock=clock)
        self.serials: dict[str, str] = {}
        self.restarts = 0
        # Another unit answers at the address: it gets no writes.
        self.stranger = False
        self.system = self.add(System("system"))
        self.battery = self.add(Battery("battery"))
        self.solar = self.add(Solar("solar"))
        self.grid = self.add(Grid("grid"))
        self.settings = self.add(Settings("settings"))
        self.identity = self.add(Identity("identity"))
        self.info = self.add(Info("info"))
        self.network = self.add(Network("network"))
        self.radio = self.add(Radio("radio"))
        self.pack_serials = self.add(Serials("serials"))
        self.link = self.add(Link("link"))
        self.add(Pack("pack_0"))
        for index in range(PV_INPUTS):
            self.add(PvInput(f"pv_{index + 1}", index))
        self._uptime: float | None = None
        self._shutdowns: float | None = None

    # What there is

    @property
    def generation(self) -> int:
        """Return 2 for the 2000 class and newer, 1 for the 1600 class."""
        return 1 if self.wire.name == "gen1" else 2

    @property
    def packs(self) -> list[Pack]:
        """Return the main unit's pack and the fitted extensions."""
        return [block for block in self.blocks.values() if isinstance(block, Pack)]

    @property
    def serial(self) -> str | None:
        """Return the serial number that identifies the unit: the device's own before its main pack's."""
        for kind in ("device", "sunspec"):
            if found := self.serials.get(kind):
                return found
        return f"pack-{self.serials['pack']}" if "pack" in self.serials else None

    def is_titan(self) -> bool:
        """Tell whether what answered is a unit of this family."""
        protocol = self.info.protocol
        known_type = self.identity.device_type is not None
        return self.serial is not None and (known_type or (protocol is not None and int(protocol) in PROTOCOLS))

    def same_unit(self, known: Mapping[str, str]) -> bool:
        """Tell whether this is the unit with the serial numbers ``known``, as far as both say."""
        shared = self.serials.keys() & known.keys()
        return not shared or any(self.serials[kind] == known[kind] for kind in shared)

    @property
    def secrets(self) -> list[str]:
        """Return everything that identifies the unit, for scrubbing."""
        texts = (block.values.get(name) for block in self.blocks.values() for name, point in block.points.items() if point.secret)
        return [*(found for found in texts if isinstance(found, str)), *self.serials.values()]

    @property
    def alarms(self) -> list[str]:
        """Return the names of the unit's active alarms."""
        return codes.bits(self.system.alarm_word, codes.ALARMS)

    @override
    def highest(self, block: Block, point: Point[Any]) -> float | None:
        """Keep power limits within what this unit, or the cluster that it leads, is rated for."""
        rated, most = self.info.rated_power, super().highest(block, point)
        if point not in POWER_LIMITS or not rated or most is None:
            return most
        units = CLUSTER_UNITS if self.settings.cluster_role == "master" else 1
        return min(most, max(rated * POWER_LIMITS[point] * units, self.settings.get(point) or 0))

    @override
    def choices(self, block: Block, point: Point[Any], wire: Wire | None = None) -> list[str]:
        """Leave out the mode that came with protocol 1.6 where the unit is older."""
        known = super().choices(block, point, wire)
        old = self.info.protocol is None or self.info.protocol < CUSTOM_TIME_SINCE
        return [each for each in known if not (old and point is System.working_mode and each == "custom_time")]

    # What follows from a reading

    @override
    async def update(self, wanted: Collection[str] = (), *, only: bool = False, wire: Wire | None = None) -> UpdateReport:
        """Read what is due; after a failure, and on a new link, also ask who is there."""
        link: Any = wire or self.wire
        links = link.reconnects
        try:
            report = await super().update(wanted, only=only, wire=wire)
            if link.reconnects == links or "identity" in report.updated:
                return report
            return (await super().update(("identity",), only=True)).after(report)
        except EnergyError:
            self.expire("identity", "network")
            raise

    @override
    def digest(self, report: UpdateReport) -> None:
        """Derive values from those that were read, and notice parts, restarts and firmware."""
        if "identity" in report.updated:
            self._identify()
        if "info" in report.updated:
            self._adapt()
        if "serials" in report.updated:
            self._fit_packs()
        if {"system", "network"} & report.updated:
            self._notice_restart()
        if "battery" in report.updated and self.battery.raw_power is not None:
            self.sign.observe(self.battery.raw_power, self.battery.state)
        digest.derive_all(self, report)
        self.refresh_link()

    def refresh_link(self) -> None:
        """Show how we talk to the unit."""
        self.link.set(Link.transport, "modbus_tcp" if self.wire.name == "modbus" else "opendata")
        self.link.set(Link.settings_writes_left, self.settings_budget.left())
        self.link.set(Link.mode_writes, self.mode_budget.used())

    def _identify(self) -> None:
        found = {
            "device": self.identity.device_serial,
            "sunspec": self.identity.sunspec_serial,
            "pack": self.identity.pack_serial,
        }
        self.serials = {kind: serial for kind, serial in found.items() if serial}

    def _adapt(self) -> None:
        """Own the PV inputs that the unit has, and forget what its wire learned from other firmware."""
        inputs = PV_INPUTS if self.info.pv_inputs is None else int(self.info.pv_inputs)
        for index in range(PV_INPUTS):
            name = f"pv_{index + 1}"
            if index >= inputs:
                self.forget(name)
            elif name not in self.blocks:
                self.add(PvInput(name, index))
        firmware = "/".join(str(self.info.get(point)) for point in _SIGNATURE)
        memory = self.wire.memory  # type: ignore[attr-defined]
        if memory.firmware not in (None, firmware):
            self.logger.info("The firmware changed: learning anew what the unit has")
            memory.forget(firmware)
            self.expire()
        memory.firmware = firmware

    def _fit_packs(self) -> None:
        for index in range(1, 6):
            name = f"pack_{index}"
            if not self.pack_serials.values.get(name):
                self.forget(name)
            elif name not in self.blocks:
                self.add(Pack(name, index))

    def _notice_restart(self) -> None:
        """A run time that went back, or a shutdown more than before, is a restart."""
        uptime, shutdowns = self.network.uptime, self.system.shutdown_count
        back = uptime is not None and self._uptime is not None and uptime < self._uptime
        more = shutdowns is not None and self._shutdowns is not None and shutdowns > self._shutdowns
        self._uptime = self._uptime if uptime is None else uptime
        self._shutdowns = self._shutdowns if shutdowns is None else shutdowns
        if back or more:
            self.restarts += 1

    # What must survive a restart

    @override
    def saved(self) -> dict[str, Any]:
        """Return counters, budgets, what the wire learned and the sign's votes."""
        return super().saved() | {
            "settings": self.settings_budget.as_list(),
            "modes": self.mode_budget.as_list(),
            "votes": self.sign.votes,
            self.wire.name: self.wire.memory.as_dict(),  # type: ignore[attr-defined]
        }

    @override
    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what ``saved`` kept; the wire's memory is restored where the wire is made."""
        super().restore(saved)
        self.sign.restore(saved.get("votes"))
        for budget, name in ((self.settings_budget, "settings"), (self.mode_budget, "modes")):
            kept = saved.get(name)
            budget.restore(kept if isinstance(kept, list) else [])

    @override
    def spend(self, kind: str) -> None:
        """Settings have a hard budget; too many mode changes are only worth a warning; orders are free."""
        if self.stranger:
            raise WrongDeviceError
        if kind.startswith("settings."):
            self.settings_budget.spend()
        elif kind == "system.working_mode":
            if not self.mode_budget.left():
                self.logger.warning("More than %s mode changes today: look at your automations", MODES_PER_DAY)
                return
            self.mode_budget.spend()


_SIGNATURE: Final[tuple[Point[Any], ...]] = (
    Info.ems_firmware,
    Info.bms_firmware,
    Info.inverter_firmware,
    Info.cms_firmware,
    Info.protocol,
)


async def meet(titan: Titan) -> None:
    """Ask the unit who and what it is; raise ``DeviceProtocolError`` when it is none of this family."""
    await titan.update(("identity", "info"), only=True)
    if not titan.is_titan():
        raise DeviceProtocolError("something else answers here", key="not_titan")
