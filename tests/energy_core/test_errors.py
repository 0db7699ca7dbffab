"""The errors: what a translation needs, and nothing else."""

import pytest

from custom_components.energy_core import errors
from custom_components.energy_core.errors import EnergyError, RateLimitedError

KEYS = {
    errors.DeviceConnectionError: "cannot_connect",
    errors.DeviceTimeoutError: "timeout",
    errors.DeviceAuthError: "invalid_auth",
    errors.DeviceRefusedError: "refused",
    errors.DeviceProtocolError: "protocol",
    errors.WrongDeviceError: "other_unit",
    EnergyError: "protocol",
}


@pytest.mark.parametrize(("kind", "key"), KEYS.items())
def test_each_error_brings_the_key_of_its_own_text(kind, key):
    """Each error brings the key of its own text, and reads as that key when nothing else is said."""
    error = kind()
    assert (error.key, str(error), error.placeholders) == (key, key, {})
    assert isinstance(error, EnergyError)


def test_no_error_is_the_child_of_another():
    """No error is the child of another, so that catching one never swallows its neighbour."""
    leaves = [kind for kind in (*KEYS, RateLimitedError) if kind is not EnergyError]
    assert all(kind.__bases__ == (EnergyError,) for kind in leaves)


def test_an_error_says_what_happened_and_fills_its_text():
    """A message is for the log, a key and placeholders are for the user; placeholders are text."""
    error = errors.DeviceRefusedError("4001: rejected", key="out_of_range", value=12, low=0.5)
    assert str(error) == "4001: rejected"
    assert error.key == "out_of_range"
    assert error.placeholders == {"value": "12", "low": "0.5"}
    assert str(errors.DeviceRefusedError(key="not_writable")) == "not_writable"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 h 1 min"),
        (59.6, "0 h 1 min"),
        (300, "0 h 5 min"),
        (3600, "1 h 0 min"),
        (5460, "1 h 31 min"),
        (86_400, "24 h 0 min"),
    ],
)
def test_too_many_requests_says_for_how_long(seconds, text):
    """The wait is exact for the code, and in hours and minutes for people; never in no time at all."""
    error = RateLimitedError(retry_after=seconds, limit=5)
    assert error.retry_after == seconds
    assert error.key == "rate_limited"
    assert error.placeholders == {"retry_after": text, "limit": "5"}


def test_a_budget_has_its_own_words_for_too_many():
    """Our own limit is told apart from the server's."""
    assert RateLimitedError("429", retry_after=1, key="budget_exhausted").key == "budget_exhausted"
