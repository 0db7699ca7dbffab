"""One physics for every simulated device: grid = load + ev - pv - battery, and counters that integrate it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from random import Random
from time import monotonic
from typing import Final

from .battery import Battery, Mode, Order
from .car import Charger, Flows
from .energy import Energies

LONGEST_STEP: Final = 30.0
PV_INPUTS: Final = 4

type Driver = Callable[[House, float], None]


class House:
    """A house with PV, a load, a car charger and a battery.

    Nothing runs in the background: each reading first integrates up to the present of the given clock, so a test
    that moves the clock by hand gets exact, repeatable figures. Powers are W, energies Wh, battery + = discharging,
    grid + = import. load_w holds every consumer, also what hangs on the battery's bypass socket (bypass_w of it).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = monotonic,
        seed: int = 0,
        packs: int = 2,
        ramp: float = 800.0,
        dead_time: float = 0.0,
        jitter: float = 0.0,
        lag: float = 0.0,
        pause: float = 0.0,
        start: datetime | None = None,
        auto_midnight: bool = False,
    ) -> None:
        """Start at rest, half full, in self-consumption; start is the simulated local time of now.

        An order acts after dead_time, give or take jitter; the battery follows with a lag and a ramp, and pauses to turn.
        """
        self.clock = clock
        self.random = Random(seed)
        self.auto_midnight = auto_midnight
        self.driver: Driver | None = None
        self.chargers: list[Charger] = []
        self.battery_model = Battery(packs=packs, ramp=ramp, dead_time=dead_time, jitter=jitter, lag=lag, pause=pause)
        self.energies = Energies()
        self._began = self._at = clock()
        self._start = start or datetime.now().astimezone()
        self._pv = [0.0] * PV_INPUTS
        self._load = self._ev = self._bypass = 0.0
        self._pending: list[tuple[float, Callable[[], None]]] = []
        self._asked_mode: int | None = None
        self._asked_order: tuple[int, float, float] | None = None

    # -- what can be set -------------------------------------------------------------------------------------------

    @property
    def load_w(self) -> float:
        """Power of all consumers but the car."""
        self.advance()
        return self._load

    @load_w.setter
    def load_w(self, watts: float) -> None:
        self.advance()
        self._load = watts

    @property
    def ev_w(self) -> float:
        """Power of all cars: what was assigned here, and what the chargers deliver."""
        self.advance()
        return self._cars()

    @ev_w.setter
    def ev_w(self, watts: float) -> None:
        self.advance()
        self._ev = watts

    @property
    def bypass_w(self) -> float:
        """Power of the bypass socket: + a consumer, - a microinverter; always a part of load_w."""
        self.advance()
        return self._bypass

    @bypass_w.setter
    def bypass_w(self, watts: float) -> None:
        self.advance()
        self._bypass = watts

    @property
    def pv_inputs(self) -> list[float]:
        """Power of each PV input; assign a list to change it."""
        self.advance()
        return list(self._pv)

    @pv_inputs.setter
    def pv_inputs(self, watts: list[float]) -> None:
        self.advance()
        self._pv = [*watts, *[0.0] * PV_INPUTS][:PV_INPUTS]

    @property
    def pv_w(self) -> float:
        """Sum of the PV inputs; assigning shares it out equally."""
        return sum(self.pv_inputs)

    @pv_w.setter
    def pv_w(self, watts: float) -> None:
        self.pv_inputs = [watts / PV_INPUTS] * PV_INPUTS

    @property
    def soc(self) -> float:
        """State of charge in percent; assigning sets every pack."""
        return self.battery.soc

    @soc.setter
    def soc(self, percent: float) -> None:
        self.battery.soc = percent

    def apply_flows(self, pv: list[float], load: float) -> None:
        """Set PV and load from within a driver, which must not advance time."""
        self._pv, self._load = pv, load

    # -- what follows ----------------------------------------------------------------------------------------------

    @property
    def battery(self) -> Battery:
        """The battery as it is now."""
        self.advance()
        return self.battery_model

    @property
    def battery_w(self) -> float:
        """Power of the battery, + = discharging."""
        return self.battery.power

    @property
    def grid_w(self) -> float:
        """Power at the grid connection, + = import."""
        self.advance()
        return self._load + self._cars() - sum(self._pv) - self.battery_model.power

    @property
    def energy(self) -> Energies:
        """The counters as they are now."""
        self.advance()
        return self.energies

    @property
    def now(self) -> datetime:
        """Simulated local time."""
        return self._start + timedelta(seconds=self.clock() - self._began)

    @property
    def mode(self) -> int:
        """Working mode last asked for, also while it is still on its way."""
        return self.battery.mode if self._asked_mode is None else self._asked_mode

    @property
    def order(self) -> tuple[int, float, float]:
        """Order, power and target SOC last asked for; the order is standby again once it ended."""
        battery = self.battery
        return self._asked_order or (battery.order, battery.order_power, battery.target_soc)

    def fit_packs(self, packs: int) -> None:
        """Change the number of extension packs; the state of charge stays."""
        self.battery_model = self.battery.refitted(packs)

    def set_time(self, when: datetime) -> None:
        """Move the simulated wall clock without letting physical time pass."""
        self.advance()
        self._start = when - timedelta(seconds=self._at - self._began)

    def realtime(self, order: int, power: float, target_soc: float) -> None:
        """Give a real-time order; the battery acts on it after its dead time, and only in real-time mode."""
        asked = self._asked_order = (order, power, target_soc)

        def apply() -> None:
            self.battery_model.obey(*asked)
            self._asked_order = None if self._asked_order is asked else self._asked_order

        self._later(apply)

    def set_mode(self, mode: int) -> None:
        """Change the working mode; leaving real-time mode clears the running order."""

        def apply() -> None:
            if mode != Mode.REALTIME:
                self.battery_model.order = Order.STANDBY
            self.battery_model.mode = mode
            self._asked_mode = None

        self._asked_mode = mode
        self._later(apply)

    def forget_order(self) -> None:
        """Drop the running order and what is on its way, as a restart does."""
        self.advance()
        self._pending.clear()
        self._asked_mode = self._asked_order = None
        self.battery_model.order = Order.STANDBY
        self.battery_model.power = 0.0

    def midnight(self) -> None:
        """Reset the daily counters."""
        self.advance()
        self.energies.midnight()

    # -- time ------------------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Integrate up to the present of the clock."""
        self.step(self.clock())

    def step(self, now: float) -> None:
        """Integrate up to the given clock value; going back in time does nothing."""
        while self._at < now:
            if self.driver is not None:
                self.driver(self, self._second_of_day())
            self._apply_due()
            self._settle()
            self._integrate(self._slice(now))
        self._settle()

    def _settle(self) -> None:
        pv, wall, others = sum(self._pv), self._wall(), self._load + self._cars()
        for each in self.chargers:
            others -= each.watts
            each.settle(Flows(wall=wall, pv=pv, load=others, battery=self.battery_model.power))
            others += each.watts

    def _cars(self) -> float:
        return self._ev + sum(each.watts for each in self.chargers)

    def _later(self, action: Callable[[], None]) -> None:
        self.advance()
        if (delay := self.battery_model.delay(self.random)) <= 0:
            action()
        else:
            self._pending.append((self._at + delay, action))

    def _apply_due(self) -> None:
        while self._pending and self._pending[0][0] <= self._at + 1e-9:
            self._pending.pop(0)[1]()

    def _wall(self) -> datetime:
        return self._start + timedelta(seconds=self._at - self._began)

    def _second_of_day(self) -> float:
        wall = self._wall()
        return (wall - wall.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()

    def _target(self) -> float:
        surplus = self._load + self._cars() - sum(self._pv)
        return self.battery_model.wanted(surplus, int(self._second_of_day() // 60))

    def _slice(self, now: float) -> float:
        """Longest step during which nothing but time happens."""
        battery, target = self.battery_model, self._target()
        step = min(now - self._at, LONGEST_STEP, 86400.0 - self._second_of_day(), *(c.horizon() for c in self.chargers))
        if self._pending:
            step = min(step, self._pending[0][0] - self._at)
        step = min(step, battery.stride(target))
        if abs(battery.power - target) <= 1e-6:
            step = min(step, self._until_limit(target))
        return max(step, 1e-6)

    def _until_limit(self, power: float) -> float:
        """Seconds until a SOC limit stops this power."""
        battery = self.battery_model
        if abs(power) < 1e-6:
            return inf
        target = battery.floor()
        limit = max(battery.backup_soc, target or 0.0) if power > 0 else min(100.0, target if target is not None else 100.0)
        gap = abs(battery.soc - limit) / 100.0 * battery.total_wh
        return max(gap / abs(power) * 3600.0, 1e-3)

    def _integrate(self, dt: float) -> None:
        battery = self.battery_model
        before = battery.power
        battery.follow(self._target(), dt)
        self._count((before + battery.power) / 2.0, dt / 3600.0)
        for each in self.chargers:
            each.count(dt)
        day = self._wall().date()
        self._at += dt
        if self.auto_midnight and self._wall().date() != day:
            self.energies.midnight()

    def _count(self, battery_w: float, hours: float) -> None:
        """Integrate one step; sums of opposite counters always equal the net energy."""
        self.energies.count(hours, pv=sum(self._pv), load=self._load, ev=self._cars(), bypass=self._bypass, battery=battery_w)
        self.battery_model.store(-battery_w * hours)
        self.battery_model.rest(hours)
