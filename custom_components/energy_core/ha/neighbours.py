"""Two integrations that ask one device: each takes answers away from the other, so the user is told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigEntryState
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

ISSUE: Final = "two_integrations"
# One that is tried again and again asks as well.
ASKING: Final = frozenset({ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY})


@dataclass(frozen=True, kw_only=True)
class Place:
    """A device of ours: its name, what it calls itself, and where it is."""

    name: str
    serial: str
    host: str | None


def hostname(host: object) -> str | None:
    """Return the name or address alone, of ``host[:port]``."""
    if not isinstance(host, str):
        return None
    try:
        return urlsplit(f"//{host.rpartition('//')[2]}").hostname
    except ValueError:
        return None


def _id(entry: ConfigEntry) -> str:
    return f"{ISSUE}_{entry.entry_id}"


@callback
def forget(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Leave nothing behind."""
    ir.async_delete_issue(hass, entry.domain, _id(entry))


class Neighbours:
    """Looks for entries of another integration that ask the devices of an entry of ours."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, other: str, places: Callable[[], list[Place]]) -> None:
        """Compare with the entries of the domain ``other``."""
        self.hass, self.entry, self.other, self.places = hass, entry, other, places

    @callback
    def start(self) -> None:
        """Look now, and whenever an entry over there comes, goes or changes, for as long as ours is loaded."""
        self.entry.async_on_unload(async_dispatcher_connect(self.hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._changed))
        self.entry.async_on_unload(self._withdraw)
        self.look()

    @callback
    def _changed(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == self.other:
            self.look()

    @callback
    def look(self) -> None:
        """Speak of it while there is one; it is the same issue each time, so that ignoring it lasts."""
        found = next(((place, theirs) for place in self.places() for theirs in self._asking(place)), None)
        if found is None:
            self._withdraw()
            return
        place, theirs = found
        ir.async_create_issue(
            self.hass,
            self.entry.domain,
            _id(self.entry),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="two_integrations",
            translation_placeholders={"name": place.name, "other": theirs.title},
        )

    @callback
    def _withdraw(self) -> None:
        """Take it back, unless the user ignores it: that it was ignored would be forgotten with it."""
        issue = ir.async_get(self.hass).async_get_issue(self.entry.domain, _id(self.entry))
        if issue is not None and issue.dismissed_version is None:
            forget(self.hass, self.entry)

    def _asking(self, place: Place) -> list[ConfigEntry]:
        here = hostname(place.host)
        return [
            each
            for each in self.hass.config_entries.async_entries(self.other)
            if each.state in ASKING
            and (each.unique_id == place.serial or (here is not None and hostname(each.data.get(CONF_HOST)) == here))
        ]
