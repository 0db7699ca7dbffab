"""The life of an entry: set up, unload, stop, restart; an order that runs is ended whatever ends first."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from homeassistant.components.modbus.connection import DATA_MODBUS_CONNECTIONS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.titan_izypower.const import DOMAIN
from custom_components.titan_izypower.coordinator import TitanConfigEntry
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import act, add, entity, orders, poll, settle, state

WIRES = ["modbus_tcp", "opendata"]
STOP = (0, 0, 0)


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """No task may be left when a test of this file is over."""
    return False


@pytest.fixture
def expected_lingering_timers() -> bool:
    """No timer may be left either."""
    return False


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """Let every timer of the next ``seconds`` go off."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds), fire_all=True)
    await settle(hass)


async def leave(hass: HomeAssistant, entry: TitanConfigEntry) -> None:
    """Unload, so that nothing is left behind on the loop."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)


async def choose(hass: HomeAssistant, entry: TitanConfigEntry, **options: Any) -> None:
    """Change preferences the way the options form does."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    defaults = {str(key): key.default() for key in form["data_schema"].schema}
    await hass.config_entries.options.async_configure(form["flow_id"], defaults | options)
    await settle(hass)


def ours(hass: HomeAssistant) -> list[str]:
    """Return the tasks of the loop that run our code or its client library."""
    names = ("titan_izypower", "energy_core", "modbus")
    return [repr(task) for task in asyncio.all_tasks(hass.loop) if any(name in repr(task) for name in names)]


# Setting up and taking down


@pytest.mark.parametrize("wire", WIRES)
async def test_reloading_ten_times_keeps_one_connection(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> None:
    """Nothing piles up: entities, devices and sockets are the same as before."""
    entry = await add(hass, sim, wire)
    states, devices = len(hass.states.async_all()), len(dr.async_get(hass).devices)
    for _ in range(10):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
    await poll(hass, entry)
    assert sim.connections["modbus"] == (wire == "modbus_tcp")
    assert len(hass.states.async_all()) == states
    assert len(dr.async_get(hass).devices) == devices
    await leave(hass, entry)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_unit_that_is_off_at_the_start_is_tried_until_it_answers(
    hass: HomeAssistant, sim: TitanSimulator, wire: str
) -> None:
    """Home Assistant starts before the unit does; nobody needs to do anything."""
    entry = await add(hass, sim, wire)
    await leave(hass, entry)
    sim.faults.modbus = sim.faults.http = "refuse"
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert not hass.data.get(DATA_MODBUS_CONNECTIONS)
    sim.faults.clear()
    await pass_time(hass, 120)
    assert entry.state is ConfigEntryState.LOADED
    await leave(hass, entry)


async def test_a_stranger_at_the_start_is_refused_until_the_right_unit_is_back(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A repair says which address is wrong, nothing of the stranger is shown or commanded."""
    entry = await add(hass, sim)
    await leave(hass, entry)
    serial, sim.options.serial = sim.options.serial, "SOMEBODY-ELSE"
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"other_unit_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders == {"title": "Titan 2400", "host": "127.0.0.1"}
    assert sim.writes == []
    sim.options.serial = serial
    await pass_time(hass, 120)
    assert entry.state is ConfigEntryState.LOADED
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"other_unit_{entry.entry_id}") is None
    await leave(hass, entry)


async def test_removing_a_refused_unit_takes_its_repair_along(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A repair about an entry that is gone could never be solved."""
    entry = await add(hass, sim)
    await leave(hass, entry)
    sim.options.serial = "SOMEBODY-ELSE"
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert not [issue for issue in ir.async_get(hass).issues if issue[0] == DOMAIN]


# An order never outlives who gave it


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("fail_safe", "expected", "mode"), [("standby", [STOP], 4), ("self_consumption", [STOP], 1), ("leave", [], 4)]
)
async def test_unloading_ends_a_running_order_as_the_user_wants(
    hass: HomeAssistant, sim: TitanSimulator, wire: str, fail_safe: str, expected: list[Any], mode: int
) -> None:
    """Standby by default, self-consumption or nothing where that was chosen."""
    entry = await add(hass, sim, wire)
    await choose(hass, entry, fail_safe=fail_safe)
    await act(hass, "charge", power=600)
    sim.log.clear()
    await leave(hass, entry)
    assert orders(sim) == expected
    assert sim.house.mode == mode
    assert sim.house.order[0] == (1 if fail_safe == "leave" else 0)


@pytest.mark.parametrize("wire", WIRES)
async def test_stopping_home_assistant_ends_a_running_order_once(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> None:
    """One write, no questions: the clock of the shutdown is running."""
    entry = await add(hass, sim, wire)
    await act(hass, "discharge", power=300)
    sim.log.clear()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await settle(hass)
    assert [each.values for each in sim.writes] == [STOP]
    assert sim.house.order[0] == 0
    await leave(hass, entry)
    assert len(sim.writes) == 1


async def test_stopping_without_an_order_writes_nothing(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A unit that we did not command is left alone."""
    entry = await add(hass, sim)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await settle(hass)
    await leave(hass, entry)
    assert sim.writes == []


async def test_a_unit_that_is_gone_does_not_hold_up_the_unloading(
    hass: HomeAssistant, sim: TitanSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure is told once, because a battery may be left running."""
    entry = await add(hass, sim)
    await act(hass, "charge", power=600)
    sim.faults.modbus = "refuse"
    await leave(hass, entry)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert caplog.text.count("could not be put to rest") == 1


async def test_an_order_without_a_duration_runs_on(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Giving an order again without a duration takes the end away."""
    entry = await add(hass, sim)
    await act(hass, "charge", power=600, duration=1)
    await act(hass, "charge", power=600)
    await pass_time(hass, 3600)
    assert sim.house.order[0] == 1
    await leave(hass, entry)


async def test_an_end_that_fails_is_tried_again_until_it_is_done(
    hass: HomeAssistant, sim: TitanSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The unit is unplugged when the time is up: told once, done as soon as it is back."""
    entry = await add(hass, sim)
    await act(hass, "charge", power=600, duration=1)
    sim.faults.modbus = "refuse"
    await pass_time(hass, 61)
    assert caplog.text.count("could not be ended") == 1
    for _ in range(3):
        await poll(hass, entry)
    sim.faults.clear()
    await poll(hass, entry)
    await pass_time(hass, 1)
    assert sim.house.order[0] == 0
    assert state(hass, "running_order").state == "none"
    assert caplog.text.count("could not be ended") == 1
    await leave(hass, entry)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _kept: [],
        lambda _kept: {"control": {"running": {"order": {"action": "explode"}}}, "counters": 7, "modbus": "?", "settings": {}},
        lambda kept: kept | {"control": {"armed": "yes", "running": [1]}, "counters": {"a.b": 1, "solar.total": None}},
    ],
)
async def test_a_damaged_memory_is_forgotten(
    hass: HomeAssistant, sim: TitanSimulator, hass_storage: dict[str, Any], damage: Callable[[Any], Any]
) -> None:
    """Whatever stands in the file, the unit is shown."""
    entry = await add(hass, sim)
    await leave(hass, entry)
    file = hass_storage[f"{DOMAIN}.{entry.entry_id}"]
    file["data"] = damage(file["data"])
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert float(state(hass, "battery_soc").state) == 50
    assert sim.writes == []
    await leave(hass, entry)


# A unit that restarts


@pytest.mark.parametrize("keep_mode", [True, False])
@pytest.mark.parametrize("wire", WIRES)
async def test_a_restarted_unit_is_put_back_to_work(hass: HomeAssistant, sim: TitanSimulator, wire: str, keep_mode: bool) -> None:
    """The unit forgot its order, and perhaps its mode: both are given again, and only once."""
    entry = await add(hass, sim, wire)
    await act(hass, "charge", power=700, target_soc=90)
    await asyncio.sleep(1.1)
    entry.runtime_data.device.expire("network")
    await poll(hass, entry)
    sim.log.clear()
    sim.reboot(keep_mode=keep_mode)
    assert sim.house.order[0] == 0
    for _ in range(4):
        entry.runtime_data.device.expire("network")
        await poll(hass, entry)
    assert sim.house.mode == 4
    assert tuple(sim.house.order) == (1, 700, 90)
    assert len(sim.writes) == (1 if keep_mode else 2)
    assert state(hass, "happening").attributes["event_type"] == "restarted"
    await leave(hass, entry)


async def test_a_mode_that_somebody_else_chose_is_theirs(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Without a restart nobody is overruled, and the order counts as over."""
    entry = await add(hass, sim)
    await act(hass, "charge", power=700, duration=60)
    sim.house.set_mode(1)
    sim.log.clear()
    for _ in range(3):
        await poll(hass, entry)
    assert state(hass, "running_order").state == "none"
    await pass_time(hass, 3601)
    await leave(hass, entry)
    assert sim.writes == []


async def test_an_order_that_the_unit_refuses_after_its_restart_is_told(
    hass: HomeAssistant, sim: TitanSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The poll goes on, and the values stay."""
    entry = await add(hass, sim)
    await act(hass, "charge", power=700)
    sim.reboot()
    sim.faults.modbus = _only_writes("exception", "3")
    await poll(hass, entry)
    assert "refuses what it did before" in caplog.text
    assert entry.runtime_data.last_update_success
    assert hass.states.get(entity(hass, "battery_soc")).state == "50"  # type: ignore[union-attr]
    sim.faults.clear()
    await leave(hass, entry)


def _only_writes(kind: str, value: str) -> Any:
    from simulators.faults import Fault

    return Fault(kind, value=value, on="write")
