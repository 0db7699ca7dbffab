"""Ask a device everything and write a file for a bug report: scripts/capture titan|trydan|envoy HOST [--file FILE].

Nothing is written to the device. Serial numbers, addresses, names, tokens and keys are replaced; passwords are asked
for and are on no command line. Read the file all the same before you share it.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
import os
from pathlib import Path
import re
import sys
from typing import Any

from custom_components.energy_core.capture import blank, dumps, scrub
from custom_components.energy_core.errors import EnergyError

from . import envoy, titan, trydan
from .asking import Found, Say

DEVICES: dict[str, Callable[[argparse.Namespace, Say], Awaitable[Found]]] = {
    "envoy": envoy.capture,
    "titan": titan.capture,
    "trydan": trydan.capture,
}


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/capture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("device", choices=sorted(DEVICES))
    parser.add_argument("host", help="its address on your network; for envoy and trydan with :port if need be")
    parser.add_argument("--file", type=Path, help="where to write (default capture-DEVICE-FIRMWARE.json)")
    group = parser.add_argument_group("titan")
    group.add_argument("--port", type=int, help="of Modbus TCP (default 8899)")
    group.add_argument("--http-port", type=int, help="of the HTTP API (default 8080)")
    group.add_argument("--unit", type=int, default=1, help="Modbus unit ID (default 1)")
    group.add_argument("--password", action="store_true", help="the HTTP API has one: ask me")
    group = parser.add_argument_group("trydan")
    group.add_argument("--cloud", action="store_true", help="ask the V2C Cloud as well; wants an API key, takes about 8 calls")
    group.add_argument("--base-url", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def document(found: Found) -> dict[str, Any]:
    """Return the capture as it is written."""
    today = datetime.now(UTC).date().isoformat()
    told = found.recorder.capture(maker=found.maker, model=found.model, firmware=found.firmware, date=today)
    return dict(scrub(blank(told, found.names, short=not found.blanks_all), found.secrets))


async def run(options: argparse.Namespace) -> int:
    """Ask, write, and say what came of it."""

    def say(text: str) -> None:
        sys.stderr.write(f"  {text}\n")

    try:
        found = await DEVICES[options.device](options, say)
    except EnergyError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    told = document(found)
    if not told["exchanges"]:
        sys.stderr.write(f"error: nothing answered at {options.host}: {'; '.join(found.silent.values())}\n")
        return 1
    firmware = re.sub(r"[^\w.-]+", "_", found.firmware or "unknown")
    path: Path = options.file or Path(f"capture-{options.device}-{firmware}.json")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if options.file else os.O_EXCL), 0o600), "w") as file:
            file.write(dumps(told))
    except OSError as error:
        sys.stderr.write(f"error: {path} was not written: {error.strerror}\n")
        return 1
    sys.stderr.write(f"{len(told['exchanges'])} answers in {path}. Read it before you share it.\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(arguments())))
