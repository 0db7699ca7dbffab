"""The front pages: the tables name what is there, every seed feature is in them, and French says what English says."""

from fnmatch import fnmatchcase
from functools import cache
import json
import re
from typing import Any

from homeassistant.util.yaml import parse_yaml
import pytest

from release.readme import PAGES, repository
from tests.hassfest_rules import descriptions
from tests.source_tree import ROOT, Integration, integrations
from tests.suite.pages import Code, Link, Page, page, spans
from tests.suite.seed_features import FEATURES, Feature

ENGLISH, FRENCH = page("README.md"), page("README.fr.md")
EACH = pytest.mark.parametrize("integration", integrations(), ids=str)
FRONT = pytest.mark.parametrize("front", [ENGLISH, FRENCH], ids=str)
# How the folded tables are headed.
SUMMARIES = {"titan_izypower": "Titan IzyPower", "v2c_cloud": "V2C Trydan", "enphase_envoy": "Enphase Envoy"}
# Endings that stand for a whole series of entities.
ENDINGS = {"_l1", "_l2", "_l3"}


# What is there


@cache
def known(integration: Integration) -> frozenset[str]:
    """Return everything that a table may name."""
    found = {each.key for platform in descriptions(integration).values() for each in platform}
    english = integration.json("translations/en.json")
    found |= {f"{integration.domain}.{action}" for action in english.get("services", {})}
    for part in (english["config"], english["options"]):
        for step in part["step"].values():
            found |= set(step.get("data", {}))
            found |= {field for section in step.get("sections", {}).values() for field in section["data"]}
    found |= buses(integration)
    if "inverters" in found:  # the entity whose unique id is the serial number alone
        found.add("{inv}")
    return frozenset(found)


def buses(integration: Integration) -> set[str]:
    """Return the events that it fires on the bus."""
    source = integration.module("const.py").source
    return {f"{integration.domain}{end}" for end in re.findall(r'EVENT_\w+: Final = f"\{DOMAIN\}(\w+)"', source)}


def exists(word: str, there: frozenset[str]) -> bool:
    """Tell whether a word of a table is a key, one of a numbered series, or a pattern that finds some."""
    if "*" in word:
        return any(fnmatchcase(each, word) for each in there)
    return word in there or word in ENDINGS or re.sub(r"_[0-5]$|_l[1-3]$", "", word) in there


def table(front: Page, domain: str) -> str:
    """Return the folded table of one integration."""
    found = re.search(rf"<summary><b>{SUMMARIES[domain]}</b></summary>(.*?)</details>", front.text, re.DOTALL)
    assert found, f"{front} has no table of {domain}"
    return found[1]


@FRONT
@EACH
def test_every_word_of_a_table_exists(front: Page, integration: Integration) -> None:
    """A key that was renamed, or never was, is found here."""
    words = spans(table(front, integration.domain))
    assert len(words) > 40
    assert [word for word in words if not exists(word, known(integration))] == []


@pytest.mark.parametrize("word", ["battery_pover", "pack_soc_9", "titan_izypower.explode", "*_nothing", "nettoyage"])
def test_a_wrong_word_is_found(word: str) -> None:
    """The check above can fail."""
    titan = next(each for each in integrations() if each.domain == "titan_izypower")
    assert not exists(word, known(titan))
    assert exists("pack_soc_3", known(titan))


def lacking(domain: str, text: str, features: tuple[Feature, ...]) -> list[str]:
    """Return what a table does not tell of the features."""
    there = Page("README.md", text)
    words = set(there.spans) | {each.target for each in there.links}
    return [
        f"{each.id} {each.words}: {given}"
        for each in features
        for given in each.gives
        if not any(fnmatchcase(given, word) for word in words)
    ]


@FRONT
@EACH
def test_every_seed_feature_is_in_the_table(front: Page, integration: Integration) -> None:
    """With what gives it, which exists."""
    features = FEATURES[integration.domain]
    assert lacking(integration.domain, table(front, integration.domain), features) == []
    given = {word for each in features for word in each.gives if not word.startswith("docs/")}
    assert [word for word in given if not exists(word, known(integration))] == []


def test_the_list_of_features_is_whole() -> None:
    """As many as the briefs have; each once."""
    for features in FEATURES.values():
        assert len({each.id for each in features}) == len(features)
    ids = {each.id.partition("-")[0] for each in FEATURES["v2c_cloud"]}
    assert ids == {*(f"J{number:02}" for number in range(1, 29)), *(f"C{number:02}" for number in range(1, 24))}
    assert sum(each.id.startswith("C20-") and "P" not in each.id for each in FEATURES["v2c_cloud"]) == 24
    assert sum(each.id.startswith("TV") for each in FEATURES["titan_izypower"]) == 19


def test_a_missing_feature_is_found() -> None:
    """The check above can fail."""
    feature = (Feature("X1", "does it", ("battery_power", "docs/titan.md")),)
    assert lacking("titan_izypower", "| power | `battery_power`, [more](docs/titan.md) |", feature) == []
    assert len(lacking("titan_izypower", "| power | `power` |", feature)) == 2


# Where to get it


@FRONT
@EACH
def test_the_repository_of_each_is_named(front: Page, integration: Integration) -> None:
    """In the table, in the shortcut of HACS, and on its own page: the same that a release makes."""
    address = repository(integration.domain)
    owner, name = address.rsplit("/", 2)[1:]
    assert f"`{address}`" in front.text
    assert f"owner={owner}&repository={name}&category=integration" in front.text
    assert address in (ROOT / PAGES[integration.domain]).read_text(encoding="utf-8")


@FRONT
def test_the_least_version_is_told(front: Page) -> None:
    """The same that HACS is told."""
    least = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))["homeassistant"].removesuffix(".0")
    assert f"Home Assistant {least}" in front.text


# French beside English


def shape(front: Page) -> list[list[tuple[list[str], list[str]]]]:
    """Return what both languages have in common in each row of each table: keys, and where links lead."""
    return [
        [(spans(" ".join(row)), [neutral(each) for each in Page(front.path, " | ".join(row)).links]) for row in rows]
        for rows in front.tables
    ]


def neutral(link: Link) -> str:
    """Return where a link leads, whatever the language: anchors within a page are words of it."""
    target = link.target.replace("README.fr.md", "README.md").replace(".fr.md", ".md")
    return re.sub(r"^#.+", "#", target)


def meant(code: Code) -> Any:
    """Return what a block does, without the words that people read."""
    if code.language != "yaml":
        return code.text
    return unsaid(parse_yaml(code.text))


def unsaid(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: unsaid(value) for key, value in tree.items() if key not in {"alias", "message", "title"}}
    return [unsaid(each) for each in tree] if isinstance(tree, list) else tree


def test_french_has_the_same_headings() -> None:
    """Level by level, and none left in English."""
    assert [level for level, _ in FRENCH.headings] == [level for level, _ in ENGLISH.headings]
    names = {"Energy Core", *SUMMARIES.values()}
    same = {words for _, words in FRENCH.headings} & {words for _, words in ENGLISH.headings}
    assert same <= names


def test_french_has_the_same_tables() -> None:
    """Row by row, with the same keys and the same links."""
    ours, theirs = shape(FRENCH), shape(ENGLISH)
    assert [len(rows) for rows in ours] == [len(rows) for rows in theirs]
    for french, english in zip(ours, theirs, strict=True):
        for mine, yours in zip(french, english, strict=True):
            assert mine == yours


def test_french_has_the_same_links_and_code() -> None:
    """In order; the words in the code may differ."""
    assert [neutral(each) for each in FRENCH.links if each.target != "README.md"] == [
        neutral(each) for each in ENGLISH.links if each.target != "README.fr.md"
    ]
    assert [(each.language, meant(each)) for each in FRENCH.code] == [(each.language, meant(each)) for each in ENGLISH.code]
    assert len(FRENCH.code) >= 3


def test_a_link_to_an_english_page_says_so() -> None:
    """``(en)`` behind it; pages that exist in French are linked instead."""
    for each in FRENCH.links:
        path, _ = FRENCH.leads_to(each.target)
        if each.picture or re.match(r"https?:|#", each.target) or not path.endswith(".md"):
            continue
        translated = path.endswith(".fr.md") or path == "README.md"
        assert translated or each.behind.startswith(" (en)"), each
        assert translated or not (ROOT / path.replace(".md", ".fr.md")).exists(), f"{path} exists in French"


def test_each_leads_to_the_other() -> None:
    """At the top."""
    assert ENGLISH.links[0].target == "README.fr.md"
    assert FRENCH.links[0].target == "README.md"
