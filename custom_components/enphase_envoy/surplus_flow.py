"""Setting up a surplus level."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from ..energy_core.ha.loop_flow import POWER, YES_NO, LoopFlow, active_while, optional, required
from ..energy_core.ha.texts import said
from .const import DOMAIN
from .surplus import CONF_AFTER, CONF_BATTERY, CONF_GRID, CONF_INVERTED, CONF_TARGET, KIND
from .surplus_target import DOMAINS

# The gateway's own powers at the grid, the best one first.
NET: Final = ("net_consumption", "balanced_net_consumption")
TARGET: Final = EntitySelector(EntitySelectorConfig(filter=[EntityWithDeviceFilterSelectorConfig(domain=list(DOMAINS))]))


class SurplusFlow(LoopFlow):
    """Adds a level, or changes one."""

    powers = (CONF_GRID, CONF_BATTERY)

    @override
    def usual_name(self) -> str:
        """Return a name with the next number."""
        return said(self.hass, DOMAIN, "common", "surplus_level", number=len(self._levels()) + 1)

    @override
    def fields(self, given: Mapping[str, Any]) -> dict[probatio.Marker, Any]:
        """Ask what to look at, what to switch, and after which level."""
        first = given.get(CONF_AFTER)
        choices = [SelectOptionDict(value=name, label=title) for name, title in self._choices().items()]
        known = {**given, CONF_AFTER: first if first in self._choices() else None}
        chain: dict[probatio.Marker, Any] = {
            optional(CONF_AFTER, known): SelectSelector(SelectSelectorConfig(options=choices, mode=SelectSelectorMode.DROPDOWN))
        }
        return {
            required(CONF_GRID, given, usual=self._net()): POWER,
            required(CONF_INVERTED, given, usual=False): YES_NO,
            optional(CONF_BATTERY, given): POWER,
            optional(CONF_TARGET, given): TARGET,
            **(chain if choices else {}),
            **active_while(given),
        }

    def _net(self) -> Any:
        """Return the gateway's own power at the grid, if it is enabled."""
        registry, serial = er.async_get(self.hass), self._get_entry().unique_id
        for key in NET:
            entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{serial}_{key}")
            if entity_id is not None and registry.entities[entity_id].disabled_by is None:
                return entity_id
        return probatio.UNDEFINED

    def _levels(self) -> dict[str, Mapping[str, Any]]:
        """Return what each level of the entry was set up with."""
        found = self._get_entry().subentries.items()
        return {name: each.data for name, each in found if each.subentry_type == KIND}

    def _choices(self) -> dict[str, str]:
        """Return the titles of the levels that this one can come after: not itself, and none that comes after it."""
        levels, own = self._levels(), None
        if self.source != "user":
            own = self._get_reconfigure_subentry().subentry_id
        found = {}
        for name in levels:
            step: str | None = name
            seen = set[str | None]()
            while step is not None and step not in seen:
                seen.add(step)
                step = levels.get(step, {}).get(CONF_AFTER)
            if own not in seen:
                found[name] = self._get_entry().subentries[name].title
        return found
