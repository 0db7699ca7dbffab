"""Actions: find the entries that are meant, run a verb on each, and report what failed in one go."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
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
