"""The part of the control API that concerns the charger, its car and its cloud."""

from dataclasses import asdict
from datetime import datetime
from math import isinf
from typing import TYPE_CHECKING, Any

from .trydan_payload import QUIRKS

if TYPE_CHECKING:
    from .trydan import TrydanSimulator
    from .v2c_cloud import V2CCloudSimulator


def trydan_state(trydan: TrydanSimulator) -> dict[str, object]:
    """Give everything about a charger."""
    fault = trydan.faults.http
    return {
        "device_id": trydan.options.device_id,
        "firmware": trydan.options.firmware,
        "values": {k: round(v, 3) if isinstance(v, float) else v for k, v in trydan.values.all().items()},
        "car": asdict(trydan.car) | {"soc": round(trydan.car.soc, 3), "power": round(trydan.model.watts, 1)},
        "offered": trydan.model.offered,
        "sessions": len(trydan.model.sessions),
        "requests": len(trydan.requests),
        "writes": trydan.written,
        "most_open": trydan.most_open,
        "smallest_gap": None if isinf(trydan.smallest_gap) else round(trydan.smallest_gap, 3),
        "connections": trydan.connections,
        "faults": {"http": fault.kind if fault else None},
        "quirks": sorted(trydan.quirks),
        "pinned": sorted(trydan.values.pins),
        "port": trydan.port,
    }


def v2c_state(cloud: V2CCloudSimulator) -> dict[str, object]:
    """Give everything about the cloud."""
    fault = cloud.faults.http
    return {
        "base_url": cloud.base_url,
        "outage": cloud.outage,
        "path_outage": cloud.path_outage,
        "offline_devices": sorted(cloud.offline_devices),
        "calls": len(cloud.calls),
        "calls_by_path": dict(cloud.calls_by_path()),
        "left": {key: cloud.left(key) for key in cloud.accounts()},
        "sessions": len(cloud.sessions.records),
        "faults": {"http": fault.kind if fault else None},
        "port": cloud.port,
    }


def patch_trydan(trydan: TrydanSimulator, change: dict[str, Any]) -> None:
    """Change a charger: set, clear, options, quirks, faults, write, reboot."""
    _known(change, "set", "clear", "options", "quirks", "faults", "write", "reboot")
    quirks = set(change.get("quirks", trydan.quirks))
    if not quirks <= QUIRKS:
        raise ValueError(f"unknown quirks: {sorted(quirks - QUIRKS)}")
    trydan.quirks = quirks
    for key, value in change.get("set", {}).items():
        trydan.set(key, value)
    for key in change.get("clear", []):
        trydan.clear(key)
    trydan.house.advance()
    _options(trydan.options, change.get("options", {}))
    for wire, fault in change.get("faults", {}).items():
        trydan.faults.set(wire, fault)
    for key, value in change.get("write", {}).items():
        if not trydan.write(key, value):
            raise ValueError(f"{key} does not take {value}")
    if change.get("reboot"):
        trydan.reboot()


def patch_v2c(cloud: V2CCloudSimulator, change: dict[str, Any]) -> None:
    """Change the cloud: outage, path_outage, offline_devices, options, faults, sessions, swipe."""
    _known(change, "outage", "path_outage", "offline_devices", "options", "faults", "sessions", "swipe")
    if "outage" in change:
        cloud.outage = change["outage"]
    if "path_outage" in change:
        cloud.path_outage = dict(change["path_outage"])
    if "offline_devices" in change:
        cloud.offline_devices = set(change["offline_devices"])
    _options(cloud.options, change.get("options", {}))
    for wire, fault in change.get("faults", {}).items():
        cloud.faults.set(wire, fault)
    for session in change.get("sessions", []):
        start, end = (datetime.fromisoformat(session.pop(name)) for name in ("start", "end"))
        cloud.add_session(session.pop("device_id"), start, end, session.pop("kwh_by_hour"), **session)
    for device_id, code in change.get("swipe", {}).items():
        cloud.swipe(device_id, code)


def _known(change: dict[str, Any], *keys: str) -> None:
    if unknown := set(change) - set(keys):
        raise ValueError(f"unknown keys: {sorted(unknown)}")


def _options(options: object, change: dict[str, Any]) -> None:
    """Change options; a name that does not exist is an AttributeError."""
    for key, value in change.items():
        known = getattr(options, key)
        setattr(options, key, set(value) if isinstance(known, set) else value)
