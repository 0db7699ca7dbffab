"""Grid power over half an hour as an SVG: one strip for each law, all at one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .control_laws import NAIVE, OTHERS, OURS, PEER, Maker, Ours
from .control_runs import run
from .plants import DT, NOMINAL, PER_SECOND, Kind, mixed

WIDTH: Final = 900
LEFT, RIGHT, TOP, BOTTOM = 72, 28, 44, 40
STRIP, BETWEEN = 130, 18
# The scale, W, and where its lines are; one point is the mean of so many seconds.
TOP_W, LOW_W = 2500.0, -2500.0
LINES: Final = (-2000, 0, 2000)
SECONDS_A_POINT: Final = 2
COLOURS: Final = {"load": "#c9cdd4", OURS: "#0b7a53", NAIVE: "#b7791f", PEER: "#b83232"}
SHOWN: Final[Mapping[str, Maker]] = {OURS: Ours, NAIVE: OTHERS[NAIVE], PEER: OTHERS[PEER]}
FONT: Final = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"'


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One law's half hour, W, and what is written above."""

    name: str
    title: str
    grid: Sequence[float]


def strips(kind: Kind = NOMINAL, seed: int = 0) -> tuple[Sequence[float], list[Strip]]:
    """Return the load, and what each law makes of it."""
    load = mixed(seed)
    found = []
    for name, law in SHOWN.items():
        trace = run(kind, law(kind), load, seed)
        found.append(Strip(name=name, title=f"{name}: {len(trace.orders) / trace.minutes:.0f} orders a minute", grid=trace.grid))
    return load, found


def thinned(watts: Sequence[float]) -> list[float]:
    """Return means over a few seconds each."""
    width = SECONDS_A_POINT * PER_SECOND
    return [sum(watts[first : first + width]) / len(watts[first : first + width]) for first in range(0, len(watts), width)]


def _y(watts: float, top: float) -> float:
    return top + (TOP_W - max(LOW_W, min(TOP_W, watts))) / (TOP_W - LOW_W) * STRIP


def _line(watts: Sequence[float], top: float, colour: str, width: float) -> str:
    points, step = thinned(watts), (WIDTH - LEFT - RIGHT) / (len(watts) * DT / SECONDS_A_POINT)
    path = " ".join(f"{LEFT + number * step:.1f},{_y(each, top):.1f}" for number, each in enumerate(points))
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"/>'


def _frame(top: float) -> list[str]:
    found = []
    for watts in LINES:
        y, colour = _y(watts, top), "#999" if watts == 0 else "#e6e8ec"
        found.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{colour}"/>')
        found.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {FONT}>{watts:+d} W</text>'.replace("+0", "0"))
    return found


def drawing(load: Sequence[float], shown: Sequence[Strip], heading: str) -> str:
    """Return the whole picture."""
    height = TOP + len(shown) * (STRIP + BETWEEN) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{heading}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" {FONT} font-weight="600">{heading}</text>',
    ]
    for number, strip in enumerate(shown):
        top = TOP + number * (STRIP + BETWEEN)
        parts += _frame(top)
        parts.append(_line(load, top, COLOURS["load"], 1))
        parts.append(_line(strip.grid, top, COLOURS[strip.name], 1.4))
        parts.append(f'<text x="{LEFT}" y="{top - 3}" {FONT}>{strip.title}</text>')
    minutes = int(len(load) * DT / 60)
    for minute in range(0, minutes + 1, 5):
        x = LEFT + (WIDTH - LEFT - RIGHT) * minute / minutes
        parts.append(f'<text x="{x:.0f}" y="{height - 16}" text-anchor="middle" {FONT}>{minute} min</text>')
    return "\n".join([*parts, "</svg>", ""])


def picture() -> str:
    """Return the picture of the documents."""
    load, shown = strips()
    return drawing(load, shown, "Power at the grid, nominal plant; grey: the house without battery, + is import")
