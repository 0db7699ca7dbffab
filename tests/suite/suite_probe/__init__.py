"""Lives in the Home Assistant of the release tests: tells what of ours it has loaded, and from where.

It also sends the Enphase integration to the simulated cloud, and lets the Titan be asked more often than once a second.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from homeassistant.loader import async_get_custom_components
import probatio

DOMAIN = "suite_probe"
CONFIG_SCHEMA = probatio.Schema({DOMAIN: {probatio.Required("enphase"): cv.url}}, extra=probatio.ALLOW_EXTRA)
OURS = "custom_components"
REQUEST_GAP = 0.02


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Prepare what is installed before anybody can add an entry, and be ready to be asked."""
    websocket_api.async_register_command(hass, _modules)
    installed = await async_get_custom_components(hass)

    async def module(domain: str, name: str) -> ModuleType:
        return await hass.async_add_import_executor_job(importlib.import_module, f"{OURS}.{domain}.{name}")

    if "enphase_envoy" in installed:
        cloud, url = await module("enphase_envoy", "envoy.cloud"), config[DOMAIN]["enphase"]
        vars(cloud)["HOSTS"] = cloud.Hosts(enlighten=url, entrez=url)
    if "titan_izypower" in installed:
        vars(await module("titan_izypower", "titan.device"))["REQUEST_GAP"] = REQUEST_GAP
    return True


@callback
@websocket_api.websocket_command({probatio.Required("type"): f"{DOMAIN}/modules"})
def _modules(hass: HomeAssistant, connection: websocket_api.ActiveConnection, message: dict[str, Any]) -> None:
    """Tell the file of every module below ``custom_components``."""
    loaded = {name: str(getattr(module, "__file__", None)) for name, module in sys.modules.items()}
    connection.send_result(message["id"], {name: file for name, file in loaded.items() if name.startswith(f"{OURS}.")})
