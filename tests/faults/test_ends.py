"""Everything may end in the middle: what was asked is given up, what is written is not written twice, nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
import pytest

from tests.faults.columns import ENVOY, Site, site
from tests.faults.commands import COMMANDS, Command, errors
from tests.faults.test_matrix import said
from tests.virtual_time import VirtualTime

# A device that has not answered for so long holds nobody up (s).
AT_ONCE: Final = 5.0
# All deadlines and pauses of one attempt, or of one command, together, and what sums of them are rounded by (s).
WAITS: Final = 40.1


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """No task may be left when a test of this file is over."""
    return False


@pytest.fixture
def expected_lingering_timers() -> bool:
    """No timer may be left either."""
    return False


@pytest.fixture
async def there(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncIterator[Site]:
    """The house, with a battery behind the gateway."""
    hass.loop.set_debug(False)
    async with site() as found:
        found.envoy.change(encharges=1, enpower=True)
        yield found


async def unload(hass: HomeAssistant, entry_id: str) -> None:
    """Unload."""
    assert await hass.config_entries.async_unload(entry_id)


async def remove(hass: HomeAssistant, entry_id: str) -> None:
    """Remove."""
    await hass.config_entries.async_remove(entry_id)


async def again(hass: HomeAssistant, entry_id: str) -> None:
    """Reload: a device that says nothing is waited for, and then unload."""
    await hass.config_entries.async_reload(entry_id)
    await unload(hass, entry_id)


async def stop(hass: HomeAssistant, entry_id: str) -> None:
    """Stop Home Assistant, as far as an integration sees it."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await asyncio.sleep(AT_ONCE - 1)


type End = Callable[[HomeAssistant, str], Awaitable[None]]
STOPS: Final = "Home Assistant stops"
READING: Final[dict[str, End]] = {"unloaded": unload, "reloaded": again, STOPS: stop}
COMMANDING: Final[dict[str, End]] = {"unloaded": unload, "removed": remove, STOPS: stop}


def ours(hass: HomeAssistant) -> list[str]:
    """Return the tasks that run our code."""
    tasks = (repr(each) for each in asyncio.all_tasks(hass.loop))
    return [each for each in tasks if "custom_components" in each or "energy_core" in each]


async def close(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Let go of what a test of a stop leaves: Home Assistant itself does not unload then."""
    if entry.state is ConfigEntryState.LOADED:
        await unload(hass, entry.entry_id)


@pytest.mark.parametrize("end", READING)
@pytest.mark.parametrize("command", COMMANDS, ids=str)
async def test_in_the_middle_of_a_reading(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, command: Command, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The device says nothing just then: it is let go of at once, and never asked again."""
    column = command.column
    entry = await column.add(hass, there)
    await virtual_time.run(40)
    caplog.clear()
    await column.fail(there, "hang" if column is ENVOY else "half_open")
    await virtual_time.until(lambda: column.open(there), within=column.interval + 60, every=0.01)
    began = virtual_time.elapsed
    await READING[end](hass, entry.entry_id)
    # Only who is to come back is waited for.
    assert virtual_time.elapsed - began <= (WAITS if end == "reloaded" else AT_ONCE)
    if end != STOPS:
        await virtual_time.until(lambda: column.open(there) == 0 and not ours(hass), within=1)
        asked = column.asked(there)
        await column.heal(there)
        await virtual_time.run(2 * column.interval)
        assert column.asked(there) == asked
    assert errors(caplog) == []
    assert len(said(caplog, logging.WARNING)) <= 1
    await close(hass, entry)


@pytest.mark.parametrize("end", COMMANDING)
@pytest.mark.parametrize("command", COMMANDS, ids=str)
async def test_in_the_middle_of_a_command(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, command: Command, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What has left is done, once; whoever waits for it hears of it."""
    entry = await command.column.add(hass, there)
    await virtual_time.run(40)
    caplog.clear()
    giving: Any = hass.async_create_task(command.told(hass, command.values[0]))
    await virtual_time.until(lambda: command.sent(there), within=30, every=0.001)
    began = virtual_time.elapsed
    await COMMANDING[end](hass, entry.entry_id)
    assert virtual_time.elapsed - began <= AT_ONCE
    # Who can no longer look whether it was done says so.
    assert await giving in (None, "cannot_connect")
    assert virtual_time.elapsed - began <= WAITS
    if end != STOPS:
        await virtual_time.until(lambda: command.column.open(there) == 0 and not ours(hass), within=1)
    await virtual_time.run(30)
    assert command.has(there) == command.values[0]
    assert len(command.sent(there)) == 1
    assert errors(caplog) == said(caplog, logging.WARNING) == []
    await close(hass, entry)
