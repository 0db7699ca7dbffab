"""What solar charging shows beside what every loop does: its choices, and what is there for the car."""

from datetime import time
from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.components.time import TimeEntity

from ..energy_core.ha.loop_entities import LoopEntity
from .solar_choices import ChoosingLoop


class ChoiceEntity(LoopEntity):
    """Shows a choice of a user."""

    loop: ChoosingLoop


class SolarMode(ChoiceEntity, SelectEntity):
    """How eagerly the car is charged."""

    @property
    @override
    def current_option(self) -> str:
        """Return the mode."""
        return self.loop.mode

    @override
    async def async_select_option(self, option: str) -> None:
        """Change the mode; it counts at once."""
        self.loop.choose(self.entity_description.key, option)


class SolarFlag(ChoiceEntity, SwitchEntity):
    """Something that is wanted or not."""

    @property
    @override
    def is_on(self) -> bool:
        """Tell whether it is wanted."""
        return self.loop.flag(self.entity_description.key)

    @override
    async def async_turn_on(self, **kwargs: object) -> None:
        """Want it."""
        self._choose(on=True)

    @override
    async def async_turn_off(self, **kwargs: object) -> None:
        """Want it no more."""
        self._choose(on=False)

    def _choose(self, *, on: bool) -> None:
        self.loop.choose(self.entity_description.key, on)


class SolarReady(ChoiceEntity, TimeEntity):
    """When the car is needed."""

    @property
    @override
    def native_value(self) -> time:
        """Return the time of day."""
        return self.loop.ready_by

    @override
    async def async_set_value(self, value: time) -> None:
        """Change the time of day."""
        self.loop.choose(self.entity_description.key, value.isoformat())


class SolarSurplus(ChoiceEntity, SensorEntity):
    """The power that the car may have."""

    @property
    @override
    def native_value(self) -> float | None:
        """Return the power."""
        return self.loop.surplus
