"""A Trydan without its wires: settings, what it offers the car, and the counters of the session."""

from dataclasses import dataclass
from math import inf
from typing import Final

from .car import Car, Flows
from .house import House
from .trydan_dynamic import DynamicMode, Supply, modulated
from .trydan_options import Firmware, TrydanOptions
from .trydan_session import HOUR, Session, hour_of
from .trydan_timer import Slot, allowed

LARGEST_CONTRACT: Final = 50_000
CAPTURED: Final = {
    "Paused": 0,
    "Locked": 0,
    "Timer": 0,
    "Intensity": 16,
    "Dynamic": 0,
    "MinIntensity": 6,
    "MaxIntensity": 32,
    "PauseDynamic": 0,
    "DynamicPowerMode": 2,
    "ContractedPower": 4600,
    "VoltageInstallation": 230,
    "ChargeMode": 0,
    "LightLED": 100,
    "LogoLED": 1,
}
CURRENTS: Final = ("Intensity", "MinIntensity", "MaxIntensity")
# Every other setting is 0 or 1.
LIMITS: Final = {
    "DynamicPowerMode": (0, 5),
    "ContractedPower": (0, LARGEST_CONTRACT),
    "VoltageInstallation": (1, 500),
    "ChargeMode": (0, 2),
    "LightLED": (0, 100),
}
MIXED: Final = 2
TINY_WH: Final = 1e-6


@dataclass(slots=True)
class Targets:
    """Where a session shall end by itself: Wh and seconds of the session, None when not asked for."""

    wh: float | None = None
    seconds: float | None = None


class TrydanModel:
    """The box; it is a charger of the house, which integrates it."""

    def __init__(self, house: House, car: Car, options: TrydanOptions) -> None:
        """Hang the box on the house."""
        self.house = house
        self.car = car
        self.options = options
        self.settings = dict(CAPTURED)
        for key in ("Intensity", "MaxIntensity"):
            self.settings[key] = min(self.settings[key], options.max_current)
        if options.phases == 3:
            self.settings["ChargeMode"] = 1
        self.slots: dict[int, Slot] = {}
        self.targets = Targets()
        self.profile_mode: int = DynamicMode.SUN_AND_GRID
        self.watts = self.amps = 0.0
        self.offered = 0
        self.phases = 1
        self.energy_wh = self.seconds = 0.0
        self.session: Session | None = None
        self.session_seconds = 0.0
        self.sessions: list[Session] = []
        self.next_card = ""
        self.counters_late = False
        self._held = False
        self._mode = self.settings["ChargeMode"]
        self._flows = Flows(wall=house.now, pv=0.0, load=0.0, battery=0.0)
        house.chargers.append(self)
        house.advance()

    @property
    def firmware(self) -> Firmware:
        """The firmware as it is now."""
        return Firmware(self.options.firmware)

    @property
    def charging(self) -> bool:
        """Whether power flows, as of the last look at the clock."""
        return self.watts > 0

    @property
    def charge_state(self) -> int:
        """ChargeState as this firmware shows it."""
        if not self.car.connected:
            return 0
        return 2 if self.charging or (self._held and self.settings["Paused"]) else 1

    # -- orders ----------------------------------------------------------------------------------------------------

    def plug(self) -> None:
        """Plug the car in: a new session begins."""
        self.house.advance()
        self.car.connected, self.car.asleep, self.counters_late = True, False, False
        self._zero()
        self.house.advance()

    def unplug(self) -> None:
        """Take the plug out: the session ends."""
        self.house.advance()
        self.car.connected = self.car.asleep = self._held = False
        self.house.advance()
        self._end_session()
        self.counters_late = self.options.late_counters
        if not self.counters_late:
            self._zero()

    def shown(self) -> None:
        """Note that the counters were read: a session that is over shows them no second time."""
        if self.counters_late:
            self.counters_late = False
            self._zero()

    def write(self, key: str, value: int) -> bool:
        """Change a setting; False when the box refuses the value."""
        self.house.advance()
        if not self._accepts(key, value):
            return False
        before, was_charging = self.settings[key], self.charging
        if key == "DynamicPowerMode" and value == DynamicMode.NOT_TIMED and self.firmware.since(2, 5, 1):
            value = DynamicMode.SUN_AND_GRID
        self.settings[key] = int(value)
        if key == "Paused" and value != before:
            self._paused(now=bool(value), was_charging=was_charging)
        if key == "Locked" and value != before:
            self._locked(now=bool(value))
        if self.firmware.reverts_pause_and_lock and self.settings["Paused"] and self.settings["Locked"]:
            self.settings["Paused"] = self.settings["Locked"] = 0
        self.house.advance()
        return True

    def stop_at(self, *, wh: float | None = None, seconds: float | None = None, more: bool = False) -> None:
        """End the session at so much energy or time; more counts from now on."""
        self.house.advance()
        if wh is not None:
            self.targets.wh = wh + (self._session_wh() if more else 0.0)
        if seconds is not None:
            self.targets.seconds = seconds + (self.session_seconds if more else 0.0)
        self.house.advance()

    def zero_counters(self) -> None:
        """Reset what the box shows of the session, as an OCPP pause does."""
        self.house.advance()
        self._zero()

    def _accepts(self, key: str, value: int) -> bool:
        if key == "ChargeMode" and self.firmware.alva:
            return False
        if key == "ContractedPower" and value < 0:
            return value >= -LARGEST_CONTRACT and self.settings["DynamicPowerMode"] in (0, DynamicMode.SUN_ONLY)
        low, high = self.limits(key)
        return low <= value <= high

    def limits(self, key: str) -> tuple[int, int]:
        """Give the least and the greatest value that a keyword takes."""
        if key in CURRENTS:
            return 6, self.options.max_current
        return LIMITS.get(key, (0, 1))

    def _paused(self, *, now: bool, was_charging: bool) -> None:
        resets = self.options.pause_resets
        if now:
            self._held = was_charging and self.firmware.sticky
            if was_charging:
                self.car.doze()
        else:
            self._held = False
            if not self.firmware.sticky if resets is None else resets:
                self._zero()

    def _locked(self, *, now: bool) -> None:
        if now:
            self._held = False
            self._zero()
        else:
            self.car.asleep = False

    def _zero(self) -> None:
        self.energy_wh = self.seconds = 0.0

    # -- physics: what the house asks of a charger ------------------------------------------------------------------

    def settle(self, flows: Flows) -> None:
        """Decide the power from this moment on."""
        self._flows = flows
        self._reach_targets()
        if not self.charging:
            # The box takes a new number of phases only when charging starts.
            self._mode = self.settings["ChargeMode"]
        self.phases = self._phases(flows)
        self.offered = self._offer(flows)
        self.amps = self.car.current(self.offered)
        self.watts = self.amps * self.phases * self.options.voltage
        if self.charging and self.session is None:
            self.session = Session(start=flows.wall, end=flows.wall, card=self.next_card)
            self.session_seconds, self.next_card = 0.0, ""
        if self.session is not None and self.car.full:
            self._end_session()

    def horizon(self) -> float:
        """Seconds during which that power surely stays."""
        wall = self._flows.wall
        step = (hour_of(wall) + HOUR - wall).total_seconds() if self.charging else inf
        if self.settings["Timer"] and any(slot.active for slot in self.slots.values()):
            step = min(step, 60.0 - wall.second - wall.microsecond / 1e6)
        if not self.charging:
            return step
        step = min(step, self.car.seconds_to_full(self.watts))
        if self.targets.wh is not None:
            step = min(step, (self.targets.wh - self._session_wh()) / self.watts * 3600.0)
        if self.targets.seconds is not None:
            step = min(step, self.targets.seconds - self.session_seconds)
        return max(step, 0.0)

    def count(self, seconds: float) -> None:
        """Integrate that power over so many seconds."""
        if self.session is None or not self.charging:
            return
        wh, flows = self.watts * seconds / 3600.0, self._flows
        sun = min(max(flows.pv - flows.load, 0.0), self.watts) * seconds / 3600.0
        self.car.store(wh)
        self.energy_wh += wh
        self.seconds += seconds
        self.session_seconds += seconds
        self.session.add(flows.wall, seconds, wh, sun)

    def _phases(self, flows: Flows) -> int:
        most = min(self.options.phases, self.car.phases)
        if self._mode != MIXED or most == 1:
            return 1 if self._mode == 0 and not self.firmware.alva else most
        supply = Supply(phases=most, volts=self.options.voltage, most=self.options.max_current)
        return most if self._wanted(flows, supply) else 1

    def _offer(self, flows: Flows) -> int:
        settings = self.settings
        if not self.car.connected or settings["Paused"] or settings["Locked"]:
            return 0
        if settings["Timer"] and not allowed(list(self.slots.values()), flows.wall):
            return 0
        return self._wanted(flows, Supply(phases=self.phases, volts=self.options.voltage, most=self.options.max_current))

    def _wanted(self, flows: Flows, supply: Supply) -> int:
        settings = self.settings
        if not settings["Dynamic"] or settings["PauseDynamic"]:
            return min(settings["Intensity"], self.options.max_current)
        mode = settings["DynamicPowerMode"]
        return modulated(settings, self.profile_mode if mode == DynamicMode.PROFILE else mode, flows, supply)

    def _reach_targets(self) -> None:
        """Pause when the asked energy or time has been delivered."""
        wh, seconds = self.targets.wh, self.targets.seconds
        enough = wh is not None and self._session_wh() >= wh - TINY_WH
        late = seconds is not None and self.session_seconds >= seconds - TINY_WH
        if self.session is not None and (enough or late):
            self.settings["Paused"] = 1
            self._paused(now=True, was_charging=self.charging)
            self.targets = Targets()

    def _session_wh(self) -> float:
        return self.session.total_wh if self.session is not None else 0.0

    def _end_session(self) -> None:
        if self.session is not None:
            self.sessions.append(self.session)
        self.session = None
        self.targets = Targets()
