"""The simulated weeks of the cloud's calls: what happens in them, what both schedules cost, and the picture."""

from xml.etree import ElementTree as ET

import pytest

from bench import cloud
from bench.cloud.days import DAY, HOUR, LIMIT, MOST_COMMANDS, START, Scenario, Stay, Truth, Vendor, commands, stays
from bench.cloud.ours import Ours
from bench.cloud.outcome import SAMPLE, Log, outcome
from bench.cloud.peer import Peer, interval
from bench.cloud.plot import ages


def test_the_days_are_those_of_the_brief() -> None:
    """Four sessions in five days, three hours long in the middle, half of them by night; 15 commands a box, 60 at most."""
    scenario = Scenario(boxes=10, days=90, warm_up=0)
    found = [stay for cars in stays(scenario).values() for stay in cars]
    assert len(found) / 10 / 91 == pytest.approx(0.8, abs=0.05)
    lengths = sorted(stay.ends - stay.begins for stay in found)
    assert lengths[len(lengths) // 2] / HOUR == pytest.approx(3, abs=0.3)
    at_night = sum((stay.begins - START) % DAY in (23 * HOUR, HOUR) for stay in found)
    assert at_night / len(found) == pytest.approx(0.5, abs=0.07)
    assert all(stay.plugged < stay.begins < stay.ends < stay.gone for stay in found)
    assert len(commands(scenario)) == 90 * MOST_COMMANDS
    assert len(commands(Scenario(boxes=1, days=7, warm_up=0))) == 7 * 15


def test_what_is_so_at_a_box() -> None:
    """Nobody there, plugged in, charging, plugged in, gone."""
    truth = Truth(Scenario(boxes=1, days=3, warm_up=0, seed=2))
    stay = truth.stays["C00"][0]
    moments = (stay.plugged - 1, stay.plugged, stay.begins, stay.ends, stay.gone)
    assert [truth.at("C00", at) for at in moments] == [
        (False, False),
        (True, False),
        (True, True),
        (True, False),
        (False, False),
    ]


def test_the_vendor_counts_any_24_hours() -> None:
    """The thousand and first is refused, until the first is a day old."""
    vendor = Vendor()
    assert [vendor.ask(START + at) for at in range(LIMIT + 1)][-2:] == [0, None]
    assert vendor.ask(START + DAY - 1) is None
    assert vendor.ask(START + DAY) == 0
    assert vendor.refused == 2


@pytest.mark.parametrize(("boxes", "seconds"), [(1, 204), (2, 407), (5, 1017), (20, 4066)])
def test_the_peer_keeps_its_schedule(boxes: int, seconds: int) -> None:
    """Two calls for each box in each cycle; with pairings, cards and versions as the brief counts them."""
    assert interval(boxes) == seconds
    scenario = Scenario(boxes=boxes, days=2, warm_up=1)
    log = Peer(scenario).run()
    assert log.kinds["pairings"] == 3 * 24
    assert log.kinds["cards"] == 3 * 4 * boxes
    assert log.kinds["version"] == 3 * 2 * boxes
    if boxes < 8:
        assert log.refused == 0
        assert log.kinds["live"] == pytest.approx(boxes * 3 * DAY / seconds, abs=boxes)


def test_the_peer_runs_into_the_limit() -> None:
    """With twenty boxes its commands are refused, and it comes again after 240, 480 and 600 seconds."""
    log = Peer(Scenario(boxes=20, days=2, warm_up=1)).run()
    assert log.refused > 0
    assert log.refused_commands > 0


def test_ages_are_those_while_a_car_charges() -> None:
    """From what was heard last, sampled while it charges, in the days that count."""
    scenario = Scenario(boxes=1, days=1, warm_up=0)
    stay = Stay(START + HOUR, START + 2 * HOUR, START + 3 * HOUR, START + 4 * HOUR)
    heard = [START, *(START + 2 * HOUR + 100 * step for step in range(36))]
    found = outcome(Log(calls=heard, heard={"C00": heard}), scenario, {"C00": [stay]})
    assert found.mean == pytest.approx(50, abs=3)
    assert found.p95 == pytest.approx(95, abs=4)
    assert (found.worst, found.left, found.calls_a_day) == (37, LIMIT - 37, 37)
    assert SAMPLE % 100


@pytest.mark.parametrize("boxes", [1, 5])
def test_ours_stays_within_the_limit_and_is_fresher(boxes: int) -> None:
    """Exact counts; the ages of three days are only a hint of those of six weeks."""
    scenario = Scenario(boxes=boxes, days=2, warm_up=2, read_back=True)
    mine, theirs = cloud.both(scenario)
    assert (mine.refused, mine.refused_commands, mine.retries) == (0, 0, 0)
    assert mine.worst <= 950
    assert mine.mean < 0.6 * theirs.mean


def test_a_healthy_local_network_saves_calls() -> None:
    """Nothing live is asked of the cloud."""
    log = Ours(Scenario(boxes=2, days=1, warm_up=1, lan=True)).run()
    assert log.kinds["live"] == 0
    assert log.kinds["command"] == 0
    assert len(log.calls) < 2 * 260


def test_the_suite() -> None:
    """Every goal has its figure, and the picture shows what was measured."""
    figures = cloud.measure(1, boxes=(1,), days=2)
    goals = [each for each in figures if each.goal == "B12"]
    assert [each.exact for each in goals] == [True] * 6
    assert [each.what for each in goals if not each.met and each.peer is None] == []
    assert any(each.what == "calls a day, local network healthy" and (each.ratio or 1) < 0.3 for each in figures)
    (picture,) = cloud.plots().values()
    assert ET.fromstring(picture).tag.endswith("svg")


def test_the_picture_has_both_lines() -> None:
    """One point for each number of boxes on each line."""
    picture = ages({1: (20.0, 100.0), 5: (130.0, 500.0), 20: (800.0, 2300.0)})
    assert picture.count("<polyline") == 2
    assert picture.count("<circle") == 6
    assert ">2500<" in picture
