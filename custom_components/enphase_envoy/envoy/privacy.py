"""What in a gateway's answers tells who or where somebody is."""

from collections.abc import Iterator
import re
from typing import Any, Final

from ...energy_core.capture import ADDRESSES, private

NAMES: Final = re.compile(
    r"serial(_?num(ber)?)?|sn|euaid|device_id|(mac|ip)(_?addr(ess)?)?|ssid|(user|host|load)_?name|e?mail|timezone", re.IGNORECASE
)
# Serial numbers stand in keys and texts, too.
SHAPES: Final = re.compile(rf"\b\d{{12,14}}\b|{ADDRESSES.pattern}", re.IGNORECASE)


def secrets_in(told: Any) -> Iterator[str]:
    """Yield every secret in JSON or text that a gateway told."""
    return private(told, NAMES, SHAPES)
