"""What the device registry shows of a unit."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_MODEL
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN, MANUFACTURER, MODEL_NAMES
from .titan import derive
from .titan.device import Titan


def unit_info(titan: Titan, entry: ConfigEntry, serial: str) -> dr.DeviceInfo:
    """Return what the registry shows of ``titan``."""
    return dr.DeviceInfo(
        identifiers={(DOMAIN, serial)},
        connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(titan.info.mac))} if titan.info.mac else set(),
        manufacturer=MANUFACTURER,
        model=MODEL_NAMES[entry.data[CONF_MODEL]],
        model_id=titan.info.product_code or titan.identity.device_type,
        name=entry.title,
        serial_number=serial,
        sw_version=titan.info.cms_firmware or derive.version(titan.info.ems_firmware),
        hw_version=derive.version(titan.info.inverter_firmware),
    )
