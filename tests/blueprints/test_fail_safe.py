"""The fail-safe of the Titan does what it says."""

from typing import Any

import pytest

from tests.blueprints.house import House
from tests.blueprints.titan import CONTROL, GRID, MODE, SETPOINT, titan


async def guard(house: House, **given: Any) -> None:
    """Watch the meter; what is told goes to an action of the test."""
    house.serve("test.tell")
    tell = [{"action": "test.tell", "data": {"message": "{{ message }}"}}]
    await house.use("titan_izypower/fail_safe.yaml", **CONTROL, meter=GRID, notify_actions=tell, **given)


@pytest.mark.parametrize("silent", ["stale", "unavailable", "unknown"])
@pytest.mark.parametrize("rest", ["standby", "self_consumption"])
async def test_the_battery_is_put_at_rest_and_it_is_told(house: House, silent: str, rest: str) -> None:
    """Not before its time, and once."""
    titan(house, setpoint=-800)
    house.set(GRID, 20)
    await guard(house, rest=rest)
    await house.wait(300, alive=lambda: house.set(GRID, 20))
    assert not house.calls
    say = None if silent == "stale" else lambda: house.set(GRID, silent)
    await house.wait(100, alive=say)
    assert not house.calls
    await house.wait(600, alive=say)
    order, told = house.calls
    if rest == "standby":
        assert order == ("titan_izypower.stop", {"entity_id": [SETPOINT]})
    else:
        assert order == ("select.select_option", {"entity_id": [MODE], "option": "self_consumption"})
    assert "silent" in told[1]["message"]
    assert "does not" not in told[1]["message"]


@pytest.mark.parametrize(("mode", "setpoint"), [("self_consumption", 0), ("realtime", 0), ("unavailable", "unavailable")])
async def test_a_battery_that_nobody_commands_is_left_alone(house: House, mode: str, setpoint: Any) -> None:
    """It looks after the home by itself, stands by, or is not there."""
    titan(house, mode, setpoint)
    house.set(GRID, "unavailable")
    await guard(house)
    await house.wait(600)
    assert not house.calls


async def test_a_meter_that_is_gone_counts_as_silent(house: House) -> None:
    """As when its integration was removed."""
    titan(house, setpoint=500)
    await guard(house)
    await house.wait(30)
    assert [name for name, _ in house.calls] == ["titan_izypower.stop", "test.tell"]


async def test_a_refused_order_is_repeated_and_told_once(house: House) -> None:
    """Then the unit takes it, and that is told too."""
    titan(house, setpoint=500)
    house.set(GRID, "unavailable")
    house.serve("titan_izypower.stop", refuse=True)
    await guard(house)
    await house.wait(400)
    assert len(house.said("titan_izypower.stop")) > 5
    assert "does not take" in house.said("test.tell")[0]["message"]
    assert not house.calls
    house.serve("titan_izypower.stop", lambda _data: house.set(SETPOINT, 0))
    await house.wait(60)
    assert [name for name, _ in house.calls] == ["titan_izypower.stop", "test.tell"]


async def test_tries_end_when_the_meter_is_back(house: House) -> None:
    """Whoever controls the battery may go on."""
    titan(house, setpoint=500)
    house.set(GRID, "unavailable")
    house.serve("titan_izypower.stop", refuse=True)
    await guard(house)
    await house.wait(180)
    assert house.said("titan_izypower.stop")
    await house.wait(300, alive=lambda: house.set(GRID, 20))
    assert not house.said("titan_izypower.stop")


@pytest.mark.parametrize(("at_stop", "count"), [(True, 1), (False, 0)])
async def test_the_battery_is_put_at_rest_when_home_assistant_stops(house: House, at_stop: bool, count: int) -> None:
    """With one order, though the meter is well."""
    titan(house, setpoint=500)
    house.set(GRID, 20)
    await guard(house, at_stop=at_stop)
    for each in list(house.hass._shutdown_jobs):
        house.hass.async_run_hass_job(each.job, *each.args)
    await house.settle()
    assert len(house.said("titan_izypower.stop")) == count
    assert [data["message"] for data in house.said("test.tell")] == [
        "Home Assistant stops; the battery was put in standby."
    ] * count
