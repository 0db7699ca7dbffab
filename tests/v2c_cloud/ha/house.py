"""A Home Assistant with a Trydan in it, set up as a user does."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.v2c_cloud.const import DOMAIN
from custom_components.v2c_cloud.coordinator import TrydanCoordinator, V2CConfigEntry
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator

DEVICE = "SIMV2C"
KEY = "SIM-KEY"


async def choose(hass: HomeAssistant, step: str) -> str:
    """Open the menu, choose a way, and return the flow's id."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert flow["type"] == "menu", flow
    form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": step})
    assert form["type"] == "form", form
    return flow["flow_id"]


async def submit(hass: HomeAssistant, step: str, **given: Any) -> dict[str, Any]:
    """Fill in the form of one way and return what came of it."""
    flow = await choose(hass, step)
    return dict(await hass.config_entries.flow.async_configure(flow, given))


async def add_local(hass: HomeAssistant, sim: TrydanSimulator) -> V2CConfigEntry:
    """Add a charger by its address."""
    result = await submit(hass, "local", host=sim.address)
    assert result["type"] == "create_entry", result
    return await loaded(hass, result["result"])


async def add_cloud(hass: HomeAssistant, cloud: V2CCloudSimulator, key: str = KEY) -> V2CConfigEntry:
    """Add an account by its key."""
    result = await submit(hass, "cloud", api_key=key, advanced={"base_url": cloud.base_url})
    assert result["type"] == "create_entry", result
    return await loaded(hass, result["result"])


async def add_both(hass: HomeAssistant, cloud: V2CCloudSimulator, sim: TrydanSimulator, **more: Any) -> V2CConfigEntry:
    """Add an entry that has an account and knows where the charger is."""
    data = {
        "api_key": KEY,
        "base_url": cloud.base_url,
        "cached_pairings": [{"deviceId": DEVICE, "tag": "Garage"}],
        "manual_ips": {DEVICE: sim.address},
    }
    return await start(hass, data | more.pop("data", {}), **more)


async def start(hass: HomeAssistant, data: dict[str, Any], **more: Any) -> V2CConfigEntry:
    """Load an entry that an earlier life left."""
    entry = MockConfigEntry(**{"domain": DOMAIN, "title": "V2C Cloud", "version": 2, "data": data, "unique_id": "u", **more})
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    return await loaded(hass, entry)


async def loaded(hass: HomeAssistant, entry: Any) -> V2CConfigEntry:
    """Wait until everything that the chargers have is shown."""
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED, (entry.state, entry.reason)
    await poll(hass, entry)
    found: V2CConfigEntry = entry
    return found


async def settle(hass: HomeAssistant) -> None:
    """Let everything that goes on come to its end."""
    await hass.async_block_till_done(wait_background_tasks=True)


async def poll(hass: HomeAssistant, entry: V2CConfigEntry) -> None:
    """Read every charger now."""
    for charger in entry.runtime_data.chargers.values():
        charger.device.lan_soon()
        await charger.async_refresh()
    await settle(hass)


def charger(entry: V2CConfigEntry, device_id: str = DEVICE) -> TrydanCoordinator:
    """Return the coordinator of a charger."""
    return entry.runtime_data.chargers[device_id]


def entity(hass: HomeAssistant, key: str, domain: str | None = None, device_id: str = DEVICE) -> str:
    """Return the entity id of ``v2c_{device_id}_{key}``."""
    known = er.async_get(hass).entities.values()
    found = [each for each in known if each.unique_id == f"v2c_{device_id}_{key}" and domain in (None, each.domain)]
    assert found, f"no entity v2c_{device_id}_{key}"
    assert len(found) == 1, f"several: {[each.entity_id for each in found]}"
    return found[0].entity_id


def state(hass: HomeAssistant, key: str, domain: str | None = None, device_id: str = DEVICE) -> State:
    """Return the state of ``v2c_{device_id}_{key}``."""
    entity_id = entity(hass, key, domain, device_id)
    found = hass.states.get(entity_id)
    assert found is not None, f"{entity_id} has no state"
    return found


async def act(hass: HomeAssistant, action: str, /, **data: Any) -> dict[str, Any]:
    """Run an action of ours and return its answer."""
    answer = await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)
    assert isinstance(answer, dict)
    return answer


async def use(hass: HomeAssistant, domain: str, service: str, key: str, **data: Any) -> None:
    """Operate an entity."""
    target = {"entity_id": entity(hass, key, domain), **data}
    await hass.services.async_call(domain, service, target, blocking=True)
    await settle(hass)
