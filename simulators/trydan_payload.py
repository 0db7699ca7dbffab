"""The text of /RealTimeData, letter by letter as the boxes send it, blemishes of the field included."""

import json
from math import isfinite
import re
from typing import TYPE_CHECKING, Final

from .trydan_values import Raw, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Set as AbstractSet

QUIRKS: Final = frozenset(
    {
        "missing_comma",
        "duplicate_version",
        "bare_version",
        "l1y",
        "string_numbers",
        "trailing_nul",
        "lower_keys",
        "no_id",
        "percent",
        "nan",
    }
)
VERSION_KEY: Final = "FirmwareVersion"
OLD_VERSION: Final = "1.6.0"


def literal(value: Value) -> str:
    """Write a value as the boxes do: floats with two decimals, whole numbers bare."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, float) and isfinite(value):
        return f"{value:.2f}"
    return json.dumps(value)


def plain(value: Value) -> str:
    """Write a value as /read/ answers it: no quotes."""
    return value if isinstance(value, str) else literal(value)


def payload(values: Mapping[str, Value], quirks: AbstractSet[str]) -> bytes:
    """Write the whole object; ValueError names a quirk that does not exist."""
    if unknown := quirks - QUIRKS:
        raise ValueError(f"unknown quirks {sorted(unknown)}")
    parts = [f'"{_name(key, quirks)}":{_text(key, value, quirks)}' for key, value in values.items()]
    if "no_id" in quirks:
        parts = [part for part in parts if not part.lower().startswith('"id":')]
    if "duplicate_version" in quirks:
        parts.insert(0, f'"{_name(VERSION_KEY, quirks)}":"{OLD_VERSION}"')
    text = "{" + ",".join(parts) + "}"
    if "missing_comma" in quirks:
        text = re.sub(r',(?="ReadyState":)', "", text, flags=re.IGNORECASE)
    tail = "%" * ("percent" in quirks) + "\0" * ("trailing_nul" in quirks)
    return (text + tail).encode()


def _name(key: str, quirks: AbstractSet[str]) -> str:
    if key == "IntensityMeasure_L1" and "l1y" in quirks:
        key = "IntensityMeasure_L1y"
    return key.lower() if "lower_keys" in quirks else key


def _text(key: str, value: Value, quirks: AbstractSet[str]) -> str:
    if key == VERSION_KEY and "bare_version" in quirks and isinstance(value, str):
        return value
    if isinstance(value, float) and "nan" in quirks:
        return "NaN"
    text = literal(value)
    return f'"{text}"' if "string_numbers" in quirks and isinstance(value, int | float) else text
