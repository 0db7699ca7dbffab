#!/usr/bin/env python3
"""Draw the pictures in brand/ of titan_izypower: a house, the battery in it, and a bolt. Needs Pillow.

Our own drawing, nobody's trademark. Each picture is drawn large, trimmed, and scaled down.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

BRAND: Final = Path(__file__).parents[1] / "custom_components" / "titan_izypower" / "brand"
# Drawn in units of a thousandth of the house, this many pixels each.
SCALE: Final = 2
ICON: Final = 256
LOGO: Final = 128

type Points = list[tuple[float, float]]
# Left, top, right, bottom.
type Edges = tuple[float, float, float, float]

HOUSE: Final[Points] = [(500, 60), (940, 420), (940, 940), (60, 940), (60, 420)]
BOLT: Final[Points] = [(540, 430), (390, 675), (485, 675), (460, 845), (610, 605), (515, 605)]


@dataclass(frozen=True)
class Colours:
    """What a picture is painted with."""

    house: str
    battery: str
    bolt: str


LIGHT: Final = Colours(house="#0F766E", battery="#FFFFFF", bolt="#F59E0B")
DARK: Final = Colours(house="#2DD4BF", battery="#0B3B37", bolt="#FCD34D")


class Sheet:
    """A transparent sheet with rounded shapes on it."""

    def __init__(self, width: int, height: int) -> None:
        """Start empty, in units."""
        self.image = Image.new("RGBA", (width * SCALE, height * SCALE))
        self._draw = ImageDraw.Draw(self.image)

    def shape(self, points: Points, radius: float, colour: str) -> None:
        """Fill the outline ``points``, grown by ``radius`` with round corners."""
        spots = [(x * SCALE, y * SCALE) for x, y in points]
        size = radius * SCALE
        self._draw.polygon(spots, fill=colour)
        self._draw.line([*spots, spots[0]], fill=colour, width=round(2 * size))
        for x, y in spots:
            self._draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)

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
    sheet.shape(HOUSE, 56, colours.house)
    sheet.box((420, 290, 580, 380), 24, colours.battery)
    sheet.box((300, 340, 700, 920), 60, colours.battery)
    sheet.shape(BOLT, 16, colours.bolt)


def charge(sheet: Sheet, colours: Colours) -> None:
    """Draw a wire from the house to a lying battery, three quarters full."""
    sheet.box((980, 615, 1180, 665), 0, colours.house)
    sheet.box((1150, 380, 2150, 900), 90, colours.house)
    sheet.box((2100, 530, 2230, 750), 40, colours.house)
    sheet.box((1210, 440, 2090, 840), 50, colours.battery)
    for bar in range(3):
        left = 1265 + bar * 200
        sheet.box((left, 495, left + 160, 785), 28, colours.bolt)


def main() -> None:
    """Write all eight pictures."""
    BRAND.mkdir(exist_ok=True)
    for prefix, colours in (("", LIGHT), ("dark_", DARK)):
        icon = Sheet(1000, 1000)
        house(icon, colours)
        logo = Sheet(2300, 1000)
        house(logo, colours)
        charge(logo, colours)
        for suffix, factor in (("", 1), ("@2x", 2)):
            icon.trimmed(ICON * factor, ICON * factor).save(BRAND / f"{prefix}icon{suffix}.png", optimize=True)
            logo.trimmed(LOGO * factor).save(BRAND / f"{prefix}logo{suffix}.png", optimize=True)


if __name__ == "__main__":
    main()
