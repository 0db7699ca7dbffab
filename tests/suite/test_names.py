"""Names of entities, as they stand on a device page: short enough to be read, and without the name of their device."""

from collections.abc import Iterator
from functools import cache
import json
from typing import Any

import pytest

from tests.hassfest_rules import LANGUAGES, descriptions
from tests.source_tree import Integration, integrations

EACH = pytest.mark.parametrize("integration", integrations(), ids=str)
# What fits beside a value on a card of a device page, in a window of 1280 pixels with the side bar.
SHOWN = 28
# Beside a field to type a number or a time into there is less room.
FIELDS = frozenset({"number", "time"})
FIELD = 20
# What is off from the start may be longer: who looks for it knows what it is.
HIDDEN = 45
# What a current transformer measures, and which of up to eight it is: either alone says too little.
CT = "_ct_"
FILLED = {"phase_name": "L1", "number": "1"}
# What the device pages say already, at their top.
DEVICES = ("titan", "izypower", "trydan", "v2c", "envoy", "enphase")


@cache
def hidden(integration: Integration) -> frozenset[tuple[str, str]]:
    """Return platform and key of each text that only entities use which are off from the start."""
    described = [(platform, each) for platform, found in descriptions(integration).items() for each in found]
    shown = {(platform, each.translation_key or each.key) for platform, each in described if each.entity_registry_enabled_default}
    return frozenset((platform, each.translation_key or each.key) for platform, each in described) - shown


def limit(integration: Integration, platform: str, key: str) -> int:
    """Return how long a name may be."""
    if (platform, key) in hidden(integration) or key.endswith("_phase") or CT in key:
        return HIDDEN
    return FIELD if platform in FIELDS else SHOWN


def names(integration: Integration, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield platform, key and name of each entity, filled in."""
    path = integration.path / "translations" / f"{language}.json"
    entities: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["entity"]
    for platform, texts in entities.items():
        for key, text in texts.items():
            if "name" in text:
                yield platform, key, text["name"].format(**FILLED)


@EACH
@pytest.mark.parametrize("language", LANGUAGES)
def test_names_can_be_read_on_a_device_page(integration: Integration, language: str) -> None:
    """None is cut where its entity is on from the start."""
    long = [
        f"{platform}.{key}: {name!r} has {len(name)} characters, of {most}"
        for platform, key, name in names(integration, language)
        if len(name) > (most := limit(integration, platform, key))
    ]
    assert not long, "\n" + "\n".join(long)


@EACH
@pytest.mark.parametrize("language", LANGUAGES)
def test_names_do_not_repeat_the_device(integration: Integration, language: str) -> None:
    """Home Assistant writes its name before them wherever it is not clear."""
    said = [
        f"{platform}.{key}: {name!r}"
        for platform, key, name in names(integration, language)
        if any(each in name.lower().split() for each in DEVICES)
    ]
    assert not said, "\n" + "\n".join(said)


@EACH
def test_the_limits_see_something(integration: Integration) -> None:
    """A check that looks at nothing protects nothing."""
    found = [(platform, key) for platform, key, _ in names(integration, "en")]
    assert {limit(integration, platform, key) for platform, key in found} == {SHOWN, FIELD, HIDDEN}
    assert hidden(integration) & set(found)
