"""Every choice of the gateway and of what hangs on it."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import CONFIG, select
from ..energy_core.ha.platforms import EnergySelect, add_when_shown
from .acb import AcbControl, once_there_are_any
from .const import ACB_BANDS
from .coordinator import EnvoyConfigEntry
from .envoy.points import ContactSettings, StorageSettings

PARALLEL_UPDATES = 0

SELECTS = (
    select(StorageSettings.mode, key="storage_mode"),
    select(ContactSettings.mode, translation_key="relay_mode"),
    select(ContactSettings.grid_action, translation_key="relay_grid_action"),
    select(ContactSettings.microgrid_action, translation_key="relay_microgrid_action"),
    select(ContactSettings.generator_action, translation_key="relay_generator_action"),
)
ACB_BAND = SelectEntityDescription(
    key="acb_sleep_soc", translation_key="acb_sleep_soc", options=ACB_BANDS, entity_category=CONFIG
)


class AcbBand(AcbControl, SelectEntity):
    """The charge at which AC batteries sleep, once they are told to; nothing is sent before."""

    @property
    @override
    def current_option(self) -> str:
        """Return the chosen charge."""
        return self.coordinator.acb_band

    @override
    def shown(self) -> str:
        """Return the chosen charge."""
        return self.coordinator.acb_band

    @override
    async def async_select_option(self, option: str) -> None:
        """Keep the choice for the button."""
        self.coordinator.acb_band = option
        self.async_write_ha_state()


async def async_setup_entry(
    hass: HomeAssistant, entry: EnvoyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the selects of everything that can be chosen."""
    add_when_shown(entry.runtime_data, entry, async_add_entities, SELECTS, EnergySelect)
    once_there_are_any(entry, lambda: async_add_entities([AcbBand(entry.runtime_data, ACB_BAND)]))
