"""The commands that the docs name, and for each what runs it: a part of CI, a test, or ``test_docs.py`` itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import re
from typing import Final

from tests.suite.pages import Page

# How a command begins; other words between backticks are none.
_BEGINS = re.compile(r"(scripts/|\.venv/bin/|\.ci/|git |uv |curl |gh |python3? )\S")
# Blocks without a language that are drawings.
_DRAWN: Final = "docs/architecture.md"


@dataclass(frozen=True)
class Command:
    """A command, and where it is named."""

    page: str
    words: str

    def __str__(self) -> str:
        return f"{self.page}: {self.words}"


def commands(page: Page) -> Iterator[Command]:
    """Yield every command of a page: lines of blocks, and words between backticks."""
    for block in page.code:
        if block.language in {"", "sh", "bash", "shell", "console"} and page.path != _DRAWN:
            for line in block.text.splitlines():
                if words := re.sub(r"(^|\s+)#.*", "", line).strip():
                    yield Command(page.path, words)
    for span in page.spans:
        # The folder alone, or a script that is spoken of, is no command; with a space or as a program it is.
        if _BEGINS.match(span) and not span.endswith(("/", ".py", ".sh")):
            yield Command(page.path, span)


CI: Final = (".ci/run", "scripts/demo --check")
TESTS: Final = (".ci/run", "scripts/test")
_HERE: Final = "tests/suite/test_docs.py"

# Who runs a command: a file, and what stands in it. Longest beginning first; a command is looked up by its beginning.
RUN_BY: Final[Mapping[str, tuple[str, str]]] = {
    "git clone https://github.com/energy-core/energy-core && cd energy-core": (".github/workflows/test.yml", "actions/checkout"),
    "scripts/setup --home-assistant": (".github/workflows/test.yml", "--home-assistant"),
    "scripts/setup": ("scripts/test", "scripts/setup"),
    "scripts/test --home-assistant": (".github/workflows/test.yml", "scripts/test --home-assistant"),
    "scripts/test": TESTS,
    "scripts/test tests/e2e": ("scripts/test", "tests/e2e"),
    "scripts/demo --check --home-assistant": (".github/workflows/test.yml", "scripts/demo --check --home-assistant"),
    "scripts/demo": CI,
    "scripts/bench control --stack": ("tests/bench/test_control_stack.py", "def test_the_limits"),
    "scripts/bench soak": ("tests/bench/test_soak.py", "def test_"),
    "scripts/bench gateway": (_HERE, "def test_the_bench_measures"),
    "scripts/bench control": ("tests/bench/test_control.py", "def test_the_command"),
    "scripts/bench": ("tests/bench/test_goals.py", "def test_the_command"),
    "scripts/capture": ("tests/capture/test_capture_tool.py", "def test_"),
    "scripts/build_release": (_HERE, "def test_a_release_is_built_as_the_docs_say"),
    "scripts/mutate": (".github/workflows/mutation.yml", "scripts/mutate"),
    "scripts/audit": (".github/workflows/security.yml", "scripts/audit --required"),
    "scripts/lock": ("tests/suite/test_workflows.py", "locks"),
    ".ci/run": (".github/workflows/test.yml", ".ci/run"),
    ".ci/canary": (".github/workflows/nightly.yml", ".ci/canary"),
    ".venv/bin/python -m simulators": (_HERE, "def test_the_simulators_answer_as_the_docs_say"),
    ".venv/bin/python -m tests.v2c_cloud.device.budget_sim": (
        *("tests/v2c_cloud/device/test_plan.py", "def test_the_docs_show_what_the_simulation_prints"),
    ),
    ".venv/bin/python -m tests.upgrade.record": ("tests/upgrade/test_recording.py", "def test_the_present_code_can_be_recorded"),
    ".venv/bin/python -m tests.faults": ("tests/faults/test_page.py", "def test_the_page_is_up_to_date"),
    ".venv/bin/prek install": (_HERE, "def test_the_hooks_install"),
    ".venv/bin/ruff check --fix && .venv/bin/ruff format": ("scripts/test", '"$bin/ruff" format --check'),
    "curl http://127.0.0.1:8100/api/state": (_HERE, "def test_the_simulators_answer_as_the_docs_say"),
    "uv lock": (_HERE, "def test_the_locks_are_of_one_making"),
    "uv export --no-header --no-annotate -o requirements.lock": (*(_HERE, "def test_the_locks_are_of_one_making"),),
}


def runner(words: str) -> tuple[str, str] | None:
    """Return who runs a command."""
    known = sorted(RUN_BY, key=len, reverse=True)
    return next((RUN_BY[each] for each in known if words == each or words.startswith(f"{each} ")), None)
