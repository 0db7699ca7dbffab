"""Which cloud call sets what: the ``write_key`` of a source, and the request that it becomes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from . import endpoints
from .endpoints import Endpoint

type Request = tuple[Endpoint, dict[str, Any]]


def _value(endpoint: Endpoint) -> Callable[[Any], Request]:
    """Send the value as a number; switches are 0 and 1."""
    return lambda raw: (endpoint, {"value": int(raw)})


ROUTES: Final[Mapping[str, Callable[[Any], Request]]] = {
    "pause": lambda raw: (endpoints.PAUSE if raw else endpoints.START, {}),
    "locked": _value(endpoints.LOCKED),
    "dynamic": _value(endpoints.DYNAMIC),
    "chargefvmode": _value(endpoints.PV_MODE),
    "intensity": _value(endpoints.INTENSITY),
    "min_car_int": _value(endpoints.MIN_CURRENT),
    "max_car_int": _value(endpoints.MAX_CURRENT),
    "logo_led": _value(endpoints.LOGO_LED),
    "set_rfid": _value(endpoints.RFID_READER),
    "ocpp": _value(endpoints.OCPP),
    "inst_type": _value(endpoints.INSTALLATION_TYPE),
    "slave_type": _value(endpoints.METER_TYPE),
    "language": _value(endpoints.LANGUAGE),
    "maxpower": _value(endpoints.MAX_POWER),
}
