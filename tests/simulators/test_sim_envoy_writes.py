"""What is written to the gateway: later readings show it, and what a good client does not do is noted."""

from copy import deepcopy
from typing import Any

import aiohttp
import pytest

RELAY = "/ivp/ensemble/relay"
CONTACTS = "/ivp/ensemble/dry_contacts"
SETTINGS = "/ivp/ss/dry_contact_settings"
TARIFF = "/admin/lib/tariff"
ACB = "/admin/lib/acb_config"
STREAM = "/ivp/livedata/stream"
LIVE = "/ivp/livedata/status"


async def post(gateway: Any, path: str, body: Any, method: str = "POST") -> int:
    """Write and give the status."""
    return (await gateway.call(method, path, body))[0]


def kinds(gateway: Any) -> list[str]:
    """Give the kinds of the violations so far."""
    return [violation.kind for violation in gateway.sim.violations]


async def test_off_the_grid_and_back(envoy, house, clock) -> None:
    gateway = await envoy(enpower=True, collar=True, encharges=1, storage_ct=True, relay_seconds=2.0)
    house.pv_w, house.load_w = 500.0, 3000.0
    clock.now += 60
    assert house.grid_w > 0
    assert await post(gateway, RELAY, {"mains_admin_state": "open"}) == 200
    relay = await gateway.get(RELAY)
    assert (relay["mains_admin_state"], relay["mains_oper_state"]) == ("open", "closed")
    clock.now += 2
    assert (await gateway.get(RELAY))["mains_oper_state"] == "open"
    before = await gateway.get("/ivp/meters/readings")
    clock.now += 3600
    _, net, storage = (await gateway.get("/ivp/meters/readings"))[:3]
    assert (net["activePower"], net["actEnergyDlvd"]) == (0.0, before[1]["actEnergyDlvd"])
    assert storage["activePower"] == pytest.approx(2500.0)
    assert storage["actEnergyDlvd"] == pytest.approx(before[2]["actEnergyDlvd"] + 2500, abs=0.01)
    live = (await gateway.get(LIVE))["meters"]
    assert live["main_relay_state"] == 0
    groups = {group["type"]: group["devices"][0] for group in await gateway.get("/ivp/ensemble/inventory")}
    assert groups["ENPOWER"]["mains_oper_state"] == "open"
    assert groups["COLLAR"]["admin_state_str"] == "ENCMN_MDE_OFF_GRID"
    assert groups["ENCHARGE"]["reported_enc_grid_state"] == "off-grid"
    assert (await gateway.get("/home"))["enpower"]["grid_status"] == "open"
    await post(gateway, RELAY, {"mains_admin_state": "closed"})
    clock.now += 2
    after = (await gateway.get("/ivp/meters/readings"))[1:3]
    clock.now += 3600
    later = (await gateway.get("/ivp/meters/readings"))[1:3]
    assert after[0]["actEnergyDlvd"] == before[1]["actEnergyDlvd"]
    assert after[1]["actEnergyDlvd"] == pytest.approx(before[2]["actEnergyDlvd"] + 2500 * 3602 / 3600, abs=0.01)
    assert later[0]["actEnergyDlvd"] > after[0]["actEnergyDlvd"]
    assert [request.body for request in gateway.sim.writes] == [{"mains_admin_state": "open"}, {"mains_admin_state": "closed"}]
    assert kinds(gateway) == []


async def test_a_relay_that_is_not_there(envoy) -> None:
    gateway = await envoy()
    assert await post(gateway, RELAY, {"mains_admin_state": "open"}) == 400
    gateway.sim.change(enpower=True)
    assert await post(gateway, RELAY, {"mains_admin_state": "ajar"}) == 400
    assert await post(gateway, RELAY, ["open"]) == 400
    assert kinds(gateway) == ["no_relay", "bad_value", "bad_body"]
    assert (await gateway.get(RELAY))["mains_oper_state"] == "closed"


async def test_dry_contacts(envoy) -> None:
    gateway = await envoy(enpower=True)
    assert await post(gateway, CONTACTS, {"dry_contacts": {"id": "NO1", "status": "closed"}}) == 200
    states = {contact["id"]: contact["status"] for contact in (await gateway.get(CONTACTS))["dry_contacts"]}
    assert states == {"NC1": "open", "NC2": "open", "NO1": "closed", "NO2": "open"}
    assert await post(gateway, CONTACTS, {"dry_contacts": {"id": "NO9", "status": "open"}}) == 404
    assert await post(gateway, CONTACTS, {"dry_contacts": {"id": "NO1", "status": "ajar"}}) == 400
    assert await post(gateway, CONTACTS, {"dry_contacts": []}) == 400
    assert kinds(gateway) == ["unknown_id", "bad_value", "bad_body"]


async def test_a_partial_dry_contact_brings_the_gateway_down(envoy, clock) -> None:
    gateway = await envoy(enpower=True, crash_seconds=60.0)
    whole = (await gateway.get(SETTINGS))["dry_contacts"][2]
    assert "safe_state_action" in whole
    changed = whole | {"soc_low": 35.0, "load_name": "Boiler"}
    assert await post(gateway, SETTINGS, {"dry_contacts": changed}) == 200
    assert (await gateway.get(SETTINGS))["dry_contacts"][2] == changed
    with pytest.raises(aiohttp.ClientError):
        await post(gateway, SETTINGS, {"dry_contacts": {"id": "NO1", "soc_low": 20.0}})
    assert await gateway.status(SETTINGS) == 503
    clock.now += 60
    assert (await gateway.get(SETTINGS))["dry_contacts"][2] == changed
    assert await post(gateway, SETTINGS, {"dry_contacts": changed | {"override": False}}) == 200
    assert (await gateway.get(SETTINGS))["dry_contacts"][2]["override"] == "false"
    assert kinds(gateway) == ["partial_dry_contact", "boolean_dry_contact"]
    gateway.sim.change(profile="8.2", enpower=False)
    assert "manual_override" not in (await gateway.get(SETTINGS))["dry_contacts"][0]


async def test_the_tariff_is_written_as_a_whole(envoy) -> None:
    gateway = await envoy(encharges=1)
    tariff = (await gateway.get(TARIFF))["tariff"]
    tariff["storage_settings"] |= {"mode": "backup", "reserved_soc": 45.0, "charge_from_grid": True}
    assert await post(gateway, TARIFF, {"tariff": tariff}, "PUT") == 200
    found = await gateway.get(TARIFF)
    assert found["tariff"] == tariff
    assert (found["schedule"]["batt_mode"], found["schedule"]["reserved_soc"]) == ("backup", 45.0)
    assert (await gateway.get("/ivp/ensemble/secctrl"))["configured_backup_soc"] == 45
    assert (await gateway.get(LIVE))["meters"]["backup_soc"] == 45
    assert kinds(gateway) == []
    partial = deepcopy(tariff)
    del partial["seasons"]
    assert await post(gateway, TARIFF, {"tariff": partial}, "PUT") == 400
    partial = deepcopy(tariff)
    del partial["storage_settings"]["very_low_soc"]
    assert await post(gateway, TARIFF, {"tariff": partial}, "PUT") == 400
    tariff["storage_settings"]["mode"] = "party"
    assert await post(gateway, TARIFF, {"tariff": tariff}, "PUT") == 400
    assert await post(gateway, TARIFF, {"tariff": "none"}, "PUT") == 400
    assert kinds(gateway) == ["partial_tariff", "partial_tariff", "bad_value", "bad_body"]
    assert (await gateway.get(TARIFF)) == found


async def test_the_mode_is_ignored_while_the_cloud_plans(envoy, clock) -> None:
    gateway = await envoy(opt_schedules=True)
    tariff = (await gateway.get(TARIFF))["tariff"]
    assert tariff["storage_settings"]["opt_schedules"] is True
    tariff["storage_settings"] |= {"mode": "backup", "reserved_soc": 33.0}
    assert await post(gateway, TARIFF, {"tariff": tariff}, "PUT") == 200
    storage = (await gateway.get(TARIFF))["tariff"]["storage_settings"]
    assert (storage["mode"], storage["reserved_soc"]) == ("self-consumption", 33.0)
    gateway.sim.change(opt_schedules=False, cloud_reverts_after=90.0)
    assert await post(gateway, TARIFF, {"tariff": tariff | {"storage_settings": storage | {"mode": "backup"}}}, "PUT") == 200
    assert (await gateway.get(TARIFF))["tariff"]["storage_settings"]["mode"] == "backup"
    clock.now += 90
    found = await gateway.get(TARIFF)
    assert found["tariff"]["storage_settings"]["mode"] == found["schedule"]["batt_mode"] == "self-consumption"


async def test_older_tariffs_have_no_storage(envoy) -> None:
    gateway = await envoy(profile="7.6")
    assert "opt_schedules" not in (await gateway.get(TARIFF))["tariff"]["storage_settings"]
    gateway.sim.change(profile="8.3")
    assert (await gateway.get(TARIFF))["tariff"]["storage_settings"]["opt_schedules"] is False


async def test_the_generator(envoy) -> None:
    gateway = await envoy()
    paths = [f"/ivp/ss/gen_{name}" for name in ("mode", "config", "schedule")]
    assert [await gateway.get(path) for path in paths] == [{}, {}, {}]
    assert (await gateway.get("/ivp/ensemble/generator"))["present"] == 0
    assert await post(gateway, paths[0], {"gen_cmd": "on"}) == 400
    gateway.sim.change(generator=True)
    assert (await gateway.get(paths[0])) == {"gen_cmd": "auto"}
    assert await post(gateway, paths[0], {"gen_cmd": "on"}) == 200
    assert (await gateway.get("/ivp/ensemble/generator"))["oper_state"] == "close"
    assert await post(gateway, paths[0], {"gen_cmd": "perhaps"}) == 400
    for path, change in (
        (paths[1], {"charge_from_generator": False}),
        (paths[2], {"default_soc": {"start_soc": 20, "stop_soc": 80}}),
    ):
        assert await post(gateway, path, await gateway.get(path) | change) == 200
        assert await gateway.get(path) == await gateway.get(path) | change
        assert await post(gateway, path, change) == 400
    assert kinds(gateway) == ["no_generator", "bad_value", "partial_gen_config", "partial_gen_schedule"]


async def test_ac_batteries_sleep_and_wake(envoy) -> None:
    gateway = await envoy(acbs=2)
    row = {"serial_num": "482000001002", "sleep_min_soc": 10, "sleep_max_soc": 30}
    assert await post(gateway, ACB, {"acb_sleep": [row]}, "PUT") == 200
    assert await gateway.get(ACB) == {"acb_sleep": [row]}
    acbs = (await gateway.get("/inventory.json"))[1]["devices"]
    assert [(acb["sleep_enabled"], acb["sleep_min_soc"]) for acb in acbs] == [(False, 0), (True, 10)]
    assert await post(gateway, ACB, {"acb_sleep": [row | {"serial_num": "482000001009"}]}, "PUT") == 404
    assert await post(gateway, ACB, {"acb_sleep": row}, "PUT") == 400
    assert await post(gateway, ACB, {"acb_sleep": [{"serial_num": "482000001002"}]}, "DELETE") == 200
    assert await gateway.get(ACB) == {"acb_sleep": []}
    assert kinds(gateway) == ["unknown_id", "bad_body"]


async def test_limits_and_power_for_installers(envoy) -> None:
    gateway = await envoy(enpower=True)
    path = "/ivp/ss/dpel"
    assert await post(gateway, path, {}) == 401
    gateway.role = "installer"
    settings = await gateway.get(path)
    settings["dynamic_pel_settings"] |= {"enable": True, "limit_value_W": 1500.0}
    assert await post(gateway, path, settings) == 200
    assert await gateway.get(path) == settings
    assert await post(gateway, path, {"dynamic_pel_settings": {"enable": False}}) == 400
    power = "/ivp/mod/603980032/mode/power"
    assert await post(gateway, power, {"length": 1, "arr": [1]}, "PUT") == 200
    assert await gateway.get(power) == {"powerForcedOff": True}
    assert await post(gateway, power, {"length": 1, "arr": [2]}, "PUT") == 400
    assert kinds(gateway) == ["partial_dpel", "bad_value"]
    assert (await gateway.get("/ivp/ss/pel_settings"))["PEL_Limit"] == 0.0
    gateway.sim.change(enpower=False)
    assert await gateway.get("/ivp/ss/pel_settings") == {"PEL": False}
    assert await gateway.get("/ivp/sc/pvlimit") == {"enable": False, "pv_limit_pct": 100}


async def test_live_data_stand_still_unless_they_stream(envoy, house, clock) -> None:
    gateway = await envoy(stream_seconds=120.0)
    frozen = await gateway.get(LIVE)
    house.pv_w = 2000.0
    clock.now += 10
    assert await gateway.get(LIVE) == frozen
    assert await post(gateway, STREAM, {"enable": 1}) == 200
    moving = await gateway.get(LIVE)
    assert (moving["connection"]["sc_stream"], moving["meters"]["pv"]["agg_p_mw"]) == ("enabled", 2_000_000)
    house.pv_w = 1000.0
    clock.now += 120
    stopped = await gateway.get(LIVE)
    assert (stopped["connection"]["sc_stream"], stopped["meters"]) == ("disabled", moving["meters"])
    gateway.sim.change(stream_refuses_owner=True)
    assert await post(gateway, STREAM, {"enable": 1}) == 400
    gateway.role = "installer"
    assert await post(gateway, STREAM, {"enable": 1}) == 200
    assert await post(gateway, STREAM, {"enable": 0}) == 200
    assert (await gateway.get(LIVE))["connection"]["sc_stream"] == "disabled"
    assert kinds(gateway) == []
    assert gateway.sim.writes == []


async def test_a_write_behind_a_fault(envoy) -> None:
    gateway = await envoy(enpower=True)
    gateway.sim.fail(CONTACTS, "503", times=1)
    assert await post(gateway, CONTACTS, {"dry_contacts": {"id": "NC1", "status": "closed"}}) == 503
    assert (await gateway.get(CONTACTS))["dry_contacts"][0]["status"] == "open"
    gateway.sim.fail(CONTACTS, "reset", times=1)
    with pytest.raises(aiohttp.ClientError):
        await post(gateway, CONTACTS, {"dry_contacts": {"id": "NC1", "status": "closed"}})
    assert (await gateway.get(CONTACTS))["dry_contacts"][0]["status"] == "closed"
    assert len(gateway.sim.writes) == 2
