"""Every select of the Trydan."""

from typing import override

from homeassistant.components.select import SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.commands import translated
from ..energy_core.ha.descriptions import CONFIG, select
from ..energy_core.ha.loop_entities import add_to_loops
from ..energy_core.ha.platforms import EnergySelect, add_when_shown
from .const import DOMAIN
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .solar_entities import SolarMode
from .solar_settings import MODES
from .v2c.points import Cloud, Extra, Settings, Status

PARALLEL_UPDATES = 0

SELECTS = (
    select(Settings.power_mode, key="dynamic_power_mode", entity_category=CONFIG),
    select(Extra.charge_mode, entity_category=CONFIG),
    select(Cloud.installation_type, entity_category=CONFIG),
    select(Cloud.meter_type, key="slave_type", entity_category=CONFIG),
    select(Cloud.language, entity_category=CONFIG, entity_registry_enabled_default=False),
)
OPERATING_MODE = select(Status.operating_mode)
SOLAR_MODE = SelectEntityDescription(key="mode", translation_key="solar_mode", options=list(MODES))


class OperatingMode(EnergySelect):
    """Stop, charge, dynamic or solar: one choice for what six settings of the box say together."""

    coordinator: TrydanCoordinator
    # Its point is derived; the settings behind it are what is written.
    controls = False

    @property
    @override
    def options(self) -> list[str]:
        """Return the four modes."""
        return self.point.options

    @override
    async def async_select_option(self, option: str) -> None:
        """Set whatever the mode takes."""
        with translated(DOMAIN):
            await self.coordinator.set_mode(option)


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the selects of everything that a charger has."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, SolarMode, [SOLAR_MODE])
    for charger in entry.runtime_data.chargers.values():
        add_when_shown(charger, entry, async_add_entities, SELECTS, EnergySelect)
        add_when_shown(charger, entry, async_add_entities, [OPERATING_MODE], OperatingMode)
