"""The numbers of the gateway: they are those of the house, on every path and on every phase."""

from datetime import timedelta
import json

import pytest

from simulators.house import House
from tests.simulators.conftest import Clock

WRAP = 1 << 32
SUMS = ("activePower", "apparentPower", "reactivePower", "actEnergyDlvd", "actEnergyRcvd", "current", "voltage")
BLOCK = ("wNow", "whLifetime", "whToday", "whLastSevenDays", "rmsCurrent", "rmsVoltage", "apprntPwr")


@pytest.fixture
def sunny(house: House, clock: Clock) -> House:
    """Give the house with sun and a load, an hour later, and the battery at rest."""
    house.battery.max_charge = house.battery.max_discharge = 0.0
    house.pv_w, house.load_w = 3000.0, 800.0
    clock.now += 3600
    return house


async def test_production_meters_and_grid_are_those_of_the_house(envoy, sunny, clock) -> None:
    gateway = await envoy()
    clock.now += 3600
    produced, exported = sunny.energy.pv, sunny.energy.grid_export
    production, net = (await gateway.get("/ivp/meters/readings"))[:2]
    assert (production["activePower"], net["activePower"]) == (3000.0, -2200.0)
    assert production["actEnergyDlvd"] == pytest.approx(produced.total, abs=0.001)
    assert net["actEnergyRcvd"] == pytest.approx(exported.total, abs=0.001)
    found = await gateway.get("/production.json?details=1")
    inverters, eim = found["production"]
    total, shown_net = found["consumption"]
    assert (eim["measurementType"], total["measurementType"]) == ("production", "total-consumption")
    assert (inverters["wNow"], eim["wNow"], total["wNow"], shown_net["wNow"]) == (3000, 3000.0, 800.0, -2200.0)
    assert eim["whToday"] == pytest.approx(produced.day, abs=0.001) == 6000.0
    assert shown_net["whLifetime"] == pytest.approx(sunny.energy.grid_import.total - exported.total, abs=0.001)
    assert shown_net["whToday"] == shown_net["whLastSevenDays"] == 0
    v1 = await gateway.get("/api/v1/production")
    assert v1 == {
        "wattHoursToday": 6000,
        "wattHoursSevenDays": 6000 + 6 * 9000,
        "wattHoursLifetime": int(produced.total),
        "wattsNow": 3000,
    }
    rows = await gateway.get("/api/v1/production/inverters")
    assert sum(row["lastReportWatts"] for row in rows) == 3000
    assert len({row["lastReportWatts"] for row in rows}) > 2
    assert all(0 <= gateway.sim.model.epoch - row["lastReportDate"] < 420 for row in rows)


@pytest.mark.parametrize("profile", ["5.0", "7.6", "8.2", "8.3"])
@pytest.mark.parametrize("phases", [1, 2, 3])
async def test_phases_add_up(envoy, sunny, profile: str, phases: int) -> None:
    gateway = await envoy(profile=profile, phases=phases, storage_ct=True, encharges=1, metered=True)
    meters = await gateway.get("/ivp/meters")
    modes = {1: "single" if profile == "5.0" else "three", 2: "split", 3: "three"}
    assert {(meter["phaseMode"], meter["phaseCount"]) for meter in meters} == {(modes[phases], phases)}
    for reading in await gateway.get("/ivp/meters/readings"):
        assert len(reading["channels"]) == 3
        for name in SUMS:
            parts = [channel[name] for channel in reading["channels"][:phases]]
            assert reading[name] == pytest.approx(sum(parts), abs=1e-6), name
    found = await gateway.get("/production.json?details=1")
    for entry in (*found["production"][1:], *found["consumption"]):
        assert len(entry["lines"]) == (3 if phases == 3 or (profile == "8.3" and phases == 2) else phases)
        for name in BLOCK:
            assert entry[name] == pytest.approx(sum(line[name] for line in entry["lines"]), abs=0.002), name
    assert found["production"][1]["rmsVoltage"] == {1: 230.0, 2: 240.0, 3: 690.0}[phases]
    plain = await gateway.get("/production.json")
    assert all("lines" not in entry for entry in plain["production"])


async def test_a_battery_is_inside_total_consumption_but_not_inside_the_load(envoy, house, clock) -> None:
    gateway = await envoy(encharges=2, storage_ct=True, phases=3)
    house.pv_w, house.load_w = 2600.0, 600.0
    clock.now += 60
    assert house.battery_w == -1800.0 or house.battery_w < -1000
    charging = house.battery_w
    readings = {reading["eid"]: reading for reading in await gateway.get("/ivp/meters/readings")}
    assert readings[704643840]["activePower"] == pytest.approx(charging)
    total = (await gateway.get("/production.json"))["consumption"][0]
    assert total["wNow"] == pytest.approx(600 - charging)
    power = (await gateway.get("/ivp/ensemble/power"))["devices:"]
    assert sum(device["real_power_mw"] for device in power) == round(charging * 1000)
    assert {device["soc"] for device in power} == {round(house.soc)}
    live = (await gateway.get("/ivp/livedata/status"))["meters"]
    assert (live["load"]["agg_p_mw"], live["storage"]["agg_p_mw"]) == (600_000, round(charging * 1000))
    assert live["grid"]["agg_p_mw"] == live["load"]["agg_p_mw"] - live["pv"]["agg_p_mw"] - live["storage"]["agg_p_mw"]
    assert live["pv"]["agg_p_mw"] == sum(live["pv"][f"agg_p_ph_{letter}_mw"] for letter in "abc")
    encharges = (await gateway.get("/ivp/ensemble/inventory"))[0]["devices"]
    assert {device["led_status"] for device in encharges} == {12}
    sums = await gateway.get("/ivp/ensemble/secctrl")
    assert sums["ENC_agg_avail_energy"] == pytest.approx(house.battery.total_wh * house.soc / 100, abs=1)
    assert sums["Enc_max_available_capacity"] == sum(device["encharge_capacity"] for device in encharges)


async def test_inverters_report_in_their_own_time(envoy, sunny, clock) -> None:
    gateway = await envoy(report_period=900)
    clock.now += 900
    sunny.pv_w = 1000.0
    clock.now += 60
    found = await gateway.get("/production.json")
    assert (found["production"][0]["wNow"], found["production"][1]["wNow"]) == (3000, 1000.0)
    assert gateway.sim.model.epoch - found["production"][0]["readingTime"] == 60
    clock.now += 900
    rows = await gateway.get("/api/v1/production/inverters")
    assert sum(row["lastReportWatts"] for row in rows) == pytest.approx(1000, abs=3)
    assert sum(row["maxReportWatts"] for row in rows) == pytest.approx(3000, abs=6)


async def test_days_and_weeks(envoy, sunny, clock) -> None:
    gateway = await envoy()
    sunny.pv_w = 1000.0
    clock.now += 11 * 3600 - 1
    before = await gateway.get("/api/v1/production")
    clock.now += 3601
    after = await gateway.get("/api/v1/production")
    assert before["wattHoursToday"] == 3000 + 10999
    assert (after["wattHoursToday"], after["wattHoursSevenDays"]) == (1000, 1000 + 14000 + 5 * 9000)
    data = await gateway.get("/ivp/pdm/device_data")
    assert data["704643328"]["channels"][0]["wattHours"] == {"today": 1000, "yesterday": 14000, "week": 60000}
    assert sum(
        row["channels"][0]["wattHours"]["today"] for row in data.values() if isinstance(row, dict) and row["devName"] == "pcu"
    ) in range(990, 1001)


async def test_the_day_may_end_late(envoy, sunny, clock) -> None:
    gateway = await envoy(late_reset=3600)
    sunny.set_time(sunny.now.replace(hour=23, minute=0))
    clock.now += 5400
    assert (await gateway.get("/api/v1/production"))["wattHoursToday"] == 3000 + 4500
    clock.now += 3600
    assert (await gateway.get("/api/v1/production"))["wattHoursToday"] == 1500


async def test_joules_overflow_in_the_sum_or_in_each_inverter(envoy, sunny) -> None:
    gateway = await envoy(profile="7.6", metered=False, production_offset_wh=3e6)
    true = int(sunny.energy.pv.total + 3e6)
    found = (await gateway.get("/production.json"))["production"]
    assert len(found) == 1
    assert (true - found[0]["whLifetime"]) * 3600 == pytest.approx(2 * WRAP, abs=3600)
    assert (await gateway.get("/api/v1/production"))["wattHoursLifetime"] == true
    gateway.sim.change(profile="8.3", inverters=2, production_offset_wh=2.2e6)
    data = await gateway.get("/ivp/pdm/device_data")
    joules = [
        row["channels"][0]["lifetime"]["joulesProduced"]
        for row in data.values()
        if isinstance(row, dict) and row["devName"] == "pcu"
    ]
    assert max(joules) > WRAP
    shown = (await gateway.get("/production.json"))["production"][0]["whLifetime"]
    assert shown == sum(each % WRAP for each in joules) // 3600
    gateway.sim.change(joule_wrap="none")
    assert (await gateway.get("/production.json"))["production"][0]["whLifetime"] == pytest.approx(sum(joules) / 3600, abs=1)


async def test_quirks_of_the_meters(envoy, sunny) -> None:
    gateway = await envoy(profile="8.3.1598")
    sim = gateway.sim
    assert len(await gateway.get("/ivp/meters/readings")) == len(await gateway.get("/ivp/meters")) == 2
    sim.change(profile="8.3", reversed_readings=True)
    readings = await gateway.get("/ivp/meters/readings")
    assert [reading["eid"] for reading in readings] == [1023410688, 704643584, 704643328]
    assert {readings[0][name] for name in SUMS} == {0.0}
    sim.change(flapping=True)
    counts = {(await gateway.get("/production.json"))["production"][1]["activeCount"] for _ in range(4)}
    assert counts == {0, 1}
    sim.change(flapping=False, seven_days_garbage=True)
    found = await gateway.get("/production.json")
    eim, total = found["production"][1], found["consumption"][0]
    assert eim["whLastSevenDays"] == pytest.approx(eim["whLifetime"] - eim["whToday"], abs=0.01)
    assert total["whLastSevenDays"] < total["whToday"]
    sim.change(consumption_ct=False, net_today_zero=False)
    assert [meter["state"] for meter in await gateway.get("/ivp/meters")] == ["enabled", "disabled"]
    total, net = (await gateway.get("/production.json"))["consumption"]
    assert (total["activeCount"], net["activeCount"]) == (0, 0)
    assert total["whToday"] == total["whLifetime"] > 1e6
    assert net["whToday"] != 0


async def test_a_total_consumption_ct_and_its_bug(envoy, sunny) -> None:
    gateway = await envoy(profile="8.3", total_ct=True)
    assert [meter["measurementType"] for meter in await gateway.get("/ivp/meters")] == ["production", "total-consumption"]
    assert (await gateway.get("/ivp/meters/readings"))[1]["activePower"] == 800.0
    total, net = (await gateway.get("/production.json"))["consumption"]
    assert (total["wNow"], net["wNow"]) == (800.0, -2200.0)
    gateway.sim.change(profile="8.3.5433")
    total, net = (await gateway.get("/production.json"))["consumption"]
    assert total["wNow"] == net["wNow"] == -2200.0
    assert total["whLifetime"] == net["whLifetime"]


async def test_gateways_without_meters_or_without_cts(envoy, sunny, clock) -> None:
    gateway = await envoy(metered=False)
    assert await gateway.get("/ivp/meters") == await gateway.get("/ivp/meters/readings") == []
    assert list(await gateway.get("/production.json")) == ["production", "storage"]
    assert (await gateway.get("/api/v1/production"))["wattsNow"] == 3000
    gateway.sim.change(profile="8.3.5422")
    assert set((await gateway.get("/api/v1/production")).values()) == {0}
    gateway.sim.change(profile="7.6", metered=True, production_ct=False, consumption_ct=False)
    assert set((await gateway.get("/api/v1/production")).values()) == {0}
    gateway.sim.change(profile="8.3")
    stalled = await gateway.get("/api/v1/production")
    clock.now += 3600
    assert await gateway.get("/api/v1/production") == stalled
    assert stalled["wattHoursLifetime"] > 0
    assert (await gateway.get("/production.json"))["production"][1]["activeCount"] == 0
    assert (await gateway.get("/production.json"))["production"][0]["wNow"] == 3000


async def test_device_data_and_its_blemishes(envoy, sunny, clock) -> None:
    gateway = await envoy(inverters=12, inactive_inverters=3, qrelay=True)
    sim = gateway.sim
    data = await gateway.get("/ivp/pdm/device_data")
    assert (data["deviceCount"], data["deviceDataLimit"]) == (15, 50)
    rows = [row for row in data.values() if isinstance(row, dict)]
    assert [row["devName"] for row in rows] == ["pcu"] * 12 + ["nsrb", "eim", "eim"]
    dead = [row for row in rows if not row["active"]]
    assert len(dead) == 3
    assert all("joulesProduced" not in row["channels"][0]["lifetime"] for row in dead)
    assert len(await gateway.get("/api/v1/production/inverters")) == 9
    assert data["704643584"]["channels"][0]["watts"]["now"] == WRAP - 2200
    sim.change(underflow=False)
    assert (await gateway.get("/ivp/pdm/device_data"))["704643584"]["channels"][0]["watts"]["now"] == -2200
    sunny.pv_w = 0.0
    sim.change(underflow=True, night_watts=6.0)
    data = await gateway.get("/ivp/pdm/device_data")
    assert all(row["modGone"] for row in data.values() if isinstance(row, dict) and row["devName"] == "pcu")
    assert data["704643328"]["channels"][0]["watts"]["now"] == 4294967292
    clock.now += 3600
    assert (await gateway.get("/ivp/meters/readings"))[0] | {"activePower": -6.0, "actEnergyRcvd": 6.0} == (
        await gateway.get("/ivp/meters/readings")
    )[0]
    sim.change(inverters=250, inactive_inverters=0)
    data = await gateway.get("/ivp/pdm/device_data")
    assert data["deviceCount"] == len(data) - 2 == 50
    assert len(await gateway.get("/api/v1/production/inverters")) == 250
    sim.change(inverters_empty=True)
    assert await gateway.get("/api/v1/production/inverters") == []
    sim.change(inverters=0)
    assert (await gateway.get("/production.json"))["production"][0]["activeCount"] == 0


async def test_inventory(envoy, sunny) -> None:
    gateway = await envoy(
        inverters=4, inactive_inverters=1, deleted_inverters=2, acbs=2, qrelay=True, inverter_serials={1: "482000009999"}
    )
    groups = {group["type"]: group["devices"] for group in await gateway.get("/inventory.json")}
    assert {name: len(devices) for name, devices in groups.items()} == {"PCU": 4, "ACB": 2, "NSRB": 1}
    assert [unit["serial_num"] for unit in groups["PCU"]][:2] == ["482000000001", "482000009999"]
    assert [unit["communicating"] for unit in groups["PCU"]] == [True, True, True, False]
    assert all(unit["last_rpt_date"].isdigit() for unit in groups["PCU"])
    more = (await gateway.get("/inventory.json?deleted=1"))[0]["devices"]
    assert [unit["admin_state"] for unit in more] == [1, 1, 1, 1, 0, 0]
    rows = await gateway.get("/api/v1/production/inverters")
    assert [row["devType"] for row in rows] == [1, 1, 1, 11, 11]


async def test_ac_batteries_carry_the_battery_when_they_are_alone(envoy, house, clock) -> None:
    house.load_w = 500.0
    clock.now += 60
    gateway = await envoy(acbs=2)
    storage = (await gateway.get("/production.json"))["storage"][0]
    assert storage | {"activeCount": 2, "wNow": 500, "state": "discharging", "percentFull": round(house.soc)} == storage
    sums = await gateway.get("/ivp/ensemble/secctrl")
    assert (sums["ACB_agg_soc"], sums["Max_energy"], sums["Enc_max_available_capacity"]) == (round(house.soc), 2400, 0)
    data = await gateway.get("/ivp/pdm/device_data")
    acbs = [row["channels"][0] for row in data.values() if isinstance(row, dict) and row["devName"] == "acb"]
    assert [channel["watts"]["now"] for channel in acbs] == [250, 250]
    assert sum(channel["lifetime"]["joulesProduced"] for channel in acbs) == pytest.approx(
        house.energy.discharge.total * 3600, rel=1e-6
    )
    gateway.sim.change(encharges=1)
    assert (await gateway.get("/production.json"))["storage"][0]["state"] == "idle"


async def test_ensemble_hardware(envoy, sunny) -> None:
    gateway = await envoy()
    assert await gateway.get("/ivp/ensemble/inventory") == []
    assert await gateway.get("/ivp/ensemble/power") == {"devices:": []}
    assert (await gateway.get("/ivp/ensemble/secctrl"))["agg_soc"] == 0
    gateway.sim.change(phantom_encharge=True, enpower=True, collar=True, c6_combiner=True)
    groups = {group["type"]: group["devices"] for group in await gateway.get("/ivp/ensemble/inventory")}
    assert list(groups) == ["ENCHARGE", "ENPOWER", "COLLAR", "C6 COMBINER CONTROLLER", "C6 RGM"]
    assert groups["ENCHARGE"] == []
    assert groups["ENPOWER"][0]["temperature"] == 88
    kinds = [(meter["measurementType"], meter["state"]) for meter in await gateway.get("/ivp/meters")]
    assert kinds[2:] == [("backfeed", "enabled"), ("load", "disabled"), ("evse", "disabled"), ("pv3p", "disabled")]
    gateway.sim.change(encharges=3, encharge_capacity=3500)
    assert len((await gateway.get("/ivp/ensemble/inventory"))[0]["devices"]) == 3
    status = await gateway.get("/ivp/ensemble/status")
    assert len(status["inventory"]["serial_nums"]) == 4
    assert status["secctrl"]["Max_energy"] == 10500


async def test_reports_energy_and_young_readings(envoy, sunny) -> None:
    gateway = await envoy(phases=3)
    reports = await gateway.get("/ivp/meters/reports")
    assert {report["reportType"]: report["cumulative"]["currW"] for report in reports} == {
        "production": 3000.0,
        "total-consumption": 800.0,
        "net-consumption": -2200.0,
    }
    assert reports[0] == await gateway.get("/ivp/meters/reports/production")
    assert reports[1:] == await gateway.get("/ivp/meters/reports/consumption")
    assert sum(line["whDlvdCum"] for line in reports[0]["lines"]) == pytest.approx(
        reports[0]["cumulative"]["whDlvdCum"], abs=0.01
    )
    energy = await gateway.get("/ivp/pdm/energy")
    assert energy["production"]["eim"]["wattsNow"] == energy["production"]["pcu"]["wattsNow"] == 3000
    assert energy["consumption"]["eim"]["wattsNow"] == 800
    assert [channel["phase"] for channel in (await gateway.get("/ivp/meters/pvReading"))["channels"]] == ["ph-a", "ph-b", "ph-c"]
    assert sum(channel["activePower"] for channel in (await gateway.get("/ivp/meters/gridReading"))["channels"]) == -2200.0


async def test_net_lifetime_was_the_import_before_7_3_466(envoy, sunny) -> None:
    gateway = await envoy(profile="4.10")
    net = json.loads((await gateway.call("GET", "/production.json", headers={}))[1])["consumption"][1]
    assert net["whLifetime"] == pytest.approx(sunny.energy.grid_import.total)


async def test_the_clock_of_the_gateway(envoy, house) -> None:
    gateway = await envoy(clock_offset=1000)
    _, text = await gateway.call("GET", "/info", headers={})
    assert f"<time>{int(house.now.timestamp()) + 1000}</time>" in text
    gateway.sim.change(clock=lambda: 5000.0)
    assert "<time>6000</time>" in (await gateway.call("GET", "/info", headers={}))[1]
    house.set_time(house.now + timedelta(days=1))
    assert (await gateway.get("/home"))["current_date"] == f"{house.now:%m/%d/%Y}"
