"""The regulator exactly at its bounds, where a sign or a comparison would make the difference."""

import json

import pytest

from custom_components.energy_core.control import Bounds, Latch, Regulator, Sample
from tests.energy_core.test_control import WIDE, grid, order, regulator

# A gate of 4 s, and 1000 W at 800 W/s.
READY = 5.25


def ordered(watts: float = 1000, **changes: float | bool) -> Regulator:
    """Return a regulator that has just given its first order, for as much as the grid showed."""
    law = regulator(**changes)
    assert order(law, 0, watts) == watts
    return law


def test_a_latch_that_never_turned_is_saved_as_such() -> None:
    """JSON has no infinity."""
    saved = Latch().saved()
    assert saved == {"on": False, "since": None}
    assert json.loads(json.dumps(saved, allow_nan=False)) == saved


# When an order shows


def test_a_sample_counts_from_the_moment_that_all_shows() -> None:
    """Not a moment later: the meter may speak seldom."""
    law = ordered()
    assert law.ready == READY
    assert order(law, READY, 600) == 1600


def test_so_does_the_battery() -> None:
    """300 W less than ordered are the base then."""
    law = ordered()
    assert order(law, READY, 600, battery=grid(700, READY)) == 1300


def test_an_order_seems_lost_from_that_moment_too() -> None:
    """The grid is as it was."""
    assert order(ordered(), READY, 1000) == 1000


@pytest.mark.parametrize(("watts", "wanted"), [(1060, 1060), (1061, 2061), (940, 940), (939, 1939)])
def test_an_order_seems_lost_when_the_grid_is_as_before_but_for_noise(watts: float, wanted: float) -> None:
    """60 W of it, up or down."""
    assert order(ordered(), 6, watts) == wanted


@pytest.mark.parametrize(("watts", "wanted"), [(-60, 940), (-61, 1939)])
def test_as_before_may_be_nothing_at_all(watts: float, wanted: float) -> None:
    """The grid stood at 0 when a kilowatt of import was wanted."""
    law, bounds = regulator(), Bounds(low=-2400, high=2400, target=-1000)
    assert order(law, 0, 0, bounds) == 1000
    assert order(law, 6, watts, bounds) == wanted


@pytest.mark.parametrize(("battery", "wanted"), [(940, 1060), (939, 999)])
def test_noise_of_the_battery_is_no_derating(battery: float, wanted: float) -> None:
    """60 W beside the order are as good as followed."""
    assert order(ordered(), 40, 100, battery=grid(battery, 39)) == wanted


# How much is believed


@pytest.mark.parametrize(("error", "wanted"), [(120, 572), (121, 621), (-120, 428), (-121, 379)])
def test_what_may_be_noise_is_smoothed(error: float, wanted: float) -> None:
    """Up to 120 W, either way."""
    law = regulator()
    law.start(500)
    assert order(law, 0, error) == wanted


def test_what_is_believed_is_the_change() -> None:
    """24 W, then 110: a change of less than 120 W from the 14.4 that were believed."""
    law = regulator()
    law.start(500)
    assert order(law, 0, 24) is None
    assert order(law, 2, 110) == pytest.approx(500 + 14.4 + 0.6 * (110 - 14.4))


@pytest.mark.parametrize(("error", "wanted"), [(25, 515), (24.9, None)])
def test_the_smallest_correction(error: float, wanted: float | None) -> None:
    """15 W are worth a write."""
    law = regulator()
    law.start(500)
    assert order(law, 0, error) == wanted


@pytest.mark.parametrize(("error", "wanted"), [(180, None), (181, 741)])
def test_what_a_small_order_explains(error: float, wanted: float | None) -> None:
    """60 W that were ordered a moment ago, and 120 W of noise."""
    law = regulator(gap=2.0)
    law.start(500)
    assert order(law, 0, 100) == 560
    assert order(law, 3, error) == wanted


# What does not wait


@pytest.mark.parametrize(
    ("strict", "watts", "wanted"), [(True, -301, 1199), (True, -300, None), (True, 100, None), (False, -1200, None)]
)
def test_only_much_feeding_in_that_is_forbidden_does_not_wait(strict: bool, watts: float, wanted: float | None) -> None:
    """The last order does not show yet; the least time between two orders has passed."""
    assert order(ordered(1500, gap=1.0, strict=strict), 2, watts) == wanted


@pytest.mark.parametrize(("watts", "wanted"), [(-301, 1199), (-300, None)])
def test_nor_for_the_least_time_between_orders(watts: float, wanted: float | None) -> None:
    """The last order shows, but 20 s have not passed."""
    assert order(ordered(1500, gate=0.5, gap=20.0, strict=True), 3, watts) == wanted


# What is possible


@pytest.mark.parametrize(
    ("error", "wanted", "beyond"),
    [(5000, 2400, 2600), (2416, 2400, 16), (2415, 2400, 0), (2000, 2000, 0), (-2415, -2400, 0), (-5000, -2400, -2600)],
)
def test_what_is_wanted_beyond_the_bounds_is_told(error: float, wanted: float, beyond: float) -> None:
    """In W and with its sign, when it is worth a write."""
    law = regulator()
    assert order(law, 0, error) == wanted
    assert law.beyond == beyond


@pytest.mark.parametrize(
    ("before", "error", "after"), [(0, 50, 50), (0, 49, None), (500, -460, 50), (500, -461, 0), (-500, 460, -50), (-500, 461, 0)]
)
def test_the_least_that_the_unit_can_do(before: float, error: float, after: float | None) -> None:
    """50 W; 40 are taken for 50 while it runs."""
    law = regulator()
    law.start(before)
    law._error = error
    assert order(law, 0, error) == after


@pytest.mark.parametrize(("before", "error", "after"), [(-300, 255, -50), (300, -255, 50)])
def test_the_least_may_be_all_that_is_allowed(before: float, error: float, after: float) -> None:
    """A battery that is nearly full, or nearly empty."""
    law = regulator()
    law.start(before)
    assert order(law, 0, error, Bounds(low=-50, high=50)) == after
    law.start(before)
    assert order(law, 1, error, Bounds(low=-49, high=49)) == 0


# What is learned


def shown(law: Regulator, at: float, watts: float) -> float:
    """Let the regulator see the grid; return its gate."""
    law.step(at, grid(watts, at), None, WIDE)
    return law.gate


def test_the_moment_is_looked_for_between_two_words_of_the_meter() -> None:
    """A quarter after 3 s, three quarters after 5: half of it after 4, and 0.35 of the way from 4 to 1.6 x 4."""
    law = ordered()
    assert shown(law, 3, 750) == 4
    assert shown(law, 5, 250) == pytest.approx(4 + 0.35 * (1.6 * 4 - 4))
    assert shown(law, 30, 250) == pytest.approx(4 + 0.35 * (1.6 * 4 - 4))


def test_half_is_half() -> None:
    """Exactly half after 5 s."""
    assert shown(ordered(), 5, 500) == pytest.approx(4 + 0.35 * (1.6 * 5 - 4))


@pytest.mark.parametrize(("until", "learned"), [(20, True), (21, False)])
def test_what_takes_longer_than_can_be_believed_teaches_nothing(until: float, learned: bool) -> None:
    """20 s are the most."""
    law = ordered()
    shown(law, until, 1000)
    assert (shown(law, until + 2, 0) != 4) is learned


@pytest.mark.parametrize(("watts", "learned"), [(200, False), (201, True), (-200, False), (-201, True)])
def test_a_small_step_teaches_nothing(watts: float, learned: bool) -> None:
    """200 W may be anything."""
    assert (shown(ordered(watts), 6, 0) != 4) is learned


@pytest.mark.parametrize(("later", "learned"), [(8.0, False), (8.1, True)])
def test_a_step_teaches_when_it_stands_alone(later: float, learned: bool) -> None:
    """Twice the gate after the one before it."""
    law = ordered()
    law.sent(2000, later)
    assert (shown(law, later + 6, 0) != 4) is learned


def test_what_was_measured_as_the_order_was_given_shows_nothing_of_it() -> None:
    """A load that went at that moment is no answer."""
    law = regulator()
    law.start(0)
    law.step(0, grid(10, 0), None, WIDE)
    law.sent(1000, 1)
    assert shown(law, 1, -1000) == 4


def test_an_order_of_somebody_else_teaches_after_a_new_start() -> None:
    """Whatever was lost before it."""
    law = ordered()
    assert order(law, 6, 1000) == 1000
    law.start(0)
    law.step(100, grid(0, 100), None, WIDE)
    law.sent(1000, 101)
    assert shown(law, 107, -1000) != 4


def test_a_new_start_forgets_what_was_taught() -> None:
    """The step was interrupted."""
    law = ordered()
    law.start(0)
    assert shown(law, 6, 0) == 4


def test_a_battery_that_is_read_late_is_the_base_once_it_shows() -> None:
    """A reading from before that moment is not."""
    law = ordered()
    assert order(law, 6, 100, battery=Sample(value=700, at=READY - 0.01)) == 1060
