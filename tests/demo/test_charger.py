"""The charger in the demo: its past, its numbers, its view, its pictures, and the log that its LAN leaves."""

from datetime import datetime

import pytest

from demo.charger import DEVICE_ID, LEAD, charger_expectations, history, past_session, session_energies
from demo.checks_v2c import LAN_LOST
from demo.compare import Saying, log_complaints
from demo.flow import account_form
from demo.registry import Entity, House

DEVICE = {"id": "d1", "identifiers": [["v2c_cloud", DEVICE_ID]], "entry_type": None, "name": "Trydan"}
ACCOUNT = {"id": "d2", "identifiers": [["v2c_cloud", "v2c_account_1"]], "entry_type": "service", "name": "V2C Cloud"}
SENSORS = ("charge_power", "charge_state", "session_energy", "data_source", "fv_power", "signal_status", "last_session_energy")
OTHERS = (
    ("operating_mode", "select"),
    ("intensity_number", "number"),
    ("min_intensity_number", "number"),
    ("start_charge", "button"),
    ("pause_charge", "button"),
    ("wake", "button"),
    ("sessions", "calendar"),
    ("happening", "event"),
    ("lock", "lock"),
    ("firmware", "update"),
    ("plugged", "binary_sensor"),
    ("locked", "switch"),
)


def entity(key, domain="sensor", device="d1", lead=f"{LEAD}{DEVICE_ID}"):
    return Entity(entity_id=f"{domain}.trydan_{key}", unique_id=f"{lead}_{key}", name=key, category=None, device_id=device)


@pytest.fixture
def charger():
    own = [*(entity(key) for key in SENSORS), *(entity(key, domain) for key, domain in OTHERS)]
    account = entity("calls_left", device="d2", lead="v2c_account_1")
    return House(devices=(ACCOUNT, DEVICE), entities=(*own, account), lead=LEAD)


# Where it is found


def test_the_charger_is_the_device_and_not_the_account(charger):
    assert charger.main is DEVICE
    assert charger.find("charge_power").entity_id == "sensor.trydan_charge_power"
    assert charger.find("operating_mode", "select").entity_id == "select.trydan_operating_mode"
    assert charger.find("calls_left") is None


def test_form_of_the_account():
    assert account_form(8443) == {"api_key": "SIM-KEY", "advanced": {"base_url": "http://127.0.0.1:8443/kong/v2c_service"}}


# Its past


def test_a_session_is_split_at_full_hours():
    session = past_session(datetime.fromisoformat("2026-11-20T18:40"), 155)
    assert (session["start"], session["end"]) == ("2026-11-20T18:40:00", "2026-11-20T21:15:00")
    assert session["kwh_by_hour"] == [1.227, 3.68, 3.68, 0.92]


def test_a_session_that_ends_with_the_hour_has_no_empty_hour():
    assert past_session(datetime.fromisoformat("2026-11-20T18:00"), 60)["kwh_by_hour"] == [3.68]


def test_the_past_is_over_and_newest_first():
    change = history(datetime(2026, 11, 21, 0, 5).astimezone())
    found = change["v2c"]["sessions"]
    ends = [datetime.fromisoformat(each["end"]) for each in found]
    assert ends == sorted(ends, reverse=True)
    assert ends[0] < datetime.fromisoformat("2026-11-21")
    assert all(each["rfidName"] for each in found)
    assert session_energies(change)[0] == 9507.0


def test_energies_of_the_past_do_not_depend_on_the_day():
    days = [datetime(2026, 11, 21, 23, 59).astimezone(), datetime(2027, 3, 29, 0, 1).astimezone()]
    assert len({tuple(session_energies(history(day))) for day in days}) == 1


# Its numbers


def test_expectations_follow_the_box():
    values = dict.fromkeys(("ChargePower", "BatteryPower", "ContractedPower", "ChargeTime", "MinIntensity", "MaxIntensity"), 0)
    values |= {"HousePower": 420.0, "FVPower": 800.0, "ChargeEnergy": 0.065, "Intensity": 8}
    numbers = {one.key: one for one in charger_expectations({"values": values})}
    assert numbers["grid_power"].value == -380
    assert numbers["session_energy"].value == numbers["charge_energy"].value == 65
    assert (numbers["intensity_number"].value, numbers["intensity_number"].domain) == (8, "number")


# Its log


def record(message=f"Trydan: {LAN_LOST.text}", level="WARNING", count=1, exception=""):
    source = ["custom_components/v2c_cloud/coordinator.py", 1]
    name = "custom_components.v2c_cloud.coordinator"
    messages = message if isinstance(message, list) else [message]
    return {"level": level, "name": name, "message": messages, "source": source, "exception": exception, "count": count}


def test_the_loss_of_the_lan_must_be_said_once():
    assert log_complaints([record()], ("v2c_cloud",), (LAN_LOST,)) == []


@pytest.mark.parametrize("records", [[], [record(count=2)], [record(), record()]])
def test_a_saying_that_is_missing_or_repeated_is_a_complaint(records):
    found = log_complaints(records, ("v2c_cloud",), (LAN_LOST,))
    assert len(found) == 1
    assert found[0].endswith(LAN_LOST.text)


@pytest.mark.parametrize(
    "other",
    [
        record(level="ERROR"),
        record(exception="Traceback\nValueError: no"),
        record("Trydan does not answer"),
        record([f"Trydan: {LAN_LOST.text}", "something else"]),
    ],
)
def test_only_the_saying_itself_is_excused(other):
    found = log_complaints([record(), other], ("v2c_cloud",), (LAN_LOST,))
    assert len(found) == 1


def test_without_sayings_the_same_line_is_a_complaint():
    assert len(log_complaints([record()], ("v2c_cloud",))) == 1


def test_a_saying_may_be_wanted_more_than_once():
    twice = Saying(text=LAN_LOST.text, times=2)
    assert log_complaints([record(count=2)], ("v2c_cloud",), (twice,)) == []
