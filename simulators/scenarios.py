"""Named states and days of the simulated house."""

from datetime import timedelta
from math import pi, sin, sqrt
from typing import TYPE_CHECKING, Final

from .battery import Mode, Order
from .trydan_dynamic import DynamicMode
from .trydan_model import TrydanModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from .house import House

SUNRISE: Final = 6.0 * 3600
SUNSET: Final = 21.0 * 3600
PEAK_PV: Final = 2200.0
BASE_LOAD: Final = 280.0
BRIGHT_PV: Final = 4500.0


def apply(house: House, name: str) -> None:
    """Put the house into a named scenario; a KeyError names an unknown one."""
    SCENARIOS[name](house)


def sun(second: float) -> float:
    """Clear-sky PV power at this second of the day."""
    if not SUNRISE < second < SUNSET:
        return 0.0
    height = sin(pi * (second - SUNRISE) / (SUNSET - SUNRISE))
    return PEAK_PV * height * sqrt(height)


def household(second: float) -> float:
    """Load of a household at this second of the day: base, breakfast, lunch, evening."""
    hour = second / 3600.0
    meals = ((7.5, 900.0, 0.6), (12.5, 1300.0, 0.7), (19.5, 1700.0, 1.2))
    return BASE_LOAD + sum(peak * max(0.0, 1.0 - abs(hour - at) / width) for at, peak, width in meals)


def _chargers(house: House) -> list[TrydanModel]:
    return [charger for charger in house.chargers if isinstance(charger, TrydanModel)]


def _reset(house: House) -> None:
    house.driver = None
    for charger in _chargers(house):
        charger.unplug()
    house.pv_w = house.ev_w = house.bypass_w = 0.0
    house.load_w = BASE_LOAD


def _idle(house: House) -> None:
    """Nothing moves: no sun, no load."""
    _reset(house)
    house.load_w = 0.0


def _sunny(house: House) -> None:
    """A clear day with a household."""

    def drive(home: House, second: float) -> None:
        home.apply_flows([sun(second) / 4] * 4, household(second))

    _reset(house)
    house.driver = drive


def _cloudy(house: House) -> None:
    """A day whose sun changes every half minute, the same way for the same seed."""
    shades = [0.15 + 0.75 * house.random.random() for _ in range(2880)]

    def drive(home: House, second: float) -> None:
        shade = shades[int(second // 30) % len(shades)]
        home.apply_flows([sun(second) * shade / 4] * 4, household(second))

    _reset(house)
    house.driver = drive


def _night(house: House) -> None:
    """Two in the morning, base load only."""
    _reset(house)
    house.set_time(house.now.replace(hour=2, minute=0, second=0))


def _charging(house: House) -> None:
    """A real-time charge order is running."""
    _reset(house)
    house.soc = min(house.soc, 60.0)
    house.set_mode(Mode.REALTIME)
    house.realtime(Order.CHARGE, 1000, 100)


def _plug_in(house: House, **settings: int) -> None:
    for charger in _chargers(house):
        charger.car.soc = min(charger.car.soc, 40.0)
        for key, value in settings.items():
            charger.write(key, value)
        charger.plug()


def _car(house: House) -> None:
    """A car comes home in the evening and charges at once."""
    _reset(house)
    house.set_time(house.now.replace(hour=18, minute=30, second=0))
    _plug_in(house, Paused=0, Locked=0, Dynamic=0, Intensity=16)


def _car_sun(house: House) -> None:
    """A bright noon with a full house battery, and a car that takes what the house leaves of the sun."""
    _reset(house)
    house.set_time(house.now.replace(hour=12, minute=0, second=0))
    house.soc = 100.0
    house.pv_w = BRIGHT_PV
    _plug_in(house, Paused=0, Locked=0, PauseDynamic=0, Dynamic=1, DynamicPowerMode=DynamicMode.SUN_ONLY)


def _midnight(house: House) -> None:
    """Ten seconds before midnight, with something in the daily counters."""
    _reset(house)
    house.auto_midnight = True
    for counter in house.energy.all().values():
        counter.add(1234.0)
    end = house.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    house.set_time(end - timedelta(seconds=10))


SCENARIOS: Final[dict[str, Callable[[House], None]]] = {
    "idle": _idle,
    "sunny": _sunny,
    "cloudy": _cloudy,
    "night": _night,
    "charging": _charging,
    "midnight": _midnight,
    "car": _car,
    "car_sun": _car_sun,
}
