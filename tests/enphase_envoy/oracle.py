"""What Home Assistant core's own integration makes of a gateway, and the change between core's and ours.

Both have one domain, and ours hides core's. ``use_core`` and ``use_ours`` say which of the two a running
Home Assistant loads next, as an installation with or without our folder would.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
import sys
from typing import Any, Final
from unittest.mock import patch

from homeassistant.config_entries import HANDLERS, ConfigEntry, ConfigEntryState, ConfigFlow
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE, MAJOR_VERSION, MINOR_VERSION, __version__
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_platform, entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.icon import ICON_CACHE
from homeassistant.helpers.translation import TRANSLATION_FLATTEN_CACHE
from homeassistant.loader import (
    DATA_COMPONENTS,
    DATA_CUSTOM_COMPONENTS,
    DATA_INTEGRATIONS,
    DATA_MISSING_PLATFORMS,
    async_get_custom_components,
    async_get_integration,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.enphase_envoy.capture_gateway import CaptureGateway
from tests.source_tree import COMPONENTS

DOMAIN: Final = "enphase_envoy"
CORE_PACKAGE: Final = f"homeassistant.components.{DOMAIN}"
OUR_PACKAGE: Final = f"custom_components.{DOMAIN}"

# Core's own differs between versions. The contract is with this one; newer ones show what will change.
CONTRACT: Final = (2026, 10)
OF_THE_CONTRACT: Final = pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < CONTRACT, reason=f"core's own is another before {CONTRACT}, and this is {__version__}"
)

type Value = str | int | float | bool | datetime | None
# The domain of an entity, and its unique id.
type Key = tuple[str, str]
type Snapshot = dict[Key, CoreEntity]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreEntity:
    """What an entity of core's (or of ours) is and shows; value and unit are the native ones."""

    domain: str
    unique_id: str
    entity_id: str
    value: Value
    unit: str | None
    state: str | None
    device_class: str | None
    state_class: str | None
    translation_key: str | None
    category: str | None
    enabled_by_default: bool
    disabled_by: str | None
    options: tuple[str, ...]
    device: frozenset[tuple[str, str]]

    @property
    def key(self) -> Key:
        """Return what identifies it in the registry."""
        return (self.domain, self.unique_id)


# Which of the two


def ours_is_here() -> bool:
    """Say whether our integration is far enough to be loaded."""
    return all((COMPONENTS / DOMAIN / name).is_file() for name in ("manifest.json", "__init__.py", "config_flow.py"))


async def use_core(hass: HomeAssistant) -> None:
    """Hide our integration; what loads next is core's."""
    await _unload_all(hass)
    hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
    found = await async_get_custom_components(hass)
    hass.data[DATA_CUSTOM_COMPONENTS] = {domain: each for domain, each in found.items() if domain != DOMAIN}
    await _change_to(hass, CORE_PACKAGE)


async def use_ours(hass: HomeAssistant) -> None:
    """Put our integration before core's again."""
    await _unload_all(hass)
    hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
    await _change_to(hass, OUR_PACKAGE)


async def _unload_all(hass: HomeAssistant) -> None:
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is not ConfigEntryState.NOT_LOADED:
            assert await hass.config_entries.async_unload(entry.entry_id), entry
    await hass.async_block_till_done()


async def _change_to(hass: HomeAssistant, package: str) -> None:
    """Forget all that Home Assistant remembers of the other one, as a restart does."""
    for key in (DATA_COMPONENTS, DATA_INTEGRATIONS, DATA_MISSING_PLATFORMS):
        remembered: dict[str, Any] = hass.data[key]
        for name in [each for each in remembered if each == DOMAIN or each.startswith(f"{DOMAIN}.")]:
            del remembered[name]
    if DOMAIN in hass.config.components:
        hass.config.components.remove(DOMAIN)
    hass.data.get("setup_tasks", {}).pop(DOMAIN, None)
    hass.data.get("deps_reqs_processed", set()).discard(DOMAIN)
    hass.data.pop(ICON_CACHE, None)
    if TRANSLATION_FLATTEN_CACHE in hass.data:
        for loaded in hass.data[TRANSLATION_FLATTEN_CACHE].cache_data.loaded.values():
            loaded.discard(DOMAIN)
    for service in hass.services.async_services_for_domain(DOMAIN):
        hass.services.async_remove(DOMAIN, service)
    for entry in hass.config_entries.async_entries(DOMAIN):
        entry._integration_for_domain = None
    integration = await async_get_integration(hass, DOMAIN)
    assert integration.pkg_path == package, f"{integration.pkg_path} would be loaded instead of {package}"
    HANDLERS[DOMAIN] = await hass.async_add_executor_job(_flow_of, package)
    if package == CORE_PACKAGE:
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, _put_back)


def _flow_of(package: str) -> type[ConfigFlow]:
    module = import_module(f"{package}.config_flow")
    classes = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, ConfigFlow)]
    (flow,) = [each for each in classes if each.__module__ == module.__name__]
    return flow


@callback
def _put_back(_: Event) -> None:
    """Leave no flow of core's: Python imports a module once, so the next test would meet it under our name."""
    if f"{OUR_PACKAGE}.config_flow" in sys.modules:
        HANDLERS[DOMAIN] = _flow_of(OUR_PACKAGE)
    else:
        HANDLERS.pop(DOMAIN, None)


# Entries


def core_entry(hass: HomeAssistant, gateway: CaptureGateway, **more: Any) -> MockConfigEntry:
    """Add the entry that core's flow leaves for a gateway."""
    data = {
        "host": gateway.address,
        "name": f"Envoy {gateway.serial}",
        "username": "somebody@example.com" if gateway.secure else "installer",
        "password": "secret" if gateway.secure else "",
    }
    if gateway.secure:
        data["token"] = gateway.token
    entry = MockConfigEntry(
        domain=DOMAIN, title=data["name"], unique_id=gateway.serial, version=1, data=data | more.pop("data", {}), **more
    )
    entry.add_to_hass(hass)
    return entry


async def load(hass: HomeAssistant, entry: ConfigEntry, *, enable_all: bool = False) -> None:
    """Load an entry with whichever integration is in use; with ``enable_all`` no entity begins disabled."""
    if enable_all:
        with patch.object(Entity, "entity_registry_enabled_default", new=True):
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
    else:
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED, (entry.state, entry.reason)


async def core_snapshot(hass: HomeAssistant, gateway: CaptureGateway, *, enable_all: bool = True) -> Snapshot:
    """Run core's integration against a gateway and return what its entities show.

    The entry stays in Home Assistant, unloaded, with the registry that core made.
    """
    await use_core(hass)
    entry = core_entry(hass, gateway)
    await load(hass, entry, enable_all=enable_all)
    found = read_entities(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    return found


def flat(snapshot: Snapshot) -> dict[str, Value]:
    """Return the values of the sensors alone, by unique id."""
    return {each.unique_id: each.value for each in snapshot.values() if each.domain == "sensor"}


# Entities


def read_entities(hass: HomeAssistant, entry: ConfigEntry) -> Snapshot:
    """Return what the loaded entities of an entry are and show."""
    found: Snapshot = {}
    for platform in entity_platform.async_get_platforms(hass, DOMAIN):
        if platform.config_entry is entry:
            for entity in platform.entities.values():
                seen = _read(hass, platform.domain, entity)
                found[seen.key] = seen
    return found


def _read(hass: HomeAssistant, domain: str, entity: Any) -> CoreEntity:
    registry_entry = er.async_get(hass).async_get(entity.entity_id)
    assert registry_entry is not None, entity.entity_id
    device = dr.async_get(hass).async_get(registry_entry.device_id) if registry_entry.device_id else None
    state = hass.states.get(entity.entity_id)
    enabled = bool(entity.entity_registry_enabled_default)
    return CoreEntity(
        domain=domain,
        unique_id=entity.unique_id,
        entity_id=entity.entity_id,
        value=_value(domain, entity),
        unit=_plain(getattr(entity, "native_unit_of_measurement", None)),
        state=None if state is None else state.state,
        device_class=_plain(entity.device_class),
        state_class=_plain(getattr(entity, "state_class", None)),
        translation_key=entity.translation_key,
        category=_plain(entity.entity_category),
        enabled_by_default=enabled,
        disabled_by=None if enabled else er.RegistryEntryDisabler.INTEGRATION.value,
        options=tuple(getattr(entity, "options", None) or ()),
        device=frozenset(device.identifiers) if device else frozenset(),
    )


def _value(domain: str, entity: Any) -> Value:
    match domain:
        case "sensor" | "number":
            return _plain(entity.native_value)
        case "binary_sensor" | "switch":
            return entity.is_on
        case "select":
            return _plain(entity.current_option)
    return None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def registry_of(hass: HomeAssistant, entry: ConfigEntry) -> dict[Key, er.RegistryEntry]:
    """Return the registry of an entry, disabled entities included."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {(each.domain, each.unique_id): each for each in found}
