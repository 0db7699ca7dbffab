"""What a Trydan tells about itself: the value of each keyword, with what a test pinned in its place."""

from typing import TYPE_CHECKING, Final

from .trydan_model import CAPTURED, TrydanModel
from .trydan_options import ONLY_BY_READ

if TYPE_CHECKING:
    from collections.abc import Callable

type Value = int | float | str | list[object] | dict[str, object] | None


class Raw(str):
    """A pinned value that stands in the JSON letter by letter."""

    __slots__ = ()


class TrydanValues:
    """The keywords of a model."""

    def __init__(self, model: TrydanModel) -> None:
        """Tell about this model."""
        self.model = model
        self.pins: dict[str, Value] = {}

    def value(self, key: str) -> Value:
        """Give what a keyword shows now; KeyError when there is no such keyword."""
        self.model.house.advance()
        if key in self.pins:
            return self.pins[key]
        if key in CAPTURED:
            return -1 if key == "ChargeMode" and self.model.firmware.alva else self.model.settings[key]
        return COMPUTED[key](self.model)

    def snapshot(self) -> dict[str, Value]:
        """Give what /RealTimeData shows now, in its order; pinned keys that are unknown come last."""
        known = self.model.firmware.keys
        extra = [key for key in self.pins if key not in known and key not in ONLY_BY_READ]
        missing = self.model.options.missing_keys
        found = {key: self.value(key) for key in (*known, *extra) if key not in missing}
        self.model.shown()
        return found

    def all(self) -> dict[str, Value]:
        """Give every keyword there is, whatever the firmware shows, without using up the late counters."""
        return {key: self.value(key) for key in (*COMPUTED, *CAPTURED, *self.pins)}

    def readable(self, key: str) -> bool:
        """Whether /read/ knows this keyword."""
        firmware = self.model.firmware
        known = {*firmware.keys, *ONLY_BY_READ, *self.pins} - self.model.options.missing_keys
        return firmware.has_read and key in known

    def writable(self, key: str) -> bool:
        """Whether /write/ knows this keyword; without /read/ the newer keywords do not exist."""
        return key in CAPTURED and (key not in ONLY_BY_READ or self.model.firmware.has_read)


def _metered(model: TrydanModel, watts: float) -> float:
    """Give what the box knows of the house: nothing while dynamic control is off."""
    return watts if model.settings["Dynamic"] else 0.0


def _battery(model: TrydanModel) -> float:
    sign = 1 if model.options.battery_sign == "discharging_positive" else -1
    return _metered(model, sign * model.house.battery_w)


def _amps(phase: int) -> Callable[[TrydanModel], float]:
    return lambda model: model.amps if phase <= model.phases and model.charging else 0.0


def _volts(phase: int) -> Callable[[TrydanModel], float]:
    return lambda model: model.options.voltage if phase <= model.options.phases else 0.0


COMPUTED: Final[dict[str, Callable[[TrydanModel], Value]]] = {
    "ID": lambda model: model.options.device_id,
    "ChargeState": lambda model: model.charge_state,
    "ReadyState": lambda model: 0 if model.charging else 1,
    "ChargePower": lambda model: float(model.watts),
    "ChargeEnergy": lambda model: model.energy_wh / 1000.0,
    "ChargeTime": lambda model: int(model.seconds + 1e-6),
    "SlaveError": lambda model: model.firmware.slave_error,
    # The clamp of the house sees everything but the sun: grid = HousePower - FVPower.
    "HousePower": lambda model: float(_metered(model, model.house.grid_w + model.house.pv_w)),
    "FVPower": lambda model: float(_metered(model, model.house.pv_w)),
    "BatteryPower": lambda model: float(_battery(model)),
    "FirmwareVersion": lambda model: model.firmware.shown,
    "SSID": lambda model: model.options.ssid,
    "IP": lambda model: model.options.ip or model.options.host,
    "SignalStatus": lambda model: model.options.signal,
    **{f"IntensityMeasure_L{phase}": _amps(phase) for phase in (1, 2, 3)},
    **{f"VoltageMeasure_L{phase}": _volts(phase) for phase in (1, 2, 3)},
}
