"""Adding and changing a surplus level: what is offered, what is refused, what comes of it."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.enphase_envoy.surplus_target import DOMAINS
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import Result, account_data, settle, start
from tests.enphase_envoy.ha.levels import BOILER, Level, add_level, begin, change, has_sun, submit
from tests.enphase_envoy.ha.rig import entity


@pytest.fixture
async def entry(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> Any:
    """A gateway that runs."""
    has_sun(sim, 0)
    return await start(hass, account_data(sim, cloud))


def suggested(form: Result) -> dict[str, Any]:
    """Return what each field starts with, default or suggestion."""
    found = form["data_schema"]({})
    return found | {str(key): key.description["suggested_value"] for key in form["data_schema"].schema if key.description}


def choices(form: Result, field: str = "after") -> list[str] | None:
    """Return the titles that a field offers, None when it is not asked."""
    schema = {str(key): value for key, value in form["data_schema"].schema.items()}
    return [each["label"] for each in schema[field].config["options"]] if field in schema else None


async def test_the_first_level(hass: HomeAssistant, entry: Any) -> None:
    """The gateway's own power at the grid is offered; everything else may stay empty."""
    form = await begin(hass, entry)
    assert suggested(form) == {
        "name": "Surplus 1",
        "grid": entity(hass, "net_consumption"),
        "inverted": False,
        "battery": None,
        "target": None,
        "active_while": None,
    }
    result = await submit(hass, form, name="Boiler", target=BOILER)
    assert (result["type"], result["title"]) == ("create_entry", "Boiler")
    assert result["data"] == {"grid": entity(hass, "net_consumption"), "inverted": False, "target": BOILER}
    (subentry_id,) = entry.subentries
    level = Level(hass, entry, subentry_id)
    assert level.device.name == "Boiler"
    assert level.state("enabled").state == "on"
    wanted = {"start": 1000, "stop": 100, "start_delay": 60, "stop_delay": 60, "min_on": 300, "min_off": 300, "averaging": 0}
    assert {key: float(level.state(key).state) for key in wanted} == wanted


@pytest.mark.parametrize("disabled", [("net_consumption",), ("net_consumption", "balanced_net_consumption")])
async def test_without_a_power_at_the_grid_the_user_chooses(hass: HomeAssistant, entry: Any, disabled: tuple[str, ...]) -> None:
    """What is disabled is not offered."""
    registry = er.async_get(hass)
    for key in ("net_consumption", "balanced_net_consumption"):
        by = er.RegistryEntryDisabler.USER if key in disabled else None
        registry.async_update_entity(entity(hass, key), disabled_by=by)
    form = await begin(hass, entry)
    (grid,) = [key for key in form["data_schema"].schema if key == "grid"]
    offered = {"grid": grid.default()} if callable(grid.default) else {}
    assert offered.get("grid") == (None if len(disabled) == 2 else entity(hass, "balanced_net_consumption"))
    await hass.config_entries.subentries.async_configure(form["flow_id"], {"name": "X", "grid": "sensor.any", "inverted": False})
    await settle(hass)
    assert [each.title for each in entry.subentries.values()] == ["X"]


async def test_what_is_no_power_is_refused(hass: HomeAssistant, entry: Any) -> None:
    """At the field that is wrong; what was entered stays."""
    hass.states.async_set("sensor.energy", "5", {"unit_of_measurement": "kWh"})
    hass.states.async_set("sensor.late", "unavailable")
    result = await submit(hass, await begin(hass, entry), name="Mine", grid="sensor.energy", battery="sensor.energy")
    assert (result["type"], result["errors"]) == ("form", {"grid": "not_a_power", "battery": "not_a_power"})
    assert suggested(result) | {"name": "Mine", "grid": "sensor.energy"} == suggested(result)
    result = await submit(hass, result, grid="sensor.late", battery="sensor.late")
    assert result["type"] == "create_entry"


async def test_changing_a_level(hass: HomeAssistant, entry: Any) -> None:
    """Shows what is so, takes what is new, and what is emptied is gone; ids and numbers stay."""
    level = await add_level(hass, entry, name="Boiler", target=BOILER, start=2000)
    before = level.entity("status")
    form = await change(hass, entry, level.id)
    assert (form["step_id"], suggested(form)["name"], suggested(form)["target"]) == ("reconfigure", "Boiler", BOILER)
    hass.states.async_set("sensor.meter", "1", {"unit_of_measurement": "kW"})
    result = await submit(hass, form, name="Pump", grid="sensor.meter", inverted=True)
    assert (result["type"], result["reason"]) == ("abort", "reconfigure_successful")
    assert dict(entry.subentries[level.id].data) == {"grid": "sensor.meter", "inverted": True}
    assert entry.subentries[level.id].title == "Pump"
    # The level that runs is the changed one.
    assert level.loop.sources["grid"].entity_id == "sensor.meter"
    assert level.loop.value("start") == 2000
    assert (level.device.name, level.entity("status")) == ("Pump", before)


async def test_the_order_of_levels(hass: HomeAssistant, entry: Any) -> None:
    """A level comes after another one: never after itself, nor after one that comes after it."""
    assert choices(await begin(hass, entry)) is None
    first = await add_level(hass, entry, name="First")
    form = await begin(hass, entry)
    assert choices(form) == ["First"]
    assert suggested(form)["name"] == "Surplus 2"
    second = await add_level(hass, entry, name="Second", after=first.id)
    third = await add_level(hass, entry, name="Third", after=second.id)
    assert choices(await change(hass, entry, first.id)) is None
    assert choices(await change(hass, entry, second.id)) == ["First"]
    assert choices(await change(hass, entry, third.id)) == ["First", "Second"]
    assert suggested(await change(hass, entry, third.id))["after"] == second.id
    hass.config_entries.async_remove_subentry(entry, second.id)
    await settle(hass)
    form = await change(hass, entry, third.id)
    assert (choices(form), suggested(form)["after"]) == (["First"], None)


async def test_what_can_be_switched(hass: HomeAssistant, entry: Any) -> None:
    """Everything that can be turned on and off and back without harm."""
    form = await begin(hass, entry)
    schema = {str(key): value for key, value in form["data_schema"].schema.items()}
    assert schema["target"].config["filter"][0]["domain"] == list(DOMAINS)
    assert {"switch", "input_boolean", "script", "climate", "light", "water_heater"} <= set(DOMAINS)
