"""What can go wrong on the Modbus wire, as errors of ours."""

from collections.abc import Mapping
from typing import Final

from modbus_connection import ModbusConnectionError, ModbusExceptionError, ModbusTimeoutError

from ...energy_core.errors import (
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
)

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
# Exception codes and who can do something about them; an unknown code is a protocol error.
EXCEPTIONS: Final[Mapping[int, tuple[type[EnergyError], str]]] = {
    ILLEGAL_FUNCTION: (DeviceProtocolError, "illegal_function"),
    ILLEGAL_ADDRESS: (DeviceRefusedError, "illegal_address"),
    ILLEGAL_VALUE: (DeviceRefusedError, "illegal_value"),
    4: (DeviceProtocolError, "device_failure"),
    5: (DeviceTimeoutError, "device_busy"),
    6: (DeviceTimeoutError, "device_busy"),
    7: (DeviceRefusedError, "refused"),
    8: (DeviceProtocolError, "device_failure"),
    10: (DeviceConnectionError, "gateway"),
    11: (DeviceConnectionError, "gateway"),
}


class FunctionRefusedError(DeviceProtocolError):
    """Exception 1: the other read function may serve."""


class AbsentError(DeviceRefusedError):
    """Exceptions 2 and 3: some of these registers are not there, or they are too many."""


class LinkLostError(DeviceConnectionError):
    """The link ended under a request, or could not be made."""


def refusal(error: ModbusExceptionError, label: str) -> EnergyError:
    """Return what an exception that the unit answered with means; ``label`` is what was asked."""
    code = error.exception_code
    kind, key = EXCEPTIONS.get(code or 0, (DeviceProtocolError, "device_failure"))
    if code == ILLEGAL_FUNCTION:
        kind = FunctionRefusedError
    elif code in (ILLEGAL_ADDRESS, ILLEGAL_VALUE):
        kind = AbsentError
    return kind(f"{label}: exception {code}", key=key)


def failure(error: Exception, label: str) -> EnergyError:
    """Return what a silence, a lost link or a frame that makes no sense means."""
    if isinstance(error, TimeoutError | ModbusTimeoutError):
        return DeviceTimeoutError(f"{label}: no answer")
    if isinstance(error, ModbusConnectionError | OSError):
        return LinkLostError(f"{label}: link lost")
    return DeviceProtocolError(f"{label}: {type(error).__name__}")
