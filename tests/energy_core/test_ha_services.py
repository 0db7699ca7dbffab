"""Actions: whom they mean, and what they say when some of it failed."""

import asyncio

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import area_registry as ar, device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_core.ha.services import run_on_all, targets
from tests.energy_core.ha_unit import DOMAIN


@pytest.fixture
def meant(hass):
    """Return the serials that a call with this data means."""

    async def find(**data):
        found = await targets(ServiceCall(hass, DOMAIN, "charge", data), DOMAIN, "entry")
        return [entry.unique_id for entry in found]

    return find


async def refused(call):
    """Return the key of the refusal that ``call`` ends with."""
    with pytest.raises(ServiceValidationError) as caught:
        await call
    assert caught.value.translation_domain == DOMAIN
    return caught.value.translation_key


class TestTargets:
    """Who is meant."""

    @pytest.fixture
    async def one(self, house):
        return await house.add("SN1", "One")

    @pytest.fixture
    async def two(self, house, one):
        return await house.add("SN2", "Two")

    async def test_the_only_unit_needs_no_name(self, meant, one):
        """With one unit an action without a target means it."""
        assert await meant(power=100) == ["SN1"]

    async def test_of_several_units_one_must_be_named(self, meant, two):
        """Nobody should charge the wrong battery."""
        assert await refused(meant(power=100)) == "target_needed"

    async def test_without_a_unit_nothing_is_loaded(self, meant):
        """An action before the first set-up says so."""
        assert await refused(meant()) == "not_loaded"

    async def test_an_entry_is_meant_by_its_id(self, meant, one, two):
        """One, the other, or both, in the order of their set-up."""
        assert await meant(entry=[two.entry_id]) == ["SN2"]
        assert await meant(entry=[two.entry_id, one.entry_id]) == ["SN1", "SN2"]

    async def test_a_unit_is_meant_by_its_device(self, meant, hass, two):
        """The device page is a target."""
        (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), two.entry_id)
        assert await meant(device_id=[device.id]) == ["SN2"]

    async def test_a_unit_is_meant_by_its_entities(self, meant, house, one, two):
        """Several entities of one unit mean it once."""
        ids = [house.id(Platform.SENSOR, key, "SN2") for key in ("power", "voltage")]
        assert await meant(entity_id=ids) == ["SN2"]
        assert await meant(entity_id=[house.id(Platform.SENSOR, "power", "SN1"), *ids], entry=[two.entry_id]) == ["SN1", "SN2"]

    async def test_a_unit_is_meant_by_its_area(self, meant, hass, two):
        """Everything of ours in the garage."""
        (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), two.entry_id)
        garage = ar.async_get(hass).async_create("Garage")
        dr.async_get(hass).async_update_device(device.id, area_id=garage.id)
        assert await meant(area_id=[garage.id]) == ["SN2"]

    @pytest.mark.parametrize("key", ["entry", "device_id", "entity_id", "area_id", "floor_id", "label_id"])
    async def test_a_target_that_is_none_of_ours_is_refused(self, meant, one, key):
        """A name that nobody knows never means the only unit by accident."""
        name = "sensor.strange" if key == "entity_id" else "strange"
        assert await refused(meant(**{key: [name]})) == "target_not_found"

    async def test_a_unit_of_another_maker_is_none_of_ours(self, meant, hass, one):
        """Another integration's entry is not ours to command."""
        other = MockConfigEntry(domain="other")
        other.add_to_hass(hass)
        assert await refused(meant(entry=[other.entry_id])) == "target_not_found"
        assert await meant(entry=[other.entry_id, one.entry_id]) == ["SN1"]

    async def test_a_unit_that_is_not_loaded_cannot_act(self, meant, hass, one, two):
        """Neither alone nor as one of two: half an action is none."""
        await hass.config_entries.async_unload(two.entry_id)
        assert two.state is ConfigEntryState.NOT_LOADED
        assert await refused(meant(entry=[two.entry_id])) == "not_loaded"
        assert await refused(meant(entry=[one.entry_id, two.entry_id])) == "not_loaded"
        assert await meant(entry=[one.entry_id]) == ["SN1"]


async def gives(value, log=None, after=0):
    """Return ``value`` or raise it, and note when it is done."""
    for _ in range(after):
        await asyncio.sleep(0)
    if log is not None:
        log.append(value)
    if isinstance(value, BaseException):
        raise value
    return value


class TestRunOnAll:
    """Several units at a time."""

    async def test_all_results_come_in_order(self):
        """The slowest first: the answers stand in the order of the units, and nobody waited for the other."""
        log = []
        assert await run_on_all(DOMAIN, [("a", gives(1, log, 2)), ("a", gives(2, log))]) == [1, 2]
        assert log == [2, 1]

    async def test_a_single_failure_of_a_single_unit_is_told_as_it_is(self):
        """With one unit there is no list of failures."""
        error = ServiceValidationError("too much")
        with pytest.raises(ServiceValidationError) as caught:
            await run_on_all(DOMAIN, [("a", gives(error))])
        assert caught.value is error

    async def test_several_failures_are_told_together(self):
        """Each unit that failed by name with its reason, after all have ended, the good ones too."""
        log = []
        runs = [
            ("Garage", gives(HomeAssistantError("silent"))),
            ("Roof", gives("fine", log, 3)),
            ("Shed", gives(ServiceValidationError("too much"))),
        ]
        with pytest.raises(HomeAssistantError) as caught:
            await run_on_all(DOMAIN, runs)
        assert not isinstance(caught.value, ServiceValidationError)
        assert (caught.value.translation_domain, caught.value.translation_key) == (DOMAIN, "several_failed")
        assert caught.value.translation_placeholders == {"errors": "Garage: silent; Shed: too much"}
        assert log == ["fine"]

    async def test_one_failure_among_several_names_its_unit(self):
        """Who failed is said even when only one did."""
        with pytest.raises(HomeAssistantError) as caught:
            await run_on_all(DOMAIN, [("a", gives(1)), ("b", gives(HomeAssistantError("no")))])
        assert caught.value.translation_placeholders == {"errors": "b: no"}

    async def test_a_bug_is_not_dressed_up(self):
        """What is not Home Assistant's error comes out as it is, whoever else failed."""
        with pytest.raises(KeyError):
            await run_on_all(DOMAIN, [("a", gives(HomeAssistantError("no"))), ("b", gives(KeyError("bug")))])

    async def test_nobody_to_run_on_is_no_failure(self):
        """No units, no results."""
        assert await run_on_all(DOMAIN, []) == []
