"""Everything that may differ between two Trydans, and what each firmware does."""

from dataclasses import dataclass, field
from typing import Final, Literal

ALVA: Final = "alva"
# The ALVA is another model, not a version; what it reports is assumed to be the newest known one.
ALVA_VERSION: Final = "2.5.1"


@dataclass(slots=True, kw_only=True)
class TrydanOptions:
    """Options of a simulated Trydan; every one may be changed while it runs, but host, port and lan."""

    device_id: str = "SIMV2C"
    firmware: str = "2.4.6"
    next_firmware: str = "2.5.1"
    max_current: int = 32
    phases: int = 1
    voltage: float = 230.0
    host: str = "127.0.0.1"
    port: int = 0
    lan: bool = True
    # A request sooner than 100 ms after the last one, or beside another, gets a 404.
    hurried_404: bool = False
    response_delay: float = 0.0
    reboot_seconds: float = 0.0
    ssid: str = "SIM-WIFI"
    mac: str = "28:56:2F:00:00:01"
    # What the box says of its own address; the listening host when empty.
    ip: str = ""
    signal: int = 3
    missing_keys: set[str] = field(default_factory=set)
    # None: as the firmware does it.
    pause_resets: bool | None = None
    # The first reading after unplugging still shows the counters of the session.
    late_counters: bool = True
    battery_sign: Literal["discharging_positive", "charging_positive"] = "discharging_positive"


@dataclass(frozen=True, slots=True)
class Firmware:
    """What a version of the firmware does; any dotted version works, so do 1.6.13 and 2.4.2."""

    name: str

    @property
    def alva(self) -> bool:
        """Whether this is the ALVA model."""
        return self.name == ALVA

    @property
    def shown(self) -> str:
        """The version as the box reports it."""
        return ALVA_VERSION if self.alva else self.name

    @property
    def version(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in self.shown.split("."))

    def since(self, *version: int) -> bool:
        """Whether this firmware is at least so new."""
        return self.version >= version

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of /RealTimeData in their order."""
        first = ("ID",) if self.since(2, 1) else ()
        network = NETWORK_KEYS if self.since(2, 1, 17) else ()
        return (*first, *FIRST_KEYS, *network, *(PHASE_KEYS if self.since(2, 5) else ()))

    @property
    def has_read(self) -> bool:
        """Whether /read/ exists."""
        return self.since(2, 4)

    @property
    def sticky(self) -> bool:
        """Whether ChargeState stays 2 while paused."""
        return self.since(2, 5)

    @property
    def reverts_pause_and_lock(self) -> bool:
        """Whether Paused and Locked cannot both be 1."""
        return self.version == (2, 4, 6)

    @property
    def slave_error(self) -> int:
        """What SlaveError shows, as captured from this version."""
        return {"2.1.7": 4, "2.1.17": 5, "2.5.1": 224}.get(self.name, 0)

    @property
    def quirks(self) -> frozenset[str]:
        """Faults of the payload that this version always has."""
        return frozenset({"missing_comma", "bare_version"}) if self.version == (1, 6, 13) else frozenset()


FIRST_KEYS: Final = (
    "ChargeState",
    "ReadyState",
    "ChargePower",
    "ChargeEnergy",
    "SlaveError",
    "ChargeTime",
    "HousePower",
    "FVPower",
    "BatteryPower",
    "Paused",
    "Locked",
    "Timer",
    "Intensity",
    "Dynamic",
    "MinIntensity",
    "MaxIntensity",
    "PauseDynamic",
    "FirmwareVersion",
    "DynamicPowerMode",
    "ContractedPower",
)
NETWORK_KEYS: Final = ("VoltageInstallation", "SSID", "IP", "SignalStatus")
PHASE_KEYS: Final = (
    *(f"IntensityMeasure_L{phase}" for phase in (1, 2, 3)),
    *(f"VoltageMeasure_L{phase}" for phase in (1, 2, 3)),
)
ONLY_BY_READ: Final = ("ChargeMode", "LightLED", "LogoLED")
