"""What no wire of the Trydan says, and what must be so before it is told something."""

from typing import TYPE_CHECKING, Any, Final

from ...energy_core.errors import DeviceRefusedError
from ...energy_core.points import Point, Value, number
from . import codes
from .modes import operating_mode
from .plan import Kind
from .points import Charge, LastSession, Phases, Session, Settings, Status
from .session import SessionMeter
from .sessions import SessionBook

if TYPE_CHECKING:
    from .device import Trydan

# No car charges with less (W); 6 A on one phase are twelve times that.
DRAWING: Final = 115.0


def phases(block: Phases, charge: Charge) -> None:
    """Forget phase values that this firmware does not fill: all voltages 0, or no current although power flows."""
    voltages, currents = (("voltage_l1", "voltage_l2", "voltage_l3"), ("current_l1", "current_l2", "current_l3"))
    if not any(block.values.get(name) for name in voltages):
        block.values |= {name: None for name in voltages if name in block.values}
    if charge.power and not any(block.values.get(name) for name in currents):
        block.values |= {name: None for name in currents if name in block.values}


def status(trydan: Trydan) -> None:
    """Derive what the entities that people look at show."""
    charge, settings, block = trydan.charge, trydan.settings, trydan.status
    # From firmware 2.5.0 on the box says that it charges while it is paused.
    paused = bool(settings.paused) and not _drawing_since(trydan)
    charging = charge.state == "charging" and not paused
    held = charge.state in ("connected", "charging") and paused
    known = charge.state is not None
    block.set(Status.state, "paused" if held else charge.state)
    block.set(Status.plugged, charge.state != "disconnected" if known else None)
    block.set(Status.charging, charging if known else None)
    block.set(Status.fault, charge.state in codes.FAULTS if known else None)
    ready = trydan.blocks["raw"].values.get("ready_state")
    block.set(Status.ready, None if ready is None else ready == "ready")
    # A box that does not modulate has no use for a meter.
    error = charge.meter_error
    block.set(Status.meter_problem, None if error is None else bool(settings.dynamic) and error != "no_error")
    block.set(Status.grid_power, _grid_power(trydan))
    block.set(Status.operating_mode, operating_mode(settings, trydan.meter))


def _drawing_since(trydan: Trydan) -> bool:
    """Tell whether the cloud's live data show a charge after it last said anything of a pause."""
    at = trydan.face.at
    newer = at.get(Kind.LIVE, 0.0) > at.get(Kind.REPORTED, 0.0)
    return trydan.wire is trydan.cloud and newer and (trydan.charge.power or 0.0) > DRAWING


def _grid_power(trydan: Trydan) -> float | None:
    """Return import as +: on the LAN the house's power without the solar power, and only while the meter is read."""
    if trydan.wire is trydan.cloud:
        return trydan.meter.cloud_grid_power
    house, solar = trydan.charge.house_power, trydan.charge.pv_power
    return None if house is None or solar is None or not trydan.settings.dynamic else round(house - solar, 2)


def session(block: Session, meter: SessionMeter, ahead: float) -> None:
    """Show what was counted of the session that goes on, with its beginning by the clock as it stands now."""
    block.set(Session.energy, round(meter.energy, 1))
    block.set(Session.active_time, round(meter.active))
    block.set(Session.started, None if meter.since is None else meter.since + ahead)


def last_session(block: LastSession, book: SessionBook) -> None:
    """Show the newest finished session."""
    for each in book.last(1):
        block.set(LastSession.started, each.start.timestamp())
        block.set(LastSession.ended, each.end.timestamp())
        block.set(LastSession.duration, (each.end - each.start).total_seconds())
        block.set(LastSession.energy, each.energy)
        block.set(LastSession.cost, each.cost)
        block.set(LastSession.badge, each.card_name)
        block.set(LastSession.message, each.message)


def check(settings: Settings, point: Point[Any], value: Value) -> None:
    """Refuse what the box cannot be in: paused and locked at once, or a lowest current above the highest."""
    if point is Settings.paused and value is True and settings.locked:
        raise DeviceRefusedError(key="locked_already")
    if point is Settings.locked and value is True and settings.paused:
        raise DeviceRefusedError(key="paused_already")
    amps = number(value)
    low, high = settings.min_intensity, settings.max_intensity
    if point is Settings.min_intensity and amps is not None and high is not None and amps > high:
        raise DeviceRefusedError(key="min_above_max", low=amps, high=high)
    if point is Settings.max_intensity and amps is not None and low is not None and amps < low:
        raise DeviceRefusedError(key="min_above_max", low=low, high=amps)
