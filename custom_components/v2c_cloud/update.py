"""The Trydan's firmware: what runs, what the cloud knows of, and the order to fetch it."""

from typing import Any, Final, override

from homeassistant.components.update import UpdateDeviceClass, UpdateEntity, UpdateEntityDescription, UpdateEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..energy_core.ha.commands import translated
from ..energy_core.ha.descriptions import CONFIG
from ..energy_core.ha.entity import EnergyEntity
from .const import DOMAIN
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .v2c import verbs

PARALLEL_UPDATES = 1

FIRMWARE = UpdateEntityDescription(
    key="firmware", translation_key="firmware", device_class=UpdateDeviceClass.FIRMWARE, entity_category=CONFIG
)
# The cloud says nothing of the progress; an update that takes longer has failed.
UPDATE_SECONDS: Final = 900.0


class TrydanUpdate(EnergyEntity, UpdateEntity):
    """The firmware of a charger."""

    coordinator: TrydanCoordinator
    _attr_supported_features = UpdateEntityFeature.INSTALL

    def __init__(self, coordinator: TrydanCoordinator) -> None:
        """Look after the charger of ``coordinator``."""
        super().__init__(coordinator, coordinator.device.info, FIRMWARE, FIRMWARE.key)
        self._begun: tuple[str | None, float] | None = None

    @override
    def shown(self) -> object:
        """Return what the state is made of."""
        return self.installed_version, self.latest_version, self.in_progress

    @property
    @override
    def installed_version(self) -> str | None:
        """Return what runs."""
        return self.coordinator.device.info.firmware

    @property
    @override
    def latest_version(self) -> str | None:
        """Return what the cloud knows of; a charger that runs something newer is up to date."""
        installed, known = self.installed_version, self.coordinator.device.cloud_block.latest_firmware
        return known if verbs.newer(known, installed) else installed

    @property
    @override
    def in_progress(self) -> bool:
        """Tell whether an update was ordered and has not shown yet."""
        if self._begun is None:
            return False
        version, since = self._begun
        return version == self.installed_version and dt_util.utcnow().timestamp() - since < UPDATE_SECONDS

    @override
    async def async_install(self, version: str | None, backup: bool, **kwargs: Any) -> None:
        """Have the charger fetch its firmware."""
        with translated(DOMAIN):
            await verbs.update_firmware(self.coordinator.device)
        self._begun = (self.installed_version, dt_util.utcnow().timestamp())
        self.async_write_ha_state()


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the firmware of each charger that has an account."""
    chargers = entry.runtime_data.chargers.values()
    async_add_entities(TrydanUpdate(charger) for charger in chargers if charger.device.cloud is not None)
