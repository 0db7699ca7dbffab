"""Energy counters: never back by a glitch, always back by a real reset."""

from datetime import UTC, datetime, timedelta, timezone
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.counters import CONFIRMATIONS, HEADROOM, SLACK_WH, Counter, CounterPolicy

LIFETIME, DAILY = CounterPolicy.LIFETIME, CounterPolicy.DAILY
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLL = timedelta(seconds=10)
MAX_POWER = 10_000
# What 10 s at full power with headroom can bring, and the slack: 141.67 Wh.
REACH = MAX_POWER * HEADROOM * 10 / 3600 + SLACK_WH


def counter(policy=LIFETIME, value=5000.0, at=NOON):
    """A counter that has shown ``value`` at ``at``."""
    made = Counter(policy, MAX_POWER)
    made.accept(value, at)
    return made


def feed(made, *readings, start=NOON):
    """Give one reading each 10 s after ``start``; return what is published."""
    return [made.accept(reading, start + POLL * (index + 1)) for index, reading in enumerate(readings)]


class TestAnyCounter:
    """Rules for both policies."""

    def test_the_first_reading_is_believed(self):
        """Whatever a counter shows first is its level, and its reset is now."""
        made = Counter(LIFETIME, MAX_POWER)
        assert made.accept(123.0, NOON) == 123.0
        assert (made.value, made.seen, made.reset) == (123.0, NOON, NOON)

    def test_a_counter_follows_what_can_flow(self):
        """Rises up to full power and headroom pass at once, and nothing about the reset changes."""
        made = counter()
        assert feed(made, 5000, 5001, 5141) == [5000, 5001, 5141]
        assert (made.reset, made.seen) == (NOON, NOON + POLL * 3)

    def test_a_level_that_stays_is_seen_again(self):
        """An hour of rest gives no credit for later: what may flow counts from the last equal reading."""
        made = counter()
        made.accept(5000, NOON + timedelta(hours=1))
        assert made.accept(5142, NOON + timedelta(hours=1) + POLL) == 5000

    def test_a_rise_beyond_what_can_flow_is_held(self):
        """A little more than can flow needs confirmation; held values do not move the clock of the last good one."""
        made = counter()
        assert feed(made, 5142) == [5000]
        assert (made.value, made.seen) == (5000, NOON)

    def test_the_reach_grows_with_time(self):
        """After a night without readings a night's energy is plausible."""
        made = counter()
        assert made.accept(5000 + 80_000, NOON + timedelta(hours=8)) == 85_000

    @pytest.mark.parametrize(("later", "most"), [(timedelta(), 100), (timedelta(seconds=24), 200), (timedelta(hours=8), 120_100)])
    def test_the_reach_is_a_bound(self, later, most):
        """What can flow in the time, and the slack; a hundredth of a Wh more is held."""
        assert counter().accept(5000 + most, NOON + later) == 5000 + most
        assert counter().accept(5000.01 + most, NOON + later) == 5000

    def test_candidates_agree_within_reach(self):
        """The second is 200 Wh above the first after 24 s: as much as can have flowed since the last good one."""
        made, seconds = counter(), [NOON + timedelta(seconds=12 * number) for number in (1, 2, 3)]
        assert [made.accept(reading, at) for reading, at in zip((9000, 9200, 9200), seconds, strict=True)] == [5000, 5000, 9200]

    @pytest.mark.parametrize("spike", [5_000_000, 5000 + 2**32, 0, 4999])
    @pytest.mark.parametrize("times", [1, 2])
    def test_a_spike_of_one_or_two_readings_is_never_published(self, spike, times):
        """x1000, 2^32, zero or one less: the level stays, and goes on from there."""
        made = counter()
        published = feed(made, *[spike] * times, 5002)
        assert published == [5000] * times + [5002]
        assert made.reset == NOON

    def test_a_new_level_counts_once_it_is_confirmed(self):
        """The third agreeing reading in a row is real, however odd; a fall is then a reset."""
        up, down = counter(), counter()
        assert feed(up, 5_000_000, 5_000_001, 5_000_002) == [5000, 5000, 5_000_002]
        assert up.reset == NOON
        assert feed(down, 7, 8, 9) == [5000, 5000, 9]
        assert down.reset > NOON
        assert feed(down, 10, start=NOON + POLL * 3) == [10]
        assert feed(counter(), 7, 7, 7) == [5000, 5000, 7]

    def test_readings_that_disagree_confirm_nothing(self):
        """Noise is not a level: falls among candidates and leaps beyond reach start the count anew."""
        assert feed(counter(), 900, 800, 700, 600, 500) == [5000] * 5
        assert feed(counter(), 10, 2000, 4000) == [5000] * 3
        assert feed(counter(), 0, 9e9, 0, 9e9, 0) == [5000] * 5

    def test_a_good_reading_forgets_what_was_doubted(self):
        """Two zeros, a good value, two zeros: four zeros, and none of them counts."""
        assert feed(counter(), 0, 0, 5001, 0, 0, 5002) == [5000, 5000, 5001, 5001, 5001, 5002]

    def test_a_clock_that_jumps_back_neither_frees_nor_freezes(self):
        """With our clock an hour back a plausible rise passes and a wild one waits for confirmation."""
        made, earlier = counter(), NOON - timedelta(hours=1)
        assert made.accept(5000 + SLACK_WH, earlier) == 5100
        assert made.accept(9000, earlier) == 5100

    def test_a_counter_of_unknown_age_gets_no_credit(self):
        """A restored level without its time may only rise by the slack."""
        made = Counter(LIFETIME, MAX_POWER, value=5000)
        assert made.accept(5101, NOON) == 5000
        assert made.accept(5100, NOON) == 5100


class TestLifetimeCounter:
    """A counter that never resets by itself."""

    def test_no_midnight_explains_a_fall(self):
        """A lifetime counter that shows zero after midnight is a glitch until confirmed."""
        made = counter()
        assert feed(made, 0, start=NOON + timedelta(hours=13)) == [5000]


class TestDailyCounter:
    """A counter that starts anew each day."""

    MIDNIGHT = datetime(2026, 6, 2, tzinfo=UTC)

    def test_midnight_is_followed_at_once(self):
        """The first small reading of a new day is published, and is a reset."""
        made = counter(DAILY)
        after = self.MIDNIGHT + POLL
        assert made.accept(3.0, after) == 3.0
        assert made.reset.date() == after.date()

    def test_a_fall_on_the_same_day_is_a_glitch(self):
        """At noon nothing explains zero."""
        assert feed(counter(DAILY), 0, 0, 5001) == [5000, 5000, 5001]

    def test_a_new_day_explains_one_fall_only(self):
        """After the reset of the day the next zero is a glitch."""
        made = counter(DAILY)
        after = self.MIDNIGHT + timedelta(hours=1)
        assert feed(made, 100, 200, 0, 201, start=after) == [100, 200, 200, 201]

    def test_a_new_day_does_not_explain_more_than_it_can_have_brought(self):
        """At half past midnight one hour's energy (ours and the device's clock) is the most: 15.1 kWh."""
        early = self.MIDNIGHT + timedelta(minutes=30)
        most = MAX_POWER * HEADROOM + SLACK_WH
        assert counter(DAILY, value=40_000).accept(most + 1, early) == 40_000
        assert counter(DAILY, value=40_000).accept(most, early) == most

    def test_a_device_clock_may_be_half_an_hour_early(self):
        """A reset at 23:30 counts at once, a minute before that it does not."""
        assert counter(DAILY).accept(1, self.MIDNIGHT - timedelta(minutes=30)) == 1
        assert counter(DAILY).accept(1, self.MIDNIGHT - timedelta(minutes=31)) == 5000

    def test_an_early_reset_was_the_one_of_the_new_day(self):
        """A device that turned the day at 23:40 has no second midnight: zero at noon is a glitch, the next night is real."""
        made = counter(DAILY)
        assert made.accept(1, self.MIDNIGHT - timedelta(minutes=20)) == 1
        noon = self.MIDNIGHT + timedelta(hours=12)
        assert made.accept(3000, noon) == 3000
        assert made.accept(0, noon + POLL) == 3000
        assert made.accept(0, self.MIDNIGHT + timedelta(hours=23, minutes=40)) == 0

    def test_a_reset_on_the_dot_was_the_one_of_the_new_day(self):
        """At 23:30 sharp: the rest of the evening and the next day have no other."""
        made = counter(DAILY)
        assert made.accept(1, self.MIDNIGHT - timedelta(minutes=30)) == 1
        assert made.accept(3000, self.MIDNIGHT + timedelta(hours=12)) == 3000
        assert made.accept(0, self.MIDNIGHT + timedelta(hours=12, seconds=10)) == 3000

    @pytest.mark.parametrize("moment", [timedelta(seconds=1), timedelta(microseconds=1)])
    def test_a_day_begins_with_its_first_moment(self, moment):
        """A counter that was met right after midnight has no other midnight on that day, whenever it is read."""
        made = counter(DAILY, at=self.MIDNIGHT + moment)
        assert made.accept(0, self.MIDNIGHT + timedelta(hours=12) + 20 * moment) == 5000

    def test_a_counter_met_late_in_the_evening_still_turns_at_midnight(self):
        """First seen at 23:45, it falls at 00:00: that is its midnight."""
        made = counter(DAILY, at=self.MIDNIGHT - timedelta(minutes=15))
        assert made.accept(0, self.MIDNIGHT + POLL) == 0

    def test_a_day_is_a_day_of_the_place(self):
        """A reset saved in another offset is compared as the same moment: 23:30 UTC is 01:30 of the next day here."""
        here = timezone(timedelta(hours=2))
        made = Counter(DAILY, MAX_POWER, 5000, reset=datetime(2026, 6, 1, 23, 30, tzinfo=UTC))
        assert made.accept(10, datetime(2026, 6, 2, 8, tzinfo=here)) == 5000
        assert made.accept(10, datetime(2026, 6, 3, 0, 1, tzinfo=here)) == 10

    def test_a_counter_that_was_never_seen_to_reset_may_fall(self):
        """Without a known reset a small level is believed at once."""
        assert Counter(DAILY, MAX_POWER, 5000).accept(50, NOON) == 50


class TestMemory:
    """What survives a restart."""

    @pytest.mark.parametrize("policy", CounterPolicy)
    def test_a_restart_changes_nothing(self, policy):
        """The restored counter publishes exactly what the old one would have."""
        old = counter(policy)
        saved = json.loads(json.dumps(old.as_dict()))
        assert saved == {"value": 5000.0, "seen": NOON.isoformat(), "reset": NOON.isoformat()}
        again = Counter.restored(policy, MAX_POWER, saved)
        assert again == old
        readings = (5001, 0, 5002, 9e9, 5003)
        assert feed(again, *readings) == feed(old, *readings) == [5001, 5001, 5002, 5002, 5003]

    def test_a_counter_that_was_never_seen_saves_nothing(self):
        """Its first reading after the restart is its first reading."""
        saved = Counter(DAILY, MAX_POWER).as_dict()
        assert saved == {"value": None, "seen": None, "reset": None}
        assert Counter.restored(DAILY, MAX_POWER, saved) == Counter(DAILY, MAX_POWER)

    @pytest.mark.parametrize(
        "value", [None, "5000", True, [1], float("nan"), float("inf"), -float("inf"), pytest.param(10**400, id="endless")]
    )
    def test_a_corrupt_level_counts_as_never_seen(self, value):
        """What cannot be a level is forgotten with everything around it."""
        saved = {"value": value, "seen": NOON.isoformat(), "reset": NOON.isoformat()}
        assert Counter.restored(LIFETIME, MAX_POWER, saved) == Counter(LIFETIME, MAX_POWER)

    def test_a_terawatt_hour_is_the_most(self):
        """More was never counted by anything in a home."""
        assert Counter.restored(LIFETIME, MAX_POWER, {"value": 1e12}).value == 1e12
        assert Counter.restored(LIFETIME, MAX_POWER, {"value": 1.1e12}).value is None
        for wrapped in (0.5, 1e12):
            saved = {"value": 5.0, "wrapped": wrapped}
            assert Counter.restored(LIFETIME, MAX_POWER, saved, modulus=1e11).wrapped == wrapped

    @pytest.mark.parametrize("when", [None, 17, "yesterday", "", "2026-06-01T12:00:00", "2026-13-01T00:00:00+00:00"])
    def test_a_corrupt_time_is_no_time(self, when):
        """A level survives without its times; a time without a zone is none."""
        again = Counter.restored(LIFETIME, MAX_POWER, {"value": 0, "seen": when, "reset": when})
        assert (again.value, again.seen, again.reset) == (0, None, None)


class TestWrap:
    """A register that starts again at its modulus, as a whole or in its parts."""

    MODULUS = 2**32 / 3600

    def wrapping(self, value, *, modulus=MODULUS, max_power=100_000):
        """A counter of a register that wraps, which has shown ``value`` at noon."""
        made = Counter(LIFETIME, max_power, modulus=modulus)
        made.accept(value, NOON)
        return made

    @pytest.mark.parametrize("turns", [1, 2, 4])
    def test_what_a_wrap_took_is_added_back(self, turns):
        """One part or several start again between two readings: the level goes on."""
        made = self.wrapping(9_000_000.0)
        assert feed(made, 9_000_100 - turns * self.MODULUS) == [pytest.approx(9_000_100)]
        assert made.wrapped == pytest.approx(turns * self.MODULUS)
        assert feed(made, 9_000_150 - turns * self.MODULUS, start=NOON + POLL) == [pytest.approx(9_000_150)]

    def test_wraps_add_up(self):
        """Ten turns of a register of 4.3 GJ: the level never falls, and ends where it should."""
        made, true, levels = self.wrapping(0.0), 0.0, []
        for step in range(1, 12_000):
            true += 1000.0
            levels.append(made.accept(true % self.MODULUS, NOON + timedelta(minutes=5 * step)))
        assert levels == sorted(levels)
        assert levels[-1] == pytest.approx(true)

    @pytest.mark.parametrize(
        ("value", "reading", "modulus", "wraps"),
        [(1500, 490, 1000, True), (1500, 489, 1000, False), (30_000, 10_200, 20_000, True), (30_000, 10_201, 20_000, False)],
    )
    def test_a_wrap_may_land_one_hundredth_of_its_modulus_beside(self, value, reading, modulus, wraps):
        """Below or above where it was, and no more: registers round, and some energy has flowed."""
        made = self.wrapping(value, modulus=modulus)
        made.accept(reading, NOON)
        assert made.wrapped == (modulus if wraps else 0)

    def test_a_restart_remembers_the_wraps(self):
        """What was added stays added."""
        made = self.wrapping(1_193_000.0)
        made.accept(50.0, NOON + POLL)
        saved = json.loads(json.dumps(made.as_dict()))
        again = Counter.restored(LIFETIME, 100_000, saved, modulus=self.MODULUS)
        assert again.wrapped == pytest.approx(self.MODULUS)
        assert again.accept(60.0, NOON + POLL * 2) == pytest.approx(self.MODULUS + 60)
        assert "wrapped" not in self.wrapping(5.0).as_dict()

    def test_a_wrap_while_nobody_looked(self):
        """A week without a reading: energy of a week and the wrap."""
        made = self.wrapping(1_100_000.0)
        level = made.accept(1_100_000 + 200_000 - self.MODULUS, NOON + timedelta(days=7))
        assert level == pytest.approx(1_300_000)

    @pytest.mark.parametrize("fall", [100.0, 300_000.0, 600_000.0, 5.5 * MODULUS])
    def test_any_other_fall_is_a_glitch_or_a_reset(self, fall):
        """Not a multiple of the modulus, or too many of them: held, and believed once it is confirmed."""
        made = self.wrapping(9_000_000.0)
        reading = 9_000_000 - fall
        assert feed(made, reading, reading, reading) == [9_000_000, 9_000_000, reading]
        assert made.wrapped == 0

    def test_without_a_modulus_there_are_no_wraps(self):
        """A plain counter holds the fall."""
        made = counter(value=9_000_000.0)
        assert feed(made, 9_000_000 - self.MODULUS) == [9_000_000]

    def test_a_register_that_was_never_seen_wraps_as_well(self):
        """Its modulus is a fact of the device, not of what was saved."""
        assert Counter.restored(LIFETIME, MAX_POWER, {}, modulus=5.0) == Counter(LIFETIME, MAX_POWER, modulus=5.0)

    @pytest.mark.parametrize("wrapped", [None, "x", -5, 1e13, float("nan"), []])
    def test_a_corrupt_sum_of_wraps_is_none(self, wrapped):
        """The level survives."""
        again = Counter.restored(LIFETIME, MAX_POWER, {"value": 5.0, "wrapped": wrapped}, modulus=self.MODULUS)
        assert (again.value, again.wrapped) == (5.0, 0.0)


# What a day of polls brings: the true rise, or one of the ways to go wrong.
STEPS = st.lists(
    st.one_of(
        st.floats(0, REACH - SLACK_WH),
        st.sampled_from(["zero", "thousand", "wrap", "less", "restart"]),
    ),
    min_size=1,
    max_size=60,
)


@given(steps=STEPS)
@settings(derandomize=True, deadline=None)
def test_glitches_shorter_than_three_readings_never_show(steps):
    """Through glitches, spikes and restarts the published level is the true one or the last true one, and never falls."""
    made, true, now, run = counter(), 5000.0, NOON, 0
    published = 5000.0
    for step in steps:
        now += POLL
        if step == "restart":
            made = Counter.restored(LIFETIME, MAX_POWER, json.loads(json.dumps(made.as_dict())))
            continue
        glitch = {"zero": 0.0, "thousand": true * 1000, "wrap": true + 2**32, "less": true - 1}.get(step)
        run = run + 1 if glitch is not None else 0
        if run == CONFIRMATIONS:
            glitch, run = None, 0
        true += step if isinstance(step, float) else 0
        before, published = published, made.accept(true if glitch is None else glitch, now)
        assert published == (true if glitch is None else before)
        assert published >= before


@given(rises=st.lists(st.floats(0, 40), min_size=20, max_size=20), start=st.integers(0, 86_399), zero=st.integers(0, 18))
@settings(derandomize=True, deadline=None)
def test_a_daily_counter_falls_once_at_midnight(rises, start, zero):
    """Over three days of hourly readings with one glitch to zero, each fall is on a new day, and the last level is true."""
    made, true, last, published, falls = Counter(DAILY, MAX_POWER), 0.0, None, 0.0, []
    now = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(seconds=start)
    for index, rise in enumerate(rises * 4):
        now += timedelta(hours=1)
        true = rise if last and now.date() != last.date() else true + rise
        last = now
        reading = 0.0 if index == zero else true
        before, published = published, made.accept(reading, now)
        if published < before:
            falls.append(now.date())
    assert published == true
    assert len(falls) == len(set(falls))
