"""What may stand in the path of a write: a keyword of ours, an equals sign and a whole number, whatever anybody asks for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
import json
import re

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from hypothesis import given, settings, strategies as st
import probatio
import pytest

from custom_components.energy_core.device import Device
from custom_components.energy_core.errors import EnergyError
from custom_components.energy_core.pacing import Pacer
from custom_components.energy_core.points import Source
from custom_components.v2c_cloud.actions import ACTIONS
from custom_components.v2c_cloud.v2c import lan, verbs
from custom_components.v2c_cloud.v2c.keywords import MOST, WRITABLE
from custom_components.v2c_cloud.v2c.lan import LanWire
from tests.v2c_cloud.ha.house import DEVICE, act, add_local
from tests.v2c_cloud.ha.test_actions import CASES

WRITE = re.compile(rb"GET (/write/[A-Za-z]+=-?\d+) HTTP/1\.1\r\n", re.ASCII)
NASTY = (
    "0/../../write/Locked=1", "1_6", " 16", "16 ", "\u0661\u0666", "16\r\nX: y", "16%0d%0a", "1e1", "0x10", "16;17", "16&Locked=1",
    "16#", "16?x", "+16", "--16", "1" * 5000, "", "\0", "NaN", "inf", "{{ 16 }}", True, False, None, 16.5, 1e300, -1, 2**70,
    float("nan"), float("inf"), [16], {"a": 16}, b"16",
)  # fmt: skip


BOX = {
    "ID": DEVICE, "ChargeState": 0, "Paused": 0, "Locked": 0, "Timer": 0, "Intensity": 6, "Dynamic": 0, "MinIntensity": 6,
    "MaxIntensity": 16, "PauseDynamic": 0, "FirmwareVersion": "2.4.6", "DynamicPowerMode": 4, "VoltageInstallation": 230,
}  # fmt: skip


class Ear:
    """Hears what reaches a box, byte by byte, and takes every write."""

    def __init__(self) -> None:
        """Hear nothing so far."""
        self.heard: list[bytes] = []
        self.shown: dict[str, object] = dict(BOX)
        self.address = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heard.append(head)
            if found := WRITE.match(head):
                keyword, _, value = found[1].decode().removeprefix("/write/").partition("=")
                self.shown[keyword] = int(value)
            body = b"OK" if found else json.dumps(self.shown).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
        writer.close()


async def written(pairs: list[tuple[object, object]]) -> list[bytes]:
    """Return what reaches a box when these are written, one after the other."""
    ear = Ear()
    server = await asyncio.start_server(ear.talk, "127.0.0.1", 0)
    async with ClientSession() as session:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        wire = LanWire(session, host, pacer=Pacer(0.0), device_id=DEVICE, deadline=2.0)
        for keyword, value in pairs:
            with suppress(EnergyError):
                await wire.write([(Source(key=keyword), value)])  # type: ignore[arg-type]
    server.close()
    return [each for each in ear.heard if not each.startswith(b"GET /RealTimeData ")]


KEYWORDS = st.sampled_from(
    [*sorted(WRITABLE), "locked", "Reset", "Locked=1/write/Paused", "../read/Locked", "", "Locked\r\n", 7, None]
)
VALUES = st.sampled_from(NASTY) | st.integers() | st.floats() | st.text(max_size=20) | st.booleans()


@given(st.lists(st.tuples(KEYWORDS, VALUES), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_has_one_form(pairs: list[tuple[object, object]]) -> None:
    """A keyword of the list and a whole number; everything else is refused before a byte leaves."""
    with asyncio.Runner() as runner:
        heard = runner.run(written(pairs))
    good = [
        (keyword, value)
        for keyword, value in pairs
        if keyword in WRITABLE and isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST
    ]
    assert [WRITE.match(each)[1].decode() for each in heard] == [f"/write/{keyword}={value}" for keyword, value in good]  # type: ignore[index]


@pytest.fixture
async def box(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Ear]:
    """Something on the network that takes everything for a write that begins like one."""
    monkeypatch.setattr(lan, "GAP", 0.0)
    monkeypatch.setattr(verbs, "WAKE_PAUSE", 0.0)
    monkeypatch.setattr(Device, "settle", (0.0,))
    ear = Ear()
    server = await asyncio.start_server(ear.talk, "127.0.0.1", 0)
    ear.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield ear
    server.close()


async def test_no_field_of_an_action_gets_into_a_path(hass: HomeAssistant, box: Ear) -> None:
    """From the action down to the wire: every field of every action that writes there, with all that is nasty."""
    await add_local(hass, box)  # type: ignore[arg-type]
    usual = {name: data for name, data, asked in CASES if "=" in asked}
    assert len(usual) > 8
    for name, data in usual.items():
        for field in (*ACTIONS[name].required, *ACTIONS[name].optional):
            for value in (data[field], *NASTY):
                with suppress(HomeAssistantError, probatio.Invalid):
                    await act(hass, name, **{**data, field: value})
    asked = [each for each in box.heard if not re.match(rb"GET (/RealTimeData|/read/[A-Za-z]+) HTTP/1\.1\r\n", each)]
    assert [each for each in asked if not WRITE.match(each)] == []
    told = {found[1].decode().removeprefix("/write/").partition("=")[0] for each in asked if (found := WRITE.match(each))}
    assert told <= set(WRITABLE)
    assert {"Intensity", "MinIntensity", "Locked", "DynamicPowerMode", "VoltageInstallation"} <= told
