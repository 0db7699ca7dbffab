"""What a gateway leaves behind in Home Assistant: run by ``python -m tests.upgrade.record``, read by ``test_upgrade.py``."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import add, by_account, settle
from tests.enphase_envoy.ha.levels import BOILER, Level, begin, helpers, submit
from tests.enphase_envoy.ha.rig import Hands, drive, poll
from tests.enphase_envoy.ha.test_flow_change import preferences
from tests.upgrade.recording import Names, boot, record

OPTIONS = {"scan_interval": 8, "phases": "mono"}
DAYS = 3


def names(sim: EnvoySimulator, token: str) -> Names:
    """Return what is another one each time."""
    return {"address": sim.address, "token": token, "pin": sim.fingerprint}


def build(sim: EnvoySimulator) -> None:
    """Have a battery and a controller, and sun by day and night."""
    sim.change(encharges=1, enpower=True, storage_ct=True)
    sim.house.soc = 100
    sim.house.pv_w, sim.house.load_w = 3000, 1000


@pytest.mark.parametrize("load_registries", [False])
async def test_record(
    hass: HomeAssistant, hass_storage: dict[str, Any], timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands
) -> None:
    """A gateway with an account and a surplus level, three days of its ledger, chosen options."""
    build(timed)
    await boot(hass, hass_storage)
    await helpers(hass)
    entry = await add(hass, await by_account(hass, timed))
    await preferences(hass, entry, **OPTIONS)
    await settle(hass)
    result = await submit(hass, await begin(hass, entry), name="Boiler", target=BOILER)
    assert result["type"] == "create_entry", result
    (subentry,) = entry.subentries
    drive(entry, hands)
    await Level(hass, entry, subentry).set(start=1700)
    for _ in range(DAYS * 24 * 2):
        hands.tick(1800)
        await poll(hass, entry)
    await record(hass, hass_storage, entry, names(timed, cloud.issued[-1]))
