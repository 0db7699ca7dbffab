"""What a Titan does with a write, whichever wire brought it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from .battery import Mode, Period
from .titan_table import Register, registers, write_points

if TYPE_CHECKING:
    from .titan_model import TitanModel

ORDER: Final = range(1150, 1153)
CLUSTER_POWER: Final = 10800
PERIODS: Final = range(7300, 7420)
CURVE: Final = range(7080, 7128)
TIMES: Final = frozenset({1155, 1156, 7269}) | frozenset(a for a in PERIODS if (a - 7300) % 5 < 2)
POWERS: Final = frozenset({1147, 1151}) | frozenset(a for a in PERIODS if (a - 7300) % 5 == 3)
METER: Final = 1247
LOAD_SOURCE: Final = 1
HTTP_MODES: Final = {47005: (1, 4, 5), 4: (1, 4, 6)}
# What a firmware with a strict range check accepts on the OpenData order points.
STRICT: Final = {1151: (50, 2400), 1152: (5, 100)}


class Outcome(StrEnum):
    """Fate of a write."""

    OK = "ok"
    ADDRESS = "address"
    VALUE = "value"


class TitanWriter:
    """Checks and applies writes."""

    def __init__(self, model: TitanModel) -> None:
        """Write into this Titan."""
        self.model = model
        self.load_source = 2

    def words(self, address: int, values: list[int], *, lost: bool = False) -> Outcome:
        """Write raw words as Modbus does; lost acknowledges without applying."""
        wanted = self._split(address, values)
        if wanted is None:
            return Outcome.ADDRESS
        if not all(self._fits(register, value) for register, value in wanted):
            return Outcome.VALUE
        return self._apply([(register.address, value) for register, value in wanted], lost=lost)

    def point(self, point: int, values: list[int], *, lost: bool = False) -> Outcome:  # noqa: PLR0911 - one per kind of point
        """Write a point as OpenData SetData does."""
        found = write_points().get(point)
        if found is None or not values:
            return Outcome.ADDRESS
        if point == LOAD_SOURCE:
            self.load_source = values[0]
            return Outcome.OK if values[0] in (1, 2, 3, 4) else Outcome.VALUE
        address = found.register
        if address is None:
            return Outcome.ADDRESS
        if point in (15203, 15204):
            return self._inject(point - 15203, values)
        if point in HTTP_MODES:
            return self._mode(values, HTTP_MODES[point], lost=lost)
        if not self._strict(address, values):
            return Outcome.VALUE
        return self.words(address, values, lost=lost)

    # -- checks ----------------------------------------------------------------------------------------------------

    def _split(self, address: int, values: list[int]) -> list[tuple[Register, int]] | None:
        """Cut words into registers; None when one is unknown, read-only or only half written."""
        found, rest = [], list(values)
        while rest:
            register = registers().get(address)
            if register is None or not register.writable or not self.model.present(register):
                return None
            if len(rest) < register.words:
                return None
            part, rest = rest[: register.words], rest[register.words :]
            found.append((register, part[0] if register.words == 1 else self._join(part)))
            address += register.words
        return found

    def _join(self, words: list[int]) -> int:
        high, low = words if self.model.options.word_order == "big" else reversed(words)
        value = (high & 0xFFFF) << 16 | (low & 0xFFFF)
        return value - (1 << 32) if value >= 1 << 31 else value

    def _fits(self, register: Register, value: int) -> bool:
        address, options = register.address, self.model.options
        if address == 1144:
            return value in (1, 4) or (value == 6 and options.protocol >= 16)
        if address in TIMES:
            return value >> 8 <= 24 and value & 0xFF <= 59
        high = register.high
        if address in POWERS and options.cluster_role != "none":
            high = CLUSTER_POWER
        return (register.low is None or value >= register.low) and (high is None or value <= high)

    def _strict(self, address: int, values: list[int]) -> bool:
        """Apply the narrower ranges some firmware checks on the order points."""
        if not self.model.options.strict_range:
            return True
        pairs = enumerate(values, start=address)
        return all(STRICT[a][0] <= v <= STRICT[a][1] for a, v in pairs if a in STRICT)

    # -- effects ---------------------------------------------------------------------------------------------------

    def _mode(self, values: list[int], allowed: tuple[int, ...], *, lost: bool) -> Outcome:
        if len(values) != 1 or values[0] not in allowed:
            return Outcome.VALUE
        if values[0] == Mode.CUSTOM_TIME and self.model.options.protocol < 16:
            return Outcome.VALUE
        return self._apply([(1144, values[0])], lost=lost)

    def _inject(self, index: int, values: list[int]) -> Outcome:
        """Set one or both words of the injected meter power."""
        present = (self.model.injected_meter or 0) & 0xFFFFFFFF
        words = [present >> 16, present & 0xFFFF]
        if self.model.options.word_order == "little":
            words.reverse()
        for offset, value in enumerate(values[: 2 - index], start=index):
            words[offset] = value & 0xFFFF
        self.model.injected_meter = self._join(words)
        return Outcome.OK

    def _apply(self, pairs: list[tuple[int, int]], *, lost: bool) -> Outcome:
        orders = {address: value for address, value in pairs if address in ORDER}
        if orders and self.model.house.mode != Mode.REALTIME:
            return Outcome.VALUE if self.model.options.outside_realtime == "refuse" else Outcome.OK
        if lost or (len(orders) > 1 and self.model.options.reject_combined):
            return Outcome.OK
        for address, _ in pairs:
            self.model.hold(address)
        if orders:
            current = dict(zip(ORDER, self.model.house.order, strict=True)) | orders
            self.model.house.realtime(int(current[1150]), current[1151], current[1152])
        for address, value in pairs:
            if address not in ORDER:
                self._set(address, value)
        return Outcome.OK

    def _set(self, address: int, value: int) -> None:
        model, battery = self.model, self.model.house.battery
        model.settings[address] = value
        match address:
            case 1142:
                battery.backup_soc = value
            case 1144:
                model.house.set_mode(value)
            case 1147:
                battery.ac_out_limit = value
            case 1246:
                battery.meter_linked = bool(value)
            case 1247:
                model.injected_meter = value
            case 7270:
                battery.calibration_power = value
            case 7271:
                battery.calibrating = bool(value)
        if address in CURVE:
            battery.curve[address - CURVE.start] = value
        if address in PERIODS:
            battery.periods = self._periods()

    def _periods(self) -> list[Period]:
        """Read the custom periods back from the settings, leaving out the empty ones."""
        found = []
        for base in range(PERIODS.start, PERIODS.stop, 5):
            start, end, action, power, soc = (self.model.settings[a] for a in range(base, base + 5))
            if start != end:
                found.append(Period(_minute(start), _minute(end), action, power, soc))
        return found


def _minute(packed: int) -> int:
    return (packed >> 8) * 60 + (packed & 0xFF)
