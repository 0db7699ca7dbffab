"""What a surplus level switches: any entity that can be turned on and off, and whether it followed."""

import asyncio
from typing import Final

from homeassistant.const import (
    ATTR_ENTITY_ID,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import DOMAIN as HOMEASSISTANT, Event, EventStateChangedData, HomeAssistant, callback, split_entity_id
from homeassistant.helpers.event import async_track_state_change_event

from ..energy_core.errors import DeviceConnectionError, DeviceRefusedError, DeviceTimeoutError

# What can be turned on and off. The state of a script only says whether it runs at the moment.
DOMAINS: Final = (
    "automation",
    "climate",
    "fan",
    "humidifier",
    "input_boolean",
    "light",
    "script",
    "switch",
    "water_heater",
)
SILENT: Final = frozenset({"script"})
# How long (s) an action may take, and then the state until it follows.
DEADLINE: Final = 10.0
FOLLOWS: Final = 10.0


class Target:
    """One entity. ``turn`` raises an ``EnergyError`` when it cannot be told, or does not follow."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Switch ``entity_id``."""
        self._hass, self.entity_id = hass, entity_id
        self.tells = split_entity_id(entity_id)[0] not in SILENT

    def shows(self) -> bool | None:
        """Tell whether it is on, None when nobody knows."""
        state = self._hass.states.get(self.entity_id)
        if state is None or not self.tells or state.state in (STATE_UNKNOWN, STATE_UNAVAILABLE):
            return None
        return state.state != STATE_OFF

    async def turn(self, *, on: bool, look: bool) -> None:
        """Turn it on or off; with ``look`` wait until it shows."""
        state = self._hass.states.get(self.entity_id)
        if state is None or state.state == STATE_UNAVAILABLE:
            raise DeviceConnectionError(f"{self.entity_id} is unavailable", key="target_unavailable", entity=self.entity_id)
        service = SERVICE_TURN_ON if on else SERVICE_TURN_OFF
        call = self._hass.services.async_call(HOMEASSISTANT, service, {ATTR_ENTITY_ID: self.entity_id}, blocking=True)
        # Anybody's code runs here, and fails in any way: that is looked at, not caught. What takes longer goes on.
        task = self._hass.async_create_task(call, f"{service} {self.entity_id}")
        done, _ = await asyncio.wait([task], timeout=DEADLINE)
        if done and (error := task.exception()) is not None:
            reason = str(error) or type(error).__name__
            raise DeviceRefusedError(
                f"{service} of {self.entity_id} failed: {reason}", key="target_refused", entity=self.entity_id, reason=reason
            )
        if not done:
            self._silent()
        if look and self.tells:
            await self._followed(on=on)

    async def _followed(self, *, on: bool) -> None:
        """Return when the state has followed."""
        followed = asyncio.Event()

        @callback
        def news(_event: Event[EventStateChangedData]) -> None:
            if self.shows() is on:
                followed.set()

        end = async_track_state_change_event(self._hass, self.entity_id, news)
        try:
            async with asyncio.timeout(FOLLOWS):
                if self.shows() is not on:
                    await followed.wait()
        except TimeoutError:
            self._silent()
        finally:
            end()

    def _silent(self) -> None:
        raise DeviceTimeoutError(f"{self.entity_id} does not follow", key="target_silent", entity=self.entity_id)
