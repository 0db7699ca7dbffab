"""Captures: what a device was asked and answered, without what is private."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.capture import SHORTEST_SECRET, Recorder, dumps, replay, scrub

SERIAL = "SN12345678"


class TestRecorder:
    """What is noted."""

    def test_the_newest_answer_to_each_request_is_kept(self):
        """Requests are sorted, so that two captures can be compared."""
        recorder = Recorder()
        recorder.note("GET /b", {"x": 1})
        recorder.note("GET /a", None, status=404)
        recorder.note("GET /b", {"x": 2})
        capture = recorder.capture(maker="Acme", model=None)
        assert capture == {
            "format": 1,
            "maker": "Acme",
            "model": None,
            "exchanges": [
                {"request": "GET /a", "status": 404, "body": None},
                {"request": "GET /b", "status": "ok", "body": {"x": 2}},
            ],
        }

    def test_secrets_are_gone_from_requests_and_answers(self):
        """Wherever the serial number stands, a pseudonym stands instead."""
        recorder = Recorder()
        recorder.note(f"GET /{SERIAL}/state", {"serial": SERIAL})
        (exchange,) = recorder.capture(secrets=[SERIAL], firmware=f"1.0-{SERIAL}")["exchanges"]
        assert exchange == {"request": "GET /REDACTED0/state", "status": "ok", "body": {"serial": "REDACTED0"}}

    def test_a_capture_does_not_change_what_was_recorded(self):
        """Scrubbing works on a copy: the next capture still knows the answer."""
        recorder, body = Recorder(), {"serial": SERIAL}
        recorder.note("GET /", body)
        recorder.capture(secrets=[SERIAL])
        assert body == {"serial": SERIAL}
        assert recorder.capture()["exchanges"][0]["body"] == body


class TestScrub:
    """Secrets hide."""

    @pytest.mark.parametrize(
        ("value", "scrubbed"),
        [
            (SERIAL, "REDACTED0"),
            (f"id={SERIAL.lower()};", "id=REDACTED0;"),
            ({SERIAL: {"x": [SERIAL, 1, None, True, 2.5]}}, {"REDACTED0": {"x": ["REDACTED0", 1, None, True, 2.5]}}),
            ((SERIAL, "y"), ["REDACTED0", "y"]),
            ({5: "five"}, {"5": "five"}),
            (f"{SERIAL}{SERIAL}", "REDACTED0REDACTED0"),
            ("nothing here", "nothing here"),
        ],
    )
    def test_text_keys_and_nested_values_are_searched(self, value, scrubbed):
        """Whole, within longer text, in another case, as a key, in lists and tuples."""
        assert scrub(value, [SERIAL]) == scrubbed

    @pytest.mark.parametrize(
        ("value", "scrubbed"), [(12345678, "REDACTED0"), (12345678.0, "REDACTED0"), (112345678, 112345678), (1.5, 1.5)]
    )
    def test_a_secret_of_digits_hides_as_a_number(self, value, scrubbed):
        """A serial number that JSON wrote as a number, whole or not, is replaced too; a longer number is not."""
        assert scrub([value], ["12345678"]) == [scrubbed]

    def test_small_numbers_stay(self):
        """A secret of zeros and a one does not blank every 1 and every true."""
        assert scrub([1, True, 0, False], ["0001", "0000"]) == [1, True, 0, False]

    def test_the_same_secret_has_the_same_name_everywhere(self):
        """Readers can still tell who is who; and the longer of two nested secrets goes first."""
        assert scrub(["10.0.0.10", "10.0.0.1", "10.0.0.10"], ["10.0.0.1", "10.0.0.10"]) == ["REDACTED1", "REDACTED0", "REDACTED1"]

    def test_what_is_too_short_is_no_secret(self):
        """Three characters would blank half of the capture, four are replaced."""
        assert scrub("abc abcd", ["abc"]) == "abc abcd"
        assert scrub("abc abcd", ["abcd", "abc", ""]) == "abc REDACTED2"
        assert SHORTEST_SECRET == 4

    def test_a_secret_is_not_a_pattern(self):
        """Dots and brackets mean themselves."""
        assert scrub("1a2b3 1.2.3", ["1.2.3"]) == "1a2b3 REDACTED0"
        assert scrub("a(b)[c]*", ["(b)[c]*"]) == "aREDACTED0"

    @pytest.mark.parametrize("text", ["\u017fkip", "\u212aELVIN", "\u0130stanbul", "stra\u00dfe"])
    def test_letters_with_odd_cases_do_no_harm(self, text):
        """The long s, the Kelvin sign and the dotted I match letters that they are not the lower case of."""
        assert text not in scrub(text, ["skip", "kelvin", "istanbul", "STRA\u00dfE"])

    def test_half_characters_of_a_hostile_answer_can_be_stored(self):
        """A lone surrogate, which JSON can spell and no file can hold, does not break the download."""
        assert dumps({"name\ud800": "x\udfff"}) == '{\n "name?": "x?"\n}\n'

    # Letters and digits that are in no pseudonym, so that what is found was left over.
    SECRETS = st.lists(st.text("bfghijklm123456789xyz.-*()", min_size=4, max_size=12), min_size=1, max_size=4)
    LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)

    @given(secrets=SECRETS, data=st.data())
    @settings(derandomize=True, deadline=None)
    def test_no_secret_is_ever_left(self, secrets, data):
        """Whatever the answer looks like and wherever the secrets stand in it, none is in what is stored."""
        hidden = st.sampled_from(secrets)
        dressed = st.tuples(st.text(max_size=3), hidden, st.text(max_size=3)).map("".join) | hidden.map(str.upper)
        digits = [int(each) for each in secrets if each.isdigit() and each[0] != "0"]
        leaves = self.LEAVES | dressed | (st.sampled_from(digits) if digits else st.nothing())
        value = data.draw(
            st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(dressed | st.text(max_size=4), inner))
        )
        stored = dumps(scrub(value, secrets))
        for leaf in _texts(json.loads(stored)):
            assert leaf not in digits
            assert not [secret for secret in secrets if secret.lower() in str(leaf).lower() and isinstance(leaf, str)]


def _texts(value):
    """Every text, key and number within ``value``."""
    match value:
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case _:
            yield value


class TestReplay:
    """From a stored capture to answers."""

    def test_what_was_recorded_can_be_replayed(self):
        """Stored as text, read again, answered by request."""
        recorder = Recorder()
        recorder.note("GET /a", [1])
        recorder.note("GET /b", "no", status=500)
        stored = json.loads(dumps(recorder.capture()))
        assert replay(stored) == {"GET /a": ("ok", [1]), "GET /b": (500, "no")}

    @pytest.mark.parametrize("other", [None, [], {}, {"format": 2, "exchanges": []}, {"format": "1", "exchanges": []}])
    def test_another_format_is_refused(self, other):
        """A file that is not a capture says so."""
        with pytest.raises(ValueError, match="not a capture"):
            replay(other)

    def test_a_stored_capture_reads_well(self):
        """Stable order, one value a line, letters as people write them, a line end."""
        assert dumps({"b": "é", "a": 1}) == '{\n "a": 1,\n "b": "é"\n}\n'
