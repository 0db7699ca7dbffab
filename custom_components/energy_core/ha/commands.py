"""From our errors to Home Assistant's, translated, in one place."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..errors import DeviceRefusedError, EnergyError, RateLimitedError


@contextmanager
def translated(domain: str) -> Iterator[None]:
    """Raise what a user can act on: a validation error for what was asked, a failure for what went wrong."""
    try:
        yield
    except EnergyError as error:
        asked = isinstance(error, DeviceRefusedError | RateLimitedError)
        kind = ServiceValidationError if asked else HomeAssistantError
        raise kind(translation_domain=domain, translation_key=error.key, translation_placeholders=error.placeholders) from error
