"""What a Trydan says in ``/RealTimeData``, made readable: its firmwares write JSON with blemishes.

A body that is JSON stays what it is; only one that is not gets repaired, and never within its texts.
Source: research brief of the two protocols, sections 1.2 and 1.6.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
import re
from typing import Final

from ...energy_core.errors import DeviceProtocolError
from ...energy_core.http import Json, parse

KEYWORDS: Final = (
    *("ID", "ChargeState", "ReadyState", "ChargePower", "ChargeEnergy", "ChargeTime", "ChargeMode", "SlaveError"),
    *("HousePower", "FVPower", "BatteryPower", "Paused", "Locked", "Timer", "Intensity", "Dynamic"),
    *("MinIntensity", "MaxIntensity", "PauseDynamic", "DynamicPowerMode", "ContractedPower", "VoltageInstallation"),
    *("FirmwareVersion", "SSID", "IP", "SignalStatus"),
    *("IntensityMeasure_L1", "IntensityMeasure_L2", "IntensityMeasure_L3"),
    *("VoltageMeasure_L1", "VoltageMeasure_L2", "VoltageMeasure_L3"),
    *("LightLED", "LogoLED"),
)
# A misspelling that the maker's own sample has.
ALIASES: Final = {"intensitymeasure_l1y": "IntensityMeasure_L1"}
CANONICAL: Final = {name.lower(): name for name in KEYWORDS}

# A text (one that never ends takes all the rest, so that no body is searched twice), a sign, or a bare word.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}\[\]:,]|[^\s\0"{}\[\]:,]+', re.DOTALL)
_VERSION: Final = re.compile(r"\d++(?:\.\d++){2,}+[\w.+-]*+", re.ASCII)
_NO_NUMBER: Final = re.compile(r"[+-]?(?:nan|inf(?:inity)?)", re.ASCII | re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\0-\x1f]")


def realtime(body: bytes) -> dict[str, Json]:
    """Return what ``/RealTimeData`` said, under documented spellings; raise ``DeviceProtocolError`` when no Trydan said it."""
    try:
        found = parse(body)
    except DeviceProtocolError:
        found = parse(_repaired(body.decode("utf-8-sig", errors="replace")))
    spelled = _spelled(found) if isinstance(found, dict) else {}
    if "ChargeState" not in spelled:
        raise DeviceProtocolError("no ChargeState in the answer", key="not_trydan")
    return spelled


def _repaired(body: str) -> bytes:
    """Return ``body`` without what is known to go wrong; anything else stays wrong."""
    written: list[str] = []
    for token, follower in pairwise((*_object(body), "")):
        # No firmware forgets a comma anywhere but before a key.
        if token[0] == '"' and follower == ":" and written and written[-1] not in "{,":
            written.append(",")
        written.append(_mended(token))
    return " ".join(written).encode()


def _object(body: str) -> Iterator[str]:
    """Yield the signs of the first object; what stands behind it is left over from an earlier, longer answer."""
    depth = 0
    for found in _TOKEN.finditer(body):
        token = found[0]
        depth += (token in ("{", "[")) - (token in ("}", "]"))
        yield token
        if depth <= 0:
            return


def _mended(token: str) -> str:
    """Return one sign as JSON has it."""
    if token[0] == '"':
        return _CONTROL.sub(" ", token)
    if _VERSION.fullmatch(token):
        return f'"{token}"'
    return "null" if _NO_NUMBER.fullmatch(token) else token


def _spelled(found: Mapping[str, Json]) -> dict[str, Json]:
    """Return ``found`` under the documented spellings; where two names mean the same, the better spelled one wins."""
    worst_first = sorted(found, key=lambda key: (key.lower() not in ALIASES, key in KEYWORDS))
    return {ALIASES.get(key.lower()) or CANONICAL.get(key.lower(), key): found[key] for key in worst_first}
