"""Which keywords there are beyond ``/RealTimeData``, and which firmware has them.

Source: research brief of the two protocols, sections 1.2, 1.5 and 1.8.
"""

from dataclasses import dataclass, field
import re
from typing import Any, Final

from ...energy_core.points import MISSES_UNTIL_UNSUPPORTED

# What RealTimeData lacks on most firmware.
READ_ONLY_BY_KEYWORD: Final = ("ChargeMode", "LightLED", "LogoLED")
FIRST_WITH_READ: Final = (2, 4)
WRITABLE: Final = (
    *("Paused", "Locked", "Timer", "Intensity", "Dynamic", "PauseDynamic", "MinIntensity", "MaxIntensity"),
    *("DynamicPowerMode", "ContractedPower", "VoltageInstallation", "ChargeMode", "LightLED", "LogoLED"),
)
# Larger than anything that can be set.
MOST: Final = 1_000_000


@dataclass
class Memory:
    """Which keywords this firmware has left unanswered, and how often; kept across restarts."""

    firmware: str | None = None
    misses: dict[str, int] = field(default_factory=dict)

    def see(self, firmware: str | None) -> None:
        """Start anew for another firmware."""
        if firmware is not None and firmware != self.firmware:
            self.firmware = firmware
            self.misses.clear()

    def lacks(self, key: str) -> bool:
        """Tell whether this firmware has left ``key`` unanswered often enough."""
        return self.misses.get(key, 0) >= MISSES_UNTIL_UNSUPPORTED

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {"firmware": self.firmware, "misses": dict(self.misses)}

    @classmethod
    def restored(cls, saved: object) -> Memory:
        """Return the memory as it was saved; what cannot be read is forgotten."""
        firmware = saved.get("firmware") if isinstance(saved, dict) else None
        misses = saved.get("misses") if isinstance(saved, dict) else None
        if not isinstance(firmware, str) or not isinstance(misses, dict):
            return cls()
        known = {key: count for key in READ_ONLY_BY_KEYWORD if type(count := misses.get(key)) is int}
        return cls(firmware=firmware, misses=known)


def has_read(firmware: str | None) -> bool:
    """Tell whether ``firmware`` has ``/read``; one that cannot be told apart from others has to be asked."""
    version = re.match(r"[vV]?(\d{1,4})\.(\d{1,4})", firmware or "", re.ASCII)
    return version is None or (int(version[1]), int(version[2])) >= FIRST_WITH_READ
