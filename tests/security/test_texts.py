"""What a device or a cloud calls itself, and everything else that it says: never more than a short, printable text."""

import asyncio
from collections.abc import AsyncGenerator, Generator
import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.energy_core.device import Device
from custom_components.enphase_envoy.envoy import cloud as cloud_module, link
from custom_components.enphase_envoy.envoy.cloud import Hosts
from custom_components.titan_izypower.titan import device
from custom_components.v2c_cloud.v2c import lan
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.canaries import LONGEST, watching
from tests.enphase_envoy.ha import house as envoy_house
from tests.security.test_writes import BOX, Ear
from tests.titan_izypower.ha import house as titan_house
from tests.v2c_cloud.ha import house as v2c_house

# Line breaks, colours, a change of direction, a template, a page, and more than fits anywhere.
EVIL = "\r\n2026-11-21 00:00:00 CRITICAL forged\x1b[31m\u202e{{ states('sensor.x') }}<script>" + "A" * 10_000


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the waiting out of pacing, whose tests stand elsewhere."""
    monkeypatch.setattr(lan, "GAP", 0.0)
    monkeypatch.setattr(link, "GAP", 0.0)
    monkeypatch.setattr(device, "REQUEST_GAP", 0.0)
    monkeypatch.setattr(Device, "settle", (0.0,))


@pytest.fixture(autouse=True)
def log() -> Generator[set[str]]:
    """What of our log is no short, printable line, or tells what it should not."""
    with watching() as found:
        yield found
    assert found == set()


def shown(hass: HomeAssistant) -> list[str]:
    """Return each text that people see of our devices: states, and what the registry says."""
    found: list[Any] = [value for state in hass.states.async_all() for value in (state.state, *state.attributes.values())]
    registry = dr.async_get(hass)
    entries = hass.config_entries.async_entries()
    for each in (one for entry in entries for one in dr.async_entries_for_config_entry(registry, entry.entry_id)):
        found += [each.name, each.model, each.model_id, each.manufacturer, each.sw_version, each.hw_version, each.serial_number]
    return [each for each in found if isinstance(each, str)]


def unfit(hass: HomeAssistant) -> list[str]:
    """Return the texts that are not short, or not printable."""
    return [each[:80] for each in shown(hass) if len(each) > 255 or not each.isprintable()]


@pytest.fixture
async def box() -> AsyncGenerator[Ear]:
    """A charger whose texts mean harm."""
    ear = Ear()
    ear.shown |= dict.fromkeys(("FirmwareVersion", "SSID", "IP"), f"2.5.1{EVIL[:4000]}")
    server = await asyncio.start_server(ear.talk, "127.0.0.1", 0)
    ear.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield ear
    server.close()


async def test_a_charger(hass: HomeAssistant, box: Ear) -> None:
    """Firmware, network and address, and then an answer that is no answer."""
    entry = await v2c_house.add_local(hass, box)  # type: ignore[arg-type]
    assert unfit(hass) == []
    box.shown = {"ID": EVIL[:4000], "ChargeState": EVIL[:4000]}
    for _ in range(3):
        await v2c_house.poll(hass, entry)
    assert unfit(hass) == []
    assert {"ID", "FirmwareVersion"} <= BOX.keys()


async def test_a_cloud(hass: HomeAssistant) -> None:
    """The names of chargers and cards are people's; they come as the cloud has them."""
    async with TrydanSimulator(device_id=v2c_house.DEVICE) as sim, V2CCloudSimulator([sim]) as cloud:
        cloud.device(v2c_house.DEVICE).cards = [{"code": EVIL, "tag": EVIL}]
        sim.options.ssid = EVIL
        pairings = [{"deviceId": v2c_house.DEVICE, "tag": EVIL}]
        entry = await v2c_house.start(hass, {"api_key": v2c_house.KEY, "base_url": cloud.base_url, "cached_pairings": pairings})
        await v2c_house.poll(hass, entry)
        assert unfit(hass) == []
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_battery(hass: HomeAssistant) -> None:
    """Serial number and type, as HTTP tells them; the number is short, as it is an id."""
    async with TitanSimulator(packs=1) as sim:
        sim.options.model_type = EVIL
        await titan_house.add(hass, sim, "opendata")
        assert unfit(hass) == []


async def test_a_gateway(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs on a dry contact, and every text of an answer."""
    async with EnphaseCloudSimulator(serials=(envoy_house.SERIAL,)) as cloud:
        monkeypatch.setattr(cloud_module, "HOSTS", Hosts(enlighten=cloud.base_url, entrez=cloud.base_url))
        async with EnvoySimulator(
            serial=envoy_house.SERIAL, token_key=cloud.key.public_key(), inverters=1, encharges=1, enpower=True
        ) as sim:
            for each in sim.site.settings.contact_settings.values():
                each["load_name"] = EVIL
            await envoy_house.start(hass, envoy_house.account_data(sim, cloud))
            assert unfit(hass) == []


def test_the_text_is_evil() -> None:
    """Or nothing above would show anything."""
    assert not EVIL.isprintable()
    assert len(EVIL) > LONGEST
    assert EVIL in json.loads(json.dumps([EVIL]))
