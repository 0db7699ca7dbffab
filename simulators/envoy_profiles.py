"""What each firmware of the gateway is, and which paths it has, for whom."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

type Version = tuple[int, ...]


class Access(IntEnum):
    """Who gets an answer; a higher role has all that a lower one has."""

    OPEN = 0
    OWNER = 2
    INSTALLER = 6


@dataclass(frozen=True, slots=True)
class Hardware:
    """A firmware as it was captured: its name, and the part numbers of a metered and a standard gateway."""

    software: str
    metered_part: str
    standard_part: str
    metered: bool = True


HARDWARE: Final = {
    "3.9": Hardware("R3.9.36", "800-00069-r05", "800-00069-r05", metered=False),
    "3.18": Hardware("D3.18.10", "800-00069-r05", "800-00069-r05", metered=False),
    "4.10": Hardware("R4.10.35", "800-00555-r03", "800-00551-r02"),
    "5.0": Hardware("D5.0.62", "800-00555-r03", "800-00551-r02", metered=False),
    "7.3": Hardware("D7.3.517", "800-00555-r03", "800-00656-r06"),
    "7.6": Hardware("D7.6.175", "800-00654-r08", "800-00656-r06"),
    "8.2": Hardware("D8.2.4382", "800-00654-r06", "800-00656-r06"),
    "8.3": Hardware("D8.3.5289", "800-00554-r03", "800-00656-r06"),
}
PACKAGES: Final = (
    ("rootfs", "500-00001-r01", "02.00.00", "1212"),
    ("kernel", "500-00011-r02", "04.04.225", "3553c8"),
    ("boot", "590-00018-r01", "02.00.01", "77b13f"),
    ("app", "500-00002-r01", "", "d3c300"),
    ("devimg", "500-00005-r01", "01.02.541", "53d0ff"),
    ("backbone", "500-00010-r01", "07.00.20", "176d57"),
)


def numbers(text: str) -> Version:
    """Read a dotted version, with or without its leading letter; 3.9 is older than 3.17."""
    return tuple(int(part) for part in text.lstrip("DRM").split("."))


@dataclass(frozen=True, slots=True)
class Firmware:
    """A firmware by the name of its profile (8.3) or by any version (8.3.5433)."""

    name: str

    @property
    def hardware(self) -> Hardware:
        """The captured gateway that comes nearest."""
        if self.name in HARDWARE:
            return HARDWARE[self.name]
        wanted = numbers(self.name)
        older = [name for name in HARDWARE if numbers(name) <= wanted]
        return HARDWARE[max(older, key=numbers) if older else "3.9"]

    @property
    def software(self) -> str:
        """The version as /info shows it, with its letter."""
        return self.hardware.software if self.name in HARDWARE else f"D{self.name}"

    @property
    def version(self) -> Version:
        """The version as numbers."""
        return numbers(self.software)

    def since(self, *version: int) -> bool:
        """Whether this firmware is at least so new."""
        return self.version >= version

    @property
    def tokens(self) -> bool:
        """Whether it speaks HTTPS and wants a token."""
        return self.since(7)

    @property
    def keeps_alive(self) -> bool:
        """Whether a connection serves more than one request."""
        return not self.since(4) or self.since(7)

    @property
    def wrap(self) -> str:
        """Where the 32 bits of joules of the inverters overflow: nowhere, in the sum, or in each inverter."""
        return "inverter" if self.since(8, 2, 4000) else "site" if self.since(7, 3) else "none"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path, the handler that answers it, the firmware that brought it, and who may ask."""

    path: str
    handler: str
    since: Version = (7,)
    before7: Access = Access.OPEN
    after7: Access = Access.OWNER
    methods: frozenset[str] = frozenset({"GET"})

    def access(self, firmware: Firmware) -> Access:
        """Who may ask with this firmware; old ones want the installer for the inverters, young ones less for the energy."""
        if self.handler == "inverters" and firmware.version[:1] == (3,):
            return Access.INSTALLER if firmware.since(3, 17) else Access.OWNER
        if self.handler == "inverters" and firmware.version[:1] == (5,):
            return Access.INSTALLER
        if self.handler in ("production", "meters") and not firmware.since(4):
            return Access.OPEN if self.handler == "production" else Access.INSTALLER
        if self.handler == "energy":
            return Access.OWNER if firmware.since(8, 3) else Access.INSTALLER
        return self.after7 if firmware.tokens else self.before7


POST: Final = frozenset({"GET", "POST"})
PUT: Final = frozenset({"GET", "PUT"})
_OLD: Final = (3,)
_JSON: Final = (4,)

ENDPOINTS: Final = (
    Endpoint("/info", "info", _OLD, after7=Access.OPEN),
    Endpoint("/info.xml", "info", _OLD, after7=Access.OPEN),
    Endpoint("/auth/check_jwt", "check_jwt", methods=POST),
    Endpoint("/production", "production", _OLD, Access.OWNER),
    Endpoint("/production.json", "production", _JSON),
    Endpoint("/api/v1/production", "v1_production", (3, 8)),
    Endpoint("/api/v1/production/inverters", "inverters", (3, 8), Access.OWNER),
    Endpoint("/home", "home", _OLD),
    Endpoint("/home.json", "home", _JSON),
    Endpoint("/inventory", "inventory", _JSON),
    Endpoint("/inventory.json", "inventory", _JSON),
    Endpoint("/ivp/meters", "meters", (3, 18), Access.OPEN),
    Endpoint("/ivp/meters/readings", "readings", _JSON),
    Endpoint("/ivp/meters/reports", "reports"),
    Endpoint("/ivp/meters/reports/production", "report_production"),
    Endpoint("/ivp/meters/reports/consumption", "report_consumption"),
    Endpoint("/ivp/meters/pvReading", "pv_reading", (8, 3)),
    Endpoint("/ivp/meters/gridReading", "grid_reading", (8, 3)),
    Endpoint("/ivp/pdm/energy", "energy"),
    Endpoint("/ivp/pdm/device_data", "device_data", (8, 2, 4345)),
    Endpoint("/ivp/ensemble/inventory", "ensemble_inventory"),
    Endpoint("/ivp/ensemble/power", "ensemble_power"),
    Endpoint("/ivp/ensemble/secctrl", "secctrl"),
    Endpoint("/ivp/ensemble/status", "ensemble_status"),
    Endpoint("/ivp/ensemble/relay", "relay", methods=POST),
    Endpoint("/ivp/ensemble/dry_contacts", "dry_contacts", methods=POST),
    Endpoint("/ivp/ensemble/generator", "generator"),
    Endpoint("/ivp/ss/dry_contact_settings", "dry_contact_settings", methods=POST),
    Endpoint("/ivp/ss/gen_config", "gen_config", methods=POST),
    Endpoint("/ivp/ss/gen_mode", "gen_mode", methods=POST),
    Endpoint("/ivp/ss/gen_schedule", "gen_schedule", methods=POST),
    Endpoint("/ivp/ss/pel_settings", "pel_settings"),
    Endpoint("/ivp/ss/dpel", "dpel", (8, 2), after7=Access.INSTALLER, methods=POST),
    Endpoint("/ivp/sc/pvlimit", "pvlimit"),
    Endpoint("/ivp/mod/603980032/mode/power", "mode_power", after7=Access.INSTALLER, methods=PUT),
    Endpoint("/installer/pcu_comm_check", "comm_check", after7=Access.INSTALLER),
    Endpoint("/admin/lib/tariff", "tariff", _JSON, Access.OWNER, methods=PUT),
    Endpoint("/admin/lib/acb_config", "acb_config", methods=PUT | {"DELETE"}),
    Endpoint("/ivp/livedata/status", "livedata"),
    Endpoint("/ivp/livedata/stream", "stream", methods=frozenset({"POST"})),
)
BY_PATH: Final = {endpoint.path: endpoint for endpoint in ENDPOINTS}


def find(path: str, firmware: Firmware) -> Endpoint | None:
    """Give the endpoint of a path if this firmware has it."""
    endpoint = BY_PATH.get(path)
    return endpoint if endpoint is not None and firmware.since(*endpoint.since) else None
