"""The LAN interface of the Trydan: what each firmware shows and takes, and how it misspells it."""

import json

import pytest

from simulators.trydan import TrydanSimulator
from simulators.trydan_payload import QUIRKS
from simulators.trydan_values import Raw
from tests.simulators.raw_clients import RawHttp

# Captured from a real box; only its energy is pinned below, for a real car does not start at full power.
CAPTURED_1_6_18 = (
    '{"ChargeState":2,"ReadyState":0,"ChargePower":2664.00,"ChargeEnergy":0.07,"SlaveError":0,"ChargeTime":105,'
    '"HousePower":0.00,"FVPower":0.00,"BatteryPower":0.00,"Paused":0,"Locked":0,"Timer":1,"Intensity":12,"Dynamic":0,'
    '"MinIntensity":6,"MaxIntensity":16,"PauseDynamic":0,"FirmwareVersion":"1.6.18","DynamicPowerMode":2,"ContractedPower":4600}'
)
NETWORK = {"VoltageInstallation", "SSID", "IP", "SignalStatus"}
PER_PHASE = {f"{what}Measure_L{phase}" for what in ("Intensity", "Voltage") for phase in (1, 2, 3)}


async def snapshot(sim: TrydanSimulator) -> dict[str, object]:
    """Give the parsed snapshot."""
    status, text = await RawHttp(sim.port).text("/RealTimeData")
    assert status == 200
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


async def write(sim: TrydanSimulator, key: str, value: object) -> str:
    """Write and give the text of the answer."""
    status, text = await RawHttp(sim.port).text(f"/write/{key}={value}")
    return text if status == 200 else str(status)


async def test_the_snapshot_is_the_captured_one_letter_by_letter(trydan, clock) -> None:
    sim = await trydan(firmware="1.6.18", max_current=16, voltage=222)
    assert await write(sim, "Timer", 1) == await write(sim, "Intensity", 12) == "OK"
    sim.plug()
    clock.now += 105
    sim.set("ChargeEnergy", 0.07)
    assert (await RawHttp(sim.port).text("/RealTimeData"))[1] == CAPTURED_1_6_18
    assert b"\r\nContent-Type: text/html\r\n" in await RawHttp(sim.port).raw("/RealTimeData")


@pytest.mark.parametrize(
    ("firmware", "more", "shown", "error"),
    [
        ("1.6.18", set(), "1.6.18", 0),
        ("2.1.7", {"ID"}, "2.1.7", 4),
        ("2.3.20", {"ID"} | NETWORK, "2.3.20", 0),
        ("2.4.6", {"ID"} | NETWORK, "2.4.6", 0),
        ("2.5.0", {"ID"} | NETWORK | PER_PHASE, "2.5.0", 0),
        ("2.5.1", {"ID"} | NETWORK | PER_PHASE, "2.5.1", 224),
        ("alva", {"ID"} | NETWORK | PER_PHASE, "2.5.1", 0),
    ],
)
async def test_keys_by_firmware(trydan, firmware: str, more: set[str], shown: str, error: int) -> None:
    sim = await trydan()
    sim.options.firmware = firmware
    found = await snapshot(sim)
    assert found.keys() == json.loads(CAPTURED_1_6_18).keys() | more
    assert (found["FirmwareVersion"], found["SlaveError"]) == (shown, error)
    modern = firmware not in ("1.6.18", "2.1.7", "2.3.20")
    http = RawHttp(sim.port)
    for key, value in {"ChargeMode": "-1" if firmware == "alva" else "0", "LightLED": "100", "LogoLED": "1"}.items():
        assert await http.text(f"/read/{key}") == ((200, value) if modern else (404, "this URI does not exist"))
    assert await http.text("/read/Intensity") == ((200, "16") if modern else (404, "this URI does not exist"))
    assert await write(sim, "LightLED", 50) == ("OK" if modern else "404")


async def test_writes_answer_in_the_body(trydan) -> None:
    sim = await trydan()
    cases = {
        ("Intensity", 6): "OK",
        ("Intensity", 5): "ERROR",
        ("Intensity", 33): "ERROR",
        ("Intensity", "6.5"): "ERROR",
        ("Intensity", ""): "ERROR",
        ("Paused", "true"): "ERROR",
        ("DynamicPowerMode", 6): "ERROR",
        ("ContractedPower", 9200): "OK",
        ("ContractedPower", -700): "ERROR",
        ("LogoLED", 100): "ERROR",
        ("VoltageInstallation", 400): "OK",
        ("ID", "OTHER"): "404",
        ("Nonsense", 1): "404",
        ("%4Dax%49ntensity", "%31%36"): "OK",
    }
    assert {case: await write(sim, *case) for case in cases} == cases
    assert await write(sim, "DynamicPowerMode", 3) == await write(sim, "ContractedPower", -700) == "OK"
    found = await snapshot(sim)
    assert (found["Intensity"], found["MaxIntensity"], found["ContractedPower"]) == (6, 16, -700)
    assert sim.written[0] == ("Intensity", "6")
    assert sim.written[13] == ("MaxIntensity", "16")
    assert [request.outcome for request in sim.writes][:2] == ["OK", "ERROR"]
    sim.options.max_current = 16
    assert await write(sim, "Intensity", 20) == "ERROR"
    http = RawHttp(sim.port)
    assert (await http.text("/"))[0] == (await http.text("/realtimedata"))[0] == 404
    assert (await http.text("/RealTimeData", "POST"))[0] == 405


async def test_pause_and_lock_by_firmware(trydan, clock) -> None:
    sim = await trydan(firmware="2.5.0")
    sim.plug()
    clock.now += 3600
    assert await write(sim, "Paused", 1) == "OK"
    found = await snapshot(sim)
    assert (found["ChargeState"], found["ReadyState"], found["ChargePower"], found["ChargeEnergy"]) == (2, 1, 0, 3.68)
    await write(sim, "Paused", 0)
    clock.now += 3600
    assert (await snapshot(sim))["ChargeEnergy"] == 7.36
    await write(sim, "Locked", 1)
    found = await snapshot(sim)
    assert (found["ChargeState"], found["ChargeEnergy"], found["ChargeTime"]) == (1, 0, 0)
    await write(sim, "Paused", 1)
    assert (sim.value("Paused"), sim.value("Locked")) == (1, 1)
    sim.options.firmware = "2.4.6"
    await write(sim, "Locked", 0)
    assert await write(sim, "Locked", 1) == "OK"
    assert (sim.value("Paused"), sim.value("Locked"), sim.value("ChargeState")) == (0, 0, 2)


@pytest.mark.parametrize(("resets", "energy"), [(None, 0.0), (True, 0.0), (False, 3.68)])
async def test_a_pause_before_2_5_resets_the_counters_on_resume(trydan, clock, resets: bool | None, energy: float) -> None:
    sim = await trydan(firmware="2.4.6", pause_resets=resets)
    sim.plug()
    clock.now += 3600
    await write(sim, "Paused", 1)
    found = await snapshot(sim)
    assert (found["ChargeState"], found["ChargeEnergy"]) == (1, 3.68)
    await write(sim, "Paused", 0)
    assert (await snapshot(sim))["ChargeEnergy"] == energy
    sim.unplug()
    assert len(sim.model.sessions) == 1


async def test_an_ocpp_pause_zeroes_the_counters_but_not_the_session(trydan, clock) -> None:
    sim = await trydan()
    sim.plug()
    clock.now += 3600
    sim.model.zero_counters()
    clock.now += 3600
    assert (await snapshot(sim))["ChargeEnergy"] == 3.68
    sim.unplug()
    assert sim.model.sessions[0].total_wh == pytest.approx(7360)


async def test_counters_come_once_more_after_unplugging(trydan, clock) -> None:
    sim = await trydan()
    sim.plug()
    clock.now += 3600
    sim.unplug()
    assert [(await snapshot(sim))["ChargeEnergy"] for _ in range(2)] == [3.68, 0]
    sim.options.late_counters = False
    sim.plug()
    clock.now += 3600
    sim.unplug()
    assert (await snapshot(sim))["ChargeTime"] == 0


async def test_the_deprecated_mode_reads_back_as_another_one(trydan) -> None:
    sim = await trydan(firmware="2.5.1")
    assert await write(sim, "DynamicPowerMode", 1) == "OK"
    assert (await snapshot(sim))["DynamicPowerMode"] == 4
    sim.options.firmware = "2.4.6"
    await write(sim, "DynamicPowerMode", 1)
    assert (await snapshot(sim))["DynamicPowerMode"] == 1
    sim.options.firmware = "alva"
    assert await write(sim, "ChargeMode", 0) == "ERROR"


async def test_the_house_is_seen_only_while_dynamic_control_is_on(trydan, house) -> None:
    sim = await trydan()
    house.load_w, house.pv_w = 700, 1500
    found = await snapshot(sim)
    assert (found["HousePower"], found["FVPower"]) == (0, 0)
    sim.write("Dynamic", 1)
    found = await snapshot(sim)
    assert (found["HousePower"], found["FVPower"], found["BatteryPower"]) == (700, 1500, 0)
    assert found["HousePower"] - found["FVPower"] == house.grid_w


async def test_phases_are_shown_as_they_are_wired(trydan) -> None:
    sim = await trydan(firmware="2.5.0", phases=3)
    sim.change_car(phases=1)
    sim.plug()
    found = await snapshot(sim)
    assert [found[f"IntensityMeasure_L{n}"] for n in (1, 2, 3)] == [16, 0, 0]
    assert [found[f"VoltageMeasure_L{n}"] for n in (1, 2, 3)] == [230, 230, 230]


async def test_values_can_be_pinned_also_to_nonsense(trydan) -> None:
    sim = await trydan()
    pins = {"ChargeState": 6, "Paused": "yes", "SSID": None, "FVPower": [1], "Fresh": 7}
    for key, value in pins.items():
        sim.set(key, value)
    sim.options.missing_keys = {"IP"}
    found = await snapshot(sim)
    assert {key: found[key] for key in pins} == pins
    assert "IP" not in found
    assert await RawHttp(sim.port).text("/read/ChargeState") == (200, "6")
    assert await RawHttp(sim.port).text("/read/Paused") == (200, "yes")
    assert (await RawHttp(sim.port).text("/read/IP"))[0] == 404
    sim.clear("ChargeState")
    sim.set("Fresh", Raw("0x1F"))
    text = (await RawHttp(sim.port).text("/RealTimeData"))[1]
    assert '"ChargeState":0,' in text
    assert text.endswith('"Fresh":0x1F}')
    sim.clear()
    assert (await snapshot(sim))["Paused"] == 0


@pytest.mark.parametrize(
    ("quirk", "part"),
    [
        ("missing_comma", '"ChargeState":0"ReadyState":1,'),
        ("duplicate_version", '{"FirmwareVersion":"1.6.0","ID"'),
        ("bare_version", '"FirmwareVersion":2.5.0,'),
        ("l1y", '"IntensityMeasure_L1y":0.00,'),
        ("string_numbers", '"ChargeState":"0","ReadyState":"1","ChargePower":"0.00",'),
        ("trailing_nul", '"VoltageMeasure_L3":0.00}\0'),
        ("lower_keys", '"chargestate":0,"readystate":1,'),
        ("no_id", '{"ChargeState":0,'),
        ("percent", '"VoltageMeasure_L3":0.00}%'),
        ("nan", '"ChargePower":NaN,"ChargeEnergy":NaN,"SlaveError":0,'),
    ],
)
async def test_quirks(trydan, quirk: str, part: str) -> None:
    sim = await trydan(firmware="2.5.0")
    sim.quirks.add(quirk)
    assert part in (await RawHttp(sim.port).text("/RealTimeData"))[1]
    assert await RawHttp(sim.port).text("/read/LightLED") == (200, "100%" if quirk == "percent" else "100")
    sim.quirks.clear()
    json.loads((await RawHttp(sim.port).text("/RealTimeData"))[1])
    assert quirk in QUIRKS


async def test_an_old_firmware_has_its_quirks_by_itself(trydan) -> None:
    sim = await trydan(firmware="1.6.13")
    text = (await RawHttp(sim.port).text("/RealTimeData"))[1]
    assert '"ChargeState":0"ReadyState":1,' in text
    assert '"FirmwareVersion":1.6.13,' in text
