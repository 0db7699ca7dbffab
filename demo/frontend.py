"""Makes Home Assistant ready to be looked at: dashboard, start page, Energy preferences."""

import asyncio
from collections.abc import Mapping
from typing import Any

from .charger import read_charger
from .client import HomeAssistant
from .dashboard import CONFIG, TITLE, URL_PATH
from .energy import set_up_energy
from .registry import House

# Statistics are compiled every five minutes: a young house has none yet.
YOUNG = frozenset({"statistics_not_defined"})
# The cloud is asked for sessions two minutes after the start; after five there will be none.
SESSIONS_EACH, SESSIONS_LOOKS = 10, 30


async def prepare(hass: HomeAssistant) -> None:
    """Create the dashboard, open it by default and fill in the Energy preferences."""
    icon = "mdi:home-battery"
    await hass.command("lovelace/dashboards/create", url_path=URL_PATH, title=TITLE, icon=icon, show_in_sidebar=True)
    await hass.command("lovelace/config/save", url_path=URL_PATH, config=CONFIG)
    await hass.command("frontend/set_system_data", key="core", value={"default_panel": URL_PATH})
    await set_up_energy(hass)
    # Speech, camera and image parts are always loaded and lack their libraries here: not a thing of this demo.
    await hass.action("persistent_notification.dismiss_all")


async def wait_for_sessions(hass: HomeAssistant) -> House:
    """Wait until the cloud was asked for the charger's past sessions; return the charger as it is then."""
    for _ in range(SESSIONS_LOOKS):
        charger = await read_charger(hass)
        if charger.find("last_session_energy"):
            break
        await asyncio.sleep(SESSIONS_EACH)
    return charger


def energy_issues(verdict: Mapping[str, Any]) -> list[str]:
    """Return what Home Assistant finds wrong with the sources and devices of the Energy dashboard."""
    judged = [*verdict["energy_sources"], *verdict["device_consumption"]]
    issues = (issue for one in judged for issue in one)
    return [f"{issue['type']} {issue['affected_entities']}" for issue in issues if issue["type"] not in YOUNG]
