"""The demo's Energy preferences: which entities feed the Energy dashboard."""

from typing import Any

from .registry import House

type Source = dict[str, Any]


def energy_sources(titan: House, envoy: House | None = None) -> list[Source]:
    """Return the sources that the entities can feed.

    Sun and grid are counted once: by the gateway where there is one, as it has a register for each.
    """
    solar, grid = (_solar(envoy), _grid(envoy)) if envoy else (None, None)
    found = (solar or _titan_solar(titan), _battery(titan), grid or _titan_grid(titan))
    return [one for one in found if one]


def device_consumption(charger: House) -> list[Source]:
    """Return the charger as an individual device of the Energy dashboard."""
    car = _source(charger, {"stat_consumption": "session_energy"}, {"stat_rate": "charge_power"})
    return [car | {"name": "Car"}] if car else []


def _solar(envoy: House) -> Source | None:
    return _source(envoy, {"stat_energy_from": "lifetime_production"}, {"stat_rate": "production"}, type="solar")


def _titan_solar(titan: House) -> Source | None:
    return _source(titan, {"stat_energy_from": "cumulative_production"}, {"stat_rate": "dc_input_power"}, type="solar")


def _battery(titan: House) -> Source | None:
    counters = {"stat_energy_from": "battery_total_discharging_energy", "stat_energy_to": "battery_total_charging_energy"}
    return _source(titan, counters, {"stat_rate": "battery_power", "stat_soc": "battery_soc"}, type="battery")


def _grid(envoy: House) -> Source | None:
    counters = {"stat_energy_from": "lifetime_net_consumption", "stat_energy_to": "lifetime_net_production"}
    return _source(envoy, counters, {"stat_rate": "net_consumption"}, type="grid", cost_adjustment_day=0)


def _titan_grid(titan: House) -> Source | None:
    """Return the power of the Titan's meter; it counts no energy."""
    counted: Source = {"stat_energy_from": None, "stat_energy_to": None}
    return _source(titan, {"stat_rate": "meter_power"}, {}, type="grid", cost_adjustment_day=0, **counted)


def _source(house: House, needed: dict[str, str], optional: dict[str, str], **more: object) -> Source | None:
    """Return a source whose statistics are the entities of these keys, or nothing without those that it needs."""
    ids = {name: entity.entity_id for name, key in (needed | optional).items() if (entity := house.find(key))}
    return {**more, **ids} if needed.keys() <= ids.keys() else None
