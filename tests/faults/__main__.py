"""Run the matrix and put what was measured into docs/reliability.md: .venv/bin/python -m tests.faults."""

import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile

from tests.faults.columns import COLUMNS
from tests.faults.rows import ROWS, Row
from tests.faults.test_matrix import RESULTS
from tests.source_tree import ROOT

PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- matrix -->", "<!-- end of matrix -->"


def table(found: dict[tuple[int, int], dict[str, float | None]]) -> str:
    """Return the table: the outcome of each cell, when the device was gone and when it was back, in s."""
    lines = ["| | fault | " + " | ".join(map(str, COLUMNS)) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for at, row in enumerate(ROWS):
        cells = [_cell(row, str(column), found.get((at, place))) for place, column in enumerate(COLUMNS)]
        lines.append(f"| {row.number} | {row.what} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(row: Row, way: str, measured: dict[str, float | None] | None) -> str:
    if row.of(way) is None:
        return "-"
    outcome = row.expected(way)
    if outcome != "lost" or measured is None or measured["gone"] is None:
        return outcome
    return f"lost {measured['gone']:.0f}, back {measured['back'] or 0:.0f}"


def main() -> int:
    """Run every cell; write nothing when one of them fails."""
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {RESULTS: folder}
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n2", "tests/faults"], cwd=ROOT, env=env, check=False)
        if done.returncode:
            return done.returncode
        found = {
            (int(path.stem.partition("-")[0]), int(path.stem.partition("-")[2])): json.loads(path.read_text())
            for path in Path(folder).glob("*.json")
        }
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
