"""Whatever a wire says and a user asks: a value that makes sense, nothing, or one of our errors."""

import math

from hypothesis import given, settings, strategies as st

from custom_components.energy_core.counters import Counter, CounterPolicy
from custom_components.energy_core.errors import EnergyError
from custom_components.energy_core.points import TEXT_LIMIT, Point, Source, number, text
from tests.energy_core.clock import NOON
from tests.energy_core.datasheet import SEED, Input, Meter, Options, Unit
from tests.energy_core.fake_wire import FakeWire

fuzz = settings(derandomize=True, deadline=None, max_examples=300)

WORDS = st.integers(0, 0xFFFF) | st.integers(-(2**31), 2**32 - 1)
SCALARS = (
    st.none() | st.booleans() | WORDS | st.integers() | st.floats() | st.text() | st.binary()
    | st.sampled_from(["NaN", "-inf", "1e999", "1_6", " 16", "٣", "0/../../write/Locked=1", 10**400, -32768, 0xFFFF, 1e308, -0.0])
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4) | st.tuples(inner),
    max_leaves=8,
)
SOURCES = st.builds(
    Source,
    key=st.just("x"),
    scale=st.sampled_from([1, 0.1, 0.01, 1000, 1e300, -2.5]),
    sign=st.sampled_from([1, -1]),
    missing=st.sampled_from([frozenset(), frozenset({65535.0, -32768.0})]),
    codes=st.sampled_from([None, {0: "off", 1: "on"}, {0: False, 1: True}]),
    rw=st.just(True),
)


@given(raw=ANYTHING)
@fuzz
def test_a_number_is_finite_or_nothing(raw):
    """No NaN, no infinity, no truth ever passes for a number."""
    value = number(raw)
    assert value is None or (type(value) is float and math.isfinite(value))


@given(raw=ANYTHING)
@fuzz
def test_text_is_short_printable_and_not_empty_or_nothing(raw):
    """No control character and no endless text ever gets into a name."""
    value = text(raw)
    assert value is None or (0 < len(value) <= TEXT_LIMIT and value.isprintable() and value[0] != " ")


@given(
    raw=ANYTHING,
    source=SOURCES,
    low=st.none() | st.floats(-1e6, 0),
    high=st.none() | st.floats(0, 1e6),
    kind=st.sampled_from([float, str, bool]),
)
@fuzz
def test_a_decoded_value_lies_within_the_datasheet(raw, source, low, high, kind):
    """Of its kind or of its codes, finite and within the bounds, or nothing."""
    value = Point(kind, low=low, high=high).decode(source, raw)
    if value is None:
        return
    if source.codes is not None:
        assert value in source.codes.values()
    elif kind is float:
        assert type(value) in (int, float)
        assert math.isfinite(value)
        assert low is None or value >= low - 1e-6
        assert high is None or value <= high + 1e-6
    else:
        assert type(value) is kind


@given(answers=st.lists(st.dictionaries(st.sampled_from(sorted(SEED)), ANYTHING), min_size=1, max_size=5))
@fuzz
def test_a_block_survives_any_answer(answers):
    """Every value of every block is of its point's kind after any sequence of answers."""
    blocks = [Meter("meter"), Options("options"), Input("input_1", 0), Input("input_2", 1)]
    for answer in answers:
        for block in blocks:
            block.decode("fake", answer)
    for block in blocks:
        for name, value in block.values.items():
            point = block.points[name]
            assert value is None or isinstance(value, int | float if point.kind is float else point.kind)
            assert not isinstance(value, float) or math.isfinite(value)


@given(answers=st.lists(st.dictionaries(st.sampled_from(sorted(SEED)), ANYTHING), min_size=1, max_size=4))
@settings(fuzz, max_examples=100)
async def test_a_device_survives_any_answer(answers):
    """A whole poll of nonsense ends in a report, and counters hold nothing but levels."""
    wire = FakeWire(SEED)
    unit = Unit(wire, now=lambda: NOON)
    for answer in answers:
        wire.values |= answer
        report = await unit.update({"meter", "input_1", "input_2"})
        assert not report.failed
    for counter in unit.counters.values():
        assert 0 <= counter.value <= 1e9


@given(value=ANYTHING, point=st.sampled_from([Options.limit, Options.mode, Options.locked, Options.start, Options.label]))
@fuzz
def test_a_value_to_write_is_valid_or_refused(value, point):
    """What gets through is of its kind, within its bounds, and encodes; the rest is refused with a text for the user."""
    try:
        valid = point.validate(value)
        raw = point.encode(point.source("fake"), valid)
    except EnergyError as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert all(text(each) for each in refusal.placeholders.values())
    elif point.kind is float:
        assert point.write_low <= valid <= point.write_high
        assert type(raw) in (int, float)
    else:
        assert type(valid) is point.kind


@given(
    value=st.floats(-1e4, 1e4),
    scale=st.sampled_from([1, 0.1, 0.01, 10, 1000]),
    sign=st.sampled_from([1, -1]),
    step=st.sampled_from([0.01, 0.1, 0.5, 1, 50]),
)
@fuzz
def test_what_is_written_reads_back_as_the_same(value, scale, sign, step):
    """Encode and decode undo each other for every valid value, or no write would ever be confirmed."""
    point, source = Point(float, write_low=-1e4, write_high=1e4, step=step), Source(key="x", scale=scale, sign=sign, rw=True)
    valid = point.validate(value)
    assert abs(valid - value) <= step / 2 + 1e-6
    assert point.decode(source, point.encode(source, valid)) == valid


@given(word=st.sampled_from(["eco", "boost", "service"]))
@settings(derandomize=True)
def test_a_written_word_reads_back_as_the_same(word):
    """Codes undo each other too."""
    source = Source(key="x", codes={1: "eco", 2: "boost", 3: "eco", 9: "service"}, rw=True)
    assert Options.mode.decode(source, Options.mode.encode(source, word)) == word


SAVED = st.dictionaries(
    st.sampled_from(["value", "seen", "reset", "more"]), ANYTHING | st.datetimes().map(str) | st.just("9999-12-31T23:59:59+00:00")
)


@given(
    policy=st.sampled_from(CounterPolicy), saved=SAVED, readings=st.lists(st.floats(0, 1e9) | st.integers(0, 2**32), max_size=12)
)
@fuzz
def test_a_counter_survives_any_memory(policy, saved, readings):
    """Whatever was saved, what is published is a level that was saved or read, and three equal readings are believed."""
    counter = Counter.restored(policy, 10_000, saved)
    for reading in readings:
        assert counter.accept(reading, NOON) in (saved.get("value"), *readings)
    for _ in range(3):
        level = counter.accept(777, NOON)
    assert level == 777


@given(
    memory=st.dictionaries(
        st.sampled_from(["counters", "x"]),
        ANYTHING | st.dictionaries(st.sampled_from(["meter.total", "meter.today", "meter.power", "gone.x", "options"]), SAVED),
    )
)
@fuzz
def test_a_device_survives_any_memory(memory):
    """Corrupt storage leaves counters that are fit to go on, or none."""
    unit = Unit(FakeWire(SEED), now=lambda: NOON)
    unit.restore(memory)
    assert set(unit.counters) <= {"meter.total", "meter.today"}
    assert all(counter.value is None or math.isfinite(counter.value) for counter in unit.counters.values())
