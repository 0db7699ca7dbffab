"""The part of the control API that concerns the Enphase cloud."""

from typing import TYPE_CHECKING, Any, Final

from .enphase_cloud_options import check_outage

if TYPE_CHECKING:
    from .enphase_cloud import EnphaseCloudSimulator

KEYS: Final = frozenset({"outage", "path_outage", "options", "faults", "forget_logins"})


def enphase_cloud_state(cloud: EnphaseCloudSimulator) -> dict[str, object]:
    """Give everything about the cloud, but no token and no password."""
    fault = cloud.faults.http
    options = cloud.options
    return {
        "base_url": cloud.base_url,
        "outage": cloud.outage,
        "path_outage": cloud.path_outage,
        "calls": len(cloud.calls),
        "calls_by_path": dict(cloud.calls_by_path()),
        "logins": cloud.logins,
        "issued": len(cloud.issued),
        "options": {name: getattr(options, name) for name in ("serials", "role", "lifetime", "mfa", "blocked")},
        "faults": {"http": fault.kind if fault else None},
        "port": cloud.port,
    }


def patch_enphase_cloud(cloud: EnphaseCloudSimulator, change: dict[str, Any]) -> None:
    """Change the cloud: outage, path_outage, options, faults, forget_logins."""
    if unknown := set(change) - KEYS:
        raise ValueError(f"unknown keys: {sorted(unknown)}")
    if "outage" in change:
        cloud.outage = change["outage"]
    if "path_outage" in change:
        cloud.path_outage = {path: check_outage(outage) for path, outage in change["path_outage"].items()}
    for key, value in change.get("options", {}).items():
        known = getattr(cloud.options, key)
        setattr(cloud.options, key, tuple(value) if isinstance(known, tuple) else value)
    for wire, fault in change.get("faults", {}).items():
        cloud.faults.set(wire, fault)
    if change.get("forget_logins"):
        cloud.forget_logins()
