"""The action that sets up the Energy dashboard: what our devices can feed it with, beside what the user has.

It only adds. A source that is there is never changed or removed, and nothing of one device is measured twice: a house has
one grid, and panels or a battery are offered beside those of others only when the user says that they are not the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_RESTORED, Platform
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr, entity_registry as er
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.helpers.translation import async_get_translations
import probatio

from ..points import number
from .texts import said

if TYPE_CHECKING:
    from homeassistant.components.energy.data import EnergyManager

ACTION: Final = "set_up_energy_dashboard"
ATTR_APPLY: Final = "apply"
ATTR_BESIDE: Final = "beside_others"
SCHEMA: Final = probatio.Schema(
    {probatio.Optional(ATTR_APPLY, default=False): cv.boolean, probatio.Optional(ATTR_BESIDE, default=False): cv.boolean}
)
ENERGY: Final = "energy"
SOLAR, BATTERY, GRID, DEVICE = "solar", "battery", "grid", "device"
SOURCES, DEVICES, WATER = "energy_sources", "device_consumption", "device_consumption_water"
IMPORTED, EXPORTED, RATE = "stat_energy_from", "stat_energy_to", "stat_rate"
# What Home Assistant's dialogs always say of a source, when the user has chosen nothing.
CHOICES: Final[Mapping[str, Mapping[str, Any]]] = {
    GRID: {"cost_adjustment_day": 0.0},
    SOLAR: {"config_entry_solar_forecast": None},
}
# Why something is not proposed: keys of texts.
GRID_THERE, OTHERS_THERE = "energy_grid_there", "energy_others_there"
DISABLED, NOTHING = "energy_disabled", "energy_nothing"

type Source = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One source: its kind, and for each statistic the key of the entity that gives it."""

    kind: str
    needed: Mapping[str, str]
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A device that can feed the dashboard; ``lead`` begins the unique ids of its entities.

    ``same`` are statistics without an entity that measure the same as it does.
    """

    lead: str
    feeds: tuple[Feed, ...]
    same: frozenset[str] = frozenset()


type Units = Callable[[ConfigEntry[Any]], Iterable[Unit]]


@callback
def async_register_energy(hass: HomeAssistant, domain: str, units: Units) -> None:
    """Register the action of an integration, whose loaded entries have these ``units``."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        manager = await _manager(hass, domain)
        loaded = [each for entry in hass.config_entries.async_loaded_entries(domain) for each in units(entry)]
        if not loaded:
            raise ServiceValidationError(translation_domain=domain, translation_key="not_loaded")
        # So that the texts are there, whatever the language was when Home Assistant started.
        await async_get_translations(hass, hass.config.language, "common", {domain})
        plan = Plan(hass, domain, manager.data, beside=call.data[ATTR_BESIDE])
        plan.add(loaded)
        if applied := call.data[ATTR_APPLY] and bool(plan.proposed):
            await manager.async_update(plan.merged())
        return {"applied": applied, **plan.told()}

    async_register_admin_service(hass, domain, ACTION, handle, SCHEMA, SupportsResponse.OPTIONAL)


async def _manager(hass: HomeAssistant, domain: str) -> EnergyManager:
    """Return what keeps the preferences; raise a translated error where there is no Energy dashboard."""
    if ENERGY not in hass.config.components:
        raise ServiceValidationError(translation_domain=domain, translation_key="energy_not_loaded")
    # It is loaded: this costs nothing, and nobody without a dashboard has to load it for us.
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    return await async_get_manager(hass)


class Plan:
    """What is added to the preferences, what stays, and what is left out for which reason."""

    def __init__(self, hass: HomeAssistant, domain: str, preferences: Mapping[str, Any] | None, *, beside: bool) -> None:
        """Begin with what the user has; ``beside`` allows panels and batteries beside those of others."""
        self._hass, self._domain, self._beside = hass, domain, beside
        self._entities = er.async_get(hass)
        kept = preferences or {}
        self._lists: dict[str, list[Source]] = {name: list(kept.get(name) or ()) for name in (SOURCES, DEVICES, WATER)}
        self._before = {name: len(each) for name, each in self._lists.items()}
        self.left_out: list[tuple[Source, str]] = []

    @property
    def proposed(self) -> list[Source]:
        """Return what is new."""
        return [each for name, found in self._lists.items() for each in found[self._before[name] :]]

    @property
    def kept(self) -> list[Source]:
        """Return what the user has."""
        return [each for name, found in self._lists.items() for each in found[: self._before[name]]]

    def merged(self) -> Any:
        """Return the lists that change, whole."""
        return {name: found for name, found in self._lists.items() if len(found) > self._before[name]}

    def add(self, units: Iterable[Unit]) -> None:
        """Take in what the units can feed and nobody does yet."""
        for unit in units:
            for feed in unit.feeds:
                if (source := self._source(unit, feed)) is None:
                    continue
                if (reason := self._reason(unit, feed, source)) is not None:
                    self.left_out.append((source, reason))
                elif not self._fed(unit, feed, source):
                    self._list(feed.kind).append(_complete(feed.kind, self._without_twins(feed, source)))

    def _list(self, kind: str) -> list[Source]:
        return self._lists[DEVICES if kind == DEVICE else SOURCES]

    def _alike(self, kind: str) -> list[Source]:
        return [each for each in self._list(kind) if kind in (DEVICE, each.get("type"))]

    def _source(self, unit: Unit, feed: Feed) -> Source | None:
        """Return the source, or nothing without the entities that it needs."""
        found = {name: self._entity_id(unit, key) for name, key in {**feed.needed, **feed.more}.items()}
        if any(found[name] is None for name in feed.needed):
            return None
        shown = {name: each for name, each in found.items() if each is not None and (name in feed.needed or self._lives(each))}
        return shown if feed.kind == DEVICE else {"type": feed.kind, **shown}

    def _entity_id(self, unit: Unit, key: str) -> str | None:
        return self._entities.async_get_entity_id(Platform.SENSOR, self._domain, f"{unit.lead}{key}")

    def _lives(self, entity_id: str) -> bool:
        state = self._hass.states.get(entity_id)
        return state is not None and not state.attributes.get(ATTR_RESTORED)

    def _shows(self, entity_id: str) -> float | None:
        state = self._hass.states.get(entity_id)
        return None if state is None else number(state.state)

    def _fed(self, unit: Unit, feed: Feed, source: Source) -> bool:
        """Tell whether a source of this kind has a statistic of the unit, or one that measures the same."""
        own = self._root(source[next(iter(feed.needed))])
        used = {each for other in self._alike(feed.kind) for each in statistics(other)}
        return any(each in unit.same or self._root(each) == own for each in used if self._ours(each) or each in unit.same)

    def _reason(self, unit: Unit, feed: Feed, source: Source) -> str | None:
        """Return why the source is not proposed, as the key of a text."""
        if self._fed(unit, feed, source):
            return None
        if not all(self._lives(source[name]) for name in feed.needed):
            return DISABLED
        if feed.kind == SOLAR and self._shows(source[IMPORTED]) == 0:
            # A battery without panels counts their energy, too.
            return NOTHING
        alike = self._alike(feed.kind)
        if feed.kind == GRID:
            return GRID_THERE if alike and not (_counts(source) and not any(map(_counts, alike))) else None
        foreign = [each for each in alike if not any(map(self._ours, statistics(each)))]
        return OTHERS_THERE if foreign and feed.kind != DEVICE and not self._beside else None

    def _without_twins(self, feed: Feed, source: Source) -> Source:
        """Return the source; beside a grid that shows its power only, without a second power."""
        if feed.kind == GRID and self._alike(GRID):
            return {name: value for name, value in source.items() if name != RATE}
        if feed.kind == DEVICE and (name := self._device_name(source)) is not None:
            return {**source, "name": name}
        return source

    def _device_name(self, source: Source) -> str | None:
        device = self._device(next(statistics(source)))
        return None if device is None else device.name_by_user or device.name

    def _ours(self, statistic: str) -> bool:
        entry = self._entities.async_get(statistic)
        return entry is not None and entry.platform == self._domain

    def _device(self, entity_id: str) -> Any:
        entry = self._entities.async_get(entity_id)
        if entry is None or entry.device_id is None:
            return None
        return dr.async_get(self._hass).async_get(entry.device_id)

    def _root(self, entity_id: str) -> str | None:
        """Return the device that an entity hangs on in the end: an inverter's gateway, a pack's battery."""
        device, registry = self._device(entity_id), dr.async_get(self._hass)
        while device is not None:
            above = getattr(device, "parent_device_id", None) or getattr(device, "via_device_id", None)
            higher = registry.async_get(above) if above else None
            if higher is None:
                return str(device.id)
            device = higher
        return None

    # In words

    def told(self) -> dict[str, Any]:
        """Return the answer: each source as it is kept, and in words."""
        return {
            "proposed": [self._in_words(each) for each in self.proposed],
            "kept": [self._in_words(each) for each in self.kept],
            "left_out": [{**self._in_words(each), "reason": self._text(reason)} for each, reason in self.left_out],
        }

    def _in_words(self, source: Source) -> Source:
        names = ", ".join(self._name(each) for each in dict.fromkeys(statistics(source)))
        kind = source.get("type", DEVICE)
        words = self._text(f"energy_{kind}", names=names) if kind in (SOLAR, BATTERY, GRID, DEVICE) else names
        return {"words": words, **{name: value for name, value in source.items() if value is not None}}

    def _text(self, key: str, **given: str) -> str:
        return said(self._hass, self._domain, "common", key, **given)

    def _name(self, statistic: str) -> str:
        if (state := self._hass.states.get(statistic)) is not None:
            return state.name
        entry = self._entities.async_get(statistic)
        return (entry.name or entry.original_name or statistic) if entry is not None else statistic


def statistics(source: Mapping[str, Any]) -> Iterator[str]:
    """Yield every statistic that a source takes."""
    for name, value in source.items():
        if isinstance(value, Mapping):
            yield from statistics(value)
        elif name.startswith("stat_") and isinstance(value, str):
            yield value


def _counts(source: Mapping[str, Any]) -> bool:
    """Tell whether a grid counts energy, and does not only show its power."""
    return any(source.get(name) for name in (IMPORTED, EXPORTED))


def _complete(kind: str, source: Source) -> Source:
    """Return a source with all that Home Assistant's own dialogs would have filled in."""
    from homeassistant.components.energy.data import DEVICE_CONSUMPTION_SCHEMA, ENERGY_SOURCE_SCHEMA  # noqa: PLC0415

    if kind == DEVICE:
        return dict(DEVICE_CONSUMPTION_SCHEMA(source))
    return dict(ENERGY_SOURCE_SCHEMA([{**CHOICES.get(kind, {}), **source}])[0])
