"""Blueprints on our integrations and their simulated devices: entities, actions and answers are the real ones."""

import asyncio
from collections.abc import Callable

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
import pytest

from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from tests.blueprints.house import House
from tests.titan_izypower.conftest import _no_pauses as _no_pauses_of_titan, sim as titan  # noqa: F401
from tests.titan_izypower.ha import house as titan_house
from tests.v2c_cloud.conftest import _no_pauses as _no_pauses_of_trydan, sim as trydan  # noqa: F401
from tests.v2c_cloud.ha import house as trydan_house

GRID = "sensor.grid_power"
pytestmark = pytest.mark.timeout(30)


async def breathe(house: House) -> None:
    """Let a simulated device answer: its sockets are real, and the clock stands still but for a hair."""
    for _ in range(250):
        house.freezer.tick(0.0005)
        await asyncio.sleep(0)


async def comes(house: House, true: Callable[[], bool]) -> None:
    """Wait for what a simulated device does."""
    for _ in range(40):
        if true():
            return
        await breathe(house)
    pytest.fail("it does not come")


async def passes(house: House, seconds: int, alive: Callable[[], None] | None = None) -> None:
    """Let time pass, slowly enough for the device."""
    for _ in range(seconds // 5):
        await house.wait(5, alive=alive)
        await breathe(house)


@pytest.fixture
async def unit(house: House, titan: TitanSimulator) -> TitanSimulator:  # noqa: F811
    """Return a Titan that is set up."""
    await titan_house.add(house.hass, titan)
    return titan


@pytest.fixture
async def box(house: House, trydan: TrydanSimulator) -> TrydanSimulator:  # noqa: F811
    """Return a charger that is set up, with a car."""
    trydan.plug()
    await trydan_house.add_local(house.hass, trydan)
    return trydan


async def test_a_titan_is_put_in_real_time_control(house: House, unit: TitanSimulator) -> None:
    """Until the unit itself shows it."""
    mode = titan_house.entity(house.hass, "energy_mode")
    assert unit.house.mode != 4
    await house.use("titan_izypower/realtime_at_start.yaml", energy_mode=mode, start_delay={"seconds": 1})
    house.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await passes(house, 5)
    await comes(house, lambda: house.is_now(mode) == "realtime")
    assert unit.house.mode == 4


async def test_a_titan_follows_and_rests(house: House, unit: TitanSimulator) -> None:
    """The loop orders what the unit takes, and standby when the meter is lost."""
    entity = {key: titan_house.entity(house.hass, key) for key in ("energy_mode", "power_setpoint", "battery_soc")}
    await titan_house.act(house.hass, "set_realtime_mode")
    house.set(GRID, 0)
    chosen = {"energy_mode": entity["energy_mode"], "power_setpoint": entity["power_setpoint"]}
    await house.use("titan_izypower/zero_export.yaml", **chosen, battery_level=entity["battery_soc"], grid_power=GRID)
    await passes(house, 30, alive=lambda: house.set(GRID, 620 - unit.house.order[1]))
    await comes(house, lambda: 550 <= float(house.is_now(entity["power_setpoint"])) <= 650)
    assert unit.house.order[0] == 2
    house.set(GRID, "unavailable")
    await passes(house, 75)
    await comes(house, lambda: house.is_now(entity["power_setpoint"]) == "0")
    assert unit.house.order[0] == 0


async def test_a_titan_is_put_at_rest(house: House, unit: TitanSimulator) -> None:
    """Back to its own work, when its meter is gone."""
    entity = {key: titan_house.entity(house.hass, key) for key in ("energy_mode", "power_setpoint")}
    await titan_house.act(house.hass, "charge", power=500)
    await house.use("titan_izypower/fail_safe.yaml", **entity, meter=GRID, rest="self_consumption", notify_actions=[])
    await passes(house, 20)
    await comes(house, lambda: house.is_now(entity["energy_mode"]) == "self_consumption")
    assert unit.house.mode == 1


async def test_a_charger_charges_in_its_hours(house: House, box: TrydanSimulator) -> None:
    """With the current that was chosen; then it pauses."""
    entity = {
        "operating_mode": trydan_house.entity(house.hass, "operating_mode"),
        "current": trydan_house.entity(house.hass, "intensity_number"),
        "plugged": trydan_house.entity(house.hass, "plugged"),
        "charge_point": trydan_house.entity(house.hass, "lock"),
    }
    await trydan_house.act(house.hass, "set_operating_mode", mode="stop")
    house.set("input_number.price", 0.1)
    hours = {"window_start": "00:00:00", "window_end": "00:00:00", "price": "input_number.price"}
    await house.use("v2c_cloud/night_charge.yaml", **entity, **hours, max_current=13)
    await passes(house, 65)
    await comes(house, lambda: house.is_now(entity["operating_mode"]) == "charge")
    assert house.is_now(entity["current"]) == "13.0"
    house.set("input_number.price", 0.5)
    await passes(house, 65)
    await comes(house, lambda: house.is_now(entity["operating_mode"]) == "stop")


async def test_a_charger_takes_the_surplus(house: House, box: TrydanSimulator) -> None:
    """It goes on when there is enough."""
    entity = {
        "charge_power": trydan_house.entity(house.hass, "charge_power"),
        "current": trydan_house.entity(house.hass, "intensity_number"),
        "pause": trydan_house.entity(house.hass, "charging_pause"),
        "plugged": trydan_house.entity(house.hass, "plugged"),
    }
    await trydan_house.act(house.hass, "pause_charge")
    await house.use("v2c_cloud/solar_charging.yaml", **entity, grid_power=GRID, start_delay={"seconds": 20})
    await passes(house, 120, alive=lambda: house.set(GRID, -5000))
    await comes(house, lambda: house.is_now(entity["pause"]) == "off")
