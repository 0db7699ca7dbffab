"""The forms of the config flow."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_TOKEN, CONF_USERNAME, UnitOfTime
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from .const import (
    AUTOMATIC,
    CONF_CAPTURE,
    CONF_DETAILS,
    CONF_INTERVAL,
    CONF_NEW_ACCESS,
    CONF_PHASES,
    DETAILS,
    MAX_SCAN_INTERVAL,
    MIN_SCAN_INTERVAL,
    PHASES,
    SCAN_INTERVAL,
)

LONGEST: Final = 512
# A page that was pasted as a whole is still told apart from a token, in words.
LONGEST_TOKEN: Final = 20_000

HOST: Final = probatio.All(TextSelector(), probatio.Strip, probatio.Length(min=1, max=260))
EMAIL: Final = probatio.All(
    TextSelector(TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="username")),
    probatio.Strip,
    probatio.Length(min=1, max=LONGEST),
)
# Blanks may be part of a password.
SECRET: Final = probatio.All(
    TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")),
    probatio.Length(min=1, max=LONGEST),
)
TOKEN: Final = probatio.All(TextSelector(TextSelectorConfig(multiline=True)), probatio.Length(min=1, max=LONGEST_TOKEN))
INTERVAL: Final = probatio.All(
    NumberSelector(
        NumberSelectorConfig(
            min=MIN_SCAN_INTERVAL,
            max=MAX_SCAN_INTERVAL,
            step=1,
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=UnitOfTime.SECONDS,
        )
    ),
    probatio.Coerce(int),
    probatio.Range(min=MIN_SCAN_INTERVAL, max=MAX_SCAN_INTERVAL),
)
PHASE_CHOICE: Final = SelectSelector(
    SelectSelectorConfig(options=list(PHASES), translation_key=CONF_PHASES, mode=SelectSelectorMode.DROPDOWN)
)
DETAIL_CHOICE: Final = SelectSelector(
    SelectSelectorConfig(options=list(DETAILS), translation_key=CONF_DETAILS, mode=SelectSelectorMode.DROPDOWN)
)

NOTHING: Final = probatio.Schema({})
PASSWORD: Final = probatio.Schema({probatio.Required(CONF_PASSWORD): SECRET})
TOKEN_FORM: Final = probatio.Schema({probatio.Required(CONF_TOKEN): TOKEN})


def user(host: str) -> probatio.Schema:
    """Return the form for an address."""
    return probatio.Schema({probatio.Required(CONF_HOST, default=host or probatio.UNDEFINED): HOST})


def account(username: str) -> probatio.Schema:
    """Return the form for an account; a password is never shown again."""
    return probatio.Schema(
        {
            probatio.Required(CONF_USERNAME, default=username or probatio.UNDEFINED): EMAIL,
            probatio.Required(CONF_PASSWORD): SECRET,
        }
    )


def reconfigure(host: str, *, renew: bool) -> probatio.Schema:
    """Return the form for another address, and whether the credentials are to be others as well."""
    return probatio.Schema(
        {
            probatio.Required(CONF_HOST, default=host): HOST,
            probatio.Required(CONF_NEW_ACCESS, default=renew): BooleanSelector(),
        }
    )


def options(now: Mapping[str, Any]) -> probatio.Schema:
    """Return the form for preferences."""
    fields = {
        CONF_INTERVAL: (SCAN_INTERVAL, INTERVAL),
        CONF_PHASES: (AUTOMATIC, PHASE_CHOICE),
        CONF_DETAILS: (AUTOMATIC, DETAIL_CHOICE),
        CONF_CAPTURE: (False, BooleanSelector()),
    }
    return probatio.Schema(
        {probatio.Required(name, default=now.get(name, usual)): field for name, (usual, field) in fields.items()}
    )
