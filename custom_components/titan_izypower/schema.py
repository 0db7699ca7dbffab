"""The forms of the config flow, and which error text belongs to which error."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_MODEL, CONF_PASSWORD, CONF_PORT, CONF_SCAN_INTERVAL, UnitOfPower, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
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

from ..energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
)
from .const import (
    CONF_ADVANCED,
    CONF_FAIL_SAFE,
    CONF_MAX_CHARGE,
    CONF_MAX_DISCHARGE,
    CONF_POLARITY,
    CONF_SETTINGS_PER_DAY,
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    CONF_WIRE,
    FAIL_SAFES,
    GEN1_CHARGE,
    GEN1_DISCHARGE,
    MAX_SCAN_INTERVAL,
    MIN_SCAN_INTERVAL,
    MODBUS_PORT,
    MODEL_NAMES,
    MODEL_POWER,
    SCAN_INTERVAL,
    TRANSPORT_AUTO,
    TRANSPORT_GEN1,
    TRANSPORTS,
    UNIT_ID,
)
from .titan.derive import Polarity
from .titan.device import SETTINGS_PER_DAY
from .titan.orders import Limits

# The protocol's register for power goes to 10.8 kW, a cluster of three.
CLUSTER_W: Final = 10800


def integer(low: int, high: int, unit: str | None = None) -> probatio.All[Any]:
    """Return a number field that yields an int within bounds."""
    config = NumberSelectorConfig(min=low, max=high, step=1, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return probatio.All(NumberSelector(config), probatio.Coerce(int), probatio.Range(min=low, max=high))


def choice(options: list[str], key: str) -> SelectSelector:
    """Return a translated choice."""
    return SelectSelector(SelectSelectorConfig(options=options, translation_key=key, mode=SelectSelectorMode.DROPDOWN))


HOST: Final = probatio.All(TextSelector(), probatio.Strip, probatio.Length(min=1, max=253))
PORT: Final = integer(1, 65535)
INTERVAL: Final = integer(MIN_SCAN_INTERVAL, MAX_SCAN_INTERVAL, UnitOfTime.SECONDS)
MODEL: Final = choice(list(MODEL_NAMES), "model")
SECRET: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))

PASSWORD: Final = probatio.Schema({probatio.Required(CONF_PASSWORD): SECRET})
CONFIRM: Final = probatio.Schema(
    {
        probatio.Required(CONF_MODEL, default=next(iter(MODEL_NAMES))): MODEL,
        probatio.Required(CONF_SCAN_INTERVAL, default=SCAN_INTERVAL): INTERVAL,
    }
)


def user(given: Mapping[str, Any]) -> probatio.Schema:
    """Return the first form, with what was entered before."""
    return probatio.Schema(
        {
            probatio.Required(CONF_HOST, default=given.get(CONF_HOST, probatio.UNDEFINED)): HOST,
            probatio.Required(CONF_PORT, default=given.get(CONF_PORT, MODBUS_PORT)): PORT,
            probatio.Required(CONF_SCAN_INTERVAL, default=given.get(CONF_SCAN_INTERVAL, SCAN_INTERVAL)): INTERVAL,
            probatio.Required(CONF_MODEL, default=given.get(CONF_MODEL, next(iter(MODEL_NAMES)))): MODEL,
            probatio.Optional(CONF_ADVANCED): advanced(given),
        }
    )


def reconfigure(given: Mapping[str, Any]) -> probatio.Schema:
    """Return the form for another address."""
    return probatio.Schema(
        {
            probatio.Required(CONF_HOST, default=given[CONF_HOST]): HOST,
            probatio.Required(CONF_PORT, default=given[CONF_PORT]): PORT,
            probatio.Required(CONF_MODEL, default=given[CONF_MODEL]): MODEL,
            probatio.Optional(CONF_ADVANCED): advanced(given),
        }
    )


def advanced(given: Mapping[str, Any]) -> section:
    """Return what hardly anybody needs, folded away."""
    fields = probatio.Schema(
        {
            probatio.Required(CONF_TRANSPORT, default=given.get(CONF_TRANSPORT, TRANSPORT_AUTO)): choice(TRANSPORTS, "transport"),
            probatio.Required(CONF_UNIT_ID, default=given.get(CONF_UNIT_ID, UNIT_ID)): integer(1, 247),
        }
    )
    return section(fields, {"collapsed": True})


def options(entry: ConfigEntry) -> probatio.Schema:
    """Return the form for preferences."""
    now, (charge, discharge) = entry.options, usual_power(entry)
    fields = {
        CONF_SCAN_INTERVAL: (SCAN_INTERVAL, INTERVAL),
        CONF_MAX_CHARGE: (charge, integer(50, CLUSTER_W, UnitOfPower.WATT)),
        CONF_MAX_DISCHARGE: (discharge, integer(50, CLUSTER_W, UnitOfPower.WATT)),
        CONF_FAIL_SAFE: (FAIL_SAFES[0], choice(FAIL_SAFES, CONF_FAIL_SAFE)),
        CONF_POLARITY: (str(Polarity.AUTO), choice([str(each) for each in Polarity], CONF_POLARITY)),
        CONF_SETTINGS_PER_DAY: (SETTINGS_PER_DAY, integer(1, 1000)),
    }
    return probatio.Schema(
        {probatio.Required(name, default=now.get(name, usual)): field for name, (usual, field) in fields.items()}
    )


def usual_power(entry: ConfigEntry) -> tuple[int, int]:
    """Return the most W that the chosen model charges and discharges at."""
    if entry.data[CONF_WIRE] == TRANSPORT_GEN1:
        return GEN1_CHARGE, GEN1_DISCHARGE
    power = MODEL_POWER[entry.data[CONF_MODEL]]
    return power, power


def limits(entry: ConfigEntry, options: Mapping[str, Any] | None = None) -> Limits:
    """Return the user's ceilings, the model's by default."""
    options = entry.options if options is None else options
    charge, discharge = usual_power(entry)
    return Limits(charge=options.get(CONF_MAX_CHARGE, charge), discharge=options.get(CONF_MAX_DISCHARGE, discharge))


def flat(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered without the fold."""
    return {name: value for name, value in user_input.items() if name != CONF_ADVANCED} | dict(user_input.get(CONF_ADVANCED, {}))


# What a user can do about each error; the first kind that fits counts.
_TEXTS: Final[tuple[tuple[type[EnergyError], str], ...]] = (
    (DeviceAuthError, "invalid_auth"),
    (DeviceProtocolError, "not_titan"),
    (DeviceRefusedError, "not_titan"),
    (DeviceTimeoutError, "timeout"),
    (RateLimitedError, "timeout"),
    (DeviceConnectionError, "cannot_connect"),
)


def flow_error(error: EnergyError) -> str:
    """Return the key of the text that tells the user what to do."""
    if error.key in ("unknown", "link_conflict"):
        return error.key
    return next((text for kind, text in _TEXTS if isinstance(error, kind)), "unknown")
