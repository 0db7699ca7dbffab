"""Another client on the same device: a second Home Assistant, the maker's app."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import json
import logging
from typing import Final

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
import pytest

from tests.faults.columns import CLOUD, COLUMNS, HOST, KEY, LAN, Column, Site, site
from tests.faults.commands import errors
from tests.faults.test_matrix import Watch, said, shown
from tests.simulators.raw_clients import RawModbus
from tests.virtual_time import VirtualTime

type Ask = Callable[[ClientSession, Site], Awaitable[object]]


@pytest.fixture
async def there(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncIterator[Site]:
    """The house, with a charger that answers one at a time, and a hurried one with 404."""
    hass.loop.set_debug(False)
    async with site() as found:
        found.trydan.options.hurried_404 = True
        yield found


async def modbus(_: ClientSession, there: Site) -> None:
    """Read a register on a connection of one's own."""
    reader, writer = await asyncio.open_connection(HOST, there.titan.modbus_port)
    try:
        assert isinstance(await RawModbus(reader, writer).read(1142), list)
    finally:
        writer.close()


def get(url: Callable[[Site], str], **headers: str) -> Ask:
    """Return what asks for an address."""

    async def ask(session: ClientSession, there: Site) -> None:
        async with session.get(url(there), headers=headers, ssl=False) as answer:
            await answer.read()

    return ask


def points(there: Site) -> str:
    """Return the address of a point of the battery."""
    return f"http://{HOST}:{there.titan.http_port}/rpc/Indevolt.GetData?config={json.dumps({'t': [6105]})}"


ASK: Final[dict[str, Ask]] = {
    "Titan, Modbus": modbus,
    "Titan, HTTP": get(points),
    "Trydan, LAN": get(lambda there: f"http://{there.trydan.address}/RealTimeData", Connection="close"),
    "V2C Cloud": get(lambda there: f"{there.v2c.base_url}/pairings/me", apikey=KEY),
    "Envoy": get(lambda there: f"{there.envoy.base_url}/info"),
}


@pytest.mark.parametrize("column", COLUMNS, ids=str)
async def test_another_client(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, column: Column, caplog: pytest.LogCaptureFixture
) -> None:
    """It asks every second, and just when we do: nobody notices, and who counts calls counts its calls as well."""
    entry = await column.add(hass, there)
    await virtual_time.run(max(120.0, 2 * column.interval))
    watch = Watch(hass, shown(hass, entry.entry_id))
    hass.bus.async_listen("state_changed", watch.see)
    caplog.clear()
    asked = column.asked(there)
    async with ClientSession() as session:
        until = virtual_time.elapsed + 150
        while virtual_time.elapsed < until:
            known = column.asked(there)
            await ASK[column.name](session, there)
            if column is not CLOUD:
                # Right behind the next request of ours, or in a second.
                for _ in range(20):
                    if column.asked(there) > known + 1:
                        break
                    await virtual_time.run(0.05)
            else:
                await virtual_time.run(10)
    assert column.asked(there) > asked + 4
    assert (watch.wrong, watch.gone_at, watch.missing()) == ([], None, set())
    assert errors(caplog) == said(caplog, logging.WARNING) == []
    if column is CLOUD:
        await virtual_time.run(600)
        # One of ours may just be on its way.
        assert there.v2c.left() - entry.runtime_data.account.device.quota.remaining in (0, 1)
    assert (column is not LAN) or any(each.outcome == "hurried" for each in there.trydan.requests)
    assert await hass.config_entries.async_unload(entry.entry_id)
