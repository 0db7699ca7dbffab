"""Setting up solar charging: a charger, a meter, and what the house's battery is for."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState, SubentryFlowResult
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig, SelectSelectorMode
import probatio

from ..energy_core.ha.loop_flow import POWER, YES_NO, LoopFlow, active_while, optional, required
from ..energy_core.ha.texts import said
from . import connect
from .const import CONF_CHARGER, DOMAIN
from .solar_settings import (
    BATTERY_FIRST,
    CONF_BATTERY,
    CONF_GRID,
    CONF_INVERTED,
    CONF_PHASES,
    CONF_PRIORITY,
    KIND,
    PRIORITIES,
)

PRIORITY = SelectSelector(
    SelectSelectorConfig(options=list(PRIORITIES), translation_key="solar_priority", mode=SelectSelectorMode.DROPDOWN)
)


class SolarChargingFlow(LoopFlow):
    """Adds solar charging to a charger, once, or changes it."""

    powers = (CONF_GRID, CONF_BATTERY)

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for everything, as long as a charger is without."""
        if not self._chargers:
            return self.async_abort(reason="already_configured")
        return await super().async_step_user(user_input)

    @property
    def _chargers(self) -> dict[str, str]:
        """Return the chargers that nothing else steers."""
        now = self._get_reconfigure_subentry().subentry_id if self.source == SOURCE_RECONFIGURE else None
        loops = (each for each in self._get_entry().subentries.values() if each.subentry_type == KIND)
        taken = {each.data.get(CONF_CHARGER) for each in loops if each.subentry_id != now}
        known = connect.names(self._get_entry())
        if now is not None:
            # One that has gone stays what it is.
            kept = self._get_reconfigure_subentry().data[CONF_CHARGER]
            known = {kept: kept} | known
        return {name: title for name, title in known.items() if name not in taken}

    @property
    def _may_switch(self) -> bool:
        """Tell whether any charger lets its phases be chosen."""
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return False
        chargers = entry.runtime_data.chargers.values()
        return any(each.device.extra.charge_mode is not None for each in chargers)

    @override
    def usual_name(self) -> str:
        """Return the name that it is offered."""
        return said(self.hass, DOMAIN, "config_subentries", "solar_charging.entry_type")

    @override
    def ask(self, step: str, user_input: dict[str, Any] | None, known: Mapping[str, Any]) -> SubentryFlowResult:
        """Fill in the charger where there is only one."""
        if user_input is not None:
            user_input = {CONF_CHARGER: next(iter(self._chargers)), **user_input}
        return super().ask(step, user_input, known)

    @override
    def fields(self, given: Mapping[str, Any]) -> dict[probatio.Marker, Any]:
        """Ask for the charger, the meters, and what comes first."""
        chargers = self._chargers
        choices = [SelectOptionDict(value=name, label=title) for name, title in chargers.items()]
        found: dict[probatio.Marker, Any] = {}
        if len(choices) > 1:
            found[required(CONF_CHARGER, given, next(iter(chargers)))] = SelectSelector(SelectSelectorConfig(options=choices))
        found |= {
            optional(CONF_GRID, given): POWER,
            required(CONF_INVERTED, given, usual=False): YES_NO,
            optional(CONF_BATTERY, given): POWER,
            required(CONF_PRIORITY, given, BATTERY_FIRST): PRIORITY,
        }
        if self._may_switch or given.get(CONF_PHASES):
            found[required(CONF_PHASES, given, usual=False)] = YES_NO
        return found | active_while(given)
