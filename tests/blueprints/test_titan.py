"""The start-up and the zero export of the Titan do what they say."""

from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
import pytest

from tests.blueprints.house import House
from tests.blueprints.titan import CONTROL, GRID, LEVEL, MODE, SETPOINT, titan

# Real-time control at start-up


async def started(house: House, **given: Any) -> None:
    """Make the automation, and let Home Assistant have started."""
    await house.use("titan_izypower/realtime_at_start.yaml", energy_mode=MODE, **given)
    house.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await house.settle()


async def test_the_mode_is_set_after_the_start(house: House) -> None:
    """Once, after the delay; without an order unless one is wanted."""
    titan(house, "self_consumption")
    await started(house)
    await house.wait(10)
    assert not house.calls
    await house.wait(10)
    assert house.said("titan_izypower.set_realtime_mode") == [{"entity_id": [MODE]}]
    await house.wait(600)
    assert not house.calls
    assert house.is_now(MODE) == "realtime"


async def test_a_unit_in_the_mode_is_left_alone(house: House) -> None:
    """Nothing is sent; but standby is ordered when it is wanted."""
    titan(house, setpoint=500)
    await started(house, stand_by=True)
    await house.wait(20)
    assert house.calls == [("titan_izypower.stop", {"entity_id": [MODE]})]


async def test_nothing_happens_without_a_start(house: House) -> None:
    """An automation that is made later waits for the next start."""
    titan(house, "self_consumption")
    await house.use("titan_izypower/realtime_at_start.yaml", energy_mode=MODE)
    await house.wait(120)
    assert not house.calls


async def test_a_unit_that_comes_late_is_waited_for(house: House) -> None:
    """No order goes to a unit that is not there."""
    titan(house, "unavailable")
    await started(house)
    await house.wait(120)
    assert not house.calls
    house.set(MODE, "self_consumption")
    await house.settle()
    assert house.said("titan_izypower.set_realtime_mode") == [{"entity_id": [MODE]}]


async def test_a_unit_that_refuses_is_asked_again_a_few_times(house: House) -> None:
    """Then it is told, once."""
    titan(house, "self_consumption")
    house.serve("titan_izypower.set_realtime_mode", refuse=True)
    house.serve("test.tell")
    await started(house, attempts=3, failed_actions=[{"action": "test.tell"}], stand_by=True)
    await house.wait(900)
    assert len(house.said("titan_izypower.set_realtime_mode")) == 3
    assert house.calls == [("test.tell", {})]


async def test_a_unit_that_never_comes_is_told(house: House) -> None:
    """And gets no order."""
    titan(house, "unavailable")
    house.serve("test.tell")
    await started(house, attempts=2, failed_actions=[{"action": "test.tell"}])
    await house.wait(900)
    assert house.calls == [("test.tell", {})]


# Zero export


async def loop(house: House, **given: Any) -> None:
    """Run the loop on a grid power that is there."""
    entities = CONTROL | {"grid_power": GRID, "battery_level": LEVEL}
    await house.use("titan_izypower/zero_export.yaml", **entities, **given)


def meter(house: House, load: float, unit: str = "W") -> None:
    """Report the grid: what the house takes beside what the battery gives."""
    watts = load - float(house.is_now(SETPOINT))
    house.set(GRID, watts / 1000 if unit == "kW" else watts, unit_of_measurement=unit)


@pytest.mark.parametrize(("load", "unit"), [(900, "W"), (-900, "W"), (900, "kW")])
async def test_the_loop_reaches_its_target_and_rests(house: House, load: int, unit: str) -> None:
    """Import makes the battery discharge, export makes it charge, until the grid is near the target."""
    titan(house)
    meter(house, load, unit)
    await loop(house)
    await house.wait(120, alive=lambda: meter(house, load, unit))
    assert abs(load - float(house.is_now(SETPOINT)) - 20) <= 30
    assert 2 <= len(house.said("number.set_value")) <= 6
    await house.wait(300, alive=lambda: meter(house, load, unit))
    assert not house.calls


async def test_the_first_step_is_a_share_of_the_difference(house: House) -> None:
    """The new setpoint is the old one and a share of grid minus target."""
    titan(house, setpoint=300)
    house.set(GRID, 400)
    await loop(house, share=0.5, target=100)
    await house.wait(15, alive=lambda: house.set(GRID, 400))
    assert house.said("number.set_value")[0] == {"entity_id": [SETPOINT], "value": 450}


@pytest.mark.parametrize(
    ("load", "level", "more", "end"),
    [
        (9000, 50, {}, 2400),
        (9000, 50, {"max_discharge": 800}, 800),
        (-9000, 50, {"max_charge": 700}, -700),
        (-9000, 50, {"max_charge": 0}, 0),
        (900, 10, {}, 0),
        (-900, 90, {"highest_level": 90}, 0),
        (900, 90, {"highest_level": 90}, 880),
    ],
)
async def test_limits_hold(house: House, load: int, level: int, more: dict[str, Any], end: int) -> None:
    """Of the unit, of the user, and of the level of the battery."""
    titan(house)
    house.set(LEVEL, level)
    meter(house, load)
    await loop(house, **more)
    await house.wait(200, alive=lambda: meter(house, load))
    assert abs(float(house.is_now(SETPOINT)) - end) <= 30
    assert all(abs(data["value"]) <= abs(end) + 30 for data in house.said("number.set_value"))


async def test_a_battery_that_runs_empty_stands_by(house: House) -> None:
    """The limit also ends what runs, though the grid is on target."""
    titan(house, setpoint=500)
    meter(house, 520)
    await loop(house)
    await house.wait(60, alive=lambda: meter(house, 520))
    assert not house.calls
    house.set(LEVEL, 9)
    await house.wait(20, alive=lambda: meter(house, 520))
    assert house.said("number.set_value") == [{"entity_id": [SETPOINT], "value": 0}]


async def test_a_reading_counts_once(house: House) -> None:
    """Between two readings of the meter the loop does not run away."""
    titan(house)
    await loop(house)
    await house.wait(10)
    meter(house, 1000)
    await house.wait(50)
    assert len(house.said("number.set_value")) == 1


@pytest.mark.parametrize("silent", ["stale", "unavailable", "unknown", "no level", "gone"])
async def test_a_silent_meter_brings_standby(house: House, silent: str) -> None:
    """Once; and the loop goes on when it is back."""
    titan(house, setpoint=600)
    house.set(GRID, 20)
    await loop(house)
    await house.wait(30, alive=lambda: house.set(GRID, 20))
    assert not house.calls
    if silent in ("no level", "gone"):
        house.set(LEVEL, "unknown")
    alive = {"stale": None, "no level": lambda: house.set(GRID, 20), "gone": lambda: house.hass.states.async_remove(GRID)}
    say = alive.get(silent, lambda: house.set(GRID, silent))
    await house.wait(50 if silent != "gone" else 0, alive=say)
    assert not house.calls
    await house.wait(70, alive=say)
    assert house.calls == [("titan_izypower.stop", {"entity_id": [SETPOINT]})]
    house.calls.clear()
    house.set(LEVEL, 50)
    await house.wait(20, alive=lambda: house.set(GRID, 620))
    assert house.said("number.set_value")[0]["value"] == 420


@pytest.mark.parametrize(
    ("entity_id", "state", "more"),
    [
        (MODE, "self_consumption", {}),
        (MODE, "unavailable", {}),
        (SETPOINT, "unavailable", {}),
        (SETPOINT, "unknown", {}),
        # Somebody chose a limit in place of the setpoint: a permanent setting.
        (SETPOINT, 800, {"min": 50}),
    ],
)
async def test_the_loop_keeps_off(house: House, entity_id: str, state: object, more: dict[str, Any]) -> None:
    """In other modes, of a unit that is not there, and of what is no setpoint."""
    titan(house, setpoint=300)
    house.set(entity_id, state, **more)
    house.set(GRID, 2000)
    await loop(house)
    await house.wait(60, alive=lambda: house.set(GRID, 2000))
    await house.wait(120)
    assert not house.calls
