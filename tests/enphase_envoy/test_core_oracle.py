"""The harness itself: core's integration runs on every capture, and the change between core's and ours loses nothing."""

from pathlib import Path
from typing import Any

from homeassistant.config_entries import HANDLERS, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
import pytest

from tests.enphase_envoy.capture_gateway import OWN, CaptureGateway, captures, every_capture
from tests.enphase_envoy.oracle import (
    CORE_PACKAGE,
    DOMAIN,
    OF_THE_CONTRACT,
    OUR_PACKAGE,
    core_entry,
    core_snapshot,
    flat,
    load,
    ours_is_here,
    read_entities,
    registry_of,
    use_core,
    use_ours,
)

pytestmark = OF_THE_CONTRACT
OURS = pytest.mark.skipif(not ours_is_here(), reason="custom_components/enphase_envoy cannot be loaded yet")
ABSENT = object()


@pytest.fixture(autouse=True)
def translation_guard() -> None:
    """Stand in for the guard of our texts: what core says in these tests, it says with its own."""


# What core shows on our own captures, worked out by hand. ``{sn}`` is the gateway's serial number.
EXPECTED: dict[str, dict[str, Any]] = {
    "3.9.36": {"{sn}_production": 279, "{sn}_lifetime_production": 6012540, "122000000002": 138, "{sn}_consumption": ABSENT},
    "5.0.62": {"{sn}_production": 400, "{sn}_daily_production": 2016, "122000000103": 0, "{sn}_net_consumption": ABSENT},
    "7.6.175_mono": {
        "{sn}_production": 2346,
        "{sn}_consumption": 501,
        "{sn}_net_consumption": -1845,
        "{sn}_lifetime_net_consumption": 2500000,
        "{sn}_lifetime_net_production": 3600001,
        "{sn}_lifetime_balanced_net_consumption": -1100000,
        "{sn}_lifetime_consumption": 3221098,
        "{sn}_seven_days_consumption": 57,
        "{sn}_production_l1": ABSENT,
    },
    "7.6.175_three_phase": {
        "{sn}_production": 3601,
        "{sn}_production_l2": 1200,
        "{sn}_net_consumption_l3": -751,
        "{sn}_consumption": 2600,
        "{sn}_voltage": 694.5,
        "{sn}_voltage_l2": 232.25,
        "{sn}_lifetime_consumption_l1": 2500100,
    },
    "8.2.127_battery": {
        "{sn}_battery_discharge": -1240,
        "{sn}_consumption": 3201,
        "{sn}_battery_level": 42,
        "{sn}_available_energy": 4200,
        "122000000431_real_power_mw": -600,
        "122000000440_temperature": 68,
        "{sn}_production_l3": ABSENT,
    },
    "8.2.4382_acb": {
        "122000000607": 130,
        "{sn}_acb_power": 260,
        "{sn}_acb_available_energy": 600,
        "{sn}_aggregated_soc": 44,
        "{sn}_aggregated_available_energy": 3300,
        "122000000607_acb_battery_soc": 24,
        "{sn}_reserve_soc": 10,
    },
    "8.3.1598_collar": {
        "122000000750_admin_state_str": "off_grid",
        "122000000750_grid_state": "on_grid",
        "122000000750_mid_state": "open",
        "{sn}_backfeed_ct_power": -2101,
        "{sn}_net_consumption": 0,
        "{sn}_load_ct_power": ABSENT,
        "{sn}_production": 1501,
    },
    "8.3.5169_acb_device_data": {
        "122000000617": ABSENT,
        "122000000611": 155,
        "122000000611_lifetime_energy": 4444444,
        "122000000617_acb_battery_power": 130,
        "122000000618_acb_battery_sleep_state": "asleep",
        "{sn}_acb_aggregate_sleep_state": "mixed",
        "122000000619_acb_battery_soc": ABSENT,
        "{sn}_aggregated_soc": ABSENT,
    },
    "8.3.5169_generator_phantom": {
        "{sn}_production": -4,
        "{sn}_net_consumption": 1001,
        "{sn}_battery_level": 0,
        "122000000504": ABSENT,
        "122000000501_lifetime_energy": 3333333,
    },
    "8.3.5433_total_is_net": {
        "{sn}_consumption": 1601,
        "{sn}_lifetime_consumption": 4100001,
        "{sn}_total_consumption_ct_power": 1601,
        "{sn}_balanced_net_consumption": -2500,
        "{sn}_net_consumption": ABSENT,
    },
    "8.3.5528_active_count_zero": {
        "{sn}_production": None,
        "{sn}_lifetime_production": None,
        "{sn}_production_ct_power": 3100,
        "{sn}_consumption": 1100,
    },
}


@pytest.mark.parametrize("folder", every_capture())
async def test_core_runs_on_every_capture(hass: HomeAssistant, folder: Path) -> None:
    """It loads, asks one thing at a time, and has its first sensors."""
    async with CaptureGateway(folder) as gateway:
        found = await core_snapshot(hass, gateway)
        assert ("sensor", f"{gateway.serial}_production") in found
        assert ("sensor", f"{gateway.serial}_lifetime_production") in found
        assert gateway.max_in_flight == 1
        assert gateway.asked("/info")[0].status == 200
        assert bool(gateway.asked("/auth/check_jwt")) is gateway.secure


@pytest.mark.parametrize("folder", captures(OWN), ids=lambda folder: folder.name)
async def test_core_shows_what_is_expected(hass: HomeAssistant, folder: Path) -> None:
    """The numbers are those of the capture, worked out by hand."""
    async with CaptureGateway(folder) as gateway:
        found = flat(await core_snapshot(hass, gateway))
        wanted = {key.format(sn=gateway.serial): value for key, value in EXPECTED[folder.name].items()}
    assert {key: found.get(key, ABSENT) for key in wanted} == wanted


async def test_what_an_entity_is(hass: HomeAssistant) -> None:
    """Units are native, the state is as the user sees it, and what begins disabled says so."""
    async with CaptureGateway(OWN / "8.2.127_battery") as gateway:
        found = await core_snapshot(hass, gateway)
    sn = gateway.serial
    lifetime = found["sensor", f"{sn}_lifetime_production"]
    assert (lifetime.value, lifetime.unit, lifetime.state) == (6100001, "Wh", "6.100001")
    assert (lifetime.device_class, lifetime.state_class, lifetime.enabled_by_default) == ("energy", "total_increasing", True)
    assert lifetime.device == {(DOMAIN, sn)}
    phase = found["sensor", f"{sn}_production_l1"]
    assert (phase.enabled_by_default, phase.disabled_by, phase.state) == (False, "integration", "1.5")
    mode = found["select", "122000000440_storage_mode"]
    assert (mode.value, mode.device) == ("self_consumption", {(DOMAIN, "122000000440")})
    assert {"self_consumption", "backup", "savings"} <= set(mode.options)
    assert found["switch", "122000000440_relay_NC1_relay_status"].device == {(DOMAIN, "NC1")}
    assert found["switch", "122000000440_mains_admin_state"].value is True


async def test_phantoms_of_core(hass: HomeAssistant) -> None:
    """Trap 17: a group without batteries gives controls of a battery."""
    async with CaptureGateway(OWN / "8.3.5169_generator_phantom") as gateway:
        found = await core_snapshot(hass, gateway)
    assert {("number", "122000000540_reserve_soc"), ("sensor", f"{gateway.serial}_max_capacity")} <= found.keys()


async def test_disabled_by_default(hass: HomeAssistant) -> None:
    """Without ``enable_all`` the registry is that of a user."""
    async with CaptureGateway(OWN / "7.6.175_three_phase") as gateway:
        found = await core_snapshot(hass, gateway, enable_all=False)
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        registry = registry_of(hass, entry)
    assert all(each.enabled_by_default for each in found.values())
    assert {key for key, each in registry.items() if not each.disabled_by} == found.keys()
    assert registry["sensor", f"{gateway.serial}_production_l1"].disabled_by == "integration"


@pytest.mark.parametrize("fault", ["503", "html", "null"])
async def test_one_bad_endpoint_stops_core(hass: HomeAssistant, fault: str) -> None:
    """Trap 8: what ours must do better."""
    async with CaptureGateway(OWN / "8.2.127_battery", broken={"/ivp/meters/readings": fault}) as gateway:
        await use_core(hass)
        entry = core_entry(hass, gateway)
        assert not await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        await hass.config_entries.async_unload(entry.entry_id)


async def test_core_without_its_token(hass: HomeAssistant) -> None:
    """It would ask the cloud, which tests cannot reach; the attempt ends here."""
    async with CaptureGateway(OWN / "7.6.175_mono", broken={"/auth/check_jwt": "401"}) as gateway:
        await use_core(hass)
        entry = core_entry(hass, gateway, data={"username": "", "password": ""})
        assert not await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR


async def test_core_writes_and_reads_back(hass: HomeAssistant) -> None:
    """A write of core's changes what core reads next."""
    async with CaptureGateway(OWN / "8.2.127_battery") as gateway:
        await use_core(hass)
        entry = core_entry(hass, gateway)
        await load(hass, entry)
        found = read_entities(hass, entry)
        for domain, service, unique_id, data in (
            ("number", "set_value", "122000000440_reserve_soc", {"value": 35}),
            ("select", "select_option", "122000000440_storage_mode", {"option": "backup"}),
            ("switch", "turn_off", "122000000440_charge_from_grid", {}),
            ("switch", "turn_on", "122000000440_relay_NC2_relay_status", {}),
            ("number", "set_value", "122000000440_relay_NC1_soc_low", {"value": 33}),
            ("switch", "turn_off", "122000000440_mains_admin_state", {}),
        ):
            target = {"entity_id": found[domain, unique_id].entity_id}
            await hass.services.async_call(domain, service, target | data, blocking=True)
        await entry.runtime_data.async_refresh()
        after = read_entities(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
    values = {key[1].removeprefix("122000000440_"): each.value for key, each in after.items()}
    assert values["reserve_soc"] == 35
    assert values["storage_mode"] == "backup"
    assert values["charge_from_grid"] is False
    assert values["relay_NC2_relay_status"] is True
    assert values["relay_NC1_soc_low"] == 33
    assert values["mains_admin_state"] is False
    assert values["mains_oper_state"] is False
    settings = gateway.document("/ivp/ss/dry_contact_settings")["dry_contacts"]
    assert settings[1]["soc_low"] == 25


# The change


@OURS
async def test_which_of_the_two(hass: HomeAssistant) -> None:
    """The loader and the flow change together, back and forth."""
    for change, package in ((use_core, CORE_PACKAGE), (use_ours, OUR_PACKAGE), (use_core, CORE_PACKAGE), (use_ours, OUR_PACKAGE)):
        await change(hass)
        assert (await async_get_integration(hass, DOMAIN)).pkg_path == package
        assert HANDLERS[DOMAIN].__module__ == f"{package}.config_flow"


@OURS
async def test_nothing_of_core_is_left_behind(hass: HomeAssistant) -> None:
    """The next test, in the same process, meets our flow."""
    await use_ours(hass)
    await use_core(hass)
    await hass.async_stop(force=True)
    assert HANDLERS[DOMAIN].__module__ == f"{OUR_PACKAGE}.config_flow"


async def test_core_again(hass: HomeAssistant) -> None:
    """Loaded, hidden and loaded again, core finds its registry as it was."""
    async with CaptureGateway(OWN / "8.2.127_battery") as gateway:
        first = await core_snapshot(hass, gateway)
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        registry = registry_of(hass, entry)
        await use_core(hass)
        await load(hass, entry, enable_all=True)
        assert read_entities(hass, entry) == first
        assert registry_of(hass, entry) == registry
        await hass.config_entries.async_unload(entry.entry_id)


@OURS
async def test_the_registry_outlives_the_change(hass: HomeAssistant) -> None:
    """With ours between, no line of core's registry is lost, and each id shows a value again."""
    async with CaptureGateway(OWN / "7.6.175_mono") as gateway:
        first = await core_snapshot(hass, gateway, enable_all=False)
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        before = {key: each.entity_id for key, each in registry_of(hass, entry).items()}
        await use_ours(hass)
        await load(hass, entry)
        await use_core(hass)
        await load(hass, entry)
        after = {key: each.entity_id for key, each in registry_of(hass, entry).items()}
        assert before.items() <= after.items()
        assert read_entities(hass, entry).items() >= first.items()
        await hass.config_entries.async_unload(entry.entry_id)
