"""What follows from a reading: the values that no wire says as such, on both wires alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ...energy_core.points import Block, Point
from ...energy_core.report import UpdateReport
from . import codes, derive
from .points import Battery, Grid, Pack, PvInput, Radio, System

if TYPE_CHECKING:
    from .device import Titan

# Protocol 1.8 brought the register of the SoC of the whole.
SYSTEM_SOC_SINCE: Final = 18


def derive_all(titan: Titan, report: UpdateReport) -> None:
    """Fill in every derived point from what was read last."""
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
    protocol = titan.info.protocol
    old = titan.wire.name == "modbus" and protocol is not None and protocol < SYSTEM_SOC_SINCE
    battery.set(Battery.soc, _mean_soc(titan) if old or battery.system_soc is None else battery.system_soc)


def _mean_soc(titan: Titan) -> float | None:
    """Before protocol 1.8 there is no SoC of the whole (0, or a hole): take the mean of the packs that are fitted."""
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


def derive_alarm[B: Block](block: B, word: Point[float], name: Point[str], names: Mapping[int, str]) -> bool:
    """Name the first alarm of a word, ``none`` without; return whether there is one."""
    if not block.has(word):
        return False
    active = codes.bits(block.get(word), names)
    block.set(name, active[0] if active else "none")
    return bool(active)
