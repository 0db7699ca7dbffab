"""What Home Assistant shows of a Titan."""

import asyncio
from datetime import timedelta
import json
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.titan_izypower.titan import modbus, opendata
from simulators import scenarios
from simulators.faults import HTTP_KINDS, MODBUS_KINDS
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import HOST, SERIAL, act, add, entity, poll, settle, state

# The keys of the seed's list: frozen, with their unit as shown by Home Assistant.
SEED = {
    **{f"dc_input_power_{number}": "W" for number in range(1, 5)},
    "dc_input_power": "W",
    "ac_output_power": "W",
    "ac_input_power": "W",
    "battery_power": "W",
    "meter_power": "W",
    "daily_production": "kWh",
    "cumulative_production": "kWh",
    "battery_daily_charging_energy": "kWh",
    "battery_daily_discharging_energy": "kWh",
    "battery_total_charging_energy": "kWh",
    "battery_total_discharging_energy": "kWh",
    "battery_soc": "%",
    "battery_state": None,
    "working_mode": None,
    "meter_connection": None,
}
# On one wire only, because the other has no such value: docs/titan.md says so.
OURS = "custom_components"


def complaints(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """Return what our code logged at ``level`` or above."""
    return [each.getMessage() for each in caplog.records if each.name.startswith(OURS) and each.levelno >= level]


async def shown(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> dict[str, str]:
    """Return every enabled entity's state by key, over one wire."""
    entry = await add(hass, sim, wire)
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    states = {each.unique_id.removeprefix(f"{SERIAL}_"): hass.states.get(each.entity_id) for each in entities}
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    return {key: each.state for key, each in states.items() if each is not None}


@pytest.mark.parametrize("scenario", ["sunny", "night", "charging"])
async def test_both_wires_show_the_same(hass: HomeAssistant, sim: TitanSimulator, scenario: str) -> None:
    """Same entities for the seed's list, same values everywhere, read from a house in which time stands still."""
    sim.house.battery.ramp = 1e6
    scenarios.apply(sim.house, scenario)
    await asyncio.sleep(0.1)
    standing_still = sim.house.clock()
    sim.house.clock = lambda: standing_still
    modbus_states, http_states = await shown(hass, sim, "modbus_tcp"), await shown(hass, sim, "opendata")
    assert modbus_states.keys() & SEED.keys() == SEED.keys()
    assert http_states.keys() & SEED.keys() == SEED.keys()
    differing = {
        key: (modbus_states[key], http_states[key])
        for key in modbus_states.keys() & http_states.keys() - {"transport", "happening", "stop", "realtime_mode"}
        if not _close(modbus_states[key], http_states[key])
    }
    assert differing == {}


def _close(first: str, second: str) -> bool:
    try:
        return abs(float(first) - float(second)) <= 0.02 * max(abs(float(first)), 1)
    except ValueError:
        return first == second


@pytest.mark.parametrize("wire", ["modbus_tcp", "opendata"])
async def test_the_energy_dashboard_can_use_them(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> None:
    """Right unit, device class and state class on each of the seed's entities."""
    scenarios.apply(sim.house, "sunny")
    entry = await add(hass, sim, wire)
    for key, unit in SEED.items():
        attributes = state(hass, key).attributes
        assert attributes.get("unit_of_measurement") == unit, key
        if unit == "kWh":
            assert (attributes["device_class"], attributes["state_class"]) == ("energy", "total_increasing"), key
        if unit == "W":
            assert (attributes["device_class"], attributes["state_class"]) == ("power", "measurement"), key
    assert state(hass, "battery_soc").attributes["device_class"] == "battery"
    assert state(hass, "battery_state").attributes["options"] == ["idle", "charging", "discharging"]
    without = [each.entity_id for each in hass.states.async_all() if each.state in ("unknown", "unavailable")]
    allowed = {entity(hass, key) for key in ("stop", "realtime_mode", "happening")}
    assert set(without) <= allowed
    await act(hass, "charge", power=500)
    async with asyncio.timeout(20):
        while float(state(hass, "battery_power").state) >= -400:
            await asyncio.sleep(0.2)
            await poll(hass, entry)
    assert state(hass, "battery_state").state == "charging"


async def test_an_ac_model_has_no_pv(hass: HomeAssistant) -> None:
    """Entities follow what the unit has."""
    async with TitanSimulator(pv_inputs=0, packs=0) as sim:
        entry = await add(hass, sim)
        keys = {each.unique_id for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}
        assert not any("dc_input_power_" in key or "pack_soc_1" in key for key in keys)
        assert f"{SERIAL}_pack_soc_0" in keys
        await hass.config_entries.async_unload(entry.entry_id)


async def test_ten_minutes_without_the_unit_are_one_warning_and_one_info(
    hass: HomeAssistant, sim: TitanSimulator, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """Unavailable at the second silence, alone back again."""
    await add(hass, sim)
    caplog.clear()
    caplog.set_level(logging.INFO)
    sim.faults.modbus = "refuse"
    unavailable_after = None
    for second in range(0, 600, 5):
        freezer.tick(timedelta(seconds=5))
        async_fire_time_changed(hass)
        await settle(hass)
        if unavailable_after is None and state(hass, "battery_soc").state == "unavailable":
            unavailable_after = second + 5
    assert unavailable_after is not None
    assert unavailable_after <= 90
    sim.faults.clear()
    for _ in range(14):
        freezer.tick(timedelta(seconds=5))
        async_fire_time_changed(hass)
        await settle(hass)
    assert state(hass, "battery_soc").state == "50"
    ours = [each for each in caplog.records if each.name.startswith(OURS) and each.levelno >= logging.INFO]
    assert [each.levelno for each in ours] == [logging.WARNING, logging.INFO], [each.getMessage() for each in ours]


async def test_a_bad_block_takes_only_its_own_entities(
    hass: HomeAssistant, sim: TitanSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest goes on; what a unit refuses again and again, and has answered before, is believed at the third time."""
    entry = await add(hass, sim)
    caplog.clear()
    device = entry.runtime_data.device
    sim.options.extra_holes = {2221}
    for _ in range(3):
        await poll(hass, entry)
    assert state(hass, "battery_soc").state == "50"
    assert state(hass, "dc_input_power_2").state != "unavailable"
    assert device.wire.memory.absent == {2221}


async def test_nothing_is_written_to_the_state_machine_without_news(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Only values that other helpers integrate are reported again."""
    entry = await add(hass, sim)
    sim.house.pv_w = 0
    await poll(hass, entry)
    changed: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        changed.append(event.data["entity_id"])

    hass.bus.async_listen("state_reported", note, event_filter=callback(lambda _: True))
    hass.bus.async_listen("state_changed", note)
    await poll(hass, entry)
    integrated = {
        each.entity_id
        for each in hass.states.async_all("sensor")
        if each.attributes.get("device_class") in ("power", "voltage", "current")
    }
    assert set(changed) <= integrated


FATAL = {"refuse", "half_open", "no_answer"}


@pytest.mark.parametrize(
    ("wire", "fault"),
    [
        *(("modbus_tcp", kind) for kind in sorted(MODBUS_KINDS)),
        *(("modbus_tcp", f"exception:{code}") for code in (1, 2, 3, 4, 5, 6, 8, 10, 11, 99)),
        *(("opendata", kind) for kind in sorted(HTTP_KINDS)),
    ],
)
async def test_no_fault_leaves_a_trace_or_a_wrong_value(
    hass: HomeAssistant,
    sim: TitanSimulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wire: str,
    fault: str,
) -> None:
    """Five polls with it, then without: no traceback, one warning at most, values right or absent, and right again."""
    monkeypatch.setattr(modbus, "ANSWER_WITHIN", 0.6)
    monkeypatch.setattr(modbus, "DEADLINE", 0.8)
    sim.house.pv_inputs = [100, 100, 100, 100]
    entry = await add(hass, sim, wire)
    # Not sooner: on a busy machine the set-up takes its time.
    monkeypatch.setattr(modbus, "DEADLINE", 0.2)
    monkeypatch.setattr(opendata, "DEADLINE", 0.3)
    caplog.clear()
    seen: set[str] = set()
    setattr(sim.faults, "modbus" if wire == "modbus_tcp" else "http", fault)
    for _ in range(5):
        await poll(hass, entry)
        seen |= {state(hass, "battery_soc").state, state(hass, "cumulative_production").state}
    # The sun shines on meanwhile, for as long as the machine takes.
    assert {each for each in seen if not each.startswith("321.1")} <= {"50", "unavailable", "unknown"}
    sim.faults.clear()
    for _ in range(2):
        await poll(hass, entry)
    if fault != "unauthorized":
        assert state(hass, "battery_soc").state == "50"
        assert len(complaints(caplog)) <= 1, complaints(caplog)
    loud = [each for each in caplog.records if each.name.startswith(OURS) and each.levelno >= logging.WARNING]
    assert not any(each.exc_info for each in loud)
    assert sim.writes == []


@pytest.mark.parametrize("wire", ["modbus_tcp", "opendata"])
async def test_diagnostics_and_logs_tell_no_secret(
    hass: HomeAssistant, sim: TitanSimulator, hass_client: ClientSessionGenerator, caplog: pytest.LogCaptureFixture, wire: str
) -> None:
    """A bug report needs the values, not the owner."""
    caplog.set_level(logging.DEBUG)
    entry = await add(hass, sim, wire)
    await act(hass, "charge", power=500)
    told: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    text = json.dumps(told)
    secrets = {SERIAL, HOST, *entry.data["serials"].values()}
    for secret in secrets:
        assert secret not in text, secret
    words = [word for each in told["capture"]["exchanges"] if isinstance(each["body"], list) for word in each["body"]]
    spelled = b"".join(word.to_bytes(2) for word in words if word is not None)
    for secret in secrets:
        assert secret.encode() not in spelled, secret
    assert "ssid" not in text.lower()
    assert told["blocks"]["battery"]["values"]["soc"] == 50
    assert told["capture"]["exchanges"]
    logged = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith(OURS))
    for secret in secrets - {HOST}:
        assert secret not in logged


async def test_midnight_is_a_reset_and_a_glitch_is_not(
    hass: HomeAssistant, sim: TitanSimulator, freezer: FrozenDateTimeFactory
) -> None:
    """Daily counters start anew at midnight only; lifetime ones never, and a reload forgets nothing."""
    freezer.move_to(dt_util.now().replace(hour=12, minute=0))
    entry = await add(hass, sim)
    sim.set("PV energy today", 5000)
    sim.set("PV energy total", 321134)
    for _ in range(3):
        await poll(hass, entry)
    assert state(hass, "daily_production").state == "5.0"
    sim.set("PV energy today", 0)
    sim.set("PV energy total", 0)
    await poll(hass, entry)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert state(hass, "daily_production").state == "5.0"
    assert state(hass, "cumulative_production").state == "321.134"
    sim.set("PV energy today", 5010)
    sim.set("PV energy total", 321144)
    await poll(hass, entry)
    assert float(state(hass, "daily_production").state) == pytest.approx(5.01)
    freezer.move_to((dt_util.now() + timedelta(days=1)).replace(hour=0, minute=1))
    sim.set("PV energy today", 0)
    await poll(hass, entry)
    assert float(state(hass, "daily_production").state) == 0
    assert float(state(hass, "cumulative_production").state) == pytest.approx(321.144)


async def test_alarms_and_restarts_are_events(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Each once, with its name."""
    entry = await add(hass, sim)
    sim.set("Inverter alarm word", 1 << 7)
    await poll(hass, entry)
    assert state(hass, "happening").attributes["event_type"] == "over_temperature"
    assert state(hass, "problem").state == "on"
    assert state(hass, "alarm").state == "over_temperature"
    first = state(hass, "happening").state
    await poll(hass, entry)
    assert state(hass, "happening").state == first
    sim.clear("Inverter alarm word")
    sim.reboot()
    await poll(hass, entry)
    await poll(hass, entry)
    assert state(hass, "happening").attributes["event_type"] == "restarted"
    assert state(hass, "problem").state == "off"
