"""What is said about entries that another integration, or a newer version, has written.

Nothing of such an entry is deleted here, and none is guessed at: it is used, or refused with words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import issue_registry as ir

from .coordinator import discreet

_LOGGER = logging.getLogger(__name__)

NEWER: Final = "entry_newer"
REFUSED: Final = "entry_refused"
TAKEN_OVER: Final = "taken_over"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """How many entities went on, stepped aside, and were left to the user; ``origin`` is who had the entry before."""

    origin: str
    kept: int = 0
    aside: int = 0
    left: int = 0


def issue_id(kind: str, entry: ConfigEntry) -> str:
    """Return what a repair of an entry is filed under."""
    return f"{kind}_{entry.entry_id}"


def fits(given: Mapping[str, Any], shape: Mapping[str, type | tuple[type, ...]]) -> bool:
    """Tell whether what we would use of ``given`` is of a kind that we can use; what is not there fits."""
    return all(given.get(name) is None or isinstance(given[name], kind) for name, kind in shape.items())


@callback
def check_versions(hass: HomeAssistant, domain: str, newest: int, *, guide: str) -> None:
    """Speak of entries that a newer version has written: Home Assistant refuses them without a word to the user."""
    for entry in hass.config_entries.async_entries(domain):
        if entry.version > newest:
            ir.async_create_issue(
                hass,
                domain,
                issue_id(NEWER, entry),
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key="entry_newer",
                translation_placeholders={"title": entry.title},
                learn_more_url=guide,
            )


@callback
def refused(hass: HomeAssistant, entry: ConfigEntry, *, guide: str) -> ConfigEntryError:
    """Return why an entry is not used, and tell the user what to do about it."""
    ir.async_create_issue(
        hass,
        entry.domain,
        issue_id(REFUSED, entry),
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="entry_refused",
        translation_placeholders={"title": entry.title},
        learn_more_url=guide,
    )
    return ConfigEntryError(
        translation_domain=entry.domain, translation_key="entry_refused", translation_placeholders={"title": entry.title}
    )


@callback
def accepted(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take a refusal back."""
    ir.async_delete_issue(hass, entry.domain, issue_id(REFUSED, entry))


@callback
def tell(hass: HomeAssistant, entry: ConfigEntry, taken: Taken, *, guide: str) -> None:
    """Say once that all entities of an entry go on; the user's word ends it, and so does the next restart."""
    name = discreet(entry.title, entry.unique_id or "")
    _LOGGER.info("%s was taken over from %s, %s entities go on", name, taken.origin, taken.kept)
    ir.async_create_issue(
        hass,
        entry.domain,
        issue_id(TAKEN_OVER, entry),
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="taken_over",
        translation_placeholders={"title": entry.title, "origin": taken.origin, "kept": str(taken.kept)},
        learn_more_url=guide,
    )


@callback
def forget(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Leave nothing behind."""
    for kind in (NEWER, REFUSED, TAKEN_OVER):
        ir.async_delete_issue(hass, entry.domain, issue_id(kind, entry))
