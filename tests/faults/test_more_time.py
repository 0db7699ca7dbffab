"""Each cell about time, ends and commands has a test, here or elsewhere, that exists."""

import ast

import pytest

from tests.faults.elsewhere_time import ELSEWHERE
from tests.faults.more_time import MORE, ROWS
from tests.faults.rows import WAYS
from tests.faults.test_clock import JUMPS
from tests.source_tree import ROOT

WORDS = {"through", "lost", "stands", "asks", "once", "refused", "told", "newest", "ended"}
REFERENCES = sorted({each[3] for each in ELSEWHERE} | {test for *_, test in ROWS if test})


def exists(reference: str) -> bool:
    """Tell whether there is a test of that name in that file."""
    path, _, name = reference.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(isinstance(each, ast.AsyncFunctionDef | ast.FunctionDef) and each.name == name for each in ast.walk(tree))


@pytest.mark.parametrize("reference", REFERENCES)
def test_the_test_exists(reference: str) -> None:
    """A cell that nobody tests promises nothing."""
    assert exists(reference)


def test_one_that_does_not_exist() -> None:
    """The check can fail."""
    assert not exists(f"{REFERENCES[0]}_of_nothing")


def test_each_cell_is_tested_once() -> None:
    """By a test for all ways, or by one for each; and the rows of the clock are those of its test."""
    elsewhere = [each[:3] for each in ELSEWHERE]
    here = {(number, what) for number, what, _, test in ROWS if test}
    wanted = [(number, what, way) for number, what, _ in MORE if (number, what) not in here for way in WAYS]
    assert sorted(elsewhere) == sorted(wanted)
    assert {what for _, what, _, test in ROWS if test.endswith("::test_clock")} == {each.what for each in JUMPS}


def test_the_words() -> None:
    """Each way has a word that is explained."""
    for _, what, cells in MORE:
        assert len(cells) == len(WAYS), what
        assert set(cells) <= WORDS, what
