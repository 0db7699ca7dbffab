"""The charge point's lock: nobody charges while it is locked."""

from typing import Any, override

from homeassistant.components.lock import LockEntity, LockEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.commands import translated
from ..energy_core.ha.entity import EnergyEntity
from .const import DOMAIN
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .v2c.points import Settings

PARALLEL_UPDATES = 0

LOCK = LockEntityDescription(key="lock", translation_key="lock")


class TrydanLock(EnergyEntity, LockEntity):
    """Locks the charge point. The box forgets the session's energy then, and some cars let go of the cable."""

    coordinator: TrydanCoordinator

    def __init__(self, coordinator: TrydanCoordinator) -> None:
        """Lock the charger of ``coordinator``."""
        super().__init__(coordinator, coordinator.device.settings, LOCK, LOCK.key)

    @override
    def shown(self) -> bool | None:
        """Return whether it is locked."""
        return self.coordinator.device.settings.locked

    @property
    @override
    def is_locked(self) -> bool | None:
        """Return whether it is locked."""
        return self.shown()

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Lock the charge point."""
        await self._set(locked=True)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock the charge point."""
        await self._set(locked=False)

    async def _set(self, *, locked: bool) -> None:
        with translated(DOMAIN):
            await self.coordinator.write(self.coordinator.device.settings, Settings.locked, locked)


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the lock of each charger."""
    async_add_entities(TrydanLock(charger) for charger in entry.runtime_data.chargers.values())
