"""The operating mode: four words for what six flags of the box say together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ...energy_core.device import CommandResult
from ...energy_core.points import Point, Value
from .points import Meter, Settings

if TYPE_CHECKING:
    from .device import Trydan

STOP: Final = "stop"
CHARGE: Final = "charge"
DYNAMIC: Final = "dynamic"
SOLAR: Final = "solar"

SOLAR_MODES: Final = ("solar_only", "solar_minimum")


def operating_mode(settings: Settings, meter: Meter) -> str | None:
    """Return the mode that the flags amount to, None while they are not known."""
    if settings.paused is None or settings.dynamic is None:
        return None
    if settings.paused or settings.locked or settings.power_mode == "stop":
        return STOP
    if not settings.dynamic or settings.pause_dynamic:
        return CHARGE
    # The cloud does not say the power mode, only whether solar power counts.
    solar = settings.power_mode in SOLAR_MODES if settings.power_mode else meter.solar_on
    return SOLAR if solar else DYNAMIC


def changes(mode: str, settings: Settings, *, lan: bool) -> Mapping[Point[Any], Value]:
    """Return what must be set for ``mode``, flags first and the start of charging last.

    Manual charging keeps dynamic control on but at rest, where the box lets it: its meter goes on to be read.
    """
    if mode == STOP:
        return {} if settings.locked else {Settings.paused: True}
    wanted: dict[Point[Any], Value] = {}
    if mode == CHARGE:
        if settings.dynamic:
            wanted |= {Settings.pause_dynamic: True} if lan else {Settings.dynamic: False}
    else:
        wanted |= _power_mode(mode, settings)
        wanted[Settings.dynamic] = True
        if lan:
            wanted[Settings.pause_dynamic] = False
    if settings.power_mode == "stop" and Settings.power_mode not in wanted:
        wanted[Settings.power_mode] = "solar_grid"
    return wanted | {Settings.locked: False, Settings.paused: False}


def _power_mode(mode: str, settings: Settings) -> dict[Point[Any], Value]:
    """Leave a power mode that is of this kind already: it may be the App's."""
    if mode == SOLAR:
        return {} if settings.power_mode in SOLAR_MODES else {Settings.power_mode: "solar_only"}
    return {} if settings.power_mode in ("solar_grid", "app_profile", "app_profile_off") else {Settings.power_mode: "solar_grid"}


async def set_mode(trydan: Trydan, mode: str) -> CommandResult:
    """Set each flag that differs, one after the other; stop at the first that is not applied."""
    done: list[CommandResult] = []
    for point, value in changes(mode, trydan.settings, lan=not trydan.lan_lost).items():
        if trydan.settings.get(point) == value:
            continue
        done.append(await trydan.write(trydan.settings, point, value))
        if not done[-1].applied:
            break
    latencies = [each.latency for each in done if each.latency is not None]
    return CommandResult(
        applied=all(each.applied for each in done),
        latency=sum(latencies) if len(latencies) == len(done) else None,
        writes=sum(each.writes for each in done),
    )
