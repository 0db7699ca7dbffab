"""What is asked for next: the most telling first, never more than may be spent, fresher and cheaper than a fixed schedule."""

from collections import Counter
from itertools import pairwise
import json
from statistics import fmean

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.pacing import DAY
from custom_components.v2c_cloud.v2c.plan import Kind, Plan, Situation, Task
from custom_components.v2c_cloud.v2c.quota import Quota
from tests.energy_core.clock import Clock
from tests.source_tree import ROOT
from tests.v2c_cloud.device import budget_sim
from tests.v2c_cloud.device.budget_sim import HOUR, NOON, START, Scenario

MINUTE = 60.0
LIVE, REPORTED = Task(Kind.LIVE, "A"), Task(Kind.REPORTED, "A")
SLOW = [Kind.SESSIONS, Kind.CARDS, Kind.VERSION, Kind.PROFILES]


@pytest.fixture
def clock():
    """A wall clock that moves by hand."""
    return Clock(1_800_000_000.0)


@pytest.fixture
def quota(clock):
    """The quota of an account as it comes."""
    return Quota(clock=clock)


@pytest.fixture
def rich(clock):
    """The plan of an account with one charger and more calls than it can wish for."""
    plan = Plan(Quota(limit=5000, clock=clock), clock=clock)
    plan.chargers(["A"])
    return plan


@pytest.fixture
def plan(quota, clock):
    """The plan of an account with one charger."""
    plan = Plan(quota, clock=clock)
    plan.chargers(["A"])
    return plan


def settle(plan, clock):
    """Let all be done that is due in the first minutes."""
    for _ in range(10):
        for task in plan.due():
            plan.done(task)
        clock.advance(MINUTE)
    for task in plan.due():
        plan.done(task)


def follow(plan, clock, seconds, *, answers=lambda task: True, quota=None):
    """Do what the plan says for so long; return what was asked, each with when."""
    asked, end, start = [], clock() + seconds, clock()
    while clock() < end:
        while tasks := plan.due():
            for task in tasks:
                if quota:
                    quota.spend(command=False)
                asked.append((clock() - start, task))
                if answers(task):
                    plan.done(task)
                else:
                    plan.failed(task)
                    break
        clock.advance(plan.wait())
    return asked


def times(asked, task):
    return [at for at, each in asked if each == task]


def gaps(asked, task):
    moments = times(asked, task)
    return [second - first for first, second in pairwise(moments)]


class TestOrder:
    """What comes first."""

    def test_a_cold_start_asks_for_what_is_told_first(self, quota, clock):
        """Two chargers are shown with seven calls; what can wait is spread over the next minutes."""
        plan = Plan(quota, clock=clock)
        assert plan.due() == [Task(Kind.PAIRINGS)]
        plan.chargers(["A", "B"])
        first = plan.due()
        assert first[0] == Task(Kind.PAIRINGS)
        assert {(task.kind, task.device_id) for task in first[1:]} == {
            (kind, each) for kind in (Kind.LIVE, Kind.REPORTED, Kind.CONNECTED) for each in "AB"
        }
        asked = follow(plan, clock, 6 * MINUTE)
        assert {task.kind for _, task in asked} == set(Kind)
        assert all(len(times(asked, Task(kind, "A"))) == 1 for kind in SLOW)

    def test_no_round_is_longer_than_a_batch(self, quota, clock):
        plan = Plan(quota, clock=clock)
        plan.chargers([f"C{number}" for number in range(20)])
        assert len(plan.due()) == 10

    def test_what_is_wanted_now_comes_first(self, plan, clock):
        settle(plan, clock)
        clock.advance(DAY)
        cards = Task(Kind.CARDS, "A")
        plan.hurry(cards, Task(Kind.LIVE, "nobody"))
        assert plan.due()[0] == cards
        plan.done(cards)
        assert cards not in plan.due()

    def test_the_longest_overdue_comes_first(self, plan, clock):
        settle(plan, clock)
        clock.advance(31 * MINUTE)
        assert plan.due() == [LIVE, REPORTED]

    def test_a_charger_that_is_gone_is_not_asked_for(self, plan, clock):
        plan.hurry(LIVE)
        plan.chargers(["B"])
        assert all(task.device_id in (None, "B") for task in plan.due())
        plan.situation("A", Situation(charging=True))
        plan.done(LIVE)
        plan.failed(LIVE)
        assert "A" not in json.dumps(plan.saved())


class TestRhythm:
    """How often, as long as it can be afforded."""

    @pytest.mark.parametrize(
        ("situation", "live"),
        [
            (Situation(), 300),
            (Situation(plugged=True), 200),
            (Situation(plugged=True, charging=True), 30),
        ],
    )
    def test_live_data_follow_the_charge(self, rich, clock, situation, live):
        settle(rich, clock)
        rich.situation("A", situation)
        asked = follow(rich, clock, HOUR)
        assert gaps(asked, LIVE) == pytest.approx([live] * len(gaps(asked, LIVE)), abs=6)
        assert len(times(asked, LIVE)) >= HOUR / live - 1
        assert len(times(asked, REPORTED)) == 2

    def test_a_healthy_lan_needs_no_live_data(self, plan, clock):
        plan.situation("A", Situation(lan=True, charging=True, plugged=True))
        asked = follow(plan, clock, DAY)
        assert times(asked, LIVE) == []
        assert 45 <= len(times(asked, REPORTED)) <= 49
        assert len(asked) < 120
        plan.hurry(LIVE)
        assert LIVE in plan.due()

    @pytest.mark.parametrize(
        ("task", "calls"),
        [
            (Task(Kind.PAIRINGS), 24),
            (Task(Kind.TOTALS), 4),
            (Task(Kind.CONNECTED, "A"), 24),
            (Task(Kind.SESSIONS, "A"), 4),
            (Task(Kind.CARDS, "A"), 4),
            (Task(Kind.VERSION, "A"), 2),
            (Task(Kind.PROFILES, "A"), 2),
        ],
    )
    def test_what_seldom_changes_is_seldom_asked_for(self, plan, clock, task, calls):
        settle(plan, clock)
        plan.situation("A", Situation(lan=True))
        assert len(times(follow(plan, clock, DAY + 15 * MINUTE), task)) == calls

    def test_the_wait_is_bounded(self, plan, clock):
        assert plan.wait() == 5
        settle(plan, clock)
        plan.situation("A", Situation(lan=True))
        assert 5 < plan.wait() <= 900
        plan.done(REPORTED)
        clock.advance(1001)
        plan.done(Task(Kind.CONNECTED, "A"))
        assert plan.wait() == 799


class TestScarcity:
    """When the wishes cost more than there is."""

    def test_all_quiet_wishes_stretch_alike_and_none_starves(self, quota, clock):
        plan = Plan(quota, clock=clock)
        names = [f"C{number:02}" for number in range(20)]
        plan.chargers(names)
        follow(plan, clock, DAY, quota=quota)
        asked = follow(plan, clock, 3 * DAY, quota=quota)
        for name in names:
            assert max(gaps(asked, Task(Kind.LIVE, name))) <= 1.25 * HOUR + 15 * MINUTE
            seldom = (Kind.VERSION, Kind.PROFILES)
            assert all(times(asked, Task(kind, name)) for kind in Kind if kind not in (Kind.PAIRINGS, Kind.TOTALS, *seldom))
            assert all(len(times(asked, Task(kind, name))) <= 1 for kind in seldom)
        assert max(gaps(asked, Task(Kind.PAIRINGS))) <= 3 * HOUR + 15 * MINUTE
        assert len(asked) < 3 * 900

    def test_a_charge_is_watched_with_what_quiet_times_saved(self, quota, clock):
        plan = Plan(quota, clock=clock)
        names = [f"C{number:02}" for number in range(10)]
        plan.chargers(names)
        follow(plan, clock, DAY, quota=quota)
        plan.situation("C03", Situation(charging=True, plugged=True))
        asked = follow(plan, clock, 4 * HOUR, quota=quota)
        watched, other = (gaps(asked, Task(Kind.LIVE, name)) for name in ("C03", "C04"))
        assert max(watched) < 400
        assert min(other) > 3 * max(watched)

    def test_quiet_days_do_not_eat_up_what_the_others_need(self, quota, clock):
        """One day is quiet, the next is not: what the first leaves is not planned for, lest the second runs out of calls."""
        plan = Plan(quota, clock=clock)
        names = ["A", "B"]
        plan.chargers(names)
        for day in range(10):
            for charging in (False, day % 2 == 1):
                for name in names:
                    plan.situation(name, Situation(charging=charging, plugged=charging))
                asked = follow(plan, clock, DAY / 2, quota=quota)
        assert all(fmean(gaps(asked, Task(Kind.LIVE, name))) < 160 for name in names)

    def test_with_nothing_left_nothing_is_due(self, plan, quota, clock):
        for _ in range(900):
            quota.spend(command=False)
        assert plan.due() == []
        assert plan.wait() == 900
        plan.hurry(LIVE)
        assert plan.due() == []
        clock.advance(DAY)
        assert plan.due()[0] == LIVE

    def test_with_little_left_the_most_urgent_is_due(self, plan, quota):
        for _ in range(898):
            quota.spend(command=False)
        plan.hurry(REPORTED)
        assert plan.due() == [REPORTED, Task(Kind.PAIRINGS)]

    def test_a_refusal_stops_all_and_the_plan_wakes_when_it_ends(self, plan, quota, clock):
        quota.refused(400)
        plan.hurry(LIVE)
        assert plan.due() == []
        assert plan.wait() == 400
        quota.refused(2 * HOUR)
        assert plan.wait() == 900
        clock.advance(2 * HOUR)
        assert plan.due()[0] == LIVE


class TestHabits:
    """A look comes sooner at the hours when charges begin."""

    NAMES = tuple(f"C{number:02}" for number in range(10))
    COMES, BEGINS, ENDS = 18, 19, 22

    def live(self, plan, clock, days, *, quota):
        """Let each car come, charge and go at the same hours; return when was looked at which charger, by its state."""
        looks, end = [], clock() + days * DAY
        while clock() < end:
            for task in plan.due():
                quota.spend(command=False)
                plan.done(task)
                if task.kind is Kind.LIVE:
                    hour = clock() % DAY / HOUR
                    now = Situation(plugged=hour >= self.COMES, charging=self.BEGINS <= hour < self.ENDS)
                    looks.append((hour, task.device_id, now))
                    plan.situation(task.device_id, now)
            clock.advance(plan.wait())
        return looks

    def delay(self, looks):
        """Return the mean of hours until the charges of a day were seen."""
        seen = {name: hour - self.BEGINS for hour, name, now in reversed(looks) if now.charging}
        return sum(seen.values()) / len(seen)

    def test_a_charge_at_its_usual_hour_is_seen_sooner(self, quota, clock):
        plan = Plan(quota, clock=clock)
        plan.chargers(self.NAMES)
        self.live(plan, clock, 14, quota=quota)
        looks = self.live(plan, clock, 1, quota=quota)
        unusual = 6 * len(self.NAMES) / sum(9 <= hour < 15 for hour, *_ in looks)
        assert self.delay(looks) < unusual / 4
        waiting = sum(self.COMES <= hour < self.BEGINS for hour, *_ in looks)
        charged = sum(hour >= self.ENDS + 1 for hour, *_ in looks)
        assert waiting > 2 * charged

    def test_no_charger_is_forgotten_at_an_unusual_hour(self, quota, clock):
        plan = Plan(quota, clock=clock)
        plan.chargers(self.NAMES)
        self.live(plan, clock, 14, quota=quota)
        asked = follow(plan, clock, 2 * DAY, quota=quota)
        assert all(max(gaps(asked, Task(Kind.LIVE, name))) <= 1.25 * HOUR + 15 * MINUTE for name in self.NAMES)

    def test_what_can_be_had_does_not_wait_for_its_hour(self, clock):
        quota = Quota(limit=20_000, clock=clock)
        plan = Plan(quota, clock=clock)
        plan.chargers(["A"])
        self.live(plan, clock, 14, quota=quota)
        assert max(gaps(follow(plan, clock, DAY, quota=quota), LIVE)) <= 306

    def test_habits_survive_a_restart(self, quota, clock):
        plan = Plan(quota, clock=clock)
        plan.chargers(self.NAMES)
        self.live(plan, clock, 2, quota=quota)
        habits = plan.saved()["habits"]
        assert sum(habits["waiting"][1]) == pytest.approx(20, abs=1)
        later = Plan(quota, clock=clock)
        later.restore(json.loads(json.dumps(plan.saved())))
        assert later.saved()["habits"] == habits

    def test_the_local_network_teaches_nothing(self, plan, quota, clock):
        settle(plan, clock)
        plan.hurry(LIVE)
        plan.done(LIVE)
        plan.situation("A", Situation(lan=True, plugged=True))
        plan.situation("A", Situation(lan=True, plugged=True, charging=True))
        assert not any(sum(starts) for _, starts in plan.saved()["habits"].values())


class TestFailure:
    """What does not answer is asked ever more seldom."""

    def test_a_failed_call_waits_ever_longer_up_to_a_quarter_of_an_hour(self, plan, clock):
        settle(plan, clock)
        asked = follow(plan, clock, 3 * HOUR, answers=lambda task: task != LIVE)
        assert gaps(asked, LIVE)[:4] == pytest.approx([60, 120, 240, 480], abs=6)
        assert gaps(asked, LIVE)[4:] == pytest.approx([900] * len(gaps(asked, LIVE)[4:]), abs=6)
        plan.done(LIVE)
        assert LIVE not in plan.due()

    def test_an_endpoint_that_is_gone_costs_next_to_nothing(self, plan, quota, clock):
        """Each of the seldom ones fails for ever: after a few tries they cost what success would."""
        asked = follow(plan, clock, 3 * DAY, answers=lambda task: task.kind not in SLOW, quota=quota)
        failed = [at for at, task in asked if task.kind in SLOW]
        assert sum(at < DAY for at in failed) < 40
        assert sum(at >= 2 * DAY for at in failed) <= 13
        assert len(times(asked, LIVE)) > 500

    def test_wanting_it_does_not_ask_a_failing_call_at_once(self, plan, clock):
        """Somebody who wants it every half a minute must not empty the budget."""
        settle(plan, clock)
        asked = []
        for _ in range(2 * 3600 // 30):
            plan.hurry(LIVE)
            asked += [task for task in plan.due() if task == LIVE]
            for task in plan.due():
                (plan.failed if task == LIVE else plan.done)(task)
            clock.advance(30)
        assert 8 <= len(asked) <= 14

    def test_a_seldom_call_that_failed_and_is_wanted_comes_within_a_quarter_of_an_hour(self, plan, clock):
        settle(plan, clock)
        version = Task(Kind.VERSION, "A")
        for _ in range(12):
            plan.failed(version)
        plan.done(LIVE)
        clock.advance(15 * MINUTE)
        assert version not in plan.due()
        plan.hurry(version)
        assert version in plan.due()

    def test_a_cloud_that_is_down_is_probed_by_one_call_at_a_time(self, quota, clock):
        plan = Plan(quota, clock=clock)
        plan.chargers([f"C{number}" for number in range(20)])
        asked = follow(plan, clock, 6 * HOUR, answers=lambda task: False)
        assert len(asked) < 35
        clock.advance(15 * MINUTE)
        [probe] = plan.due()
        plan.failed(probe)
        assert plan.due() == []
        assert plan.wait() == 900
        clock.advance(15 * MINUTE)
        plan.done(plan.due()[0])
        assert len(plan.due()) == 10

    def test_a_healthy_lan_forgets_live_data_that_failed(self, plan, clock):
        settle(plan, clock)
        plan.failed(LIVE)
        plan.situation("A", Situation(lan=True))
        assert times(follow(plan, clock, HOUR), LIVE) == []


class TestMemory:
    """A restart costs no calls."""

    def revived(self, plan, quota, clock):
        later = Plan(quota, clock=clock)
        later.restore(json.loads(json.dumps(plan.saved())))
        return later

    def test_nothing_is_asked_again(self, rich, clock):
        settle(rich, clock)
        later = self.revived(rich, Quota(limit=5000, clock=clock), clock)
        later.chargers(["A"])
        assert later.due() == []
        clock.advance(21 * MINUTE)
        assert later.due() == [LIVE, REPORTED]

    def test_it_may_be_restored_when_the_chargers_are_known(self, plan, quota, clock):
        settle(plan, clock)
        plan.situation("A", Situation(charging=True))
        later = Plan(quota, clock=clock)
        later.chargers(["A", "B"])
        later.restore(plan.saved())
        clock.advance(65)
        assert LIVE in later.due()
        assert {task.device_id for task in later.due()} == {"A", "B"}
        assert later.saved()["situations"] == plan.saved()["situations"] | {"B": vars(Situation())}

    def test_failures_and_situations_survive(self, plan, quota, clock):
        settle(plan, clock)
        plan.situation("A", Situation(lan=True, plugged=True))
        for _ in range(8):
            plan.failed(Task(Kind.VERSION, "A"))
        later = self.revived(plan, quota, clock)
        later.chargers(["A"])
        assert later.saved() == plan.saved()
        clock.advance(11 * HOUR)
        assert Task(Kind.VERSION, "A") not in later.due()

    @pytest.mark.parametrize(
        "saved",
        [
            None,
            [],
            {"tasks": [], "situations": 3},
            {"tasks": {"live:A": 5, "cards:A": [], "version:A": ["x", None, {}], 7: [1]}, "situations": {"A": [], "B": {}}},
        ],
    )
    def test_rubbish_is_ignored(self, plan, saved):
        plan.restore(saved)
        assert len(plan.due()) == 4
        assert plan.saved() == {"tasks": {}, "appetite": 1.0, "habits": {}, "situations": {"A": vars(Situation())}}

    def test_no_time_of_the_past_lies_in_the_future(self, rich, clock):
        rich.restore({"tasks": {"live:A": [clock() + 30 * DAY, 0, 0], "reported:A": [None, 3, 1e300]}})
        assert LIVE not in rich.due()
        clock.advance(300)
        assert {LIVE, REPORTED} <= set(rich.due())

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(["tasks", "situations", "live:A", "cards:A", "A", "lan", "charging"]), inner)
            ),
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_any_memory_can_be_read_and_saved_again(self, saved):
        clock = Clock(1_800_000_000.0)
        plan = Plan(Quota(clock=clock), clock=clock)
        plan.chargers(["A"])
        plan.restore(saved)
        plan.due()
        assert 5 <= plan.wait() <= 900
        json.dumps(plan.saved(), allow_nan=False)

    def test_a_clock_that_jumps_back_neither_repeats_nor_delays(self, rich, clock):
        settle(rich, clock)
        rich.failed(REPORTED)
        clock.advance(-10 * HOUR)
        assert rich.due() == []
        clock.advance(MINUTE)
        assert rich.due() == [REPORTED]
        rich.done(REPORTED)
        clock.advance(4 * MINUTE)
        assert rich.due() == [LIVE]

    def test_a_clock_that_jumps_back_does_not_hold_a_probe(self, plan, clock):
        for _ in range(3):
            plan.failed(LIVE)
        clock.advance(-10 * HOUR)
        assert plan.due() == []
        clock.advance(MINUTE)
        assert len(plan.due()) == 1


def ours(**options):
    """Return what our plan makes of a scenario."""
    return budget_sim.ours(Scenario(**options))


def theirs(chargers):
    """Return what the predecessor's schedule makes of a scenario."""
    return budget_sim.theirs(Scenario(chargers))


def within(result, start, hours):
    """Return how many calls fall into some hours."""
    return sum(start <= at - START < start + hours * HOUR for at in result.calls)


class TestSimulatedDays:
    """Days with 50 commands and 3 restarts each, against the predecessor's fixed schedule."""

    @pytest.mark.parametrize("chargers", [1, 5, 20])
    def test_never_over_the_limit_and_every_command_goes_through(self, chargers):
        result = ours(chargers=chargers)
        assert result.busiest() <= 1000
        assert result.kinds["command"] == 3 * 50
        assert result.refused_commands == 0
        assert result.least_for_commands >= 50
        # Polls stop at 900; only a command goes beyond.
        assert result.busiest() <= 950

    @pytest.mark.parametrize("chargers", [1, 5, 20])
    def test_fresher_data_than_the_predecessor(self, chargers):
        """It spends what there is, and where it matters."""
        mine, old = ours(chargers=chargers), theirs(chargers)
        assert mine.per_day(3) <= 900
        assert mine.age("charging") < 0.8 * old.age("charging")

    @pytest.mark.parametrize("chargers", [1, 5, 20])
    @pytest.mark.parametrize(
        "options",
        [
            {"seed": 11, "turns_at": 0.0},
            {"seed": 12, "turns_at": 19.0, "others_a_day": 40},
            {"seed": 13, "headers": False},
            {"seed": 14, "read_back_all": True},
        ],
        ids=str,
    )
    def test_whatever_the_days_are_like(self, chargers, options):
        result = ours(chargers=chargers, **options)
        assert result.busiest() <= 1000
        assert result.refused_commands == 0
        assert result.age("charging") < theirs(chargers).age("charging")

    def test_others_are_made_room_for(self):
        result = ours(chargers=5, others_a_day=300)
        assert result.refused_commands == 0
        by_day = Counter((at - START - 2 * HOUR) // DAY for at in result.calls)
        assert max(by_day.values()) + 300 <= 1020

    @pytest.mark.parametrize("chargers", [1, 5, 20])
    def test_an_outage_costs_little(self, chargers):
        """Six hours of 5xx in the day: a probe now and then, and the commands that users try."""
        result = ours(chargers=chargers, outage=(NOON, NOON + 6 * HOUR), commands_a_day=0)
        assert within(result, NOON, 6) <= 40
        assert within(result, NOON + 6 * HOUR, 0.5) >= 3

    @pytest.mark.parametrize("chargers", [1, 5, 20])
    def test_a_refusal_is_obeyed_and_not_retried(self, chargers):
        result = ours(chargers=chargers, refusal=(NOON, 2 * HOUR))
        refused_at = next(at for at in result.calls if at - START >= NOON)
        assert sum(refused_at <= at < refused_at + 2 * HOUR for at in result.calls) == 1
        assert result.busiest() <= 1000

    def test_a_healthy_lan_costs_an_eighth(self):
        result = ours(chargers=1, lan=True, commands_a_day=0)
        assert result.per_day(3) <= 120

    def test_the_docs_show_what_the_simulation_prints(self):
        page = ROOT / "docs" / "v2c.md"
        assert budget_sim.table().strip() in page.read_text(encoding="utf-8")
