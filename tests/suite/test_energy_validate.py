"""The Energy dashboard that our actions have set up, judged by Home Assistant itself over what its recorder made."""

from collections.abc import AsyncGenerator
from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done, do_adhoc_statistics

from tests.suite.home import Home, devices

DOMAINS = ("enphase_envoy", "titan_izypower", "v2c_cloud")


@pytest.fixture(autouse=True)
def _our_integrations(recorder_mock: Any, enable_custom_integrations: None, socket_enabled: None) -> None:
    """Have the recorder before Home Assistant, as it wants."""


@pytest.fixture
async def home(hass: HomeAssistant) -> AsyncGenerator[Home]:
    """All three devices, and the Energy dashboard."""
    assert await async_setup_component(hass, "energy", {})
    async with devices(1, hour=10, soc=35) as there:
        there.house.driver = None
        there.house.load_w, there.house.pv_w = 400, 3000
        found = Home(hass, there)
        await found.move_in()
        yield found
        await found.move_out()


async def compile_statistics(hass: HomeAssistant) -> None:
    """Have Home Assistant make statistics of what was recorded."""
    await async_wait_recording_done(hass)
    now = dt_util.utcnow()
    do_adhoc_statistics(hass, start=now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0))
    await async_wait_recording_done(hass)


async def test_home_assistant_likes_what_it_got(home: Home, hass_ws_client: Any) -> None:
    """Its own judgement: classes, units, signs; and its own dialog would have saved the same."""
    for domain in DOMAINS:
        answer = await home.hass.services.async_call(
            domain, "set_up_energy_dashboard", {"apply": True}, blocking=True, return_response=True
        )
        assert answer is not None
        assert answer["applied"]
    ours = dict((await async_get_manager(home.hass)).data or {})
    assert [each["type"] for each in ours["energy_sources"]] == ["grid", "solar", "battery"]
    assert [each["name"] for each in ours["device_consumption"]] == ["Trydan SIMV2C"]
    await compile_statistics(home.hass)
    client = await hass_ws_client(home.hass)
    await client.send_json({"id": 1, "type": "energy/validate"})
    verdict = (await client.receive_json())["result"]
    assert verdict["energy_sources"] == [[], [], []]
    assert verdict["device_consumption"] == [[]]
    lists = {name: ours[name] for name in ("energy_sources", "device_consumption")}
    await client.send_json({"id": 2, "type": "energy/save_prefs", **lists})
    saved = await client.receive_json()
    assert saved["success"], saved
    assert saved["result"] == ours
