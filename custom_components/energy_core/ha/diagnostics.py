"""What a bug report needs: the report, the decoded blocks, the capture; nothing that identifies anybody."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..capture import Recorder, scrub
from .coordinator import EnergyCoordinator
from .loop import Loop


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


def loops_report(loops: Iterable[Loop]) -> list[dict[str, Any]]:
    """Return what each loop was told, what it does, and when it last heard of its sources."""
    return [
        {
            "title": loop.subentry.title,
            "data": dict(loop.subentry.data),
            "settings": {each.key: loop.value(each.key) for each in loop.settings},
            "status": loop.status,
            "memory": loop.memory,
            "sources": {
                key: {
                    "power": None if source.sample is None else source.sample.value,
                    "age": source.age(),
                    "period": source.period,
                }
                for key, source in loop.sources.items()
            },
        }
        for loop in loops
    ]
