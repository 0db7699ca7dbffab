"""The page about reliability has a cell for each cell of the matrix, and says of it what is tested."""

import pytest

from tests.faults import elsewhere
from tests.faults.__main__ import BEGIN, END, PAGE, lines, score, text
from tests.faults.elsewhere import ELSEWHERE
from tests.faults.rows import REASONS, WAYS
from tests.faults.test_more_time import exists


def test_the_page_is_up_to_date() -> None:
    """Seconds aside, which differ a little from run to run, it is what ``python -m tests.faults`` writes."""
    shown = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    wanted = text({}).splitlines()
    assert len(shown) == len(wanted)
    assert shown[0] == score({})
    for line, other in zip(shown, wanted, strict=True):
        assert [_word(each) for each in line.split("|")] == [_word(each) for each in other.split("|")], line


def _word(cell: str) -> str:
    """Return a cell without its seconds."""
    return cell.strip().partition(" ")[0] if cell.strip().startswith("lost ") and "\\*" not in cell else cell.strip()


def test_each_cell_says_something() -> None:
    """An outcome, or the letter of a reason that is used somewhere."""
    cells = [cell for _, _, cells in lines({}) for cell in cells]
    assert all(cells)
    assert {cell for cell in cells if cell.startswith("(")} == set(REASONS)
    for number, what, cells, tests in elsewhere.ROWS:
        assert len(cells) == len(tests) == len(WAYS), (number, what)
        assert [bool(test) for test in tests] == [cell not in REASONS for cell in cells], (number, what)


@pytest.mark.parametrize("reference", sorted({each[3] for each in ELSEWHERE}))
def test_the_test_exists(reference: str) -> None:
    """A cell that nobody tests promises nothing."""
    assert exists(reference)
