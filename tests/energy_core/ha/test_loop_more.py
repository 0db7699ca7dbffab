"""The runner of control loops where things come together: trouble and an end, meters that come back, damaged memory."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.energy_core.errors import DeviceRefusedError
from tests.energy_core.ha.test_loop import METER, SCHEDULE, Rig, rig  # noqa: F401

WATT = {"unit_of_measurement": "W"}


async def test_an_order_that_fails_does_not_delay_the_rest(hass: HomeAssistant, rig: Rig) -> None:  # noqa: F811
    """Refused for so long that the next try is minutes away; the safe command is another matter."""
    hass.states.async_set(SCHEDULE, "on")
    loop = await rig.start(active_while=SCHEDULE)
    loop.trouble = DeviceRefusedError("no")
    rig.power = 200
    await rig.time.run(600)
    loop.trouble = None
    hass.states.async_set(SCHEDULE, "off")
    await rig.time.run(2)
    assert (loop.done[-1], loop.acting, loop.status) == ("rest", False, "outside_schedule")


async def test_a_meter_that_was_silent_before_is_not_a_slow_one(hass: HomeAssistant, rig: Rig) -> None:  # noqa: F811
    """An hour of silence before the loop began is no interval: silent again, it is lost as soon as any."""
    rig.power = None
    hass.states.async_set(METER, "100", WATT)
    await rig.time.run(3600)
    loop = await rig.start()
    hass.states.async_set(METER, "50", WATT)
    await rig.time.run(10)
    assert loop.status == "following"
    await rig.time.run(200)
    assert (loop.status, loop.done[-1]) == ("meter_lost", "rest")


@pytest.mark.parametrize("period", [1e12, -5, "x", None])
async def test_a_remembered_interval_is_bounded(hass: HomeAssistant, rig: Rig, period: Any) -> None:  # noqa: F811
    """A damaged memory does not keep the battery running."""
    rig.power = None
    hass.states.async_set(METER, "100", WATT)
    await rig.start()
    await rig.loops.stop()
    rig.loops._memory["l1"]["periods"] = {METER: period}
    await rig.loops._store.async_save(rig.loops._memory)
    loop = await rig.again()
    await rig.time.run(3 * 3600)
    assert loop.status == "meter_lost"
