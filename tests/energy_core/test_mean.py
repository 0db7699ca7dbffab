"""The mean of a power over the last while."""

import pytest

from custom_components.energy_core.control import Mean, Sample


def run(samples: list[tuple[float, float]], window: float) -> list[float]:
    """Return the mean after each sample, given as moment and power."""
    mean = Mean()
    return [mean.add(Sample(value=value, at=at), window) for at, value in samples]


def test_without_a_window_it_is_the_sample() -> None:
    """Nothing is smoothed."""
    assert run([(0, 5), (5, 100), (10, -3)], 0) == [5, 100, -3]


def test_each_sample_stands_for_the_time_before_it() -> None:
    """As far as that lies within the window; the first one for none, once there is another."""
    assert run([(0, 500), (5, 100), (15, 400)], 60) == [500, 100, pytest.approx(300)]
    assert run([(0, 0), (10, 100), (20, 400), (30, 700)], 15)[-1] == pytest.approx((700 * 10 + 400 * 5) / 15)


def test_a_window_shorter_than_the_pace_is_the_sample() -> None:
    """No reading is late by that."""
    assert run([(0, 0), (10, 100), (20, 400)], 5) == [0, 100, 400]


def test_two_at_once() -> None:
    """The second of two sources: no time has passed."""
    assert run([(0, 100), (0, 200)], 60) == [100, 200]
    assert run([(0, 100), (10, 200), (10, 900)], 60)[-1] == 200


def test_a_window_of_a_second_is_one() -> None:
    """For meters that speak four times in it."""
    assert run([(0, 0), (0.5, 100), (1, 300)], 1)[-1] == 200


def test_a_window_may_be_opened_later() -> None:
    """What was measured before counts in it, as far as it is kept."""
    mean = Mean()
    for at, value in ((0, 100), (10, 200)):
        mean.add(Sample(value=value, at=at), 0)
    assert mean.add(Sample(value=600, at=20), 60) == 400


def test_it_keeps_no_more_than_it_needs() -> None:
    """A week of readings with a window of a minute."""
    mean = Mean()
    for second in range(0, 7 * 86_400, 5):
        mean.add(Sample(value=1, at=second), 60)
    assert len(mean._samples) < 15
    mean.forget()
    assert mean.add(Sample(value=7, at=0), 60) == 7
