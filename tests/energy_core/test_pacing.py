"""Turns, back-off and budgets: how gently we talk."""

import asyncio
from contextlib import suppress
from itertools import pairwise
import math
import time

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.errors import RateLimitedError
from custom_components.energy_core.pacing import DAY, Backoff, Budget, Newest, Pacer, Steady

GAP = 0.01


class Log:
    """Who had the device, from when to when."""

    def __init__(self, pacer):
        self.pacer = pacer
        self.order = []
        self.spans = []
        self.holding = 0

    async def take(self, name, *, command=False, hold=0.0):
        """Hold the device as ``name`` for ``hold`` seconds."""
        async with self.pacer.turn(command=command):
            self.holding += 1
            assert self.holding == 1, "two had the device at the same time"
            started = time.monotonic()
            self.order.append(name)
            try:
                await asyncio.sleep(hold)
            finally:
                self.spans.append((started, time.monotonic()))
                self.holding -= 1

    def start(self, name, **more):
        """Ask for a turn in the background."""
        return asyncio.get_running_loop().create_task(self.take(name, **more))


@pytest.fixture
def pacer():
    """Turns a hundredth of a second apart."""
    return Pacer(GAP)


@pytest.fixture
def log(pacer):
    """Who had the device of ``pacer``."""
    return Log(pacer)


async def settle(times=3):
    """Let every task that can run do so."""
    for _ in range(times):
        await asyncio.sleep(0)


def timers():
    """Every timer that is running."""
    return {timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()}


class TestPacer:
    """One at a time, a gap apart, commands first."""

    async def test_the_first_turn_is_free(self):
        """Nobody waits for a device that is idle, whatever the gap."""
        pacer = Pacer(3600)
        async with asyncio.timeout(1), pacer.turn():
            pass

    async def test_turns_never_overlap_and_start_a_gap_apart(self, log):
        """Ten callers at once: one after the other, in order, and never faster than the gap, start to start."""
        await asyncio.gather(*(log.take(index, hold=0.001) for index in range(10)))
        assert log.order == list(range(10))
        starts = [start for start, _ in log.spans]
        assert all(later - earlier >= GAP * 0.98 for earlier, later in pairwise(starts))
        assert all(start >= end for (_, end), (start, _) in pairwise(log.spans))

    async def test_a_request_longer_than_the_gap_leaves_no_pause_behind(self):
        """The gap counts from start to start: after a long request the next one goes at once."""
        pacer = Pacer(0.5, clock=(clock := ManualClock()))
        async with pacer.turn():
            clock.now += 0.5
        async with asyncio.timeout(0.1), pacer.turn():
            pass

    @pytest.mark.parametrize("command", [False, True])
    async def test_with_a_rest_the_gap_counts_from_end_to_start(self, pacer, command):
        """A device that is slow to recover gets its pause after each answer, from polls and from commands."""
        ends = []
        for _ in range(3):
            async with pacer.turn(command=command):
                if ends:
                    assert time.monotonic() - ends[-1] >= GAP * 0.98
                await asyncio.sleep(2 * GAP)
                pacer.rest()
                ends.append(time.monotonic())

    async def test_a_rest_counts_for_those_who_wait_and_for_failures(self, pacer, log):
        """Who is already in line waits for its end, also when the request before failed."""
        ended = []

        async def fail():
            async with pacer.turn():
                await asyncio.sleep(2 * GAP)
                pacer.rest()
                ended.append(time.monotonic())
                raise ConnectionError

        await asyncio.gather(fail(), log.take("next"), return_exceptions=True)
        assert log.spans[0][0] - ended[0] >= GAP * 0.98

    async def test_a_command_goes_before_every_waiting_poll(self, log):
        """Three polls wait, then a command comes: it is next, and the polls keep their order."""
        polls = [log.start(f"poll {index}", hold=0.002) for index in range(3)]
        await settle()
        commands = [log.start(f"command {index}", command=True) for index in range(2)]
        await asyncio.gather(*polls, *commands)
        assert log.order == ["poll 0", "command 0", "command 1", "poll 1", "poll 2"]

    @pytest.mark.parametrize("command", [False, True])
    async def test_a_clock_may_begin_at_nothing(self, command):
        """The first turn is free all the same: the machine may have been started this moment."""
        async with asyncio.timeout(0.5), Pacer(3600, clock=lambda: 0.0).turn(command=command):
            pass

    async def test_a_hush_keeps_polls_away_and_lets_commands_through(self, pacer, log):
        """After an order the unit has its peace from polls, and the next order still comes through."""
        pacer.hush(0.05)
        started = time.monotonic()
        poll, command = log.start("poll"), log.start("command", command=True)
        await command
        assert log.order == ["command"]
        await poll
        assert time.monotonic() - started >= 0.049

    async def test_who_does_not_say_so_is_a_poll(self, pacer):
        """A turn is a poll's unless it is asked for as a command's."""
        pacer.hush(3600)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.003), pacer.turn():
                pass

    async def test_a_command_does_not_wait_for_a_poll_that_waits_for_its_time(self, pacer, log):
        """A poll that was first in line and only sits out the hush is no reason to delay a command."""
        pacer.hush(3600)
        poll = log.start("poll")
        await settle()
        async with asyncio.timeout(1):
            await log.take("command", command=True)
        assert log.order == ["command"]
        poll.cancel()

    async def test_a_hush_counts_for_polls_that_already_wait(self, log, pacer):
        """A poll that waits for the gap when the hush begins waits for the end of the hush."""
        await log.take("first")
        poll = log.start("poll")
        await settle()
        pacer.hush(0.05)
        started = time.monotonic()
        await poll
        assert time.monotonic() - started >= 0.045

    async def test_a_shorter_hush_does_not_end_a_longer_one(self, pacer, log):
        """Of two hushes the one that ends later counts."""
        pacer.hush(3600)
        pacer.hush(0)
        poll = log.start("poll")
        await asyncio.sleep(0.003)
        assert log.order == []
        poll.cancel()

    async def test_an_error_in_a_turn_gives_the_turn_back(self, pacer, log):
        """A request that fails does not keep the device."""
        with pytest.raises(ValueError, match="broken"):
            async with pacer.turn():
                raise ValueError("broken")
        await log.take("next")
        assert log.order == ["next"]

    @pytest.mark.parametrize("command", [False, True])
    async def test_who_gives_up_waiting_loses_nobodys_turn(self, log, command):
        """Of three that wait the middle one is cancelled: the others have their turns."""
        holder = log.start("holder", hold=0.003)
        waiting = [log.start(index, command=command) for index in range(3)]
        await settle()
        waiting[1].cancel()
        await asyncio.gather(holder, waiting[0], waiting[2])
        assert log.order == ["holder", 0, 2]
        assert waiting[1].cancelled()

    async def test_who_is_cancelled_in_the_moment_of_its_turn_passes_it_on(self, pacer, log):
        """The turn was already given when the cancellation came: it goes to the next one."""
        async with pacer.turn():
            first, second = log.start("first"), log.start("second")
            await settle()
            pacer.gap = 0
        first.cancel()
        async with asyncio.timeout(1):
            await second
        assert log.order == ["second"]

    async def test_who_is_cancelled_in_its_gap_passes_the_turn_on(self, log):
        """Cancelled while it only waits for the gap: the next one goes when the gap is over, not later."""
        await log.take("before")
        first, second = log.start("first"), log.start("second")
        await settle()
        first.cancel()
        async with asyncio.timeout(1):
            await second
        assert log.order == ["before", "second"]

    async def test_who_is_cancelled_during_its_request_gives_the_device_back(self, log):
        """A cancelled request ends its turn."""
        task = log.start("long", hold=3600)
        await settle()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        async with asyncio.timeout(1):
            await log.take("next")
        assert log.order == ["long", "next"]

    async def test_nothing_is_left_behind_when_all_give_up(self, pacer, log):
        """No timer outlives the last one who waited."""
        before = timers()
        pacer.hush(3600)
        tasks = [log.start(index) for index in range(3)]
        await settle()
        assert timers() > before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert timers() <= before

    @given(plan=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
    @settings(derandomize=True, deadline=None, max_examples=40)
    def test_nobody_is_forgotten(self, plan):
        """Whoever asks and does not give up gets a turn, whatever others cancel."""

        async def play():
            log = Log(Pacer(0))
            tasks = [log.start(index, command=command) for index, (command, _) in enumerate(plan)]
            await settle(1)
            for task, (_, gives_up) in zip(tasks, plan, strict=True):
                if gives_up:
                    task.cancel()
                    await settle(1)
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
            return log.order

        order = asyncio.run(play())
        assert {index for index, (_, gives_up) in enumerate(plan) if not gives_up} <= set(order)
        assert len(order) == len(set(order))


class ManualClock:
    """A clock that only moves when told to."""

    def __init__(self, now=1_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


class TestNewest:
    """Of those that wait for the same, only the newest counts."""

    async def test_one_at_a_time_and_of_those_that_waited_the_last(self):
        """The first is at work when two more come: the second is told that it is out of date, and does nothing."""
        newest, told = Newest(), []

        async def come(who, slot="same"):
            async with newest.turn(slot) as latest:
                told.append((who, latest))
                await asyncio.sleep(0.001)
                told.append(who)

        await asyncio.gather(come("first"), come("second"), come("third"))
        assert told == [("first", True), "first", ("second", False), "second", ("third", True), "third"]
        told.clear()
        await asyncio.gather(come("one"), come("other", "another slot"))
        assert told[:2] == [("one", True), ("other", True)]

    async def test_who_comes_alone_is_the_newest(self):
        """Again and again."""
        newest = Newest()
        for _ in range(2):
            async with newest.turn("slot") as latest:
                assert latest


class TestSteady:
    """A wall clock that nobody sets."""

    @pytest.fixture
    def hands(self, monkeypatch):
        """The clock on the wall, and the one that only goes on."""
        hands = {"wall": 5000.0, "mono": 300.0}
        monkeypatch.setattr(time, "time", lambda: hands["wall"])
        monkeypatch.setattr(time, "monotonic", lambda: hands["mono"])
        return hands

    def test_it_goes_on_when_the_clock_is_set(self, hands):
        """An hour ahead: ten seconds have passed, and it knows of the hour."""
        steady = Steady()
        assert (steady(), steady.ahead()) == (5000, 0)
        hands |= {"wall": 5010 + 3600.0, "mono": 310.0}
        assert (steady(), steady.ahead()) == (5010, 3600)

    @pytest.mark.parametrize(("ahead", "shown"), [(3600.0, 1400), (-50, 5050), ("junk", 5000), (None, 5000)])
    def test_another_life_goes_on_from_the_same_time(self, hands, ahead, shown):
        """By how much the clock had been set is remembered; nonsense is nothing."""
        steady = Steady(ahead)
        assert steady() == shown
        assert steady.ahead() == 5000 - shown


class TestBackoff:
    """How long to wait for the silent."""

    def test_a_short_interval_grows_a_thousandfold_at_most(self):
        """A device that is asked ten times a second is not left alone for an hour."""
        assert [Backoff(ceiling=3600).delay(failures, 0.1) for failures in (12, 13, 100)] == [102.4, 102.4, 102.4]

    @pytest.mark.parametrize(
        ("interval", "waits"),
        [(10, [10, 10, 20, 40, 60, 60, 60]), (30, [10, 30, 60, 60]), (5, [5, 5, 10, 20, 40, 60]), (300, [10, 300, 300])],
    )
    def test_once_soon_then_ever_longer(self, interval, waits):
        """The second look is soon, later ones double up to the ceiling, and none is more often than the healthy poll."""
        backoff = Backoff()
        assert [backoff.delay(failures + 1, interval) for failures in range(len(waits))] == waits

    def test_no_number_of_failures_is_too_large(self):
        """A device that was away for a year is still asked once in ``ceiling`` seconds."""
        assert Backoff(first=1, ceiling=900).delay(3_000_000, 10) == 900
        assert Backoff().delay(0, 20) == 10


class TestBudget:
    """So many a day, some of them for commands."""

    def test_a_budget_ends_and_says_when_it_goes_on(self):
        """After the last use the next is refused, until the first one is a window old."""
        clock = ManualClock()
        budget = Budget(2, window=100, clock=clock)
        budget.spend()
        clock.now += 30
        budget.spend()
        assert (budget.used(), budget.left()) == (2, 0)
        with pytest.raises(RateLimitedError) as caught:
            budget.spend()
        assert caught.value.retry_after == 70
        assert caught.value.key == "budget_exhausted"
        assert caught.value.placeholders == {"retry_after": "0 h 1 min", "limit": "2"}
        clock.now += 69
        assert budget.left() == 0
        clock.now += 1
        assert (budget.used(), budget.left()) == (1, 1)

    def test_a_refused_use_costs_nothing(self):
        """Asking in vain does not push the end of the wait away."""
        clock = ManualClock()
        budget = Budget(1, window=100, clock=clock)
        budget.spend()
        clock.now += 99
        with pytest.raises(RateLimitedError):
            budget.spend()
        clock.now += 1
        budget.spend()

    def test_the_reserve_is_for_commands(self):
        """Polls stop at the reserve, commands go to the end."""
        budget = Budget(5, reserve=2, clock=ManualClock())
        for _ in range(3):
            budget.spend()
        assert (budget.left(), budget.left(command=True)) == (0, 2)
        with pytest.raises(RateLimitedError):
            budget.spend()
        budget.spend(command=True)
        budget.spend(command=True)
        with pytest.raises(RateLimitedError):
            budget.spend(command=True)
        assert (budget.left(), budget.left(command=True)) == (0, 0)

    def test_an_empty_budget_refuses_for_a_whole_window(self):
        """A limit of zero never goes on earlier than a window from now."""
        with pytest.raises(RateLimitedError) as caught:
            Budget(0, clock=ManualClock()).spend()
        assert caught.value.retry_after == DAY == 24 * 60 * 60

    def test_a_restart_frees_nothing(self):
        """Uses come back from storage, without those that are too old."""
        clock = ManualClock()
        budget = Budget(3, window=100, clock=clock)
        budget.spend()
        clock.now += 60
        budget.spend()
        clock.now += 50
        saved = budget.as_list()
        assert saved == [1_000_060.0]
        again = Budget(3, window=100, clock=clock).restore(saved)
        assert (again.used(), again.left()) == (1, 2)

    @pytest.mark.parametrize(
        "junk", [None, "x", [1], {}, True, math.nan, math.inf, -math.inf, pytest.param(10**400, id="endless")]
    )
    def test_what_is_no_time_is_ignored(self, junk):
        """Corrupt storage neither crashes nor uses the budget up, and the good part of it counts in order."""
        clock = ManualClock()
        budget = Budget(5, window=100, clock=clock).restore([clock.now - 10, junk, clock.now - 20])
        assert budget.as_list() == [clock.now - 20, clock.now - 10]

    def test_a_clock_that_jumps_back_neither_frees_nor_freezes(self):
        """Uses of the future are uses of now: they count, and end one window from now at the latest."""
        clock = ManualClock()
        budget = Budget(2, window=100, clock=clock)
        budget.spend()
        budget.spend()
        clock.now -= 1_000
        assert budget.left() == 0
        clock.now += 99
        assert budget.left() == 0
        clock.now += 1
        assert budget.left() == 2

    def test_a_clock_that_jumps_back_and_forth_keeps_its_uses(self):
        """An hour back and forth again within the window: what was used is still used."""
        clock = ManualClock()
        budget = Budget(2, clock=clock)
        budget.spend()
        budget.spend()
        for jump in (-3600, 3600, -60, 60):
            clock.now += jump
            assert budget.used() == 2
        assert max(budget.as_list()) <= clock.now

    @given(steps=st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=60))
    @settings(derandomize=True, deadline=None)
    def test_no_window_ever_holds_more_than_the_limit(self, steps):
        """Whatever the rhythm, no 100 s hold more than five uses, nor more than three by polls alone."""
        clock, spent = ManualClock(), []
        budget = Budget(5, window=100, reserve=2, clock=clock)
        for pause, command in steps:
            clock.now += pause
            with suppress(RateLimitedError):
                budget.spend(command=command)
                spent.append((clock.now, command))
            inside = [each for each in spent if each[0] > clock.now - 100]
            assert len(inside) == budget.used() <= 5
            if not any(command for _, command in inside):
                assert len(inside) <= 3
