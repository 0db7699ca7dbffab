"""Build what users install: scripts/build_release [version] [--into DIR]."""

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys

from .archive import build
from .sources import ReleaseError, Sources

ROOT = Path(__file__).parents[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Build, and say what was made, or in one sentence why not."""
    parser = argparse.ArgumentParser(prog="scripts/build_release", description="Make what users install.")
    parser.add_argument("version", nargs="?", help="what is to be released; refused unless everything says the same")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", metavar="DIR", help="where to (default: dist)")
    options = parser.parse_args(argv)
    try:
        made = build(Sources(ROOT), options.into, options.version)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{path}\n" for path in made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
