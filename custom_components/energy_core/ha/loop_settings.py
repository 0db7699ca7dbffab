"""The live setpoints of a control loop, as data: a number entity each."""

from dataclasses import dataclass
from typing import Any

from homeassistant.components.number import NumberEntityDescription, NumberMode
from homeassistant.const import EntityCategory


@dataclass(frozen=True, kw_only=True)
class LoopSetting(NumberEntityDescription):
    """A setpoint: its bounds, and its value until the user changes it; the flow may have asked for another."""

    default: float

    @property
    def low(self) -> float:
        """Return the least that it can be set to."""
        return self.native_min_value or 0.0

    @property
    def high(self) -> float:
        """Return the most that it can be set to."""
        assert self.native_max_value is not None
        return self.native_max_value


def setting(key: str, default: float, low: float, high: float, unit: str | None, *, step: float = 1, **more: Any) -> LoopSetting:
    """Describe a setpoint from ``low`` to ``high``."""
    return LoopSetting(
        key=key,
        translation_key=f"loop_{key}",
        default=default,
        native_min_value=low,
        native_max_value=high,
        native_step=step,
        native_unit_of_measurement=unit,
        mode=NumberMode.BOX,
        entity_category=EntityCategory.CONFIG,
        **more,
    )
