"""The hours of a soak as an SVG: memory, objects, tasks and files, requests."""

from collections.abc import Sequence
from typing import Final

from .record import Record

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 900, 84, 28, 44, 40
STRIP, BETWEEN = 92, 30
FONT: Final = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"'
COLOUR: Final = "#2458b3"


def picture(found: Record) -> str:
    """Return the picture of a run; each strip begins at 0, so that what is flat looks flat."""
    samples, pace = found["samples"], found["pace"]
    hours = [each["hour"] for each in samples]
    strips: list[tuple[str, Sequence[float], Sequence[float]]] = [
        ("memory of the process, MB", hours, [each["rss_mb"] for each in samples]),
        ("objects that the collector follows", hours, [each["objects"] for each in samples]),
        ("tasks", hours, [each["tasks"] for each in samples]),
        ("open files and sockets", hours, [each["files"] for each in samples]),
        ("requests an hour", hours[1:], [sum(each.values()) for each in pace]),
    ]
    height = TOP + len(strips) * (STRIP + BETWEEN) + BOTTOM
    size = found["size"]
    heading = (
        f"{found['hours']:g} hours, 5 % of all requests go wrong: {size['chargers']} chargers, {size['inverters']} inverters"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{heading}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" {FONT} font-weight="600">{heading}</text>',
    ]
    last = max(hours[-1], 1e-9)
    for number, (title, at, values) in enumerate(strips):
        parts += _strip(title, [each / last for each in at], values, TOP + number * (STRIP + BETWEEN))
    for hour in hours:
        if hour == int(hour) and (last <= 6 or hour % 4 == 0):
            x = LEFT + (WIDTH - LEFT - RIGHT) * hour / last
            parts.append(f'<text x="{x:.0f}" y="{height - 16}" text-anchor="middle" {FONT}>{hour:g} h</text>')
    return "\n".join([*parts, "</svg>", ""])


def _strip(title: str, at: Sequence[float], values: Sequence[float], top: float) -> list[str]:
    most = max(values, default=0) * 1.1 or 1.0
    places = [(LEFT + (WIDTH - LEFT - RIGHT) * x, top + STRIP * (1 - value / most)) for x, value in zip(at, values, strict=True)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    found = [f'<text x="{LEFT}" y="{top - 5}" {FONT}>{title}</text>']
    for value in (0.0, most / 1.1):
        y = top + STRIP * (1 - value / most)
        found.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e6e8ec"/>')
        found.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {FONT}>{value:,.0f}</text>')
    found.append(f'<polyline points="{path}" fill="none" stroke="{COLOUR}" stroke-width="1.6" stroke-linejoin="round"/>')
    return found + [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{COLOUR}"/>' for x, y in places]
