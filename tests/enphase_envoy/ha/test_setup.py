"""The start of an entry: what core left loads as it is, the cloud is not bothered, and what stands in the way is said."""

import time
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.enphase_envoy import async_remove_config_entry_device, connect, issues
from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.enphase_jwt import make_token, new_key
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import OTHER, SERIAL, account_data, data_of, known, loaded, settle, start

DAY = 86400.0
YEAR = 365 * DAY


async def refused(hass: HomeAssistant, entry: Any) -> str | None:
    """Try to load an entry, and return the key of the reason why it is not loaded."""
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is not ConfigEntryState.LOADED
    return str(entry.error_reason_translation_key)


async def test_an_entry_of_core_with_an_account(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """It is used as it is, without a word to the cloud, and nothing of it changes."""
    data = account_data(sim, cloud)
    del data["use_manual_token"]
    entry = await start(hass, dict(data), options={"disable_keep_alive": True})
    assert (entry.version, entry.minor_version, entry.unique_id) == (1, 1, SERIAL)
    assert dict(entry.data) == data
    assert not cloud.calls
    assert not entry.runtime_data.keeper.manual


async def test_an_entry_of_core_with_a_token(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Core keeps neither user nor password with it."""
    data = {"host": sim.address, "name": "Envoy", "token": cloud.token(), "use_manual_token": True}
    entry = await start(hass, dict(data))
    assert entry.runtime_data.keeper.manual
    assert dict(entry.data) == data


async def test_an_entry_of_core_for_old_firmware(hass: HomeAssistant) -> None:
    """The user installer, and no password: it is computed."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", inverters=2) as sim:
        entry = await start(hass, data_of(sim, username="installer"))
        assert entry.runtime_data.keeper is None


@pytest.mark.parametrize("outage", ["refuse", 503, "html"])
async def test_the_cloud_is_down_at_the_start(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, outage: Any
) -> None:
    """A token that is good is all that is needed."""
    cloud.outage = outage
    entry = await start(hass, account_data(sim, cloud))
    assert not cloud.calls
    assert dict(entry.data)["token"]


async def test_an_expired_token_is_replaced_at_the_start(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """Once, and it is stored where core looks for it."""
    entry = await start(hass, account_data(sim, cloud, token=cloud.token(issued=time.time() - 2 * YEAR)))
    assert cloud.logins == 1
    assert entry.data["token"] == cloud.issued[-1]


async def test_a_refused_token_is_replaced_at_the_start(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """The gateway was reset, and knows none of the old ones."""
    entry = await start(hass, account_data(sim, cloud, token=make_token(new_key(), serial=SERIAL)))
    assert cloud.logins == 1
    assert entry.data["token"] == cloud.issued[-1]


async def test_a_refused_token_and_no_cloud(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The cloud is asked once, however often the entry is tried again."""
    cloud.outage = 503
    entry = known(hass, account_data(sim, cloud, token=make_token(new_key(), serial=SERIAL)))
    for reason in ("cloud_unavailable", "token_renewal_paused", "token_renewal_paused"):
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        assert (entry.state, entry.error_reason_translation_key) == (ConfigEntryState.SETUP_RETRY, reason)
    assert cloud.logins == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"token": "", "use_manual_token": True}, "token_missing"),
        ({"token": "nonsense", "use_manual_token": True}, "token_missing"),
        ({"token": make_token(new_key(), serial=SERIAL), "use_manual_token": True}, "token_refused"),
        ({"token": make_token(new_key(), serial=SERIAL, issued=time.time() - 2 * YEAR), "username": ""}, "token_expired"),
        ({"token": "", "password": "wrong"}, "invalid_auth"),
    ],
)
async def test_what_only_the_user_can_mend(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, data: dict[str, Any], reason: str
) -> None:
    """The entry is not loaded, and asks."""
    entry = known(hass, account_data(sim, cloud, **data))
    assert await refused(hass, entry) == reason
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"


@pytest.mark.parametrize(
    ("outage", "reason"),
    [("refuse", "cloud_unreachable"), (503, "cloud_unavailable"), ("html", "cloud_answer"), (404, "cloud_changed")],
)
async def test_no_token_and_no_cloud(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, outage: Any, reason: str
) -> None:
    """That is nobody's fault: the entry waits for the cloud, one attempt at a time."""
    cloud.outage = outage
    entry = known(hass, account_data(sim, cloud, token=""))
    assert await refused(hass, entry) == reason
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert not hass.config_entries.flow.async_progress()
    before = len(cloud.calls)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.error_reason_translation_key == "token_renewal_paused"
    assert len(cloud.calls) == before <= 1


@pytest.mark.parametrize(
    ("kind", "reason"), [("503", "gateway_busy"), ("500", "gateway_busy"), ("html", "not_envoy"), ("null", "not_envoy")]
)
async def test_what_time_mends(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str, reason: str
) -> None:
    """The entry is tried again, nobody is asked for credentials, and it loads when the gateway is itself again."""
    sim.fail("*", kind)
    entry = known(hass, account_data(sim, cloud))
    assert await refused(hass, entry) == reason
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert not hass.config_entries.flow.async_progress()
    sim.heal()
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)


async def test_nobody_answers(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The gateway is off."""
    entry = known(hass, account_data(sim, cloud))
    await sim.stop()
    assert await refused(hass, entry) == "cannot_connect"
    assert entry.state is ConfigEntryState.SETUP_RETRY
    await sim.start()


async def test_another_gateway_at_the_address(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Its values are not ours, and it is sent nothing."""
    entry = known(hass, account_data(sim, cloud))
    sim.replace_serial(OTHER)
    assert await refused(hass, entry) == "other_unit"
    assert all(each.credentials == "none" for each in sim.requests)


async def test_an_entry_without_serial_number_gets_one(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """From the gateway itself."""
    entry = await start(hass, account_data(sim, cloud), unique_id=None)
    assert entry.unique_id == SERIAL


# Repairs


async def test_another_certificate(
    hass: HomeAssistant,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    issue_registry: ir.IssueRegistry,
    hass_client: ClientSessionGenerator,
) -> None:
    """The token stays here until the user has said that it is still the same gateway."""
    assert await async_setup_component(hass, REPAIRS, {})
    entry = await start(hass, account_data(sim, cloud))
    await hass.config_entries.async_unload(entry.entry_id)
    sim.new_certificate()
    sim.forget()
    assert await refused(hass, entry) == "certificate_changed"
    assert all(each.credentials == "none" for each in sim.requests)
    issue = f"certificate_changed_{entry.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, issue)

    client = await hass_client()
    begun = await (await client.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue})).json()
    assert (begun["step_id"], begun["description_placeholders"]) == ("confirm", {"title": entry.title})
    ended = await (await client.post(f"/api/repairs/issues/fix/{begun['flow_id']}", json={})).json()
    assert ended["type"] == "create_entry"
    await loaded(hass, entry)
    assert entry.runtime_data.pin == sim.fingerprint
    assert issue_registry.async_get_issue(DOMAIN, issue) is None


async def test_a_repair_that_comes_too_late(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, hass_client: ClientSessionGenerator
) -> None:
    """The entry was deleted while the question was open."""
    assert await async_setup_component(hass, REPAIRS, {})
    entry = await start(hass, account_data(sim, cloud))
    issues.certificate_changed(hass, entry)
    client = await hass_client()
    about = {"handler": DOMAIN, "issue_id": f"certificate_changed_{entry.entry_id}"}
    begun = await (await client.post("/api/repairs/issues/fix", json=about)).json()
    await hass.config_entries.async_remove(entry.entry_id)
    ended = await (await client.post(f"/api/repairs/issues/fix/{begun['flow_id']}", json={})).json()
    assert ended["type"] == "create_entry"


@pytest.mark.parametrize("kept", [None, [], {"pin": "zz", "device": [], "token": 5, "acb_band": "1-2"}, {"pin": "00"}])
async def test_a_memory_that_makes_no_sense(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, hass_storage: dict[str, Any], kept: Any
) -> None:
    """It counts for nothing; the certificate is learnt anew."""
    entry = known(hass, account_data(sim, cloud))
    key = f"{DOMAIN}.{entry.entry_id}"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": kept}
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    assert entry.runtime_data.pin == sim.fingerprint


async def test_the_old_certificate_is_back(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, issue_registry: ir.IssueRegistry
) -> None:
    """Somebody else had the address for a while: there is nothing to repair any more."""
    entry = await start(hass, account_data(sim, cloud))
    await hass.config_entries.async_unload(entry.entry_id)
    async with EnvoySimulator(serial=SERIAL, port=0) as stranger:
        hass.config_entries.async_update_entry(entry, data={**entry.data, "host": stranger.address})
        assert await refused(hass, entry) == "certificate_changed"
    hass.config_entries.async_update_entry(entry, data={**entry.data, "host": sim.address})
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert issue_registry.async_get_issue(DOMAIN, f"certificate_changed_{entry.entry_id}") is None


@pytest.mark.parametrize(("left", "stage"), [(40, None), (20, 30), (5, 7), (0.5, 1)])
async def test_a_token_by_hand_ends_soon(
    hass: HomeAssistant,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    issue_registry: ir.IssueRegistry,
    left: float,
    stage: int | None,
) -> None:
    """It is spoken of a month, a week and a day before, each time anew; a new one ends it."""
    token = cloud.token(issued=time.time() + (left * DAY) - YEAR, lifetime=YEAR)
    entry = await start(hass, data_of(sim, token=token, use_manual_token=True))
    mine = {key for domain, key in issue_registry.issues if domain == DOMAIN}
    assert mine == ({f"token_expiry_{stage}_{entry.entry_id}"} if stage else set())
    data = {**entry.data, "token": cloud.token()}
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert not [key for domain, key in issue_registry.issues if domain == DOMAIN]


async def test_a_token_of_an_account_ends_soon(
    hass: HomeAssistant,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    issue_registry: ir.IssueRegistry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody is bothered: another is fetched, once the start is over."""
    monkeypatch.setattr(connect, "PATIENCE", 0.0)
    token = cloud.token(issued=time.time() + 20 * DAY - YEAR, lifetime=YEAR)
    entry = await start(hass, account_data(sim, cloud, token=token))
    assert entry.data["token"] == cloud.issued[-1]
    assert not [key for domain, key in issue_registry.issues if domain == DOMAIN]


@pytest.mark.parametrize(("offset", "minutes"), [(0.0, None), (200.0, None), (-1800.0, "30"), (3600.0, "60")])
async def test_a_clock_that_is_wrong(
    hass: HomeAssistant,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    issue_registry: ir.IssueRegistry,
    offset: float,
    minutes: str | None,
) -> None:
    """Tokens fail by it, and nobody would guess why."""
    sim.change(clock_offset=offset)
    entry = await start(hass, account_data(sim, cloud))
    issue = issue_registry.async_get_issue(DOMAIN, f"clock_skew_{entry.entry_id}")
    assert (issue.translation_placeholders if issue else None) == (
        {"title": entry.title, "minutes": minutes} if minutes else None
    )


# The end


async def test_nothing_is_left_behind(
    hass: HomeAssistant,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    issue_registry: ir.IssueRegistry,
    hass_storage: dict[str, Any],
) -> None:
    """Neither memory nor repairs."""
    sim.change(clock_offset=3600.0)
    entry = await start(hass, account_data(sim, cloud))
    await hass.config_entries.async_unload(entry.entry_id)
    assert f"{DOMAIN}.{entry.entry_id}" in hass_storage
    assert cloud.options.password not in str(hass_storage[f"{DOMAIN}.{entry.entry_id}"])
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage
    assert not [key for domain, key in issue_registry.issues if domain == DOMAIN]


async def test_only_what_is_gone_can_be_removed(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, device_registry: dr.DeviceRegistry
) -> None:
    """An inverter that was taken down; not the gateway."""
    entry = await start(hass, account_data(sim, cloud))
    gateway = device_registry.async_get_device_by_identifier((DOMAIN, SERIAL), entry.entry_id)
    assert gateway is not None
    gone = device_registry.async_get_or_create(config_entry_id=entry.entry_id, identifiers={(DOMAIN, "482000009999")})
    assert await async_remove_config_entry_device(hass, entry, gone)
    assert not await async_remove_config_entry_device(hass, entry, gateway)
