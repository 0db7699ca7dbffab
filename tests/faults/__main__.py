"""Run the matrix and put what was measured into docs/reliability.md: .venv/bin/python -m tests.faults."""

from collections.abc import Iterator
import json
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile

from tests.faults import elsewhere, elsewhere_time, more_time
from tests.faults.columns import COLUMNS
from tests.faults.rows import REASONS, ROWS, Row
from tests.faults.test_matrix import RESULTS
from tests.source_tree import ROOT

PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- matrix -->", "<!-- end of matrix -->"

type Measured = dict[str, float | None]
type Line = tuple[str, str, tuple[str, ...]]


def text(found: dict[tuple[int, int], Measured]) -> str:
    """Return the score, the table, why some cells cannot be, and where the tests of others are."""
    why = ["| | why a cell cannot be |", "|---|---|", *(f"| {letter} | {reason} |" for letter, reason in REASONS.items())]
    where = ["| | fault | on | test |", "|---|---|---|---|", *references()]
    return "\n\n".join((score(found), "\n".join(table(found)), "\n".join(why), "\n".join(where)))


def score(found: dict[tuple[int, int], Measured]) -> str:
    """Return how many cells there are, and what was wrong with them."""
    cells = [cell for _, _, cells in lines(found) for cell in cells]
    reasons = sum(cell in REASONS for cell in cells)
    wrong, traces = (round(sum(each[name] or 0 for each in found.values())) for name in ("wrong", "traces"))
    bad = sum(1 for each in found.values() if each["wrong"] or each["traces"])
    tested = len(cells) - reasons
    return (
        f"{tested} cells, {tested - bad} of them clean; {reasons} that cannot be, each with its letter. "
        f"Wrong values shown: {wrong}. Stack traces: {traces}."
    )


def table(found: dict[tuple[int, int], Measured]) -> list[str]:
    """Return the outcome of each cell, when the device was gone and when it was back, in s."""
    shown = [f"| {number} | {what} | {' | '.join(cells)} |" for number, what, cells in lines(found)]
    return ["| | fault | " + " | ".join(map(str, COLUMNS)) + " |", "|---" * (len(COLUMNS) + 2) + "|", *shown]


def lines(found: dict[tuple[int, int], Measured]) -> list[Line]:
    """Return every row, in the order of our list of faults."""
    here = [
        (row.number, row.what, tuple(_cell(row, str(column), found.get((at, place))) for place, column in enumerate(COLUMNS)))
        for at, row in enumerate(ROWS)
    ]
    there = [(number, what, cells) for number, what, cells, _ in elsewhere.ROWS]
    marked = [
        (number, what, tuple(cell if cell in REASONS else f"{cell} \\*" for cell in cells))
        for number, what, cells in (*there, *more_time.MORE)
    ]
    return sorted((*here, *marked), key=lambda line: int(re.findall(r"\d+", line[0])[0]))


def references() -> Iterator[str]:
    """Return a line for each cell with a star, where one test is for all ways only one line."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    every = [(number, what, str(way), test) for number, what, _, test in more_time.ROWS if test for way in COLUMNS]
    for number, what, way, test in (*elsewhere.ELSEWHERE, *elsewhere_time.ELSEWHERE, *every):
        rows.setdefault((number, what, test), []).append(way)
    for (number, what, test), ways in sorted(rows.items(), key=lambda item: int(re.findall(r"\d+", item[0][0])[0])):
        on = "all" if len(ways) == len(COLUMNS) else "; ".join(ways)
        yield f"| {number} | {what} | {on} | `{test.removeprefix('tests/')}` |"


def _cell(row: Row, way: str, measured: Measured | None) -> str:
    if row.why(way):
        return row.why(way)
    outcome = row.expected(way)
    if outcome != "lost" or measured is None or measured["gone"] is None:
        return outcome
    back = "by itself" if "*" in (row.of(way) or "") else f"{measured['back'] or 0:.0f}"
    return f"lost {measured['gone']:.0f}, back {back}"


def main() -> int:
    """Run every cell; write nothing when one of them fails."""
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {RESULTS: folder}
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n2", "tests/faults"], cwd=ROOT, env=env, check=False)
        found = {
            (int(path.stem.partition("-")[0]), int(path.stem.partition("-")[2])): json.loads(path.read_text())
            for path in Path(folder).glob("*.json")
        }
    print(score(found))  # noqa: T201
    if done.returncode:
        return done.returncode
    write(found)
    return 0


def write(found: dict[tuple[int, int], Measured]) -> None:
    """Put it on the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text(found)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
