"""Entries as others write them: used when they lead to a charger, else refused in words; and the take-over is told of."""

from copy import deepcopy
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.v2c_cloud.config_flow import V2CConfigFlow
from custom_components.v2c_cloud.const import DOMAIN
from custom_components.v2c_cloud.migrate import GUIDE, NEWEST, PREDECESSOR, VERSION
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.source_tree import ROOT
from tests.v2c_cloud.ha.house import DEVICE, KEY, add_local, charger, loaded, settle, start
from tests.v2c_cloud.ha.test_setup import reconfigure

STRANGE: Final[dict[str, dict[str, Any]]] = {
    "nothing at all": {},
    "somebody else's": {"host": "192.168.1.9", "token": "abc"},
    "a key of another kind": {"api_key": {"key": KEY}},
    "chargers of another kind": {"api_key": KEY, "cached_pairings": "SIMV2C"},
    "addresses in a list": {"manual_ips": ["127.0.0.1"]},
    "an address of another kind": {"manual_ips": {DEVICE: 7}},
    "empty": {"api_key": "", "cached_pairings": [], "manual_ips": {}},
}


def old(hass: HomeAssistant, data: dict[str, Any], **more: Any) -> MockConfigEntry:
    """Leave an entry, without loading it."""
    given = {"domain": DOMAIN, "title": "V2C Cloud", "version": 2, "data": deepcopy(data), "unique_id": "f" * 64, **more}
    entry = MockConfigEntry(**given)
    entry.add_to_hass(hass)
    return entry


def issue(hass: HomeAssistant, kind: str, entry: Any) -> ir.IssueEntry | None:
    """Return a repair of an entry."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{kind}_{entry.entry_id}")


@pytest.mark.parametrize("version", [1, 2])
async def test_what_the_predecessor_needs_stays(
    hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator, version: int
) -> None:
    """Both its versions load; all keys that its last release reads are where it put them, unknown ones too."""
    pairings = "initial_pairings" if version == 1 else "cached_pairings"
    data = {"api_key": KEY, "base_url": cloud.base_url, pairings: [{"deviceId": DEVICE, "tag": "Garage"}], "later": {"a": 1}}
    entry = old(hass, data, version=version, options={"local_update_interval": 20, "later": True})
    await hass.config_entries.async_setup(entry.entry_id)
    assert charger(await loaded(hass, entry)).name == "Garage"
    assert (entry.version, entry.unique_id) == (2, "f" * 64)
    assert entry.data["api_key"] == KEY
    assert [each["deviceId"] for each in entry.data["cached_pairings"]] == [DEVICE]
    assert (entry.data["later"], entry.options) == ({"a": 1}, {"local_update_interval": 20, "later": True})


async def test_an_entry_of_the_version_that_was_tried(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """Without an account: its charger is read on the local network, and the entry stays what it is, over restarts too."""
    data = {
        "api_key": "",
        "cloud_only": False,
        "lan_only": True,
        "manual_ips": {DEVICE: sim.address},
        "cached_pairings": [{"deviceId": DEVICE, "ip": sim.address}],
    }
    entry = old(hass, data, version=3, unique_id=DEVICE)
    await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(2):
        assert charger(await loaded(hass, entry)).device.lan is not None
        assert (entry.version, dict(entry.data)) == (3, data)
        await hass.config_entries.async_reload(entry.entry_id)


async def test_a_new_entry_can_be_loaded_there(hass: HomeAssistant, sim: TrydanSimulator) -> None:
    """What we write has the version that all of its releases read."""
    assert (await add_local(hass, sim)).version == 2


async def test_a_take_over_is_told_of_once(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> None:
    """With the number of entities; read, it is gone, and the next start has nothing to say."""
    entry = old(hass, {"api_key": KEY, "base_url": cloud.base_url, "cached_pairings": [{"deviceId": DEVICE}]})
    for key in ("charge_state", "charge_power", "house_power"):
        er.async_get(hass).async_get_or_create("sensor", DOMAIN, f"v2c_{DEVICE}_{key}", config_entry=entry)
    assert await async_setup_component(hass, "repairs", {})
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    told = issue(hass, "taken_over", entry)
    assert told is not None
    assert told.translation_placeholders == {"title": "V2C Cloud", "origin": PREDECESSOR, "kept": "3"}
    repairs = hass.data["repairs"]["flow_manager"]
    flow = await repairs.async_init(DOMAIN, data={"issue_id": told.issue_id})
    assert flow["step_id"] == "confirm"
    assert (await repairs.async_configure(flow["flow_id"], {}))["type"] == "create_entry"
    assert issue(hass, "taken_over", entry) is None
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert issue(hass, "taken_over", entry) is None


async def test_a_new_entry_is_no_take_over(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> None:
    """An entry that has never had an entity was made here."""
    entry = await start(hass, {"api_key": KEY, "base_url": cloud.base_url})
    assert issue(hass, "taken_over", entry) is None


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("kind", STRANGE)
async def test_a_strange_shape_is_refused(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, cloud: V2CCloudSimulator, kind: str, version: int
) -> None:
    """In words, with a repair; the entry is left alone, can be deleted, and does not disturb a good one."""
    entry = old(hass, STRANGE[kind], version=version)
    await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.state, entry.error_reason_translation_key) == (ConfigEntryState.SETUP_ERROR, "entry_refused")
    assert entry.data == STRANGE[kind]
    told = issue(hass, "entry_refused", entry)
    assert told is not None
    assert not told.is_fixable
    assert not cloud.calls

    good = old(hass, {"api_key": KEY, "base_url": cloud.base_url, "cached_pairings": [{"deviceId": DEVICE}]}, unique_id="g")
    await hass.config_entries.async_setup(good.entry_id)
    await loaded(hass, good)
    # Home Assistant logs our refusal with where it comes from; nothing else went wrong.
    assert {type(each.exc_info[1]) for each in caplog.records if each.exc_info} <= {ConfigEntryError}
    await hass.config_entries.async_remove(entry.entry_id)
    assert issue(hass, "entry_refused", entry) is None


@pytest.mark.parametrize("kind", sorted(STRANGE.keys() - {"addresses in a list", "an address of another kind"}))
async def test_a_refused_entry_can_be_put_right(
    hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator, kind: str
) -> None:
    """By giving it a key: it is the same entry, and it loads; what it had besides stays."""
    entry = old(hass, STRANGE[kind])
    await hass.config_entries.async_setup(entry.entry_id)
    flow = await reconfigure(hass, entry, "reconfigure_cloud")
    given = {"api_key": KEY, "advanced": {"base_url": cloud.base_url}}
    done = await hass.config_entries.flow.async_configure(flow, given)
    assert (done["type"], done["reason"]) == ("abort", "reconfigure_successful")
    await loaded(hass, entry)
    assert issue(hass, "entry_refused", entry) is None
    assert entry.data.keys() >= STRANGE[kind].keys()


async def test_strange_options_are_refused(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> None:
    """Put right, the entry loads and the repair goes away."""
    entry = old(hass, {"api_key": KEY, "base_url": cloud.base_url}, options={"local_update_interval": "often"})
    await hass.config_entries.async_setup(entry.entry_id)
    assert issue(hass, "entry_refused", entry) is not None
    hass.config_entries.async_update_entry(entry, options={})
    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert issue(hass, "entry_refused", entry) is None


async def test_a_higher_version_is_refused(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator) -> None:
    """Home Assistant does not ask us; the repair is what the user gets. Deleting the entry ends it."""
    assert (VERSION, V2CConfigFlow().VERSION, NEWEST, V2CConfigFlow.VERSION) == (2, 2, 3, 3)
    data = {"api_key": KEY, "base_url": cloud.base_url}
    entry = old(hass, data, version=4)
    assert await async_setup_component(hass, DOMAIN, {})
    await settle(hass)
    assert (entry.state, entry.data, entry.version) == (ConfigEntryState.MIGRATION_ERROR, data, 4)
    assert issue(hass, "entry_newer", entry) is not None
    assert not cloud.calls
    await hass.config_entries.async_remove(entry.entry_id)
    assert issue(hass, "entry_newer", entry) is None


def test_the_page_that_repairs_point_to() -> None:
    """Has that heading: whoever clicks on it lands where it is explained."""
    for guide in (GUIDE,):
        page, anchor = guide.partition("/blob/main/")[2].split("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}
