"""The account: what it asks, what it makes of refusals and outages, and what a restart spares."""

from datetime import timedelta
import json

import pytest

from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceRefusedError,
    EnergyError,
    RateLimitedError,
)
from custom_components.v2c_cloud.v2c.account import BATCH, ENDPOINTS, PATIENCE, PLENTY, REFUSALS, REFUSED_FOR
from custom_components.v2c_cloud.v2c.parse import Pairing
from custom_components.v2c_cloud.v2c.plan import Kind, Situation, Task

DEVICE = "SIMV2C"


async def rounds(home, count, seconds=30.0):
    """Update so many times; return how often that failed."""
    failed = 0
    for _ in range(count):
        home.advance(seconds)
        try:
            await home.account.update()
        except EnergyError:
            failed += 1
    return failed


async def settled(home):
    """Ask everything once."""
    await rounds(home, 20)
    home.cloud.calls.clear()
    return home.account


async def test_everything_is_asked_in_small_rounds(home):
    home.advance(3600)
    await home.account.update()
    assert len(home.cloud.calls) == BATCH
    await rounds(home, 5)
    assert {call.path for call in home.cloud.calls} == {endpoint.path for endpoint in ENDPOINTS.values()}
    face = home.account.faces[DEVICE]
    assert face.facts["connected"] is True
    assert face.facts["latest_firmware"] == "2.4.6"
    assert home.account.reachable
    assert home.account.block.reachable is True
    assert home.account.block.calls_left == home.cloud.left()
    assert home.account.block.calls_limit == 1000
    assert face.name == f"Trydan {DEVICE}"


async def test_totals_are_in_wh(home):
    now = home.account._now()
    home.cloud.add_session(DEVICE, now - timedelta(hours=3), now - timedelta(hours=2), [9.6])
    await home.account.ask(Task(Kind.TOTALS))
    assert (home.account.block.total_energy, home.account.block.total_sessions) == (9600, 1)


async def test_an_account_that_shows_no_totals(home):
    home.cloud.path_outage["/stadistic/global/me"] = "html"
    with pytest.raises(EnergyError):
        await home.account.ask(Task(Kind.TOTALS))
    await home.account._take(Task(Kind.TOTALS), "No data")
    assert home.account.block.total_energy is None


# Refusals and outages


async def test_a_bad_key_needs_number_and_time(home):
    account = await settled(home)
    home.cloud.outage = 401
    for count in range(1, REFUSALS + 1):
        assert not account.key_refused
        with pytest.raises(DeviceAuthError):
            await account.ask(Task(Kind.LIVE, DEVICE))
        assert account.refusals == count
    assert not account.key_refused
    assert not account.reachable
    home.advance(REFUSED_FOR)
    assert account.key_refused
    home.cloud.outage = None
    await home.ask(Kind.LIVE)
    assert not account.key_refused
    assert account.reachable


async def test_long_ago_and_seldom_is_no_bad_key(home):
    account = await settled(home)
    home.cloud.outage = 401
    for _ in range(REFUSALS - 1):
        with pytest.raises(DeviceAuthError):
            await account.ask(Task(Kind.LIVE, DEVICE))
    home.advance(REFUSED_FOR * 2)
    assert not account.key_refused


async def test_a_refused_key_does_not_end_the_polling(home):
    account = await settled(home)
    home.cloud.outage = 401
    home.advance(3600)
    with pytest.raises(DeviceConnectionError) as caught:
        await account.update()
    assert caught.value.key == "cloud_auth"
    assert len(home.cloud.calls) == 1


async def test_forbidden_is_not_a_bad_key(home):
    account = await settled(home)
    home.cloud.outage = 403
    for _ in range(10):
        with pytest.raises(DeviceAuthError):
            await account.ask(Task(Kind.LIVE, DEVICE))
    home.advance(REFUSED_FOR)
    assert account.refusals == 0
    assert not account.key_refused
    assert not account.reachable


async def test_pairings_that_are_forbidden_stop_nothing_else(home):
    # Was wrong: 403 is an endpoint's trouble (seen on /pairings/me while all else works), yet it ends the round.
    home.cloud.path_outage["/pairings/me"] = 403
    home.advance(3600)
    await home.account.update()
    assert len(home.cloud.calls) == BATCH
    assert home.account.reachable


@pytest.mark.parametrize("outage", [500, 503, "html", "refuse", "hang"])
async def test_an_outage_is_borne_for_a_while(home, outage):
    account = await settled(home)
    home.cloud.outage = outage
    with pytest.raises(EnergyError):
        await home.ask(Kind.LIVE)
    assert account.reachable
    home.advance(PATIENCE - 1)
    assert account.reachable
    home.advance(2)
    assert not account.reachable
    home.cloud.outage = None
    await home.ask(Kind.LIVE)
    assert account.reachable


async def test_too_many_calls_are_no_loss(home):
    account = await settled(home)
    home.cloud.outage = 429
    home.advance(3600)
    await account.update()
    assert len(home.cloud.calls) == 1
    assert account.reachable
    assert account.block.calls_left == 0
    await rounds(home, 10, 60)
    assert len(home.cloud.calls) == 1
    with pytest.raises(RateLimitedError):
        await home.ask(Kind.LIVE)


async def test_a_broken_endpoint_does_not_stop_the_others(home):
    home.cloud.path_outage |= {
        "/version": 500,
        "/device/rfid": 404,
        "/device/personalicepower/all": "html",
        "/device/connected": "hang",
    }
    await rounds(home, 20)
    paths = {call.path for call in home.cloud.calls}
    assert paths == {endpoint.path for endpoint in ENDPOINTS.values()}
    assert home.account.reachable
    face = home.account.faces[DEVICE]
    assert face.answers.keys() == {"live", "reported"}
    assert home.account.block.total_sessions == 0


@pytest.mark.parametrize("outage", [404, 400, "html", 500])
async def test_a_broken_endpoint_that_is_asked_alone_is_no_loss_of_the_account(home, outage):
    # Was wrong: when nothing else is due the one error is raised: two such rounds make the account unavailable.
    account = await settled(home)
    home.cloud.path_outage["/device/personalicepower/all"] = 404 if outage == 400 else outage
    account.plan.hurry(Task(Kind.PROFILES, DEVICE))
    await account.update()
    assert [call.path for call in home.cloud.calls] == ["/device/personalicepower/all"]
    assert account.reachable


async def test_nothing_to_do(home):
    account = await settled(home)
    await account.update()
    before = len(home.cloud.calls)
    report = await account.update()
    assert len(home.cloud.calls) == before
    assert report.updated == {"account"}


async def test_a_cloud_that_never_answered_is_not_reachable(home):
    assert not home.account.reachable
    home.cloud.outage = 500
    with pytest.raises(EnergyError):
        await home.account.update()
    assert not home.account.reachable


# Chargers


async def test_chargers_that_come_and_go(home):
    account = await settled(home)
    await account._take(Task(Kind.PAIRINGS), [{"deviceId": DEVICE, "ip": "192.168.1.9"}, {"deviceId": "SECOND", "tag": "Barn"}])
    assert account.own == [DEVICE, "SECOND"]
    assert account.faces[DEVICE].pairing_ip == "192.168.1.9"
    assert account.faces[DEVICE].name == f"Trydan {DEVICE}"
    await account._take(Task(Kind.PAIRINGS), [{"deviceId": DEVICE}])
    assert account.own == [DEVICE]
    for nothing in ([], {}, None, "x", [{"x": 1}]):
        await account._take(Task(Kind.PAIRINGS), nothing)
        assert account.own == [DEVICE]


async def test_a_charger_of_another_entry_costs_nothing(home):
    account = home.account
    account.adopt([Pairing(device_id=DEVICE), Pairing(device_id="SECOND")])
    account.leave(DEVICE)
    assert account.own == ["SECOND"]
    home.cloud.path_outage["/pairings/me"] = 500
    home.advance(3600)
    await rounds(home, 10)
    assert not [call for call in home.cloud.calls if call.device_id == DEVICE]
    account.adopt(account.pairings)
    assert account.own == ["SECOND"]


async def test_an_answer_for_nobody(home):
    await home.account._take(Task(Kind.LIVE, "GONE"), {"charge_state": "1"})
    assert "GONE" not in home.account.faces


# The past


def history(home, days=(1, 100, 200)):
    """Have sessions so many days ago."""
    now = home.account._now()
    for ago in days:
        end = now - timedelta(days=ago)
        home.cloud.add_session(DEVICE, end - timedelta(hours=2), end, [2.0, 3.0, 1.0])


async def test_the_past_is_fetched_once(home):
    history(home)
    changed = []
    home.account.sessions_changed = lambda device_id, hour: changed.append((device_id, hour))
    await rounds(home, 60)
    book = home.account.faces[DEVICE].book
    assert len(book.all) == 3
    assert book.backfill() is None
    assert {device for device, _ in changed} == {DEVICE}
    home.cloud.calls.clear()
    home.advance(25 * 3600)
    await rounds(home, 6)
    assert home.cloud.calls_by_path()["/stadistic/device"] == 1


async def test_the_past_waits_until_there_is_plenty(home):
    history(home)
    while home.account.quota.left() > PLENTY:
        home.account.quota.spend(command=False)
    await home.ask(Kind.SESSIONS)
    assert home.cloud.calls_by_path()["/stadistic/device"] == 1
    assert home.account.faces[DEVICE].book.backfill() is not None


async def test_new_sessions_are_told_although_the_past_cannot_be_had(home, monkeypatch):
    # Was wrong: the book has the new sessions, the call for the past fails, and `sessions_changed` is never called for
    # them: the next time they are known, so statistics never get their hours.
    history(home)
    changed = []
    home.account.sessions_changed = lambda _device_id, hour: changed.append(hour)
    home.cloud.options.clock = home.wall
    real = home.cloud.answer

    def answer(request, fault):
        home.cloud.path_outage["/stadistic/device"] = 500 if "chargeDateStart" in request.target else None
        return real(request, fault)

    home.cloud.front._responder = answer
    try:
        await home.ask(Kind.SESSIONS)
    except EnergyError:
        assert home.account.faces[DEVICE].book.all
    await rounds(home, 5)
    assert changed


# Memory


async def test_a_restart_asks_nothing_again(home):
    history(home)
    account = await settled(home)
    await rounds(home, 60)
    kept = json.loads(json.dumps(account.saved()))
    home.cloud.calls.clear()
    later = home.account = home.new_account()
    later.restore(kept)
    home.advance(5)
    await later.update()
    assert not home.cloud.calls
    assert later.reachable
    assert later.quota.remaining == account.quota.remaining
    assert later.block.total_sessions == account.block.total_sessions
    assert later.faces[DEVICE].values() == account.faces[DEVICE].values()
    assert later.faces[DEVICE].book.all == account.faces[DEVICE].book.all


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"quota": 1, "plan": [], "faces": [], "account": None},
        {"faces": {DEVICE: 3}, "account": {"unknown": 1}},
        {"plan": {"tasks": {"live:SIMV2C": "x"}}, "quota": {"uses": "x"}},
    ],
)
async def test_a_memory_of_another_shape(home, kept):
    home.account.restore(kept)
    assert not home.account.reachable
    await rounds(home, 3)
    assert home.account.reachable


async def test_the_plan_knows_of_the_lan(home):
    account = await settled(home)
    account.plan.situation(DEVICE, Situation(lan=True))
    await rounds(home, 20, 120)
    assert not home.cloud.calls_by_path()["/device/currentstatecharge"]
    assert home.cloud.calls_by_path()["/device/reported"]


async def test_an_unknown_endpoint_is_not_held_against_the_account(home):
    account = await settled(home)
    home.cloud.path_outage["/version"] = 404
    with pytest.raises(DeviceRefusedError):
        await home.ask(Kind.VERSION)
    assert account.failing_since is None
