"""What follows from a reading: the values that no wire says as such, on both wires alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ...energy_core.points import Block, Point
from ...energy_core.report import UpdateReport
from . import codes, derive
from .points import Battery, Grid, Pack, PvInput, Radio, Settings, System

if TYPE_CHECKING:
    from .device import Titan

# Registers that came with a version of the protocol; before it they read 0 and mean nothing.
SINCE: Final[tuple[tuple[int, Point[Any]], ...]] = (
    (14, Settings.forced_charge_power),
    (18, Battery.system_soc),
    (19, Settings.calibrate_now),
    (19, Settings.reverse_charging),
    (19, System.hours_since_full),
)


def derive_all(titan: Titan, report: UpdateReport) -> None:
    """Fill in every derived point from what was read last."""
    drop_unborn(titan)
    derive_battery(titan)
    if "grid" in report.updated:
        derive_grid(titan)
    derive_alarms(titan)
    for pack in titan.packs:
        first, second = pack.cell_1_voltage, pack.cell_2_voltage
        if first is not None and second is not None:
            pack.set(Pack.imbalance, round(abs(first - second) * 1000))
    if titan.radio.quality is not None:
        titan.radio.set(Radio.signal, titan.radio.quality / 2 - 100)


def drop_unborn(titan: Titan) -> None:
    """Forget the registers that this unit's protocol does not have yet."""
    protocol = titan.info.protocol
    if titan.wire.name != "modbus" or protocol is None:
        return
    for since, point in SINCE:
        if protocol < since:
            for block in titan.blocks.values():
                if type(block) is point.block:
                    block.values.pop(point.name, None)


def derive_battery(titan: Titan) -> None:
    """Give battery power its sign and its halves, and find the SoC of the whole."""
    battery, inverter = titan.battery, titan.grid.inverter_power
    # What the sun gives does not come from the battery.
    ac_power = None if inverter is None else inverter + (titan.solar.power or 0)
    power = titan.sign.power(battery.raw_power, battery.state, ac_power)
    charge, discharge = derive.split(power)
    battery.set(Battery.power, power)
    battery.set(Battery.charge_power, charge)
    battery.set(Battery.discharge_power, discharge)
    battery.set(Battery.soc, _mean_soc(titan) if battery.system_soc is None else battery.system_soc)


def _mean_soc(titan: Titan) -> float | None:
    """Before protocol 1.8 there is no SoC of the whole: take the mean of the packs that are fitted."""
    names = (f"soc_of_pack_{pack.index}" if pack.index else "soc_of_main" for pack in titan.packs)
    return derive.mean_soc([getattr(titan.battery, name) for name in names])


def derive_grid(titan: Titan) -> None:
    """Split the signed AC power that Modbus gives; bring the power factor that OpenData gives to percent."""
    grid = titan.grid
    if titan.wire.name == "modbus":
        fed, taken = derive.split(grid.net_ac_power)
        grid.set(Grid.ac_input_power, taken)
        grid.set(Grid.ac_output_power, fed)
    elif grid.has(Grid.power_factor):
        grid.set(Grid.power_factor, derive.percent(grid.power_factor))


def derive_alarms(titan: Titan) -> None:
    """Name the alarms of the unit and of each PV input."""
    active = derive_alarm(titan.system, System.alarm_word, System.alarm, codes.ALARMS)
    if titan.system.has(System.alarm_word):
        titan.system.set(System.has_alarm, active)
    for block in titan.blocks.values():
        if isinstance(block, PvInput):
            derive_alarm(block, PvInput.alarm_word, PvInput.alarm, codes.PV_ALARMS)


def derive_alarm[B: Block](block: B, word: Point[float], name: Point[str], names: Mapping[int, str]) -> bool | None:
    """Name the first alarm of a word, ``none`` without; return whether there is one, None while nobody can say."""
    found = block.get(word)
    if found is None:
        if block.has(word):
            block.set(name, None)
        return None
    active = codes.bits(found, names)
    block.set(name, active[0] if active else "none")
    return bool(active)
