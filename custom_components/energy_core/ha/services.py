"""Actions: find the entries that are meant, ask who may, run a verb on each, and report what failed in one go."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from homeassistant.auth.permissions.const import CAT_ENTITIES, POLICY_CONTROL
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers.entity_registry import RegistryEntry
from homeassistant.helpers.service import async_extract_config_entry_ids


async def targets(call: ServiceCall, domain: str, entry_key: str) -> list[ConfigEntry[Any]]:
    """Return the loaded entries that ``call`` means: by entry, device, entity or area; the only one when it names none."""
    entries = call.hass.config_entries.async_entries(domain)
    named = set(call.data.get(entry_key, ())) | await async_extract_config_entry_ids(call)
    if any(key in call.data for key in (entry_key, "device_id", "entity_id", "area_id", "floor_id", "label_id")):
        meant = [entry for entry in entries if entry.entry_id in named]
        if not meant:
            raise ServiceValidationError(translation_domain=domain, translation_key="target_not_found")
    elif len(entries) > 1:
        raise ServiceValidationError(translation_domain=domain, translation_key="target_needed")
    else:
        meant = entries
    loaded = [entry for entry in meant if entry.state is ConfigEntryState.LOADED]
    if not loaded or len(loaded) < len(meant):
        raise ServiceValidationError(translation_domain=domain, translation_key="not_loaded")
    return loaded


async def permit(call: ServiceCall, meant: Iterable[Iterable[RegistryEntry]]) -> None:
    """Raise ``Unauthorized`` unless who calls may control an entity of each that is meant; an automation may.

    Home Assistant asks this for actions on entities only.
    """
    context, user_id = call.context, call.context.user_id
    if user_id is None:
        return
    if (user := await call.hass.auth.async_get_user(user_id)) is None:
        raise UnknownUser(context=context, permission=POLICY_CONTROL, user_id=user_id)
    if user.is_admin:
        return
    may = user.permissions.check_entity
    if not all(any(may(each.entity_id, POLICY_CONTROL) for each in entities) for entities in meant):
        raise Unauthorized(context=context, permission=POLICY_CONTROL, user_id=user_id, perm_category=CAT_ENTITIES)


async def run_on_all[R](domain: str, runs: Sequence[tuple[str, Coroutine[Any, Any, R]]]) -> list[R]:
    """Run all at the same time; raise one error that names each that failed, after all have ended."""
    results = await asyncio.gather(*(run for _, run in runs), return_exceptions=True)
    failures = [(name, got) for (name, _), got in zip(runs, results, strict=True) if isinstance(got, BaseException)]
    for _, failure in failures:
        if len(runs) == 1 or not isinstance(failure, HomeAssistantError):
            raise failure
    if failures:
        text = "; ".join(f"{name}: {failure}" for name, failure in failures)
        raise HomeAssistantError(
            translation_domain=domain, translation_key="several_failed", translation_placeholders={"errors": text}
        )
    return [result for result in results if not isinstance(result, BaseException)]
