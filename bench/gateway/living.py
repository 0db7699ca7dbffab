"""What moves in a captured answer as time goes by: flows at once, counters slowly, reports in their own rhythm."""

from collections.abc import Callable
import math
from typing import Any, Final

# A number, and the seconds since the start.
type Rule = Callable[[float, float], float]

# What flows in or out, in W: every counter gains as much.
STEADY_W: Final = 720
# Seconds between two reports of an inverter, and of what stands beside the gateway.
INVERTER_RHYTHM: Final = 300
UNIT_RHYTHM: Final = 60


def _flow(value: float, seconds: float) -> float:
    return value * (1 + 0.02 * math.sin(seconds / 9 + value % 7))


def _slow_flow(value: float, seconds: float) -> float:
    return _flow(value, seconds // INVERTER_RHYTHM * INVERTER_RHYTHM)


def _level(value: float, seconds: float) -> float:
    return value * (1 + 0.002 * math.sin(seconds / 13 + value % 7))


def _counter(value: float, seconds: float) -> float:
    return value + seconds * STEADY_W / 3600 if value else value


def _moment(value: float, seconds: float) -> float:
    return value + int(seconds)


def _report(rhythm: int) -> Rule:
    return lambda value, seconds: value + int(seconds) // rhythm * rhythm


RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(("activePower", "apparentPower", "reactivePower", "instantaneousDemand", "current"), _flow),
    **dict.fromkeys(("wNow", "wattsNow", "apprntPwr", "reactPwr", "rmsCurrent"), _flow),
    **dict.fromkeys(("real_power_mw", "apparent_power_mva"), _flow),
    **dict.fromkeys(("lastReportWatts", "acCurrentInmA", "dcCurrentINmA", "joulesProduced"), _slow_flow),
    **dict.fromkeys(("voltage", "rmsVoltage"), _level),
    **dict.fromkeys(("actEnergyDlvd", "actEnergyRcvd", "whLifetime", "whToday", "whLastSevenDays"), _counter),
    **dict.fromkeys(("wattHoursToday", "wattHoursSevenDays", "wattHoursLifetime"), _counter),
    **dict.fromkeys(("timestamp", "readingTime"), _moment),
    **dict.fromkeys(("lastReportDate", "endDate"), _report(INVERTER_RHYTHM)),
    "last_rpt_date": _report(UNIT_RHYTHM),
}


def alive(document: Any, seconds: float) -> Any:
    """Return a captured document as it would read so many seconds later; the captured one stays as it is."""
    if isinstance(document, list):
        return [alive(each, seconds) for each in document]
    if isinstance(document, dict):
        return {key: _moved(key, each, seconds) for key, each in document.items()}
    return document


def _moved(key: str, value: Any, seconds: float) -> Any:
    rule = RULES.get(key)
    if rule is None or isinstance(value, bool | dict | list):
        return alive(value, seconds)
    if isinstance(value, int):
        return round(rule(value, seconds))
    if isinstance(value, float):
        return round(rule(value, seconds), 3)
    if isinstance(value, str) and value.isdigit():
        return str(round(rule(int(value), seconds)))
    return value
