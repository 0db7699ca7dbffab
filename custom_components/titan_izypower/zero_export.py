"""Zero export: keeps the grid at a target with the battery, from any meter that Home Assistant has."""

from collections import deque
from collections.abc import Awaitable
from functools import partial
from typing import Any, Final, override

from homeassistant.components.number import NumberDeviceClass
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import PERCENTAGE, UnitOfPower

from ..energy_core.control import LONGEST_GATE, SHORTEST_GATE, Bounds, Regulator, Sample
from ..energy_core.errors import DeviceRefusedError
from ..energy_core.ha.loop import UNREACHABLE, Loop, kept
from ..energy_core.ha.loop_settings import setting
from ..energy_core.pacing import Budget
from ..energy_core.points import number
from .coordinator import TitanCoordinator
from .titan.control import MIN_SOC, ORDER_GAP
from .titan.orders import Action

KIND: Final = "zero_export"
CONF_GRID, CONF_INVERTED, CONF_CAR, CONF_PROFILE = "grid", "inverted", "car", "profile"
# W at the grid that each profile aims at: + draws a little, so that nothing flows out when a load goes.
PROFILES: Final = {"strict": 30.0, "balanced": 10.0, "least_import": -20.0}
# Dead time and twice the lag, as far as reports tell; learned from then on.
GATES: Final = {"modbus": 2.5}
GATE: Final = 4.5
# What the project promises, whatever the house does; an order may wait a little for its turn on the wire.
ORDERS_A_MINUTE, MINUTE = 12, 65.0
# A limit of SoC that was reached is left again so far from it, in %.
HYSTERESIS: Final = 2.0
# Orders in a row that were not applied before the user is told, and readings that must show a stranger's order.
TRIES, SIGHTS = 3, 2
# How much of a sighting a reading takes back that shows an order of ours.
FORGETS: Final = 0.1
# A measured power so far (W) below the order, in as many readings, is derating.
DERATED_W: Final = 100.0

TAKEN_OVER, MANUAL = "taken_over", "manual"
WATT: Final[dict[str, Any]] = {"device_class": NumberDeviceClass.POWER}
# States in which the unit does not obey, and the word for it.
BUSY: Final = {
    "calibrating": "calibrating",
    "charging_to_backup": "charging_to_backup",
    "starting": "starting",
    "off_grid_charging": "off_grid",
    "off_grid_discharging": "off_grid",
    "fault": "fault",
}


class ZeroExport(Loop):
    """Regulates one unit. Somebody else's command is respected: the loop pauses until it is switched on again."""

    settings = (
        setting("target", PROFILES["balanced"], -500, 500, UnitOfPower.WATT, **WATT),
        setting("max_charge", 10800, 0, 10800, UnitOfPower.WATT, **WATT),
        setting("max_discharge", 10800, 0, 10800, UnitOfPower.WATT, **WATT),
        setting("min_soc", MIN_SOC, MIN_SOC, 100, PERCENTAGE, device_class=NumberDeviceClass.BATTERY),
        setting("max_soc", 100, MIN_SOC, 100, PERCENTAGE, device_class=NumberDeviceClass.BATTERY),
    )
    needed = (CONF_GRID,)
    # The coordinator goes as well, and ends what runs in the little time that there is.
    ends_itself = False
    words = (
        "balanced",
        "adjusting",
        "standby",
        "full",
        "empty",
        "at_limit",
        "car_excluded",
        "derated",
        *dict.fromkeys(BUSY.values()),
        TAKEN_OVER,
        MANUAL,
        "cluster_slave",
    )

    def __init__(self, coordinator: TitanCoordinator, subentry: ConfigSubentry, memory: dict[str, Any]) -> None:
        """Regulate the unit of ``coordinator``."""
        super().__init__(coordinator.hass, coordinator.config_entry, subentry, memory)
        coordinator.commanded = partial(self.yield_to, MANUAL)
        self.coordinator = coordinator
        self.acting = self.acting and coordinator.control.armed
        self.follow(CONF_GRID, inverted=bool(subentry.data.get(CONF_INVERTED)))
        self.follow(CONF_CAR)
        wire, gate = coordinator.device.wire.name, number(memory.get("gate"))
        self.regulator = Regulator(
            gate=gate if gate is not None and SHORTEST_GATE <= gate <= LONGEST_GATE else GATES.get(wire, GATE),
            gap=ORDER_GAP[wire],
            strict=subentry.data.get(CONF_PROFILE) == "strict",
        )
        self._orders = Budget(ORDERS_A_MINUTE, window=MINUTE)
        # The last few orders: which of them the unit shows is a matter of time.
        self._given: deque[int | None] = deque(maxlen=3)
        if self.acting:
            # What an earlier life ordered last may never have been written down.
            self._given.append(coordinator.control.setpoint)
            coordinator.following = True
        self._begun = self._full = self._empty = self._spared = False
        self._ignored = self._weak = 0
        self._strange = 0.0
        self._seen: Sample | None = None

    @override
    def parent_id(self) -> str:
        """Return the unit."""
        return self.coordinator.unit_id()

    @override
    def value(self, key: str) -> float:
        """Return a live setpoint: it starts at what the profile and the options say."""
        limits, profile = self.coordinator.control.limits, self.subentry.data.get(CONF_PROFILE, "")
        usual = {"target": PROFILES.get(profile), "max_charge": limits.charge, "max_discharge": limits.discharge}.get(key)
        return super().value(key) if usual is None or key in kept(self.memory, "settings") else usual

    @override
    def blocked(self) -> str | None:
        """Keep hands off what somebody else commands, and off a unit that obeys another one."""
        if self.coordinator.device.settings.cluster_role == "slave":
            return "cluster_slave"
        paused = self.memory.get("paused")
        return paused if paused in (TAKEN_OVER, MANUAL) else None

    @override
    def switched(self) -> None:
        """Take the unit back."""
        self.memory.pop("paused", None)
        self._begun, self._strange = False, 0.0

    def yield_to(self, word: str) -> None:
        """Leave the unit to somebody else, as it is; outside the schedule it is theirs anyway."""
        if self._prevented() is not None:
            return
        self.memory["paused"] = word
        self.note(acting=False)
        self._begun = False
        self.changed()

    # Deciding

    @override
    def decide(self, now: float) -> Awaitable[None] | None:
        """Correct what the meter shows, unless the unit is not ours or does not obey now."""
        if not self.coordinator.last_update_success:
            self.status = UNREACHABLE
            return None
        if (busy := BUSY.get(self.coordinator.device.system.state or "")) is not None:
            self.status, self._begun = busy, False
            return None
        battery, grid = self.coordinator.battery_power, self.sources[CONF_GRID].sample
        if grid is None or (self.acting and battery is not None and self._taken(battery)):
            return None
        if self.acting and self.coordinator.device.system.working_mode not in ("realtime", None):
            # A restart or somebody else: the next readings tell, and until then nobody is overruled.
            self.status = "adjusting"
            return None
        if not self._begun:
            self._begun = True
            self.regulator.start(0.0 if battery is None else battery.value)
        bounds = self._bounds(grid)
        # The main unit of a cluster may show its own share of what all of them do: then the grid has to tell.
        shown = None if self._leads else battery
        wanted = self.regulator.step(now, grid, shown, bounds) if self._orders.left() else None
        if wanted is None and not self.acting and self._orders.left():
            # Whatever regulates the unit now: from here on it is us.
            wanted = max(bounds.low, min(bounds.high, self.regulator.order))
        self._describe(now, follows=wanted is not None)
        return None if wanted is None else self._give(wanted)

    @property
    def _leads(self) -> bool:
        return self.coordinator.device.settings.cluster_role == "master"

    def _bounds(self, grid: Sample) -> Bounds:
        control, soc = self.coordinator.control, self.coordinator.device.battery.soc
        low = -min(control.ceiling(Action.CHARGE), self.value("max_charge"))
        high = min(control.ceiling(Action.DISCHARGE), self.value("max_discharge"))
        if soc is not None:
            self._full = soc >= self.value("max_soc") - HYSTERESIS * self._full
            self._empty = soc <= self._floor() + HYSTERESIS * self._empty
        if (car := self.sources.get(CONF_CAR)) is not None and car.sample is not None and car.shows:
            # The battery covers the house alone: it is not discharged for what the car draws.
            house = max(0.0, grid.value + self.regulator.order - car.sample.value)
            self._spared, high = house < high, min(high, house)
        else:
            self._spared = False
        return Bounds(low=0.0 if self._full else low, high=0.0 if self._empty else high, target=self.value("target"))

    def _floor(self) -> float:
        """Return the SoC in % at which discharging ends: the user's, never below the unit's own reserve."""
        return max(MIN_SOC, self.value("min_soc"), self.coordinator.device.settings.backup_soc or 0)

    def _describe(self, now: float, *, follows: bool) -> None:
        """Say what is so: what hinders comes before what goes well."""
        regulator = self.regulator
        if (self._full and regulator.beyond < 0) or (self._empty and regulator.beyond > 0):
            self.status = "full" if regulator.beyond < 0 else "empty"
        elif self._weak >= SIGHTS:
            self.status = "derated"
        elif regulator.beyond:
            self.status = "car_excluded" if self._spared and regulator.beyond > 0 else "at_limit"
        elif follows or now < regulator.ready:
            self.status = "adjusting"
        else:
            self.status = "balanced" if regulator.order else "standby"

    def _taken(self, battery: Sample) -> bool:
        """Tell whether the unit follows somebody else by now; each reading of it is judged once."""
        control = self.coordinator.control
        if battery is self._seen or battery.at < (control.ordered_at or 0.0):
            return False
        self._seen, running = battery, control.running
        ours = 0 if running is None else running.order.power * (1 if running.order.action is Action.DISCHARGE else -1)
        strange = control.setpoint not in (None, ours, *self._given) and not self._ended()
        # Between two of ours, another's orders are seen now and then only.
        self._strange = self._strange + 1 if strange else max(0.0, self._strange - FORGETS)
        if battery.at >= self.regulator.ready and not self._leads:
            self._weak = self._weak + 1 if abs(battery.value) < abs(ours) - DERATED_W else 0
        if control.armed and self._strange < SIGHTS:
            return False
        self.yield_to(TAKEN_OVER)
        self.coordinator.release()
        return True

    def _ended(self) -> bool:
        """Tell whether the unit ended our order itself, at its limit, which it does by its own idea of the level."""
        running, device = self.coordinator.control.running, self.coordinator.device
        if running is None or device.system.order != "standby":
            return False
        if ended := running.order.reached(device.battery.soc, within=HYSTERESIS):
            # No use in ordering it again before the level has changed.
            charging = running.order.action is Action.CHARGE
            self._full, self._empty = self._full or charging, self._empty or not charging
        return ended

    # Acting

    async def _give(self, watts: float) -> None:
        """Order ``watts``; what was not applied stays to be corrected."""
        self._orders.spend()
        self._given.append(round(watts))
        self.note(acting=True)
        look = self.regulator.gate + abs(watts - self.regulator.order) / self.regulator.ramp
        done = watts
        try:
            result = await self.coordinator.follow(round(watts), self._floor() if watts > 0 else self.value("max_soc"), look)
            done = watts if result.applied else self.regulator.order
        except DeviceRefusedError:
            done = self.regulator.order
            raise
        finally:
            # Without an answer it may have been done: the next look at the battery tells.
            self.regulator.sent(done, self.coordinator.control.ordered_at or self.hass.loop.time())
            self.memory["gate"] = round(self.regulator.gate, 1)
        self._describe(self.hass.loop.time(), follows=True)
        self._ignored = 0 if result.applied else self._ignored + 1
        if self._ignored >= TRIES:
            raise DeviceRefusedError(key="not_applied")

    @override
    async def rest(self) -> None:
        """Leave the unit as the user wants it when nobody commands it."""
        self._begun = False
        await self.coordinator.let_go()
