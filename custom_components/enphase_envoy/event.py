"""What happens: a surplus level starts or stops."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.loop import Loop
from ..energy_core.ha.loop_entities import LoopEntity, add_to_loops
from .coordinator import EnvoyConfigEntry
from .surplus import SurplusLevel

PARALLEL_UPDATES = 0

STARTED, STOPPED = "surplus_started", "surplus_stopped"
LEVEL = (EventEntityDescription(key="surplus", translation_key="surplus", event_types=[STARTED, STOPPED]),)


class SurplusEvent(LoopEntity, EventEntity):
    """Tells each time that a level starts or stops."""

    loop: SurplusLevel

    def __init__(self, loop: Loop, description: EntityDescription) -> None:
        """Know how it is now."""
        super().__init__(loop, description)
        self._on = self.loop.on

    @callback
    @override
    def _news(self) -> None:
        if self.loop.on != self._on:
            self._on = self.loop.on
            self._trigger_event(STARTED if self._on else STOPPED)
            self.async_write_ha_state()


async def async_setup_entry(
    hass: HomeAssistant, entry: EnvoyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an event to each surplus level."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, SurplusEvent, LEVEL)
