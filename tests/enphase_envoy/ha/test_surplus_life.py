"""The life of a surplus level: meters, gateways and targets go and come, Home Assistant stops and starts."""

import asyncio
from datetime import timedelta
import logging
from typing import Any

from homeassistant.components import automation
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_get_device_automations
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.enphase_envoy import async_remove_config_entry_device, device_trigger
from custom_components.enphase_envoy.const import DOMAIN
from custom_components.enphase_envoy.device_trigger import InvalidDeviceAutomationConfig
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import SERIAL, account_data, settle, start
from tests.enphase_envoy.ha.levels import AT_ONCE, BOILER, Level, Orders, add_level, has_sun, helpers
from tests.enphase_envoy.ha.rig import complaints, everything
from tests.translation_guard import our_texts
from tests.virtual_time import VirtualTime


@pytest.fixture
async def orders(hass: HomeAssistant) -> Orders:
    """A boiler and a pump."""
    return await helpers(hass)


@pytest.fixture
async def entry(hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> Any:
    """A gateway that runs, and 2 kW that flow out."""
    has_sun(sim, 2000)
    return await start(hass, account_data(sim, cloud))


async def running(hass: HomeAssistant, time: VirtualTime, entry: Any, orders: Orders, **given: Any) -> Level:
    """Add a level, and let it start."""
    level = await add_level(hass, entry, **{"target": BOILER, **AT_ONCE, **given})
    await time.run(7)
    assert (level.on, level.status) == (True, "on")
    assert orders.taken() == ["on boiler"]
    return level


# The meter


async def test_the_gateway_falls_silent(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """Held for a moment, then stopped, once, and the user is told; it goes on by itself."""
    level = await running(hass, virtual_time, entry, orders)
    sim.fail("*", "close")
    await virtual_time.run(25)
    assert (level.on, level.status) == (True, "meter_late")
    await virtual_time.run(60)
    assert (level.on, level.status) == (False, "meter_lost")
    assert level.state("surplus_power").state == "unknown"
    await virtual_time.run(600)
    assert orders.taken() == ["off boiler"]
    (issue,) = [each for each in ir.async_get(hass).issues.values() if each.translation_key == "loop_meter_lost"]
    assert issue.translation_placeholders == {"title": "Surplus 1", "entity": level.loop.sources["grid"].entity_id}
    sim.heal()
    await virtual_time.run(320)
    assert (level.on, level.status) == (True, "on")
    assert orders.taken() == ["on boiler"]
    assert not [each for each in ir.async_get(hass).issues.values() if each.translation_key == "loop_meter_lost"]


async def test_a_source_that_is_not_there_yet(hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders) -> None:
    """Waits for it, says so after a minute, and starts when it comes."""
    level = await add_level(hass, entry, target=BOILER, grid="sensor.nowhere", **AT_ONCE)
    await virtual_time.run(30)
    assert level.status == "waiting"
    await virtual_time.run(60)
    assert level.status == "meter_lost"
    hass.states.async_set("sensor.nowhere", "unavailable")
    await virtual_time.run(5)
    assert level.status == "meter_lost"
    hass.states.async_set("sensor.nowhere", "-3", {"unit_of_measurement": "kW"})
    await virtual_time.run(2)
    assert (level.status, orders.taken()) == ("on", ["on boiler"])


async def test_only_while_a_schedule_is_on(hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders) -> None:
    """Outside of it the level is stopped, at once."""
    hass.states.async_set("schedule.day", "on")
    level = await running(hass, virtual_time, entry, orders, active_while="schedule.day")
    hass.states.async_set("schedule.day", "off")
    await settle(hass)
    assert (level.on, level.status, orders.taken()) == (False, "outside_schedule", ["off boiler"])
    hass.states.async_set("schedule.day", "on")
    await virtual_time.run(2)
    assert orders.taken() == ["on boiler"]


# Ends


async def test_unloading_stops_it_once(hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders) -> None:
    """And loading does not start anything before the meter has spoken; the least time off is kept."""
    level = await running(hass, virtual_time, entry, orders, min_off=120)
    await hass.config_entries.async_unload(entry.entry_id)
    assert orders.taken() == ["off boiler"]
    await virtual_time.run(60)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert (level.on, level.loop.acting) == (False, False)
    await virtual_time.run(40)
    assert (level.status, orders.taken()) == ("min_off", [])
    await virtual_time.run(40)
    assert orders.taken() == ["on boiler"]


async def test_home_assistant_stops(
    hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders, hass_storage: dict[str, Any]
) -> None:
    """What runs is stopped, and that is written down."""
    level = await running(hass, virtual_time, entry, orders)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await settle(hass)
    assert orders.taken() == ["off boiler"]
    kept = hass_storage[f"{DOMAIN}.loops.{entry.entry_id}"]["data"][level.id]
    assert (kept["acting"], kept["latch"]["on"], kept["activations"]) == (False, False, 1)
    assert kept["settings"]["min_off"] == 0


async def test_it_is_deleted(
    hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders, hass_storage: dict[str, Any]
) -> None:
    """It is stopped, and nothing of it stays: no device, no entity, no memory."""
    level = await running(hass, virtual_time, entry, orders)
    gateway = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, SERIAL), entry.entry_id)
    assert gateway is not None
    assert level.device.via_device_id == gateway.id
    assert not await async_remove_config_entry_device(hass, entry, level.device)
    hass.config_entries.async_remove_subentry(entry, level.id)
    await settle(hass)
    assert orders.taken() == ["off boiler"]
    assert not [each for each in er.async_get(hass).entities.values() if each.config_subentry_id == level.id]
    assert dr.async_get(hass).async_get_device_by_identifier((DOMAIN, level.id), entry.entry_id) is None
    await hass.config_entries.async_remove(entry.entry_id)
    assert f"{DOMAIN}.loops.{entry.entry_id}" not in hass_storage


async def test_a_reload_leaves_the_others_as_they_were_set(
    hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Adding a level keeps the numbers and the switch of the others, and reloads once."""
    level = await add_level(hass, entry, start=700, stop=300, min_on=17)
    await level.switch(on=False)
    caplog.clear()
    await add_level(hass, entry, name="Another")
    assert len([each for each in caplog.messages if each == f"Setting up {DOMAIN}.sensor"]) == 1
    await virtual_time.run(7)
    assert [level.state(key).state for key in ("start", "stop", "min_on")] == ["700", "300", "17"]
    assert (level.state("enabled").state, level.status) == ("off", "off")


# A restart without an end before: a power cut


async def after_a_cut(
    hass: HomeAssistant,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    storage: dict[str, Any],
    *,
    on: bool = True,
    min_off: int = 60,
    grid: str = f"sensor.envoy_{SERIAL}_grid_power",
) -> Any:
    """Load an entry whose level was on when the power failed."""
    since = (dt_util.utcnow() - timedelta(seconds=100)).timestamp()
    settings = {**AT_ONCE, "start": 1000, "stop": 100, "min_off": min_off}
    memory = {"acting": True, "latch": {"on": on, "since": since}, "settings": settings, "activations": 4}
    storage[f"{DOMAIN}.loops.e1"] = {"version": 1, "minor_version": 1, "key": f"{DOMAIN}.loops.e1", "data": {"l1": memory}}
    level = {"data": {"grid": grid, "target": BOILER}, "subentry_id": "l1"}
    subentry = {**level, "subentry_type": "surplus_level", "title": "Boiler", "unique_id": None}
    return await start(hass, account_data(sim, cloud), entry_id="e1", subentries_data=[subentry])


@pytest.mark.parametrize(
    ("surplus", "boiler", "min_off", "ordered", "on"),
    [
        (2000, "on", 60, [], True),
        (500, "on", 60, [], True),
        (50, "on", 60, ["off boiler"], False),
        # It is off, whoever did it: nothing is told to start before its time.
        (2000, "off", 60, ["off boiler"], False),
        (2000, "off", 0, ["on boiler"], True),
        # Nobody sees it: what counts is the surplus.
        (500, "unknown", 0, [], True),
    ],
)
async def test_a_latched_level_is_looked_at_before_anything_is_ordered(
    hass: HomeAssistant,
    virtual_time: VirtualTime,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    orders: Orders,
    hass_storage: dict[str, Any],
    surplus: float,
    boiler: str,
    min_off: int,
    ordered: list[str],
    *,
    on: bool,
) -> None:
    """The first reading of the new life decides."""
    has_sun(sim, surplus)
    hass.states.async_set(BOILER, boiler)
    entry = await after_a_cut(hass, sim, cloud, hass_storage, min_off=min_off)
    level = Level(hass, entry, "l1")
    assert level.loop.sources["grid"].entity_id == "sensor.envoy_122000000001_grid_power"
    await virtual_time.run(7)
    assert (level.on, orders.taken()) == (on, ordered)
    assert level.loop.activations == 4


async def test_only_what_was_measured_since_the_start_counts(
    hass: HomeAssistant,
    virtual_time: VirtualTime,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    orders: Orders,
    hass_storage: dict[str, Any],
) -> None:
    """An old state is no reading; since when the level is on was kept."""
    hass.states.async_set(BOILER, "on")
    hass.states.async_set("sensor.meter", "500", {"unit_of_measurement": "W"})
    await virtual_time.run(1)
    since = dt_util.utcnow() - timedelta(seconds=100)
    level = Level(hass, await after_a_cut(hass, sim, cloud, hass_storage, grid="sensor.meter"), "l1")
    await virtual_time.run(10)
    assert (level.on, level.status, orders.taken()) == (True, "waiting", [])
    assert level.loop.since == since
    hass.states.async_set("sensor.meter", "500", {"unit_of_measurement": "W"})
    await virtual_time.run(1)
    assert (level.on, orders.taken()) == (False, ["off boiler"])


async def test_a_stop_that_was_owed_is_made_up_for(
    hass: HomeAssistant,
    virtual_time: VirtualTime,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    orders: Orders,
    hass_storage: dict[str, Any],
) -> None:
    """The latch was off, the target perhaps not."""
    hass.states.async_set(BOILER, "on")
    await after_a_cut(hass, sim, cloud, hass_storage, on=False)
    await virtual_time.run(7)
    assert orders.taken() == ["off boiler"]


async def test_the_gateway_is_gone_after_a_cut(
    hass: HomeAssistant,
    virtual_time: VirtualTime,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    orders: Orders,
    hass_storage: dict[str, Any],
) -> None:
    """Nobody watches what the level has left on: it is stopped, once."""
    hass.states.async_set(BOILER, "on")
    await sim.stop()
    with pytest.raises(AssertionError, match="SETUP_RETRY"):
        await after_a_cut(hass, sim, cloud, hass_storage)
    assert orders.taken() == ["off boiler"]
    await virtual_time.run(120)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert (entry.state, orders.taken()) == (ConfigEntryState.SETUP_RETRY, [])


# The target


async def test_a_target_that_is_away(
    hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, tried again with pauses, and done when it is back."""
    hass.states.async_set(BOILER, "unavailable")
    caplog.clear()
    level = await add_level(hass, entry, target=BOILER, **AT_ONCE)
    await virtual_time.run(120)
    assert (level.on, level.status, orders.taken()) == (True, "target_failed", [])
    assert complaints(caplog) == [f"Surplus 1: {BOILER} is unavailable"]
    hass.states.async_set(BOILER, "off")
    await virtual_time.run(200)
    assert (level.status, orders.taken()) == ("on", ["on boiler"])


async def test_a_target_that_does_not_follow(
    hass: HomeAssistant,
    virtual_time: VirtualTime,
    sim: EnvoySimulator,
    entry: Any,
    orders: Orders,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Told again with longer and longer pauses; the end of the surplus does not wait for them."""
    hass.states.async_set("switch.dead", "off")
    hass.services.async_register("switch", "turn_on", lambda _: None)
    hass.services.async_register("switch", "turn_off", lambda _: None)
    level = await add_level(hass, entry, target="switch.dead", **AT_ONCE)
    await virtual_time.run(1800)
    assert (level.on, level.status) == (True, "target_failed")
    assert 5 < len(orders.given) < 15
    assert set(orders.taken()) == {"on dead"}
    assert complaints(caplog, logging.ERROR) == []
    has_sun(sim, 0)
    await virtual_time.run(7)
    assert (level.on, level.status, orders.taken()) == (False, "no_surplus", ["off dead"])


@pytest.mark.parametrize("error", [HomeAssistantError("no"), ValueError("a bug of somebody else")])
async def test_a_target_that_refuses(
    hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders, error: Exception
) -> None:
    """Whatever it raises; a switched-off level still owes the stop, and says so."""

    @callback
    def refuse(_call: ServiceCall) -> None:
        raise error

    hass.states.async_set("light.odd", "off")
    hass.services.async_register("light", "turn_on", refuse)
    hass.services.async_register("light", "turn_off", refuse)
    level = await add_level(hass, entry, target="light.odd", **AT_ONCE)
    await virtual_time.run(60)
    assert (level.on, level.status) == (True, "target_failed")
    assert 2 < len(orders.taken()) < 6
    hass.states.async_set("light.odd", "on")
    await level.switch(on=False)
    await virtual_time.run(3)
    assert (level.on, level.status, orders.taken()) == (False, "target_failed", ["off odd"])
    hass.services.async_register("light", "turn_off", lambda _: hass.states.async_set("light.odd", "off"))
    await virtual_time.run(60)
    assert (level.status, orders.taken()) == ("off", ["off odd"])


@pytest.mark.parametrize("blocking", [False, True])
async def test_a_target_that_takes_its_time(
    hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders, *, blocking: bool
) -> None:
    """The action, or the state after it: it is said meanwhile, and what has followed is not told again."""

    async def slowly(_call: ServiceCall) -> None:
        if blocking:
            await asyncio.sleep(32)
        hass.loop.call_later(0 if blocking else 32, hass.states.async_set, "climate.slow", "heat")

    hass.states.async_set("climate.slow", "unknown")
    hass.services.async_register("climate", "turn_on", slowly)
    level = await add_level(hass, entry, target="climate.slow", **AT_ONCE)
    await virtual_time.run(14)
    assert (level.on, level.status, orders.taken()) == (True, "target_failed", ["on slow"])
    await virtual_time.run(60)
    assert level.status == "on"
    assert len(orders.taken()) < 3
    await virtual_time.run(600)
    assert orders.taken() == []


async def test_a_script_is_run_and_not_waited_for(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """Its state does not tell whether it was done."""
    script = {"heat": {"sequence": [{"delay": 3600}]}}
    assert await async_setup_component(hass, "script", {"script": script})
    level = await add_level(hass, entry, target="script.heat", **AT_ONCE)
    await virtual_time.run(7)
    assert (level.status, hass.states.get("script.heat").state) == ("on", "on")  # type: ignore[union-attr]
    has_sun(sim, 0)
    await virtual_time.run(7)
    assert (level.status, hass.states.get("script.heat").state) == ("no_surplus", "off")  # type: ignore[union-attr]
    assert orders.taken() == ["on heat", "off heat"]


# What is told


async def test_event_and_triggers(hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any) -> None:
    """Each start and each stop, once; a reload is a stop at most."""
    has_sun(sim, 0)
    with everything():
        level = await add_level(hass, entry, **AT_ONCE)
    triggers = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, level.device.id)
    ours = [each for each in triggers if each["domain"] == DOMAIN]
    assert [each["type"] for each in ours] == ["surplus_started", "surplus_stopped"]
    gateway = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, SERIAL), entry.entry_id)
    assert gateway is not None
    assert await device_trigger.async_get_triggers(hass, gateway.id) == []
    happened: list[str] = []

    @callback
    def note(call: ServiceCall) -> None:
        happened.append(call.data["what"])

    hass.services.async_register("test", "note", note)
    config = [
        {
            "alias": each["type"],
            "triggers": [{key: each[key] for key in ("platform", "domain", "device_id", "type")}],
            "actions": [{"action": "test.note", "data": {"what": each["type"]}}],
        }
        for each in ours
    ]
    assert await async_setup_component(hass, automation.DOMAIN, {automation.DOMAIN: config})
    has_sun(sim, 2000)
    await virtual_time.run(7)
    assert happened == ["surplus_started"]
    assert level.state("surplus", "event").attributes["event_type"] == "surplus_started"
    has_sun(sim, 0)
    await virtual_time.run(7)
    assert happened == ["surplus_started", "surplus_stopped"]
    assert level.state("surplus", "event").attributes["event_type"] == "surplus_stopped"
    assert level.state("activations").state == "1"
    has_sun(sim, 2000)
    await virtual_time.run(7)
    await hass.config_entries.async_reload(entry.entry_id)
    await virtual_time.run(1)
    assert happened[2:4] == ["surplus_started", "surplus_stopped"]
    await virtual_time.run(7)
    assert happened[4:] == ["surplus_started"]
    with pytest.raises(InvalidDeviceAutomationConfig):
        await device_trigger.async_attach_trigger(
            hass,
            {"device_id": gateway.id, "type": "surplus_started"},
            None,  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
        )


def test_each_trigger_has_a_text() -> None:
    """In every language."""
    for texts in our_texts()[DOMAIN].values():
        kinds = {key.rpartition(".")[2] for key in texts if key.startswith("device_automation.trigger_type.")}
        assert kinds == device_trigger.TYPES.keys()


async def test_diagnostics(
    hass: HomeAssistant, virtual_time: VirtualTime, entry: Any, orders: Orders, hass_client: ClientSessionGenerator
) -> None:
    """What the level was told and does, and nothing that identifies the gateway."""
    await running(hass, virtual_time, entry, orders)
    with virtual_time.held():
        assert await async_setup_component(hass, "diagnostics", {})
        found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (level,) = found["surplus_levels"]  # type: ignore[misc]
    assert (level["status"], level["settings"]["start"], level["sources"]["grid"]["power"]) == ("on", 1000, -2000)
    assert (level["memory"]["acting"], level["data"]["target"]) == (True, BOILER)
    assert SERIAL not in str(found)
