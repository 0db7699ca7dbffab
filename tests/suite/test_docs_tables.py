"""The tables of entities on the pages of the devices: every entity is there, under its name, and as it is from the start."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
import re
from typing import Any

import pytest

from release.readme import PAGES
from tests.hassfest_rules import descriptions
from tests.source_tree import Integration, integrations
from tests.suite.pages import Page, page, spans
from tests.translation_guard import our_texts

EACH = pytest.mark.parametrize("integration", integrations(), ids=str)
# Pages beside that of the device, which tell of the entities of its loops.
LOOPS = {
    "enphase_envoy": "docs/surplus_levels.md",
    "titan_izypower": "docs/zero_export.md",
    "v2c_cloud": "docs/solar_charging.md",
}
# Keys that a page writes in another way: the sensor whose unique id is the serial number alone.
OTHERWISE = {"inverters": "{inv}"}


@dataclass(frozen=True)
class Known:
    """An entity as the code has it."""

    platform: str
    key: str
    name: str
    on: bool
    units: frozenset[str]


@cache
def known(integration: Integration) -> tuple[Known, ...]:
    """Return every entity that an integration can have."""
    texts = integration.json("translations/en.json")["entity"]
    return tuple(
        Known(
            platform,
            each.key,
            re.sub(r"\{number\}", "N", texts.get(platform, {}).get(each.translation_key, {}).get("name", "")),
            each.entity_registry_enabled_default,
            units_of(each),
        )
        for platform, found in descriptions(integration).items()
        for each in found
    )


def units_of(description: Any) -> frozenset[str]:
    """Return the unit in which a value comes, and the one in which it is shown."""
    point = getattr(description, "point", None)
    comes = getattr(description, "native_unit_of_measurement", None) or getattr(point, "unit", None)
    return frozenset({str(comes or ""), str(getattr(description, "suggested_unit_of_measurement", None) or comes or "")})


def is_loop(integration: Integration, one: Known) -> bool:
    """Tell whether an entity belongs to a loop, which has a page of its own."""
    texts = integration.json("translations/en.json")["entity"].get(one.platform, {})
    key = next((key for key, text in texts.items() if text.get("name") == one.name and key.startswith(LOOP_KEYS)), "")
    return bool(key) or not one.name


LOOP_KEYS = ("loop_", "zero_export", "solar_", "surplus", "activations")


@dataclass(frozen=True)
class Row:
    """A row of a table about one entity."""

    key: str
    told: dict[str, str]


def rows(one: Page) -> Iterator[Row]:
    """Yield the rows of all tables that have a column for keys, and one key in it."""
    for head, *body in one.tables:
        if (column := next((each for each in ("key", "unique id") if each in head), None)) is None:
            continue
        for cells in body:
            told = dict(zip(head, cells, strict=False))
            keys = spans(told[column])
            if len(keys) == 1 or re.fullmatch(r"`\w+` … `_\w+`", told[column]):
                yield Row(re.sub(r"^\{\w+\}_|_[0-5]$|_l1$", "", keys[0]), told)


def problems(integration: Integration, one: Page) -> list[str]:
    """Return what a page says of entities that is not so."""
    found = []
    for row in rows(one):
        there = [each for each in known(integration) if each.key in {row.key, f"{row.key}_l1"}]
        if not there:
            found += [] if re.search(r"[{…]", row.key) else [f"{row.key}: there is no such entity"]
            continue
        for column, given in (
            ("name", {each.name for each in there}),
            ("unit", {unit for each in there for unit in each.units}),
            ("on", {"yes" if each.on else "no" for each in there}),
        ):
            if column in row.told and not agrees(column, row.told[column], given):
                found.append(f"{row.key}: {column} is {sorted(given)}, and not {row.told[column]!r}")
    return found


def agrees(column: str, told: str, given: set[str]) -> bool:
    """Tell whether a cell says one of what is given: names may have a remark behind them."""
    if column == "name":
        plain = re.sub(r"\*\*|L1 … L3", lambda each: "L1" if "…" in each[0] else "", told)
        return any(plain == each or re.match(rf"{re.escape(each)}( \(|, |:)", plain) for each in given if each)
    if column == "unit":
        return told in given or told in {"binary", "your currency"} or not told
    return told in given


@EACH
def test_what_the_tables_say_is_so(integration: Integration) -> None:
    """Names, units, and whether an entity is on from the start."""
    one = page(PAGES[integration.domain])
    assert len(list(rows(one))) > 20
    assert problems(integration, one) == []


@EACH
def test_every_entity_is_on_a_page(integration: Integration) -> None:
    """By its key, a beginning, an end, or a pattern; those of loops by their name, on the page of the loop."""
    words = {
        re.sub(r"^\{\w+\}_", "", each).replace("…", "*").replace("<CT>", "*") for each in page(PAGES[integration.domain]).spans
    }
    loop = page(LOOPS[integration.domain]).text.lower()
    missing = []
    for one in known(integration):
        key = re.sub(r"_l[1-3]$", "_l1", one.key)
        told = any(word in (key, OTHERWISE.get(key)) or matches(key, word) for word in words)
        if not told and not (is_loop(integration, one) and loop_tells(one.name, loop)):
            missing.append(f"{one.platform} {one.key} ({one.name})")
    assert missing == []


def loop_tells(name: str, loop: str) -> bool:
    """Tell whether a page of a loop has a name; numbers that stand together share their first words."""
    return all(word in loop for word in re.findall(r"\w+", name.lower()))


def matches(key: str, word: str) -> bool:
    """Tell whether a word of a page stands for a key."""
    whole = f"of_{key}"  # behind the serial number of its part
    if word.startswith("_"):
        return whole.endswith(word)
    if "*" in word and len(word) > 3:
        return fnmatchcase(key, word) or fnmatchcase(whole, word)
    return re.sub(r"_[0-5]$", "", word) == key


# What Home Assistant itself says, and what stands on other pages.
SAID_BY_OTHERS = {"not compliant"}


def quoted(one: Page) -> list[str]:
    """Return the messages in the first column of the tables of symptoms."""
    found = []
    for head, *body in one.tables:
        if head[0] in {"symptom", "message"}:
            found += [text for cells in body for text in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", cells[0])]
    return found


def is_said(words: str, texts: list[str]) -> bool:
    """Tell whether some text has these words; dots stand for what is left out or filled in."""
    parts = [re.escape(part.strip().lower()) for part in words.split("…") if part.strip()]
    return any(re.search(".*".join(parts), text, re.DOTALL) for text in texts)


def texts_of(integration: Integration) -> list[str]:
    """Return everything that an integration says in English, log lines too."""
    said = [re.sub(r"\{[^}]*\}", "…", text).lower() for text in our_texts()[integration.domain]["en"].values()]
    return said + [module.source.lower() for module in integration.modules()]


@EACH
def test_every_message_of_a_symptom_is_said(integration: Integration) -> None:
    """Who looks for what he sees finds it in these words."""
    found = quoted(page(PAGES[integration.domain]))
    texts = texts_of(integration)
    assert len(found) > 5
    assert [words for words in found if not is_said(words, texts)] == []
    front = [words for words in quoted(page("README.md")) if words not in SAID_BY_OTHERS]
    everywhere = [text for each in integrations() for text in texts_of(each)]
    assert [words for words in front if not is_said(words, everywhere)] == []
    assert not is_said("The battery has exploded", everywhere)


def test_a_wrong_table_is_found() -> None:
    """The checks above can fail."""
    titan = next(each for each in integrations() if each.domain == "titan_izypower")
    head = "| key | name | unit | on |\n|---|---|---|---|\n"
    right = "| `battery_power` | Battery power | W | yes |\n"
    assert problems(titan, Page("x.md", head + right)) == []
    for wrong in (
        "| `battery_pover` | Battery power | W | yes |\n",
        "| `battery_power` | Power of the battery | W | yes |\n",
        "| `battery_power` | Battery power | kW | yes |\n",
        "| `battery_power` | Battery power | W | no |\n",
    ):
        assert len(problems(titan, Page("x.md", head + wrong))) == 1
