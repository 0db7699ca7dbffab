"""The count of calls: a rolling day of our own, made more careful by the server, and never refilled by a restart."""

import json
import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.errors import RateLimitedError
from custom_components.energy_core.pacing import DAY
from custom_components.v2c_cloud.v2c.quota import Quota
from tests.energy_core.clock import Clock

HOUR = 3600.0


@pytest.fixture
def clock():
    """A wall clock that moves by hand."""
    return Clock(1_800_000_000.0)


@pytest.fixture
def quota(clock):
    """The quota of an account as it comes."""
    return Quota(clock=clock)


def spend(quota, times, *, command=False):
    for _ in range(times):
        quota.spend(command=command)


def restarted(quota, clock, **options):
    """Return the quota of the next life, through JSON."""
    later = Quota(clock=clock, **options)
    later.restore(json.loads(json.dumps(quota.saved())))
    return later


def said(remaining, limit=1000, **more):
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), **more}


class TestOwnCount:
    """Without any word from the server."""

    def test_a_fresh_account_leaves_a_share_to_others_and_a_reserve_to_commands(self, quota):
        assert (quota.limit, quota.remaining, quota.daily) == (1000, 1000, 900)
        assert (quota.left(), quota.left(command=True)) == (900, 950)
        assert quota.blocked_until is None

    def test_it_knows_for_how_long_it_has_counted(self, quota, clock):
        assert quota.counted == 0
        spend(quota, 1)
        clock.advance(3 * HOUR)
        spend(quota, 1)
        assert quota.counted == 3 * HOUR
        clock.advance(22 * HOUR)
        assert quota.counted == 22 * HOUR

    def test_polls_stop_at_the_reserve_and_commands_at_the_share(self, quota, clock):
        spend(quota, 900)
        with pytest.raises(RateLimitedError) as caught:
            quota.spend(command=False)
        assert caught.value.key == "budget_exhausted"
        assert caught.value.placeholders["limit"] == "1000"
        assert caught.value.retry_after == DAY
        spend(quota, 50, command=True)
        with pytest.raises(RateLimitedError):
            quota.spend(command=True)
        assert (quota.left(), quota.left(command=True), quota.remaining) == (0, 0, 50)

    def test_a_use_comes_back_after_a_day(self, quota, clock):
        spend(quota, 1)
        clock.advance(HOUR)
        spend(quota, 899)
        clock.advance(22 * HOUR)
        with pytest.raises(RateLimitedError) as caught:
            quota.spend(command=False)
        assert caught.value.retry_after == HOUR
        assert quota.returning(HOUR / 2) == 0
        assert quota.returning(HOUR + 1) == 1
        clock.advance(HOUR)
        assert quota.left() == 1

    @pytest.mark.parametrize(
        ("share", "polls", "commands"),
        [(0.0, 950, 1000), (0.05, 900, 950), (0.5, 450, 500), (0.9, 75, 100), (3.0, 75, 100), (-1.0, 950, 1000)],
    )
    def test_the_share_of_others_may_change_and_never_takes_all(self, quota, share, polls, commands):
        """A small rest is split, not eaten by the reserve."""
        quota.share = share
        assert (quota.left(), quota.left(command=True)) == (polls, commands)

    def test_an_account_without_calls_says_when_to_come_back(self, clock):
        quota = Quota(limit=0, clock=clock)
        with pytest.raises(RateLimitedError) as caught:
            quota.spend(command=True)
        assert caught.value.retry_after == DAY

    def test_a_clock_that_jumps_back_neither_frees_nor_freezes(self, quota, clock):
        spend(quota, 900)
        clock.advance(-10 * HOUR)
        assert quota.left() == 0
        clock.advance(DAY - 1)
        assert quota.left() == 0
        clock.advance(1)
        assert quota.left() == 900


class TestServer:
    """What the headers say."""

    def test_the_server_can_only_make_us_more_careful(self, quota):
        quota.heard(said(5000, limit=5000))
        assert (quota.limit, quota.remaining, quota.left()) == (1000, 1000, 900)
        quota.heard(said(400))
        assert (quota.remaining, quota.left(), quota.left(command=True)) == (400, 350, 400)
        spend(quota, 10)
        assert quota.remaining == 390
        assert quota.left() == 340

    def test_names_are_not_case_sensitive_and_may_have_a_prefix(self, quota):
        quota.heard({"ratelimit-REMAINING": "300, 300;w=86400", "X-RateLimit-Limit": " 900 "})
        assert (quota.limit, quota.remaining) == (900, 300)

    def test_a_lower_limit_counts_at_once(self, quota):
        spend(quota, 100)
        quota.heard({"RateLimit-Limit": "200"})
        assert (quota.limit, quota.remaining, quota.daily, quota.left(), quota.left(command=True)) == (200, 100, 143, 43, 90)

    def test_our_own_count_rules_when_the_day_of_the_server_turns(self, quota):
        """A fresh server day in the middle of ours does not allow two budgets in 24 hours."""
        spend(quota, 800)
        quota.heard(said(3))
        assert quota.left() == 0
        quota.heard(said(999))
        assert quota.left() == 100

    def test_what_comes_back_does_not_count_when_the_server_allows_less(self, quota, clock):
        spend(quota, 10)
        clock.advance(DAY - 10)
        quota.heard(said(990))
        assert quota.returning(60) == 10
        quota.heard(said(700))
        assert quota.returning(60) == 0

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            said("many"),
            said("-4"),
            said("1e3", limit="1e3"),
            said("", limit=""),
            said("\u0663", limit="\u0661\u0660\u0660\u0660"),
            said("9" * 40, limit="9" * 40),
            said(2000, limit=1000),
            said(9, limit=10),
            said(0, limit=0),
            {"RateLimit": "limit=1, remaining=0"},
        ],
    )
    def test_nonsense_is_ignored(self, quota, headers):
        quota.heard(headers)
        assert (quota.limit, quota.left(), quota.remaining) == (1000, 900, 1000)

    def test_a_figure_of_nothing_is_tried_once_an_hour(self, quota, clock):
        """Only an answer tells that the server's day is over, and nothing says when that is."""
        quota.heard(said(50))
        assert quota.left() == 0
        with pytest.raises(RateLimitedError) as caught:
            quota.spend(command=False)
        assert caught.value.retry_after == HOUR
        assert quota.left(command=True) == 50
        clock.advance(HOUR)
        assert quota.left() == 1
        quota.spend(command=False)
        assert quota.left() == 0
        clock.advance(HOUR)
        quota.spend(command=False)
        quota.heard(said(999))
        assert quota.left() == 898

    def test_a_figure_ends_after_a_day(self, quota, clock):
        quota.heard(said(0))
        clock.advance(DAY - 1)
        assert quota.left() == 1
        clock.advance(1)
        assert quota.left() == 900

    @pytest.mark.parametrize(
        ("reset", "holds"),
        [
            ("600", 600),
            ("0", DAY),
            ("86401", DAY),
            ("1800000900", 900),
            ("1799999999", DAY),
            ("1800000900000", DAY),
            ("soon", DAY),
        ],
    )
    def test_a_reset_that_makes_sense_ends_it_sooner(self, quota, clock, reset, holds):
        quota.heard(said(0, **{"X-RateLimit-Reset": reset}))
        clock.advance(holds - 1)
        assert quota.remaining == 0
        clock.advance(1)
        assert quota.remaining == 1000

    def test_a_clock_that_jumps_back_does_not_stretch_a_figure(self, quota, clock):
        quota.heard(said(0, **{"RateLimit-Reset": "600"}))
        clock.advance(-5 * HOUR)
        assert quota.remaining == 0
        clock.advance(600)
        assert quota.remaining == 1000


class TestRefusal:
    """After a 429."""

    def test_nothing_is_sent_until_it_ends(self, quota, clock):
        quota.refused(1800)
        assert quota.blocked_until == clock() + 1800
        assert (quota.left(), quota.left(command=True), quota.remaining) == (0, 0, 0)
        with pytest.raises(RateLimitedError) as caught:
            quota.spend(command=True)
        assert caught.value.retry_after == 1800
        clock.advance(1800)
        assert quota.blocked_until is None
        assert quota.left() == 900

    @pytest.mark.parametrize("retry_after", [None, -1.0, DAY + 1, math.inf, math.nan])
    def test_without_a_sane_time_it_is_an_hour_then_twice_as_long(self, quota, clock, retry_after):
        for hours in (1, 2, 4, 6, 6):
            quota.refused(retry_after)
            assert quota.blocked_until == clock() + hours * HOUR
            clock.advance(hours * HOUR)
        quota.heard({})
        quota.refused(retry_after)
        assert quota.blocked_until == clock() + HOUR

    def test_a_server_that_says_soon_again_and_again_is_not_believed(self, quota, clock):
        for wait in (60, 120, 240):
            quota.refused(0)
            assert quota.blocked_until == clock() + wait
            clock.advance(wait)

    def test_a_long_time_is_obeyed(self, quota, clock):
        for _ in range(2):
            quota.refused(DAY)
            assert quota.blocked_until == clock() + DAY
            clock.advance(DAY)

    def test_calls_that_were_on_their_way_do_not_make_it_worse(self, quota, clock):
        quota.refused(None)
        clock.advance(5)
        quota.refused(None)
        assert quota.blocked_until == clock() + HOUR
        quota.refused(60)
        assert quota.blocked_until == clock() + HOUR

    def test_what_was_heard_before_is_no_longer_true(self, quota, clock):
        quota.heard(said(0))
        quota.refused(60)
        clock.advance(60)
        assert quota.left() == 900

    def test_a_clock_that_jumps_back_does_not_stretch_it(self, quota, clock):
        quota.refused(1800)
        clock.advance(-10 * HOUR)
        assert quota.left(command=True) == 0
        clock.advance(1799)
        assert quota.left(command=True) == 0
        clock.advance(1)
        assert quota.left(command=True) == 950


class TestRestart:
    """What survives."""

    def test_everything_does(self, quota, clock):
        spend(quota, 120)
        quota.heard(said(500, limit=900))
        quota.refused(None)
        later = restarted(quota, clock)
        assert later.blocked_until == quota.blocked_until
        clock.advance(HOUR)
        assert (later.limit, later.left()) == (900, 685)
        later.refused(None)
        assert later.blocked_until == clock() + 2 * HOUR

    def test_a_figure_survives(self, quota, clock):
        quota.heard(said(500))
        spend(quota, 5)
        clock.advance(HOUR)
        later = restarted(quota, clock)
        assert later.remaining == 495
        clock.advance(23 * HOUR)
        assert later.remaining == 1000

    def test_time_passes_while_it_is_down(self, quota, clock):
        spend(quota, 900)
        quota.refused(HOUR)
        stored = quota.saved()
        clock.advance(DAY)
        later = Quota(clock=clock)
        later.restore(stored)
        assert later.left() == 900

    def test_what_was_used_before_the_restore_counts(self, quota, clock):
        """Set-up asks for the chargers before the memory is read."""
        spend(quota, 10)
        stored = quota.saved()
        later = Quota(clock=clock)
        spend(later, 2)
        later.restore(stored)
        assert later.left() == 888

    def test_a_clock_that_is_behind_the_one_that_saved(self, quota, clock):
        spend(quota, 900)
        quota.heard(said(100))
        stored = quota.saved()
        quota.refused(2 * HOUR)
        blocked = quota.saved()
        clock.advance(-30 * DAY)
        later, other = Quota(clock=clock), Quota(clock=clock)
        later.restore(stored)
        other.restore(blocked)
        assert (later.left(), later.remaining) == (0, 100)
        assert other.blocked_until == clock() + 2 * HOUR
        clock.advance(DAY)
        assert (later.left(), later.remaining) == (900, 1000)
        assert other.left() == 900

    @pytest.mark.parametrize(
        "saved",
        [
            None,
            [],
            "uses",
            {},
            {"uses": 5, "heard": [1], "blocked_until": "never", "refusals": "some", "limit": "few", "at": []},
            {"uses": [None, "x", True, {}], "heard": {"remaining": -1, "at": 0, "until": 9e99}, "limit": 3},
            {"heard": {"remaining": 1}, "refusals": -5, "blocked_until": math.nan, "at": math.inf},
        ],
    )
    def test_rubbish_is_ignored(self, quota, saved):
        quota.restore(saved)
        assert (quota.limit, quota.left(), quota.blocked_until) == (1000, 900, None)

    def test_no_memory_blocks_for_longer_than_a_day(self, quota, clock):
        quota.restore({"blocked_until": 1e300, "heard": {"remaining": 0, "at": 1e300, "until": 1e300}, "refusals": 1e300})
        clock.advance(DAY)
        assert quota.left() == 900
        quota.refused(None)
        assert quota.blocked_until == clock() + 6 * HOUR

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["at", "uses", "limit", "heard", "remaining", "until", "blocked_until", "refusals"]), inner
                )
            ),
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_any_memory_can_be_read_and_saved_again(self, saved):
        """A file that was edited by hand does not stop the integration."""
        quota = Quota(clock=Clock(1_800_000_000.0))
        quota.restore(saved)
        assert 0 <= quota.left() <= 900
        json.dumps(quota.saved(), allow_nan=False)


@given(st.lists(st.tuples(st.sampled_from(["poll", "command", "restart", "heard"]), st.floats(0, 4000))))
@settings(max_examples=100, deadline=None)
def test_no_day_has_more_calls_than_the_limit(steps):
    """Whatever happens, and however often it is restarted."""
    clock = Clock(1_800_000_000.0)
    quota, made = Quota(limit=20, reserve=5, share=0.1, clock=clock), []
    for what, seconds in steps:
        clock.advance(seconds)
        if what == "restart":
            quota = restarted(quota, clock, limit=20, reserve=5, share=0.1)
        elif what == "heard":
            quota.heard(said(1000))
        elif quota.left(command=what == "command"):
            quota.spend(command=what == "command")
            made.append(clock())
        assert sum(at > clock() - DAY for at in made) <= 18
