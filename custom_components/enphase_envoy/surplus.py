"""A surplus level: starts something when enough power is left over for long enough, and stops it again.

Several levels make a staircase: a level may wait until another one is on. The law is a latch with strict thresholds,
as in the plug-in that this project began with; without delays and least times it does exactly the same.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
import math
from typing import Any, Final, override

from homeassistant.components.number import NumberDeviceClass
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import UnitOfPower, UnitOfTime
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..energy_core.control import Latch, Mean, Sample, Thresholds
from ..energy_core.errors import EnergyError
from ..energy_core.ha.loop import NO_METER, WAITING, Loop, kept
from ..energy_core.ha.loop_settings import LoopSetting, setting
from ..energy_core.ha.loops import Loops
from ..energy_core.points import number
from .const import DOMAIN
from .devices import gateway_id
from .surplus_target import Target

KIND: Final = "surplus_level"
CONF_GRID, CONF_INVERTED, CONF_BATTERY, CONF_AFTER, CONF_TARGET = "grid", "inverted", "battery", "after", "target"
START, STOP, AVERAGING = "start", "stop", "averaging"
LIMIT_W, LONGEST = 50_000, 86_400
# A level that is stopped waits so long (s) for those that come after it.
PATIENCE: Final = 25.0

ON, NONE, STARTING, STOPPING, MIN_ON, MIN_OFF, AFTER, FAILED = (
    "on",
    "no_surplus",
    "starting",
    "stopping",
    "min_on",
    "min_off",
    "waits_for_level",
    "target_failed",
)


def _watts(key: str, default: float) -> LoopSetting:
    return setting(key, default, -LIMIT_W, LIMIT_W, UnitOfPower.WATT, device_class=NumberDeviceClass.POWER)


def _seconds(key: str, default: float, longest: float = LONGEST) -> LoopSetting:
    return setting(key, default, 0, longest, UnitOfTime.SECONDS, device_class=NumberDeviceClass.DURATION)


class SurplusLevel(Loop):
    """One level. The surplus is what flows out, and what charges the battery if that is to count."""

    settings = (
        _watts(START, 1000),
        _watts(STOP, 100),
        _seconds("start_delay", 60),
        _seconds("stop_delay", 60),
        _seconds("min_on", 300),
        _seconds("min_off", 300),
        _seconds(AVERAGING, 0, 600),
    )
    words = (ON, NONE, STARTING, STOPPING, MIN_ON, MIN_OFF, AFTER, FAILED)

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, levels: Loops, subentry: ConfigSubentry, memory: dict[str, Any]
    ) -> None:
        """Prepare the level of ``subentry``, one of ``levels``."""
        super().__init__(hass, entry, subentry, memory)
        self._levels = levels
        self.follow(CONF_GRID, inverted=bool(subentry.data.get(CONF_INVERTED)))
        self.follow(CONF_BATTERY)
        target = subentry.data.get(CONF_TARGET)
        self._target = Target(hass, target) if target else None
        # What the thresholds are compared with, None when nobody knows.
        self.surplus: float | None = None
        self.activations = int(number(memory.get("activations")) or 0)
        self.latch = Latch()
        self._restore()
        # What everybody is told: the latch, once the levels that come after it have stopped.
        self.on = self._recalled = self.latch.on
        # Whether the target has not been told yet what it has to do.
        self._owed = self.acting and not self.on
        # What it was told last: what followed late is not told again.
        self._ordered: bool | None = None
        self._closing = False
        self._mean = Mean()
        self._taken: list[Sample] = []
        self._watchers: list[Callable[[], None]] = []

    # Memory

    def _restore(self) -> None:
        """Take back an earlier life: clocks of event loops begin anew, so that the memory has the time of day."""
        now, saved = self.hass.loop.time(), kept(self.memory, "latch")
        since = number(saved.get("since"))
        age = 0.0 if since is None else max(0.0, dt_util.utcnow().timestamp() - since)
        self.latch.restore({"on": saved.get("on"), "since": None if since is None else now - age}, now)

    @property
    def since(self) -> datetime | None:
        """Return when it last turned, None when it never did."""
        since = number(kept(self.memory, "latch").get("since"))
        return None if since is None else dt_util.utc_from_timestamp(since)

    @property
    def due(self) -> datetime | None:
        """Return when it turns if the surplus stays as it is, None when it does not."""
        left = self.latch.due(self._thresholds()) - self.hass.loop.time()
        return (dt_util.utcnow() + timedelta(seconds=left)).replace(microsecond=0) if math.isfinite(left) else None

    # For the runner

    @override
    def parent_id(self) -> str:
        """Return the gateway."""
        return gateway_id(self.entry.runtime_data)

    @override
    def needs(self) -> tuple[str, ...]:
        """Return the meter, and the battery if it counts: without it nobody knows what is left over."""
        return tuple(self.sources)

    @override
    def blocked(self) -> str | None:
        """Wait for the level that has to be on first; one that was deleted is not waited for."""
        first = self._levels.all.get(self.subentry.data.get(CONF_AFTER, ""))
        return AFTER if isinstance(first, SurplusLevel) and not first.holds else None

    @property
    def holds(self) -> bool:
        """Tell whether it is on, stays on, and has its target on."""
        return self.on and self.latch.on and not self._owed

    @override
    def set_value(self, key: str, value: float) -> None:
        """Change a live setpoint; one threshold does not pass the other."""
        start, stop = (value if key == each else self.value(each) for each in (START, STOP))
        if start <= stop:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="thresholds_crossed",
                translation_placeholders={"start": f"{start:g}", "stop": f"{stop:g}"},
            )
        super().set_value(key, value)

    @override
    def failed(self, error: EnergyError) -> None:
        """Say that the target does not do what it was told."""
        self.status = FAILED

    @override
    async def stop(self) -> None:
        """Stop acting; there is no time to look whether the target follows."""
        self._closing = True
        await super().stop()

    # Measuring

    def watch(self, watcher: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``watcher`` with every new surplus; return what ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    @override
    def measure(self, now: float) -> None:
        """Know the surplus, also of a level that is switched off."""
        if self._prevented() is not None:
            # Delays begin when there is nothing in the way.
            self.latch.beyond = None
        samples = [source.sample for source in self.sources.values() if source.sample is not None]
        if self._late() == NO_METER or len(samples) < len(self.sources):
            if self.surplus is not None:
                self._forget()
        elif samples != self._taken:
            self._taken = samples
            sample = Sample(value=-math.fsum(each.value for each in samples), at=now)
            self.surplus = self._mean.add(sample, self.value(AVERAGING))
            self._tell()
        if self.on and self._owed and self._ends_soon():
            # A target that could not be turned on does not keep the level from ending.
            self._retry_at = 0.0

    def _forget(self) -> None:
        self.surplus, self._taken, self.latch.beyond = None, [], None
        self._mean.forget()
        self._tell()

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            watcher()

    def _ends_soon(self) -> bool:
        return self.surplus is not None and self.surplus < self.value(STOP)

    # Deciding

    def _thresholds(self) -> Thresholds:
        return Thresholds(**{each.key: self.value(each.key) for each in self.settings if each.key != AVERAGING})

    @override
    def decide(self, now: float) -> Awaitable[None] | None:
        """Turn the latch by what was measured since the start, and let the target follow it."""
        if self.surplus is None or any(each.at < self._began for each in self._taken):
            self.status = WAITING
            return None
        self._recall(now)
        self.latch.step(self.surplus, now, self._thresholds())
        if not self._failures:
            self._describe()
        if self.latch.on != self.on or (self._owed and not (self.on and self._ends_soon())):
            return self._turn(on=self.latch.on)
        return None

    def _recall(self, now: float) -> None:
        """After a restart: a target that is off by now ends the level; one that nobody sees is waited for."""
        if not self._recalled:
            return
        shown = None if self._target is None else self._target.shows()
        self._recalled = shown is None and self._target is not None and self._target.tells
        if shown is False:
            self.latch.turn(on=False, now=now)
            self._owed = True

    def _describe(self) -> None:
        """Say what it waits for: the one of delay and least time that takes longer."""
        latch, limits = self.latch, self._thresholds()
        if latch.beyond is None:
            self.status = ON if latch.on else NONE
        elif latch.on:
            self.status = MIN_ON if latch.since + limits.min_on > latch.beyond + limits.stop_delay else STOPPING
        else:
            self.status = MIN_OFF if latch.since + limits.min_off > latch.beyond + limits.start_delay else STARTING

    # Acting

    async def _turn(self, *, on: bool) -> None:
        await self._apply(on=on)
        self._describe()

    @override
    async def rest(self) -> None:
        """Stop what runs, whatever the surplus."""
        if self.latch.on:
            self.latch.turn(on=False, now=self.hass.loop.time())
        await self._apply(on=False)

    async def _apply(self, *, on: bool) -> None:
        """Tell everybody and then the target; the levels that come after this one are stopped before it."""
        self._owed = True
        self.note(acting=True)
        if not on:
            for level in self._after():
                await level.look(PATIENCE)
        self._publish(on=on)
        if self._target is not None and not (self._ordered is on and self._target.shows() is on):
            self._ordered = on
            await self._target.turn(on=on, look=not self._closing)
        self._owed = False
        self.note(acting=on)
        for level in self._after():
            level.kick()

    def _after(self) -> Iterator[SurplusLevel]:
        """Yield the levels that wait for this one."""
        name = self.subentry.subentry_id
        for level in self._levels:
            if isinstance(level, SurplusLevel) and level.subentry.data.get(CONF_AFTER) == name:
                yield level

    def _publish(self, *, on: bool) -> None:
        if self.on == on:
            return
        self.on = on
        self.activations = self.memory["activations"] = self.activations + on
        age = self.hass.loop.time() - self.latch.since
        self.memory["latch"] = {"on": on, "since": dt_util.utcnow().timestamp() - age}
        self.save()
        self.show()
