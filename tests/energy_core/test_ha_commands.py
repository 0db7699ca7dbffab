"""Our errors as Home Assistant's."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.energy_core import errors
from custom_components.energy_core.ha.commands import translated

ASKED = [errors.DeviceRefusedError(key="out_of_range", low=1), errors.RateLimitedError(retry_after=300)]
WENT_WRONG = [
    errors.DeviceTimeoutError(),
    errors.DeviceConnectionError(),
    errors.DeviceAuthError(),
    errors.DeviceProtocolError(key="http_status", status=500),
    errors.WrongDeviceError(),
    errors.EnergyError(),
]


@pytest.mark.parametrize(("error", "asked"), [*((each, True) for each in ASKED), *((each, False) for each in WENT_WRONG)])
def test_an_error_is_told_in_the_users_words(error, asked):
    """What was asked is a validation error, what went wrong is a failure; key, placeholders and cause are kept."""
    with pytest.raises(HomeAssistantError) as caught, translated("unit"):
        raise error
    told = caught.value
    assert isinstance(told, ServiceValidationError) is asked
    assert (told.translation_domain, told.translation_key, told.translation_placeholders) == (
        "unit",
        error.key,
        error.placeholders,
    )
    assert told.__cause__ is error


def test_success_says_nothing():
    """Without an error nothing happens."""
    with translated("unit"):
        done = True
    assert done


def test_bugs_are_not_dressed_up():
    """What is not the device's error stays what it is."""
    with pytest.raises(KeyError), translated("unit"):
        raise KeyError("bug")
