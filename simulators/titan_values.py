"""What a Titan measures: one function per documented register, all computed from the same house."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .battery import MAX_PACKS

if TYPE_CHECKING:
    from .titan_model import TitanModel

type Value = float | int | str
type Source = Callable[[], Value]

VOLTAGE: Final = 230.2
FREQUENCY: Final = 50.0
NOT_AVAILABLE: Final = 9999
STATIC_CHARGE: Final = 30.0
STATIC_DISCHARGE: Final = 60.0
RATED: Final = 2400
TEMPERATURE: Final = 21
PV_VOLTAGE: Final = 38.5
ALARM_DISCONNECTED: Final = 1 << 3
ROLES: Final = {"none": 0, "master": 1, "slave": 2}
# First register of each pack: state of health, then cycles, voltage and the rest at the same offsets.
PACK_BASES: Final = (6007, 6119, 6231, 6343, 6455, 6730)
PACK_STATES: Final = (6588, 6620, 6652, 6684, 6716, 6860)
PACK_CURRENTS: Final = (6108, 6220, 6332, 6444, 6556, 6831)
PV_BASES: Final = (2219, 2239, 2260, 2280)
PACK_FIRMWARE: Final = (92, 94, 96, 98, 10000)


def sources(model: TitanModel) -> dict[int, Source]:
    """Give the source of every register that is measured or fixed, not set."""
    found = {**_info(model), **_ac(model), **_energy(model), **_battery(model)}
    for index, base in enumerate(PV_BASES):
        found |= _pv(model, index, base)
    for index in range(MAX_PACKS + 1):
        found |= _pack(model, index)
    return found


def _fixed(value: Value) -> Source:
    return lambda: value


def _info(model: TitanModel) -> dict[int, Source]:
    house, options = model.house, model.options
    found: dict[int, Source] = {
        70: _fixed(14501),
        71: _fixed(10212),
        72: _fixed(108),
        73: _fixed(10107),
        78: lambda: options.pv_inputs,
        80: _fixed(MAX_PACKS + 1),
        81: _fixed(RATED),
        83: lambda: min(RATED, house.battery.max_discharge),
        89: lambda: house.battery.total_wh,
        90: lambda: house.battery.max_charge,
        91: lambda: house.battery.max_discharge,
        7534: lambda: options.protocol,
        7537: _fixed(230),
        7538: _fixed(50),
        7539: _fixed(RATED),
        7540: _fixed(RATED),
        7541: _fixed(RATED),
        7560: _fixed(0),
        7586: lambda: model.shutdowns,
    }
    for index, address in enumerate(PACK_FIRMWARE, start=1):
        found[address] = lambda i=index: 105 if i <= house.battery.packs else 0  # type: ignore[misc]
        found[address + 1] = lambda i=index: 10212 if i <= house.battery.packs else 0  # type: ignore[misc]
    return found


def _ac(model: TitanModel) -> dict[int, Source]:
    house = model.house

    def feeding() -> float:
        return max(0.0, -model.inverter_w())

    return {
        103: lambda: abs(model.inverter_w()) / VOLTAGE,
        110: _fixed(VOLTAGE),
        116: _fixed(FREQUENCY),
        118: feeding,
        120: _fixed(0),
        122: lambda: 0.995 if feeding() > 0 else 0.0,
        138: lambda: system_state(model),
        140: _fixed(0),
        154: lambda: house.load_w + house.ev_w,
        174: model.inverter_w,
        1132: lambda: (house.now.year % 100) << 8 | house.now.month,
        1133: lambda: house.now.day << 8 | house.now.hour,
        1134: lambda: house.now.minute << 8 | house.now.second,
        1247: model.meter_w,
        1284: model.net_ac_w,
        7553: lambda: house.bypass_w,
        7554: lambda: 1 if house.bypass_w < 0 else 0,
        7591: _fixed(VOLTAGE),
        7592: _fixed(FREQUENCY),
    }


def _energy(model: TitanModel) -> dict[int, Source]:
    house = model.house
    return {
        124: lambda: house.energy.pv.day,
        170: lambda: house.energy.ac_in.total,
        196: lambda: house.energy.bypass.total,
        198: lambda: house.energy.bypass.day,
        1269: lambda: house.energy.charge.total,
        1271: lambda: house.energy.discharge.total,
        7510: lambda: house.energy.ac_in.total,
        7512: lambda: house.energy.pv.total,
        7519: lambda: house.energy.charge.day,
        7521: lambda: house.energy.discharge.day,
        7545: lambda: house.energy.micro.total,
        7547: lambda: house.energy.micro.day,
        7549: lambda: house.energy.ac_out.day,
        7551: lambda: house.energy.bypass.day,
    }


def _battery(model: TitanModel) -> dict[int, Source]:
    house = model.house

    def power() -> float:
        turned = model.options.modbus_battery_sign == "charging_positive"
        return -house.battery_w if turned else house.battery_w

    def minutes(watts: float, percent: float, least: float) -> int:
        if watts < least:
            return NOT_AVAILABLE
        return min(NOT_AVAILABLE - 1, round(percent / 100.0 * house.battery.total_wh / watts * 60.0))

    return {
        1144: lambda: 1 if model.options.cluster_role == "slave" else house.mode,
        1150: lambda: house.order[0],
        1151: lambda: house.order[1],
        1152: lambda: house.order[2],
        1142: lambda: house.battery.backup_soc,
        1147: lambda: house.battery.ac_out_limit,
        1246: lambda: 1 if house.battery.meter_linked else 0,
        1282: lambda: minutes(-house.battery_w, 100.0 - house.soc, STATIC_CHARGE),
        1283: lambda: minutes(house.battery_w, house.soc, STATIC_DISCHARGE),
        2250: lambda: house.pv_w,
        6563: lambda: battery_state(house.battery_w),
        6564: power,
        7241: lambda: ROLES[model.options.cluster_role],
        7271: lambda: 1 if house.battery.calibrating else 0,
        7599: lambda: house.soc,
        7600: lambda: int(house.battery.hours_since_full),
    }


def _pv(model: TitanModel, index: int, base: int) -> dict[int, Source]:
    """Give current, voltage, power, state and alarms of one PV input."""
    state = base + 8

    def watts() -> float:
        return model.house.pv_inputs[index] if index < model.options.pv_inputs else 0.0

    def status() -> int:
        if index >= model.options.pv_inputs:
            return 1
        return 4 if watts() > 0 else 2

    return {
        base: lambda: watts() / PV_VOLTAGE,
        base + 1: lambda: PV_VOLTAGE if watts() > 0 else 0.0,
        base + 2: watts,
        state: status,
        state + 1: lambda: ALARM_DISCONNECTED if index >= model.options.pv_inputs else 0,
    }


def _pack(model: TitanModel, index: int) -> dict[int, Source]:
    """Give the registers of one pack, all zero or empty when it is not fitted."""
    base, state = PACK_BASES[index], PACK_STATES[index]

    def fitted(value: Callable[[], Value], absent: Value = 0) -> Source:
        return lambda: value() if index <= model.house.battery.packs else absent

    def direction() -> int:
        return battery_state(model.house.battery_w)

    return {
        base: fitted(_fixed(99 - index)),
        base + 1: fitted(lambda: 40 + index),
        base + 3: fitted(lambda: model.pack_voltage(index)),
        base + 11: fitted(_fixed(TEMPERATURE)),
        base + 15: fitted(lambda: model.pack_serial(index), ""),
        PACK_CURRENTS[index]: fitted(lambda: model.pack_current(index)),
        state: fitted(direction),
        state + 5: fitted(_fixed(0)),
        state + 6: fitted(_fixed(TEMPERATURE)),
        state + 7: fitted(_fixed(0)),
        7593 + index: fitted(lambda: model.house.battery.pack_soc(index)),
    }


def battery_state(watts: float) -> int:
    """Give 0 static, 1 charging, 2 discharging; small powers read static, as on the real unit."""
    if watts <= -STATIC_CHARGE:
        return 1
    return 2 if watts >= STATIC_DISCHARGE else 0


def system_state(model: TitanModel) -> int:
    """Give the operating state as the vendor numbers it."""
    house = model.house
    if house.battery.calibrating:
        return 15
    state = battery_state(house.battery_w)
    if state == 1 and model.inverter_w() > STATIC_CHARGE:
        return 9
    if state == 2:
        return 10
    return 4 if house.pv_w > 0 else 8
