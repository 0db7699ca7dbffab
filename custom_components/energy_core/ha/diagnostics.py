"""What a bug report needs: the report, the decoded blocks, the capture; nothing that identifies anybody."""

from collections.abc import Collection, Mapping
from typing import Any

from ..capture import Recorder, scrub
from .coordinator import EnergyCoordinator


def device_diagnostics(
    coordinator: EnergyCoordinator[Any], recorder: Recorder, *, secrets: Collection[str], about: Mapping[str, Any]
) -> dict[str, Any]:
    """Return diagnostics of one device, scrubbed of ``secrets`` and of every point marked secret."""
    report = coordinator.data
    blocks = {
        name: {
            "values": {key: "REDACTED" if block.points[key].secret and value else value for key, value in block.values.items()},
            "unknown_codes": block.unknown,
        }
        for name, block in coordinator.device.blocks.items()
    }
    gathered = {
        **about,
        "last_update_success": coordinator.last_update_success,
        "interval": coordinator.interval,
        "updated": sorted(report.updated) if report else [],
        "failed": {name: str(error) for name, error in report.failed.items()} if report else {},
        "blocks": blocks,
        "capture": recorder.capture(),
    }
    return dict(scrub(gathered, secrets))
