"""The actions: ``set_realtime_mode``, ``charge``, ``discharge``, ``stop``, ``set_up_energy_dashboard``."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final

from homeassistant.const import ATTR_AREA_ID, ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_FLOOR_ID, ATTR_LABEL_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
import probatio

from ..energy_core.device import CommandResult
from ..energy_core.errors import DeviceRefusedError
from ..energy_core.ha.commands import translated
from ..energy_core.ha.energy import BATTERY, GRID, SOLAR, Feed, Unit, async_register_energy
from ..energy_core.ha.services import permit, run_on_all, targets
from .const import DOMAIN
from .coordinator import TitanConfigEntry, TitanCoordinator
from .titan.orders import Action, Order
from .titan.points import System

ATTR_CONFIG_ENTRY: Final = "config_entry_id"
ATTR_POWER: Final = "power"
ATTR_TARGET_SOC: Final = "target_soc"
ATTR_DURATION: Final = "duration"

TARGET: Final[dict[Any, Any]] = {
    probatio.Optional(ATTR_CONFIG_ENTRY): probatio.All(cv.ensure_list, [cv.string]),
    **{
        probatio.Optional(name): probatio.All(cv.ensure_list, [cv.string])
        for name in (ATTR_ENTITY_ID, ATTR_DEVICE_ID, ATTR_AREA_ID, ATTR_FLOOR_ID, ATTR_LABEL_ID)
    },
}
# Values are judged by the unit's own limits, which answer in the user's language.
ORDER: Final[dict[Any, Any]] = {
    **TARGET,
    probatio.Required(ATTR_POWER): probatio.Any(int, float, str),
    probatio.Optional(ATTR_TARGET_SOC): probatio.Any(int, float, str),
    probatio.Optional(ATTR_DURATION): probatio.Any(int, float, str, dict),
}

# What the unit feeds the Energy dashboard with. Its meter counts no energy: as the grid it is better than nothing.
FEEDS: Final = (
    Feed(kind=SOLAR, needed={"stat_energy_from": "cumulative_production"}, more={"stat_rate": "dc_input_power"}),
    Feed(
        kind=BATTERY,
        needed={"stat_energy_from": "battery_total_discharging_energy", "stat_energy_to": "battery_total_charging_energy"},
        more={"stat_rate": "battery_power", "stat_soc": "battery_soc"},
    ),
    Feed(kind=GRID, needed={"stat_rate": "meter_power"}),
)

type Verb = Callable[[TitanCoordinator, Mapping[str, Any]], Awaitable[CommandResult]]


async def _realtime(coordinator: TitanCoordinator, _data: Mapping[str, Any]) -> CommandResult:
    return await coordinator.set_realtime()


async def _charge(coordinator: TitanCoordinator, data: Mapping[str, Any]) -> CommandResult:
    return await _ordered(coordinator, Action.CHARGE, data)


async def _discharge(coordinator: TitanCoordinator, data: Mapping[str, Any]) -> CommandResult:
    return await _ordered(coordinator, Action.DISCHARGE, data)


async def _stop(coordinator: TitanCoordinator, _data: Mapping[str, Any]) -> CommandResult:
    return await coordinator.give(Order(action=Action.STANDBY))


async def _ordered(coordinator: TitanCoordinator, action: Action, data: Mapping[str, Any]) -> CommandResult:
    duration = _seconds(data.get(ATTR_DURATION))
    order = coordinator.control.check(action, data[ATTR_POWER], data.get(ATTR_TARGET_SOC))
    return await coordinator.give(order, duration)


VERBS: Final[dict[str, tuple[Verb, dict[Any, Any]]]] = {
    "set_realtime_mode": (_realtime, TARGET),
    "charge": (_charge, ORDER),
    "discharge": (_discharge, ORDER),
    "stop": (_stop, TARGET),
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, (verb, schema) in VERBS.items():
        hass.services.async_register(
            DOMAIN, name, _handler(verb), schema=probatio.Schema(schema), supports_response=SupportsResponse.OPTIONAL
        )
    async_register_energy(hass, DOMAIN, _units)


def _units(entry: TitanConfigEntry) -> list[Unit]:
    return [Unit(lead=f"{entry.runtime_data.serial}_", feeds=FEEDS)]


def _handler(verb: Verb) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    async def handle(call: ServiceCall) -> ServiceResponse:
        entries: list[TitanConfigEntry] = await targets(call, DOMAIN, ATTR_CONFIG_ENTRY)
        coordinators = list(dict.fromkeys(_master(call.hass, entry.runtime_data) for entry in entries))
        known = er.async_get(call.hass)
        await permit(call, [er.async_entries_for_config_entry(known, each.config_entry.entry_id) for each in coordinators])

        async def run(coordinator: TitanCoordinator) -> dict[str, Any]:
            with translated(DOMAIN):
                return _answer(coordinator, await verb(coordinator, call.data))

        results = await run_on_all(DOMAIN, [(each.title, run(each)) for each in coordinators])
        return _together(results)

    return handle


def _master(hass: HomeAssistant, coordinator: TitanCoordinator) -> TitanCoordinator:
    """Return who obeys for a unit: the master of its cluster, where it is set up too."""
    if coordinator.device.settings.cluster_role != "slave":
        return coordinator
    loaded: list[TitanConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    masters = [each.runtime_data for each in loaded if each.runtime_data.device.settings.cluster_role == "master"]
    return masters[0] if len(masters) == 1 else coordinator


def _answer(coordinator: TitanCoordinator, result: CommandResult) -> dict[str, Any]:
    system = coordinator.device.system
    return {
        "config_entry_id": coordinator.config_entry.entry_id,
        "applied": result.applied,
        "latency_ms": round(1000 * (result.latency or 0)),
        "power": system.get(System.order_power),
        "soc_limit": system.get(System.order_soc),
        "writes": result.writes,
    }


def _together(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one unit's answer as it is; of several, what holds for all, and each one's own."""
    if len(results) == 1:
        return results[0]
    return {
        "applied": all(each["applied"] for each in results),
        "latency_ms": max(each["latency_ms"] for each in results),
        "power": sum(each["power"] or 0 for each in results),
        "soc_limit": results[0]["soc_limit"],
        "units": results,
    }


def _seconds(duration: Any) -> float | None:
    """Return a duration in seconds: a plain number is minutes, anything else a time period."""
    if duration is None:
        return None
    try:
        if isinstance(duration, str) and ":" not in duration:
            duration = float(duration)
        period = timedelta(minutes=duration) if isinstance(duration, int | float) else cv.positive_time_period(duration)
        if period > timedelta(0):
            return period.total_seconds()
    except (probatio.Invalid, ValueError, OverflowError) as error:
        raise DeviceRefusedError(key="invalid_duration", value=str(duration)[:20]) from error
    raise DeviceRefusedError(key="invalid_duration", value=str(duration)[:20])
