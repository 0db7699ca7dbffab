"""A Home Assistant with invented units: real entries, real entities, fake wires."""

from datetime import timedelta
import logging
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    async_fire_time_changed,
    mock_integration,
    mock_platform,
)

from custom_components.energy_core.ha.coordinator import EnergyCoordinator
from custom_components.energy_core.ha.descriptions import binary, number, select, sensor, switch, time_of_day
from custom_components.energy_core.ha.platforms import (
    EnergyBinarySensor,
    EnergyNumber,
    EnergySelect,
    EnergySensor,
    EnergySwitch,
    EnergyTime,
    add_when_shown,
)
from tests.energy_core.clock import Clock
from tests.energy_core.datasheet import SEED, Input, Meter, Options, Unit
from tests.energy_core.fake_wire import FakeWire

DOMAIN = "fake_unit"
LOGGER = logging.getLogger("fake_unit")
INTERVAL = 10

ENTITIES: dict[Platform, tuple[Any, tuple[Any, ...]]] = {
    Platform.SENSOR: (
        EnergySensor,
        (
            sensor(Meter.power, SensorDeviceClass.POWER),
            sensor(Meter.voltage, SensorDeviceClass.VOLTAGE),
            sensor(Meter.total, SensorDeviceClass.ENERGY),
            sensor(Meter.state),
            sensor(Input.current, SensorDeviceClass.CURRENT, key="input_current"),
            sensor(Options.firmware),
        ),
    ),
    Platform.BINARY_SENSOR: (EnergyBinarySensor, (binary(Input.alarm, device_class=BinarySensorDeviceClass.PROBLEM),)),
    Platform.NUMBER: (EnergyNumber, (number(Options.limit), number(Meter.voltage))),
    Platform.SELECT: (EnergySelect, (select(Options.mode), select(Meter.state))),
    Platform.SWITCH: (EnergySwitch, (switch(Options.locked), switch(Input.alarm))),
    Platform.TIME: (EnergyTime, (time_of_day(Options.start), time_of_day(Meter.total))),
}


class UnitCoordinator(EnergyCoordinator[Unit]):
    """What a sibling adds to the core: the device in the registry."""

    def device_info(self, block) -> DeviceInfo:
        return DeviceInfo(identifiers={(DOMAIN, self.serial)}, name=self.name)


class UnitFlow(ConfigFlow, domain="not_registered_here"):
    """A flow that only knows how to ask again."""

    async def async_step_reauth(self, entry_data):
        return self.async_show_form(step_id="reauth")


class House:
    """Home Assistant with as many units as a test adds."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.clock = Clock()
        self.units: dict[str, Unit] = {}
        self.platforms = list(ENTITIES)
        mock_integration(
            hass, MockModule(DOMAIN, async_setup_entry=self._set_up, async_unload_entry=self._unload), built_in=False
        )
        mock_platform(hass, f"{DOMAIN}.config_flow", built_in=False)
        for platform in ENTITIES:
            mock_platform(hass, f"{DOMAIN}.{platform}", MockPlatform(async_setup_entry=_entities_of(platform)), built_in=False)

    async def _set_up(self, hass: HomeAssistant, entry: ConfigEntry) -> bool:
        coordinator = UnitCoordinator(
            hass, entry, self.units[entry.entry_id], domain=DOMAIN, serial=entry.unique_id, interval=INTERVAL, logger=LOGGER
        )
        await coordinator.async_config_entry_first_refresh()
        entry.runtime_data = coordinator
        await hass.config_entries.async_forward_entry_setups(entry, self.platforms)
        return True

    async def _unload(self, hass: HomeAssistant, entry: ConfigEntry) -> bool:
        return await hass.config_entries.async_unload_platforms(entry, self.platforms)

    async def add(self, serial: str = "SN1", title: str = "Unit", *, wire: FakeWire | None = None) -> MockConfigEntry:
        """Set a unit up, whether or not that succeeds."""
        entry = MockConfigEntry(domain=DOMAIN, unique_id=serial, title=title)
        self.units[entry.entry_id] = Unit(wire or FakeWire(SEED), clock=self.clock, now=self.clock.now)
        entry.add_to_hass(self.hass)
        await self.hass.config_entries.async_setup(entry.entry_id)
        await self.hass.async_block_till_done()
        return entry

    async def wait(self, seconds: float = INTERVAL + 1) -> None:
        """Let every timer of the next ``seconds`` go off; one poll by default."""
        self.clock.advance(seconds)
        async_fire_time_changed(self.hass, dt_util.utcnow() + timedelta(seconds=seconds))
        await self.hass.async_block_till_done(wait_background_tasks=True)

    def id(self, platform: Platform, key: str, serial: str = "SN1") -> str | None:
        """Return the entity id of a key."""
        return er.async_get(self.hass).async_get_entity_id(platform, DOMAIN, f"{serial}_{key}")

    def state(self, key: str, platform: Platform = Platform.SENSOR, serial: str = "SN1") -> State | None:
        """Return the state of a key, or None where there is no such entity."""
        found = self.id(platform, key, serial)
        return None if found is None else self.hass.states.get(found)

    def shown(self, key: str, platform: Platform = Platform.SENSOR) -> str | None:
        """Return what a key shows."""
        state = self.state(key, platform)
        return None if state is None else state.state


def _entities_of(platform: Platform):
    make, descriptions = ENTITIES[platform]

    async def set_up(hass, entry, async_add_entities):
        add_when_shown(entry.runtime_data, entry, async_add_entities, descriptions, make)

    return set_up
