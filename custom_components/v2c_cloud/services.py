"""The actions: who is meant, what is done, what comes back, and the events of the integration that was here before."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_AREA_ID, ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_FLOOR_ID, ATTR_LABEL_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr, entity_registry as er
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
import probatio

from ..energy_core.ha.commands import translated
from ..energy_core.ha.energy import DEVICE, Feed, Unit, async_register_energy
from ..energy_core.ha.services import permit, run_on_all
from .actions import ACCOUNT_ACTIONS, ACTIONS, Action
from .const import DOMAIN, EVENT_GLOBAL_STATISTICS
from .coordinator import AccountCoordinator, TrydanCoordinator, V2CConfigEntry
from .statistics import ENERGY, statistic_id

LISTS: Final = probatio.All(cv.ensure_list, [cv.string])
TARGETS: Final = (ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_AREA_ID, ATTR_FLOOR_ID, ATTR_LABEL_ID)
TARGET: Final[dict[Any, Any]] = {probatio.Optional(name): LISTS for name in TARGETS}
# Values are judged one by one, where the answer can be in the user's language.
ANYTHING: Final = probatio.Any(str, int, float, bool, list, dict)

# The car is a consumer of its own. What the meter of the box shows is power only, so it feeds nothing else.
FEEDS: Final = (Feed(kind=DEVICE, needed={"stat_consumption": "session_energy"}, more={"stat_rate": "charge_power"}),)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, action in ACTIONS.items():
        _register(hass, name, action, TARGET, _charger_handler(action))
    entry: dict[Any, Any] = {probatio.Optional("config_entry_id"): LISTS}
    for name, account_action in ACCOUNT_ACTIONS.items():
        _register(hass, name, account_action, entry, _account_handler(account_action))
    async_register_energy(hass, DOMAIN, _units)


def _units(entry: V2CConfigEntry) -> list[Unit]:
    """Return the chargers; the sessions in the cloud's books are the same energy once more."""
    return [
        Unit(lead=f"{each.serial}_", feeds=FEEDS, same=frozenset({statistic_id(each.device_id, ENERGY)}))
        for each in entry.runtime_data.chargers.values()
    ]


def _register(
    hass: HomeAssistant,
    name: str,
    action: Action[Any],
    target: Mapping[Any, Any],
    handler: Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]],
) -> None:
    fields: dict[Any, Any] = {probatio.Required(field): ANYTHING for field in action.required}
    fields |= {probatio.Optional(field): ANYTHING for field in action.optional}
    schema = probatio.Schema({**target, **fields})
    register = partial(async_register_admin_service, hass) if action.admin else hass.services.async_register
    register(DOMAIN, name, handler, schema=schema, supports_response=SupportsResponse.OPTIONAL)


def _charger_handler(action: Action[TrydanCoordinator]) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    async def handle(call: ServiceCall) -> ServiceResponse:
        data = {name: value for name, value in call.data.items() if name not in TARGETS}

        async def run(charger: TrydanCoordinator) -> dict[str, Any]:
            with translated(DOMAIN):
                found = {"device_id": charger.device_id, **await action.run(charger, data)}
            if action.event is not None:
                call.hass.bus.async_fire(action.event, found, context=call.context)
            return found

        chargers = chargers_of(call)
        await permit(call, [_entities_of(call.hass, each) for each in chargers])
        results = await run_on_all(DOMAIN, [(each.title, run(each)) for each in chargers])
        return results[0] if len(results) == 1 else {"chargers": [*results]}

    return handle


def _account_handler(action: Action[AccountCoordinator]) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    async def handle(call: ServiceCall) -> ServiceResponse:
        data = {name: value for name, value in call.data.items() if name != "config_entry_id"}

        async def run(account: AccountCoordinator) -> dict[str, Any]:
            with translated(DOMAIN):
                found = await action.run(account, data)
            call.hass.bus.async_fire(EVENT_GLOBAL_STATISTICS, found, context=call.context)
            return {"config_entry_id": account.config_entry.entry_id, **found}

        accounts = _accounts_of(call)
        known = er.async_get(call.hass)
        await permit(call, [er.async_entries_for_config_entry(known, each.config_entry.entry_id) for each in accounts])
        results = await run_on_all(DOMAIN, [(each.config_entry.title, run(each)) for each in accounts])
        return results[0] if len(results) == 1 else {"accounts": [*results]}

    return handle


def _loaded(hass: HomeAssistant) -> list[V2CConfigEntry]:
    return [each for each in hass.config_entries.async_entries(DOMAIN) if each.state is ConfigEntryState.LOADED]


def chargers_of(call: ServiceCall) -> list[TrydanCoordinator]:
    """Return the chargers that ``call`` means; the only one when it names none.

    ``device_id`` may be Home Assistant's, or the id that the maker prints on the box.
    """
    known = {name: each for entry in _loaded(call.hass) for name, each in entry.runtime_data.chargers.items()}
    if not any(name in call.data for name in TARGETS):
        if len(known) != 1:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="target_needed" if known else "not_loaded")
        return list(known.values())
    meant = [known[name] for name in _named(call) if name in known]
    if not meant:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="target_not_found")
    return meant


def _named(call: ServiceCall) -> list[str]:
    """Return the maker's ids of everything that ``call`` names."""
    given = call.data.get(ATTR_DEVICE_ID, [])
    selected = async_extract_referenced_entity_ids(call.hass, TargetSelection(call.data))
    devices, entities = dr.async_get(call.hass), er.async_get(call.hass)
    ids = set(selected.referenced_devices)
    for entity_id in selected.referenced | selected.indirectly_referenced:
        if (entry := entities.async_get(entity_id)) is not None and entry.device_id is not None:
            ids.add(entry.device_id)
    found = (devices.async_get(each) for each in ids)
    registered = {name for each in found if each is not None for domain, name in each.identifiers if domain == DOMAIN}
    return [*dict.fromkeys([*given, *sorted(registered)])]


def _entities_of(hass: HomeAssistant, charger: TrydanCoordinator) -> list[er.RegistryEntry]:
    found = er.async_entries_for_config_entry(er.async_get(hass), charger.config_entry.entry_id)
    return [each for each in found if each.unique_id.startswith(f"{charger.serial}_")]


def _accounts_of(call: ServiceCall) -> list[AccountCoordinator]:
    """Return the accounts that ``call`` means; all of them when it names none."""
    wanted = call.data.get("config_entry_id")
    entries = [each for each in _loaded(call.hass) if wanted is None or each.entry_id in wanted]
    accounts = [each.runtime_data.account for each in entries if each.runtime_data.account is not None]
    if not accounts:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="cloud_needed" if entries or wanted is None else "target_not_found"
        )
    return accounts
