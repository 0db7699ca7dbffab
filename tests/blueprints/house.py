"""Blueprints as files, and a Home Assistant that automations made of them run in, with a clock of its own."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
import shutil
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import blueprint_in_automation
from homeassistant.components.automation.const import DOMAIN
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.source_tree import ROOT

FOLDER = ROOT / "blueprints" / "automation"
PATHS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.yaml"))
START = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

type Effect = Callable[[dict[str, Any]], None]


@cache
def content(path: str) -> dict[str, Any]:
    """Return a blueprint as Home Assistant's own loader reads it."""
    return dict(load_yaml_dict(str(FOLDER / path)))


def inputs(path: str) -> dict[str, dict[str, Any]]:
    """Return all inputs of a blueprint, those in sections too."""
    found: dict[str, dict[str, Any]] = {}
    for name, described in content(path)["blueprint"]["input"].items():
        found |= described.get("input", {name: described})
    return found


class House:
    """A Home Assistant with states that a test sets, actions that it counts, and a clock that it turns."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        """Begin at noon."""
        self.hass = hass
        self.freezer = freezer
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused = False
        freezer.move_to(START)

    # States

    def set(self, entity_id: str, state: object, **attributes: Any) -> None:
        """Report a state; attributes stay as they were unless others are given."""
        before = self.hass.states.get(entity_id)
        kept = {} if before is None else dict(before.attributes)
        self.hass.states.async_set(entity_id, str(state), kept | attributes)

    def is_now(self, entity_id: str) -> str:
        """Return a state."""
        found = self.hass.states.get(entity_id)
        assert found is not None
        return found.state

    def happens(self, entity_id: str, event_type: str) -> None:
        """Let an event entity tell of something."""
        self.set(entity_id, datetime.now(UTC).isoformat(timespec="milliseconds"), event_type=event_type)

    # Actions

    def serve(self, action: str, effect: Effect | None = None, *, refuse: bool = False) -> None:
        """Answer an action: count it, then refuse it or do what a device would."""
        domain, name = action.split(".")

        @callback
        def handle(call: ServiceCall) -> None:
            data = dict(call.data)
            self.calls.append((action, data))
            if refuse:
                self.refused = True
                raise HomeAssistantError(translation_domain=domain, translation_key="not_applied")
            if effect is not None:
                effect(data)

        self.hass.services.async_register(domain, name, handle)

    def said(self, action: str) -> list[dict[str, Any]]:
        """Return what one action was called with, and forget it."""
        found = [data for name, data in self.calls if name == action]
        self.calls = [(name, data) for name, data in self.calls if name != action]
        return found

    # Time

    async def settle(self) -> None:
        """Let everything happen that needs no time; scripts that wait are not waited for."""
        for _ in range(10_000):
            await asyncio.sleep(0)
            if not self.hass.loop._ready:  # type: ignore[attr-defined]
                return
        raise AssertionError("it never comes to rest")

    async def wait(self, seconds: float, step: float = 5, alive: Callable[[], object] | None = None) -> None:
        """Let time pass in steps; ``alive`` is what reports itself at each."""
        for _ in range(round(seconds / step)):
            self.freezer.tick(timedelta(seconds=step))
            if alive is not None:
                alive()
            async_fire_time_changed(self.hass)
            await self.settle()

    async def until(self, hour: int, minute: int = 0, alive: Callable[[], object] | None = None) -> None:
        """Let time pass to the next time of day, in UTC."""
        now = datetime.now(UTC)
        aim = now.replace(hour=hour, minute=minute, second=30, microsecond=0)
        aim += timedelta(days=1) if aim <= now else timedelta()
        await self.wait((aim - now).total_seconds(), (aim - now).total_seconds(), alive)

    # Automations

    async def use(self, path: str, **given: Any) -> str:
        """Make an automation of a blueprint, as a user does, and return its entity id."""
        target = Path(self.hass.config.path("blueprints", "automation", path))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FOLDER / path, target)
        config = {"id": "it", "alias": "It", "use_blueprint": {"path": path, "input": given}}
        assert await async_setup_component(self.hass, DOMAIN, {DOMAIN: [config]})
        await self.settle()
        assert self.is_now("automation.it") == "on", "set up with an error"
        assert blueprint_in_automation(self.hass, "automation.it") == path
        return "automation.it"

    async def close(self) -> None:
        """Stop what still waits."""
        if self.hass.services.has_service(DOMAIN, "turn_off"):
            data = {"entity_id": "all", "stop_actions": True}
            await self.hass.services.async_call(DOMAIN, "turn_off", data, blocking=True)
        await self.settle()
