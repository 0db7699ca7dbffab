"""Zero export through the whole stack on the nominal plant: what ``scripts/bench control --stack`` does at length."""

import asyncio
from collections.abc import AsyncGenerator
import logging

from homeassistant.core import HomeAssistant
import pytest

from bench import control
from bench.control_runs import Score, Trace, Traces, settling
from bench.control_stack import LOOP, SERVICE, perform, played, text, verdicts
from bench.plants import NOMINAL, constant, mixed, step
from tests.virtual_time import VirtualTime


@pytest.fixture(autouse=True)
async def _fast() -> AsyncGenerator[None]:
    """Leave out what makes hours long: a debugging event loop, and a line in the log for every entity."""
    asyncio.get_running_loop().set_debug(False)
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


async def test_the_limits(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """One half hour and a few steps, with the limits of the long run."""
    found = Traces(kind=NOMINAL)
    found.mixed = [await perform(hass, LOOP, mixed(0), 0)]
    found.steps = [await perform(hass, LOOP, step(seed), seed) for seed in range(3)]
    failed = [str(each) for each in verdicts({LOOP: found.score()}) if not each.kept]
    assert not failed, "\n".join(failed)
    assert virtual_time.elapsed > 1800 + 3 * 180


async def test_a_calm_house(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """Noise alone is hardly worth an order."""
    trace = await perform(hass, LOOP, constant(0), 0)
    assert 1 <= len(trace.orders) <= 25
    assert abs(sum(trace.grid[600:]) / len(trace.grid[600:]) - 10) < 15


async def test_the_naive_automation(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """What it is compared with regulates as well, only worse: it overshoots."""
    trace = await perform(hass, SERVICE, step(0), 0)
    assert settling(trace) > 10
    assert len(trace.orders) > 5
    assert len(trace.grid) == len(trace.load)


def test_beside_pytest() -> None:
    """In a loop and a Home Assistant of its own, as the command runs it."""
    trace = played(SERVICE, step(0)[:100], 0)
    assert len(trace.grid) == 100
    assert abs(trace.grid[-1]) < 400


def test_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict is of the loop, with some slack; the other one is for comparison."""
    good = Score(
        rms=1, ratio=1.1, quiet=2, orders=3, reversals=0.1, exported=4, busiest=12, settle=5, settle_worst=6, overshoot=7
    )
    bad = Score(rms=1, ratio=9, quiet=2, orders=3, reversals=0.1, exported=9, busiest=13, settle=5, settle_worst=6, overshoot=7)
    judged = list(verdicts({LOOP: good, SERVICE: bad}))
    assert all(each.kept for each in judged)
    assert "exported / naive" in text({LOOP: good, SERVICE: bad}, judged)
    assert sorted(each.what for each in verdicts({LOOP: bad, SERVICE: good}) if not each.kept) == [
        "RMS by the oracle's",
        "exported / naive",
        "writes in the worst minute",
    ]
    monkeypatch.setattr("bench.control_stack.score", lambda driver, _seeds, say: say(driver) or good)
    assert control.main(["--stack", "--quick", "--check"]) == 1
    shown = capsys.readouterr()
    assert "FAIL HTTP     exported / naive" in shown.out
    assert shown.err.split("\n")[0] == LOOP


def test_the_busiest_minute() -> None:
    """A window, not a minute of the clock."""
    assert Trace(load=[], grid=[], orders=[], at=[0, 50, 59, 60, 100, 119, 170]).busiest == 4
    assert Trace(load=[], grid=[], orders=[]).busiest == 0
