"""From a gateway's answers to flat values: one function for each endpoint, tolerant of every gap.

A value's key is ``(endpoint, field)``, or ``(endpoint, item, field)`` where the answer is a list: the
item is a serial number, a meter's ``eid``, a relay's name, or a segment. An answer of another shape
raises ``DeviceProtocolError``; a field that is missing is simply not there.
Shapes: research brief, section 2, and the public captures.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
import html
import re
from typing import Any, Final

from ...energy_core.errors import DeviceProtocolError
from ...energy_core.http import Json
from ...energy_core.points import Key, Raw, number, text

type Flat = dict[Key, Raw]

# A number that a signed 32-bit field cannot hold is a negative one read as unsigned (trap 15).
UINT32: Final = 2**32
POWERS: Final = frozenset({"activePower", "wNow", "lastReportWatts", "acb_lastReportWatts"})
INT32_MAX: Final = 2**31
# Device types in the list of inverters (trap 16): AC batteries stand among them.
INVERTER_TYPE: Final = 1
ACB_TYPE: Final = 11
NOT_INVERTERS: Final = frozenset({ACB_TYPE, 12})
WH_PER_UNIT: Final = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


def objects(document: Json) -> list[dict[str, Any]]:
    """Return the objects of a list; anything that is no list is another kind of answer."""
    if not isinstance(document, list):
        raise DeviceProtocolError("a list was expected")
    return [each for each in document if isinstance(each, dict)]


def mapping(document: Json, *known: str) -> dict[str, Any]:
    """Return an object that has at least one of the ``known`` keys."""
    if not isinstance(document, dict) or (known and not any(key in document for key in known)):
        raise DeviceProtocolError("an object with known keys was expected")
    return document


def inner(parent: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects of a list inside an object; none when it is not there."""
    found = parent.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def signed(raw: Raw) -> Raw:
    """Return a small number that was read as unsigned as the negative one that it is (trap 15)."""
    value = number(raw)
    return value - UINT32 if value is not None and INT32_MAX <= value < UINT32 else raw


def _item(endpoint: str, item: Raw, fields: Mapping[str, Raw]) -> Iterator[tuple[Key, Raw]]:
    name = text(item)
    if name is not None:
        for field, raw in fields.items():
            if raw is not None and not isinstance(raw, dict | list):
                yield (endpoint, name, field), signed(raw) if field in POWERS else raw


def _items(endpoint: str, key: str, entries: Iterable[Mapping[str, Any]]) -> Flat:
    found = {text(entry.get(key)): entry for entry in entries}
    found.pop(None, None)
    flat: Flat = {slot: raw for item, entry in found.items() for slot, raw in _item(endpoint, item, entry)}
    flat[endpoint, "count"] = len(found)
    return flat


def info(document: bytes) -> Flat:
    """``/info``: XML about the gateway itself; the packages repeat names, so only the device counts."""
    page = document.decode(errors="replace")
    device = _tag(page, "device")
    if device is None or (serial := text(_tag(device, "sn"))) is None:
        raise DeviceProtocolError("not the identity of a gateway", key="not_envoy")
    software = (_tag(device, "software") or "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return {
        ("info", "serial"): serial,
        ("info", "firmware"): software,
        ("info", "part_number"): _tag(device, "pn"),
        ("info", "metered"): _tag(device, "imeter") == "true",
        ("info", "token"): _tag(page, "web-tokens") == "true",
        ("info", "time"): _tag(page, "time"),
    }


def _tag(page: str, name: str) -> str | None:
    _, opened, rest = page.partition(f"<{name}>")
    inside, closed, _ = rest.partition(f"</{name}>")
    return html.unescape(inside).strip() if opened and closed else None


def meters(document: Json) -> Flat:
    """``/ivp/meters``: what each CT measures, and how it does."""
    flat = _items("meters", "eid", objects(document))
    for entry in objects(document):
        if (eid := text(entry.get("eid"))) is not None:
            flags = entry.get("statusFlags")
            flat["meters", eid, "flags"] = len(flags) if isinstance(flags, list) else 0
    return flat


def _pick(flat: Flat, endpoint: str, item: str, row: Mapping[str, Raw], fields: Collection[str]) -> None:
    """Take over no other ``fields``: of what is read often, what nobody asks for is not even looked at."""
    for field in fields:
        if (raw := row.get(field)) is not None and not isinstance(raw, dict | list):
            flat[endpoint, item, field] = signed(raw) if field in POWERS else raw


def readings(document: Json, fields: Collection[str]) -> Flat:
    """``/ivp/meters/readings``: each CT by its ``eid``, its phases as ``eid.1`` to ``eid.3``."""
    flat: Flat = {}
    for entry in objects(document):
        eid = text(entry.get("eid"))
        if eid is None:
            continue
        for phase, row in enumerate((entry, *inner(entry, "channels"))):
            _pick(flat, "readings", f"{eid}.{phase}" if phase else eid, row, fields)
    if not flat:
        raise DeviceProtocolError("no meter at all")
    return flat


def production(document: Json, fields: Collection[str]) -> Flat:
    """``/production.json``: segments by what they measure, never by position (trap 11).

    Segments are ``inverters``, ``acb``, ``production``, ``total-consumption`` and ``net-consumption``;
    their phases end in ``.1`` to ``.3``. Firmware 4.2 does not say what its meters measure.
    """
    top = mapping(document, "production", "consumption")
    flat: Flat = {}
    for group in ("production", "consumption", "storage"):
        for segment in inner(top, group):
            kind = segment.get("type")
            if kind == "eim":
                kind = segment.get("measurementType") or (group if group == "production" else None)
            if (name := text(kind)) is None:
                continue
            _pick(flat, "production", name, segment, fields)
            for phase, line in enumerate(inner(segment, "lines"), 1):
                if any(line.values()):
                    _pick(flat, "production", f"{name}.{phase}", line, fields)
    return flat


def v1_production(document: Json) -> Flat:
    """``/api/v1/production``: the sum of a gateway without meters."""
    top = mapping(document, "wattHoursLifetime", "wattsNow")
    return {("v1", field): raw for field, raw in top.items() if number(raw) is not None}


def page_production(document: bytes) -> Flat:
    """Return the same as ``v1_production`` from the page of firmware before 3.9, which has nothing else."""
    words = re.sub(r"<[^<>]*>", " ", document[:200_000].decode(errors="replace"))
    flat: Flat = {}
    for label, field in (
        ("Currently", "wattsNow"),
        ("Today", "wattHoursToday"),
        ("Past Week", "wattHoursSevenDays"),
        ("Since Installation", "wattHoursLifetime"),
    ):
        if found := re.search(rf"\b{label}\s{{1,20}}([0-9.]{{1,12}})\s{{0,5}}([kMG]?)Wh?\b", words):
            value = number(found[1])
            flat["v1", field] = None if value is None else value * WH_PER_UNIT[found[2]]
    if ("v1", "wattHoursLifetime") not in flat:
        raise DeviceProtocolError("a page without production")
    return flat


def inverters(document: Json) -> Flat:
    """``/api/v1/production/inverters``: the last report of each; AC batteries are kept apart (trap 16)."""
    entries = objects(document)
    solar = [entry for entry in entries if (kind := _device_type(entry)) is not None and kind not in NOT_INVERTERS]
    acbs = [entry for entry in entries if _device_type(entry) == ACB_TYPE]
    flat = _items("inverters", "serialNumber", solar)
    for entry in acbs:
        fields = {f"acb_{field}": raw for field, raw in entry.items()}
        flat.update(_item("inverters", entry.get("serialNumber"), fields))
    return flat


def _device_type(entry: Mapping[str, Any]) -> float | None:
    """Return what an entry is, None where that cannot be read; inverters of old firmware do not say it."""
    return number(entry["devType"]) if "devType" in entry else INVERTER_TYPE


def device_data(document: Json) -> Flat:
    """``/ivp/pdm/device_data``: each device's last interval; several channels of one inverter are summed."""
    top = mapping(document, "deviceCount", "deviceDataLimit")
    flat: Flat = {("device_data", field): top.get(field) for field in ("deviceCount", "deviceDataLimit")}
    for entry in top.values():
        if isinstance(entry, dict) and (channels := inner(entry, "channels")):
            flat.update(_item("device_data", entry.get("sn"), _device(entry, channels)))
    return flat


def _device(entry: Mapping[str, Any], channels: list[dict[str, Any]]) -> dict[str, Raw]:
    first, last = _sub(channels[0], "lastReading"), [_sub(channel, "lastReading") for channel in channels]
    lifetime = [_sub(channel, "lifetime") for channel in channels]
    joules, seconds = _total(last, "joulesProduced"), number(first.get("duration"))
    today = [_sub(channel, "wattHours") for channel in channels]
    return {
        **{field: raw for field, raw in first.items() if number(raw) is not None},
        "kind": entry.get("devName"),
        "active": entry.get("active"),
        "today": _total(today, "today"),
        "yesterday": _total(today, "yesterday"),
        "week": _total(today, "week"),
        "produced": None if (total := _total(lifetime, "joulesProduced")) is None else total / 3600,
        "used": None if (spent := _total(lifetime, "joulesUsed")) is None else spent / 3600,
        "interval_energy": joules / seconds / 3.6 if joules is not None and seconds and seconds > 0 else None,
        **{field: channels[0].get(field) for field in ("SOH", "SOC", "maxCellTemp")},
    }


def _sub(parent: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def _total(parts: list[dict[str, Any]], key: str) -> float | None:
    values = [value for part in parts if (value := number(part.get(key))) is not None]
    return sum(values) if values else None


def inventory(document: Json) -> Flat:
    """``/inventory.json``: what is installed; the kind of each device is the name of its group."""
    flat: Flat = {("inventory", "count"): 0}
    for group in objects(document):
        devices = [each for each in inner(group, "devices") if each.get("admin_state") != 0]
        for entry in devices:
            fields = entry | {"kind": group.get("type"), "status": _status(entry), "sleeping": _asleep(entry)}
            flat.update(_item("inventory", entry.get("serial_num"), fields))
        flat["inventory", str(group.get("type"))] = len(devices)
    return flat


def _status(entry: Mapping[str, Any]) -> str | None:
    states = entry.get("device_status")
    return ", ".join(str(each) for each in states) if isinstance(states, list) else None


def _asleep(entry: Mapping[str, Any]) -> bool:
    """Tell whether an AC battery is asleep now; ``sleep_enabled`` is what was asked for."""
    return "pcu_ctrl.sleep-mode" in (_status(entry) or "")


def ensemble_inventory(document: Json) -> Flat:
    """``/ivp/ensemble/inventory``: batteries, system controller, collar, combiner; groups may be empty (trap 17)."""
    flat: Flat = {("ensemble", "ENCHARGE"): 0}
    for group in objects(document):
        devices = inner(group, "devices")
        for entry in devices:
            flat.update(_item("ensemble", entry.get("serial_num"), entry | {"kind": group.get("type")}))
        flat["ensemble", str(group.get("type"))] = len(devices)
    return flat


def ensemble_power(document: Json) -> Flat:
    """``/ivp/ensemble/power``: its key really ends in a colon (trap 18)."""
    top = mapping(document, "devices:", "devices")
    return _items("power", "serial_num", inner(top, "devices:") or inner(top, "devices"))


def contacts(endpoint: str, document: Json) -> Flat:
    """Return each dry contact by its id, as text in lower case: NC1, NC2, NO1, NO2."""
    return _items(endpoint, "id", inner(mapping(document), "dry_contacts"))


def tariff(document: Json) -> Flat:
    """``/admin/lib/tariff``: of all of it only the storage settings are values."""
    settings = _sub(_sub(mapping(document, "tariff"), "tariff"), "storage_settings")
    return {("tariff", field): raw for field, raw in settings.items() if not isinstance(raw, dict | list)}


def plain(endpoint: str, document: Json, *known: str) -> Flat:
    """Return an object's own fields."""
    top = mapping(document, *known)
    return {(endpoint, field): raw for field, raw in top.items() if not isinstance(raw, dict | list)}


def home(document: Json) -> Flat:
    """``/home``: how the gateway itself does."""
    top = mapping(document, "network", "software_build_epoch")
    network = _sub(top, "network")
    primary = next(
        (each for each in inner(network, "interfaces") if each.get("interface") == network.get("primary_interface")), {}
    )
    best = number(primary.get("signal_strength_max"))
    strength = number(primary.get("signal_strength"))
    return {
        ("home", "database"): top.get("db_percent_full"),
        ("home", "cloud_report"): network.get("last_enlighten_report_time"),
        ("home", "cloud"): network.get("web_comm"),
        ("home", "signal"): strength / best * 100 if strength is not None and best else None,
        ("home", "mac"): primary.get("mac"),
    }
