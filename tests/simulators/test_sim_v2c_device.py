"""A charger seen through the cloud: units, codes, commands, cards, profiles, and what takes its time."""

import json

import pytest

from simulators.trydan import TrydanSimulator


@pytest.fixture
async def client(cloud):
    """Give a client of a cloud with one cloud-only charger."""
    return await cloud()


@pytest.fixture
def box(client) -> TrydanSimulator:
    """Give that charger."""
    return client.cloud.device("SIMV2C").sim


async def test_live_data_is_text_in_kilowatts(client, box, house, clock) -> None:
    box.write("Dynamic", 1)
    box.write("PauseDynamic", 1)
    house.load_w, house.pv_w = 531.181, 1000
    box.plug()
    clock.now += 3600
    assert await client.state() == {
        "error": "",
        "battery": "0.000000",
        "voltage": "0.230000",
        "intensity": "16",
        "seconds": "3600",
        "photovoltaic_on": "1",
        "house_power": "4.211181",
        "sun_power": "1.000000",
        "grid_power": "3.211181",
        "charge_state": "2",
        "power": "3.680000",
        "phases": "1",
        "cp_level": "248.000000",
        "energy": "3.680000",
    }
    client.cloud.device("SIMV2C").third_of_voltage = True
    assert (await client.state())["voltage"] == "0.076667"
    client.cloud.device("SIMV2C").pole = True
    assert await client.state() == {
        "seconds": 3600,
        "photovoltaic_on": 0,
        "charge_state": 2,
        "power": 3.68,
        "error": "",
        "energy": pytest.approx(3.68),
    }


@pytest.mark.parametrize(("lan", "cloud_code"), [(0, "0"), (1, "1"), (2, "2"), (6, "3"), (5, "4"), (4, "5"), ("x", "0")])
async def test_faults_have_other_numbers_in_the_cloud(client, box, lan, cloud_code: str) -> None:
    box.set("ChargeState", lan)
    box.set("SlaveError", 244)
    state = await client.state()
    assert (state["charge_state"], state["error"]) == (cloud_code, "244")


async def test_the_shadow_is_text_throughout(client, box) -> None:
    box.write("ContractedPower", 700)
    box.write("LightLED", 40)
    found = await client.reported()
    assert all(isinstance(value, str) for value in found.values())
    assert (found["contract_power"], found["light_led"], found["version"]) == ("7", "0.400000", "2.5.0")
    assert (found["deviceId"], found["mac"]) == ("SIMV2C", "28:56:2F:00:00:01")
    assert json.loads(found["wifi_info"]) == {"ssid": "", "ip": "", "static_mode": 0, "status": 0}
    assert "huawei_ip" not in found


async def test_the_shadow_announces_the_address_on_the_lan(cloud, trydan) -> None:
    sim = await trydan(ssid="HOME")
    client = await cloud(sim)
    assert json.loads((await client.reported())["wifi_info"]) == {
        "ssid": "HOME",
        "ip": "127.0.0.1",
        "static_mode": 0,
        "status": 1,
    }
    sim.options.ip = sim.address
    assert json.loads((await client.reported())["wifi_info"])["ip"] == sim.address


@pytest.mark.parametrize(
    ("command", "params", "key", "value"),
    [
        ("pausecharge", {}, "Paused", 1),
        ("intensity", {"value": "9"}, "Intensity", 9),
        ("locked", {"value": "1"}, "Locked", 1),
        ("dynamic", {"value": "1"}, "Dynamic", 1),
        ("chargefvmode", {"value": "0"}, "DynamicPowerMode", 2),
        ("chargefvmode", {"value": "1"}, "DynamicPowerMode", 3),
        ("chargefvmode", {"value": "2"}, "DynamicPowerMode", 4),
        ("max_car_int", {"value": "20"}, "MaxIntensity", 20),
        ("min_car_int", {"value": "8"}, "MinIntensity", 8),
        ("logo_led", {"value": "0"}, "LogoLED", 0),
    ],
)
async def test_commands_act_on_the_same_box(client, box, command: str, params: dict[str, str], key: str, value: int) -> None:
    assert await client.command(command, **params) == 200
    assert box.value(key) == value


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ("intensity", {"value": "5"}),
        ("intensity", {"value": "33"}),
        ("intensity", {"value": "ten"}),
        ("intensity", {"value": "9.5"}),
        ("chargefvmode", {"value": "3"}),
        ("inst_type", {"value": "3"}),
        ("set_rfid", {"value": "2"}),
        ("timer", {"timerId": "2", "body": {"daysOfWeek": "1", "timeStart": "01:00", "timeEnd": "02:00"}}),
        ("timer", {"timerId": "0", "body": {"daysOfWeek": "9", "timeStart": "01:00", "timeEnd": "02:00"}}),
        ("timer", {"timerId": "0", "body": {"start_time": "01:00", "end_time": "02:00", "active": True}}),
        ("savepersonalicepower/v2", {"name": "P", "updateAt": "now", "body": {"mode": "solar"}}),
        ("ocpp_addr", {"id": "SIMV2C", "value": "http://x"}),
        ("inverter_ip", {"id": "SIMV2C", "value": "inverter"}),
    ],
)
async def test_bad_values_are_refused(client, box, command: str, params) -> None:
    before = dict(box.model.settings)
    assert await client.command(command, **params) == 400
    assert "RateLimit-Limit" not in client.headers
    assert box.model.settings == before


async def test_settings_of_the_cloud_alone(client) -> None:
    for command, value in {"inst_type": "2", "slave_type": "11", "language": "5", "maxpower": "9000"}.items():
        assert await client.command(command, value=value) == 200
    for command, value in {"ocpp_id": "cp1", "ocpp_addr": "wss://x/y", "inverter_ip": "192.0.2.7"}.items():
        assert await client.command(command, id="SIMV2C", value=value) == 200
    found = await client.reported()
    wanted = {"inst_type": "2", "slave_type": "11", "language": "5", "maxpower": "9000", "huawei_ip": "192.0.2.7"}
    assert found | wanted == found
    device = client.cloud.device("SIMV2C")
    assert (device.ocpp_id, device.ocpp_addr) == ("cp1", "wss://x/y")
    await client.command("denka/max_power", value="8000")
    assert (await client.reported())["max_power"] == "8000"
    await client.command("wifi", ssid="net", password="secret")
    assert device.wifi == ("net", "secret")


async def test_slow_settings_and_updates_become_visible_later(client, box, clock) -> None:
    client.cloud.options.slow_settings = 90
    client.cloud.options.update_seconds = 300
    assert await client.command("set_rfid", value="1") == await client.command("ocpp", id="SIMV2C", value="1") == 200
    assert await client.command("update") == 200
    clock.now = 89
    assert (await client.reported())["set_rfid"] == "0"
    clock.now = 90
    found = await client.reported()
    assert (found["set_rfid"], found["ocpp"], found["version"]) == ("1", "1", "2.5.0")
    clock.now = 300
    assert (await client.reported())["version"] == "2.5.1"
    assert box.value("SlaveError") == 224


async def test_targets_and_timers(client, box, clock) -> None:
    box.plug()
    clock.now += 3600
    assert await client.command("startchargekw", kw="1.84") == 200
    clock.now += 3600
    assert (box.value("Paused"), box.value("ChargeTime")) == (1, 5400)
    assert await client.command("startchargeminutes", minutes="10") == 200
    clock.now += 3600
    assert (box.value("Paused"), box.value("ChargeTime")) == (1, 6000)
    assert await client.command("charger_until_energy", value="7.36") == 200
    assert await client.command("startcharge") == 200
    clock.now += 3600
    assert box.value("ChargeTime") == 7200
    assert await client.command("charger_until_minutes", value="130") == await client.command("startcharge") == 200
    clock.now += 3600
    assert box.value("ChargeTime") == 7800
    body = {"daysOfWeek": "12345", "timeStart": "23:00", "timeEnd": "06:00"}
    assert await client.command("timer", timerId="1", body=body) == 200
    assert (box.model.slots[1].days, box.model.slots[1].active) == ("12345", True)


async def test_answers_to_commands(client) -> None:
    answers = {
        "pausecharge": (200, "Command executed successfully"),
        "reboot": (200, ""),
        "chargefvmode": (200, '{"message": "Command executed successfully"}'),
    }
    for path, answer in answers.items():
        assert await client.call("POST", f"/device/{path}", deviceId="SIMV2C", value="1") == answer
    for style, answer in (
        ("no_content", (204, "")),
        ("empty", (200, "")),
        ("json", answers["chargefvmode"]),
        ("text", answers["pausecharge"]),
    ):
        client.cloud.options.answers = style
        assert await client.call("POST", "/device/startcharge", deviceId="SIMV2C") == answer


async def test_the_life_of_a_card(client, box, clock) -> None:
    assert await client.command("rfid", tag="Anna") == 200
    clock.now += 61
    assert not client.cloud.swipe("SIMV2C", "aa23b601")
    assert await client.command("rfid", tag="Anna") == 200
    assert await client.get("/device/rfid", deviceId="SIMV2C") == []
    assert client.cloud.swipe("SIMV2C", "aa23b601")
    assert await client.command("rfid/tag", code="bb", tag="Ben") == 200
    assert await client.command("rfid/tag", "PUT", code="bb", tag="Bea") == 200
    assert await client.command("rfid/tag", "PUT", code="cc", tag="Bea") == 404
    cards = [{"code": "aa23b601", "tag": "Anna"}, {"code": "bb", "tag": "Bea"}]
    assert await client.get("/device/rfid", deviceId="SIMV2C") == cards
    client.cloud.options.rfid_shape = "wrapped"
    assert await client.get("/device/rfid", deviceId="SIMV2C") == {"cards": cards}
    client.cloud.options.rfid_shape = "double"
    assert json.loads(await client.get("/device/rfid", deviceId="SIMV2C")) == cards
    client.cloud.options.rfid_shape = "text"
    assert await client.call("GET", "/device/rfid", deviceId="SIMV2C") == (200, "No data")
    assert await client.command("rfid", "DELETE", code="bb") == 200
    assert client.cloud.swipe("SIMV2C", "aa23b601")
    box.plug()
    clock.now += 60
    box.unplug()
    (session,) = await client.get("/stadistic/device", deviceId="SIMV2C")
    assert (session["rfidCode"], session["rfidName"]) == ("aa23b601", "Anna")


async def test_the_life_of_a_profile(client, box, house) -> None:
    first, second = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    assert await client.command("savepersonalicepower/v2", name="Sun", updateAt=first, body={"mode": "solar", "value": 6}) == 200
    body = {"mode": "solar", "value": 8}
    assert (await client.call("POST", "/device/personalicepower/v2", body=body, id="SIMV2C", name="Sun", updateAt=second))[
        0
    ] == 200
    profile = {"name": "Sun", "updateAt": second, "mode": "solar", "value": 8, "active": False}
    assert await client.get("/device/personalicepower/v2", deviceId="SIMV2C", updateAt=second) == profile
    client.cloud.activate_profile("SIMV2C", "Sun")
    (found,) = await client.get("/device/personalicepower/all", deviceId="SIMV2C")
    assert found == profile | {"active": True}
    for key, value in (("DynamicPowerMode", 0), ("Dynamic", 1)):
        box.write(key, value)
    box.plug()
    assert box.offered == 0
    assert await client.command("personalicepower/v2", "DELETE", name="Sun", updateAt=first) == 404
    assert await client.command("personalicepower/v2", "DELETE", name="Sun", updateAt=second) == 200
    assert await client.get("/device/personalicepower/all", deviceId="SIMV2C") == []


async def test_a_sleeping_charger_keeps_its_shadow_and_loses_commands(client, box) -> None:
    client.cloud.offline_devices.add("SIMV2C")
    assert (await client.reported())["intensity"] == "16"
    box.write("Intensity", 20)
    assert await client.command("pausecharge") == 200
    assert ((await client.reported())["intensity"], box.value("Paused")) == ("16", 0)
    client.cloud.options.offline_commands = "queued"
    assert await client.command("pausecharge") == 200
    client.cloud.offline_devices.clear()
    found = await client.reported()
    assert (found["intensity"], found["pause"]) == ("20", "1")
