"""Surplus levels through the whole stack: a gateway on the wire, its sensor, a level, something that is switched."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.enphase_envoy.const import DOMAIN
from simulators.battery import Order
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import account_data, start
from tests.enphase_envoy.ha.levels import AT_ONCE, BOILER, HEATER, PUMP, Level, Orders, add_level, has_sun, helpers
from tests.enphase_envoy.ha.rig import entity, everything
from tests.virtual_time import VirtualTime


@pytest.fixture
async def orders(hass: HomeAssistant) -> Orders:
    """A boiler and a pump."""
    return await helpers(hass)


@pytest.fixture
async def entry(hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> Any:
    """A gateway that runs; neither sun nor load."""
    has_sun(sim, -400)
    return await start(hass, account_data(sim, cloud))


# Exactly as before: section 5.1 of the brief on the plug-in that this project began with

# Start above 800 W, stop below 200 W. Net power at the grid, and the state after it: 0 stays below 800, exactly 800 does
# not start, 801 does, exactly 200 does not stop, 199 does; importing is an export of 0.
SEED = [
    (0, 0),
    (-700, 0),
    (-800, 0),
    (-801, 1),
    (-500, 1),
    (-200, 1),
    (-199, 0),
    (-500, 0),
    (-900, 1),
    (1500, 0),
    (-2000, 1),
    (0, 0),
]


def seed(net: float, state: int, start_at: float, stop_at: float) -> int:
    """Return the next state, as the table of section 5.1 says it."""
    export = max(0.0, -net)
    if state == 1:
        return 0 if export < stop_at else 1
    return 1 if export > start_at else 0


def test_the_table_is_the_rule() -> None:
    """Both say the same of the plug-in."""
    state = 0
    for net, after in SEED:
        assert (state := seed(net, state, 800, 200)) == after


async def test_without_delays_it_does_exactly_what_the_plug_in_did(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """State and command follow within the poll that shows it."""
    level = await add_level(hass, entry, target=BOILER, start=800, stop=200, **AT_ONCE)
    state, wanted = 0, []
    for net, after in SEED:
        has_sun(sim, -net)
        await virtual_time.run(7)
        assert float(level.state("surplus_power").state) == -net
        assert level.on == bool(after), net
        if after != state:
            wanted.append("on boiler" if after else "off boiler")
        state = after
        assert hass.states.is_state(BOILER, "on" if after else "off")
    assert orders.taken() == wanted


async def test_switched_off_it_stops_what_runs_unlike_the_plug_in(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """Once, and it begins again when it is switched on."""
    level = await add_level(hass, entry, target=BOILER, **AT_ONCE)
    has_sun(sim, 2000)
    await virtual_time.run(7)
    assert orders.taken() == ["on boiler"]
    await level.switch(on=False)
    assert orders.taken() == ["off boiler"]
    assert (level.on, level.status) == (False, "off")
    await virtual_time.run(60)
    assert orders.taken() == []
    assert float(level.state("surplus_power").state) == 2000
    await level.switch(on=True)
    await virtual_time.run(7)
    assert orders.taken() == ["on boiler"]


async def test_a_negative_stop_threshold(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """What the plug-in could not: stop when more than 300 W are imported."""
    level = await add_level(hass, entry, target=BOILER, stop=-300, **AT_ONCE)
    has_sun(sim, 1500)
    await virtual_time.run(7)
    has_sun(sim, -300)
    await virtual_time.run(30)
    assert level.on
    has_sun(sim, -301)
    await virtual_time.run(7)
    assert not level.on
    assert orders.taken() == ["on boiler", "off boiler"]


# Times


async def test_delays(hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders) -> None:
    """A cloud or a kettle within the delay changes nothing, and the delay begins anew."""
    level = await add_level(hass, entry, target=BOILER, start_delay=60, stop_delay=30, min_on=0, min_off=0)
    await virtual_time.run(6)
    assert level.status == "no_surplus"
    has_sun(sim, 1500)
    await virtual_time.run(50)
    assert (level.on, level.status) == (False, "starting")
    assert level.state("surplus", "binary_sensor").attributes["due"] is not None
    has_sun(sim, 900)
    await virtual_time.run(6)
    assert level.status == "no_surplus"
    has_sun(sim, 1500)
    await virtual_time.run(55)
    assert not level.on
    await virtual_time.run(12)
    assert (level.on, level.status, hass.states.get(BOILER).state) == (True, "on", "on")  # type: ignore[union-attr]
    has_sun(sim, 0)
    await virtual_time.run(25)
    assert (level.on, level.status) == (True, "stopping")
    has_sun(sim, 150)
    await virtual_time.run(60)
    assert level.on
    has_sun(sim, 0)
    await virtual_time.run(37)
    assert not level.on
    assert orders.taken() == ["on boiler", "off boiler"]


async def test_least_times(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """A compressor runs and rests for as long as it must; between 100 and 1000 W nothing happens."""
    level = await add_level(hass, entry, target=BOILER, start_delay=0, stop_delay=0, min_on=300, min_off=600)
    has_sun(sim, 1500)
    await virtual_time.run(7)
    assert level.on
    has_sun(sim, -500)
    await virtual_time.run(280)
    assert (level.on, level.status) == (True, "min_on")
    await virtual_time.run(30)
    assert not level.on
    has_sun(sim, 1500)
    await virtual_time.run(580)
    assert (level.on, level.status) == (False, "min_off")
    await virtual_time.run(30)
    assert level.on
    assert orders.taken() == ["on boiler", "off boiler", "on boiler"]


async def test_averaging(hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any) -> None:
    """The surplus is the mean of the last two minutes: a short sun does not start anything."""
    level = await add_level(hass, entry, averaging=120, **AT_ONCE)
    has_sun(sim, 0)
    await virtual_time.run(200)
    has_sun(sim, 2000)
    await virtual_time.run(31)
    assert float(level.state("surplus_power").state) == pytest.approx(500, abs=100)
    assert not level.on
    await virtual_time.run(60)
    assert level.on
    await virtual_time.run(60)
    assert float(level.state("surplus_power").state) == 2000


# What counts


async def test_what_charges_the_battery_counts(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """A battery that takes 1500 W hides no surplus; one that gives 1500 W makes none."""
    sim.change(encharges=2, enpower=True, storage_ct=True)
    with everything():
        entry = await start(hass, account_data(sim, cloud))
    battery = entity(hass, "battery_discharge")
    with_it = await add_level(hass, entry, battery=battery, **AT_ONCE)
    without = await add_level(hass, entry, **AT_ONCE)
    has_sun(sim, 1600)
    sim.house.realtime(Order.CHARGE, 1500, 95)
    await virtual_time.run(12)
    assert (with_it.on, without.on) == (True, False)
    assert float(with_it.state("surplus_power").state) == pytest.approx(1600, abs=2)
    assert float(without.state("surplus_power").state) == pytest.approx(100, abs=2)
    sim.house.realtime(Order.DISCHARGE, 1500, 10)
    has_sun(sim, 0)
    await virtual_time.run(12)
    assert float(without.state("surplus_power").state) == pytest.approx(1500, abs=2)
    assert (with_it.on, without.on) == (False, True)


async def test_a_meter_of_somebody_else(hass: HomeAssistant, virtual_time: VirtualTime, entry: Any) -> None:
    """In kW, plus is export; that it repeats itself is no reason to call it lost."""
    meter = {"unit_of_measurement": "kW", "device_class": "power"}
    hass.states.async_set("sensor.meter", "0.2", meter)
    level = await add_level(hass, entry, grid="sensor.meter", inverted=True, **AT_ONCE)
    for _ in range(20):
        await virtual_time.run(10)
        hass.states.async_set("sensor.meter", "2.5", meter)
    assert float(level.state("surplus_power").state) == 2500
    assert (level.on, level.status) == (True, "on")


# Thresholds


async def test_one_threshold_does_not_pass_the_other(hass: HomeAssistant, entry: Any) -> None:
    """It is said why, and the number stays."""
    level = await add_level(hass, entry)
    for key, value in (("start", 100), ("start", -1), ("stop", 1000), ("stop", 40000)):
        with pytest.raises(ServiceValidationError) as failed:
            await level.set(**{key: value})
        assert (failed.value.translation_domain, failed.value.translation_key) == (DOMAIN, "thresholds_crossed")
    assert (level.state("start").state, level.state("stop").state) == ("1000", "100")
    await level.set(stop=-200, start=-50)
    assert (level.loop.value("start"), level.loop.value("stop")) == (-50, -200)


# Levels that follow each other


async def test_two_levels(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """The second waits for the first, and its delay begins then; it goes first."""
    first = await add_level(hass, entry, name="First", target=BOILER, **AT_ONCE | {"start_delay": 20})
    second = await add_level(
        hass, entry, name="Second", target=PUMP, after=first.id, **AT_ONCE | {"start_delay": 20, "min_on": 900}
    )
    has_sun(sim, 3000)
    await virtual_time.run(15)
    assert (first.status, second.status) == ("starting", "waits_for_level")
    await virtual_time.run(12)
    assert (first.status, second.status) == ("on", "starting")
    await virtual_time.run(20)
    assert orders.taken() == ["on boiler", "on pump"]
    # The first ends: the second does so before it, whatever its own least time.
    has_sun(sim, 0)
    await virtual_time.run(7)
    assert orders.taken() == ["off pump", "off boiler"]
    assert (first.on, second.on, second.status) == (False, False, "waits_for_level")


async def test_the_first_level_is_switched_off(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """By hand, or for good: those after it go first in both cases."""
    first = await add_level(hass, entry, target=BOILER, **AT_ONCE)
    second = await add_level(hass, entry, target=PUMP, after=first.id, **AT_ONCE)
    has_sun(sim, 3000)
    await virtual_time.run(12)
    assert orders.taken() == ["on boiler", "on pump"]
    await first.switch(on=False)
    assert orders.taken() == ["off pump", "off boiler"]
    await first.switch(on=True)
    await virtual_time.run(12)
    assert orders.taken() == ["on boiler", "on pump"]
    hass.config_entries.async_remove_subentry(entry, first.id)
    await virtual_time.run(12)
    # In the end there is nothing to wait for any more.
    assert orders.taken() == ["off pump", "off boiler", "on pump"]
    assert second.on


async def test_three_levels_and_one_that_does_not_follow(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """What waits for a level waits for its target, too; the end goes from the last to the first, past what does not obey."""
    hass.states.async_set("switch.dead", "off")
    for service in ("turn_on", "turn_off"):
        hass.services.async_register("switch", service, lambda _: None)
    first = await add_level(hass, entry, target=BOILER, **AT_ONCE)
    second = await add_level(hass, entry, target="switch.dead", after=first.id, **AT_ONCE)
    third = await add_level(hass, entry, target=HEATER, after=second.id, **AT_ONCE)
    has_sun(sim, 3000)
    await virtual_time.run(30)
    assert [each.status for each in (first, second, third)] == ["on", "target_failed", "waits_for_level"]
    hass.states.async_set("switch.dead", "on")
    await virtual_time.run(30)
    assert [each.status for each in (first, second, third)] == ["on", "on", "on"]
    orders.taken()
    has_sun(sim, 0)
    await virtual_time.run(20)
    assert orders.taken()[:3] == ["off heater", "off dead", "off boiler"]
    assert [each.status for each in (first, second, third)] == ["no_surplus", "target_failed", "waits_for_level"]


async def test_a_chain_in_the_order_in_which_nobody_made_it(
    hass: HomeAssistant, virtual_time: VirtualTime, sim: EnvoySimulator, entry: Any, orders: Orders
) -> None:
    """The one that was made first comes last: unloading stops it first nevertheless."""
    last = await add_level(hass, entry, name="Last", target=PUMP)
    first = await add_level(hass, entry, name="First", target=BOILER, **AT_ONCE)
    hass.config_entries.async_update_subentry(
        entry, entry.subentries[last.id], data={**entry.subentries[last.id].data, "after": first.id}
    )
    await virtual_time.run(1)
    last = Level(hass, entry, last.id)
    await last.set(**AT_ONCE)
    has_sun(sim, 3000)
    await virtual_time.run(12)
    assert orders.taken() == ["on boiler", "on pump"]
    await hass.config_entries.async_unload(entry.entry_id)
    assert orders.taken() == ["off pump", "off boiler"]
