"""Addresses that a cloud supplies: where a connection really goes, from a claim in the cloud down to the socket."""

from collections.abc import Generator
from typing import Any
from unittest.mock import patch

import aiohappyeyeballs
from homeassistant.core import HomeAssistant
import pytest

from custom_components.v2c_cloud.v2c import lan
from custom_components.v2c_cloud.v2c.address import believable
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.v2c_cloud.ha.house import DEVICE, KEY, charger, poll, settle, start

GOOD = "192.168.77.7"
# Names lead wherever who owns them likes; nobody resolves one that a cloud supplied.
HOSTILE = (
    "127.0.0.1", "::1", "169.254.169.254", "172.30.32.2", "172.30.33.255", "8.8.8.8", "224.0.0.251", "255.255.255.255", "0.0.0.0",
    "100.64.0.1", "::ffff:172.30.32.2", "::ffff:127.0.0.1", "fe80::1", "localhost", "supervisor", "metadata.example", "homeassistant.local",
    "2130706433", "0x7f.1", "192.168.1.5:8123", "192.168.1.5/admin", "user@192.168.1.5", "192.168.1.5#", "192.168.1.5\r\nHost: x",
)  # fmt: skip


@pytest.fixture
def visited() -> Generator[list[str]]:
    """Every address to which a connection is begun, after names were resolved; none outside loopback is made."""
    found: list[str] = []
    original = aiohappyeyeballs.start_connection

    async def begin(addr_infos: Any, *args: Any, **more: Any) -> Any:
        found.extend(info[4][0] for info in addr_infos)
        if any(info[4][0] != "127.0.0.1" for info in addr_infos):
            raise OSError("not on this machine")
        return await original(addr_infos, *args, **more)

    with patch.object(aiohappyeyeballs, "start_connection", begin):
        yield found


@pytest.mark.parametrize("address", ["172.30.32.0", "172.30.32.1", "172.30.32.2", "172.30.33.255"])
def test_what_is_behind_home_assistant_is_no_charger(address: str) -> None:
    """The Supervisor and the add-ons have addresses that look like those of a home."""
    assert believable(address) is None
    assert believable("172.30.31.255") == "172.30.31.255"
    assert believable("172.30.34.0") == "172.30.34.0"


async def test_a_claim_is_followed_to_the_socket_or_not_at_all(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, visited: list[str]
) -> None:
    """Of all that a cloud can claim only a plain private address is ever connected to."""
    monkeypatch.setattr(lan, "GAP", 0.0)
    async with TrydanSimulator(device_id=DEVICE) as sim, V2CCloudSimulator([sim]) as cloud:
        sim.options.ip = GOOD
        data = {"api_key": KEY, "base_url": cloud.base_url, "cached_pairings": [{"deviceId": DEVICE, "ip": GOOD}]}
        entry = await start(hass, data)
        face = charger(entry).device.face
        for claim in HOSTILE:
            face.pairing_ip = claim
            face.answers["reported"] = {**face.answers.get("reported", {}), "wifi_ip": claim, "ip": claim}
            await poll(hass, entry)
        await settle(hass)
        await hass.config_entries.async_unload(entry.entry_id)
    assert GOOD in visited
    assert set(visited) <= {GOOD, "127.0.0.1"}
    assert sim.requests == []
