"""The rows of the matrix that concern time, ends and commands, as the page shows them.

Words beside those of ``rows.py``:

once     the command is done, and sent once; again only when the device clearly did not show it
refused  it is not done, and the user is told why
told     nobody can tell whether it was done: the user is told so, nothing is sent again, what is so is shown
newest   of many that wait, only the newest is sent
ended    given up at once; no connection, task or timer is left
"""

from typing import Final

from tests.faults.commands import COMMANDS, TROUBLES, Trouble, of
from tests.faults.elsewhere_time import FIRMWARE, TWICE

type Cells = tuple[str, ...]

COMMAND, CLOCK = "tests/faults/test_commands.py", "tests/faults/test_clock.py"
END, STORAGE = "tests/faults/test_ends.py", "tests/faults/test_storage.py"
BESIDE: Final = "tests/faults/test_beside.py::test_another_client"


def _trouble(trouble: Trouble) -> tuple[str, str, Cells, str]:
    """Return the row of a trouble."""
    return trouble.number, trouble.what, tuple(of(trouble.outcomes, each) for each in COMMANDS), f"{COMMAND}::test_trouble"


def _same(number: str, what: str, word: str, test: str = "") -> tuple[str, str, Cells, str]:
    """Return a row that is the same on every way; without a test its cells are in ``elsewhere_time``."""
    return number, what, (word,) * len(COMMANDS), test


ROWS: Final[tuple[tuple[str, str, Cells, str], ...]] = (
    *(_trouble(each) for each in TROUBLES),
    _same("F38", FIRMWARE, "through"),
    _same("F39", "the clock jumps a day ahead, and back", "through", f"{CLOCK}::test_clock"),
    _same("F39", "the clock jumps a day back, and ahead", "through", f"{CLOCK}::test_clock"),
    _same("F39", "the clock is set a day late, after the start", "through", f"{CLOCK}::test_clock"),
    _same("F39", "summer time begins", "through", f"{CLOCK}::test_clock"),
    _same("F39", "summer time ends", "through", f"{CLOCK}::test_clock"),
    (
        "F40",
        "Home Assistant starts in an outage",
        ("lost", "lost", "lost", "stands", "lost"),
        f"{STORAGE}::test_restart_in_an_outage",
    ),
    _same("F40", "the memory is gone, cut, or something else", "through", f"{STORAGE}::test_memory"),
    _same("F40", "the disk is full", "through", f"{STORAGE}::test_disk_full"),
    _same("F41", "unloaded, reloaded or stopped in the middle of a reading", "ended", f"{END}::test_in_the_middle_of_a_reading"),
    _same("F41", "unloaded, removed or stopped in the middle of a command", "once", f"{END}::test_in_the_middle_of_a_command"),
    _same("F42", TWICE, "refused"),
    _same("F42", "another client asks the device as well", "through", BESIDE),
    _same("F43", "a hundred commands at once", "newest", f"{COMMAND}::test_storm"),
)
MORE: Final[tuple[tuple[str, str, Cells], ...]] = tuple((number, what, cells) for number, what, cells, _ in ROWS)
