"""The law of solar charging: whole amperes, delays, minimum times, phases, the house's limit."""

import itertools
import math
from random import Random

import pytest

from custom_components.energy_core.charging import Appetite, Charging, Order, Terms, Why, Wish
from custom_components.energy_core.control import Sample

TERMS = Terms()
AMPERE = 230.0
MINUTE = 60


class Bench:
    """A car that obeys after some seconds, a house, and a law that sees both each second."""

    def __init__(self, terms: Terms = TERMS, *, lag: float = 3.0, car_phases: int = 3) -> None:
        self.terms, self.lag, self.car_phases = terms, lag, car_phases
        self.law = Charging()
        self.now = 1000.0
        self.sun = 0.0
        self.limit: float | None = None
        self.floor = 0
        self.drawn = 0.0
        self.order = Order(amps=0, phases=1, why=Why.NONE)
        self.orders: list[tuple[float, Order]] = []
        self.drawing: list[tuple[float, float]] = []

    def offer(self, amps: int, phases: int = 1) -> None:
        """The car is given this already."""
        self.law.begin(amps=amps, phases=phases)
        self.drawn = amps * phases * AMPERE

    def second(self) -> Order:
        """Let a second pass. The grid takes what is neither sun nor used."""
        self.now += 1
        while self.drawing and self.drawing[0][0] <= self.now:
            self.drawn = self.drawing.pop(0)[1]
        cap = None if self.limit is None else Sample(value=self.limit + self.sun, at=self.now)
        wish = Wish(power=Sample(value=self.sun, at=self.now), cap=cap, drawn=self.drawn, floor=self.floor)
        order = self.law.step(self.now, wish, self.terms)
        if (order.amps, order.phases) != (self.law.amps, self.law.phases):
            self.orders.append((self.now, order))
            phases = min(order.phases, self.car_phases)
            self.drawing.append((self.now + self.lag, order.amps * phases * AMPERE))
            self.law.sent(order.amps, order.phases, self.now)
        self.order = order
        return order

    def run(self, seconds: float) -> Order:
        """Let time pass."""
        for _ in range(int(seconds)):
            self.second()
        return self.order


def test_it_starts_after_the_delay_with_whole_amperes() -> None:
    bench = Bench()
    bench.sun = 2000
    assert bench.run(59) == Order(amps=0, phases=1, why=Why.STARTING)
    assert bench.run(3) == Order(amps=8, phases=1, why=Why.SURPLUS)


def test_too_little_is_nothing() -> None:
    bench = Bench()
    bench.sun = 6 * AMPERE + 99
    assert bench.run(600) == Order(amps=0, phases=1, why=Why.NONE)


def test_it_follows_up_and_down() -> None:
    bench = Bench()
    bench.sun = 2000
    bench.run(70)
    for watts, amps in ((3100, 13), (1400, 6), (7000, 30), (20_000, 32), (2500, 10)):
        bench.sun = watts
        assert bench.run(30).amps == amps, watts
        assert bench.order.why is Why.SURPLUS


def test_a_drop_after_a_change_waits_for_the_gate() -> None:
    """What is measured while the car has not obeyed yet says nothing."""
    law = Charging()
    law.begin(amps=10, phases=1)
    law.sent(16, 1, 100.0)
    early = Wish(power=Sample(value=2500, at=105.9), drawn=2300)
    assert law.step(106, early, TERMS).amps == 16
    later = Wish(power=Sample(value=2500, at=106.0), drawn=3680)
    assert law.step(106, later, TERMS).amps == 10


def test_a_rise_needs_two_samples() -> None:
    """One may be the meter and the car at different moments."""
    law = Charging()
    law.begin(amps=10, phases=1)
    assert law.step(0, Wish(power=Sample(value=2350, at=0)), TERMS).amps == 10
    assert law.step(1, Wish(power=Sample(value=6000, at=1)), TERMS).amps == 10
    assert law.step(2, Wish(power=Sample(value=6000, at=1)), TERMS).amps == 10
    assert law.step(3, Wish(power=Sample(value=6000, at=3)), TERMS).amps == 25


def test_a_cloud_passes() -> None:
    bench = Bench()
    bench.sun = 2000
    bench.run(70)
    bench.sun = 300
    assert bench.run(100) == Order(amps=6, phases=1, why=Why.STOPPING)
    bench.sun = 2000
    assert bench.run(40).amps == 8
    assert all(order.amps for _, order in bench.orders[1:])


def test_it_stops_when_both_the_delay_and_the_minimum_time_are_over() -> None:
    bench = Bench()
    bench.sun = 2000
    bench.run(62)
    began = bench.orders[0][0]
    bench.sun = 0
    bench.run(600)
    assert bench.orders[-1][1].amps == 0
    assert bench.orders[-1][0] - began == pytest.approx(300, abs=1)


def test_the_minimum_time_off_is_kept_and_said() -> None:
    bench = Bench()
    bench.sun = 2000
    bench.run(62)
    bench.sun = 0
    bench.run(400)
    stopped = bench.orders[-1][0]
    bench.sun = 3000
    assert bench.run(100).why is Why.RESTING
    bench.run(400)
    assert bench.orders[-1][1].amps == 13
    assert bench.orders[-1][0] - stopped == pytest.approx(300, abs=1)


def test_what_flows_in_the_dark_when_we_come_is_stopped_at_once() -> None:
    bench = Bench()
    bench.offer(16)
    assert bench.second() == Order(amps=0, phases=1, why=Why.NONE)


def test_what_flows_in_the_sun_when_we_come_goes_on() -> None:
    bench = Bench()
    bench.offer(16)
    bench.sun = 2000
    assert bench.second() == Order(amps=8, phases=1, why=Why.SURPLUS)


def test_a_tolerated_import_gives_an_ampere_more() -> None:
    bench = Bench(Terms(tolerance=200, start_delay=0))
    bench.sun = 2100
    assert bench.run(10).amps == 10
    bench.sun = 6 * AMPERE - 150
    assert bench.run(600) == Order(amps=6, phases=1, why=Why.SURPLUS)


def test_a_floor_flows_at_once_and_the_sun_adds_to_it() -> None:
    bench = Bench()
    bench.floor = 6
    assert bench.second() == Order(amps=6, phases=1, why=Why.FLOOR)
    bench.sun = 2500
    assert bench.run(15) == Order(amps=10, phases=1, why=Why.SURPLUS)
    bench.sun = 0
    assert bench.run(900) == Order(amps=6, phases=1, why=Why.FLOOR)


def test_a_floor_needs_no_meter() -> None:
    law = Charging()
    assert law.step(0, Wish(floor=32), TERMS) == Order(amps=32, phases=1, why=Why.FLOOR)


def test_without_a_floor_and_a_meter_nothing_flows() -> None:
    law = Charging()
    assert law.step(0, Wish(), TERMS) == Order(amps=0, phases=1, why=Why.NONE)


def test_a_floor_ends_the_pause_at_once() -> None:
    """Who asks for a boost does not wait for minimum times."""
    bench = Bench()
    bench.sun = 2000
    bench.run(62)
    bench.sun = 0
    bench.run(310)
    assert bench.order.amps == 0
    bench.floor = 32
    assert bench.second().amps == 32


def test_the_house_limit_cuts_at_once() -> None:
    """Before the last order has shown, too."""
    bench = Bench()
    bench.floor, bench.limit = 32, 4600.0
    assert bench.run(10) == Order(amps=20, phases=1, why=Why.GUARD)
    bench.sun = -2000
    assert bench.second() == Order(amps=11, phases=1, why=Why.GUARD)
    bench.sun = -2300
    assert bench.second().amps <= 11
    assert bench.run(20).amps == 10


def test_the_house_limit_pauses_whatever_the_minimum_times() -> None:
    bench = Bench()
    bench.floor, bench.limit = 32, 4600.0
    bench.run(20)
    bench.sun = -4000
    assert bench.second() == Order(amps=0, phases=1, why=Why.GUARD)
    stopped = bench.now
    bench.sun = 0
    assert bench.run(100).why is Why.GUARD
    bench.run(300)
    assert bench.order == Order(amps=20, phases=1, why=Why.GUARD)
    assert bench.orders[-1][0] - stopped == pytest.approx(300, abs=1)


def test_without_a_limit_what_it_held_goes_on() -> None:
    bench = Bench()
    bench.floor, bench.limit = 32, 4600.0
    bench.run(20)
    bench.sun = -4000
    bench.run(5)
    bench.limit = None
    assert bench.second().amps == 32


def test_phases_up_and_down() -> None:
    bench = Bench(Terms(phases=(1, 3)))
    bench.sun = 3000
    assert bench.run(70) == Order(amps=13, phases=1, why=Why.SURPLUS)
    bench.sun = 6000
    assert bench.run(50) == Order(amps=25, phases=1, why=Why.SURPLUS)
    assert bench.run(300).phases == 3
    switched = next(at for at, order in bench.orders if order.phases == 3)
    assert bench.order.amps == 8
    bench.sun = 2500
    bench.run(600)
    assert bench.order == Order(amps=10, phases=1, why=Why.SURPLUS)
    back = next(at for at, order in bench.orders if at > switched and order.phases == 1)
    assert back - switched >= 300


def test_it_starts_on_the_phases_that_the_sun_carries() -> None:
    bench = Bench(Terms(phases=(1, 3)))
    bench.sun = 9000
    assert bench.run(62) == Order(amps=13, phases=3, why=Why.SURPLUS)


def test_a_switch_of_phases_is_said() -> None:
    law = Charging()
    law.begin(amps=20, phases=1)
    terms = Terms(phases=(1, 3), start_delay=10, dwell=0)
    whys = [law.step(at, Wish(power=Sample(value=9000, at=at)), terms) for at in range(12)]
    assert whys[-1] == Order(amps=13, phases=3, why=Why.PHASES)


def test_halt_is_at_once() -> None:
    bench = Bench()
    bench.floor = 16
    bench.run(10)
    assert bench.law.halt(bench.now).amps == 0
    assert not bench.law.run.on


def test_a_changed_maximum_counts_at_once() -> None:
    bench = Bench()
    bench.floor = 32
    bench.run(10)
    bench.terms = Terms(high=10)
    assert bench.second().amps == 10


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes(seed: int) -> None:
    """Amperes are 0 or within bounds, the limit holds, minimum times are kept, and noise is not followed."""
    random = Random(seed)
    low, high = random.choice(((6, 32), (8, 16), (6, 6), (10, 20)))
    terms = Terms(low=low, high=high, phases=random.choice(((1,), (3,), (1, 3))), margin=random.choice((0.0, 100.0, 500.0)))
    bench = Bench(terms, lag=random.choice((1.0, 5.0)))
    guarded = seed % 2 == 1
    bench.limit = 5000.0 if guarded else None
    base = 2000.0
    for _ in range(2 * 3600):
        if random.random() < 0.005:
            base = random.uniform(-6000 if guarded else -1000, 14_000)
        if guarded and random.random() < 0.002:
            bench.floor = random.choice((0, terms.low, terms.high))
        bench.sun = base + random.uniform(-60, 60)
        order = bench.second()
        assert order.amps == 0 or terms.low <= order.amps <= terms.high
        assert order.phases in terms.phases
        if bench.limit is not None and bench.now - bench.law._sent > 1:
            most = max(bench.law.cap.last, bench.limit + bench.sun)
            assert not order.amps or order.amps * order.phases * AMPERE <= most + 1
    turns = [(at, order.amps > 0) for at, order in bench.orders]
    while turns and not turns[0][1]:
        turns.pop(0)
    turns = [turn for index, turn in enumerate(turns) if not index or turns[index - 1][1] != turn[1]]
    if not guarded:
        for (before, was_on), (after, _) in itertools.pairwise(turns):
            assert after - before >= (terms.min_on if was_on else terms.min_off) - 1


@pytest.mark.parametrize("base", [1500.0, 6 * AMPERE, 9 * AMPERE, 10 * AMPERE + 30, 13.5 * AMPERE, 32 * AMPERE])
@pytest.mark.parametrize("noise", [10.0, 60.0, 150.0])
def test_noise_is_not_followed(base: float, noise: float) -> None:
    """An hour of a noisy meter around any boundary: hardly a change a minute, and no pause after a pause."""
    random = Random(1)
    bench = Bench()
    for _ in range(3600):
        bench.sun = base + random.uniform(-noise, noise)
        bench.second()
    pauses = [order for _, order in bench.orders if not order.amps]
    assert len(pauses) <= 3600 / 600
    assert len(bench.orders) <= (4 if noise < 50 else 120 if noise < 100 else 240)


def test_nothing_is_drawn_from_the_grid() -> None:
    """Solar only means that, a ramp up and down apart from the delays."""
    bench = Bench(lag=1.0)
    drawn = []
    for second in range(4 * 3600):
        bench.sun = 6000 * math.sin(math.pi * second / (4 * 3600))
        bench.second()
        if bench.order.why is Why.SURPLUS:
            drawn.append(bench.drawn - bench.sun)
    assert max(drawn) < 60
    assert sum(drawn) / len(drawn) < -50


def test_the_house_limit_is_not_cut_twice_by_an_old_reading() -> None:
    """The meter shows the car that has obeyed, the reading of the car is from before."""
    law = Charging()
    law.begin(amps=6, phases=1)
    law.step(0, Wish(cap=Sample(value=9000, at=0), drawn=1380, floor=32), TERMS)
    law.sent(32, 1, 0)
    # Limit 4600, grid 7360, known draw 1380.
    late = Wish(cap=Sample(value=4600 + 1380 - 7360, at=0.5), drawn=1380, floor=32)
    assert law.step(1, late, TERMS) == Order(amps=20, phases=1, why=Why.GUARD)


def test_nothing_starts_before_the_limit_is_measured() -> None:
    law = Charging()
    law.begin(amps=16, phases=1)
    law.sent(0, 1, 0)
    law.run.turn(on=False, now=0)
    blind = Wish(cap=Sample(value=8280, at=1), drawn=3680, floor=32)
    assert law.step(2, blind, TERMS) == Order(amps=0, phases=1, why=Why.STARTING)
    seen = Wish(cap=Sample(value=4600, at=7), drawn=0, floor=32)
    assert law.step(7, seen, TERMS) == Order(amps=20, phases=1, why=Why.GUARD)


def test_an_appetite() -> None:
    """A battery that gets less than it took lacks the rest, until power flows out: then it takes what it can."""
    battery = Appetite()
    assert battery.missing(grid=10, battery=-500) == 0
    assert battery.missing(grid=-400, battery=-1800) == 0
    assert battery.missing(grid=10, battery=-700) == 1100
    assert battery.missing(grid=5, battery=300) == 1800
    assert battery.missing(grid=-300, battery=-200) == 0
    assert battery.missing(grid=10, battery=-150) == 50
    assert battery.missing(grid=10, battery=-900) == 0
