"""The base of every entity: identity from the serial number, availability from its block."""

from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..points import Block
from .coordinator import EnergyCoordinator


class EnergyEntity(CoordinatorEntity[EnergyCoordinator[Any]]):
    """Shows one block of a device, and writes state only when something changed."""

    _attr_has_entity_name = True
    # Helpers that integrate power listen to every report, changed or not.
    always_write = False

    def __init__(self, coordinator: EnergyCoordinator[Any], block: Block, description: EntityDescription, key: str) -> None:
        """Show ``block`` under the frozen id ``{serial}_{key}``."""
        super().__init__(coordinator, context=block.name)
        self.block = block
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.serial}_{key}"
        self._attr_device_info = coordinator.device_info(block)
        self._written: object = None

    @property
    @override
    def available(self) -> bool:
        """The device answers, it still has this block, and the block answered too."""
        name = self.block.name
        owned = self.coordinator.device.blocks.get(name) is self.block
        return super().available and owned and name not in self.coordinator.data.failed

    def shown(self) -> object:
        """Return what the state is made of."""
        return None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        now = (self.available, self.shown())
        if now != self._written or self.always_write:
            self._written = now
            self.async_write_ha_state()
