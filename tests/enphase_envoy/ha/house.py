"""A Home Assistant with a gateway in it, set up as a user does."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.enphase_envoy.const import DOMAIN
from custom_components.enphase_envoy.coordinator import EnvoyConfigEntry
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator

SERIAL = "122000000001"
OTHER = "122000000002"
ACCOUNT = {"username": "owner@example.org", "password": "sunny day"}

type Result = dict[str, Any]


async def begin(hass: HomeAssistant) -> str:
    """Open the first form, and return the flow's id."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert (flow["type"], flow["step_id"], flow["errors"]) == ("form", "user", {}), flow
    return flow["flow_id"]


async def go_on(hass: HomeAssistant, flow: str, /, **given: Any) -> Result:
    """Submit a form, and return what came of it."""
    return dict(await hass.config_entries.flow.async_configure(flow, given))


async def meet(hass: HomeAssistant, host: str) -> Result:
    """Give an address, and return what came of it."""
    return await go_on(hass, await begin(hass), host=host)


async def choose(hass: HomeAssistant, menu: Result, way: str) -> str:
    """Choose a way from a menu, and return the flow's id."""
    assert (menu["type"], menu["menu_options"]) == ("menu", ["account", "token"]), menu
    form = await go_on(hass, menu["flow_id"], next_step_id=way)
    assert (form["type"], form["step_id"], form["errors"]) == ("form", way, {}), form
    return str(form["flow_id"])


async def by_account(hass: HomeAssistant, sim: EnvoySimulator, **given: Any) -> Result:
    """Go all the way with an account."""
    flow = await choose(hass, await meet(hass, sim.address), "account")
    return await go_on(hass, flow, **ACCOUNT | given)


async def by_token(hass: HomeAssistant, sim: EnvoySimulator, token: str) -> Result:
    """Go all the way with a token."""
    flow = await choose(hass, await meet(hass, sim.address), "token")
    return await go_on(hass, flow, token=token)


async def add(hass: HomeAssistant, result: Result) -> EnvoyConfigEntry:
    """Return the entry that a flow made, loaded."""
    assert result["type"] == "create_entry", result
    return await loaded(hass, result["result"])


def data_of(sim: EnvoySimulator, **more: Any) -> dict[str, Any]:
    """Return the data of an entry of Home Assistant's own integration."""
    return {"host": sim.address, "name": f"Envoy {sim.serial}", "username": "", "password": "", **more}


def account_data(sim: EnvoySimulator, cloud: EnphaseCloudSimulator, **more: Any) -> dict[str, Any]:
    """Return the data of an entry with an account and a good token."""
    return data_of(sim, **ACCOUNT, token=cloud.token(), use_manual_token=False) | more


def known(hass: HomeAssistant, data: dict[str, Any], **more: Any) -> MockConfigEntry:
    """Add an entry that an earlier life left, without loading it."""
    given = {"domain": DOMAIN, "title": data["name"], "version": 1, "data": data, "unique_id": SERIAL, **more}
    entry = MockConfigEntry(**given)
    entry.add_to_hass(hass)
    return entry


async def start(hass: HomeAssistant, data: dict[str, Any], **more: Any) -> EnvoyConfigEntry:
    """Load an entry that an earlier life left."""
    entry = known(hass, data, **more)
    await hass.config_entries.async_setup(entry.entry_id)
    return await loaded(hass, entry)


async def loaded(hass: HomeAssistant, entry: Any) -> EnvoyConfigEntry:
    """Wait until an entry is loaded."""
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED, (entry.state, entry.reason)
    found: EnvoyConfigEntry = entry
    return found


async def settle(hass: HomeAssistant) -> None:
    """Let everything that goes on come to its end."""
    await hass.async_block_till_done(wait_background_tasks=True)
