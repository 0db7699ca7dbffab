"""What the demo says, and the table in which it reports its checks."""

from collections.abc import Iterable
from dataclasses import dataclass
import sys

MAX_CELL = 76


class DemoError(Exception):
    """The demo cannot go on; the message tells a newcomer why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the report: what was checked, what should be, what was found."""

    check: str
    expected: str
    got: str
    ok: bool


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(rows: Iterable[Row]) -> str:
    """Return the rows as aligned text with a heading."""
    cells = [("check", "expected", "got", "ok")]
    cells += [(row.check, _short(row.expected), _short(row.got), "yes" if row.ok else "NO") for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def failures(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that failed, in full."""
    return [row for row in rows if not row.ok]


def _short(text: str) -> str:
    """Keep a cell on one line of the terminal."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_CELL else f"{line[: MAX_CELL - 1]}…"
