"""From an address to a Titan on the right wire."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
import logging
from typing import Any, Final

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from modbus_connection import ModbusTcpParams, ModbusUnit

from ..energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
)
from ..energy_core.pacing import Pacer
from .const import DOMAIN, MODBUS_PORT, OPENDATA_PORT, TRANSPORT_AUTO, TRANSPORT_GEN1, TRANSPORT_MODBUS, TRANSPORT_OPENDATA
from .titan import device as titan_device
from .titan.derive import Polarity
from .titan.device import GEN2_TYPES, Titan, meet
from .titan.modbus import ModbusWire
from .titan.opendata import Batching, OpenDataWire
from .titan.plan import Memory
from .titan.sniff import speaks_otherwise

_LOGGER = logging.getLogger(__name__)

# A person waits for the flow: a unit on the local network answers well within this.
PROBE_DEADLINE: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to look for a unit, and how."""

    host: str
    port: int
    transport: str = TRANSPORT_AUTO
    unit_id: int = 1
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What answered: the wire and port that work, and who it is."""

    wire: str
    port: int
    serial: str
    serials: Mapping[str, str]
    rated_power: float | None
    device_type: str | None


def candidates(address: Address) -> list[tuple[str, int]]:
    """Return the wires and ports to try, the likeliest first."""
    if address.transport != TRANSPORT_AUTO:
        return [(address.transport, address.port)]
    given = [(TRANSPORT_MODBUS, address.port), (TRANSPORT_OPENDATA, address.port)]
    usual = [(TRANSPORT_OPENDATA, OPENDATA_PORT), (TRANSPORT_MODBUS, MODBUS_PORT)]
    return list(dict.fromkeys([*given, *usual]))


async def find(hass: HomeAssistant, address: Address) -> Found:
    """Return the unit at ``address``; raise the ``EnergyError`` that tells the user most."""
    errors: list[EnergyError] = []
    for wire, port in candidates(address):
        try:
            return await _try(hass, address, wire, port)
        except EnergyError as error:
            _LOGGER.debug("No unit by %s on port %s: %s", wire, port, error)
            errors.append(error)
            if _unreachable(error):
                break
    raise _most_telling(errors)


def pacer_for(hass: HomeAssistant, host: str) -> Pacer:
    """Return the turns of the unit at ``host``, shared with the entry that may already talk to it."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        if entry.data[CONF_HOST] == host:
            pacer: Pacer = entry.runtime_data.device.pacer
            return pacer
    return Pacer(titan_device.REQUEST_GAP)


async def _try(hass: HomeAssistant, address: Address, wire: str, port: int) -> Found:
    pacer = pacer_for(hass, address.host)
    if wire == TRANSPORT_MODBUS:
        titan = await _meet_by_modbus(hass, address, port, pacer)
        await _ask_serial(hass, address, pacer, titan)
        return _found(titan, TRANSPORT_MODBUS, port)
    titan = opendata_titan(hass, replace(address, port=port), pacer, None, deadline=PROBE_DEADLINE)
    await meet(titan)
    is_gen1 = titan.identity.device_type not in (*GEN2_TYPES, None)
    return _found(titan, TRANSPORT_GEN1 if is_gen1 else TRANSPORT_OPENDATA, port)


async def _meet_by_modbus(hass: HomeAssistant, address: Address, port: int, pacer: Pacer) -> Titan:
    try:
        async with modbus_unit(hass, address.host, port, address.unit_id) as unit:
            titan = modbus_titan(unit, pacer, None)
            await meet(titan)
            return titan
    except (DeviceTimeoutError, DeviceConnectionError) as error:
        if not _unreachable(error) and await speaks_otherwise(address.host, port):
            raise DeviceProtocolError("another protocol", key="not_titan") from error
        raise


async def _ask_serial(hass: HomeAssistant, address: Address, pacer: Pacer, titan: Titan) -> None:
    """Ask the unit's web server, if it is on, for the serial number that Modbus does not show."""
    other = opendata_titan(hass, replace(address, port=OPENDATA_PORT), pacer, None, deadline=PROBE_DEADLINE)
    with suppress(EnergyError):
        await other.update(("identity",), only=True)
        if other.same_unit(titan.serials):
            titan.serials |= other.serials


def _found(titan: Titan, wire: str, port: int) -> Found:
    serial = titan.serial
    assert serial is not None
    return Found(
        wire=wire,
        port=port,
        serial=serial,
        serials=dict(titan.serials),
        rated_power=titan.info.rated_power,
        device_type=titan.identity.device_type,
    )


@asynccontextmanager
async def modbus_unit(hass: HomeAssistant, host: str, port: int, unit_id: int) -> AsyncIterator[ModbusUnit]:
    """Lend a unit for a config flow, sharing the connection that an entry may already hold."""
    try:
        async with async_get_temporary_unit(hass, ModbusTcpParams(host=host, port=port), unit_id) as unit:
            yield unit
    except HomeAssistantError:
        # Without its words and its cause: they have the address in them, and the other side's settings, a password among them.
        raise DeviceConnectionError("the link is used otherwise", key="link_conflict") from None


def modbus_titan(unit: ModbusUnit, pacer: Pacer, saved: object, **more: Any) -> Titan:
    """Return a Titan on Modbus TCP."""
    wire = ModbusWire(unit, pacer, logger=_LOGGER, memory=Memory.restored(saved))
    return Titan(wire, pacer, logger=_LOGGER, **more)


def opendata_titan(
    hass: HomeAssistant,
    address: Address,
    pacer: Pacer,
    saved: object,
    *,
    gen1: bool = False,
    deadline: float | None = None,
    **more: Any,
) -> Titan:
    """Return a Titan on OpenData HTTP."""
    wire = OpenDataWire(
        async_get_clientsession(hass),
        address.host,
        address.port,
        pacer,
        logger=_LOGGER,
        password=address.password,
        deadline=deadline,
        memory=Batching.restored(saved),
    )
    if gen1:
        wire.name = "gen1"
    return Titan(wire, pacer, logger=_LOGGER, **more)


def polarity(options: Mapping[str, Any], name: str) -> Polarity:
    """Return the user's choice of sign, automatic by default."""
    return Polarity(options.get(name, Polarity.AUTO))


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain:
        chain.append(found)
        found = found.__cause__ or found.__context__
    return chain


def _unreachable(error: EnergyError) -> bool:
    """Tell whether there is no such host: another port will not help."""
    text = " ".join(f"{type(each).__name__} {each}" for each in _causes(error))
    return any(sign in text for sign in ("gaierror", "Name or service", "No route", "Network is unreachable", "DNS"))


def _most_telling(errors: list[EnergyError]) -> EnergyError:
    """Return the error of the candidate that came furthest, the first of several."""

    def rank(error: EnergyError) -> int:
        return next((place for place, kind in enumerate(_TELLING) if isinstance(error, kind)), len(_TELLING))

    return min(errors, key=rank)


_TELLING: Final = (DeviceAuthError, DeviceProtocolError, DeviceTimeoutError, DeviceConnectionError)
