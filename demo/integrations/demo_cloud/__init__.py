"""Sends the Enphase integration to the simulated cloud; only the demo's Home Assistant has this, by its configuration.yaml."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
import probatio

from custom_components.enphase_envoy.envoy import cloud

DOMAIN = "demo_cloud"
CONFIG_SCHEMA = probatio.Schema({DOMAIN: {probatio.Required("enphase"): cv.url}}, extra=probatio.ALLOW_EXTRA)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Put the loopback address in the place of Enphase's, for logins and for tokens, before anybody can add a gateway."""
    url = config[DOMAIN]["enphase"]
    vars(cloud)["HOSTS"] = cloud.Hosts(enlighten=url, entrez=url)
    return True
