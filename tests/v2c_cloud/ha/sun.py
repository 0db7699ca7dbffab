"""A house with a meter, a charger that charges by its sun, and time that passes quickly."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_time_interval

from custom_components.v2c_cloud.coordinator import V2CConfigEntry
from custom_components.v2c_cloud.solar import SolarCharging
from custom_components.v2c_cloud.solar_settings import KIND
from simulators.trydan import TrydanSimulator
from tests.v2c_cloud.ha.house import add_local, settle
from tests.virtual_time import VirtualTime

METER = "sensor.grid"
BATTERY = "sensor.battery"
MINUTE = 60
# What the box had before anybody steered it.
OWN = (
    "Paused",
    "Locked",
    "PauseDynamic",
    "Dynamic",
    "DynamicPowerMode",
    "Intensity",
    "MinIntensity",
    "MaxIntensity",
    "ChargeMode",
)


class Sun:
    """What the tests of solar charging share."""

    def __init__(self, hass: HomeAssistant, sim: TrydanSimulator, clock: VirtualTime) -> None:
        self.hass, self.sim, self.clock = hass, sim, clock
        self.entry: V2CConfigEntry
        self.publishing = True
        self.own = self.box()
        self._ends: list[Callable[[], None]] = []
        sim.house.load_w = 0.0
        self._publish(None)
        self._ends.append(async_track_time_interval(hass, self._publish, timedelta(seconds=2)))

    @callback
    def _publish(self, _now: datetime | None) -> None:
        if not self.publishing:
            return
        for entity_id, watts in ((METER, self.sim.house.grid_w), (BATTERY, self.sim.house.battery_w)):
            attributes = {"unit_of_measurement": "W", "device_class": "power"}
            self.hass.states.async_set(entity_id, f"{watts:.1f}", attributes)

    def close(self) -> None:
        """Stop the meter."""
        for end in self._ends:
            end()

    def box(self) -> dict[str, Any]:
        """What the box is set to."""
        return {key: self.sim.value(key) for key in OWN}

    # Setting up

    async def start(self, *, entry: V2CConfigEntry | None = None, **given: Any) -> None:
        """Add the charger, then solar charging, as a user does."""
        self.entry = entry or await add_local(self.hass, self.sim)
        self.own = self.box()
        self.sim.forget()
        form = {"name": "Sun", "grid": METER, "inverted": False, "priority": "battery_first", "switch_phases": False, **given}
        result = await self.ask(**{key: value for key, value in form.items() if value is not None})
        assert result["type"] == "create_entry", result
        await settle(self.hass)
        await self.run(1)

    async def ask(self, **given: Any) -> dict[str, Any]:
        """Fill in the form."""
        flow = await self.form()
        return dict(await self.hass.config_entries.subentries.async_configure(flow["flow_id"], given))

    async def form(self, subentry_id: str | None = None) -> dict[str, Any]:
        """Open the form."""
        context: dict[str, Any] = {"source": SOURCE_USER}
        if subentry_id is not None:
            context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id}
        flows = self.hass.config_entries.subentries
        return dict(await flows.async_init((self.entry.entry_id, KIND), context=context))  # type: ignore[arg-type]

    # Looking

    @property
    def loop(self) -> SolarCharging:
        """The loop that runs."""
        (loop,) = self.entry.runtime_data.loops
        assert isinstance(loop, SolarCharging)
        return loop

    def entity(self, key: str) -> str:
        """The entity of the loop that ends so."""
        name = f"{self.loop.subentry.subentry_id}_{key}"
        (found,) = [each.entity_id for each in er.async_get(self.hass).entities.values() if each.unique_id == name]
        return found

    def shown(self, key: str) -> str:
        """The state of an entity of the loop."""
        state = self.hass.states.get(self.entity(key))
        assert state is not None
        return state.state

    @property
    def word(self) -> str:
        """What it says that it does."""
        return self.shown("status")

    @property
    def amps(self) -> int:
        """What the box offers."""
        return self.sim.offered

    def count(self, keyword: str, value: str | None = None) -> int:
        """How often that was written."""
        return sum(key == keyword and value in (None, each) for key, each in self.sim.written)

    # Acting

    async def run(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.run(seconds)

    async def until(self, fact: Callable[[], object], within: float) -> float:
        """Let time pass until something is so."""
        return await self.clock.until(fact, within=within, every=0.5 if within <= 100 else 2.0)

    async def use(self, domain: str, service: str, key: str, **data: Any) -> None:
        """Operate an entity of the loop."""
        await self.hass.services.async_call(domain, service, {"entity_id": self.entity(key), **data}, blocking=True)

    async def set(self, **numbers: float) -> None:
        """Set numbers."""
        for key, value in numbers.items():
            await self.use("number", "set_value", key, value=value)

    async def choose(self, mode: str) -> None:
        """Choose how eagerly it charges."""
        await self.use("select", "select_option", "mode", option=mode)

    async def turn(self, key: str, *, on: bool) -> None:
        """Operate a switch."""
        await self.use("switch", "turn_on" if on else "turn_off", key)
