"""Solar charging follows the sun: a simulated box, car and house, an hour in seconds; nothing of ours is mocked."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from tests.v2c_cloud.ha.sun import BATTERY, METER, MINUTE, Sun


async def charging(sun: Sun, watts: float = 2400, **given: object) -> None:
    """Begin with a car that charges by the sun."""
    await sun.start(**given)
    sun.sim.house.pv_w = watts
    await sun.until(lambda: sun.amps, 120)
    await sun.run(10)


@pytest.mark.parametrize("dynamic", [0, 1])
async def test_a_surplus_starts_the_charge(sun: Sun, dynamic: int) -> None:
    """After the delay, with as many whole amperes as there are; where the clamps are alive they stay so."""
    sun.sim.write("Dynamic", dynamic)
    await sun.start()
    await sun.until(lambda: sun.word == "no_surplus", 10)
    assert sun.amps == 0
    assert sun.box() == sun.own | {"Paused": 1, "PauseDynamic": 1}
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.word == "waiting_start", 10)
    took = await sun.until(lambda: sun.amps, 90)
    assert 50 < took < 75
    assert sun.amps == 10
    await sun.run(20)
    assert sun.word == "charging_surplus"
    assert sun.sim.house.grid_w <= 0
    assert float(sun.shown("surplus")) == 2400
    assert sun.count("Locked") == 0


async def test_it_follows_the_sun(sun: Sun) -> None:
    """Ampere by ampere, and nothing is written while nothing changes."""
    await charging(sun)
    for watts, amps in ((3500, 15), (1500, 6), (6000, 25), (12_000, 32)):
        sun.sim.house.pv_w = watts
        await sun.until(lambda amps=amps: sun.amps == amps, 45)  # type: ignore[misc]
        await sun.run(10)
        assert sun.amps == amps
    sun.sim.forget()
    await sun.run(10 * MINUTE)
    assert sun.sim.written == []


async def test_a_cloud_passes(sun: Sun) -> None:
    """The car goes on with the least current as long as the delay lasts."""
    await charging(sun)
    await sun.run(5 * MINUTE)
    sun.sim.house.pv_w = 200
    await sun.until(lambda: sun.word == "stopping", 15)
    await sun.run(80)
    assert sun.amps == 6
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.amps == 10, 45)
    assert sun.count("Paused", "1") == 1


async def test_it_pauses_and_goes_on(sun: Sun) -> None:
    """With both delays and both minimum times."""
    await charging(sun)
    await sun.run(5 * MINUTE)
    sun.sim.house.pv_w = 0
    took = await sun.until(lambda: not sun.amps, 200)
    assert 115 < took < 140
    await sun.until(lambda: sun.word == "no_surplus", 20)
    energy = sun.loop.box.device.session.energy or 0
    sun.sim.house.pv_w = 3000
    await sun.until(lambda: sun.word == "min_off", 20)
    took = await sun.until(lambda: sun.amps, 400)
    assert 250 < took < 310
    assert sun.sim.value("ChargeState") == 2
    assert (sun.loop.box.device.session.energy or 0) >= energy > 0
    assert sun.count("Locked") == 0


async def test_the_minimum_time_on(sun: Sun) -> None:
    await charging(sun)
    await sun.set(stop_delay=0, min_on=200)
    sun.sim.house.pv_w = 0
    took = await sun.until(lambda: not sun.amps, 300)
    assert 150 < took < 200


async def test_a_charge_in_the_sun_is_not_interrupted(sun: Sun) -> None:
    """Who charges when we come, and may, goes on without a pause."""
    sun.sim.house.pv_w = 3000
    await sun.run(3)
    await sun.start()
    await sun.until(lambda: sun.amps == 13, 30)
    assert sun.count("Paused") == 0


async def test_the_least_current_and_the_sun(sun: Sun) -> None:
    """In the mode between the two."""
    await sun.start()
    await sun.choose("minimum")
    await sun.until(lambda: sun.amps == 6, 15)
    await sun.run(10)
    assert sun.word == "charging_minimum"
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.amps == 10, 30)
    assert sun.word == "charging_surplus"
    sun.sim.house.pv_w = 0
    await sun.run(15 * MINUTE)
    assert sun.amps == 6


async def test_all_that_there_is(sun: Sun) -> None:
    """No meter is needed for that."""
    await sun.start()
    await sun.choose("full")
    await sun.until(lambda: sun.amps == 32, 15)
    await sun.run(5)
    assert sun.word == "charging_full"
    sun.publishing = False
    await sun.run(5 * MINUTE)
    assert (sun.amps, sun.word) == (32, "charging_full")
    await sun.set(max_current=20)
    await sun.until(lambda: sun.amps == 20, 15)


async def test_the_house_limit(sun: Sun) -> None:
    """More is cut at once, too much pauses, and it goes on when there is room."""
    await sun.start()
    await sun.set(house_limit=4600)
    await sun.choose("full")
    await sun.until(lambda: sun.amps == 20, 15)
    await sun.run(20)
    assert sun.word == "guard"
    sun.sim.house.load_w = 2000
    assert await sun.until(lambda: sun.amps == 11, 8) < 8
    await sun.run(60)
    assert sun.amps == 11
    assert sun.sim.house.grid_w <= 4600
    sun.sim.house.load_w = 4500
    assert await sun.until(lambda: sun.amps == 0, 8) < 8
    assert sun.word == "guard"
    sun.sim.house.load_w = 0
    took = await sun.until(lambda: sun.amps, 400)
    assert took > 250
    await sun.run(60)
    assert 19 <= sun.amps <= 20
    assert sun.sim.house.grid_w <= 4600


async def test_boost_ends_with_the_plug(sun: Sun) -> None:
    await sun.start()
    await sun.turn("boost", on=True)
    await sun.until(lambda: sun.amps == 32, 15)
    await sun.run(5)
    assert sun.word == "boost"
    sun.sim.unplug()
    await sun.until(lambda: sun.word == "car_absent", 10)
    assert sun.shown("boost") == "off"
    sun.sim.plug()
    await sun.until(lambda: sun.word == "no_surplus", 60)
    assert sun.amps == 0


async def test_boost_is_switched_off(sun: Sun) -> None:
    """What began in a boost is no reason to go on in the dark."""
    await sun.start()
    await sun.turn("boost", on=True)
    await sun.until(lambda: sun.amps == 32, 15)
    await sun.turn("boost", on=False)
    await sun.until(lambda: sun.amps == 6, 15)
    await sun.until(lambda: sun.amps == 0, 310)


async def test_the_energy_target(sun: Sun) -> None:
    """The session counts; what is reached is reached."""
    await sun.start()
    await sun.set(energy_target=2)
    await sun.turn("boost", on=True)
    await sun.until(lambda: sun.word == "target_reached", 2500)
    assert sun.amps == 0
    assert sun.shown("boost") == "off"
    assert sun.sim.value("ChargeEnergy") == pytest.approx(2.0, abs=0.05)
    sun.sim.house.pv_w = 5000
    await sun.run(15 * MINUTE)
    assert sun.amps == 0
    await sun.set(energy_target=5)
    await sun.until(lambda: sun.amps, 120)


async def test_ready_in_time(hass: HomeAssistant, sun: Sun) -> None:
    """The sun has its chance as long as the grid can do the rest; 7.36 kW give 3 kWh in less than half an hour."""
    await sun.start()
    ready = (dt_util.now() + timedelta(hours=1)).replace(microsecond=0)
    await sun.set(energy_target=3)
    await sun.use("time", "set_value", "ready_by", time=ready.time().isoformat())
    await sun.run(10)
    assert sun.word == "no_surplus"
    await sun.turn("departure", on=True)
    await sun.run(20 * MINUTE)
    assert sun.word == "no_surplus"
    took = await sun.until(lambda: sun.amps == 32, 20 * MINUTE)
    assert took < 15 * MINUTE
    await sun.run(5)
    assert sun.word == "deadline"
    await sun.until(lambda: sun.word == "target_reached", 30 * MINUTE)
    assert dt_util.now() < ready


async def test_what_comes_too_late_ends_at_the_time(hass: HomeAssistant, sun: Sun) -> None:
    """Then the day after tomorrow's sun may do it."""
    await sun.start()
    ready = (dt_util.now() + timedelta(minutes=20)).replace(microsecond=0)
    await sun.use("time", "set_value", "ready_by", time=ready.time().isoformat())
    await sun.set(energy_target=50)
    await sun.turn("departure", on=True)
    await sun.until(lambda: sun.word == "deadline", 30)
    await sun.run(25 * MINUTE)
    assert sun.amps == 0


async def test_the_battery_comes_first(sun: Sun) -> None:
    """What it gives is no surplus, and what charges it is not the car's."""
    house = sun.sim.house
    house.battery.max_charge = house.battery.max_discharge = 3000
    house.soc = 50
    house.pv_w = 2800
    await sun.start(battery=BATTERY)
    await sun.run(5 * MINUTE)
    assert (sun.amps, sun.word) == (0, "no_surplus")
    assert house.battery_w == pytest.approx(-2800, abs=1)
    house.soc = 100
    await sun.until(lambda: sun.amps == 12, 90)
    house.pv_w = 1000
    await sun.run(30)
    assert float(sun.shown("surplus")) <= 1000
    await sun.until(lambda: sun.amps == 0, 310)


async def test_the_car_comes_first(sun: Sun) -> None:
    """What would charge the battery goes into the car."""
    house = sun.sim.house
    house.battery.max_charge = house.battery.max_discharge = 3000
    house.soc = 50
    house.pv_w = 2800
    await sun.start(battery=BATTERY, priority="car_first")
    await sun.until(lambda: sun.amps == 12, 120)
    await sun.run(30)
    assert house.battery_w == pytest.approx(0, abs=50)
    house.pv_w = 1500
    await sun.until(lambda: sun.amps == 6, 30)
    await sun.run(30)
    assert house.battery_w == pytest.approx(-120, abs=2)


@pytest.mark.parametrize("dynamic", [0, 1])
async def test_the_clamps_of_the_box(sun: Sun, dynamic: int) -> None:
    """Without another meter; where dynamic control was off they are awakened."""
    sun.sim.write("Dynamic", dynamic)
    sun.sim.write("PauseDynamic", 0)
    await _without_meter(sun)
    await sun.until(lambda: sun.word == "no_surplus", 60)
    assert sun.box() == sun.own | {"Paused": 1, "PauseDynamic": 1, "Dynamic": 1}
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.amps == 10, 120)
    await sun.run(30)
    assert sun.word == "charging_surplus"
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own, 30)


async def _without_meter(sun: Sun) -> None:
    await sun.start(grid=None)


@pytest.mark.parametrize("dynamic", [0, 1])
async def test_clamps_that_are_not_there(sun: Sun, dynamic: int) -> None:
    """The box is given back, and is not asked again and again."""
    sun.sim.write("Dynamic", dynamic)
    sun.sim.set("SlaveError", 10)
    await _without_meter(sun)
    await sun.until(lambda: sun.word == "meter_lost", 120)
    await sun.until(lambda: sun.box() == sun.own, 30)
    sun.sim.forget()
    await sun.run(10 * MINUTE)
    assert sun.sim.written == []
    assert sun.word == "meter_lost"
    if dynamic:
        sun.sim.clear("SlaveError")
        await sun.until(lambda: sun.word == "no_surplus", 60)


async def test_phases(sun: Sun) -> None:
    """More of them when the sun carries the least of three; pause, phases, charge."""
    sun.sim.options.phases = sun.sim.car.phases = 3
    sun.sim.write("ChargeMode", 0)
    await sun.start(switch_phases=True)
    sun.sim.house.pv_w = 3000
    await sun.until(lambda: sun.amps == 13, 120)
    assert sun.sim.power == pytest.approx(2990)
    sun.sim.house.pv_w = 7000
    await sun.until(lambda: sun.amps == 30, 45)
    await sun.until(lambda: sun.sim.power > 6400 and sun.sim.model.phases == 3, 330)
    order = [key for key, _ in sun.sim.written]
    at = order.index("ChargeMode")
    assert sun.sim.written[at - 1 : at + 3] == [("Paused", "1"), ("ChargeMode", "1"), ("Intensity", "10"), ("Paused", "0")]
    await sun.run(60)
    assert (sun.sim.model.phases, sun.amps) == (3, 10)
    sun.sim.house.pv_w = 2500
    await sun.until(lambda: sun.sim.model.phases == 1 and sun.amps == 10, 400)
    assert sun.count("ChargeMode") == 2
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own, 30)


async def test_a_car_with_one_phase_keeps_it(sun: Sun) -> None:
    """What it does not use is not offered again."""
    sun.sim.options.phases, sun.sim.car.phases = 3, 1
    sun.sim.write("ChargeMode", 1)
    sun.sim.house.pv_w = 6000
    await sun.start(switch_phases=True)
    await sun.until(lambda: sun.sim.power == pytest.approx(26 * 230), 700)
    writes = sun.count("ChargeMode")
    assert writes == 1
    await sun.run(15 * MINUTE)
    assert sun.count("ChargeMode") == 1
    sun.sim.forget()
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own, 30)
    assert sun.sim.written == [
        ("Paused", "1"),
        ("ChargeMode", "1"),
        ("Intensity", "16"),
        ("PauseDynamic", "0"),
        ("Paused", "0"),
    ]


async def test_three_phases_that_are_not_ours_to_switch(sun: Sun) -> None:
    """They count, all the same."""
    sun.sim.options.phases = sun.sim.car.phases = 3
    sun.sim.write("ChargeMode", 1)
    await sun.start()
    sun.sim.house.pv_w = 6000
    await sun.until(lambda: sun.amps == 8, 120)
    await sun.run(5 * MINUTE)
    assert sun.sim.house.grid_w == pytest.approx(-480)
    assert sun.count("ChargeMode") == 0


async def test_it_reads_more_often_while_it_steers(sun: Sun) -> None:
    """And as the user wants when it does not."""
    await charging(sun)
    assert sun.loop.box.interval == 5
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.loop.box.interval == 30, 10)
    await sun.turn("enabled", on=True)
    await sun.until(lambda: sun.loop.box.interval == 5, 10)
    sun.sim.unplug()
    await sun.until(lambda: sun.loop.box.interval == 30, 10)


async def test_a_car_that_takes_nothing(sun: Sun) -> None:
    sun.sim.change_car(wants=False)
    sun.sim.house.pv_w = 3000
    await sun.start()
    await sun.until(lambda: sun.word == "not_drawing", 300)
    sun.sim.change_car(wants=True)
    await sun.until(lambda: sun.word == "charging_surplus", 30)


async def test_a_lock_is_left_alone(sun: Sun) -> None:
    """Paused and locked at once is what the box cannot be."""
    await charging(sun)
    sun.sim.write("Locked", 1)
    await sun.until(lambda: sun.word == "locked", 15)
    sun.sim.house.pv_w = 0
    await sun.run(10 * MINUTE)
    assert sun.sim.value("Locked") == 1
    await sun.turn("enabled", on=False)
    await sun.run(20)
    assert sun.box() == sun.own | {"Locked": 1}


async def test_the_meter_by_its_sign(sun: Sun, hass: HomeAssistant) -> None:
    """A meter that shows what is fed in as positive, in kW."""
    await sun.start(grid="sensor.other", inverted=True)
    sun.sim.house.pv_w = 2400
    for _ in range(70):
        kilowatts = {"unit_of_measurement": "kW", "device_class": "power"}
        hass.states.async_set("sensor.other", str(-sun.sim.house.grid_w / 1000), kilowatts)
        await sun.run(2)
    assert sun.amps == 10
    assert METER not in {each.entity_id for each in sun.loop.sources.values()}


@pytest.mark.parametrize("firmware", ["1.6.18", "2.3.20", "2.5.0", "2.5.1", "alva"])
async def test_each_firmware(sun: Sun, firmware: str) -> None:
    """Also one that says that it charges while it is paused, and one that knows no phases."""
    sun.sim.options.firmware = firmware
    sun.sim.write("Dynamic", 1)
    # Where the phases cannot be chosen they are not asked for.
    await charging(sun, switch_phases=False if firmware in ("2.5.0", "2.5.1") else None)
    assert sun.amps == 10
    await sun.run(5 * MINUTE)
    assert sun.word == "charging_surplus"
    sun.sim.house.pv_w = 0
    await sun.until(lambda: sun.word == "no_surplus", 200)
    assert sun.amps == 0
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own, 30)


async def test_a_paused_box_that_shows_no_current(sun: Sun) -> None:
    """Some do; what cannot be read back is set again when it can."""
    await sun.start()
    await sun.until(lambda: sun.word == "no_surplus", 10)
    sun.sim.set("Intensity", 0)
    await sun.run(30)
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.count("Paused", "0"), 120)
    sun.sim.clear()
    await sun.run(30)
    assert (sun.amps, sun.word) == (10, "charging_surplus")
    assert sun.loop.steering.ours["intensity"] == 10
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own, 30)
