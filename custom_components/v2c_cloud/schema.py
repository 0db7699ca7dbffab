"""The forms of the config flow, and which error text belongs to which error."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import CONF_API_KEY, CONF_HOST, PERCENTAGE, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from ..energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
    WrongDeviceError,
)
from .const import (
    CONF_ADVANCED,
    CONF_BASE_URL,
    CONF_CHARGER,
    CONF_INTERVAL,
    CONF_SHARE,
    MAX_SCAN_INTERVAL,
    MAX_SHARE,
    MIN_SCAN_INTERVAL,
    SCAN_INTERVAL,
    SHARE,
)
from .v2c.cloud import BASE_URL

SECRET: Final = probatio.All(
    TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD)), probatio.Strip, probatio.Length(min=1, max=512)
)
HOST: Final = probatio.All(TextSelector(), probatio.Strip, probatio.Length(min=1, max=260))


def integer(low: int, high: int, unit: str) -> probatio.All[Any]:
    """Return a number field that yields an int within bounds."""
    config = NumberSelectorConfig(min=low, max=high, step=1, mode=NumberSelectorMode.BOX, unit_of_measurement=unit)
    return probatio.All(NumberSelector(config), probatio.Coerce(int), probatio.Range(min=low, max=high))


def cloud(given: Mapping[str, Any]) -> probatio.Schema:
    """Return the form for an account; a key is never shown again."""
    fields = {probatio.Optional(CONF_BASE_URL, default=given.get(CONF_BASE_URL, BASE_URL)): TextSelector()}
    return probatio.Schema(
        {
            probatio.Required(CONF_API_KEY): SECRET,
            probatio.Optional(CONF_ADVANCED): section(probatio.Schema(fields), {"collapsed": True}),
        }
    )


def local(given: Mapping[str, Any]) -> probatio.Schema:
    """Return the form for an address."""
    return probatio.Schema({probatio.Required(CONF_HOST, default=given.get(CONF_HOST, probatio.UNDEFINED)): HOST})


KEY: Final = probatio.Schema({probatio.Required(CONF_API_KEY): SECRET})


def address(chargers: Mapping[str, str], present: Mapping[str, str], given: Mapping[str, Any]) -> probatio.Schema:
    """Return the form for the address of one of ``chargers`` (name by id); an empty one is found automatically."""
    choices = [SelectOptionDict(value=device_id, label=name) for device_id, name in chargers.items()]
    first = given.get(CONF_CHARGER, next(iter(chargers)))
    shown = given.get(CONF_HOST, present.get(first, ""))
    host = probatio.Optional(CONF_HOST, description={"suggested_value": shown})
    if len(chargers) == 1:
        return probatio.Schema({host: TextSelector()})
    return probatio.Schema(
        {
            probatio.Required(CONF_CHARGER, default=first): SelectSelector(SelectSelectorConfig(options=choices)),
            host: TextSelector(),
        }
    )


def preferences(now: Mapping[str, Any], *, account: bool) -> probatio.Schema:
    """Return the form for preferences; only an account has a budget to share."""
    fields = {CONF_INTERVAL: (SCAN_INTERVAL, integer(MIN_SCAN_INTERVAL, MAX_SCAN_INTERVAL, UnitOfTime.SECONDS))}
    if account:
        fields[CONF_SHARE] = (SHARE, integer(0, MAX_SHARE, PERCENTAGE))
    return probatio.Schema(
        {probatio.Required(name, default=now.get(name, usual)): field for name, (usual, field) in fields.items()}
    )


def flat(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered without the fold."""
    return {name: value for name, value in user_input.items() if name != CONF_ADVANCED} | dict(user_input.get(CONF_ADVANCED, {}))


# What a user can do about each error; the first kind that fits counts.
_TEXTS: Final[tuple[tuple[type[EnergyError], str], ...]] = (
    (WrongDeviceError, "other_unit"),
    (DeviceTimeoutError, "timeout"),
    (RateLimitedError, "rate_limited"),
    (DeviceConnectionError, "cannot_connect"),
    (DeviceProtocolError, "not_trydan"),
)
_OWN: Final = (
    *("unknown", "invalid_base_url", "invalid_host", "no_chargers", "not_v2c", "charger_not_paired"),
    *("cloud_error", "cloud_refused"),
)


def flow_error(error: EnergyError) -> str:
    """Return the key of the text that tells the user what to do."""
    if error.key in _OWN:
        return error.key
    if isinstance(error, DeviceAuthError):
        return "forbidden" if error.placeholders.get("status") == "403" else "invalid_auth"
    return next((text for kind, text in _TEXTS if isinstance(error, kind)), "unknown")
