"""From Home Assistant's own integration to ours and back: same entry, entities, statistics; and what old entries look like."""

from datetime import timedelta
from typing import Any

from homeassistant.components.recorder.statistics import get_metadata, statistics_during_period
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done, do_adhoc_statistics

from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import ACCOUNT, SERIAL, account_data, data_of, known, settle, start
from tests.enphase_envoy.ha.rig import asked, entity, poll, state
from tests.enphase_envoy.oracle import OF_THE_CONTRACT, load, read_entities, registry_of, use_core, use_ours

SITES: dict[str, dict[str, Any]] = {
    "mono": {},
    "three phases": {"phases": 3, "encharges": 2, "enpower": True, "storage_ct": True},
    "collar": {"encharges": 1, "collar": True, "c6_combiner": True},
    "AC batteries": {"acbs": 2},
    "old": {"profile": "7.6", "phases": 3},
}
# What a user has in the Energy dashboard.
RECORDED = {
    "lifetime_production": ("MWh", 3000),
    "lifetime_net_consumption": ("MWh", 0),
    "lifetime_net_production": ("MWh", 2000),
    "lifetime_consumption": ("MWh", 1000),
}


@pytest.fixture(autouse=True)
def _our_integrations(recorder_mock: Any, enable_custom_integrations: None, socket_enabled: None) -> None:
    """Load what this repository holds, with a recorder, which must be there first."""


@pytest.fixture(autouse=True)
def translation_guard() -> None:
    """Stand in for the guard of our texts: what core says in these tests, it says with its own."""


def summary(hass: HomeAssistant, entry: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return what a user would miss of each entity."""
    return {
        key: (each.entity_id, each.id, each.disabled_by, each.name, each.area_id, each.unit_of_measurement)
        for key, each in registry_of(hass, entry).items()
    }


@OF_THE_CONTRACT
@pytest.mark.parametrize("site", SITES)
async def test_there_and_back(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, site: str) -> None:
    """Nothing of core's registry is lost or changed, its devices are ours, and core finds all of it again."""
    sim.change(**SITES[site])
    sim.house.pv_w, sim.house.load_w = 3000, 1000
    await use_core(hass)
    entry = known(hass, account_data(sim, cloud))
    await load(hass, entry)
    registry = er.async_get(hass)
    renamed = entity(hass, "production", "sensor")
    registry.async_update_entity(renamed, name="Roof", new_entity_id="sensor.roof", area_id="attic")
    registry.async_update_entity(entity(hass, "daily_production"), disabled_by=er.RegistryEntryDisabler.USER)
    before, shown = summary(hass, entry), read_entities(hass, entry)
    devices = {each.id: each.identifiers for each in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}

    await use_ours(hass)
    await load(hass, entry)
    await poll(hass, entry)
    now = summary(hass, entry)
    lost = {key for key in before if before[key] != now.get(key)}
    phantoms = {key for key in lost if key[1].startswith("48200000100")}
    assert lost - phantoms == set()
    assert not [each.entity_id for each in registry_of(hass, entry).values() if each.entity_id.endswith("_2")]
    ours = read_entities(hass, entry)
    for key, old in shown.items():
        new = ours.get(key)
        if new is None or key in phantoms:
            continue
        kept = ("entity_id", "unit", "device_class", "state_class", "enabled_by_default", "device", "category")
        assert [getattr(new, name) for name in kept] == [getattr(old, name) for name in kept], key
    assert hass.states.get("sensor.roof") is not None
    # What core has and we do not: AC batteries as inverters (trap 16), batteries that are not there (17).
    missing = {key[1] for key in shown.keys() - ours.keys()}
    assert all(each.startswith("48200000100") for each in missing), missing
    still = {each.id: each.identifiers for each in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}
    assert devices.items() <= still.items()
    assert entry.version == 1

    await use_core(hass)
    await load(hass, entry)
    assert before.items() <= summary(hass, entry).items()
    assert read_entities(hass, entry).keys() >= shown.keys()
    assert not cloud.calls
    assert asked(hass) == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_statistics_go_on(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """An hour with core, one with ours, one with core again: one series, its unit, no jump."""
    began, passed = sim.house.clock(), 0.0
    sim.house.clock = lambda: began + passed
    sim.house.soc = 100
    sim.house.pv_w, sim.house.load_w = 3000, 1000
    entry = known(hass, account_data(sim, cloud))
    start_time = dt_util.utcnow()
    for change in (use_core, use_ours, use_core):
        await change(hass)
        await load(hass, entry)
        for _ in range(4):
            passed += 900
            await entry.runtime_data.async_refresh()
            if change is use_ours:
                await poll(hass, entry)
            await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)
    await async_wait_recording_done(hass)
    begin = start_time.replace(minute=start_time.minute // 5 * 5, second=0, microsecond=0)
    while begin <= dt_util.utcnow():
        do_adhoc_statistics(hass, start=begin)
        await async_wait_recording_done(hass)
        begin += timedelta(minutes=5)
    ids = {key: entity(hass, key) for key in RECORDED}
    instance = get_instance(hass)
    rows = await instance.async_add_executor_job(
        statistics_during_period,
        hass,
        start_time - timedelta(hours=1),
        None,
        set(ids.values()),
        "5minute",
        {"energy": "Wh"},
        {"sum", "state"},
    )
    metadata = await instance.async_add_executor_job(lambda: get_metadata(hass, statistic_ids=set(ids.values())))
    for key, (unit, watts) in RECORDED.items():
        series = rows[ids[key]]
        # The first reading, a quarter of an hour late, is where counting begins.
        assert series[-1]["sum"] == pytest.approx(watts * 3, rel=0.12, abs=20), key
        sums = [row["sum"] for row in series]
        assert sums == sorted(sums), key
        assert metadata[ids[key]][1]["unit_of_measurement"] == unit, key


OLD: dict[str, dict[str, Any]] = {
    "an account, and no token yet": {**ACCOUNT, "token": None},
    "an account, and an empty token": {**ACCOUNT, "token": ""},
    "an account, and a token that is none": {**ACCOUNT, "token": "eyJ"},
    "no key for the token at all": {**ACCOUNT},
}


@pytest.mark.parametrize("kind", OLD)
async def test_old_entries_without_a_token(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str
) -> None:
    """One login, and the token is where core looks for it."""
    data = {"host": sim.address, "name": f"Envoy {SERIAL}", **OLD[kind]}
    if OLD[kind].get("token", "") is None:
        del data["token"]
    entry = await start(hass, data)
    assert cloud.logins == 1
    assert entry.data["token"] == cloud.issued[-1]
    assert state(hass, "production").state not in ("unknown", "unavailable")


@pytest.mark.parametrize("password", ["", None])
async def test_an_old_entry_of_old_firmware(hass: HomeAssistant, password: str | None) -> None:
    """The user installer with a blank password, which core computed; envoy with the last six digits, too."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", inverters=2) as sim:
        for username in ("installer", "envoy"):
            entry = await start(hass, data_of(sim, username=username, password=password))
            assert state(hass, ":482000000001", "sensor").state not in ("unknown", "unavailable")
            await hass.config_entries.async_remove(entry.entry_id)


async def test_an_old_entry_without_serial_number_at_a_new_address(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """It waits where nobody answers, and takes its serial number from who does, once the address is right."""
    entry = known(hass, account_data(sim, cloud, host="127.0.0.1:9"), unique_id=None)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    hass.config_entries.async_update_entry(entry, data={**entry.data, "host": sim.address})
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == SERIAL
    assert not cloud.calls
