"""Set-up in the UI, both ways; what goes wrong, and what can be changed later."""

import asyncio
import hashlib
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.v2c_cloud import connect
from custom_components.v2c_cloud.const import DOMAIN
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import DEVICE, KEY, add_both, add_cloud, add_local, choose, poll, settle, start, state, submit


def account_of(key: str) -> str:
    """Return the unique id that the integration which owned this domain before gives an account."""
    return hashlib.pbkdf2_hmac("sha256", key.encode(), b"v2c_cloud_unique_id", 200_000).hex()


def reconfigure(hass: HomeAssistant, entry: Any, step: str) -> Any:
    """Return a coroutine that opens one way to change an entry."""

    async def run() -> str:
        flow = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}, data=None
        )
        form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": step})
        assert form["type"] == "form", form
        return str(flow["flow_id"])

    return run()


async def test_an_account_needs_only_its_key(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """The cloud tells the chargers; the id is the one that its users have already."""
    entry = await add_cloud(hass, cloud)
    assert entry.unique_id == account_of(KEY)
    assert entry.title == "V2C Cloud"
    assert list(entry.runtime_data.chargers) == [DEVICE]
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, DEVICE), entry.entry_id)
    assert device is not None
    assert (device.manufacturer, device.serial_number) == ("V2C", DEVICE)
    assert len(cloud.calls) <= 8


async def test_the_first_minutes_are_cheap(hass: HomeAssistant) -> None:
    """Two chargers, cold, and not more than eight calls."""
    async with (
        TrydanSimulator(device_id="SIMONE", lan=False) as one,
        TrydanSimulator(device_id="SIMTWO", lan=False) as two,
        V2CCloudSimulator([one, two]) as cloud,
    ):
        entry = await add_cloud(hass, cloud)
        assert set(entry.runtime_data.chargers) == {"SIMONE", "SIMTWO"}
        assert len(cloud.calls) <= 8
        assert state(hass, "charge_power", device_id="SIMTWO").state == "0"


async def test_a_charger_needs_only_its_address(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """No account at all, and a pasted link will do."""
    result = await submit(hass, "local", host=f"http://{sim.address}/")
    assert result["type"] == "create_entry"
    await settle(hass)
    assert result["result"].unique_id == DEVICE
    assert state(hass, "charge_state").state == "disconnected"
    again = await submit(hass, "local", host=sim.address)
    assert (again["type"], again["reason"]) == ("abort", "already_configured")


async def test_old_firmware_without_an_id(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Firmware 1.6.18 shows none: the entry makes one, and is found again by its address."""
    sim.options.firmware = "1.6.18"
    entry = await add_local(hass, sim)
    (device_id,) = entry.runtime_data.chargers
    assert device_id.startswith("local-")
    assert state(hass, "charge_state", device_id=device_id).state == "disconnected"
    again = await submit(hass, "local", host=sim.address)
    assert (again["type"], again["reason"]) == ("abort", "already_configured")


@pytest.mark.parametrize(
    ("outage", "error"),
    [
        (401, "invalid_auth"),
        (403, "forbidden"),
        (429, "rate_limited"),
        (500, "cloud_error"),
        ("html", "cloud_error"),
        ("refuse", "cannot_connect"),
    ],
)
async def test_an_account_that_cannot_be_opened(hass: HomeAssistant, cloud: V2CCloudSimulator, outage: Any, error: str) -> None:
    """Each trouble has its text, and the same form goes on when it is over."""
    flow = await choose(hass, "cloud")
    given = {"api_key": KEY, "advanced": {"base_url": cloud.base_url}}
    cloud.outage = outage
    form = await hass.config_entries.flow.async_configure(flow, given)
    assert form["errors"] == {"base": error}
    cloud.outage = None
    assert (await hass.config_entries.flow.async_configure(flow, given))["type"] == "create_entry"
    await settle(hass)


async def test_a_wrong_key(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """The form says so."""
    result = await submit(hass, "cloud", api_key="wrong", advanced={"base_url": cloud.base_url})
    assert result["errors"] == {"base": "invalid_auth"}


async def test_another_service_at_the_address(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """JSON that knows no chargers is no cloud of this maker."""
    cloud.faults.http = "object"
    result = await submit(hass, "cloud", api_key=KEY, advanced={"base_url": cloud.base_url})
    assert result["errors"] == {"base": "not_v2c"}


async def test_one_account_at_a_time(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """Two forms that are open at once make one entry."""
    first, second = await choose(hass, "cloud"), await choose(hass, "cloud")
    given = {"api_key": KEY, "advanced": {"base_url": cloud.base_url}}
    results = await asyncio.gather(*(hass.config_entries.flow.async_configure(flow, given) for flow in (first, second)))
    assert sorted(each["type"] for each in results) == ["abort", "create_entry"]
    assert {each.get("reason") for each in results} <= {None, "already_configured", "already_in_progress"}
    await settle(hass)


async def test_an_account_without_chargers(hass: HomeAssistant) -> None:
    """There is nothing to set up."""
    async with V2CCloudSimulator([]) as empty:
        result = await submit(hass, "cloud", api_key=KEY, advanced={"base_url": empty.base_url})
    assert result["errors"] == {"base": "no_chargers"}


@pytest.mark.parametrize("url", ["http://staging.example.com/api", "ftp://v2c.cloud", "https://user:pw@v2c.cloud", "nonsense"])
async def test_another_cloud_must_be_https(hass: HomeAssistant, url: str) -> None:
    """A key never travels in the clear, but to this machine."""
    result = await submit(hass, "cloud", api_key=KEY, advanced={"base_url": url})
    assert result["errors"] == {"base": "invalid_base_url"}


@pytest.mark.parametrize("host", ["with space", "host/path", "user@host", "host:99999", "host:abc"])
async def test_what_is_no_address(hass: HomeAssistant, host: str) -> None:
    """Nothing is asked before the address makes sense."""
    assert (await submit(hass, "local", host=host))["errors"] == {"base": "invalid_host"}


async def test_who_else_answers_there(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Nobody, a stranger, a redirect elsewhere."""
    for kind, error in (("refuse", "cannot_connect"), ("html", "not_trydan"), ("redirect", "not_trydan"), ("list", "not_trydan")):
        sim.faults.http = kind
        assert (await submit(hass, "local", host=sim.address))["errors"] == {"base": error}, kind
    sim.faults.http = None


async def test_an_account_is_added_to_a_charger(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """The entry keeps its charger, its address and its entities, and gains the cloud."""
    entry = await add_local(hass, sim)
    flow = await reconfigure(hass, entry, "reconfigure_cloud")
    result = await hass.config_entries.flow.async_configure(flow, {"api_key": KEY, "advanced": {"base_url": cloud.base_url}})
    assert result["reason"] == "reconfigure_successful", result
    await settle(hass)
    assert entry.unique_id == account_of(KEY)
    assert entry.runtime_data.account is not None
    assert entry.runtime_data.chargers[DEVICE].device.lan_works
    await poll(hass, entry)
    assert state(hass, "rfid_reader").state in ("on", "off")


async def test_an_account_with_other_chargers_is_refused(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """A key must open the charger that the entry has."""
    entry = await add_local(hass, sim)
    async with TrydanSimulator(device_id="OTHER", lan=False) as other, V2CCloudSimulator([other]) as cloud:
        flow = await reconfigure(hass, entry, "reconfigure_cloud")
        given = {"api_key": KEY, "advanced": {"base_url": cloud.base_url}}
        assert (await hass.config_entries.flow.async_configure(flow, given))["errors"] == {"base": "charger_not_paired"}


async def test_an_account_gains_an_address_and_is_given_up(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator
) -> None:
    """The other way round: the charger stays, the key goes."""
    entry = await add_cloud(hass, cloud)
    flow = await reconfigure(hass, entry, "reconfigure_local")
    result = await hass.config_entries.flow.async_configure(flow, {"host": sim.address})
    assert result["reason"] == "reconfigure_successful", result
    await settle(hass)
    assert entry.runtime_data.chargers[DEVICE].device.lan_works
    flow = await reconfigure(hass, entry, "forget_key")
    result = await hass.config_entries.flow.async_configure(flow, {})
    assert result["reason"] == "reconfigure_successful", result
    await settle(hass)
    assert "api_key" not in entry.data
    assert entry.unique_id == DEVICE
    assert entry.runtime_data.account is None
    assert state(hass, "charge_state").state == "disconnected"


async def test_another_charger_at_the_new_address(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """A stranger is told apart by its id."""
    entry = await add_cloud(hass, cloud)
    async with TrydanSimulator(device_id="OTHER") as other:
        flow = await reconfigure(hass, entry, "reconfigure_local")
        result = await hass.config_entries.flow.async_configure(flow, {"host": other.address})
        assert result["errors"] == {"base": "other_unit"}


async def test_options(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """The interval and the share apply at once; an address applies with a reload."""
    entry = await add_cloud(hass, cloud)
    flow = (await hass.config_entries.options.async_init(entry.entry_id))["flow_id"]
    await hass.config_entries.options.async_configure(flow, {"next_step_id": "preferences"})
    await hass.config_entries.options.async_configure(flow, {"local_update_interval": 7, "budget_share": 50})
    assert entry.runtime_data.chargers[DEVICE].interval == 7
    assert entry.runtime_data.account is not None
    assert entry.runtime_data.account.device.quota.share == 0.5
    flow = (await hass.config_entries.options.async_init(entry.entry_id))["flow_id"]
    await hass.config_entries.options.async_configure(flow, {"next_step_id": "address"})
    await hass.config_entries.options.async_configure(flow, {"host": sim.address})
    await settle(hass)
    assert entry.data["manual_ips"] == {DEVICE: sim.address}
    assert entry.runtime_data.chargers[DEVICE].device.lan_works
    assert entry.options == {"local_update_interval": 7, "budget_share": 50}


async def test_an_address_is_taken_back(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """With an account the charger is looked for again; without one it would be lost, and the form says so."""
    entry = await add_both(hass, cloud, sim)
    flow = await reconfigure(hass, entry, "reconfigure_local")
    result = await hass.config_entries.flow.async_configure(flow, {})
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)
    assert entry.data["manual_ips"] == {}
    assert entry.runtime_data.chargers[DEVICE].locator.known == sim.address


async def test_a_charger_without_an_account_needs_its_address(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """An empty field would leave no way to it."""
    entry = await add_local(hass, sim)
    flow = (await hass.config_entries.options.async_init(entry.entry_id))["flow_id"]
    await hass.config_entries.options.async_configure(flow, {"next_step_id": "address"})
    result = await hass.config_entries.options.async_configure(flow, {})
    assert result["errors"] == {"base": "invalid_host"}


async def test_one_of_two_chargers_gets_an_address(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """The form asks which one; a stranger at the address is told apart."""
    async with TrydanSimulator(device_id="SECOND") as second, V2CCloudSimulator([sim, second]) as cloud:
        entry = await add_cloud(hass, cloud)
        flow = (await hass.config_entries.options.async_init(entry.entry_id))["flow_id"]
        form = await hass.config_entries.options.async_configure(flow, {"next_step_id": "address"})
        assert [str(key) for key in form["data_schema"].schema] == ["charger", "host"]
        wrong = await hass.config_entries.options.async_configure(flow, {"charger": "SECOND", "host": sim.address})
        assert wrong["errors"] == {"base": "other_unit"}
        await hass.config_entries.options.async_configure(flow, {"charger": "SECOND", "host": second.address})
        await settle(hass)
        assert entry.data["manual_ips"] == {"SECOND": second.address}
        assert entry.runtime_data.chargers["SECOND"].device.lan_works


async def test_an_account_that_lost_everything(hass: HomeAssistant) -> None:
    """Without any charger there is no address to give."""
    entry = MockConfigEntry(domain=DOMAIN, data={"api_key": KEY}, version=2, unique_id="x")
    entry.add_to_hass(hass)
    flow = (await hass.config_entries.options.async_init(entry.entry_id))["flow_id"]
    result = await hass.config_entries.options.async_configure(flow, {"next_step_id": "address"})
    assert (result["type"], result["reason"]) == ("abort", "no_chargers")


async def test_our_own_mistake_is_no_dead_end(hass: HomeAssistant, sim: TrydanSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside, the form stays."""
    monkeypatch.setattr(connect, "valid_host", lambda _host: 1 / 0)
    assert (await submit(hass, "local", host=sim.address))["errors"] == {"base": "unknown"}


async def test_a_new_key_that_another_entry_has(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """One account is one entry."""
    async with V2CCloudSimulator([sim], accounts={"old": [DEVICE], "new": [DEVICE]}) as cloud:
        await add_cloud(hass, cloud, "new")
        entry = await add_cloud(hass, cloud, "old")
        flow = await reconfigure(hass, entry, "reconfigure_cloud")
        result = await hass.config_entries.flow.async_configure(
            flow, {"api_key": "new", "advanced": {"base_url": cloud.base_url}}
        )
        assert (result["type"], result["reason"]) == ("abort", "already_configured")


async def test_reauth_takes_a_new_key(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """A new key of the same account goes on with the same entry."""
    async with V2CCloudSimulator([sim], accounts={"old": [DEVICE], "new": [DEVICE]}) as cloud:
        entry = await add_cloud(hass, cloud, "old")
        entry.async_start_reauth(hass)
        await settle(hass)
        (flow,) = hass.config_entries.flow.async_progress()
        assert flow["step_id"] == "reauth_confirm"
        form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"api_key": "wrong"})
        assert form["errors"] == {"base": "invalid_auth"}
        result = await hass.config_entries.flow.async_configure(flow["flow_id"], {"api_key": "new"})
        assert result["reason"] == "reauth_successful"
        await settle(hass)
        assert entry.data["api_key"] == "new"
        assert entry.unique_id == account_of("new")


async def test_the_cloud_is_down_at_the_start(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """The LAN comes up all the same."""
    cloud.outage = "refuse"
    entry = await add_both(hass, cloud, sim)
    assert state(hass, "charge_state").state == "disconnected"
    assert state(hass, "data_source").state == "lan"
    assert state(hass, "cloud_reachable", device_id=f"account_{entry.entry_id}").state == "off"


async def test_nothing_answers_at_the_start(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """A charger without an account is tried again later."""
    entry = await add_local(hass, sim)
    await hass.config_entries.async_unload(entry.entry_id)
    sim.faults.http = "refuse"
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    sim.faults.http = None


async def test_two_accounts_share_a_charger(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """The first entry keeps it; the second says so, and runs without it."""
    async with V2CCloudSimulator([sim], accounts={"one": [DEVICE], "two": [DEVICE]}) as cloud:
        first, second = await add_cloud(hass, cloud, "one"), await add_cloud(hass, cloud, "two")
        assert list(first.runtime_data.chargers) == [DEVICE]
        assert list(second.runtime_data.chargers) == []
        # After a restart both load at the same time.
        for entry in (second, first):
            await hass.config_entries.async_unload(entry.entry_id)
        await asyncio.gather(*(hass.config_entries.async_setup(each.entry_id) for each in (second, first)))
        await settle(hass)
        assert list(first.runtime_data.chargers) == [DEVICE]
        assert list(second.runtime_data.chargers) == []


@pytest.mark.parametrize("version", [1, 2])
async def test_an_entry_of_the_predecessor(hass: HomeAssistant, cloud: V2CCloudSimulator, version: int) -> None:
    """Both of its shapes load as they are."""
    pairings = [{"deviceId": DEVICE, "tag": "Garage"}]
    data: dict[str, Any] = {"api_key": KEY, "base_url": cloud.base_url}
    data |= {"initial_pairings": pairings} if version == 1 else {"cached_pairings": pairings, "cloud_only": False}
    entry = await start(hass, data, version=version, unique_id=account_of(KEY), options={"local_update_interval": 20})
    assert entry.version == 2
    assert entry.runtime_data.chargers[DEVICE].interval == 20
    assert state(hass, "charge_power").state == "0"


async def test_an_entry_of_a_later_version_is_left_alone(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """What is not understood is not touched."""
    with pytest.raises(AssertionError, match="MIGRATION_ERROR"):
        await start(hass, {"api_key": KEY, "base_url": cloud.base_url}, version=4)
