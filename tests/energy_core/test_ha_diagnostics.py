"""Diagnostics: all that a bug report needs, nothing that identifies anybody."""

import json

import pytest

from custom_components.energy_core.capture import Recorder
from custom_components.energy_core.errors import DeviceProtocolError
from custom_components.energy_core.ha.diagnostics import device_diagnostics

SERIAL, HOST = "SN12345678", "10.11.12.13"


@pytest.fixture
async def entry(house):
    """A unit that has answered twice."""
    made = await house.add(SERIAL, f"Unit {SERIAL}")
    await house.wait()
    return made


@pytest.fixture
def recorder():
    """A recorder that has heard the unit tell its name."""
    made = Recorder()
    made.note(f"GET http://{HOST}/state", {"sn": SERIAL.lower(), "power": 7})
    return made


@pytest.fixture
def download(entry, recorder):
    """Return what the user downloads."""

    def make():
        return device_diagnostics(
            entry.runtime_data, recorder, secrets=[SERIAL, HOST], about={"wire": "fake", "title": entry.title}
        )

    return make


async def test_a_bug_report_says_how_the_unit_is(house, entry, download):
    """Link, interval, what answered, what failed and why, and codes that nobody knows."""
    wire = house.units[entry.entry_id].wire
    wire.give(state=77)
    wire.fail("current_2", error=DeviceProtocolError(f"register 7 of {SERIAL}"))
    for _ in range(2):
        await house.wait()
    told = download()
    assert (told["wire"], told["title"]) == ("fake", "Unit REDACTED1")
    assert (told["last_update_success"], told["interval"]) == (True, 10)
    assert told["updated"] == ["input_1", "meter", "options"]
    assert told["failed"] == {"input_2": "register 7 of REDACTED1"}
    assert told["blocks"]["meter"]["unknown_codes"] == {"state": 77}
    assert told["blocks"]["meter"]["values"]["power"] == -1200
    assert told["blocks"]["input_1"] == {"values": {"current": 5.12, "alarm": False}, "unknown_codes": {}}


async def test_nothing_in_it_identifies_the_unit(download):
    """Neither the serial number nor the address is left anywhere, in any case; secret points are blanked whole."""
    told = download()
    assert told["blocks"]["meter"]["values"]["serial"] == "REDACTED"
    assert told["capture"]["exchanges"] == [
        {"request": "GET http://REDACTED0/state", "status": "ok", "body": {"sn": "REDACTED1", "power": 7}}
    ]
    text = json.dumps(told).lower()
    assert SERIAL.lower() not in text
    assert HOST not in text


async def test_a_secret_that_is_not_known_is_not_hidden(house, entry, download):
    """A missing serial number is worth knowing: nothing is told apart from nothing."""
    house.units[entry.entry_id].meter.values["serial"] = None
    assert download()["blocks"]["meter"]["values"]["serial"] is None


async def test_before_the_first_answer_there_is_a_report_too(entry, download):
    """A unit that never answered can still be asked for its diagnostics."""
    entry.runtime_data.data = None
    told = download()
    assert (told["updated"], told["failed"]) == ([], {})
