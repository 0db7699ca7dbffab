"""What happens at the Trydan: plugs, charges, faults, as events that automations can start from."""

from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.entity import EnergyEntity
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .v2c import codes

PARALLEL_UPDATES = 0

PLUGGED: Final = "plugged_in"
UNPLUGGED: Final = "unplugged"
STARTED: Final = "charging_started"
STOPPED: Final = "charging_stopped"
NOT_APPLIED: Final = "not_applied"
HAPPENING = EventEntityDescription(
    key="happening", translation_key="happening", event_types=[PLUGGED, UNPLUGGED, STARTED, STOPPED, NOT_APPLIED, *codes.FAULTS]
)


def happenings(before: str | None, now: str | None) -> list[str]:
    """Return what must have happened between two states; what was or is unknown is no news."""
    if before is None or now is None or before == now:
        return []
    news = [STOPPED] if before == "charging" else []
    if before == "disconnected" and now not in codes.FAULTS:
        news.append(PLUGGED)
    if now == "disconnected" and before not in codes.FAULTS:
        news.append(UNPLUGGED)
    if now in codes.FAULTS:
        news.append(now)
    if now == "charging":
        news.append(STARTED)
    return news


class TrydanEvent(EnergyEntity, EventEntity):
    """Fires once for each plug, charge and fault, with what the session brought so far."""

    coordinator: TrydanCoordinator

    def __init__(self, coordinator: TrydanCoordinator) -> None:
        """Start from what is so already: that is no news."""
        super().__init__(coordinator, coordinator.device.charge, HAPPENING, HAPPENING.key)
        self._state = coordinator.device.status.state

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        device = self.coordinator.device
        before, now = self._state, device.status.state
        self._state = now or before
        energy = device.session.energy
        for happening in happenings(before, now):
            self._trigger_event(happening, {} if energy is None else {"session_energy_wh": energy})
            self.async_write_ha_state()
        while self.coordinator.lost_commands:
            self._trigger_event(NOT_APPLIED, {"setting": self.coordinator.lost_commands.pop(0)})
            self.async_write_ha_state()
        super()._handle_coordinator_update()


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the event entity of each charger."""
    async_add_entities(TrydanEvent(charger) for charger in entry.runtime_data.chargers.values())
