"""What a browser is told to load: served as it must be, as long as it is of use, and harmless where there is no browser."""

from collections.abc import AsyncGenerator

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.energy_core.ha.dashboard import STRATEGY, TABLE, offer
from tests.suite.home import Home, devices
from tests.virtual_time import VirtualTime

DOMAINS = ("titan_izypower", "v2c_cloud", "enphase_envoy")
MONTH = "max-age=2678400"


@pytest.fixture
async def home(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncGenerator[Home]:
    """All three devices, none of which is added yet."""
    async with devices(1, hour=10, soc=35) as there:
        there.house.driver = None
        home = Home(hass, there)
        yield home
        await home.move_out()


def told(hass: HomeAssistant) -> list[str]:
    """Return what browsers are told to load."""
    return sorted(hass.data[DATA_EXTRA_MODULE_URL].urls)


def served(hass: HomeAssistant) -> list[str]:
    """Return the addresses under which something of ours is served."""
    return [each.canonical for each in hass.http.app.router.resources() if each.canonical.startswith("/energy_core/")]


async def test_each_integration_serves_its_own_copy(hass: HomeAssistant, home: Home, hass_client: ClientSessionGenerator) -> None:
    """A script as a script, a table as a table, to be kept: the address changes with the content."""
    assert await async_setup_component(hass, "frontend", {})
    await home.move_in()
    urls = told(hass)
    assert [url.split("/")[2] for url in urls] == sorted(DOMAINS)
    client = await hass_client()
    for url in urls:
        prefix = url.removesuffix("/strategy/main.js")
        for path in STRATEGY.iterdir():
            answer = await client.get(f"{prefix}/strategy/{path.name}")
            assert (answer.status, await answer.read()) == (200, path.read_bytes())
            assert answer.content_type == {".js": "text/javascript", ".json": "application/json"}[path.suffix]
            assert MONTH in answer.headers["Cache-Control"]
        answer = await client.get(f"{prefix}/{TABLE}")
        assert (await answer.json())["domain"] == url.split("/")[2]


async def test_it_is_told_and_served_once(hass: HomeAssistant, home: Home) -> None:
    """However often an entry is loaded; and after the last one is gone, new pages load nothing of it."""
    assert await async_setup_component(hass, "frontend", {})
    await home.move_in()
    before = told(hass), served(hass)
    assert sum(each.endswith(TABLE) for each in before[1]) == len(DOMAINS)
    titan = home.entries["titan"].entry_id
    assert await hass.config_entries.async_reload(titan)
    assert (told(hass), served(hass)) == before
    await hass.config_entries.async_unload(titan)
    assert [url.split("/")[2] for url in told(hass)] == ["enphase_envoy", "v2c_cloud"]
    assert await hass.config_entries.async_setup(titan)
    assert (told(hass), served(hass)) == before


async def test_another_entry_still_needs_it(hass: HomeAssistant, home: Home) -> None:
    """It goes with the last one, not with the first."""
    assert await async_setup_component(hass, "frontend", {})
    await home.move_in()
    second = MockConfigEntry(domain="titan_izypower", state=ConfigEntryState.LOADED)
    second.add_to_hass(hass)
    await offer(hass, second)
    await hass.config_entries.async_unload(home.entries["titan"].entry_id)
    assert any("/titan_izypower/" in url for url in told(hass))


async def test_a_house_without_a_browser(hass: HomeAssistant, home: Home) -> None:
    """Integrations load as ever; nobody is told anything."""
    await home.move_in()
    assert DATA_EXTRA_MODULE_URL not in hass.data
    assert {entry.state for entry in home.entries.values()} == {ConfigEntryState.LOADED}
