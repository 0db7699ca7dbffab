"""A Home Assistant with all three devices, set up as users do, each with every part that it can have."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
import pytest

from custom_components.energy_core.device import Device
from custom_components.enphase_envoy.envoy import cloud as cloud_module, link
from custom_components.enphase_envoy.envoy.cloud import Hosts
from custom_components.enphase_envoy.envoy.device import Envoy
from custom_components.titan_izypower.titan import control as titan_control, device as titan_device
from custom_components.v2c_cloud.v2c import lan
from custom_components.v2c_cloud.v2c.device import Trydan
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.enphase_envoy.ha import house as envoy_house
from tests.titan_izypower.ha import house as titan_house
from tests.v2c_cloud.ha import house as v2c_house

SITE = {"inverters": 2, "encharges": 1, "enpower": True, "storage_ct": True}


def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the waiting out of pacing, whose tests stand elsewhere."""
    for module, name in ((lan, "GAP"), (link, "GAP"), (titan_device, "REQUEST_GAP"), (titan_control, "QUIET")):
        monkeypatch.setattr(module, name, 0.0)
    monkeypatch.setattr(titan_control, "ORDER_GAP", dict.fromkeys(titan_control.ORDER_GAP, 0.0))
    for device in (Device, Envoy, Trydan):
        monkeypatch.setattr(device, "settle", (0.0, 0.01, 0.02, 0.05, 0.1))


@asynccontextmanager
async def all_three(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, **site: Any) -> AsyncIterator[list[ConfigEntry[Any]]]:
    """Add a Titan, a charger that is called Garage with its account, and a gateway, in this order."""
    no_pauses(monkeypatch)
    async with AsyncExitStack() as stack:
        enphase = await stack.enter_async_context(EnphaseCloudSimulator(serials=(envoy_house.SERIAL,)))
        monkeypatch.setattr(cloud_module, "HOSTS", Hosts(enlighten=enphase.base_url, entrez=enphase.base_url))
        titan = await stack.enter_async_context(TitanSimulator())
        trydan = await stack.enter_async_context(TrydanSimulator(device_id=v2c_house.DEVICE, firmware="2.5.0"))
        cloud = await stack.enter_async_context(V2CCloudSimulator([trydan]))
        cloud.device(v2c_house.DEVICE).tag = "Garage"
        key = enphase.key.public_key()
        gateway = await stack.enter_async_context(EnvoySimulator(serial=envoy_house.SERIAL, token_key=key, **SITE | site))
        entries: list[ConfigEntry[Any]] = [
            await titan_house.add(hass, titan),
            await v2c_house.add_both(hass, cloud, trydan),
            await envoy_house.add(hass, await envoy_house.by_account(hass, gateway)),
        ]
        yield entries
        for entry in entries:
            await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
