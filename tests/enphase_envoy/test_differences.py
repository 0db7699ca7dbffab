"""The list of differences: how it is read, and what its words accept."""

from typing import Any

import pytest

from tests.enphase_envoy.differences import ABSENT, COLUMNS, FILE, Differences

HEAD = f"# Title\n\ntext\n\n| {' | '.join(COLUMNS)} |\n|---|---|---|---|---|\n"


def table(*rows: str) -> Differences:
    """Return a list with some lines."""
    return Differences.parsed(HEAD + "\n".join(rows))


def test_the_list_of_this_repository_can_be_read() -> None:
    """Whatever stands in it."""
    Differences.parsed(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("ours", "core", "value", "accepted"),
    [
        ("absent", 5, ABSENT, True),
        ("absent", 5, None, False),
        ("left out", None, ABSENT, True),
        ("left out", 5, ABSENT, False),
        ("unknown", 5, None, True),
        ("unknown", 5, ABSENT, False),
        ("known", None, 5, True),
        ("known", 4, 5, False),
        ("other", 5, 6, True),
        ("other", 5, None, False),
        ("other", 5, ABSENT, False),
        ("near 5", 100, 104.9, True),
        ("near 5", 100, 105.1, False),
        ("near 2 %", -200, -203.9, True),
        ("near 2%", 200, 204.1, False),
        ("near 2", True, True, False),
        ("near 2", None, 1, False),
        ("42.5", 1, 42.5, True),
        ("-4", 4294967292, -4.0, True),
        ("42.5", 1, 42.6, False),
        ("off_grid", "on_grid", "off_grid", True),
        ("off_grid", "on_grid", "on_grid", False),
    ],
)
def test_words(ours: str, core: Any, value: Any, *, accepted: bool) -> None:
    """Each foretells one thing."""
    found = table(f"| own/a | x | {ours} | 1 | because |").explained("own/a", "x", core, value)
    assert (found is not None) is accepted


def test_patterns() -> None:
    """Of the capture and of the unique id; the serial number has a name."""
    rows = table("| `own/8.*` | `{sn}_net_*` | other | 4 | because |")
    assert rows.explained("own/8.1", "123_net_x", 1, 2, serial="123") is not None
    assert rows.explained("own/7.1", "123_net_x", 1, 2, serial="123") is None
    assert rows.explained("own/8.1", "123_total", 1, 2, serial="123") is None
    assert rows.explained("own/8.1", "123_net_x", 1, 2, serial="124") is None


def test_unused_lines() -> None:
    """Those of the captures that were compared; others may wait for theirs."""
    rows = table("| own/a | x | other | 1 | b |", "| own/a | y | other | 1 | b |", "| public/a | x | other | 1 | b |")
    rows.explained("own/a", "x", 1, 2)
    assert [row.unique_id for row in rows.unused(["own/a", "own/b"])] == ["y"]
    assert len(rows.unused(["own/a", "public/a"])) == 2


@pytest.mark.parametrize(
    "text",
    [
        "no table",
        HEAD.replace("trap", "trick"),
        HEAD + "| a | b | c |",
        HEAD + "| a | b | | d | e |",
        HEAD + "| a | b | c | d | e |\n" * 2,
    ],
)
def test_a_bad_list(text: str) -> None:
    """It fails, rather than explain nothing."""
    with pytest.raises(AssertionError):
        Differences.parsed(text)
