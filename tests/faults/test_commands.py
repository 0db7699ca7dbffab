"""Commands in trouble: nothing is done twice, nothing is believed that is not so, and the user is told."""

import asyncio
from collections.abc import AsyncIterator
import logging

from homeassistant.core import HomeAssistant
import pytest

from tests.faults.columns import CHARGER, LAN, Site, site
from tests.faults.commands import COMMANDS, TROUBLES, Command, Trouble, errors, of
from tests.faults.test_matrix import said
from tests.virtual_time import VirtualTime

CELLS = [
    pytest.param(trouble, command, id=f"{trouble.number} {trouble.what}-{command}")
    for trouble in TROUBLES
    for command in COMMANDS
]
# A device that restarts is away for so long (s).
AWAY = 6.0
# By then a command has been read back, repeated once, or given up, and shows.
BOUND = 60.0


@pytest.fixture
async def there(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncIterator[Site]:
    """The house, with a battery behind the gateway."""
    hass.loop.set_debug(False)
    async with site() as found:
        found.envoy.change(encharges=1, enpower=True)
        yield found


async def ready(hass: HomeAssistant, clock: VirtualTime, there: Site, command: Command, caplog: pytest.LogCaptureFixture) -> str:
    """Add the device, and return its entry once everything is shown."""
    entry = await command.column.add(hass, there)
    await clock.run(40)
    caplog.clear()
    return entry.entry_id


@pytest.mark.parametrize(("trouble", "command"), CELLS)
async def test_trouble(
    hass: HomeAssistant,
    virtual_time: VirtualTime,
    there: Site,
    trouble: Trouble,
    command: Command,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One command, and the device does not play along."""
    entry = await ready(hass, virtual_time, there, command, caplog)
    before, value = command.has(there), command.values[0]
    kind, sent, outcome = of(trouble.kinds, command), of(trouble.sent, command), of(trouble.outcomes, command)
    began = virtual_time.elapsed
    giving = hass.async_create_task(command.told(hass, value))
    await command.strike(there, virtual_time, kind, None if trouble.lasts else 1)
    if trouble.away:
        await virtual_time.until(lambda: command.sent(there), within=30, every=0.01)
        await command.column.fail(there, "refuse")
        await virtual_time.run(AWAY)
        await command.column.heal(there)
    told = await giving
    assert virtual_time.elapsed - began <= BOUND
    if trouble.lasts:
        command.calm(there)
    assert len(command.sent(there)) == sent
    assert told == of(trouble.keys, command)
    done = outcome == "once" or (outcome == "told" and trouble.done)
    assert command.has(there) == (value if done else before)
    await virtual_time.until(lambda: command.shown(hass) == command.has(there), within=BOUND)
    await virtual_time.run(BOUND)
    assert command.shown(hass) == command.has(there)
    assert len(command.sent(there)) == sent
    assert errors(caplog) == []
    assert len(said(caplog, logging.WARNING)) <= 1
    assert await hass.config_entries.async_unload(entry)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
async def test_storm(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    """A hundred at once: the first is on its way, of the others only the newest goes."""
    entry = await ready(hass, virtual_time, there, command, caplog)
    first, second, last = command.values
    began = virtual_time.elapsed
    values = [(first, second)[each % 2] for each in range(99)] + [last]
    told = await asyncio.gather(*(command.told(hass, value) for value in values))
    assert set(told) == {None}
    assert virtual_time.elapsed - began <= 10
    assert len(command.sent(there)) == 2
    assert command.shown(hass) == command.has(there) == last
    assert errors(caplog) == said(caplog, logging.WARNING) == []
    assert await hass.config_entries.async_unload(entry)


async def test_storm_of_modes(hass: HomeAssistant, virtual_time: VirtualTime, there: Site) -> None:
    """A mode is several settings, one after the other: two modes are never mixed."""
    entry = await LAN.add(hass, there)
    await virtual_time.run(40)
    charger = entry.runtime_data.chargers[CHARGER]
    await asyncio.gather(*(charger.set_mode(mode) for mode in ["dynamic", "stop"] * 10 + ["charge"]))
    assert charger.device.status.operating_mode == "charge"
    assert len(there.trydan.written) <= 6
    await virtual_time.run(60)
    assert charger.device.status.operating_mode == "charge"
    assert await hass.config_entries.async_unload(entry.entry_id)
