"""The control loops of the demo: how they are added, found and operated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .charger import read_charger
from .client import HomeAssistant
from .console import DemoError
from .envoy import read_envoy
from .flow import ENVOY, TITAN, V2C, Form, add_subentry
from .registry import Entity, House, read_house, read_subentry, without_value
from .waiting import reaches

ZERO_EXPORT, SURPLUS_LEVEL, SOLAR_CHARGING = "zero_export", "surplus_level", "solar_charging"
# What the surplus level switches, from the demo's configuration.
HEATER = "input_boolean.water_heater"
# With a new subentry the entry is loaded anew.
LOADED_WITHIN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A loop as the demo has it: where it is added, what is chosen first, and its numbers that are not the usual ones.

    The delays are short: whoever plays with the sun does not want to wait for minutes.
    """

    domain: str
    kind: str
    choice: str | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)


PLANS = (
    Plan(domain=TITAN, kind=ZERO_EXPORT, choice="loop"),
    Plan(
        domain=ENVOY,
        kind=SURPLUS_LEVEL,
        numbers={"start": 800, "stop": 200, "start_delay": 5, "stop_delay": 5, "min_on": 10, "min_off": 10},
    ),
    Plan(domain=V2C, kind=SOLAR_CHARGING, numbers={"start_delay": 5, "stop_delay": 10, "min_on": 30, "min_off": 30}),
)


def forms(titan: House, charger: House, envoy: House) -> dict[str, Form]:
    """Return what a user fills in: all three follow the gateway's meter, and each knows of the others.

    The battery is not for the car, and what charges the battery is there for the heater and the car as well.
    """
    grid, battery, car = _id(envoy, "net_consumption"), _id(titan, "battery_power"), _id(charger, "charge_power")
    return {
        ZERO_EXPORT: {"grid": grid, "car": car},
        SURPLUS_LEVEL: {"grid": grid, "battery": battery, "target": HEATER, "name": "Water heater"},
        SOLAR_CHARGING: {"grid": grid, "battery": battery, "priority": "car_first"},
    }


async def add_loops(hass: HomeAssistant) -> dict[str, House]:
    """Add the loops through their forms, wait until they run, and set their numbers."""
    filled = forms(await read_house(hass, TITAN), await read_charger(hass), await read_envoy(hass))
    for plan in PLANS:
        await add_subentry(hass, plan.domain, plan.kind, filled[plan.kind], choice=plan.choice)
    for plan in PLANS:
        await _loaded(hass, plan)
    loops = await read_loops(hass)
    for plan in PLANS:
        await set_numbers(hass, loops[plan.kind], plan.numbers)
    return loops


async def read_loops(hass: HomeAssistant) -> dict[str, House]:
    """Read the loops that there are, by their kinds."""
    found = {plan.kind: await read_subentry(hass, plan.domain, plan.kind) for plan in PLANS}
    return {kind: loop for kind, loop in found.items() if loop is not None}


def heater() -> Entity:
    """Return what the surplus level switches; helpers of the configuration have no unique id."""
    return Entity(entity_id=HEATER, unique_id=HEATER, name="Water heater", category=None, device_id=None)


async def set_numbers(hass: HomeAssistant, loop: House, numbers: Mapping[str, float]) -> None:
    """Set the live setpoints of a loop."""
    for key, value in numbers.items():
        await hass.action("number.set_value", entity_id=_id(loop, key, "number"), value=value)


async def switch(hass: HomeAssistant, loop: House, *, on: bool) -> None:
    """Switch a loop on or off."""
    await hass.action(f"switch.turn_{'on' if on else 'off'}", entity_id=_id(loop, "enabled", "switch"))


async def _loaded(hass: HomeAssistant, plan: Plan) -> None:
    """Wait until the loop has its entities and all of them say something."""

    async def missing() -> list[str] | None:
        loop = await read_subentry(hass, plan.domain, plan.kind)
        return None if loop is None or loop.find("status") is None else without_value(loop.entities, await hass.states())

    row = await reaches(plan.kind, "its values", missing, lambda got: got == [], limit=LOADED_WITHIN)
    if not row.ok:
        raise DemoError(f"{plan.kind} was added but does not run: {row.got}")


def _id(house: House, key: str, domain: str = "sensor") -> str:
    """Return the id of an entity that must be there."""
    if (entity := house.find(key, domain)) is None:
        raise DemoError(f"there is no {domain} {key} on {house.main['name']}")
    return entity.entity_id
