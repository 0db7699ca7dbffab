"""What is known of attempts to get a token, and what of it survives."""

import json

import pytest

from custom_components.energy_core.errors import DeviceAuthError, DeviceConnectionError, RateLimitedError
from custom_components.energy_core.renewal import Attempts
from custom_components.energy_core.tokens import Renewal, Token

HOUR, DAY = 3600.0, 86_400.0
NOW = 1_780_000_000.0
TRIED = {"attempts": 7, "successes": 3, "failures": 2, "refusals": 1}
TIMES = {"last": NOW - 5, "fetched": NOW - 7.5, "quiet_until": NOW + 60}
TOLD = {"last_error": "down", "rejected": "wrong", "counted": True}


def test_new_credentials_are_a_new_story() -> None:
    """How often it was tried and how often that worked is all that stays."""
    attempts = Attempts(**TRIED, **TIMES, **TOLD)
    attempts.forgive()
    assert attempts == Attempts(attempts=7, successes=3)


def test_all_of_it_survives() -> None:
    """Through JSON, to the half second."""
    attempts = Attempts(**TRIED, **TIMES, **TOLD)
    again = Attempts()
    again.restore(json.loads(json.dumps(attempts.as_dict())))
    assert again == attempts


@pytest.mark.parametrize("wrong", ["5", -1, -0.5, None, True, [], float("nan")])
def test_what_is_no_number_is_not_taken_over(wrong: object) -> None:
    """Each field stays as it was."""
    again = Attempts(**TRIED, **TIMES)
    again.restore(dict.fromkeys([*TRIED, *TIMES], wrong))
    assert again == Attempts(**TRIED, **TIMES)


@pytest.mark.parametrize("wrong", ["", 5, None, ["down"]])
def test_what_is_no_key_is_not_taken_over(wrong: object) -> None:
    """Nor is a mark that is not plainly true."""
    again = Attempts()
    again.restore({"last_error": wrong, "rejected": wrong, "counted": "true"})
    assert again == Attempts()


def test_nothing_is_a_number_too() -> None:
    """At 0, and soon after."""
    again = Attempts()
    again.restore({"last": 0, "fetched": 0.5})
    assert (again.last, again.fetched) == (0.0, 0.5)


def test_a_clock_that_was_set_back_frees_and_freezes_nothing() -> None:
    """Long pauses end after a day at the latest, and the last attempt was not in the future."""
    attempts = Attempts(last=NOW + DAY, quiet_until=NOW + 40 * DAY)
    assert attempts.wait(NOW) == DAY
    assert Attempts(last=NOW + DAY).wait(NOW) == 900
    assert Attempts(quiet_until=NOW + 60).wait(NOW) == 60
    assert Attempts(quiet_until=NOW - 60).wait(NOW) == 0
    assert Attempts(last=NOW - DAY, quiet_until=NOW - 60).wait(NOW) == 0


def test_attempts_and_successes_add_up() -> None:
    """Each of them."""
    attempts = Attempts()
    for later in (0, 900):
        attempts.began(NOW + later)
        attempts.succeeded(NOW + later + 5)
    assert attempts == Attempts(attempts=2, successes=2, last=NOW + 900, fetched=NOW + 905)


@pytest.mark.parametrize(
    ("failures", "refusals", "pause"), [(0, 0, 900), (1, 0, 900), (2, 1, 3600), (0, 2, 3600), (3, 0, 21_600), (1, 9, 21_600)]
)
def test_what_came_to_nothing_makes_the_next_wait_longer(failures: int, refusals: int, pause: float) -> None:
    """Failed, or not wanted by the device: the longer row of the two counts."""
    assert Attempts(failures=failures, refusals=refusals, last=NOW).wait(NOW + 10) == pause - 10


def test_a_failure_says_what_is_to_be_done() -> None:
    """A wrong password waits for the user, a server that names a time until then, all else for the usual pause."""
    attempts = Attempts()
    attempts.failed(DeviceConnectionError(key="down"), NOW)
    assert attempts == Attempts(failures=1, last_error="down")
    attempts.failed(RateLimitedError(key="slow", retry_after=120), NOW)
    assert attempts == Attempts(failures=2, last_error="slow", quiet_until=NOW + 120)
    attempts.failed(DeviceAuthError(key="wrong"), NOW)
    assert attempts == Attempts(failures=3, last_error="wrong", quiet_until=NOW + 120, rejected="wrong")
    attempts.counted = True
    attempts.succeeded(NOW + 5)
    assert attempts == Attempts(successes=1, fetched=NOW + 5, rejected="wrong")


@pytest.mark.parametrize(("fetched", "refusals"), [(NOW, 3), (NOW - HOUR + 1, 3), (NOW - HOUR, 0), (NOW + 1, 0), (None, 0)])
def test_a_young_token_that_is_refused_counts(fetched: float | None, refusals: int) -> None:
    """One that is an hour old worked for a while: another story. Once for each token."""
    attempts = Attempts(fetched=fetched, refusals=2)
    attempts.refused(NOW)
    attempts.refused(NOW)
    assert (attempts.refusals, attempts.counted) == (refusals, True)


@pytest.mark.parametrize(
    ("issued", "due", "pause"),
    [
        (NOW - 60 * DAY - 1, NOW - 30 * DAY + 2 * HOUR, DAY + 2 * HOUR),
        (NOW - 60 * DAY, NOW - 20 * DAY, 0),
        (None, NOW - 30 * DAY + 2 * HOUR, DAY + 2 * HOUR),
    ],
)
def test_a_long_life_is_one_of_more_than_sixty_days(issued: float | None, due: float, pause: float) -> None:
    """Due a month before its end and tried each day; a shorter one after two thirds, whenever that is allowed."""
    token = Token(text="t", expires=NOW, issued=issued)
    assert Renewal().due_at(token, 0.5) == pytest.approx(due)
    assert Renewal().pause(token, 0.5) == pause
