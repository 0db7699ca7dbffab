"""The charger's view of the demo's dashboard."""

import json

from .cards import WIDE, Card, control, graph, rest, section, settings, tile, tiles, view
from .registry import Entity, House

PATH = "charger"
SESSION = ("session_energy", "session_time", "last_session_energy", "last_session_cost")
LAST = ("last_session_end", "last_session_duration", "last_session_badge")
HOUSE = ("fv_power", "house_power", "battery_power", "grid_power")
# What stands on top, operated where it is shown.
MAIN = (("operating_mode", "select"), ("intensity_number", "number"))
BUTTONS = (("start_charge", "Start", "mdi:play"), ("pause_charge", "Pause", "mdi:pause"))


def charger_view(house: House) -> Card:
    """Return the view of a charger and its account."""
    sections = [
        _charging(house),
        section("Session", "mdi:car-electric", [*tiles(house, SESSION), *_calendar(house), *tiles(house, LAST)]),
        section("House", "mdi:home-lightning-bolt", tiles(house, HOUSE)),
    ]
    text = json.dumps(sections)
    left = [one for one in house.entities if f'"{one.entity_id}"' not in text]
    return view("Charger", PATH, [*sections, settings(left), rest(left, ())])


def _charging(house: House) -> Card | None:
    cards = []
    if power := house.find("charge_power"):
        gauge = {"type": "gauge", "entity": power.entity_id, "name": power.name, "needle": True, "min": 0, "max": 7400}
        cards.append(gauge | {"grid_options": {"columns": 12, "rows": 3}})
    cards += tiles(house, ("charge_state", "data_source"))
    cards += [control(entity) for key, domain in MAIN if (entity := house.find(key, domain))]
    cards += [_press(entity, name, icon) for key, name, icon in BUTTONS if (entity := house.find(key, "button"))]
    cards += graph(house, "Power", ("charge_power", "fv_power"))
    return section("Charging", "mdi:ev-station", cards)


def _press(entity: Entity, name: str, icon: str) -> Card:
    """Return a tile that presses its button wherever it is touched; it is lower than a button card."""
    press = {"action": "perform-action", "perform_action": "button.press", "target": {"entity_id": entity.entity_id}}
    return tile(entity, {"name": name, "icon": icon, "hide_state": True, "tap_action": press, "icon_tap_action": press})


def _calendar(house: House) -> list[Card]:
    """Return the sessions as a calendar and, under it, what happened last."""
    cards: list[Card] = []
    if sessions := house.find("sessions", "calendar"):
        month = {"type": "calendar", "initial_view": "dayGridMonth", "entities": [sessions.entity_id]}
        cards.append(month | {"grid_options": {"columns": 12, "rows": 7}})
    if event := house.find("happening", "event"):
        cards.append(tile(event, {"grid_options": WIDE}))
    return cards
