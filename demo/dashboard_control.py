"""The view of the control loops on the demo's dashboard: a column for each, and the powers that they move."""

from collections.abc import Mapping

from .cards import WIDE, Card, control, section, tile, view
from .loops import SOLAR_CHARGING, SURPLUS_LEVEL, ZERO_EXPORT, heater
from .registry import Entity, House

PATH = "control"
ICONS = {ZERO_EXPORT: "mdi:transmission-tower-off", SURPLUS_LEVEL: "mdi:stairs-up", SOLAR_CHARGING: "mdi:car-electric"}
# What can be set with a number, or chosen, by platform.
SETPOINTS = frozenset({"number", "select", "time"})
MINUTES = 6


def control_view(loops: Mapping[str, House], titan: House, charger: House | None) -> Card:
    """Return the view of the loops."""
    return view("Control", PATH, [_powers(titan, charger), *(_loop(kind, loop) for kind, loop in loops.items())])


def _powers(titan: House, charger: House | None) -> Card | None:
    """Return one curve for grid, battery and car, as wide as the view.

    The grid is drawn as the Titan's meter shows it: in W, as battery and car.
    """
    powers = (
        ("Grid", titan.find("meter_power")),
        ("Battery", titan.find("battery_power")),
        ("Car", charger.find("charge_power") if charger else None),
    )
    lines = [{"entity": entity.entity_id, "name": name} for name, entity in powers if entity]
    card = {
        "type": "history-graph",
        "hours_to_show": round(MINUTES / 60, 3),
        "entities": lines,
        "grid_options": {"columns": "full"},
    }
    found = section("Grid (+ import), battery (+ discharging), car", "mdi:chart-line", [card] if lines else [])
    return found | {"column_span": 3} if found else None


def _loop(kind: str, loop: House) -> Card | None:
    """Return the column of a loop: its switch, what it does and why, and everything that can be set."""
    cards = [control(entity) for key in ("enabled",) if (entity := loop.find(key, "switch"))]
    cards += [tile(entity, {"grid_options": WIDE}) for key in ("status",) if (entity := loop.find(key))]
    cards += [tile(heater())] if kind == SURPLUS_LEVEL else []
    cards += [tile(one) for one in loop.entities if one.domain in {"sensor", "binary_sensor"} and not _ends(one, "status")]
    cards += [control(one) for one in loop.entities if one.domain == "switch" and not _ends(one, "enabled")]
    lines = [{"entity": one.entity_id, "name": one.name} for one in loop.entities if one.domain in SETPOINTS]
    cards += [{"type": "entities", "entities": lines, "grid_options": WIDE}] if lines else []
    return section(loop.main["name_by_user"] or loop.main["name"], ICONS[kind], cards)


def _ends(entity: Entity, key: str) -> bool:
    return entity.unique_id.endswith(f"_{key}")
