"""From each version that was released to the present code: nothing that Home Assistant or we have kept is lost."""

import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.energy_core.pacing import Budget
from custom_components.titan_izypower.const import DOMAIN
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import poll
from tests.titan_izypower.ha.record_upgrade import OPTIONS, meter, names, noon
from tests.upgrade.recording import ENTITIES, Recording, lost, versions

pytestmark = pytest.mark.parametrize("load_registries", [False])


@pytest.fixture(params=versions())
def recording(request: pytest.FixtureRequest, sim: TitanSimulator, freezer: FrozenDateTimeFactory) -> Recording:
    """What that version has left behind, an hour ago: its counted changes go by the machine's own clock."""
    noon(freezer)
    freezer.tick(60)
    found = Recording(request.param, DOMAIN, names(sim))
    memory = found.storage[f"{DOMAIN}.{found.entry['entry_id']}"]["data"]
    memory["settings"] = memory["modes"] = [Budget(limit=1).clock() - 3600]
    return found


async def test_nothing_is_lost(
    hass: HomeAssistant, hass_storage: dict[str, Any], recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    """Entities, devices, options, the loop, what was learned of the unit, counters, and changes that count for the day."""
    await recording.boot(hass, hass_storage)
    meter(hass)
    entry: Any = await recording.load(hass)
    await poll(hass, entry)
    assert list(recording.problems(hass, entry)) == []
    assert entry.options.items() >= OPTIONS.items()
    titan = entry.runtime_data.device
    assert titan.settings_budget.left(command=True) == OPTIONS["settings_writes_per_day"] - 1
    (loop,) = entry.runtime_data.loops
    assert loop.value("target") == 60
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []

    assert await hass.config_entries.async_unload(entry.entry_id)
    for key, before in recording.stores.items():
        assert list(lost(before, hass_storage[key]["data"])) == [], key
    before, after = recording.store(), hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    assert after["modbus"]["learned_at"] == before["modbus"]["learned_at"]
    assert {key: each["reset"] for key, each in after["counters"].items()} == {
        key: each["reset"] for key, each in before["counters"].items()
    }


async def test_what_was_renamed_is_noticed(hass: HomeAssistant, hass_storage: dict[str, Any], recording: Recording) -> None:
    """Negative control: an entity that the present code no longer has, and a memory that it no longer writes."""
    rows = recording.entities
    rows.append({**rows[0], "entity_id": "sensor.before", "unique_id": f"{rows[0]['unique_id']}_before", "id": "f" * 32})
    recording.storage[ENTITIES]["data"]["entities"] = rows
    memory = recording.storage[f"{DOMAIN}.{recording.entry['entry_id']}"]["data"]
    memory["learned_before"] = {"registers": [1, 2]}
    await recording.boot(hass, hass_storage)
    meter(hass)
    entry: Any = await recording.load(hass)
    await poll(hass, entry)
    assert list(recording.problems(hass, entry)) == [f"sensor.before ({rows[-1]['unique_id']}) is provided by nobody"]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert list(lost(recording.store(), hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"])) == ["/learned_before"]
