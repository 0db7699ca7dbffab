"""What solar charging must know of the box beyond its settings: its clamps, its phases, and when the car is needed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
import math
from typing import Final, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..energy_core.charging import Charging
from ..energy_core.control import Sample
from ..energy_core.ha.source import Source
from .const import CONF_INTERVAL, DOMAIN, SCAN_INTERVAL
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .v2c.derive import DRAWING
from .v2c.device import Trydan
from .v2c.points import Phases

# So often is the box read while it is steered (s).
FAST: Final = 5
USUAL_VOLTS: Final = 230.0
# A voltage between two phases, not of one.
BETWEEN: Final = 300.0
# A phase carries something from this current (A) on.
CARRIES: Final = 1.0
# Below this current (A) hardly any car is at a limit of its own: what it draws tells how many phases it uses.
TELLS: Final = 13
# How near to a whole number of phases that has to be, and how long after an order (s).
NEAR, SETTLED = 0.2, 5.0
SINGLE, THREE = "single_phase", "three_phase"
# A deadline is met with so much to spare (s): a car slows down towards the end.
SLACK: Final = 300.0


def owner_of(hass: HomeAssistant, entry: V2CConfigEntry, charger: TrydanCoordinator | None, device_id: str) -> str:
    """Return the charger in the registry, also one that another entry looks after; else the account that it was of."""
    registry = dr.async_get(hass)
    if charger is not None:
        about = charger.device_info(None)
    elif (found := registry.async_get_device({(DOMAIN, device_id)})) is not None:
        return found.id
    else:
        account = entry.runtime_data.account
        about = dr.DeviceInfo(identifiers={(DOMAIN, device_id if account is None else account.serial)})
    return registry.async_get_or_create(config_entry_id=entry.entry_id, **about).id


def pace(charger: TrydanCoordinator, *, fast: bool) -> None:
    """Have the box read as often as steering needs it, or as the user wants it."""
    usual = charger.config_entry.options.get(CONF_INTERVAL, SCAN_INTERVAL)
    wanted = min(FAST, usual) if fast else usual
    if charger.interval != wanted:
        charger.set_interval(wanted)


class BoxMeter(Source):
    """The box's own clamps, which it reads while its dynamic control is on."""

    def __init__(self, charger: TrydanCoordinator) -> None:
        """Follow the clamps of ``charger``."""
        super().__init__(charger.hass, charger.title)
        self._charger = charger
        self._asked: float | None = None

    @property
    def on(self) -> bool:
        """Tell whether the box reads them."""
        return bool(self._charger.device.settings.dynamic)

    @override
    def start(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Readings are handed in by ``take``."""
        return lambda: None

    def expect(self, now: float) -> None:
        """Wait for a reading from now on."""
        self._asked = now
        if not self.on:
            self.sample = None

    def take(self, now: float) -> bool:
        """Take over what the box has just said; tell whether it is worth anything."""
        status = self._charger.device.status
        if (power := status.grid_power) is None or status.meter_problem:
            return False
        self.sample = Sample(value=power, at=now)
        self.period = self._charger.interval
        return True

    @override
    def age(self) -> float | None:
        """Return for how long nothing has come, or has been waited for."""
        if self.sample is None and self._asked is not None:
            return self._hass.loop.time() - self._asked
        return super().age()


class Wiring:
    """The phases and volts of a box, and how many of the phases the car uses."""

    def __init__(self, trydan: Trydan, *, may_switch: bool) -> None:
        """Know ``trydan``; the user tells whether its phases may be switched."""
        self._trydan, self._may_switch = trydan, may_switch
        self.forget()

    def forget(self) -> None:
        """Another car may use other phases."""
        self._seen: int | None = None
        self._single = False

    @property
    def switches(self) -> bool:
        """Tell whether we choose the phases."""
        return self._may_switch and self._trydan.extra.charge_mode is not None

    @property
    def volts(self) -> float:
        """Return the voltage of a phase: measured, as it was set, or the usual one."""
        measured = [volts for name in ("l1", "l2", "l3") if (volts := self._trydan.phases.values.get(f"voltage_{name}"))]
        known = [float(volts) for volts in measured if isinstance(volts, int | float)]
        volts = sum(known) / len(known) if known else self._trydan.settings.installation_voltage or USUAL_VOLTS
        return float(round(volts / math.sqrt(3) if volts > BETWEEN else volts))

    @property
    def phases(self) -> int:
        """Return how many phases carry the charge."""
        mode = self._trydan.extra.charge_mode
        if self.switches:
            return 1 if mode == SINGLE else 3
        return self._seen or (3 if mode == THREE else 1)

    @property
    def choices(self) -> tuple[int, ...]:
        """Return the numbers of phases to choose from."""
        if not self.switches:
            return (self.phases,)
        return (1,) if self._single else (1, 3)

    def mode(self, phases: int) -> str | None:
        """Return the setting for so many phases, None when it is not ours to change."""
        if not self.switches:
            return None
        return SINGLE if phases == 1 else THREE

    def look(self, law: Charging, now: float) -> None:
        """Learn from what flows how many phases the car uses."""
        power = self._trydan.charge.power or 0.0
        if power <= DRAWING or not law.amps or now < law.ready + SETTLED:
            return
        currents = (getattr(self._trydan.phases, each.name) for each in (Phases.current_l1, Phases.current_l2, Phases.current_l3))
        found = sum(current is not None and current > CARRIES for current in currents)
        ratio = power / (law.amps * self.volts)
        if not found and law.amps <= TELLS and abs(ratio - round(ratio)) < NEAR:
            found = min(round(ratio), 3)
        if found:
            self._seen = found
            self._single = self._single or (law.phases > 1 and found == 1)


@dataclass(kw_only=True)
class Departure:
    """When the car is needed, and whether it is time to charge whatever the sun does."""

    due: datetime | None = None

    def presses(self, now: datetime, at: time, wh: float, watts: float) -> bool:
        """Tell whether ``wh`` take the whole time until ``at`` at ``watts``; once they do, they do until then."""
        if self.due is not None and dt_util.as_utc(now) < dt_util.as_utc(self.due):
            return True
        self.due = None
        due = now.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
        if due <= now:
            due += timedelta(days=1)
        left = (dt_util.as_utc(due) - dt_util.as_utc(now)).total_seconds()
        if watts > 0 and wh / watts * 3600.0 + SLACK >= left:
            self.due = due
        return self.due is not None
