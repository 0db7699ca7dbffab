"""What an account and its charger leave behind: run by ``python -m tests.upgrade.record``, read by ``test_upgrade.py``."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.v2c_cloud.solar_settings import KIND
from custom_components.v2c_cloud.v2c.plan import Kind
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.upgrade.recording import Names, boot, record
from tests.v2c_cloud.ha.house import DEVICE, add_cloud, poll, settle
from tests.v2c_cloud.ha.sun import METER
from tests.v2c_cloud.ha.test_setup import reconfigure

OPTIONS = {"local_update_interval": 12, "budget_share": 20}


def names(sim: TrydanSimulator, cloud: V2CCloudSimulator) -> Names:
    """Return what is another one each time."""
    return {"cloud": cloud.base_url, "address": sim.address}


def meter(hass: HomeAssistant) -> None:
    """Let there be the meter that the loop follows."""
    hass.states.async_set(METER, "0", {"unit_of_measurement": "W", "device_class": "power"})


def build(sim: TrydanSimulator, cloud: V2CCloudSimulator, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon of a day in June; a car charges, as it has done on two days before."""
    now = dt_util.start_of_local_day().replace(2026, 6, 15, 12)
    freezer.move_to(now)
    sim.plug()
    cloud.device(DEVICE).tag = "Garage"
    for day in (2, 1):
        begun = now - timedelta(days=day, hours=4)
        cloud.add_session(DEVICE, begun, begun + timedelta(hours=2), [1.5, 2.0, 0.5])


@pytest.mark.parametrize("load_registries", [False])
async def test_record(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    sim: TrydanSimulator,
    cloud: V2CCloudSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """An account whose charger has an address, finished sessions, calls spent, solar charging, chosen options."""
    build(sim, cloud, freezer)
    await boot(hass, hass_storage)
    meter(hass)
    entry = await add_cloud(hass, cloud)
    flow = (await hass.config_entries.options.async_init(entry.entry_id))["flow_id"]
    await hass.config_entries.options.async_configure(flow, {"next_step_id": "preferences"})
    await hass.config_entries.options.async_configure(flow, OPTIONS)
    flow = await reconfigure(hass, entry, "reconfigure_local")
    await hass.config_entries.flow.async_configure(flow, {"host": sim.address})
    await settle(hass)
    form = await hass.config_entries.subentries.async_init((entry.entry_id, KIND), context={"source": SOURCE_USER})
    given = {"name": "Sun", "grid": METER, "inverted": False, "priority": "battery_first", "switch_phases": False}
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], given)
    assert result["type"] == "create_entry", result
    await settle(hass)
    for _ in range(8):
        entry.runtime_data.account.ask_again(DEVICE, Kind.SESSIONS, Kind.REPORTED, Kind.LIVE)
        await settle(hass)
        await poll(hass, entry)
    await record(hass, hass_storage, entry, names(sim, cloud))
