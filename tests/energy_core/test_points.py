"""Points and blocks: from what a wire says to what we believe, and back."""

import math

import pytest

from custom_components.energy_core.counters import CounterPolicy
from custom_components.energy_core.errors import DeviceRefusedError
from custom_components.energy_core.points import Block, Point, Source, number, text, tidy
from tests.energy_core.datasheet import SEED, Input, Meter, Options

RW = Source(key="x", rw=True)


def refusal(call, *args):
    with pytest.raises(DeviceRefusedError) as caught:
        call(*args)
    return caught.value.key, caught.value.placeholders


class TestNumber:
    """What counts as a number."""

    @pytest.mark.parametrize(
        ("raw", "value"),
        [(5, 5.0), (-2.5, -2.5), ("12.5", 12.5), ("-7", -7.0), (" 12 ", 12.0), ("1e3", 1000.0), ("0" * 64, 0.0), (0, 0.0)],
    )
    def test_a_number_may_come_as_a_number_or_as_plain_text(self, raw, value):
        """A number may come as a number or as plain text."""
        assert number(raw) == value
        assert isinstance(number(raw), float)

    @pytest.mark.parametrize(
        "raw",
        [
            None, True, False, "", "abc", "1_6", "٣", "0x10", "1,5", "nan", "inf", "-Infinity", "1e999", "0" * 65, [1], {"a": 1}, b"1",
            math.nan, math.inf, -math.inf, 10**400, 1 + 2j,
        ],
    )  # fmt: skip
    def test_anything_else_is_no_number(self, raw):
        """Truth, lists, other scripts' digits, separators, endless text, NaN and infinity are no numbers."""
        assert number(raw) is None


class TestText:
    """What counts as text."""

    @pytest.mark.parametrize(
        ("raw", "value"),
        [
            ("roof", "roof"),
            ("  roof\t\n", "roof"),
            ("a\r\nb\x1b[31m", "ab[31m"),
            ("\u202eabc", "abc"),
            ("é {{ x }} ü", "é {{ x }} ü"),
            (12, "12"),
            (1.5, "1.5"),
        ],
    )
    def test_text_is_printable_and_trimmed(self, raw, value):
        """Control characters, colours, direction marks and blanks around are gone; the rest stays as it is."""
        assert text(raw) == value

    @pytest.mark.parametrize(
        "raw",
        [
            None,
            True,
            False,
            [],
            {},
            (1, 2),
            b"x",
            "",
            "   ",
            "\x00\x1b",
            "\ud800",
            math.nan,
            pytest.param(10**5000, id="endless"),
        ],
    )
    def test_what_is_not_text_is_nothing(self, raw):
        """Containers, truth, bytes, endless numbers and text with nothing to see are nothing."""
        assert text(raw) is None

    def test_hostile_text_is_cut(self):
        """The 64th character is the last one."""
        assert text("x" * 64) == "x" * 64
        assert text("x" * 65) == "x" * 64


@pytest.mark.parametrize(
    ("value", "tidied"), [(28997 * 0.01, 289.97), (5.0, 5), (0.1 + 0.2, 0.3), (-0.0, 0), (1234.5678901, 1234.56789), (7, 7)]
)
def test_the_dust_of_binary_scaling_is_removed(value, tidied):
    """Scaled values read as on the datasheet, and whole ones as whole numbers."""
    assert tidy(value) == tidied
    assert str(tidy(value)) == str(tidied)


class TestSource:
    """Where a value is kept."""

    @pytest.mark.parametrize(
        ("source", "writable"),
        [
            (Source(key=1), False),
            (Source(key=1, codes={1: "a"}), False),
            (Source(key=1, rw=True), True),
            (Source(key=1, write_key=0), True),
            (Source(key=1, write_codes={"a": 1}), True),
        ],
    )
    def test_nothing_is_writable_unless_declared(self, source, writable):
        """Only an own key, own codes or the mark make a source writable."""
        assert source.writable is writable

    def test_a_write_goes_to_its_own_key_where_there_is_one(self):
        """The key 0 is a key too."""
        assert Source(key=7, rw=True).target == 7
        assert Source(key=7, write_key=0).target == 0


class TestDecode:
    """From raw to ours."""

    @pytest.mark.parametrize(
        ("source", "raw", "value"),
        [
            (Source(key=1), 12, 12),
            (Source(key=1, scale=0.01), 28997, 289.97),
            (Source(key=1, sign=-1), 250, -250),
            (Source(key=1, sign=-1, scale=10), "25", -250),
            (Source(key=1, missing=frozenset({255.0})), 255, None),
            (Source(key=1, missing=frozenset({255.0})), 254, 254),
            (Source(key=1, scale=1e300), 1e300, None),
            (Source(key=1), 1e15, None),
            (Source(key=1), -1e15, None),
            (Source(key=1), 9e14, 9e14),
            (Source(key=1), "n/a", None),
            (Source(key=1), None, None),
        ],
    )
    def test_a_number_is_scaled_signed_and_freed_of_sentinels(self, source, raw, value):
        """Scale and sign apply once; a sentinel, an overflow and a word are no value."""
        assert Point(float).decode(source, raw) == value

    def test_what_lies_outside_the_bounds_is_not_believed(self):
        """Both bounds are part of the range, and each works alone."""
        both, low, high = Point(float, low=-5, high=5), Point(float, low=0), Point(float, high=0)
        plain = Source(key=1)
        assert [both.decode(plain, raw) for raw in (-5.1, -5, 5, 5.1)] == [None, -5, 5, None]
        assert [low.decode(plain, raw) for raw in (-0.1, 0, 1e9)] == [None, 0, 10**9]
        assert [high.decode(plain, raw) for raw in (-1e9, 0, 0.1)] == [-(10**9), 0, None]

    @pytest.mark.parametrize(
        ("raw", "value"), [(1, "eco"), ("2", "boost"), (2.0, "boost"), (2.5, None), (4, None), ("x", None), (None, None)]
    )
    def test_a_code_becomes_its_word_or_nothing(self, raw, value):
        """Only a whole, known code has a word."""
        assert Options.mode.decode(Source(key=1, codes={1: "eco", 2: "boost"}), raw) == value

    @pytest.mark.parametrize(
        ("raw", "value"),
        [("open", False), ("closed", True), ("Open", None), (" open", None), (None, None), (True, None), (["open"], None)],
    )
    def test_a_text_may_be_a_code(self, raw, value):
        """Exactly as the vendor spells it; whatever else it is, it is unknown."""
        assert Point(bool).decode(Source(key=1, codes={"open": False, "closed": True}), raw) is value

    @pytest.mark.parametrize(
        ("digits", "raw", "value"),
        [
            (0, 12.5001, 13),
            (0, -0.4, 0),
            (0, "712.96", 713),
            (1, 1.26, 1.3),
            (2, 49.98765, 49.99),
            (3, 1.23456, 1.235),
            (None, 1.5, 1.5),
        ],
    )
    def test_decimals_that_mean_nothing_are_cut(self, digits, raw, value):
        """As many digits as mean something; a whole number has no point."""
        decoded = Point(float, digits=digits).decode(Source(key=1), raw)
        assert decoded == value
        assert str(decoded) == str(value)

    @pytest.mark.parametrize(("raw", "value"), [(True, True), (False, False), (1, None), ("true", None), (None, None)])
    def test_a_fact_without_codes_is_only_true_or_false(self, raw, value):
        """JSON's own truth is taken over; a number needs codes to mean one."""
        assert Point(bool).decode(Source(key=1), raw) is value

    def test_text_is_cleaned_when_read(self):
        """A hostile name arrives without its teeth."""
        assert Point(str).decode(Source(key=1), "a\x00b") == "ab"


class TestValidate:
    """What may be written at all."""

    def test_the_bounds_are_part_of_what_may_be_written(self):
        """The lowest and the highest value are allowed, the next ones are refused with the bounds."""
        assert [Options.limit.validate(value) for value in (100, 8000)] == [100, 8000]
        bounds = {"low": "100", "high": "8000"}
        assert refusal(Options.limit.validate, 99.9) == ("out_of_range", {"value": "99.9", **bounds})
        assert refusal(Options.limit.validate, 8001) == ("out_of_range", {"value": "8001", **bounds})

    def test_a_value_is_rounded_to_the_step(self):
        """What lies between two steps becomes the nearer one, without dust."""
        assert [Options.limit.validate(value) for value in (120, 130, 125.1)] == [100, 150, 150]
        assert Point(float, write_high=10, step=0.1).validate(0.30000001) == 0.3

    def test_rounding_never_leaves_the_bounds(self):
        """A bound that is no multiple of the step wins over the step."""
        point = Point(float, write_low=75, write_high=2550, step=1000)
        assert [point.validate(value) for value in (75, 2550, 1400)] == [75, 2550, 1000]

    @pytest.mark.parametrize("value", ["abc", math.nan, math.inf, True, None, [1]])
    def test_what_is_no_number_is_refused_as_such(self, value):
        """Neither NaN nor truth nor a list gets near the wire."""
        assert refusal(Options.limit.validate, value)[0] == "invalid_value"

    def test_a_refused_text_is_shown_cut_and_clean(self):
        """The user's own text comes back printable and short."""
        assert refusal(Options.limit.validate, "x\x00" * 99) == ("invalid_value", {"value": "x" * 64})
        assert refusal(Options.limit.validate, "") == ("invalid_value", {"value": "-"})

    def test_a_unit_may_have_a_lower_ceiling_than_its_datasheet(self):
        """This unit's own bound counts, in the check, in the rounding and in what the user is told."""
        assert [Options.limit.validate(value, high=2420) for value in (2420, 2400)] == [2400, 2400]
        assert Point(float, write_high=100, step=30).validate(80, high=85) == 85
        assert refusal(lambda: Options.limit.validate(2421, high=2420))[1]["high"] == "2420"
        assert refusal(lambda: Options.limit.validate(100, high=0))[1]["high"] == "0"

    def test_without_an_upper_bound_nothing_may_be_written(self):
        """A point that nobody gave a ceiling is not for writing."""
        assert refusal(Point(float).validate, 0) == ("out_of_range", {"value": "0", "low": "0", "high": "0"})

    def test_a_choice_and_a_fact_take_only_their_own_kind(self):
        """A word is no fact and a number no word; a proper one passes as it is."""
        assert Options.mode.validate("eco") == "eco"
        assert Options.locked.validate(value=True) is True
        assert refusal(Options.locked.validate, "on") == ("invalid_value", {"value": "on"})
        assert refusal(Options.locked.validate, 1) == ("invalid_value", {"value": "1"})
        assert refusal(Options.label.validate, 7) == ("invalid_value", {"value": "7"})


class TestEncode:
    """From ours to raw."""

    def test_a_number_is_unscaled_and_signed(self):
        """Writing undoes exactly what reading does."""
        source = Source(key=1, scale=0.1, sign=-1)
        assert Point(float).encode(source, 23.5) == -235
        assert Point(float).decode(source, -235) == 23.5

    def test_a_word_is_written_as_its_first_code(self):
        """Of two codes for one word the first is written; own write codes win over read codes."""
        codes = {1: "eco", 2: "boost", 3: "eco"}
        assert Options.mode.encode(Source(key=1, codes=codes, rw=True), "eco") == 1
        assert Options.mode.encode(Source(key=1, codes=codes, write_codes={"eco": 7}), "eco") == 7

    def test_a_word_that_cannot_be_written_is_refused(self):
        """What the unit says but nobody may ask for is refused by name."""
        assert refusal(Options.mode.encode, Options.mode.source("fake"), "service") == ("unsupported_value", {"value": "service"})

    def test_text_without_codes_is_sent_as_it_is(self):
        """A name is sent as a name."""
        assert Options.label.encode(RW, "roof") == "roof"
        assert Point(bool).encode(RW, value=True) is True


class TestPoint:
    """A line of the datasheet."""

    def test_the_class_has_the_point_and_the_instance_its_value(self):
        """``Meter.power`` is the line, ``meter.power`` the reading."""
        meter = Meter("meter")
        assert isinstance(Meter.power, Point)
        assert meter.power is None
        meter.set(Meter.power, 5)
        assert (meter.power, meter.get(Meter.power)) == (5, 5)
        assert (Meter.power.name, Meter.power.block, repr(Meter.power)) == ("power", Meter, "Meter.power")

    def test_what_was_declared_is_what_is_kept(self):
        """Unit, bounds, step, policy and secrecy come from the line and nowhere else."""
        limit = Options.limit
        assert (limit.kind, limit.unit, limit.low, limit.high) == (float, "W", 0, 9000)
        assert (limit.write_low, limit.write_high, limit.step) == (100, 8000, 50)
        assert (Meter.serial.secret, Meter.power.secret) == (True, False)
        assert (Meter.total.counter, Meter.power.counter) == (CounterPolicy.LIFETIME, None)
        assert (Point(float).step, Point(float).write_low) == (1, 0)

    def test_a_line_is_no_more_than_it_says(self):
        """A bare point has no unit, no policy and no bounds; a block counts those that have a policy."""

        class Plain(Block):
            bare = Point(float)
            total = Point(float, "Wh", counter=CounterPolicy.LIFETIME, secret=True, digits=1, fake=Source(key=7))

        bare, total = Plain.bare, Plain.total
        assert (bare.unit, bare.counter, bare.secret, bare.names, bare.digits) == (None, None, False, (), None)
        assert (bare.low, bare.high, bare.write_low, bare.write_high, bare.step) == (None, None, 0, None, 1)
        assert (total.unit, total.counter, total.secret, total.digits) == ("Wh", CounterPolicy.LIFETIME, True, 1)
        assert (total.name, total.block, repr(total)) == ("total", Plain, "Plain.total")
        assert Plain.counted == {"total": CounterPolicy.LIFETIME}
        plain = Plain("plain")
        plain.decode("fake", {7: 12})
        assert (plain.total, plain.bare) == (12, None)

    def test_each_part_has_its_own_source(self):
        """The second input is read from the second source; a part without one has none, and so has another wire."""
        assert Input.current.source("fake", 1).key == "current_2"
        assert Input.current.source("fake").key == "current_1"
        assert Input.alarm.source("fake", 1) is None
        assert Input.current.source("fake", 2) is None
        assert Meter.power.source("fake", 3).key == "power"
        assert Meter.power.source("other") is None

    def test_options_are_every_word_once_in_the_vendors_order(self):
        """Words repeat on the datasheet and not in a list of choices; facts and numbers have none."""
        assert Options.mode.options == ["eco", "boost", "service"]
        assert Input.alarm.options == []
        assert Point(str, names=("none", "hot"), a=Source(key=1, codes={1: "hot", 2: "cold"})).options == ["none", "hot", "cold"]


class TestBlock:
    """Points that are read together."""

    def test_a_block_knows_its_points_in_order_and_those_of_its_parent(self):
        """A richer model of a block has the plain one's points first."""

        class Richer(Input):
            extra = Point(float)

        assert list(Meter.points) == ["power", "voltage", "state", "total", "today", "serial", "half"]
        assert list(Richer.points) == ["current", "alarm", "extra"]
        assert (Meter.repeated, Input.repeated, Richer.repeated) == (False, True, True)
        assert Block.points == {}
        assert (Block.every, Block.essential, Block.late, Block.repeated) == (0, False, False, False)

    def test_parts_are_numbered_as_people_count(self):
        """The first part is number 1 unless its class counts otherwise."""

        class FromZero(Block):
            counts_from = 0

        assert (Input("a", 0).number, Input("b", 1).number, FromZero("c", 0).number) == (1, 2, 0)

    def test_a_block_takes_over_what_was_answered(self):
        """Each value is decoded by its own point; what is derived is not touched."""
        meter = Meter("meter")
        meter.decode("fake", SEED)
        assert meter.values == {
            "power": -1200, "voltage": 230.1, "state": "running", "total": 50_000, "today": 900, "serial": "SN12345678",
        }  # fmt: skip
        assert meter.has(Meter.power)
        assert not meter.has(Meter.half)
        assert set(meter.sources("fake")) == {"power", "voltage", "state", "total", "today", "serial"}
        assert set(Input("b", 1).sources("fake")) == {"current"}

    def test_a_value_that_is_left_out_stays_for_two_answers(self):
        """The third answer in a row without it makes it unknown; it is still a point that the unit has."""
        meter = Meter("meter")
        meter.decode("fake", {"power": 5})
        shown = []
        for _ in range(3):
            meter.decode("fake", {"state": 1})
            shown.append(meter.power)
        assert shown == [-5, -5, None]
        assert meter.has(Meter.power)

    def test_what_was_set_stays_as_long_as_what_was_read(self):
        """A value that was read back after a write, and that the next answers lack."""
        meter, shown = Meter("meter"), []
        meter.set(Meter.power, 7)
        for _ in range(3):
            meter.decode("fake", {})
            shown.append(meter.power)
        assert shown == [7, 7, None]

    def test_misses_count_in_a_row_only(self):
        """An answer in between starts the count anew."""
        meter = Meter("meter")
        for answer in ({"power": 5}, {}, {}, {"power": 5}, {}, {}):
            meter.decode("fake", answer)
        assert meter.power == -5

    def test_the_last_answer_may_lack_a_point(self):
        """From the first answer without it until the next with it; who was not asked lacks nothing."""
        meter = Meter("meter")
        assert not meter.lacks("power")
        told = []
        for answer in ({"power": 5}, {}, {}, {"power": 5}):
            meter.decode("fake", answer)
            told.append(meter.lacks("power"))
        assert told == [False, True, True, False]

    def test_the_same_answer_means_the_same_whatever_stood_there_meanwhile(self):
        """What was written, derived or dropped between two equal answers does not outlive the second."""
        meter = Meter("meter")
        meter.decode("fake", {"power": 5, "state": 1})
        meter.set(Meter.power, 7)
        meter.values["state"] = None
        meter.decode("fake", {"power": 5, "state": 1})
        assert (meter.power, meter.state) == (-5, "running")

    def test_answers_of_another_kind_are_not_the_same(self):
        """Python calls 1, 1.0 and true equal; a datasheet does not."""
        meter, shown = Meter("meter"), []
        for answer in (1, True, 1.0, "1", None):
            meter.decode("fake", {"power": answer})
            shown.append(meter.power)
        assert shown == [-1, None, -1, -1, None]

    def test_the_same_number_on_another_wire_means_something_else(self):
        """What an answer means is known of the place where it stood."""

        class Both(Block):
            power = Point(float, "W", lan=Source(key="p"), cloud=Source(key="p", scale=1000))

        both, shown = Both("both"), []
        for wire in ("lan", "cloud", "lan", "lan", "cloud"):
            both.decode(wire, {"p": 5})
            shown.append(both.power)
        assert shown == [5, 5000, 5, 5, 5000]

    def test_an_answer_that_reads_as_the_value_before_is_no_repetition(self):
        """2300 is 230 V; 230 after that is 23 V."""
        meter = Meter("meter")
        meter.decode("fake", {"voltage": 2300})
        meter.decode("fake", {"voltage": 230})
        assert meter.voltage == 23

    def test_what_was_never_shown_is_never_had(self):
        """A point that the unit lacks from the start makes no entity, however often it is missing."""
        meter = Meter("meter")
        for _ in range(5):
            meter.decode("fake", {"state": 0})
        assert not meter.has(Meter.power)

    def test_an_unknown_code_is_kept_aside_until_it_is_known_again(self):
        """Diagnostics show the raw code while nobody knows its word; a null is not a code."""
        meter = Meter("meter")
        meter.decode("fake", {"state": 77})
        assert (meter.state, meter.unknown) == (None, {"state": 77})
        meter.decode("fake", {"state": None})
        assert meter.unknown == {}
        meter.decode("fake", {"state": 78})
        meter.decode("fake", {"state": 1, "power": "x"})
        assert (meter.state, meter.unknown) == ("running", {})
