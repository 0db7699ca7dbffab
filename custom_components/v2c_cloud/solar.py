"""Solar charging: the law of ``charging`` on a Trydan, from any meter or the box's own clamps."""

from collections.abc import Awaitable
from typing import Any, Final, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..energy_core.charging import Charging, Order, Terms, Why, Wish
from ..energy_core.control import Sample
from ..energy_core.errors import DeviceConnectionError, EnergyError
from ..energy_core.ha.loop import NO_METER, WAITING, kept
from . import solar_settings as words
from .const import CONF_CHARGER
from .coordinator import TrydanCoordinator, V2CConfigEntry
from .solar_box import BoxMeter, Departure, Wiring, owner_of, pace
from .solar_choices import ChoosingLoop, Meters
from .solar_settings import CONF_BATTERY, CONF_GRID, CONF_INVERTED, CONF_PHASES, FULL, MINIMUM
from .v2c.derive import DRAWING
from .v2c.points import HIGHEST_A, Settings
from .v2c.steering import Steering

# How long a car may take to draw what it is offered (s).
WAKES: Final = 90.0
# Somebody else's setting counts when so many readings in a row show it.
SIGHTS: Final = 2


class SolarCharging(ChoosingLoop):
    """Steers one charger. What the box was set to is remembered before the first write, and given back."""

    settings = words.SETTINGS
    words = words.WORDS
    entry: V2CConfigEntry

    def __init__(self, hass: HomeAssistant, entry: V2CConfigEntry, subentry: ConfigSubentry, memory: dict[str, Any]) -> None:
        """Prepare to steer the charger of ``subentry``, if it is ours."""
        super().__init__(hass, entry, subentry, memory)
        self.device_id: str = subentry.data[CONF_CHARGER]
        self.charger: TrydanCoordinator | None = entry.runtime_data.chargers.get(self.device_id)
        self.law = Charging()
        self.meters = Meters(hass, self.sources, subentry.data)
        self.follow(CONF_GRID, inverted=bool(subentry.data.get(CONF_INVERTED)))
        self.follow(CONF_BATTERY)
        self._departure = Departure()
        self._begun = self._deaf = False
        self._strange = 0
        self._heard: object = None
        self._end_hearing: CALLBACK_TYPE = lambda: None
        if self.charger is None:
            return
        if CONF_GRID not in self.sources:
            self.sources[CONF_GRID] = BoxMeter(self.charger)
        memory["box"] = box = kept(memory, "box")
        self.steering = Steering(self.charger.device, box, self._save, clamps=isinstance(self.sources[CONF_GRID], BoxMeter))
        self.wiring = Wiring(self.charger.device, may_switch=bool(subentry.data.get(CONF_PHASES)))

    def _save(self) -> None:
        # The runner sets ``save`` after the loop was made.
        self.save()

    @property
    def box(self) -> TrydanCoordinator:
        """Return the charger, where it is known that there is one."""
        assert self.charger is not None
        return self.charger

    @override
    def parent_id(self) -> str:
        """Return the charger, also one that another entry looks after; where it is gone, the account that it was of."""
        return owner_of(self.hass, self.entry, self.charger, self.device_id)

    @property
    @override
    def surplus(self) -> float | None:
        """Return the power that the car may have, in W, None when nobody knows."""
        found = self.meters.available()
        if found is None:
            return None
        # What was measured before the car has obeyed adds up to nonsense.
        known = self._begun and found.at < self.law.ready and self.law.power.known
        return round(self.law.power.last if known else found.value)

    @override
    def choose(self, key: str, value: str | bool) -> None:
        """Keep a choice; it counts from now on."""
        self._departure.due = None
        super().choose(key, value)

    @override
    def needs(self) -> tuple[str, ...]:
        """Return the meters without which nothing can be decided now."""
        if self._hindered() or (self._forced() is not None and not self.value("house_limit")):
            return ()
        meter = self.sources[CONF_GRID]
        # The box reads its clamps once it is steered.
        asleep = isinstance(meter, BoxMeter) and not meter.on and not self._deaf
        return () if asleep else self.meters.needed()

    # Listening to the box

    @callback
    @override
    def start(self) -> None:
        """Begin to listen and to act."""
        if self.charger is not None:
            self._end_hearing = self.charger.async_add_listener(self._hear)
        super().start()

    @override
    async def stop(self) -> None:
        """Stop acting; the box gets its own settings back."""
        self._end_hearing()
        await super().stop()

    @callback
    def _hear(self) -> None:
        """Take in a reading of the LAN, once."""
        box = self.box
        # Each poll brings a set of its own; we are called for commands too.
        if box.fresh is self._heard or not box.device.lan_works:
            return
        self._heard = box.fresh
        now, power = self.hass.loop.time(), box.device.charge.power
        if box.device.charge.name in box.fresh and power is not None:
            meter = self.sources[CONF_GRID]
            if isinstance(meter, BoxMeter) and meter.take(now):
                self._deaf = False
            self.meters.take(Sample(value=max(0.0, power), at=now))
            self.wiring.look(self.law, now)
        if box.device.settings.name in box.fresh:
            self._watch()
        self._notice(box.device.status.plugged)
        self.show()
        self.kick()

    def _notice(self, plugged: bool | None) -> None:  # noqa: FBT001 a value, not a flag
        """Begin anew with each car, also with one that came while nobody looked."""
        if plugged is None:
            return
        known, since = self.memory.get("session"), self.box.device.session_meter.since if plugged else None
        self.memory["session"] = since
        if known not in (None, since):
            self.memory["boost"] = False
            self.memory.pop("taken_over", None)
            self._departure.due = None
            self._begun = self._deaf = False
            self.wiring.forget()
            pace(self.box, fast=False)
        if known != since:
            self.save()

    def _watch(self) -> None:
        """Keep hands off once somebody else has set what we set; without a car it is only worth remembering."""
        self._strange = self._strange + 1 if self.acting and self.steering.foreign() else 0
        if self._strange < SIGHTS:
            return
        self.steering.leave()
        if self._begun:
            self.memory["taken_over"] = True
            self._begun = False
            pace(self.box, fast=False)
            self.save()

    @override
    def switched(self) -> None:
        """Take the box back."""
        self.memory.pop("taken_over", None)
        self._begun = self._deaf = False

    # Deciding

    def _hindered(self) -> str | None:
        """Return the word for why nothing can be decided, None when something can."""
        if self.charger is None:
            return words.NO_CHARGER
        trydan = self.charger.device
        if not trydan.lan_works:
            # One silence is no loss: what was so is so.
            return words.NEEDS_LAN if trydan.lan_lost else self.status
        if trydan.status.plugged is None or self.meters.car is None:
            return WAITING
        hindrances = (
            (words.CAR_ABSENT, not trydan.status.plugged),
            (words.TAKEN_OVER, self.flag("taken_over")),
            (words.FAULT, trydan.status.fault),
            (words.LOCKED, trydan.settings.locked),
        )
        return next((word for word, so in hindrances if so), None)

    @override
    def decide(self, now: float) -> Awaitable[None] | None:
        """Have the law decide, and the box follow."""
        if (word := self._hindered()) is not None:
            self.status = word
            return None
        self._begin(now)
        order = self._order(now)
        mode = self.wiring.mode(order.phases)
        if self.steering.due(order.amps, mode):
            # What somebody else may just have set is not written over.
            return None if self._strange else self._obey(order, mode)
        self.law.sent(order.amps, order.phases, now)
        return None

    def _begin(self, now: float) -> None:
        """Take the box over as it is."""
        pace(self.box, fast=True)
        if self._begun:
            return
        self._begun, self._strange = True, 0
        trydan, meter = self.box.device, self.sources[CONF_GRID]
        amps = round(trydan.settings.intensity or 0) if trydan.status.charging else 0
        self.law.begin(amps=amps, phases=self.wiring.phases)
        self.steering.begin()
        if isinstance(meter, BoxMeter):
            meter.expect(now)
        self.note(acting=True)

    def _order(self, now: float) -> Order:
        target = self.value("energy_target")
        if target and self._remaining(target) <= 0:
            if self.flag("boost"):
                self.choose("boost", value=False)
            self.status = words.TARGET_REACHED
            return self.law.halt(now)
        forced, terms, car = self._forced(), self._terms(), self.meters.car
        floor = terms.high if forced else terms.low if self.mode == MINIMUM else 0
        cap = self.meters.guard(self.value("house_limit"))
        wish = Wish(power=self.meters.available(), cap=cap, drawn=car.value if car else 0.0, floor=floor)
        order = self.law.step(now, wish, terms)
        self.status = self._word(order, forced, now)
        return order

    def _remaining(self, target: float) -> float:
        """Return what is missing to ``target`` kWh, in Wh."""
        return 1000.0 * target - (self.box.device.session.energy or 0.0)

    def _forced(self) -> str | None:
        """Return the word for why it charges as much as it may, None when it need not."""
        if self.flag("boost"):
            return "boost"
        target = self.value("energy_target")
        if target and self.flag("departure"):
            terms = self._terms()
            most = min(terms.high * terms.volts * max(terms.phases), self.law.cap.last)
            if self._departure.presses(dt_util.now(), self.ready_by, self._remaining(target), most):
                return "deadline"
        return "charging_full" if self.mode == FULL else None

    def _terms(self) -> Terms:
        trydan = self.box.device
        high = round(min(self.value("max_current"), trydan.highest(trydan.settings, Settings.intensity) or HIGHEST_A))
        times = {key: self.value(key) for key in ("start_delay", "stop_delay", "min_on", "min_off")}
        return Terms(
            low=min(round(self.value("min_current")), high),
            high=high,
            volts=self.wiring.volts,
            phases=self.wiring.choices,
            margin=self.value("start_margin"),
            tolerance=self.value("tolerated_import"),
            **times,
        )

    def _word(self, order: Order, forced: str | None, now: float) -> str:
        idle = self.meters.car is not None and self.meters.car.value < DRAWING
        if order.amps and self.law.amps and idle and now > self.law.ready + WAKES:
            return words.NOT_DRAWING
        return forced if forced and order.why in (Why.SURPLUS, Why.FLOOR) else words.WORDS_OF[order.why]

    # Acting

    async def _obey(self, order: Order, mode: str | None) -> None:
        self.show()
        try:
            await self.steering.steer(order.amps, mode)
        finally:
            self.box.commanded()
        self.law.sent(order.amps, order.phases, self.hass.loop.time())

    @override
    async def rest(self) -> None:
        """Give the box its own settings back."""
        if self.charger is None:
            raise DeviceConnectionError("the charger is not ours any more")
        self._deaf, self._begun = self.status == NO_METER, False
        pace(self.box, fast=False)
        if self.steering.holds:
            try:
                await self.steering.give_back(hurry=self.hass.is_stopping)
            finally:
                self.charger.commanded()

    @override
    def failed(self, error: EnergyError) -> None:
        """Say in one word what went wrong; without the LAN nothing goes through the cloud."""
        super().failed(error)
        if self.charger is not None and not self.charger.device.lan_works:
            self.status = words.NEEDS_LAN
