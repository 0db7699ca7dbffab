"""A day with all three loops as an SVG: a strip for each order of battery and car."""

from collections.abc import Mapping, Sequence
from typing import Final

type Line = tuple[float, float, float, float]

WIDTH: Final = 900
LEFT, RIGHT, TOP, BOTTOM = 72, 28, 60, 40
STRIP, BETWEEN = 170, 26
TOP_W, LOW_W = 7000.0, -3000.0
LINES: Final = (-2000, 0, 2000, 4000, 6000)
# One point is the mean of so many entries of the diary.
ENTRIES_A_POINT: Final = 48
CURVES: Final = (("grid, + import", 0, "#b83232"), ("battery, + discharging", 1, "#0b7a53"), ("car", 2, "#2458b3"))
FONT: Final = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"'


def _y(watts: float, top: float) -> float:
    return top + (TOP_W - max(LOW_W, min(TOP_W, watts))) / (TOP_W - LOW_W) * STRIP


def _curve(diary: Sequence[Line], column: int, top: float, colour: str) -> str:
    chunks = [diary[first : first + ENTRIES_A_POINT] for first in range(0, len(diary), ENTRIES_A_POINT)]
    step = (WIDTH - LEFT - RIGHT) / max(1, len(chunks) - 1)
    means = [sum(line[column] for line in chunk) / len(chunk) for chunk in chunks]
    path = " ".join(f"{LEFT + number * step:.1f},{_y(mean, top):.1f}" for number, mean in enumerate(means))
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.3" stroke-linejoin="round"/>'


def _strip(title: str, diary: Sequence[Line], top: float) -> list[str]:
    found = [f'<text x="{LEFT}" y="{top - 5}" {FONT}>{title}</text>']
    for watts in LINES:
        y, colour = _y(watts, top), "#999" if watts == 0 else "#e6e8ec"
        found.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{colour}"/>')
        found.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {FONT}>{watts} W</text>')
    return found + [_curve(diary, column, top, colour) for _, column, colour in CURVES]


def drawing(days: Mapping[str, Sequence[Line]], begin: int, hours: int) -> str:
    """Return the picture of each of ``days``, which began at the hour ``begin``."""
    height = TOP + len(days) * (STRIP + BETWEEN) + BOTTOM
    heading = "A day in June: one meter, a battery, a car"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{heading}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" {FONT} font-weight="600">{heading}</text>',
    ]
    for number, (name, _, colour) in enumerate(CURVES):
        x = LEFT + 330 + number * 170
        parts.append(f'<line x1="{x}" y1="16" x2="{x + 22}" y2="16" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 28}" y="20" {FONT}>{name}</text>')
    for number, (title, diary) in enumerate(days.items()):
        parts += _strip(title, diary, TOP + number * (STRIP + BETWEEN))
    for hour in range(0, hours + 1, 2):
        at = LEFT + (WIDTH - LEFT - RIGHT) * hour / hours
        parts.append(f'<text x="{at:.0f}" y="{height - 16}" text-anchor="middle" {FONT}>{begin + hour}:00</text>')
    return "\n".join([*parts, "</svg>", ""])
