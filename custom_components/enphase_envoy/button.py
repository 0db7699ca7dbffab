"""Every button of the gateway."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..energy_core.ha.commands import translated
from ..energy_core.ha.descriptions import DIAGNOSTIC
from ..energy_core.ha.entity import EnergyEntity
from .acb import AcbControl, once_there_are_any
from .const import DOMAIN
from .coordinator import EnvoyConfigEntry, EnvoyCoordinator

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class EnvoyButtonDescription(ButtonEntityDescription):
    """A button and what it does."""

    press: Callable[[EnvoyCoordinator], Awaitable[Any]]


ACB_BUTTONS = (
    EnvoyButtonDescription(key="acb_sleep", translation_key="acb_sleep", press=lambda envoy: envoy.acb_sleep()),
    EnvoyButtonDescription(key="acb_wake", translation_key="acb_wake", press=lambda envoy: envoy.acb_wake()),
)
RESCAN = EnvoyButtonDescription(
    key="rescan", translation_key="rescan", entity_category=DIAGNOSTIC, press=lambda envoy: envoy.rescan()
)
RENEW_TOKEN = EnvoyButtonDescription(
    key="renew_token", translation_key="renew_token", entity_category=DIAGNOSTIC, press=lambda envoy: envoy.renew_token()
)


class AcbButton(AcbControl, ButtonEntity):
    """A command to all AC batteries."""

    entity_description: EnvoyButtonDescription

    @override
    async def async_press(self) -> None:
        """Send it."""
        with translated(DOMAIN):
            await self.entity_description.press(self.coordinator)


class EnvoyButton(EnergyEntity, ButtonEntity):
    """Something to do about the gateway, all the more when it does not answer."""

    coordinator: EnvoyCoordinator
    entity_description: EnvoyButtonDescription

    def __init__(self, coordinator: EnvoyCoordinator, description: EnvoyButtonDescription) -> None:
        """Act on the gateway of ``coordinator``."""
        super().__init__(coordinator, coordinator.device.info, description)

    @property
    @override
    def available(self) -> bool:
        """It can always be tried."""
        return True

    @override
    async def async_press(self) -> None:
        """Do it."""
        with translated(DOMAIN):
            await self.entity_description.press(self.coordinator)


async def async_setup_entry(
    hass: HomeAssistant, entry: EnvoyConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons that the gateway can obey."""
    coordinator = entry.runtime_data
    wanted = (RESCAN, RENEW_TOKEN) if coordinator.can_renew else (RESCAN,)
    async_add_entities(EnvoyButton(coordinator, each) for each in wanted)
    once_there_are_any(entry, lambda: async_add_entities(AcbButton(coordinator, each) for each in ACB_BUTTONS))
