"""What is released, built once."""

from pathlib import Path

import pytest

from release.archive import build
from tests.suite.artefacts import HERE


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every tree and zip, as ``scripts/build_release`` makes them."""
    into = tmp_path_factory.mktemp("dist")
    build(HERE, into)
    return into
