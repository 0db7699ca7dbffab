"""Every documented register and point of a Titan, through our own two wires."""

from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
import logging

from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection

from custom_components.energy_core.errors import DeviceConnectionError, DeviceTimeoutError, EnergyError
from custom_components.energy_core.pacing import Pacer
from custom_components.energy_core.points import Key, Raw, Source
from custom_components.energy_core.report import Reading
from custom_components.titan_izypower.titan.device import REQUEST_GAP
from custom_components.titan_izypower.titan.modbus import ModbusWire
from custom_components.titan_izypower.titan.opendata import OpenDataWire
from custom_components.titan_izypower.titan.sources import DataPoint, Kind, Register
from simulators import titan_table as table

from .asking import Found, Say, entered, session

_LOGGER = logging.getLogger(__name__)
# A refusal in one group leaves the others alone.
GROUP = 24
# Of the system call only these: its whole answer has the name of the network and more.
SYSTEM = tuple(f"Sys.GetConfig.device.{name}" for name in ("sn", "type", "fw", "mac", "run_time", "time"))

type Read = Callable[[Sequence[Source]], Awaitable[Reading]]


async def capture(options: Namespace, say: Say) -> Found:
    """Ask by Modbus and by HTTP; a switch that is off in the App leaves its half out."""
    found = Found(maker="Titan IzyPower")
    pacer = Pacer(REQUEST_GAP)
    await _by_modbus(options, found, pacer, say)
    await _by_http(options, found, pacer, say)
    return found


async def _by_modbus(options: Namespace, found: Found, pacer: Pacer, say: Say) -> None:
    connection = ModbusConnection(ModbusTcpParams(host=options.host, port=options.port or 8899))
    registers = [Register(key=each.address, kind=_kind(each)) for each in table.registers().values()]
    try:
        wire = ModbusWire(connection.for_unit(options.unit), pacer, logger=_LOGGER, recorder=found.recorder)
        await _read("modbus", wire.read, registers, found, say)
    finally:
        await connection.close()


async def _by_http(options: Namespace, found: Found, pacer: Pacer, say: Say) -> None:
    password = entered("Password of the HTTP API") if options.password else None
    sources = [*(DataPoint(key=number) for number in table.read_points()), *(DataPoint(key=path) for path in SYSTEM)]
    async with session(verified=False) as opened:
        wire = OpenDataWire(
            opened, options.host, options.http_port or 8080, pacer, logger=_LOGGER, password=password, recorder=found.recorder
        )
        told = await _read("http", wire.read, sources, found, say)
    found.firmware = _text(told.get("Sys.GetConfig.device.fw"))
    found.model = _text(told.get("Sys.GetConfig.device.type"))
    serials = {str(number) for number, each in table.read_points().items() if "serial" in each.name.lower()}
    answers = [each["body"] for each in found.recorder.capture()["exchanges"] if isinstance(each["body"], dict)]
    # As it was answered, and not as it was understood: an answer may be there although its request failed as a whole.
    private = [value for body in answers for key, value in body.items() if key in serials or key.endswith((".sn", ".mac"))]
    found.secrets |= {str(each) for each in (*private, password) if each}


async def _read(name: str, read: Read, sources: Sequence[Source], found: Found, say: Say) -> dict[Key, Raw]:
    """Read everything group by group; the first silence ends it, a refusal does not."""
    values: dict[Key, Raw] = {}
    for start in range(0, len(sources), GROUP):
        try:
            reading = await read(sources[start : start + GROUP])
        except EnergyError as error:
            found.silent[name] = str(error)
            if isinstance(error, DeviceConnectionError | DeviceTimeoutError) and not values:
                break
            continue
        values |= reading.values
    say(f"{name}: {len(values)} of {len(sources)} values")
    return values


def _kind(each: table.Register) -> Kind:
    """Return how our wire names a documented register of this size; what it means does not matter here."""
    match each.words:
        case 1:
            return "u16"
        case 2:
            return "u32"
    return "text"


def _text(value: object) -> str | None:
    return str(value) if value else None
