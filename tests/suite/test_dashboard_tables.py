"""The tables that dashboards are generated from: no key, text or role that is not there, and none that is never used."""

from collections.abc import Iterator, Mapping
import hashlib
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.const import EntityCategory
import pytest

from custom_components.energy_core.ha.dashboard import STRATEGY, TABLE, fingerprint
from tests.hassfest_rules import LANGUAGES, descriptions
from tests.source_tree import Integration, integrations

TEXTS: dict[str, dict[str, str]] = json.loads((STRATEGY / "texts.json").read_text(encoding="utf-8"))
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STRATEGY.glob("*.js")))
ROLES = set(re.findall(r"^  (\w+): \{ (?:icon|color)", (STRATEGY / "roles.js").read_text(encoding="utf-8"), re.MULTILINE))
KEY = re.compile(r"[a-z_]+\.[a-z0-9_]+")
# Those that a line of a table may begin with.
WORDS = {"wide", "controls", "choices", "buttons", "gauge", "lines", "calendar", "logbook", "curves", "days"}
# What one kind of line is for.
ONLY: Mapping[str, set[str]] = {
    "controls": {"lock", "number", "select", "switch"},
    "choices": {"select"},
    "buttons": {"button"},
    "gauge": {"sensor"},
    "curves": {"sensor"},
    "days": {"sensor"},
    "calendar": {"calendar"},
    "logbook": {"event"},
}


def table(integration: Integration) -> dict[str, Any]:
    return integration.json(TABLE)


def lines(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each line of a table: its word, and what it is about."""
    for loop in tree["loops"]:
        yield from (next(iter(line.items())) for line in loop["cards"])
    for part in parts(tree):
        yield from (next(iter(line.items())) for line in part["cards"])


def parts(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [part for view in tree["views"] for column in view["columns"] for part in column]


def roles(tree: Mapping[str, Any]) -> set[str]:
    drawn = [set(about.values()) for word, about in lines(tree) if word in {"curves", "days"}]
    return set(tree["house"]).union(*drawn)


def keys(tree: Mapping[str, Any]) -> set[str]:
    """Return every key of an entity, wherever it stands in a table."""
    return {each for each in KEY.findall(json.dumps(tree)) if each.split(".")[0] in PLATFORMS}


PLATFORMS = {"binary_sensor", "button", "calendar", "event", "lock", "number", "select", "sensor", "switch", "time", "update"}


def unknown(tree: Mapping[str, Any], integration: Integration) -> list[str]:
    """Return the keys that no entity has that a person wants to see."""
    shown = {
        f"{platform}.{each.translation_key}"
        for platform, described in descriptions(integration).items()
        for each in described
        if each.entity_category is not EntityCategory.DIAGNOSTIC
    }
    return sorted(keys(tree) - shown)


@pytest.mark.parametrize("integration", integrations(), ids=str)
def test_every_key_is_that_of_an_entity(integration: Integration) -> None:
    """And of none that is for diagnosis only."""
    assert table(integration)["domain"] == integration.domain
    assert unknown(table(integration), integration) == []


@pytest.mark.parametrize("key", ["sensor.no_such_thing", "number.battery_soc", "sensor.grid_voltage"])
def test_a_dead_key_is_found(key: str) -> None:
    """One that is nowhere, one of another platform, one of a diagnostic entity."""
    titan = next(each for each in integrations() if each.domain == "titan_izypower")
    tree = table(titan)
    tree["views"][0]["anchor"].append(key)
    assert unknown(tree, titan) == [key]


@pytest.mark.parametrize("integration", integrations(), ids=str)
def test_lines_are_of_a_kind_that_is_drawn(integration: Integration) -> None:
    """A word that nobody draws would show nothing, and say nothing."""
    for word, about in lines(table(integration)):
        assert word in WORDS
        assert {each.split(".")[0] for each in about} <= ONLY.get(word, PLATFORMS), (word, about)
    assert roles(table(integration)) <= ROLES


def test_the_words_are_those_of_the_strategy() -> None:
    """And every role that it knows is given by some integration."""
    made = re.search(r"const LISTS = \{(.*?)\n\};.*?const GRAPHS = \{(.*?)\n\};", SOURCES, re.DOTALL)
    assert made
    assert set(re.findall(r"^  (\w+)[:,]", made[1] + made[2], re.MULTILINE)) == WORDS
    assert set().union(*(roles(table(each)) for each in integrations())) == ROLES


def test_texts_in_five_languages() -> None:
    """Every text in each of them, and none that is empty."""
    assert set(TEXTS) == set(LANGUAGES)
    for texts in TEXTS.values():
        assert list(texts) == list(TEXTS["en"])
        assert all(text.strip() == text != "" for text in texts.values())


def test_every_text_is_used_and_there() -> None:
    """By a table, or by the strategy, which also asks for those of roles and kinds of views."""
    trees = [table(each) for each in integrations()]
    asked = {part["title"] for tree in trees for part in parts(tree)} | {view["kind"] for tree in trees for view in tree["views"]}
    asked |= set(re.findall(r'(?:text|part)\("(\w+)"', SOURCES)) | set(re.findall(r'"(about_\w+)"', SOURCES))
    drawn = {role for tree in trees for word, about in lines(tree) if word == "days" for role in about.values()}
    named = {role for tree in trees for role in tree["house"]} | drawn
    assert asked | named == set(TEXTS["en"])


def test_the_address_follows_the_content(tmp_path: Path) -> None:
    """So that browsers may keep what they have."""
    one, other = tmp_path / "one.json", tmp_path / "other"
    other.mkdir()
    one.write_text("{}")
    same = other / "one.json"
    same.write_text("{}")
    assert fingerprint(one) == fingerprint(same)
    same.write_text("{ }")
    assert fingerprint(one) != fingerprint(same)


# Of several copies in one browser the highest version draws: what differs must not have the same number.
ENGINES = {1: "24372da0105fd19a"}


def test_another_engine_has_another_version() -> None:
    """Raise ``VERSION`` in ``engine.js`` and add a line above; of versions that were not released, change the line."""
    parts = [path for path in sorted(STRATEGY.iterdir()) if path.name != "main.js" and path.suffix in (".js", ".json")]
    version = re.search(r"VERSION = (\d+)", (STRATEGY / "engine.js").read_text(encoding="utf-8"))
    assert version is not None
    found = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()[:16]
    assert ENGINES | {int(version[1]): found} == ENGINES, found
    assert int(version[1]) == max(ENGINES)
