"""The soak in small: some minutes of few devices with faults, and what its parts make of what they see."""

from functools import cache
import logging
from random import Random
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from bench.soak import day, load, page, plot, polls
from bench.soak.command import arguments
from bench.soak.mischief import Mischief
from bench.soak.place import Size
from bench.soak.record import record, wrongs
from bench.soak.saying import Said


@cache
def half_an_hour() -> dict:
    """Return what a soak finds; the tests look at the same one."""
    lines = []
    with patch.object(day, "WARM_UP", 600.0):
        done = day.run(Size(chargers=2, inverters=3), hours=0.5, seed=3, tell=lambda _, line: lines.append(line))
    assert len(lines) == 2
    return record(done) | {"machine": {"day": "today"}}


@pytest.fixture
def found() -> dict:
    """What a soak of half an hour finds."""
    return half_an_hour()


def test_nothing_is_wrong(found: dict) -> None:
    """Paces are kept, no loss is said twice, no trace is left."""
    assert wrongs(found) == []
    # Parts that were lost one after the other may be back in one line.
    assert 0 < found["returns"] <= found["losses"]


def test_everybody_was_asked_and_struck(found: dict) -> None:
    """A soak in which nothing happens would find nothing."""
    assert found["requests"].keys() >= {"titan modbus", "titan http", "charger", "gateway", "v2c cloud"}
    assert all(found["healthy"][each] > 0 for each in ("titan modbus", "titan http", "charger", "gateway", "v2c cloud"))
    assert found["struck"].keys() >= {"titan modbus", "charger", "gateway"}
    assert 0.01 < sum(found["struck"].values()) / sum(found["requests"].values()) < 0.1
    assert found["states"]["changed"] > 100


def test_nothing_piles_up(found: dict) -> None:
    """Tasks and sockets are as many as before."""
    before, after = found["samples"]
    assert after["connections"] <= before["connections"]
    assert after["tasks"] <= before["tasks"]
    assert after["files"] <= before["files"] + 2


def test_the_page_and_the_picture(found: dict) -> None:
    """Both show what was found."""
    text = page.text(found)
    assert "Nothing of what must not be was seen." in text
    assert "| Trydan, LAN" in text
    assert "seed 3" in text
    assert "0.5 hours after" in text
    assert "Broken off: 0.5 of 24 hours" in page.text(found | {"hours": 24.0})
    assert plot.picture(found).count("<polyline") == 5
    assert "Wrong:\n\n- 1 traces" in page.text(found | {"traces": ["one"]})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"gaps": {"charger": 0.1}}, "charger: 0.100 s"),
        ({"at_once": {"gateway": 2}}, "gateway: 2 requests at once"),
        ({"calls_in_a_day": 906}, "906 calls"),
        ({"refused_calls": 1}, "1 calls refused"),
        ({"twice": ["it is away"]}, "said twice"),
        ({"down": [["Titan", ""]]}, "still away"),
        ({"writes": 1}, "1 writes"),
    ],
)
def test_what_must_not_be(found: dict, change: dict, word: str) -> None:
    """Each count that is not as promised is named."""
    (only,) = wrongs(found | change)
    assert word in only


def heard(*lines: tuple[int, str]) -> Said:
    """Return what is made of these lines of ours."""
    said = Said()
    for level, text in lines:
        said.emit(logging.LogRecord("custom_components.x", level, "", 0, text, None, None))
    return said


def test_a_loss_is_said_once() -> None:
    """A second line of the same loss is noticed, and so is a return of what was there."""
    gone, there = (logging.WARNING, "Titan does not answer: silence"), (logging.INFO, "Fetching Titan data recovered")
    assert heard(gone, there, gone, there).twice == []
    assert heard(gone, gone).twice == [gone[1]]
    assert heard(there).twice == [there[1]]
    parts = heard(
        (logging.WARNING, "Envoy: no values of meters, inverters: timeout"), (logging.INFO, "Envoy: values of meters are back")
    )
    assert parts.down == {("Envoy", "inverters")}
    assert heard((logging.WARNING, "Something else")).other == ["Something else"]


def test_mischief_is_repeatable() -> None:
    """The same seed strikes the same requests, in about the share that is asked for; never when all is to be quiet."""

    def drawn(seed: int) -> list:
        mischief = Mischief(Random(seed), quiet=False)
        return [mischief.strike("charger", ("html", "reset")) for _ in range(2000)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 60 < sum(each is not None for each in drawn(1)) < 140
    assert Mischief(Random(1)).strike("charger", ("html",)) is None


def test_load_in_small() -> None:
    """Three reloads leave nothing behind; everybody away is left to Home Assistant."""
    figures = load.measure(reloads=3)
    assert [each.what for each in figures if each.met is False and "objects" not in each.what] == []
    assert {each.goal for each in figures} == {"B13", "B14", ""}


@pytest.mark.parametrize(("which", "low", "high"), [(polls.STOCK, 40, 40), (polls.OURS, 6, 10)])
async def test_a_day_of_polls_in_small(hass: HomeAssistant, which: str, low: int, high: int) -> None:
    """Both sides show the same 40 values; ours writes those that changed, and a fault is on its way in both."""
    side = polls.Side(hass, which)
    await side.begin()
    assert (await side.polls(20))["cpu_s"] > 0
    assert (await side.slowest(3))["worst_ms"] > 0
    written = await side.writes(100)
    assert low <= sum(written.values()) / 100 <= high
    side.values.polls = polls.FAULT_EVERY - 1
    await side.polls(1)
    assert side.coordinator.last_update_success is (which == polls.OURS)
    assert (await side.look())["tasks"] > 0


def test_command_line() -> None:
    """A day, unless told otherwise."""
    assert arguments([]).hours == 24
    assert arguments(["--seed", "5"]).seed == 5
