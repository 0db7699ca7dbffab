"""All suites together: the table of the goals, its picture, and the page that holds both."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
import json
from pathlib import Path
from typing import Any, Final

from .goals import MARGIN, Figure
from .tables import table

HEAD: Final = ("what", "goal", "ours", "peer", "ratio", "bound", "met", "beside")
# The picture, in pixels: names, a bar for each goal, and how much of the peer's its width stands for.
LEFT, BAR, RIGHT, LINE, TOP, BOTTOM = 360, 420, 70, 20, 44, 34
FULL: Final = 1.2
MET, MISSED, BOUND = "#0b7a53", "#b83232", "#1f2933"
FONT: Final = 'font-family="system-ui, sans-serif" font-size="12"'


def goals_table(figures: Sequence[Figure]) -> str:
    """Return every figure that has a goal, in the order of the goals."""
    found = sorted((each for each in figures if each.bound is not None), key=_order)
    return table(HEAD, [_row(each) for each in found])


def other_table(figures: Sequence[Figure]) -> str:
    """Return what was measured besides."""
    head = ("what", "ours", "peer", "ratio", "beside")
    return table(head, [[_name(each), *_both(each), each.against or "-"] for each in figures if each.bound is None])


def verdict(figures: Sequence[Figure]) -> str:
    """Say which goals are missed, and by how much."""
    missed = [each for each in sorted(figures, key=_order) if each.met is False]
    lines = [f"- {each.goal}, {_name(each)}: {_found(each):.2f} instead of {each.bound}." for each in missed]
    return "\n".join(["Missed:", "", *lines]) if lines else "Every goal is met."


def _found(figure: Figure) -> float:
    ratio = None if figure.peer is None else figure.ratio
    return figure.ours if ratio is None else ratio


def _order(figure: Figure) -> tuple[int, str]:
    return (int(figure.goal.removeprefix("B") or 0), figure.goal)


def _name(figure: Figure) -> str:
    return f"{figure.what}, {figure.case}" if figure.case else figure.what


def _both(figure: Figure) -> list[str]:
    ratio = "-" if figure.peer is None or figure.ratio is None else f"{figure.ratio:.3f}" + _spread(figure)
    peer = "-" if figure.peer is None else _number(figure.peer, figure.unit)
    return [_number(figure.ours, figure.unit), peer, ratio]


def _spread(figure: Figure) -> str:
    return f" ({figure.ratios[0]:.2f} to {figure.ratios[-1]:.2f})" if figure.ratios else ""


def _number(value: float, unit: str) -> str:
    shown = f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"
    return f"{shown} {unit}".strip()


def _row(figure: Figure) -> list[str]:
    bound = f"{figure.bound:g}" + (" exactly" if figure.exact else "")
    return [_name(figure), figure.goal, *_both(figure), bound, "yes" if figure.met else "no", figure.against or "-"]


def picture(figures: Sequence[Figure]) -> str:
    """Return an SVG: each ratio as a bar, the peer as the full line, the bound as a tick."""
    shown = sorted((each for each in figures if each.bound is not None and each.peer and each.ratio is not None), key=_order)
    width, height = LEFT + BAR + RIGHT, TOP + LINE * len(shown) + BOTTOM
    one = LEFT + BAR / FULL
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {FONT}>',
        "<title>Ours by the peer's: shorter is less</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" fill="#333">0</text>',
        f'<text x="{one}" y="18" fill="#333" text-anchor="middle">the peer = 1</text>',
        f'<line x1="{one}" x2="{one}" y1="24" y2="{height - BOTTOM}" stroke="#9aa5b1" stroke-dasharray="4 3"/>',
        *(part for place, each in enumerate(shown) for part in _bar(each, TOP + LINE * place)),
        f'<text x="{LEFT}" y="{height - 12}" fill="#333">black: the bound; green: met; red: missed</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(figure: Figure, top: float) -> list[str]:
    ratio, bound = figure.ratio or 0.0, figure.bound or 0.0
    length, tick = (min(value, FULL) / FULL * BAR for value in (ratio, bound))
    colour = MET if figure.met else MISSED
    return [
        f'<text x="{LEFT - 8}" y="{top + 11}" text-anchor="end" fill="#333">{figure.goal} {_plain(_name(figure))}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{LINE - 6}" fill="{colour}"/>',
        f'<line x1="{LEFT + tick:.1f}" x2="{LEFT + tick:.1f}" y1="{top - 2}" y2="{top + LINE - 4}" stroke="{BOUND}"/>',
        f'<text x="{LEFT + max(length, tick) + 6:.1f}" y="{top + 11}" fill="#333">{ratio:.2f}</text>',
    ]


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def as_json(figures: Sequence[Figure], machine: Mapping[str, Any], rounds: int) -> str:
    """Return everything that was found."""
    found = [asdict(each) | {"ratio": each.ratio, "met": each.met} for each in figures]
    return json.dumps({"machine": machine, "rounds": rounds, "margin": MARGIN, "figures": found}, indent=1)


def into_page(page: Path, mark: str, text: str) -> None:
    """Put a text between ``<!-- mark: begin -->`` and ``<!-- mark: end -->``."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    whole = page.read_text(encoding="utf-8")
    before, found, rest = whole.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no marks, so no place for {mark}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
