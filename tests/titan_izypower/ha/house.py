"""A Home Assistant with a Titan in it, set up as a user does."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er

from custom_components.titan_izypower.const import DOMAIN
from custom_components.titan_izypower.coordinator import TitanConfigEntry
from simulators.titan import TitanSimulator

SERIAL = "SIM-TITAN-0001"
HOST = "127.0.0.1"


def form(sim: TitanSimulator, wire: str = "modbus_tcp", **changes: Any) -> dict[str, Any]:
    """Return what a user enters."""
    port = sim.modbus_port if wire == "modbus_tcp" else sim.http_port
    advanced = {"transport": changes.pop("transport", "auto"), "unit_id": changes.pop("unit_id", 1)}
    return {"host": HOST, "port": port, "scan_interval": 30, "model": "titan_2400", "advanced": advanced, **changes}


async def begin(hass: HomeAssistant) -> str:
    """Open the form, and return the flow's id."""
    return (await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER}))["flow_id"]


async def add(hass: HomeAssistant, sim: TitanSimulator, wire: str = "modbus_tcp", **changes: Any) -> TitanConfigEntry:
    """Add the unit and wait until everything that it has is shown."""
    flow = await begin(hass)
    result = await hass.config_entries.flow.async_configure(flow, form(sim, wire, **changes))
    assert result["type"] == "create_entry", result
    await settle(hass)
    entry: TitanConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    # Packs that were found by the second reading are read by the third.
    await poll(hass, entry)
    return entry


async def settle(hass: HomeAssistant) -> None:
    """Let everything that goes on come to its end."""
    await hass.async_block_till_done(wait_background_tasks=True)


async def poll(hass: HomeAssistant, entry: TitanConfigEntry) -> None:
    """Read the unit now."""
    await entry.runtime_data.async_refresh()
    await settle(hass)


def state(hass: HomeAssistant, key: str, serial: str = SERIAL) -> State:
    """Return the state of the entity with the frozen id ``{serial}_{key}``."""
    entity_id = entity(hass, key, serial)
    found = hass.states.get(entity_id)
    assert found is not None, f"{entity_id} has no state"
    return found


def entity(hass: HomeAssistant, key: str, serial: str = SERIAL) -> str:
    """Return the entity id of ``{serial}_{key}``."""
    found = [each for each in er.async_get(hass).entities.values() if each.unique_id == f"{serial}_{key}"]
    assert found, f"no entity {serial}_{key}"
    return found[0].entity_id


async def act(hass: HomeAssistant, name: str, **data: Any) -> dict[str, Any]:
    """Run an action of ours and return its answer."""
    answer = await hass.services.async_call(DOMAIN, name, data, blocking=True, return_response=True)
    assert isinstance(answer, dict)
    return answer


def orders(sim: TitanSimulator) -> list[tuple[object, ...]]:
    """Return the real-time orders that the unit was sent, without mode changes."""
    return [each.values for each in sim.writes if each.address == 1150 or each.points == (47015,)]
