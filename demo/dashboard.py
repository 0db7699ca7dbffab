"""The demo's dashboard and Energy preferences: stock cards only, made from what the registry holds."""

from collections.abc import Iterable
from typing import Any

from .registry import Entity, House

type Card = dict[str, Any]

URL_PATH = "titan-demo"
TITLE = "Titan"
POWERS = ("battery_power", "dc_input_power", "ac_output_power", "ac_input_power", "meter_power")
STRINGS = tuple(f"dc_input_power_{number}" for number in range(1, 5))
ENERGIES = (
    "daily_production",
    "battery_daily_charging_energy",
    "battery_daily_discharging_energy",
    "cumulative_production",
    "battery_total_charging_energy",
    "battery_total_discharging_energy",
)
# What can be pressed without a thought; everything else is a setting of the entities below.
ACTIONS: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("Charge 500 W", "mdi:battery-arrow-up", "charge", {"power": 500}),
    ("Discharge 300 W", "mdi:battery-arrow-down", "discharge", {"power": 300}),
    ("Stop", "mdi:stop-circle-outline", "stop", {}),
)
# The feature that lets a tile be operated in place, by platform.
FEATURES: dict[str, Card] = {
    "number": {"type": "numeric-input", "style": "slider"},
    "select": {"type": "select-options"},
    "switch": {"type": "toggle"},
}


def dashboard(house: House, domain: str) -> dict[str, Any]:
    """Return the dashboard's configuration."""
    sections = [
        _battery(house, domain),
        _live(house),
        _section("Energy", "mdi:lightning-bolt", _tiles(house, ENERGIES)),
        _settings(house),
        *(_part(house, number, part) for number, part in enumerate(house.parts, 1)),
        _diagnostics(house),
    ]
    view = {"title": TITLE, "path": "house", "type": "sections", "max_columns": 3, "dense_section_placement": True}
    return {"title": TITLE, "views": [view | {"sections": [one for one in sections if one]}]}


def energy_sources(house: House) -> list[dict[str, Any]]:
    """Return the sources of the Energy dashboard that the entities can feed."""

    def stat(key: str) -> str | None:
        return entity.entity_id if (entity := house.find(key)) else None

    sources: list[dict[str, Any]] = []
    if produced := stat("cumulative_production"):
        sources.append({"type": "solar", "stat_energy_from": produced, "stat_rate": stat("dc_input_power")})
    out, into = stat("battery_total_discharging_energy"), stat("battery_total_charging_energy")
    if out and into:
        sources.append(
            {
                "type": "battery",
                "stat_energy_from": out,
                "stat_energy_to": into,
                "stat_rate": stat("battery_power"),
                "stat_soc": stat("battery_soc"),
            }
        )
    if meter := stat("meter_power"):
        grid = {"stat_energy_from": stat("grid_import_energy"), "stat_energy_to": stat("grid_export_energy")}
        sources.append({"type": "grid", **grid, "stat_rate": meter, "cost_adjustment_day": 0})
    optional = ("stat_rate", "stat_soc")
    return [{key: value for key, value in one.items() if value or key not in optional} for one in sources]


def _battery(house: House, domain: str) -> Card | None:
    cards = []
    if soc := house.find("battery_soc"):
        gauge = {"type": "gauge", "entity": soc.entity_id, "name": "State of charge", "needle": True, "min": 0, "max": 100}
        cards.append(gauge | {"severity": {"red": 0, "yellow": 15, "green": 30}, "grid_options": {"columns": 12, "rows": 3}})
    cards += _tiles(house, ("battery_state", "working_mode"))
    cards += _commands(domain)
    cards += _graph(house, "Power", ("battery_power", "dc_input_power", "meter_power"))
    return _section("Battery", "mdi:home-battery", cards)


def _live(house: House) -> Card | None:
    cards = _tiles(house, (*POWERS, *STRINGS))
    if meter := house.find("meter_connection", "binary_sensor"):
        cards.append(_tile(meter))
    return _section("Power now", "mdi:flash", [*cards, *_graph(house, "State of charge", ("battery_soc",))])


def _graph(house: House, title: str, keys: Iterable[str]) -> list[Card]:
    """Return a curve of the last quarter of an hour, or nothing."""
    lines = [{"entity": entity.entity_id, "name": entity.name} for key in keys if (entity := house.find(key))]
    graph = {"type": "history-graph", "title": title, "hours_to_show": 0.25, "entities": lines}
    return [graph | {"grid_options": {"columns": 12}}] if lines else []


def _commands(domain: str) -> list[Card]:
    """Return the actions as buttons."""
    return [
        {
            "type": "button",
            "name": name,
            "icon": icon,
            "show_state": False,
            "tap_action": {"action": "perform-action", "perform_action": f"{domain}.{action}", "data": data},
            "grid_options": {"columns": 4, "rows": 2},
        }
        for name, icon, action, data in ACTIONS
    ]


def _settings(house: House) -> Card | None:
    wide = {"features_position": "inline", "grid_options": {"columns": 12}}
    settings = [entity for entity in house.of(house.main) if entity.domain in FEATURES]
    cards = [_tile(entity, {"features": [FEATURES[entity.domain]]} | wide) for entity in settings]
    rest = [entity for entity in house.of(house.main) if entity.domain in {"button", "time", "event"}]
    cards += [_tile(entity, {"hide_state": entity.domain == "button"}) for entity in rest]
    return _section("Settings", "mdi:tune", cards)


def _part(house: House, number: int, part: Any) -> Card | None:
    name = part["name_by_user"] or part["name"] or f"Pack {number}"
    return _section(name, "mdi:battery", [_tile(entity) for entity in house.of(part)])


def _diagnostics(house: House) -> Card | None:
    shown = {*house.ids((*POWERS, *STRINGS, *ENERGIES, "battery_soc", "battery_state", "working_mode"))}
    shown.update(house.ids(("meter_connection",), "binary_sensor"))
    rest = [one for one in house.of(house.main) if one.domain in {"sensor", "binary_sensor"} and one.entity_id not in shown]
    if not rest:
        return None
    lines = [{"entity": entity.entity_id, "name": entity.name} for entity in rest]
    return _section("More", "mdi:stethoscope", [{"type": "entities", "entities": lines, "grid_options": {"columns": 12}}])


def _section(title: str, icon: str, cards: Iterable[Card]) -> Card | None:
    """Return a section under a heading, or nothing when there is nothing to show."""
    listed = list(cards)
    return {"type": "grid", "cards": [{"type": "heading", "heading": title, "icon": icon}, *listed]} if listed else None


def _tiles(house: House, keys: Iterable[str]) -> list[Card]:
    return [_tile(entity) for key in keys if (entity := house.find(key))]


def _tile(entity: Entity, more: Card | None = None) -> Card:
    return {"type": "tile", "entity": entity.entity_id, "name": entity.name} | (more or {})
