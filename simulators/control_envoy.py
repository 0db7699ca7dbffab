"""The part of the control API that concerns the Enphase gateway."""

from collections import Counter
from dataclasses import asdict
from math import isinf
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .envoy import EnvoySimulator

KEYS: Final = ("options", "faults", "firmware", "serial", "reboot", "new_certificate", "forget_sessions", "forget")


def envoy_state(envoy: EnvoySimulator) -> dict[str, object]:
    """Give everything about a gateway."""
    model, settings = envoy.model, envoy.site.settings
    return {
        "serial": envoy.serial,
        "software": envoy.options.firmware.software,
        "address": envoy.address,
        "scheme": envoy.scheme,
        "fingerprint": envoy.fingerprint,
        "powers": {**{k: round(v, 1) for k, v in asdict(model.powers).items()}, "load": round(model.powers.load, 1)},
        "registers": {name: round(value, 1) for name, value in asdict(model.registers).items()},
        "today": {name: round(value, 1) for name, value in asdict(model.today).items()},
        "off_grid": model.off_grid,
        "storage": settings.tariff["tariff"].get("storage_settings"),
        "streams": envoy.site.extras.streams,
        "booting": envoy.site.booting,
        "sessions": len(envoy.site.gate.sessions),
        "token_checks": envoy.site.gate.token_checks,
        "requests": len(envoy.requests),
        "requests_by_path": dict(Counter(request.path for request in envoy.requests)),
        "writes": [[request.method, request.path, request.body] for request in envoy.writes],
        "most_open": envoy.most_open,
        "busiest_minute": envoy.busiest_minute,
        "smallest_gap": None if isinf(envoy.smallest_gap) else round(envoy.smallest_gap, 3),
        "violations": [[each.kind, each.path, each.detail] for each in envoy.violations],
        "faults": envoy.faults.kinds,
        "port": envoy.port,
    }


def envoy_rows(envoy: EnvoySimulator) -> dict[str, object]:
    """Give what the page shows of a gateway."""
    found = envoy_state(envoy)
    names = ("serial", "software", "address", "scheme", "off_grid", "requests", "most_open", "busiest_minute", "violations")
    return {name: found[name] for name in names} | dict(asdict(envoy.model.powers))


def patch_envoy(envoy: EnvoySimulator, change: dict[str, Any]) -> None:
    """Change a gateway: options, faults, firmware, serial, reboot, new_certificate, forget_sessions, forget."""
    if unknown := set(change) - set(KEYS):
        raise ValueError(f"unknown keys: {sorted(unknown)}")
    envoy.change(**{name: _like(getattr(envoy.options, name), value) for name, value in change.get("options", {}).items()})
    for path, kind in change.get("faults", {}).items():
        if kind is None:
            envoy.heal(None if path == "*" else path)
        else:
            envoy.fail(path, kind)
    if "serial" in change:
        envoy.replace_serial(str(change["serial"]))
    if "firmware" in change:
        envoy.update_firmware(str(change["firmware"]))
    if change.get("new_certificate"):
        envoy.new_certificate()
    if change.get("forget_sessions"):
        envoy.forget_sessions()
    if change.get("reboot"):
        envoy.reboot(float(change["reboot"]))
    if change.get("forget"):
        envoy.forget()


def _like(known: object, value: Any) -> Any:
    """Give what JSON said in the type that the option has."""
    if isinstance(known, set | tuple):
        return type(known)(value)
    if isinstance(known, dict) and isinstance(value, dict):
        return {int(key) if key.isdigit() else key: each for key, each in value.items()}
    return value
