"""The checks of `scripts/demo --check`: from the first values to the last line of the log."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import time
from typing import Any

from .client import HomeAssistant
from .compare import base_value, compare, log_complaints
from .console import DemoError, Row, failures
from .flow import DOMAIN, SCAN_INTERVAL
from .frontend import energy_issues, prepare
from .registry import NO_VALUE, House, read_house, without_value
from .simulator import PACKS, Simulator, expectations

VALUES_WITHIN = 180
# An order is read back, the battery has its dead time and its ramp, and the next poll shows the power.
FOLLOW_WITHIN = 30
AGREE_WITHIN = 60
# Half of the least power that the battery can be ordered to give.
POWER_TOLERANCE = 25.0
LOGGERS = ("custom_components", DOMAIN, "energy_core", "modbus_connection", "tmodbus", "homeassistant.components.modbus")
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


async def run_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Run every check in order and return what each found."""
    rows = await _values(hass)
    house = await read_house(hass, DOMAIN)
    rows += _keys(house)
    for order in ORDERS:
        rows += await _order(hass, simulator, house, order)
    rows += await _numbers(hass, simulator, house)
    rows.append(await _states_now(hass, house))
    await prepare(hass, house, DOMAIN)
    rows.append(await _energy(hass))
    rows.append(await _log(hass))
    return rows


async def wait_values(hass: HomeAssistant, limit: float = VALUES_WITHIN) -> tuple[House, list[str], float]:
    """Wait for every pack and every value; return the house, who still has no value, and the seconds it took."""
    start = time.monotonic()
    while True:
        house = await read_house(hass, DOMAIN)
        missing = without_value(house.entities, await hass.states())
        took = time.monotonic() - start
        complete = house.entities and len(house.parts) > PACKS and not missing
        if complete or took > limit:
            return house, missing, took
        await asyncio.sleep(1)


async def _values(hass: HomeAssistant) -> list[Row]:
    house, missing, took = await wait_values(hass)
    got = ", ".join(missing) or f"{len(house.entities)} of {len(house.devices)} devices in {took:.0f} s"
    expected = f"none without, within {VALUES_WITHIN} s"
    packs = len(house.parts)
    return [
        Row(check="entities with a value", expected=expected, got=got, ok=bool(house.entities) and not missing),
        Row(check="battery packs as sub-devices", expected=str(PACKS + 1), got=str(packs), ok=packs == PACKS + 1),
    ]


async def _states_now(hass: HomeAssistant, house: House) -> Row:
    """Look again at the end: an order must not cost an entity its value."""
    missing = without_value(house.entities, await hass.states())
    return Row(check="entities with a value, at the end", expected="all", got=", ".join(missing) or "all", ok=not missing)


def _keys(house: House) -> list[Row]:
    missing = [key for key in KEYS if house.find(key) is None]
    missing += [key for key in ("meter_connection",) if house.find(key, "binary_sensor") is None]
    return [Row(check="entities of the seed's list", expected="all", got=", ".join(missing) or "all", ok=not missing)]


async def _order(hass: HomeAssistant, simulator: Simulator, house: House, order: Order) -> list[Row]:
    """Give an order; the simulated battery must follow it, and Home Assistant must show it."""
    data = {} if order.power is None else {"power": order.power}
    try:
        answer: Any = await hass.action(f"{DOMAIN}.{order.action}", response=True, **data)
    except DemoError as error:
        return [Row(check=f"{order.name}: answer", expected="applied", got=str(error), ok=False)]
    applied = isinstance(answer, dict) and answer.get("applied") is True
    shown = {key: value for key, value in answer.items() if key != "config_entry_id"} if applied else answer
    rows = [Row(check=f"{order.name}: answer", expected="applied", got=str(shown), ok=applied)]
    entity = house.find("battery_power")

    async def in_house() -> float | None:
        return float((await simulator.house())["battery_w"])

    async def in_hass() -> float | None:
        return base_value((await hass.states()).get(entity.entity_id)) if entity else None

    rows.append(await _reaches(f"{order.name}: simulated battery", order.expected, in_house))
    rows.append(await _reaches(f"{order.name}: battery_power in HA", order.expected, in_hass))
    if order.passing and (passing := house.find(order.passing)):
        state = (await hass.states())[passing.entity_id]["state"]
        rows.append(Row(check=f"{order.name}: {order.passing}", expected="a value", got=state, ok=state not in NO_VALUE))
    return rows


async def _reaches(check: str, power: float, read: Callable[[], Awaitable[float | None]]) -> Row:
    """Wait until a power comes close enough to the wanted one."""
    start = time.monotonic()
    while True:
        got = await read()
        took = time.monotonic() - start
        ok = got is not None and abs(got - power) <= POWER_TOLERANCE
        if ok or took > FOLLOW_WITHIN:
            found = "no number" if got is None else f"{got:.0f} W after {took:.0f} s"
            return Row(check=check, expected=f"{power:.0f} ±{POWER_TOLERANCE:.0f} W", got=found, ok=ok)
        await asyncio.sleep(0.5)


async def _numbers(hass: HomeAssistant, simulator: Simulator, house: House) -> list[Row]:
    """Compare all numbers; each poll is another chance, as counters move between two of them."""
    start = time.monotonic()
    while True:
        rows = compare(expectations(await simulator.house()), house, await hass.states())
        if not failures(rows) or time.monotonic() - start > AGREE_WITHIN:
            return rows
        await asyncio.sleep(SCAN_INTERVAL / 2)


async def _energy(hass: HomeAssistant) -> Row:
    """Let Home Assistant judge what feeds the Energy dashboard."""
    issues = energy_issues(await hass.command("energy/validate"))
    return Row(check="Energy dashboard", expected="no issue", got=", ".join(issues) or "none", ok=not issues)


async def _log(hass: HomeAssistant) -> Row:
    complaints = log_complaints(await hass.command("system_log/list"), LOGGERS)
    return Row(check="log of our code", expected="no warning", got="; ".join(complaints) or "none", ok=not complaints)
