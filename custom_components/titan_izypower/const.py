"""Names and numbers that the whole integration shares."""

from typing import Final

DOMAIN: Final = "titan_izypower"
MANUFACTURER: Final = "IzyPower"

CONF_ADVANCED: Final = "advanced"
CONF_TRANSPORT: Final = "transport"
CONF_UNIT_ID: Final = "unit_id"
CONF_WIRE: Final = "wire"
CONF_SERIALS: Final = "serials"
CONF_MAX_CHARGE: Final = "max_charge_power"
CONF_MAX_DISCHARGE: Final = "max_discharge_power"
CONF_FAIL_SAFE: Final = "fail_safe"
CONF_POLARITY: Final = "battery_power_sign"
CONF_SETTINGS_PER_DAY: Final = "settings_writes_per_day"

TRANSPORT_AUTO: Final = "auto"
TRANSPORT_MODBUS: Final = "modbus_tcp"
TRANSPORT_OPENDATA: Final = "opendata"
TRANSPORT_GEN1: Final = "opendata_gen1"
TRANSPORTS: Final = [TRANSPORT_AUTO, TRANSPORT_MODBUS, TRANSPORT_OPENDATA]

# The vendor's default ports.
MODBUS_PORT: Final = 8899
OPENDATA_PORT: Final = 8080
UNIT_ID: Final = 1

# The vendor recommends 5 s or more; half a minute is what dashboards need.
SCAN_INTERVAL: Final = 30
MIN_SCAN_INTERVAL: Final = 5
MAX_SCAN_INTERVAL: Final = 3600

# Most W that each model of the brand is sold with; the unit's own limits come on top.
MODEL_POWER: Final = {"titan_2400": 2400, "titan_3200": 3200, "titan_pro": 2400}
MODEL_NAMES: Final = {"titan_2400": "Titan 2400", "titan_3200": "Titan 3200", "titan_pro": "Titan PRO"}
# The older class takes 1200 W and gives 800 W.
GEN1_CHARGE: Final = 1200
GEN1_DISCHARGE: Final = 800

FAIL_SAFES: Final = ["standby", "self_consumption", "leave"]

STORAGE_VERSION: Final = 1
