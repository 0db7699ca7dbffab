"""What commands all AC batteries at once: controls that are no points."""

from collections.abc import Callable
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription

from ..energy_core.ha.entity import EnergyEntity
from .coordinator import EnvoyConfigEntry, EnvoyCoordinator
from .envoy.points import Acb, AcbGroup


class AcbControl(EnergyEntity):
    """A control of all AC batteries."""

    coordinator: EnvoyCoordinator

    def __init__(self, coordinator: EnvoyCoordinator, description: EntityDescription) -> None:
        """Command the AC batteries of ``coordinator``."""
        super().__init__(coordinator, coordinator.device.acbs, description)

    @property
    @override
    def available(self) -> bool:
        """There are AC batteries, and they are heard of."""
        device = self.coordinator.device
        return super().available and bool(device.parts(Acb)) and device.serves(self.block, AcbGroup.sleep_state)


def once_there_are_any(entry: EnvoyConfigEntry, add: Callable[[], None]) -> None:
    """Call ``add`` when the gateway first shows AC batteries, perhaps now."""
    coordinator = entry.runtime_data
    added = False

    @callback
    def look() -> None:
        nonlocal added
        if not added and coordinator.device.acbs.has(AcbGroup.sleep_state):
            added = True
            add()

    look()
    entry.async_on_unload(coordinator.async_add_listener(look))
