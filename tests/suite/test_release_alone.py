"""Each artefact in a bare Home Assistant that has nothing else of ours; then every combination of them."""

from collections.abc import Iterable
from itertools import combinations
import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

from release.archive import SUITE
from tests.source_tree import ROOT
from tests.suite.artefacts import HERE, read_tree, read_zip
from tests.suite.installers import Config, hacs, packed

VERSION = HERE.version()
SEVEN = [each for count in (1, 2, 3) for each in combinations(HERE.domains, count)]
# Several times what the slowest takes.
PATIENCE = 100.0


def install(dist: Path, domains: Iterable[str], config: Path) -> None:
    """Put integrations where Home Assistant looks: one as HACS does, two from zips, all from the zip of all."""
    top, chosen = config / "custom_components", list(domains)
    if len(chosen) == 1:
        from_hacs = Config()
        hacs(from_hacs, packed(read_tree(dist / chosen[0])))
        files = {f"{name}/{path}": each for name, folder in from_hacs.files.items() for path, each in folder.items()}
    else:
        names = [SUITE] if len(chosen) == len(HERE.domains) else chosen
        files = {path: each for name in names for path, each in read_zip(dist / f"{name}-{VERSION}.zip").items()}
    for path, content in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(content)


def live(tmp_path: Path, domains: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run Home Assistant on a configuration; of this repository it can see the simulators and nothing else."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "simulators").symlink_to(ROOT / "simulators", target_is_directory=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"}
    script = Path(__file__).with_name("bare_home.py")
    command = [sys.executable, "-P", str(script), str(tmp_path / "config"), *domains]
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("domains", SEVEN, ids="+".join)
def test_it_works_with_nothing_else_of_ours(dist: Path, tmp_path: Path, domains: tuple[str, ...]) -> None:
    """The flow makes an entry, a value comes, only the installed files are used, and nothing is left behind."""
    install(dist, domains, tmp_path / "config")
    done = live(tmp_path, domains)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["states"] == dict.fromkeys(domains, "loaded")
    assert all(float(value) for value in seen["values"].values()), seen["values"]
    assert seen["siblings"] == sorted(domains)
    for domain in domains:
        folder = tmp_path / "config/custom_components" / domain
        assert str(folder / "energy_core/device.py") in seen["files"][domain]
        assert all(Path(path).is_relative_to(folder) for path in seen["files"][domain])
    assert seen["left"] == []
    assert "Traceback" not in done.stderr, done.stderr


def test_a_forgotten_file_stops_it(dist: Path, tmp_path: Path) -> None:
    """It finds nothing of ours beside what was installed: without its core it does not even begin."""
    install(dist, ["v2c_cloud"], tmp_path / "config")
    (tmp_path / "config/custom_components/v2c_cloud/energy_core/pacing.py").unlink()
    done = live(tmp_path, ["v2c_cloud"])
    assert done.returncode != 0
    assert "energy_core.pacing" in done.stderr
