#!/usr/bin/env python3
"""Draw the pictures in brand/ of each integration: a house with a battery, a charger for cars, a roof in the sun. Needs Pillow.

Our own drawings, nobody's trademarks. Each picture is drawn large, trimmed, and scaled down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

COMPONENTS: Final = Path(__file__).parents[1] / "custom_components"
# Drawn in units of a thousandth of the house, this many pixels each.
SCALE: Final = 2
ICON: Final = 256
LOGO: Final = 128

type Points = list[tuple[float, float]]
# Left, top, right, bottom.
type Edges = tuple[float, float, float, float]

HOUSE: Final[Points] = [(500, 60), (940, 420), (940, 940), (60, 940), (60, 420)]
BOLT: Final[Points] = [(540, 430), (390, 675), (485, 675), (460, 845), (610, 605), (515, 605)]
# From the charger's side to where its plug hangs.
CABLE: Final[Points] = [(560, 760), (860, 760), (860, 420)]
CABIN: Final[Points] = [(1560, 400), (1920, 400), (2070, 580), (1420, 580)]
WINDOWS: Final[tuple[Points, Points]] = (
    [(1590, 440), (1710, 440), (1710, 560), (1490, 560)],
    [(1780, 440), (1890, 440), (1990, 560), (1780, 560)],
)
# The corners of the panel, which leans; its cells lie between them, three in each of two rows.
PANEL: Final[Points] = [(330, 390), (890, 390), (960, 780), (120, 780)]
GAP: Final = 0.045
# Around the sun, outside of the panel.
RAYS: Final[list[Points]] = [[(385, 190), (440, 190)], [(360, 90), (405, 60)], [(360, 290), (400, 318)]]
# From the panel to the gateway.
WIRE: Final[Points] = [(960, 660), (1150, 660), (1150, 800), (1340, 800)]


def _between(across: float, down: float) -> tuple[float, float]:
    """Return the point of the panel that lies so far across and down it, from 0 to 1."""
    (left, top), (right, _), (far, bottom), (near, _) = PANEL
    start, end = left + (near - left) * down, right + (far - right) * down
    return start + (end - start) * across, top + (bottom - top) * down


CELLS: Final[list[Points]] = [
    [_between(across, down) for across, down in ((left, top), (right, top), (right, bottom), (left, bottom))]
    for left, right in ((column / 3 + GAP / 2, (column + 1) / 3 - GAP / 2) for column in range(3))
    for top, bottom in ((0.02, 0.46), (0.54, 0.98))
]


@dataclass(frozen=True)
class Colours:
    """What a picture is painted with: bodies, what is cut out of them, and what glows."""

    body: str
    inside: str
    glow: str


class Sheet:
    """A transparent sheet with rounded shapes on it."""

    def __init__(self, width: int, height: int) -> None:
        """Start empty, in units."""
        self.image = Image.new("RGBA", (width * SCALE, height * SCALE))
        self._draw = ImageDraw.Draw(self.image)

    def shape(self, points: Points, radius: float, colour: str) -> None:
        """Fill the outline ``points``, grown by ``radius`` with round corners."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=colour)
        self.line([*points, points[0]], radius, colour)

    def line(self, points: Points, radius: float, colour: str) -> None:
        """Draw a line through ``points``, ``radius`` to each side, with round corners and ends."""
        spots = [(x * SCALE, y * SCALE) for x, y in points]
        size = radius * SCALE
        self._draw.line(spots, fill=colour, width=round(2 * size))
        for x, y in spots:
            self._draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)

    def arc(self, centre: tuple[float, float], radius: float, width: float, colour: str) -> None:
        """Draw a quarter of a ring, open to the right."""
        (x, y), reach = centre, radius + width / 2
        edges = [edge * SCALE for edge in (x - reach, y - reach, x + reach, y + reach)]
        self._draw.arc(edges, -45, 45, fill=colour, width=round(width * SCALE))

    def box(self, edges: Edges, radius: float, colour: str) -> None:
        """Fill a box with round corners."""
        self._draw.rounded_rectangle([edge * SCALE for edge in edges], radius * SCALE, fill=colour)

    def trimmed(self, height: int, width: int | None = None) -> Image.Image:
        """Return the drawing without its empty border, ``height`` pixels high, centred in ``width``."""
        drawn = self.image.crop(self.image.getbbox())
        fit = height / drawn.height if width is None else min(height / drawn.height, width / drawn.width)
        small = drawn.resize((round(drawn.width * fit), round(drawn.height * fit)), Image.Resampling.LANCZOS)
        sheet = Image.new("RGBA", (width or small.width, height))
        sheet.paste(small, ((sheet.width - small.width) // 2, (sheet.height - small.height) // 2))
        return sheet


def house(sheet: Sheet, colours: Colours) -> None:
    """Draw the house with its battery."""
    sheet.shape(HOUSE, 56, colours.body)
    sheet.box((420, 290, 580, 380), 24, colours.inside)
    sheet.box((300, 340, 700, 920), 60, colours.inside)
    sheet.shape(BOLT, 16, colours.glow)


def battery(sheet: Sheet, colours: Colours) -> None:
    """Draw a wire from the house to a lying battery, three quarters full."""
    sheet.box((980, 615, 1180, 665), 0, colours.body)
    sheet.box((1150, 380, 2150, 900), 90, colours.body)
    sheet.box((2100, 530, 2230, 750), 40, colours.body)
    sheet.box((1210, 440, 2090, 840), 50, colours.inside)
    for bar in range(3):
        left = 1265 + bar * 200
        sheet.box((left, 495, left + 160, 785), 28, colours.glow)


def charger(sheet: Sheet, colours: Colours) -> None:
    """Draw the charger on its foot, and its plug, which hangs on the cable."""
    sheet.line(CABLE, 28, colours.body)
    for pin in (816, 876):
        sheet.box((pin, 170, pin + 28, 290), 12, colours.glow)
    sheet.box((790, 250, 930, 470), 44, colours.body)
    sheet.box((110, 40, 610, 900), 110, colours.body)
    sheet.box((50, 880, 670, 970), 45, colours.body)
    sheet.box((180, 110, 540, 640), 60, colours.inside)
    sheet.shape([(x - 140, y - 262) for x, y in BOLT], 16, colours.glow)
    sheet.box((260, 730, 460, 786), 28, colours.glow)


def car(sheet: Sheet, colours: Colours) -> None:
    """Draw the car that waits beside it."""
    sheet.shape(CABIN, 56, colours.body)
    sheet.box((1160, 560, 2260, 860), 110, colours.body)
    for window in WINDOWS:
        sheet.shape(window, 16, colours.inside)
    sheet.box((1180, 640, 1270, 700), 28, colours.glow)
    for left in (1320, 1880):
        sheet.box((left, 730, left + 240, 970), 120, colours.inside)
        sheet.box((left + 30, 760, left + 210, 940), 90, colours.body)


def panel(sheet: Sheet, colours: Colours) -> None:
    """Draw a solar panel on its stand, and the sun above it."""
    sheet.box((90, 70, 330, 310), 120, colours.glow)
    for points in RAYS:
        sheet.line(points, 20, colours.glow)
    sheet.line([(500, 820), (500, 920)], 34, colours.body)
    sheet.line([(330, 930), (670, 930)], 34, colours.body)
    sheet.shape(PANEL, 40, colours.body)
    for cell in CELLS:
        sheet.shape(cell, 6, colours.inside)


def gateway(sheet: Sheet, colours: Colours) -> None:
    """Draw the wire from the panel to the gateway, with its lights and the waves that it sends."""
    sheet.line(WIRE, 26, colours.body)
    sheet.box((1320, 420, 1720, 940), 80, colours.body)
    sheet.box((1390, 490, 1650, 690), 40, colours.inside)
    for light in range(3):
        left = 1405 + light * 90
        sheet.box((left, 770, left + 50, 820), 25, colours.glow if light else colours.inside)
    sheet.shape([(x * 0.42 + 1310, y * 0.42 + 322) for x, y in BOLT], 6, colours.glow)
    for radius in (180, 300, 420):
        sheet.arc((1720, 560), radius, 40, colours.glow)


type Drawing = Callable[[Sheet, Colours], None]


@dataclass(frozen=True)
class Brand:
    """What an integration shows: its icon, what its logo has to the right of it, and the colours by day and by night."""

    icon: Drawing
    beside: Drawing
    light: Colours
    dark: Colours


BRANDS: Final = {
    "titan_izypower": Brand(
        icon=house,
        beside=battery,
        light=Colours(body="#0F766E", inside="#FFFFFF", glow="#F59E0B"),
        dark=Colours(body="#2DD4BF", inside="#0B3B37", glow="#FCD34D"),
    ),
    "v2c_cloud": Brand(
        icon=charger,
        beside=car,
        light=Colours(body="#1D4ED8", inside="#FFFFFF", glow="#F59E0B"),
        dark=Colours(body="#60A5FA", inside="#172554", glow="#FCD34D"),
    ),
    "enphase_envoy": Brand(
        icon=panel,
        beside=gateway,
        light=Colours(body="#5B21B6", inside="#FFFFFF", glow="#F59E0B"),
        dark=Colours(body="#A78BFA", inside="#2E1065", glow="#FCD34D"),
    ),
}


def main() -> None:
    """Write eight pictures for each integration."""
    for domain, brand in BRANDS.items():
        folder = COMPONENTS / domain / "brand"
        folder.mkdir(exist_ok=True)
        for prefix, colours in (("", brand.light), ("dark_", brand.dark)):
            icon = Sheet(1000, 1000)
            brand.icon(icon, colours)
            logo = Sheet(2300, 1000)
            brand.icon(logo, colours)
            brand.beside(logo, colours)
            for suffix, factor in (("", 1), ("@2x", 2)):
                icon.trimmed(ICON * factor, ICON * factor).save(folder / f"{prefix}icon{suffix}.png", optimize=True)
                logo.trimmed(LOGO * factor).save(folder / f"{prefix}logo{suffix}.png", optimize=True)


if __name__ == "__main__":
    main()
