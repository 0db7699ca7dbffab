"""What a user chooses for solar charging beside the numbers, and what the meters say of it."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..energy_core.charging import Appetite
from ..energy_core.control import Sample
from ..energy_core.ha.loop import Loop
from ..energy_core.ha.source import Source, watts
from .solar_settings import CAR_FIRST, CONF_BATTERY, CONF_GRID, CONF_PRIORITY, MODES, SOLAR

USUAL_READY: Final = time(7)


class ChoosingLoop(Loop):
    """A loop with choices, which survive restarts."""

    @property
    def mode(self) -> str:
        """Return how eagerly it charges."""
        kept = self.memory.get("mode")
        return kept if kept in MODES else SOLAR

    @property
    def ready_by(self) -> time:
        """Return when the car is needed."""
        kept = self.memory.get("ready_by")
        found = dt_util.parse_time(kept) if isinstance(kept, str) else None
        return found or USUAL_READY

    def flag(self, key: str) -> bool:
        """Tell whether something is switched on."""
        return self.memory.get(key) is True

    def choose(self, key: str, value: str | bool) -> None:  # noqa: FBT001 a value, not a flag
        """Keep a choice; it counts from now on."""
        self.memory[key] = value
        self.changed()
        self.show()

    @property
    def surplus(self) -> float | None:
        """Return the power that the car may have, in W, None when nobody knows."""
        raise NotImplementedError


class Meters:
    """What the car may have, out of what the meters and the box say. Grid + is import, battery + is discharging."""

    def __init__(self, hass: HomeAssistant, sources: Mapping[str, Source], data: Mapping[str, Any]) -> None:
        """Read ``sources`` as the user asked for in ``data``."""
        self._hass, self._sources = hass, sources
        self._car_first = data.get(CONF_PRIORITY) == CAR_FIRST
        # What the car draws, and what the meter of the grid had said by then.
        self.car: Sample | None = None
        self._beside: Sample | None = None
        self._appetite = Appetite()
        self._missing = 0.0

    @property
    def _grid(self) -> Sample | None:
        source = self._sources.get(CONF_GRID)
        return None if source is None else source.sample

    def take(self, car: Sample) -> None:
        """Take over what the car draws now; a later word of the meter holds what the car may have changed since."""
        self.car, self._beside = car, self._grid
        if self._beside is not None:
            self._missing = self._appetite.missing(self._beside.value, self._battery_power())

    def available(self) -> Sample | None:
        """Return what the car draws and what is left over, by the older of the two measurements."""
        return self._sum(self._beside or self._grid, -self._battery())

    def guard(self, limit: float) -> Sample | None:
        """Return what the car may draw at most, that the house takes no more than ``limit`` from the grid; 0 is none."""
        latest = self._grid
        if not limit or latest is None:
            return None
        return self._sum(latest if latest.value > limit else self._beside or latest, limit)

    def _sum(self, grid: Sample | None, more: float) -> Sample | None:
        if grid is None or self.car is None:
            return None
        return Sample(value=self.car.value - grid.value + more, at=min(grid.at, self.car.at))

    def _battery(self) -> float:
        """Return what is not the car's: what the battery gives, and if it comes first, what it would like to take."""
        power = self._battery_power()
        return power if self._car_first else max(0.0, power) + self._missing

    def _battery_power(self) -> float:
        source = self._sources.get(CONF_BATTERY)
        return 0.0 if source is None or source.sample is None else source.sample.value

    def needed(self) -> tuple[str, ...]:
        """Return the meters without which nobody knows.

        A battery at rest has nothing to report; one that is not there is another matter.
        """
        source = self._sources.get(CONF_BATTERY)
        gone = source is not None and watts(self._hass.states.get(source.entity_id)) is None
        return (CONF_GRID, CONF_BATTERY) if gone else (CONF_GRID,)
