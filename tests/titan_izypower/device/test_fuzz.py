"""Random words and random JSON: nothing but our errors, and no value that is not a believable number or a short text."""

import asyncio
import json
import math
from typing import Any
from urllib.parse import parse_qs

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest

from custom_components.energy_core.errors import EnergyError
from custom_components.energy_core.http import parse
from custom_components.energy_core.pacing import Pacer
from custom_components.energy_core.points import TEXT_LIMIT
from custom_components.titan_izypower.titan import codes, derive, words
from custom_components.titan_izypower.titan.device import Titan
from custom_components.titan_izypower.titan.modbus import ModbusExceptionError, ModbusWire
from custom_components.titan_izypower.titan.opendata import Batching, OpenDataWire
from custom_components.titan_izypower.titan.plan import Memory, Span
from custom_components.titan_izypower.titan.sources import WORDS, Register, register
from tests.titan_izypower.device.units import LOGGER

WORD = st.integers(0, 0xFFFF)
# What a broken or hostile unit could put into JSON.
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=80)
    | st.sampled_from(["1e999", "NaN", "-0", "9999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def check(titan: Titan) -> None:
    """Fail on any value that an entity must never get."""
    for block in titan.blocks.values():
        for name, value in block.values.items():
            point = block.points[name]
            if isinstance(value, float | int) and not isinstance(value, bool):
                assert math.isfinite(value), (block.name, name)
                assert point.low is None or value >= point.low, (name, value)
                assert point.high is None or value <= point.high, (name, value)
            elif isinstance(value, str):
                assert len(value) <= TEXT_LIMIT
                assert value.isprintable()
                assert point.kind is str
            else:
                assert value is None or isinstance(value, bool)
    json.dumps(titan.saved(), allow_nan=False)


class RandomUnit:
    """A Modbus unit that answers each request with the next random words, or with an exception."""

    connected = True

    def __init__(self, draw: Any) -> None:
        self.draw = draw

    def require_timeout(self, seconds: float) -> None:
        """Take note of nothing."""

    async def disconnect(self) -> None:
        """Do nothing."""

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        what = self.draw(st.sampled_from(["words", "words", "words", "zeros", "ones", "exception", "short"]))
        if what == "exception":
            raise ModbusExceptionError(self.draw(st.integers(0, 255)))
        if what == "words":
            seed = self.draw(st.integers(0, 2**32))
            return [(seed >> at % 17) * (at + 7) % 0x10000 for at in range(count)]
        return {"zeros": [0] * count, "ones": [0xFFFF] * count, "short": [1] * (count - 1)}[what]

    read_input_registers = read_holding_registers


@FUZZ
@given(data=st.data())
def test_random_registers(data: st.DataObject) -> None:
    """Whatever a Modbus unit answers, updates raise only our errors and show only sane values."""

    async def run() -> None:
        pacer = Pacer(0)
        titan = Titan(ModbusWire(RandomUnit(data.draw), pacer, logger=LOGGER), pacer, logger=LOGGER)
        for _ in range(3):
            try:
                await titan.update(tuple(titan.blocks))
            except EnergyError:
                continue
            check(titan)

    asyncio.run(run())


class RandomHttp(OpenDataWire):
    """An OpenData wire whose answers are drawn instead of fetched."""

    def __init__(self, draw: Any) -> None:
        super().__init__(None, "x", 1, Pacer(0), logger=LOGGER)  # type: ignore[arg-type]
        self.draw = draw

    async def _send(self, verb: str, path: str, headers: Any, middlewares: Any) -> Any:
        if "GetData" not in path:
            names = ("sn", "type", "fw", "mac", "run_time")
            found = {"device": {name: self.draw(JSON) for name in names}, "sta": {"rssi": self.draw(JSON)}}
            return self.draw(st.just(found) | JSON)
        wanted = json.loads(parse_qs(path.partition("?")[2])["config"][0])["t"]
        common = self.draw(st.lists(JSON, min_size=3, max_size=3))
        content = {str(key): common[at % 3] for at, key in enumerate(wanted)}
        return parse(json.dumps(self.draw(st.just(content) | JSON)).encode())


@FUZZ
@given(data=st.data(), name=st.sampled_from(["opendata", "gen1"]))
def test_random_json(data: st.DataObject, name: str) -> None:
    """Whatever JSON a unit answers, updates raise only our errors and show only sane values."""

    async def run() -> None:
        wire = RandomHttp(data.draw)
        wire.name = name
        titan = Titan(wire, Pacer(0), logger=LOGGER)
        for _ in range(3):
            try:
                await titan.update(tuple(titan.blocks))
            except EnergyError:
                continue
            check(titan)

    asyncio.run(run())


def answered(found: dict[Register, list[int]]) -> list[tuple[Span, list[int]]]:
    """Return these registers, each as the answer to a request of its own."""
    return [(Span([each], Memory()), answer) for each, answer in found.items()]


@given(st.data(), st.sampled_from(sorted(WORDS)), st.booleans())
def test_any_words_decode(data: st.DataObject, kind: Any, swapped: bool) -> None:
    """Every pattern of bits has a raw value of the right type, within the type's range."""
    source = register(1, kind)
    found = data.draw(st.lists(WORD, min_size=source.words, max_size=source.words))
    (raw,) = words.decode(answered({source: found}), swapped=swapped).values()
    if kind == "text":
        assert raw.isascii()
        assert raw.isprintable()
        assert len(raw) <= 32
        return
    bits = 16 * source.words
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.startswith("s") else (0, (1 << bits) - 1)
    assert low <= raw <= high
    parts = [raw >> shift & 0xFFFF for shift in range(bits - 16, -1, -16)]
    assert (parts[::-1] if swapped else parts) == found


@given(st.dictionaries(st.sampled_from([1269, 1271, 7510, 1247]), st.tuples(WORD, WORD), max_size=4), st.booleans())
def test_any_words_have_an_order(found: dict[int, tuple[int, int]], default: bool) -> None:
    """The vote on the order of words ends, and turned words give the turned vote."""
    answers = {register(key, "s32" if key == 1247 else "u32"): list(pair) for key, pair in found.items()}
    turned, straight = answered({each: pair[::-1] for each, pair in answers.items()}), answered(answers)
    if words.swapped(straight, default=True) == words.swapped(straight, default=False):
        assert words.swapped(turned, default=default) is not words.swapped(straight, default=default)


@pytest.mark.parametrize(
    ("pair", "kind", "decided"),
    [
        ([0, 5], "u32", None),
        ([0, 0x1000], "u32", False),
        ([0x1000, 0], "u32", True),
        ([0xFFFF, 0xFFFF], "u32", None),
        ([0x8000, 0], "s32", None),
        ([0, 0x8000], "s32", None),
        ([0xFFFF, 0xFE0C], "s32", False),
        ([0xFE0C, 0xFFFF], "s32", True),
        ([0, 0x10], "s32", False),
        ([0, 0xF], "s32", None),
    ],
)
def test_what_decides_the_order(pair: list[int], kind: Any, decided: bool | None) -> None:
    """A value that is plausible in one order only decides; sentinels and small values do not."""
    for default in (True, False):
        answer = answered({register(1, kind): pair})
        assert words.swapped(answer, default=default) is (default if decided is None else decided)
    assert words.swapped(answered({register(1): [5], register(2, "text"): [1] * 16}), default=True)


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ([0x4142, 0x4300], "ABC"),
        ([0x4241, 0x0043], "ABC"),
        ([0x4142, 0, 0x4344], "AB"),
        ([0x2041, 0x4220], "AB"),
        ([0xFFFF], ""),
        ([0], ""),
        ([0x4142, 0xFF41], "AB"),
        ([0x410A], "A"),
    ],
)
def test_texts(found: list[int], shown: str) -> None:
    """A text ends at the first byte that is none, and its byte order follows its padding."""
    assert words.text(found) == shown


@given(st.one_of(st.none(), st.text(max_size=70), st.integers(0, 10**12).map(str)))
def test_any_version(raw: str | None) -> None:
    """Any text has a version, without an error."""
    shown = derive.version(raw)
    assert shown is None or isinstance(shown, str)


@given(st.one_of(st.none(), st.integers(-(2**40), 2**40), st.floats(-1e12, 1e12)))
def test_any_alarm_word(word: float | None) -> None:
    """Any word has names, all of which an entity knows."""
    assert set(codes.bits(word, codes.ALARMS)) <= {*codes.ALARMS.values(), "other"}


@example({"text_words": 3})
@given(JSON | st.dictionaries(st.sampled_from([*vars(Memory())]), JSON))
def test_any_memory(saved: Any) -> None:
    """Whatever stands in storage, memories are sound."""
    memory = Memory.restored(saved)
    assert memory.function in (None, 3, 4)
    assert memory.text_words in (8, 10, 16)
    assert memory.max_gap in (0, 60, 125)
    assert all(isinstance(each, int) for known in (memory.absent, memory.splits, memory.other_function) for each in known)
    json.dumps(memory.as_dict())


@given(JSON | st.fixed_dictionaries({"size": st.just(20), "misses": st.dictionaries(st.text(max_size=4), JSON)}))
def test_any_batching(saved: Any) -> None:
    """Whatever stands in storage, batches are sound."""
    batching = Batching.restored(saved)
    assert batching.size in (40, 20, 10, 8)
    assert all(isinstance(key, int) and isinstance(count, int) for key, count in batching.misses.items())
