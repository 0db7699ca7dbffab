"""The strategy run for real: a page of Chromium that loads what Home Assistant serves, and what it generates there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
import json
import shutil
from typing import Any

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from playwright.sync_api import Page, Route, sync_playwright
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.energy_core.ha.dashboard import STRATEGY

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
ORIGIN = "http://dashboard.test"
# What the frontend calls the short keys of the registry.
LONG = {"ei": "entity_id", "di": "device_id", "pl": "platform", "tk": "translation_key", "hb": "hidden"}
# Generates all that a dashboard shows, as Home Assistant's frontend does; commands get the answers that are given.
GENERATE = """async ({ urls, hass, type }) => {
  await Promise.all(urls.map((url) => import(url)));
  const asked = { ...hass, callWS: async ({ type, statistic_ids }) => {
    if (type === "recorder/statistics_during_period")
      return Object.fromEntries(statistic_ids.map((id) => [id, Array(hass.answers.statistics ?? 0).fill({})]));
    if (type in hass.answers) return hass.answers[type];
    throw new Error(type);
  } };
  const board = customElements.get(`ll-strategy-dashboard-${type}`);
  const view = customElements.get("ll-strategy-view-energy-core");
  const config = await board.generate({ type: `custom:${type}` }, asked);
  const views = await Promise.all(config.views.map(async ({ strategy, ...rest }) =>
    strategy ? { ...rest, strategy, ...(await view.generate(strategy, asked)) } : rest));
  const listed = window.customStrategies.map((each) => ({ ...each, name: each.name, description: each.description }));
  return { title: config.title, views, listed, suggestion: board.getCreateSuggestions(asked) };
}"""


def find_browser() -> str | None:
    """Return the path of an installed Chromium, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a browser gets of a house: the files, and what the registries and states say."""

    files: Mapping[str, bytes]
    urls: list[str]
    hass: Mapping[str, Any]
    registry: Mapping[str, er.RegistryEntry] = field(repr=False)

    def of(self, *platforms: str) -> Mapping[str, Any]:
        """Return the house as it is with only some integrations' devices."""
        entities = {key: each for key, each in self.hass["entities"].items() if each["platform"] in platforms}
        return {**self.hass, "entities": entities}


async def take(hass: HomeAssistant, client: ClientSessionGenerator, socket: WebSocketGenerator) -> Snapshot:
    """Read it all over HTTP and WebSocket."""
    http, connection = await client(), await socket(hass)

    async def command(name: str) -> Any:
        await connection.send_json_auto_id({"type": name})
        return (await connection.receive_json())["result"]

    display = await command("config/entity_registry/list_for_display")
    kinds = display["entity_categories"]
    entities = {each["ei"]: _entity(each, kinds) for each in display["entities"]}
    devices = {each["id"]: each for each in await command("config/device_registry/list")}
    states = {each["entity_id"]: each for each in await command("get_states")}
    urls = sorted(hass.data[DATA_EXTRA_MODULE_URL].urls)
    files = {}
    for canonical in {each.canonical for each in hass.http.app.router.resources()}:
        if canonical.startswith("/energy_core/") and canonical.endswith(".json"):
            files[canonical] = await (await http.get(canonical)).read()
    for url in urls:
        folder = url.rpartition("/")[0]
        for path in STRATEGY.iterdir():
            files[f"{folder}/{path.name}"] = await (await http.get(f"{folder}/{path.name}")).read()
    registry = dict(er.async_get(hass).entities)
    house = {"entities": entities, "devices": devices, "states": states, "language": "en", "answers": {}}
    return Snapshot(files=files, urls=urls, hass=house, registry=registry)


def _entity(short: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    category = short.get("ec")
    long = {name: short.get(key) for key, name in LONG.items()}
    return long | {"entity_category": None if category is None else kinds[str(category)]}


@contextmanager
def opened(browser: str, files: Mapping[str, bytes]) -> Iterator[Page]:
    """Open an empty page that gets these files, and nothing else."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/":
            route.fulfill(body="<!doctype html>", content_type="text/html")
        elif path in files:
            kind = "text/javascript" if path.endswith(".js") else "application/json"
            route.fulfill(body=files[path], content_type=kind)
        else:
            route.fulfill(status=404, body="")

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        try:
            page = chromium.new_page()
            page.route("**/*", answer)
            page.goto(f"{ORIGIN}/")
            yield page
        finally:
            chromium.close()


def generate(
    page: Page, urls: list[str], hass: Mapping[str, Any], *, kind: str = "energy-core", **changes: Any
) -> dict[str, Any]:
    """Return what the strategy makes of a house, in the language of ``changes``."""
    page.goto(f"{ORIGIN}/")
    made: dict[str, Any] = page.evaluate(GENERATE, {"urls": urls, "hass": {**hass, **changes}, "type": kind})
    return made


def shown(tree: Any) -> set[str]:
    """Return every entity id in a configuration."""
    if isinstance(tree, list):
        return set().union(*map(shown, tree)) if tree else set()
    if not isinstance(tree, dict):
        return set()
    own = {value for key, value in tree.items() if key == "entity" and isinstance(value, str)}
    listed = {each for key in ("entities", "entity_id") for each in _strings(tree.get(key))}
    return own.union(listed, *map(shown, tree.values()))


def _strings(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def headings(view: Mapping[str, Any]) -> list[str]:
    """Return the headings of a view, from top to bottom."""
    return [card["heading"] for section in view["sections"] for card in section["cards"] if card["type"] == "heading"]


def text_of(tree: Any) -> str:
    """Return a configuration as text."""
    return json.dumps(tree, ensure_ascii=False)
