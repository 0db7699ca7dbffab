"""What the registries show of a unit: the device, and the repair for another one at its address."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_MODEL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir

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
        sw_version=firmware(titan),
        hw_version=derive.version(titan.info.inverter_firmware),
    )


def firmware(titan: Titan) -> str | None:
    """Return the version that the App shows, as far as the unit tells."""
    return titan.info.cms_firmware or derive.version(titan.info.ems_firmware)


def summary(titan: Titan, entry: ConfigEntry) -> str:
    """Return what the log says of a unit that was set up."""
    return f"{MODEL_NAMES[entry.data[CONF_MODEL]]}, firmware {firmware(titan) or 'unknown'}, over {titan.wire.name}"


def other_unit_issue(entry: ConfigEntry) -> str:
    """Return the id of the repair for a stranger at the unit's address."""
    return f"other_unit_{entry.entry_id}"


def report_stranger(hass: HomeAssistant, entry: ConfigEntry, *, there: bool) -> None:
    """Tell the user of a stranger at the unit's address, and take that back when it is gone."""
    if not there:
        ir.async_delete_issue(hass, DOMAIN, other_unit_issue(entry))
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        other_unit_issue(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="other_unit",
        translation_placeholders={"title": entry.title, "host": entry.data[CONF_HOST]},
    )
