"""From each version that was released to the present code: nothing that Home Assistant or we have kept is lost."""

import logging
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.levels import helpers
from tests.enphase_envoy.ha.record_upgrade import DAYS, OPTIONS, build, names
from tests.enphase_envoy.ha.rig import Hands, drive, number, poll
from tests.upgrade.recording import ENTITIES, Recording, lost, versions

pytestmark = pytest.mark.parametrize("load_registries", [False])


@pytest.fixture(params=versions())
def recording(request: pytest.FixtureRequest, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands) -> Recording:
    """What that version has left behind, half an hour ago, of the same gateway in the same sun."""
    build(timed)
    token = cloud.token()
    for _ in range(DAYS * 24 * 2 + 1):
        hands.tick(1800)
        assert timed.house.now
    return Recording(request.param, DOMAIN, names(timed, token))


async def test_nothing_is_lost(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    recording: Recording,
    cloud: EnphaseCloudSimulator,
    hands: Hands,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities, devices, options, token, certificate, the level, and three days of the ledger."""
    await recording.boot(hass, hass_storage)
    await helpers(hass)
    entry: Any = await recording.load(hass)
    drive(entry, hands)
    await poll(hass, entry, times=2)
    assert list(recording.problems(hass, entry)) == []
    assert entry.options.items() >= OPTIONS.items()
    assert not cloud.calls
    # Half a day of 3 kW, as if nothing had happened.
    assert number(hass, "daily_production") == pytest.approx(37.5, abs=0.1)
    (level,) = entry.runtime_data.loops
    assert level.value("start") == 1700
    assert level.activations >= 1
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []

    assert await hass.config_entries.async_unload(entry.entry_id)
    for key, kept in recording.stores.items():
        assert list(lost(kept, hass_storage[key]["data"])) == [], key
    before, after = recording.store(), hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    assert after["pin"] == before["pin"]
    for account, kept in before["device"]["ledger"].items():
        assert after["device"]["ledger"][account]["marks"].items() >= kept["marks"].items(), account


async def test_what_was_renamed_is_noticed(
    hass: HomeAssistant, hass_storage: dict[str, Any], recording: Recording, hands: Hands
) -> None:
    """Negative control: an entity that the present code no longer has, and a memory that it no longer writes."""
    rows = recording.entities
    rows.append({**rows[0], "entity_id": "sensor.before", "unique_id": f"{rows[0]['unique_id']}_before", "id": "f" * 32})
    recording.storage[ENTITIES]["data"]["entities"] = rows
    recording.storage[f"{DOMAIN}.{recording.entry['entry_id']}"]["data"]["device"]["learned_before"] = 7
    await recording.boot(hass, hass_storage)
    await helpers(hass)
    entry: Any = await recording.load(hass)
    drive(entry, hands)
    await poll(hass, entry, times=2)
    assert list(recording.problems(hass, entry)) == [f"sensor.before ({rows[-1]['unique_id']}) is provided by nobody"]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert list(lost(recording.store(), hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"])) == ["/device/learned_before"]
