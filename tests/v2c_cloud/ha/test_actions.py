"""Every action: what it asks of the cloud, what comes back, which event it fires, and what it refuses."""

from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.v2c_cloud.actions import ACCOUNT_ACTIONS, ACTIONS
from custom_components.v2c_cloud.const import DOMAIN
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import DEVICE, KEY, act, add_both, add_cloud, add_local, entity, settle, start, state

# What each action is given, the cloud call that it makes, or the keyword that it writes on the LAN.
PROFILE = {"name": "Night", "profile": {"mode": "solar", "value": 16}}
STAMP = "2026-11-21T10:00:00+00:00"
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("start_charge", {}, "Paused=0"),
    ("pause_charge", {}, "Paused=1"),
    ("set_charge_intensity", {"amps": 12}, "Intensity=12"),
    ("set_min_car_intensity", {"amps": 7}, "MinIntensity=7"),
    ("set_max_car_intensity", {"amps": 20}, "MaxIntensity=20"),
    ("set_locked", {"locked": True}, "Locked=1"),
    ("set_dynamic", {"enabled": True}, "Dynamic=1"),
    ("set_fv_mode", {"mode": 1}, "DynamicPowerMode=3"),
    ("set_installation_voltage", {"voltage": 235}, "VoltageInstallation=235"),
    ("set_operating_mode", {"mode": "stop"}, "Paused=1"),
    ("set_charge_stop_energy", {"kwh": 5.5}, "/device/charger_until_energy"),
    ("set_charge_stop_minutes", {"minutes": 45}, "/device/charger_until_minutes"),
    ("start_charge_for_energy", {"kwh": 8}, "/device/startchargekw"),
    ("start_charge_for_minutes", {"minutes": 90}, "/device/startchargeminutes"),
    ("program_timer", {"timer_id": 1, "start_time": "23:30:00", "end_time": "06:15"}, "/device/timer"),
    ("program_timer", {"timer_id": 0, "start_time": "01:00", "end_time": "02:00", "active": False}, "/device/timer"),
    (
        "program_timer",
        {"timer_id": 0, "start_time": "1:00".zfill(5), "end_time": "02:00", "days_of_week": ["mon", "sun"]},
        "/device/timer",
    ),
    ("set_denka_max_power", {"watts": 5000}, "/device/denka/max_power"),
    ("set_inverter_ip", {"ip_address": "192.168.1.40"}, "/device/inverter_ip"),
    ("set_wifi_credentials", {"ssid": "Home", "password": "secret-12"}, "/device/wifi"),
    ("scan_wifi_networks", {}, "/device/wifilist"),
    ("trigger_update", {}, "/device/update"),
    ("get_connected_status", {}, "/device/connected"),
    ("set_ocpp_enabled", {"enabled": True}, "/device/ocpp"),
    ("set_ocpp_id", {"ocpp_id": "BOX-1"}, "/device/ocpp_id"),
    ("set_ocpp_address", {"ocpp_url": "wss://ocpp.example.com:443/v16"}, "/device/ocpp_addr"),
    ("register_rfid", {"tag": "Anna"}, "/device/rfid"),
    ("add_rfid_card", {"code": "AA:23:B6:01", "tag": "Anna"}, "/device/rfid/tag"),
    ("create_power_profile", PROFILE, "/device/savepersonalicepower/v2"),
    ("list_power_profiles", {}, "/device/personalicepower/all"),
    ("get_device_statistics", {}, "/stadistic/device"),
    ("get_device_statistics", {"date_start": "2026-01-01", "date_end": "2026-02-01"}, "/stadistic/device"),
]


@pytest.mark.parametrize(("name", "data", "asked"), CASES, ids=lambda value: str(value)[:40])
async def test_each_action(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator, name: str, data: dict[str, Any], asked: str
) -> None:
    """It reaches the charger, or the cloud, and answers for the charger."""
    sim.write("DynamicPowerMode", 4)
    if name == "start_charge":
        sim.write("Paused", 1)
    await add_both(hass, cloud, sim)
    cloud.calls.clear()
    answer = await act(hass, name, **data)
    await settle(hass)
    assert answer["device_id"] == DEVICE
    if asked.startswith("/"):
        assert [(each.status, each.device_id) for each in cloud.calls if each.path == asked][:1] == [(200, DEVICE)]
    else:
        assert [f"{key}={value}" for key, value in sim.written] == [asked]
        assert answer["applied"] is True
        assert answer["confirmed"] is True


def test_no_action_is_forgotten() -> None:
    """Each has a case here or in a test of its own below."""
    own = {"wake_car", "update_rfid_tag", "delete_rfid", "update_power_profile", "get_power_profile", "delete_power_profile"}
    assert {name for name, _, _ in CASES} | own == set(ACTIONS)
    assert set(ACCOUNT_ACTIONS) == {"get_global_statistics"}


async def test_the_life_of_a_card(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Learned at the reader, added, renamed, removed; the number of cards follows."""
    await add_both(hass, cloud, sim)
    await act(hass, "register_rfid", tag="Anna")
    assert cloud.swipe(DEVICE, "aa23b601")
    await act(hass, "add_rfid_card", code="0B 0C 0D 0E", tag="Bert")
    await act(hass, "update_rfid_tag", code="0b0c0d0e", tag="Berta")
    await settle(hass)
    assert {each["code"]: each["tag"] for each in cloud.device(DEVICE).cards} == {"aa23b601": "Anna", "0b0c0d0e": "Berta"}
    await act(hass, "delete_rfid", code="aa23b601")
    await settle(hass)
    assert [each["code"] for each in cloud.device(DEVICE).cards] == ["0b0c0d0e"]
    assert state(hass, "rfid_cards").state == "1"


async def test_the_life_of_a_profile(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Saved, listed, read, changed, removed, with the events that there were before."""
    await add_both(hass, cloud, sim)
    events: list[Event] = []
    hass.bus.async_listen("v2c_cloud_power_profiles", events.append)
    await act(hass, "create_power_profile", **PROFILE, updated_at=STAMP)
    listed = await act(hass, "list_power_profiles")
    assert [each["name"] for each in listed["profiles"]] == ["Night"]
    got = await act(hass, "get_power_profile", timestamp=STAMP)
    assert got["timestamp"] == STAMP
    assert got["profile"]
    await act(hass, "update_power_profile", name="Night", profile={"mode": "dynamic", "value": 20}, updated_at=STAMP)
    await act(hass, "delete_power_profile", name="Night", updated_at=STAMP)
    assert (await act(hass, "list_power_profiles"))["profiles"] == []
    await hass.async_block_till_done()
    assert [set(each.data) for each in events] == [
        {"device_id", "profiles"},
        {"device_id", "profile", "timestamp"},
        {"device_id", "profiles"},
    ]


async def test_events_keep_their_names_and_keys(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Automations of before go on."""
    await add_both(hass, cloud, sim)
    seen: dict[str, set[str]] = {}
    for name in ("wifi_scan", "device_statistics", "global_statistics", "connected_status"):
        hass.bus.async_listen(f"{DOMAIN}_{name}", lambda event: seen.update({event.event_type: set(event.data)}))
    await act(hass, "scan_wifi_networks", device_id=DEVICE)
    await act(hass, "get_device_statistics", device_id=DEVICE, date_start="2026-01-01")
    connected = await act(hass, "get_connected_status", device_id=DEVICE)
    totals = await act(hass, "get_global_statistics")
    await settle(hass)
    assert connected["connected"] is True
    assert totals["statistics"]
    assert seen == {
        "v2c_cloud_wifi_scan": {"device_id", "networks"},
        "v2c_cloud_device_statistics": {"device_id", "statistics", "date_start", "date_end"},
        "v2c_cloud_global_statistics": {"statistics", "date_start", "date_end"},
        "v2c_cloud_connected_status": {"device_id", "connected"},
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("program_timer", {"timer_id": 2, "start_time": "01:00", "end_time": "02:00"}),
        ("program_timer", {"timer_id": 0, "start_time": "25:00", "end_time": "02:00"}),
        ("program_timer", {"timer_id": 0, "start_time": "01:00", "end_time": "two"}),
        ("program_timer", {"timer_id": 0, "start_time": "01:00", "end_time": "02:00", "days_of_week": "089"}),
        ("program_timer", {"timer_id": 0, "start_time": "01:00", "end_time": "02:00", "active": "maybe"}),
        ("set_charge_stop_energy", {"kwh": -1}),
        ("set_charge_stop_energy", {"kwh": "a lot"}),
        ("set_charge_stop_minutes", {"minutes": 1.5}),
        ("start_charge_for_energy", {"kwh": 0}),
        ("start_charge_for_minutes", {"minutes": 0}),
        ("set_denka_max_power", {"watts": 100}),
        ("set_inverter_ip", {"ip_address": "127.0.0.1"}),
        ("set_inverter_ip", {"ip_address": "192.168.1.1/evil"}),
        ("set_wifi_credentials", {"ssid": ""}),
        ("set_wifi_credentials", {"ssid": "x" * 33}),
        ("set_wifi_credentials", {"ssid": "Home", "password": "short"}),
        ("set_ocpp_address", {"ocpp_url": "http://ocpp.example.com"}),
        ("set_ocpp_id", {"ocpp_id": " "}),
        ("register_rfid", {"tag": ""}),
        ("add_rfid_card", {"code": "not hex", "tag": "x"}),
        ("delete_rfid", {"code": "%2F"}),
        ("create_power_profile", {"name": "x", "profile": "solar"}),
        ("create_power_profile", {"name": "x", "profile": {}, "updated_at": STAMP}),
        ("get_power_profile", {"timestamp": "yesterday"}),
        ("get_device_statistics", {"date_start": "2026-02-30"}),
        ("get_device_statistics", {"date_start": "2026-03-01", "date_end": "2026-02-01"}),
        ("set_fv_mode", {"mode": 3}),
        ("set_operating_mode", {"mode": "turbo"}),
        ("set_locked", {"locked": "perhaps"}),
        ("set_installation_voltage", {"voltage": 900}),
    ],
)
async def test_bad_input_reaches_nobody(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator, name: str, data: dict[str, Any]
) -> None:
    """A translated error, and no call, no write."""
    await add_both(hass, cloud, sim)
    await settle(hass)
    calls = len(cloud.calls)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, name, **data)
    assert caught.value.translation_key
    assert len(cloud.calls) == calls
    assert sim.written == []


async def test_who_is_meant(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> None:
    """By the maker's id, by Home Assistant's, by an entity; by nothing when there is one, never by guess."""
    entry = await add_both(hass, cloud, sim)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, DEVICE), entry.entry_id)
    assert device is not None
    for target in ({"device_id": DEVICE}, {"device_id": device.id}, {"entity_id": entity(hass, "charge_power", "sensor")}, {}):
        assert (await act(hass, "get_connected_status", **target))["device_id"] == DEVICE
    for target in ({"device_id": "nobody"}, {"entity_id": "sensor.nothing"}):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, "get_connected_status", **target)
        assert caught.value.translation_key == "target_not_found"


async def test_two_chargers_at_once(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Each answers; the failure of one does not hide what the other did."""
    async with TrydanSimulator(device_id="SECOND") as second:
        await add_local(hass, sim)
        await add_local(hass, second)
        with pytest.raises(ServiceValidationError):
            await act(hass, "pause_charge")
        both = await act(hass, "pause_charge", device_id=[DEVICE, "SECOND"])
        assert {each["device_id"]: each["applied"] for each in both["chargers"]} == {DEVICE: True, "SECOND": True}
        second.faults.http = "refuse"
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, "start_charge", device_id=[DEVICE, "SECOND"])
        assert caught.value.translation_key == "several_failed"
        assert sim.value("Paused") == 0


async def test_actions_without_anybody(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """They are there, and say that nothing is loaded, or that there is no account."""
    entry = await add_local(hass, sim)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "get_global_statistics")
    assert caught.value.translation_key == "cloud_needed"
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "pause_charge")
    assert caught.value.translation_key == "not_loaded"


async def test_a_cloud_that_refuses_and_one_that_is_used_up(hass: HomeAssistant) -> None:
    """400, 401, 429 and 5xx have their words, and nothing is repeated."""
    async with TrydanSimulator(lan=False) as far, V2CCloudSimulator([far], retry_after=600) as cloud:
        await add_cloud(hass, cloud)
        for outage, key in ((503, "cloud_error"), (401, "invalid_auth"), (429, "rate_limited")):
            cloud.path_outage["/device/reboot"] = outage
            before = cloud.calls_by_path()["/device/reboot"]
            with pytest.raises(HomeAssistantError) as caught:
                await hass.services.async_call("button", "press", {"entity_id": entity(hass, "reboot")}, blocking=True)
            assert caught.value.translation_key == key
            assert cloud.calls_by_path()["/device/reboot"] == before + 1
        cloud.path_outage.clear()
        calls = len(cloud.calls)
        with pytest.raises(ServiceValidationError):
            await act(hass, "trigger_update")
        assert len(cloud.calls) == calls


async def test_totals_of_two_accounts(hass: HomeAssistant) -> None:
    """One answer for each, or for the one that is named."""
    async with (
        TrydanSimulator(device_id="ONE", lan=False) as one,
        TrydanSimulator(device_id="TWO", lan=False) as two,
        V2CCloudSimulator([one, two], accounts={KEY: ["ONE"], "other": ["TWO"]}) as cloud,
    ):
        data = {"base_url": cloud.base_url}
        first = await start(hass, data | {"api_key": KEY, "cached_pairings": [{"deviceId": "ONE"}]}, unique_id="a")
        await start(hass, data | {"api_key": "other", "cached_pairings": [{"deviceId": "TWO"}]}, unique_id="b")
        assert len((await act(hass, "get_global_statistics"))["accounts"]) == 2
        answer = await act(hass, "get_global_statistics", config_entry_id=first.entry_id)
        assert answer["config_entry_id"] == first.entry_id
        with pytest.raises(ServiceValidationError):
            await act(hass, "get_global_statistics", config_entry_id="nobody")
