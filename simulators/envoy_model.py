"""What a gateway measures in the house: registers, their days, and the reports of the inverters."""

from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .car import Flows
    from .envoy_options import EnvoyOptions
    from .house import House

DAY: Final = 86400.0
WEEK: Final = 7
# Energy of each of the six days before the simulation began, Wh.
EARLIER: Final = 9000.0


@dataclass(frozen=True, slots=True)
class Registers:
    """Energies in Wh since the beginning."""

    pv: float = 0.0
    night: float = 0.0
    imported: float = 0.0
    exported: float = 0.0
    discharged: float = 0.0
    charged: float = 0.0

    @property
    def net(self) -> float:
        """What the grid gave, less what it took."""
        return self.imported - self.exported

    @property
    def total(self) -> float:
        """What the gateway calls total consumption; what a battery was charged with is inside."""
        return self.pv + self.net

    def less(self, other: Registers) -> Registers:
        """Give the differences."""
        return Registers(*(getattr(self, name) - getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Powers:
    """Powers in W: pv, net + = import, battery + = discharging, load without the battery."""

    pv: float
    net: float
    battery: float

    @property
    def total(self) -> float:
        """Total consumption, as the gateway computes it."""
        return self.pv + self.net

    @property
    def load(self) -> float:
        """What the house really uses."""
        return self.pv + self.net + self.battery


class EnvoyModel:
    """Follows the house like one more charger of 0 W, so that days and reports end at their very second."""

    def __init__(self, house: House, options: EnvoyOptions) -> None:
        """Begin to measure this house."""
        self.house = house
        self.options = options
        self.watts = 0.0
        self.off_grid = False
        self.days: deque[Registers] = deque([Registers(pv=EARLIER, imported=EARLIER / 2)] * (WEEK - 1), maxlen=WEEK - 1)
        self.report_at = 0
        self.report_wh = 0.0
        self.report_watts: float | None = None
        self.best_watts = 0.0
        self._night = 0.0
        self._shift = self._left = Registers()
        house.advance()
        self._wall = self._begun = house.now
        self._pv = house.pv_w
        self._midnight = self._first_midnight()
        self._day = self._day_of(house.now)
        self._begin_report(house.now)
        house.chargers.append(self)

    def leave(self) -> None:
        """Measure no more."""
        if self in self.house.chargers:
            self.house.chargers.remove(self)

    # -- what it shows ---------------------------------------------------------------------------------------------

    @property
    def powers(self) -> Powers:
        """Powers of now; off the grid, the battery carries what the grid would have."""
        house = self.house
        pv, net, battery = house.pv_w, house.grid_w, house.battery_w
        return Powers(pv, 0.0, battery + net) if self.off_grid else Powers(pv, net, battery)

    @property
    def registers(self) -> Registers:
        """Registers of now."""
        self.house.advance()
        return self._registers()

    @property
    def today(self) -> Registers:
        """What was counted since the last reset."""
        return self.registers.less(self._midnight)

    @property
    def yesterday(self) -> Registers:
        """What was counted the day before."""
        self.house.advance()
        return self.days[-1]

    @property
    def week(self) -> Registers:
        """What was counted today and on the six days before."""
        today = self.today
        parts = [today, *self.days]
        return Registers(*(sum(getattr(part, name) for part in parts) for name in Registers.__slots__))

    @property
    def epoch(self) -> float:
        """Time of the gateway's own clock."""
        clock = self.options.clock
        return (self.house.now.timestamp() if clock is None else clock()) + self.options.clock_offset

    @property
    def age(self) -> float:
        """Seconds by which the last report of the inverters is old."""
        self.house.advance()
        return max(0.0, self.house.now.timestamp() - self.report_at)

    @property
    def reported(self) -> tuple[float, float]:
        """Power and lifetime energy of all inverters as they last reported; before any report, as they are."""
        pv = self.house.pv_w
        if self.report_watts is None:
            return pv, self.registers.pv
        return self.report_watts, self.report_wh

    @property
    def best(self) -> float:
        """Greatest power of all inverters so far."""
        return max(self.best_watts, self.reported[0])

    def island(self, *, off_grid: bool) -> None:
        """Leave the grid or come back; what the house would have exchanged meanwhile is not counted at the meter."""
        now = self.registers
        if off_grid == self.off_grid:
            return
        if off_grid:
            self._left = now
        self.off_grid = off_grid
        moved = Registers() if off_grid else self._registers().less(now)
        self._shift = Registers(
            imported=self._shift.imported - moved.imported,
            exported=self._shift.exported - moved.exported,
            discharged=self._shift.discharged + moved.imported,
            charged=self._shift.charged + moved.exported,
        )

    # -- what the house tells --------------------------------------------------------------------------------------

    def settle(self, flows: Flows) -> None:
        """Close the day or the report that ended."""
        self._wall, self._pv = flows.wall, flows.pv
        if self._day_of(flows.wall) != self._day:
            self._day = self._day_of(flows.wall)
            now = self._registers()
            self.days.append(now.less(self._midnight))
            self._midnight = now
        if not self.report_at <= flows.wall.timestamp() < self.report_at + self._period():
            self._end_report(flows.wall)

    def horizon(self) -> float:
        """Seconds to the end of the day or of the report."""
        shifted = self._wall - timedelta(seconds=self.options.late_reset)
        midnight = shifted.replace(hour=0, minute=0, second=0, microsecond=0)
        report = self.report_at + self._period() - self._wall.timestamp()
        return max(1e-3, min(report, DAY - (shifted - midnight).total_seconds()))

    def count(self, seconds: float) -> None:
        """Count what the inverters draw at night."""
        if self._pv <= 0:
            self._night += self.options.night_watts * seconds / 3600.0

    # -- inside ----------------------------------------------------------------------------------------------------

    def _registers(self) -> Registers:
        counters, shift = self.house.energies, self._shift
        now = Registers(
            pv=counters.pv.total + self.options.production_offset_wh,
            night=self._night,
            imported=counters.grid_import.total + shift.imported,
            exported=counters.grid_export.total + shift.exported,
            discharged=counters.discharge.total + shift.discharged,
            charged=counters.charge.total + shift.charged,
        )
        if not self.off_grid:
            return now
        left = self._left
        return Registers(
            pv=now.pv,
            night=now.night,
            imported=left.imported,
            exported=left.exported,
            discharged=now.discharged + now.imported - left.imported,
            charged=now.charged + now.exported - left.exported,
        )

    def _first_midnight(self) -> Registers:
        counters, now = self.house.energies, self._registers()
        return now.less(
            Registers(
                pv=counters.pv.day,
                imported=counters.grid_import.day,
                exported=counters.grid_export.day,
                discharged=counters.discharge.day,
                charged=counters.charge.day,
            )
        )

    def _day_of(self, wall: datetime) -> date:
        return (wall - timedelta(seconds=self.options.late_reset)).date()

    def _period(self) -> int:
        return max(1, self.options.report_period)

    def _begin_report(self, wall: datetime) -> None:
        self.report_at = int(wall.timestamp() // self._period()) * self._period()
        self.report_wh = self._registers().pv
        self._begun = wall

    def _end_report(self, wall: datetime) -> None:
        before, seconds = self.report_wh, (wall - self._begun).total_seconds()
        self._begin_report(wall)
        if 0 < seconds <= 2 * self._period():
            self.report_watts = (self.report_wh - before) * 3600.0 / seconds
            self.best_watts = max(self.best_watts, self.report_watts)
