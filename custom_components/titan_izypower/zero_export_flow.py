"""Setting up zero export: the unit's own regulation where it can, ours from any other meter."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.config_entries import SubentryFlowResult
import probatio

from ..energy_core.errors import EnergyError
from ..energy_core.ha.loop_flow import POWER, YES_NO, LoopFlow, active_while, optional, required
from ..energy_core.ha.texts import said
from .const import DOMAIN
from .coordinator import TitanCoordinator
from .schema import choice
from .titan.points import System
from .zero_export import CONF_CAR, CONF_GRID, CONF_INVERTED, CONF_PROFILE, KIND, PROFILES

NATIVE: Final = "self_consumption"
USUAL_PROFILE: Final = "balanced"


class ZeroExportFlow(LoopFlow):
    """Adds the one loop that a unit can have, or changes it."""

    powers = (CONF_GRID, CONF_CAR)

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the unit's own regulation first: with a meter of its own it is faster than anything outside."""
        if any(each.subentry_type == KIND for each in self._get_entry().subentries.values()):
            return self.async_abort(reason="already_configured")
        if self._coordinator is not None and self._coordinator.device.grid.meter_connected:
            return self.async_show_menu(step_id="user", menu_options=["native", "loop"])
        return await self.async_step_loop()

    async def async_step_native(self, _user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Have the unit regulate itself."""
        assert self._coordinator is not None
        try:
            await self._coordinator.write(self._coordinator.device.system, System.working_mode, NATIVE)
        except EnergyError:
            return self.async_abort(reason="native_failed")
        return self.async_abort(reason="native_on")

    async def async_step_loop(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which meter to follow, and how."""
        return self.ask("loop", user_input, {})

    @override
    def check(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Refuse a meter that another loop follows: each would correct what the other corrects already."""
        here = self._get_entry().entry_id
        others = [
            each for each in self.hass.config_entries.async_entries(DOMAIN, include_disabled=False) if each.entry_id != here
        ]
        loops = [loop for each in others for loop in each.subentries.values() if loop.subentry_type == KIND]
        taken = any(loop.data.get(CONF_GRID) == given[CONF_GRID] for loop in loops)
        return super().check(given) | ({CONF_GRID: "meter_in_use"} if taken else {})

    @override
    def usual_name(self) -> str:
        """Return the name of the loop."""
        return said(self.hass, DOMAIN, "config_subentries", "zero_export.entry_type")

    @override
    def fields(self, given: Mapping[str, Any]) -> dict[probatio.Marker, Any]:
        """Ask for the meter, what to aim at, and what the battery is not for."""
        return {
            required(CONF_GRID, given): POWER,
            required(CONF_INVERTED, given, usual=False): YES_NO,
            required(CONF_PROFILE, given, usual=USUAL_PROFILE): choice(list(PROFILES), CONF_PROFILE),
            optional(CONF_CAR, given): POWER,
            **active_while(given),
        }

    @property
    def _coordinator(self) -> TitanCoordinator | None:
        return getattr(self._get_entry(), "runtime_data", None)
