"""What happens to the Titan: alarms and restarts, as events that automations can start from."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.entity import EnergyEntity
from .coordinator import TitanConfigEntry, TitanCoordinator
from .titan import codes

PARALLEL_UPDATES = 0

RESTARTED = "restarted"
HAPPENING = EventEntityDescription(
    key="happening", translation_key="happening", event_types=[RESTARTED, *codes.ALARMS.values(), "other"]
)


class TitanEvent(EnergyEntity, EventEntity):
    """Fires once for each restart and for each alarm that was not there before."""

    coordinator: TitanCoordinator

    def __init__(self, coordinator: TitanCoordinator) -> None:
        """Start from what is so already: that is no news."""
        super().__init__(coordinator, coordinator.device.system, HAPPENING, HAPPENING.key)
        self._restarts = coordinator.device.restarts
        self._alarms = set(coordinator.device.alarms)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        titan = self.coordinator.device
        alarms = set(titan.alarms)
        news = [RESTARTED] * (titan.restarts > self._restarts) + sorted(alarms - self._alarms)
        self._restarts, self._alarms = titan.restarts, alarms
        for happening in news:
            self._trigger_event(happening)
            self.async_write_ha_state()
        super()._handle_coordinator_update()


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the event entity."""
    async_add_entities([TitanEvent(entry.runtime_data)])
