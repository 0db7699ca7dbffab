"""Entries as others write them: used when what is needed is there, else refused in words; nothing of them is lost."""

from copy import deepcopy
import re
from typing import Any, Final

from homeassistant.components.button import DOMAIN as BUTTON
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.enphase_envoy.config_flow import EnvoyConfigFlow
from custom_components.enphase_envoy.const import DOMAIN
from custom_components.enphase_envoy.migrate import GUIDE, GUIDE_CUSTOM, VERSION
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import ACCOUNT, SERIAL, choose, data_of, go_on, known, loaded, start
from tests.enphase_envoy.ha.rig import state
from tests.source_tree import ROOT

# What the flow of Home Assistant's own integration writes, beside address and token: the same from 2026.9 to 2026.11.
OWN: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "an account": ({**ACCOUNT, "use_manual_token": False}, {}),
    "a token made by hand": ({"username": "", "password": "", "use_manual_token": True}, {}),
    "of years ago": ({**ACCOUNT}, {"disable_keep_alive": True, "diagnostics_include_fixtures": False}),
}
STRANGE: Final[dict[str, dict[str, Any]]] = {
    "nothing at all": {},
    "no address": {**ACCOUNT, "name": "Envoy"},
    "an empty address": {**ACCOUNT, "host": ""},
    "an address of another kind": {**ACCOUNT, "host": ["192.168.1.50", 443]},
    "an address that is empty inside": {**ACCOUNT, "host": {}},
    "a token of another kind": {**ACCOUNT, "host": "127.0.0.1:9", "token": {"access": "eyJ"}},
    "an account of another kind": {"host": "127.0.0.1:9", "username": 7, "password": ["x"]},
}


def issue(hass: HomeAssistant, kind: str, entry: Any) -> ir.IssueEntry | None:
    """Return a repair of an entry."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{kind}_{entry.entry_id}")


@pytest.mark.parametrize("kind", OWN)
async def test_home_assistants_own(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str) -> None:
    """Used as it is, with its token, without asking the cloud; and so it stays."""
    access, options = OWN[kind]
    data = data_of(sim, token=cloud.token()) | access
    entry = await start(hass, deepcopy(data), options=options)
    assert state(hass, "production").state not in ("unknown", "unavailable")
    assert dict(entry.data) == data
    assert (entry.version, entry.minor_version, dict(entry.options)) == (1, 1, options)
    assert not cloud.calls


async def test_home_assistants_own_is_told_of_once(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """All entities are named as kept; the next start has nothing to say; removal leaves nothing."""
    entry = known(hass, data_of(sim, token=cloud.token()) | ACCOUNT)
    for key in ("production", "daily_production"):
        er.async_get(hass).async_get_or_create(
            "sensor", DOMAIN, f"{SERIAL}_{key}", config_entry=entry, has_entity_name=True, translation_key=key
        )
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    told = issue(hass, "taken_over", entry)
    assert told is not None
    assert told.translation_key == "taken_over"
    assert told.translation_placeholders == {"title": entry.title, "origin": "Home Assistant", "kept": "2"}
    ir.async_delete_issue(hass, DOMAIN, told.issue_id)
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert issue(hass, "taken_over", entry) is None

    # As if we had never been here.
    rescan = er.async_get(hass).async_get_entity_id(BUTTON, DOMAIN, f"{SERIAL}_rescan")
    await hass.config_entries.async_unload(entry.entry_id)
    er.async_get(hass).async_remove(rescan or "")
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    assert issue(hass, "taken_over", entry) is not None
    await hass.config_entries.async_remove(entry.entry_id)
    assert not [each for each in ir.async_get(hass).issues.values() if each.domain == DOMAIN]


async def test_an_attempt_that_failed_is_no_life(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The gateway is off at first: nothing is renamed, nothing is said; both come when it answers."""
    entry = known(hass, {**ACCOUNT, "host": "127.0.0.1:9", "name": "Envoy", "serial": SERIAL})
    registry = er.async_get(hass)
    registry.async_get_or_create("sensor", DOMAIN, f"{SERIAL}_voltage", config_entry=entry, suggested_object_id="volt")
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert registry.async_get_entity_id("sensor", DOMAIN, f"{SERIAL}_voltage") == "sensor.volt"
    assert issue(hass, "taken_over", entry) is None
    hass.config_entries.async_update_entry(entry, data={**entry.data, "host": sim.address})
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert registry.async_get_entity_id("sensor", DOMAIN, f"{SERIAL}_voltage_before1") == "sensor.volt"
    assert issue(hass, "taken_over", entry) is not None


@pytest.mark.parametrize("kind", STRANGE)
async def test_a_strange_shape_is_refused(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, cloud: EnphaseCloudSimulator, kind: str
) -> None:
    """In words, with a repair that says what to do; entry and entities are left alone, and it can be deleted."""
    entry = known(hass, {"name": "Envoy"} | STRANGE[kind], unique_id=None)
    hass.config_entries.async_update_entry(entry, data=STRANGE[kind])
    er.async_get(hass).async_get_or_create("sensor", DOMAIN, f"{SERIAL}_voltage", config_entry=entry)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.state, entry.error_reason_translation_key) == (ConfigEntryState.SETUP_ERROR, "entry_refused")
    assert entry.data == STRANGE[kind]
    assert er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{SERIAL}_voltage") is not None
    told = issue(hass, "entry_refused", entry)
    assert told is not None
    assert not told.is_fixable
    # Home Assistant logs our refusal with where it comes from; nothing else went wrong.
    assert {type(each.exc_info[1]) for each in caplog.records if each.exc_info} <= {ConfigEntryError}
    assert not cloud.calls
    await hass.config_entries.async_remove(entry.entry_id)
    assert issue(hass, "entry_refused", entry) is None


@pytest.mark.parametrize("kind", STRANGE)
async def test_a_refused_entry_can_be_put_right(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str
) -> None:
    """By giving it an address, and an account: it is the same entry, and it loads."""
    entry = known(hass, {"name": "Envoy"} | STRANGE[kind], unique_id=None)
    hass.config_entries.async_update_entry(entry, data=STRANGE[kind])
    assert not await hass.config_entries.async_setup(entry.entry_id)
    form = await entry.start_reconfigure_flow(hass)
    assert (form["type"], form["errors"]) == ("form", {})
    menu = await go_on(hass, form["flow_id"], host=sim.address, new_access=False)
    done = await go_on(hass, await choose(hass, menu, "account"), **ACCOUNT)
    assert (done["type"], done["reason"]) == ("abort", "reconfigure_successful")
    await loaded(hass, entry)
    assert issue(hass, "entry_refused", entry) is None


async def test_strange_options_are_refused(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """An interval that is no number would not even be a time; put right, the entry loads and the repair goes away."""
    entry = known(hass, data_of(sim, token=cloud.token()) | ACCOUNT, options={"scan_interval": "often", "other": [1]})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert issue(hass, "entry_refused", entry) is not None
    hass.config_entries.async_update_entry(entry, options={"other": [1]})
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert issue(hass, "entry_refused", entry) is None


async def test_a_higher_minor_version_is_used(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """By Home Assistant's rule it is compatible; nothing of it is changed."""
    data = data_of(sim, token=cloud.token(), later="?") | ACCOUNT
    entry = await start(hass, data, minor_version=7)
    assert (entry.version, entry.minor_version, entry.data["later"]) == (1, 7, "?")


async def test_a_higher_version_is_refused(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Home Assistant does not ask us; the repair is what the user gets."""
    assert VERSION == EnvoyConfigFlow.VERSION == 1
    data = data_of(sim, token=cloud.token()) | ACCOUNT
    entry = known(hass, dict(data), version=2)
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert (entry.state, entry.data, entry.version) == (ConfigEntryState.MIGRATION_ERROR, data, 2)
    assert issue(hass, "entry_newer", entry) is not None
    assert not sim.requests
    await hass.config_entries.async_remove(entry.entry_id)
    assert issue(hass, "entry_newer", entry) is None


def test_the_page_that_repairs_point_to() -> None:
    """Has that heading: whoever clicks on it lands where it is explained."""
    for guide in (GUIDE, GUIDE_CUSTOM):
        page, anchor = guide.partition("/blob/main/")[2].split("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
