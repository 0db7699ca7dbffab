"""The blueprints of the charger do what they say."""

from functools import partial
from typing import Any

import pytest

from tests.blueprints.house import House

GRID, POWER, PRICE = "sensor.grid_power", "sensor.garage_charging_power", "sensor.price"
CURRENT, PAUSE, MODE = "number.garage_charging_current", "switch.garage_charging_pause", "select.garage_operating_mode"
PLUGGED, LOCK, ENERGY = "binary_sensor.garage_vehicle_connected", "lock.garage_charge_point", "sensor.garage_session_energy"
SOURCE, OFF = "sensor.garage_data_source", "input_boolean.hands_off"


def trydan(house: House, *, paused: bool = True, amps: float = 6) -> None:
    """Put a charger with a car in the house that does as it is told at once."""
    house.set(CURRENT, amps, min=6, max=32)
    house.set(PAUSE, "on" if paused else "off")
    house.set(MODE, "stop" if paused else "charge")
    house.set(PLUGGED, "on")
    house.set(LOCK, "unlocked")
    house.serve("number.set_value", lambda data: house.set(CURRENT, data["value"]))
    house.serve("switch.turn_on", lambda _data: house.set(PAUSE, "on"))
    house.serve("switch.turn_off", lambda _data: house.set(PAUSE, "off"))
    house.serve("v2c_cloud.set_operating_mode", lambda data: house.set(MODE, data["mode"]))


# From the surplus


def sun(house: House, surplus: float, unit: str = "W") -> None:
    """Report what the car takes, and the grid, while the rest of the house has ``surplus`` W to spare."""
    car = 0 if house.is_now(PAUSE) == "on" else float(house.is_now(CURRENT)) * 230
    house.set(POWER, car, unit_of_measurement="W")
    house.set(GRID, (car - surplus) / (1000 if unit == "kW" else 1), unit_of_measurement=unit)


async def follow(house: House, **given: Any) -> None:
    """Charge from the surplus."""
    entities = {"grid_power": GRID, "charge_power": POWER, "current": CURRENT, "pause": PAUSE, "plugged": PLUGGED}
    await house.use("v2c_cloud/solar_charging.yaml", **entities, **given)


@pytest.mark.parametrize("unit", ["W", "kW"])
async def test_the_car_takes_what_is_left(house: House, unit: str) -> None:
    """It starts after a while with the lowest current, then follows, and rests when it fits."""
    trydan(house, amps=16)
    sun(house, 2500, unit)
    await follow(house)
    await house.wait(120, alive=lambda: sun(house, 2500, unit))
    assert house.is_now(PAUSE) == "on"
    await house.wait(120, alive=lambda: sun(house, 2500, unit))
    assert len(house.said("switch.turn_off")) == 1
    assert house.said("number.set_value")[0]["value"] == 6
    await house.wait(120, alive=lambda: sun(house, 2500, unit))
    assert house.is_now(CURRENT) == "10"
    house.calls.clear()
    await house.wait(600, alive=lambda: sun(house, 2500, unit))
    assert not house.calls


async def test_the_current_has_limits_and_phases(house: House) -> None:
    """The user's, in both directions, and the charger's."""
    trydan(house, paused=False)
    sun(house, 9000)
    await follow(house, max_current=20)
    await house.wait(120, alive=lambda: sun(house, 9000))
    assert house.is_now(CURRENT) == "20"
    house.set(CURRENT, 20, max=13)
    await house.wait(120, alive=lambda: sun(house, 9000))
    assert house.is_now(CURRENT) == "13"


async def test_three_phases_take_three_times_as_much(house: House) -> None:
    """With 6 kW it is 8 A on each of three phases."""
    trydan(house, paused=False, amps=16)
    house.set(POWER, 4140)
    house.set(GRID, 4140 - 6000)
    await follow(house, phases="3")
    await house.wait(20)
    house.set(POWER, 4140.5)
    house.set(GRID, 4140 - 6000)
    await house.wait(30)
    assert house.said("number.set_value") == [{"entity_id": [CURRENT], "value": 8}]


async def test_a_cloud_is_borne_and_the_evening_ends_it(house: House) -> None:
    """The lowest current at once, the pause only after a while."""
    trydan(house, paused=False, amps=12)
    await follow(house)
    await house.wait(60, alive=lambda: sun(house, 12 * 230))
    assert not house.calls
    await house.wait(120, alive=lambda: sun(house, 500))
    assert house.said("number.set_value") == [{"entity_id": [CURRENT], "value": 6}]
    await house.wait(300, alive=lambda: sun(house, 12 * 230))
    assert house.is_now(CURRENT) == "12"
    house.calls.clear()
    await house.wait(500, alive=lambda: sun(house, 500))
    assert [name for name, _ in house.calls] == ["number.set_value", "switch.turn_on"]
    await house.wait(900, alive=lambda: sun(house, 500))
    assert len(house.calls) == 2


async def test_a_short_surplus_starts_nothing(house: House) -> None:
    """It must last."""
    trydan(house)
    await follow(house)
    for surplus in (3000, 200) * 4:
        await house.wait(120, alive=partial(sun, house, surplus))
    assert not house.calls


@pytest.mark.parametrize("bad", ["unavailable", "unknown", "stale"])
async def test_without_a_grid_power_the_car_does_not_start(house: House, bad: str) -> None:
    """Also when it is lost while the surplus is waited for."""
    trydan(house)
    await follow(house, start_delay={"minutes": 5})
    await house.wait(120, alive=lambda: sun(house, 4000))
    if bad != "stale":
        house.set(GRID, bad)
    await house.wait(900)
    assert not house.calls


@pytest.mark.parametrize("bad", ["unavailable", "unknown", "stale"])
async def test_without_a_grid_power_the_car_pauses(house: House, bad: str) -> None:
    """After the delay, not at once."""
    trydan(house, paused=False, amps=10)
    await follow(house)
    await house.wait(60, alive=lambda: sun(house, 2300))
    if bad != "stale":
        house.set(GRID, bad)
    await house.wait(240)
    assert house.is_now(PAUSE) == "off"
    await house.wait(360)
    assert len(house.said("switch.turn_on")) == 1


@pytest.mark.parametrize(
    ("entity_id", "state"),
    [(PLUGGED, "off"), (PLUGGED, "unavailable"), (PAUSE, "unavailable"), (CURRENT, "unknown"), (SOURCE, "cloud")],
)
async def test_it_keeps_off(house: House, entity_id: str, state: str) -> None:
    """Without a car, of a charger that does not answer, and through the cloud when it was told."""
    trydan(house, paused=False, amps=10)
    house.set(SOURCE, "lan")
    good = house.is_now(entity_id)

    def report() -> None:
        house.set(GRID, -5000)
        house.set(POWER, 2300)

    house.set(entity_id, state)
    await follow(house, data_source=SOURCE)
    await house.wait(120, alive=report)
    assert not house.calls
    house.set(entity_id, good)
    await house.wait(60, alive=report)
    assert house.is_now(CURRENT) == "16"


# In the cheap hours


async def cheap(house: House, **given: Any) -> None:
    """Charge in the cheap hours."""
    entities = {"operating_mode": MODE, "current": CURRENT, "plugged": PLUGGED, "charge_point": LOCK}
    await house.use("v2c_cloud/night_charge.yaml", **entities, **given)


CHARGE = ("v2c_cloud.set_operating_mode", {"entity_id": [MODE], "mode": "charge"})
STOP = ("v2c_cloud.set_operating_mode", {"entity_id": [MODE], "mode": "stop"})


async def test_the_window_over_midnight(house: House) -> None:
    """From its start to its end, with the current that was chosen."""
    trydan(house)
    await cheap(house)
    await house.until(22, 58)
    assert not house.calls
    await house.until(23, 0)
    assert house.calls == [("number.set_value", {"entity_id": [CURRENT], "value": 16}), CHARGE]
    house.calls.clear()
    await house.until(5, 58)
    assert not house.calls
    await house.until(6, 0)
    assert house.calls == [STOP]
    await house.until(12)
    assert house.calls == [STOP]


async def test_a_car_that_comes_is_looked_at_at_once(house: House) -> None:
    """By day, a charger in the mode charge is taken back; other modes are left."""
    trydan(house)
    house.set(MODE, "charge")
    house.set(PLUGGED, "off")
    await cheap(house, afterwards="solar")
    await house.wait(120)
    assert not house.calls
    house.set(PLUGGED, "on")
    await house.settle()
    assert house.calls == [("v2c_cloud.set_operating_mode", {"entity_id": [MODE], "mode": "solar"})]
    await house.wait(180)
    assert len(house.calls) == 1


@pytest.mark.parametrize(("price", "calls"), [(0.1, 1), (0.15, 1), (0.2, 0), ("unknown", 0), ("unavailable", 0), ("low", 0)])
async def test_the_price(house: House, price: object, calls: int) -> None:
    """At or below the threshold it charges; what is no number is not low."""
    trydan(house, amps=16)
    house.set(PRICE, price)
    await cheap(house, price=PRICE, window_start="00:00:00", window_end="00:00:00")
    await house.wait(120)
    assert house.calls == [CHARGE] * calls


async def test_the_price_ends_the_charge_and_the_window_narrows_it(house: House) -> None:
    """Both must hold."""
    trydan(house, amps=16)
    house.set(PRICE, 0.05)
    await cheap(house, price=PRICE, window_start="12:10:00", window_end="14:00:00")
    await house.wait(300)
    assert not house.calls
    await house.wait(600)
    assert house.calls == [CHARGE]
    house.set(PRICE, 0.3)
    await house.wait(65)
    assert house.calls == [CHARGE, STOP]


async def test_the_least_energy_is_in_by_its_time(house: House) -> None:
    """7 kWh at 16 A take some two hours; until 18:00 that is from about 15:40 on, at any price."""
    trydan(house, amps=16)
    house.set(PRICE, 1)
    house.set(ENERGY, 1, unit_of_measurement="kWh")
    await cheap(house, price=PRICE, least_energy=8, ready_by="18:00:00", session_energy=ENERGY)
    await house.until(15, 20)
    assert not house.calls
    await house.until(15, 50)
    assert house.calls == [CHARGE]
    house.set(ENERGY, 8)
    await house.wait(65)
    assert house.calls == [CHARGE, STOP]


@pytest.mark.parametrize(("energy", "unit", "calls"), [("unknown", "kWh", 1), (2000, "Wh", 1), (8000, "Wh", 0), (9, "kWh", 0)])
async def test_what_is_missing(house: House, energy: object, unit: str, calls: int) -> None:
    """In any unit; what is unknown is missing."""
    trydan(house, amps=16)
    house.set(ENERGY, energy, unit_of_measurement=unit)
    await cheap(house, least_energy=8, ready_by="12:10:00", session_energy=ENERGY)
    await house.wait(65)
    assert house.calls == [CHARGE] * calls


@pytest.mark.parametrize(
    ("entity_id", "state"),
    [(PLUGGED, "off"), (PLUGGED, "unknown"), (LOCK, "locked"), (LOCK, "unavailable"), (MODE, "unavailable"), (OFF, "on")],
)
@pytest.mark.parametrize("hours", [("11:00:00", "13:00:00"), ("20:00:00", "21:00:00")])
async def test_nothing_is_ordered(house: House, entity_id: str, state: str, hours: tuple[str, str]) -> None:
    """In no hour, without a car, a charger that answers, an open charge point, or when somebody said hands off."""
    trydan(house)
    house.set(MODE, "stop" if hours[0] == "11:00:00" else "charge")
    house.set(OFF, "off")
    house.set(entity_id, state)
    await cheap(house, window_start=hours[0], window_end=hours[1], hands_off=OFF)
    await house.wait(300)
    assert not house.calls


async def test_the_limit_of_the_charger_holds_and_nothing_is_repeated(house: House) -> None:
    """A current above its limit would be refused each minute."""
    trydan(house, amps=10)
    house.set(CURRENT, 10, max=13)
    await cheap(house, window_start="11:00:00", window_end="13:00:00", max_current=32)
    await house.wait(300)
    assert house.calls == [("number.set_value", {"entity_id": [CURRENT], "value": 13}), CHARGE]
