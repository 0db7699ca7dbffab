"""Every number of the Trydan."""

from typing import Any, Final, override

from homeassistant.components.number import NumberDeviceClass
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.descriptions import number
from ..energy_core.ha.loop_entities import LoopNumber, add_to_loops
from ..energy_core.ha.platforms import EnergyNumber, add_when_shown
from .coordinator import V2CConfigEntry
from .solar import SolarCharging
from .v2c.points import Cloud, Extra, Settings

PARALLEL_UPDATES = 0

CURRENT = NumberDeviceClass.CURRENT
OFF: Final[dict[str, Any]] = {"entity_registry_enabled_default": False}

NUMBERS = (
    number(Settings.intensity, CURRENT, key="intensity_number", translation_key="intensity", entity_category=None),
    number(Settings.min_intensity, CURRENT, key="min_intensity_number", translation_key="min_intensity"),
    number(Settings.max_intensity, CURRENT, key="max_intensity_number", translation_key="max_intensity"),
    number(
        Settings.installation_voltage,
        NumberDeviceClass.VOLTAGE,
        key="installation_voltage_number",
        translation_key="installation_voltage",
        **OFF,
    ),
    number(Extra.light_led, key="light_led_number", translation_key="light_led"),
)
# The owner of this domain before us counts these in kW, and so do the automations that set them.
KILOWATTS = (
    number(Settings.contracted_power, NumberDeviceClass.POWER, key="contracted_power_number", translation_key="contracted_power"),
    number(Cloud.max_power, NumberDeviceClass.POWER, key="max_power_number", translation_key="max_power"),
)
SETPOINTS = SolarCharging.settings


class KilowattNumber(EnergyNumber):
    """A power that is kept in W and shown in kW."""

    @property
    @override
    def native_min_value(self) -> float:
        """Return the least power in kW."""
        return self.point.write_low / 1000

    @property
    @override
    def native_max_value(self) -> float:
        """Return the most that this charger can be set to, in kW."""
        return super().native_max_value / 1000

    @property
    @override
    def native_step(self) -> float:
        """Return the step in kW."""
        return self.point.step / 1000

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        """Return kW, whatever the point counts in."""
        return UnitOfPower.KILO_WATT

    @property
    @override
    def native_value(self) -> float | None:
        """Return the power in kW."""
        watts = super().native_value
        return None if watts is None else watts / 1000

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Write the power in W."""
        await super().async_set_native_value(round(value * 1000, 3))


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of everything that a charger has."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, LoopNumber, SETPOINTS)
    for charger in entry.runtime_data.chargers.values():
        add_when_shown(charger, entry, async_add_entities, NUMBERS, EnergyNumber)
        add_when_shown(charger, entry, async_add_entities, KILOWATTS, KilowattNumber)
