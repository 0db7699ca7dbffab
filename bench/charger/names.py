"""What the processes of this suite must agree on: who is measured, how often, and what the box says."""

from typing import Any, Final

# Who polls. ``kept`` is ours, were its connections kept open: what closing each of them costs is the difference.
OURS: Final = "ours"
KEPT: Final = "kept"
LIBRARY: Final = "pytrydan"
PATTERN: Final = "pattern"
FLOOR: Final = "floor"
CORE: Final = "core"
# Seconds between two polls: as ours and the community's integration come, and as Home Assistant's own comes.
EVERY: Final = 30.0
FRESH: Final = 5.0
DEVICE: Final = "SIMV2C"
# As firmware 2.4.6 answers while a car charges; charging phases and lights only by name.
SNAPSHOT: Final[dict[str, Any]] = {
    "ID": DEVICE,
    "ChargeState": 2,
    "ReadyState": 0,
    "ChargePower": 3663.44,
    "ChargeEnergy": 3.27,
    "SlaveError": 0,
    "ChargeTime": 1610,
    "HousePower": 512.0,
    "FVPower": 1240.0,
    "BatteryPower": 0.0,
    "Paused": 0,
    "Locked": 0,
    "Timer": 0,
    "Intensity": 16,
    "Dynamic": 1,
    "MinIntensity": 6,
    "MaxIntensity": 32,
    "PauseDynamic": 0,
    "FirmwareVersion": "2.4.6",
    "DynamicPowerMode": 4,
    "ContractedPower": 9200,
    "VoltageInstallation": 229,
    "SSID": "SIM-WIFI",
    "IP": "192.168.77.21",
    "SignalStatus": 2,
}
BY_NAME: Final = {"ChargeMode": 0, "LightLED": 50, "LogoLED": 1}
