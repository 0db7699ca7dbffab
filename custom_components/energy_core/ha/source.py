"""A power that the user picked: any entity in W or a multiple of it, and when it was last reported."""

from collections.abc import Callable
import time
from typing import Final

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, EventStateReportedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event, async_track_state_report_event
from homeassistant.util.unit_conversion import PowerConverter

from ..control import Sample
from ..points import number

# How much the newest interval counts for what is usual.
PERIOD_WEIGHT: Final = 0.3
# An interval beyond this, in s or in usual ones, is an outage: it counts as no more than that.
OUTAGE, OUTAGE_PERIODS = 60.0, 3.0
# No meter that is followed is slower (s); what was remembered beyond that is damaged.
SLOWEST: Final = 3600.0


def watts(state: State | None) -> float | None:
    """Return the power that a state shows, None when it shows none; without a unit it is taken for W."""
    if state is None or (value := number(state.state)) is None:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if unit is None or unit == UnitOfPower.WATT:
        return value
    return PowerConverter.convert(value, unit, UnitOfPower.WATT) if unit in PowerConverter.VALID_UNITS else None


class Source:
    """Follows one entity. ``sample`` is its last power, on the clock of the event loop.

    A report that repeats the value counts as well: a constant meter is not a stale one.
    """

    def __init__(self, hass: HomeAssistant, entity_id: str, *, inverted: bool = False) -> None:
        """Follow ``entity_id``; ``inverted`` turns its sign."""
        self._hass = hass
        self.entity_id = entity_id
        self._sign = -1 if inverted else 1
        self.sample: Sample | None = None
        # Whether the entity shows a power now.
        self.shows = False
        # The usual time in s between two reports, None until there were two.
        self.period: float | None = None

    def start(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Listen, and call ``changed`` with every report; return what ends that."""

        @callback
        def news(event: Event[EventStateChangedData] | Event[EventStateReportedData]) -> None:
            if self._take(event.data["new_state"], event.time_fired_timestamp):
                changed()

        if (state := self._hass.states.get(self.entity_id)) is not None:
            self._take(state, state.last_reported_timestamp)
        ends = (
            async_track_state_change_event(self._hass, self.entity_id, news),
            async_track_state_report_event(self._hass, self.entity_id, news),
        )

        @callback
        def end() -> None:
            for each in ends:
                each()

        return end

    def _take(self, state: State | None, reported: float) -> bool:
        value = watts(state)
        self.shows = value is not None
        if value is None:
            return False
        # Wall clocks are put right now and then: only the age is taken from them.
        at = self._hass.loop.time() - max(0.0, time.time() - reported)
        if self.sample is not None and at > self.sample.at:
            took = at - self.sample.at
            took = min(took, max(OUTAGE, OUTAGE_PERIODS * (self.period or 0.0)))
            self.period = took if self.period is None else self.period + PERIOD_WEIGHT * (took - self.period)
        self.sample = Sample(value=self._sign * value, at=at)
        return True

    def remember(self, period: float | None) -> None:
        """Know what was usual in an earlier life."""
        self.period = period if period is not None and 0 < period <= SLOWEST else None

    def age(self) -> float | None:
        """Return for how long (s) nothing was reported, None when nothing ever was."""
        return None if self.sample is None else self._hass.loop.time() - self.sample.at
