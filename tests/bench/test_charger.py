"""The benchmark of the charger on the LAN: what the box counts, how each way polls, and what is made of the figures."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
import json
from random import Random
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from bench import charger
from bench.charger.box import Box
from bench.charger.client import measured
from bench.charger.names import BY_NAME, CORE, FLOOR, KEPT, LIBRARY, OURS, PATTERN
from bench.charger.pollers import opened
from bench.charger.side import Side
from bench.children import Child, child


def test_the_box_counts_what_it_is_asked() -> None:
    """The snapshot moves, three keywords stand alone, a write is a GET, and everything else is not there."""
    box = Box()
    first, second = (json.loads(box.answer("/RealTimeData")[1]) for _ in range(2))
    assert first.keys().isdisjoint(BY_NAME)
    assert {key for key in first if first[key] != second[key]} == {"ChargePower", "ChargeEnergy", "ChargeTime", "HousePower"}
    assert box.answer("/read/LightLED") == (200, b"50")
    assert box.answer("/read/Paused")[0] == 404
    assert box.answer("/write/Intensity=12") == (200, b"OK")
    assert json.loads(box.answer("/RealTimeData")[1])["Intensity"] == 12
    told = box.taken()
    assert (len(told["asked"]), [key for key, _ in told["writes"]]) == (6, ["Intensity"])
    assert box.taken()["asked"] == []


@pytest.fixture
async def box(socket_enabled: None) -> AsyncGenerator[Child]:
    """A box in a process of its own."""
    with child("bench.charger.box") as process:
        yield process


async def test_requests_are_counted_exactly(box: Child) -> None:
    """Ours asks once, and three times more in every twelfth poll; the others ask four times in each."""
    about = box.hear()
    async with AsyncExitStack() as stack:
        ways = await opened(stack, about["address"], about["device"])
        for poll in ways.values():
            await poll()
        kept = await measured({"delay": 0.0, "polls": 12}, ways, box, Random(1))
        del ways[FLOOR]
        apart = await measured({"delay": 0.0, "polls": 2, "apart": True}, ways, box, Random(1))
    assert {name: each["requests"] for name, each in kept.items()} == {OURS: 15, KEPT: 15, LIBRARY: 48, PATTERN: 48, FLOOR: 12}
    assert kept[OURS]["connections"] == 15
    assert kept[PATTERN]["connections"] <= 2
    assert kept[LIBRARY]["connections"] == kept[FLOOR]["connections"] == 0
    assert kept[OURS]["bytes"] < 0.6 * kept[PATTERN]["bytes"]
    # One for the snapshot, and two more for what is asked at once; the first poll of two finds its own still open.
    assert apart[PATTERN]["connections"] in (3, 6)
    assert apart[LIBRARY]["connections"] in (1, 2)


def round_of(ours: float, theirs: float) -> dict[str, dict[str, Any]]:
    """Return a round as the client tells it."""

    def way(cpu: float, requests: int, wall: float) -> dict[str, Any]:
        return {"cpu_ms": cpu, "walls_ms": [wall] * 3, "requests": requests, "bytes": requests * 300, "connections": 0}

    return {OURS: way(ours, 30, 51), KEPT: way(ours / 2, 30, 51), LIBRARY: way(theirs, 96, 210), PATTERN: way(theirs, 96, 104)}


def test_sums() -> None:
    """Counts are exact, times are ratios of rounds."""
    found = [round_of(1, 10), round_of(2, 10), round_of(3, 10)]
    requests, size = charger._counts(found, PATTERN, "x")
    assert (requests.ours, requests.peer, requests.met) == (1.25, 4, True)
    assert (size.goal, size.met) == ("", None)
    open_, ended, kept = charger._cpu({0: found}, found[:1], LIBRARY, "x")
    assert (open_.ratio, open_.met) == (0.2, False)
    assert (ended.ratio, ended.met) == (0.1, True)
    assert (kept.ratio, kept.goal) == (0.1, "")
    slow = charger._wall(found, PATTERN, "x", 50)
    assert (slow.goal, slow.met) == ("B9", True)
    assert charger._wall(found, PATTERN, "x", 10).goal == ""


def test_a_peer_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is measured in Home Assistant without the library that its own integration needs."""
    monkeypatch.setattr(charger, "library_version", lambda: None)
    assert charger.integrations(1) == []
    assert "pytrydan" in capsys.readouterr().err


@pytest.mark.parametrize("which", [OURS, CORE])
async def test_both_sides_run(hass: HomeAssistant, box: Child, which: str) -> None:
    """Each shows the box, sees it change, and tells it something."""
    side = Side(hass, which, box)
    start = await side.setup()
    assert start["enabled"] >= 18
    polls = await side.polls(2)
    assert (polls["requests"], polls["connections"]) == ((2, 2) if which == OURS else (8, 0))
    assert (await side.writes(1))["changed"] >= 4
    assert (await side.seen(0.0))["ms"] > 0
    command = await side.command(0.0, 11)
    assert (command["before"], command["requests"]) == ((0, 2) if which == OURS else (0, 5))
    assert (await side.reload())["cpu_ms"] > 0
    assert await hass.config_entries.async_unload(side.entry.entry_id)
