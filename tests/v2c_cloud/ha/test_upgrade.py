"""From each version that was released to the present code: nothing that Home Assistant or we have kept is lost."""

import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.v2c_cloud.const import DOMAIN
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.upgrade.recording import ENTITIES, Recording, lost, versions
from tests.v2c_cloud.ha.house import DEVICE, charger, poll
from tests.v2c_cloud.ha.record_upgrade import OPTIONS, build, meter, names

pytestmark = pytest.mark.parametrize("load_registries", [False])


@pytest.fixture(params=versions())
def recording(
    request: pytest.FixtureRequest, sim: TrydanSimulator, cloud: V2CCloudSimulator, freezer: FrozenDateTimeFactory
) -> Recording:
    """What that version has left behind, ten minutes ago; the car still charges."""
    build(sim, cloud, freezer)
    freezer.tick(600)
    return Recording(request.param, DOMAIN, names(sim, cloud))


async def test_nothing_is_lost(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    recording: Recording,
    sim: TrydanSimulator,
    cloud: V2CCloudSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities, devices, options, solar charging, sessions, the session that runs, and calls that were spent today."""
    await recording.boot(hass, hass_storage)
    meter(hass)
    entry: Any = await recording.load(hass)
    await poll(hass, entry)
    assert list(recording.problems(hass, entry)) == []
    assert entry.options.items() >= OPTIONS.items()
    before = recording.store()
    face = before["cloud"]["faces"][DEVICE]
    assert [each["energy"] for each in face["book"]["sessions"]] == [4, 4]
    assert [each.energy for each in charger(entry).sessions.all] == [4000, 4000]
    quota = entry.runtime_data.account.device.quota
    spent = len(before["cloud"]["quota"]["uses"])
    assert spent > 10
    assert quota.remaining <= before["cloud"]["quota"]["heard"]["remaining"]
    assert len(quota.saved()["uses"]) >= spent
    assert charger(entry).device.session.energy >= before["chargers"][DEVICE]["session"]["energy"]
    assert len(list(entry.runtime_data.loops)) == 1
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []

    assert await hass.config_entries.async_unload(entry.entry_id)
    for key, kept in recording.stores.items():
        assert list(lost(kept, hass_storage[key]["data"])) == [], key
    after = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    assert after["cloud"]["faces"][DEVICE]["book"]["sessions"] == face["book"]["sessions"]
    assert after["chargers"][DEVICE]["session"]["since"] == before["chargers"][DEVICE]["session"]["since"]
    assert after["chargers"][DEVICE]["address"] == sim.address


async def test_what_was_renamed_is_noticed(hass: HomeAssistant, hass_storage: dict[str, Any], recording: Recording) -> None:
    """Negative control: an entity that the present code no longer has, and a memory that it no longer writes."""
    rows = recording.entities
    rows.append({**rows[0], "entity_id": "sensor.before", "unique_id": f"{rows[0]['unique_id']}_before", "id": "f" * 32})
    recording.storage[ENTITIES]["data"]["entities"] = rows
    recording.storage[f"{DOMAIN}.{recording.entry['entry_id']}"]["data"]["chargers"][DEVICE]["learned_before"] = 7
    await recording.boot(hass, hass_storage)
    meter(hass)
    entry: Any = await recording.load(hass)
    await poll(hass, entry)
    assert list(recording.problems(hass, entry)) == [f"sensor.before ({rows[-1]['unique_id']}) is provided by nobody"]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert list(lost(recording.store(), hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"])) == [
        f"/chargers/{DEVICE}/learned_before"
    ]
