"""What a Titan shows: the same over both wires, whatever the unit's signs, versions and parts."""

import itertools
import logging
from typing import Any

import pytest

from custom_components.energy_core.errors import DeviceConnectionError, DeviceProtocolError, DeviceRefusedError, RateLimitedError
from custom_components.energy_core.points import Block, Point
from custom_components.titan_izypower.titan import codes, derive
from custom_components.titan_izypower.titan.derive import Polarity, SignLearner
from custom_components.titan_izypower.titan.device import Titan, meet
from custom_components.titan_izypower.titan.points import Grid, Link, Pack, PvInput, Settings, System
from simulators.titan import TitanSimulator
from tests.titan_izypower.device.units import LIVE, Bench, Clock, everything, flow, writes

WIRES = ("modbus", "opendata")
# W of consumption, sun and the bypass socket, and the state that follows.
SCENES = {
    "idle": (0, 0, 0, "idle"),
    "discharging": (700, 0, 0, "discharging"),
    "charging": (200, 1500, 0, "charging"),
    "charging a little": (0, 0, 0, "idle"),
    "exporting": (100, 4000, 0, "charging"),
    "importing": (3800, 0, 0, "discharging"),
    "bypass": (600, 0, 350, "discharging"),
    "microinverter": (100, 0, -400, "discharging"),
}


def shared(first: Titan, second: Titan) -> list[tuple[Block, Block, Point[Any]]]:
    """Give every point that both wires have, with the block of each that holds it."""
    found = []
    for name, block in first.blocks.items():
        other = second.blocks[name]
        for point in block.points.values():
            both = all(point.source(wire, block.index) for wire in WIRES)
            if both or (not point.sources and block.has(point) and other.has(point)):
                found.append((block, other, point))
    return found


@pytest.mark.parametrize("scene", SCENES)
async def test_both_wires_say_the_same(bench: Bench, clock: Clock, scene: str) -> None:
    """Every value that both wires have is equal, in its unit, its sign and its resolution."""
    load, pv, bypass, state = SCENES[scene]
    sim = await bench.start(packs=2)
    sim.house.bypass_w = bypass
    flow(sim, clock, load=load, pv=pv)
    if scene == "charging a little":
        sim.house.battery_model.power = -25
    modbus, opendata = await everything(bench.modbus(sim)), await everything(await bench.opendata(sim))
    assert modbus.blocks.keys() == opendata.blocks.keys()
    pairs = shared(modbus, opendata)
    assert len(pairs) > 120
    differ = {}
    for block, other, point in pairs:
        if point in (Link.transport, Grid.ac_input_power, Grid.ac_output_power):
            continue
        ours, theirs = block.get(point), other.get(point)
        if ours != theirs:
            differ[f"{block.name}.{point.name}"] = (ours, theirs)
    assert differ == {}
    assert modbus.grid.ac_input_power == opendata.grid.ac_input_power
    assert modbus.grid.ac_output_power == opendata.grid.ac_output_power
    assert modbus.battery.state == state


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("scene", SCENES)
async def test_the_values_are_the_houses(bench: Bench, clock: Clock, wire: str, scene: str) -> None:
    """Powers have the house's signs: + imports, + discharges, + takes from AC, + feeds the socket."""
    load, pv, bypass, _ = SCENES[scene]
    sim = await bench.start(packs=2)
    sim.house.bypass_w = bypass
    flow(sim, clock, load=load, pv=pv)
    titan = await everything(await bench.titan(sim, wire))
    house = sim.house
    close = {"abs": 0.51}
    assert titan.battery.power == pytest.approx(house.battery_w, **close)
    assert titan.battery.charge_power == pytest.approx(max(-house.battery_w, 0), **close)
    assert titan.battery.discharge_power == pytest.approx(max(house.battery_w, 0), **close)
    assert titan.grid.meter_power == pytest.approx(house.grid_w, **close)
    assert titan.grid.meter_connected is True
    assert titan.solar.power == pytest.approx(house.pv_w, **close)
    assert titan.blocks["pv_1"].values["power"] == pytest.approx(house.pv_w / 4, **close)
    inverter = -(house.pv_w + house.battery_w)
    assert titan.grid.inverter_power == pytest.approx(inverter, **close)
    assert titan.grid.net_ac_power == pytest.approx(inverter + bypass, **close)
    assert titan.grid.ac_input_power == pytest.approx(max(inverter + bypass, 0), **close)
    assert titan.grid.ac_output_power == pytest.approx(max(-inverter - bypass, 0), **close)
    assert titan.grid.bypass_power == bypass
    assert titan.grid.bypass_mode == ("microinverter" if bypass < 0 else "eps")
    assert titan.grid.home_power == load
    assert titan.grid.power_factor == (99.5 if inverter < 0 else 0)
    assert titan.solar.total == pytest.approx(house.energy.pv.total, abs=1)
    assert titan.battery.charged_total == pytest.approx(house.energy.charge.total, abs=1)
    assert titan.battery.discharged_today == pytest.approx(house.energy.discharge.day, abs=1)
    assert titan.battery.soc == pytest.approx(house.soc, abs=0.05)
    assert titan.link.transport == {"modbus": "modbus_tcp", "opendata": "opendata"}[wire]


# The sign of battery power


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("sign", ["discharging_positive", "charging_positive"])
@pytest.mark.parametrize("how", ["fresh", "learned", "option"])
async def test_battery_power_has_the_right_sign(bench: Bench, wire: str, sign: str, how: str) -> None:
    """Whatever a positive raw value means, ours means discharging, from the first reading where anything tells."""
    name = "modbus_battery_sign" if wire == "modbus" else "battery_sign"
    sim = await bench.start(**{name: sign})
    for watts, pv in itertools.product((800, -800, 61, -31, 0, 40, -20), (0, 2000)):
        titan = await bench.titan(sim, wire, **({"polarity": Polarity(sign)} if how == "option" else {}))
        sim.house.battery_model.power = 500
        if how == "learned":
            for _ in range(6):
                await titan.update(LIVE)
            assert abs(titan.sign.votes) >= 5
        sim.house.pv_w = pv
        sim.house.battery_model.power = watts
        await titan.update(LIVE)
        if how == "fresh" and sign == "charging_positive" and watts in (40, -20):
            assert abs(titan.battery.power) == abs(watts), "nothing has told the direction yet"
            continue
        assert titan.battery.power == watts
        assert titan.battery.charge_power == max(-watts, 0)
        assert titan.battery.discharge_power == max(watts, 0)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("sign", ["discharging_positive", "charging_positive"])
@pytest.mark.parametrize("pv", [0, 500, 2000])
async def test_the_sign_does_not_flap_around_the_thresholds(bench: Bench, wire: str, sign: str, pv: int) -> None:
    """The unit calls itself idle below 30 W charging and 60 W discharging; our sign stays what it was."""
    name = "modbus_battery_sign" if wire == "modbus" else "battery_sign"
    sim = await bench.start(**{name: sign})
    titan = await bench.titan(sim, wire)
    sim.house.pv_w = pv
    for watts in [400] * 3 + [-400] * 3 + [70, 61, 59, 61, 59, 20, 1, -1, -20, -29, -31, -29, -31, -70]:
        sim.house.battery_model.power = watts
        await titan.update(LIVE)
        assert titan.battery.power == watts


async def test_one_reading_votes_once(bench: Bench) -> None:
    """Updates that do not read the battery repeat no vote."""
    sim = await bench.start()
    sim.house.battery_model.power = 500
    titan = bench.modbus(sim)
    await titan.update(LIVE)
    assert titan.sign.votes == 1
    for _ in range(6):
        await titan.update(("info",), only=True)
    assert titan.sign.votes == 1


def test_a_learned_sign_survives_a_contrary_sample() -> None:
    """When the battery turns, its state lags: that is no proof of the contrary."""
    learner = SignLearner()
    for _ in range(20):
        learner.observe(500, "charging")
    assert learner.factor == -1
    for _ in range(3):
        learner.observe(500, "discharging")
    assert learner.factor == -1
    for _ in range(20):
        learner.observe(500, "discharging")
    assert learner.factor == 1


def test_what_does_not_vote() -> None:
    """Small powers and unknown states say nothing."""
    learner = SignLearner()
    for raw, state in ((100, "charging"), (-100, "charging"), (500, "idle"), (500, None)):
        learner.observe(raw, state)
    assert learner.votes == 0
    assert learner.power(None, "charging", 500) is None
    assert learner.power(0, "charging", None) == 0


def test_the_users_choice_wins() -> None:
    """A polarity chosen by hand is taken whatever the state says."""
    assert SignLearner(Polarity.CHARGING).power(500, "discharging", -500) == -500
    assert SignLearner(Polarity.DISCHARGING).power(500, "charging", 500) == 500
    assert SignLearner().power(50, "idle", 200) == -50
    assert SignLearner().power(-50, "idle", -200) == 50
    assert SignLearner().power(-50, "idle", None) == -50
    assert SignLearner().power(-50, None, 60) == -50


@pytest.mark.parametrize(("saved", "votes"), [(3, 3), (-99, -10), (99, 10), (None, 0), ("5", 0), (2.5, 0), ([], 0)])
def test_votes_from_storage(saved: Any, votes: int) -> None:
    """Votes come back within their bounds; garbage is none."""
    learner = SignLearner()
    learner.restore(saved)
    assert learner.votes == votes


# State of charge


@pytest.mark.parametrize("holes", ["none", "undocumented"])
async def test_soc_before_protocol_1_8(bench: Bench, holes: str) -> None:
    """Without a register for the whole the packs' mean is shown; a register that reads 0 is not believed."""
    sim = await bench.start(packs=2, protocol=17, holes=holes)
    for address, level in ((7593, 30), (7594, 50), (7595, 70.5)):
        sim.set(address, level)
    titan = await everything(bench.modbus(sim))
    assert titan.battery.soc == 50.2
    assert [pack.soc for pack in titan.packs] == [30, 50, 70.5]
    assert not [pack for pack in titan.packs if pack.index > 2]


@pytest.mark.parametrize("protocol", [18, 19])
async def test_soc_since_protocol_1_8(bench: Bench, protocol: int) -> None:
    """The register of the whole is what counts, 0 included."""
    sim = await bench.start(protocol=protocol)
    sim.set(7599, 0)
    assert (await everything(bench.modbus(sim))).battery.soc == 0
    sim.set(7599, 12.3)
    assert (await everything(bench.modbus(sim))).battery.soc == 12.3


async def test_soc_of_a_unit_that_does_not_say(bench: Bench) -> None:
    """Over OpenData the main pack's SoC stands in for the whole; without any there is none."""
    sim = await bench.start(missing_points={6002})
    sim.set(7593, 44)
    titan = await everything(await bench.opendata(sim, deadline=1))
    assert titan.battery.soc == 44
    assert derive.mean_soc([]) is None
    assert derive.mean_soc([None, 4, 5]) == 4.5


# Derived


@pytest.mark.parametrize(("raw", "shown"), [(0.995, 99.5), (1, 100), (-0.5, -50), (98, 98), (0, 0), (0.01, 1), (0.005, 0.5)])
async def test_power_factor_over_opendata(bench: Bench, raw: float, shown: float) -> None:
    """A ratio and percent both end as percent, however often other blocks are read."""
    sim = await bench.start()
    sim.set("2099", raw)
    titan = await bench.opendata(sim)
    await titan.update(("grid",), only=True)
    for _ in range(3):
        await titan.update(("info",), only=True)
    assert titan.grid.power_factor == pytest.approx(shown)


@pytest.mark.parametrize(("ratio", "shown"), [(0.995, 99.5), (1, 100), (-0.5, -50), (0.01, 1), (0.005, 0.5), (0, 0)])
async def test_power_factor_over_modbus(bench: Bench, ratio: float, shown: float) -> None:
    """The register's thousandths end as percent, small ones too."""
    sim = await bench.start()
    sim.set(122, ratio)
    titan = bench.modbus(sim)
    await titan.update(("grid",), only=True)
    await titan.update(("info",), only=True)
    assert titan.grid.power_factor == pytest.approx(shown)


@pytest.mark.parametrize("wire", WIRES)
async def test_alarms(bench: Bench, wire: str) -> None:
    """Alarm words are named bit by bit, the first one shown, an unknown one as other."""
    sim = await bench.start()
    titan = await everything(await bench.titan(sim, wire))
    assert (titan.system.alarm, titan.system.has_alarm, titan.alarms) == ("none", False, [])
    assert titan.blocks["pv_1"].values["alarm"] == "none"
    for word, names in (
        (1 << 1, ["dc_over_voltage"]),
        (1 << 24 | 1 << 4, ["grid_disconnected", "relay_failure"]),
        (1 << 31, ["other"]),
        (1 << 25 | 1 << 17, ["eps_overload", "other"]),
    ):
        sim.set(140, word)
        sim.set(2228, 1 << 19)
        await titan.update(LIVE)
        assert titan.alarms == names
        assert titan.system.alarm == names[0]
        assert titan.system.has_alarm is True
        assert titan.blocks["pv_1"].values["alarm"] == "reversed_polarity"
        assert {titan.system.alarm} <= set(System.alarm.options)
    sim.clear()
    await titan.update(LIVE)
    assert (titan.system.alarm, titan.system.has_alarm) == ("none", False)


def test_bits() -> None:
    """Every bit has its own name; no word is no alarm."""
    for bit, name in codes.ALARMS.items():
        assert codes.bits(1 << bit, codes.ALARMS) == [name]
    assert codes.bits(None, codes.ALARMS) == []
    assert codes.bits(1, codes.PV_ALARMS) == ["other"]
    assert derive_names() == set(PvInput.alarm.options) - {"none", "other"}


def derive_names() -> set[str]:
    """Give the names that PV alarms can have."""
    return {codes.bits(1 << bit, codes.PV_ALARMS)[0] for bit in codes.PV_ALARMS}


@pytest.mark.parametrize("wire", WIRES)
async def test_no_alarm_word_is_no_alarm_entity(bench: Bench, wire: str) -> None:
    """A unit that has no alarm word shows no alarm either way."""
    sim = await bench.start(missing_points={8100}, extra_holes={140})
    titan = await everything(await bench.titan(sim, wire))
    assert not titan.system.has(System.has_alarm)
    assert not titan.system.has(System.alarm)


async def test_imbalance(bench: Bench) -> None:
    """The two cell groups' difference in mV, whichever is higher."""
    sim = await bench.start(packs=1)
    sim.set("9009", 3.312)
    sim.set("9011", 3.345)
    titan = await everything(await bench.opendata(sim))
    assert titan.blocks["pack_0"].values["imbalance"] == 33
    assert titan.blocks["pack_1"].values["imbalance"] == 4
    assert not (await everything(bench.modbus(sim))).blocks["pack_0"].has(Pack.imbalance)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("14501", "V1.45.01"), ("10212", "V1.02.12"), ("108", "V1.08"), ("5", "V0.05"), ("0", None), ("65535", None),
        (None, None), ("V1.2", "V1.2"), ("", ""), ("²", "²"), ("9999", "V99.99"), ("10000", "V1.00.00"),
    ],
)  # fmt: skip
def test_versions(raw: str | None, shown: str | None) -> None:
    """Packed numbers read as the App shows them; text stays text."""
    assert derive.version(raw) == shown


def test_halves_and_percent() -> None:
    """The unknown stays unknown."""
    assert derive.split(None) == (None, None)
    assert derive.split(-5) == (5, 0)
    assert derive.split(0) == (0, 0)
    assert derive.percent(None) is None


async def test_the_radio_in_dbm(bench: Bench) -> None:
    """Half of the quality less 100."""
    titan = await everything(await bench.opendata(await bench.start()))
    assert (titan.radio.quality, titan.radio.signal) == (78, -61)


async def test_not_available_times_are_unknown(bench: Bench, clock: Clock) -> None:
    """9999 minutes is no time, on both wires."""
    sim = await bench.start()
    flow(sim, clock, load=800)
    for wire in WIRES:
        titan = await everything(await bench.titan(sim, wire))
        assert titan.battery.charge_time_left is None
        assert titan.battery.discharge_time_left > 60


# Parts


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("packs", range(6))
async def test_fitted_packs(bench: Bench, wire: str, packs: int) -> None:
    """There is a block for each pack that has a serial number, and each reads its own registers."""
    sim = await bench.start(packs=packs)
    for index in range(packs + 1):
        sim.set(7593 + index, 10 + index)
    titan = await everything(await bench.titan(sim, wire))
    assert [pack.index for pack in titan.packs] == list(range(packs + 1))
    assert [pack.soc for pack in titan.packs] == [10 + index for index in range(packs + 1)]
    assert [pack.soh for pack in titan.packs] == [99 - index for index in range(packs + 1)]
    assert [pack.cycles for pack in titan.packs] == [40 + index for index in range(packs + 1)]
    assert [pack.number for pack in titan.packs] == list(range(packs + 1))


async def test_a_pack_that_was_taken_away(bench: Bench) -> None:
    """A pack goes with its serial number, and comes back with it."""
    sim = await bench.start(packs=2)
    titan = await everything(bench.modbus(sim))
    sim.house.fit_packs(1)
    titan.expire("serials")
    await titan.update()
    assert [pack.index for pack in titan.packs] == [0, 1]
    sim.house.fit_packs(3)
    titan.expire("serials")
    await titan.update()
    assert [pack.index for pack in titan.packs] == [0, 1, 2, 3]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("inputs", [0, 2, 4])
async def test_pv_inputs(bench: Bench, wire: str, inputs: int) -> None:
    """There are as many PV inputs as the unit says; a model without has none; a change is followed."""
    sim = await bench.start(pv_inputs=inputs)
    titan = await everything(await bench.titan(sim, wire))
    assert sum(name.startswith("pv_") for name in titan.blocks) == inputs
    sim.options.pv_inputs = 4
    titan.expire("info")
    await titan.update()
    assert sum(name.startswith("pv_") for name in titan.blocks) == 4


async def test_a_unit_that_does_not_say_how_many_pv_inputs(bench: Bench) -> None:
    """Then all four are shown."""
    sim = await bench.start(missing_points={120})
    titan = await everything(await bench.opendata(sim))
    assert sum(name.startswith("pv_") for name in titan.blocks) == 4


# Who it is


@pytest.mark.parametrize("wire", WIRES)
async def test_identity(bench: Bench, wire: str) -> None:
    """Both wires lead to the same serial number, and to the same unit."""
    sim = await bench.start()
    titan = await bench.titan(sim, wire)
    assert titan.serial is None
    assert not titan.is_titan()
    await meet(titan)
    assert titan.serial == "SIM-TITAN-0001"
    assert titan.is_titan()
    assert titan.generation == 2
    assert "SIM-TITAN-0001" in titan.secrets
    assert "PK0-SIM-TITAN-0001" in titan.secrets


def test_same_unit(bench: Bench) -> None:
    """One serial number in common is enough; different ones are another unit; none in common says nothing."""
    titan = Titan.__new__(Titan)
    titan.serials = {"device": "A", "pack": "P"}
    assert titan.same_unit({"device": "A", "pack": "Q"})
    assert titan.same_unit({"device": "B", "pack": "P"})
    assert titan.same_unit({"sunspec": "A"})
    assert titan.same_unit({})
    assert not titan.same_unit({"device": "B"})
    assert not titan.same_unit({"device": "B", "pack": "Q"})


async def test_no_titan(bench: Bench) -> None:
    """A protocol version that no unit has is another maker's."""
    sim = await bench.start(protocol=758)
    with pytest.raises(DeviceProtocolError) as caught:
        await meet(bench.modbus(sim))
    assert caught.value.key == "not_titan"


@pytest.mark.parametrize("wire", WIRES)
async def test_restarts_are_noticed(bench: Bench, clock: Clock, wire: str) -> None:
    """A restart is seen once: by the shutdown count over Modbus, by the run time over OpenData."""
    sim = await bench.start()
    clock.now += 100
    titan = await everything(await bench.titan(sim, wire))
    assert titan.restarts == 0
    sim.reboot()
    titan.expire()
    await titan.update()
    assert titan.restarts == 1
    clock.now += 5
    titan.expire()
    await titan.update()
    assert titan.restarts == 1


# Writing


@pytest.mark.parametrize("wire", WIRES)
async def test_a_thousand_equal_writes_are_one(bench: Bench, wire: str) -> None:
    """An automation that sets the same limit again and again writes once."""
    sim = await bench.start()
    titan = await everything(await bench.titan(sim, wire))
    results = [await titan.write(titan.settings, Settings.charge_limit, 800) for _ in range(1000)]
    assert all(result.applied for result in results)
    assert sum(result.writes for result in results) == 1
    assert writes(sim) == [(1138, (800,))]
    assert titan.settings_budget.used() == 1


async def test_the_budget_of_settings_is_hard(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """After fifty writes a day none leaves any more, and the error says when again."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    for number in range(50):
        await titan.write(titan.settings, Settings.charge_limit, 500 + number)
    titan.refresh_link()
    assert titan.link.settings_writes_left == 0
    with pytest.raises(RateLimitedError) as caught:
        await titan.write(titan.settings, Settings.charge_limit, 999)
    assert caught.value.key == "budget_exhausted"
    assert 0 < caught.value.retry_after <= 86_400
    assert len(sim.writes) == 50
    assert sim.value(1138) == 549
    again = bench.modbus(sim)
    again.restore(titan.saved())
    assert again.settings_budget.left() == 0


SETTINGS = [
    (Settings.charge_limit, 800, 800), (Settings.backup_soc, 20, 20), (Settings.grid_charging, False, False),
    (Settings.feed_in_limit, 600, 600), (Settings.output_limit, 900, 900), (Settings.led, "off", "off"),
    (Settings.bypass, False, False), (Settings.calibration_interval, 30, 30), (Settings.calibration_start, 0x0C1E, 0x0C1E),
    (Settings.forced_charge_power, 700, 700), (Settings.sleep_start, 0x1600, 0x1600), (Settings.sleep_end, 0x0600, 0x0600),
    (Settings.charge_limit, 800.4, 800), (Settings.charge_limit, "800", 800),
]  # fmt: skip


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(("point", "value", "shown"), SETTINGS)
async def test_settings_are_written_and_read_back(bench: Bench, wire: str, point: Point[Any], value: Any, shown: Any) -> None:
    """Each setting ends in the register it belongs to, and shows at once."""
    sim = await bench.start()
    titan = await everything(await bench.titan(sim, wire))
    result = await titan.write(titan.settings, point, value)
    assert (result.applied, result.writes) == (True, 1)
    assert titan.settings.get(point) == shown
    assert int(sim.value(point.source("modbus").key)) == int(shown if not isinstance(shown, str) else 0)


MODBUS_ONLY = [
    (Settings.standby_timeout, 5), (Settings.off_grid_backup_soc, 15), (Settings.key_load, True),
    (Settings.calibrate_now, 1), (Settings.reverse_charging, True),
]  # fmt: skip


@pytest.mark.parametrize(("point", "value"), MODBUS_ONLY)
async def test_settings_that_only_modbus_can_write(bench: Bench, point: Point[Any], value: Any) -> None:
    """Over OpenData they are refused before a byte leaves."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    assert (await titan.write(titan.settings, point, value)).applied
    other = await everything(await bench.opendata(sim))
    with pytest.raises(DeviceRefusedError) as caught:
        await other.write(other.settings, point, value)
    assert caught.value.key == "not_writable"
    assert len(sim.writes) == 1


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("point", "value"),
    [
        (Settings.charge_limit, 99), (Settings.charge_limit, 10_801), (Settings.charge_limit, float("nan")),
        (Settings.charge_limit, float("inf")), (Settings.charge_limit, "abc"), (Settings.charge_limit, True),
        (Settings.backup_soc, 4), (Settings.backup_soc, 101), (Settings.led, "disco"), (Settings.grid_charging, "maybe"),
        (Settings.calibration_interval, -1), (System.working_mode, "outdoor"), (System.working_mode, "nonsense"),
    ],
)  # fmt: skip
async def test_what_may_not_be_written_is_refused(bench: Bench, wire: str, point: Point[Any], value: Any) -> None:
    """Out of range, no number, no option: refused before a byte leaves, and nothing spent."""
    sim = await bench.start()
    titan = await everything(await bench.titan(sim, wire))
    with pytest.raises(DeviceRefusedError):
        await titan.write(titan.system if point is System.working_mode else titan.settings, point, value)
    assert not sim.writes
    assert titan.settings_budget.used() == titan.mode_budget.used() == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_nothing_writes_what_must_never_be_written(bench: Bench, wire: str) -> None:
    """Whoever tries to write any point of any block: grid code, cluster and clock stay as they are."""
    sim = await bench.start()
    titan = await everything(await bench.titan(sim, wire))
    titan.settings_budget.limit = 10_000
    never = {7240, 7241, 7242, 1132, 1133, 1134, 7075, 7560}
    before = {address: sim.model.settings.get(address) for address in never}
    for block in list(titan.blocks.values()):
        for point in block.points.values():
            source = point.source(titan.wire.name, block.index)
            known = list((source.codes or {}).values()) if source else []
            for value in [*known, 0, 1, 50, 100, "1"]:
                try:
                    await titan.write(block, point, value)
                except DeviceRefusedError:
                    continue
    assert len(sim.writes) > 20
    assert not {each.address for each in sim.writes} & never
    assert not {number for each in sim.writes for number in each.points} & (never | {606, 669})
    assert {address: sim.model.settings.get(address) for address in never} == before


async def test_too_many_modes_are_worth_a_warning(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Twenty mode changes a day are counted; more are done all the same, with a warning."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    with caplog.at_level(logging.WARNING, "titan.test"):
        for number in range(21):
            assert (await titan.write(titan.system, System.working_mode, ("realtime", "self_consumption")[number % 2])).applied
    assert caplog.text.count("mode changes today") == 1
    assert titan.mode_budget.used() == 20
    assert titan.settings_budget.used() == 0
    titan.refresh_link()
    assert titan.link.mode_writes == 20


async def test_modes_to_choose_from(bench: Bench) -> None:
    """The mode of protocol 1.6 is offered from 1.6 on; each wire offers what it can set."""
    old, new = await bench.start(protocol=15), await bench.start(protocol=16)
    titan = bench.modbus(old)
    assert titan.choices(titan.system, System.working_mode) == ["self_consumption", "realtime"]
    await meet(titan)
    assert titan.choices(titan.system, System.working_mode) == ["self_consumption", "realtime"]
    titan = bench.modbus(new)
    await meet(titan)
    assert titan.choices(titan.system, System.working_mode) == ["self_consumption", "realtime", "custom_time"]
    assert titan.choices(titan.settings, Settings.led) == ["off", "on", "half"]
    titan = await bench.opendata(new)
    await meet(titan)
    assert titan.choices(titan.system, System.working_mode) == ["self_consumption", "realtime", "schedule"]


# What survives a restart


@pytest.mark.parametrize("wire", WIRES)
async def test_what_is_saved_comes_back(bench: Bench, clock: Clock, wire: str) -> None:
    """Counters, budgets and votes are the same in the next life."""
    sim = await bench.start()
    flow(sim, clock, load=500)
    titan = await everything(await bench.titan(sim, wire))
    await titan.write(titan.settings, Settings.charge_limit, 700)
    await titan.write(titan.system, System.working_mode, "realtime")
    saved = titan.saved()
    again = await bench.titan(sim, wire)
    again.restore(saved)
    assert again.saved() | {wire: None} == saved | {wire: None}
    assert again.sign.votes == titan.sign.votes > 0


@pytest.mark.parametrize("saved", [{}, {"settings": 5, "modes": None, "votes": "x", "counters": 3}, {"settings": ["a", {}]}])
async def test_garbage_from_storage(bench: Bench, saved: dict[str, Any]) -> None:
    """Whatever stands in storage, the unit is read as if nothing were known."""
    titan = bench.modbus(await bench.start())
    titan.restore(saved)
    assert (titan.settings_budget.used(), titan.mode_budget.used(), titan.sign.votes) == (0, 0, 0)
    assert (await everything(titan)).battery.soc == 50


async def test_units_that_are_not_there(bench: Bench) -> None:
    """A simulator that was stopped is a connection error over both wires."""
    sim = TitanSimulator()
    await sim.start()
    titans = [bench.modbus(sim), await bench.opendata(sim)]
    await sim.stop()
    for titan in titans:
        with pytest.raises(DeviceConnectionError) as caught:
            await titan.update()
        assert caught.value.key == "cannot_connect"
