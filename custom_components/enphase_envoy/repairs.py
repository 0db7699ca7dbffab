"""The repairs: the user says that it is the same gateway, or has read what became of an entry."""

from typing import Any

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
import probatio

from ..energy_core.ha.takeover import TAKEN_OVER
from .runtime import forget_pin


class CertificateFlow(RepairsFlow):
    """Forgets the certificate that was known; the next connection learns the new one."""

    def __init__(self, entry_id: str) -> None:
        """Mend the entry."""
        super().__init__()
        self.entry_id = entry_id

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask once."""
        entry = self.hass.config_entries.async_get_entry(self.entry_id)
        title = entry.title if entry is not None else ""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm", data_schema=probatio.Schema({}), description_placeholders={"title": title}
            )
        if entry is not None:
            await forget_pin(self.hass, entry)
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})


async def async_create_fix_flow(hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None) -> RepairsFlow:
    """Return the repair of an issue."""
    if issue_id.startswith(TAKEN_OVER):
        return ConfirmRepairFlow()
    return CertificateFlow(str((data or {}).get("entry_id")))
