"""The pictures of the control loops: their forms before they are there, their devices and their view afterwards."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from .browser import Page
from .dashboard import CONTROL_PATH, URL_PATH
from .flow import ENVOY, TITAN, V2C
from .loops import SOLAR_CHARGING, SURPLUS_LEVEL, ZERO_EXPORT, add_loops
from .registry import House
from .runtime import Demo
from .shots import DEVICE, DRAWN, LISTED, Shot, opens_subentry, take_series

# Three columns and the curve above them; a whole form.
WIDE, TALL = (1600, 1100), (1280, 1120)
# The forms, by kind: whose page, the words on the button, and what is chosen from the menu that may come first.
FORMS = (
    (ZERO_EXPORT, TITAN, "Add zero export", "A meter of Home Assistant"),
    (SURPLUS_LEVEL, ENVOY, "Add surplus level", None),
    (SOLAR_CHARGING, V2C, "Add solar charging", None),
)
# Where the house begins: a half full battery, and a car that waits.
BEGIN: Mapping[str, object] = {"soc": 55, "pv_w": 1360, "load_w": 480, "car": {"connected": True, "soc": 40}}
# W of sun and of load: a kettle, then sun for the car, and more of it; each for a while.
DAY = ((1360, 480), (1360, 2480), (1360, 480), (2300, 480), (2300, 480), (3000, 480), (3000, 480), (3000, 480))
DAY_SECONDS = 30


async def take_control(demo: Demo, page: Page, folder: Path) -> list[Path]:
    """Take the forms, add the loops, and take what has become of them."""
    await demo.hass.action(f"{V2C}.pause_charge")
    await demo.simulator.change(BEGIN)
    taken = await take_series(demo, page, folder, form_shots())
    loops = await add_loops(demo.hass)
    await _day(demo)
    return taken + await take_series(demo, page, folder, loop_shots(loops))


def form_shots() -> list[Shot]:
    """Return the pictures of the forms."""
    return [
        Shot(
            name=f"{kind}-flow",
            path=f"/config/integrations/integration/{domain}",
            ready=LISTED,
            size=TALL,
            action=opens_subentry(button, choice=choice),
        )
        for kind, domain, button, choice in FORMS
    ]


def loop_shots(loops: Mapping[str, House]) -> list[Shot]:
    """Return the pictures of the view and of the devices."""
    return [
        Shot(name="control-dashboard", path=f"/{URL_PATH}/{CONTROL_PATH}", ready=DRAWN, size=WIDE),
        *(
            Shot(name=f"{kind}-device", path=f"/config/devices/device/{loop.main['id']}", ready=DEVICE)
            for kind, loop in loops.items()
        ),
    ]


async def _day(demo: Demo) -> None:
    """Let a day pass that gives all three something to do."""
    for watts, load in DAY:
        await demo.simulator.change({"pv_w": watts, "load_w": load})
        await asyncio.sleep(DAY_SECONDS)
