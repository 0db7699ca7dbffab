"""The verbs on simulated units over both wires: limits first, few writes, proof, and never a battery left running."""

import asyncio
import time
from typing import Any

import pytest

from custom_components.energy_core.errors import (
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    WrongDeviceError,
)
from custom_components.titan_izypower.titan import control as control_module, modbus
from custom_components.titan_izypower.titan.control import Action, Control, Limits, Order, Running
from custom_components.titan_izypower.titan.points import Link
from simulators.faults import Fault
from simulators.titan import TitanSimulator
from tests.titan_izypower.device.units import Bench, Clock, control, everything, writes

WIRES = ("modbus", "opendata")
CHARGE = Order(action=Action.CHARGE, power=500, soc=100)
DISCHARGE = Order(action=Action.DISCHARGE, power=300, soc=10)
STANDBY = Order(action=Action.STANDBY)
# Where mode and order are written on each wire.
MODE = {"modbus": 1144, "opendata": 47005, "gen1": 47005}
ORDER = {"modbus": 1150, "opendata": 47015, "gen1": 47015}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the deadlines, in their proportion."""
    monkeypatch.setattr(modbus, "ANSWER_WITHIN", 0.6)
    monkeypatch.setattr(modbus, "DEADLINE", 0.8)


async def ready(
    bench: Bench, wire: str, *, mode: int | None = None, moving: bool = False, **options: Any
) -> tuple[TitanSimulator, Control]:
    """Start a unit, in a mode, and take control of it; nothing counts as written so far."""
    sim = await bench.start(moving=moving, **options)
    if mode is not None:
        sim.house.set_mode(mode)
    more = {"deadline": 0.6} if wire != "modbus" else {}
    titan = await bench.opendata(sim, name=wire, **more) if wire != "modbus" else bench.modbus(sim)
    await everything(titan)
    sim.log.clear()
    return sim, control(titan)


def order_of(sim: TitanSimulator) -> tuple[Any, ...]:
    """Give the mode and the order that the unit holds."""
    return (sim.house.mode, *(int(part) for part in sim.house.order))


async def poll(unit: Control) -> bool:
    """Read everything and recover, as the coordinator does."""
    unit.titan.expire()
    await unit.titan.update(tuple(unit.titan.blocks))
    return await unit.recover()


# Orders


@pytest.mark.parametrize("wire", [*WIRES, "gen1"])
async def test_two_writes_from_another_mode_and_none_the_second_time(bench: Bench, wire: str) -> None:
    """Mode, then order, power and SoC in one; the same order again writes nothing."""
    sim, unit = await ready(bench, wire)
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 2)
    assert writes(sim) == [(MODE[wire], (4,)), (ORDER[wire], (1, 500, 100))]
    assert order_of(sim) == (4, 1, 500, 100)
    assert unit.running == Running(order=CHARGE)
    assert unit.armed
    assert unit.setpoint == -500
    assert unit.titan.link.running == "charge"
    for trusted in (True, False):
        if not trusted:
            unit.ordered_at -= control_module.TRUST
        again = await unit.order(CHARGE)
        assert (again.applied, again.writes) == (True, 0)
    assert len(sim.writes) == 2


@pytest.mark.parametrize("wire", WIRES)
async def test_one_write_in_realtime_mode(bench: Bench, wire: str) -> None:
    """Armed, an order is one write, and so is turning it round and stopping it."""
    sim, unit = await ready(bench, wire, mode=4)
    for order, raw, setpoint in ((DISCHARGE, (2, 300, 10), 300), (CHARGE, (1, 500, 100), -500), (STANDBY, (0, 0, 0), 0)):
        result = await unit.order(order)
        assert (result.applied, result.writes) == (True, 1)
        assert writes(sim)[-1] == (ORDER[wire], raw)
        assert unit.setpoint == setpoint
    assert len(sim.writes) == 3
    assert unit.running is None
    assert unit.titan.link.running == "none"


@pytest.mark.parametrize("wire", WIRES)
async def test_an_order_that_somebody_else_changed_is_given_again(bench: Bench, wire: str) -> None:
    """What our memory says is in force is asked for, and written when it is not."""
    sim, unit = await ready(bench, wire, mode=4)
    await unit.order(CHARGE)
    sim.house.realtime(2, 100, 20)
    unit.ordered_at -= control_module.TRUST
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 1)
    assert order_of(sim) == (4, 1, 500, 100)


async def test_an_order_is_written_again_when_nobody_can_say(bench: Bench) -> None:
    """When the unit cannot be asked whether the order is in force, it is given again."""
    sim, unit = await ready(bench, "modbus", mode=4)
    await unit.order(CHARGE)
    unit.ordered_at -= control_module.TRUST
    sim.faults.modbus = Fault("no_answer", times=1, on="read")
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 1)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_stop_ends_and_is_not_repeated(bench: Bench, wire: str) -> None:
    """A second stop writes nothing."""
    sim, unit = await ready(bench, wire, mode=4)
    await unit.order(DISCHARGE)
    assert (await unit.stop()).writes == 1
    assert (await unit.stop()).writes == 0
    assert order_of(sim)[1] == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_a_duration_is_remembered(bench: Bench, wire: str) -> None:
    """No clock that is set moves the end of an order, and a new order takes its place."""
    _, unit = await ready(bench, wire, mode=4)
    before = time.monotonic()
    await unit.order(CHARGE, 600)
    assert before + 600 <= unit.running.until <= time.monotonic() + 600
    await unit.order(CHARGE, None)
    assert unit.running == Running(order=CHARGE, until=None)


# What firmware does


@pytest.mark.parametrize("wire", WIRES)
async def test_a_unit_that_ignores_combined_writes(bench: Bench, wire: str) -> None:
    """The values go one by one, state last; that is remembered, across a restart too."""
    sim, unit = await ready(bench, wire, mode=4, reject_combined=True)
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 4)
    start = ORDER[wire]
    assert writes(sim) == [(start, (1, 500, 100)), (start + 1, (500,)), (start + 2, (100,)), (start, (1,))]
    assert unit.separate
    sim.log.clear()
    result = await unit.order(DISCHARGE)
    assert (result.applied, result.writes) == (True, 3)
    assert writes(sim) == [(start + 1, (300,)), (start + 2, (10,)), (start, (2,))]
    again = control(unit.titan)
    again.restore(unit.saved())
    sim.log.clear()
    assert (await again.order(CHARGE)).writes == 3


@pytest.mark.parametrize("wire", WIRES)
async def test_the_writes_of_both_ways_are_counted(bench: Bench, wire: str) -> None:
    """A combined write that had to be repeated counts twice."""
    sim, unit = await ready(bench, wire, mode=4, reject_combined=True)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", Fault("no_answer", times=1, on="write"))
    result = await unit.order(CHARGE)
    assert result.applied
    assert result.writes == len(sim.writes) == 5


@pytest.mark.parametrize("backup", [5, 20])
async def test_a_unit_that_finds_zero_out_of_range(bench: Bench, backup: int) -> None:
    """Standby with 0 W and 0 % is refused: the least power and the backup SoC take their place."""
    sim, unit = await ready(bench, "opendata", mode=4, strict_range=True)
    sim.house.battery.backup_soc = backup
    unit.titan.expire()
    await unit.titan.update()
    await unit.order(CHARGE)
    sim.log.clear()
    result = await unit.stop()
    assert result.applied
    assert writes(sim) == [(47015, (0, 0, 0)), (47015, (0, 50, backup))]
    assert order_of(sim)[1] == 0
    assert unit.running is None


@pytest.mark.parametrize("separate", [False, True])
async def test_strict_and_no_combined_writes(bench: Bench, separate: bool) -> None:
    """Both together: it stops all the same, by the state alone."""
    sim, unit = await ready(bench, "opendata", mode=4, strict_range=True, reject_combined=True)
    await unit.order(CHARGE)
    unit.separate = separate
    sim.log.clear()
    result = await unit.stop()
    assert result.applied
    assert writes(sim)[-1] == (47015, (0,))
    assert order_of(sim)[1] == 0
    assert result.writes == len([each for each in sim.writes if each.outcome == "ok"])


@pytest.mark.parametrize("wire", WIRES)
async def test_a_slow_unit(bench: Bench, wire: str) -> None:
    """A unit that shows an order late has applied it all the same; how late is told and shown."""
    _, unit = await ready(bench, wire, mode=4, moving=True, latency=0.04)
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 1)
    assert 0.04 <= result.latency < 0.3
    assert unit.titan.link.get(Link.command_latency) == pytest.approx(1000 * result.latency, abs=1)


@pytest.mark.parametrize("wire", WIRES)
async def test_one_lost_write(bench: Bench, wire: str) -> None:
    """An acknowledged write that shows nowhere is tried once more, the other way; then it works."""
    sim, unit = await ready(bench, wire, mode=4)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", Fault("lost_write", times=1, on="write"))
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 4)
    assert order_of(sim) == (4, 1, 500, 100)


@pytest.mark.parametrize("wire", WIRES)
async def test_an_order_that_is_never_applied(bench: Bench, wire: str) -> None:
    """After both ways it is not applied, and said so; it may still come, so it counts as running."""
    sim, unit = await ready(bench, wire, mode=4)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", Fault("lost_write", on="write"))
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (False, 4)
    assert len(sim.writes) == 4
    assert not unit.separate
    assert unit.running == Running(order=CHARGE)
    assert order_of(sim)[1] == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_a_write_without_an_answer_that_was_done(bench: Bench, wire: str) -> None:
    """The silence is not the end of it: reading back shows it, and nothing is sent again."""
    sim, unit = await ready(bench, wire, mode=4)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", Fault("no_answer", times=1, on="write"))
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 1)
    assert len(sim.writes) == 1


@pytest.mark.parametrize("wire", WIRES)
async def test_a_write_without_an_answer_that_was_not_done(bench: Bench, wire: str) -> None:
    """It is sent once more, no oftener."""
    sim, unit = await ready(bench, wire, mode=4)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", Fault("half_open", times=1, on="write"))
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (True, 2)
    assert order_of(sim) == (4, 1, 500, 100)


@pytest.mark.parametrize("wire", WIRES)
async def test_writes_that_are_never_answered(bench: Bench, wire: str) -> None:
    """Twice without an answer and nothing to see is a time-out; whether it runs is unknown, so it counts as running."""
    sim, unit = await ready(bench, wire, mode=4)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", Fault("half_open", on="write"))
    with pytest.raises(DeviceTimeoutError):
        await unit.order(CHARGE)
    assert unit.running == Running(order=CHARGE)


async def test_a_refused_order_does_not_run(bench: Bench) -> None:
    """A clear no leaves what was running before."""
    sim, unit = await ready(bench, "opendata", mode=4)
    sim.faults.http = "refuse_write"
    with pytest.raises(DeviceRefusedError) as caught:
        await unit.order(CHARGE)
    assert caught.value.key == "write_rejected"
    assert unit.running is None
    sim.faults.clear()
    await unit.order(CHARGE)
    sim.faults.http = "refuse_write"
    with pytest.raises(DeviceRefusedError):
        await unit.order(DISCHARGE)
    assert unit.running == Running(order=CHARGE)


async def test_reading_back_that_is_refused_proves_nothing(bench: Bench) -> None:
    """An order that was accepted counts as running, even when the unit then refuses to say so."""
    sim, unit = await ready(bench, "modbus", mode=4)
    sim.faults.modbus = Fault("exception", value="2", on="read")
    with pytest.raises(DeviceProtocolError):
        await unit.order(CHARGE)
    assert unit.running == Running(order=CHARGE)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_mode_that_is_not_applied(bench: Bench, wire: str) -> None:
    """Without real-time mode no order leaves."""
    sim, unit = await ready(bench, wire)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", Fault("lost_write", on="write"))
    with pytest.raises(DeviceRefusedError) as caught:
        await unit.order(CHARGE)
    assert caught.value.key == "not_applied"
    assert {target for target, _ in writes(sim)} == {MODE[wire]}
    assert not unit.armed


# Limits


def refused(unit: Control, action: Action, power: Any, soc: Any = None) -> str:
    """Give the reason that an order is refused for."""
    with pytest.raises(DeviceRefusedError) as caught:
        unit.check(action, power, soc)
    return caught.value.key


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("action", [Action.CHARGE, Action.DISCHARGE])
async def test_powers_that_are_refused(bench: Bench, wire: str, action: Action) -> None:
    """Less than 50 W, more than can be, and what is no number: refused before a byte leaves."""
    sim, unit = await ready(bench, wire)
    for power in (0, -5, 49, 49.9, 2401, 99_999, "49"):
        assert refused(unit, action, power) == "out_of_range"
    for power in ("abc", float("nan"), float("inf"), True, False, "", "1_000", None):
        assert refused(unit, action, power) == "invalid_value"
    assert not sim.requests
    assert unit.check(action, 50, None).power == 50
    assert unit.check(action, 2400, None).power == 2400
    assert unit.check(action, "500", None).power == 500
    assert unit.check(action, 500.4, None).power == 500


async def test_the_placeholders_of_a_refusal(bench: Bench) -> None:
    """The user is told the value and the range."""
    _, unit = await ready(bench, "modbus")
    with pytest.raises(DeviceRefusedError) as caught:
        unit.check(Action.CHARGE, 99_999, None)
    assert caught.value.placeholders == {"value": "99999", "low": "50", "high": "2400"}


@pytest.mark.parametrize("wire", WIRES)
async def test_the_ceiling_is_the_lowest_limit(bench: Bench, wire: str) -> None:
    """The model, the user, the unit's momentary limits and its settings: the lowest counts."""
    sim, unit = await ready(bench, wire)
    assert (unit.ceiling(Action.CHARGE), unit.ceiling(Action.DISCHARGE)) == (2400, 2400)
    unit.limits = Limits(charge=2000, discharge=1900)
    assert (unit.ceiling(Action.CHARGE), unit.ceiling(Action.DISCHARGE)) == (2000, 1900)
    sim.set(90, 1800)
    sim.set(91, 1700)
    unit.titan.expire()
    await unit.titan.update()
    assert (unit.ceiling(Action.CHARGE), unit.ceiling(Action.DISCHARGE)) == (1800, 1700)
    sim.set(1138, 900)
    sim.set(1147, 800)
    unit.titan.expire()
    await unit.titan.update()
    assert (unit.ceiling(Action.CHARGE), unit.ceiling(Action.DISCHARGE)) == (900, 800)
    assert refused(unit, Action.DISCHARGE, 801) == "out_of_range"
    for address in (90, 91, 1138, 1147):
        sim.set(address, 0)
    unit.titan.expire()
    await unit.titan.update()
    assert (unit.ceiling(Action.CHARGE), unit.ceiling(Action.DISCHARGE)) == (2000, 1900), "0 W is no answer"


@pytest.mark.parametrize("packs", [0, 1, 2])
async def test_the_ceiling_follows_the_packs(bench: Bench, packs: int) -> None:
    """A main unit alone cannot move what three packs can."""
    _, unit = await ready(bench, "modbus", packs=packs)
    assert unit.ceiling(Action.CHARGE) == (900, 1800, 2400)[packs]
    assert unit.ceiling(Action.DISCHARGE) == (1000, 2000, 2400)[packs]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_master_takes_the_power_of_its_cluster(bench: Bench, wire: str) -> None:
    """The master of a cluster is ordered up to three times a unit's power."""
    sim, unit = await ready(bench, wire, mode=4, cluster_role="master")
    assert unit.ceiling(Action.CHARGE) == 7200
    result = await unit.order(unit.check(Action.CHARGE, 7200, None))
    assert result.applied
    assert sim.house.order[1] == 7200
    assert refused(unit, Action.CHARGE, 7201) == "out_of_range"


@pytest.mark.parametrize("wire", WIRES)
async def test_a_slave_takes_no_orders(bench: Bench, wire: str) -> None:
    """Orders to a slave make the units fight."""
    sim, unit = await ready(bench, wire, cluster_role="slave")
    assert refused(unit, Action.CHARGE, 500) == "cluster_slave"
    assert refused(unit, Action.DISCHARGE, 500) == "cluster_slave"
    assert not sim.writes


@pytest.mark.parametrize("wire", WIRES)
async def test_the_soc_bounds(bench: Bench, wire: str) -> None:
    """Not above full, not below the backup, not where it already is."""
    sim, unit = await ready(bench, wire)
    sim.house.battery.backup_soc = 20
    sim.house.soc = 50
    unit.titan.expire()
    await unit.titan.update()
    assert unit.check(Action.CHARGE, 500, None).soc == 100
    assert unit.check(Action.DISCHARGE, 500, None).soc == 20
    assert unit.check(Action.DISCHARGE, 500, 20).soc == 20
    assert unit.check(Action.CHARGE, 500, 51).soc == 51
    assert refused(unit, Action.DISCHARGE, 500, 19) == "below_backup_soc"
    assert refused(unit, Action.DISCHARGE, 500, 50) == "soc_reached"
    assert refused(unit, Action.DISCHARGE, 500, 60) == "soc_reached"
    assert refused(unit, Action.CHARGE, 500, 50) == "soc_reached"
    for soc in (4, 101, "abc", float("nan"), True, -1):
        assert refused(unit, Action.CHARGE, 500, soc) == "out_of_range"
    sim.house.soc = 100
    unit.titan.expire()
    await unit.titan.update()
    assert refused(unit, Action.CHARGE, 500) == "soc_reached"
    sim.house.soc = 20
    unit.titan.expire()
    await unit.titan.update()
    assert refused(unit, Action.DISCHARGE, 500) == "soc_reached"
    unit.titan.battery.values["soc"] = None
    assert unit.check(Action.DISCHARGE, 500, None).soc == 20


async def test_an_unknown_backup_soc_counts_as_the_least(bench: Bench) -> None:
    """Before the settings were read 5 % is the floor."""
    sim = await bench.start()
    unit = control(bench.modbus(sim))
    assert unit.check(Action.DISCHARGE, 500, None).soc == 5
    assert unit.setpoint is None


# Many orders


@pytest.mark.parametrize("wire", WIRES)
async def test_orders_that_come_at_once_collapse_into_the_newest(bench: Bench, wire: str) -> None:
    """A slider that moves sends its first and its last position."""
    sim, unit = await ready(bench, wire, mode=4)
    orders = [Order(action=Action.CHARGE, power=power, soc=100) for power in range(100, 1100, 100)]
    results = await asyncio.gather(*(unit.order(order) for order in orders))
    assert [result.applied for result in results] == [True, *[False] * 8, True]
    assert writes(sim) == [(ORDER[wire], (1, 100, 100)), (ORDER[wire], (1, 1000, 100))]


@pytest.mark.parametrize("wire", WIRES)
async def test_orders_keep_their_distance(bench: Bench, wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders are an order's gap apart, however fast they come."""
    monkeypatch.setattr(control_module, "ORDER_GAP", {wire: 0.15})
    sim, unit = await ready(bench, wire, mode=4)
    await unit.order(CHARGE)
    await unit.order(DISCHARGE)
    first, second = (each.at for each in sim.writes)
    assert second - first > 0.1


@pytest.mark.parametrize("wire", WIRES)
async def test_polls_keep_quiet_after_an_order(bench: Bench, wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit has work to do: reading waits, commands do not."""
    monkeypatch.setattr(control_module, "QUIET", 0.5)
    _, unit = await ready(bench, wire, mode=4)
    await unit.order(CHARGE)
    ordered = time.monotonic()
    await unit.stop()
    assert time.monotonic() - ordered < 0.4
    stopped = time.monotonic()
    await unit.titan.update()
    assert time.monotonic() - stopped > 0.4


# Restarts and strangers


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("keep_mode", [True, False])
async def test_mode_and_order_come_back_after_a_restart(bench: Bench, clock: Clock, wire: str, keep_mode: bool) -> None:
    """A unit that restarted is armed again, and told again what it did."""
    sim, unit = await ready(bench, wire)
    clock.now += 100
    await poll(unit)
    await unit.order(CHARGE, 600)
    until = unit.running.until
    assert await poll(unit) is False
    sim.log.clear()
    sim.reboot(keep_mode=keep_mode)
    assert await poll(unit) is True
    assert order_of(sim) == (4, 1, 500, 100)
    assert unit.running.order == CHARGE
    assert unit.running.until == pytest.approx(until, abs=1)
    assert len(sim.writes) == (1 if keep_mode else 2)
    assert await poll(unit) is False


@pytest.mark.parametrize("wire", WIRES)
async def test_an_armed_mode_comes_back_without_an_order(bench: Bench, clock: Clock, wire: str) -> None:
    """Real-time mode that we hold is armed again; no order is made up."""
    sim, unit = await ready(bench, wire)
    clock.now += 100
    await poll(unit)
    await unit.set_mode("realtime")
    sim.log.clear()
    sim.reboot(keep_mode=True)
    assert await poll(unit) is False
    assert not sim.writes
    clock.now += 50
    await poll(unit)
    sim.reboot(keep_mode=False)
    assert await poll(unit) is True
    assert writes(sim) == [(MODE[wire], (4,))]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_restart_of_a_unit_that_is_not_ours(bench: Bench, clock: Clock, wire: str) -> None:
    """A unit in a mode that we did not arm is left alone."""
    sim, unit = await ready(bench, wire)
    clock.now += 100
    await poll(unit)
    sim.reboot()
    assert await poll(unit) is False
    assert not sim.writes


@pytest.mark.parametrize("wire", WIRES)
async def test_somebody_else_took_over(bench: Bench, wire: str) -> None:
    """A mode that changes without a restart was changed by a person: we look twice, and then the unit is theirs."""
    sim, unit = await ready(bench, wire)
    await unit.order(CHARGE)
    sim.log.clear()
    sim.house.set_mode(1)
    assert await poll(unit) is False
    assert unit.armed
    assert unit.running
    assert await poll(unit) is False
    assert not unit.armed
    assert unit.running is None
    sim.reboot()
    assert await poll(unit) is False
    assert not sim.writes


async def test_a_doubt_that_was_none(bench: Bench) -> None:
    """A mode that reads otherwise once, and real-time again, changes nothing."""
    sim, unit = await ready(bench, "modbus")
    await unit.order(CHARGE)
    for _ in range(2):
        sim.set(1144, 1)
        await poll(unit)
        sim.clear()
        await poll(unit)
    assert unit.armed
    assert unit.running == Running(order=CHARGE)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("order", "target"),
    [(Order(action=Action.CHARGE, power=500, soc=60), 60), (Order(action=Action.DISCHARGE, power=500, soc=40), 40)],
)
async def test_an_order_that_ended_at_its_target(bench: Bench, clock: Clock, wire: str, order: Order, target: int) -> None:
    """The unit ends an order at its target SoC by itself; that is noticed, and nothing is written."""
    sim, unit = await ready(bench, wire)
    await unit.order(order)
    await poll(unit)
    assert unit.running
    sim.log.clear()
    sim.house.soc = target
    clock.now += 10
    sim.house.advance()
    await poll(unit)
    assert unit.running is None
    assert unit.armed
    assert not sim.writes


@pytest.mark.parametrize("wire", WIRES)
async def test_an_order_that_stopped_short_of_its_target(bench: Bench, wire: str) -> None:
    """Standby before the target is no end that we know of: it stays ours to end."""
    sim, unit = await ready(bench, wire)
    await unit.order(CHARGE)
    sim.house.realtime(0, 0, 0)
    await poll(unit)
    assert unit.running == Running(order=CHARGE)


# The end


@pytest.mark.parametrize("wire", WIRES)
async def test_the_end_is_one_write(bench: Bench, wire: str) -> None:
    """One write, no reading; no order is taken afterwards."""
    sim, unit = await ready(bench, wire)
    await unit.order(CHARGE)
    sim.log.clear()
    await unit.end()
    assert [(each.write, each.outcome) for each in sim.requests] == [(True, "ok")]
    assert writes(sim) == [(ORDER[wire], (0, 0, 0))]
    assert order_of(sim)[1] == 0
    result = await unit.order(CHARGE)
    assert (result.applied, result.writes) == (False, 0)
    assert len(sim.writes) == 1


@pytest.mark.parametrize("wire", WIRES)
async def test_the_end_of_nothing(bench: Bench, wire: str) -> None:
    """Where nothing of ours runs, nothing is written."""
    sim, unit = await ready(bench, wire)
    await unit.end()
    assert not sim.requests


async def test_the_end_on_a_strict_unit(bench: Bench) -> None:
    """A battery is not left running because its firmware refuses 0 W and 0 %."""
    sim, unit = await ready(bench, "opendata", strict_range=True)
    await unit.order(CHARGE)
    sim.log.clear()
    await unit.end()
    assert writes(sim)[-1] == (47015, (0, 50, 5))
    assert order_of(sim)[1] == 0
    assert unit.running is None


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("strict", [False, True])
async def test_the_end_on_a_unit_that_ignores_combined_writes(bench: Bench, wire: str, strict: bool) -> None:
    """Such a unit is ended by its state alone, with one write."""
    sim, unit = await ready(bench, wire, reject_combined=True, strict_range=strict)
    await unit.order(CHARGE)
    sim.log.clear()
    await unit.end()
    assert writes(sim) == [(ORDER[wire], (0,))]
    assert order_of(sim)[1] == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_an_end_that_does_not_arrive(bench: Bench, wire: str) -> None:
    """The error is passed on, and the order still counts as running, for the next life to end."""
    sim, unit = await ready(bench, wire)
    await unit.order(CHARGE)
    setattr(sim.faults, "modbus" if wire == "modbus" else "http", "refuse")
    with pytest.raises(DeviceConnectionError):
        await unit.end()
    assert unit.saved()["running"]["order"]["power"] == 500


@pytest.mark.parametrize("wire", WIRES)
async def test_an_order_that_waits_when_the_end_comes(bench: Bench, wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not sent after the end."""
    monkeypatch.setattr(control_module, "ORDER_GAP", {wire: 0.2})
    sim, unit = await ready(bench, wire)
    await unit.order(CHARGE)
    waiting = asyncio.create_task(unit.order(DISCHARGE))
    await asyncio.sleep(0.05)
    await unit.end()
    assert (await waiting).applied is False
    assert order_of(sim)[1] == 0
    assert writes(sim)[-1] == (ORDER[wire], (0, 0, 0))


# Modes


@pytest.mark.parametrize("wire", WIRES)
async def test_modes(bench: Bench, wire: str) -> None:
    """A mode is written when it is another one; leaving real-time mode ends what runs."""
    sim, unit = await ready(bench, wire)
    assert (await unit.set_mode("self_consumption")).writes == 0
    assert not unit.armed
    assert (await unit.set_mode("realtime")).writes == 1
    assert unit.armed
    assert (await unit.set_mode("realtime")).writes == 0
    await unit.order(CHARGE)
    other = "custom_time" if wire == "modbus" else "schedule"
    assert (await unit.set_mode(other)).applied
    assert sim.house.mode == {"custom_time": 6, "schedule": 5}[other]
    assert not unit.armed
    assert unit.running is None
    assert unit.setpoint == 0


@pytest.mark.parametrize(
    ("wire", "mode"), [("modbus", "schedule"), ("opendata", "custom_time"), ("modbus", "outdoor"), ("opendata", "nonsense")]
)
async def test_modes_that_a_wire_cannot_set(bench: Bench, wire: str, mode: str) -> None:
    """They are refused, not guessed."""
    sim, unit = await ready(bench, wire)
    with pytest.raises(DeviceRefusedError) as caught:
        await unit.set_mode(mode)
    assert caught.value.key == "unsupported_value"
    assert not sim.writes


# What survives a restart of Home Assistant


@pytest.mark.parametrize("wire", WIRES)
async def test_control_goes_to_storage_and_back(bench: Bench, wire: str) -> None:
    """The mode that we hold and the order that runs are known in the next life."""
    sim, unit = await ready(bench, wire)
    await unit.order(CHARGE, 900)
    again = control(unit.titan)
    again.restore(unit.saved())
    assert (again.armed, again.running.order, again.separate) == (True, CHARGE, False)
    assert again.running.left == pytest.approx(900, abs=5)
    assert again.titan.link.running == "charge"
    sim.log.clear()
    assert (await again.order(CHARGE)).writes == 0
    await again.end()
    assert order_of(sim)[1] == 0


GARBAGE: list[Any] = [
    {},
    {"armed": "yes", "separate": 1, "running": 5},
    {"running": {}},
    {"running": {"order": None, "until": None}},
    {"running": {"order": {"action": "explode", "power": 1, "soc": 1}, "until": None}},
    {"running": {"order": {"action": "charge", "power": "x", "soc": 1}, "until": None}},
    {"running": {"order": {"action": "charge", "power": float("inf"), "soc": 1}, "until": None}},
    {"running": {"order": {"action": "charge", "power": float("nan"), "soc": 1}, "until": None}},
    {"running": {"order": {"action": [], "power": 1, "soc": 1}, "until": 5}},
    {"running": {"order": {"action": "charge", "power": 1}, "until": 5}},
    {"running": ["order"]},
    {"running": "order"},
]


@pytest.mark.parametrize("saved", GARBAGE, ids=str)
async def test_garbage_from_storage(bench: Bench, saved: Any) -> None:
    """What cannot be read never ran."""
    unit = control(bench.modbus(await bench.start()))
    unit.restore(saved)
    assert (unit.armed, unit.separate, unit.running) == (False, False, None)


@pytest.mark.parametrize("until", ["x", None, [], float("nan")])
def test_an_end_that_cannot_be_read(until: Any) -> None:
    """An order whose end cannot be read runs without one."""
    running = Running.restored({"order": {"action": "charge", "power": 500, "soc": 90}, "until": until})
    assert running == Running(order=Order(action=Action.CHARGE, power=500, soc=90), until=None)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_stranger_is_not_written_to(bench: Bench, wire: str) -> None:
    """Another unit at the address: whatever asks, nothing leaves."""
    sim, unit = await ready(bench, wire, mode=4)
    unit.titan.stranger = True
    settings = unit.titan.blocks["settings"]
    with pytest.raises(WrongDeviceError):
        await unit.titan.write(settings, settings.points["backup_soc"], 20)
    assert sim.writes == []


def test_a_level_that_nobody_knows_is_not_reached() -> None:
    """Nor has standby a level to reach."""
    assert not CHARGE.reached(None)
    assert not Order(action=Action.STANDBY).reached(50)
