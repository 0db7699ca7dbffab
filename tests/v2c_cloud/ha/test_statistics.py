"""Sessions in Home Assistant's long-term statistics and in a calendar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period, valid_statistic_id
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.v2c_cloud.statistics import import_sessions, statistic_id
from custom_components.v2c_cloud.v2c.plan import Kind
from custom_components.v2c_cloud.v2c.sessions import SessionBook
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


async def test_a_session_that_is_corrected(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Its old hours lose their energy, the sums after it follow, whatever restarts in between."""
    kwh = fill(cloud, 4)
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    before = await rows(hass, "session_energy")
    cloud.sessions.records[2] |= {"startChargeDate": "2025-10-03T19:10:00", "energy": 2.0, "energyByHour": "1.5|0.5"}
    await sync(hass, entry, 1)
    after = await rows(hass, "session_energy")
    assert [each["start"] for each in after] == [each["start"] for each in before]
    assert [each["state"] for each in after[6:9]] == [0, 1.5, 0.5]
    assert after[-1]["sum"] == pytest.approx(kwh - 2.02)
    await hass.config_entries.async_reload(entry.entry_id)
    cloud.sessions.records[0] |= {"energy": 5.0, "energyByHour": "2.5|2.0|0.5"}
    await settle(hass)
    await sync(hass, entry, 1)
    sums = [each["sum"] for each in await rows(hass, "session_energy")]
    assert sums == sorted(sums)
    assert sums[-1] == pytest.approx(kwh - 2.02 + 1.0)


async def test_more_sessions_than_the_cloud_shows_at_once(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator
) -> None:
    """After a holiday without Home Assistant the short answer has only new sessions: the rest is asked for."""
    fill(cloud, 3)
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    assert charger(entry).sessions.backfill() is None
    for day in range(10, 20):
        start = BEGIN + timedelta(days=day)
        cloud.add_session(DEVICE, start, start + timedelta(minutes=30), [1.0])
    await sync(hass, entry, 3)
    assert len(charger(entry).sessions.all) == 13
    assert (await rows(hass, "session_energy"))[-1]["sum"] == pytest.approx(12.03 + 10)


async def test_sessions_without_a_price(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Nothing is known of costs, so there is no series of them; nothing to write is no error either."""
    cloud.options.price = 0.0
    fill(cloud, 2)
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    assert len(await rows(hass, "session_energy")) == 6
    assert await rows(hass, "session_cost") == []
    import_sessions(hass, "Other", "Other", SessionBook(), None)
    await async_wait_recording_done(hass)


@pytest.mark.parametrize(("device_id", "expected"), [("SIMV2C", "simv2c"), ("A-b_ 9", "a_b_9"), ("__x__", "x"), ("é", "")])
def test_the_id_of_a_series(device_id: str, expected: str) -> None:
    """Whatever the maker calls a charger, Home Assistant takes it."""
    found = statistic_id(device_id, "session_energy")
    assert found == "v2c_cloud:" + "_".join([expected] * bool(expected) + ["session_energy"])
    assert valid_statistic_id(found)


async def events(hass: HomeAssistant, begin: str, end: str) -> list[Any]:
    """Return what the calendar shows of some days."""
    found = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": entity(hass, "sessions"), "start_date_time": f"{begin}T00:00:00", "end_date_time": f"{end}T00:00:00"},
        blocking=True,
        return_response=True,
    )
    assert found is not None
    ((shown,),) = [each.values() for each in found.values()]  # type: ignore[union-attr]
    return list(shown)  # type: ignore[arg-type]


async def test_the_calendar_at_the_change_of_the_clocks(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator
) -> None:
    """A session that seems to end before it began is shown all the same, and lasts as long as it did."""
    cloud.options.timezone = "Europe/Madrid"
    begin = datetime(2025, 10, 25, 23, 30, tzinfo=UTC)
    cloud.add_session(DEVICE, begin.astimezone(MADRID), (begin + timedelta(hours=5)).astimezone(MADRID), [1, 1, 1, 1, 1, 1])
    begin = datetime(2025, 10, 26, 0, 40, tzinfo=UTC)
    cloud.add_session(
        DEVICE,
        begin.astimezone(MADRID),
        (begin + timedelta(minutes=30)).astimezone(MADRID),
        [0.5, 0.5],
        rfidCode="aa23b601",
        rfidName="AA23B601",
    )
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    night, within = await events(hass, "2025-10-25", "2025-10-27")
    assert (night["start"], night["end"]) == ("2025-10-26T01:30:00+02:00", "2025-10-26T05:30:00+01:00")
    assert night["description"].startswith("5:00")
    assert within["start"] == "2025-10-26T02:40:00+02:00"
    assert within["description"].startswith("0:30")
    assert "aa23b601" not in str(within).lower()
    assert state(hass, "sessions").state == "off"
    assert len(await rows(hass, "session_energy")) == 6


async def test_the_calendar_with_a_clock_that_was_wrong(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A machine that started without the right time has a session of the future: it goes on since now."""
    entry = await add_cloud(hass, cloud)
    meter = charger(entry).device.session_meter
    meter.plugged, meter.since = True, dt_util.utcnow().timestamp() + 86400
    charger(entry).async_update_listeners()
    assert state(hass, "sessions").state == "on"
    assert "Unexpected error" not in caplog.text


async def test_an_open_calendar_sees_what_the_past_brings(
    hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator
) -> None:
    """The newest session stays the newest, but the calendar has more of them."""
    fill(cloud, 7)
    entry = await add_cloud(hass, cloud)
    found = hass.data[DATA_COMPONENT].get_entity(entity(hass, "sessions"))
    assert found is not None
    seen: list[Any] = []
    await sync(hass, entry, 1)
    found.async_subscribe_events(BEGIN, BEGIN + timedelta(days=30), seen.append)
    book = charger(entry).sessions
    book.add([replace(book.all[0], id="old", start=BEGIN - timedelta(days=2), end=BEGIN - timedelta(days=1, hours=22))])
    charger(entry).async_update_listeners()
    await settle(hass)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))
    await settle(hass)
    assert len(seen) == 1


async def test_the_calendar(hass: HomeAssistant, sim: TrydanSimulator, cloud: V2CCloudSimulator) -> None:
    """Local times, energy and cost; no call is spent on looking."""
    fill(cloud, 3)
    entry = await add_cloud(hass, cloud)
    await sync(hass, entry)
    calls = len(cloud.calls)
    (event,) = await events(hass, "2025-10-02", "2025-10-03")
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
