"""The checks of the control loops: zero export, a surplus level and solar charging, one after the other, on one meter."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .charger import VOLTS
from .checks_envoy import gentle
from .client import HomeAssistant
from .console import DemoError, Row
from .envoy import read_envoy
from .loops import SOLAR_CHARGING, SURPLUS_LEVEL, ZERO_EXPORT, add_loops, heater, set_numbers, switch
from .registry import House
from .simulator import STEADY, Simulator
from .waiting import number_of, reaches, reaches_number, state_of

# W at the grid that zero export aims at, and how near it has to come how soon; the meter is read every 5 s.
TARGET_W, TOLERANCE_W = 10.0, 60.0
BALANCED_WITHIN, FOLLOWS_WITHIN, RESTS_WITHIN = 40, 25, 20
AT_REST_W = 25.0
KETTLE: Mapping[str, object] = {"load_w": 1020}
# Sun for the heater; then somebody cooks; then sun for the car: 11 A and 50 W more.
SUN: Mapping[str, object] = {"pv_w": 1900, "load_w": 420}
OVEN: Mapping[str, object] = {"load_w": 1800}
CAR_SUN: Mapping[str, object] = {"pv_w": 3000, "load_w": 420}
CAR_AMPS = 11
TURNS_WITHIN, CAR_WITHIN = 40, 40
CAR_W = 5.0
# What solar charging borrows of the box.
BORROWED = ("Paused", "Dynamic", "PauseDynamic", "DynamicPowerMode", "Intensity", "MinIntensity", "MaxIntensity", "Locked")


async def control_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Add the loops, and see that each does its work and leaves everything as it was."""
    await simulator.change(STEADY)
    before = borrowed(await simulator.state())
    try:
        loops = await add_loops(hass)
    except DemoError as error:
        return [Row(check="control loops", expected="added", got=str(error), ok=False)]
    charging, level = loops[SOLAR_CHARGING], loops[SURPLUS_LEVEL]
    # Each on its own: the heater and the car would share the sun.
    await switch(hass, charging, on=False)
    await switch(hass, level, on=False)
    await set_numbers(hass, level, {"min_on": 0, "min_off": 0})
    rows = [Row(check="control loops", expected="added", got=", ".join(loops), ok=True)]
    rows += await _zero_export(hass, simulator, loops[ZERO_EXPORT])
    rows += await _surplus_level(hass, simulator, level)
    rows += await _solar_charging(hass, simulator, charging, before)
    return [*rows, gentle("gateway: requests in the end", (await simulator.state())["envoy"])]


def borrowed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the box is set to, of all that solar charging changes."""
    values = state["trydan"]["values"]
    return {key: values[key] for key in BORROWED if key in values}


async def _zero_export(hass: HomeAssistant, simulator: Simulator, loop: House) -> list[Row]:
    """Boil water: the battery has to take it over; switched off it has to rest."""
    rows = [await _status(hass, loop, "zero export: status", "balanced", BALANCED_WITHIN)]
    await simulator.change(KETTLE)
    rows += await _grid(hass, simulator, "zero export, a load of 600 W")
    rows.append(await _status(hass, loop, "zero export, a load: status", "balanced", FOLLOWS_WITHIN))
    await switch(hass, loop, on=False)
    rows.append(await _status(hass, loop, "zero export off: status", "off", RESTS_WITHIN))

    async def battery() -> float:
        return float((await simulator.house())["battery_w"])

    rows.append(await reaches_number("zero export off: battery", 0.0, AT_REST_W, battery, unit="W", limit=RESTS_WITHIN))
    return rows


async def _grid(hass: HomeAssistant, simulator: Simulator, name: str) -> list[Row]:
    """Wait until the house has come back to the target, and until the meter in Home Assistant says so too."""

    async def grid() -> float:
        return float((await simulator.house())["grid_w"])

    meter = number_of(hass, (await read_envoy(hass)).find("net_consumption"))
    # The load is there at once, and the meter has to have seen it before anything can follow.
    seen = await reaches(f"{name}: the meter", "over 200 W", meter, lambda got: got is not None and got > 200, limit=TURNS_WITHIN)
    return [
        seen,
        await reaches_number(f"{name}: the house", TARGET_W, TOLERANCE_W, grid, unit="W", limit=FOLLOWS_WITHIN),
        await reaches_number(f"{name}: the meter again", TARGET_W, TOLERANCE_W, meter, unit="W", limit=FOLLOWS_WITHIN),
    ]


async def _surplus_level(hass: HomeAssistant, simulator: Simulator, loop: House) -> list[Row]:
    """Let the sun come, and somebody cook: the heater has to go on and off."""
    await switch(hass, loop, on=True)
    rows = []
    for name, change, wanted, status in (("sun", SUN, "on", "on"), ("no sun left", OVEN, "off", "no_surplus")):
        await simulator.change(change)
        rows += [
            await _shows(hass, loop, f"surplus level, {name}: surplus", wanted),
            await _word(f"surplus level, {name}: heater", wanted, state_of(hass, heater()), 5),
            await _status(hass, loop, f"surplus level, {name}: status", status, 5),
        ]
    return rows


async def _solar_charging(hass: HomeAssistant, simulator: Simulator, loop: House, before: Mapping[str, Any]) -> list[Row]:
    """Let the sun come for the car; switched off the box has to have its own settings back."""
    await simulator.change(CAR_SUN)
    await switch(hass, loop, on=True)

    async def car() -> float:
        return float((await simulator.state())["trydan"]["car"]["power"])

    async def box() -> dict[str, Any]:
        return borrowed(await simulator.state())

    name = f"solar charging: {CAR_AMPS} A"
    rows = [
        await reaches_number(name, CAR_AMPS * VOLTS, CAR_W, car, unit="W", limit=CAR_WITHIN),
        await _status(hass, loop, "solar charging: status", "charging_surplus", RESTS_WITHIN),
    ]
    await switch(hass, loop, on=False)
    rows.append(await _status(hass, loop, "solar charging off: status", "off", RESTS_WITHIN))
    rows.append(await reaches("solar charging off: the box", str(before), box, lambda got: got == before, limit=RESTS_WITHIN))
    return rows


async def _status(hass: HomeAssistant, loop: House, check: str, word: str, limit: float) -> Row:
    return await _word(check, word, state_of(hass, loop.find("status")), limit)


async def _shows(hass: HomeAssistant, loop: House, check: str, wanted: str) -> Row:
    return await _word(check, wanted, state_of(hass, loop.find("surplus", "binary_sensor")), TURNS_WITHIN)


async def _word(check: str, wanted: str, read: Callable[[], Awaitable[str | None]], limit: float) -> Row:
    return await reaches(check, wanted, read, lambda got: got == wanted, limit=limit)
