"""Surplus levels of a running gateway: added as a user does, looked at by their entities."""

from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentryFlowManager
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from custom_components.enphase_envoy.const import DOMAIN
from custom_components.enphase_envoy.coordinator import EnvoyConfigEntry
from custom_components.enphase_envoy.surplus import KIND, SurplusLevel
from simulators.battery import Mode
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import Result, settle
from tests.enphase_envoy.ha.rig import find

BOILER, PUMP, HEATER = "input_boolean.boiler", "input_boolean.pump", "input_boolean.heater"
# Nothing waits: the plug-in of before.
AT_ONCE = {"start_delay": 0, "stop_delay": 0, "min_on": 0, "min_off": 0}


def flows(hass: HomeAssistant) -> ConfigSubentryFlowManager:
    """Return who runs the forms of subentries."""
    return hass.config_entries.subentries


async def begin(hass: HomeAssistant, entry: EnvoyConfigEntry) -> Result:
    """Open the form for a new level."""
    return dict(await flows(hass).async_init((entry.entry_id, KIND), context={"source": SOURCE_USER}))


async def change(hass: HomeAssistant, entry: EnvoyConfigEntry, subentry_id: str) -> Result:
    """Open the form for a level that there is."""
    context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id}
    return dict(await flows(hass).async_init((entry.entry_id, KIND), context=context))  # type: ignore[arg-type]


async def submit(hass: HomeAssistant, form: Result, **given: Any) -> Result:
    """Fill in the form; what it offers stays unless something else is given."""
    assert form["type"] == "form", form
    offered = form["data_schema"]({})
    result = dict(await flows(hass).async_configure(form["flow_id"], {**offered, **given}))
    await settle(hass)
    return result


def has_sun(sim: EnvoySimulator, surplus: float) -> None:
    """Let so much flow out of the house (W), or in if it is negative; the battery rests."""
    if sim.house.mode != Mode.REALTIME:
        sim.house.set_mode(Mode.REALTIME)
    sim.house.load_w = 400
    sim.house.pv_w = 0
    if surplus >= -400:
        sim.house.pv_w = 400 + surplus
    else:
        sim.house.load_w = -surplus


@dataclass
class Orders:
    """What the levels ordered, in words: ``on boiler``."""

    given: list[str] = field(default_factory=list)

    def taken(self) -> list[str]:
        """Return them, and forget them."""
        found, self.given = self.given, []
        return found


async def helpers(hass: HomeAssistant) -> Orders:
    """Let there be a boiler, a pump and a heater, and note what they are told."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"boiler": {}, "pump": {}, "heater": {}}})
    orders = Orders()

    @callback
    def called(event: Event[Any]) -> None:
        if event.data["domain"] == "homeassistant":
            verb = event.data["service"].removeprefix("turn_")
            orders.given.append(f"{verb} {event.data['service_data']['entity_id'].partition('.')[2]}")

    hass.bus.async_listen(EVENT_CALL_SERVICE, called)
    return orders


@dataclass
class Level:
    """A level as a user sees it."""

    hass: HomeAssistant
    entry: EnvoyConfigEntry
    id: str

    @property
    def loop(self) -> SurplusLevel:
        """Return what runs it."""
        loop = self.entry.runtime_data.loops.all[self.id]
        assert isinstance(loop, SurplusLevel)
        return loop

    @property
    def device(self) -> dr.DeviceEntry:
        """Return its device."""
        found = dr.async_get(self.hass).async_get_device_by_identifier((DOMAIN, self.id), self.entry.entry_id)
        assert found is not None
        return found

    def entity(self, key: str, domain: str | None = None) -> str:
        """Return an entity id."""
        found = find(self.hass, f"{self.id}_{key}", domain)
        assert found is not None, f"no entity {key}"
        return found.entity_id

    def state(self, key: str, domain: str | None = None) -> State:
        """Return a state."""
        found = self.hass.states.get(self.entity(key, domain))
        assert found is not None, f"{key} has no state"
        return found

    @property
    def status(self) -> str:
        """Return the word."""
        return self.state("status").state

    @property
    def on(self) -> bool:
        """Tell whether there is surplus."""
        return self.state("surplus", "binary_sensor").state == "on"

    async def set(self, **settings: float) -> None:
        """Set numbers as a user does."""
        for key, value in settings.items():
            data = {"entity_id": self.entity(key, "number"), "value": value}
            await self.hass.services.async_call("number", "set_value", data, blocking=True)

    async def switch(self, *, on: bool) -> None:
        """Switch it on or off."""
        service = "turn_on" if on else "turn_off"
        await self.hass.services.async_call("switch", service, {"entity_id": self.entity("enabled")}, blocking=True)
        await settle(self.hass)


async def add_level(hass: HomeAssistant, entry: EnvoyConfigEntry, **given: Any) -> Level:
    """Add a level with the form, and return it running; settings that are no fields are set afterwards."""
    settings = {key: given.pop(key) for key in list(given) if key in {each.key for each in SurplusLevel.settings}}
    before = set(entry.subentries)
    result = await submit(hass, await begin(hass, entry), **given)
    assert result["type"] == "create_entry", result
    (subentry_id,) = set(entry.subentries) - before
    level = Level(hass, entry, subentry_id)
    if {"start", "stop"} <= settings.keys():
        order = ("stop", "start") if settings["stop"] < level.loop.value("start") else ("start", "stop")
        settings = {**{key: settings[key] for key in order}, **settings}
    await level.set(**settings)
    return level
