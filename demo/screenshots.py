"""The pictures for the README, each of a page that a user sees."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from .browser import Page, find_browser
from .console import say
from .dashboard import URL_PATH
from .flow import DOMAIN
from .registry import House, read_house
from .runtime import Demo

SIZE = (1280, 900)
# Cards fade in, and graphs draw their first curve.
SETTLE_SECONDS = 4
TIME_LIMIT = 400
# Share of the full sun and W of load, each for a while.
WEATHER = ((1.0, 480), (0.4, 480), (0.2, 900), (0.2, 1900), (0.6, 520), (1.1, 480), (0.9, 640), (1.0, 480))
WEATHER_SECONDS = 15
# What the page of the actions remembers from its last visit.
ACTION = {"action": f"{DOMAIN}.charge", "target": {}, "data": {"power": 500}}
# Conditions in the page: what a finished page holds.
LISTED = "/\\d+ entities/.test(texts())"
DEVICE = "all('ha-device-entities-card').length"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A picture: its file, the page, what must be there, and what is done before it is taken."""

    name: str
    path: str
    ready: str
    action: Callable[[Page], Awaitable[None]] | None = None


async def take_all(demo: Demo, folder: Path) -> list[Path]:
    """Take every picture; without a browser say so and take none."""
    browser = find_browser()
    if browser is None:
        say("Pictures skipped: no Chromium on this machine (Debian: apt-get install chromium).")
        return []
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 one small folder
    house = await read_house(demo.hass, DOMAIN)
    taken = []
    async with (
        asyncio.timeout(TIME_LIMIT),
        Page.open(browser, demo.folder, demo.hass.url, SIZE) as page,
        asyncio.TaskGroup() as tasks,
    ):
        weather = tasks.create_task(_weather(demo))
        await _log_in(page, demo.hass.tokens)
        for shot in shots(house):
            if shot.name == "dashboard":
                await weather
            path = folder / f"{shot.name}.png"
            await _take(page, shot, path)
            taken.append(path)
            say(f"Picture: {path}")
    return taken


async def _weather(demo: Demo) -> None:
    """Let clouds pass and a kettle boil, for curves that tell a story; end in sunshine."""
    for sun, load in WEATHER:
        await demo.simulator.change({"pv_inputs": [420 * sun, 380 * sun, 310 * sun, 250 * sun], "load_w": load})
        await asyncio.sleep(WEATHER_SECONDS)


def shots(house: House) -> list[Shot]:
    """Return the pictures to take for this house."""
    integration = f"/config/integrations/integration/{DOMAIN}"
    listed = [
        ("integration", integration, LISTED),
        *((name, f"/config/devices/device/{device['id']}", DEVICE) for name, device in _devices(house)),
        ("action", "/config/developer-tools/action", "all('ha-service-control').length && /500/.test(inputs())"),
        ("energy", "/energy", "all('canvas').length"),
    ]
    flow = Shot(name="config_flow", path=integration, ready=LISTED, action=_open_flow)
    drawn = "all('hui-tile-card').length > 5 && all('canvas').length"
    # Last: by then its graph has something to show.
    dashboard = Shot(name="dashboard", path=f"/{URL_PATH}/house", ready=drawn)
    return [*(Shot(name=name, path=path, ready=ready) for name, path, ready in listed), flow, dashboard]


def _devices(house: House) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the device and, where there is one, a battery pack, each with the name of its picture."""
    return [("device", house.main), *(("pack", part) for part in house.parts[:1])]


async def _log_in(page: Page, tokens: dict[str, object]) -> None:
    """Put the tokens, and the action to show, where the frontend keeps them."""
    await page.visit("/manifest.json")
    await page.wait_for("location.pathname === '/manifest.json' && document.readyState === 'complete'")
    for key, value in (("hassTokens", tokens), ("panel-dev-action-state-service-data", ACTION)):
        await page.run(f"localStorage.setItem('{key}', JSON.stringify({json.dumps(value)}));")


async def _take(page: Page, shot: Shot, path: Path) -> None:
    await page.visit(shot.path)
    await page.wait_for(shot.ready)
    if shot.action is not None:
        await shot.action(page)
    await asyncio.sleep(SETTLE_SECONDS)
    await page.picture(path)


async def _open_flow(page: Page) -> None:
    """Press "Add entry" on the integration's page, as a user does."""
    await page.run(
        """
        const found = all('ha-button').find((el) => /^add (entry|hub|device|service)/i.test(el.textContent.trim()));
        if (!found) throw new Error('no button to add an entry');
        found.click();
        """
    )
    await page.wait_for("all('step-flow-form').length && all('ha-textfield, ha-input, wa-input').length > 1")
