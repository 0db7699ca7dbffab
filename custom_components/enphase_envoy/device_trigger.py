"""Triggers for automations: a surplus level starts or stops."""

from typing import Any, Final

from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.components.homeassistant.triggers import state
from homeassistant.const import (
    CONF_DEVICE_ID,
    CONF_DOMAIN,
    CONF_ENTITY_ID,
    CONF_PLATFORM,
    CONF_TYPE,
    STATE_OFF,
    STATE_ON,
    Platform,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType
import probatio

from .binary_sensor import SURPLUS
from .const import DOMAIN
from .event import STARTED, STOPPED

DEVICE: Final = "device"
# From what to what the state goes; coming back from being unavailable is none of them.
TYPES: Final = {STARTED: (STATE_OFF, STATE_ON), STOPPED: (STATE_ON, STATE_OFF)}

TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend({probatio.Required(CONF_TYPE): probatio.In(TYPES)})


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, Any]]:
    """Return the triggers of a device: those of a surplus level has both, any other none."""
    if _surplus(hass, device_id) is None:
        return []
    base = {CONF_PLATFORM: DEVICE, CONF_DEVICE_ID: device_id, CONF_DOMAIN: DOMAIN}
    return [{**base, CONF_TYPE: each} for each in TYPES]


async def async_attach_trigger(
    hass: HomeAssistant, config: ConfigType, action: TriggerActionType, trigger_info: TriggerInfo
) -> CALLBACK_TYPE:
    """Follow the binary sensor of the level."""
    if (entity_id := _surplus(hass, config[CONF_DEVICE_ID])) is None:
        raise InvalidDeviceAutomationConfig(f"{config[CONF_DEVICE_ID]} is no surplus level")
    before, after = TYPES[config[CONF_TYPE]]
    wanted = {CONF_PLATFORM: "state", CONF_ENTITY_ID: entity_id, state.CONF_FROM: before, state.CONF_TO: after}
    checked = await state.async_validate_trigger_config(hass, wanted)
    return await state.async_attach_trigger(hass, checked, action, trigger_info, platform_type=DEVICE)


def _surplus(hass: HomeAssistant, device_id: str) -> str | None:
    """Return the binary sensor of a level, by the device of the level."""
    for each in er.async_entries_for_device(er.async_get(hass), device_id):
        level = each.config_subentry_id
        if each.platform == DOMAIN and each.domain == Platform.BINARY_SENSOR and each.unique_id == f"{level}_{SURPLUS}":
            return each.entity_id
    return None
