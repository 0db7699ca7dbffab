"""From a config entry to a running coordinator, with everything that an earlier life kept."""

from functools import partial
from typing import Any

from homeassistant.components.modbus import async_get_unit
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError, HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from modbus_connection import ModbusTcpParams, ModbusUnit

from ..energy_core.memory import section
from ..energy_core.pacing import Pacer
from .connect import Address, modbus_titan, opendata_titan, polarity
from .const import (
    CONF_POLARITY,
    CONF_SETTINGS_PER_DAY,
    CONF_UNIT_ID,
    CONF_WIRE,
    DOMAIN,
    STORAGE_VERSION,
    TRANSPORT_GEN1,
    TRANSPORT_MODBUS,
    UNIT_ID,
)
from .coordinator import TitanConfigEntry, TitanCoordinator
from .devices import summary
from .titan import device as titan_device


def store_of(hass: HomeAssistant, entry: TitanConfigEntry) -> Store[dict[str, Any]]:
    """Return where the memory of ``entry`` is kept."""
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}", private=True)


def _unit(hass: HomeAssistant, entry: TitanConfigEntry) -> ModbusUnit:
    """Borrow the unit from Home Assistant's connection; another integration may hold it otherwise."""
    params = ModbusTcpParams(host=entry.data[CONF_HOST], port=entry.data[CONF_PORT])
    try:
        return async_get_unit(hass, entry, params, entry.data.get(CONF_UNIT_ID, UNIT_ID))
    except HomeAssistantError as error:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key="link_conflict") from error


async def create(hass: HomeAssistant, entry: TitanConfigEntry) -> TitanCoordinator:
    """Return the coordinator of ``entry`` with everything that an earlier life kept."""
    store = store_of(hass, entry)
    kept = section(await store.async_load())
    pacer, data = Pacer(titan_device.REQUEST_GAP), entry.data
    sign = polarity(entry.options, CONF_POLARITY)
    if data[CONF_WIRE] == TRANSPORT_MODBUS:
        titan = modbus_titan(_unit(hass, entry), pacer, kept.get("modbus"), polarity=sign, now=dt_util.now)
    else:
        gen1 = data[CONF_WIRE] == TRANSPORT_GEN1
        address = Address(host=data[CONF_HOST], port=data[CONF_PORT], password=data.get(CONF_PASSWORD))
        memory = kept.get("gen1" if gen1 else "opendata")
        titan = opendata_titan(hass, address, pacer, memory, gen1=gen1, polarity=sign, now=dt_util.now)
    titan.settings_budget.limit = entry.options.get(CONF_SETTINGS_PER_DAY, titan_device.SETTINGS_PER_DAY)
    titan.restore(kept)
    coordinator = TitanCoordinator(hass, entry, titan, store)
    coordinator.control.restore(section(kept.get("control")))
    coordinator.found = partial(summary, titan, entry)
    return coordinator
