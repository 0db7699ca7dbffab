"""The life of an entry: the LAN goes and comes, the cloud goes and comes, the key is refused, the charger moves."""

import asyncio
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components import v2c_cloud
from custom_components.v2c_cloud.const import DOMAIN
from custom_components.v2c_cloud.v2c import account as account_module
from custom_components.v2c_cloud.v2c.plan import Kind, Task
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import DEVICE, act, add_both, add_cloud, add_local, charger, entity, poll, settle, start, state

OURS = "custom_components"


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """No task may be left when a test of this file is over."""
    return False


def complaints(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """Return what our code logged at ``level`` or above."""
    return [each.getMessage() for each in caplog.records if each.name.startswith(OURS) and each.levelno >= level]


async def ask(hass: HomeAssistant, entry: Any) -> None:
    """Have the account ask for everything about the charger now."""
    entry.runtime_data.account.ask_again(DEVICE)
    await settle(hass)


async def test_the_cloud_takes_over_and_gives_back(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Values go on in the same units; what only the LAN has is unavailable; one warning, one info."""
    sim.plug()
    entry = await add_both(hass, cloud, sim)
    power = float(state(hass, "charge_power").state)
    assert power > 1000
    assert state(hass, "data_source").state == "lan"
    caplog.clear()
    sim.faults.http = "refuse"
    for _ in range(3):
        await poll(hass, entry)
        await ask(hass, entry)
    assert state(hass, "data_source").state == "cloud"
    assert float(state(hass, "charge_power").state) == pytest.approx(power, rel=0.05)
    assert state(hass, "charge_state").state == "charging"
    assert state(hass, "timer", "switch").state == "unavailable"
    assert state(hass, "locked", "switch").state == "off"
    assert len(complaints(caplog)) == 1
    sim.faults.http = None
    await poll(hass, entry)
    assert state(hass, "data_source").state == "lan"
    assert state(hass, "timer", "switch").state in ("on", "off")
    assert len(complaints(caplog)) == 1
    assert sum("come from the lan" in each for each in complaints(caplog, logging.INFO)) == 1


async def test_without_a_cloud_a_lost_charger_is_offline(
    hass: HomeAssistant, sim: TrydanSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """One silence is borne; then everything is unavailable but the word for it."""
    entry = await add_local(hass, sim)
    caplog.clear()
    sim.faults.http = "refuse"
    await poll(hass, entry)
    assert state(hass, "charge_power").state == "0"
    for _ in range(3):
        await poll(hass, entry)
    assert state(hass, "charge_power").state == "unavailable"
    assert state(hass, "data_source").state == "offline"
    assert len(complaints(caplog)) == 1
    sim.faults.http = None
    await poll(hass, entry)
    assert state(hass, "charge_power").state == "0"
    assert len(complaints(caplog)) == 1


async def test_the_cloud_is_gone_for_a_day(
    hass: HomeAssistant,
    sim: TrydanSimulator,
    cloud: V2CCloudSimulator,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The LAN goes on; what only the cloud knows is unavailable, and returns; one warning, few calls."""
    entry = await add_both(hass, cloud, sim)
    caplog.clear()
    cloud.calls.clear()
    cloud.outage = 503
    account = entry.runtime_data.account
    assert account is not None
    for _ in range(48):
        freezer.tick(1800)
        await account.async_refresh()
        await poll(hass, entry)
    assert state(hass, "charge_power").state == "0"
    assert state(hass, "data_source").state == "lan"
    assert state(hass, "rfid_reader", "switch").state == "unavailable"
    assert state(hass, "cloud_reachable", device_id=f"account_{entry.entry_id}").state == "off"
    assert len([each for each in complaints(caplog) if "V2C Cloud" in each]) == 1
    assert len(cloud.calls) < 150
    cloud.outage = None
    for _ in range(5):
        freezer.tick(1800)
        await account.async_refresh()
        await settle(hass)
    assert state(hass, "rfid_reader", "switch").state in ("on", "off")
    assert state(hass, "cloud_reachable", device_id=f"account_{entry.entry_id}").state == "on"


async def test_an_outage_of_the_sign_in_with_a_working_lan(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator, freezer: FrozenDateTimeFactory
) -> None:
    """A repair after a while, no question to the user, nothing unloaded; it clears itself."""
    entry = await add_both(hass, cloud, sim)
    cloud.outage = 401
    account = entry.runtime_data.account
    assert account is not None
    issue = f"cloud_auth_{entry.entry_id}"
    freezer.tick(3700)
    await account.async_refresh()
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue) is None
    for _ in range(5):
        freezer.tick(1900)
        await account.async_refresh()
        await settle(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue) is not None
    assert not hass.config_entries.flow.async_progress()
    assert entry.state is ConfigEntryState.LOADED
    await poll(hass, entry)
    assert state(hass, "charge_power").state == "0"
    cloud.outage = None
    freezer.tick(1900)
    await account.async_refresh()
    await settle(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue) is None


async def test_a_key_that_is_proven_bad(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Without any other way to the charger the user is asked, once, and the entry stays loaded."""
    async with TrydanSimulator(lan=False) as far, V2CCloudSimulator([far]) as cloud:
        entry = await add_cloud(hass, cloud)
        cloud.outage = 401
        account = entry.runtime_data.account
        assert account is not None
        for _ in range(account_module.REFUSALS + 3):
            freezer.tick(1900)
            await account.async_refresh()
            await settle(hass)
        assert [each["context"]["source"] for each in hass.config_entries.flow.async_progress()] == ["reauth"]
        assert entry.state is ConfigEntryState.LOADED


async def test_a_restart_costs_no_calls(hass: HomeAssistant) -> None:
    """What was known is known again, and can be operated at once."""
    async with TrydanSimulator(lan=False) as far, V2CCloudSimulator([far]) as cloud:
        entry = await add_cloud(hass, cloud)
        await ask(hass, entry)
        calls = len(cloud.calls)
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        assert len(cloud.calls) <= calls + 1
        assert state(hass, "charge_power").state == "0"
        assert state(hass, "rfid_reader", "switch").state in ("on", "off")
        await act(hass, "pause_charge")
        assert far.value("Paused") == 1


async def test_what_is_known_is_written_down_while_it_runs(
    hass: HomeAssistant, sim: TrydanSimulator, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut may come at any time: readings that follow each other do not put the saving off."""
    monkeypatch.setattr(v2c_cloud, "SAVE_DELAY", 0.2)
    entry = await add_local(hass, sim)
    for _ in range(8):
        await asyncio.sleep(0.05)
        await poll(hass, entry)
    async_fire_time_changed(hass, fire_all=True)
    await settle(hass)
    assert hass_storage[f"v2c_cloud.{entry.entry_id}"]["data"]["chargers"][DEVICE]["address"] == sim.address


async def test_an_empty_list_of_chargers_is_not_believed(
    hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator
) -> None:
    """Nothing is lost by an odd answer."""
    entry = await add_both(hass, cloud, sim)
    account = entry.runtime_data.account
    assert account is not None
    cloud.unpair(DEVICE)
    await account.device.ask(Task(Kind.PAIRINGS))
    await account.async_refresh()
    await settle(hass)
    assert list(entry.runtime_data.chargers) == [DEVICE]


async def test_a_charger_that_moved_is_found_by_its_id(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator
) -> None:
    """The cloud tells where it is; only its own id makes it so."""
    entry = await add_cloud(hass, cloud)
    trydan = charger(entry).device
    assert trydan.lan is None
    locator = charger(entry).locator
    async with TrydanSimulator(device_id="OTHER") as stranger:
        locator.known = stranger.address
        await poll(hass, entry)
        assert trydan.lan is None
        assert stranger.written == []
    locator.known = sim.address
    await poll(hass, entry)
    assert trydan.lan_works
    assert state(hass, "data_source").state == "lan"


@pytest.mark.parametrize(
    "claim",
    [
        "8.8.8.8",
        "127.0.0.1",
        "169.254.1.1",
        "::ffff:192.168.1.5",
        "0.0.0.0",
        "224.0.0.1",
        "printer.local",
        "192.168.1.5:80",
        "010.0.0.1",
        "fe80::1",
    ],
)
async def test_hostile_addresses_are_never_asked(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator, claim: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no private address of a LAN is not tried at all."""
    sim.options.ip = claim
    entry = await start(
        hass, {"api_key": "SIM-KEY", "base_url": cloud.base_url, "cached_pairings": [{"deviceId": DEVICE, "ip": claim}]}
    )
    await ask(hass, entry)
    await poll(hass, entry)
    found = charger(entry)
    assert list(found.locator._candidates(found.device)) == []
    assert sim.requests == []


async def test_a_stranger_at_the_address_gets_no_write(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """After a move another charger may answer at the old address."""
    entry = await add_local(hass, sim)
    sim.options.device_id = "OTHER"
    for _ in range(2):
        await poll(hass, entry)
    assert state(hass, "charge_power").state == "unavailable"
    with pytest.raises(HomeAssistantError):
        await act(hass, "pause_charge")
    assert sim.written == []


async def test_a_firmware_update_changes_what_there_is(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Phases appear with 2.5, and disappear again."""
    entry = await add_local(hass, sim)
    phases = charger(entry).device.phases
    assert phases.voltage_l1 is None
    sim.options.firmware = "2.5.1"
    sim.plug()
    await poll(hass, entry)
    assert phases.voltage_l1 is not None
    assert phases.voltage_l1 > 200
    assert entity(hass, "voltage_l1", "sensor")
    assert state(hass, "slave_error").state == "timeout"
    sim.options.firmware = "2.4.6"
    for _ in range(4):
        await poll(hass, entry)
    assert phases.voltage_l1 is None


@pytest.mark.parametrize("firmware", ["1.6.13", "1.6.18", "2.1.7", "2.3.20", "2.4.6", "2.5.0", "2.5.1", "alva"])
async def test_every_firmware(hass: HomeAssistant, sim: TrydanSimulator, firmware: str, caplog: pytest.LogCaptureFixture) -> None:
    """No exception, no complaint, and the values that it has."""
    sim.options.firmware = firmware
    sim.plug()
    entry = await add_local(hass, sim)
    for _ in range(3):
        await poll(hass, entry)
    (device_id,) = entry.runtime_data.chargers
    assert state(hass, "charge_state", device_id=device_id).state == "charging"
    assert float(state(hass, "charge_power", device_id=device_id).state) > 1000
    assert complaints(caplog) == []


@pytest.mark.parametrize(
    "quirk",
    ["missing_comma", "duplicate_version", "bare_version", "l1y", "string_numbers", "trailing_nul", "lower_keys", "percent"],
)
async def test_every_quirk(hass: HomeAssistant, sim: TrydanSimulator, quirk: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each malformed payload of the field reads as what was meant."""
    sim.options.firmware = "2.5.0"
    sim.plug()
    sim.quirks.add(quirk)
    entry = await add_local(hass, sim)
    await poll(hass, entry)
    assert state(hass, "charge_state").state == "charging"
    assert float(state(hass, "charge_power").state) > 1000
    assert state(hass, "locked", "switch").state == "off"
    assert complaints(caplog) == []


@pytest.mark.parametrize(
    "key", ["ChargeState", "ReadyState", "SlaveError", "ChargeMode", "DynamicPowerMode", "SignalStatus", "Paused", "Dynamic"]
)
@pytest.mark.parametrize("value", [-1, 77, 224000, 3.5])
async def test_unknown_codes_break_nothing(
    hass: HomeAssistant, sim: TrydanSimulator, key: str, value: float, caplog: pytest.LogCaptureFixture
) -> None:
    """An unknown number is unknown, never an exception and never a wrong word."""
    sim.set(key, value)
    entry = await add_local(hass, sim)
    await poll(hass, entry)
    assert state(hass, "charge_power").state == "0"
    assert complaints(caplog) == []
