"""The loops of an entry: which subentries get one."""

from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_core.ha.loops import Loops
from tests.energy_core.ha.test_loop import DOMAIN, METER, Follower


async def test_a_subentry_of_another_kind_has_no_loop(hass: HomeAssistant) -> None:
    """An entry may have subentries for other things than loops, and those of a later version."""
    kinds = {"l1": "follower", "l2": "of a later version"}
    given: dict[str, Any] = {"data": {"grid": METER}, "title": "Loop", "unique_id": None}
    made = tuple(ConfigSubentryData(subentry_id=name, subentry_type=kind, **given) for name, kind in kinds.items())
    entry = MockConfigEntry(domain=DOMAIN, subentries_data=made)
    entry.add_to_hass(hass)
    loops = Loops(hass, entry)
    await loops.load({"follower": lambda subentry, memory: Follower(hass, entry, subentry, memory)})
    assert [loop.subentry.subentry_id for loop in loops] == ["l1"]
