"""What a Trydan can be told beyond its settings; every value is checked before the first byte."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ...energy_core.errors import DeviceRefusedError
from ...energy_core.points import number
from . import endpoints
from .endpoints import Endpoint
from .points import Settings

if TYPE_CHECKING:
    from .device import Trydan

# A card's id is 4 to 10 bytes; its name is the user's.
CARD: Final = re.compile(r"[0-9A-Fa-f]{1,64}")
CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?", re.ASCII)
VERSION: Final = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The cloud's word for a timer that is off.
TIMER_OFF: Final = "8"
MOST_KWH: Final = 500.0
MOST_MINUTES: Final = 7 * 24 * 60
LONGEST_TEXT: Final = 64
LONGEST_URL: Final = 255
# There was no charger before.
EARLIEST: Final = date(2010, 1, 1)
SSID_BYTES: Final = 32
PASSWORD_LENGTHS: Final = range(8, 64)
# A box that was locked needs a moment before it can be unlocked again.
WAKE_PAUSE: Final = 2.0


def _short(value: object) -> str:
    """Return what was given, as an error may repeat it."""
    return str(value)[:40]


def within(value: object, low: float, high: float) -> float:
    """Return a number within bounds."""
    checked = number(value)
    if checked is None:
        raise DeviceRefusedError(key="invalid_value", value=_short(value))
    if not low <= checked <= high:
        raise DeviceRefusedError(key="out_of_range", value=checked, low=low, high=high)
    return checked


def whole(value: object, low: int, high: int) -> int:
    """Return a whole number within bounds."""
    checked = within(value, low, high)
    if checked != int(checked):
        raise DeviceRefusedError(key="invalid_value", value=_short(value))
    return int(checked)


def words(value: object, longest: int = LONGEST_TEXT) -> str:
    """Return printable text that is not empty."""
    cleaned = str(value).strip()
    if not cleaned or len(cleaned) > longest or not cleaned.isprintable():
        raise DeviceRefusedError(key="invalid_text", value=_short(value))
    return cleaned


def card(value: object) -> str:
    """Return a card's id: hexadecimal digits, blanks and colons aside."""
    cleaned = re.sub(r"[\s:-]", "", str(value))
    if not CARD.fullmatch(cleaned):
        raise DeviceRefusedError(key="invalid_card")
    return cleaned.lower()


def clock(value: object) -> str:
    """Return a time of day as HH:MM; seconds, which a time selector adds, fall away."""
    found = CLOCK.fullmatch(str(value).strip())
    if found is None:
        raise DeviceRefusedError(key="invalid_time", value=_short(value))
    return f"{found[1]}:{found[2]}"


def weekdays(value: object) -> str:
    """Return days as the cloud counts them, 1 is Monday; digits, or a list of short names."""
    if isinstance(value, list | tuple):
        names = [str(each).lower()[:3] for each in value]
        if not names or not set(names) <= set(WEEK):
            raise DeviceRefusedError(key="invalid_days", value=_short(value))
        return "".join(str(index) for index, name in enumerate(WEEK, 1) if name in names)
    digits = str(value).strip()
    if not digits or not set(digits) <= set("1234567"):
        raise DeviceRefusedError(key="invalid_days", value=_short(value))
    return "".join(sorted(set(digits)))


def ipv4(value: object) -> str:
    """Return the address of an inverter."""
    try:
        address = IPv4Address(str(value).strip())
    except AddressValueError as error:
        raise DeviceRefusedError(key="invalid_ip", value=_short(value)) from error
    if address.is_reserved or address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local:
        raise DeviceRefusedError(key="invalid_ip", value=_short(value))
    return str(address)


def ocpp_address(value: object) -> str:
    """Return the address of a central system."""
    try:
        given = str(value).strip()
        url = urlsplit(given)
        port = url.port
    except ValueError as error:
        raise DeviceRefusedError(key="invalid_ocpp_url") from error
    strange = set(given) & set("@#\\ ") or port == 0 or len(given) > LONGEST_URL or not given.isprintable()
    if url.scheme not in ("ws", "wss") or not url.hostname or strange:
        raise DeviceRefusedError(key="invalid_ocpp_url")
    return given


def moment(value: object) -> str:
    """Return a time stamp as it was given: the cloud uses it as the name of a profile's version."""
    given = str(value).strip()
    try:
        datetime.fromisoformat(given)
    except ValueError as error:
        raise DeviceRefusedError(key="invalid_timestamp", value=_short(value)) from error
    return given


def day(value: object) -> str:
    """Return a date as YYYY-MM-DD."""
    try:
        return date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError as error:
        raise DeviceRefusedError(key="invalid_date", value=_short(value)) from error


def period(start: object, end: object) -> tuple[str | None, str | None]:
    """Return two dates in their order; either may be left out, and then is chosen."""
    first = None if start is None else day(start)
    last = None if end is None else day(end)
    if first is not None and last is None:
        last = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011 the cloud counts local days
    if last is not None and first is None:
        first = date.fromordinal(max(date.fromisoformat(last).toordinal() - 31, EARLIEST.toordinal())).isoformat()
    if first is not None and last is not None and first > last:
        raise DeviceRefusedError(key="invalid_period")
    return first, last


def wifi(ssid: object, password: object) -> dict[str, str]:
    """Return credentials that a network can have."""
    name, secret = str(ssid), str(password)
    if not name.isprintable() or not 1 <= len(name.encode()) <= SSID_BYTES:
        raise DeviceRefusedError(key="invalid_ssid")
    if secret and (len(secret) not in PASSWORD_LENGTHS or not secret.isprintable()):
        raise DeviceRefusedError(key="invalid_wifi_password")
    return {"ssid": name, "password": secret}


def profile(value: object) -> dict[str, Any]:
    """Return a power profile: an object with a mode and a value, and whatever else it holds."""
    if not isinstance(value, Mapping) or not value or len(str(value)) > 4096:
        raise DeviceRefusedError(key="invalid_profile")
    return dict(value)


def newer(known: str | None, installed: str | None) -> bool:
    """Tell whether ``known`` is a newer version than ``installed``; what is no version never is."""
    return _version(known) > _version(installed) if _version(known) and _version(installed) else False


def _version(text: str | None) -> list[int]:
    return [int(part) for part in text.split(".")] if text and VERSION.fullmatch(text) and len(text) < 20 else []


async def ask(trydan: Trydan, endpoint: Endpoint, *, content: Any = None, **params: str | float) -> Any:
    """Make one cloud call for ``trydan`` on behalf of a user; refuse it where there is no account."""
    if trydan.cloud is None:
        raise DeviceRefusedError(key="cloud_needed")
    return await trydan.cloud.client.call(endpoint, trydan.face.device_id, command=True, content=content, **params)


async def reboot(trydan: Trydan) -> None:
    """Restart the charger."""
    await ask(trydan, endpoints.REBOOT)


async def update_firmware(trydan: Trydan) -> None:
    """Have the charger fetch its firmware."""
    await ask(trydan, endpoints.UPDATE)


async def wake(trydan: Trydan) -> None:
    """Wake a car that stays asleep after a pause: lock and unlock once, only while one waits and nothing flows."""
    settings = trydan.settings
    if trydan.charge.state != "connected" or settings.paused or settings.locked:
        raise DeviceRefusedError(key="nothing_to_wake")
    try:
        await trydan.write(settings, Settings.locked, value=True)
        await asyncio.sleep(WAKE_PAUSE)
    finally:
        # Whatever became of the first half: a box that stays locked charges nobody.
        await trydan.write(settings, Settings.locked, value=False)
