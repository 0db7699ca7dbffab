"""The only action: ``set_up_energy_dashboard``. What a gateway can be told is a switch, a number, a select or a button."""

from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..energy_core.ha.energy import BATTERY, GRID, SOLAR, Feed, Unit, async_register_energy
from .const import DOMAIN
from .coordinator import EnvoyConfigEntry

# What the gateway feeds the Energy dashboard with, of what its meters count.
FEEDS: Final = (
    Feed(
        kind=GRID,
        needed={"stat_energy_from": "lifetime_net_consumption", "stat_energy_to": "lifetime_net_production"},
        more={"stat_rate": "net_consumption"},
    ),
    Feed(kind=SOLAR, needed={"stat_energy_from": "lifetime_production"}, more={"stat_rate": "production"}),
    Feed(
        kind=BATTERY,
        needed={"stat_energy_from": "lifetime_battery_discharged", "stat_energy_to": "lifetime_battery_charged"},
        more={"stat_rate": "battery_power", "stat_soc": "battery_level"},
    ),
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the action."""
    async_register_energy(hass, DOMAIN, _units)


def _units(entry: EnvoyConfigEntry) -> list[Unit]:
    return [Unit(lead=f"{entry.runtime_data.serial}_", feeds=FEEDS)]
