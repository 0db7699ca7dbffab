"""A Trydan: read on the LAN where that is possible, through the cloud where not, and always one charger."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
import logging
import time
from typing import Any, Final, override

from ...energy_core.device import CommandResult, Device, Wire
from ...energy_core.errors import DeviceConnectionError, DeviceRefusedError, DeviceTimeoutError, EnergyError
from ...energy_core.pacing import Backoff
from ...energy_core.points import Block, Point, Value
from ...energy_core.report import UpdateReport
from . import blend, derive, modes
from .face import CloudWire, Face, Nowhere
from .lan import LanWire
from .pending import PendingValues
from .plan import Kind, Situation
from .points import Charge, Cloud, Extra, Info, LastSession, Link, Meter, Phases, Raw, Session, Settings, Status
from .session import SessionMeter

_LOGGER = logging.getLogger(__name__)

# One lost reading is normal; from the second on the cloud takes over.
LAN_GRACE: Final = 2
# What the cloud said longer ago says nothing about now.
MAX_LIVE_AGE: Final = 2 * 3600.0
# Scarcity stretches the time between two answers about settings to half a day.
MAX_SETTINGS_AGE: Final = 24 * 3600.0


class Trydan(Device):
    """One charger with its two wires; ``reachable`` tells whether its account's cloud works."""

    # A box is slow to show what it accepted, and is asked for all of it each time.
    settle: Sequence[float] = (1.0, 2.0, 4.0, 8.0)

    def __init__(
        self,
        face: Face,
        *,
        lan: LanWire | None,
        cloud: CloudWire | None,
        reachable: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """Own the charger of ``face``."""
        super().__init__(lan or cloud or Nowhere(), clock=clock, now=now)
        self.face, self.lan, self.cloud = face, lan, cloud
        self.charge = self.add(Charge("charge"))
        self.settings = self.add(Settings("settings"))
        self.info = self.add(Info("info"))
        self.add(Raw("raw"))
        self.phases = self.add(Phases("phases"))
        self.extra = self.add(Extra("extra"))
        self.cloud_block = self.add(Cloud("cloud"))
        self.meter = self.add(Meter("meter"))
        self.status = self.add(Status("status"))
        self.session = self.add(Session("session"))
        self.last_session = self.add(LastSession("last_session"))
        self.link = self.add(Link("link"))
        self.session_meter = SessionMeter()
        self.unsure = False
        # By how much the clock has been set since ``wall`` began.
        self.ahead: Callable[[], float] = lambda: 0.0
        self.not_applied: Callable[[Point[Any]], None] = lambda _point: None
        self._reachable, self._wall = reachable, wall
        self._pending = PendingValues(wall)
        self._backoff = Backoff(first=10.0, ceiling=300.0)
        self._lan_failures, self._lan_at = 0, 0.0
        self._lan_error: EnergyError | None = None
        self._firmware: str | None = None
        self._source = "offline"
        self._lan_answered = 0.0
        self._asked_power_mode: str | None = None

    # Reading

    @property
    def lan_works(self) -> bool:
        """Tell whether the last reading on the LAN succeeded."""
        return self.lan is not None and self._lan_failures == 0 and self._lan_answered > 0 and self.wire is self.lan

    @property
    def lan_lost(self) -> bool:
        """Tell whether the LAN has been silent for too long to be believed in."""
        return self.lan is None or self._lan_failures >= LAN_GRACE

    @property
    def cloud_works(self) -> bool:
        """Tell whether the cloud can be asked and commanded."""
        return self.cloud is not None and self._reachable()

    @property
    def cloud_speaks(self) -> bool:
        """Tell whether the cloud has said something recent enough to be shown."""
        age = self.face.age(Kind.LIVE, self._wall())
        return self.cloud_works and age is not None and age <= MAX_LIVE_AGE

    def use_lan(self, lan: LanWire | None) -> None:
        """Talk to the charger at another address from now on."""
        self.lan, self._lan_failures, self._lan_at, self._lan_error, self._lan_answered = lan, 0, 0.0, None, 0.0
        self.wire = lan or self.cloud or Nowhere()
        self.expire()

    def lan_soon(self) -> None:
        """Try the LAN at the next update, whatever its pauses."""
        self._lan_at = 0.0

    @override
    async def update(self, wanted: Collection[str] = (), *, only: bool = False, wire: Wire | None = None) -> UpdateReport:
        """Read on the LAN; when that is silent twice, show what the cloud said last."""
        stand_in = self.lan_lost and self.cloud_speaks
        if self.lan is not None and (self._clock() >= self._lan_at or not stand_in):
            try:
                return await super().update(wanted, only=only, wire=self.lan)
            except EnergyError as error:
                self._lan_failures += 1
                self._lan_error = error
                self._lan_at = self._clock() + self._backoff.delay(self._lan_failures, 30.0)
        if self.lan_lost and self.cloud is not None and self.cloud_speaks:
            return await super().update(wanted, only=only, wire=self.cloud)
        self._source = "offline" if self.lan_lost else self._source
        self.link.set(Link.source, self._source)
        raise self._lan_error or DeviceTimeoutError("the cloud has said nothing recent", key="cloud_silent")

    @override
    def heard(self, wire: Wire) -> None:
        """Turn to the wire that answered."""
        self._source = wire.name
        if wire is self.lan:
            self._lan_failures, self._lan_error, self._lan_answered = 0, None, self._wall()
            self._asked_power_mode = None
        if self.wire is not wire:
            self.wire = wire
            blend.forget_lacking(self.blocks.values(), wire.name)
            self.expire()

    @override
    def digest(self, report: UpdateReport) -> None:
        """Fill in what this wire lacks and the other has, then derive the rest."""
        if self.cloud is not None:
            values = self.face.values()
            for block in (self.cloud_block, self.meter):
                block.decode("cloud", values)
            blend.fill(self.extra, values)
        for name, fact in self.face.facts.items():
            self.cloud_block.values[name] = fact
        self._forget_stale()
        self.link.set(Link.source, self._source)
        self._notice_firmware()
        self._hold_pending(report)
        derive.phases(self.phases, self.charge)
        derive.status(self)
        derive.last_session(self.last_session, self.face.book)
        self._count_session()

    def _forget_stale(self) -> None:
        """Drop settings that the cloud told too long ago; what we had it set and it never tells is remembered."""
        if (self.face.age(Kind.REPORTED, self._wall()) or 0.0) > MAX_SETTINGS_AGE:
            everything = self.blocks.values() if self.wire is self.cloud else (self.cloud_block,)
            blend.forget_reported(everything)
        if self.wire is self.cloud and self.settings.power_mode is None:
            self.settings.set(Settings.power_mode, self._asked_power_mode)

    def _notice_firmware(self) -> None:
        """Look again for what another firmware may answer by name."""
        if self.info.firmware not in (None, self._firmware):
            self._shown.discard(self.extra.name)
            self.expire(self.extra.name)
            self._firmware = self.info.firmware

    def _count_session(self) -> None:
        meter, status = self.session_meter, self.status
        # What the cloud said before the LAN's last word is no news.
        at = self.face.at.get(Kind.LIVE, 0.0) if self.wire is self.cloud else self._wall()
        if meter.seen is None or at > meter.seen or meter.seen > self._wall():
            meter.feed(plugged=status.plugged, charging=bool(status.charging), counter=self.charge.energy, now=at)
        derive.session(self.session, meter, self.ahead())

    @override
    def serves(self, block: Block, point: Point[Any]) -> bool:
        """Hide what the present wire does not have, rather than show what was so once."""
        if not point.sources:
            return not isinstance(block, blend.CLOUD_BLOCKS) or self.cloud_works
        if isinstance(block, blend.CLOUD_BLOCKS):
            return self.cloud_works
        if isinstance(block, Extra) and point.source("cloud") is not None and self.cloud_works:
            return True
        return point.source(self.wire.name, block.index) is not None

    def situation(self) -> Situation:
        """Return what the cloud's plan must know."""
        return Situation(lan=not self.lan_lost, charging=bool(self.status.charging), plugged=bool(self.status.plugged))

    # Writing

    @override
    def can_write(self, block: Block, point: Point[Any]) -> bool:
        """Tell whether any of the wires can write ``point``."""
        return any(self._routes(block, point, believe=True))

    @override
    def choices(self, block: Block, point: Point[Any], wire: Wire | None = None) -> list[str]:
        """Return what a choice can be set to on the wire that a write would take."""
        return super().choices(block, point, wire or next(iter(self._routes(block, point, believe=True)), None))

    @override
    def highest(self, block: Block, point: Point[Any]) -> float | None:
        """Return the bound that this charger sets for itself, where it is the lower one."""
        own = {
            Settings.intensity: self.settings.max_intensity,
            Cloud.max_power: self.cloud_block.max_power_installation,
        }.get(point)
        most = super().highest(block, point)
        return most if own is None or most is None or own < point.write_low else min(own, most)

    def _routes(self, block: Block, point: Point[Any], *, believe: bool = False) -> list[Wire]:
        """Return the wires that can write ``point``, the best first; ``believe`` in those that are silent too."""
        lan_first = self.lan is not None and (believe or not (self.lan_lost and self.cloud_works))
        cloud = self.cloud if believe or self.cloud_works else None
        wires: tuple[Wire | None, ...] = (self.lan, cloud) if lan_first else (cloud, self.lan)
        found = [(wire, point.source(wire.name, block.index)) for wire in wires if wire is not None]
        return [wire for wire, source in found if source is not None and source.writable]

    @override
    async def write[T: float | str | bool](
        self, block: Block, point: Point[T], value: Value, *, wire: Wire | None = None
    ) -> CommandResult:
        """Write on the LAN and read back; through the cloud when the LAN does not connect."""
        derive.check(self.settings, point, value)
        routes = self._routes(block, point) if wire is None else [wire]
        if not routes:
            source = point.source("cloud", block.index)
            raise DeviceRefusedError(key="no_way" if source is not None and source.writable else "lan_needed")
        for number, route in enumerate(routes, 1):
            try:
                if route is self.cloud:
                    return await self._write_cloud(block, point, value)
                sent = self.lan.sent if self.lan is not None else 0
                self._pending.drop(block, point)
                return await super().write(block, point, value, wire=route)
            except DeviceConnectionError:
                # What left may have been done: only a command that did not is sent another way.
                if number == len(routes) or route is self.cloud or (self.lan is not None and self.lan.sent != sent):
                    raise
                _LOGGER.debug("The LAN does not connect; the command goes through the cloud")
        raise AssertionError

    async def _write_cloud[T: float | str | bool](self, block: Block, point: Point[T], value: Value) -> CommandResult:
        """Send a value through the cloud, and show it until the cloud does too."""
        assert self.cloud is not None
        wanted = point.validate(value, high=self.highest(block, point))
        source = self.writable(block, point, self.cloud)
        async with self.turns.turn(f"{block.name}.{point.name}") as newest:
            if not newest:
                return CommandResult(applied=True)
            # A call without an answer may have been done: the cloud is looked at either way.
            self.unsure = True
            await self.cloud.write([(source, point.encode(source, wanted))])
            self.unsure = False
            self._pending.add(block, point, wanted)
            if point is Settings.power_mode:
                self._asked_power_mode = str(wanted)
            block.set(point, wanted)
            derive.status(self)
        return CommandResult(applied=True, writes=1)

    @property
    def pending(self) -> bool:
        """Tell whether the cloud still owes a confirmation."""
        return bool(self._pending)

    def _hold_pending(self, report: UpdateReport) -> None:
        """Show what was asked for until the charger shows it, or until it is clear that it will not."""
        read = report.updated | {self.cloud_block.name, self.meter.name}
        heard = {"lan": self._lan_answered if self.lan_works else 0.0, "cloud": self.face.at.get(Kind.REPORTED, 0.0)}
        for point in self._pending.hold(read, heard, self.face.values().keys()):
            self.not_applied(point)

    async def set_mode(self, mode: str) -> CommandResult:
        """Change the operating mode: each flag that differs, one after the other, charging last."""
        async with self.turns.turn("mode") as newest:
            return await modes.set_mode(self, mode) if newest else CommandResult(applied=True)

    # Memory

    @override
    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return super().saved() | {"session": self.session_meter.saved()}

    @override
    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what an earlier life saved."""
        super().restore(saved)
        if isinstance(session := saved.get("session"), dict):
            self.session_meter.restore(session)
