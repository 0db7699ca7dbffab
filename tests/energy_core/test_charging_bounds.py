"""The law of solar charging exactly at its bounds, and what it says of itself, one decision at a time."""

import math

import pytest

from custom_components.energy_core.charging import Appetite, Charging, Level, Order, Terms, Why, Wish
from custom_components.energy_core.control import Sample

TERMS = Terms()
# No delays: each step decides.
NOW = Terms(start_delay=0, stop_delay=0, min_on=0, min_off=0, dwell=0)
BOTH = Terms(start_delay=0, stop_delay=0, min_on=0, min_off=0, dwell=0, phases=(1, 3))
LEAST = 6 * 230.0


def charging(amps: int, phases: int = 1) -> Charging:
    """Return a law that comes when a car is given this."""
    law = Charging()
    law.begin(amps=amps, phases=phases)
    return law


def sun(watts: float, at: float, cap: float | None = None, drawn: float = 0.0, floor: int = 0) -> Wish:
    """Return a wish for what the sun gives."""
    limit = None if cap is None else Sample(value=cap, at=at)
    return Wish(power=Sample(value=watts, at=at), cap=limit, drawn=drawn, floor=floor)


# How it begins


@pytest.mark.parametrize(("amps", "on"), [(0, False), (1, True), (6, True)])
def test_whoever_gives_an_ampere_charges(amps: int, on: bool) -> None:
    """What flows when we come, flows."""
    assert charging(amps).run.on is on


@pytest.mark.parametrize(("phases", "wide"), [(1, False), (2, True), (3, True)])
def test_more_than_one_phase_is_wide(phases: int, wide: bool) -> None:
    """And it stays so while the sun carries it, or nobody knows."""
    assert charging(6, phases).wide.on is wide


def test_a_beginning_forgets_everything() -> None:
    """What was measured, ordered, and held before is of another life."""
    law = charging(16)
    law.step(0, sun(9000, 0, cap=3000, drawn=3680), TERMS)
    law.sent(6, 1, 1)
    law.step(2, sun(9000, 2, cap=0, drawn=3680), TERMS)
    law.begin(amps=0, phases=1)
    assert law == Charging()
    assert law.ready == -math.inf


# What was ordered


def test_an_order_takes_time_to_show() -> None:
    """One that changes nothing takes none."""
    law = charging(10)
    law.sent(10, 1, 100)
    assert law.ready == -math.inf
    law.sent(10, 3, 100)
    assert (law.amps, law.phases, law.ready) == (10, 3, 106)


@pytest.mark.parametrize(("amps", "later", "after"), [(9, 19.9, 9), (9, 20, 12), (0, 19.9, 12), (11, 19.9, 12)])
def test_after_less_there_is_no_more_for_a_while(amps: int, later: float, after: int) -> None:
    """20 s, unless it was a pause or more."""
    law = charging(10)
    law.sent(amps, 1, 100)
    law.run.on = True
    law.step(106, sun(2900, 106), NOW)
    assert law.step(100 + later, sun(2900, 100 + later), NOW).amps == after


def test_a_halt_is_a_pause_without_a_reason() -> None:
    """Also of what the house limit held, and on the phases that there are; its minimum time begins."""
    law = charging(6, 3)
    assert law.halt(50) == Order(amps=0, phases=3, why=Why.NONE)
    assert (law.run.on, law.run.since) == (False, 50)
    assert law.halt(60) == Order(amps=0, phases=3, why=Why.NONE)
    assert law.run.since == 50


def test_a_halt_ends_what_the_house_limit_held() -> None:
    """It is the user's pause then, not the guard's."""
    law = charging(6)
    assert law.step(0, sun(0, 0, cap=0, drawn=1380), TERMS).why is Why.GUARD
    law.halt(1)
    assert law.step(2, sun(0, 2, cap=0), TERMS).why is not Why.GUARD


# What is believed


@pytest.mark.parametrize(("watts", "believed"), [(1120, 1048), (1121, 1121), (880, 952), (879, 879)])
def test_less_than_120_w_may_be_noise(watts: float, believed: float) -> None:
    """0.4 of it is believed."""
    level = Level(smoothing=0.4)
    level.take(Sample(value=1000, at=0))
    assert (level.last, level.before) == (1000, 1000)
    level.take(Sample(value=watts, at=1))
    assert level.last == pytest.approx(believed)
    assert level.before == 1000


@pytest.mark.parametrize(("smoothing", "watts", "at", "believed"), [
    (1.0, 500, 5, 500), (1.0, 1500, 5, 1000), (1.0, 500, 4, 500), (1.0, 1500, 6, 1500), (0.4, 500, 5, 1000), (0.4, 500, 6, 500),
])  # fmt: skip
def test_an_old_sample_counts_only_when_it_shows_less(smoothing: float, watts: float, at: float, believed: float) -> None:
    """Of the limit of the house; of the sun no sample counts twice."""
    level = Level(smoothing=smoothing)
    level.take(Sample(value=1000, at=5))
    level.take(Sample(value=watts, at=at))
    assert level.last == believed
    assert level.seen == max(at, 5)


@pytest.mark.parametrize(
    ("last", "before", "now", "amps"),
    [
        (2299, 9e9, 10, 10), (2298.9, 9e9, 10, 9), (2300, 2300, 10, 10),
        (2570, 2570, 10, 11), (2569, 2570, 10, 10), (2570, 2569, 10, 10), (2340, 9e9, 10, 10), (2529, 2529, 0, 11), (2528, 2528, 0, 10),
    ],
)  # fmt: skip
def test_whole_amperes(last: float, before: float, now: int, amps: int) -> None:
    """What is there by a watt of rounding; one more when two samples carry it with 40 W to spare; from none all at once."""
    assert Level(last=last, before=before).amps(now, 230) == amps


def test_what_may_be_imported_counts() -> None:
    """For less and for more."""
    assert Level(last=2000, before=2000).amps(10, 230, 299) == 10
    assert Level(last=2270, before=2270).amps(10, 230, 300) == 11


# When it begins and ends


@pytest.mark.parametrize(("watts", "amps"), [(LEAST + 100, 0), (LEAST + 101, 6)])
def test_it_begins_above_the_least_and_a_margin(watts: float, amps: int) -> None:
    """100 W."""
    assert Charging().step(0, sun(watts, 0), NOW).amps == amps


@pytest.mark.parametrize(("watts", "amps"), [(LEAST - 50, 6), (LEAST - 51, 0)])
def test_it_ends_below_the_least_and_a_tolerance(watts: float, amps: int) -> None:
    """What may be imported."""
    assert charging(6).step(0, sun(watts, 0), Terms(tolerance=50)).amps == amps


def test_it_says_why_it_pauses() -> None:
    """Nothing to be had; soon; not yet again."""
    law = charging(6)
    assert law.step(0, sun(0, 0), TERMS).why is Why.NONE
    law.run.turn(on=False, now=0)
    law.sent(0, 1, 0)
    assert law.step(10, sun(3000, 10), TERMS).why is Why.RESTING
    assert law.step(299, sun(3000, 299), TERMS).why is Why.RESTING
    rested = Charging()
    assert rested.step(0, sun(3000, 0), TERMS).why is Why.STARTING


@pytest.mark.parametrize(("cap", "amps"), [(LEAST, 6), (LEAST - 0.1, 0)])
def test_a_floor_begins_when_the_house_has_room_for_the_least(cap: float, amps: int) -> None:
    """All of it."""
    assert Charging().step(0, sun(0, 0, cap=cap, floor=6), TERMS).amps == amps


@pytest.mark.parametrize(("cap", "why"), [(LEAST - 1, Why.FLOOR), (LEAST - 1.1, Why.GUARD)])
def test_the_house_limit_pauses_below_the_least(cap: float, why: Why) -> None:
    """A watt is rounding."""
    order = charging(6).step(0, sun(0, 0, cap=cap, drawn=LEAST, floor=6), TERMS)
    assert (order.amps > 0, order.why) == (why is Why.FLOOR, why)


def test_before_the_limit_is_measured_nothing_begins_and_nothing_ends() -> None:
    """A reading from before the last order shows is none."""
    law = Charging()
    law.sent(6, 1, 0)
    law.begin(amps=0, phases=1)
    law.sent(0, 3, 10)
    early = Wish(power=Sample(value=9000, at=20), cap=Sample(value=9000, at=15), drawn=0)
    assert law.step(20, early, NOW) == Order(amps=0, phases=1, why=Why.STARTING)
    assert law.step(21, sun(9000, 21, cap=9000), NOW).amps == 32


# The house limit


def test_a_cut_before_the_last_order_shows_is_by_what_was_given() -> None:
    """16 A were ordered, 10 are drawn, and 2000 W are too much already: 3380 W are left for the car."""
    law = charging(10)
    law.step(0, sun(9000, 0, cap=9000, drawn=2300), TERMS)
    law.sent(16, 1, 1)
    order = law.step(2, sun(9000, 2, cap=2000, drawn=2300), TERMS)
    assert (order.amps, order.why) == (14, Why.GUARD)
    assert law.step(3, sun(9000, 3, cap=1400, drawn=2300), TERMS).amps == 14
    assert law.step(8, sun(9000, 8, cap=1400, drawn=3220), TERMS).amps == 6


def test_room_that_is_left_is_no_cut() -> None:
    """As much as is drawn is enough."""
    law = charging(10)
    law.step(0, sun(9000, 0, cap=9000, drawn=2300), TERMS)
    law.sent(16, 1, 1)
    assert law.step(2, sun(9000, 2, cap=2300, drawn=2300), TERMS).amps > 10


def test_without_a_meter_of_the_house_there_is_no_more() -> None:
    """The limit is set, and not measured yet: what flows goes on, and what begins begins with the least."""
    law = charging(10)
    law.sent(11, 1, 0)
    silent = Wish(power=Sample(value=9000, at=7), cap=Sample(value=9000, at=5), drawn=2300)
    assert law.step(7, silent, TERMS).amps == 11


# Phases


@pytest.mark.parametrize(("watts", "phases"), [(3 * LEAST + 100, 1), (3 * LEAST + 101, 3)])
def test_more_phases_when_the_least_of_them_is_there(watts: float, phases: int) -> None:
    """And a margin."""
    assert Charging().step(0, sun(watts, 0), BOTH).phases == phases


def test_while_it_flows_phases_take_their_time() -> None:
    """At once when nothing does."""
    slow = Terms(phases=(1, 3), dwell=300)
    law = charging(16)
    assert [law.step(at, sun(9000, at), slow).phases for at in (0, 59, 61)] == [1, 1, 3]
    assert law.step(61, sun(9000, 61), slow).why is Why.PHASES
    law = charging(0, 3)
    assert law.step(0, sun(2000, 0), slow).phases == 1


def test_the_phases_of_one_choice_are_that_one() -> None:
    """Three, whatever the sun."""
    assert charging(6).step(0, sun(0, 0, floor=6), Terms(phases=(3,))).phases == 3


def test_the_house_limit_chooses_phases_too() -> None:
    """The sun carries three, the house does not; with a floor only the house counts."""
    assert Charging().step(0, sun(9000, 0, cap=4000), BOTH).phases == 1
    assert Charging().step(0, sun(0, 0, cap=9000, floor=6), BOTH).phases == 3


@pytest.mark.parametrize(
    ("grid", "battery", "missing"), [(-99, -1000, 0), (-100, 0, 1500), (-101, 0, 0), (0, -400, 1100), (0, 500, 1500)]
)
def test_a_battery_lacks_what_it_took_before(grid: float, battery: float, missing: float) -> None:
    """Until more than 100 W flow out beside it."""
    appetite = Appetite(most=1500 if battery != -1000 else 900)
    assert appetite.missing(grid, battery) == missing
