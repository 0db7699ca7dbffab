"""A device by its name: when nobody knows the name any more, it is lost, and found again when somebody does."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
import logging
import socket
from typing import Any
from unittest.mock import patch

from aiohttp.abc import AbstractResolver, ResolveResult
from homeassistant.core import HomeAssistant
import pytest

from tests.faults.columns import COLUMNS, HOST, MODBUS, Column, Site
from tests.faults.test_matrix import LASTS, NOT_OURS, SETTLED, Watch, said, shown, there
from tests.virtual_time import VirtualTime

__all__ = ["there"]
NAME = "localhost"


class Names(AbstractResolver):
    """A resolver that knows one name, or none; it asks nobody."""

    def __init__(self) -> None:
        """Know the name."""
        self.known = True
        self.asked = 0

    def look(self, host: str) -> str:
        """Return the address of a name."""
        self.asked += 1
        if not self.known or host != NAME:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return HOST

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Answer aiohttp."""
        found = self.look(host)
        return [ResolveResult(hostname=host, host=found, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Have nothing to close."""

    async def real_close(self) -> None:
        """Have nothing to close, as Home Assistant's own calls it."""

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Stand in for the resolvers of Home Assistant and of the event loop."""
        real = socket.getaddrinfo

        def getaddrinfo(host: Any, *args: Any, **more: Any) -> Any:
            return real(self.look(host) if host == NAME else host, *args, **more)

        with ExitStack() as stack:
            stack.enter_context(patch("homeassistant.helpers.aiohttp_client._async_make_resolver", return_value=self))
            stack.enter_context(patch("socket.getaddrinfo", getaddrinfo))
            yield


def named(value: Any) -> Any:
    """Return what a user types, with the name in the place of the address."""
    if isinstance(value, dict):
        return {key: named(each) for key, each in value.items()}
    return value.replace(HOST, NAME) if isinstance(value, str) else value


@pytest.mark.parametrize("column", COLUMNS, ids=str)
async def test_a_name_that_nobody_knows(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, column: Column, caplog: pytest.LogCaptureFixture
) -> None:
    """For several intervals; links that stood are cut."""
    names = Names()
    by_name = replace(column, forms=lambda site: [named(form) for form in column.forms(site)])
    with names.everywhere():
        entry = await by_name.add(hass, there)
        await virtual_time.run(max(SETTLED, 2 * column.interval))
        assert names.asked
        watch = Watch(hass, shown(hass, entry.entry_id))
        hass.bus.async_listen("state_changed", watch.see)
        caplog.clear()
        names.known = False
        there.titan.reboot()
        there.envoy.server.drop()
        await virtual_time.run(max(LASTS * column.interval, column.grace))
        assert watch.missing()
        names.known = True
        await virtual_time.until(lambda: watch.missing() == set(), within=column.back, every=1)
        assert watch.wrong == []
        lines = len(said(caplog, logging.WARNING))
        assert 1 <= lines <= (2 if column is MODBUS else 1), said(caplog, logging.WARNING)
        bad = [each for each in caplog.records if each.levelno > logging.WARNING and not each.name.startswith(NOT_OURS)]
        assert bad == []
        assert await hass.config_entries.async_unload(entry.entry_id)
