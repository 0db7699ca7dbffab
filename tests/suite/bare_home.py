"""A bare Home Assistant in a process of its own, in which nothing of ours is but what a user installed.

``python -P bare_home.py CONFIG DOMAIN...``: adds an entry for each domain through its flow, against simulators, reads
a value, and removes the entries again. Prints what it saw as JSON. On the path are the libraries, Home Assistant's
configuration, and a folder with nothing but ``simulators``.
"""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
import importlib
import json
from pathlib import Path
import sys
from unittest.mock import patch

from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.config_entries import SOURCE_USER
from homeassistant.helpers import device_registry as dr, entity_registry as er, frame
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.house import House
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator


class Resolver(ThreadedResolver):
    """Looks up names without multicast, which needs more of Home Assistant than is here."""

    def __init__(self, _hass):
        super().__init__()

    async def real_close(self):
        """Close: Home Assistant's own tells its sessions' closing from its own."""
        await self.close()


SERIAL, CHARGER = "122000000001", "SIMV2C"
# A value of each, by the end of its unique id.
VALUES = {
    "titan_izypower": "TITAN-0001_battery_power",
    "v2c_cloud": f"{CHARGER}_charge_power",
    "enphase_envoy": f"{SERIAL}_production",
}


@asynccontextmanager
async def forms(domain, house):
    """Start the device of a domain; give what a user enters for it, form by form."""
    async with AsyncExitStack() as stack:
        if domain == "titan_izypower":
            titan = await stack.enter_async_context(TitanSimulator(house, packs=1))
            data = {"host": "127.0.0.1", "port": titan.modbus_port, "scan_interval": 30, "model": "titan_2400"}
            importlib.import_module(f"custom_components.{domain}.titan.device").REQUEST_GAP = 0.02
            yield [{**data, "advanced": {"transport": "auto", "unit_id": 1}}]
        elif domain == "v2c_cloud":
            trydan = await stack.enter_async_context(TrydanSimulator(house, device_id=CHARGER, firmware="2.5.0"))
            trydan.plug()
            yield [{"next_step_id": "local"}, {"host": trydan.address}]
        else:
            cloud = await stack.enter_async_context(EnphaseCloudSimulator(serials=(SERIAL,)))
            key = cloud.key.public_key()
            envoy = await stack.enter_async_context(EnvoySimulator(house, serial=SERIAL, token_key=key, inverters=2))
            module = importlib.import_module(f"custom_components.{domain}.envoy.cloud")
            module.HOSTS = module.Hosts(enlighten=cloud.base_url, entrez=cloud.base_url)
            account = {"username": "owner@example.org", "password": "sunny day"}
            yield [{"host": envoy.address}, {"next_step_id": "account"}, account]


async def add(hass, domain, entered):
    """Go through the flow as a user does; return the entry."""
    flow = hass.config_entries.flow
    result = await flow.async_init(domain, context={"source": SOURCE_USER})
    for data in entered:
        result = await flow.async_configure(result["flow_id"], data)
    if result["type"] != "create_entry":
        raise SystemExit(f"{domain}: the flow ended with {result['type']}: {result.get('errors') or result.get('reason')}")
    await hass.async_block_till_done()
    return result["result"]


def value(hass, domain):
    """Return the state of the entity whose value is looked at."""
    found = [each for each in er.async_get(hass).entities.values() if each.unique_id.endswith(VALUES[domain])]
    state = hass.states.get(found[0].entity_id) if found else None
    return state and state.state


def origins(domain):
    """Return the files of the modules of ours that were loaded for a domain."""
    start = f"custom_components.{domain}"
    names = [name for name in sys.modules if name == start or name.startswith(f"{start}.")]
    return sorted(str(sys.modules[name].__file__) for name in names)


def left(hass, config, entries):
    """Return what is left of the integrations after their entries were removed."""
    entities = [each.entity_id for each in er.async_get(hass).entities.values() if each.platform in VALUES]
    registry = dr.async_get(hass)
    devices = [each.name for entry in entries for each in dr.async_entries_for_config_entry(registry, entry.entry_id)]
    stores = [path.name for path in Path(config, ".storage").glob("*") if any(domain in path.name for domain in VALUES)]
    return entities + devices + stores


async def main(config, domains):
    """Install, use, remove."""
    seen = {"values": {}, "states": {}, "files": {}}
    async with AsyncExitStack() as stack:
        stack.enter_context(patch("homeassistant.helpers.aiohttp_client._async_make_resolver", Resolver))
        hass = await stack.enter_async_context(async_test_home_assistant(config_dir=config))
        frame.async_setup(hass)
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        house = House(seed=1, packs=1)
        house.driver = lambda home, _: home.apply_flows([500.0] * 4, 900.0)
        entries = []
        for domain in domains:
            entered = await stack.enter_async_context(forms(domain, house))
            entries.append(await add(hass, domain, entered))
        for entry in entries:
            seen["states"][entry.domain] = entry.state.value
            seen["values"][entry.domain] = value(hass, entry.domain)
            seen["files"][entry.domain] = origins(entry.domain)
        seen["siblings"] = sorted({name.split(".")[1] for name in sys.modules if name.startswith("custom_components.")})
        for entry in entries:
            await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()
        seen["left"] = left(hass, config, entries)
        await hass.async_stop(force=True)
    sys.stdout.write(f"{json.dumps(seen)}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
