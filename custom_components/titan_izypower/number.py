"""Every number of the Titan: its limits, and the power setpoint that an automation can slide."""

from typing import Any, Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.commands import translated
from ..energy_core.ha.descriptions import number
from ..energy_core.ha.entity import EnergyEntity
from ..energy_core.ha.loop_entities import LoopNumber, add_to_loops
from ..energy_core.ha.platforms import EnergyNumber, add_when_shown
from .const import DOMAIN
from .coordinator import TitanConfigEntry, TitanCoordinator
from .titan.orders import Action
from .titan.points import Settings
from .zero_export import ZeroExport

# Not queued here: of many values that wait for the unit only the newest is sent.
PARALLEL_UPDATES = 0

POWER = NumberDeviceClass.POWER
OFF: Final[dict[str, Any]] = {"entity_registry_enabled_default": False}

NUMBERS = (
    number(Settings.backup_soc, NumberDeviceClass.BATTERY),
    number(Settings.off_grid_backup_soc, NumberDeviceClass.BATTERY, **OFF),
    number(Settings.charge_limit, POWER),
    number(Settings.output_limit, POWER),
    number(Settings.feed_in_limit, POWER),
    number(Settings.forced_charge_power, POWER),
    number(Settings.calibration_interval, NumberDeviceClass.DURATION, **OFF),
    number(Settings.standby_timeout, NumberDeviceClass.DURATION, **OFF),
)

SETPOINT = NumberEntityDescription(
    key="power_setpoint",
    translation_key="power_setpoint",
    device_class=POWER,
    native_unit_of_measurement=UnitOfPower.WATT,
    native_step=1,
    mode=NumberMode.SLIDER,
)

LOOP = ZeroExport.settings


class PowerSetpoint(EnergyEntity, NumberEntity):
    """What the battery is ordered to do, as one signed number: + discharges, - charges, 0 is standby."""

    coordinator: TitanCoordinator

    def __init__(self, coordinator: TitanCoordinator) -> None:
        """Follow the order in force."""
        super().__init__(coordinator, coordinator.device.system, SETPOINT, SETPOINT.key)

    @property
    @override
    def native_min_value(self) -> float:
        """Return the strongest charge, as a negative power."""
        return -self.coordinator.control.ceiling(Action.CHARGE)

    @property
    @override
    def native_max_value(self) -> float:
        """Return the strongest discharge."""
        return self.coordinator.control.ceiling(Action.DISCHARGE)

    @override
    def shown(self) -> tuple[float | None, float, float]:
        """Return the value and its bounds."""
        return self.native_value, self.native_min_value, self.native_max_value

    @property
    @override
    def native_value(self) -> float | None:
        """Return the order in force as signed power."""
        return self.coordinator.control.setpoint

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Order charging, discharging or standby."""
        with translated(DOMAIN):
            await self.coordinator.set_power(value)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of everything that the unit has."""
    add_to_loops(entry.runtime_data.loops, async_add_entities, LoopNumber, LOOP)
    async_add_entities([PowerSetpoint(entry.runtime_data)])
    add_when_shown(entry.runtime_data, entry, async_add_entities, NUMBERS, EnergyNumber)
