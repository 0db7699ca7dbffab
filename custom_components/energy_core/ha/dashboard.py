"""Serves the browser what it generates dashboards with: the strategy, and the table of each integration.

Every integration brings its own copy of the strategy; in the browser the newest one works, with the tables of all.
"""

from collections.abc import Iterable
from functools import partial
import hashlib
from pathlib import Path
from typing import Final

from homeassistant.components import frontend
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration

STRATEGY: Final = Path(__file__).parent / "frontend"
TABLE: Final = "dashboard.json"
MODULE: Final = "strategy/main.js"
# So many digits of a hash tell any two versions apart.
DIGITS: Final = 12


async def offer(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Have browsers load the strategy and this integration's table for as long as an entry of it is loaded."""
    if frontend.DOMAIN not in hass.config.components:
        return
    table = (await async_get_integration(hass, entry.domain)).file_path / TABLE
    prefix = f"/energy_core/{entry.domain}/{await hass.async_add_executor_job(fingerprint, table)}"
    url = f"{prefix}/{MODULE}"
    if not any(resource.canonical == f"{prefix}/{TABLE}" for resource in hass.http.app.router.resources()):
        # With its content the address changes, so browsers may keep it.
        await hass.http.async_register_static_paths(
            [StaticPathConfig(f"{prefix}/{TABLE}", str(table)), StaticPathConfig(f"{prefix}/strategy", str(STRATEGY))]
        )
    # A set of Home Assistant's: another entry may have told it already.
    frontend.add_extra_js_url(hass, url)
    entry.async_on_unload(partial(_withdraw, hass, entry, url))


def fingerprint(table: Path) -> str:
    """Return what changes with the content of what is served."""
    found = hashlib.sha256()
    for path in (table, *_strategy()):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:DIGITS]


def _strategy() -> Iterable[Path]:
    return sorted(path for path in STRATEGY.iterdir() if path.is_file())


@callback
def _withdraw(hass: HomeAssistant, entry: ConfigEntry, url: str) -> None:
    """Tell browsers that open from now on nothing of it, when this was the last entry."""
    if all(each is entry for each in hass.config_entries.async_loaded_entries(entry.domain)):
        frontend.remove_extra_js_url(hass, url)
