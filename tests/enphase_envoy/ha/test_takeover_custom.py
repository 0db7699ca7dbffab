"""From the two custom integrations of this domain to ours: what means the same goes on, what does not steps aside."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.enphase_envoy.const import DOMAIN
from custom_components.enphase_envoy.migrate import CUSTOM, INSTALLER
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import ACCOUNT, SERIAL, known, loaded, settle
from tests.enphase_envoy.ha.rig import poll
from tests.enphase_envoy.oracle import load, use_core, use_ours

INVERTER: Final = "482000000001"
BATTERY: Final = "122000000101"
# What the two write, and nothing else of theirs.
ENTRY: Final[dict[str, dict[str, Any]]] = {
    INSTALLER: {**ACCOUNT, "serial": SERIAL, "name": f"Envoy {SERIAL}", "token_source": "cloud"},
    CUSTOM: {**ACCOUNT, "serial": SERIAL, "name": f"Envoy {SERIAL}", "use_enlighten": True},
}
# Ids before, by platform, and after; None stays as it is.
IDS: Final[dict[str, dict[tuple[str, str], str | None]]] = {
    INSTALLER: {
        ("sensor", f"{SERIAL}_production"): None,
        ("sensor", f"{SERIAL}_lifetime_production"): None,
        ("sensor", f"{SERIAL}_daily_consumption"): None,
        ("sensor", f"{SERIAL}_lifetime_net_production"): None,
        ("sensor", f"{SERIAL}_production_l1"): None,
        ("sensor", f"{SERIAL}_lifetime_net_consumption"): f"{SERIAL}_lifetime_net_consumption_before1",
        ("sensor", f"{SERIAL}_voltage"): f"{SERIAL}_voltage_before1",
        ("sensor", f"{SERIAL}_frequency_l1"): f"{SERIAL}_frequency_l1_before1",
        ("sensor", f"{SERIAL}_daily_net_consumption"): f"{SERIAL}_daily_net_consumption_before1",
        ("sensor", f"{SERIAL}_envoy_software"): f"{SERIAL}_firmware",
        ("sensor", f"{SERIAL}_agg_batteries_soc"): f"{SERIAL}_battery_level",
        ("sensor", f"{SERIAL}_agg_batteries_power"): f"{SERIAL}_battery_power",
        ("sensor", f"{SERIAL}_lifetime_batteries_charged_l1"): f"{SERIAL}_lifetime_battery_charged_l1",
        ("sensor", f"{SERIAL}_ampere"): None,
        ("sensor", f"{SERIAL}_grid_profile"): None,
        ("sensor", f"{INVERTER}_inverter_data_watts"): INVERTER,
        ("sensor", f"{INVERTER}_inverter_data_watts_max"): f"{INVERTER}_max_reported",
        ("sensor", f"{INVERTER}_inverter_data_last_reading"): f"{INVERTER}_last_reported",
        ("sensor", f"{INVERTER}_inverter_data_conversion_error"): None,
        ("binary_sensor", f"{INVERTER}_inverter_info_communicating"): f"{INVERTER}_communicating",
        ("binary_sensor", f"{INVERTER}_inverter_info_producing"): f"{INVERTER}_producing",
        ("sensor", f"{BATTERY}_batteries_percentFull"): f"{BATTERY}_soc",
        ("sensor", f"{BATTERY}_batteries_power"): f"{BATTERY}_real_power_mw",
        ("binary_sensor", f"{BATTERY}_batteries_dc_switch_off"): None,
        ("binary_sensor", f"{SERIAL}_grid_status"): None,
        ("number", f"{SERIAL}_storage_reserved_soc"): f"{SERIAL}_reserve_soc",
        ("switch", f"{SERIAL}_storage_charge_from_grid"): f"{SERIAL}_charge_from_grid",
        ("switch", f"{SERIAL}_production_power"): None,
        ("select", f"{SERIAL}_storage_mode"): None,
    },
    CUSTOM: {
        ("sensor", f"{SERIAL}_production"): None,
        ("sensor", f"{SERIAL}_seven_days_production"): None,
        ("sensor", f"{SERIAL}_lifetime_net_consumption"): None,
        ("sensor", f"{SERIAL}_voltage"): None,
        ("sensor", f"{SERIAL}_frequency"): None,
        ("sensor", f"{SERIAL}_pf"): f"{SERIAL}_net_ct_powerfactor",
        ("sensor", f"{SERIAL}_consumption_Current"): f"{SERIAL}_net_ct_current",
        ("sensor", f"{SERIAL}_production_Current"): f"{SERIAL}_production_ct_current",
        ("sensor", f"{SERIAL}_total_battery_percentage"): None,
        ("sensor", INVERTER): None,
        ("sensor", BATTERY): f"{BATTERY}_soc",
        ("binary_sensor", f"{SERIAL}_grid_status"): None,
    },
}
# Entities kept, set aside, left.
COUNTS: Final = {INSTALLER: ("19", "4", "6"), CUSTOM: ("10", "0", "2")}


def made_by(hass: HomeAssistant, sim: EnvoySimulator, origin: str, **more: Any) -> MockConfigEntry:
    """Leave an entry and a registry as one of the two does: whole names, no translation keys."""
    data = {"host": sim.address, **ENTRY[origin]} | more.pop("data", {})
    entry = known(hass, data, **more)
    registry = er.async_get(hass)
    for platform, unique_id in IDS[origin]:
        registry.async_get_or_create(
            platform,
            DOMAIN,
            unique_id,
            config_entry=entry,
            original_name=f"Envoy {unique_id}",
            original_device_class=SensorDeviceClass.BATTERY if unique_id == BATTERY else None,
            suggested_object_id=f"my_{unique_id}",
        )
    return entry


def ids_of(hass: HomeAssistant, entry: Any) -> dict[str, str]:
    """Return the unique id of each entity."""
    return {each.entity_id: each.unique_id for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}


def notice(hass: HomeAssistant, entry: Any) -> ir.IssueEntry | None:
    """Return what the user is told of a take-over."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"taken_over_{entry.entry_id}")


def numbers(issue: ir.IssueEntry | None) -> tuple[str, ...]:
    """Return the numbers in it."""
    assert issue is not None
    assert issue.translation_placeholders is not None
    return tuple(issue.translation_placeholders[name] for name in ("kept", "aside", "left"))


@pytest.fixture
async def battery_site(sim: EnvoySimulator) -> EnvoySimulator:
    """A gateway with a battery and three phases."""
    sim.change(phases=3, encharges=1, storage_ct=True)
    sim.house.pv_w, sim.house.load_w = 3000, 1000
    return sim


@pytest.mark.parametrize("origin", IDS)
async def test_ids_after(hass: HomeAssistant, battery_site: EnvoySimulator, cloud: EnphaseCloudSimulator, origin: str) -> None:
    """Each entity keeps its entity id; its unique id is ours where it means the same, and out of the way where it does not."""
    entry = made_by(hass, battery_site, origin)
    before = ids_of(hass, entry)
    await hass.config_entries.async_setup(entry.entry_id)
    await poll(hass, await loaded(hass, entry))
    after = ids_of(hass, entry)
    wanted = {entity_id: IDS[origin][entity_id.partition(".")[0], old] or old for entity_id, old in before.items()}
    assert {entity_id: after[entity_id] for entity_id in before} == wanted
    issue = notice(hass, entry)
    assert numbers(issue) == COUNTS[origin]
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert (issue.translation_key, issue.translation_placeholders["origin"]) == ("taken_over_custom", origin)


@pytest.mark.parametrize("origin", IDS)
async def test_what_goes_on_has_a_value(
    hass: HomeAssistant, battery_site: EnvoySimulator, cloud: EnphaseCloudSimulator, origin: str
) -> None:
    """No kept entity is a leftover: ours shows something there; and nothing is spliced into what stepped aside."""
    entry = made_by(hass, battery_site, origin)
    await hass.config_entries.async_setup(entry.entry_id)
    await poll(hass, await loaded(hass, entry), times=2)
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, INVERTER) is not None
    kept = [new or old for (_, old), new in IDS[origin].items() if not (new or "").endswith("_before1")]
    left = {"ampere", "grid_profile", "conversion_error", "dc_switch_off", "grid_status", "production_power", "percentage"}
    for each in er.async_entries_for_config_entry(registry, entry.entry_id):
        state = hass.states.get(each.entity_id)
        gone = state is None or bool(state.attributes.get("restored"))
        if "_before" in each.unique_id:
            assert gone, each.unique_id
        elif each.unique_id in kept and not any(each.unique_id.endswith(name) for name in left):
            assert not gone, each.unique_id
            assert state is not None
            assert state.state != "unavailable", each.unique_id


async def test_the_entry_is_left_for_the_way_back(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Every key that it had is still there; a token, which ours and Home Assistant's own keep in it, has been added."""
    entry = made_by(hass, sim, INSTALLER)
    before = dict(entry.data)
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    assert before.items() <= entry.data.items()
    assert entry.data.keys() - before.keys() == {"token"}
    assert (entry.version, entry.minor_version, entry.unique_id) == (1, 1, SERIAL)


async def test_it_is_said_once(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The user reads it and it is gone; another start finds nothing new, a return after a time over there does."""
    entry = made_by(hass, sim, INSTALLER)
    assert await async_setup_component(hass, "repairs", {})
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    issue = notice(hass, entry)
    assert issue is not None
    assert issue.is_fixable
    flow = await hass.data["repairs"]["flow_manager"].async_init(DOMAIN, data={"issue_id": issue.issue_id})
    assert (flow["type"], flow["step_id"]) == ("form", "confirm")
    assert flow["description_placeholders"] == issue.translation_placeholders
    done = await hass.data["repairs"]["flow_manager"].async_configure(flow["flow_id"], {})
    assert done["type"] == "create_entry"
    assert notice(hass, entry) is None

    await hass.config_entries.async_reload(entry.entry_id)
    await loaded(hass, entry)
    assert notice(hass, entry) is None

    await hass.config_entries.async_unload(entry.entry_id)
    registry = er.async_get(hass)
    for key in ("production", "voltage", "envoy_software"):
        registry.async_get_or_create("sensor", DOMAIN, f"{SERIAL}_{key}", config_entry=entry, has_entity_name=False)
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    assert f"{SERIAL}_voltage_before2" in ids_of(hass, entry).values()
    assert notice(hass, entry) is not None


async def test_a_corrected_register_is_not_continued(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """A constant that the user had added falls away: Home Assistant would count the whole register once more."""
    entry = made_by(hass, sim, INSTALLER, options={"lifetime_production_correction": 1_200_000, "time_between_update": 60})
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    ids = ids_of(hass, entry)
    assert ids[f"sensor.my_{SERIAL}_lifetime_production"] == f"{SERIAL}_lifetime_production_before1"
    assert f"{SERIAL}_lifetime_production" in ids.values()


async def test_an_old_version_left_more(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Of two ids that one id of ours replaces, the one that was in use last gets it; the other one stays as it is."""
    entry = made_by(hass, sim, CUSTOM, data={"token_source": "cloud"})
    registry = er.async_get(hass)
    registry.async_remove(registry.async_get_entity_id("sensor", DOMAIN, INVERTER) or "")
    for key in ("inverters", "inverter_data_watts"):
        registry.async_get_or_create(
            "sensor", DOMAIN, f"{INVERTER}_{key}", config_entry=entry, original_name=key, suggested_object_id=key
        )
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    ids = ids_of(hass, entry)
    assert (ids["sensor.inverter_data_watts"], ids["sensor.inverters"]) == (INVERTER, f"{INVERTER}_inverters")


async def test_leftovers_of_an_earlier_life(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """A custom one first, Home Assistant's own after it, ours now: what the last one shows is kept, the rest is let be."""
    entry = made_by(hass, sim, INSTALLER)
    registry = er.async_get(hass)
    for key in ("production", "voltage", "lifetime_net_consumption"):
        registry.async_get_or_create(
            "sensor", DOMAIN, f"{SERIAL}_{key}", config_entry=entry, has_entity_name=True, translation_key=key
        )
    before = ids_of(hass, entry)
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    assert before.items() <= ids_of(hass, entry).items()
    issue = notice(hass, entry)
    assert issue is not None
    assert issue.translation_key == "taken_over"


async def test_nobody_knows_who_it_was(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Without a hint the doubtful steps aside, and only what is the same everywhere goes on."""
    entry = known(hass, {"host": sim.address, **ACCOUNT, "name": "x", "colour": {"roof": "red"}}, unique_id=None)
    registry = er.async_get(hass)
    for key in ("production", "voltage", "something"):
        registry.async_get_or_create("sensor", DOMAIN, f"{SERIAL}_{key}", config_entry=entry, suggested_object_id=key)
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    ids = ids_of(hass, entry)
    assert ids["sensor.production"] == f"{SERIAL}_production"
    assert ids["sensor.voltage"] == f"{SERIAL}_voltage_before1"
    assert ids["sensor.something"] == f"{SERIAL}_something"
    assert numbers(notice(hass, entry)) == ("1", "1", "1")
    assert entry.data["colour"] == {"roof": "red"}


async def test_a_new_entry_is_no_take_over(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """An entry that has never had an entity was made here."""
    entry = known(hass, {"host": sim.address, **ACCOUNT, "name": "x"})
    await hass.config_entries.async_setup(entry.entry_id)
    await loaded(hass, entry)
    assert notice(hass, entry) is None


async def test_home_assistants_own_after_all_three(
    hass: HomeAssistant, battery_site: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """Custom, then ours, then Home Assistant's own: it loads the same entry, and shows what we had renamed."""
    entry = made_by(hass, battery_site, INSTALLER)
    await hass.config_entries.async_setup(entry.entry_id)
    await poll(hass, await loaded(hass, entry))
    await use_core(hass)
    await load(hass, entry)
    for entity_id in (f"sensor.my_{INVERTER}_inverter_data_watts", f"sensor.my_{SERIAL}_production"):
        state = hass.states.get(entity_id)
        assert state is not None, entity_id
        assert state.state not in ("unknown", "unavailable"), entity_id
    await hass.config_entries.async_unload(entry.entry_id)
    await use_ours(hass)
    await settle(hass)
    assert entry.state is ConfigEntryState.NOT_LOADED
