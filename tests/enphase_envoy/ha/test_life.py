"""The life of an entry: the gateway goes and comes, changes its certificate, its firmware, its parts, its clock."""

import logging
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.enphase_envoy import async_remove_config_entry_device
from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import ACCOUNT, OTHER, SERIAL, account_data, add, choose, data_of, go_on, meet, settle, start
from tests.enphase_envoy.ha.rig import (
    Hands,
    asked,
    complaints,
    drive,
    entity,
    everything,
    find,
    number,
    poll,
    silent,
    state,
    states,
)

INVERTERS = ("482000000001", "482000000002")
ENCHARGE = "122000000101"


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """No task may be left when a test of this file is over."""
    return False


async def wake(hass: HomeAssistant, hands: Hands, seconds: float = 5, times: int = 1) -> None:
    """Let time pass, as Home Assistant notices it by itself."""
    for _ in range(times):
        hands.tick(seconds)
        async_fire_time_changed(hass)
        await settle(hass)


async def reload(hass: HomeAssistant, entry: Any) -> None:
    """Load an entry anew."""
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)


# It is away


async def test_a_restart_of_ten_minutes(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """One silence is borne, then all is unavailable; it comes back by itself, with one line each, and nobody is asked."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    caplog.clear()
    timed.reboot(600)
    await wake(hass, hands)
    assert silent(hass) == set()
    timed.forget()
    await wake(hass, hands, times=118)
    controls = {key for key in states(hass) if key.startswith("button.")}
    assert silent(hass) == states(hass).keys() - controls
    assert len(timed.requests) < 60
    await wake(hass, hands, times=16)
    assert silent(hass) == set()
    assert asked(hass) == []
    assert not cloud.calls
    assert len(complaints(caplog)) == 1, complaints(caplog)
    lines = complaints(caplog, logging.INFO)
    assert len(lines) == 2, lines


async def test_nobody_at_home(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """The same with the plug pulled."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    caplog.clear()
    await timed.stop()
    await wake(hass, hands)
    assert silent(hass) == set()
    await wake(hass, hands, times=30)
    assert state(hass, "production").state == "unavailable"
    await timed.start()
    await wake(hass, hands, times=14)
    assert silent(hass) == set()
    assert asked(hass) == []
    assert len(complaints(caplog)) == 1, complaints(caplog)


async def test_the_hour_of_silence(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """Around 23:00 details of inverters hang (trap 9): they are not asked for, and keep what they said."""
    timed.house.pv_w = 300
    with everything():
        entry = await start(hass, account_data(timed, cloud))
        drive(entry, hands)
        await poll(hass, entry)
    timed.change(hang_at_eleven=True)
    hands.tick(11 * 3600 - 120)
    await settle(hass)
    await poll(hass, entry)
    caplog.clear()
    timed.forget()
    for _ in range(5):
        hands.tick(60)
        await poll(hass, entry)
        assert state(hass, f":{INVERTERS[0]}_dc_voltage").state not in ("unavailable", "unknown")
        assert silent(hass) == set()
    assert timed.asked("/ivp/pdm/device_data") == 0
    assert timed.asked("/ivp/meters/readings") == 5
    hands.tick(600)
    await poll(hass, entry)
    assert timed.asked("/ivp/pdm/device_data") == 1
    assert complaints(caplog) == []


# It is another


async def test_another_certificate(
    hass: HomeAssistant,
    timed: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    hands: Hands,
    caplog: pytest.LogCaptureFixture,
    issue_registry: ir.IssueRegistry,
    hass_client: ClientSessionGenerator,
) -> None:
    """No token is sent to it before the user has said that it may; then everything goes on."""
    assert await async_setup_component(hass, REPAIRS, {})
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    caplog.clear()
    timed.new_certificate()
    timed.forget()
    await wake(hass, hands, times=5)
    assert state(hass, "production").state == "unavailable"
    issue = f"certificate_changed_{entry.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, issue)
    assert timed.requests == []
    assert asked(hass) == []
    assert len(complaints(caplog)) == 1, complaints(caplog)
    client = await hass_client()
    flow = await (await client.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue})).json()
    assert flow["step_id"] == "confirm"
    done = await (await client.post(f"/api/repairs/issues/fix/{flow['flow_id']}", json={})).json()
    assert done["type"] == "create_entry"
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert issue_registry.async_get_issue(DOMAIN, issue) is None
    assert silent(hass) == set()
    assert entry.runtime_data.pin == timed.fingerprint


async def test_another_gateway(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """Its values are not shown as those of the one that was there, although its certificate is confirmed."""
    entry = await start(hass, account_data(timed, cloud))
    coordinator = entry.runtime_data
    timed.replace_serial(OTHER)
    timed.house.pv_w = 9999
    await hass.config_entries.async_unload(entry.entry_id)
    await coordinator.store.async_save({})
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    if entry.error_reason_translation_key == "cannot_connect":
        # A connection of before, which broke: the next try is in five seconds.
        await reload(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "other_unit"
    assert all(each.credentials == "none" for each in timed.requests[-1:])
    assert asked(hass) == []


async def test_another_gateway_of_old_firmware(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """Without certificates its serial number tells, with the next look at who it is."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", inverters=2, envoy_password="x", installer_password="y") as sim:
        entry = await start(hass, data_of(sim, username="installer", password="y"))
        sim.replace_serial(OTHER)
        sim.house.pv_w = 9999
        caplog.clear()
        await poll(hass, entry, 3)
        assert state(hass, "production").state == "unavailable"
        assert len(complaints(caplog)) == 1, complaints(caplog)
        assert "other" in complaints(caplog)[0].lower()


@pytest.mark.parametrize("when", ["start", "later"])
async def test_a_redirect_to_localhost(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is never followed; the gateway counts as silent until it speaks for itself again."""
    entry = await start(hass, account_data(sim, cloud))
    sim.fail("*", "redirect")
    if when == "start":
        await reload(hass, entry)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        sim.heal()
        await reload(hass, entry)
    else:
        caplog.clear()
        await poll(hass, entry, 3)
        assert "button" in states(hass).keys().__str__()
        assert state(hass, "production").state == "unavailable"
        sim.heal()
        await poll(hass, entry, 2)
    assert silent(hass) == set()
    assert asked(hass) == []


# It gets new firmware


async def test_new_firmware(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """It is noticed within an hour, and what it offers is there after a reload."""
    timed.change(profile="7.6")
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    await poll(hass, entry)
    before = {each.unique_id: each.entity_id for each in er.async_get(hass).entities.values() if each.platform == DOMAIN}
    assert "device_data" in entry.runtime_data.device.local.health.absent
    first = entry.runtime_data
    timed.update_firmware("8.3")
    hands.tick(3600)
    await poll(hass, entry)
    await settle(hass)
    assert entry.runtime_data is not first
    drive(entry, hands)
    await poll(hass, entry)
    assert "device_data" not in entry.runtime_data.device.local.health.absent
    assert silent(hass) == set()
    after = {each.unique_id: each.entity_id for each in er.async_get(hass).entities.values() if each.platform == DOMAIN}
    assert before.items() <= after.items()
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, SERIAL), entry.entry_id)
    assert device is not None
    assert device.sw_version == "8.3.5289"
    assert asked(hass) == []


async def test_from_a_password_to_a_token(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Firmware 5 becomes 8.3 at run time: the user is asked for an account, and everything is where it was."""
    sim.change(profile="5.0")
    entry = await add(hass, await meet(hass, sim.address))
    await poll(hass, entry)
    before = {each.unique_id: each.entity_id for each in er.async_get(hass).entities.values() if each.platform == DOMAIN}
    sim.update_firmware("8.3")
    await poll(hass, entry, 3)
    assert state(hass, "production").state == "unavailable"
    if asked(hass) != ["reauth"]:
        await reload(hass, entry)
    assert asked(hass) == ["reauth"]
    assert not cloud.calls
    still = {each.unique_id: each.entity_id for each in er.async_get(hass).entities.values() if each.platform == DOMAIN}
    assert still == before
    (flow,) = hass.config_entries.flow.async_progress()
    menu = dict(await hass.config_entries.flow.async_configure(flow["flow_id"]))
    done = await go_on(hass, await choose(hass, menu, "account"), **ACCOUNT)
    assert done["reason"] == "reauth_successful"
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    await poll(hass, entry)
    after = {each.unique_id: each.entity_id for each in er.async_get(hass).entities.values() if each.platform == DOMAIN}
    assert before.items() <= after.items()
    assert state(hass, "production").state not in ("unavailable", "unknown")
    assert state(hass, "net_consumption").state not in ("unavailable", "unknown")


# Its parts come and go


async def test_a_battery_is_added(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Its entities appear, and those of all batteries, and what commands them; without a restart."""
    entry = await start(hass, account_data(sim, cloud))
    await poll(hass, entry, 2)
    assert find(hass, f"{SERIAL}_battery_level") is None
    assert find(hass, f"{SERIAL}_storage_mode") is None
    sim.change(encharges=1)
    await poll(hass, entry, 2)
    assert number(hass, f":{ENCHARGE}_soc") == 50
    assert number(hass, "battery_level") == 50
    assert number(hass, "battery_count") == 1
    assert state(hass, "battery_power").state not in ("unavailable", "unknown")
    assert state(hass, "storage_mode").state == "self_consumption"
    sim.change(encharges=0)
    await poll(hass, entry, 4)
    assert hass.states.get(entity(hass, f":{ENCHARGE}_soc")) is None or state(hass, f":{ENCHARGE}_soc").state == "unavailable"
    assert number(hass, "battery_count") == 0


async def test_an_inverter_is_replaced(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The new one appears; the old one loses its values after three reports without it, and can then be removed."""
    entry = await start(hass, account_data(sim, cloud))
    registry = dr.async_get(hass)

    def device(identifier: str) -> dr.DeviceEntry:
        found = registry.async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
        assert found is not None
        return found

    sim.change(inverter_serials={1: "482000009999"})
    caplog.clear()
    await poll(hass, entry)
    assert state(hass, ":482000009999", "sensor").state not in ("unavailable", "unknown")
    assert state(hass, f":{INVERTERS[1]}", "sensor").state != "unavailable"
    assert not await async_remove_config_entry_device(hass, entry, device(INVERTERS[1]))
    await poll(hass, entry, 3)
    old = hass.states.get(entity(hass, f":{INVERTERS[1]}", "sensor"))
    assert old is None or old.state == "unavailable"
    assert await async_remove_config_entry_device(hass, entry, device(INVERTERS[1]))
    for present in (SERIAL, INVERTERS[0], "482000009999"):
        assert not await async_remove_config_entry_device(hass, entry, device(present))
    assert complaints(caplog) == []
    sim.change(inverters_empty=True)
    await poll(hass, entry, 5)
    assert state(hass, f":{INVERTERS[0]}", "sensor").state != "unavailable"


async def test_two_hundred_inverters(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Each is there, each has its power, and one request tells all of it."""
    sim.change(inverters=200)
    sim.house.pv_w = 40_000
    entry = await start(hass, account_data(sim, cloud))
    await poll(hass, entry)
    powers = [number(hass, f":{482000000000 + index}", "sensor") for index in range(1, 201)]
    assert sum(powers) == pytest.approx(40_000, rel=0.01)
    assert number(hass, "inverter_count") == 200
    sim.forget()
    await poll(hass, entry)
    assert sim.asked("/api/v1/production/inverters") == 1
    assert silent(hass) == set()


# Its memory


async def test_days_survive(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, hass_storage: dict[str, Any]
) -> None:
    """A reload in the afternoon loses nothing of the day, although the gateway does not count it."""
    timed.house.soc = 100
    timed.house.pv_w, timed.house.load_w = 3000, 1000
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    for _ in range(12):
        hands.tick(300)
        await poll(hass, entry)
    exported = number(hass, "daily_export")
    assert exported == pytest.approx(2, abs=0.02)
    await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert {key for key, now in states(hass).items() if now != "unavailable"} == set()
    text = str(hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"])
    assert "site.export" in text
    assert entry.data["token"] not in text
    hands.tick(1800)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert number(hass, "daily_export") == pytest.approx(3, abs=0.02)
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage
    assert not [each for each in er.async_get(hass).entities.values() if each.platform == DOMAIN]
    assert not [each for each in ir.async_get(hass).issues if each[0] == DOMAIN]


async def test_it_is_written_down_while_it_runs(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, hass_storage: dict[str, Any]
) -> None:
    """A power cut may come at any time: readings that follow each other do not put the saving off."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    await wake(hass, hands, 5, 70)
    kept = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    assert kept["pin"] == timed.fingerprint
    assert kept["device"]["ledger"]


async def test_a_clock_that_goes_wrong(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, issue_registry: ir.IssueRegistry
) -> None:
    """It is said while it lasts."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    issue = f"clock_skew_{entry.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, issue) is None
    timed.change(clock_offset=-1800)
    hands.tick(3700)
    await poll(hass, entry)
    found = issue_registry.async_get_issue(DOMAIN, issue)
    assert found is not None
    assert found.translation_placeholders["minutes"] == "30"
    timed.change(clock_offset=10)
    await poll(hass, entry)
    assert issue_registry.async_get_issue(DOMAIN, issue) is None
