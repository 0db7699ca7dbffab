"""Details of inverters: of all on small sites, on large ones of those that somebody has."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.enphase_envoy.const import DOMAIN
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import SERIAL, data_of, loaded, settle, start

# Firmware of before tokens: no account is in the way.
PROFILE = "5.0"
# Of each inverter, on this firmware: its power, also whether it is heard of; and 16 that begin disabled.
POWER, SHOWN, QUIET = 1, 2, 16


def of_inverters(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """Return what is registered of inverters."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return [each for each in found if not each.unique_id.startswith(SERIAL)]


async def begun(hass: HomeAssistant, sim: EnvoySimulator, **options: str) -> MockConfigEntry:
    """Load a gateway for the first time."""
    return await start(hass, data_of(sim, username="installer"), options=options)


@pytest.mark.parametrize(
    ("inverters", "choice", "each"),
    [
        (50, "auto", SHOWN + QUIET),
        (51, "auto", POWER),
        (51, "all", SHOWN + QUIET),
        (3, "none", POWER),
    ],
)
async def test_how_many(hass: HomeAssistant, inverters: int, choice: str, each: int) -> None:
    """Power is always there; the rest goes by the choice and the number of inverters."""
    async with EnvoySimulator(serial=SERIAL, profile=PROFILE, inverters=inverters) as sim:
        entry = await begun(hass, sim, inverter_details=choice)
        found = of_inverters(hass, entry)
        assert len(found) == inverters * each
        assert sum(one.disabled_by is None for one in found) == inverters * min(each, SHOWN)


async def test_nobody_loses_a_history(hass: HomeAssistant) -> None:
    """What Home Assistant's own integration, or an earlier choice, has registered goes on, enabled or not."""
    async with EnvoySimulator(serial=SERIAL, profile=PROFILE, inverters=51) as sim:
        entry = await begun(hass, sim, inverter_details="all")
        registry = er.async_get(hass)
        one, *others = (each for each in of_inverters(hass, entry) if each.unique_id.endswith("_max_reported"))
        registry.async_update_entity(one.entity_id, disabled_by=None)
        registry.async_remove(others[0].entity_id)
        hass.config_entries.async_update_entry(entry, options={})
        await hass.config_entries.async_reload(entry.entry_id)
        await loaded(hass, entry)
        assert hass.states.get(one.entity_id).state not in ("unavailable", "unknown")
        # What was deleted stays away.
        assert len(of_inverters(hass, entry)) == 51 * (SHOWN + QUIET) - 1
        platform_knows = {each.unique_id for each in of_inverters(hass, entry)}
        assert others[0].unique_id not in platform_knows
        heard = [each for each in of_inverters(hass, entry) if each.unique_id.endswith("_communicating")]
        assert len(heard) == 51
        assert {hass.states.get(each.entity_id).state for each in heard} == {"on"}


async def test_none_leaves_what_is_in_use(hass: HomeAssistant) -> None:
    """Who wants none keeps what has been enabled; the rest is not provided any more, and can be deleted."""
    async with EnvoySimulator(serial=SERIAL, profile=PROFILE, inverters=3) as sim:
        entry = await begun(hass, sim)
        one, other, *_ = (each for each in of_inverters(hass, entry) if each.unique_id.endswith("_max_reported"))
        er.async_get(hass).async_update_entity(one.entity_id, disabled_by=None)
        form = await hass.config_entries.options.async_init(entry.entry_id)
        shown = {each.schema: each.default() for each in form["data_schema"].schema}
        await hass.config_entries.options.async_configure(form["flow_id"], shown | {"inverter_details": "none"})
        await settle(hass)
        await loaded(hass, entry)
        coordinator = entry.runtime_data
        assert {one.unique_id} == {each for each in coordinator.details.known if each.endswith("_max_reported")}
        assert hass.states.get(one.entity_id) is not None
        er.async_get(hass).async_update_entity(other.entity_id, disabled_by=None)
        await hass.config_entries.async_reload(entry.entry_id)
        await loaded(hass, entry)
        assert hass.states.get(other.entity_id).state not in ("unavailable", "unknown")


async def test_an_inverter_that_comes_later(hass: HomeAssistant) -> None:
    """It is treated as those before it: with the one that makes them many, the details end."""
    async with EnvoySimulator(serial=SERIAL, profile=PROFILE, inverters=50) as sim:
        entry = await begun(hass, sim)
        before = {each.unique_id for each in of_inverters(hass, entry)}
        sim.options.inverters = 51
        await entry.runtime_data.rescan()
        await settle(hass)
        after = {each.unique_id for each in of_inverters(hass, entry)}
        assert before < after
        assert len(after - before) == POWER
        assert er.async_get(hass).async_get_entity_id("sensor", DOMAIN, (after - before).pop().partition("_")[0])


async def test_who_is_silent_is_told_however_many_there_are(hass: HomeAssistant) -> None:
    """One sensor of the gateway counts the inverters that are not heard of, and names them."""
    async with EnvoySimulator(serial=SERIAL, profile=PROFILE, inverters=51, inactive_inverters=2) as sim:
        entry = await begun(hass, sim)
        sensor = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{SERIAL}_inverters_silent")
        shown = hass.states.get(sensor)
        assert shown.state == "2"
        assert shown.attributes["serial_numbers"] == ["482000000050", "482000000051"]
        sim.options.inactive_inverters = 0
        await entry.runtime_data.rescan()
        await settle(hass)
        shown = hass.states.get(sensor)
        assert (shown.state, shown.attributes["serial_numbers"]) == ("0", [])
