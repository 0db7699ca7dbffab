"""The demo's Energy dashboard: set up by the action of each integration, as its user would."""

from typing import Final

from .client import HomeAssistant
from .flow import ENVOY, TITAN, V2C

# The gateway comes first: it counts sun and grid of this house, and the Titan would show the same once more.
ORDER: Final = (ENVOY, TITAN, V2C)


async def set_up_energy(hass: HomeAssistant) -> None:
    """Have each integration add what it can feed the dashboard with."""
    for domain in ORDER:
        await hass.action(f"{domain}.set_up_energy_dashboard", response=True, apply=True)
