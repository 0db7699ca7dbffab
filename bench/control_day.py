"""A day with all three loops on one meter: scripts/bench control --day. What each got, and that none undid another."""

import asyncio
from collections.abc import Callable
import logging
from typing import Final

from homeassistant.loader import DATA_CUSTOM_COMPONENTS

from tests.suite.home import Home, devices
from tests.virtual_time import VirtualTime

from .control_day_plot import drawing
from .control_limits import Verdict
from .control_report import limits_table, verdict
from .home_assistant import home_assistant
from .tables import table

PRIORITIES: Final = ("battery_first", "car_first")
GRID, BATTERY, CAR = 0, 1, 2
# From before sunrise until the evening meal is over.
DAWN_HOUR, HOURS = 6, 16
SOC: Final = 15.0
HEAD: Final = (
    *("first", "battery %", "into battery Wh", "out of it Wh", "car Wh", "imported Wh", "exported Wh"),
    *("battery fed the car Wh", "car starts", "battery turns", "orders", "charger writes"),
)
# An hour has clouds and kettles: more turns or starts than these would be loops that chase each other.
MOST_TURNS, MOST_STARTS, MOST_FED = 4 * HOURS, HOURS, 100.0


async def _day(priority: str) -> Home:
    async with home_assistant() as hass:
        hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        async with devices(1, hour=DAWN_HOUR, soc=SOC) as there:
            home = Home(hass, there)
            await home.move_in()
            await home.regulate(priority)
            await home.live(HOURS * 3600)
            await home.move_out()
    return home


def lived(priority: str) -> Home:
    """Return a house after its day, which took minutes."""
    logging.basicConfig(level=logging.ERROR)
    with asyncio.Runner() as runner, VirtualTime(runner.get_loop()):
        return runner.run(_day(priority))


def row(priority: str, home: Home) -> list[str]:
    """Return what a day came to."""
    flows = [home.energy(*each) for each in ((BATTERY, -1), (BATTERY, 1), (CAR, 1), (GRID, 1), (GRID, -1))]
    counts = (home.starts(), home.turns(), len(home.devices.titan.writes), len(home.devices.trydan.writes))
    end = f"{SOC:.0f} to {home.diary[-1][3]:.0f}"
    return [priority, end, *(f"{each:.0f}" for each in flows), f"{home.fed_to_the_car():.0f}", *map(str, counts)]


def judge(priority: str, home: Home) -> list[Verdict]:
    """Say whether anybody chased anybody."""
    facts = (
        ("battery turns", home.turns(), MOST_TURNS),
        ("car starts", home.starts(), MOST_STARTS),
        ("Wh from the battery into the car", home.fed_to_the_car(), MOST_FED),
    )
    return [Verdict(plant=priority, what=what, value=float(value), limit=float(limit)) for what, value, limit in facts]


def days(say: Callable[[str], None]) -> tuple[str, list[Verdict], str]:
    """Live through the day both ways; return what a document shows, the verdicts, and the picture."""
    homes = {}
    for priority in PRIORITIES:
        say(f"a day, {priority} …")
        homes[priority] = lived(priority)
    judged = [each for priority, home in homes.items() for each in judge(priority, home)]
    rows = [row(priority, home) for priority, home in homes.items()]
    shown = "\n\n".join(["### A day with all three", table(HEAD, rows), limits_table(judged), verdict(judged)])
    return shown, judged, drawing({name.replace("_", " "): home.diary for name, home in homes.items()}, DAWN_HOUR, HOURS)
