"""Operating a gateway: batteries, grid, dry contacts, buttons; whole objects on fresh data, believed once they show."""

import asyncio
from contextlib import nullcontext
from copy import deepcopy
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import account_data, data_of, start
from tests.enphase_envoy.ha.rig import Hands, drive, find, number, poll, state, unique, use

ENPOWER = "122000000201"
MODE = f":{ENPOWER}_storage_mode"
RESERVE = f":{ENPOWER}_reserve_soc"
FROM_GRID = f":{ENPOWER}_charge_from_grid"
OPTIMISED = f":{ENPOWER}_optimised_schedules"
GRID = f":{ENPOWER}_mains_admin_state"
CONTACT = f":{ENPOWER}_relay_NC1"
ACBS = ["482000001001", "482000001002"]
SITE = {"encharges": 2, "enpower": True}


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """No task may be left when a test of this file is over."""
    return False


async def load(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, **site: Any) -> Any:
    """Load a gateway with batteries and a system controller."""
    sim.change(**(site or SITE))
    entry = await start(hass, account_data(sim, cloud))
    await poll(hass, entry)
    sim.forget()
    return entry


def storage(sim: EnvoySimulator) -> dict[str, Any]:
    """Return the storage settings as the gateway has them."""
    return sim.site.settings.read_tariff()["tariff"]["storage_settings"]


def fine(sim: EnvoySimulator) -> bool:
    """Tell whether the gateway was treated as it should be."""
    assert sim.violations == []
    assert sim.most_open <= 1
    return True


# Batteries


@pytest.mark.parametrize(("option", "sent"), [("backup", "backup"), ("savings", "economy")])
async def test_storage_mode(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, option: str, sent: str
) -> None:
    """One write of the whole tariff, in which nothing else has changed, read back."""
    entry = await load(hass, sim, cloud)
    before = deepcopy(sim.site.settings.read_tariff()["tariff"])
    assert state(hass, MODE).state == "self_consumption"
    assert set(state(hass, MODE).attributes["options"]) == {"backup", "self_consumption", "savings"}
    await use(hass, "select", "select_option", MODE, option=option)
    assert [(each.method, each.path) for each in sim.writes] == [("PUT", "/admin/lib/tariff")]
    before["storage_settings"]["mode"] = sent
    assert sim.writes[0].body == {"tariff": before}
    assert state(hass, MODE).state == option
    await poll(hass, entry)
    assert state(hass, MODE).state == option
    sim.forget()
    await use(hass, "select", "select_option", MODE, option=option)
    assert sim.writes == []
    assert fine(sim)


async def test_storage_mode_that_the_cloud_plans(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The gateway would take it and drop it (trap 5): it is refused in words, until the plan is switched off."""
    sim.change(opt_schedules=True)
    entry = await load(hass, sim, cloud)
    assert state(hass, OPTIMISED).state == "on"
    with pytest.raises(ServiceValidationError) as caught:
        await use(hass, "select", "select_option", MODE, option="backup")
    assert caught.value.translation_key == "optimised"
    assert sim.writes == []
    sim.change(opt_schedules=None)
    storage(sim)["opt_schedules"] = False
    await poll(hass, entry)
    assert state(hass, OPTIMISED).state == "off"
    await use(hass, "select", "select_option", MODE, option="backup")
    assert state(hass, MODE).state == "backup"
    assert storage(sim)["mode"] == "backup"
    assert fine(sim)


async def test_the_plan_can_be_switched_off(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """A gateway that keeps its plan all the same says so by not showing it: the user hears of it."""
    sim.change(opt_schedules=True)
    await load(hass, sim, cloud)
    with pytest.raises(HomeAssistantError) as caught:
        await use(hass, "switch", "turn_off", OPTIMISED)
    assert caught.value.translation_key == "not_applied"
    assert len(sim.writes) == 1
    assert state(hass, OPTIMISED).state == "on"
    assert fine(sim)


async def test_reserve(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Between 0 and 100 %, in the number and in what the batteries keep."""
    entry = await load(hass, sim, cloud)
    assert (number(hass, RESERVE), number(hass, "reserve_soc")) == (20, 20)
    await use(hass, "number", "set_value", RESERVE, value=35)
    assert storage(sim)["reserved_soc"] == 35
    assert number(hass, RESERVE) == 35
    await poll(hass, entry)
    assert number(hass, "reserve_soc") == 35
    shown = state(hass, RESERVE).attributes
    assert (shown["min"], shown["max"], shown["unit_of_measurement"]) == (0, 100, "%")
    sim.forget()
    for value in (-1, 101):
        with pytest.raises(ServiceValidationError):
            await use(hass, "number", "set_value", RESERVE, value=value)
    assert sim.requests == []
    assert fine(sim)


async def test_charge_from_grid(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """On and off, and the other settings as they were."""
    await load(hass, sim, cloud)
    for verb, value in (("turn_on", True), ("turn_off", False)):
        await use(hass, "switch", verb, FROM_GRID)
        assert storage(sim)["charge_from_grid"] is value
        assert state(hass, FROM_GRID).state == ("on" if value else "off")
    assert storage(sim)["mode"] == "self-consumption"
    assert len(sim.writes) == 2
    assert fine(sim)


async def test_the_tariff_is_read_before_it_is_written(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """What the App changed a moment ago is not undone."""
    await load(hass, sim, cloud)
    storage(sim)["reserved_soc"] = 77
    sim.site.settings.read_tariff()["tariff"]["currency"] = {"code": "CHF"}
    await use(hass, "switch", "turn_on", FROM_GRID)
    assert storage(sim)["reserved_soc"] == 77
    assert sim.site.settings.read_tariff()["tariff"]["currency"] == {"code": "CHF"}
    assert fine(sim)


async def test_without_a_system_controller(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The settings of the batteries are the gateway's, and there is nothing that could leave the grid."""
    await load(hass, sim, cloud, encharges=1)
    await use(hass, "select", "select_option", "storage_mode", option="backup")
    assert storage(sim)["mode"] == "backup"
    assert find(hass, unique(GRID)) is None
    await use(hass, "number", "set_value", "reserve_soc", value=40) if find(hass, unique("reserve_soc"), "number") else None
    assert number(hass, "reserve_soc", "number") == 40


# Grid and contacts


async def test_the_grid(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The main switch: off and on, each once, and the state of the grid follows."""
    entry = await load(hass, sim, cloud)
    await use(hass, "switch", "turn_off", GRID)
    assert [each.body for each in sim.writes] == [{"mains_admin_state": "open"}]
    assert sim.site.settings.off_grid
    assert state(hass, GRID, "switch").state == "off"
    await poll(hass, entry)
    assert state(hass, f":{ENPOWER}_mains_oper_state").state == "off"
    await use(hass, "switch", "turn_on", GRID)
    await poll(hass, entry)
    assert not sim.site.settings.off_grid
    assert state(hass, f":{ENPOWER}_mains_oper_state").state == "on"
    assert len(sim.writes) == 2
    assert fine(sim)


async def test_a_dry_contact(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """It switches, and the others do not."""
    await load(hass, sim, cloud)
    await use(hass, "switch", "turn_on", f"{CONTACT}_relay_status")
    assert [each.body for each in sim.writes] == [{"dry_contacts": {"id": "NC1", "status": "closed"}}]
    assert state(hass, f"{CONTACT}_relay_status").state == "on"
    assert state(hass, f":{ENPOWER}_relay_NC2_relay_status").state == "off"
    assert fine(sim)


@pytest.mark.parametrize(
    ("domain", "service", "key", "given", "field", "sent"),
    [
        ("select", "select_option", "mode", {"option": "battery"}, "mode", "soc"),
        ("select", "select_option", "grid_action", {"option": "schedule"}, "grid_action", "schedule"),
        ("select", "select_option", "microgrid_action", {"option": "powered"}, "micro_grid_action", "apply"),
        ("select", "select_option", "generator_action", {"option": "none"}, "gen_action", "none"),
        ("number", "set_value", "soc_low", {"value": 25}, "soc_low", 25),
        ("number", "set_value", "soc_high", {"value": 85}, "soc_high", 85),
    ],
)
async def test_what_a_contact_does_by_itself(
    hass: HomeAssistant,
    sim: EnvoySimulator,
    cloud: EnphaseCloudSimulator,
    domain: str,
    service: str,
    key: str,
    given: dict[str, Any],
    field: str,
    sent: Any,
) -> None:
    """The whole object goes back, with just this changed; a partial one crashes the gateway."""
    await load(hass, sim, cloud)
    before = deepcopy(sim.site.settings.contact_settings["NC1"])
    others = deepcopy(sim.site.settings.contact_settings["NC2"])
    await use(hass, domain, service, f"{CONTACT}_{key}", **given)
    assert [each.path for each in sim.writes] == ["/ivp/ss/dry_contact_settings"]
    assert sim.writes[0].body == {"dry_contacts": before | {field: sent}}
    assert sim.site.settings.contact_settings["NC2"] == others
    shown = state(hass, f"{CONTACT}_{key}").state
    assert shown == given.get("option", shown)
    assert float(shown) == given["value"] if "value" in given else True
    assert fine(sim)


async def test_levels_of_a_contact_do_not_cross(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Off at 30 %, on at 70 %: the first stays below the second."""
    await load(hass, sim, cloud)
    for key, value in (("soc_low", 80), ("soc_low", 70), ("soc_high", 20)):
        with pytest.raises(ServiceValidationError) as caught:
            await use(hass, "number", "set_value", f"{CONTACT}_{key}", value=value)
        assert caught.value.translation_key == "levels_crossed"
    assert sim.writes == []
    assert number(hass, f"{CONTACT}_soc_low") == 30


# What goes wrong


@pytest.mark.parametrize("kind", ["500", "503", "html", "401", "reset"])
async def test_a_write_that_fails(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str) -> None:
    """The user hears of it in words, it is not sent again and again, and the state is what the gateway has."""
    entry = await load(hass, sim, cloud)
    sim.fail("/ivp/ensemble/relay", kind)
    # Where the connection broke, the order was carried out all the same.
    with nullcontext() if kind == "reset" else pytest.raises(HomeAssistantError) as caught:
        await use(hass, "switch", "turn_off", GRID)
    if caught is not None:
        assert caught.value.translation_key
        assert caught.value.translation_domain == "enphase_envoy"
    sim.heal()
    assert len(sim.writes) <= 2
    await poll(hass, entry)
    assert state(hass, GRID, "switch").state == ("off" if sim.site.settings.mains_wanted == "open" else "on")
    assert fine(sim)


async def test_a_write_that_is_ignored(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """200, and nothing has changed: an error, and the truth."""
    await load(hass, sim, cloud)
    sim.fail("/ivp/ensemble/relay", "object")
    with pytest.raises(HomeAssistantError) as caught:
        await use(hass, "switch", "turn_off", GRID)
    assert caught.value.translation_key == "not_applied"
    assert state(hass, GRID, "switch").state == "on"
    assert len(sim.writes) == 1


async def test_a_tariff_that_cannot_be_read(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Nothing is written blindly."""
    await load(hass, sim, cloud)
    for kind in ("null", "object", "html", "503"):
        sim.fail("/admin/lib/tariff", kind)
        with pytest.raises(HomeAssistantError):
            await use(hass, "number", "set_value", RESERVE, value=50)
        sim.heal()
    assert sim.writes == []


async def test_a_session_that_ended(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """A command does not mind."""
    await load(hass, sim, cloud)
    sim.forget_sessions()
    await use(hass, "switch", "turn_off", GRID)
    assert state(hass, GRID, "switch").state == "off"
    assert not cloud.calls


# AC batteries and buttons


async def test_ac_batteries_sleep(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """At the chosen charge, all of them, and awake again; choosing alone sends nothing, and is remembered."""
    entry = await load(hass, sim, cloud, acbs=2)
    assert state(hass, "acb_sleep_soc").state == "95-100"
    await use(hass, "select", "select_option", "acb_sleep_soc", option="25-30")
    assert sim.writes == []
    await use(hass, "button", "press", "acb_sleep")
    (sent,) = sim.writes
    assert (sent.method, sent.path) == ("PUT", "/admin/lib/acb_config")
    assert sent.body == {"acb_sleep": [{"serial_num": acb, "sleep_min_soc": 25, "sleep_max_soc": 30} for acb in ACBS]}
    await poll(hass, entry)
    assert state(hass, "acb_aggregate_sleep_state").state in ("going_to_sleep", "asleep")
    assert state(hass, f":{ACBS[0]}_acb_battery_sleep_soc_target").state == "25-30"
    await hass.config_entries.async_reload(entry.entry_id)
    await poll(hass, entry)
    assert state(hass, "acb_sleep_soc").state == "25-30"
    await use(hass, "button", "press", "acb_wake")
    assert sim.writes[-1].method == "DELETE"
    assert sim.writes[-1].body == {"acb_sleep": [{"serial_num": acb} for acb in ACBS]}
    await poll(hass, entry)
    assert state(hass, "acb_aggregate_sleep_state").state in ("waking", "awake")
    assert fine(sim)


async def test_ac_batteries_that_do_not_answer(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """A failed order is an error in words."""
    await load(hass, sim, cloud, acbs=1)
    sim.fail("/admin/lib/acb_config", "503")
    with pytest.raises(HomeAssistantError) as caught:
        await use(hass, "button", "press", "acb_sleep")
    assert caught.value.translation_key == "http_status"


async def test_renew_token(hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands) -> None:
    """One login; twice in a row the user is told to wait; a cloud that is away is named."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    old = entry.data["token"]
    await use(hass, "button", "press", "renew_token")
    assert cloud.logins == 1
    assert entry.data["token"] == cloud.issued[-1] != old
    with pytest.raises(ServiceValidationError) as caught:
        await use(hass, "button", "press", "renew_token")
    assert caught.value.translation_key == "token_renewal_paused"
    assert cloud.logins == 1
    hands.tick(1000)
    cloud.outage = 503
    with pytest.raises(HomeAssistantError) as failed:
        await use(hass, "button", "press", "renew_token")
    assert failed.value.translation_key == "cloud_unavailable"
    await poll(hass, entry)
    assert state(hass, "production").state not in ("unavailable", "unknown")


async def test_a_token_by_hand_has_no_button(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Nobody but the user can renew it."""
    await start(hass, data_of(sim, token=cloud.token(), use_manual_token=True))
    assert find(hass, unique("renew_token")) is None
    assert find(hass, unique("rescan")) is not None


async def test_rescan(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """What was not there is looked for again, also while everything is silent."""
    entry = await load(hass, sim, cloud, inverters=2)
    entry.runtime_data.device.local.health.absent.add("device_data")
    await use(hass, "button", "press", "rescan")
    await poll(hass, entry)
    assert not entry.runtime_data.device.local.health.absent
    await sim.stop()
    await poll(hass, entry, 3)
    assert state(hass, "production").state == "unavailable"
    await sim.start()
    await use(hass, "button", "press", "rescan")
    assert state(hass, "production").state not in ("unavailable", "unknown")


async def test_unloaded_in_the_middle(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """An entry that is loaded anew lets go of its connection while something is asked: no traceback, but a word."""
    entry = await load(hass, sim, cloud)
    sim.change(response_delay=0.02)
    caplog.clear()
    looking = hass.async_create_task(use(hass, "button", "press", "rescan"))
    await asyncio.sleep(0.03)
    await hass.config_entries.async_unload(entry.entry_id)
    await looking
    assert not [each.getMessage() for each in caplog.records if each.exc_info and each.name != "asyncio"]
    assert not [each.getMessage() for each in caplog.records if "Unexpected" in each.getMessage()]
