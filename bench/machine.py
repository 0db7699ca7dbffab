"""What the figures depend on: the machine, and the versions of everything that was compared."""

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
import os
from pathlib import Path
import platform
from typing import Any, Final

PACKAGES: Final = (
    "homeassistant",
    "aiohttp",
    "pyenphase",
    "pytrydan",
    "indevolt-api",
    "modbus-connection",
    "tmodbus",
    "pymodbus",
)


def machine() -> dict[str, Any]:
    """Return names and versions; a package that is not here is left out, and so are its comparisons."""
    return {
        "processor": _processor(),
        "processors": os.process_cpu_count(),
        "load before": round(os.getloadavg()[0], 1),
        "Python": platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
        "day": datetime.now(UTC).date().isoformat(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
