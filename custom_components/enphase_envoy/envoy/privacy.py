"""What in a gateway's answers tells who or where somebody is."""

from collections.abc import Iterator
import re
from typing import Any, Final

from ...energy_core.capture import ADDRESSES, NAMES as USUAL, private

NAMES: Final = re.compile(rf"{USUAL.pattern}|euaid|eth_mac|(first|last)name", re.IGNORECASE)
# Serial numbers stand in keys and texts, too.
SHAPES: Final = re.compile(rf"(?<!\d)\d{{12,14}}(?!\d)|{ADDRESSES.pattern}", re.IGNORECASE)


def secrets_in(told: Any) -> Iterator[str]:
    """Yield every secret in JSON or text that a gateway told."""
    return private(told, NAMES, SHAPES)
