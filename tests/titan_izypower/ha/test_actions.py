"""Commanding the battery from Home Assistant."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.titan_izypower.const import DOMAIN
from custom_components.titan_izypower.titan import modbus, opendata
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import SERIAL, act, add, entity, poll, settle, state

WIRES = pytest.mark.parametrize("wire", ["modbus_tcp", "opendata"])


async def test_the_actions_are_there_without_any_entry(hass: HomeAssistant) -> None:
    """Automations load before devices do, and fail with a text, not as unknown actions."""
    assert await async_setup_component(hass, DOMAIN, {})
    known = {"set_realtime_mode", "charge", "discharge", "stop", "set_up_energy_dashboard"}
    assert set(hass.services.async_services_for_domain(DOMAIN)) == known
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "stop")
    assert raised.value.translation_key == "not_loaded"


@WIRES
async def test_a_charge_arms_the_mode_is_verified_and_repeats_cost_nothing(
    hass: HomeAssistant, sim: TitanSimulator, wire: str
) -> None:
    """Two writes at most; the answer tells what is in force."""
    await add(hass, sim, wire)
    answer = await act(hass, "charge", power=500)
    assert answer["applied"] is True
    assert (answer["power"], answer["soc_limit"]) == (500, 100)
    assert answer["latency_ms"] >= 0
    assert len(sim.writes) == 2
    assert sim.house.mode == 4
    assert tuple(sim.house.order) == (1, 500, 100)
    again = await act(hass, "charge", power=500)
    assert again["applied"] is True
    assert len(sim.writes) == 2
    answer = await act(hass, "discharge", power=300, target_soc=20)
    assert (answer["power"], answer["soc_limit"]) == (300, 20)
    assert tuple(sim.house.order) == (2, 300, 20)
    answer = await act(hass, "stop")
    assert answer["applied"] is True
    assert sim.house.order[0] == 0
    assert len(sim.writes) == 4


@WIRES
async def test_realtime_mode_is_armed_once(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> None:
    """The seed's first automation."""
    await add(hass, sim, wire)
    assert (await act(hass, "set_realtime_mode"))["applied"] is True
    assert (await act(hass, "set_realtime_mode"))["applied"] is True
    assert len(sim.writes) == 1
    assert state(hass, "working_mode").state == "realtime"


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("charge", {"power": -5}, "out_of_range"),
        ("charge", {"power": 99999}, "out_of_range"),
        ("charge", {"power": 49}, "out_of_range"),
        ("charge", {"power": "abc"}, "invalid_value"),
        ("charge", {"power": "nan"}, "invalid_value"),
        ("discharge", {"power": 300, "target_soc": 101}, "out_of_range"),
        ("discharge", {"power": 300, "target_soc": 10}, "below_backup_soc"),
        ("discharge", {"power": 300, "target_soc": 80}, "soc_reached"),
        ("charge", {"power": 300, "target_soc": 40}, "soc_reached"),
        ("charge", {"power": 300, "duration": "soon"}, "invalid_duration"),
        ("charge", {"power": 300, "duration": 0}, "invalid_duration"),
        ("charge", {"power": 300, "duration": -3}, "invalid_duration"),
        ("stop", {"config_entry_id": "nobody"}, "target_not_found"),
    ],
)
async def test_what_cannot_be_is_refused_before_a_byte_leaves(
    hass: HomeAssistant, sim: TitanSimulator, action: str, data: dict[str, Any], key: str
) -> None:
    """A translated reason, and a silent wire."""
    sim.house.battery.backup_soc = 20
    await add(hass, sim)
    asked = len(sim.requests)
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, action, **data)
    assert (raised.value.translation_domain, raised.value.translation_key) == (DOMAIN, key)
    assert len(sim.requests) == asked


async def test_a_target_is_a_device_an_entity_or_an_entry(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """With two units one must be named."""
    entry = await add(hass, sim)
    async with TitanSimulator(serial="SIM-TITAN-0002") as second_unit:
        second_unit.set("Pack serial main", "PACK-OF-THE-SECOND")
        second = await add(hass, second_unit)
        with pytest.raises(ServiceValidationError) as raised:
            await act(hass, "charge", power=400)
        assert raised.value.translation_key == "target_needed"
        await act(hass, "charge", power=400, device_id=second.runtime_data.unit_id())
        assert (sim.house.order[1], second_unit.house.order[1]) == (0, 400)
        await act(hass, "charge", power=410, entity_id=entity(hass, "battery_soc"))
        assert sim.house.order[1] == 410
        answer = await act(hass, "charge", power=420, config_entry_id=[entry.entry_id, second.entry_id])
        assert (sim.house.order[1], second_unit.house.order[1]) == (420, 420)
        assert answer["applied"] is True
        assert [each["power"] for each in answer["units"]] == [420, 420]
        second_unit.faults.modbus = "refuse"
        with pytest.raises(HomeAssistantError) as failed:
            await act(hass, "charge", power=430, config_entry_id=[entry.entry_id, second.entry_id])
        assert failed.value.translation_key == "several_failed"
        assert sim.house.order[1] == 430
        second_unit.faults.clear()
        await hass.config_entries.async_unload(second.entry_id)


async def test_a_slave_is_commanded_through_its_master(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Orders to a slave make the units of a cluster fight."""
    sim.options.cluster_role = "slave"
    slave = await add(hass, sim)
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "charge", power=500)
    assert raised.value.translation_key == "cluster_slave"
    async with TitanSimulator(serial="SIM-TITAN-0002", cluster_role="master") as master_unit:
        master_unit.set("Pack serial main", "PACK-OF-THE-SECOND")
        master = await add(hass, master_unit)
        answer = await act(hass, "charge", power=4000, config_entry_id=slave.entry_id)
        assert answer["config_entry_id"] == master.entry_id
        assert master_unit.house.order[1] == 4000
        assert sim.writes == []
        await hass.config_entries.async_unload(master.entry_id)


async def test_two_actions_at_once_are_done_one_after_the_other(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """The newest order is the one in force."""
    await add(hass, sim)
    first = hass.async_create_task(act(hass, "charge", power=500))
    second = hass.async_create_task(act(hass, "discharge", power=300))
    assert (await first)["applied"] is True
    assert (await second)["applied"] is True
    assert sim.house.order[:2] == (2, 300)


@pytest.mark.parametrize("duration", [10, "10", "00:10:00", {"minutes": 10}])
async def test_a_duration_ends_the_order(
    hass: HomeAssistant, sim: TitanSimulator, freezer: FrozenDateTimeFactory, duration: Any
) -> None:
    """Ten minutes, however they are written."""
    await add(hass, sim)
    await act(hass, "charge", power=500, duration=duration)
    freezer.tick(timedelta(minutes=9, seconds=50))
    async_fire_time_changed(hass)
    await settle(hass)
    assert sim.house.order[0] == 1
    freezer.tick(timedelta(seconds=15))
    async_fire_time_changed(hass)
    await settle(hass)
    assert sim.house.order[0] == 0


async def test_a_duration_survives_a_crash(hass: HomeAssistant, sim: TitanSimulator, freezer: FrozenDateTimeFactory) -> None:
    """What Home Assistant could not end, it ends when it is back."""
    entry = await add(hass, sim)
    await act(hass, "charge", power=500, duration=10)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "fail_safe": "leave"})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert sim.house.order[0] == 1
    assert state(hass, "running_order").state == "charge"
    freezer.tick(timedelta(minutes=11))
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    async_fire_time_changed(hass)
    await settle(hass)
    assert sim.house.order[0] == 0


@WIRES
@pytest.mark.parametrize(("choice", "mode", "order"), [("standby", 4, 0), ("self_consumption", 1, 0), ("leave", 4, 1)])
async def test_nothing_is_left_running_when_home_assistant_goes(
    hass: HomeAssistant, sim: TitanSimulator, wire: str, choice: str, mode: int, order: int
) -> None:
    """Whether it stops or only unloads, as the user chose."""
    entry = await add(hass, sim, wire)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "fail_safe": choice})
    await act(hass, "charge", power=500)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await settle(hass)
    assert sim.house.mode == mode
    assert choice == "self_consumption" or sim.house.order[0] == order
    writes = len(sim.writes)
    await hass.config_entries.async_unload(entry.entry_id)
    assert choice == "leave" or len(sim.writes) == writes


@WIRES
async def test_a_restart_of_the_unit_arms_mode_and_order_again(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> None:
    """It forgets what it was told; we do not."""
    entry = await add(hass, sim, wire)
    await act(hass, "charge", power=500)
    sim.reboot(keep_mode=False)
    assert (sim.house.mode, sim.house.order[0]) == (1, 0)
    for _ in range(3):
        entry.runtime_data.device.expire("network")
        await poll(hass, entry)
    assert (sim.house.mode, *sim.house.order[:2]) == (4, 1, 500)


async def test_whoever_changes_the_mode_in_the_app_is_left_in_charge(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Without a restart a changed mode is somebody's wish."""
    entry = await add(hass, sim)
    await act(hass, "charge", power=500)
    sim.house.set_mode(1)
    writes = len(sim.writes)
    for _ in range(4):
        await poll(hass, entry)
    assert sim.house.mode == 1
    assert len(sim.writes) == writes
    assert state(hass, "running_order").state == "none"


async def test_a_unit_that_is_gone_is_told_in_words(
    hass: HomeAssistant, sim: TitanSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure, not a refusal, and no blind repetition."""
    monkeypatch.setattr(modbus, "ANSWER_WITHIN", 0.6)
    monkeypatch.setattr(opendata, "DEADLINE", 0.6)
    await add(hass, sim)
    sim.faults.modbus = "refuse"
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "charge", power=500)
    assert not isinstance(raised.value, ServiceValidationError)
    assert raised.value.translation_key == "cannot_connect"


async def test_settings_are_written_once_and_read_back(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A thousand times the same value is one write; a value out of range is none."""
    await add(hass, sim)
    target = entity(hass, "backup_soc")
    for _ in range(1000):
        await hass.services.async_call("number", "set_value", {"entity_id": target, "value": 25}, blocking=True)
    assert [write.values for write in sim.writes] == [(25,)]
    assert state(hass, "backup_soc").state == "25.0"
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call("number", "set_value", {"entity_id": target, "value": 101}, blocking=True)
    assert len(sim.writes) == 1


async def test_the_budget_of_settings_ends_a_runaway_automation(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Refused with a text, and visible before."""
    entry = await add(hass, sim)
    entry.runtime_data.device.settings_budget.limit = 3
    target = entity(hass, "backup_soc")
    for value in (21, 22, 23):
        await hass.services.async_call("number", "set_value", {"entity_id": target, "value": value}, blocking=True)
    await poll(hass, entry)
    assert state(hass, "settings_writes_left").state == "0"
    with pytest.raises(ServiceValidationError) as raised:
        await hass.services.async_call("number", "set_value", {"entity_id": target, "value": 24}, blocking=True)
    assert raised.value.translation_key == "budget_exhausted"
    assert len(sim.writes) == 3


@WIRES
async def test_every_control_moves_the_unit(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> None:
    """Numbers, selects, switches, buttons, and the sliding setpoint."""

    async def call(domain: str, service: str, key: str, **data: Any) -> None:
        await hass.services.async_call(domain, service, {"entity_id": entity(hass, key), **data}, blocking=True)

    await add(hass, sim, wire)
    await call("number", "set_value", "power_setpoint", value=-450)
    assert sim.house.order[:2] == (1, 450)
    assert state(hass, "power_setpoint").state == "-450"
    await call("number", "set_value", "power_setpoint", value=350)
    assert sim.house.order[:2] == (2, 350)
    await call("number", "set_value", "power_setpoint", value=10)
    assert sim.house.order[0] == 0
    await call("select", "select_option", "energy_mode", option="self_consumption")
    assert sim.house.mode == 1
    await call("button", "press", "realtime_mode")
    assert sim.house.mode == 4
    await call("button", "press", "stop")
    assert sim.house.order[0] == 0
    await call("switch", "turn_off", "grid_charging")
    assert state(hass, "grid_charging").state == "off"
    assert sim.value(1143) == 0
    await call("switch", "turn_on", "grid_charging")
    assert sim.value(1143) == 1
    await call("select", "select_option", "led", option="off")
    assert sim.value(7265) == 0
    await call("number", "set_value", "output_limit", value=800)
    assert sim.value(1147) == 800
    assert SERIAL
