"""Values from an action that mean something else to whoever takes them for text, or for a number: none reaches a device."""

import math
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import probatio
import pytest

from tests.faults.columns import Site
from tests.faults.commands import COMMANDS, Command
from tests.faults.test_matrix import there, traces
from tests.virtual_time import VirtualTime

__all__ = ["there"]
HOSTILE: Final[tuple[Any, ...]] = (
    "0/../../write/Locked=1",
    "16&Locked=1",
    "16#",
    "1_6x",
    "{{ 16 }}",
    "16\r\nHost: elsewhere",
    "<b>16</b>",
    "\u202e61",
    "1e999",
    "",
    None,
    [],
    {},
    math.nan,
    math.inf,
    -math.inf,
    1e308,
    -1,
    2**63,
)
# What Home Assistant takes for a number before anybody of ours sees it.
NUMBERS: Final[tuple[Any, ...]] = ("1_6", " 16", "\u0661\u0666", True)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
async def test_a_hostile_value(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused; or it is a plain number by then, and within what the device takes."""
    there.envoy.change(encharges=1, enpower=True)
    entry = await command.column.add(hass, there)
    await virtual_time.run(60)
    had, target = command.has(there), command.entity(hass)
    caplog.clear()
    for value in HOSTILE:
        with pytest.raises((HomeAssistantError, probatio.Invalid, ValueError)):
            await hass.services.async_call("number", "set_value", {"entity_id": target, "value": value}, blocking=True)
    assert command.sent(there) == []
    assert command.has(there) == had
    for value in NUMBERS:
        try:
            await hass.services.async_call("number", "set_value", {"entity_id": target, "value": value}, blocking=True)
        except HomeAssistantError, probatio.Invalid, ValueError:
            continue
    assert command.has(there) in (had, 16, 1)
    assert traces(caplog) == []
    assert await hass.config_entries.async_unload(entry.entry_id)
