"""Days and weeks out of registers."""

from datetime import datetime, timedelta
import json
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.energy_core.ledger import Ledger

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    """Return a moment in Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def test_a_day_is_what_was_counted_since_midnight() -> None:
    """The register stood at 150 when the day began, half-way between two readings."""
    ledger = Ledger()
    ledger.observe("grid", 100, at("2026-06-01T23:50"))
    ledger.observe("grid", 200, at("2026-06-02T00:10"))
    assert ledger.days("grid", 1, at("2026-06-02T00:10")) == pytest.approx(50)


def test_the_first_day_is_partial_until_somebody_knows_better() -> None:
    """And never makes a whole week."""
    ledger, noon = Ledger(), at("2026-06-01T12:00")
    ledger.observe("grid", 1000, noon)
    assert ledger.partial("grid", noon)
    assert ledger.days("grid", 1, noon) == 0
    for day in range(1, 8):
        ledger.observe("grid", 1000 + day * 24, noon + timedelta(days=day))
    sunday = noon + timedelta(days=6)
    assert ledger.days("grid", 7, sunday) is None
    assert ledger.days("grid", 7, noon + timedelta(days=7)) == pytest.approx(6 * 24 + 12, abs=0.1)
    later = Ledger().restore(json.loads(json.dumps(ledger.as_dict())))
    assert later.days("grid", 7, sunday) is None
    later.seed("grid", noon.date(), 990)
    assert later.days("grid", 7, sunday) is not None


@pytest.mark.parametrize(
    ("before", "after"), [("2026-03-29T00:00", "2026-03-30T00:00"), ("2026-10-25T00:00", "2026-10-26T00:00")]
)
def test_the_change_of_the_clocks_is_no_energy(before: str, after: str) -> None:
    """Was wrong: 23 or 25 hours were taken for 24. 1 kW without a pause, an outage from 22:00 to 02:00 in between."""
    ledger, start = Ledger(), at(before).timestamp()
    moment = start - 7200
    while moment < at(after).timestamp() + 3 * 3600:
        now = datetime.fromtimestamp(moment, PARIS)
        if not (now.hour >= 22 or now.hour < 2) or moment <= start - 7200:
            ledger.observe("grid", (moment - start) / 3.6, now)
        moment += 600
    hours = (at(after).timestamp() - start) / 3600
    marks = ledger.accounts["grid"].marks
    assert marks[at(after).date()] - marks[at(before).date()] == pytest.approx(hours * 1000, abs=1)


def test_days_of_an_outage_are_shared_out() -> None:
    """Three midnights without a reading: each day gets its share, and is an estimate."""
    ledger = Ledger()
    ledger.observe("grid", 0, at("2026-06-01T12:00"))
    ledger.observe("grid", 7200, at("2026-06-04T12:00"))
    assert ledger.since("grid", at("2026-06-04T00:00").date()) == pytest.approx(1200)
    assert ledger.since("grid", at("2026-06-03T00:00").date()) == pytest.approx(3600)
    assert len(ledger.accounts["grid"].estimated) == 3


def test_a_reset_register_goes_on() -> None:
    """What was counted before stays counted."""
    ledger = Ledger()
    ledger.seed("grid", at("2026-06-01T00:00").date(), 0)
    ledger.observe("grid", 500, at("2026-06-01T10:00"))
    ledger.observe("grid", 3, at("2026-06-01T10:01"))
    ledger.observe("grid", 10, at("2026-06-01T10:02"))
    assert ledger.days("grid", 1, at("2026-06-01T10:02")) == 507


def test_another_meter_is_no_energy() -> None:
    """A CT was exchanged: its register began elsewhere, higher or lower."""
    ledger = Ledger()
    ledger.seed("grid", at("2026-06-01T00:00").date(), 0)
    ledger.observe("grid", 500, at("2026-06-01T10:00"))
    ledger.swap(["grid", "unknown"])
    ledger.observe("grid", 90_000, at("2026-06-01T10:01"))
    ledger.observe("grid", 90_020, at("2026-06-01T10:02"))
    assert ledger.days("grid", 1, at("2026-06-01T10:02")) == 520


def test_a_balance_may_fall() -> None:
    """Import minus export goes both ways."""
    ledger = Ledger()
    ledger.seed("net", at("2026-06-01T00:00").date(), 0)
    ledger.observe("net", 500, at("2026-06-01T10:00"), falls=True)
    ledger.observe("net", -200, at("2026-06-01T12:00"), falls=True)
    assert ledger.days("net", 1, at("2026-06-01T12:00")) == -200


def test_what_was_known_of_a_meter_that_was_never_read_is_forgotten_with_it() -> None:
    """Was wrong: the day of the meter before was taken from the level of the new one, and 900 kWh were missing."""
    ledger, noon = Ledger(), at("2026-06-01T12:00")
    ledger.seed("grid", noon.date(), 900_000)
    ledger.swap(["grid"])
    ledger.observe("grid", 5, noon)
    assert ledger.days("grid", 1, noon) == 0
    assert ledger.partial("grid", noon)
    ledger.observe("grid", 105, noon + timedelta(hours=1))
    assert ledger.days("grid", 1, noon) == 100


def test_a_meter_that_is_exchanged_at_midnight_loses_no_day() -> None:
    """The new one is counted on from the level of the old one, so the day that ended is whole, and so is the next."""
    ledger, evening, morning = Ledger(), at("2026-06-01T22:00"), at("2026-06-02T02:00")
    ledger.seed("grid", evening.date(), 1000)
    ledger.observe("grid", 5000, evening)
    ledger.swap(["grid", "another"])
    ledger.observe("grid", 7, morning)
    assert not ledger.partial("grid", morning)
    assert (ledger.days("grid", 1, morning), ledger.days("grid", 2, morning)) == (0, 4000)
    assert ledger.accounts.keys() == {"grid"}


def test_a_better_source_for_another_day_completes_nothing() -> None:
    """Today is still counted from our first reading on."""
    ledger, noon = Ledger(), at("2026-06-02T12:00")
    ledger.observe("grid", 1000, noon)
    ledger.seed("grid", at("2026-06-01T00:00").date(), 500)
    assert ledger.partial("grid", noon)
    ledger.seed("grid", noon.date(), 900)
    assert not ledger.partial("grid", noon)
    assert not ledger.partial("another", noon)


def test_a_memory_is_what_it_was() -> None:
    """Marks, which of them are estimates, and what was only seeded so far, through JSON."""
    ledger, noon = Ledger(), at("2026-06-02T12:00")
    ledger.observe("grid", 1000, at("2026-06-01T12:00"))
    ledger.observe("grid", 1240, noon)
    ledger.seed("roof", noon.date(), 5)
    saved = json.loads(json.dumps(ledger.as_dict()))
    assert saved["roof"] == {"marks": {"2026-06-02": 5}, "estimated": [], "level": None, "read": None, "begun": None}
    again = Ledger().restore(saved)
    assert again.accounts == {"grid": ledger.accounts["grid"]}
    assert again.accounts["grid"].estimated == {noon.date()}
    assert again.days("grid", 1, noon) == 120


@pytest.mark.parametrize(("later", "estimated"), [(30, False), (31, True)])
def test_a_day_that_began_unseen_for_half_an_hour_is_estimated(later: int, estimated: bool) -> None:
    """Between two readings that are further apart nobody knows when it flowed."""
    ledger, before = Ledger(), at("2026-06-01T23:50")
    ledger.observe("grid", 100, before)
    ledger.observe("grid", 200, before + timedelta(minutes=later))
    assert bool(ledger.accounts["grid"].estimated) is estimated


def test_a_clock_that_was_set_back_for_a_day_and_is_right_again() -> None:
    """The days that had begun before stay as they were."""
    ledger, noon = Ledger(), at("2026-06-02T12:00")
    ledger.observe("grid", 1000, noon - timedelta(hours=12, minutes=10))
    ledger.observe("grid", 1020, noon - timedelta(hours=11, minutes=50))
    ledger.observe("grid", 1100, noon)
    assert ledger.days("grid", 1, noon) == 90
    ledger.observe("grid", 1101, noon - timedelta(days=1))
    ledger.observe("grid", 1102, noon + timedelta(minutes=1))
    assert ledger.days("grid", 1, noon) == 92


def test_a_clock_that_was_set_back_may_have_been_put_right() -> None:
    """Half an hour later midnight has passed once more, and that one counts: 20 of the 30 minutes lay before it."""
    ledger, midnight = Ledger(), at("2026-06-02T00:00")
    for minutes, level in ((-10, 100), (10, 200), (-20, 201), (10, 231)):
        ledger.observe("grid", level, midnight + timedelta(minutes=minutes))
    assert ledger.days("grid", 1, midnight) == 10


def test_a_clock_that_was_set_back_over_a_day_and_goes_on_to_a_new_one() -> None:
    """The day that had begun stays as it was, and the new one begins."""
    ledger, noon = Ledger(), at("2026-06-02T12:00")
    ledger.observe("grid", 1000, noon)
    ledger.observe("grid", 1001, noon - timedelta(days=1))
    ledger.observe("grid", 1049, noon + timedelta(days=1))
    assert ledger.since("grid", noon.date()) == 49
    assert ledger.days("grid", 1, noon + timedelta(days=1)) == pytest.approx(12)


def test_what_is_not_known_is_not_counted() -> None:
    """A register that nobody has read yet, one that nobody knows, and two days of which one was begun late."""
    ledger, noon = Ledger(), at("2026-06-02T12:00")
    ledger.seed("roof", noon.date(), 5)
    assert ledger.since("roof", noon.date()) is None
    assert ledger.days("another", 1, noon) is None
    ledger.observe("grid", 1000, noon - timedelta(days=1))
    ledger.observe("grid", 1048, noon)
    assert ledger.days("grid", 2, noon) is None
    assert ledger.days("grid", 1, noon) == 24


@pytest.mark.parametrize(
    ("change", "marks"),
    [
        ({}, {"2026-06-01": 5.0}),
        ({"marks": [5]}, {}),
        ({"marks": {"then": 5}}, None),
        ({"level": "x"}, None),
        ({"level": None}, None),
        ({"read": "2026-06-01T12:00:00"}, None),
        ({"read": None}, None),
        ({"estimated": 5}, None),
        ({"begun": "then"}, None),
    ],
)
def test_a_memory_that_is_damaged(change: dict[str, object], marks: dict[str, float] | None) -> None:
    """Without a level or its time there is no account; without marks there is one that knows of no day."""
    saved = {"level": 10.0, "read": "2026-06-01T12:00:00+00:00", "marks": {"2026-06-01": 5.0}, "estimated": [], "begun": None}
    found = Ledger().restore({"grid": saved | change}).as_dict()
    assert (found["grid"]["marks"] if found else None) == marks


@pytest.mark.parametrize(("level", "counted"), [(100.5, 0.5), (99, -1), (98.9, 0), (98.5, 0), (5, 0)])
def test_a_fall_of_more_than_one_is_a_reset(level: float, counted: float) -> None:
    """Less is rounding, and so is what comes back after it; a rise is a rise, however small."""
    ledger, noon = Ledger(), at("2026-06-01T12:00")
    ledger.observe("grid", 100, noon)
    ledger.observe("grid", level, noon + timedelta(minutes=1))
    assert ledger.days("grid", 1, noon) == counted


def test_a_day_may_begin_between_two_seconds() -> None:
    """Half of what flowed in that second is of the new day, and the day is whole."""
    ledger, midnight = Ledger(), at("2026-06-02T00:00")
    ledger.observe("grid", 100, midnight - timedelta(seconds=0.5))
    ledger.observe("grid", 110, midnight + timedelta(seconds=0.5))
    assert ledger.days("grid", 1, midnight) == 5
    assert not ledger.partial("grid", midnight)


def test_a_place_that_lies_further_east_counts_from_its_midnight() -> None:
    """A reading in Honolulu, the next in Paris, where that day had long begun: all of it is of today."""
    ledger = Ledger()
    there = datetime.fromisoformat("2026-06-01T23:00-10:00")
    ledger.observe("grid", 100, there)
    here = at("2026-06-02T14:00")
    ledger.observe("grid", 200, here)
    assert ledger.days("grid", 1, here) == 100


def test_old_days_are_forgotten() -> None:
    """A memory does not grow."""
    ledger, start = Ledger(), at("2026-01-01T12:00")
    for day in range(60):
        ledger.observe("grid", day * 1000, start + timedelta(days=day))
    days = [(start + timedelta(days=day)).date() for day in range(51, 60)]
    assert list(ledger.accounts["grid"].marks) == days
    assert ledger.accounts["grid"].estimated == set(days)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["marks", "level", "read", "begun"]), inner),
)


@given(JSON)
def test_garbage_is_forgotten(saved: object) -> None:
    """Whatever is in the memory, nothing raises."""
    ledger = Ledger().restore(saved)
    ledger.restore({"grid": saved})
    ledger.observe("grid", 1, at("2026-06-01T12:00"))
    assert ledger.days("grid", 1, at("2026-06-01T12:00")) is not None


@pytest.mark.parametrize("mark", [float("nan"), float("inf"), "nan", None, [], "x", True])
def test_a_mark_that_is_no_number_is_none(mark: object) -> None:
    """The day that it was for is not known; the others are."""
    now = at("2026-06-02T12:00")
    marks = {"2026-06-01": mark, "2026-06-02": 10.0}
    ledger = Ledger().restore({"grid": {"level": 25.0, "read": now.isoformat(), "marks": marks}})
    assert ledger.days("grid", 1, now) == 15
    assert ledger.days("grid", 2, now) is None
