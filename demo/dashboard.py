"""The demo's dashboard: stock cards only, made from what the registry holds."""

from collections.abc import Mapping
from typing import Any

from . import dashboard_control, dashboard_envoy, dashboard_v2c
from .cards import Card, button, graph, rest, section, settings, tile, tiles, view
from .registry import House

URL_PATH = "titan-demo"
TITLE = "House"
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


def dashboard(
    house: House,
    domain: str,
    charger: House | None = None,
    envoy: House | None = None,
    loops: Mapping[str, House] | None = None,
) -> dict[str, Any]:
    """Return the dashboard's configuration: a view of each device, and one of what controls them."""
    sections = [
        _battery(house, domain),
        _live(house),
        section("Energy", "mdi:lightning-bolt", tiles(house, ENERGIES)),
        settings(house.of(house.main)),
        *(_part(house, number, part) for number, part in enumerate(house.parts, 1)),
        _more(house),
    ]
    views = [view("Titan", "house", sections)]
    views += [dashboard_v2c.charger_view(charger)] if charger else []
    views += [dashboard_envoy.envoy_view(envoy)] if envoy else []
    views += [dashboard_control.control_view(loops, house, charger)] if loops else []
    return {"title": TITLE, "views": views}


def _battery(house: House, domain: str) -> Card | None:
    cards = []
    if soc := house.find("battery_soc"):
        gauge = {"type": "gauge", "entity": soc.entity_id, "name": "State of charge", "needle": True, "min": 0, "max": 100}
        cards.append(gauge | {"severity": {"red": 0, "yellow": 15, "green": 30}, "grid_options": {"columns": 12, "rows": 3}})
    cards += tiles(house, ("battery_state", "working_mode"))
    cards += [
        button(name, icon, {"perform_action": f"{domain}.{action}", "data": data}, columns=4)
        for name, icon, action, data in ACTIONS
    ]
    cards += graph(house, "Power", ("battery_power", "dc_input_power", "meter_power"))
    return section("Battery", "mdi:home-battery", cards)


def _live(house: House) -> Card | None:
    cards = tiles(house, (*POWERS, *STRINGS))
    if meter := house.find("meter_connection", "binary_sensor"):
        cards.append(tile(meter))
    return section("Power now", "mdi:flash", [*cards, *graph(house, "State of charge", ("battery_soc",))])


def _part(house: House, number: int, part: Any) -> Card | None:
    name = part["name_by_user"] or part["name"] or f"Pack {number}"
    return section(name, "mdi:battery", [tile(entity) for entity in house.of(part)])


def _more(house: House) -> Card | None:
    shown = {*house.ids((*POWERS, *STRINGS, *ENERGIES, "battery_soc", "battery_state", "working_mode"))}
    shown.update(house.ids(("meter_connection",), "binary_sensor"))
    return rest(house.of(house.main), shown)
