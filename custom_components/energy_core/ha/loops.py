"""The loops of a config entry: made from its subentries, remembered, and stopped with it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigSubentry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.storage import Store

from ..memory import section
from .loop import Loop, kept

STORAGE_VERSION: Final = 1
SAVE_DELAY: Final = 1.0

type Make = Callable[[ConfigSubentry, dict[str, Any]], Loop]


def store_of(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the memory of the loops of ``entry`` is kept."""
    return Store(hass, STORAGE_VERSION, f"{entry.domain}.loops.{entry.entry_id}", private=True)


class Loops:
    """Runs a loop for each subentry that has a maker."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Start with none."""
        self._hass, self._entry = hass, entry
        self._store = store_of(hass, entry)
        self._memory: dict[str, dict[str, Any]] = {}
        self._known = _copied(entry)
        self.all: dict[str, Loop] = {}

    def __iter__(self) -> Iterator[Loop]:
        """Yield each loop."""
        return iter(self.all.values())

    async def load(self, makers: Mapping[str, Make]) -> None:
        """Make the loops; they do not act before ``start``."""
        memory = section(await self._store.async_load())
        for name, subentry in self._entry.subentries.items():
            if (make := makers.get(subentry.subentry_type)) is None:
                continue
            self._memory[name] = kept(memory, name)
            self.all[name] = loop = make(subentry, self._memory[name])
            loop.save = self._save

    @callback
    def start(self) -> None:
        """Let every loop act, until Home Assistant stops; a changed subentry reloads the entry."""
        for loop in self:
            loop.start()

        async def stopping(_event: Event) -> None:
            await self.stop()

        self._entry.async_on_unload(self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stopping))
        # Not an update listener of the entry: Home Assistant keeps those from flows that reload by themselves.
        self._entry.async_on_unload(async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._updated))
        # What changed while the entry was being set up counts as well.
        self._updated(ConfigEntryChange.UPDATED, self._entry)

    async def stop(self) -> None:
        """Stop all loops, the last one first, and write down what they know."""
        for loop in reversed(list(self)):
            await loop.stop()
        if self.all:
            await self._store.async_save(self._memory)

    @callback
    def _updated(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry is self._entry and (now := _copied(entry)) != self._known:
            # Once: unloading is a change of the entry as well.
            self._known = now
            self._hass.config_entries.async_schedule_reload(entry.entry_id)

    @callback
    def _save(self) -> None:
        self._store.async_delay_save(lambda: self._memory, SAVE_DELAY)


def _copied(entry: ConfigEntry) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what the subentries say now: Home Assistant changes them in place."""
    return {name: (each.title, dict(each.data)) for name, each in entry.subentries.items()}
