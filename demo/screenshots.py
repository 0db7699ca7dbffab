"""The pictures for the README, each of a page that a user sees."""

import asyncio
from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from .browser import SIZE, Page, find_browser
from .console import say
from .dashboard import BATTERY_PATH, CHARGER_PATH, SOLAR_PATH, URL_PATH
from .envoy import read_envoy
from .flow import ENVOY, TITAN, V2C
from .frontend import wait_for_sessions
from .registry import House, read_house
from .runtime import Demo
from .screenshots_control import take_control
from .shots import DEVICE, DRAWN, LISTED, Shot, open_form, open_menu, take_series

TIME_LIMIT = 1000
# Share of the full sun and W of load, each for a while.
WEATHER = ((1.0, 480), (0.4, 480), (0.2, 900), (0.2, 1900), (0.6, 520), (1.1, 480), (0.9, 640), (1.0, 480))
WEATHER_SECONDS = 15
# A house battery that is full, and W of sun for the car.
FULL: Mapping[str, object] = {"soc": 100, "load_w": 420}
SUNSHINE = (2300, 2900, 3600, 4400, 3900, 2600, 3300, 4700, 5200, 4800)
# W of sun and of load.
MORNING = ((180, 640), (420, 620), (760, 1900), (1150, 1650), (1500, 520), (1750, 480), (1300, 900), *((2150, 450),) * 3)
# Inverters that report twice a minute: what they reported last is what the sun does now.
REPORTS: Mapping[str, object] = {"envoy": {"options": {"report_period": 30}}}
# What the page of the actions remembers from its last visit.
ACTION = {"action": f"{TITAN}.charge", "target": {}, "data": {"power": 500}}


async def take_all(demo: Demo, folder: Path) -> list[Path]:
    """Take every picture; without a browser say so and take none."""
    browser = find_browser()
    if browser is None:
        say("Pictures skipped: no Chromium on this machine (Debian: apt-get install chromium).")
        return []
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 one small folder
    house = await read_house(demo.hass, TITAN)
    async with asyncio.timeout(TIME_LIMIT), Page.open(browser, demo.folder, demo.hass.url, SIZE) as page:
        await _log_in(page, demo.hass.tokens)
        taken = await take_series(demo, page, folder, titan_shots(house), _weather)
        taken += await take_series(demo, page, folder, envoy_shots(await read_envoy(demo.hass)), _morning)
        charger = await wait_for_sessions(demo.hass)
        taken += await take_series(demo, page, folder, charger_shots(charger), _solar_charge)
        return taken + await take_control(demo, page, folder)


async def _weather(demo: Demo) -> None:
    """Let clouds pass and a kettle boil, for curves that tell a story; end in sunshine."""
    for sun, load in WEATHER:
        await demo.simulator.change({"pv_inputs": [420 * sun, 380 * sun, 310 * sun, 250 * sun], "load_w": load})
        await asyncio.sleep(WEATHER_SECONDS)


async def _morning(demo: Demo) -> None:
    """Let the sun rise over a house with a full battery: the grid gives first and takes in the end."""
    await demo.simulator.change({**FULL, **REPORTS})
    for watts, load in MORNING:
        await demo.simulator.change({"pv_w": watts, "load_w": load})
        await asyncio.sleep(WEATHER_SECONDS)
    if rescan := (await read_envoy(demo.hass)).find("rescan", "button"):
        await demo.hass.action("button.press", entity_id=rescan.entity_id)


async def _solar_charge(demo: Demo) -> None:
    """Let a car charge from what the sun leaves."""
    await demo.simulator.change({**FULL, "pv_w": SUNSHINE[0]})
    await demo.hass.action(f"{V2C}.set_operating_mode", mode="solar")
    for watts in SUNSHINE:
        await demo.simulator.change({"pv_w": watts})
        await asyncio.sleep(WEATHER_SECONDS)


def titan_shots(house: House) -> list[Shot]:
    """Return the pictures of the Titan; the dashboard comes last, when its graph has something to show."""
    integration = f"/config/integrations/integration/{TITAN}"
    listed = [
        ("integration", integration, LISTED),
        *((name, f"/config/devices/device/{device['id']}", DEVICE) for name, device in _devices(house)),
        ("action", "/config/developer-tools/action", "all('ha-service-control').length && /500/.test(inputs())"),
        ("energy", "/energy", "all('canvas').length"),
    ]
    flow = Shot(name="config_flow", path=integration, ready=LISTED, action=open_form)
    dashboard = Shot(name="dashboard", path=f"/{URL_PATH}/{BATTERY_PATH}", ready=DRAWN)
    return [*(Shot(name=name, path=path, ready=ready) for name, path, ready in listed), flow, dashboard]


def charger_shots(charger: House) -> list[Shot]:
    """Return the pictures of the charger, in the same order."""
    integration = f"/config/integrations/integration/{V2C}"
    return [
        Shot(name="v2c-config_flow", path=integration, ready=LISTED, action=open_menu),
        Shot(name="v2c-integration", path=integration, ready=LISTED),
        Shot(name="v2c-device", path=f"/config/devices/device/{charger.main['id']}", ready=DEVICE),
        Shot(name="v2c-dashboard", path=f"/{URL_PATH}/{CHARGER_PATH}", ready=DRAWN),
    ]


def envoy_shots(envoy: House) -> list[Shot]:
    """Return the pictures of the gateway, in the same order."""
    integration = f"/config/integrations/integration/{ENVOY}"
    devices = [("device", envoy.main), *(("inverter", part) for part in envoy.parts[:1])]
    return [
        Shot(name="envoy-config_flow", path=integration, ready=LISTED, action=open_form),
        Shot(name="envoy-integration", path=integration, ready=LISTED),
        *(Shot(name=f"envoy-{name}", path=f"/config/devices/device/{device['id']}", ready=DEVICE) for name, device in devices),
        Shot(name="envoy-dashboard", path=f"/{URL_PATH}/{SOLAR_PATH}", ready=DRAWN),
    ]


def _devices(house: House) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the device and, where there is one, a battery pack, each with the name of its picture."""
    return [("device", house.main), *(("pack", part) for part in house.parts[:1])]


async def _log_in(page: Page, tokens: dict[str, object]) -> None:
    """Put the tokens, and the action to show, where the frontend keeps them."""
    await page.visit("/manifest.json")
    await page.wait_for("location.pathname === '/manifest.json' && document.readyState === 'complete'")
    for key, value in (("hassTokens", tokens), ("panel-dev-action-state-service-data", ACTION)):
        await page.run(f"localStorage.setItem('{key}', JSON.stringify({json.dumps(value)}));")
