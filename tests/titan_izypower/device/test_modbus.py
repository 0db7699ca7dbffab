"""The Modbus wire on the real library against a simulated unit: what it asks, what it learns, what it survives."""

import asyncio
from contextlib import suppress
from itertools import pairwise
import time
from typing import Any

from modbus_connection import ModbusConnectionError
import pytest

from custom_components.energy_core.errors import (
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
)
from custom_components.energy_core.pacing import Pacer
from custom_components.titan_izypower.titan import modbus, plan
from custom_components.titan_izypower.titan.device import Titan, meet
from custom_components.titan_izypower.titan.plan import Memory
from custom_components.titan_izypower.titan.points import Battery, Info
from simulators.titan import TitanSimulator
from tests.titan_izypower.device.units import LIVE, LOGGER, Bench, Clock, everything, flow, no_connection, ranges
from tests.virtual_time import VirtualTime


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the deadlines, in their proportion."""
    monkeypatch.setattr(modbus, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(modbus, "DEADLINE", 0.3)


def refused(sim: TitanSimulator) -> list[Any]:
    """Give the requests that the unit refused."""
    return [each for each in sim.requests if each.outcome.startswith("exception")]


async def live(titan: Titan) -> None:
    """Read what is read with each poll."""
    await titan.update(tuple(name for name in LIVE if name in titan.blocks), only=True)


# What is asked


async def test_the_ranges_of_each_tier(bench: Bench) -> None:
    """A live poll is six requests, meeting is few, packs and settings come on top only when due."""
    sim = await bench.start(packs=2)
    titan = bench.modbus(sim)
    await meet(titan)
    assert ranges(sim.requests) == [(52, 16), (70, 20), (6022, 16), (7534, 8)]
    sim.log.clear()
    titan.expire()
    await meet(titan)
    assert ranges(sim.requests) == [(52, 38), (6022, 16), (7534, 8)]
    await everything(titan)
    sim.log.clear()
    await titan.update(tuple(titan.blocks))
    assert ranges(sim.requests) == [(103, 97), (1144, 9), (1246, 39), (2219, 72), (6563, 2), (7510, 91)]
    assert {each.function for each in sim.requests} == {3}
    sim.log.clear()
    titan.expire("settings")
    await titan.update(tuple(titan.blocks))
    assert ranges(sim.requests) == [(83, 117), (1138, 19), (1246, 39), (2219, 72), (6563, 2), (7240, 33), (7510, 91)]
    sim.log.clear()
    titan.expire("pack_0", "pack_1", "pack_2")
    await titan.update(("pack_0", "pack_1", "pack_2"), only=True)
    assert ranges(sim.requests) == [(6007, 124), (6220, 113), (6588, 72), (7593, 3)]
    assert not refused(sim)
    assert not sim.writes


async def test_what_nobody_wants_is_not_read(bench: Bench) -> None:
    """Without listeners only what commands depend on is read."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.log.clear()
    report = await titan.update()
    assert report.updated == {"system", "battery"}
    assert ranges(sim.requests) == [(138, 4), (1144, 9), (1269, 15), (6563, 2), (7519, 82)]


async def test_one_request_at_a_time_and_the_gap_between(bench: Bench) -> None:
    """Polls that come at once wait for each other, and requests start a gap apart."""
    sim = await bench.start()
    titan = bench.modbus(sim, gap=0.08)
    await meet(titan)
    sim.log.clear()
    await asyncio.gather(live(titan), live(titan))
    times = [each.at for each in sim.requests]
    assert len(times) == 12
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.04
    assert sim.connections["modbus"] == 1


async def test_a_recorder_keeps_the_answers(bench: Bench) -> None:
    """Diagnostics can show the words of each range."""
    sim = await bench.start()
    titan = bench.modbus(sim)
    await titan.update(("info", "identity"), only=True)
    capture = titan.wire.recorder.capture(model="Titan", secrets=titan.secrets)
    assert [each["request"] for each in capture["exchanges"]] == ["fc03 52+16", "fc03 6022+16", "fc03 70+20", "fc03 7534+8"]
    assert capture["exchanges"][2]["body"][:4] == [14501, 10212, 108, 10107]


# What is learned


async def test_function_4_only(bench: Bench) -> None:
    """A unit that serves input registers only is asked for them, and not for others again."""
    sim = await bench.start(functions={4}, packs=1)
    titan = bench.modbus(sim)
    await titan.update(LIVE)
    assert titan.battery.soc == 50
    assert titan.wire.memory.function == 4
    assert titan.wire.memory.other_function == set()
    sim.log.clear()
    await live(titan)
    assert {each.function for each in sim.requests} == {4}
    assert len(sim.requests) == 6


async def test_function_3_only(bench: Bench) -> None:
    """A unit without function 4 is never asked for it while nothing is refused."""
    sim = await bench.start(functions={3})
    await everything(bench.modbus(sim))
    assert {each.function for each in sim.requests} == {3}


async def test_no_read_function(bench: Bench) -> None:
    """A unit that serves neither function is a protocol error, and nothing wrong is learned from it."""
    sim = await bench.start(functions=set())
    titan = bench.modbus(sim)
    with pytest.raises(DeviceProtocolError) as caught:
        await titan.update()
    assert caught.value.key == "illegal_function"
    sim.options.functions = {3, 4}
    await titan.update()
    assert titan.battery.soc == 50


async def test_holes_are_found_once(bench: Bench) -> None:
    """Where gaps are refused, every register is still found, and the next poll is refused nothing."""
    sim = await bench.start(packs=2, holes="undocumented")
    whole = await bench.start(packs=2)
    titan, other = bench.modbus(sim), await everything(bench.modbus(whole))
    await everything(titan)
    assert {name: block.values for name, block in titan.blocks.items()} == {
        name: block.values for name, block in other.blocks.items()
    }
    assert refused(sim)
    sim.log.clear()
    for name in titan.blocks:
        titan.expire(name)
    await titan.update(tuple(titan.blocks))
    assert not refused(sim)
    assert titan.wire.memory.absent == set()


COSTLY: list[dict[str, Any]] = [
    {"holes": "undocumented"},
    {"holes": "undocumented", "functions": {3}},
    {"holes": "undocumented", "functions": {4}},
    {"holes": "undocumented", "sunspec": False},
    {"holes": "undocumented", "max_words": 60},
    {"max_words": 60},
    {"extra_holes": {75, 1245, 6050, 6300, 7560}},
]


@pytest.mark.parametrize("options", COSTLY, ids=str)
async def test_lessons_are_cheap(bench: Bench, options: Any) -> None:
    """Sixteen refusals teach what a unit serves, whatever that is; a week later no block fails while it is learned again."""
    sim = await bench.start(packs=2, **options)
    titan = await everything(bench.modbus(sim))
    assert 0 < len(refused(sim)) <= 16
    sim.log.clear()
    titan.expire()
    await titan.update(titan.blocks)
    assert not refused(sim)
    titan.wire.memory.learned_at -= plan.WEEK
    titan.expire()
    assert (await titan.update(titan.blocks)).failed == {}
    assert 0 < len(refused(sim)) <= 16
    assert titan.wire.memory.absent <= {52}
    sim.log.clear()
    titan.expire()
    await titan.update(titan.blocks)
    assert not refused(sim)


async def test_the_other_function_is_not_tried_for_a_gap(bench: Bench) -> None:
    """Once a function has answered, a range with gaps that is refused is divided, not asked for in another way."""
    sim = await bench.start(extra_holes={7560})
    titan = await everything(bench.modbus(sim))
    assert titan.wire.memory.function == 3
    assert {each.function for each in sim.requests} == {3}


async def test_wide_gaps_that_are_refused_leave_the_others(bench: Bench) -> None:
    """A unit that serves nothing between its parts is still read across the gaps within them."""
    wide = {6050, 6150, 6300, 1200}
    sim = await bench.start(packs=2, extra_holes=wide)
    titan = bench.modbus(sim)
    wire, parts = titan.wire, registers(6018, 6108, 6130, 6220, 6242, 6332, 1142, 1246)
    for pair in (parts[:2], parts[2:4], parts[4:6], parts[6:]):
        assert set((await wire.read(pair)).values) == {each.key for each in pair}
    assert wire.memory.max_gap == plan.MAX_GAP
    sim.log.clear()
    await wire.read(registers(103, 164, 7510, 7572))
    assert ranges(sim.requests) == [(103, 62), (7510, 1), (7572, 1)]


async def test_what_was_learned_survives_a_restart(bench: Bench) -> None:
    """The memory goes to disk and back, and nothing is probed again."""
    sim = await bench.start(packs=1, holes="undocumented", protocol=17)
    titan = await everything(bench.modbus(sim))
    saved = titan.saved()["modbus"]
    assert saved["absent"] == [7271, 7272, 7599, 7600]
    sim.log.clear()
    again = await everything(bench.modbus(sim, memory=Memory.restored(saved)))
    assert not refused(sim)
    assert again.battery.soc == 50
    assert again.saved()["modbus"] == saved


async def test_new_firmware_is_learned_anew(bench: Bench) -> None:
    """What an older firmware lacked is asked for again after an update."""
    sim = await bench.start(holes="undocumented", protocol=17)
    titan = await everything(bench.modbus(sim))
    assert not titan.battery.has(Battery.system_soc)
    sim.options.protocol = 19
    titan.expire("info")
    await titan.update()
    assert titan.wire.memory.absent == set()
    assert titan.wire.memory.splits == set()
    await everything(titan)
    assert titan.battery.system_soc == 50
    assert titan.settings.reverse_charging is False


@pytest.mark.parametrize("hole", [7600, 7510, 7553, 110, 1247, 2250, 6564])
async def test_one_absent_register_does_not_split_for_ever(bench: Bench, hole: int) -> None:
    """One register that the unit lacks costs itself and one more request at most."""
    sim = await bench.start(extra_holes={hole})
    titan = await everything(bench.modbus(sim))
    assert titan.wire.memory.absent == {hole}
    sim.log.clear()
    await live(titan)
    assert not refused(sim)
    assert len(sim.requests) <= 7


async def test_a_hole_between_registers_splits_there(bench: Bench) -> None:
    """A gap that is refused is left out from then on; the registers around it are still read."""
    sim = await bench.start(extra_holes={7560})
    titan = await everything(bench.modbus(sim))
    assert titan.wire.memory.absent == set()
    assert titan.wire.memory.splits == {7586}
    assert titan.grid.grid_voltage == 230.2
    sim.log.clear()
    await live(titan)
    assert not refused(sim)
    assert len(sim.requests) == 7


@pytest.mark.parametrize("most", [100, 60, 20, 10])
async def test_a_limit_on_words(bench: Bench, most: int) -> None:
    """A unit that answers short ranges only is read in short ranges, texts included."""
    sim = await bench.start(packs=1, max_words=most)
    titan = await everything(bench.modbus(sim))
    assert titan.battery.soc == 50
    assert titan.grid.grid_voltage == 230.2
    assert titan.serials["pack"] == "PK0-SIM-TITAN-0001"
    assert titan.wire.memory.absent <= {52}
    sim.log.clear()
    titan.expire("settings", "info", "pack_0")
    await titan.update(tuple(titan.blocks))
    assert not refused(sim)
    assert max(each.count for each in sim.requests) <= most
    # Too many words at once say nothing against gaps.
    assert most < 60 or len(sim.requests) < 20


@pytest.mark.parametrize("words", [8, 10])
async def test_shorter_texts(bench: Bench, words: int) -> None:
    """Where a text is shorter than 16 registers and the rest is refused, the shorter text is read."""
    tails = {start + at for start in (6022, 6134) for at in range(words, 16)}
    sim = await bench.start(packs=1, string_words=words, extra_holes=tails, serial="A1")
    titan = await everything(bench.modbus(sim))
    assert titan.serials == {"sunspec": "A1", "pack": "PK0-A1"}
    assert titan.pack_serials.pack_1 == "PK1-A1"
    assert titan.wire.memory.text_words == words
    sim.log.clear()
    titan.expire("identity", "serials")
    await titan.update()
    assert not [each for each in refused(sim) if each.address != 52]


async def test_a_text_that_is_absent_teaches_no_length(bench: Bench) -> None:
    """A serial number that the unit lacks in any length leaves the other texts whole."""
    sim = await bench.start(packs=1, extra_holes=set(range(6745, 6761)))
    titan = await everything(bench.modbus(sim))
    assert titan.wire.memory.absent == {6745}
    assert titan.wire.memory.text_words == 16
    assert titan.pack_serials.pack_1 == "PK1-SIM-TITAN-0001"


async def test_a_unit_without_the_common_model(bench: Bench) -> None:
    """The serial number in SunSpec's common model is a find; without it the pack's serves."""
    sim = await bench.start(sunspec=False, holes="undocumented")
    titan = bench.modbus(sim)
    await meet(titan)
    assert titan.serials == {"pack": "PK0-SIM-TITAN-0001"}
    assert titan.serial == "pack-PK0-SIM-TITAN-0001"
    assert titan.wire.memory.absent == {52}


async def test_words_low_first(bench: Bench, clock: Clock) -> None:
    """The order of words is found out from the values, remembered, and right for every long value."""
    sim = await bench.start(word_order="little")
    flow(sim, clock, load=700, pv=3000)
    titan = await everything(bench.modbus(sim))
    assert titan.wire.memory.swapped
    assert titan.solar.total == 321134 + sim.value(124)
    assert titan.battery.charged_total == sim.house.energy.charge.total // 1
    assert titan.grid.meter_power == pytest.approx(sim.house.grid_w, abs=0.5)
    saved = titan.wire.memory.as_dict()
    again = bench.modbus(sim, memory=Memory.restored(saved))
    await again.update(("grid",), only=True)
    assert again.grid.ac_input_total == titan.grid.ac_input_total


async def test_words_high_first_with_export(bench: Bench, clock: Clock) -> None:
    """A negative meter value is no reason to turn the words."""
    sim = await bench.start()
    sim.set(1247, -5)
    titan = await everything(bench.modbus(sim))
    assert not titan.wire.memory.swapped
    assert titan.grid.meter_power == -5


async def test_texts_low_byte_first(bench: Bench) -> None:
    """A text that ends in half a word shows its byte order."""
    sim = await bench.start(string_swapped=True, serial="SIM-TITAN-001")
    titan = bench.modbus(sim)
    await meet(titan)
    assert titan.serials == {"sunspec": "SIM-TITAN-001", "pack": "PK0-SIM-TITAN-001"}


class OddUnit:
    """A unit of which some registers answer to function 3 only, and some to function 4 only."""

    connected = True

    def __init__(self, holding: set[int], cut: int = 0) -> None:
        self.holding, self.cut, self.asked, self.drops = holding, cut, list[tuple[int, int, int]](), 0

    def require_timeout(self, seconds: float) -> None:
        self.within = seconds

    async def disconnect(self) -> None:
        self.drops += 1
        raise ModbusConnectionError("already gone")

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        return self._read(3, address, count)

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        return self._read(4, address, count)

    def _read(self, function: int, address: int, count: int) -> list[int]:
        self.asked.append((function, address, count))
        wanted = set(range(address, address + count))
        if not wanted <= self.holding if function == 3 else wanted & self.holding:
            raise modbus.ModbusExceptionError(2)
        return [1] * (count - self.cut)


def odd(bench: Bench, unit: Any) -> Titan:
    """Return a Titan on a hand-made unit."""
    pacer = modbus.Pacer(0)
    return Titan(
        modbus.ModbusWire(unit, pacer, logger=modbus.logging.getLogger("test")), pacer, logger=modbus.logging.getLogger("test")
    )


async def test_some_registers_by_the_other_function(bench: Bench) -> None:
    """Where the unit keeps part of its registers behind function 4, those are asked so from then on."""
    unit = OddUnit(set(range(100, 1300)))
    titan = odd(bench, unit)
    await titan.update(("solar",), only=True)
    assert titan.wire.memory.function == 3
    assert titan.wire.memory.other_function == {2250, 7512}
    unit.asked.clear()
    await titan.update(("solar",), only=True)
    assert unit.asked == [(3, 124, 2), (4, 2250, 1), (4, 7512, 2)]
    assert unit.within == modbus.ANSWER_WITHIN


async def test_an_answer_of_another_length(bench: Bench) -> None:
    """Fewer words than asked are no values; the link is dropped, even where dropping fails."""
    unit = OddUnit(set(range(100, 8000)), cut=1)
    titan = odd(bench, unit)
    with pytest.raises(DeviceProtocolError, match="words"):
        await titan.update(("solar",), only=True)
    assert unit.drops
    assert titan.solar.values == {}


# What goes wrong

KEYS = {
    1: (DeviceProtocolError, "illegal_function"),
    2: (DeviceRefusedError, "illegal_address"),
    3: (DeviceRefusedError, "illegal_value"),
    4: (DeviceProtocolError, "device_failure"),
    5: (DeviceTimeoutError, "device_busy"),
    6: (DeviceTimeoutError, None),
    7: (DeviceRefusedError, "refused"),
    8: (DeviceProtocolError, "device_failure"),
    9: (DeviceProtocolError, "device_failure"),
    10: (DeviceConnectionError, "gateway"),
    11: (DeviceConnectionError, "gateway"),
    99: (DeviceProtocolError, "device_failure"),
}


def reading(code: int) -> type[EnergyError]:
    """Give the error of a reading: what nobody chose cannot be refused, so that is a protocol error."""
    kind, _ = KEYS[code]
    return DeviceProtocolError if kind is DeviceRefusedError else kind


@pytest.mark.parametrize("code", KEYS)
async def test_an_exception_to_everything(bench: Bench, quick: None, code: int) -> None:
    """A unit that answers every request with an exception raises our error, and teaches nothing wrong."""
    sim = await bench.start(packs=1)
    titan = await everything(bench.modbus(sim))
    _, key = KEYS[code]
    sim.faults.modbus = f"exception:{code}"
    for _ in range(2):
        with pytest.raises(reading(code)) as caught:
            await live(titan)
        assert key is None or caught.value.key == key
    sim.faults.clear()
    flow(sim, bench.clock, load=400)
    sim.log.clear()
    await live(titan)
    assert titan.battery.power == 400
    assert titan.wire.memory.absent == set()
    # The library waits for a busy unit until our deadline drops the link: behind a new one, who is there is asked too.
    assert len(sim.requests) == (8 if code == 6 else 6)


@pytest.mark.parametrize("code", KEYS)
async def test_an_exception_before_anything_was_read(bench: Bench, quick: None, code: int) -> None:
    """The same for a unit that never answered: set-up fails with our error, and works later."""
    sim = await bench.start()
    titan = bench.modbus(sim)
    sim.faults.modbus = f"exception:{code}"
    with pytest.raises(reading(code)):
        await meet(titan)
    sim.faults.clear()
    await meet(titan)
    assert titan.serial == "SIM-TITAN-0001"
    assert titan.wire.memory.absent == set()


async def test_a_unit_that_refuses_everything_is_not_searched(bench: Bench) -> None:
    """Sixteen refusals and not one answer are enough: after that each range is asked for once."""
    sim = await bench.start(packs=1)
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = "exception:2"
    sim.log.clear()
    with pytest.raises(DeviceProtocolError):
        await live(titan)
    assert len(sim.requests) <= modbus.REFUSALS + 6


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_a_unit_that_refuses_on_and_on_is_asked_no_more_than_usual(bench: Bench, code: int) -> None:
    """After each failure who is there is asked as well; ranges that this makes anew are not searched."""
    sim = await bench.start(packs=1)
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = f"exception:{code}"
    with pytest.raises(DeviceProtocolError):
        await titan.update(titan.blocks)
    sim.log.clear()
    titan.expire()
    for _ in range(5):
        with pytest.raises(DeviceProtocolError):
            await titan.update(titan.blocks)
    assert len(sim.requests) <= 5 * 2


async def test_a_unit_that_refuses_and_then_hangs_up(bench: Bench, quick: None) -> None:
    """What is refused while a unit goes down is not remembered."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = "exception:2*5"

    async def hang_up() -> None:
        while len(sim.requests) < 5:  # noqa: ASYNC110 - the simulator has no event for it
            await asyncio.sleep(0)
        sim.faults.modbus = "refuse"

    sim.log.clear()
    task = asyncio.create_task(hang_up())
    with pytest.raises(DeviceConnectionError):
        await live(titan)
    await task
    assert titan.wire.memory.absent == set()


@pytest.mark.parametrize("code", KEYS)
async def test_one_exception(bench: Bench, quick: None, code: int) -> None:
    """One exception costs one reading of some blocks at most, and never a wrong value."""
    sim = await bench.start(packs=1)
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = f"exception:{code}*1"
    with suppress(reading(code)):
        await live(titan)
    flow(sim, bench.clock, load=400)
    report = await titan.update(LIVE)
    assert not report.failed
    assert titan.battery.power == 400
    assert titan.wire.memory.absent == set()


@pytest.mark.parametrize("code", KEYS)
async def test_an_exception_to_a_write(bench: Bench, quick: None, code: int) -> None:
    """A write that is answered with an exception is our error, and was not done."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = f"exception:{code}"
    kind, key = KEYS[code]
    source = titan.settings.sources("modbus")["charge_limit"]
    with pytest.raises(kind) as caught:
        await titan.wire.write([(source, 500)])
    assert key is None or caught.value.key == key
    assert sim.value(1138) == 2400


async def test_busy_twice_is_waited_for(bench: Bench) -> None:
    """A unit that is busy for a moment is asked again within the deadline."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = "exception:6*2"
    report = await titan.update(LIVE)
    assert not report.failed
    assert titan.battery.soc == 50


async def test_busy_once_does_not_hurry_the_next(virtual_time: VirtualTime, bench: Bench) -> None:
    """The library asks a busy unit again within our turn; the next request keeps its distance from that one, too."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim, gap=1.02))
    sim.log.clear()
    sim.faults.modbus = "exception:6*1"
    await titan.update(LIVE)
    times = [each.at for each in sim.requests]
    assert len(times) > 3
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.99


SILENT = ("half_open", "no_answer", "late:0.35", "huge_length", "drip:0.02")
SPOILT = (
    "wrong_transaction",
    "wrong_unit",
    "wrong_function",
    "short_frame",
    "byte_count_off",
    "long_frame",
    "garbage",
    "garbage_prefix",
    "duplicate",
)
# A second answer to the same request, and what stands around a whole answer, can be told from the answer.
HARMLESS = ("duplicate", "long_frame", "garbage_prefix")
BROKEN = ("reset_mid_frame", "close_mid_frame", "reset_on_connect", "refuse")


@pytest.mark.parametrize("fault", [*SILENT, *SPOILT, *BROKEN])
@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
async def test_a_fault_never_becomes_a_value(bench: Bench, quick: None, fault: str, times: int | None) -> None:
    """Whatever goes wrong below, values are right or not there; the next poll is right; the link is closed."""
    sim = await bench.start(packs=1)
    titan = await everything(bench.modbus(sim))
    flow(sim, bench.clock, load=400, pv=100)
    expected = {"power": sim.house.battery_w, "meter": round(sim.house.grid_w), "total": sim.value(7512)}
    for name in LIVE:
        titan.blocks[name].values.clear()
    sim.faults.modbus = fault if times is None else f"{fault}*{times}"
    if fault == "reset_on_connect":
        await titan.wire._drop()
    started = time.monotonic()
    try:
        report = await titan.update(LIVE, only=True)
        failed = bool(report.failed)
    except EnergyError:
        failed = True
    took = time.monotonic() - started
    # Two silences end a poll: each takes the deadline, and half a second at most to drop the link.
    assert took < 2 * (modbus.DEADLINE + 0.5) + 0.6
    assert failed or times == 1 or fault in HARMLESS
    for shown, right in ((titan.battery.power, expected["power"]), (titan.grid.meter_power, expected["meter"])):
        assert (shown is None and failed) or shown == pytest.approx(right, abs=0.5)
    sim.faults.clear()
    flow(sim, bench.clock, load=900, pv=100)
    report = await titan.update(LIVE)
    assert not report.failed
    assert titan.battery.power == pytest.approx(800, abs=0.5)
    assert titan.grid.meter_power == pytest.approx(0, abs=0.5)
    assert titan.battery.soc == pytest.approx(sim.house.soc, abs=0.05)
    assert titan.wire.memory.absent == set()
    await bench.connections[0].close()
    await no_connection(sim)


async def test_the_second_silence_ends_the_poll(bench: Bench, quick: None) -> None:
    """A dead unit is asked twice, not once for each range."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = "no_answer"
    sim.log.clear()
    with pytest.raises(DeviceTimeoutError):
        await live(titan)
    assert len(sim.requests) == 2


async def test_one_silence_fails_its_blocks_only(bench: Bench, quick: None) -> None:
    """The blocks whose range was lost fail; what was answered is shown."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = "no_answer*1"
    report = await titan.update(LIVE, only=True)
    assert set(report.failed) == {"system", "solar", "grid"}
    assert {"battery", "pv_1", "pv_2", "pv_3", "pv_4"} <= report.updated
    assert all(isinstance(error, DeviceTimeoutError) for error in report.failed.values())


async def test_a_link_closed_after_each_answer(bench: Bench) -> None:
    """A unit that hangs up after each answer is read all the same, over a new link each time."""
    sim = await bench.start()
    titan = bench.modbus(sim)
    sim.faults.modbus = "close_after_each"
    await everything(titan)
    assert titan.battery.soc == 50
    assert titan.wire.reconnects > 6
    await no_connection(sim)


async def test_a_new_link_asks_who_is_there(bench: Bench) -> None:
    """Behind a new link may be another unit: its serial number is read before anything is believed."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.reboot()
    sim.options.serial = "ANOTHER-9"
    report = await titan.update(("system",))
    assert "identity" in report.updated
    assert titan.serials["sunspec"] == "ANOTHER-9"
    assert not titan.same_unit({"sunspec": "SIM-TITAN-0001"})


async def test_after_a_failure_who_is_there_is_asked_again(bench: Bench, quick: None) -> None:
    """A unit that was silent is asked who it is when it is back."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    sim.faults.modbus = "refuse"
    with pytest.raises(DeviceConnectionError):
        await titan.update()
    sim.faults.clear()
    assert "identity" in (await titan.update()).updated


@pytest.mark.parametrize(
    ("fault", "kind"), [("http_server", EnergyError), ("solarman", EnergyError), ("other_device", EnergyError)]
)
async def test_something_else_on_the_port(bench: Bench, quick: None, fault: str, kind: type[EnergyError]) -> None:
    """A web server, a logger or another maker's device is never taken for a Titan."""
    sim = await bench.start()
    titan = bench.modbus(sim)
    sim.faults.modbus = fault
    with pytest.raises(kind):
        await meet(titan)
    assert titan.serial is None


async def test_another_makers_registers(bench: Bench) -> None:
    """A device that answers every register with something is no Titan by its protocol version."""
    sim = await bench.start()
    titan = bench.modbus(sim)
    sim.faults.modbus = "other_device:registers"
    with pytest.raises(DeviceProtocolError) as caught:
        await meet(titan)
    assert caught.value.key == "not_titan"
    assert titan.info.get(Info.protocol) == 758


@pytest.mark.parametrize(("foreign", "kind"), [("exception", DeviceConnectionError), ("silent", DeviceTimeoutError)])
async def test_another_unit_id(bench: Bench, quick: None, foreign: str, kind: type[EnergyError]) -> None:
    """The wrong unit id is a gateway's exception or silence, our error in both cases."""
    sim = await bench.start(unit_id=7, foreign_units=foreign)
    with pytest.raises(kind):
        await meet(bench.modbus(sim))


async def test_one_register_is_written_with_function_6_and_several_with_16(bench: Bench) -> None:
    """Each command is one request; registers that do not follow each other are a bug of ours."""
    sim = await bench.start()
    titan = await everything(bench.modbus(sim))
    source = titan.settings.sources("modbus")
    await titan.wire.write([(source["charge_limit"], 500)])
    assert [(each.function, each.address, each.values) for each in sim.writes] == [(6, 1138, (500,))]
    orders = titan.system.sources("modbus")
    await titan.wire.write([(orders["order"], 1), (orders["order_power"], 300), (orders["order_soc"], 90)])
    assert (sim.writes[-1].function, sim.writes[-1].address, sim.writes[-1].values) == (16, 1150, (1, 300, 90))
    with pytest.raises(ValueError, match="follow"):
        await titan.wire.write([(orders["order"], 1), (orders["order_soc"], 90)])
    assert len(sim.writes) == 2


# The plan


def registers(*keys: int, kind: Any = "u16", alone: bool = False) -> list[Any]:
    """Return registers at these addresses."""
    return [plan.Register(key=key, kind=kind, alone=alone) for key in keys]


def keys(groups: list[list[Any]]) -> list[list[int]]:
    """Return the addresses of each group."""
    return [[each.key for each in group] for group in groups]


def test_ranges_join_over_gaps() -> None:
    """125 words are fetched at once, 126 are not; where groups must part, the widest gap is left out."""
    assert keys(plan.ranges(registers(0, 124), Memory())) == [[0, 124]]
    assert keys(plan.ranges(registers(0, 125), Memory())) == [[0], [125]]
    assert keys(plan.ranges(registers(0, 60, 120, 124), Memory())) == [[0, 60, 120, 124]]
    assert keys(plan.ranges(registers(0, 60, 110, 125), Memory())) == [[0], [60, 110, 125]]
    assert keys(plan.ranges(registers(5, 3, 4), Memory())) == [[3, 4, 5]]


def test_the_narrowest_gap_that_was_refused() -> None:
    """Neighbours that are refused together part, too, and say nothing about gaps."""
    memory = Memory()
    seen = []
    for left, right in ((3, 4), (4, 9), (20, 22), (30, 40)):
        memory.split(registers(left), registers(right))
        seen.append(memory.narrowest)
    assert (seen, memory.splits) == ([0, 4, 1, 1], {4, 9, 22, 40})


def test_what_the_unit_lacks_is_not_fetched_nor_bridged() -> None:
    """Absent registers are left out, inside gaps too; splits and functions part groups."""
    assert keys(plan.ranges(registers(0, 1, 2), Memory(absent={1}))) == [[0], [2]]
    assert keys(plan.ranges(registers(0, 5), Memory(splits={3}))) == [[0], [5]]
    assert keys(plan.ranges(registers(0, 5), Memory(splits={0}))) == [[0, 5]]
    assert keys(plan.ranges(registers(0, 1, 2), Memory(other_function={1}))) == [[0], [1], [2]]
    assert keys(plan.ranges(registers(0, 1, 3), Memory(splits={90, 91, 92}))) == [[0, 1], [3]]
    assert keys(plan.ranges(registers(0, 61, 123), Memory(splits={90, 91, 92}, narrowest=61))) == [[0, 61], [123]]
    assert keys(plan.ranges(registers(0, 61, 123), Memory(splits={190, 191}, narrowest=1))) == [[0, 61, 123]]
    assert keys(plan.ranges([*registers(0, 2), *registers(1, alone=True)], Memory())) == [[0], [1], [2]]
    assert keys(plan.ranges([*registers(0, 2), *registers(1, alone=True)], Memory(proven={1}))) == [[0, 1, 2]]


def test_a_refused_group_is_split_at_its_widest_gap() -> None:
    """Without a gap it is halved, and so is what may be too long; nothing is lost."""
    assert keys(list(plan.halves(registers(0, 2, 9, 11)))) == [[0, 2], [9, 11]]
    assert keys(list(plan.halves(registers(0, 1, 2, 3, 4)))) == [[0, 1], [2, 3, 4]]
    assert keys(list(plan.halves(registers(0, 2, 4, 6, 8)))) == [[0, 2], [4, 6, 8]]
    assert keys(list(plan.halves(registers(0, 2, 9, 11, 13, 15), long=True))) == [[0, 2], [9, 11, 13, 15]]
    assert keys(list(plan.halves(registers(0, 50), long=True))) == [[0], [50]]


GARBAGE: list[Any] = [
    None,
    7,
    [],
    {},
    {"function": "x", "swapped": 1, "text_words": "16", "absent": 5},
    {"function": 5, "text_words": 999, "absent": ["a", None, 1.5], "splits": {}},
    {"text_words": 0},
    {"text_words": True, "function": True},
    {"function": [], "firmware": []},
]


@pytest.mark.parametrize("saved", GARBAGE, ids=str)
async def test_a_memory_of_garbage_is_forgotten(bench: Bench, saved: Any) -> None:
    """Whatever stands in storage, the unit is read as if nothing were known."""
    memory = Memory.restored(saved)
    assert memory == Memory()
    sim = await bench.start()
    assert (await everything(bench.modbus(sim, memory=memory))).serial == "SIM-TITAN-0001"


def test_a_memory_goes_to_storage_and_back() -> None:
    """What was learned is equal after a restart."""
    memory = Memory(
        firmware="1/2", function=4, swapped=True, text_words=8, absent={3, 1}, splits={7}, other_function={9}, narrowest=3
    )
    assert memory.as_dict()["absent"] == [1, 3]
    assert Memory.restored(memory.as_dict()) == memory


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_refusals_that_begin_in_mid_poll_teach_nothing(bench: Bench, code: int) -> None:
    """Was wrong: after one good answer every other register was searched, and then missed for a week."""
    sim = await bench.start(packs=0)
    titan = bench.modbus(sim, gap=0.03)
    await titan.update(titan.blocks)
    known = titan.wire.memory.as_dict()
    healthy = len(sim.requests)
    await titan.update(titan.blocks)
    healthy = len(sim.requests) - healthy
    for _ in range(plan.DOUBT - 1):
        before = len(sim.requests)
        update = asyncio.create_task(titan.update(titan.blocks))
        while len(sim.requests) == before:  # noqa: ASYNC110 - the simulator has no event for it
            await asyncio.sleep(0.005)
        sim.faults.modbus = f"exception:{code}"
        report = await update
        assert "battery" in report.failed
        assert len(sim.requests) - before <= healthy
        sim.faults.clear()
    assert titan.wire.memory.as_dict() == known
    assert (await titan.update(titan.blocks)).failed == {}


async def test_what_is_refused_again_and_again_is_learned(bench: Bench) -> None:
    """A register that a unit no longer has takes no others along for ever."""
    sim = await bench.start(packs=0)
    titan = bench.modbus(sim)
    # The second time the firmware is known, and what answers is noted for it.
    for _ in range(2):
        await titan.update(titan.blocks)
    sim.options.extra_holes = {6563}
    for _ in range(plan.DOUBT - 1):
        assert (await titan.update(titan.blocks)).failed
        assert titan.wire.memory.absent == set()
    assert (await titan.update(titan.blocks)).failed == {}
    assert titan.wire.memory.absent == {6563}


class OldUnit:
    """A unit of the library that Home Assistant 2026.9 brings: it cannot be told how long to wait."""

    def __init__(self, unit: Any) -> None:
        self._unit = unit

    def __getattr__(self, name: str) -> Any:
        if name == "require_timeout":
            raise AttributeError(name)
        return getattr(self._unit, name)


async def test_an_older_library_waits_no_longer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own deadline ends the wait, and the link is dropped with it."""
    monkeypatch.setattr(modbus, "DEADLINE", 0.3)
    sim = await bench.start(packs=0)
    bench.modbus(sim)
    (connection,) = bench.connections
    pacer = Pacer(0.0)
    titan = Titan(modbus.ModbusWire(OldUnit(connection.for_unit(1)), pacer, logger=LOGGER), pacer, logger=LOGGER)
    assert (await titan.update(("system",), only=True)).failed == {}
    sim.faults.modbus = "half_open"
    with pytest.raises(DeviceTimeoutError):
        await titan.update(("system",), only=True)
    sim.faults.clear()
    assert (await titan.update(("system",), only=True)).failed == {}
