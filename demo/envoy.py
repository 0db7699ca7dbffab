"""The simulated Enphase gateway: what hangs on it, how the demo finds it, and what Home Assistant must show of it."""

from collections.abc import Mapping
from typing import Any

from .client import HomeAssistant
from .compare import Expected
from .flow import ENVOY
from .registry import House, read_house

INVERTERS = 8
# One phase, CTs for production and grid; the battery of this house is the Titan, of which the gateway knows nothing.
SOLAR_ONLY: Mapping[str, object] = {"inverters": INVERTERS, "encharges": 0, "enpower": False, "storage_ct": False}
# Whole watts, and the house has the Titan in it, which settles to a few.
ROUND_W = 4.0
# The registers are read with the powers; consumption stands in a report that is read once a minute only.
ROUND_WH = 6.0
MINUTE_WH = 30.0
# Days of import and export begin with the first reading, some seconds after those of the house.
BEGAN_WH = 10.0
LIFETIMES = {
    "lifetime_production": "pv",
    "lifetime_net_consumption": "imported",
    "lifetime_net_production": "exported",
}


async def read_envoy(hass: HomeAssistant) -> House:
    """Read the gateway and its inverters from the registries."""
    return await read_house(hass, ENVOY)


def envoy_expectations(envoy: Mapping[str, Any]) -> list[Expected]:
    """Return the numbers that Home Assistant must show while the gateway measures this."""
    powers, today, registers = envoy["powers"], envoy["today"], envoy["registers"]
    pv, net = powers["pv"], powers["net"]
    watts = {
        "production": pv,
        "net_consumption": net,
        "import_power": max(0.0, net),
        "export_power": max(0.0, -net),
        "consumption": pv + net,
    }
    used = today["pv"] + today["imported"] - today["exported"]
    return [
        *(Expected(key=key, value=value, tolerance=ROUND_W, unit="W") for key, value in watts.items()),
        Expected(key="daily_production", value=today["pv"], tolerance=ROUND_WH, unit="Wh"),
        Expected(key="daily_consumption", value=used, tolerance=MINUTE_WH, unit="Wh"),
        Expected(key="daily_import", value=today["imported"], tolerance=BEGAN_WH, unit="Wh"),
        Expected(key="daily_export", value=today["exported"], tolerance=BEGAN_WH, unit="Wh"),
        *(Expected(key=key, value=registers[name], tolerance=ROUND_WH, unit="Wh") for key, name in LIFETIMES.items()),
        Expected(key="inverter_count", value=INVERTERS, tolerance=0.0, unit="inverters"),
    ]
