"""One demo, one browser and one user for all steps; a step is skipped when one that it builds on did not go well."""

from collections.abc import Generator, Iterator
import os
from pathlib import Path
import re

import pytest

from demo.processes import tail
from tests.e2e.browser import find_browser, opened
from tests.e2e.stage import Stage, staged
from tests.e2e.user import User

IMAGES = "ENERGY_CORE_IMAGES"
PASSED = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing done."""
    config.stash[PASSED] = set()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave these steps to a run of their own; see pytest.ini."""
    return None if config.inipath == Path(__file__).with_name("pytest.ini") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every step."""
    for item in items:
        item.add_marker("e2e")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what builds on a step that did not go well."""
    needed = {name for mark in item.iter_markers("after") for name in mark.args}
    if missing := sorted(needed - item.config.stash[PASSED]):
        pytest.skip(f"builds on {', '.join(missing)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what went well; show what the browser showed when it did not."""
    report = yield
    if report.when == "call" and report.passed:
        item.config.stash[PASSED].add(item.name)
    if report.failed and isinstance(user := item.funcargs.get("user"), User):
        report.sections.append(("what the browser showed", _shown(user, item.name)))
        report.sections.append(("what Home Assistant said", tail(item.funcargs["stage"].demo.log)))
        # Whatever is open must not stand in the way of the next step.
        user.visit("/")
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser of this machine."""
    if (path := find_browser()) is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def stage(chromium: str) -> Iterator[Stage]:
    """Run Home Assistant and the simulated house."""
    with staged() as stage:
        yield stage


@pytest.fixture(scope="session")
def user(chromium: str, stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Return the user of the story, whose pictures go where they are asked for."""
    album = Path(os.environ[IMAGES]).resolve() if os.environ.get(IMAGES) else tmp_path_factory.mktemp("images")
    album.mkdir(parents=True, exist_ok=True)
    with opened(chromium, stage.url) as page:
        yield User(page=page, album=album, choosy=bool(os.environ.get(IMAGES)))


def _shown(user: User, step: str) -> str:
    """Return the address and the texts of the page; keep a picture of it."""
    picture = user.album / f"failed-{re.sub(r'\W+', '_', step)}.png"
    user.page.screenshot(path=picture)
    texts = user.page.locator("body").aria_snapshot().split('link "d demo":')[-1]
    return f"{user.page.url}\n{picture}\n{texts}"
