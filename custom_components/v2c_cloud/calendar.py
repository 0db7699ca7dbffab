"""The charging sessions as a calendar: the one that goes on, and all that the cloud has in its books."""

from datetime import datetime, timedelta
from typing import override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..energy_core.ha.entity import EnergyEntity
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .v2c.sessions import Session

PARALLEL_UPDATES = 0

SESSIONS = CalendarEntityDescription(key="sessions", translation_key="sessions")


class SessionCalendar(EnergyEntity, CalendarEntity):
    """What was charged when. Reading it costs no call: the books are kept here."""

    coordinator: TrydanCoordinator

    def __init__(self, coordinator: TrydanCoordinator) -> None:
        """Show the sessions of ``coordinator``."""
        super().__init__(coordinator, coordinator.device.last_session, SESSIONS, SESSIONS.key)

    @property
    @override
    def available(self) -> bool:
        """What is in the books does not depend on who answers now."""
        return super().available or bool(self.coordinator.sessions.all)

    @override
    def shown(self) -> object:
        """Return what the state is made of, and how many sessions there are: open calendars look again when it changes."""
        event, known = self.event, len(self.coordinator.sessions.all)
        return known if event is None else (event.start, event.end, event.summary, known)

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return the session that goes on, else the newest one."""
        now = dt_util.now()
        if (since := self.coordinator.session_since) is not None:
            # Its end is not known: for now it is the end of the next hour, so that the state seldom changes.
            end = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
            # A machine that started without the right time remembers a beginning that is yet to come.
            start = dt_util.as_local(min(since, now))
            if start > now:
                # By the clock on the wall, which Home Assistant goes by: it began in the first of two equal hours.
                start = now.replace(minute=0, second=0, microsecond=0)
            return CalendarEvent(start=start, end=end, summary=self.coordinator.title)
        for newest in self.coordinator.sessions.last(1):
            event = self._event(newest)
            # What ended in the first of two equal hours would go on, and Home Assistant wait for its end in a circle.
            return None if newest.end <= dt_util.utcnow() and event.end > now else event
        return None

    @override
    async def async_get_events(self, hass: HomeAssistant, start_date: datetime, end_date: datetime) -> list[CalendarEvent]:
        """Return the sessions of a time."""
        return [self._event(each) for each in self.coordinator.sessions.between(start_date, end_date)]

    def _event(self, session: Session) -> CalendarEvent:
        cost = "" if session.cost is None else f" · {session.cost:.2f} {self.coordinator.hass.config.currency}"
        hours, minutes = divmod(round((session.end - session.start).total_seconds() / 60), 60)
        start, end = dt_util.as_local(session.start), dt_util.as_local(session.end)
        lines = [f"{hours}:{minutes:02}", session.card_name, None if session.co2 is None else f"{session.co2:g} kg CO₂"]
        return CalendarEvent(
            start=start,
            # Home Assistant compares by the clock on the wall, and refuses an end in the repeated hour before the start.
            end=max(end, start.replace(fold=1)),
            summary=f"{_kwh(session.energy)}{cost}",
            description="\n".join(each for each in (*lines, session.message) if each),
            uid=session.id,
        )


def _kwh(wh: float) -> str:
    return f"{wh / 1000:.2f} kWh"


async def async_setup_entry(
    hass: HomeAssistant, entry: V2CConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the calendar of each charger that has an account."""
    chargers = entry.runtime_data.chargers.values()
    async_add_entities(SessionCalendar(charger) for charger in chargers if charger.device.cloud is not None)
