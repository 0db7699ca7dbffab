"""Whoever speaks French, German, Spanish or Italian sees no English: in the texts, and in what Home Assistant shows of them."""

from collections.abc import AsyncGenerator, Iterator
from datetime import timedelta
import json
import re
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.energy_core.ha.texts import said
from tests.source_tree import COMPONENTS, integrations
from tests.suite.all_three import all_three
from tests.suite.french_words import ALSO, ENGLISH, KEYS_TOLD, LABELS, ON_DASHBOARDS, SAME
from tests.suite.pages import page
from tests.translation_guard import our_texts

LANGUAGES = sorted(SAME)
EACH = pytest.mark.parametrize("domain", [each.domain for each in integrations()])
IN_EACH = pytest.mark.parametrize("language", LANGUAGES)
# Attributes that are data, whatever the language.
DATA = {
    "device_class",
    "mode",
    "state_class",
    "unit_of_measurement",
    "icon",
    "options",
    "entity_picture",
    "event_types",
    "event_type",
}
LOOPS = {"titan_izypower": "zero_export", "v2c_cloud": "solar_charging", "enphase_envoy": "surplus_level"}


def english_in(text: str, language: str) -> list[str]:
    """Return the English words in a text, placeholders and labels apart."""
    plain = re.sub(r"\{[^}]*\}", " ", text)
    for label in LABELS:
        plain = plain.replace(label, " ")
    # A hyphen or an apostrophe parts words: back-up, l'on.
    return sorted((set(re.findall(r"[a-zà-ÿœß]+", plain.lower())) & ENGLISH) - ALSO[language])


# The texts


@EACH
@IN_EACH
def test_no_text_has_an_english_word(domain: str, language: str) -> None:
    """Flows, entities, states, options, actions, errors, repairs."""
    found = {
        key: words
        for key, text in our_texts()[domain][language].items()
        if (words := set(english_in(text, language)) - KEYS_TOLD.get(key, set()))
    }
    assert found == {}


@EACH
@IN_EACH
def test_no_text_is_the_english_one(domain: str, language: str) -> None:
    """Except words that both languages have."""
    english = our_texts()[domain]["en"]
    left = {key: text for key, text in our_texts()[domain][language].items() if text == english[key]}
    assert {key: text for key, text in left.items() if re.search(r"[a-z]", bare(text)) and text not in SAME[language]} == {}


def bare(text: str) -> str:
    """Return a text without its placeholders."""
    return re.sub(r"\{[^}]*\}", "", text).lower()


@IN_EACH
def test_no_dashboard_has_an_english_word(language: str) -> None:
    """The headings of the dashboards that make themselves."""
    texts = json.loads((COMPONENTS / "energy_core/ha/frontend/texts.json").read_text(encoding="utf-8"))
    assert {key: words for key, text in texts[language].items() if (words := english_in(text, language))} == {}
    assert {text for key, text in texts[language].items() if text == texts["en"][key]} == ON_DASHBOARDS[language]


@IN_EACH
def test_no_word_is_excused_in_vain(language: str) -> None:
    """Each word that may be the same is the same somewhere."""
    same = {text for texts in our_texts().values() for key, text in texts[language].items() if text == texts["en"][key]}
    assert SAME[language] <= same


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("La batterie is pleine.", "fr"),
        ("Please réessayez", "fr"),
        ("Die Batterie when voll", "de"),
        ("El valor of la red", "es"),
        ("La rete and la casa", "it"),
        ("Énergie used", "fr"),
    ],
)
def test_an_english_word_is_found(text: str, language: str) -> None:
    """The check above can fail; French that looks English, names and placeholders pass."""
    assert english_in(text, language)
    assert english_in("Charger sur Local API, {from} : surplus", "fr") == []


@EACH
def test_french_is_set_as_the_french_do(domain: str) -> None:
    """Curved apostrophes, and a space before double punctuation."""
    wrong = re.compile(r"\w'\w|[^\s\d](?:[;!?»]|:(?!\w|//))|«\S")
    assert {key: text for key, text in our_texts()[domain]["fr"].items() if wrong.search(text)} == {}


def test_the_french_front_page_is_french() -> None:
    """Its headings, tables and sentences; keys, links and code apart."""
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)|\*not compliant\*|\[English\]|https?:\S+|<[^>]+>", " ", page("README.fr.md").prose)
    prose = re.sub(r"Add-on|Custom repositories|Enphase Envoy|Energy Core", " ", prose)
    assert english_in(prose, "fr") == []


# What Home Assistant shows


@pytest.fixture(params=LANGUAGES)
async def language(request: pytest.FixtureRequest, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[str]:
    """A Home Assistant in one of the languages, with everything in it."""
    hass.config.language = request.param
    async with all_three(hass, monkeypatch, acbs=1, collar=True, c6_combiner=True, qrelay=True):
        yield str(request.param)


def shown(hass: HomeAssistant) -> Iterator[tuple[str, str]]:
    """Yield everything that stands on pages of devices and entities, and what it is."""
    for device in dr.async_get(hass).devices:
        yield "device", device.name or ""
        yield "model", device.model or ""
    for entity in er.async_get(hass).entities.values():
        yield entity.unique_id, entity.original_name or ""
    for state in hass.states.async_all():
        for name, value in state.attributes.items():
            if isinstance(value, str) and name not in DATA:
                yield f"{state.entity_id} {name}", value


async def test_nothing_english_is_shown(hass: HomeAssistant, language: str) -> None:
    """Names of devices, models, names of entities, attributes; sessions in the calendar; names of new loops."""
    found = {(what, text) for what, text in shown(hass) if english_in(text, language)}
    assert found == set()
    now = dt_util.utcnow()
    for calendar in hass.states.async_entity_ids("calendar"):
        component = hass.data["calendar"]
        events = await component.get_entity(calendar).async_get_events(hass, now - timedelta(days=365), now)
        assert [each for one in events for each in english_in(f"{one.summary} {one.description or ''}", language)] == []
    await offers_names(hass, language)


async def offers_names(hass: HomeAssistant, language: str) -> None:
    """A new loop is offered a name of the language: it becomes that of its device."""
    names = {}
    for entry in hass.config_entries.async_entries():
        kind = LOOPS[entry.domain]
        form: Any = await hass.config_entries.subentries.async_init((entry.entry_id, kind), context={"source": SOURCE_USER})
        if form["type"] == "menu":
            form = await hass.config_entries.subentries.async_configure(form["flow_id"], {"next_step_id": "loop"})
        marker = next(each for each in form["data_schema"].schema if each.schema == "name")
        names[kind] = marker.default()
    texts = {domain: each[language] for domain, each in our_texts().items()}
    assert names["zero_export"] == texts["titan_izypower"]["config_subentries.zero_export.entry_type"]
    assert names["solar_charging"] == texts["v2c_cloud"]["config_subentries.solar_charging.entry_type"]
    assert names["surplus_level"] == texts["enphase_envoy"]["common.surplus_level"].format(number=1)
    # Statistics are named when sessions come in; a text that nobody has is its key, as everywhere in Home Assistant.
    charged = texts["v2c_cloud"]["common.session_energy"].format(name="Garage")
    assert said(hass, "v2c_cloud", "common", "session_energy", name="Garage") == charged
    assert said(hass, "v2c_cloud", "common", "nothing") == "nothing"
