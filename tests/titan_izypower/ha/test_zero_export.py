"""Zero export through the whole stack: Home Assistant, the real wire, a simulated house, in virtual time."""

from collections.abc import AsyncGenerator
import time
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.titan_izypower.const import DOMAIN
from simulators.faults import Fault
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import act, add, orders, settle
from tests.titan_izypower.ha.meter import Meter, add_loop, at_night, entity_of, shown, switch
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
async def test_a_load_of_2_kw(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """The battery takes a kettle over, and gives it back, with few orders."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    assert sim.house.grid_w == pytest.approx(10, abs=16)
    assert shown(hass, loop) == "balanced"
    sim.house.load_w += 2000
    await virtual_time.run(4)
    assert shown(hass, loop) == "adjusting"
    assert await virtual_time.until(lambda: abs(sim.house.grid_w - 10) < 50, within=15) < 15
    await virtual_time.run(10)
    assert shown(hass, loop) == "balanced"
    sim.house.load_w -= 2000
    await virtual_time.run(20)
    assert sim.house.grid_w == pytest.approx(10, abs=16)
    assert len(orders(sim)) <= 8


@pytest.mark.usefixtures("meter")
async def test_a_cloud(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Charges with the surplus, turns round under a cloud, and turns back."""
    sim.house.pv_w = 1600
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(40)
    assert sim.house.battery_w == pytest.approx(-1240, abs=40)
    sim.house.pv_w = 0
    await virtual_time.run(40)
    assert sim.house.battery_w == pytest.approx(340, abs=40)
    sim.house.pv_w = 1600
    await virtual_time.run(40)
    assert sim.house.battery_w == pytest.approx(-1240, abs=40)
    assert shown(hass, loop) == "balanced"


async def test_a_stale_meter(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, meter: Meter) -> None:
    """Holds at first; after a minute the battery is put to rest, once, and the user is told; then it goes on by itself."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    meter.silent = True
    await virtual_time.run(30)
    assert shown(hass, loop) == "meter_late"
    assert sim.house.battery_w == pytest.approx(340, abs=20)
    before = len(orders(sim))
    await virtual_time.run(120)
    assert shown(hass, loop) == "meter_lost"
    assert orders(sim)[before:] == [(0, 0, 0)]
    assert sim.house.battery_w == 0
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"loop_{loop}")
    assert issue is not None
    assert issue.translation_placeholders == {"title": "Zero export", "entity": meter.entity_id}
    meter.silent = False
    await virtual_time.run(30)
    assert shown(hass, loop) == "balanced"
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"loop_{loop}") is None


async def test_a_constant_meter_is_not_stale(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, meter: Meter
) -> None:
    """Reported again and again, unchanged."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    meter._read = lambda: 10.0
    await virtual_time.run(300)
    assert shown(hass, loop) == "balanced"


@pytest.mark.usefixtures("meter")
async def test_a_reboot(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Nothing is queued while the unit is away; when it is back, the house is balanced again."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.faults.set("modbus", "no_answer")
    await virtual_time.run(90)
    assert shown(hass, loop) == "unreachable"
    sim.faults.clear()
    sim.reboot()
    await virtual_time.run(120)
    assert shown(hass, loop) == "balanced"
    assert sim.house.grid_w == pytest.approx(10, abs=16)


@pytest.mark.usefixtures("meter")
async def test_the_app_takes_over(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """A mode that somebody else chose stays; the user gives the unit back with the switch."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.house.battery.mode = 5
    await virtual_time.run(90)
    assert shown(hass, loop) == "taken_over"
    before = len(sim.writes)
    await virtual_time.run(300)
    assert len(sim.writes) == before
    await switch(hass, loop, on=False)
    await virtual_time.run(5)
    assert shown(hass, loop) == "off"
    assert len(sim.writes) == before
    await switch(hass, loop, on=True)
    await virtual_time.run(40)
    assert shown(hass, loop) == "balanced"


@pytest.mark.usefixtures("meter")
async def test_another_controller_takes_over(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Orders that are not ours, in the mode that we use."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.house.battery.order_power = 348
    await virtual_time.run(90)
    assert shown(hass, loop) == "taken_over"
    assert sim.house.battery_w == pytest.approx(348, abs=1)


@pytest.mark.usefixtures("meter")
async def test_a_command_by_hand_pauses(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Who commands the unit through Home Assistant means it."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    await act(hass, "charge", power=700, target_soc=90)
    await virtual_time.run(60)
    assert shown(hass, loop) == "manual"
    assert sim.house.battery_w == pytest.approx(-700, abs=5)


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize(("soc", "pv", "word"), [(100, 3000, "full"), (5, 0, "empty")])
async def test_full_and_empty(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, soc: float, pv: float, word: str
) -> None:
    """What the battery cannot do is said, and not ordered again and again."""
    sim.house.soc, sim.house.pv_w = soc, pv
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(60)
    assert shown(hass, loop) == word
    assert len(orders(sim)) <= 2
    assert sim.house.battery_w == 0


@pytest.mark.usefixtures("meter")
async def test_the_power_limit(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """A limit counts at once, and is named."""
    loop = await add_loop(hass, await add(hass, sim))
    sim.house.load_w = 1500
    data = {"entity_id": entity_of(loop, "max_discharge", hass), "value": 600}
    await hass.services.async_call("number", "set_value", data, blocking=True)
    await virtual_time.run(40)
    assert sim.house.battery_w == pytest.approx(600, abs=5)
    assert shown(hass, loop) == "at_limit"


@pytest.mark.usefixtures("meter")
async def test_calibration_is_respected(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """The unit charges itself full and obeys nobody: no order until it is done."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.house.battery.calibrating = True
    await virtual_time.run(45)
    before = len(orders(sim))
    await virtual_time.run(120)
    assert shown(hass, loop) == "calibrating"
    assert len(orders(sim)) == before
    sim.house.battery.calibrating = False
    await virtual_time.run(90)
    assert shown(hass, loop) == "balanced"


@pytest.mark.usefixtures("meter")
async def test_switched_off_the_battery_rests(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """One safe command, and nothing after it."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    before = len(orders(sim))
    await switch(hass, loop, on=False)
    await virtual_time.run(60)
    assert shown(hass, loop) == "off"
    assert orders(sim)[before:] == [(0, 0, 0)]


@pytest.mark.usefixtures("meter")
async def test_home_assistant_stops(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """The battery is told to stop in less than 3 s."""
    await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.house.load_w += 1000
    await virtual_time.run(2.5)
    began = time.monotonic()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await virtual_time.until(lambda: orders(sim)[-1] == (0, 0, 0), within=3)
    assert time.monotonic() - began < 3
    await virtual_time.run(60)
    assert orders(sim)[-1] == (0, 0, 0)
    assert sim.house.battery_w == 0


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("ends", ["switch", "unload"])
async def test_an_order_of_the_loop_is_never_left(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, ends: str
) -> None:
    """The option to leave an order running is for those that a user gave."""
    entry = await add(hass, sim)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "fail_safe": "leave"})
    loop = await add_loop(hass, entry)
    await virtual_time.run(30)
    if ends == "switch":
        await switch(hass, loop, on=False)
        await virtual_time.run(10)
    else:
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert orders(sim)[-1] == (0, 0, 0)


@pytest.mark.usefixtures("meter")
async def test_a_constant_load(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, meter: Meter) -> None:
    """350 W with a little noise: hardly any orders."""
    noise = sim.house.random
    meter._read = lambda: sim.house.grid_w + noise.gauss(0, 4)
    await add_loop(hass, await add(hass, sim))
    await virtual_time.run(60)
    before = len(orders(sim))
    await virtual_time.run(900)
    assert len(orders(sim)) - before <= 25


@pytest.mark.usefixtures("meter")
async def test_the_car_is_not_fed(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """What the car draws comes from the grid, the house still from the battery; a charger that is gone draws nothing."""
    async with Meter(hass, lambda: sim.house.ev_w, entity_id="sensor.car") as car:
        loop = await add_loop(hass, await add(hass, sim), car="sensor.car")
        await virtual_time.run(30)
        sim.house.ev_w = 3000
        await virtual_time.run(40)
        assert sim.house.battery_w == pytest.approx(345, abs=25)
        assert shown(hass, loop) == "car_excluded"
        sim.house.pv_w = 5000
        await virtual_time.run(40)
        assert sim.house.battery_w == pytest.approx(-1640, abs=40)
        car.silent = True
        hass.states.async_set("sensor.car", "unavailable")
        sim.house.pv_w = sim.house.ev_w = 0
        await virtual_time.run(40)
        assert sim.house.battery_w == pytest.approx(340, abs=25)


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("wire", ["modbus_tcp", "opendata"])
async def test_both_wires(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator, wire: str) -> None:
    """The same on either, and never more than twelve orders a minute."""
    await add_loop(hass, await add(hass, sim, wire))
    noise: Any = sim.house.random
    for _ in range(60):
        sim.house.load_w = noise.uniform(0, 1800)
        await virtual_time.run(5)
    at = [each.at for each in sim.writes if each.address == 1150 or each.points == (47015,)]
    assert max(sum(moment <= each < moment + 60 for each in at) for moment in at) <= 12
    sim.house.load_w = 350
    await virtual_time.run(30)
    assert sim.house.grid_w == pytest.approx(10, abs=16)


async def test_the_meter_is_in_kw_and_inverted(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Whatever unit and sign it has."""
    meter = Meter(hass, lambda: 0)

    async def report() -> None:
        state = {"unit_of_measurement": "kW", "device_class": "power"}
        hass.states.async_set(meter.entity_id, f"{-sim.house.grid_w / 1000:.3f}", state)

    await report()
    await add_loop(hass, await add(hass, sim), inverted=True)
    for _ in range(20):
        await report()
        await virtual_time.run(2)
    assert sim.house.grid_w == pytest.approx(10, abs=16)


@pytest.mark.usefixtures("meter")
async def test_unloading_ends_what_runs(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Also for a reload, after which the loop goes on."""
    entry = await add(hass, sim)
    loop = await add_loop(hass, entry)
    await virtual_time.run(30)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert orders(sim)[-1] == (0, 0, 0)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await virtual_time.run(30)
    assert shown(hass, loop) == "balanced"


@pytest.mark.usefixtures("meter")
async def test_derating(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """A battery that protects itself does less than it says: that is named, and the order does not wind up."""
    loop = await add_loop(hass, await add(hass, sim))
    sim.house.load_w = 1500
    await virtual_time.run(30)
    sim.model.override(91, 2400)
    sim.house.battery.max_discharge = 600
    await virtual_time.run(120)
    assert shown(hass, loop) == "derated"
    sim.house.battery.max_discharge = 2400
    sim.house.load_w = 800
    await virtual_time.run(40)
    assert sim.house.grid_w == pytest.approx(10, abs=16)


@pytest.mark.usefixtures("meter")
async def test_a_schedule(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Outside it the battery rests; it begins and ends without being touched."""
    hass.states.async_set("schedule.evening", "off")
    loop = await add_loop(hass, await add(hass, sim), active_while="schedule.evening")
    await virtual_time.run(30)
    assert (shown(hass, loop), orders(sim)) == ("outside_schedule", [])
    hass.states.async_set("schedule.evening", "on")
    await virtual_time.run(30)
    assert shown(hass, loop) == "balanced"
    hass.states.async_set("schedule.evening", "off")
    await virtual_time.run(10)
    assert (shown(hass, loop), orders(sim)[-1]) == ("outside_schedule", (0, 0, 0))


@pytest.mark.usefixtures("meter")
async def test_commands_outside_the_schedule_are_nobodys_business(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator
) -> None:
    """A charge at night, and zero export again in the morning."""
    hass.states.async_set("schedule.day", "off")
    loop = await add_loop(hass, await add(hass, sim), active_while="schedule.day")
    await act(hass, "charge", power=700, target_soc=90)
    await virtual_time.run(30)
    assert shown(hass, loop) == "outside_schedule"
    assert sim.house.battery_w == pytest.approx(-700, abs=5)
    hass.states.async_set("schedule.day", "on")
    await virtual_time.run(40)
    assert (shown(hass, loop), sim.house.grid_w) == ("balanced", pytest.approx(10, abs=16))


async def test_a_unit_that_obeys_another(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """It gets no orders."""
    async with TitanSimulator(packs=2, cluster_role="slave") as sim, Meter(hass, lambda: sim.house.grid_w):
        loop = await add_loop(hass, await add(hass, sim))
        await virtual_time.run(60)
        assert (shown(hass, loop), sim.writes) == ("cluster_slave", [])


@pytest.mark.usefixtures("meter")
async def test_what_the_user_set_survives(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Setpoints, the switch, what was learned, and that somebody else has the unit."""
    entry = await add(hass, sim)
    loop = await add_loop(hass, entry)
    data = {"entity_id": entity_of(loop, "target", hass), "value": 120}
    await hass.services.async_call("number", "set_value", data, blocking=True)
    sim.house.battery.mode = 5
    await virtual_time.run(90)
    assert shown(hass, loop) == "taken_over"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    before = len(sim.writes)
    await virtual_time.run(60)
    assert (shown(hass, loop), shown(hass, loop, "target"), len(sim.writes)) == ("taken_over", "120", before)
    await switch(hass, loop, on=False)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert (shown(hass, loop), shown(hass, loop, "enabled")) == ("off", "off")
    await switch(hass, loop, on=True)
    await virtual_time.run(40)
    assert sim.house.grid_w == pytest.approx(120, abs=16)


@pytest.mark.usefixtures("meter")
async def test_a_unit_that_refuses(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Said once, tried again ever later, and over when the unit takes orders again."""
    loop = await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.faults.modbus = Fault("exception", value="3", on="write")
    sim.house.load_w = 1200
    await virtual_time.run(120)
    assert shown(hass, loop) == "refused"
    sim.faults.clear()
    await virtual_time.run(320)
    assert shown(hass, loop) == "balanced"


@pytest.mark.usefixtures("meter")
async def test_lost_orders(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """The unit accepts an order and forgets it: corrected from what the battery does."""
    await add_loop(hass, await add(hass, sim))
    await virtual_time.run(30)
    sim.faults.modbus = "lost_write*2"
    sim.house.load_w = 1200
    await virtual_time.run(90)
    assert sim.house.grid_w == pytest.approx(10, abs=16)
