"""The runner of a control loop: feeds a law from entities, acts for it, and owns the fail-safe."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
import logging
from typing import Any, ClassVar, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import STATE_ON
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval

from ..errors import DeviceRefusedError, EnergyError
from ..memory import section
from ..pacing import Backoff
from ..points import number
from .loop_settings import LoopSetting
from .source import Source

# Delays and stale meters are noticed within so long.
TICK: Final = timedelta(seconds=1)
# A meter that is late is waited for; one that is lost ends what runs. Slow meters get longer.
LATE, LOST = 15.0, 60.0
PERIODS: Final = 3
CONF_ACTIVE_WHILE: Final = "active_while"
# Words that every loop has.
OFF, WAITING, STALE, NO_METER = "off", "waiting", "meter_late", "meter_lost"
UNREACHABLE, OUTSIDE, REFUSED = "unreachable", "outside_schedule", "refused"
COMMON: Final = (OFF, WAITING, STALE, NO_METER, UNREACHABLE, OUTSIDE, REFUSED)


class Loop:
    """One loop, made from a subentry. A subclass decides and acts; everything else is here.

    ``decide`` looks at samples and returns what to do now, or None; ``rest`` is the safe command, which is given
    once when the loop has acted and may not any more. Both raise ``EnergyError`` when they fail. ``status`` says in
    one word what the loop does and why. Whoever watches is told by ``listen``.
    """

    settings: ClassVar[tuple[LoopSetting, ...]] = ()
    words: ClassVar[tuple[str, ...]] = ()
    # Sources without which there is no deciding.
    needed: ClassVar[tuple[str, ...]] = ()
    # Whether stopping gives the safe command; not where the device's own end does.
    ends_itself: ClassVar[bool] = True

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, memory: dict[str, Any]) -> None:
        """Prepare the loop of ``subentry``; ``memory`` is what an earlier life kept, and is kept up to date."""
        self.hass, self.entry, self.subentry, self.memory = hass, entry, subentry, memory
        self.logger = logging.getLogger(type(self).__module__)
        self.sources: dict[str, Source] = {}
        self.enabled = memory.get("enabled") is not False
        # Whether something of ours is in force that must be ended.
        self.acting = memory.get("acting") is True
        self.status = WAITING if self.enabled else OFF
        self.save: Callable[[], None] = lambda: None
        self._listeners: list[Callable[[], None]] = []
        self._ends: list[CALLBACK_TYPE] = []
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._backoff = Backoff(first=5.0, ceiling=300.0)
        self._failures = 0
        self._retry_at = 0.0
        self._began = 0.0
        self._told = False
        # Whether it was to rest when it last looked.
        self._resting = False

    # For subclasses

    def decide(self, now: float) -> Awaitable[None] | None:
        """Set ``status``; return what to do at ``now`` (s, clock of the event loop), None for nothing."""
        raise NotImplementedError

    async def rest(self) -> None:
        """Give the safe command and make sure that it is in force."""
        raise NotImplementedError

    def measure(self, now: float) -> None:
        """Take in what the sources say, whether or not the loop may act."""

    def blocked(self) -> str | None:
        """Return the word for why the loop may not act at all now, None when it may."""
        return None

    def parent_id(self) -> str:
        """Return the id in the device registry of what the loop belongs to."""
        raise NotImplementedError

    def switched(self) -> None:
        """Forget what stood in the way: the user has switched the loop on."""

    def needs(self) -> tuple[str, ...]:
        """Return the sources without which there is no deciding now."""
        return self.needed

    # What users set

    def value(self, key: str) -> float:
        """Return a live setpoint."""
        setting = next(each for each in self.settings if each.key == key)
        found = number(kept(self.memory, "settings").get(key))
        initial = number(self.subentry.data.get(key))
        usual = setting.default if initial is None else initial
        return usual if found is None else min(max(found, setting.low), setting.high)

    def set_value(self, key: str, value: float) -> None:
        """Change a live setpoint; it counts from now on."""
        self.memory["settings"] = kept(self.memory, "settings") | {key: value}
        self.changed()

    def switch(self, *, on: bool) -> None:
        """Switch the loop on or off; switched off it gives the safe command."""
        self.memory["enabled"] = self.enabled = on
        self._failures, self._retry_at = 0, 0.0
        if on:
            self.switched()
        self.changed()

    @callback
    def changed(self) -> None:
        """Write down what the user changed, and act on it."""
        self.save()
        self.kick()

    # Running

    def follow(self, key: str, *, inverted: bool = False) -> None:
        """Follow the entity that the user picked under ``key``, if any."""
        if entity_id := self.subentry.data.get(key):
            self.sources[key] = source = Source(self.hass, entity_id, inverted=inverted)
            source.remember(number(kept(self.memory, "periods").get(entity_id)))

    @callback
    def start(self) -> None:
        """Begin to listen and to act."""
        self._began = self.hass.loop.time()
        self._ends = [source.start(self.kick) for source in self.sources.values()]
        self._ends.append(async_track_time_interval(self.hass, self._look, TICK))
        if schedule := self.subentry.data.get(CONF_ACTIVE_WHILE):
            self._ends.append(async_track_state_change_event(self.hass, schedule, self._look))
        self.kick()

    async def stop(self) -> None:
        """Stop acting; what is in force is ended."""
        while self._ends:
            self._ends.pop()()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self.acting and self.ends_itself:
            await self._attempt(self._end())
        self._report(lost=False)
        self.memory["periods"] = {each.entity_id: each.period for each in self.sources.values()}
        self.save()

    @callback
    def listen(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` whenever there is something new to show; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def show(self) -> None:
        """Tell everybody."""
        for listener in list(self._listeners):
            listener()

    @callback
    def kick(self) -> None:
        """Look at what there is now; one look at a time."""
        self._again = True
        if self._task is None and self._ends:
            # Not at once: the entities of one poll report one after the other, and half of them make no sense.
            name = f"loop {self.subentry.title}"
            self._task = self.entry.async_create_background_task(self.hass, self._work(), name, eager_start=False)

    async def look(self, within: float) -> None:
        """Look now, for another loop; return when that is done, or after ``within`` seconds."""
        self.kick()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within)

    @callback
    def _look(self, _: datetime | Event[Any]) -> None:
        self.kick()

    async def _work(self) -> None:
        try:
            while self._again:
                self._again = False
                before = self.status
                act = self._next()
                if self.status != before:
                    self.show()
                if act is not None:
                    await self._attempt(act)
                    self.show()
        finally:
            self._task = None

    def _next(self) -> Awaitable[None] | None:
        """Return what to do now: nothing, the safe command, or what the law says; a failure is said until the next try."""
        now = self.hass.loop.time()
        self.measure(now)
        word = self._prevented()
        late = self._late() if word is None else None
        self._report(lost=late == NO_METER)
        resting = word or (NO_METER if late == NO_METER else None)
        if self._resting != (resting is not None):
            # An order that failed says nothing about the safe command, which must not wait for its next try.
            self._resting, self._failures, self._retry_at = resting is not None, 0, 0.0
        if now < self._retry_at and (self.acting or resting is None):
            return None
        if resting is not None:
            if not (self.acting and self._failures):
                self.status = resting
            return self._end() if self.acting else None
        if late is not None:
            self.status = late
            return None
        return self.decide(now)

    def _prevented(self) -> str | None:
        if not self.enabled:
            return OFF
        schedule = self.subentry.data.get(CONF_ACTIVE_WHILE)
        if schedule and not self.hass.states.is_state(schedule, STATE_ON):
            return OUTSIDE
        return self.blocked()

    def _late(self) -> str | None:
        """Return the word for a source that has been silent for too long."""
        worst = None
        for key in self.needs():
            source = self.sources[key]
            age, usual = source.age(), PERIODS * (source.period or 0.0)
            if (self.hass.loop.time() - self._began if age is None else age) > max(LOST, usual):
                return NO_METER
            if age is None or age > max(LATE, usual):
                worst = WAITING if age is None else STALE
        return worst

    async def _end(self) -> None:
        await self.rest()
        self.note(acting=False)

    def note(self, *, acting: bool) -> None:
        """Know, across a restart, whether something of ours is in force."""
        if self.acting != acting:
            self.acting = self.memory["acting"] = acting
            self.save()

    async def _attempt(self, act: Awaitable[None]) -> None:
        """Act; a failure is said once, and tried again later."""
        try:
            await act
        except EnergyError as error:
            self._failures += 1
            self._retry_at = self.hass.loop.time() + self._backoff.delay(self._failures, 5.0)
            self.failed(error)
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            self.logger.log(level, "%s: %s", self.subentry.title, error)
        else:
            self._failures, self._retry_at = 0, 0.0

    def failed(self, error: EnergyError) -> None:
        """Say in one word what went wrong."""
        self.status = REFUSED if isinstance(error, DeviceRefusedError) else UNREACHABLE

    @property
    def _issue(self) -> str:
        return f"loop_{self.subentry.subentry_id}"

    def _report(self, *, lost: bool) -> None:
        """Tell the user of a meter that is lost, and take that back when it returns."""
        if lost == self._told:
            return
        self._told = lost
        if not lost:
            ir.async_delete_issue(self.hass, self.entry.domain, self._issue)
            return
        names = ", ".join(self.sources[key].entity_id for key in self.needs())
        ir.async_create_issue(
            self.hass,
            self.entry.domain,
            self._issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="loop_meter_lost",
            translation_placeholders={"title": self.subentry.title, "entity": names},
        )


def kept(memory: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a part of a loop's memory that can be relied on to be a mapping."""
    return dict(section(memory.get(key)))
