"""What went wrong in a config flow, in words: which text belongs to which error."""

from typing import Final

from homeassistant.config_entries import ConfigFlow

from ..energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
    WrongDeviceError,
)

# What a user can do about each error; the first kind that fits counts.
TEXTS: Final[tuple[tuple[type[EnergyError], str], ...]] = (
    (WrongDeviceError, "other_unit"),
    (DeviceTimeoutError, "timeout"),
    (RateLimitedError, "rate_limited"),
    (DeviceConnectionError, "cannot_connect"),
    (DeviceProtocolError, "not_envoy"),
    (DeviceAuthError, "invalid_auth"),
)
OWN: Final = frozenset(
    {
        *("unknown", "invalid_host", "gateway_busy", "certificate_changed"),
        *("mfa_required", "account_blocked", "no_right", "gateway_uncommissioned"),
        *("cloud_unreachable", "cloud_timeout", "cloud_unavailable", "cloud_answer", "cloud_changed"),
        *("token_malformed", "token_truncated", "token_expired", "token_foreign", "token_refused"),
    }
)


def flow_error(error: EnergyError) -> str:
    """Return the key of the text that tells the user what to do."""
    if error.key in OWN:
        return error.key
    if isinstance(error, DeviceAuthError) and "challenge" in error.placeholders:
        return "wrong_password"
    return next((text for kind, text in TEXTS if isinstance(error, kind)), "unknown")


class TellingFlow(ConfigFlow):
    """A flow that says why its last look failed."""

    _error: EnergyError | None = None

    @property
    def _errors(self) -> dict[str, str]:
        """The errors of a form."""
        return {} if self._error is None else {"base": flow_error(self._error)}
