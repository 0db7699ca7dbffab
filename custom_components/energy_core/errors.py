"""The errors a device can cause, each answering one question: who can fix this?"""

from typing import ClassVar


class EnergyError(Exception):
    """Base of every error below ``ha``.

    ``key`` names the translated text of the sibling, ``placeholders`` fill it. Neither ever holds
    a secret.
    """

    default_key: ClassVar[str] = "protocol"

    def __init__(self, message: str = "", *, key: str | None = None, **placeholders: object) -> None:
        """Describe what was tried and what came back."""
        super().__init__(message or key or self.default_key)
        self.key = key or self.default_key
        self.placeholders = {name: str(value) for name, value in placeholders.items()}


class DeviceConnectionError(EnergyError):
    """Nobody answers at this address: wait, or correct the address."""

    default_key = "cannot_connect"


class DeviceTimeoutError(EnergyError):
    """It answered before and is silent now: wait. What was asked may have been done."""

    default_key = "timeout"


class DeviceAuthError(EnergyError):
    """The credentials are missing or wrong: ask the user."""

    default_key = "invalid_auth"


class DeviceRefusedError(EnergyError):
    """The device, or our own check, refuses this value or this moment: ask for something else."""

    default_key = "refused"


class DeviceProtocolError(EnergyError):
    """The answer makes no sense: another device, new firmware, or our bug."""

    default_key = "protocol"


class WrongDeviceError(EnergyError):
    """Another device answers at this address: correct the address. Nothing it says may be shown."""

    default_key = "other_unit"


class RateLimitedError(EnergyError):
    """Too many requests: slow down for ``retry_after`` seconds, ``named`` by the other side or assumed."""

    default_key = "rate_limited"

    def __init__(
        self, message: str = "", *, retry_after: float, named: bool = True, key: str | None = None, **placeholders: object
    ) -> None:
        """Remember how long to wait, in seconds."""
        hours, minutes = divmod(max(1, round(retry_after / 60)), 60)
        super().__init__(message, key=key, retry_after=f"{hours} h {minutes} min", **placeholders)
        self.retry_after = retry_after
        self.named = named
