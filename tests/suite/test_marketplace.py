"""Home Assistant's own Marketplace installs, updates and removes what we release, and refuses what our replay says it refuses."""

from dataclasses import dataclass, field
import hashlib
import json
import os
from pathlib import Path
import subprocess
from typing import Any

import pytest

from release.archive import zipped
from release.sources import Files
from tests.suite.artefacts import HERE, ours, read_tree
from tests.suite.installers import SPOILT, Config, RefusedError, marketplace, packed
from tests.suite.real_home import python_of

WITH_MARKETPLACE = "2026.11"
BUILT_IN = {"enphase_envoy"}
TAG = f"v{HERE.version()}"
# Several times what the longest list takes.
PATIENCE = 110.0
WAYS = pytest.mark.parametrize("catalogue", [False, True], ids=["added by hand", "from the catalogue"])


@dataclass
class Customer:
    """Does the same at the real Marketplace and at our replay of it."""

    folder: Path
    catalogue: bool
    steps: list[dict[str, Any]] = field(default_factory=list)
    replayed: list[dict[str, Any]] = field(default_factory=list)
    config: Config = field(default_factory=Config)

    def install(self, name: str, tree: Files, *, confirmed: bool = True) -> None:
        """Install a repository, or update it."""
        refused = False
        try:
            marketplace(self.config, packed(tree), owner=name, built_in=BUILT_IN, confirmed=confirmed)
        except RefusedError:
            refused = True
        self._step(name, packed(tree), refused=refused, confirmed=confirmed)

    def remove(self, name: str, domain: str) -> None:
        """Remove what a repository installed."""
        del self.config.files[domain], self.config.owners[domain]
        self._step(name, {}, refused=False, remove=True)

    def _step(self, name: str, archive: Files, *, refused: bool, **more: bool) -> None:
        path = self.folder / f"{len(self.steps)}.zip"
        path.write_bytes(zipped(archive))
        step = {"repository": name, "tag": TAG, "archive": str(path), "catalogue": self.catalogue}
        self.steps.append({"confirmed": False, "remove": False} | step | more)
        files = {f"{domain}/{path}": each for domain, folder in self.config.files.items() for path, each in folder.items()}
        hashes = {path: hashlib.sha256(each).hexdigest() for path, each in sorted(files.items())}
        self.replayed.append({"refused": refused, "files": hashes})

    def shop(self) -> list[dict[str, Any]]:
        """Do it at the real one; what each step left, and why it was refused."""
        steps, config = self.folder / "steps.json", self.folder / "config"
        config.mkdir()
        steps.write_text(json.dumps(self.steps), encoding="utf-8")
        script = Path(__file__).with_name("shop.py")
        command = [str(python_of(WITH_MARKETPLACE)), "-P", str(script), str(config), str(steps)]
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        return found

    def compare(self) -> list[str | None]:
        """Hold both against each other, step by step; return why the real one refused."""
        told = self.shop()
        assert [{**each, "refused": each["refused"] is not None} for each in told] == self.replayed
        return [each["refused"] for each in told]


@WAYS
def test_each_artefact_is_installed_updated_and_removed(dist: Path, tmp_path: Path, *, catalogue: bool) -> None:
    """All three beside each other, from their own repositories; file by file what the replay installs, and then nothing."""
    customer = Customer(tmp_path, catalogue)
    trees = {domain: read_tree(dist / domain) for domain in HERE.domains}
    for domain, tree in trees.items():
        customer.install(f"ours/{domain}", tree)
    for domain, tree in trees.items():
        start = f"custom_components/{domain}/"
        newer = {**tree, f"{start}more.py": b""}
        del newer[f"{start}sensor.py"]
        customer.install(f"ours/{domain}", newer)
    for domain in trees:
        customer.remove(f"ours/{domain}", domain)
    assert customer.compare() == [None] * 9
    assert customer.replayed[-1]["files"] == {}


@WAYS
def test_what_is_refused(dist: Path, tmp_path: Path, *, catalogue: bool) -> None:
    """This repository itself, a spoilt one, a built-in domain without asking, a domain that somebody else has."""
    customer, tree = Customer(tmp_path, catalogue), read_tree(dist / "v2c_cloud")
    customer.install("ours/all", ours())
    customer.install("ours/enphase_envoy", read_tree(dist / "enphase_envoy"), confirmed=False)
    for number, (name, (spoil, reason)) in enumerate(SPOILT.items()):
        # The catalogue lists none without hacs.json, and takes one that loses it. To be too large once costs time enough.
        if catalogue and name in ("no hacs.json", "too large"):
            continue
        spoilt = {**tree}
        spoil(spoilt)
        customer.install(f"ours/spoilt_{number}", spoilt)
        if reason is None:
            customer.remove(f"ours/spoilt_{number}", "v2c_cloud")
    customer.install("ours/v2c_cloud", tree)
    customer.install("theirs/v2c_cloud", tree)
    refused = customer.compare()
    assert refused[0] == "integration_manifest_missing"
    assert refused[1] == "replaces_built_in_not_confirmed"
    assert refused[-2:] == [None, "integration_owned"]
