"""The sites that are measured: captures of gateways, one of them grown to 200 inverters."""

from collections.abc import Mapping
import copy
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any, Final

from tests.enphase_envoy.capture_gateway import OWN, PUBLIC

ROOTS: Final[Mapping[str, Path]] = {"own": OWN, "public": PUBLIC}
MANY: Final = 200
FIRST_SERIAL: Final = 122_000_100_000
# From so many devices on, a gateway tells details only of some.
DETAILED: Final = 50
DEVICE_DATA: Final = "ivp_pdm_device_data"


class UnknownSiteError(Exception):
    """There is no such site, or none of its captures is here."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One site: the first of its captures that is at hand, with its inverters cloned up to ``inverters``."""

    name: str
    captures: tuple[str, ...]
    inverters: int = 0

    @property
    def capture(self) -> str:
        """Return the label of the capture that is used."""
        for label in self.captures:
            if (folder_of(label) / "info").is_file():
                return label
        raise UnknownSiteError(f"{self.name}: none of {', '.join(self.captures)} is here")


SITES: Final = (
    Site(name="standard", captures=("own/5.0.62",)),
    Site(name="metered", captures=("own/7.6.175_mono",)),
    Site(name="three phases", captures=("own/7.6.175_three_phase",)),
    Site(name="battery", captures=("own/8.2.127_battery",)),
    Site(name="generator", captures=("public/8.2.127_with_generator_running", "own/8.3.5169_generator_phantom")),
    Site(name="200 inverters", captures=("own/7.6.175_three_phase",), inverters=MANY),
)
# The three shapes of payload of the brief: many batteries and CTs, as many inverters as have details, many more than that.
SHAPES: Final = (
    Site(name="35 inverters", captures=("own/8.2.127_battery",), inverters=35),
    Site(name="49 inverters", captures=("own/8.3.5169_generator_phantom",), inverters=49),
    SITES[-1],
)


def folder_of(label: str) -> Path:
    """Return the folder of a capture, given as ``own/…``, ``public/…`` or a path."""
    if (Path(label) / "info").is_file():
        return Path(label)
    root, _, name = label.partition("/")
    if root not in ROOTS or not name:
        raise UnknownSiteError(f"{label} is neither a site nor the label of a capture")
    return ROOTS[root] / name


def chosen(names: list[str]) -> list[Site]:
    """Return the sites of these names, or all; the label of any capture is a name, too."""
    known = {site.name: site for site in (*SITES, *SHAPES)}
    sites = [known.get(name) or Site(name=name, captures=(name,)) for name in names] or list(SITES)
    for site in sites:
        _ = site.capture
    return sites


def grown(folder: Path, inverters: int) -> dict[str, Any]:
    """Return what a capture would answer with so many inverters, by path; nothing for none."""
    if not inverters:
        return {}
    reports: list[dict[str, Any]] = _json(folder, "api_v1_production_inverters")
    groups: list[dict[str, Any]] = copy.deepcopy(_json(folder, "inventory.json"))
    serials = [str(FIRST_SERIAL + number) for number in range(inverters)]
    for group in groups:
        if group["type"] == "PCU":
            group["devices"] = _clones(group["devices"], "serial_num", serials)
    found: dict[str, Any] = {"/api/v1/production/inverters": _clones(reports, "serialNumber", serials), "/inventory.json": groups}
    if inverters < DETAILED and (folder / DEVICE_DATA).is_file():
        found["/ivp/pdm/device_data"] = _details(_json(folder, DEVICE_DATA), serials)
    return found


def _details(known: dict[str, Any], serials: list[str]) -> dict[str, Any]:
    devices = [each for each in known.values() if isinstance(each, dict)]
    pcus = [each for each in devices if each["devName"] == "pcu"]
    rest = {key: each for key, each in known.items() if each not in pcus}
    return rest | {f"c{number}": each for number, each in enumerate(_clones(pcus, "sn", serials))}


def _clones(samples: list[dict[str, Any]], key: str, serials: list[str]) -> list[dict[str, Any]]:
    return [samples[number % len(samples)] | {key: serial} for number, serial in enumerate(serials)]


def _json(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))
