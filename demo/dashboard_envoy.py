"""The gateway's view of the demo's dashboard."""

from collections.abc import Iterable
import json

from .cards import WIDE, Card, graph, rest, section, settings, tile, tiles, view
from .registry import Entity, House

PATH = "solar"
FLOWS = ("consumption", "net_consumption", "import_power", "export_power")
ENERGIES = (
    *("daily_production", "daily_consumption", "daily_import", "daily_export"),
    *("lifetime_production", "lifetime_consumption", "lifetime_net_consumption", "lifetime_net_production"),
)
MOST_KW = 3


def envoy_view(house: House) -> Card:
    """Return the view of a gateway and its inverters."""
    inverters = _inverters(house)
    sections = [
        _now(house),
        section(
            "Power", "mdi:chart-line", graph(house, "Last quarter of an hour", ("production", "consumption", "net_consumption"))
        ),
        section("Energy", "mdi:lightning-bolt", tiles(house, ENERGIES)),
        section("Inverters", "mdi:solar-panel", [tile(one, {"name": name}) for one, name in inverters if one.domain == "sensor"]),
        _communication(inverters),
    ]
    text = json.dumps(sections)
    left = [one for one in house.entities if f'"{one.entity_id}"' not in text]
    return view("Solar", PATH, [*sections, settings(left), rest(left, ())])


def _now(house: House) -> Card | None:
    cards = []
    if power := house.find("production"):
        gauge = {"type": "gauge", "entity": power.entity_id, "name": power.name, "needle": True, "min": 0, "max": MOST_KW}
        cards.append(gauge | {"grid_options": {"columns": 12, "rows": 3}})
    cards += tiles(house, FLOWS)
    return section("Now", "mdi:solar-power", cards)


def _inverters(house: House) -> list[tuple[Entity, str]]:
    """Return the entities of the inverters, each with the name of its inverter, which it is shown under."""
    names = {device["id"]: device["name_by_user"] or device["name"] for device in house.parts}
    found = [(one, names[one.device_id]) for one in house.entities if one.device_id in names]
    return sorted(found, key=lambda one: (one[1], one[0].entity_id))


def _communication(inverters: Iterable[tuple[Entity, str]]) -> Card | None:
    lines = [{"entity": one.entity_id, "name": name} for one, name in inverters if one.domain == "binary_sensor"]
    cards = [{"type": "entities", "entities": lines, "grid_options": WIDE}] if lines else []
    return section("Communication", "mdi:lan-connect", cards)
