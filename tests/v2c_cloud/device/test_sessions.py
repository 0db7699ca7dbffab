"""The cloud's books: tolerant of every record, right about every hour, clock changes included."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
import json
import math
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.v2c_cloud.v2c import sessions
from custom_components.v2c_cloud.v2c.sessions import Session, SessionBook, hours, parse

MADRID = ZoneInfo("Europe/Madrid")
STORED = {"id": "x", "startChargeDate": "2025-01-01T00:00:00Z", "endChargeDate": "2025-01-01T01:00:00Z", "energy": 5}
# As the vendor's documentation shows one; the energy of its third hour is ours.
EXAMPLE: dict[str, Any] = {
    "id": 77,
    "startChargeDate": "2025-10-28 11:44:47",
    "endChargeDate": "2025-10-28T14:20:00",
    "energy": 9.4,
    "cost": 1.41,
    "coCost": 2.9,
    "energyByHour": "0.9|3.5|3.4|1.6",
    "rfidCode": "aa23b601",
    "rfidName": "Anna",
    "message": None,
    "warning": False,
    "finished": True,
    "createdAt": "2025-10-28T10:44:52+00:00",
    "updatedAt": "2025-10-28T13:20:03+00:00",
}


def one(**changes: Any) -> Session:
    """Return the session of a record."""
    (found,) = parse([EXAMPLE | changes], MADRID)
    return found


def at(hour: int, day: int = 28, month: int = 10) -> datetime:
    """Return an hour of 2025 in UTC."""
    return datetime(2025, month, day, hour, tzinfo=UTC)


class TestParsing:
    """From a record to a session."""

    def test_the_vendors_example(self) -> None:
        """Local times become aware ones, kWh become Wh, kg stay kg."""
        found = one()
        assert found.start == datetime(2025, 10, 28, 11, 44, 47, tzinfo=MADRID)
        assert found.end.astimezone(UTC).hour == 13
        assert (found.id, found.energy, found.cost, found.co2) == ("77", 9400, 1.41, 2.9)
        assert found.by_hour == (900, 3500, 3400, 1600)
        assert (found.card_name, found.card_code, found.message, found.warning) == ("Anna", "aa23b601", None, False)

    @pytest.mark.parametrize(
        "changes",
        [
            {"energy": 0},
            {"energy": -1},
            {"energy": "NaN"},
            {"energy": None},
            {"energy": 1e9},
            {"energy": 1e-9},
            {"finished": False},
            {"finished": 0},
            {"startChargeDate": "yesterday"},
            {"startChargeDate": None},
            {"endChargeDate": 5},
            {"endChargeDate": "2025-10-28 10:00:00"},
            {"endChargeDate": "2026-10-28 10:00:00"},
            {"startChargeDate": "0001-01-01", "endChargeDate": "0001-01-01"},
            {"startChargeDate": "9999-12-31 23:59:59", "endChargeDate": "9999-12-31 23:59:59"},
        ],
    )
    def test_what_is_no_session_is_left_out(self, changes: dict[str, Any]) -> None:
        """Unfinished, empty, impossible."""
        assert parse([EXAMPLE | changes, EXAMPLE | {"id": 1}], MADRID) == [one(id=1)]

    @pytest.mark.parametrize("raw", [None, [], {}, "x", 5, [None, 3, "x", []], {"data": "x"}])
    def test_what_holds_no_session(self, raw: Any) -> None:
        """Nothing, and no exception."""
        assert parse(raw, MADRID) == []

    @pytest.mark.parametrize("name", ["data", "content", "items"])
    def test_a_wrapped_list(self, name: str) -> None:
        """The list may lie in an object."""
        assert parse({name: [EXAMPLE]}, MADRID) == [one()]

    def test_one_id_is_one_session(self) -> None:
        """The newest record of it counts; without an id its start tells it apart."""
        assert [each.energy for each in parse([EXAMPLE, EXAMPLE | {"energy": 9.41}], MADRID)] == [9410]
        assert one(id=None, idCharge="2025-10-28 11:44:47").id == "2025-10-28 11:44:47"
        assert one(id=None).id == "2025-10-28T11:44:47+01:00"

    def test_numbers_as_text_and_odd_fields(self) -> None:
        """Texts of numbers count; what is not understood is left out of the session."""
        found = one(energy="9.4", cost="1.41", coCost="much", energyByHour="0.9|x", message=" hi\n\x00 ", warning=1)
        assert (found.energy, found.cost, found.co2, found.by_hour) == (9400, 1.41, None, ())
        assert (found.message, found.warning) == ("hi", True)
        assert one(message="m" * 999).message == "m" * 200
        assert one(message="\n").message is None
        assert one(cost=-1).cost is None

    @pytest.mark.parametrize(("created", "utc"), [("2025-10-26T00:30:05+00:00", 0), ("2025-10-26T01:30:05", 1)])
    def test_the_hour_that_comes_twice(self, created: str, utc: int) -> None:
        """The moment of the record tells which of the two was meant."""
        found = one(startChargeDate="2025-10-26 02:30:00", endChargeDate="2025-10-26 05:00:00", createdAt=created)
        assert found.start.astimezone(UTC) == at(utc, 26) + timedelta(minutes=30)

    def test_a_session_within_the_hour_that_comes_twice(self) -> None:
        """It seems to end before it began; its length is right nevertheless."""
        within = {"startChargeDate": "2025-10-26 02:30:00", "endChargeDate": "2025-10-26 02:10:00"}
        for more in ({"createdAt": "2025-10-26T00:30:05Z", "updatedAt": "2025-10-26T01:10:03Z"}, {"createdAt": None}):
            found = one(**within, **more)
            assert found.end - found.start == timedelta(minutes=40)
        late = one(startChargeDate="2025-10-26 02:30:00", endChargeDate="2025-10-26 02:50:00", createdAt="2025-10-26T01:30:05Z")
        assert (late.start.astimezone(UTC).hour, late.end - late.start) == (1, timedelta(minutes=20))

    def test_a_record_made_late_tells_nothing(self) -> None:
        """A charger that was offline; the first of the two hours is taken, and no hour is added."""
        found = one(startChargeDate="2025-10-26 00:30:00", endChargeDate="2025-10-26 02:30:00", updatedAt="2025-10-27T09:00:00Z")
        assert found.end - found.start == timedelta(hours=2)

    @pytest.mark.parametrize(("day", "length"), [("2025-03-30", 3), ("2025-10-26", 5), ("2025-10-27", 4)])
    def test_the_length_of_a_night(self, day: str, length: int) -> None:
        """Hours that passed, not hours of the clock."""
        found = one(startChargeDate=f"{day} 00:30:00", endChargeDate=f"{day} 04:30:00")
        assert found.end - found.start == timedelta(hours=length)

    def test_a_badge_code_is_no_name(self) -> None:
        """A card that nobody named carries its code, which is a secret."""
        assert one(rfidName="AA23B601").card_name is None

    def test_costs_of_any_currency(self) -> None:
        """Twenty kWh cost that many pesos."""
        assert one(cost=18000).cost == 18000

    def test_a_time_with_a_zone_needs_none(self) -> None:
        """Should the cloud ever say it."""
        assert one(startChargeDate="2025-10-28T10:44:47Z").start.astimezone(UTC) == at(10) + timedelta(minutes=44, seconds=47)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*EXAMPLE, "data"]), inner),
        )
    )
    def test_nothing_breaks_it(self, raw: Any) -> None:
        """Any JSON, and any JSON in the place of a field."""
        for found in (parse(raw, MADRID), parse([dict.fromkeys(EXAMPLE, raw)], MADRID)):
            book = SessionBook()
            book.add(found)
            assert all(math.isfinite(each.energy) for each in book.hourly())


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Return a record as a charger near a change of the clocks may leave it."""
    day = draw(st.sampled_from(["2025-03-29T12:00", "2025-10-25T12:00", "2025-06-01"]).map(datetime.fromisoformat))
    start = day + timedelta(seconds=draw(st.integers(0, 90_000)))
    end = start + timedelta(seconds=draw(st.integers(-3600, 60_000)))
    figures = draw(st.lists(st.floats(0, 22), max_size=16))
    stamps = st.none() | st.datetimes(day, day + timedelta(days=2)).map(lambda each: f"{each.isoformat()}Z")
    return {
        "id": draw(st.none() | st.integers(1, 3)),
        "startChargeDate": start.isoformat(),
        "endChargeDate": end.isoformat(" "),
        "energy": draw(st.just(sum(figures)) | st.floats(0, 300)),
        "cost": draw(st.none() | st.floats(0, 1e5)),
        "energyByHour": "|".join(str(each) for each in figures),
        "createdAt": draw(stamps),
        "updatedAt": draw(stamps),
    }


class TestHours:
    """From a session to the hours of the statistics."""

    def test_the_clock_hours_of_the_example(self) -> None:
        """Four hours touched, four figures."""
        assert hours(one()) == [(at(10), 900), (at(11), 3500), (at(12), 3400), (at(13), 1600)]

    @pytest.mark.parametrize("figures", [None, "", "1|2", "1|1|1|1", "0.9|3.5|3.4|1.6|0.5"])
    def test_figures_that_do_not_fit(self, figures: Any) -> None:
        """Too few, too many, another sum: the energy is spread over the time, and none is lost."""
        found = hours(one(energyByHour=figures))
        assert [hour for hour, _ in found] == [at(10), at(11), at(12), at(13)]
        assert sum(wh for _, wh in found) == pytest.approx(9400)
        assert found[1][1] == found[2][1] > found[3][1]

    def test_figures_that_nearly_fit(self) -> None:
        """Rounded by the cloud: the hours sum up to the session exactly, and so do their costs."""
        book = SessionBook()
        book.add([one(energyByHour="0.9|3.5|3.45|1.6")])
        assert hours(book.all[0])[0][1] == pytest.approx(900, rel=0.01)
        assert sum(each.energy for each in book.hourly()) == pytest.approx(9400)
        assert sum(each.cost for each in book.hourly()) == pytest.approx(1.41)

    def test_the_figures_of_the_brief(self) -> None:
        """The vendor's own."""
        found = one(energy=9.6, energyByHour="0.9|3.5|3.6|1.6")
        assert [round(wh) for _, wh in hours(found)] == [900, 3500, 3600, 1600]

    def test_figures_without_sense(self) -> None:
        """A number too big for JSON would come back as another session."""
        assert one(energyByHour="1e308|1").by_hour == ()

    def test_empty_figures_after_the_end(self) -> None:
        """A trailing hour in which nothing was charged is no hour."""
        assert hours(one(energyByHour="0.9|3.5|3.4|1.6|0|0")) == hours(one())

    def test_a_session_without_length(self) -> None:
        """All in one hour."""
        found = one(endChargeDate=EXAMPLE["startChargeDate"], energyByHour="")
        assert hours(found) == [(at(10), 9400)]

    @pytest.mark.parametrize(
        ("start", "end", "month", "day", "count"),
        [("2025-03-30 00:30:00", "2025-03-30 04:30:00", 3, 29, 4), ("2025-10-26 00:30:00", "2025-10-26 04:30:00", 10, 25, 6)],
    )
    def test_a_night_in_which_the_clock_changes(self, start: str, end: str, month: int, day: int, count: int) -> None:
        """In spring an hour is missing, in autumn one comes twice; in UTC each is there once."""
        found = hours(one(startChargeDate=start, endChargeDate=end, energyByHour="", createdAt=None))
        begin = datetime(2025, month, day, 23 if month == 3 else 22, tzinfo=UTC)
        assert [hour for hour, _ in found] == [begin + timedelta(hours=each) for each in range(count)]
        assert sum(wh for _, wh in found) == pytest.approx(9400)

    @given(
        st.lists(records(), max_size=4),
        st.sampled_from([MADRID, UTC, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")]),
    )
    def test_whatever_the_record_no_hour_is_lost_or_doubled(self, raw: list[dict[str, Any]], zone: tzinfo) -> None:
        """Energy and cost are all there, in the hours of the session, and the same after a restart."""
        book, again = SessionBook(), SessionBook()
        book.add(parse(raw, zone))
        for each in book.all:
            found = [hour for hour, _ in hours(each)]
            assert found == [found[0] + index * sessions.HOUR for index in range(len(found))]
            assert found[0] <= each.start <= each.end <= found[-1] + sessions.HOUR
            assert sum(wh for _, wh in hours(each)) == pytest.approx(each.energy)
        brought = book.hourly()
        assert sum(each.energy for each in brought) == pytest.approx(sum(each.energy for each in book.all))
        assert sum(each.cost for each in brought) == pytest.approx(sum(each.cost or 0 for each in book.all))
        again.restore(json.loads(json.dumps(book.saved())))
        assert again.add(parse(raw, zone)) is None

    def test_zones_beside_the_full_hour(self) -> None:
        """Statistics want full hours of UTC, which are none of these clocks'."""
        (found,) = parse([EXAMPLE], ZoneInfo("Asia/Kolkata"))
        assert all(hour.minute == 0 for hour, _ in hours(found))
        assert sum(wh for _, wh in hours(found)) == pytest.approx(9400)


class TestBook:
    """What is kept, and what of it is news."""

    def test_only_news_change_it(self) -> None:
        """The earliest hour of what changed, or nothing."""
        book = SessionBook()
        assert book.add([one()]) == at(10)
        assert book.add([one()]) is None
        assert book.add([one(id=78, startChargeDate="2025-10-27 09:00:00", endChargeDate="2025-10-27 09:30:00")]) == at(8, 27)
        assert [each.id for each in book.all] == ["78", "77"]
        assert [each.id for each in book.last(1)] == ["77"]

    def test_a_corrected_session_leaves_no_energy_behind(self) -> None:
        """The hours that it had before are written again, with nothing in them."""
        book = SessionBook()
        book.add([one()])
        moved = one(startChargeDate="2025-10-28 13:00:00", energyByHour="7.8|1.6", createdAt=None)
        assert book.add([moved]) == at(10)
        assert [(hour.start.hour, round(hour.energy)) for hour in book.hourly()] == [(10, 0), (11, 0), (12, 7800), (13, 1600)]

    def test_a_clock_that_runs_ahead(self) -> None:
        """A session of next year would stay the newest one for a year."""
        book = SessionBook(today=lambda: date(2025, 10, 1))
        assert book.add([one()]) is None
        assert book.all == []

    def test_an_hour_that_lost_its_session_is_remembered(self) -> None:
        """Its row stands in the statistics, and must move with those before it."""
        book = SessionBook()
        book.add([one()])
        book.add([one(startChargeDate="2025-10-28 13:00:00", energyByHour="7.8|1.6", createdAt=None)])
        again = SessionBook()
        again.restore(json.loads(json.dumps(book.saved())))
        assert again.hourly() == book.hourly()

    @pytest.mark.parametrize(
        "changes",
        [
            {"startChargeDate": "2025-10-26 02:30:00", "createdAt": "2025-10-26T00:30:05Z"},
            {"cost": 0, "coCost": 0.0, "warning": True, "message": "m", "energyByHour": "0.9001|3.5|3.333333|1.6"},
            {"startChargeDate": "2025-10-26 02:30:00", "createdAt": "2025-10-26T01:30:05Z"},
            {"startChargeDate": "2025-03-30 02:30:00", "endChargeDate": "2025-03-30 05:00:00"},
        ],
    )
    def test_what_was_known_before_a_restart_is_no_news(self, changes: dict[str, Any]) -> None:
        """At a change of the clocks too."""
        book, again = SessionBook(), SessionBook()
        book.add([one(**changes)])
        again.restore(json.loads(json.dumps(book.saved())))
        assert again.add([one(**changes)]) is None

    def test_sessions_of_one_hour_add_up(self) -> None:
        """Energy and cost, in proportion."""
        book = SessionBook()
        book.add(
            [
                one(),
                one(
                    id=2,
                    startChargeDate="2025-10-28 14:30:00",
                    endChargeDate="2025-10-28 14:40:00",
                    energyByHour="1",
                    energy=1,
                    cost=0.5,
                ),
            ]
        )
        last = book.hourly()[-1]
        assert (last.start, round(last.energy)) == (at(13), 2600)
        assert last.cost == pytest.approx(1.41 * 1600 / 9400 + 0.5)

    def test_between(self) -> None:
        """What overlaps a time, not what touches its end."""
        book = SessionBook()
        book.add([one()])
        start, end = one().start, one().end
        assert book.between(start - timedelta(days=1), start + timedelta(seconds=1)) == [one()]
        assert book.between(end, end + timedelta(days=1)) == []

    def test_the_past_is_asked_for_backwards(self) -> None:
        """Stretch by stretch, until two in a row brought nothing."""
        book = SessionBook(today=lambda: date(2025, 11, 1))
        assert book.backfill() is None
        book.add([one()])
        asked = []
        for found in (3, 0, 1, 0, 0):
            stretch = book.backfill()
            assert stretch is not None
            asked.append(stretch)
            book.backfilled(stretch, found)
        # The day of the oldest one is asked for in full: the cloud's answer may end at midnight.
        assert asked[0] == (date(2025, 7, 31), date(2025, 10, 29))
        assert all(earlier[1] == later[0] for later, earlier in pairwise(asked))
        assert book.backfill() is None

    def test_the_past_ends_after_five_years(self) -> None:
        """However much there was."""
        book = SessionBook(today=lambda: date(2025, 11, 1))
        book.add([one()])
        count = 0
        while (stretch := book.backfill()) is not None:
            book.backfilled(stretch, 5)
            count += 1
        assert count == 21

    def test_what_was_missed_is_asked_for(self) -> None:
        """The short answer has five sessions: when all are new, some before them may be missing."""
        book = SessionBook(today=lambda: date(2026, 3, 6))
        book.add([one()])
        book.backfilled((date(2020, 1, 1), date(2020, 2, 1)), 0)
        book.backfilled((date(2020, 1, 1), date(2020, 2, 1)), 0)
        assert book.backfill() is None
        late = [
            one(id=each, startChargeDate=f"2026-03-0{each} 09:00:00", endChargeDate=f"2026-03-0{each} 10:00:00")
            for each in (4, 5)
        ]
        book.add(late)
        again = SessionBook()
        again.restore(json.loads(json.dumps(book.saved())))
        asked = []
        while (stretch := again.backfill()) is not None:
            asked.append(stretch)
            again.backfilled(stretch, 0)
        assert asked == [(date(2025, 12, 5), date(2026, 3, 5)), (date(2025, 10, 28), date(2025, 12, 5))]

    def test_a_second_gap_joins_the_first(self) -> None:
        """Nothing of the first is forgotten, and an overlap is no gap."""
        book = SessionBook()
        day = [
            one(id=each, startChargeDate=f"2025-10-{each} 09:00:00", endChargeDate=f"2025-10-{each} 10:00:00")
            for each in range(10, 16)
        ]
        book.add(day[:1])
        book.add(day[:2])
        assert book.backfill() == (date(2025, 7, 13), date(2025, 10, 11))
        book.add(day[3:4])
        book.add(day[5:])
        assert book.backfill() == (date(2025, 10, 11), date(2025, 10, 16))
        book.backfilled((date(2025, 10, 11), date(2025, 10, 16)), 4)
        assert book.backfill() == (date(2025, 7, 13), date(2025, 10, 11))

    def test_it_survives_a_restart(self) -> None:
        """All of it, and how far the past has been asked for."""
        book = SessionBook()
        book.add(
            [
                one(),
                one(id=2, startChargeDate="2025-10-27 09:00:00", endChargeDate="2025-10-27 09:30:00", warning=True, message="m"),
            ]
        )
        book.backfilled((date(2025, 7, 1), date(2025, 9, 1)), 0)
        again = SessionBook()
        again.restore(json.loads(json.dumps(book.saved())))
        assert again.all == book.all
        assert again.backfill() == book.backfill() == (date(2025, 4, 2), date(2025, 7, 1))
        assert again.saved() == book.saved()

    @pytest.mark.parametrize(
        "saved",
        [
            {"sessions": 5},
            {
                "sessions": [
                    5,
                    {},
                    {"id": "x", "start": "nonsense"},
                    {"id": "x", "start": "2025-01-01", "end": "2025-01-01", "energy": 5},
                ]
            },
            {"carried": "x", "asked_from": 7, "empty": "y", "hollow": [-1, "x", 1e99, None], "gap": ["x", "2025-01-01"]},
            {
                "sessions": [
                    STORED | {"energy": -5},
                    STORED | {"endChargeDate": "2024-01-01T00:00:00Z"},
                    STORED | {"endChargeDate": "2190-01-01T00:00:00Z"},
                ]
            },
            {
                "carried": [1],
                "sessions": [{"id": None, "start": "2025-01-01T00:00:00+00:00", "end": "2025-01-01T00:00:00+00:00", "energy": 5}],
            },
        ],
    )
    def test_rubbish_is_forgotten(self, saved: dict[str, Any]) -> None:
        """A file that somebody edited."""
        book = SessionBook()
        book.restore(saved)
        assert book.all == []
        assert book.backfill() is None

    def test_an_hour_without_session_is_dropped_with_its_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its row stands already, with the sum of that time."""
        monkeypatch.setattr(sessions, "MOST_KEPT", 2)
        book = SessionBook()
        book.add([one(id=3, startChargeDate="2025-10-03 09:00:00", endChargeDate="2025-10-03 09:30:00", energyByHour="")])
        for day in (4, 5, 6):
            book.add([one(id=day, startChargeDate=f"2025-10-0{day} 09:00:00", endChargeDate=f"2025-10-0{day} 09:30:00")])
            book.add([one(id=day, startChargeDate=f"2025-10-0{day} 11:00:00", endChargeDate=f"2025-10-0{day} 11:30:00")])
        assert [(each.start.day, each.start.hour) for each in book.hourly()] == [(5, 7), (5, 9), (6, 7), (6, 9)]

    def test_what_is_dropped_stays_in_the_sum(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The oldest go; what comes before them later is no news any more."""
        monkeypatch.setattr(sessions, "MOST_KEPT", 2)
        book = SessionBook()
        day = [
            one(id=each, startChargeDate=f"2025-10-{each:02} 09:00:00", endChargeDate=f"2025-10-{each:02} 09:30:00")
            for each in (3, 4, 5)
        ]
        book.add(day)
        assert [each.id for each in book.all] == ["4", "5"]
        assert (book.carried_energy, book.carried_cost) == (9400, 1.41)
        assert book.add([day[0]]) is None
        again = SessionBook()
        again.restore(book.saved())
        assert (again.carried_energy, again.carried_cost) == (9400, 1.41)
