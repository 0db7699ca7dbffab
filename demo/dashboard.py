"""The demo's dashboard: the one that our integrations generate in the browser, added as a user adds it."""

from collections.abc import Mapping
from typing import Final

URL_PATH: Final = "titan-demo"
TITLE: Final = "House"
CONFIG: Final[Mapping[str, object]] = {"strategy": {"type": "custom:energy-core"}}
# The views that a house with all three devices and loops has.
HOUSE_PATH, BATTERY_PATH, CHARGER_PATH, SOLAR_PATH, CONTROL_PATH = "house", "battery", "charger", "solar", "control"
