"""What every view of the dashboard is made of: sections of stock cards for entities that exist."""

from collections.abc import Collection, Iterable
from typing import Any

from .registry import Entity, House

type Card = dict[str, Any]

# The feature that lets a tile be operated in place, by platform.
FEATURES: dict[str, Card] = {
    "lock": {"type": "lock-commands"},
    "number": {"type": "numeric-input", "style": "slider"},
    "select": {"type": "select-options"},
    "switch": {"type": "toggle"},
}
# These are pressed, or tell what has happened.
OTHERS = frozenset({"button", "time", "event", "update"})
WIDE = {"columns": 12}


def view(title: str, path: str, sections: Iterable[Card | None]) -> Card:
    """Return a view of the sections that have something to show."""
    shown = [one for one in sections if one]
    return {
        "title": title,
        "path": path,
        "type": "sections",
        "max_columns": 3,
        "dense_section_placement": True,
        "sections": shown,
    }


def section(title: str, icon: str, cards: Iterable[Card]) -> Card | None:
    """Return a section under a heading, or nothing when there is nothing to show."""
    listed = list(cards)
    return {"type": "grid", "cards": [{"type": "heading", "heading": title, "icon": icon}, *listed]} if listed else None


def tile(entity: Entity, more: Card | None = None) -> Card:
    """Return the tile of an entity."""
    return {"type": "tile", "entity": entity.entity_id, "name": entity.name} | (more or {})


def tiles(house: House, keys: Iterable[str]) -> list[Card]:
    """Return a tile for each sensor that exists."""
    return [tile(entity) for key in keys if (entity := house.find(key))]


def control(entity: Entity) -> Card:
    """Return a tile as wide as its section, on which the entity is operated."""
    return tile(entity, {"features": [FEATURES[entity.domain]], "features_position": "inline", "grid_options": WIDE})


def button(name: str, icon: str, action: Card, columns: int) -> Card:
    """Return a button that performs an action."""
    return {
        "type": "button",
        "name": name,
        "icon": icon,
        "show_state": False,
        "tap_action": {"action": "perform-action"} | action,
        "grid_options": {"columns": columns, "rows": 2},
    }


def graph(house: House, title: str, keys: Iterable[str]) -> list[Card]:
    """Return a curve of the last quarter of an hour, or nothing."""
    lines = [{"entity": entity.entity_id, "name": entity.name} for key in keys if (entity := house.find(key))]
    card = {"type": "history-graph", "title": title, "hours_to_show": 0.25, "entities": lines}
    return [card | {"grid_options": WIDE}] if lines else []


def settings(entities: Iterable[Entity]) -> Card | None:
    """Return the section of everything that can be operated."""
    listed = list(entities)
    cards = [control(entity) for entity in listed if entity.domain in FEATURES]
    cards += [tile(entity, {"hide_state": entity.domain == "button"}) for entity in listed if entity.domain in OTHERS]
    return section("Settings", "mdi:tune", cards)


def rest(entities: Iterable[Entity], shown: Collection[str]) -> Card | None:
    """Return the section of the sensors that stand nowhere else."""
    readable = [one for one in entities if one.domain in {"sensor", "binary_sensor"} and one.entity_id not in shown]
    lines = [{"entity": entity.entity_id, "name": entity.name} for entity in readable]
    return section("More", "mdi:stethoscope", [{"type": "entities", "entities": lines, "grid_options": WIDE}] if lines else [])
