"""Setting up zero export in the UI: the unit's own regulation first, any meter otherwise."""

from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
import pytest

from custom_components.titan_izypower.coordinator import TitanConfigEntry
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import add, poll, settle
from tests.titan_izypower.ha.meter import METER, shown

KIND = "zero_export"
FORM: dict[str, Any] = {"name": "Zero export", "grid": METER, "inverted": False, "profile": "strict"}


@pytest.fixture(autouse=True)
def _meter(hass: HomeAssistant) -> None:
    hass.states.async_set(METER, "120", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.temperature", "21", {"unit_of_measurement": "°C"})


async def begin(hass: HomeAssistant, entry: TitanConfigEntry) -> dict[str, Any]:
    """Open the form."""
    manager = hass.config_entries.subentries
    return dict(await manager.async_init((entry.entry_id, KIND), context={"source": SOURCE_USER}))


async def test_the_unit_itself_is_offered_first(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A unit with a linked meter regulates itself better than anybody outside."""
    entry = await add(hass, sim)
    await hass.services.async_call("titan_izypower", "set_realtime_mode", blocking=True)
    result = await begin(hass, entry)
    assert result["type"] == "menu"
    assert result["menu_options"] == ["native", "loop"]
    result = dict(await hass.config_entries.subentries.async_configure(result["flow_id"], {"next_step_id": "native"}))
    assert result["reason"] == "native_on"
    assert sim.house.battery.mode == 1
    assert not entry.subentries


async def test_a_meter_of_home_assistant(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """The loop runs at once, with the target of its profile; one is enough."""
    sim.house.battery.meter_linked = False
    entry = await add(hass, sim)
    result = await begin(hass, entry)
    assert (result["type"], result["step_id"]) == ("form", "loop")
    result = dict(await hass.config_entries.subentries.async_configure(result["flow_id"], FORM))
    assert result["type"] == "create_entry"
    await settle(hass)
    (name, subentry), *_ = entry.subentries.items()
    assert subentry.title == "Zero export"
    assert shown(hass, name, "target") == "30"
    assert (await begin(hass, entry))["reason"] == "already_configured"


async def test_what_is_no_power_is_refused(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A temperature regulates nothing; what was entered is not lost."""
    sim.house.battery.meter_linked = False
    entry = await add(hass, sim)
    flow = (await begin(hass, entry))["flow_id"]
    result = await hass.config_entries.subentries.async_configure(flow, FORM | {"grid": "sensor.temperature"})
    assert result["errors"] == {"grid": "not_a_power"}
    assert (await hass.config_entries.subentries.async_configure(flow, FORM))["type"] == "create_entry"
    await settle(hass)


async def test_changing_it(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Another profile moves the target, unless the user moved it by hand; removing it removes everything."""
    sim.house.battery.meter_linked = False
    entry = await add(hass, sim)
    await hass.config_entries.subentries.async_configure((await begin(hass, entry))["flow_id"], FORM)
    await settle(hass)
    name = next(iter(entry.subentries))
    context = {"source": SOURCE_RECONFIGURE, "subentry_id": name}
    form = await hass.config_entries.subentries.async_init((entry.entry_id, KIND), context=context)  # type: ignore[arg-type]
    changed = FORM | {"name": "At home", "profile": "least_import"}
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], changed)
    assert result["reason"] == "reconfigure_successful"
    await settle(hass)
    assert shown(hass, name, "target") == "-20"
    assert entry.subentries[name].title == "At home"
    states = len(hass.states.async_all())
    assert hass.config_entries.async_remove_subentry(entry, name)
    await settle(hass)
    assert len(hass.states.async_all()) == states - 7
    await poll(hass, entry)
