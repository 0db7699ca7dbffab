"""Battery, car and levels on one meter: they take turns as the user wants, and do not fight."""

from collections.abc import AsyncGenerator

from homeassistant.core import HomeAssistant
import pytest

from tests.suite.home import Home, devices
from tests.virtual_time import VirtualTime

BATTERY, CAR = 1, 2


@pytest.fixture
async def home(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncGenerator[Home]:
    """A morning in June, ten o'clock, the battery at a third."""
    async with devices(1, hour=10, soc=35) as there:
        found = Home(hass, there)
        await found.move_in()
        yield found
        await found.move_out()


@pytest.mark.parametrize("priority", ["battery_first", "car_first"])
async def test_an_hour_before_noon(home: Home, priority: str) -> None:
    """Who is first gets the sun first; neither undoes what the other does."""
    await home.regulate(priority)
    before = home.devices.house.soc
    await home.live(3600)
    gained, car = home.devices.house.soc - before, home.energy(CAR)
    assert (gained > 30 and car < 2700) if priority == "battery_first" else (gained < 15 and car > 2900)
    assert home.fed_to_the_car() < 20
    assert home.starts() <= 1
    assert home.turns() <= 4
    assert len(home.devices.titan.writes) < 180
    assert home.word("zero_export") in {"balanced", "adjusting", "at_limit", "standby"}
    assert home.word("solar_charging") in {"charging_surplus", "stopping"}


async def test_the_battery_stays_first(home: Home) -> None:
    """When the sun goes back, it is the car that takes less."""
    house = home.devices.house
    house.driver = None
    house.load_w, house.pv_w = 400, 6000
    await home.regulate("battery_first")
    await home.live(900)
    assert house.battery_w == pytest.approx(-1800, abs=30)
    assert house.ev_w > 3000
    house.pv_w = 4600
    await home.live(300)
    assert house.battery_w == pytest.approx(-1800, abs=250)
    assert 1500 < house.ev_w < 2700
