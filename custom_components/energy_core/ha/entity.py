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

    def __init__(
        self, coordinator: EnergyCoordinator[Any], block: Block, description: EntityDescription, key: str | None = None
    ) -> None:
        """Show ``block`` under the id that the coordinator gives it."""
        super().__init__(coordinator, context=block.name)
        self.block = block
        self.entity_description = description
        identity = coordinator.identify(block, key or description.key)
        self._attr_unique_id = identity.unique_id
        if identity.placeholders:
            self._attr_translation_placeholders = dict(identity.placeholders)
        if identity.name_suffix:
            self._attr_translation_key = f"{description.translation_key}{identity.name_suffix}"
        if identity.hidden:
            self._attr_entity_registry_enabled_default = False
        self.device_entry = coordinator.device_entry(block)
        self._written: tuple[bool, object] | None = None

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
        written = self._written
        # What is there is there still after a steady poll; only values move.
        available = written[0] if written and self.coordinator.steady else self.available
        now = (available, self.shown())
        if now != written or (self.always_write and self.block.name in self.coordinator.fresh):
            self._written = now
            self.async_write_ha_state()
