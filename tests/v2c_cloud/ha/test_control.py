"""Operating a Trydan: on the LAN, through the cloud, and what is refused; nothing is believed until it shows."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from simulators.faults import Fault
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import act, add_both, add_cloud, add_local, charger, entity, poll, settle, state, use

SWITCHES = [
    ("charging_pause", "Paused"),
    ("locked", "Locked"),
    ("dynamic", "Dynamic"),
    ("pause_dynamic", "PauseDynamic"),
    ("timer", "Timer"),
    ("logo_led", "LogoLED"),
]


@pytest.mark.parametrize(("key", "keyword"), SWITCHES)
async def test_each_switch_on_the_lan(hass: HomeAssistant, sim: TrydanSimulator, key: str, keyword: str) -> None:
    """One write, read back, and shown."""
    entry = await add_local(hass, sim)
    await poll(hass, entry)
    before = state(hass, key, "switch").state
    verb, after = ("turn_on", "on") if before == "off" else ("turn_off", "off")
    await use(hass, "switch", verb, key)
    assert sim.written == [(keyword, "1" if after == "on" else "0")]
    assert state(hass, key, "switch").state == after


@pytest.mark.parametrize(
    ("key", "keyword", "value", "sent"),
    [
        ("intensity_number", "Intensity", 13, "13"),
        ("min_intensity_number", "MinIntensity", 8, "8"),
        ("max_intensity_number", "MaxIntensity", 24, "24"),
        ("contracted_power_number", "ContractedPower", 9.2, "9200"),
        ("light_led_number", "LightLED", 40, "40"),
    ],
)
async def test_each_number_on_the_lan(
    hass: HomeAssistant, sim: TrydanSimulator, key: str, keyword: str, value: float, sent: str
) -> None:
    """The unit of the entity is the user's, the unit on the wire the box's."""
    entry = await add_local(hass, sim)
    await poll(hass, entry)
    await use(hass, "number", "set_value", key, value=value)
    assert sim.written == [(keyword, sent)]
    assert float(state(hass, key, "number").state) == value


@pytest.mark.parametrize(
    ("key", "keyword", "option", "sent"),
    [
        ("dynamic_power_mode", "DynamicPowerMode", "solar_only", "3"),
        ("dynamic_power_mode", "DynamicPowerMode", "solar_minimum", "2"),
        ("charge_mode", "ChargeMode", "mixed", "2"),
    ],
)
async def test_each_select_on_the_lan(
    hass: HomeAssistant, sim: TrydanSimulator, key: str, keyword: str, option: str, sent: str
) -> None:
    """2 is solar power plus the minimum, 3 is solar power alone, as in the sheet of 2026."""
    sim.write("DynamicPowerMode", 4)
    entry = await add_local(hass, sim)
    await poll(hass, entry)
    await use(hass, "select", "select_option", key, option=option)
    assert sim.written == [(keyword, sent)]
    assert state(hass, key, "select").state == option
    assert "app_profile_off" not in state(hass, "dynamic_power_mode", "select").attributes["options"]


async def test_pausing_and_starting(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Firmware 2.5 says that it charges while it is paused; nobody else does."""
    sim.options.firmware = "2.5.1"
    sim.plug()
    entry = await add_local(hass, sim)
    assert state(hass, "charging", "binary_sensor").state == "on"
    assert state(hass, "charge_state").state == "charging"
    await act(hass, "pause_charge")
    await poll(hass, entry)
    assert sim.value("ChargeState") == 2
    assert state(hass, "charging", "binary_sensor").state == "off"
    assert state(hass, "charge_state").state == "paused"
    assert state(hass, "operating_mode", "select").state == "stop"
    await use(hass, "button", "press", "start_charge")
    await poll(hass, entry)
    assert state(hass, "charge_state").state == "charging"
    assert "Locked" not in [key for key, _ in sim.written]


async def test_locked_and_paused_are_never_both_on(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Firmware 2.4.6 would silently drop both."""
    await add_local(hass, sim)
    await use(hass, "lock", "lock", "lock")
    assert state(hass, "lock").state == "locked"
    with pytest.raises(ServiceValidationError):
        await act(hass, "pause_charge")
    await use(hass, "lock", "unlock", "lock")
    await act(hass, "pause_charge")
    with pytest.raises(ServiceValidationError):
        await use(hass, "switch", "turn_on", "locked")
    assert sim.written == [("Locked", "1"), ("Locked", "0"), ("Paused", "1")]


@pytest.mark.parametrize(
    ("mode", "writes"),
    [
        ("stop", {"Paused": "1"}),
        ("charge", {}),
        ("dynamic", {"DynamicPowerMode": "4", "Dynamic": "1"}),
        ("solar", {"DynamicPowerMode": "3", "Dynamic": "1"}),
    ],
)
async def test_operating_modes_on_the_lan(hass: HomeAssistant, sim: TrydanSimulator, mode: str, writes: dict[str, str]) -> None:
    """Only what differs is written, and the mode shows."""
    sim.write("Dynamic", 0)
    sim.write("DynamicPowerMode", 2 if mode == "dynamic" else 4)
    entry = await add_local(hass, sim)
    await use(hass, "select", "select_option", "operating_mode", option=mode)
    await poll(hass, entry)
    assert dict(sim.written) == writes
    assert state(hass, "operating_mode", "select").state == mode


async def test_manual_charging_keeps_the_meter_alive(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Dynamic control is put to rest, not switched off: its meter goes on to be read."""
    sim.write("Dynamic", 1)
    sim.write("DynamicPowerMode", 5)
    entry = await add_local(hass, sim)
    assert state(hass, "operating_mode", "select").state == "stop"
    await act(hass, "set_operating_mode", mode="charge")
    await poll(hass, entry)
    assert dict(sim.written) == {"PauseDynamic": "1", "DynamicPowerMode": "4"}
    assert state(hass, "operating_mode", "select").state == "charge"


@pytest.mark.parametrize(
    ("fault", "applied"),
    [("refuse_write", False), ("lost_write", False), ("silent_write", False), ("html", False)],
)
async def test_the_body_tells_whether_it_worked(hass: HomeAssistant, sim: TrydanSimulator, fault: str, applied: bool) -> None:
    """200 means nothing: the user hears of it, and the state stays what the box has."""
    entry = await add_local(hass, sim)
    sim.faults.set("http", fault)
    fault_now = sim.faults.peek("http", fault)
    assert fault_now is not None
    fault_now.on = "write"
    with pytest.raises(HomeAssistantError):
        await act(hass, "set_charge_intensity", amps=10)
    sim.faults.http = None
    await poll(hass, entry)
    assert sim.value("Intensity") != 10
    assert float(state(hass, "intensity_number", "number").state) == sim.value("Intensity")
    assert len([key for key, _ in sim.written if key == "Intensity"]) <= 2


@pytest.mark.parametrize("amps", [5, 33, -1, "many", None, 1e9, "6/../7", "%", "?", [6]])
async def test_a_current_out_of_range_reaches_nobody(hass: HomeAssistant, sim: TrydanSimulator, amps: Any) -> None:
    """Judged before the first byte, with a text for the user."""
    await add_local(hass, sim)
    with pytest.raises((ServiceValidationError, Exception)):
        await act(hass, "set_charge_intensity", amps=amps)
    assert sim.written == []


async def test_the_lowest_current_stays_below_the_highest(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Neither passes the other, and the charge current stays below the highest."""
    sim.write("MinIntensity", 8)
    sim.write("MaxIntensity", 16)
    await add_local(hass, sim)
    for action, amps in (("set_min_car_intensity", 17), ("set_max_car_intensity", 7), ("set_charge_intensity", 20)):
        with pytest.raises(ServiceValidationError):
            await act(hass, action, amps=amps)
    assert sim.written == []


async def test_what_only_the_cloud_can_do_needs_it(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """A charger without an account says so."""
    await add_local(hass, sim)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "register_rfid", tag="Anna")
    assert caught.value.translation_key == "cloud_needed"


async def test_settings_of_the_cloud(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Each shows what was asked for at once, and what the cloud says later."""
    entry = await add_both(hass, cloud, sim)
    for domain, verb, key, data, path in (
        ("switch", "turn_on", "rfid_reader", {}, "/device/set_rfid"),
        ("switch", "turn_on", "ocpp_enabled", {}, "/device/ocpp"),
        ("select", "select_option", "installation_type", {"option": "photovoltaic"}, "/device/inst_type"),
        ("select", "select_option", "slave_type", {"option": "huawei"}, "/device/slave_type"),
        ("number", "set_value", "max_power_number", {"value": 5.7}, "/device/maxpower"),
    ):
        await use(hass, domain, verb, key, **data)
        assert cloud.calls_by_path()[path] == 1, path
        expected = {"turn_on": "on", "select_option": data.get("option"), "set_value": "5.7"}[verb]
        assert state(hass, key, domain).state == expected, key
    await poll(hass, entry)
    assert state(hass, "slave_type", "select").state == "huawei"


async def test_a_charger_without_lan_is_commanded_through_the_cloud(hass: HomeAssistant) -> None:
    """Units and enumerations translated; what has no way is not offered."""
    async with TrydanSimulator(lan=False) as far, V2CCloudSimulator([far]) as cloud:
        far.plug()
        entry = await add_cloud(hass, cloud)
        assert state(hass, "data_source").state == "cloud"
        await act(hass, "pause_charge")
        assert far.value("Paused") == 1
        assert state(hass, "charging_pause", "switch").state == "on"
        await act(hass, "start_charge")
        assert far.value("Paused") == 0
        await use(hass, "number", "set_value", "intensity_number", value=9)
        assert far.value("Intensity") == 9
        assert state(hass, "intensity_number", "number").state in ("9", "9.0")
        answer = await act(hass, "set_fv_mode", mode=1)
        assert answer["applied"] is True
        assert far.value("DynamicPowerMode") == 3
        with pytest.raises(ServiceValidationError):
            await act(hass, "set_installation_voltage", voltage=230)
        assert charger(entry).device.wire.name == "cloud"


async def test_no_flicker_after_a_command_through_the_cloud(hass: HomeAssistant) -> None:
    """The reader's switch takes 90 s to show: until then the state is what was asked for."""
    async with TrydanSimulator(lan=False) as far, V2CCloudSimulator([far], slow_settings=90.0) as cloud:
        entry = await add_cloud(hass, cloud)
        seen: list[str] = []
        reader = entity(hass, "rfid_reader", "switch")
        hass.bus.async_listen(
            "state_changed",
            lambda event: seen.append(event.data["new_state"].state) if event.data["entity_id"] == reader else None,
        )
        await use(hass, "switch", "turn_on", "rfid_reader")
        await poll(hass, entry)
        assert entry.runtime_data.account is not None
        entry.runtime_data.account.ask_again("SIMV2C")
        await settle(hass)
        assert set(seen) == {"on"}
        assert state(hass, "rfid_reader", "switch").state == "on"


async def test_what_the_charger_does_not_take_is_said(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Accepted by the cloud, never done: the state returns to the truth, and an event tells it."""
    async with TrydanSimulator(lan=False) as far, V2CCloudSimulator([far]) as cloud:
        entry = await add_cloud(hass, cloud)
        before = far.value("Intensity")
        cloud.faults.http = Fault("lost_write", on="write")
        await use(hass, "number", "set_value", "intensity_number", value=9)
        assert state(hass, "intensity_number", "number").state in ("9", "9.0")
        cloud.faults.http = None
        for seconds in (6, 100, 60):
            freezer.tick(seconds)
            async_fire_time_changed(hass)
            await settle(hass)
        await poll(hass, entry)
        assert float(state(hass, "intensity_number", "number").state) == before
        happened = state(hass, "happening").attributes
        assert (happened["event_type"], happened["setting"]) == ("not_applied", "intensity")
        assert cloud.calls_by_path()["/device/reported"] <= 6


async def test_a_car_that_sleeps_is_woken(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Locked and unlocked once, only while it waits."""
    await add_local(hass, sim)
    with pytest.raises(ServiceValidationError):
        await act(hass, "wake_car")
    entry = hass.config_entries.async_entries("v2c_cloud")[0]
    sim.change_car(sleepy=True)
    sim.plug()
    sim.write("Paused", 1)
    sim.write("Paused", 0)
    await poll(hass, entry)
    if state(hass, "charge_state").state == "connected":
        await act(hass, "wake_car")
        assert [each for each in sim.written if each[0] == "Locked"] == [("Locked", "1"), ("Locked", "0")]
        await poll(hass, entry)
        assert state(hass, "charge_state").state == "charging"
