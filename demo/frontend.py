"""Makes Home Assistant ready to be looked at: dashboard, start page, Energy preferences."""

from collections.abc import Mapping
from typing import Any

from .client import HomeAssistant
from .dashboard import CONFIG, TITLE, URL_PATH
from .energy import set_up_energy

# Statistics are compiled every five minutes: a young house has none yet.
YOUNG = frozenset({"statistics_not_defined"})


async def prepare(hass: HomeAssistant) -> None:
    """Create the dashboard, open it by default and fill in the Energy preferences."""
    icon = "mdi:home-battery"
    await hass.command("lovelace/dashboards/create", url_path=URL_PATH, title=TITLE, icon=icon, show_in_sidebar=True)
    await hass.command("lovelace/config/save", url_path=URL_PATH, config=CONFIG)
    await hass.command("frontend/set_system_data", key="core", value={"default_panel": URL_PATH})
    await set_up_energy(hass)
    # Speech, camera and image parts are always loaded and lack their libraries here: not a thing of this demo.
    await hass.action("persistent_notification.dismiss_all")


def energy_issues(verdict: Mapping[str, Any]) -> list[str]:
    """Return what Home Assistant finds wrong with the sources and devices of the Energy dashboard."""
    judged = [*verdict["energy_sources"], *verdict["device_consumption"]]
    issues = (issue for one in judged for issue in one)
    return [f"{issue['type']} {issue['affected_entities']}" for issue in issues if issue["type"] not in YOUNG]
