"""Sessions in Home Assistant's long-term statistics and in a calendar."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.v2c_cloud.statistics import statistic_id
from custom_components.v2c_cloud.v2c.plan import Kind
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import DEVICE, act, add_cloud, charger, entity, poll, settle, state

MADRID = ZoneInfo("Europe/Madrid")
BEGIN = datetime(2025, 10, 1, 18, 20, tzinfo=MADRID)


@pytest.fixture(autouse=True)
def _our_integrations(recorder_mock: Any, enable_custom_integrations: None, socket_enabled: None) -> None:
    """Have the recorder before Home Assistant, as it wants."""


@pytest.fixture(autouse=True)
async def _spain(_our_integrations: None, hass: HomeAssistant) -> None:
    """A house in Spain."""
    await hass.config.async_set_time_zone("Europe/Madrid")


def fill(cloud: V2CCloudSimulator, days: int = 30) -> float:
    """Give the charger a month of sessions over the change of the clocks; return their energy in kWh."""
    cloud.options.timezone = "Europe/Madrid"
    for day in range(days):
        start = BEGIN + timedelta(days=day)
        cloud.add_session(DEVICE, start, start + timedelta(hours=2), [1.5, 2.0, 0.5 + day / 100])
    return sum(4.0 + day / 100 for day in range(days))


async def rows(hass: HomeAssistant, what: str) -> list[Any]:
    """Return every hour of a series."""
    await async_wait_recording_done(hass)
    series = statistic_id(DEVICE, what)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, datetime(2020, 1, 1, tzinfo=UTC), None, {series}, "hour", None, {"state", "sum"}
    )
    return list(found.get(series, []))


async def sync(hass: HomeAssistant, entry: Any, rounds: int = 8) -> None:
    """Let the account ask for the sessions until nothing is missing."""
    for _ in range(rounds):
        entry.runtime_data.account.ask_again(DEVICE, Kind.SESSIONS)
        await settle(hass)


async def test_a_month_of_sessions(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Hourly sums are the sessions', back to the first one, and doing it again adds nothing."""
    kwh = fill(cloud)
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    assert len(charger(entry).sessions.all) == 30
    energy = await rows(hass, "session_energy")
    assert len(energy) == 90
    assert energy[-1]["sum"] == pytest.approx(kwh)
    assert energy[0]["start"] == datetime(2025, 10, 1, 16, tzinfo=UTC).timestamp()
    assert energy[0]["state"] == pytest.approx(1.5)
    last = datetime(2025, 10, 30, 17, tzinfo=UTC).timestamp()
    assert next(each["start"] for each in energy if each["start"] >= last) == last
    cost = await rows(hass, "session_cost")
    assert cost[-1]["sum"] == pytest.approx(sum(each.cost or 0 for each in charger(entry).sessions.all), rel=1e-4)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    await sync(hass, entry)
    assert await rows(hass, "session_energy") == energy


async def test_an_older_session_that_comes_late(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Everything after it moves up."""
    kwh = fill(cloud, 5)
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    before = await rows(hass, "session_energy")
    early = BEGIN - timedelta(days=2)
    cloud.add_session(DEVICE, early, early + timedelta(minutes=20), [2.5])
    book = charger(entry).sessions
    book._asked_from = None
    book._empty = 0
    await sync(hass, entry)
    after = await rows(hass, "session_energy")
    assert len(after) == len(before) + 1
    assert after[-1]["sum"] == pytest.approx(kwh + 2.5)
    assert after[1]["sum"] == pytest.approx(before[0]["sum"] + 2.5)


async def test_the_calendar(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Local times, energy and cost; no call is spent on looking."""
    fill(cloud, 3)
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    calls = len(cloud.calls)
    found = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": entity(hass, "sessions"), "start_date_time": "2025-10-02T00:00:00", "end_date_time": "2025-10-03T00:00:00"},
        blocking=True,
        return_response=True,
    )
    assert found is not None
    ((event,),) = [each["events"] for each in found.values()]  # type: ignore[index, call-overload]
    assert event["start"].startswith("2025-10-02T18:20:00+02:00")
    assert event["summary"].startswith("4.01 kWh")
    assert len(cloud.calls) == calls
    assert state(hass, "sessions").state == "off"
    assert state(hass, "last_session_energy").state == "4.02"
    assert state(hass, "last_session_start").state == "2025-10-03T16:20:00+00:00"
    sim.plug()
    await act(hass, "start_charge")
    await entry.runtime_data.account.async_refresh()  # type: ignore[union-attr]
    charger(entry).account.ask_again(DEVICE)  # type: ignore[union-attr]
    await settle(hass)
    await poll(hass, entry)
    assert state(hass, "sessions").state == "on"


async def test_without_a_recorder_nothing_happens(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """The statistics are the recorder's."""
    fill(cloud, 2)
    hass.config.components.remove("recorder")
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    assert len(charger(entry).sessions.all) == 2
    assert await rows(hass, "session_energy") == []
