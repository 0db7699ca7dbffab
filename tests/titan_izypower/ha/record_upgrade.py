"""What a Titan leaves behind in Home Assistant: run by ``python -m tests.upgrade.record``, read by ``test_upgrade.py``."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import act, add, entity, poll, settle
from tests.titan_izypower.ha.meter import METER, add_loop, entity_of
from tests.titan_izypower.ha.test_life import choose
from tests.upgrade.recording import Names, boot, record

OPTIONS = {"scan_interval": 45, "max_charge_power": 1800, "settings_writes_per_day": 12}


def names(sim: TitanSimulator) -> Names:
    """Return what is another one each time."""
    return {"modbus_port": sim.modbus_port, "http_port": sim.http_port}


def meter(hass: HomeAssistant) -> None:
    """Let there be the meter that the loop follows."""
    hass.states.async_set(METER, "350", {"unit_of_measurement": "W", "device_class": "power"})


def noon(freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon of a day in June."""
    freezer.move_to(dt_util.start_of_local_day().replace(2026, 6, 15, 12))


@pytest.mark.parametrize("load_registries", [False])
async def test_record(
    hass: HomeAssistant, hass_storage: dict[str, Any], sim: TitanSimulator, freezer: FrozenDateTimeFactory
) -> None:
    """A unit with its loop, chosen options, changed settings, names and areas that a user gave, an entity switched off."""
    noon(freezer)
    await boot(hass, hass_storage)
    meter(hass)
    entry = await add(hass, sim)
    await choose(hass, entry, **OPTIONS)
    loop = await add_loop(hass, entry)
    await settle(hass)
    target = {"entity_id": entity_of(loop, "target", hass), "value": 60}
    await hass.services.async_call("number", "set_value", target, blocking=True)
    await act(hass, "set_realtime_mode")
    await hass.services.async_call("number", "set_value", {"entity_id": entity(hass, "backup_soc"), "value": 17}, blocking=True)
    await poll(hass, entry)
    await record(hass, hass_storage, entry, names(sim))
