"""State of one Titan behind both of its wires: readings, settings, read-back delay and overrides."""

from typing import TYPE_CHECKING, Final

from .titan_table import Register, by_name, read_points, registers
from .titan_values import TEMPERATURE, Value, sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from .house import House
    from .titan_options import TitanOptions

type PointValue = Value | list[int]

# Settings as a freshly installed unit reports them; 20 is the grid code of France.
DEFAULTS: Final = {
    1138: 2400,
    1140: 0,
    1143: 1,
    1146: 2400,
    1154: 10,
    1155: 0,
    1156: 0,
    7075: 0,
    7238: 0,
    7239: 0,
    7240: 20,
    7242: 0,
    7265: 1,
    7266: 1,
    7267: 0,
    7268: 14,
    7269: 256,
    7270: 1000,
    7272: 0,
}
PACK_CELLS: Final = (
    (9009, 9011, 9012, 11042),
    (9021, 9023, 9030, 9085),
    (9040, 9042, 9049, 9101),
    (9059, 9061, 9068, 9117),
    (9154, 9156, 9163, 9133),
    (9219, 9222, 9216, 9270),
)
CELL_SPREAD: Final = 0.004
HTTP_ROLES: Final = {0: "1002", 1: "1000", 2: "1001"}


class TitanModel:
    """One Titan: value() and point() are what its wires show."""

    def __init__(self, house: House, options: TitanOptions) -> None:
        """Join a Titan to a house."""
        self.house = house
        self.options = options
        self.shutdowns = 3
        self.booted = house.clock()
        self.injected_meter: int | None = None
        self.settings: dict[int, int] = {a: 0 for a, r in registers().items() if r.writable} | DEFAULTS
        self._sources = sources(self)
        self._specials = self._special_points()
        self._overrides: dict[int, Value] = {}
        self._point_overrides: dict[int, PointValue | None] = {}
        self._held: dict[int, tuple[float, Value]] = {}
        self._meter: tuple[float, float] = (-1e9, 0.0)

    # -- readings --------------------------------------------------------------------------------------------------

    def value(self, address: int) -> Value:
        """Give what a register shows now, in its unit."""
        if address in self._overrides:
            return self._overrides[address]
        held = self._held.get(address)
        if held is not None and self.house.clock() < held[0]:
            return held[1]
        return self.actual(address)

    def actual(self, address: int) -> Value:
        """Give what a register holds, before overrides and read-back delay."""
        source = self._sources.get(address)
        return source() if source is not None else self.settings.get(address, 0)

    def present(self, register: Register) -> bool:
        """Whether this protocol version has the register."""
        return self.options.protocol >= register.since

    def point(self, number: int) -> PointValue | None:
        """Give what OpenData answers for a point, None when it leaves it out."""
        if number in self._point_overrides:
            return self._point_overrides[number]
        found = read_points().get(number)
        if found is None or number in self.options.missing_points:
            return None
        if found.register is None:
            return self._specials[number]() if self._fitted(found.name) else None
        if not self._fitted(found.name):
            return None
        return self._convert(number, found.form, found.register)

    def override(self, key: int | str, value: PointValue | None) -> None:
        """Pin a register (address or name) or a point (its number as text; None leaves the point out)."""
        if isinstance(key, str) and key.isdigit():
            self._point_overrides[int(key)] = value
        elif value is None or isinstance(value, list):
            raise ValueError("a register needs a value")
        else:
            self._overrides[self.address(key)] = value

    def release(self, key: int | str | None = None) -> None:
        """Drop one override, or all."""
        if key is None:
            self._overrides.clear()
            self._point_overrides.clear()
        elif isinstance(key, str) and key.isdigit():
            self._point_overrides.pop(int(key), None)
        else:
            self._overrides.pop(self.address(key), None)

    def address(self, key: int | str) -> int:
        """Give the address of a register by name or address."""
        return key if isinstance(key, int) else by_name()[key].address

    def hold(self, address: int) -> None:
        """Let the read-back show the present value until the latency has passed."""
        if self.options.latency > 0:
            self._held[address] = (self.house.clock() + self.options.latency, self.value(address))

    def restart(self, *, keep_mode: bool) -> None:
        """Do what a power cycle does to the state."""
        self.house.forget_order()
        self._held.clear()
        self.shutdowns += 1
        self.booted = self.house.clock()
        if not keep_mode:
            self.house.set_mode(1)

    # -- measured --------------------------------------------------------------------------------------------------

    def inverter_w(self) -> float:
        """Power of the inverter on the AC side, + = drawing from AC."""
        house = self.house
        return -(house.pv_w + house.battery_w)

    def net_ac_w(self) -> float:
        """Power of inverter and bypass together, + = drawing from AC."""
        return self.inverter_w() + self.house.bypass_w

    def meter_w(self) -> float:
        """Power of the linked meter, + = import; refreshed every meter_period seconds."""
        if self.injected_meter is not None:
            return self.injected_meter
        if not self.house.battery.meter_linked:
            return 0.0
        now = self.house.clock()
        if now - self._meter[0] >= self.options.meter_period:
            self._meter = (now, self.house.grid_w)
        return self._meter[1]

    def pack_voltage(self, index: int) -> float:
        """Voltage of a pack, from empty to full."""
        return 6.0 + 0.008 * self.house.battery.pack_soc(index)

    def pack_current(self, index: int) -> float:
        """Current of a pack, + = discharging."""
        battery = self.house.battery
        return battery.power / (battery.packs + 1) / self.pack_voltage(index)

    def pack_serial(self, index: int) -> str:
        """Serial number of a pack."""
        return f"PK{index}-{self.options.serial}"[: 2 * self.options.string_words]

    # -- OpenData --------------------------------------------------------------------------------------------------

    def _fitted(self, name: str) -> bool:
        """Whether the pack that a point belongs to is there; other points always are."""
        words = name.replace("Extension pack", "Pack").split()
        return words[0] != "Pack" or int(words[1]) <= self.house.battery.packs

    def _convert(self, number: int, form: str, address: int) -> PointValue:
        value = self.value(address)
        if isinstance(value, str):
            return value
        register = registers()[address]
        if number == 6000:
            turned = self.options.battery_sign != self.options.modbus_battery_sign
            value = -value if turned else value
        return FORMS[form](value) if form else neat(value, register.scale)

    def _special_points(self) -> dict[int, Callable[[], PointValue]]:
        """Give the points that no register has."""
        house = self.house
        found: dict[int, Callable[[], PointValue]] = {
            0: lambda: self.options.serial,
            1: lambda: self.options.product_code,
            1501: lambda: neat(house.pv_w, 1),
            2101: lambda: neat(max(0.0, self.net_ac_w()), 1),
            2104: lambda: round((house.energy.ac_out.total + house.energy.bypass.total) / 1000.0, 3),
            2105: lambda: round(house.energy.bypass.total / 1000.0, 3),
            2108: lambda: neat(max(0.0, -self.net_ac_w()), 1),
            6100: lambda: neat(self.pack_voltage(0), 0.01),
            6101: lambda: neat(house.battery_w / self.pack_voltage(0), 0.01),
            7121: lambda: 1000,
            9267: lambda: neat(self.pack_current(5), 0.01),
            11005: lambda: 34,
            11008: lambda: [int(self.value(a)) for a in (1132, 1133, 1134)],
        }
        for index, (first, second, temperature, mosfet) in enumerate(PACK_CELLS):
            found[first] = lambda i=index: neat(self.pack_voltage(i) / 2 + CELL_SPREAD / 2, 0.001)  # type: ignore[misc]
            found[second] = lambda i=index: neat(self.pack_voltage(i) / 2 - CELL_SPREAD / 2, 0.001)  # type: ignore[misc]
            found[temperature] = lambda: TEMPERATURE
            found[mosfet] = lambda: TEMPERATURE + 8
        return found


def neat(value: float, scale: float) -> float | int:
    """Round to the resolution of the register, as an int where the register has no decimals."""
    if scale >= 1:
        return round(value)
    return round(round(value / scale) * scale, 4)


FORMS: Final[dict[str, Callable[[float], PointValue]]] = {
    "kwh": lambda value: round(value / 1000.0, 3),
    "thousand": lambda value: 1000 + int(value),
    "link": lambda value: 1000 if value else 1001,
    "role": lambda value: HTTP_ROLES[int(value)],
    "percent": lambda value: round(value * 100.0, 1),
}
