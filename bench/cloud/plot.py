"""The picture of B12: how old the data are while a car charges, by the number of boxes."""

from collections.abc import Mapping, Sequence
from typing import Final

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 360, 64, 48, 48, 132
OURS, PEER, GRID, INK = "#0b7a53", "#9a6700", "#d8dde3", "#1f2933"
STYLE: Final = 'font-family="system-ui, sans-serif" font-size="13"'
STEP: Final = 500.0
TITLE: Final = "Age of the data while a car charges, mean in seconds"


def ages(found: Mapping[int, tuple[float, float]]) -> str:
    """Return the picture: ours and the peer's mean age for each number of boxes."""
    most = STEP * (int(max(peer for _, peer in found.values()) // STEP) + 1)
    last = max(found)

    def place(boxes: float, age: float) -> tuple[float, float]:
        return (
            LEFT + (WIDTH - LEFT - RIGHT) * boxes / last,
            HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * age / most,
        )

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', _text(LEFT, 26, TITLE)]
    for level in range(0, int(most) + 1, int(STEP)):
        (x, y), (end, _) = place(0, level), place(last, level)
        parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{end:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(x - 8, y + 4, str(level), "end"))
    for boxes in found:
        x, y = place(boxes, 0)
        parts.append(_text(x, y + 20, str(boxes), "middle"))
    parts.append(_text(place(last / 2, 0)[0], HEIGHT - 8, "boxes of one account", "middle"))
    for side, colour, name in ((0, OURS, "ours"), (1, PEER, "fixed schedule")):
        parts += _line([place(boxes, each[side]) for boxes, each in found.items()], colour, name)
    body = "\n".join(parts)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return f"{head}\n<title>{TITLE}</title>\n{body}\n</svg>\n"


def _line(points: Sequence[tuple[float, float]], colour: str, name: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
    x, y = points[-1]
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>',
        *dots,
        _text(x + 12, y + 4, name, colour=colour),
    ]


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {STYLE}>{text}</text>'
