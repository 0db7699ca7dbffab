"""Makes Home Assistant ready to be looked at: dashboard, start page, Energy preferences."""

import asyncio
from collections.abc import Mapping
from typing import Any

from .charger import read_charger
from .client import HomeAssistant
from .dashboard import TITLE, URL_PATH, dashboard
from .energy import device_consumption, energy_sources
from .envoy import read_envoy
from .flow import TITAN
from .loops import read_loops
from .registry import House, read_house

# Statistics are compiled every five minutes: a young house has none yet.
YOUNG = frozenset({"statistics_not_defined"})
# The cloud is asked for sessions two minutes after the start; after five there will be none.
SESSIONS_EACH, SESSIONS_LOOKS = 10, 30


async def prepare(hass: HomeAssistant) -> None:
    """Create the dashboard, open it by default and fill in the Energy preferences."""
    icon = "mdi:home-battery"
    await hass.command("lovelace/dashboards/create", url_path=URL_PATH, title=TITLE, icon=icon, show_in_sidebar=True)
    await save_dashboard(hass)
    await hass.command("frontend/set_system_data", key="core", value={"default_panel": URL_PATH})
    sources = energy_sources(await read_house(hass, TITAN), await read_envoy(hass))
    devices = device_consumption(await read_charger(hass))
    await hass.command("energy/save_prefs", energy_sources=sources, device_consumption=devices)
    # Speech, camera and image parts are always loaded and lack their libraries here: not a thing of this demo.
    await hass.action("persistent_notification.dismiss_all")


async def add_sessions(hass: HomeAssistant) -> House:
    """Put the charger's past sessions on the dashboard once the cloud was asked for them; return the charger as it is then."""
    for _ in range(SESSIONS_LOOKS):
        charger = await read_charger(hass)
        if charger.find("last_session_energy"):
            break
        await asyncio.sleep(SESSIONS_EACH)
    await save_dashboard(hass)
    return charger


async def save_dashboard(hass: HomeAssistant) -> None:
    """Save the dashboard of all that there is; a browser that looks at it follows."""
    titan, charger, envoy = await read_house(hass, TITAN), await read_charger(hass), await read_envoy(hass)
    config = dashboard(titan, TITAN, charger, envoy, await read_loops(hass))
    await hass.command("lovelace/config/save", url_path=URL_PATH, config=config)


def energy_issues(verdict: Mapping[str, Any]) -> list[str]:
    """Return what Home Assistant finds wrong with the sources and devices of the Energy dashboard."""
    judged = [*verdict["energy_sources"], *verdict["device_consumption"]]
    issues = (issue for one in judged for issue in one)
    return [f"{issue['type']} {issue['affected_entities']}" for issue in issues if issue["type"] not in YOUNG]
