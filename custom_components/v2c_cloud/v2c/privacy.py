"""What in the answers of the box and of the cloud tells who or where somebody is, by the name that it stands under."""

import re
from typing import Final

from ...energy_core.capture import NAMES as USUAL

NAMES: Final = re.compile(
    rf"{USUAL.pattern}|price|coCost|wifi_(info|static|pass)|huawei_ip|rfidCode|code|tag|ocpp_?(addr|id)|inverter_ip",
    re.IGNORECASE,
)
