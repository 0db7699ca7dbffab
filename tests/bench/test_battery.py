"""The suite of the battery: what goes over the wires is exact, and every figure comes out; times are not judged here."""

import pytest

from bench.battery import home, modbus_figures, rpc_figures
from bench.battery.modbus import optimum
from bench.goals import Figure
from custom_components.titan_izypower.titan.sources import Register

ONCE = {0.0: 1}


def shown(figures: list[Figure], what: str, against: str = "") -> list[tuple[float, float | None]]:
    """Return ours and the peer's of the figures of that name, beside the peer of that name."""
    return [(each.ours, each.peer) for each in figures if each.what == what and against in each.against]


def test_the_best_plan_there_is() -> None:
    """A request holds all that lies within 125 words of its first register."""
    registers = [Register(key=key) for key in (0, 124, 125, 249)] + [Register(key=250, kind="u32"), Register(key=400)]
    assert optimum(registers) == [(0, 125), (125, 125), (250, 2), (400, 1)]


def test_modbus() -> None:
    """Fewer requests than the peer's model, near the best plan there is; a usual poll asks for the fast blocks only."""
    figures = modbus_figures.measure(1, ONCE)
    assert shown(figures, "Modbus requests of a full scan", "model") == [(14, 21)]
    assert shown(figures, "Modbus requests of a full scan", "one register") == [(14, 138)]
    assert shown(figures, "Modbus requests of a full scan", "bare socket") == [(14, 14)]
    assert shown(figures, "Modbus requests a minute", "model") == [(12.6, 42)]
    assert [ours for each in figures if (ours := each.ours) and "at most 60 words" in each.case] == [1, 18]
    assert [ours for each in figures if (ours := each.ours) and "serves no gap" in each.case] == [13, 67]
    assert shown(figures, "CPU of the requests of a full Modbus scan alone", "model")
    for what in ("CPU of a full Modbus scan, decoded", "CPU of Modbus a minute, each block at its own pace"):
        assert all(ours > 0 and peer for ours, peer in shown(figures, what)), what
    assert {each.goal for each in figures if each.bound is not None} == {"B7", "B8"}


def test_http() -> None:
    """As many requests and connections as the peer needs; where a unit allows more, one request is enough."""
    pytest.importorskip("indevolt_api")
    figures = rpc_figures.measure(1, 1)
    assert shown(figures, "requests for 120 points") == [(3, 3)]
    assert shown(figures, "connections for 120 points") == [(3, 3)]
    assert len(shown(figures, "CPU for 120 points")) == len(rpc_figures.GOALS) + 1
    assert {each.goal for each in figures if each.bound is not None} == {"B11"}


def test_home_assistant() -> None:
    """Both load the same unit, and what they ask and write is counted."""
    pytest.importorskip("indevolt_api")
    figures = home.measure(1, pauses=False)
    assert shown(figures, "HA: requests in a refresh") == [(2.3, 2)]
    [(ours, core)] = shown(figures, "HA: entities enabled")
    assert core is not None
    assert ours > core > 0
    # Power, current and voltage are written as they are, for helpers that integrate them; core writes everything.
    [(ours, core)] = shown(figures, "HA: states written as they were in a refresh")
    assert core is not None
    assert ours < core
