"""How it looks elsewhere: in the dark, on a phone, in French."""

import re

from playwright.sync_api import expect
import pytest

from demo.charger import read_charger
from demo.envoy import read_envoy
from demo.flow import ENVOY, TITAN, V2C
from demo.loops import read_loops
from demo.registry import read_house
from tests.e2e.browser import SIZE
from tests.e2e.language import english_words, texts

PHONE = (390, 844)
# The loops, as their forms proposed to call them; and what comes with a later answer of the cloud, and has its old name so far.
GIVEN = frozenset({"Zero export", "Solar charging", "Water heater", "Mains voltage"})
ADDED = ("test_titan_is_added", "test_charger_is_added_with_an_account", "test_gateway_is_added")
# Whether what is behind everything is nearly black.
DARK = """
(() => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "var(--primary-background-color)";
  const colours = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return colours.every((each) => each < 64);
})()
"""


@pytest.fixture
def night(user):
    """Have the whole system in dark colours."""
    user.page.emulate_media(color_scheme="dark")
    yield
    user.page.emulate_media(color_scheme="light")
    user.page.wait_for_function(f"!{DARK.strip()}")


@pytest.fixture
def phone(user):
    """Look at a phone."""
    user.resize(PHONE)
    yield
    user.resize(SIZE)


@pytest.mark.after(*ADDED)
def test_dark(user, stage, night):
    user.open_device(stage.do(read_house(stage.demo.hass, TITAN)).main["id"])
    user.page.wait_for_function(DARK.strip())
    user.picture("dark")


@pytest.mark.after(*ADDED)
def test_phone(user, stage, phone):
    user.open_device(stage.do(read_charger(stage.demo.hass)).main["id"])
    _fits(user)
    user.picture("phone-device")
    user.begin("Titan", "Titan IzyPower")
    user.reads("Connect your Titan")
    _fits(user)
    user.picture("phone-config_flow")
    user.close()


@pytest.mark.after(*ADDED)
def test_french_is_chosen(user, stage):
    # The names of entities are in the language of the house, everything else in that of the user.
    stage.command("config/core/update", language="fr")
    for domain in (TITAN, V2C, ENVOY):
        entry = stage.command("config_entries/get", domain=domain)[0]["entry_id"]
        stage.do(stage.demo.hass.post(f"/api/config/config_entries/entry/{entry}/reload", {}))
        stage.until(lambda domain=domain: stage.loaded(domain))
    # Battery packs come a few readings later.
    stage.until(lambda: "attery pack" not in str(stage.command("config/device_registry/list")))
    user.go("/profile/localization")
    user.choose("Language", "Fran", "Français")
    expect(user.page.get_by_role("link", name="Paramètres")).to_be_visible()
    # Pages that were open before are kept in the background.
    user.visit("/config")


@pytest.mark.after("test_french_is_chosen")
@pytest.mark.parametrize("domain", [TITAN, V2C, ENVOY])
def test_integration_in_french(user, domain):
    user.go(f"/config/integrations/integration/{domain}")
    expect(user.button("Ajouter", exact=False).first).to_be_visible()
    assert _english(user) == []


@pytest.mark.after("test_french_is_chosen")
@pytest.mark.parametrize("domain", [TITAN, V2C, ENVOY])
def test_devices_in_french(user, stage, domain):
    hass = stage.demo.hass
    reads = {TITAN: lambda: read_house(hass, TITAN), V2C: lambda: read_charger(hass), ENVOY: lambda: read_envoy(hass)}
    house = stage.do(reads[domain]())
    for device in (house.main, *house.parts[:1]):
        user.open_device(device["id"])
        expect(user.page.get_by_role("heading", name=re.compile("Capteurs|Diagnostic")).first).to_be_visible()
        hidden = user.button(re.compile(r"^\+\d"))
        while hidden.count():
            hidden.first.click()
        assert _english(user) == []
    user.picture(f"french-{domain}")


@pytest.mark.after("test_french_is_chosen", "test_zero_export_is_added")
def test_loops_in_french(user, stage):
    for loop in stage.do(read_loops(stage.demo.hass)).values():
        user.open_device(loop.main["id"])
        expect(user.page.get_by_role("heading", name="Contrôles")).to_be_visible()
        assert _english(user) == []


@pytest.mark.after("test_french_is_chosen")
@pytest.mark.parametrize(("domain", "name"), [(TITAN, "Titan IzyPower"), (V2C, "V2C Cloud"), (ENVOY, "Enphase Envoy")])
def test_forms_in_french(user, domain, name):
    steps = texts(domain, "fr")["config"]["step"]
    for choice in steps["user"].get("menu_options", {"": ""}).values():
        user.go("/config/integrations/dashboard")
        user.press("Ajouter une intégration")
        user.page.get_by_placeholder("Rechercher un nom de marque").fill(name)
        user.press(name)
        user.reads(steps["user"]["title"])
        assert _english(user) == []
        if choice:
            user.menu(choice)
        expect(user.button("Valider")).to_be_visible()
        assert _english(user) == []
        user.press("Fermer")


@pytest.mark.after("test_french_is_chosen")
def test_error_in_french(user):
    said = texts(ENVOY, "fr")["config"]
    user.go("/config/integrations/dashboard")
    user.press("Ajouter une intégration")
    user.page.get_by_placeholder("Rechercher un nom de marque").fill("Enphase")
    user.press("Enphase Envoy")
    user.fill(said["step"]["user"]["data"]["host"], "127.0.0.2")
    user.press("Valider")
    user.warned(said["error"]["cannot_connect"])
    user.picture("french-error")
    assert _english(user) == []
    user.press("Fermer")


@pytest.mark.after("test_french_is_chosen")
@pytest.mark.parametrize(("domain", "kind"), [(TITAN, "zero_export"), (V2C, "solar_charging"), (ENVOY, "surplus_level")])
def test_preferences_and_control_in_french(user, domain, kind):
    said = texts(domain, "fr")
    for button, title in (
        ("Configurer", said["options"]["step"]["init"]["description"]),
        (said["config_subentries"][kind]["initiate_flow"]["user"], ""),
    ):
        user.go(f"/config/integrations/integration/{domain}")
        user.button(button).first.click()
        expect(user.button("Fermer").last).to_be_visible()
        user.reads(title or re.compile("."))
        assert _english(user) == []
        user.press("Fermer")
        user.visit("/config")


@pytest.mark.after("test_french_is_chosen")
@pytest.mark.parametrize(
    "action", ["titan_izypower.charge", "v2c_cloud.set_charge_intensity", "enphase_envoy.set_up_energy_dashboard"]
)
def test_actions_in_french(user, action):
    user.go("/config/tools/action")
    expect(user.button("Effectuer une action")).to_be_visible()
    user.choose("Action", action)
    user.reads(texts(action.split(".")[0], "fr")["services"][action.split(".")[1]]["description"])
    assert _english(user) == []
    user.picture(f"french-{action}")


@pytest.mark.after("test_french_is_chosen")
def test_repair_in_french(user, stage):
    serial = stage.simulated()["titan"]["serial"]
    stage.house(options={"serial": "SIM-TITAN-0002"}, reboot=True)
    user.go("/config/repairs")
    title = texts(TITAN, "fr")["issues"]["other_unit"]["title"].format(title="Titan 2400")
    user.reads(title, within=60_000)
    user.page.get_by_text(title).click()
    expect(user.button("Ignorer")).to_be_visible()
    assert _english(user) == []
    user.picture("french-repair")
    stage.house(options={"serial": serial}, reboot=True)


def _english(user):
    """Return what stands in English, but for the names that the user of this story gave in English."""
    return [text for text in english_words(user.page, "fr") if text not in GIVEN]


def _fits(user):
    """See that nothing is wider than the window."""
    assert user.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
