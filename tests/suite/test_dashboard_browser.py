"""The dashboards as Chromium generates them, from what all three integrations have in a simulated house."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from playwright.sync_api import Page
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from tests.hassfest_rules import LANGUAGES
from tests.suite.home import SERIAL, Home, devices
from tests.suite.strategy_page import Snapshot, find_browser, generate, headings, opened, shown, take, text_of
from tests.suite.test_dashboard_tables import TEXTS
from tests.virtual_time import VirtualTime

BROWSER = find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
TITAN, V2C, ENVOY = "titan_izypower", "v2c_cloud", "enphase_envoy"
PREFS = {"energy/get_prefs": {"energy_sources": [{"type": "solar"}]}}
# One that a user has hidden, and one that is disabled.
HIDDEN, DISABLED = "TITAN-0001_cumulative_production", f"{SERIAL}_daily_export"


@pytest.fixture
async def snapshot(
    hass: HomeAssistant, virtual_time: VirtualTime, hass_client: ClientSessionGenerator, hass_ws_client: WebSocketGenerator
) -> Snapshot:
    """A house with all three devices and loops; it is left before the browser looks at what was taken of it."""
    assert await async_setup_component(hass, "frontend", {})
    async with devices(1, hour=10, soc=35) as there:
        there.house.driver = None
        home = Home(hass, there)
        await home.move_in()
        await home.regulate("car_first")
        registry = er.async_get(hass)
        registry.async_update_entity(home.entity(HIDDEN), hidden_by=er.RegistryEntryHider.USER)
        registry.async_update_entity(home.entity(DISABLED), disabled_by=er.RegistryEntryDisabler.USER)
        await hass.async_block_till_done()
        taken = await take(hass, hass_client, hass_ws_client)
        await home.move_out()
    return taken


@pytest.fixture
def page(snapshot: Snapshot) -> Iterator[Page]:
    """A page of a browser that gets the files of that house."""
    with opened(str(BROWSER), snapshot.files) as page:
        yield page


def entity(snapshot: Snapshot, ending: str) -> str:
    return next(each.entity_id for each in snapshot.registry.values() if each.unique_id.endswith(ending))


def paths(made: dict[str, Any]) -> list[str]:
    return [view["path"] for view in made["views"]]


def view(made: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in made["views"] if each["path"] == path)
    return found


def test_a_whole_house(snapshot: Snapshot, page: Page) -> None:
    """Every view shows what there is, and nothing that is hidden, disabled or for diagnosis."""
    made = generate(page, snapshot.urls, snapshot.hass, answers={**PREFS, "statistics": 20})
    assert paths(made) == ["house", "solar", "battery", "charger", "control"]
    visible = {
        each.entity_id
        for each in snapshot.registry.values()
        if not each.disabled_by and not each.hidden_by and each.entity_category is not EntityCategory.DIAGNOSTIC
    }
    for one in made["views"]:
        assert shown(one), one["path"]
        assert shown(one) <= visible
        for section in one["sections"]:
            kinds = [card["type"] for card in section["cards"]]
            assert kinds[0] == "heading"
            assert kinds[-1] != "heading"
            assert ("heading", "heading") not in pairwise(kinds)
            assert not [card for card in section["cards"] if card.get("entities") == []]
    for ending in (HIDDEN, DISABLED):
        assert entity(snapshot, ending) not in text_of(made)


def test_the_house_takes_the_best_meter(snapshot: Snapshot, page: Page) -> None:
    """What three devices say of the grid is shown once, as the one says that knows it best; each roof is shown."""
    made = view(generate(page, snapshot.urls, snapshot.hass, answers=PREFS), "house")
    tiles = [card["entity"] for section in made["sections"] for card in section["cards"] if card["type"] == "tile"]
    assert entity(snapshot, f"{SERIAL}_net_consumption") in tiles
    assert entity(snapshot, f"{SERIAL}_production") in tiles
    assert entity(snapshot, "TITAN-0001_dc_input_power") in tiles
    assert entity(snapshot, "TITAN-0001_meter_power") not in tiles
    assert len(tiles) == len(set(tiles))
    assert '"energy-distribution"' in text_of(made)


def test_a_young_house(snapshot: Snapshot, page: Page) -> None:
    """Without statistics and Energy preferences there are no empty graphs: the last hour is drawn instead."""
    made = generate(page, snapshot.urls, snapshot.hass)
    text = text_of(made)
    assert "statistics-graph" not in text
    assert "energy-distribution" not in text
    assert '"history-graph"' in text
    assert TEXTS["en"]["week"] not in headings(view(made, "solar"))
    grown = generate(page, snapshot.urls, snapshot.hass, answers={"statistics": 12})
    assert TEXTS["en"]["week"] in headings(view(grown, "solar"))
    assert "statistics-graph" in text_of(view(grown, "house"))


def test_only_what_is_there(snapshot: Snapshot, page: Page) -> None:
    """A device that is not there has no view; without any there is one sentence."""
    expected = {
        (TITAN,): ["house", "battery", "control"],
        (V2C,): ["house", "charger", "control"],
        (ENVOY, TITAN): ["house", "solar", "battery", "control"],
        (): ["house"],
    }
    for platforms, views in expected.items():
        house = snapshot.of(*platforms)
        made = generate(page, snapshot.urls, house)
        assert paths(made) == views
        assert shown(made["views"]) <= set(house["entities"])
        assert (TEXTS["en"]["nothing"] in text_of(made)) == (not platforms)


def test_one_kind_alone(snapshot: Snapshot, page: Page) -> None:
    """A dashboard of the battery has its views and its loop, not those of the others."""
    made = generate(page, snapshot.urls, snapshot.hass, kind="energy-core-battery")
    assert paths(made) == ["battery", "control"]
    control = text_of(view(made, "control")["sections"][1:])
    assert "zero_export" in control
    assert "solar_charging" not in control
    assert made["suggestion"] == {"title": TEXTS["en"]["battery"], "icon": "mdi:home-battery"}


def test_the_list_of_dashboards(snapshot: Snapshot, page: Page) -> None:
    """Each is listed once, although three copies of the strategy were loaded; one copy alone offers what it has."""
    listed = generate(page, snapshot.urls, snapshot.hass)["listed"]
    types = ["energy-core", "energy-core-battery", "energy-core-charger", "energy-core-solar"]
    assert sorted(each["type"] for each in listed) == types
    assert {each["strategyType"] for each in listed} == {"dashboard"}
    assert all(each["name"].startswith("Energy Core: ") and each["description"] for each in listed)
    alone = [url for url in snapshot.urls if "titan" in url]
    listed = generate(page, alone, snapshot.of(TITAN))["listed"]
    assert sorted(each["type"] for each in listed) == types[:2]


def test_languages(snapshot: Snapshot, page: Page) -> None:
    """Titles and headings are in the user's language, or in English."""
    loops = {"zero_export", "solar_charging", "surplus_level"}
    for language in (*LANGUAGES, "de-CH", "nl"):
        texts = TEXTS.get(language.split("-")[0], TEXTS["en"])
        made = generate(page, snapshot.urls, snapshot.hass, language=language, answers={**PREFS, "statistics": 20})
        assert [one["title"] for one in made["views"]] == [texts[path] for path in paths(made)]
        assert {each for one in made["views"] for each in headings(one)} <= set(texts.values()) | loops


def test_two_of_a_kind(snapshot: Snapshot, page: Page) -> None:
    """Two batteries have a view each, under their own names, and the house shows both."""
    twin = {
        f"{key}_2": {**each, "entity_id": f"{key}_2", "device_id": f"{each['device_id']}2"}
        for key, each in snapshot.of(TITAN)["entities"].items()
    }
    places = {
        f"{key}2": {
            **each,
            "id": f"{key}2",
            "name_by_user": f"Cellar {each['name']}",
            "via_device_id": each["via_device_id"] and f"{each['via_device_id']}2",
            "parent_device_id": each.get("parent_device_id") and f"{each['parent_device_id']}2",
        }
        for key, each in snapshot.hass["devices"].items()
    }
    house = snapshot.of(TITAN)
    both = {**house, "entities": {**house["entities"], **twin}, "devices": {**house["devices"], **places}}
    made = generate(page, snapshot.urls, both)
    assert paths(made) == ["house", "battery", "battery-2", "control"]
    titles = [one["title"] for one in made["views"][1:3]]
    assert titles == sorted(titles)
    assert titles[0] != titles[1]
    assert shown(view(made, "battery")).isdisjoint(shown(view(made, "battery-2")))
    assert shown(view(made, "house")) & set(twin)
    assert '{"type": "device"}' in text_of(view(made, "house"))
