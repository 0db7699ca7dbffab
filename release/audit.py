"""Ask a public list of vulnerabilities about everything that the locks install: scripts/audit [--required] [LOCK...].

Names and versions go out, nothing else. Without the list nothing is known, which is said, and is no failure unless
``--required`` wants it to be one.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
import json
from pathlib import Path
import re
import sys
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = "https://api.osv.dev"
# So many packages the list takes in one request.
BATCH: Final = 1000
DEADLINE: Final = 30.0
MAX_BYTES: Final = 8 * 1024 * 1024
CLEAN, FOUND, UNKNOWN = 0, 1, 2
# What is known and borne: the id of a vulnerability, why, and until when (YYYY-MM-DD).
ACCEPTED: Final[Mapping[str, tuple[str, str]]] = {}
PIN: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,.-]+\])?==([\w.+!-]+)", re.MULTILINE)

type Pin = tuple[str, str]


class UnreachableError(Exception):
    """The list does not answer, or not in a way that can be understood."""


def locks() -> list[Path]:
    """Return every lock of this repository."""
    return [ROOT / "requirements.lock", *sorted(ROOT.glob("locks/*.lock"))]


def pins(text: str) -> list[Pin]:
    """Return what a lock installs: names as indexes spell them, and versions."""
    return sorted({(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in PIN.findall(text)})


def ask(wanted: Sequence[Pin], source: str = SOURCE, deadline: float = DEADLINE) -> dict[Pin, list[str]]:
    """Return the ids of what is known of each; raise ``UnreachableError`` when the list does not say."""
    known: dict[Pin, list[str]] = {}
    for begin in range(0, len(wanted), BATCH):
        part = wanted[begin : begin + BATCH]
        queries = [{"package": {"ecosystem": "PyPI", "name": name}, "version": version} for name, version in part]
        results = _send(f"{source}/v1/querybatch", {"queries": queries}, deadline).get("results")
        if not isinstance(results, list) or len(results) != len(part):
            raise UnreachableError("an answer that makes no sense")
        for pin, result in zip(part, results, strict=True):
            if ids := sorted(str(each["id"]) for each in (result or {}).get("vulns") or ()):
                known[pin] = ids
    return known


def _send(url: str, content: object, deadline: float) -> dict[str, Any]:
    request = Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})  # noqa: S310 (https, in tests loopback)
    try:
        with urlopen(request, timeout=deadline) as answer:  # noqa: S310 (the same)
            found = json.loads(answer.read(MAX_BYTES))
    except (URLError, OSError, ValueError) as error:
        raise UnreachableError(type(error).__name__) from error
    if not isinstance(found, dict):
        raise UnreachableError("an answer that makes no sense")
    return found


def borne(found: str, today: date, accepted: Mapping[str, tuple[str, str]] = ACCEPTED) -> bool:
    """Tell whether a vulnerability is one that we know and bear today."""
    return found in accepted and today <= date.fromisoformat(accepted[found][1])


def report(paths: Iterable[Path], source: str = SOURCE, deadline: float = DEADLINE) -> tuple[int, list[str]]:
    """Return what came out, and the lines that say so."""
    by_lock = {path.name: pins(path.read_text(encoding="utf-8")) for path in paths}
    wanted = sorted({pin for each in by_lock.values() for pin in each})
    try:
        known = ask(wanted, source, deadline)
    except UnreachableError as error:
        return UNKNOWN, [
            f"NOT CHECKED: the list of vulnerabilities does not answer ({error}). {len(wanted)} packages were not looked up."
        ]
    today, lines, worst = date.today(), [], CLEAN  # noqa: DTZ011 (a day, whatever the place)
    for (name, version), ids in sorted(known.items()):
        holders = ", ".join(lock for lock, each in by_lock.items() if (name, version) in each)
        bad = [each for each in ids if not borne(each, today)]
        worst = FOUND if bad else worst
        lines.append(f"{name} {version} ({holders}): {', '.join(bad) or 'accepted: ' + ', '.join(ids)}")
    return worst, [*lines, f"{len(wanted)} packages in {len(by_lock)} locks were looked up; {len(known)} have something to say."]


def main(argv: Sequence[str] | None = None) -> int:
    """Look everything up, and say what came out."""
    parser = argparse.ArgumentParser(prog="scripts/audit", description="Look up known vulnerabilities of what the locks install.")
    parser.add_argument("locks", nargs="*", type=Path, metavar="LOCK", help="which locks (default: all)")
    parser.add_argument("--required", action="store_true", help="fail when the list cannot be asked")
    parser.add_argument("--source", default=SOURCE, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    result, lines = report(options.locks or locks(), options.source)
    (sys.stderr if result else sys.stdout).writelines(f"{line}\n" for line in lines)
    return CLEAN if result == UNKNOWN and not options.required else result


if __name__ == "__main__":
    sys.exit(main())
