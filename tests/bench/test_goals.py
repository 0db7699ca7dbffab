"""What the frame of the benchmark makes of figures: ratios, verdicts, a table, a picture, a page."""

import json
from pathlib import Path
import xml.etree.ElementTree as ET

import pytest

import bench.__main__ as command
from bench.__main__ import arguments, chosen
from bench.goals import MARGIN, Figure
from bench.overview import as_json, goals_table, into_page, other_table, picture, verdict
from bench.suites import SUITES
from tests.source_tree import ROOT


def figure(ours: float, peer: float | None = None, **more: object) -> Figure:
    """Return a figure with a goal."""
    given = {"goal": "B1", "what": "CPU of a cycle", "case": "T49", "unit": "ms", "bound": 0.7, "against": "pyenphase"}
    return Figure(ours=ours, peer=peer, **given | more)


@pytest.mark.parametrize(
    ("found", "met"),
    [
        (figure(7, 10), True),
        # Within the margin, and beyond it.
        (figure(7.6, 10), True),
        (figure(7.8, 10), False),
        (figure(7.1, 10, exact=True), False),
        (figure(7, 10, bound=None), None),
        # Without a peer the bound is of ours.
        (figure(3, bound=4), True),
        (figure(5, bound=4), False),
        # A peer that needs nothing cannot be beaten, only be equalled.
        (figure(0, 0), True),
        (figure(1, 0), False),
    ],
)
def test_a_goal_is_met_or_not(found: Figure, met: bool | None) -> None:
    """The ratio counts, or without a peer the figure itself."""
    assert found.met is met
    assert MARGIN < 1.2


def test_the_median_of_the_rounds_counts() -> None:
    """Both of a round belong together: one slow round is one round."""
    found = Figure.of_rounds([1, 50, 3], [10, 60, 10], goal="B1", what="CPU", case="", unit="ms", bound=0.7)
    assert (found.ours, found.peer, found.ratio) == (3, 10, 0.3)
    assert found.ratios == pytest.approx((0.1, 0.3, 50 / 60))


def test_the_verdict_names_what_is_missed() -> None:
    """And says nothing of what has no goal."""
    met, missed, shown = figure(7, 10), figure(9, 10, goal="B2", what="requests"), figure(99, 1, bound=None, what="floor")
    assert verdict([met, shown]) == "Every goal is met."
    assert verdict([missed, met, shown]).splitlines()[-1] == "- B2, requests, T49: 0.90 instead of 0.7."
    assert "floor" not in goals_table([met, missed, shown])
    assert [line.split("|")[1].strip() for line in other_table([met, missed, shown]).splitlines()[2:]] == ["floor, T49"]


def test_the_picture_is_one_bar_for_each_ratio() -> None:
    """Well-formed, whatever a name says."""
    tree = ET.fromstring(picture([figure(7, 10, what="a < b & c"), figure(2, bound=3), figure(50, 10)]))
    bars = list(tree.iter("{http://www.w3.org/2000/svg}rect"))[1:]
    assert [float(each.get("width", 0)) for each in bars] == [245.0, 420.0]


def test_json_has_everything() -> None:
    """Ratios and verdicts are in it, so that nobody has to work them out."""
    found = json.loads(as_json([figure(7, 10)], {"processors": 2}, 5))
    assert found["machine"] == {"processors": 2}
    assert (found["figures"][0]["ratio"], found["figures"][0]["met"]) == (0.7, True)


def test_a_page_keeps_what_is_around_the_figures(tmp_path: Path) -> None:
    """Again and again; and a page without a place for them is an error, not an empty page."""
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- goals: begin -->\nold\n<!-- goals: end -->\nbelow\n", encoding="utf-8")
    for text in ("new", "newer"):
        into_page(page, "goals", text)
        assert page.read_text(encoding="utf-8") == f"above\n<!-- goals: begin -->\n\n{text}\n\n<!-- goals: end -->\nbelow\n"
    with pytest.raises(ValueError, match="no place"):
        into_page(page, "soak", "new")


@pytest.mark.parametrize(("ours", "code"), [(5, 0), (9, 1)])
def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, ours: float, code: int
) -> None:
    """It measures what is asked for, shows it, keeps it, renews page and pictures, and ends with the verdict."""

    class Measured:
        name, what = "cloud", "calls"

        def measure(self, rounds: int) -> list[Figure]:
            return [figure(ours, 10, what=f"{rounds} rounds")]

        def plots(self) -> dict[str, str]:
            return {"cloud_age.svg": "<svg/>"}

    page, kept = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("<!-- goals: begin -->\n<!-- goals: end -->\n", encoding="utf-8")
    monkeypatch.setattr(command, "SUITES", (Measured(),))
    monkeypatch.setattr(command, "PAGE", page)
    monkeypatch.setattr(command, "IMAGES", tmp_path)
    assert command.goals(["--rounds", "3", "--json", str(kept), "--docs"]) == code
    assert "3 rounds, T49" in capsys.readouterr().out
    assert json.loads(kept.read_text())["figures"][0]["ours"] == ours
    assert "images/performance.svg" in page.read_text()
    assert (tmp_path / "cloud_age.svg").read_text() == "<svg/>"
    assert ET.parse(tmp_path / "performance.svg").getroot().tag.endswith("svg")


def test_suites_are_chosen_by_name() -> None:
    """All when none is named."""
    assert chosen([]) == list(SUITES)
    assert [suite.name for suite in chosen(arguments(["--suite", "cloud"]).suite)] == ["cloud"]
    assert all((ROOT / "bench" / suite.name).is_dir() for suite in SUITES)
