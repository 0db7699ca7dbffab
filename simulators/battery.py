"""The simulated battery: packs, limits, working modes and how its power follows an order."""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from math import exp, inf
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from random import Random

CAPACITY_WH: Final = 1792.0
MIN_POWER: Final = 50.0
MAX_PACKS: Final = 5
# Vendor figures for the 2000 class: main unit alone, with one extension, with more.
CHARGE_LIMITS: Final = (900.0, 1800.0, 2400.0)
DISCHARGE_LIMITS: Final = (1000.0, 2000.0, 2400.0)
HYSTERESIS: Final = 2.0
RAMP_STEP: Final = 0.25
# However much it varies, no order acts sooner; what follows with a lag has arrived when it is so near.
SOONEST: Final = 0.2
NEAR_W: Final = 0.5


class Mode(IntEnum):
    """Working modes, numbered as the device numbers them."""

    SELF_CONSUMPTION = 1
    REALTIME = 4
    SCHEDULE = 5
    CUSTOM_TIME = 6


class Order(IntEnum):
    """Real-time orders."""

    STANDBY = 0
    CHARGE = 1
    DISCHARGE = 2


@dataclass(slots=True)
class Period:
    """One period of the custom time mode; times are minutes of the day."""

    start: int
    end: int
    action: int
    power: float
    soc: float


@dataclass(slots=True, kw_only=True)
class Battery:
    """State and limits of the battery; power is positive when it discharges."""

    packs: int = 0
    capacity_wh: float = CAPACITY_WH
    ramp: float = 800.0
    dead_time: float = 0.0
    jitter: float = 0.0
    lag: float = 0.0
    pause: float = 0.0
    resting: float = 0.0
    max_charge: float = 0.0
    max_discharge: float = 0.0
    ac_out_limit: float = 2400.0
    power: float = 0.0
    mode: int = Mode.SELF_CONSUMPTION
    order: int = Order.STANDBY
    order_power: float = 0.0
    target_soc: float = 0.0
    backup_soc: float = 5.0
    meter_linked: bool = True
    calibrating: bool = False
    calibration_power: float = 1000.0
    hours_since_full: float = 12.0
    periods: list[Period] = field(default_factory=list)
    curve: list[float] = field(default_factory=lambda: [0.0] * 48)
    soc_wh: list[float] = field(default_factory=list)
    backup_hold: bool = False

    def __post_init__(self) -> None:
        """Fill in what depends on the number of packs."""
        step = min(self.packs, 2)
        self.max_charge = self.max_charge or CHARGE_LIMITS[step]
        self.max_discharge = self.max_discharge or DISCHARGE_LIMITS[step]
        if not self.soc_wh:
            self.soc_wh = [0.5 * self.capacity_wh] * (1 + self.packs)

    @property
    def total_wh(self) -> float:
        """Capacity of all packs together."""
        return self.capacity_wh * len(self.soc_wh)

    @property
    def soc(self) -> float:
        """State of charge of the whole, in percent."""
        return 100.0 * sum(self.soc_wh) / self.total_wh

    @soc.setter
    def soc(self, percent: float) -> None:
        self.soc_wh = [self.capacity_wh * percent / 100.0] * len(self.soc_wh)

    def refitted(self, packs: int) -> Self:
        """Give the same battery with another number of extension packs, equally full."""
        fitted = replace(self, packs=packs, max_charge=0.0, max_discharge=0.0, soc_wh=[])
        fitted.soc = self.soc
        return fitted

    def delay(self, random: Random) -> float:
        """Give the seconds until the next order acts."""
        return max(SOONEST, random.gauss(self.dead_time, self.jitter)) if self.jitter else self.dead_time

    def obey(self, order: int, power: float, target_soc: float) -> None:
        """Take a real-time order; turning around needs a pause."""
        if {order, self.order} == {Order.CHARGE, Order.DISCHARGE}:
            self.resting = self.pause
        self.order, self.order_power, self.target_soc = order, power, target_soc

    def stride(self, target: float) -> float:
        """Give the longest step in which it moves evenly, infinity when it does not move."""
        gap, rest = abs(self.power - target), self.resting or inf
        if gap <= 1e-6:
            return rest
        return min(rest, RAMP_STEP, inf if self.lag else gap / self.ramp)

    def follow(self, target: float, dt: float) -> None:
        """Move towards a power, within the ramp and with the lag."""
        gap, most = target - self.power, self.ramp * dt
        change = gap * (1 - exp(-dt / self.lag)) if self.lag else gap
        self.power += min(max(change, -most), most)
        if abs(self.power - target) < (NEAR_W if self.lag else 1e-6):
            self.power = target
        self.resting = max(0.0, self.resting - dt)

    def pack_soc(self, index: int) -> float:
        """State of charge of one pack (0 is the main unit), 0 when it is not fitted."""
        return 100.0 * self.soc_wh[index] / self.capacity_wh if index < len(self.soc_wh) else 0.0

    def store(self, wh: float) -> None:
        """Put energy in (or take it out when negative), shared by the packs that can still move."""
        full = self.capacity_wh
        for _ in range(len(self.soc_wh)):
            able = [i for i, e in enumerate(self.soc_wh) if (e < full if wh > 0 else e > 0)]
            if not able or abs(wh) < 1e-9:
                return
            share, wh = wh / len(able), 0.0
            for index in able:
                wanted = self.soc_wh[index] + share
                self.soc_wh[index] = min(full, max(0.0, wanted))
                wh += wanted - self.soc_wh[index]

    def rest(self, hours: float) -> None:
        """Count the time since the battery was last full."""
        self.hours_since_full = 0.0 if self.soc >= 99.99 else self.hours_since_full + hours

    def wanted(self, surplus: float, minute: int) -> float:
        """Power the battery aims at: surplus is load minus PV, minute is the minute of the day."""
        self._update_holds()
        raw = -self.calibration_power if self.calibrating else self._by_mode(surplus, minute)
        if raw > 0:
            raw = min(raw, self.max_discharge, self.ac_out_limit)
            return 0.0 if self.backup_hold or self.soc <= 0 else raw
        return 0.0 if self.soc >= 100.0 - 1e-9 else max(raw, -self.max_charge)

    def floor(self) -> float | None:
        """SOC at which the present order ends, None when only full and backup end it."""
        return self.target_soc if self.mode == Mode.REALTIME and self.order else None

    def _update_holds(self) -> None:
        """End an order at its target and hold discharge at the backup SOC, until 2 % above it."""
        if self.calibrating and self.soc >= 100.0 - 1e-9:
            self.calibrating = False
        if self.soc <= self.backup_soc + 1e-6:
            self.backup_hold = True
        elif self.soc >= self.backup_soc + HYSTERESIS:
            self.backup_hold = False
        if self.mode != Mode.REALTIME:
            return
        full = self.order == Order.CHARGE and self.soc >= min(self.target_soc, 100.0) - 1e-6
        empty = self.order == Order.DISCHARGE and self.soc <= max(self.target_soc, self.backup_soc) + 1e-6
        if full or empty:
            self.order = Order.STANDBY

    def _by_mode(self, surplus: float, minute: int) -> float:
        if self.mode == Mode.REALTIME:
            return self._ordered()
        if self.mode == Mode.CUSTOM_TIME:
            return self._period(surplus, minute)
        if self.mode == Mode.SCHEDULE or not self.meter_linked:
            return self.curve[minute // 30 % 48]
        return surplus if abs(surplus) >= MIN_POWER else 0.0

    def _ordered(self) -> float:
        if self.order == Order.STANDBY or self.order_power <= 0 or self.resting > 0:
            return 0.0
        power = max(MIN_POWER, self.order_power)
        return power if self.order == Order.DISCHARGE else -power

    def _period(self, surplus: float, minute: int) -> float:
        """Follow the first period that covers this minute; standby outside of all."""
        found = next((p for p in self.periods if p.start <= minute < p.end), None)
        if found is None:
            return 0.0
        if found.action in (1, 4):
            return 0.0 if self.soc >= found.soc else -found.power
        if self.soc <= found.soc or found.action not in (2, 5):
            return 0.0
        return found.power if found.action == 5 else max(0.0, surplus)
