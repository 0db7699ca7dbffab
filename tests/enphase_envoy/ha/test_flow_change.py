"""What can be changed later: credentials that are refused, another address, preferences."""

import time
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.enphase_jwt import make_token, new_key
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import (
    ACCOUNT,
    OTHER,
    SERIAL,
    Result,
    account_data,
    choose,
    data_of,
    go_on,
    known,
    loaded,
    settle,
    start,
)

YEAR = 31_536_000.0


async def asked(hass: HomeAssistant, entry: Any) -> Result:
    """Load an entry that is refused, and return the flow that it opens."""
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.SETUP_ERROR, entry.state
    return await opened(hass)


async def opened(hass: HomeAssistant) -> Result:
    """Return what the only flow that is open shows."""
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    return dict(await hass.config_entries.flow.async_configure(flow["flow_id"]))


async def reauth(hass: HomeAssistant, entry: Any) -> Result:
    """Ask for new credentials, whatever the old ones are worth."""
    entry.async_start_reauth(hass)
    await settle(hass)
    return await opened(hass)


async def reconfigure(hass: HomeAssistant, entry: Any, /, **given: Any) -> Result:
    """Change an entry."""
    context = {"source": "reconfigure", "entry_id": entry.entry_id}
    form = await hass.config_entries.flow.async_init(DOMAIN, context=context, data=None)
    assert (form["step_id"], form["errors"]) == ("reconfigure", {})
    host, new_access = form["data_schema"].schema
    assert (host.default(), new_access.default()) == (entry.data["host"], False)
    return await go_on(hass, form["flow_id"], **{"host": entry.data["host"], "new_access": False} | given)


def done(result: Result) -> str:
    """Return why a flow is over."""
    assert result["type"] == "abort", result
    return str(result["reason"])


# Reauth


async def test_a_token_by_hand_has_expired(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The gateway is not bothered with it, the cloud neither; a new one goes on with the same entry."""
    old = cloud.token(issued=time.time() - 2 * YEAR)
    entry = known(hass, data_of(sim, token=old, use_manual_token=True, more="kept"))
    flow = await choose(hass, await asked(hass, entry), "token")
    form = await go_on(hass, flow, token=old)
    assert form["errors"] == {"base": "token_expired"}
    form = await go_on(hass, flow, token=cloud.token(OTHER))
    assert form["errors"] == {"base": "token_foreign"}
    new = cloud.token()
    assert done(await go_on(hass, flow, token=new)) == "reauth_successful"
    await loaded(hass, entry)
    assert entry.data == {**data_of(sim), "token": new, "use_manual_token": True, "more": "kept"}
    assert not cloud.calls


async def test_the_password_of_the_account_was_changed(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """The cloud refuses it when a token is needed; the new one is asked for, the address is known."""
    cloud.options.password = "new one"
    entry = known(hass, account_data(sim, cloud, token=""))
    flow = await choose(hass, await asked(hass, entry), "account")
    assert (await go_on(hass, flow, **ACCOUNT))["errors"] == {"base": "invalid_auth"}
    assert done(await go_on(hass, flow, **ACCOUNT | {"password": "new one"})) == "reauth_successful"
    await loaded(hass, entry)
    assert entry.data["password"] == "new one"
    assert entry.data["token"] == cloud.issued[-1]


async def test_two_factors_from_now_on(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """A token by hand takes the place of the account, which is forgotten."""
    cloud.options.mfa = True
    entry = known(hass, account_data(sim, cloud, token=""))
    flow = await choose(hass, await asked(hass, entry), "account")
    form = await go_on(hass, flow, **ACCOUNT)
    assert (form["step_id"], form["errors"]) == ("token", {"base": "mfa_required"})
    assert done(await go_on(hass, flow, token=cloud.token())) == "reauth_successful"
    await loaded(hass, entry)
    assert (entry.data["username"], entry.data["password"], entry.data["use_manual_token"]) == ("", "", True)


async def test_the_form_knows_the_account(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Its e-mail address is there already; its password is not shown."""
    entry = await start(hass, account_data(sim, cloud))
    menu = await reauth(hass, entry)
    form = await go_on(hass, menu["flow_id"], next_step_id="account")
    name, password = form["data_schema"].schema
    assert name.default() == ACCOUNT["username"]
    assert not callable(password.default)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"serial": SERIAL, "host": sim.address}


async def test_old_firmware_gets_another_password(hass: HomeAssistant) -> None:
    """Its owner changed it: it is asked for, and nothing else."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", installer_password="new one") as sim:
        entry = known(hass, data_of(sim, username="installer"))
        form = await asked(hass, entry)
        assert form["step_id"] == "digest"
        assert (await go_on(hass, form["flow_id"], password="wrong"))["errors"] == {"base": "wrong_password"}
        assert done(await go_on(hass, form["flow_id"], password="new one")) == "reauth_successful"
        await loaded(hass, entry)
        assert (entry.data["username"], entry.data["password"]) == ("installer", "new one")


@pytest.mark.parametrize("password", ["", "old one"])
async def test_new_firmware_wants_a_token(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, password: str
) -> None:
    """After the update the password is worth nothing, and is not sent to the cloud; nothing else is lost."""
    sim.change(profile="5.0", installer_password=password or None)
    entry = await start(hass, data_of(sim, username="installer", password=password))
    await hass.config_entries.async_unload(entry.entry_id)
    sim.update_firmware("7.6")
    menu = await asked(hass, entry)
    assert not cloud.calls
    flow = await choose(hass, menu, "account")
    assert done(await go_on(hass, flow, **ACCOUNT)) == "reauth_successful"
    await loaded(hass, entry)
    assert entry.data == {**data_of(sim), **ACCOUNT, "token": cloud.issued[-1], "use_manual_token": False}


async def test_another_gateway_at_the_address(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """It is not asked for a way in."""
    entry = known(hass, account_data(sim, cloud))
    sim.replace_serial(OTHER)
    entry.async_start_reauth(hass)
    await settle(hass)
    assert not hass.config_entries.flow.async_progress()
    context = {"source": "reauth", "entry_id": entry.entry_id}
    assert done(dict(await hass.config_entries.flow.async_init(DOMAIN, context=context, data=entry.data))) == "other_unit"


async def test_the_gateway_is_away(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The form waits for it."""
    entry = known(hass, account_data(sim, cloud))
    await sim.stop()
    form = await reauth(hass, entry)
    assert (form["step_id"], form["errors"]) == ("reauth_confirm", {"base": "cannot_connect"})
    assert (await go_on(hass, form["flow_id"]))["errors"] == {"base": "cannot_connect"}
    await sim.start()
    flow = await choose(hass, await go_on(hass, form["flow_id"]), "token")
    assert done(await go_on(hass, flow, token=cloud.token())) == "reauth_successful"
    await loaded(hass, entry)


async def test_no_token_for_another_certificate(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, issue_registry: ir.IssueRegistry
) -> None:
    """First the user says that it is the same gateway; the repair for that is there."""
    entry = await start(hass, account_data(sim, cloud))
    sim.new_certificate()
    form = await reauth(hass, entry)
    assert (form["step_id"], form["errors"]) == ("reauth_confirm", {"base": "certificate_changed"})
    assert issue_registry.async_get_issue(DOMAIN, f"certificate_changed_{entry.entry_id}")


# Reconfigure


async def test_a_new_address(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """What opened the gateway there opens it here: nothing more is asked, and the cloud not at all."""
    entry = await start(hass, account_data(sim, cloud), title="Roof")
    before = dict(entry.data)
    await sim.stop()
    sim.server.port = 0
    await sim.start()
    assert done(await reconfigure(hass, entry, host=f" https://{sim.address}/ ")) == "reconfigure_successful"
    await loaded(hass, entry)
    assert entry.data == before | {"host": sim.address}
    assert (entry.title, entry.unique_id) == ("Roof", SERIAL)
    assert not cloud.calls


async def test_an_old_token_is_replaced_on_the_way(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """The account is known: nobody has to be asked."""
    entry = known(hass, account_data(sim, cloud, token=cloud.token(issued=time.time() - 2 * YEAR), host="127.0.0.1:1"))
    assert done(await reconfigure(hass, entry, host=sim.address)) == "reconfigure_successful"
    await loaded(hass, entry)
    assert entry.data["token"] == cloud.issued[-1]
    assert cloud.logins == 1


async def test_what_no_longer_opens_is_asked_for(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """A token that the gateway refuses leads to the menu."""
    entry = known(hass, data_of(sim, token=make_token(new_key(), serial=SERIAL), use_manual_token=True))
    menu = await reconfigure(hass, entry)
    assert menu["step_id"] == "access"
    flow = await choose(hass, menu, "account")
    assert done(await go_on(hass, flow, **ACCOUNT)) == "reconfigure_successful"
    await loaded(hass, entry)
    assert entry.data["use_manual_token"] is False


async def test_a_token_is_replaced_before_it_expires(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """The present one is still good; whoever wants another says so."""
    entry = await start(hass, account_data(sim, cloud))
    flow = await choose(hass, await reconfigure(hass, entry, new_access=True), "token")
    new = cloud.token()
    assert done(await go_on(hass, flow, token=new)) == "reconfigure_successful"
    await loaded(hass, entry)
    assert entry.data == {**data_of(sim), "token": new, "use_manual_token": True}


async def test_old_firmware_at_a_new_address(hass: HomeAssistant) -> None:
    """The password is tried again; another one can be entered."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", installer_password="own") as sim:
        entry = known(hass, data_of(sim, password="own", host="127.0.0.1:1"))
        assert done(await reconfigure(hass, entry, host=sim.address)) == "reconfigure_successful"
        await loaded(hass, entry)
        form = await reconfigure(hass, entry, new_access=True)
        assert (form["step_id"], form["errors"]) == ("digest", {})
        assert done(await go_on(hass, form["flow_id"], password="own")) == "reconfigure_successful"
        await loaded(hass, entry)


async def test_the_new_address_is_somebody_else(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Nothing changes, and the form stays open for the right one."""
    entry = known(hass, account_data(sim, cloud, host="127.0.0.1:1"))
    async with EnvoySimulator(serial=OTHER) as other:
        form = await reconfigure(hass, entry, host=other.address)
        assert (form["step_id"], form["errors"]) == ("reconfigure", {"base": "other_unit"})
    form = await go_on(hass, form["flow_id"], host=other.address, new_access=False)
    assert form["errors"] == {"base": "cannot_connect"}
    sim.fail("/auth/check_jwt", "503")
    form = await go_on(hass, form["flow_id"], host=sim.address, new_access=False)
    assert form["errors"] == {"base": "gateway_busy"}
    sim.heal()
    assert entry.data["host"] == "127.0.0.1:1"
    assert done(await go_on(hass, form["flow_id"], host=sim.address, new_access=False)) == "reconfigure_successful"
    await loaded(hass, entry)


async def test_another_certificate_at_the_new_address(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, issue_registry: ir.IssueRegistry
) -> None:
    """It gets no token before the user has said that it may."""
    entry = await start(hass, account_data(sim, cloud))
    sim.new_certificate()
    sim.forget()
    form = await reconfigure(hass, entry)
    assert form["errors"] == {"base": "certificate_changed"}
    assert all(each.credentials == "none" for each in sim.requests)
    assert issue_registry.async_get_issue(DOMAIN, f"certificate_changed_{entry.entry_id}")


async def test_an_entry_without_serial_number_gets_one(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """Whoever answers is taken for the one that is meant."""
    entry = known(hass, account_data(sim, cloud), unique_id=None)
    assert done(await reconfigure(hass, entry)) == "reconfigure_successful"
    await loaded(hass, entry)
    assert entry.unique_id == SERIAL


# Options


async def preferences(hass: HomeAssistant, entry: Any, /, **given: Any) -> None:
    """Change options, each of which was shown as it is."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert form["step_id"] == "init"
    shown = {each.schema: each.default() for each in form["data_schema"].schema}
    usual = {"scan_interval": 5, "phases": "auto", "inverter_details": "auto", "diagnostics_include_fixtures": False}
    assert shown == usual | {key: value for key, value in entry.options.items() if key in shown}
    result = await hass.config_entries.options.async_configure(form["flow_id"], shown | given)
    assert result["type"] == "create_entry"
    await settle(hass)


async def test_options(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The interval applies at once, another kind of site with a reload; what core had stored stays."""
    entry = await start(hass, account_data(sim, cloud), options={"disable_keep_alive": True})
    first = entry.runtime_data
    await preferences(hass, entry, scan_interval=60, diagnostics_include_fixtures=True)
    assert entry.runtime_data is first
    assert (first.interval, first.device.pace) == (60, 60)
    await preferences(hass, entry, phases="three")
    assert entry.runtime_data is not first
    assert (entry.runtime_data.interval, entry.runtime_data.device.phases) == (60, 3)
    assert entry.options == {
        "disable_keep_alive": True,
        "scan_interval": 60,
        "phases": "three",
        "inverter_details": "auto",
        "diagnostics_include_fixtures": True,
    }


async def test_options_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """They count from the next start."""
    entry = known(hass, account_data(sim, cloud))
    await preferences(hass, entry, scan_interval=300)
    assert entry.options["scan_interval"] == 300
