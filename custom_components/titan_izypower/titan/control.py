"""The verbs: arm real-time mode, charge, discharge, stop. Every limit is checked before a byte leaves.

Vendor facts: only real-time mode obeys orders; order, power and target SoC travel together; an
accepted write is not an applied one, so each is read back; there is no watchdog in the unit.
"""

import asyncio
from collections.abc import Mapping
import time
from typing import Any, Final

from ...energy_core.device import CommandResult
from ...energy_core.errors import DeviceRefusedError, EnergyError, WrongDeviceError
from ...energy_core.points import Block, Point, Value, number
from .device import CLUSTER_UNITS, Titan
from .orders import Action, Limits, Order, Running
from .points import Link, System

MIN_POWER: Final = 50
MIN_SOC: Final = 5
FULL: Final = 100
# After an order the unit has work to do: the vendor asks for peace.
QUIET: Final = 4.0
# For so long an order that was read back is believed to be in force without asking again.
TRUST: Final = 5.0
# Orders are volatile but not free: the fastest pace that other projects run without trouble.
ORDER_GAP: Final[Mapping[str, float]] = {"modbus": 2.0, "opendata": 5.0, "gen1": 5.0}


class Control:
    """Commands one unit. ``running`` is what was ordered and not ended, ``armed`` that we hold the mode."""

    def __init__(self, titan: Titan, limits: Limits) -> None:
        """Command ``titan`` within ``limits``."""
        self.titan = titan
        self.limits = limits
        self.armed = False
        self.running: Running | None = None
        self.separate = False
        self.closed = False
        self._lock = asyncio.Lock()
        self._latest: object | None = None
        self.ordered_at: float | None = None
        self._restarts = titan.restarts
        self._doubted = False
        self._note(None)

    # Limits

    def ceiling(self, action: Action) -> int:
        """Return the most W that the unit can be ordered to charge or discharge at now."""
        settings, charging = self.titan.settings, action is Action.CHARGE
        known = [
            self.limits.charge if charging else self.limits.discharge,
            settings.max_charge_power if charging else settings.max_discharge_power,
            settings.charge_limit if charging else settings.output_limit,
        ]
        # A unit that says 0 W is one that does not say.
        lowest = min(limit for limit in known if limit)
        return int(lowest) * (CLUSTER_UNITS if settings.cluster_role == "master" else 1)

    def check(self, action: Action, power: Value, soc: Value | None) -> Order:
        """Return the order, or raise ``DeviceRefusedError`` with the reason that it cannot be given."""
        self._refuse_slave()
        watts, ceiling = number(power), self.ceiling(action)
        if watts is None:
            raise DeviceRefusedError(key="invalid_value", value=str(power)[:20])
        if not MIN_POWER <= watts <= ceiling:
            raise DeviceRefusedError(key="out_of_range", value=f"{watts:g}", low=MIN_POWER, high=ceiling)
        return Order(action=action, power=round(watts), soc=self._target(action, soc))

    def _target(self, action: Action, soc: Value | None) -> int:
        backup = max(MIN_SOC, int(self.titan.settings.backup_soc or 0))
        charging = action is Action.CHARGE
        wanted = number(soc) if soc is not None else float(FULL if charging else backup)
        if wanted is None or not MIN_SOC <= wanted <= FULL:
            raise DeviceRefusedError(key="out_of_range", value=str(soc)[:20], low=MIN_SOC, high=FULL)
        if not charging and wanted < backup:
            raise DeviceRefusedError(key="below_backup_soc", target=round(wanted), backup=backup)
        level = self.titan.battery.soc
        if level is not None and (level >= wanted if charging else level <= wanted):
            raise DeviceRefusedError(key="soc_reached", soc=f"{level:g}", target=round(wanted))
        return round(wanted)

    @property
    def setpoint(self) -> int | None:
        """Return the order in force as one number in W: + discharges, - charges."""
        system = self.titan.system
        if system.order is None or system.order_power is None:
            return None
        sign = {"charge": -1, "discharge": 1}.get(system.order, 0) if system.working_mode == "realtime" else 0
        return sign * int(system.order_power)

    def _refuse_slave(self) -> None:
        """Orders to a unit that obeys another one make the two fight; a stranger gets none at all."""
        if self.titan.stranger:
            raise WrongDeviceError
        if self.titan.settings.cluster_role == "slave":
            raise DeviceRefusedError(key="cluster_slave")

    # Verbs

    async def set_mode(self, mode: str) -> CommandResult:
        """Switch the working mode, when it is another one."""
        if mode == "realtime":
            self._refuse_slave()
        if mode not in self.titan.choices(self.titan.system, System.working_mode):
            raise DeviceRefusedError(key="unsupported_value", value=mode)
        result = await self.titan.write(self.titan.system, System.working_mode, mode)
        if not result.applied:
            raise DeviceRefusedError(key="not_applied")
        self.armed = mode == "realtime"
        if not self.armed:
            self._note(None)
        return result

    async def order(self, order: Order, duration: float | None = None) -> CommandResult:
        """Give an order, arming real-time mode first; ``duration`` seconds after which it is ours to end.

        Orders that wait for one another collapse into the newest.
        """
        self._refuse_slave()
        ticket = self._latest = object()
        async with self._lock:
            if self._latest is not ticket or self.closed:
                return CommandResult(applied=False)
            return await self._give(order, duration)

    async def stop(self) -> CommandResult:
        """Order standby."""
        return await self.order(Order(action=Action.STANDBY))

    async def end(self) -> None:
        """End what is running with one write and no questions, and take no orders from now on.

        There is no time for more when Home Assistant stops; only a refusal is worth a second write.
        """
        self.closed = True
        if self.running is None:
            return
        try:
            await self.titan.wire.write(self._values(Order(action=Action.STANDBY))[: 1 if self.separate else None])
        except DeviceRefusedError:
            await self.titan.wire.write(self._values(self._least()))
        self._note(None)

    async def recover(self) -> bool:
        """Give mode and order again after the unit restarted; return whether something was to do.

        A mode that changed without a restart was changed by somebody: then the unit is theirs.
        """
        restarted, self._restarts = self.titan.restarts > self._restarts, self.titan.restarts
        foreign = self.armed and self.titan.system.working_mode not in ("realtime", None)
        if restarted and self.armed:
            self._doubted = False
            if self.running is not None and not self._in_force(self.running.order):
                await self.order(self.running.order, self.running.left)
                return True
            if foreign:
                await self.set_mode("realtime")
                return True
        elif foreign and not self._doubted:
            self._doubted = True
            self.titan.expire("network")
        elif foreign:
            self._doubted = False
            self.release()
        else:
            self._doubted = False
            self._notice_end()
        return False

    def _notice_end(self) -> None:
        """The unit ends an order by itself at its target SoC."""
        running, ended = self.running, self.titan.system.order == "standby"
        if running is not None and ended and running.order.reached(self.titan.battery.soc):
            self._note(None)

    def release(self) -> None:
        """Leave the unit to somebody else: nothing in it is ours any more."""
        self.armed = False
        self._note(None)

    async def _give(self, order: Order, duration: float | None) -> CommandResult:
        started = time.monotonic()
        mode = CommandResult(applied=True)
        if self.titan.system.working_mode != "realtime":
            mode = await self.set_mode("realtime")
        self.armed = True
        standby = order.action is Action.STANDBY
        until = None if duration is None else time.monotonic() + duration
        running = None if standby else Running(order=order, until=until)
        just_sent = self.ordered_at is not None and time.monotonic() - self.ordered_at < TRUST
        if self._in_force(order) and (just_sent or await self._confirmed(order)):
            result = CommandResult(applied=True)
        else:
            await self._calm()
            result = await self._try(order, running)
        if result.applied:
            self._note(running)
            for point, value in self._points(order):
                self.titan.system.set(point, value)
        latency = time.monotonic() - started
        self.titan.link.set(Link.command_latency, round(1000 * latency))
        self.titan.refresh_link()
        return CommandResult(applied=result.applied, latency=latency, writes=mode.writes + result.writes)

    async def _try(self, order: Order, running: Running | None) -> CommandResult:
        """Send an order that counts as running from the first byte: only a refusal proves that it does not."""
        if self.closed:
            return CommandResult(applied=False)
        before = self.running
        self._note(running or before)
        try:
            return await self._send(order)
        except DeviceRefusedError:
            self._note(before)
            raise

    async def _send(self, order: Order) -> CommandResult:
        """Send the three values together; a unit that ignores that gets them one by one, state last."""
        expected, sent = self._expected(order), 0
        if not self.separate:
            try:
                result = await self.titan.command(self._values(order), expected, kind="order")
            except DeviceRefusedError:
                if order.action is not Action.STANDBY:
                    raise
                result = await self.titan.command(self._values(self._least()), expected, kind="order")
            self._sent()
            if result.applied:
                return result
            sent = result.writes
        state, *rest = self._values(order)
        # Standby needs no power and no SoC, and 0 may be out of their range.
        values = [state] if order.action is Action.STANDBY else [*rest, state]
        for value in values:
            await self.titan.wire.write([value])
        self._sent()
        applied = await self.titan.shows(expected)
        self.separate = self.separate or applied
        return CommandResult(applied=applied, writes=sent + len(values))

    def _least(self) -> Order:
        """Return standby for firmware that finds 0 W and 0 % out of range even then."""
        return Order(action=Action.STANDBY, power=MIN_POWER, soc=max(MIN_SOC, int(self.titan.settings.backup_soc or 0)))

    def _sent(self) -> None:
        self.titan.touched("system")
        self.ordered_at = time.monotonic()
        self.titan.pacer.hush(QUIET)

    async def _calm(self) -> None:
        """Keep orders apart, so that a slider or a loop does not hammer the unit."""
        if self.ordered_at is not None:
            gap = ORDER_GAP.get(self.titan.wire.name, max(ORDER_GAP.values()))
            await asyncio.sleep(max(0.0, self.ordered_at + gap - time.monotonic()))

    # The three values of an order

    def _points(self, order: Order) -> list[tuple[Point[Any], Value]]:
        return [(System.order, str(order.action)), (System.order_power, order.power), (System.order_soc, order.soc)]

    def _values(self, order: Order) -> list[tuple[Any, Any]]:
        found = ((point, point.source(self.titan.wire.name), value) for point, value in self._points(order))
        return [(source, point.encode(source, value)) for point, source, value in found if source is not None]

    def _expected(self, order: Order) -> dict[Any, tuple[Point[Any], Any, Value]]:
        """Return what shows that an order is in force; for standby the state alone counts."""
        points = self._points(order)[:1] if order.action is Action.STANDBY else self._points(order)
        found = ((point, point.source(self.titan.wire.name), value) for point, value in points)
        return {source.key: (point, source, value) for point, source, value in found if source is not None}

    def _in_force(self, order: Order) -> bool:
        system: Block = self.titan.system
        expected = self._expected(order).values()
        return self.titan.system.working_mode == "realtime" and all(system.get(point) == value for point, _, value in expected)

    async def _confirmed(self, order: Order) -> bool:
        try:
            return await self.titan.confirms(self._expected(order))
        except EnergyError:
            return False

    def _note(self, running: Running | None) -> None:
        self.running = running
        self.titan.link.set(Link.running, "none" if running is None else str(running.order.action))

    # What must survive a restart

    def saved(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        running = None if self.running is None else self.running.as_dict()
        return {"armed": self.armed, "separate": self.separate, "running": running}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back the mode we held and the order that may still run."""
        self.armed = saved.get("armed") is True
        self.separate = saved.get("separate") is True
        self._note(Running.restored(saved.get("running")))
