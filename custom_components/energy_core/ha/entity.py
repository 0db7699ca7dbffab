"""The base of every entity: identity from the serial number, availability from its block."""

from typing import Any, Final, override

from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..points import Block
from .coordinator import EnergyCoordinator

# A value that helpers integrate is reported so often (s) although it stays; who regulates calls a meter late after 15.
REPEAT: Final = 9.0


class EnergyEntity(CoordinatorEntity[EnergyCoordinator[Any]]):
    """Shows one block of a device, and writes state only when something changed."""

    _attr_has_entity_name = True
    # Helpers that integrate power listen to each report, changed or not.
    integrated = False

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
        self._written_at = 0.0

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
        coordinator, written = self.coordinator, self._written
        # What is there is there still after a steady poll; only values move, of what was read.
        if coordinator.steady and self.block.name not in coordinator.fresh:
            return
        available = written[0] if written and coordinator.steady else self.available
        now = (available, self.shown())
        if now != written or (self.integrated and self._stands()):
            self._written, self._written_at = now, coordinator.polled
            self.async_write_ha_state()

    def _stands(self) -> bool:
        """Tell whether the device has just said once more what has not been reported for a while."""
        return self.block.name in self.coordinator.fresh and self.coordinator.polled - self._written_at >= REPEAT
