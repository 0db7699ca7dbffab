"""The checks of `scripts/demo --check`: from the first values to the last line of the log."""

from .charger import read_charger
from .checks_control import control_checks
from .checks_envoy import GATEWAY_LOST, back_checks, lost_checks, set_up_checks, value_checks
from .checks_titan import titan_checks
from .checks_v2c import LAN_LOST, after_checks, charge_checks, lan_checks, plug_checks
from .client import HomeAssistant
from .compare import log_complaints
from .console import Row
from .envoy import read_envoy
from .flow import ENVOY, TITAN, V2C
from .frontend import energy_issues, prepare
from .loops import read_loops
from .registry import House, read_house, without_value
from .simulator import Simulator
from .waiting import reaches

LOGGERS = (
    *("custom_components", TITAN, V2C, ENVOY, "energy_core"),
    *("modbus_connection", "tmodbus", "homeassistant.components.modbus"),
)
# What the log must say, because the check takes the charger's LAN away and restarts the gateway.
SAYINGS = (LAN_LOST, GATEWAY_LOST)
# What a wire has not told yet comes with the next polls.
POLLS_WITHIN = 30


async def run_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Run every check in order and return what each found.

    The car charges while the Titan is looked at: so there is a session worth counting, the meter of the gateway has
    counted something, and the cloud has time to say what it knows. The gateway restarts while the charger's LAN is lost.
    """
    rows = await set_up_checks(hass, simulator)
    plugged = await plug_checks(hass, simulator)
    rows += await titan_checks(hass, simulator)
    rows += plugged
    for check in (charge_checks, value_checks, lost_checks, lan_checks, back_checks, after_checks):
        rows += await check(hass, simulator)
    await prepare(hass)
    rows.append(await _energy(hass))
    # Last: they command the devices.
    rows += await control_checks(hass, simulator)
    houses = [await read_house(hass, TITAN), await read_charger(hass), await read_envoy(hass)]
    rows.append(await _states_now(hass, [*houses, *(await read_loops(hass)).values()]))
    rows.append(await _log(hass))
    return rows


async def _states_now(hass: HomeAssistant, houses: list[House]) -> Row:
    """Look again at the end: an order or a loss must not cost an entity its value for longer than a few polls."""

    async def missing() -> str:
        states = await hass.states()
        return ", ".join(one for house in houses for one in without_value(house.entities, states)) or "all"

    return await reaches("entities with a value, at the end", "all", missing, lambda got: got == "all", limit=POLLS_WITHIN)


async def _energy(hass: HomeAssistant) -> Row:
    """Let Home Assistant judge what feeds the Energy dashboard."""
    issues = energy_issues(await hass.command("energy/validate"))
    return Row(check="Energy dashboard", expected="no issue", got=", ".join(issues) or "none", ok=not issues)


async def _log(hass: HomeAssistant) -> Row:
    complaints = log_complaints(await hass.command("system_log/list"), LOGGERS, SAYINGS)
    expected = f"no warning but: {'; '.join(one.text for one in SAYINGS)}"
    return Row(check="log of our code", expected=expected, got="; ".join(complaints) or "so it is", ok=not complaints)
