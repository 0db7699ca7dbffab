"""Records what the present code leaves behind, for the tests of the versions to come: ``python -m tests.upgrade.record``.

Run it when a version is released, before its tag; the files are committed, and never written again. To record a version
that is older than this, put this folder and the ``record_upgrade.py`` beside the tests of each integration into its tree,
and run it there.
"""

import os
from pathlib import Path
import subprocess
import sys
import tomllib

ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> int:
    """Record each integration into ``tests/upgrade/<version>``, or into the folder that is named."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    folder = Path(arguments[0]).resolve() if arguments else ROOT / "tests" / "upgrade" / version
    if any(folder.glob("*.json")):
        sys.exit(f"{folder} has a recording already: what a version has left behind does not change.")
    writers = sorted(str(each) for each in ROOT.glob("tests/*/ha/record_upgrade.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *writers]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "RECORD_UPGRADE_TO": str(folder)}, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
