"""Diagnostics of a Titan entry."""

from typing import Any

from homeassistant.const import CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant

from ..energy_core.ha.diagnostics import device_diagnostics, loops_report
from .const import CONF_SERIALS
from .coordinator import TitanConfigEntry

PRIVATE = (CONF_HOST, CONF_PASSWORD, CONF_SERIALS)


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: TitanConfigEntry) -> dict[str, Any]:
    """Return everything that a bug report needs and nothing that identifies the unit or its owner."""
    coordinator = entry.runtime_data
    titan = coordinator.device
    secrets = [
        *titan.secrets,
        coordinator.serial,
        entry.data[CONF_HOST],
        *entry.data[CONF_SERIALS].values(),
        *filter(None, [entry.data.get(CONF_PASSWORD)]),
    ]
    about = {
        "entry": {
            "data": {name: value for name, value in entry.data.items() if name not in PRIVATE},
            "options": dict(entry.options),
        },
        "control": coordinator.control.saved(),
        "loops": loops_report(coordinator.loops),
        "wire": titan.wire.name,
        "memory": titan.wire.memory.as_dict(),  # type: ignore[attr-defined]
        "restarts": titan.restarts,
    }
    return device_diagnostics(coordinator, titan.wire.recorder, secrets=secrets, about=about)  # type: ignore[attr-defined]
