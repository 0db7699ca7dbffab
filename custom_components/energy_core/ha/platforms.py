"""One entity class for each platform; entities appear when the unit first shows their point."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.number import NumberEntity
from homeassistant.components.select import SelectEntity
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.components.time import TimeEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..points import Block, Point, Value
from .commands import translated
from .coordinator import EnergyCoordinator
from .descriptions import PointDescription, fits
from .entity import EnergyEntity

# Integrating helpers (Riemann sum, derivative) need a report of these even when nothing changed.
INTEGRATED = {SensorDeviceClass.POWER, SensorDeviceClass.CURRENT, SensorDeviceClass.VOLTAGE}


class PointEntity(EnergyEntity):
    """Shows one point of a block; one that ``controls`` it exists only where the unit lets it."""

    controls = False

    def __init__(self, coordinator: EnergyCoordinator[Any], block: Block, description: PointDescription) -> None:
        """Show ``description.point``."""
        super().__init__(coordinator, block, description)
        self.point: Point[Any] = description.point

    @property
    @override
    def available(self) -> bool:
        """The block is there, and so is this value."""
        return super().available and self.coordinator.device.serves(self.block, self.point)

    @override
    def shown(self) -> Value | None:
        """Return the value of the point."""
        return self.block.values.get(self.point.name)

    async def write(self, value: Value) -> None:
        """Write the point and show what the device now has."""
        with translated(self.coordinator.domain):
            await self.coordinator.write(self.block, self.point, value)


class EnergySensor(PointEntity, SensorEntity):
    """A value."""

    def __init__(self, coordinator: EnergyCoordinator[Any], block: Block, description: PointDescription) -> None:
        """Remember whether helpers integrate this value."""
        super().__init__(coordinator, block, description)
        self.integrated = self.device_class in INTEGRATED

    @property
    @override
    def native_value(self) -> Value | datetime | None:
        """Return the value of the point; a moment is kept in seconds since 1970."""
        value = self.shown()
        if self.device_class is SensorDeviceClass.TIMESTAMP and isinstance(value, int | float):
            return dt_util.utc_from_timestamp(value)
        return value


class EnergyBinarySensor(PointEntity, BinarySensorEntity):
    """A fact that is so or not."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the value of the point."""
        value = self.shown()
        return None if value is None else bool(value)


class EnergyNumber(PointEntity, NumberEntity):
    """A number that can be set."""

    controls = True

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value of the point."""
        value = self.shown()
        return float(value) if isinstance(value, int | float) else None

    @property
    @override
    def native_max_value(self) -> float:
        """Return what this unit lets the point be set to."""
        highest = self.coordinator.device.highest(self.block, self.point)
        return super().native_max_value if highest is None else highest

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Write the point."""
        await self.write(value)


class EnergySelect(PointEntity, SelectEntity):
    """A choice."""

    controls = True

    @property
    @override
    def options(self) -> list[str]:
        """Return what the wire can write, and what the unit says although nobody can ask for it."""
        options = self.coordinator.device.choices(self.block, self.point)
        current = self.current_option
        return options if current is None or current in options else [*options, current]

    @property
    @override
    def current_option(self) -> str | None:
        """Return the value of the point."""
        value = self.shown()
        return None if value is None else str(value)

    @override
    async def async_select_option(self, option: str) -> None:
        """Write the point."""
        await self.write(option)


class EnergySwitch(PointEntity, SwitchEntity):
    """A setting that is on or off."""

    controls = True

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the value of the point."""
        value = self.shown()
        return None if value is None else bool(value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch the setting on."""
        await self.write(value=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch the setting off."""
        await self.write(value=False)


class EnergyTime(PointEntity, TimeEntity):
    """A time of day that the unit packs as hour x 256 + minute."""

    controls = True

    @property
    @override
    def native_value(self) -> time | None:
        """Return the value of the point."""
        value = self.shown()
        if not isinstance(value, int | float):
            return None
        hour, minute = divmod(int(value), 256)
        return time(hour, minute) if 0 <= hour < 24 and minute < 60 else None

    @override
    async def async_set_value(self, value: time) -> None:
        """Write the point."""
        await self.write(value.hour * 256 + value.minute)


class Arrivals:
    """Watches a device for what it shows for the first time, and for parts that go.

    With hundreds of parts it matters that nothing is looked at twice: something can be new only in a block that
    has got more values.
    """

    def __init__(
        self,
        coordinator: EnergyCoordinator[Any],
        entry: ConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
        descriptions: Iterable[PointDescription],
        make: type[PointEntity],
    ) -> None:
        """Make an entity of class ``make`` for each described point."""
        self._coordinator, self._entry, self._add, self._make = coordinator, entry, async_add_entities, make
        self._wanted: dict[type[Block], list[PointDescription]] = {}
        for description in descriptions:
            self._wanted.setdefault(description.point.block, []).append(description)
        self._added: dict[tuple[str, str], PointEntity] = {}
        self._seen: dict[str, tuple[Block, int]] = {}

    @callback
    def look(self) -> None:
        """Add what is new, remove what is gone."""
        if self._coordinator.steady and not self._coordinator.grew:
            return
        blocks = self._coordinator.device.blocks
        for name in [name for name, (block, _) in self._seen.items() if blocks.get(name) is not block]:
            self._drop(name)
        found = {slot: entity for block in blocks.values() if self._grew(block) for slot, entity in self._news(block)}
        self._added.update(found)
        if found:
            self._add(found.values())

    def _grew(self, block: Block) -> bool:
        """Tell whether there may be something new in ``block``; what can be written may change at any time."""
        if type(block) not in self._wanted:
            return False
        known, size = self._seen.get(block.name), len(block.values)
        self._seen[block.name] = (block, size)
        return known is None or known[1] != size or self._make.controls

    def _news(self, block: Block) -> Iterator[tuple[tuple[str, str], PointEntity]]:
        for description in self._wanted[type(block)]:
            slot = (block.name, description.key)
            if slot in self._added or not fits(description, block) or not block.has(description.point):
                continue
            if self._make.controls and not self._coordinator.device.can_write(block, description.point):
                continue
            if self._coordinator.offers(block, description):
                yield slot, self._make(self._coordinator, block, description)

    def _drop(self, name: str) -> None:
        del self._seen[name]
        for slot in [slot for slot in self._added if slot[0] == name]:
            lost = self._added.pop(slot)
            if lost.hass:
                self._entry.async_create_task(lost.hass, lost.async_remove())


def add_when_shown(
    coordinator: EnergyCoordinator[Any],
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[PointDescription],
    make: type[PointEntity],
) -> None:
    """Add an entity for each described point of each block, now and whenever the unit shows a new one.

    A part that the unit loses takes its entities along; it may come back.
    """
    arrivals = Arrivals(coordinator, entry, async_add_entities, descriptions, make)
    arrivals.look()
    entry.async_on_unload(coordinator.async_add_listener(arrivals.look))
