"""Every button of the Titan."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.device import CommandResult
from ..energy_core.ha.commands import translated
from ..energy_core.ha.descriptions import CONFIG
from ..energy_core.ha.entity import EnergyEntity
from .const import DOMAIN
from .coordinator import TitanConfigEntry, TitanCoordinator
from .titan.orders import Action, Order
from .titan.points import Settings

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class TitanButtonDescription(ButtonEntityDescription):
    """A button and what it does."""

    press: Callable[[TitanCoordinator], Awaitable[CommandResult]]
    available_when: Callable[[TitanCoordinator], bool] = lambda _: True


BUTTONS = (
    TitanButtonDescription(
        key="stop", translation_key="stop", press=lambda coordinator: coordinator.give(Order(action=Action.STANDBY))
    ),
    TitanButtonDescription(
        key="realtime_mode", translation_key="realtime_mode", press=lambda coordinator: coordinator.set_realtime()
    ),
    TitanButtonDescription(
        key="calibrate",
        translation_key="calibrate",
        entity_category=CONFIG,
        entity_registry_enabled_default=False,
        press=lambda coordinator: coordinator.write(coordinator.device.settings, Settings.calibrate_now, 1),
        available_when=lambda coordinator: coordinator.device.settings.has(Settings.calibrate_now),
    ),
)


class TitanButton(EnergyEntity, ButtonEntity):
    """A verb without parameters."""

    coordinator: TitanCoordinator
    entity_description: TitanButtonDescription

    def __init__(self, coordinator: TitanCoordinator, description: TitanButtonDescription) -> None:
        """Command the unit of ``coordinator``."""
        super().__init__(coordinator, coordinator.device.system, description, description.key)

    @override
    async def async_press(self) -> None:
        """Do it."""
        with translated(DOMAIN):
            await self.entity_description.press(self.coordinator)


async def async_setup_entry(
    hass: HomeAssistant, entry: TitanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons that the unit understands."""
    coordinator = entry.runtime_data
    async_add_entities(TitanButton(coordinator, each) for each in BUTTONS if each.available_when(coordinator))
