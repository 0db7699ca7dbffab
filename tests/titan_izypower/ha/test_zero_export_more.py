"""Zero export where things go wrong at the wrong moment: crashes, lost orders, limits, two masters."""

from collections.abc import AsyncGenerator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentryData
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.titan_izypower.const import DOMAIN
from simulators.house import House
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import add, orders, settle
from tests.titan_izypower.ha.meter import Meter, add_loop, at_night, shown, switch
from tests.virtual_time import VirtualTime


@pytest.fixture(autouse=True)
def _no_pauses() -> None:
    """Keep the real pauses: time is virtual here."""


@pytest.fixture
async def sim() -> AsyncGenerator[TitanSimulator]:
    """A slow unit at night."""
    async with at_night() as titan:
        yield titan


@pytest.fixture
async def meter(hass: HomeAssistant, sim: TitanSimulator) -> AsyncGenerator[Meter]:
    """A meter at the grid."""
    async with Meter(hass, lambda: sim.house.grid_w) as found:
        yield found


@pytest.mark.usefixtures("meter")
async def test_after_a_crash_it_goes_on(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, hass_storage: dict[str, Any]
) -> None:
    """The order in force is ours, although its predecessor is what was written down."""
    entry = await add(hass, sim)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "fail_safe": "leave"})
    loop = await add_loop(hass, entry)
    await virtual_time.run(30)
    sim.house.load_w = 900
    await virtual_time.run(20)
    stored = {name: deepcopy(each) for name, each in hass_storage.items() if name.startswith("titan_izypower.")}
    battery = sim.house.battery
    order = (battery.order, battery.order_power, battery.target_soc)
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass_storage.update(stored)
    sim.house.realtime(*order)
    await virtual_time.run(30)
    assert sim.house.battery_w == pytest.approx(890, abs=20)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    given = len(orders(sim))
    await virtual_time.run(120)
    assert (shown(hass, loop), len(orders(sim))) == ("balanced", given)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert orders(sim)[-1] == (0, 0, 0)


@pytest.mark.usefixtures("meter")
async def test_a_rest_that_is_lost_is_owed(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """The unit says yes and goes on: the safe command is given until it shows."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.faults.modbus = "lost_write"
    await switch(hass, loop, on=False)
    await virtual_time.run(90)
    assert shown(hass, loop) == "refused"
    sim.faults.clear()
    await virtual_time.run(320)
    assert (shown(hass, loop), sim.house.battery_w) == ("off", 0)


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("fail_safe", ["standby", "self_consumption"])
async def test_the_app_is_not_overruled_by_the_safe_command(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, fail_safe: str
) -> None:
    """Seen once in another mode, and switched off before that is sure: the unit stays as the App has it."""
    entry = await add(hass, sim)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "fail_safe": fail_safe})
    loop = await add_loop(hass, entry)
    await virtual_time.run(40)
    sim.house.battery.mode = 5
    await virtual_time.until(lambda: entry.runtime_data.device.system.working_mode == "schedule", within=60)
    await switch(hass, loop, on=False)
    await virtual_time.run(90)
    assert (shown(hass, loop), int(sim.house.battery.mode)) == ("off", 5)
    assert entry.runtime_data.control.running is None


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("ends", ["stop", "unload"])
async def test_at_rest_it_is_given_back_too(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, ends: str
) -> None:
    """Nothing runs when Home Assistant goes, but the mode is ours: self-consumption, where the user wants that."""
    entry = await add(hass, sim)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "fail_safe": "self_consumption"})
    sim.house.load_w = 20
    loop = await add_loop(hass, entry)
    await virtual_time.run(30)
    assert (shown(hass, loop), int(sim.house.battery.mode)) == ("standby", 4)
    if ends == "stop":
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await virtual_time.run(3)
    else:
        assert await hass.config_entries.async_unload(entry.entry_id)
        await virtual_time.run(3)
    assert int(sim.house.battery.mode) == 1


@pytest.mark.usefixtures("meter")
async def test_the_unit_ends_an_order_a_little_early(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """At its limit it stops by itself, by its own idea of the level: that is nobody else."""
    loop = await add_loop(hass, await add(hass, sim))
    sim.house.soc = 6.4
    await virtual_time.run(60)
    assert shown(hass, loop) == "balanced"
    sim.model.override(1142, 5)
    sim.house.battery.backup_soc = 6.5
    await virtual_time.run(120)
    before = len(orders(sim))
    await virtual_time.run(300)
    assert (shown(hass, loop), len(orders(sim))) == ("empty", before)
    sim.house.soc = 20
    await virtual_time.run(60)
    assert shown(hass, loop) == "balanced"


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("memory", ["text", ["list"], {"settings": "text", "gate": 1e12, "periods": [1]}, {"gate": -5}])
async def test_a_damaged_memory(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, hass_storage: dict[str, Any], memory: Any
) -> None:
    """Whatever is found on disk, the loop works, and its numbers can be set."""
    entry = await add(hass, sim)
    loop = await add_loop(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass_storage[f"titan_izypower.loops.{entry.entry_id}"]["data"] = {loop: memory} if isinstance(memory, dict) else memory
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await virtual_time.run(40)
    assert sim.house.grid_w == pytest.approx(10, abs=16)
    entry.runtime_data.loops.all[loop].set_value("target", 100)
    await virtual_time.run(30)
    assert sim.house.grid_w == pytest.approx(100, abs=16)


@pytest.mark.usefixtures("meter")
async def test_what_could_not_be_ended_is_owed(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """The unit is away when the entry is unloaded; back outside the schedule, its order is ended."""
    hass.states.async_set("schedule.evening", "on")
    entry = await add(hass, sim)
    loop = await add_loop(hass, entry, active_while="schedule.evening")
    await virtual_time.run(30)
    sim.faults.set("modbus", "refuse")
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.states.async_set("schedule.evening", "off")
    sim.faults.clear()
    assert sim.house.battery_w == pytest.approx(340, abs=20)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await virtual_time.run(60)
    assert (shown(hass, loop), sim.house.battery_w) == ("outside_schedule", 0)


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("wire", ["modbus_tcp", "opendata"])
@pytest.mark.parametrize("keep_mode", [True, False])
async def test_a_short_reboot(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, wire: str, keep_mode: bool
) -> None:
    """Too short to be seen as a loss, in the middle of an order: not taken for somebody else."""
    loop = await add_loop(hass, await add(hass, sim, wire))
    await virtual_time.run(700)
    sim.house.load_w = 1200
    await virtual_time.run(4)
    sim.reboot(keep_mode=keep_mode)
    await virtual_time.run(180)
    assert shown(hass, loop) == "balanced"
    assert sim.house.grid_w == pytest.approx(10, abs=16)


async def test_a_main_unit_that_shows_its_own_share(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """Of what a cluster does, the main unit may show a third: that is no order that was lost."""
    async with TitanSimulator(House(dead_time=2.0), packs=2, cluster_role="master") as sim, Meter(hass, lambda: sim.house.grid_w):
        sim.house.pv_w, sim.house.load_w = 0, 1500
        entry = await add(hass, sim)
        loop = await add_loop(hass, entry)
        coordinator, seen = entry.runtime_data, [entry.runtime_data.battery_power]
        read = coordinator._async_update_data

        async def share() -> Any:
            report = await read()
            if (sample := coordinator.battery_power) is not None and sample is not seen[0]:
                seen[0] = coordinator.battery_power = replace(sample, value=sample.value / 3)
            return report

        coordinator._async_update_data = share  # type: ignore[method-assign]
        await virtual_time.run(60)
        before = len(orders(sim))
        sim.house.load_w = 1800
        await virtual_time.run(12)
        for _ in range(60):
            assert sim.house.grid_w == pytest.approx(10, abs=30)
            await virtual_time.run(2)
        assert (shown(hass, loop), len(orders(sim)) - before < 4) == ("balanced", True)


async def test_two_units_on_one_meter_are_refused(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Each would correct what the other corrects already, without end."""
    sim.house.battery.meter_linked = False
    hass.states.async_set("sensor.meter", "120", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.second", "120", {"unit_of_measurement": "W"})
    entry = await add(hass, sim)
    given = {"grid": "sensor.meter", "inverted": False, "profile": "balanced"}
    loop = ConfigSubentryData(data=given, subentry_type="zero_export", title="Other", unique_id=None)
    MockConfigEntry(domain=DOMAIN, subentries_data=(loop,)).add_to_hass(hass)
    manager = hass.config_entries.subentries
    flow = await manager.async_init((entry.entry_id, "zero_export"), context={"source": SOURCE_USER})
    result = await manager.async_configure(flow["flow_id"], given | {"name": "Zero export"})
    assert result["errors"] == {"grid": "meter_in_use"}
    result = await manager.async_configure(flow["flow_id"], given | {"name": "Zero export", "grid": "sensor.second"})
    assert result["type"] == "create_entry"
    await settle(hass)
