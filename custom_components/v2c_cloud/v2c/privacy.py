"""What in the answers of the box and of the cloud tells who or where somebody is, by the name that it stands under."""

import re
from typing import Final

NAMES: Final = frozenset(
    {
        *("latitude", "longitude", "price", "coCost", "mac", "ssid", "SSID", "IP", "ip", "wifi_info", "wifi_static", "huawei_ip"),
        *("rfidCode", "rfidName", "code", "tag", "ocpp_addr", "ocpp_id", "inverter_ip"),
    }
)
PATTERN: Final = re.compile("|".join(sorted(NAMES)))
