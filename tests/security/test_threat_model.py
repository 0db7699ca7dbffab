"""Each measure of the threat model names the test that holds it; and that test is there."""

import ast
import re

from tests.source_tree import ROOT
from tests.suite.pages import Page

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def measures(page: str) -> list[str]:
    """Return the lines of the table of what we do."""
    table = page.partition("### What we do\n")[2].partition("### ")[0]
    return [line for line in table.splitlines() if line.startswith("| ") and not line.startswith(("| measure", "|---"))]


def missing(lines: list[str]) -> list[str]:
    """Return the lines that name no test, or one that is not there."""
    return [line for line in lines if not (named := NAMED.findall(line)) or not all(there(*each) for each in named)]


def there(path: str, name: str) -> bool:
    """Tell whether a file has a test, on its own or in a class."""
    file = ROOT / path
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return any(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name for each in ast.walk(tree))


def test_each_measure_is_held_by_a_test() -> None:
    """What is promised and not tested is a wish."""
    lines = measures((ROOT / "docs/safety.md").read_text(encoding="utf-8"))
    assert len(lines) > 20
    assert missing(lines) == []


def test_a_measure_without_a_test_is_found() -> None:
    """No name, no file, no such test, a helper that is none."""
    here = "tests/security/test_threat_model.py"
    good = f"| x | `{here}::test_a_measure_without_a_test_is_found` |"
    bad = [
        "| x | nobody |",
        "| x | `tests/security/test_gone.py::test_x` |",
        f"| x | `{here}::test_x` |",
        f"| x | `{here}::missing` |",
    ]
    assert missing([good, *bad]) == bad


def test_each_test_of_this_folder_is_part_of_the_model() -> None:
    """A file of tests that the model does not name protects something that nobody knows of."""
    page = Page("docs/safety.md", (ROOT / "docs/safety.md").read_text(encoding="utf-8"))
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/security").glob("test_*.py")}
    assert files - {path for path, _ in NAMED.findall(page.text)} == {"tests/security/test_threat_model.py"}
