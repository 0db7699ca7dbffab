"""The control laws, one decision at a time; what they achieve on plants stands in tests/bench/test_control.py."""

import json
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.energy_core.control import Bounds, Latch, Regulator, Sample, Thresholds

WIDE = Bounds(low=-2400, high=2400)
SUN = Thresholds(start=1000, stop=200, start_delay=60, stop_delay=30, min_on=300, min_off=120)


def grid(value: float, at: float) -> Sample:
    """Return what the meter said."""
    return Sample(value=value, at=at)


def regulator(**changes: float | bool) -> Regulator:
    """Return a regulator on a plant that is late by 4 s."""
    return Regulator(**({"gate": 4.0, "gap": 5.0, "ramp": 800.0} | changes))  # type: ignore[arg-type]


def order(law: Regulator, at: float, watts: float, bounds: Bounds = WIDE, battery: Sample | None = None) -> float | None:
    """Let the regulator decide on a new word of the meter, and do what it says at once."""
    wanted = law.step(at, grid(watts, at), battery, bounds)
    if wanted is not None:
        law.sent(wanted, at)
    return wanted


# Hysteresis


def test_a_latch_takes_its_time() -> None:
    """Beyond the threshold for as long as the delay, then for as long as the least time."""
    latch = Latch()
    assert not latch.step(1001, 0, SUN)
    assert not latch.step(1001, 59.9, SUN)
    assert latch.due(SUN) == 60
    assert latch.step(1001, 60, SUN)
    assert latch.on
    assert not latch.step(100, 61, SUN)
    assert latch.due(SUN) == 360
    assert not latch.step(100, 359, SUN)
    assert latch.step(100, 360, SUN)
    assert not latch.on
    assert not latch.step(2000, 361, SUN)
    assert latch.due(SUN) == 480


def test_a_moment_on_the_other_side_begins_the_delay_anew() -> None:
    """A cloud."""
    latch = Latch()
    latch.step(1500, 0, SUN)
    latch.step(900, 30, SUN)
    assert latch.due(SUN) == math.inf
    latch.step(1500, 31, SUN)
    assert latch.due(SUN) == 91


@pytest.mark.parametrize(("on", "value"), [(False, 1000), (False, 200), (True, 200), (True, 1000)])
def test_exactly_the_threshold_changes_nothing(on: bool, value: float) -> None:
    """Comparisons are strict."""
    latch = Latch(on=on)
    assert not any(latch.step(value, now, SUN) for now in range(0, 10_000, 100))
    assert latch.on is on


def test_without_delays_it_turns_at_once() -> None:
    """And back."""
    latch, plain = Latch(), Thresholds(start=10, stop=5)
    assert latch.step(11, 0, plain)
    assert latch.step(4, 0, plain)
    assert not latch.step(7, 1, plain)


def test_a_latch_that_is_turned_by_hand_keeps_its_least_time() -> None:
    """Whoever turned it."""
    latch = Latch()
    latch.turn(on=True, now=100)
    latch.step(0, 101, SUN)
    assert latch.due(SUN) == 400


def test_a_latch_survives_a_restart() -> None:
    """Through JSON; nonsense is a latch that is off."""
    latch = Latch()
    latch.turn(on=True, now=100)
    again = Latch()
    again.restore(json.loads(json.dumps(latch.saved())), 200)
    assert (again.on, again.since) == (True, 100)
    again.restore(json.loads(json.dumps(latch.saved())), 50)
    assert again.since == 50
    again.restore(json.loads(json.dumps(Latch().saved())), 50)
    assert (again.on, again.since) == (False, -math.inf)
    again.restore({"on": "yes", "since": "then"}, 50)
    assert (again.on, again.since) == (False, -math.inf)


@given(st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 100)), max_size=60))
def test_a_latch_never_turns_early(samples: list[tuple[float, float]]) -> None:
    """Whatever the house does, it stays on and off for the least times."""
    latch, now, turned = Latch(), 0.0, -math.inf
    for value, later in samples:
        now += later
        least = SUN.min_on if latch.on else SUN.min_off
        if latch.step(value, now, SUN):
            assert now - turned >= least
            turned = now


# Regulator


def test_the_whole_error_at_once() -> None:
    """Then nothing until it shows: dead time, lags and the ramp."""
    law = regulator()
    assert order(law, 0, 1000) == 1000
    assert law.ready == 4 + 1000 / 800
    assert order(law, 3, 400) is None
    assert order(law, 5.2, 300) is None
    assert order(law, 5.3, 300) == 1300


def test_it_gives_back() -> None:
    """Feeding in is an error like any other; charging is an order below zero."""
    law = regulator()
    law.start(1000)
    assert order(law, 0, -1500) == -500
    assert order(law, 20, 0) is None


def test_small_errors_are_smoothed_and_smallest_left_alone() -> None:
    """0.6 of what may be noise, all of what cannot be."""
    law = regulator()
    law.start(500)
    assert order(law, 0, 20) is None
    law.start(500)
    assert order(law, 1, 100) == 560
    law.start(500)
    assert order(law, 2, 121) == 621


def test_a_word_is_heard_once() -> None:
    """An old sample that is shown again decides nothing."""
    law = regulator()
    law.start(500)
    assert law.step(0, grid(24, 0), None, WIDE) is None
    assert law.step(1, grid(24, 0), None, WIDE) is None
    # A second one like it, however, is believed a little more.
    assert law.step(2, grid(24, 2), None, WIDE) == pytest.approx(500 + 0.6 * 24 + 0.6 * (24 - 0.6 * 24))


def test_the_least_time_between_orders() -> None:
    """Even when the last one shows already."""
    law = regulator(gate=0.5)
    assert order(law, 0, 400) == 400
    assert order(law, 4.9, 200) is None
    assert order(law, 5, 200) == 600


def test_it_aims_at_the_target() -> None:
    """A little import is wanted."""
    law = regulator()
    assert order(law, 0, 1000, Bounds(low=-2400, high=2400, target=30)) == 970


@pytest.mark.parametrize(
    ("before", "error", "after"),
    [
        (0, 55, 55),
        (0, 45, 0),
        (500, -455, 50),
        (500, -465, 0),
        (500, -520, 0),
        (500, -545, -50),
        (500, -600, -100),
        (-300, 255, -50),
    ],
)
def test_less_than_the_unit_can_do(before: float, error: float, after: float) -> None:
    """50 W from 40 on when it runs already, none otherwise."""
    law = regulator()
    law.start(before)
    law._error = error
    assert law.step(0, grid(error, 0), None, WIDE) == (None if after == before else pytest.approx(after))


def test_it_stays_within_bounds() -> None:
    """And says that it would do more."""
    law = regulator()
    assert order(law, 0, 5000) == 2400
    assert law.beyond
    assert order(law, 20, 100) is None
    assert law.beyond
    assert order(law, 40, -500) == 1900
    assert not law.beyond
    # Full: charging is not possible, and the least power neither.
    law.start(0)
    assert order(law, 60, -800, Bounds(low=0, high=2400)) is None
    assert law.beyond
    law.start(100)
    assert order(law, 80, -145, Bounds(low=0, high=2400)) == 0


def test_an_order_that_was_not_followed_is_repeated() -> None:
    """Measured power is the base: no wind-up."""
    law = regulator()
    assert order(law, 0, 1000) == 1000
    # Too early to tell.
    assert order(law, 5, 1000, battery=grid(0, 5)) is None
    assert law.order == 1000
    assert order(law, 6, 1000, battery=grid(0, 6)) == 1000
    # Derated to 700: 300 W stay, and each try asks for as much as is missing now.
    assert order(law, 20, 300, battery=grid(700, 19)) == 1000
    # As good as followed.
    assert order(law, 40, 50, battery=grid(941, 39)) == 1030


@pytest.mark.parametrize("strict", [False, True])
def test_much_feeding_in_does_not_wait_where_it_is_forbidden(strict: bool) -> None:
    """Once: then the usual patience."""
    law = regulator(strict=strict)
    assert order(law, 0, 1500) == 1500
    assert order(law, 2, -1200) == (300 if strict else None)
    assert order(law, 3, -1200) is None
    assert order(law, 20, -900) == (-600 if strict else 600)


def test_a_little_feeding_in_waits() -> None:
    """300 W are no hurry."""
    law = regulator(strict=True)
    order(law, 0, 1500)
    assert order(law, 2, -300) is None


def test_a_small_order_explains_no_large_error() -> None:
    """A kettle is not kept waiting by 20 W that were ordered a moment ago."""
    law = regulator(gap=2.0)
    law.start(500)
    assert order(law, 0, 40) == 524
    assert order(law, 1, 1000) is None
    assert order(law, 2, 140) is None
    assert order(law, 3, 1000) == 1524
    assert order(law, 5, 1900) is None


def test_an_order_of_which_nothing_shows_is_repeated() -> None:
    """As long as nobody has read the battery; once, because a load may have changed at the same moment."""
    law = regulator()
    assert order(law, 0, 1000) == 1000
    assert order(law, 6, 1010) == 1010
    assert order(law, 12, 1000) == 2010


@pytest.mark.parametrize(("now", "battery"), [(900, None), (1000, 1000)])
def test_an_order_that_shows_is_no_lost_one(now: float, battery: float | None) -> None:
    """A part of it does, or the battery was read: then the load has changed."""
    law = regulator()
    assert order(law, 0, 1000) == 1000
    assert order(law, 6, now, battery=None if battery is None else grid(battery, 6)) == 1000 + now


def test_a_ramp_is_no_lost_order() -> None:
    """The sun rises by as much as the last order took away."""
    law = regulator()
    assert order(law, 0, -200) == -200
    assert order(law, 6, -200) == -400
    assert order(law, 12, -200) == -600


def plant(law: Regulator, delay: float, *, every: float, start: float = 0.0, step: float = 1000) -> None:
    """Let the regulator see one order answered after ``delay``, by a meter that speaks now and then."""
    law.start(0)
    law.step(start, grid(step, start), None, WIDE)
    law.sent(step, start)
    for tick in range(1, int(30 / every)):
        at = start + tick * every
        law._learn(grid(step if at < start + delay else 0.0, at))


@pytest.mark.parametrize("delay", [2.0, 5.0, 8.0])
def test_the_delay_is_learned(delay: float) -> None:
    """From steps that stand alone; a meter that speaks seldom blurs it by half its period."""
    law = regulator(gate=2.5)
    for number in range(20):
        plant(law, delay, every=0.5, start=number * 100.0)
    assert law.gate == pytest.approx(1.6 * (delay - 0.25), abs=0.5)


def test_what_teaches_nothing() -> None:
    """A small order, one that follows another, one that never shows, one that repeats another."""
    law = regulator()
    plant(law, 6, every=1, step=199)
    assert law.gate == 4
    order(law, 100, 1000)
    law.sent(500, 106)
    for at in range(107, 130):
        law._learn(grid(1000 if at < 112 else 0, at))
    assert law.gate == 4
    plant(law, 25, every=1, start=200)
    assert law.gate == 4
    law.start(0)
    order(law, 300, 1000)
    assert order(law, 320, 1000) == 1000
    law._learn(grid(0, 322))
    assert law.gate == 4


def test_the_gate_stays_believable() -> None:
    """Neither nothing nor half a minute, however often it is told so."""
    law = regulator()
    for number in range(40):
        plant(law, 0.01, every=0.1, start=number * 100.0)
    assert law.gate == pytest.approx(0.5, abs=0.01)
    for number in range(40, 80):
        plant(law, 19.5, every=1, start=number * 100.0)
    assert law.gate == pytest.approx(20, abs=0.1)


@given(st.lists(st.tuples(st.floats(-6000, 6000), st.floats(0.1, 30), st.none() | st.floats(-2400, 2400)), max_size=50))
def test_whatever_the_house_does(words: list[tuple[float, float, float | None]]) -> None:
    """Within bounds, never between 0 and 50 W, never sooner than the gap."""
    law, bounds, now, last = regulator(), Bounds(low=-900, high=2400, target=10), 0.0, -math.inf
    for watts, later, power in words:
        now += later
        battery = None if power is None else Sample(value=power, at=now)
        wanted = law.step(now, grid(watts, now), battery, bounds)
        if wanted is not None:
            assert bounds.low <= wanted <= bounds.high
            assert wanted == 0 or abs(wanted) >= 50
            assert now - last >= law.gap
            assert math.isfinite(law.gate)
            law.sent(wanted, now)
            last = now
