"""One endpoint fails, in each way that there is: it costs its own entities, one line in the log, and no secret."""

import logging
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import SERIAL, account_data, start
from tests.enphase_envoy.ha.rig import asked, complaints, everything, poll, silent, state, states

SITE: dict[str, Any] = {"encharges": 1, "enpower": True, "acbs": 1, "generator": True, "qrelay": True}
PRODUCTION = f"sensor.{SERIAL}_production"
# Each endpoint, an entity that it alone can fill, and one that must go on without it.
ENDPOINTS: dict[str, tuple[str | None, str]] = {
    "/info": (None, PRODUCTION),
    "/ivp/meters": (f"sensor.{SERIAL}_net_consumption_ct_metering_status", PRODUCTION),
    "/ivp/meters/readings": (f"sensor.{SERIAL}_net_consumption", "sensor.122000000101_soc"),
    "/production.json": (f"sensor.{SERIAL}_acb_power", PRODUCTION),
    "/api/v1/production/inverters": ("sensor.482000000001", PRODUCTION),
    "/ivp/pdm/device_data": ("sensor.482000000001_dc_voltage", PRODUCTION),
    "/inventory.json": ("binary_sensor.482000000001_producing", PRODUCTION),
    "/ivp/ensemble/inventory": ("binary_sensor.122000000201_mains_oper_state", PRODUCTION),
    "/ivp/ensemble/power": ("sensor.122000000101_real_power_mw", PRODUCTION),
    "/ivp/ensemble/secctrl": (f"sensor.{SERIAL}_battery_level", PRODUCTION),
    "/ivp/ensemble/dry_contacts": ("switch.122000000201_relay_NC1_relay_status", PRODUCTION),
    "/ivp/ss/dry_contact_settings": ("number.122000000201_relay_NC1_soc_low", PRODUCTION),
    "/admin/lib/tariff": ("select.122000000201_storage_mode", PRODUCTION),
    "/ivp/ensemble/generator": (f"binary_sensor.{SERIAL}_generator_running", PRODUCTION),
    "/ivp/ss/pel_settings": (f"binary_sensor.{SERIAL}_export_limited", PRODUCTION),
    "/home": (f"binary_sensor.{SERIAL}_cloud", PRODUCTION),
}
# Where a list is expected, an empty one says that there is nothing.
LISTS = ("/ivp/meters", "/ivp/meters/readings", "/api/v1/production/inverters", "/inventory.json", "/ivp/ensemble/inventory")
LOUD = ("503", "html", "null", "truncated", "list", "reset")
QUIET = ("object", "nan", "text_numbers")


def traces(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged with an exception, by anybody but the event loop."""
    return [each.getMessage() for each in caplog.records if each.exc_info and each.name != "asyncio"]


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_each_endpoint_fails_alone(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In each way, for a while; then everything is back, with one line for the loss and one for the return."""
    sim.change(**SITE)
    with everything():
        entry = await start(hass, account_data(sim, cloud))
        await poll(hass, entry)
    await poll(hass, entry)
    assert silent(hass) == set()
    lost, kept = ENDPOINTS[path]
    for kind in LOUD:
        if (kind == "list" and path in LISTS) or (kind == "truncated" and path == "/info"):
            continue
        caplog.clear()
        sim.fail(path, kind)
        await poll(hass, entry, 4)
        assert kept not in silent(hass), kind
        assert lost is None or lost in silent(hass), kind
        sim.heal()
        await poll(hass, entry, 2)
        assert silent(hass) == set(), kind
        assert len(complaints(caplog)) == 1, (kind, complaints(caplog))
        assert path in complaints(caplog)[0]
        assert len(complaints(caplog, logging.INFO)) <= 2, kind
        assert traces(caplog) == [], kind
    assert entry.state is ConfigEntryState.LOADED
    assert asked(hass) == []
    assert not cloud.calls


@pytest.mark.parametrize("kind", QUIET)
async def test_answers_that_say_nothing(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No number that is none is shown, nothing is removed, and nobody is troubled."""
    sim.change(**SITE)
    with everything():
        entry = await start(hass, account_data(sim, cloud))
        await poll(hass, entry)
    before = states(hass)
    for path in ENDPOINTS:
        caplog.clear()
        sim.fail(path, kind)
        await poll(hass, entry, 4)
        now = states(hass)
        assert now.keys() == before.keys(), path
        assert not [key for key, value in now.items() if value.lower() in ("nan", "inf", "none")], path
        assert traces(caplog) == [], path
        sim.heal()
        await poll(hass, entry, 2)
        assert silent(hass) == set(), path
    assert asked(hass) == []


@pytest.mark.parametrize("kind", [*LOUD, *QUIET, "redirect", "garbage", "empty", "nested", "huge:3"])
async def test_everything_fails_at_once(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also then there is no exception, no question, and an end."""
    entry = await start(hass, account_data(sim, cloud))
    await poll(hass, entry)
    caplog.clear()
    sim.fail("*", kind)
    await poll(hass, entry, 4)
    assert traces(caplog) == []
    sim.heal()
    await poll(hass, entry, 3)
    assert silent(hass) == set()
    assert asked(hass) == []
    assert not cloud.calls


@pytest.mark.parametrize(
    "path", ["/ivp/meters/readings", "/production.json", "/api/v1/production/inverters", "/ivp/ensemble/inventory"]
)
async def test_it_fails_from_the_start(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, path: str) -> None:
    """The entry loads with what there is, and the rest comes later."""
    sim.change(**SITE)
    sim.fail(path, "503")
    entry = await start(hass, account_data(sim, cloud))
    sim.heal()
    await poll(hass, entry, 2)
    for key in ("production", "net_consumption", "consumption"):
        assert state(hass, key).state not in ("unknown", "unavailable"), key
    assert state(hass, ":482000000001", "sensor").state not in ("unknown", "unavailable")
    assert state(hass, ":122000000101_soc").state not in ("unknown", "unavailable")
