"""From a point to a description: unit, options and bounds come from the point, the rest from one line."""

from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.binary_sensor import BinarySensorEntityDescription
from homeassistant.components.number import NumberDeviceClass, NumberEntityDescription, NumberMode
from homeassistant.components.select import SelectEntityDescription
from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.components.switch import SwitchEntityDescription
from homeassistant.components.time import TimeEntityDescription
from homeassistant.const import EntityCategory, UnitOfEnergy

from ..points import Block, Point

DIAGNOSTIC: Final = EntityCategory.DIAGNOSTIC
CONFIG: Final = EntityCategory.CONFIG
# Digits that mean something, by unit; a device rarely knows more.
PRECISION: Final = {"W": 0, "VA": 0, "var": 0, "V": 1, "A": 2, "Hz": 2, "°C": 1, "%": 0, "mV": 0, "min": 0, "ms": 0, "kWh": 2}


@dataclass(frozen=True, kw_only=True)
class SensorPoint(SensorEntityDescription):
    """A sensor of one point."""

    point: Point[Any]
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class BinaryPoint(BinarySensorEntityDescription):
    """A binary sensor of one point."""

    point: Point[Any]
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class NumberPoint(NumberEntityDescription):
    """A number that writes one point."""

    point: Point[Any]
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class SelectPoint(SelectEntityDescription):
    """A select that writes one point."""

    point: Point[Any]
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class SwitchPoint(SwitchEntityDescription):
    """A switch that writes one point."""

    point: Point[Any]
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class TimePoint(TimeEntityDescription):
    """A time of day that writes one point."""

    point: Point[Any]
    part: str | None = None


type PointDescription = SensorPoint | BinaryPoint | NumberPoint | SelectPoint | SwitchPoint | TimePoint


def fits(description: PointDescription, block: Block) -> bool:
    """Tell whether ``block`` has the described point; ``part`` narrows it to blocks of one kind."""
    return type(block) is description.point.block and description.part in (None, block.kind)


def sensor(
    point: Point[Any],
    device_class: SensorDeviceClass | None = None,
    *,
    key: str | None = None,
    precision: int | None = None,
    **more: Any,
) -> SensorPoint:
    """Describe a sensor; texts with known values become enums, counters total increasing, numbers measurements."""
    unit = point.unit
    if options := point.options:
        more |= {"options": options, "device_class": SensorDeviceClass.ENUM}
    else:
        more["device_class"] = device_class
    if point.counter is not None:
        more["state_class"] = SensorStateClass.TOTAL_INCREASING
    elif point.kind is float and unit is not None:
        more.setdefault("state_class", SensorStateClass.MEASUREMENT)
    if unit == UnitOfEnergy.WATT_HOUR:
        more.setdefault("suggested_unit_of_measurement", UnitOfEnergy.KILO_WATT_HOUR)
        precision = 2 if precision is None else precision
    name = key or point.name
    return SensorPoint(
        point=point,
        key=name,
        native_unit_of_measurement=unit,
        suggested_display_precision=PRECISION.get(unit or "") if precision is None else precision,
        **_named(name, more),
    )


def binary(point: Point[Any], *, key: str | None = None, **more: Any) -> BinaryPoint:
    """Describe a binary sensor."""
    name = key or point.name
    return BinaryPoint(point=point, key=name, **_named(name, more))


def number(
    point: Point[Any], device_class: NumberDeviceClass | None = None, *, key: str | None = None, **more: Any
) -> NumberPoint:
    """Describe a number; its bounds are the point's."""
    name = key or point.name
    return NumberPoint(
        point=point,
        key=name,
        device_class=device_class,
        native_unit_of_measurement=point.unit,
        native_min_value=point.write_low,
        native_max_value=point.write_high or 0,
        native_step=point.step,
        mode=NumberMode.BOX,
        entity_category=more.pop("entity_category", CONFIG),
        **_named(name, more),
    )


def select(point: Point[Any], *, key: str | None = None, **more: Any) -> SelectPoint:
    """Describe a select; its options are what the wire can write."""
    name = key or point.name
    return SelectPoint(point=point, key=name, **_named(name, more))


def switch(point: Point[Any], *, key: str | None = None, **more: Any) -> SwitchPoint:
    """Describe a switch."""
    name = key or point.name
    return SwitchPoint(point=point, key=name, entity_category=more.pop("entity_category", CONFIG), **_named(name, more))


def time_of_day(point: Point[Any], *, key: str | None = None, **more: Any) -> TimePoint:
    """Describe a time of day."""
    name = key or point.name
    return TimePoint(point=point, key=name, entity_category=more.pop("entity_category", CONFIG), **_named(name, more))


def _named(name: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"translation_key": name, **more}
