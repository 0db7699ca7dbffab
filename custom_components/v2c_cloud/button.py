"""Every button of the Trydan."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import (  # type: ignore[attr-defined]
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.commands import translated
from ..energy_core.ha.descriptions import CONFIG, DIAGNOSTIC
from ..energy_core.ha.entity import EnergyEntity
from .const import DOMAIN
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .v2c import verbs
from .v2c.points import Settings

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class TrydanButtonDescription(ButtonEntityDescription):
    """A button and what it does; ``cloud`` when only the account can."""

    press: Callable[[TrydanCoordinator], Awaitable[Any]]
    cloud: bool = False


async def _refresh(charger: TrydanCoordinator) -> None:
    charger.device.lan_soon()
    if charger.account is not None:
        charger.account.ask_again(charger.device_id)
        await charger.account.async_refresh()
    await charger.async_refresh()


BUTTONS = (
    TrydanButtonDescription(
        key="start_charge",
        translation_key="start_charge",
        press=lambda charger: charger.write(charger.device.settings, Settings.paused, value=False),
    ),
    TrydanButtonDescription(
        key="pause_charge",
        translation_key="pause_charge",
        press=lambda charger: charger.write(charger.device.settings, Settings.paused, value=True),
    ),
    TrydanButtonDescription(key="wake", translation_key="wake", entity_category=CONFIG, press=lambda charger: charger.wake()),
    TrydanButtonDescription(key="refresh", translation_key="refresh", entity_category=DIAGNOSTIC, press=_refresh),
    TrydanButtonDescription(
        key="reboot",
        translation_key="reboot",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=DIAGNOSTIC,
        press=lambda charger: verbs.reboot(charger.device),
        cloud=True,
    ),
    TrydanButtonDescription(
        key="trigger_update",
        translation_key="trigger_update",
        entity_category=DIAGNOSTIC,
        press=lambda charger: verbs.update_firmware(charger.device),
        cloud=True,
    ),
)


class TrydanButton(EnergyEntity, ButtonEntity):
    """A verb without parameters."""

    coordinator: TrydanCoordinator
    entity_description: TrydanButtonDescription

    def __init__(self, coordinator: TrydanCoordinator, description: TrydanButtonDescription) -> None:
        """Command the charger of ``coordinator``."""
        super().__init__(coordinator, coordinator.device.settings, description, description.key)

    @property
    @override
    def available(self) -> bool:
        """A refresh is always possible; what only the cloud can do needs the cloud."""
        if self.entity_description.cloud:
            return self.coordinator.device.cloud_works
        return super().available or self.entity_description.key == "refresh"

    @override
    def shown(self) -> object:
        """A button has no state."""
        return None

    @override
    async def async_press(self) -> None:
        """Do it."""
        with translated(DOMAIN):
            await self.entity_description.press(self.coordinator)


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons that each charger can obey."""
    async_add_entities(
        TrydanButton(charger, each)
        for charger in entry.runtime_data.chargers.values()
        for each in BUTTONS
        if not each.cloud or charger.device.cloud is not None
    )
