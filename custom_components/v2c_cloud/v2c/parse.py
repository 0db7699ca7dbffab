"""What the cloud's answers mean; their shapes differ by firmware, by gateway and by the day.

Only ``loose`` raises; everything else takes whatever JSON there is and returns None, or less, for what it cannot use.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
import re
from typing import Any, Final

from ...energy_core import http
from ...energy_core.errors import DeviceProtocolError
from ...energy_core.http import Json
from ...energy_core.points import number, text, tidy

# JSON in a JSON string in a JSON string has been seen; nothing has been seen deeper.
TWICE: Final = 2
# Longer than any plain answer, and than any value of a flat one.
TEXT_LIMIT: Final = 4096
VALUE_LIMIT: Final = 512
# More than one account, one charger or one scan has.
MOST_ITEMS: Final = 256
MOST_KEYS: Final = 512
# Objects around what was asked for, and objects within what should be flat.
WRAPPERS: Final = 4
NESTS: Final = 3
DEVICE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
FIRMWARE: Final = re.compile(r"[vV]?(\d[\w.+-]{0,31})", re.ASCII)
PLACEHOLDER: Final = "init"
WORDS: Final = {
    **dict.fromkeys(("true", "on", "yes", "1", "online", "connected", "ok"), True),
    **dict.fromkeys(("false", "off", "no", "0", "offline", "disconnected"), False),
}
CONNECTED: Final = ("connected", "isconnected", "is_connected", "online", "is_online", "statusconnection")
LISTS: Final = ("data", "content", "items")
OBJECTS: Final = ("state", "reported", "data")


def loose(body: bytes) -> Json:
    """Return what a body says: JSON, also when it is wrapped in JSON strings, else a truth, a number or text.

    Nothing at all is None, and so are NaN and infinity. Raises ``DeviceProtocolError`` for a nest.
    """
    found = _json_or_text(body)
    for _ in range(TWICE):
        if not isinstance(found, str) or not found.startswith(("{", "[", '"')):
            break
        found = _json_or_text(found.encode(errors="replace"))
    return _plain(found) if isinstance(found, str) else found


def _json_or_text(body: bytes) -> Json:
    try:
        found = http.parse(body)
    except DeviceProtocolError as error:
        if not isinstance(error.__cause__, ValueError):
            raise
        found = body.decode(errors="replace")
    return found.strip("\ufeff\0 \t\r\n") if isinstance(found, str) else found


def _plain(found: str) -> str | bool | float | None:
    """Return what a text stands for; true and numbers that are proper JSON have been read already."""
    if found.lower() in ("true", "false"):
        return found.lower() == "true"
    return found[:TEXT_LIMIT] or None


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """A charger of the account; ``price`` is per kWh, ``co2`` in kg per kWh."""

    device_id: str
    name: str | None = None
    model: str | None = None
    price: float | None = None
    co2: float | None = None
    ip: str | None = None


def pairings(answer: Json) -> list[Pairing] | None:
    """Return the chargers of an account, None when the answer does not list any that can be used."""
    if (entries := _entries(answer, "pairings")) is None:
        return None
    found: dict[str, Pairing] = {}
    for entry in map(_folded, _objects(entries)):
        if (device_id := _device_id(entry)) is not None:
            price, co2 = number(entry.get("price")), number(entry.get("cocost"))
            pairing = Pairing(
                device_id=device_id,
                name=_first(entry, "tag", "name"),
                model=_first(entry, "model"),
                price=price,
                co2=co2,
                ip=_first(entry, "ip"),
            )
            found.setdefault(device_id, pairing)
    return list(found.values()) if found or not entries else None


def _device_id(entry: dict[str, Any]) -> str | None:
    names = (text(entry.get(name)) for name in ("deviceid", "device_id", "id"))
    return next((name for name in names if name is not None and DEVICE_ID.fullmatch(name)), None)


def reported(answer: Json) -> dict[str, Any]:
    """Return the shadow document as one flat object with lower-case keys; the network's are ``wifi_…``."""
    found = _flat(_unwrapped(answer))
    if not found.get("wifi_ip"):
        # A fixed address; never ``huawei_ip``, where the inverter is.
        fixed = [found[name] for name in ("wifi_static_ip", "wifi_static") if _is_address(found.get(name))]
        found |= {"wifi_ip": fixed[0]} if fixed else {}
    return found


def live(answer: Json) -> dict[str, Any]:
    """Return the live data as one flat object with lower-case keys; ``voltage`` in V.

    It comes in kV, though the vendor's example has V. ``cp_level`` is none, whatever its value looks like.
    """
    found = _flat(_unwrapped(answer))
    voltage = number(found.get("voltage"))
    if voltage is not None and 0 < voltage < 1:
        found["voltage"] = tidy(1000 * voltage)
    return found


def connected(answer: Json) -> bool | None:
    """Tell whether the charger is connected to the cloud: it is when the answer is empty."""
    if answer is None or answer == "":
        return True
    if isinstance(answer, dict | list):
        entry = _folded(_unwrapped(answer))
        truths = (_truth(entry[name]) for name in CONNECTED if name in entry)
        return next((truth for truth in truths if truth is not None), None)
    return _truth(answer)


def version(answer: Json) -> tuple[str | None, str | None]:
    """Return the firmware and the model, each None where the cloud has only a placeholder."""
    if not isinstance(answer, dict | list):
        plain = FIRMWARE.fullmatch(text(answer) or "")
        return (plain[1] if plain else None), None
    entry = _folded(_unwrapped(answer))
    firmware = next(_real(entry, "versionid", "version", "firmwareversion"), None)
    models = _real(entry, "commercialname", "modelname", "modelid")
    # A number is the maker's own index.
    model = next((name for name in models if number(name) is None), None)
    known = FIRMWARE.fullmatch(firmware or "")
    return (known[1] if known else firmware), _pretty(model or "")


def _real(entry: dict[str, Any], *names: str) -> Iterator[str]:
    texts = (text(entry.get(name)) for name in names)
    return (each for each in texts if each is not None and each.lower() != PLACEHOLDER)


def _pretty(model: str) -> str | None:
    """Return a model as people write it: Trydan Pro 4G, not TRYDAN_PRO_4G."""
    words = model.replace("_", " ").split()
    shouted = (word.isalpha() and (word.isupper() or word.islower()) for word in words)
    return " ".join(word.capitalize() if plain else word for word, plain in zip(words, shouted, strict=True)) or None


def cards(answer: Json) -> list[dict[str, Any]] | None:
    """Return the RFID cards, each with its ``code`` and its ``tag``; None when the answer is no list."""
    if (entries := _entries(answer, "cards", "rfid")) is None:
        return None
    folded = [_folded(entry) for entry in _objects(entries)]
    found = [{"code": _first(entry, "code", "rfidcode"), "tag": _first(entry, "tag", "name", "rfidname")} for entry in folded]
    return [card for card in found if card["code"] is not None]


def profiles(answer: Json) -> list[dict[str, Any]] | None:
    """Return the power profiles that have a name, with ``active`` as a truth; None when the answer is no list."""
    if (entries := _entries(answer, "profiles")) is None:
        return None
    found = []
    for entry in _objects(entries):
        if (name := text(entry.get("name"))) is not None:
            active = {"active": _truth(entry["active"])} if "active" in entry else {}
            found.append({**entry, "name": name, **active})
    return found


def networks(answer: Json) -> list[dict[str, Any]] | list[str]:
    """Return the networks of a Wi-Fi scan: objects, or names where the answer has only names."""
    entries = _entries(answer, "networks", "wifi", "wifilist") or []
    if found := _objects(entries):
        return found
    return [name for name in map(text, entries) if name is not None]


def totals(answer: Json) -> tuple[float | None, int | None]:
    """Return the energy in kWh and the number of charges of an account, added up where there are several."""
    entries = _entries(answer)
    folded = [_folded(entry) for entry in _objects([_unwrapped(answer)] if entries is None else entries)]
    energies = _numbers(entry.get("totalenergy", entry.get("energy")) for entry in folded)
    charges = _numbers(entry.get("totalcharges") for entry in folded)
    energy, count = number(sum(energies)), number(sum(charges))
    return (
        tidy(energy) if energies and energy is not None else None,
        int(count) if charges and count is not None else None,
    )


def _numbers(values: Iterable[Json]) -> list[float]:
    return [found for found in map(number, values) if found is not None and found >= 0]


# Shapes


def _entries(answer: Json, *names: str) -> list[Json] | None:
    """Return the list that an answer is, or has under one of ``names`` or of the usual ones."""
    for _ in range(WRAPPERS):
        if isinstance(answer, list):
            return answer[:MOST_ITEMS]
        if not isinstance(answer, dict):
            return None
        inner = _folded(answer)
        answer = _unpacked(next((inner[name] for name in (*names, *LISTS) if name in inner), None))
    return None


def _objects(entries: Iterable[Json]) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)]


def _unwrapped(answer: Json) -> dict[str, Any]:
    """Return the object that was asked for, without the objects and lists of one around it."""
    for _ in range(WRAPPERS):
        answer = _unpacked(answer[0] if isinstance(answer, list) and len(answer) == 1 else answer)
        if not isinstance(answer, dict):
            continue
        inner = [_unpacked(value) for name, value in _folded(answer).items() if name in OBJECTS]
        if not (nests := [each for each in inner if isinstance(each, dict | list)]):
            break
        answer = nests[0]
    return answer if isinstance(answer, dict) else {}


def _unpacked(value: Json) -> Json:
    """Return a value that may be JSON within a string."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return loose(value.encode(errors="replace"))
    except DeviceProtocolError:
        return None


def _flat(nest: dict[str, Any], prefix: str = "", depth: int = NESTS) -> dict[str, Any]:
    """Return the scalars of an object and of those within it; lists and what is null are left out."""
    found: dict[str, Any] = {}
    for name, packed in list(_folded(nest).items())[:MOST_KEYS]:
        value = _unpacked(packed)
        if isinstance(value, dict):
            if depth > 1:
                found |= _flat(value, f"{prefix}{name.removesuffix('_info')}_", depth - 1)
        elif isinstance(value, str):
            found[prefix + name] = value[:VALUE_LIMIT]
        elif value is not None and not isinstance(value, list):
            found[prefix + name] = value
    return found


def _folded(entry: dict[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in entry.items()}


def _first(entry: dict[str, Any], *names: str) -> str | None:
    return next((found for found in (text(entry.get(name)) for name in names) if found is not None), None)


def _truth(value: Json) -> bool | None:
    return value if isinstance(value, bool) else WORDS.get((text(value) or "").lower())


def _is_address(value: Json) -> bool:
    try:
        return isinstance(value, str) and not IPv4Address(value).is_unspecified
    except ValueError:
        return False
