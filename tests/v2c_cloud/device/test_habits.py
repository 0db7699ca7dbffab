"""What is learned of the hours at which charges begin."""

import json

from hypothesis import given, strategies as st
import pytest

from custom_components.energy_core.pacing import DAY
from custom_components.v2c_cloud.v2c.habits import HOUR, HOURS, STATES, Habits

# Midnight of some day.
MIDNIGHT = 1_800_000_000.0 - 1_800_000_000.0 % DAY


def at(hour):
    return MIDNIGHT + hour * HOUR


@pytest.fixture
def habits():
    """Nothing learned."""
    return Habits(MIDNIGHT)


def watch(habits, days, begins=19.0):
    """Look each half hour, by day and night; a charge begins once a day."""
    for half in range(days * 2 * HOURS):
        before, now = at(half / 2), at(half / 2 + 0.5)
        habits.looked("A", "idle", before, now)
        if half / 2 % HOURS == begins:
            habits.began("A", "idle")


def test_nothing_learned_changes_nothing(habits):
    assert {habits.patience(state, at(hour)) for state in STATES for hour in range(HOURS)} == {1.0}
    assert habits.usual(*STATES) == pytest.approx(1.0)
    assert habits.saved() == {}


def test_a_charger_that_charges_has_no_habits(habits):
    habits.looked("A", None, at(0), at(1))
    habits.began("A", None)
    assert habits.patience(None, at(0)) == 1.0
    assert habits.saved() == {}


def test_the_usual_hour_is_watched_and_the_others_wait(habits):
    watch(habits, 30)
    assert habits.patience("idle", at(19)) < 0.5
    assert habits.patience("idle", at(5)) == pytest.approx((1 + 30 / 24) ** (1 / 3))
    assert habits.patience("waiting", at(19)) == 1.0


def test_looks_of_a_day_cost_what_all_hours_cost(habits):
    watch(habits, 30)
    hours = [habits.patience("idle", at(hour)) for hour in range(HOURS)]
    assert HOURS / habits.usual("idle") == pytest.approx(sum(1 / each for each in hours))


def test_one_hour_says_little_of_a_day(habits):
    habits.looked("A", "idle", at(19), at(19.1))
    habits.began("A", "idle")
    assert habits.patience("idle", at(19)) < 0.8
    assert habits.usual("idle") > 0.98


def test_a_start_between_two_looks_belongs_to_each_hour_in_part(habits):
    habits.looked("A", "waiting", at(18.75), at(19.25))
    habits.began("A", "waiting")
    days, starts = habits.saved()["waiting"]
    assert (starts[18], starts[19], sum(starts)) == (0.5, 0.5, 1.0)
    assert days[18] == days[19] == pytest.approx(0.25 / 24, abs=1e-4)


def test_a_start_counts_once(habits):
    habits.looked("A", "idle", at(18), at(19))
    habits.began("A", "idle")
    habits.began("A", "idle")
    assert sum(habits.saved()["idle"][1]) == 1.0


@pytest.mark.parametrize(("before", "now"), [(at(1), at(4)), (at(4), at(1)), (at(1), at(1)), (None, at(1))])
def test_what_lies_too_far_apart_or_runs_backwards_teaches_nothing(habits, before, now):
    habits.looked("A", "idle", before, now)
    habits.began("A", "idle")
    assert habits.saved() == {}


def test_what_was_learned_fades_by_half_in_two_weeks(habits):
    watch(habits, 10)
    before = habits.saved()["idle"][1][19]
    turned = [habits.turned(at(240 + quarter / 4)) for quarter in range(14 * 24 * 4)]
    assert sum(turned) == 14 * 24
    assert habits.saved()["idle"][1][19] == pytest.approx(before / 2, abs=1e-3)


def test_it_is_remembered(habits):
    watch(habits, 3)
    later = Habits(MIDNIGHT)
    later.restore(json.loads(json.dumps(habits.saved())))
    assert later.saved() == habits.saved()


@pytest.mark.parametrize("saved", [None, [], {"idle": 3}, {"idle": [[1], [1]]}, {"gone": [[1] * 24, [1] * 24]}])
def test_rubbish_is_ignored(habits, saved):
    habits.restore(saved)
    assert habits.saved() == {}


@given(st.lists(st.lists(st.floats() | st.none() | st.integers() | st.text(), min_size=24, max_size=24), min_size=2, max_size=2))
def test_any_memory_leaves_sensible_habits(both):
    habits = Habits(MIDNIGHT)
    habits.restore({"idle": both})
    assert 0.09 < habits.patience("idle", at(3)) < 11
    assert 0.09 < habits.usual("idle") < 11
    json.dumps(habits.saved(), allow_nan=False)
