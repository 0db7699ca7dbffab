"""Where a charger is on the LAN: what the user said, what answered before, what the cloud claims, in that order."""

from collections.abc import Callable, Iterator
import logging
import time
from typing import TYPE_CHECKING, Final

from ...energy_core.errors import DeviceRefusedError, EnergyError
from .address import believable
from .lan import LanWire

if TYPE_CHECKING:
    from .device import Trydan

_LOGGER = logging.getLogger(__name__)

# An address that did not answer is not tried again for this long (s).
PAUSE: Final = 300.0


class Locator:
    """Finds one charger; an address that the cloud supplied counts only when the charger's own id answers there.

    ``fixed`` is the user's and excludes all others; ``known`` answered in an earlier life.
    """

    def __init__(
        self,
        make: Callable[[str], LanWire],
        *,
        fixed: str | None = None,
        known: str | None = None,
        discover: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make wires with ``make``."""
        self.fixed, self.known = fixed, known
        self._make, self._discover, self._clock = make, discover, clock
        self._tried: dict[str, float] = {}

    def first(self) -> LanWire | None:
        """Return the wire to begin with, if an address is known."""
        host = self.fixed or (self.known if self._discover else None)
        try:
            return None if host is None else self._make(host)
        except DeviceRefusedError:
            return None

    async def find(self, trydan: Trydan) -> LanWire | None:
        """Return a wire to another address when the present one is silent and the charger answers there."""
        if self.fixed is not None or not self._discover or not trydan.lan_lost:
            return None
        present = None if trydan.lan is None else trydan.lan.host
        for host in self._candidates(trydan):
            if host == present or self._clock() < self._tried.get(host, -PAUSE) + PAUSE:
                continue
            self._tried[host] = self._clock()
            try:
                lan = self._make(host)
                await lan.identify()
            except EnergyError as error:
                _LOGGER.debug("No charger at a claimed address: %s", error)
                continue
            if lan.shown_id == trydan.face.device_id:
                return lan
        return None

    def _candidates(self, trydan: Trydan) -> Iterator[str]:
        reported = trydan.face.answers.get("reported", {})
        claims = (reported.get("wifi_ip"), reported.get("ip"), trydan.face.pairing_ip, trydan.info.ip)
        believed = (believable(claim) for claim in claims)
        yield from dict.fromkeys(host for host in (self.known, *believed) if host is not None)

    def confirm(self, trydan: Trydan) -> None:
        """Remember the address at which the charger has just answered."""
        if trydan.lan is not None and trydan.lan_works:
            self.known = trydan.lan.host
