"""The bench of control laws: its sums, its words, and the limits with fewer seeds."""

import math
from pathlib import Path

import pytest

from bench import control
from bench.control_laws import NAIVE, OTHERS, OURS, Naive, Ours
from bench.control_limits import BIASED, LIMITS, QUICK, Measured, Verdict, basics, measure, verdicts
from bench.control_plot import Strip, drawing, thinned
from bench.control_report import BEGIN, END, into_document, limits_table, plant_table, text, verdict
from bench.control_runs import Score, Seeds, Trace, Trouble, exported, oracle, overshoot, quiet, rms, run, settling
from bench.plants import KINDS, NOMINAL, Battery, Kind, appliances, constant, mixed, step


def trace(grid: list[float], load: list[float] | None = None, orders: tuple[float, ...] = ()) -> Trace:
    """Return what happened at the grid, from the start of what counts on."""
    return Trace(load=load or [0.0] * (600 + len(grid)), grid=[0.0] * 600 + grid, orders=orders)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_limits(kind: Kind) -> None:
    """Few seeds, all limits: what ``scripts/bench control --check`` does at length."""
    found = list(verdicts(measure(kind, Seeds(mixed=2, step=12), only=QUICK)))
    failed = [str(each) for each in found if not each.kept]
    assert not failed, "\n".join(failed)
    assert len(found) >= 9


def test_a_law_that_is_worse_fails() -> None:
    """The limits can be missed: the naive loop in the place of ours misses most of them."""
    found = measure(NOMINAL, Seeds(mixed=1, step=2), only=[NAIVE])
    bad = [each.what for each in basics("nominal", found.scores[NAIVE]) if not each.kept]
    assert {"RMS by the oracle's", "settled after, s", "settled after, worst, s", "overshoot, W"} <= set(bad)


def test_what_was_not_measured_is_not_kept() -> None:
    """No number is no good number."""
    assert not Verdict(plant="a", what="b", value=math.nan, limit=1).kept
    assert str(Verdict(plant="a", what="b", value=2, limit=1)).startswith("FAIL")
    assert str(Verdict(plant="a", what="b", value=1, limit=1)).startswith("ok")


def test_sums() -> None:
    """Each figure of a trace whose answer is known."""
    assert rms([3, -3, 3, -3]) == 3
    assert exported(trace([-3600.0] * 10 + [500.0] * 10)) == pytest.approx(1)
    assert settling(trace([1000.0] * 50 + [0.0] * 1000)) == pytest.approx(4.8)
    assert settling(trace([0.0] * 100)) == 0
    assert overshoot(trace([500.0] * 20 + [-80.0] * 10 + [0.0] * 40)) == pytest.approx(80)
    assert overshoot(trace([500.0] * 60)) == 0
    assert trace([], orders=(100, 40, -100, 0, -200, 100)).reversals == 2
    assert trace([0.0] * 600).minutes == 2


def test_quiet_leaves_out_jumps() -> None:
    """Half a minute after a jump, and the first minute."""
    load = [0.0] * 1000 + [500.0] * 1000
    grid = [7.0] * 1000 + [500.0] * 300 + [7.0] * 700
    assert set(quiet(Trace(load=load, grid=grid, orders=()))) == {7.0}


def test_the_oracle_is_late_and_limited() -> None:
    """It follows everything that it can, no sooner than possible."""
    late = int((NOMINAL.dead + NOMINAL.meter_delay + NOMINAL.meter_every / 2 + NOMINAL.lag) * 10)
    found = oracle([0.0] * 10 + [1000.0] * 100 + [5000.0] * 100, NOMINAL)
    assert found[10 : 10 + late] == [1000.0] * late
    assert found[10 + late] == 0
    assert found[-1] == 5000 - NOMINAL.limit


def test_the_battery() -> None:
    """Dead time, floor, limit, rest at the turn, and lost orders."""
    sure = Kind(name="a", dead=1, jitter=0, lag=0.1, ramp=1e6, pause=2, meter_every=1, meter_delay=0, battery_every=1, gap=1)
    battery = Battery(sure, 0)
    battery.order(0.0, 9999)
    assert [battery.step(tick / 10) for tick in range(12)] == [0.0] * 10 + [2400.0] * 2
    battery.order(2.0, -500)
    after = [battery.step(2 + tick / 10) for tick in range(40)]
    assert after[:10] == [2400.0] * 10
    assert after[10:30] == [0.0] * 20
    assert after[-1] == -500
    battery.order(10.0, 49)
    assert [battery.step(10 + tick / 10) for tick in range(20)][-1] == 0
    deaf = Battery(sure, 0, loss=1.0)
    deaf.order(0.0, 1000)
    assert {deaf.step(tick / 10) for tick in range(30)} == {0.0}


def test_loads() -> None:
    """The same for the same seed; what is switched on is where it should be."""
    assert mixed(1) == mixed(1) != mixed(2)
    assert (appliances(119), appliances(120), appliances(430), appliances(445)) == (0, 1800, 1000, 0)
    assert (appliances(1200), appliances(1130), appliances(1550)) == (-1600, -800, 900)
    assert step(3)[700] - step(3)[500] == pytest.approx(1000, abs=100)
    assert rms([watts - 350 for watts in constant(1)]) == pytest.approx(4, rel=0.3)


def test_a_silent_meter() -> None:
    """Nothing arrives while it is silent, and a law that only acts on news does nothing."""
    trouble = Trouble(silent=(70.0, 400.0))
    ours = run(NOMINAL, Ours(NOMINAL), step(0, 180), 0, trouble)
    naive = run(NOMINAL, Naive(NOMINAL), step(0, 180), 0, Trouble(silent=(61.0, 400.0)))
    assert len(ours.orders) < 8
    assert naive.orders[-1] == NOMINAL.limit or abs(naive.orders[-1]) < 500


def test_words(tmp_path: Path) -> None:
    """The terminal and the document show the same; a document that is not there is begun."""
    ours = Score(rms=1, ratio=0.5, quiet=2, orders=3, reversals=0.1, exported=4, settle=119.9, settle_worst=119.9, overshoot=6)
    scores = dict.fromkeys((*QUICK, *OTHERS), ours)
    found = Measured(kind=NOMINAL, scores=scores, calm={OURS: 99})
    judged = list(verdicts(found))
    shown = text([found], judged)
    assert "| never |" in plant_table(found).replace("  ", "")
    assert f"**99.00 / {LIMITS.calm_orders}**" in limits_table(judged)
    assert verdict(judged).count("FAIL") == sum(not each.kept for each in judged) == 4
    assert verdict([each for each in judged if each.kept]) == f"All {len(judged) - 4} limits are kept."
    assert found.exported_share == 1
    assert BIASED in shown
    path = tmp_path / "control.md"
    into_document(path, shown)
    into_document(path, shown)
    assert path.read_text() == f"# Control\n\n{BEGIN}\n\n{shown}\n\n{END}\n"
    path.write_text("no marks")
    with pytest.raises(ValueError, match="no marks"):
        into_document(path, shown)


def test_picture() -> None:
    """One point for two seconds, within the frame."""
    assert thinned([1.0] * 20 + [3.0] * 20 + [5.0]) == [1, 3, 5]
    svg = drawing([0.0] * 3000, [Strip(name=OURS, title="t", grid=[9999.0] * 3000)], "h")
    assert svg.startswith("<svg ")
    assert svg.count("<polyline") == 2
    assert "5 min" in svg


@pytest.mark.timeout(300)
def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It says what it found, writes where it should, and its exit code is the verdict."""
    monkeypatch.setattr(control, "ALL", Seeds(mixed=1, step=1))
    monkeypatch.setattr(control, "DOCUMENT", tmp_path / "control.md")
    monkeypatch.setattr(control, "PICTURE", tmp_path / "control.svg")
    monkeypatch.setattr(control, "DAY", tmp_path / "day.svg")
    assert control.main(["--plant", "nominal", "--quick", "--check"]) == 0
    assert "limits are kept" in capsys.readouterr().out
    monkeypatch.setattr(control, "stacked", lambda _: ("### The whole stack", []))
    monkeypatch.setattr(control, "measure", lambda kind, *_, **__: measure(kind, Seeds(mixed=1, step=1), only=QUICK))
    assert control.main(["--plant", "slow", "--docs"]) == 0
    assert "### Plant: slow" in (tmp_path / "control.md").read_text()
    assert "### The whole stack" in (tmp_path / "control.md").read_text()
    for name in ("control.svg", "day.svg"):
        assert (tmp_path / name).read_text().endswith("</svg>\n")
    assert {kind.name for kind in KINDS} == {"fast", "nominal", "brisk", "slow"}
