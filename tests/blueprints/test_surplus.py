"""The blueprint that starts and stops something with the surplus."""

from functools import partial
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
import pytest

from tests.blueprints.house import House

GRID, SURPLUS = "sensor.grid_power", "binary_sensor.surplus"


async def heater(house: House, **given: Any) -> None:
    """Start something at 1500 W of export, stop it at 100 W of import, each after 5 minutes."""
    house.serve("test.start")
    house.serve("test.stop")
    actions = {"start_actions": [{"action": "test.start"}], "stop_actions": [{"action": "test.stop"}]}
    await house.use("enphase_envoy/surplus_start_stop.yaml", **actions, **given)


def grid(house: House, watts: float) -> None:
    """Report the grid."""
    house.set(GRID, watts)


def done(house: House) -> list[str]:
    """Return what was done since."""
    found = [name.removeprefix("test.") for name, _ in house.calls]
    house.calls.clear()
    return found


async def test_it_starts_and_stops_after_a_while(house: House) -> None:
    """Once each; between the thresholds nothing happens."""
    grid(house, 0)
    await heater(house, grid_power=GRID)
    await house.wait(280, alive=lambda: grid(house, -1600))
    assert not house.calls
    await house.wait(30, alive=lambda: grid(house, -1600))
    assert done(house) == ["start"]
    await house.wait(900, alive=lambda: grid(house, -1700))
    await house.wait(900, alive=lambda: grid(house, 90))
    assert not house.calls
    await house.wait(280, alive=lambda: grid(house, 150))
    assert not house.calls
    await house.wait(900, alive=lambda: grid(house, 150))
    assert done(house) == ["stop"]


async def test_what_is_short_does_not_count(house: House) -> None:
    """Neither a gap in the clouds nor a kettle."""
    grid(house, 0)
    await heater(house, grid_power=GRID)
    for watts in (-3000, 0, 3000, 0) * 3:
        await house.wait(240, alive=partial(grid, house, watts))
    assert not house.calls


async def test_kilowatts_and_a_stop_before_the_import(house: House) -> None:
    """Thresholds are in W whatever the sensor counts in; a negative one stops while there is export."""
    house.set(GRID, -1, unit_of_measurement="kW")
    await heater(house, grid_power=GRID, stop_at=-200)
    await house.wait(400, alive=lambda: house.set(GRID, -1.4))
    assert not house.calls
    await house.wait(400, alive=lambda: house.set(GRID, -1.6))
    assert done(house) == ["start"]
    await house.wait(400, alive=lambda: house.set(GRID, -0.3))
    assert not house.calls
    await house.wait(400, alive=lambda: house.set(GRID, -0.1))
    assert done(house) == ["stop"]


@pytest.mark.parametrize("bad", ["unavailable", "unknown", "stale"])
async def test_a_silent_sensor_is_no_surplus(house: House, bad: str) -> None:
    """It starts nothing, and what runs is stopped."""
    grid(house, 0)
    await heater(house, grid_power=GRID)
    await house.wait(400, alive=lambda: grid(house, -2000))
    assert done(house) == ["start"]
    if bad != "stale":
        house.set(GRID, bad)
    await house.wait(1200)
    assert done(house) == ["stop"]
    await house.wait(3600, step=30)
    assert not house.calls


async def test_a_sensor_that_falls_silent_while_it_is_waited_starts_nothing(house: House) -> None:
    """The delay begins anew."""
    grid(house, 0)
    await heater(house, grid_power=GRID)
    await house.wait(200, alive=lambda: grid(house, -2000))
    house.set(GRID, "unavailable")
    await house.wait(60)
    await house.wait(200, alive=lambda: grid(house, -2000))
    assert not house.calls


async def test_a_binary_sensor_instead(house: House) -> None:
    """On is a surplus; off and unavailable are none."""
    house.set(SURPLUS, "off")
    await heater(house, surplus=SURPLUS)
    await house.wait(400)
    house.set(SURPLUS, "on")
    await house.wait(310)
    assert done(house) == ["start"]
    house.set(SURPLUS, "unavailable")
    await house.wait(310)
    assert done(house) == ["stop"]


async def test_either_starts_and_both_must_end(house: House) -> None:
    """With two sources."""
    grid(house, 500)
    house.set(SURPLUS, "off")
    await heater(house, grid_power=GRID, surplus=SURPLUS)
    house.set(SURPLUS, "on")
    await house.wait(400, alive=lambda: grid(house, 500))
    assert done(house) == ["start"]
    await house.wait(400, alive=lambda: grid(house, 0))
    house.set(SURPLUS, "off")
    await house.wait(400, alive=lambda: grid(house, 0))
    assert not house.calls
    await house.wait(400, alive=lambda: grid(house, 500))
    assert done(house) == ["stop"]


@pytest.mark.parametrize(("watts", "wanted"), [(-2000, ["start"]), (0, []), (500, ["stop"]), ("unavailable", ["stop"])])
async def test_it_looks_once_after_a_restart(house: House, watts: Any, wanted: list[str]) -> None:
    """What was so before nobody would tell it."""
    grid(house, watts)
    await heater(house, grid_power=GRID)
    house.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await house.wait(240, alive=lambda: grid(house, watts))
    assert not house.calls
    await house.wait(600, alive=lambda: grid(house, watts))
    assert done(house) == wanted


async def test_a_stop_ends_actions_that_wait(house: House) -> None:
    """The newest word counts."""
    grid(house, 0)
    house.serve("test.late")
    begun = [{"action": "test.start"}, {"delay": "01:00:00"}, {"action": "test.late"}]
    ended = [{"action": "test.stop"}]
    house.serve("test.start")
    house.serve("test.stop")
    await house.use("enphase_envoy/surplus_start_stop.yaml", grid_power=GRID, start_actions=begun, stop_actions=ended)
    await house.wait(400, alive=lambda: grid(house, -2000))
    await house.wait(400, alive=lambda: grid(house, 2000))
    await house.wait(4000, step=20, alive=lambda: grid(house, 2000))
    assert done(house) == ["start", "stop"]
