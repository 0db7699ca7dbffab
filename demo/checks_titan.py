"""The checks of the Titan: its values, orders that its battery follows, and the numbers of the house."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .client import HomeAssistant
from .compare import Expected
from .console import DemoError, Row
from .flow import SCAN_INTERVAL, TITAN
from .registry import NO_VALUE, House, read_house
from .simulator import PACKS, Simulator, expectations
from .waiting import VALUES_WITHIN, agree, number_of, reaches_number, wait_values

# An order is read back, the battery has its dead time and its ramp, and the next poll shows the power.
FOLLOW_WITHIN = 30
# Half of the least power that the battery can be ordered to give.
POWER_TOLERANCE = 25.0
KEYS = (
    *(f"dc_input_power_{number}" for number in range(1, 5)),
    "dc_input_power",
    "ac_output_power",
    "ac_input_power",
    "battery_power",
    "meter_power",
    "daily_production",
    "cumulative_production",
    "battery_daily_charging_energy",
    "battery_daily_discharging_energy",
    "battery_total_charging_energy",
    "battery_total_discharging_energy",
    "battery_soc",
    "battery_state",
    "working_mode",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An action of the integration and the battery power (+ = discharging) that must follow from it."""

    action: str
    power: int | None
    expected: float
    # What only has a value while this order runs.
    passing: str | None = None

    @property
    def name(self) -> str:
        """Return what the report calls it."""
        return self.action if self.power is None else f"{self.action} {self.power} W"


ORDERS = (
    Order(action="charge", power=500, expected=-500.0, passing="remaining_charge_time"),
    Order(action="discharge", power=300, expected=300.0, passing="remaining_discharge_time"),
    Order(action="stop", power=None, expected=0.0),
)


async def titan_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Run every check of the Titan in order."""
    rows = await _values(hass)
    house = await read_house(hass, TITAN)
    rows += _keys(house)
    for order in ORDERS:
        rows += await _order(hass, simulator, house, order)

    async def numbers() -> Iterable[Expected]:
        return expectations(await simulator.house())

    return rows + await agree(hass, house, numbers, SCAN_INTERVAL / 2)


async def _values(hass: HomeAssistant) -> list[Row]:
    house, missing, took = await wait_values(partial(read_house, hass, TITAN), hass, parts=PACKS + 1)
    got = ", ".join(missing) or f"{len(house.entities)} of {len(house.devices)} devices in {took:.0f} s"
    expected = f"none without, within {VALUES_WITHIN} s"
    packs = len(house.parts)
    return [
        Row(check="entities with a value", expected=expected, got=got, ok=bool(house.entities) and not missing),
        Row(check="battery packs as sub-devices", expected=str(PACKS + 1), got=str(packs), ok=packs == PACKS + 1),
    ]


def _keys(house: House) -> list[Row]:
    missing = [key for key in KEYS if house.find(key) is None]
    missing += [key for key in ("meter_connection",) if house.find(key, "binary_sensor") is None]
    return [Row(check="entities of the seed's list", expected="all", got=", ".join(missing) or "all", ok=not missing)]


async def _order(hass: HomeAssistant, simulator: Simulator, house: House, order: Order) -> list[Row]:
    """Give an order; the simulated battery must follow it, and Home Assistant must show it."""
    data = {} if order.power is None else {"power": order.power}
    try:
        answer: Any = await hass.action(f"{TITAN}.{order.action}", response=True, **data)
    except DemoError as error:
        return [Row(check=f"{order.name}: answer", expected="applied", got=str(error), ok=False)]
    applied = isinstance(answer, dict) and answer.get("applied") is True
    shown = {key: value for key, value in answer.items() if key != "config_entry_id"} if applied else answer
    rows = [Row(check=f"{order.name}: answer", expected="applied", got=str(shown), ok=applied)]

    async def in_house() -> float | None:
        return float((await simulator.house())["battery_w"])

    in_hass = number_of(hass, house.find("battery_power"))
    for where, read in (("simulated battery", in_house), ("battery_power in HA", in_hass)):
        rows.append(
            await reaches_number(f"{order.name}: {where}", order.expected, POWER_TOLERANCE, read, unit="W", limit=FOLLOW_WITHIN)
        )
    if order.passing and (passing := house.find(order.passing)):
        state = (await hass.states())[passing.entity_id]["state"]
        rows.append(Row(check=f"{order.name}: {order.passing}", expected="a value", got=state, ok=state not in NO_VALUE))
    return rows
