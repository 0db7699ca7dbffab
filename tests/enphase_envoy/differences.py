"""The list of what we show otherwise than Home Assistant core, and why: reads ``differences.md``."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
import math
from pathlib import Path
import re
from typing import Any, Final, Self

FILE: Final = Path(__file__).with_name("differences.md")
COLUMNS: Final = ["capture pattern", "unique id pattern", "ours", "trap", "why"]


class Missing:
    """In place of a value: we have no such entity."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Missing()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    capture: str
    unique_id: str
    ours: str
    trap: str
    why: str

    def __str__(self) -> str:
        return f"| {self.capture} | {self.unique_id} | {self.ours} | {self.trap} | {self.why} |"

    def covers(self, capture: str, unique_id: str) -> bool:
        """Say whether it is about this value; the serial number stands as ``{sn}`` already."""
        return fnmatchcase(capture, self.capture) and fnmatchcase(unique_id, self.unique_id)

    def accepts(self, core: Any, ours: Any) -> bool:
        """Say whether our value is what the line foretells."""
        if self.ours == "absent":
            return ours is ABSENT
        if self.ours == "left out":
            return ours is ABSENT and core is None
        if ours is ABSENT:
            return False
        if self.ours == "unknown":
            return ours is None
        if self.ours == "other":
            return ours is not None and ours != core
        if self.ours == "known":
            return core is None and ours is not None
        if found := re.fullmatch(r"near (\d+(?:\.\d+)?) ?(%?)", self.ours):
            if not (number(core) and number(ours)):
                return False
            bound = float(found[1]) * (abs(core) / 100 if found[2] else 1)
            return abs(ours - core) <= bound
        if number(ours) and re.fullmatch(r"-?\d+(\.\d+)?", self.ours):
            return math.isclose(ours, float(self.ours), rel_tol=1e-6, abs_tol=1e-9)
        return str(ours) == self.ours


def number(value: Any) -> bool:
    """Say whether a value is a number (a truth value is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Differences:
    """The table, which remembers the lines that were needed."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self.used: set[Row] = set()

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Read the one table of a document."""
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert lines, "there is no table"
        assert _cells(lines[0]) == COLUMNS, f"the columns are not {COLUMNS}"
        rows = []
        for line in lines[2:]:
            cells = _cells(line)
            assert len(cells) == len(COLUMNS), f"not {len(COLUMNS)} cells: {line}"
            assert all(cells), f"an empty cell: {line}"
            rows.append(Row(*cells))
        assert len(set(rows)) == len(rows), "a line stands twice"
        return cls(rows)

    def explained(self, capture: str, unique_id: str, core: Any, ours: Any, *, serial: str = "") -> Row | None:
        """Return the line that foretells our value, or None; it then counts as needed."""
        named = unique_id.replace(serial, "{sn}") if serial else unique_id
        for row in self.rows:
            if row.covers(capture, named) and row.accepts(core, ours):
                self.used.add(row)
                return row
        return None

    def unused(self, compared: Iterable[str]) -> list[Row]:
        """Return the lines that no value needed, of those that are about the captures compared."""
        names = list(compared)
        return [row for row in self.rows if row not in self.used and any(fnmatchcase(each, row.capture) for each in names)]


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`").strip() for cell in line.strip().strip("|").split("|")]


@cache
def differences() -> Differences:
    """Return the list of this repository."""
    return Differences.parsed(FILE.read_text(encoding="utf-8"))
