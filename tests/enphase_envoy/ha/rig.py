"""Looks at a running gateway in Home Assistant: polls by hand, clocks by hand, states by unique id."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util
import pytest

from custom_components.enphase_envoy.const import DOMAIN
from custom_components.enphase_envoy.coordinator import EnvoyConfigEntry, EnvoyCoordinator
from tests.enphase_envoy.ha.house import SERIAL, settle

OURS = "custom_components"
# So that one poll reads everything that is due, and none takes turns.
ALL_AT_ONCE = 300.0
ENPOWER = "492000000001"


class Hands:
    """One clock for house, gateway, cloud and Home Assistant, moved by hand."""

    def __init__(self, freezer: FrozenDateTimeFactory, start: datetime) -> None:
        """Stop all clocks at ``start``."""
        self.freezer = freezer
        self.seconds = 1_000_000.0
        freezer.move_to(start)

    def __call__(self) -> float:
        """Return monotonic seconds."""
        return self.seconds

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.freezer.tick(timedelta(seconds=seconds))

    @staticmethod
    def wall() -> float:
        """Return seconds since 1970."""
        return dt_util.utcnow().timestamp()


def drive(entry: EnvoyConfigEntry, clock: Callable[[], float]) -> EnvoyCoordinator:
    """Let an entry that is loaded live by ``clock``."""
    coordinator = entry.runtime_data
    device = coordinator.device
    offset = clock() - device._clock()
    device._read_at = {name: at + offset for name, at in device._read_at.items()}
    device._clock = clock
    device.local.health.clock = clock
    return coordinator


async def poll(hass: HomeAssistant, entry: EnvoyConfigEntry, times: int = 1) -> None:
    """Read everything now, whatever is due."""
    coordinator = entry.runtime_data
    coordinator.device.pace = ALL_AT_ONCE
    for _ in range(times):
        coordinator.device.expire()
        for trouble in coordinator.device.local.health.troubles.values():
            trouble.again = 0.0
        await coordinator.async_refresh()
        await settle(hass)


def find(hass: HomeAssistant, unique_id: str, domain: str | None = None) -> er.RegistryEntry | None:
    """Return what the registry knows of an entity."""
    known = er.async_get(hass).entities.values()
    found = [each for each in known if each.platform == DOMAIN and each.unique_id == unique_id]
    found = [each for each in found if domain in (None, each.domain)]
    assert len(found) < 2, [each.entity_id for each in found]
    return found[0] if found else None


def unique(key: str) -> str:
    """Return a unique id: a key of the gateway, or with a leading colon as it is."""
    return key[1:] if key.startswith(":") else f"{SERIAL}_{key}"


def entity(hass: HomeAssistant, key: str, domain: str | None = None) -> str:
    """Return an entity id."""
    found = find(hass, unique(key), domain)
    assert found is not None, f"no entity {unique(key)}"
    return found.entity_id


def state(hass: HomeAssistant, key: str, domain: str | None = None) -> State:
    """Return the state of ``{serial}_{key}``, or of the unique id behind a colon."""
    found = hass.states.get(entity(hass, key, domain))
    assert found is not None, f"{key} has no state"
    return found


def number(hass: HomeAssistant, key: str, domain: str | None = None) -> float:
    """Return the state as a number; units are those that a user sees."""
    return float(state(hass, key, domain).state)


def states(hass: HomeAssistant) -> dict[str, str]:
    """Return the state of each entity that has one, by unique id."""
    found = {}
    for each in er.async_get(hass).entities.values():
        if each.platform == DOMAIN and (now := hass.states.get(each.entity_id)) is not None:
            found[f"{each.domain}.{each.unique_id}"] = now.state
    return found


def silent(hass: HomeAssistant) -> set[str]:
    """Return which entities are unavailable."""
    return {key for key, now in states(hass).items() if now == "unavailable"}


@contextmanager
def everything() -> Iterator[None]:
    """Let no entity that is met for the first time begin disabled."""
    with patch.object(Entity, "entity_registry_enabled_default", new=True):
        yield


async def use(hass: HomeAssistant, domain: str, service: str, key: str, **data: Any) -> None:
    """Operate an entity."""
    target = {"entity_id": entity(hass, key, domain), **data}
    await hass.services.async_call(domain, service, target, blocking=True)
    await settle(hass)


def complaints(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """Return what our code logged at ``level`` or above."""
    return [each.getMessage() for each in caplog.records if each.name.startswith(OURS) and each.levelno >= level]


def asked(hass: HomeAssistant) -> list[str]:
    """Return the sources of all flows that wait for the user."""
    return [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()]
