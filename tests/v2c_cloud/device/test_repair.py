"""What boxes say in /RealTimeData: JSON stays as it is, blemishes of the field are mended, anything else is an error."""

import json
import math
from pathlib import Path
import re
import time
from typing import Any

from hypothesis import assume, example, given, settings, strategies as st
import pytest

from custom_components.energy_core.errors import DeviceProtocolError, EnergyError
from custom_components.v2c_cloud.v2c.repair import ALIASES, CANONICAL, KEYWORDS, realtime

OWN = Path(__file__).parents[1] / "captures"
SHARED = Path(__file__).resolve().parents[4] / "shared/captures/v2c"
FUZZ = settings(max_examples=300, deadline=None)
# Names that mean something to the code under test would be spelled anew, which other tests look at.
PLAIN_KEYS = st.text(max_size=8).filter(lambda key: key.lower() not in {*CANONICAL, *ALIASES})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
# Texts that look like what gets mended.
TRAPS = ('50"ReadyState":1', "1.6.13", '":1.6.13,"', "NaN", '"}%', "nan", "x\u0001\0", "\\", '\\"', "}{", "\ufeff", "%")


def own(name: str) -> dict[str, Any]:
    """Return what one of our bodies says."""
    return realtime((OWN / f"RealTimeData_{name}.txt").read_bytes())


def refused(body: bytes) -> str:
    """Return the key of the error that ``body`` ends in."""
    with pytest.raises(DeviceProtocolError) as caught:
        realtime(body)
    return caught.value.key


class TestBodies:
    """Whole answers."""

    @pytest.mark.parametrize(
        ("name", "state", "power"), [("1.6.18_charging", 2, 2664.0), ("1.6.18_connected", 1, 0.0)]
    )  # fmt: skip
    def test_a_real_answer_is_what_it_is(self, name, state, power):
        """The captured answers of a real box: 20 keys, none of them changed."""
        path = SHARED / f"RealTimeData_{name}.txt"
        if not path.exists():
            pytest.skip(f"{path} is not there")
        found = realtime(path.read_bytes())
        assert found == json.loads(path.read_text())
        assert len(found) == 20
        assert (found["ChargeState"], found["ChargePower"], found["FirmwareVersion"]) == (state, power, "1.6.18")
        assert set(found) < set(KEYWORDS)

    @pytest.mark.parametrize("path", sorted(OWN.glob("*.txt")), ids=lambda path: path.stem)
    def test_each_of_ours_is_read(self, path):
        """Every body in the folder has the keys that each firmware has."""
        found = realtime(path.read_bytes())
        assert {"ChargeState", "ReadyState", "ChargePower", "ChargeEnergy", "FirmwareVersion"} <= set(found)

    def test_the_oldest_is_mended(self):
        """Missing comma, duplicate version of which the last counts, version without quotes."""
        found = own("1.6.13_malformed")
        assert (found["ChargeTime"], found["ReadyState"]) == (50, 0)
        assert found["FirmwareVersion"] == "1.6.13"
        assert "ID" not in found

    def test_what_firmwares_have_in_common_and_not(self):
        """The number of keys grows with the firmware; the lights are never among them."""
        assert len(own("2.4.6_idle")) == 25
        assert len(own("2.5.1_charging")) == 31
        assert not {"ChargeMode", "LightLED", "LogoLED"} & set(own("2.4.6_idle"))
        assert own("2.4.6_idle")["SSID"] == 'SIM "home", net'
        assert own("2.5.1_charging")["SlaveError"] == 224

    def test_numbers_in_quotes_stay_texts(self):
        """What "0" means is for the points to say."""
        found = own("alva")
        assert (found["Paused"], found["ChargeMode"], found["ContractedPower"]) == ("0", "-1", "-1")

    def test_the_sample_is_spelled_as_documented(self):
        """Keys in lower case, a misspelling, no number, unknown keys, leftovers behind the object."""
        found = own("sample")
        assert found == {
            "ID": "SIMDOC",
            "ChargeState": 2,
            "ReadyState": 0,
            "ChargePower": None,
            "ChargeEnergy": 1.1,
            "IntensityMeasure_L1": 15.9,
            "VoltageMeasure_L1": 231.0,
            "FirmwareVersion": "2.5.0",
            "futurekey": 7,
        }


class TestMending:
    """Each blemish by itself."""

    @pytest.mark.parametrize(
        "tail", ["\n", " \r\n\t", "\0", "\0\0\0", "%", "%\n", "\xff", "}", "0}", "]", '"', "}\x01\x02", '{"ChargeState":0}']
    )
    def test_what_stands_behind_the_object_is_ignored(self, tail):
        """Stray bytes are what is left of an earlier answer; the first object is the answer."""
        assert realtime(b'{"ChargeState":1,"Paused":0}' + tail.encode("latin-1")) == {"ChargeState": 1, "Paused": 0}

    @pytest.mark.parametrize("head", ["\ufeff", " \n", "\0"])
    def test_what_is_invisible_before_the_object_is_ignored(self, head):
        """A byte order mark, blanks and zeros."""
        assert realtime(f'{head}{{"ChargeState":1}}'.encode()) == {"ChargeState": 1}
        assert realtime(f'{head}{{"ChargeState":1}}%'.encode()) == {"ChargeState": 1}

    @pytest.mark.parametrize(
        "value", ["50", "-5.5", "1e3", '"x"', '"x,y"', '"a\\"b"', "true", "null", "[1]", '{"a":1}', "1.6.13"]
    )
    @pytest.mark.parametrize("blank", ["", " ", "\r\n  "])
    def test_a_comma_before_a_key_may_be_missing(self, value, blank):
        """Behind any kind of value, with or without blanks."""
        good = realtime(f'{{"ChargeState":1,"x":{value},"ReadyState":1}}'.encode())
        assert realtime(f'{{"ChargeState":1,"x":{value}{blank}"ReadyState":1}}'.encode()) == good
        assert good["ReadyState"] == 1

    def test_commas_may_be_missing_in_depth(self):
        """The rule is the same inside of inner objects."""
        assert realtime(b'{"ChargeState":1 "x":{"a":1 "b":[{"c":1 "d":2}]}"y":3}') == {
            "ChargeState": 1,
            "x": {"a": 1, "b": [{"c": 1, "d": 2}]},
            "y": 3,
        }

    @pytest.mark.parametrize("version", ["1.6.13", "2.10.0", "1.2.3.4", "2.5.1-rc1", "2.6.0b3"])
    @pytest.mark.parametrize("behind", ["}", ',"Paused":0}', '"Paused":0}', " }"])
    def test_a_version_may_lack_its_quotes(self, version, behind):
        """As a text it is the same."""
        assert realtime(f'{{"ChargeState":1,"FirmwareVersion":{version}{behind}'.encode())["FirmwareVersion"] == version

    @pytest.mark.parametrize("word", ["NaN", "nan", "-nan", "Infinity", "-Infinity", "inf", "-inf", "INF", "1e999", "-1e999"])
    @pytest.mark.parametrize("tail", ["", "%"])
    def test_what_is_no_number_is_nothing(self, word, tail):
        """As C prints it or as JSON libraries do, in a body that is good otherwise or not."""
        assert realtime(f'{{"ChargeState":1,"ChargePower":{word}}}{tail}'.encode()) == {"ChargeState": 1, "ChargePower": None}

    def test_a_duplicate_counts_as_it_was_said_last(self):
        """With and without mending."""
        body = '{"FirmwareVersion":"1.0.0","ChargeState":1,"FirmwareVersion":"1.6.13"}'
        assert realtime(body.encode())["FirmwareVersion"] == realtime(f"{body}%".encode())["FirmwareVersion"] == "1.6.13"

    @pytest.mark.parametrize("tail", ["", "%"])
    @pytest.mark.parametrize("text", TRAPS)
    def test_texts_are_never_mended(self, text, tail):
        """A network may be called like a blemish; neither a good body nor a mended one changes its name."""
        body = json.dumps({"SSID": text, "ChargeState": 1, text: text})
        assert realtime((body + tail).encode()) == {"SSID": text, "ChargeState": 1, text: text}

    @pytest.mark.parametrize(
        ("raw", "shown"), [(b"K\xfcche", "K\ufffdche"), (b"a\x01b", "a b"), (b"a\nb", "a b"), (b"a\0", "a ")]
    )  # fmt: skip
    def test_a_name_that_is_no_json_costs_nothing_else(self, raw, shown):
        """Latin letters and control signs in the name of the network."""
        assert realtime(b'{"SSID":"' + raw + b'","ChargeState":1}') == {"SSID": shown, "ChargeState": 1}


class TestSpelling:
    """One name for each value."""

    @pytest.mark.parametrize("keyword", KEYWORDS)
    @pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase, str])
    def test_every_keyword_in_every_case(self, keyword, change):
        """Whatever the case, the documented spelling comes out."""
        assert realtime(json.dumps({"ChargeState": 1, change(keyword): 7}).encode())[keyword] in (
            {1, 7} if keyword == "ChargeState" else {7}
        )

    @pytest.mark.parametrize("order", [1, -1])
    @pytest.mark.parametrize("documented", ["IntensityMeasure_L1", "intensitymeasure_l1"])
    def test_the_documented_key_wins_over_the_misspelled_one(self, documented, order):
        """In any order and case."""
        pairs = [(documented, 1), ("IntensityMeasure_L1y", 2), ("ChargeState", 0)][::order]
        assert realtime(json.dumps(dict(pairs)).encode()) == {"IntensityMeasure_L1": 1, "ChargeState": 0}

    @pytest.mark.parametrize("order", [1, -1])
    def test_the_exact_spelling_wins_over_another_case(self, order):
        """In any order."""
        pairs = [("ChargeState", 1), ("CHARGESTATE", 2)][::order]
        assert realtime(json.dumps(dict(pairs)).encode()) == {"ChargeState": 1}

    def test_the_misspelled_one_is_taken_for_the_documented_one(self):
        """When it is alone."""
        assert realtime(b'{"ChargeState":2,"IntensityMeasure_L1y":9.5}') == {"ChargeState": 2, "IntensityMeasure_L1": 9.5}

    def test_the_keywords_are_those_of_the_sheet(self):
        """No duplicates, not even in another case."""
        assert len(KEYWORDS) == len(CANONICAL) == 34
        assert set(ALIASES.values()) <= set(KEYWORDS)


class TestRefused:
    """Who is no Trydan, and what cannot be read."""

    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b"[]",
            b"null",
            b"1",
            b'"ChargeState"',
            b'["ChargeState"]',
            b'{"state":"idle","toner":80}',
            b'{"x":{"ChargeState":1}}',
        ],
    )
    def test_json_of_somebody_else(self, body):
        """A printer may answer JSON; it is no charger."""
        assert refused(body) == "not_trydan"

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"OK", b"ERROR", b"%", b"\0", b"\xff\xfe\xfd", b"<html>ChargeState</html>", b'<p>{"ChargeState":1}</p>',
            b'{"ChargeState":', b'{"ChargeState":1', b'{"ChargeState":1,', b'{"ChargeState":1,"x":"5}', b'{"ChargeState":1,"x":"5"',
            b'{"ChargeState":1,"x":}', b'{"ChargeState":1,"x":1.6.}', b'{"ChargeState":1 2}', b'{"ChargeState":1,"x":[1 2]}',
            b'{"ChargeState":1,"x":abc}', b'{"ChargeState":1,"x":"a"b"}', b'{"ChargeState":1,"x":"\\', b'}{"ChargeState":1}',
            b'{"ChargeState":1]', b"[" * 100_000, b'{"ChargeState":' + b"[" * 100_000, b'{"ChargeState":' + b"1" * 5000 + b"}",
            b'{"ChargeState":' + b"[" * 40 + b"]" * 40 + b"}",
        ],
    )  # fmt: skip
    def test_what_is_no_json_and_not_nearly(self, body):
        """Half an answer, pages, and hostile bytes."""
        assert refused(body) == "not_json"

    @pytest.mark.parametrize(
        "part", [b'\\"', b'"', b"1.", b"1.1", b"[", b'{"a":', b"nan", b'"a":1', b"\\", b"\0", b"%"]
    )  # fmt: skip
    def test_no_body_takes_long(self, part):
        """Even of the largest hostile body the reading ends at once."""
        started = time.process_time()
        refused(b'{"x":' + part * (16 * 1024 // len(part)))
        refused(b'{"x":' + part * (16 * 1024 // len(part)) + b"!}")
        assert time.process_time() - started < 1


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@FUZZ
def test_any_bytes_are_an_answer_or_our_error(body):
    """Nothing else ever comes out."""
    try:
        found = realtime(body)
    except EnergyError as error:
        found = {"ChargeState": error.key}
    assert "ChargeState" in found


BLEMISHED = st.lists(
    st.sampled_from(
        ['"ChargeState"', ":", ",", "{", "}", "[", "]", "1", "1.6.13", '"', "\\", "nan", "NaN", "%", "\0", " ", '"x"', "-"]
    ),
    max_size=30,
)


@given(BLEMISHED)
@example(["{", '"ChargeState"', ":", "1", '"x"', ":", "nan", "}", "%"])
@settings(max_examples=500, deadline=None)
def test_any_sequence_of_signs_is_an_answer_or_our_error(signs):
    """Bodies that are nearly JSON, too; what comes out can always be stored."""
    try:
        found = realtime(("{" + "".join(signs)).encode())
    except EnergyError as error:
        found = error.placeholders
    json.dumps(found, allow_nan=False)


@given(st.dictionaries(PLAIN_KEYS, JSON, max_size=6), JSON)
@example({"SSID ": '50"ReadyState":1', "v": "1.6.13"}, 1)
@FUZZ
def test_json_is_never_changed(found, state):
    """Whatever a valid object says is what comes out."""
    whole = {**found, "ChargeState": state}
    # What has more than 64 bits is read as a float.
    assume(all(-(2**63) <= int(each) < 2**64 for each in re.findall(r"-?\d{18,}+(?![\d.eE])", json.dumps(whole))))
    assert realtime(json.dumps(whole).encode()) == whole
    assert realtime(json.dumps(whole, ensure_ascii=False).encode(errors="surrogatepass")) == whole


@given(st.dictionaries(PLAIN_KEYS, JSON, max_size=6), JSON)
@FUZZ
def test_json_in_need_of_mending_says_the_same(found, state):
    """With leftovers behind it and without the commas before its keys, an object says what it said before."""
    whole = {**found, "ChargeState": state}
    assert realtime(json.dumps(whole).encode() + b"\0%") == whole
    bare = "{" + " ".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in whole.items()) + "}"
    assert realtime(bare.encode()) == whole


@given(st.floats() | st.integers())
@FUZZ
def test_numbers_are_finite_or_nothing(value):
    """As Python spells them, NaN and infinity included; whole ones that need more than 64 bits come as near as may be."""
    found = realtime(json.dumps({"ChargeState": 2, "ChargePower": value}).encode())["ChargePower"]
    near = value if isinstance(value, float) or -(2**63) <= value < 2**64 else float(value)
    assert found == near if math.isfinite(value) else found is None
