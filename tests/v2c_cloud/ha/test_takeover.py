"""From the integration that owned this domain before: same entry, same unique ids, same units; and the way back."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.v2c_cloud.const import DOMAIN
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import DEVICE, KEY, charger, poll, settle

# What its releases of 2025 and 2026 register, by platform: the part of the unique id behind ``v2c_<deviceId>_``.
SENSORS: Final = (
    *("device_identifier", "firmware_version", "charge_state", "ready_state", "charge_power", "charge_energy"),
    *("slave_error", "charge_time", "house_power", "fv_power", "battery_power", "paused_state", "locked_state"),
    *("timer_state", "intensity_value", "dynamic_state", "min_intensity", "max_intensity", "pause_dynamic"),
    *("dynamic_power_mode", "contracted_power", "grid_voltage", "wifi_ssid", "wifi_ip", "signal_status"),
)
KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "sensor": SENSORS,
    "binary_sensor": ("connected_status",),
    "switch": (*("dynamic", "pause_dynamic", "locked", "charging_pause", "timer", "logo_led", "rfid_reader", "ocpp_enabled"),),
    "select": ("installation_type", "slave_type", "language", "dynamic_power_mode", "charge_mode"),
    "number": (
        *("intensity_number", "min_intensity_number", "max_intensity_number", "contracted_power_number"),
        *("max_power_number", "light_led_number"),
    ),
    "button": ("reboot", "trigger_update"),
}
UNITS: Final = {
    "charge_energy": "kWh",
    "charge_power": "W",
    "charge_time": "s",
    "contracted_power_number": "kW",
    "max_power_number": "kW",
}


def predecessor(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> MockConfigEntry:
    """Leave an entry and a registry as that integration does."""
    pairings = [{"deviceId": DEVICE, "tag": "Garage", "model": 1}]
    data = {"api_key": KEY, "base_url": cloud.base_url, "cached_pairings": pairings, "manual_ips": {DEVICE: sim.address}}
    entry = MockConfigEntry(domain=DOMAIN, title="V2C Cloud", version=2, data=data, unique_id="f" * 64)
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, DEVICE)}, name="Garage", entry_type=dr.DeviceEntryType.SERVICE
    )
    registry = er.async_get(hass)
    for platform, suffixes in KNOWN.items():
        for suffix in suffixes:
            registry.async_get_or_create(
                platform,
                DOMAIN,
                f"v2c_{DEVICE}_{suffix}",
                config_entry=entry,
                device_id=device.id,
                unit_of_measurement=UNITS.get(suffix),
                suggested_object_id=f"my_{suffix}",
            )
    return entry


@pytest.fixture
async def taken(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> MockConfigEntry:
    """That entry, loaded by us."""
    sim.plug()
    cloud.device(DEVICE).tag = "Garage"
    entry = predecessor(hass, cloud, sim)
    before = {each.entity_id: each.unique_id for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    account: Any = entry.runtime_data.account
    for _ in range(5):
        account.ask_again(DEVICE)
        await settle(hass)
        await poll(hass, entry)  # type: ignore[arg-type]
    after = {each.entity_id: each.unique_id for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}
    assert before.items() <= after.items()
    return entry


async def test_every_entity_goes_on(hass: HomeAssistant, taken: MockConfigEntry) -> None:
    """Nothing is left behind as restored, nothing is registered twice, and each has a state."""
    registry = er.async_get(hass)
    left = []
    for platform, suffixes in KNOWN.items():
        for suffix in suffixes:
            entity_id = registry.async_get_entity_id(platform, DOMAIN, f"v2c_{DEVICE}_{suffix}")
            assert entity_id == f"{platform}.my_{suffix}"
            state = hass.states.get(entity_id)
            if state is None or state.attributes.get("restored") or state.state == "unavailable":
                left.append(entity_id)
    # The cloud is asked for what is not urgent within the next hour.
    assert left in ([], ["binary_sensor.my_connected_status"])


async def test_values_keep_their_units(hass: HomeAssistant, taken: MockConfigEntry) -> None:
    """Automations compare with numbers: a kWh stays a kWh, and a kW a kW."""
    for suffix, unit in UNITS.items():
        platform = "number" if suffix.endswith("_number") else "sensor"
        state = hass.states.get(f"{platform}.my_{suffix}")
        assert state is not None
        assert state.attributes["unit_of_measurement"] == unit, suffix
    contracted = hass.states.get("number.my_contracted_power_number")
    assert contracted is not None
    assert float(contracted.state) == pytest.approx(4.6)


async def test_the_device_is_the_same(hass: HomeAssistant, taken: MockConfigEntry) -> None:
    """One charger, with its name, and no service any more."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, DEVICE), taken.entry_id)
    assert device is not None
    assert device.name == "Garage"
    entities = er.async_entries_for_device(er.async_get(hass), device.id, include_disabled_entities=True)
    assert len(entities) > 40


async def test_the_way_back(hass: HomeAssistant, taken: MockConfigEntry) -> None:
    """What it needs is still where it put it: version, key, pairings, addresses."""
    assert await hass.config_entries.async_unload(taken.entry_id)
    assert taken.state is ConfigEntryState.NOT_LOADED
    assert (taken.version, taken.unique_id) == (2, "f" * 64)
    assert taken.data["api_key"] == KEY
    assert [each["deviceId"] for each in taken.data["cached_pairings"]] == [DEVICE]
    assert DEVICE in taken.data["manual_ips"]


async def test_a_sensor_that_changed_its_name_before(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> None:
    """The first release called the mains voltage otherwise: it keeps its history under the present id."""
    entry = predecessor(hass, cloud, sim)
    registry = er.async_get(hass)
    registry.async_remove("sensor.my_grid_voltage")
    registry.async_get_or_create(
        "sensor", DOMAIN, f"v2c_{DEVICE}_voltage_installation", config_entry=entry, suggested_object_id="old_voltage"
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, f"v2c_{DEVICE}_grid_voltage") == "sensor.old_voltage"
    state = hass.states.get("sensor.old_voltage")
    assert state is not None
    assert float(state.state) == pytest.approx(230, abs=5)


async def test_a_charger_without_lan_stays_without(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> None:
    """An entry of a charger without LAN is left without one, as its user wanted."""
    data = {"api_key": KEY, "base_url": cloud.base_url, "cached_pairings": [{"deviceId": DEVICE}], "cloud_only": True}
    entry: Any = MockConfigEntry(domain=DOMAIN, title="V2C Cloud", version=2, data=data, unique_id="g")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await poll(hass, entry)
    assert charger(entry).device.lan is None
    assert sim.requests == []
