"""What a loop shows: a switch, its live setpoints, and a sensor that says what it does and why."""

from collections.abc import Sequence
from typing import override

from homeassistant.components.number import NumberEntity
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .loop import COMMON, Loop
from .loops import Loops


class LoopEntity(Entity):
    """Shows something of a loop, on a device of the loop's own."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, loop: Loop, description: EntityDescription) -> None:
        """Belong to ``loop``."""
        self.loop = loop
        self.entity_description = description
        subentry = loop.subentry
        self._attr_unique_id = f"{subentry.subentry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(loop.entry.domain, subentry.subentry_id)}, name=subentry.title, via_device_id=loop.parent_id()
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the loop."""
        await super().async_added_to_hass()
        self.async_on_remove(self.follow())

    def follow(self) -> CALLBACK_TYPE:
        """Have the news of the loop; return what ends that."""
        return self.loop.listen(self._news)

    @callback
    def _news(self) -> None:
        self.async_write_ha_state()


class LoopSwitch(LoopEntity, SwitchEntity):
    """Switches a loop on and off."""

    @property
    @override
    def is_on(self) -> bool:
        """Tell whether the loop may act."""
        return self.loop.enabled

    @override
    async def async_turn_on(self, **kwargs: object) -> None:
        """Let the loop act."""
        self._switch(on=True)

    @override
    async def async_turn_off(self, **kwargs: object) -> None:
        """Have the loop give the safe command and rest."""
        self._switch(on=False)

    def _switch(self, *, on: bool) -> None:
        self.loop.switch(on=on)
        self.loop.show()


class LoopNumber(LoopEntity, NumberEntity):
    """A live setpoint of a loop."""

    @property
    @override
    def native_value(self) -> float:
        """Return the setpoint, a whole one without a point."""
        value = self.loop.value(self.entity_description.key)
        return int(value) if float(value).is_integer() else value

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change the setpoint; it counts at once."""
        self.loop.set_value(self.entity_description.key, value)
        self.async_write_ha_state()


class LoopStatus(LoopEntity, SensorEntity):
    """Says in words what a loop does, and why."""

    @property
    @override
    def native_value(self) -> str:
        """Return the word."""
        return self.loop.status


def switch_of(kind: str) -> SwitchEntityDescription:
    """Describe the switch of loops of one kind."""
    return SwitchEntityDescription(key="enabled", translation_key=kind)


def status_of(kind: str, loop: type[Loop]) -> SensorEntityDescription:
    """Describe the status of loops of one kind."""
    return SensorEntityDescription(
        key="status", translation_key=f"{kind}_status", device_class=SensorDeviceClass.ENUM, options=[*COMMON, *loop.words]
    )


def add_to_loops(
    loops: Loops,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: type[LoopEntity],
    descriptions: Sequence[EntityDescription],
) -> None:
    """Add to each loop an entity for each description."""
    for loop in loops:
        async_add_entities([make(loop, each) for each in descriptions], config_subentry_id=loop.subentry.subentry_id)
