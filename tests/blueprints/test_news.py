"""The blueprints that tell of something: faults, and cards."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.blueprints.house import House

PROBLEM, METER, LINK = "binary_sensor.titan_problem", "binary_sensor.garage_meter_problem", "binary_sensor.inverter"
ALARMS, EVENTS = "event.titan_alarms_and_restarts", "event.garage_charging_events"
READER, END, CARD = "switch.garage_rfid_reader", "sensor.garage_last_session_end", "sensor.garage_last_session_card"
TELL = [{"action": "test.tell", "data": {"message": "{{ message }}", "entity": "{{ entity }}", "over": "{{ over }}"}}]


async def watch(house: House, **given: Any) -> None:
    """Watch everything."""
    house.serve("test.tell")
    for entity_id in (PROBLEM, METER):
        house.set(entity_id, "off", friendly_name=entity_id.split(".")[1])
    house.set(LINK, "on", friendly_name="Inverter")
    house.set(ALARMS, "unknown", friendly_name="Alarms")
    what = {"problems": [PROBLEM, METER], "connections": [LINK], "events": [ALARMS, EVENTS]}
    await house.use("energy_core/notify_on_fault.yaml", **what | {"notify_actions": TELL} | given)


def told(house: House) -> list[tuple[str, bool]]:
    """Return what was told since, and whether it is over."""
    return [(data["message"], data["over"]) for data in house.said("test.tell")]


async def test_a_problem_and_its_end(house: House) -> None:
    """Once each, after it has lasted."""
    await watch(house)
    house.set(PROBLEM, "on")
    await house.wait(20)
    assert not house.calls
    await house.wait(300)
    assert told(house) == [("titan_problem: on.", False)]
    house.set(PROBLEM, "off")
    await house.wait(300)
    assert told(house) == [("titan_problem: off again.", True)]


async def test_a_flicker_is_no_news(house: House) -> None:
    """Neither its begin nor its end."""
    await watch(house)
    for state in ("on", "off") * 3:
        house.set(PROBLEM, state)
        await house.wait(10)
    house.set(LINK, "off")
    await house.wait(300)
    house.set(LINK, "on")
    await house.wait(300)
    assert not house.calls


async def test_two_problems_at_once_are_both_told(house: House) -> None:
    """One does not hide the other, though telling takes a while."""
    await watch(house, notify_actions=[*TELL, {"delay": 10}])
    house.set(PROBLEM, "on")
    house.set(METER, "on")
    await house.wait(60)
    assert sorted(told(house)) == [("garage_meter_problem: on.", False), ("titan_problem: on.", False)]


async def test_a_lost_connection(house: House) -> None:
    """After ten minutes, and its return."""
    await watch(house)
    house.set(LINK, "off")
    await house.wait(590)
    assert not house.calls
    await house.wait(60)
    assert told(house) == [("Inverter: lost.", False)]
    house.set(LINK, "on")
    await house.wait(60)
    assert told(house) == [("Inverter: back.", True)]


@pytest.mark.parametrize("state", ["unknown", "unavailable"])
async def test_no_news_from_a_device_that_does_not_answer(house: House, state: str) -> None:
    """Unless it is to be told; unknown is nothing in any case."""
    await watch(house, tell_unavailable=False)
    for entity_id in (PROBLEM, METER, LINK, ALARMS):
        house.set(entity_id, state)
    await house.wait(1200)
    assert not house.calls


async def test_a_device_that_does_not_answer(house: House) -> None:
    """Is told, once, after a while."""
    await watch(house)
    house.set(PROBLEM, "unavailable")
    await house.wait(580)
    assert not house.calls
    await house.wait(600)
    assert told(house) == [("titan_problem: unavailable.", False)]


async def test_ends_may_be_left_out(house: House) -> None:
    """For those who want to hear of the begin alone."""
    await watch(house, tell_over=False)
    house.set(PROBLEM, "on")
    await house.wait(60)
    house.set(PROBLEM, "off")
    await house.wait(60)
    assert told(house) == [("titan_problem: on.", False)]


async def test_alarms_are_told_and_the_rest_of_the_events_is_not(house: House) -> None:
    """The first of a new entity too."""
    await watch(house)
    house.set(EVENTS, "unknown", friendly_name="Events")
    await house.settle()
    for entity_id, kind in ((ALARMS, "grid_disconnected"), (ALARMS, "restarted"), (EVENTS, "charging_started")):
        house.happens(entity_id, kind)
        await house.wait(5)
    house.happens(EVENTS, "system_fault")
    await house.wait(5)
    assert told(house) == [("Alarms: grid disconnected.", False), ("Events: system fault.", False)]


async def test_an_old_event_is_no_news_after_a_restart(house: House) -> None:
    """Home Assistant restores the last one."""
    await watch(house)
    house.happens(EVENTS, "system_fault")
    await house.settle()
    house.happens(ALARMS, "over_temperature")
    await house.settle()
    assert len(told(house)) == 1
    house.set(ALARMS, "unavailable")
    await house.wait(5)
    house.happens(ALARMS, "over_temperature")
    await house.wait(5)
    assert not house.calls


async def test_nothing_chosen_is_nothing_told(house: House) -> None:
    """It can be set up empty."""
    await watch(house, problems=[], connections=[], events=[])
    house.set(PROBLEM, "on")
    await house.wait(60)
    assert not house.calls


# Cards


async def cards(house: House, **given: Any) -> None:
    """Wait for cards."""
    house.serve("test.come")
    house.serve("test.paid")
    house.set(EVENTS, "unknown")
    house.set(READER, "on")
    house.set(CARD, "Anna")
    house.set(END, "2026-06-14T18:00:00+00:00")
    entities = {"charging_events": EVENTS, "rfid_reader": READER, "session_end": END, "session_card": CARD}
    paid = [{"action": "test.paid", "data": {"card": "{{ card }}"}}]
    actions = {"arrival_actions": [{"action": "test.come"}], "card_actions": paid}
    await house.use("v2c_cloud/rfid_arrival.yaml", **entities, **actions, **given)


async def come(house: House, *happenings: str, pause: float = 60) -> None:
    """Let things happen at the charger."""
    for each in happenings:
        house.happens(EVENTS, each)
        await house.wait(pause)


async def test_an_arrival(house: House) -> None:
    """A car that was plugged in begins to charge; that it pauses in between is no arrival."""
    await cards(house)
    await come(house, "plugged_in")
    assert not house.calls
    await come(house, "charging_started", "charging_stopped", "charging_started")
    assert house.calls == [("test.come", {})]
    await come(house, "unplugged", "plugged_in", "not_applied", "charging_started")
    assert len(house.calls) == 2


async def test_a_card_that_came_before_the_plug(house: House) -> None:
    """Then both are told at the same moment."""
    await cards(house)
    house.happens(EVENTS, "plugged_in")
    house.freezer.tick(0.001)
    house.happens(EVENTS, "charging_started")
    await house.settle()
    assert house.calls == [("test.come", {})]


@pytest.mark.parametrize(
    ("reader", "happenings"),
    [
        ("off", ("plugged_in", "charging_started")),
        ("unavailable", ("plugged_in", "charging_started")),
        ("on", ("charging_started",)),
        ("on", ("plugged_in", "unplugged", "charging_started")),
        ("on", ("plugged_in", "system_fault")),
    ],
)
async def test_no_arrival(house: House, reader: str, happenings: tuple[str, ...]) -> None:
    """Without a reader, without a plug, or when the car goes again."""
    await cards(house)
    house.set(READER, reader)
    await come(house, *happenings)
    assert not house.calls


async def test_a_charge_that_begins_late_is_no_arrival(house: House) -> None:
    """A timer has started it."""
    await cards(house)
    await come(house, "plugged_in", pause=3700)
    await come(house, "charging_started")
    assert not house.calls


@pytest.mark.parametrize(
    ("card", "wanted", "told_of"),
    [
        ("Anna", [], ["Anna"]),
        ("Anna", ["Bert", "Anna"], ["Anna"]),
        ("Carl", ["Bert"], []),
        ("unknown", [], []),
        ("unavailable", [], []),
    ],
)
async def test_a_session_with_a_card(house: House, card: str, wanted: list[str], told_of: list[str]) -> None:
    """When the cloud has it, also twice with the same card."""
    await cards(house, cards=wanted)
    house.set(END, datetime.now(UTC).isoformat())
    house.set(CARD, card)
    await house.wait(10)
    assert [data["card"] for data in house.said("test.paid")] == told_of
    await house.wait(100)
    house.set(END, datetime.now(UTC).isoformat())
    await house.wait(10)
    assert [data["card"] for data in house.said("test.paid")] == told_of


async def test_the_last_session_is_no_news_when_the_cloud_is_back(house: House) -> None:
    """It was told before."""
    await cards(house)
    for state in ("unavailable", "2026-06-14T18:00:00+00:00", "unknown", "2026-06-14T18:00:00+00:00"):
        house.set(END, state)
        await house.wait(10)
    assert not house.calls


async def test_arrivals_need_no_account(house: House) -> None:
    """The entities of sessions may be missing."""
    house.serve("test.come")
    house.set(EVENTS, "unknown")
    house.set(READER, "on")
    come_actions = [{"action": "test.come"}]
    given = {"charging_events": EVENTS, "rfid_reader": READER, "arrival_actions": come_actions}
    await house.use("v2c_cloud/rfid_arrival.yaml", **given)
    await come(house, "plugged_in", "charging_started")
    assert house.calls == [("test.come", {})]
