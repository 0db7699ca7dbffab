"""What Home Assistant shows of a house with an Enphase gateway."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import SERIAL, account_data, add, meet, settle, start
from tests.enphase_envoy.ha.rig import Hands, drive, everything, find, number, poll, silent, state, states, use

BATTERIES = {"phases": 3, "encharges": 2, "enpower": True, "storage_ct": True}
ENCHARGE = "122000000101"
ENPOWER = "122000000201"
COLLAR = "122000000202"
COMBINER = "122000000203"
INVERTER = "482000000001"
ACB = "482000001001"
QRELAY = "482000002001"

# The entities of a metered site on one phase, of two inverters, by the key of their unique ids.
SITE = {
    *("production", "daily_production", "seven_days_production", "lifetime_production"),
    *("consumption", "daily_consumption", "seven_days_consumption", "lifetime_consumption"),
    *("import_power", "daily_import", "seven_days_import", "export_power", "daily_export", "seven_days_export"),
    *("daily_net_consumption", "seven_days_net_consumption"),
    *("net_consumption", "lifetime_net_consumption", "lifetime_net_production"),
    *("production_ct_power", "production_ct_energy_delivered", "production_ct_energy_received"),
}
GATEWAY = {
    *("inverter_count", "inverters_silent", "battery_count", "token_expires", "token_role"),
    *("cloud", "rescan", "renew_token"),
}


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """No task may be left when a test of this file is over."""
    return False


def keys(hass: HomeAssistant, owner: str, *, enabled: bool = True) -> set[str]:
    """Return what the unique ids of the entities of one device have behind its serial number."""
    found = [each for each in er.async_get(hass).entities.values() if each.platform == DOMAIN]
    shown = [each for each in found if (each.disabled_by is None) is enabled]
    return {each.unique_id.removeprefix(owner).removeprefix("_") for each in shown if each.unique_id.startswith(owner)}


def tree(hass: HomeAssistant) -> dict[str, str | None]:
    """Return each device's identifier, and that of the device that it hangs on."""
    registry = dr.async_get(hass)
    ours = [each for each in registry.devices if next(iter(each.identifiers))[0] == DOMAIN]
    names = {each.id: next(iter(each.identifiers))[1] for each in ours}
    return {names[each.id]: names.get(each.via_device_id or "") for each in ours}


async def load(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, *, whole: bool = False) -> Any:
    """Load the entry of a gateway with everything that it has; the ``whole`` of it is shown, too."""
    with everything() if whole else nullcontext():
        entry = await start(hass, account_data(sim, cloud))
        await poll(hass, entry)
    await poll(hass, entry)
    return entry


def state_or_none(hass: HomeAssistant, key: str) -> str | None:
    """Return a state, None without one."""
    found = find(hass, f"{SERIAL}_{key}")
    now = hass.states.get(found.entity_id) if found else None
    return now.state if now else None


# What there is


async def test_a_metered_site_on_one_phase(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Just what means something there, the rest for who wants it; nothing of batteries, phases or generators."""
    await load(hass, sim, cloud)
    assert keys(hass, SERIAL) == SITE | GATEWAY
    assert keys(hass, INVERTER) == {"", "communicating"}
    hidden = keys(hass, SERIAL, enabled=False)
    assert {"balanced_net_consumption", "lifetime_balanced_net_consumption", "voltage", "frequency", "firmware"} <= hidden
    assert not [key for key in hidden if key.endswith(("_l1", "_l2", "_l3"))]
    assert not [key for key in hidden if "battery" in key or "generator" in key]
    assert {"max_reported", "dc_voltage", "energy_today", "temperature", "last_reported"} <= keys(hass, INVERTER, enabled=False)
    assert tree(hass) == {SERIAL: None, INVERTER: SERIAL, "482000000002": SERIAL}


async def test_three_phases_with_batteries(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Phases are there and off; batteries and what switches are devices of their own."""
    sim.change(**BATTERIES)
    await load(hass, sim, cloud)
    shown = keys(hass, SERIAL)
    battery = {
        *("battery_power", "battery_state", "daily_battery_charged", "daily_battery_discharged", "battery_discharge"),
        *("battery_level", "reserve_soc", "available_energy", "reserve_energy", "max_capacity", "state_of_health"),
        *("lifetime_battery_charged", "lifetime_battery_discharged"),
    }
    assert shown == SITE | GATEWAY | battery | {"house_consumption"}
    hidden = keys(hass, SERIAL, enabled=False)
    for phase in ("l1", "l2", "l3"):
        assert {f"{key}_{phase}" for key in SITE} <= hidden
        assert f"house_consumption_{phase}" not in hidden
    contacts = {"NC1": ENPOWER, "NC2": ENPOWER, "NO1": ENPOWER, "NO2": ENPOWER}
    inverters = {INVERTER: SERIAL, "482000000002": SERIAL}
    assert tree(hass) == {SERIAL: None, ENPOWER: SERIAL, ENCHARGE: SERIAL, "122000000102": SERIAL} | inverters | contacts
    assert keys(hass, ENCHARGE) == {
        *("soc", "real_power_mw", "apparent_power_mva", "max_power", "charge_status", "temperature"),
        *("max_cell_temperature", "last_reported", "communicating", "dc_switch", "provisioned", "producing"),
    }
    plain = {key for key in keys(hass, ENPOWER) if not key.startswith("relay_")}
    assert plain == {
        *("temperature", "last_reported", "communicating", "mains_oper_state", "mains_admin_state"),
        *("storage_mode", "reserve_soc", "charge_from_grid", "optimised_schedules"),
    }
    assert {key for key in keys(hass, ENPOWER) if key.startswith("relay_NC1_")} == {
        f"relay_NC1_{key}"
        for key in ("relay_status", "mode", "grid_action", "microgrid_action", "generator_action", "soc_low", "soc_high")
    }


@pytest.mark.parametrize("profile", ["7.3", "7.6", "8.2", "8.3", "8.3.5433"])
async def test_no_generator_where_there_is_none(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, profile: str
) -> None:
    """The gateway answers for one all the same; ``present`` says nothing, the state of a real one is known."""
    sim.change(profile=profile)
    await load(hass, sim, cloud)
    everything = keys(hass, SERIAL) | keys(hass, SERIAL, enabled=False)
    assert [key for key in everything if "generator" in key] == []
    sim.change(generator=True)
    entry = hass.config_entries.async_entries(DOMAIN)[0]
    await use(hass, "button", "press", "rescan")
    await poll(hass, entry)
    assert state(hass, "generator_running").state == "off"
    assert number(hass, "generator_start_level") == 30


@pytest.mark.parametrize("profile", ["3.9", "5.0"])
async def test_old_firmware_without_meters(hass: HomeAssistant, profile: str) -> None:
    """Production and inverters; nothing that could never have a value."""
    async with EnvoySimulator(serial=SERIAL, profile=profile, inverters=2) as sim:
        sim.house.pv_w = 1000
        entry = await add(hass, await meet(hass, sim.address))
        await poll(hass, entry)
        production = {"production", "daily_production", "seven_days_production", "lifetime_production"}
        found = keys(hass, SERIAL) & (SITE | {"house_consumption", "battery_power"})
        assert found == production
        assert number(hass, "production") == pytest.approx(1.0, abs=0.01)
        assert float(state(hass, f":{INVERTER}", "sensor").state) == pytest.approx(500, rel=0.1)


async def test_no_consumption_meter(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Nothing of the grid, also with a battery, of which the house could be guessed wrongly."""
    sim.change(consumption_ct=False, encharges=1)
    await load(hass, sim, cloud)
    everything = keys(hass, SERIAL) | keys(hass, SERIAL, enabled=False)
    assert not [key for key in everything if "consumption" in key or "import" in key or "export_power" in key]
    assert state(hass, "battery_power").state not in ("unknown", "unavailable")


async def test_devices(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Names, models and identifiers are core's; each hangs on what it hangs on in the house."""
    sim.change(encharges=1, collar=True, c6_combiner=True, qrelay=True, acbs=2, phases=3)
    entry = await load(hass, sim, cloud)
    assert tree(hass) == {
        SERIAL: None,
        **dict.fromkeys((INVERTER, "482000000002", ENCHARGE, COLLAR, COMBINER, QRELAY), SERIAL),
        f"{SERIAL}_acb": SERIAL,
        **dict.fromkeys((ACB, "482000001002"), f"{SERIAL}_acb"),
    }
    registry = dr.async_get(hass)

    def of(identifier: str) -> dr.DeviceEntry:
        found = registry.async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
        assert found is not None
        return found

    gateway = of(SERIAL)
    assert (gateway.name, gateway.model, gateway.manufacturer) == (f"Envoy {SERIAL}", "Envoy, 3 phases", "Enphase")
    assert (gateway.sw_version, gateway.hw_version, gateway.serial_number) == ("8.3.5289", "800-00554-r03", SERIAL)
    assert gateway.configuration_url == f"https://{sim.address}"
    assert (of(ENCHARGE).name, of(ENCHARGE).model) == (f"Encharge {ENCHARGE}", "Encharge")
    assert (of(ENCHARGE).serial_number, of(ENCHARGE).sw_version) == (ENCHARGE, "2.0.6727_rel/22.15")
    assert all(of(each).hw_version for each in (ENCHARGE, COLLAR, COMBINER, QRELAY, ACB))
    assert (of(COLLAR).name, of(COLLAR).model) == (f"Collar {COLLAR}", "IQ Meter Collar")
    assert of(f"{SERIAL}_acb").name == f"ACB {SERIAL}"


# What it says


async def test_powers(hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands) -> None:
    """By day the roof feeds the house and the grid, by night the grid feeds the house; halves are never negative."""
    timed.house.soc = 100
    timed.house.pv_w, timed.house.load_w = 5000, 1200
    hands.tick(60)
    entry = await load(hass, timed, cloud)
    assert number(hass, "production") == 5.0
    assert number(hass, "net_consumption") == -3.8
    assert number(hass, "consumption") == 1.2
    assert (number(hass, "import_power"), number(hass, "export_power")) == (0, 3.8)
    drive(entry, hands)
    timed.house.pv_w, timed.house.load_w = 0, 12_000
    hands.tick(600)
    await poll(hass, entry)
    powers = timed.model.powers
    assert powers.net > 5000
    assert number(hass, "production") == 0
    assert number(hass, "import_power") == pytest.approx(powers.net / 1000, abs=0.002)
    assert number(hass, "export_power") == 0
    for key in ("production", "consumption", "import_power", "net_consumption"):
        shown = state(hass, key).attributes
        assert (shown["unit_of_measurement"], shown["state_class"], shown["device_class"]) == ("kW", "measurement", "power")


async def test_energies_of_the_day(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands
) -> None:
    """Each hour adds what flowed, midnight begins anew, and the day before is part of the week."""
    timed.house.soc = 100
    timed.house.pv_w, timed.house.load_w = 3000, 1000
    entry = await load(hass, timed, cloud)
    drive(entry, hands)
    before = {key: number(hass, key) for key in ("daily_production", "lifetime_production", "lifetime_net_production")}

    async def live(hours: int) -> None:
        for _ in range(hours * 6):
            hands.tick(600)
            await poll(hass, entry)

    await live(2)
    assert number(hass, "daily_production") - before["daily_production"] == pytest.approx(6, abs=0.01)
    assert number(hass, "daily_export") == pytest.approx(4, abs=0.01)
    assert number(hass, "daily_import") == 0
    assert number(hass, "daily_net_consumption") == pytest.approx(-4, abs=0.02)
    assert number(hass, "daily_consumption") == pytest.approx(2, abs=0.02)
    assert number(hass, "lifetime_production") - before["lifetime_production"] == pytest.approx(0.006, abs=1e-5)
    assert number(hass, "lifetime_net_production") - before["lifetime_net_production"] == pytest.approx(0.004, abs=1e-5)
    timed.house.pv_w = 0
    timed.house.soc = 0
    await live(10)
    assert dt_util.now().hour == 0
    assert number(hass, "daily_production") == 0
    await live(1)
    bought = timed.model.today.imported / 1000
    assert bought > 0.5
    assert number(hass, "daily_import") == pytest.approx(bought, abs=0.01)
    assert number(hass, "daily_export") == 0
    # What the gateway says of the week it has counted itself; ours is not a week old.
    assert number(hass, "seven_days_production") >= 6
    assert state(hass, "seven_days_import").state == "unknown"


async def test_phases_add_up(hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands) -> None:
    """Each phase has its own power and its own day."""
    timed.change(phases=3, phase_shares=(0.5, 0.3, 0.2))
    timed.house.soc = 100
    timed.house.pv_w, timed.house.load_w = 3000, 1000
    entry = await load(hass, timed, cloud, whole=True)
    drive(entry, hands)
    for _ in range(6):
        hands.tick(600)
        await poll(hass, entry)
    for key, digits in (("production", 0.002), ("consumption", 0.002), ("export_power", 0.002), ("daily_export", 0.005)):
        parts = [number(hass, f"{key}_l{phase}") for phase in (1, 2, 3)]
        assert sum(parts) == pytest.approx(number(hass, key), abs=digits), key
        assert parts[0] > parts[1] > parts[2], key
    assert number(hass, "voltage") == pytest.approx(690)
    assert number(hass, "voltage_l1") == pytest.approx(230)
    assert state(hass, "production_l1").name.endswith("L1")


@pytest.mark.parametrize("metered", [True, False])
async def test_batteries(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, metered: bool
) -> None:
    """Power + = discharging, with a storage CT and without; the house is without what the battery takes."""
    timed.change(encharges=2, enpower=True, storage_ct=metered)
    timed.house.soc = 50
    timed.house.pv_w, timed.house.load_w = 4000, 1000
    hands.tick(60)
    entry = await load(hass, timed, cloud)
    drive(entry, hands)
    powers = timed.model.powers
    assert powers.battery < -500
    assert number(hass, "battery_power") == pytest.approx(powers.battery / 1000, abs=0.003)
    assert state(hass, "battery_state").state == "charging"
    assert number(hass, "house_consumption") == pytest.approx(1.0, abs=0.01)
    assert number(hass, "consumption") == pytest.approx(1.0 - powers.battery / 1000, abs=0.01)
    assert number(hass, "battery_level") == pytest.approx(timed.house.soc, abs=1)
    assert number(hass, f":{ENCHARGE}_real_power_mw") == pytest.approx(powers.battery / 2, abs=2)
    assert state(hass, f":{ENCHARGE}_charge_status").state == "charging"
    assert state(hass, f":{ENCHARGE}_producing").state == "off"
    assert number(hass, f":{ENPOWER}_temperature") == pytest.approx(31.1, abs=0.1)
    if metered:
        assert number(hass, "battery_discharge") == number(hass, "battery_power")
    else:
        assert find(hass, f"{SERIAL}_battery_discharge") is None
    timed.house.pv_w = 0
    for _ in range(3):
        hands.tick(600)
        await poll(hass, entry)
    assert number(hass, "battery_power") == pytest.approx(timed.model.powers.battery / 1000, abs=0.003)
    assert state(hass, "battery_state").state == "discharging"
    assert state(hass, f":{ENCHARGE}_producing").state == "on"
    assert number(hass, "house_consumption") == pytest.approx(1.0, abs=0.01)
    if metered:
        assert number(hass, "daily_battery_discharged") == pytest.approx(timed.model.today.discharged / 1000, abs=0.02)


async def test_ac_batteries(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """They are no inverters, and have a device for all of them."""
    sim.change(acbs=2)
    await load(hass, sim, cloud)
    assert find(hass, ACB) is None
    assert number(hass, "inverter_count") == 2
    assert number(hass, f":{ACB}_acb_battery_soc") == 50
    assert state(hass, f":{ACB}_acb_battery_sleep_state").state == "awake"
    assert state(hass, "acb_aggregate_sleep_state").state == "awake"
    assert number(hass, "acb_soc") == 50
    assert number(hass, "acb_available_energy") == pytest.approx(1200, abs=5)


async def test_a_meter_is_taken_out(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """What it told, and what followed from it, is not shown for ever."""
    sim.house.load_w = 15_000
    entry = await load(hass, sim, cloud)
    assert number(hass, "import_power") > 0
    sim.change(consumption_ct=False)
    await poll(hass, entry, 5)
    for key in ("import_power", "consumption", "daily_import", "daily_net_consumption", "net_consumption"):
        assert state_or_none(hass, key) in ("unknown", "unavailable", None), key
    assert number(hass, "production") == 0
    sim.change(consumption_ct=True)
    await poll(hass, entry, 2)
    assert number(hass, "import_power") > 0
    assert number(hass, "net_consumption") > 0


async def test_what_switches(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """A collar, a combiner, a relay of inverters and a generator show how they are."""
    sim.change(encharges=1, collar=True, c6_combiner=True, qrelay=True, generator=True)
    entry = await load(hass, sim, cloud)
    assert state(hass, f":{COLLAR}_grid_state").state == "on_grid"
    assert state(hass, f":{COLLAR}_admin_state_str").state == "on_grid"
    assert state(hass, f":{COLLAR}_mid_state").state == "close"
    assert state(hass, f":{COMBINER}_communicating").state == "on"
    assert state(hass, f":{QRELAY}_relay").state == "closed"
    assert state(hass, "generator_running").state == "off"
    sim.site.extras.generator_mode = "on"
    await poll(hass, entry)
    assert state(hass, "generator_running").state == "on"


async def test_off_the_grid(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The house goes on from its battery, and Home Assistant says so."""
    sim.change(**BATTERIES)
    sim.house.load_w = 800
    entry = await load(hass, sim, cloud)
    assert state(hass, f":{ENPOWER}_mains_oper_state").state == "on"
    sim.site.settings.write_relay({"mains_admin_state": "open"})
    await poll(hass, entry)
    assert state(hass, f":{ENPOWER}_mains_oper_state").state == "off"
    assert state(hass, f":{ENPOWER}_mains_admin_state", "switch").state == "off"
    assert number(hass, "net_consumption") == 0
    assert number(hass, "battery_power") == pytest.approx(0.8, abs=0.01)


async def test_inverters(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Power and best power of each, and everything that young firmware tells of them."""
    sim.house.pv_w = 600
    entry = await load(hass, sim, cloud, whole=True)
    total = sum(number(hass, f":{serial}", "sensor") for serial in (INVERTER, "482000000002"))
    assert total == pytest.approx(600, abs=2)
    assert number(hass, f":{INVERTER}_max_reported") >= number(hass, f":{INVERTER}", "sensor")
    assert number(hass, f":{INVERTER}_ac_voltage") == pytest.approx(230, abs=5)
    assert 10 < number(hass, f":{INVERTER}_temperature") < 60
    seen = datetime.fromisoformat(state(hass, f":{INVERTER}_last_reported").state)
    assert abs(dt_util.utcnow() - seen) < timedelta(minutes=20)
    for key in ("communicating", "provisioned", "producing", "operating"):
        assert state(hass, f":{INVERTER}_{key}").state == "on"
    sim.change(inactive_inverters=1)
    await poll(hass, entry)
    assert "off" in {state(hass, f":{serial}_communicating").state for serial in (INVERTER, "482000000002")}


async def test_the_token(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """When it ends, and for whom it speaks; never what it is."""
    cloud.options.role = "installer"
    await load(hass, sim, cloud)
    ends = datetime.fromisoformat(state(hass, "token_expires").state)
    assert timedelta(hours=11) < ends - dt_util.utcnow() < timedelta(hours=13)
    assert state(hass, "token_role").state == "installer"


# How it is told


async def test_powers_are_reported_with_each_poll(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands
) -> None:
    """Who integrates power needs a report though nothing changed; everything else keeps quiet."""
    timed.house.soc = 100
    entry = await load(hass, timed, cloud)
    drive(entry, hands)
    written = {each.entity_id: each.last_reported for each in hass.states.async_all("sensor")}
    hands.tick(5)
    await entry.runtime_data.async_refresh()
    await settle(hass)
    again = {
        each.entity_id.removeprefix(f"sensor.envoy_{SERIAL}_")
        for each in hass.states.async_all("sensor")
        if each.last_reported > written[each.entity_id]
    }
    powers = {"grid_power", "production_ct_power", "current_production", "current_consumption", "grid_import_power"}
    assert powers <= again
    assert not {key for key in again if "today" in key or "7_days" in key or "token" in key or "inverter" in key}


async def test_nothing_is_unavailable(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """All of it, at once, on a site with everything."""
    sim.change(**BATTERIES, acbs=1, qrelay=True, generator=True, total_ct=False)
    entry = await load(hass, sim, cloud, whole=True)
    await poll(hass, entry, 2)
    assert silent(hass) == set()
    unknown = {key.rpartition("_")[2] for key, now in states(hass).items() if now == "unknown"}
    assert unknown <= {"rescan", "token", "sleep", "wake", "import", "export", "consumption", "l1", "l2", "l3", "database"}
    assert sim.violations == []
    assert sim.most_open == 1
