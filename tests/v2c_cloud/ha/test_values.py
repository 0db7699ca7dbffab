"""What Home Assistant shows of a Trydan, and what it tells nobody."""

import asyncio
from datetime import timedelta
import json
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.v2c_cloud import async_remove_config_entry_device
from custom_components.v2c_cloud.const import DOMAIN
from custom_components.v2c_cloud.coordinator import V2CConfigEntry
from custom_components.v2c_cloud.v2c import lan
from simulators.faults import HTTP_KINDS
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import (
    DEVICE,
    KEY,
    act,
    add_both,
    add_cloud,
    add_local,
    charger,
    entity,
    poll,
    settle,
    start,
    state,
    use,
)

OURS = "custom_components"


def complaints(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """Return what our code logged at ``level`` or above."""
    return [each.getMessage() for each in caplog.records if each.name.startswith(OURS) and each.levelno >= level]


async def test_both_ways_show_the_same(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """What the LAN and the cloud both know has one unit and one word."""
    sim.options.firmware = "2.4.6"
    sim.write("Dynamic", 1)
    sim.write("PauseDynamic", 1)
    sim.plug()
    now = sim.house.clock()
    sim.house.clock = lambda: now
    keys = (
        *("charge_state", "charge_power", "charge_energy", "house_power", "fv_power", "battery_power", "slave_error"),
        *("charge_time", "charging_pause", "locked", "dynamic", "intensity_number", "min_intensity_number"),
        *("max_intensity_number", "contracted_power", "charging", "plugged", "fault", "logo_led"),
    )
    entry = await add_local(hass, sim)
    await poll(hass, entry)
    lan = {key: state(hass, key).state for key in keys if key not in ("locked", "dynamic")}
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    async with V2CCloudSimulator([sim]) as cloud:
        entry = await add_cloud(hass, cloud)
        await poll(hass, entry)
        assert state(hass, "data_source").state == "cloud"
        shown = {key: state(hass, key).state for key in lan}
    assert {key: (lan[key], shown[key]) for key in lan if not _close(lan[key], shown[key])} == {}


def _close(first: str, second: str) -> bool:
    try:
        return abs(float(first) - float(second)) <= 0.01 * max(abs(float(first)), 1)
    except ValueError:
        return first == second


@pytest.mark.parametrize(("lan_code", "word"), [(4, "system_fault"), (5, "pilot_fault"), (6, "ventilation_required")])
async def test_faults_have_one_word_on_both_ways(hass: HomeAssistant, sim: TrydanSimulator, lan_code: int, word: str) -> None:
    """The cloud numbers them differently."""
    sim.set("ChargeState", lan_code)
    entry = await add_local(hass, sim)
    assert state(hass, "charge_state").state == word
    assert state(hass, "fault").state == "on"
    await hass.config_entries.async_remove(entry.entry_id)
    async with V2CCloudSimulator([sim]) as cloud:
        await add_cloud(hass, cloud)
        assert state(hass, "charge_state").state == word


async def test_a_session_from_plug_to_plug(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Its energy survives the box's resets, and the events tell what happened."""
    clock = [0.0]
    began = sim.house.clock()
    sim.house.clock = lambda: began + clock[0]
    entry = await add_local(hass, sim)
    happened: list[str] = []
    happening = entity(hass, "happening")

    @callback
    def note(event: Event[Any]) -> None:
        if event.data["entity_id"] == happening and event.data["new_state"].attributes.get("event_type"):
            happened.append(event.data["new_state"].attributes["event_type"])

    hass.bus.async_listen("state_changed", note)
    sim.plug()
    await poll(hass, entry)
    clock[0] += 3600
    await poll(hass, entry)
    first = sim.power
    await use(hass, "lock", "lock", "lock")
    await poll(hass, entry)
    await use(hass, "lock", "unlock", "lock")
    await poll(hass, entry)
    clock[0] += 1800
    await poll(hass, entry)
    energy = float(state(hass, "session_energy").state)
    assert energy == pytest.approx(first * 1.5 / 1000, rel=0.02)
    assert sim.value("ChargeEnergy") == pytest.approx(first * 0.5 / 1000, rel=0.02)
    sim.unplug()
    await poll(hass, entry)
    assert float(state(hass, "session_energy").state) == pytest.approx(energy, abs=0.01)
    assert happened == ["plugged_in", "charging_started", "charging_stopped", "charging_started", "charging_stopped", "unplugged"]


async def test_firmware(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """What runs, what the cloud knows, and the order to fetch it."""
    sim.options.firmware = "2.4.6"
    entry = await add_both(hass, cloud, sim)
    assert state(hass, "firmware").state == "off"
    assert state(hass, "firmware").attributes["installed_version"] == "2.4.6"
    charger(entry).device.face.facts["latest_firmware"] = "2.5.1"
    await poll(hass, entry)
    assert state(hass, "firmware").state == "on"
    await use(hass, "update", "install", "firmware")
    assert cloud.calls_by_path()["/device/update"] == 1
    await poll(hass, entry)
    assert state(hass, "firmware").attributes["installed_version"] in ("2.4.6", "2.5.1")
    sim.options.firmware = "2.5.1"
    await poll(hass, entry)
    assert state(hass, "firmware").state == "off"
    assert state(hass, "firmware").attributes["in_progress"] is False


async def test_a_refresh_by_hand(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Both ways are asked now."""
    await add_both(hass, cloud, sim)
    sim.forget()
    cloud.calls.clear()
    await use(hass, "button", "press", "refresh")
    assert {each.path for each in cloud.calls} >= {"/device/reported"}
    assert any(request.address is None for request in sim.requests)


async def hour(hass: HomeAssistant, entry: V2CConfigEntry) -> None:
    """Let the account make every call that is due, a batch at a time."""
    for _ in range(6):
        if (account := entry.runtime_data.account) is not None:
            await account.async_refresh()
        await settle(hass)


async def test_a_charger_is_paired_and_another_leaves(
    hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator, freezer: FrozenDateTimeFactory
) -> None:
    """The account's chargers appear and disappear; a device that is gone can be removed."""
    entry = await add_cloud(hass, cloud)
    async with TrydanSimulator(device_id="SECOND", lan=False) as second:
        cloud.pair(second)
        freezer.tick(timedelta(hours=1, minutes=5))
        await hour(hass, entry)
        assert set(entry.runtime_data.chargers) == {DEVICE, "SECOND"}
        cloud.unpair(DEVICE)
        # At the latest.
        freezer.tick(timedelta(hours=3, minutes=5))
        await hour(hass, entry)
        assert set(entry.runtime_data.chargers) == {"SECOND"}
    registry = dr.async_get(hass)
    gone = registry.async_get_device_by_identifier((DOMAIN, DEVICE), entry.entry_id)
    there = registry.async_get_device_by_identifier((DOMAIN, "SECOND"), entry.entry_id)
    assert gone is not None
    assert there is not None
    assert await async_remove_config_entry_device(hass, entry, gone)
    assert not await async_remove_config_entry_device(hass, entry, there)


async def test_diagnostics_and_logs_tell_no_secret(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, sim: TrydanSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither key, nor Wi-Fi, nor addresses, nor cards, nor places, in anything that leaves the house."""
    caplog.set_level(logging.DEBUG, logger=OURS)
    sim.options.ssid = "CANARY-WIFI"
    sim.options.device_id = "CANARYID"
    async with V2CCloudSimulator([sim], accounts={"CANARY-KEY": ["CANARYID"]}) as cloud:
        cloud.device("CANARYID").tag = "CANARY-NAME"
        data = {
            "api_key": "CANARY-KEY",
            "base_url": cloud.base_url,
            "cached_pairings": [{"deviceId": "CANARYID", "tag": "CANARY-NAME"}],
            "manual_ips": {"CANARYID": sim.address},
        }
        entry = await start(hass, data, title="CANARY-TITLE")
        await act(hass, "add_rfid_card", code="CA0A09", tag="CANARY-CARD")
        await act(hass, "set_wifi_credentials", ssid="CANARY-SSID", password="CANARY-PASSWORD")
        sim.faults.http = "status:500"
        with pytest.raises(HomeAssistantError):
            await act(hass, "set_charge_intensity", amps=9)
        sim.faults.http = None
        cloud.outage = 500
        with pytest.raises(HomeAssistantError):
            await act(hass, "set_wifi_credentials", ssid="CANARY-SSID", password="CANARY-PASSWORD")
        cloud.outage = None
        await poll(hass, entry)
        told = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    logged = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith(OURS))
    secrets = (
        "CANARY-KEY",
        "CANARY-WIFI",
        "CANARY-PASSWORD",
        "CANARY-SSID",
        "CANARY-CARD",
        "ca0a09",
        "127.0.0.1",
        sim.options.mac,
    )
    for secret in (*secrets, "CANARYID", "CANARY-NAME"):
        assert secret.lower() not in told.lower(), secret
    for secret in secrets:
        assert secret.lower() not in logged.lower(), secret
    for place in ("39.4699", "-0.3763"):
        assert place not in told
    assert "lan GET /RealTimeData 200" in logged
    assert "cloud POST /device/wifi" in logged


@pytest.mark.parametrize(
    "kind", sorted(HTTP_KINDS - {"unauthorized", "text_numbers", "delay", "content_type", "lost_write", "refuse_write", "drip"})
)
async def test_no_fault_leaves_a_trace_or_a_wrong_value(
    hass: HomeAssistant, sim: TrydanSimulator, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the box answers: no exception, one warning, and the right value again when it is over."""
    entry = await add_local(hass, sim)
    wire = charger(entry).device.lan
    assert wire is not None
    wire._deadline = 0.3
    caplog.clear()
    sim.faults.http = kind
    for _ in range(3):
        await poll(hass, entry)
    assert state(hass, "charge_power").state in ("0", "unknown", "unavailable")
    sim.faults.http = None
    # A busy machine may need longer for a healthy answer.
    wire._deadline = 10.0
    await poll(hass, entry)
    assert state(hass, "charge_power").state == "0"
    assert state(hass, "data_source").state == "lan"
    assert len(complaints(caplog)) <= 1
    assert not [each for each in caplog.records if each.exc_info and each.name.startswith(OURS)]


async def test_the_box_is_asked_gently(hass: HomeAssistant, sim: TrydanSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request at a time, and the gap between them, whoever asks."""
    monkeypatch.setattr(lan, "GAP", 0.15)
    entry = await add_local(hass, sim)
    sim.forget()
    await asyncio.gather(
        charger(entry).async_refresh(),
        *(act(hass, "set_charge_intensity", amps=amps) for amps in (7, 8, 9, 10)),
        act(hass, "set_dynamic", enabled=True),
    )
    assert sim.most_open == 1
    assert sim.smallest_gap >= 0.145
    assert sim.value("Intensity") == 10


async def test_a_healthy_lan_takes_one_request(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Names that only /read knows are asked for now and then, not each time."""
    entry = await add_local(hass, sim)
    await poll(hass, entry)
    sim.forget()
    for _ in range(5):
        await poll(hass, entry)
    assert len(sim.requests) == 5


async def test_entity_registry_is_quiet(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Noise is off; what people look at is on."""
    entry = await add_both(hass, cloud, sim)
    entries = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    on = [each for each in entries if each.disabled_by is None]
    assert 25 <= len(on) <= 60
    assert KEY not in json.dumps([each.unique_id for each in entries])
