"""A power that the user picked: units, repeated reports, clocks that are put right."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest

from custom_components.energy_core.ha.source import Source, watts
from tests.virtual_time import VirtualTime

METER = "sensor.meter"


def report(hass: HomeAssistant, value: object, unit: str | None = "W") -> None:
    """Report a power, changed or not."""
    hass.states.async_set(METER, str(value), {} if unit is None else {"unit_of_measurement": unit})


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1500", "W", 1500),
        ("1.5", "kW", 1500),
        ("-0.25", "kW", -250),
        ("2", "MW", 2_000_000),
        ("1500000", "mW", 1500),
        ("700", None, 700),
        ("700", "kWh", None),
        ("700", "A", None),
        ("much", "W", None),
        ("nan", "W", None),
        ("inf", "W", None),
        ("unknown", "W", None),
        ("unavailable", "W", None),
    ],
)
def test_any_unit_of_power_will_do(value: str, unit: str | None, expected: float | None) -> None:
    """And nothing else."""
    attributes: dict[str, Any] = {} if unit is None else {"unit_of_measurement": unit}
    assert watts(State(METER, value, attributes)) == (None if expected is None else pytest.approx(expected))


def test_no_state_shows_no_power() -> None:
    """An entity that is not there."""
    assert watts(None) is None


async def test_each_report_counts(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """Also one that repeats the value; one that shows no power does not."""
    source, told = Source(hass, METER, inverted=True), list[float]()
    end = source.start(lambda: told.append(source.sample.value if source.sample else 0))
    assert (source.sample, source.age(), source.period) == (None, None, None)
    report(hass, 100)
    await virtual_time.run(10)
    report(hass, 100)
    await virtual_time.run(4)
    assert source.age() == pytest.approx(4)
    report(hass, "unavailable")
    report(hass, "1", "kWh")
    await virtual_time.run(6)
    assert source.age() == pytest.approx(10)
    report(hass, 0.2, "kW")
    await virtual_time.run(1)
    assert told == [-100, -100, -200]
    assert source.period == pytest.approx(10)
    end()
    report(hass, 300)
    await virtual_time.run(1)
    assert (told, source.age()) == ([-100, -100, -200], pytest.approx(2))


async def test_what_was_reported_before_has_its_age(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """A state that stood there for half a minute is half a minute old."""
    report(hass, 50)
    await virtual_time.run(30)
    source = Source(hass, METER)
    source.start(lambda: None)
    assert source.sample is not None
    assert (source.sample.value, source.age()) == (50, pytest.approx(30))


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)])
async def test_the_clock_is_put_right(hass: HomeAssistant, virtual_time: VirtualTime, jump: timedelta) -> None:
    """By an hour, while it runs: neither age nor pace notice."""
    source = Source(hass, METER)
    source.start(lambda: None)
    for _ in range(3):
        report(hass, 50)
        await virtual_time.run(5)
    virtual_time.set_wall(dt_util.utcnow() + jump)
    await virtual_time.run(3)
    assert source.age() == pytest.approx(8)
    report(hass, 50)
    await virtual_time.run(2)
    assert source.age() == pytest.approx(2)
    assert source.period == pytest.approx(5, abs=1)


async def test_the_clock_was_put_back_before_it_began(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """A report from the future is of now."""
    report(hass, 50)
    virtual_time.set_wall(dt_util.utcnow() - timedelta(hours=1))
    source = Source(hass, METER)
    source.start(lambda: None)
    assert source.age() == pytest.approx(0)


async def test_an_outage_is_no_pace(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """After an hour of silence the next one is noticed as soon as ever; a pace that changes is learned."""
    source = Source(hass, METER)
    source.start(lambda: None)
    for _ in range(10):
        report(hass, 50)
        await virtual_time.run(5)
    await virtual_time.run(3600)
    report(hass, 50)
    assert source.period is not None
    assert source.period < 25
    for _ in range(20):
        await virtual_time.run(300)
        report(hass, 50)
    assert source.period == pytest.approx(300, abs=20)
