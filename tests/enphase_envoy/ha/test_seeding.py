"""Who comes from Home Assistant's own integration has a week of statistics: the days begin where they did."""

from datetime import timedelta
from typing import Any

from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.enphase_envoy.const import DOMAIN
from custom_components.enphase_envoy.envoy.points import Meter
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import SERIAL, account_data, known, loaded


@pytest.fixture(autouse=True)
def _our_integrations(recorder_mock: Any, enable_custom_integrations: None, socket_enabled: None) -> None:
    """Load what this repository holds, with a recorder, which must be there first."""


def _record(hass: HomeAssistant, entity_id: str, levels: list[float]) -> None:
    """Write what a register stood at at the end of the last hour of each day, the day before today last."""
    meta = StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=None,
        source="recorder",
        statistic_id=entity_id,
        unit_class="energy",
        unit_of_measurement="kWh",
    )
    today = dt_util.start_of_local_day()
    rows = [
        {
            "start": dt_util.as_utc(dt_util.start_of_local_day(today.date() - timedelta(days=back))) - timedelta(hours=1),
            "state": level / 1000,
            "sum": level / 1000,
        }
        for back, level in enumerate(reversed(levels))
    ]
    async_import_statistics(hass, meta, rows)


async def test_the_week_is_known_at_once(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Import and export of today and of seven days come from what was recorded before us; net follows."""
    entry = known(hass, account_data(sim, cloud))
    registry = er.async_get(hass)
    ids = {
        key: registry.async_get_or_create("sensor", DOMAIN, f"{SERIAL}_{key}", config_entry=entry, has_entity_name=True).entity_id
        for key in ("lifetime_net_consumption", "lifetime_net_production")
    }
    await hass.config_entries.async_setup(entry.entry_id)
    coordinator = (await loaded(hass, entry)).runtime_data
    meter = coordinator.device.part(Meter, "net_consumption")
    assert meter is not None
    bought, sold = meter.delivered, meter.received
    assert bought is not None
    assert sold is not None
    assert coordinator.device.site(0).import_week is None
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()

    entry = known(hass, account_data(sim, cloud))
    for key in ids:
        registry.async_get_or_create("sensor", DOMAIN, f"{SERIAL}_{key}", config_entry=entry, has_entity_name=True)
    _record(hass, ids["lifetime_net_consumption"], [bought - 7000 + day * 1000 for day in range(7)])
    _record(hass, ids["lifetime_net_production"], [sold - 350 + day * 50 for day in range(7)])
    await async_wait_recording_done(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    site = (await loaded(hass, entry)).runtime_data.device.site(0)
    assert site.import_today == pytest.approx(1000, abs=3)
    assert site.import_week == pytest.approx(7000, abs=3)
    assert site.export_week == pytest.approx(350, abs=3)
    assert site.net_week == pytest.approx(6650, abs=4)


async def test_what_contradicts_the_register_is_not_believed(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """A level above the present one belongs to another meter."""
    entry = known(hass, account_data(sim, cloud))
    entity_id = er.async_get(hass).async_get_or_create("sensor", DOMAIN, f"{SERIAL}_lifetime_net_consumption").entity_id
    _record(hass, entity_id, [9e9] * 7)
    await async_wait_recording_done(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    site = (await loaded(hass, entry)).runtime_data.device.site(0)
    assert site.import_week is None
    assert site.import_today is not None
