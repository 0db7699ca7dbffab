"""Our own captures: one moment each, so that what one document says follows from another."""

import json
from pathlib import Path
import re
from typing import Any

import pytest

from tests.enphase_envoy.capture_gateway import OWN, captures

ALL = pytest.mark.parametrize("folder", captures(OWN), ids=lambda folder: folder.name)
METERED = pytest.mark.parametrize(
    "folder", [each for each in captures(OWN) if (each / "production.json_details_1").exists()], ids=lambda folder: folder.name
)
# Where the gateway itself is wrong on purpose.
WRONG_TOTAL = "8.3.5433_total_is_net"
WRONG_PRODUCTION = "8.3.5528_active_count_zero"
NAMES = {"3.9.36", "5.0.62", "7.6.175_mono", "7.6.175_three_phase", "8.2.127_battery", "8.2.4382_acb", "8.3.1598_collar"} | {
    *("8.3.5169_acb_device_data", "8.3.5169_generator_phantom", WRONG_TOTAL, WRONG_PRODUCTION),
}


def read(folder: Path, name: str) -> Any:
    """Return a document, or None where it is not there or no JSON."""
    path = folder / name
    text = path.read_text(encoding="utf-8") if path.is_file() else "null"
    return None if text.startswith("<") else json.loads(text)


def meters(folder: Path) -> dict[str, Any]:
    """Return the readings by what they measure; disabled meters and extra readings left out."""
    known = {each["eid"]: each for each in read(folder, "ivp_meters") or () if isinstance(each, dict)}
    found = {}
    for each in read(folder, "ivp_meters_readings") or ():
        meter = known.get(each["eid"])
        if meter is not None and meter["state"] == "enabled":
            found[meter["measurementType"]] = each
    return found


def entries(folder: Path) -> dict[str, Any]:
    """Return the entries of production.json by what they measure."""
    document = read(folder, "production.json_details_1") or {}
    both = document.get("production", []) + document.get("consumption", [])
    return {each["measurementType"]: each for each in both if each["type"] == "eim"}


def pairs(entry: Any, reading: Any) -> list[tuple[Any, Any]]:
    """Return an entry and its reading, and the same of each phase."""
    return [(entry, reading), *zip(entry.get("lines", ()), reading["channels"], strict=False)]


def close(value: float) -> Any:
    """Return what is equal to a value with three decimals, worked out from others of that kind."""
    return pytest.approx(value, abs=0.005)


def test_all_are_there() -> None:
    """A folder that is lost would be a test that passes."""
    assert {each.name for each in captures(OWN)} == NAMES


@ALL
def test_nothing_real(folder: Path) -> None:
    """Serial numbers are invented, addresses are those of examples, and there is no token."""
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        serials = re.findall(r'(?:"(?:sn|serial_num|serialNumber)": "|<sn>)(\d+)', text)
        assert all(each.startswith("1220000") for each in serials), path
        assert all(each.startswith("02:00:00") for each in re.findall(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", text)), path
        assert all(each.startswith("192.0.2.") for each in re.findall(r"(?:\d{1,3}\.){3}\d{1,3}", text)), path
        assert "eyJ" not in text, path
        assert len(text) < 12_000, path


@METERED
def test_phases_add_up(folder: Path) -> None:
    """Powers and energies of a meter are the sums of its phases; so is its voltage."""
    for reading in meters(folder).values():
        for key in ("activePower", "actEnergyDlvd", "actEnergyRcvd", "voltage"):
            assert reading[key] == close(sum(each[key] for each in reading["channels"])), key
    for entry in entries(folder).values():
        if entry["activeCount"]:
            for key in ("wNow", "whLifetime", "whToday", "whLastSevenDays"):
                assert entry[key] == close(sum(each[key] for each in entry["lines"])), key


@METERED
def test_production_json_agrees_with_the_meters(folder: Path) -> None:
    """Production and net of the document are those of the meters."""
    found, read_now = entries(folder), meters(folder)
    for kind in found.keys() & read_now.keys() & {"production", "net-consumption"}:
        if folder.name == WRONG_PRODUCTION and kind == "production":
            continue
        for entry, reading in pairs(found[kind], read_now[kind]):
            received = reading["actEnergyRcvd"] if kind == "net-consumption" else 0
            assert entry["wNow"] == close(reading["activePower"])
            assert entry["whLifetime"] == close(reading["actEnergyDlvd"] - received)


@METERED
def test_total_is_production_plus_net(folder: Path) -> None:
    """So it is on every gateway, the one with the fault excepted; its meter tells the truth."""
    found = entries(folder)
    if folder.name == WRONG_PRODUCTION:
        found["production"] = {
            key: meters(folder)["production"][of] for key, of in (("wNow", "activePower"), ("whLifetime", "actEnergyDlvd"))
        }
    total, production, net = (found[kind] for kind in ("total-consumption", "production", "net-consumption"))
    for key in ("wNow", "whLifetime"):
        wanted = production[key] + net[key]
        if folder.name == WRONG_TOTAL:
            assert total[key] == net[key]
            reading = meters(folder)["total-consumption"]
            assert wanted == close(reading["activePower"] if key == "wNow" else reading["actEnergyDlvd"])
        else:
            assert total[key] == close(wanted)


@METERED
def test_net_has_no_day(folder: Path) -> None:
    """Trap 1: its day and its seven days are 0."""
    net = entries(folder)["net-consumption"]
    assert (net["whToday"], net["whLastSevenDays"]) == (0, 0)


def test_house_load() -> None:
    """Production, net and battery give the load that the live data say."""
    folder = OWN / "8.2.127_battery"
    live, found = read(folder, "ivp_livedata_status")["meters"], meters(folder)
    total = sum(each["activePower"] for each in found.values())
    assert live["load"]["agg_p_mw"] == close(total * 1000)
    assert live["load"]["agg_p_ph_a_mw"] == close(sum(each["channels"][0]["activePower"] for each in found.values()) * 1000)
    batteries = sum(each["real_power_mw"] for each in read(folder, "ivp_ensemble_power")["devices:"])
    assert found["storage"]["activePower"] == close(batteries / 1000)


def test_joule_wraps() -> None:
    """Trap 25: of the site before 8.2.4, of each inverter after."""
    wrap = 2**32 / 3600
    for name, times in (("7.6.175_mono", 3), ("7.6.175_three_phase", 5)):
        inverters = read(OWN / name, "production.json_details_1")["production"][0]
        assert entries(OWN / name)["production"]["whLifetime"] - inverters["whLifetime"] == pytest.approx(times * wrap, abs=2)
    folder = OWN / "8.3.5169_generator_phantom"
    devices = [
        each for each in read(folder, "ivp_pdm_device_data").values() if isinstance(each, dict) and each["devName"] == "pcu"
    ]
    joules = [each["channels"][0]["lifetime"].get("joulesProduced", 0) for each in devices]
    shown = read(folder, "production.json_details_1")["production"][0]["whLifetime"]
    assert shown == pytest.approx(sum(each % 2**32 for each in joules) / 3600, abs=1)
    assert sum(joules) / 3600 - shown > wrap
