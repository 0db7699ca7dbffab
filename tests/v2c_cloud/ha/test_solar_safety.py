"""Solar charging gives back what it borrowed, keeps its hands off, and survives what fails."""

from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.v2c_cloud.const import DOMAIN
from custom_components.v2c_cloud.diagnostics import async_get_config_entry_diagnostics
from custom_components.v2c_cloud.solar_settings import KIND
from custom_components.v2c_cloud.v2c import lan
from custom_components.v2c_cloud.v2c.device import Trydan
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import DEVICE, add_both, add_local, loaded, settle, use
from tests.v2c_cloud.ha.sun import METER, MINUTE, Sun

GIVEN = {"name": "Sun", "grid": METER, "inverted": False, "priority": "battery_first", "switch_phases": False}


async def charging(sun: Sun, **given: Any) -> None:
    """Begin with a car that charges by the sun."""
    await sun.start(**given)
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.amps, 120)
    await sun.run(10)
    assert sun.amps == 10


# Giving back

BOXES = [
    {},
    {"Dynamic": 1, "DynamicPowerMode": 3, "Intensity": 32},
    {"Dynamic": 1, "PauseDynamic": 1, "DynamicPowerMode": 4},
    {"Dynamic": 1, "DynamicPowerMode": 5, "Intensity": 10},
    {"Paused": 1, "Intensity": 6, "PauseDynamic": 1},
    {"MaxIntensity": 16, "MinIntensity": 8},
]


@pytest.mark.parametrize("settings", BOXES, ids=str)
async def test_switched_off_the_box_is_what_it_was(sun: Sun, settings: dict[str, int]) -> None:
    """Exactly, with one write for each setting that differs."""
    for key, value in settings.items():
        sun.sim.write(key, value)
    await charging(sun)
    before = sun.box()
    sun.sim.forget()
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.word == "off" and sun.box() == sun.own, 30)
    assert {key for key, _ in sun.sim.written} == {key for key in before if before[key] != sun.own[key]}
    assert len(sun.sim.written) == len({key for key, _ in sun.sim.written})
    sun.sim.forget()
    sun.sim.house.pv_w = 5000
    await sun.run(5 * MINUTE)
    assert sun.sim.written == []


async def test_outside_the_schedule(sun: Sun, hass: HomeAssistant) -> None:
    hass.states.async_set("input_boolean.day", "on")
    await charging(sun, active_while="input_boolean.day")
    hass.states.async_set("input_boolean.day", "off")
    await sun.until(lambda: sun.word == "outside_schedule" and sun.box() == sun.own, 30)
    hass.states.async_set("input_boolean.day", "on")
    await sun.until(lambda: sun.word == "charging_surplus", 120)


async def test_a_meter_that_is_late_and_then_lost(sun: Sun, hass: HomeAssistant) -> None:
    """It is waited for, then the box is given back; all by itself it goes on."""
    await charging(sun)
    sun.publishing = False
    await sun.until(lambda: sun.word == "meter_late", 30)
    assert sun.amps == 10
    await sun.until(lambda: sun.word == "meter_lost" and sun.box() == sun.own, 90)
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_key == "loop_meter_lost"
    sun.publishing = True
    await sun.until(lambda: sun.word == "charging_surplus", 120)
    assert not ir.async_get(hass).issues


async def test_a_battery_that_is_gone(sun: Sun, hass: HomeAssistant) -> None:
    """One that has nothing new to say is another matter."""
    hass.states.async_set("sensor.still", "0", {"unit_of_measurement": "W"})
    await charging(sun, battery="sensor.still")
    await sun.run(10 * MINUTE)
    assert sun.word == "charging_surplus"
    hass.states.async_set("sensor.still", "unavailable")
    await sun.until(lambda: sun.word == "meter_lost", 90)


async def test_home_assistant_stops(sun: Sun, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the pace that a real box needs it takes less than three seconds."""
    monkeypatch.setattr(lan, "GAP", 0.15)
    monkeypatch.setattr(Trydan, "settle", (1.0, 2.0, 4.0, 8.0))
    for key, value in {"Dynamic": 0, "DynamicPowerMode": 5, "PauseDynamic": 0}.items():
        sun.sim.write(key, value)
    sun.sim.options.response_delay = 0.1
    await charging(sun)
    began = sun.clock.elapsed
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await settle(hass)
    assert sun.box() == sun.own
    assert sun.clock.elapsed - began < 3
    assert sun.sim.smallest_gap >= 0.1
    assert not sun.loop.acting
    hass.set_state(CoreState.running)


async def test_home_assistant_stops_while_the_box_is_deaf(sun: Sun, hass: HomeAssistant) -> None:
    """Nobody waits for it, and nothing is forgotten."""
    await charging(sun)
    sun.sim.faults.http = "no_answer"
    began = sun.clock.elapsed
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await settle(hass)
    assert sun.clock.elapsed - began < 3
    assert sun.loop.acting
    assert sun.loop.memory["box"]["own"]["intensity"] == 16
    hass.set_state(CoreState.running)
    sun.sim.faults.clear()


async def test_a_reload_gives_back_and_begins_again(sun: Sun, hass: HomeAssistant) -> None:
    await charging(sun)
    await sun.set(start_delay=10)
    await sun.choose("minimum")
    assert await hass.config_entries.async_unload(sun.entry.entry_id)
    assert sun.box() == sun.own
    assert await hass.config_entries.async_setup(sun.entry.entry_id)
    await sun.until(lambda: sun.word == "charging_surplus", 60)
    assert (sun.shown("mode"), sun.shown("start_delay")) == ("minimum", "10")


async def test_after_a_crash_the_box_still_gets_its_own_back(sun: Sun, hass: HomeAssistant) -> None:
    """What is remembered are its settings, not ours, however often it begins anew."""
    await charging(sun)
    await sun.run(5)
    store: Store[dict[str, Any]] = Store(hass, 1, f"{DOMAIN}.loops.{sun.entry.entry_id}", private=True)
    kept = await store.async_load()
    # Home Assistant is gone without a word: nothing is given back.
    loop = sun.loop
    loop.acting = False
    assert await hass.config_entries.async_unload(sun.entry.entry_id)
    assert sun.sim.value("Intensity") == 10
    assert kept is not None
    await store.async_save(kept)
    assert await hass.config_entries.async_setup(sun.entry.entry_id)
    await sun.run(30)
    assert sun.word == "charging_surplus"
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own, 30)


async def test_after_a_crash_while_switched_off(sun: Sun, hass: HomeAssistant) -> None:
    """What was in force is ended, although nothing begins."""
    await charging(sun)
    sun.sim.faults.http = "refuse"
    await sun.turn("enabled", on=False)
    await sun.run(60)
    sun.sim.faults.clear()
    await sun.until(lambda: sun.box() == sun.own, 6 * MINUTE)
    assert sun.word == "off"


# Hands off


@pytest.mark.parametrize("change", [("Paused", 1), ("Intensity", 20), ("PauseDynamic", 0), ("Dynamic", 0)], ids=str)
async def test_somebody_else_sets_the_box(sun: Sun, change: tuple[str, int]) -> None:
    """The App, its display, another controller: from then on nothing is touched, and nothing of theirs is given back."""
    sun.sim.write("Dynamic", 1)
    await charging(sun)
    sun.sim.write(*change)
    sun.sim.forget()
    took = await sun.until(lambda: sun.word == "taken_over", 20)
    assert took > 4
    sun.sim.house.pv_w = 6000
    await sun.run(10 * MINUTE)
    assert sun.sim.written == []
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.word == "off", 30)
    await sun.run(10)
    assert sun.box() == sun.own | dict([change])
    await sun.turn("enabled", on=True)
    await sun.until(lambda: sun.amps >= 25, 120)


async def test_our_own_entities_are_somebody_else_too(sun: Sun, hass: HomeAssistant) -> None:
    await charging(sun)
    await use(hass, "switch", "turn_on", "charging_pause")
    await sun.until(lambda: sun.word == "taken_over", 20)
    assert sun.sim.value("Paused") == 1


async def test_a_car_that_came_while_nobody_looked(sun: Sun, hass: HomeAssistant) -> None:
    """What was meant for another car is over."""
    await charging(sun)
    await sun.turn("boost", on=True)
    await sun.until(lambda: sun.word == "boost", 15)
    sun.sim.write("Intensity", 12)
    await sun.until(lambda: sun.word == "taken_over", 20)
    await sun.until(lambda: (sun.loop.box.device.charge.energy or 0) > 0.2, 30 * MINUTE)
    assert await hass.config_entries.async_unload(sun.entry.entry_id)
    sun.sim.unplug()
    await sun.run(20 * MINUTE)
    sun.sim.plug()
    assert await hass.config_entries.async_setup(sun.entry.entry_id)
    await sun.until(lambda: sun.word == "charging_surplus", 2 * MINUTE)
    assert sun.shown("boost") == "off"


async def test_the_next_car_ends_that(sun: Sun, hass: HomeAssistant) -> None:
    """Also after a restart in between."""
    await charging(sun)
    sun.sim.write("Paused", 1)
    await sun.until(lambda: sun.word == "taken_over", 20)
    assert await hass.config_entries.async_reload(sun.entry.entry_id)
    await sun.run(60)
    assert sun.word == "taken_over"
    sun.sim.unplug()
    await sun.until(lambda: sun.word == "car_absent", 60)
    sun.sim.plug()
    await sun.until(lambda: sun.word == "charging_surplus", 3 * MINUTE)


async def test_one_strange_reading_is_none(sun: Sun) -> None:
    await charging(sun)
    sun.sim.set("Intensity", 16)
    await sun.run(5)
    sun.sim.clear()
    await sun.run(60)
    assert sun.word == "charging_surplus"


async def test_what_is_set_without_a_car_is_the_box_s_own(sun: Sun) -> None:
    """Nobody took anything over; at the end the newer setting is given back."""
    await charging(sun)
    sun.sim.unplug()
    await sun.until(lambda: sun.word == "car_absent", 15)
    sun.sim.write("Intensity", 12)
    await sun.run(2 * MINUTE)
    sun.sim.plug()
    await sun.until(lambda: sun.amps == 10, 3 * MINUTE)
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own | {"Intensity": 12}, 30)


# What fails


async def test_the_lan_is_lost(hass: HomeAssistant, sun: Sun, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Nothing goes through the cloud, whose calls are few."""
    await charging_with_account(sun, hass, cloud)
    sim.faults.http = "refuse"
    await sun.until(lambda: sun.word == "needs_lan", 2 * MINUTE)
    sun.sim.house.pv_w = 0
    await sun.run(15 * MINUTE)
    assert sun.word == "needs_lan"
    await sun.turn("boost", on=True)
    await sun.run(MINUTE)
    commands = ("pausecharge", "startcharge", "intensity", "dynamic", "locked", "chargefvmode")
    assert not [each for each in cloud.calls if each.path.endswith(commands)]
    await sun.turn("boost", on=False)
    sim.faults.clear()
    await sun.until(lambda: sun.amps == 0, 10 * MINUTE)
    assert sun.word in ("no_surplus", "stopping")


async def charging_with_account(sun: Sun, hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """Begin with an entry that has a LAN and a cloud."""
    entry = await add_both(hass, cloud, sun.sim)
    await sun.start(entry=entry)
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.amps == 10, 120)


async def test_the_box_refuses(sun: Sun) -> None:
    """It is said, tried again later, and not faster and faster."""
    await sun.start()
    await sun.until(lambda: sun.word == "no_surplus", 10)
    sun.sim.faults.http = "refuse_write"
    sun.sim.house.pv_w = 2400
    sun.sim.forget()
    await sun.until(lambda: sun.word == "refused", 90)
    await sun.run(10 * MINUTE)
    assert 3 < len(sun.sim.written) < 30
    sun.sim.faults.clear()
    await sun.until(lambda: sun.amps == 10, 6 * MINUTE)


async def test_a_write_that_gets_lost_is_repeated(sun: Sun) -> None:
    await sun.start()
    await sun.until(lambda: sun.word == "no_surplus", 10)
    sun.sim.faults.http = "lost_write*1"
    sun.sim.house.pv_w = 2400
    await sun.until(lambda: sun.amps == 10, 3 * MINUTE)
    await sun.until(lambda: sun.word == "charging_surplus", 10)


async def test_a_silence_is_no_loss(sun: Sun) -> None:
    """One poll without an answer: what was so is so."""
    await charging(sun)
    sun.sim.faults.http = "no_answer*1"
    for _ in range(20):
        await sun.run(2)
        assert sun.word == "charging_surplus"
    assert sun.amps == 10


# Setting up


async def test_the_form(sun: Sun, hass: HomeAssistant) -> None:
    """Once for each charger; a name that is no power is refused; it can be changed."""
    hass.states.async_set("sensor.temperature", "21", {"unit_of_measurement": "°C"})
    await charging(sun)
    flow = await sun.form()
    assert (flow["type"], flow["reason"]) == ("abort", "already_configured")
    subentry = sun.loop.subentry.subentry_id
    form = await sun.form(subentry)
    assert form["type"] == "form"
    flows = hass.config_entries.subentries
    wrong = await flows.async_configure(form["flow_id"], GIVEN | {"grid": "sensor.temperature"})
    assert wrong["errors"] == {"grid": "not_a_power"}
    done = await flows.async_configure(form["flow_id"], GIVEN | {"name": "Roof", "priority": "car_first"})
    assert (done["type"], done["reason"]) == ("abort", "reconfigure_successful")
    await settle(hass)
    await sun.run(1)
    assert sun.loop.subentry.title == "Roof"
    assert sun.loop.subentry.data["charger"] == DEVICE
    await sun.until(lambda: sun.word == "charging_surplus", 30)
    assert sun.entry.state is ConfigEntryState.LOADED


async def test_removing_it(sun: Sun, hass: HomeAssistant) -> None:
    """The box gets its own back, and nothing is left."""
    await charging(sun)
    hass.config_entries.async_remove_subentry(sun.entry, sun.loop.subentry.subentry_id)
    await settle(hass)
    await sun.run(5)
    assert sun.box() == sun.own
    assert list(sun.entry.runtime_data.loops) == []
    assert await hass.config_entries.async_remove(sun.entry.entry_id)
    await settle(hass)


async def test_a_charger_that_is_with_another_entry(
    sun: Sun, hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator
) -> None:
    """It waits."""
    await add_local(hass, sim)
    subentry = {
        "data": {"charger": DEVICE, "grid": METER, "priority": "battery_first"},
        "subentry_type": KIND,
        "title": "Sun",
        "unique_id": None,
        "subentry_id": "S" * 26,
    }
    data = {"api_key": "SIM-KEY", "base_url": cloud.base_url, "cached_pairings": [{"deviceId": DEVICE, "tag": "Garage"}]}
    entry = MockConfigEntry(domain=DOMAIN, version=2, data=data, unique_id="u", subentries_data=[subentry])
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    sun.entry = await loaded(hass, entry)
    await sun.run(90)
    assert sun.word == "no_charger"
    sun.sim.forget()
    await sun.turn("boost", on=True)
    await sun.run(30)
    assert sun.sim.written == []


async def test_diagnostics(sun: Sun, hass: HomeAssistant) -> None:
    """What it decided by, and whose charger it is not."""
    await charging(sun)
    found = await async_get_config_entry_diagnostics(hass, sun.entry)
    (loop,) = found["loops"]
    assert loop["status"] == "charging_surplus"
    assert loop["memory"]["box"]["own"]["intensity"] == 16
    assert DEVICE not in str(found)


async def test_the_day_of_a_car(sun: Sun) -> None:
    """Of sun and clouds, shortened: hardly anything is drawn, few pauses, and the box is what it was."""
    sun.sim.house.set_time(dt_util.now().replace(hour=11, minute=0, second=0, microsecond=0))
    random = sun.sim.house.random
    shades = [0.3 + 0.7 * random.random() for _ in range(400)]

    def drive(house: Any, second: float) -> None:
        height = max(0.0, 1 - ((second - 13 * 3600) / (6.5 * 3600)) ** 2)
        house.apply_flows([6500 * height * shades[int(second // 240) % 400] / 4] * 4, 400.0)

    sun.sim.house.driver = drive
    await sun.start()
    energies = sun.sim.house.energies
    before = (energies.ev.total, energies.grid_import.total, energies.load.total)
    await sun.run(timedelta(minutes=80).total_seconds())
    car, drawn, load = (
        now - then for now, then in zip((energies.ev.total, energies.grid_import.total, energies.load.total), before, strict=True)
    )
    assert car > 3_000
    assert drawn < 0.1 * load + 0.06 * car
    assert sun.count("Paused", "1") < 8
    await sun.turn("enabled", on=False)
    await sun.until(lambda: sun.box() == sun.own, 30)
