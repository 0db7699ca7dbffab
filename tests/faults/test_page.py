"""The page about reliability has a cell for each cell of the matrix, and says of it what is tested."""

from tests.faults.__main__ import BEGIN, END, PAGE, table


def test_the_page_is_up_to_date() -> None:
    """Seconds aside, which differ a little from run to run, it is what ``python -m tests.faults`` writes."""
    shown = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    wanted = table({}).splitlines()
    assert len(shown) == len(wanted)
    for line, other in zip(shown, wanted, strict=True):
        assert line.split("|")[1:3] == other.split("|")[1:3]
        assert [_word(each) for each in line.split("|")[3:]] == [_word(each) for each in other.split("|")[3:]], line


def _word(cell: str) -> str:
    """Return what a cell says first: the outcome."""
    return cell.strip().partition(" ")[0]
