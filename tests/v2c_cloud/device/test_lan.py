"""The LAN wire, byte by byte: what is asked and what not, who is believed, what a write's answer means."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
import json
import logging
from pathlib import Path
import re
import socket

from aiohttp import ClientSession
import pytest

from custom_components.energy_core.capture import Recorder
from custom_components.energy_core.errors import (
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
    WrongDeviceError,
)
from custom_components.energy_core.pacing import Pacer
from custom_components.energy_core.points import Source
from custom_components.v2c_cloud.v2c import lan
from custom_components.v2c_cloud.v2c.keywords import READ_ONLY_BY_KEYWORD, WRITABLE, Memory
from custom_components.v2c_cloud.v2c.lan import CONFIRMED_FOR, SPACED, LanWire
from simulators.trydan import TrydanSimulator
from simulators.trydan_payload import QUIRKS

GAP = 0.02
SECOND_TRY = 0.03
DEADLINE = 0.1
DEVICE = "SIMV2C"
IDLE = (Path(__file__).parents[1] / "captures/RealTimeData_2.4.6_idle.txt").read_bytes()
REALTIME = "/RealTimeData"


def said(body: bytes | str | dict[str, object], status: int = 200, **headers: str) -> bytes:
    """Return a whole answer as it goes over the wire."""
    body = json.dumps(body) if isinstance(body, dict) else body
    raw = body.encode() if isinstance(body, str) else body
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\n{more}Content-Length: {len(raw)}\r\n\r\n".encode() + raw


MISSING = said("this URI does not exist", 404)
SILENCE = None
HANG_UP = b""


class Box:
    """A server that says what a test wants; the last of several answers stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[bytes | None]] = {REALTIME: [said(IDLE)]}
        self.paths: list[str] = []
        self.heads: list[str] = []
        self.spans: list[tuple[float, float]] = []
        self.begun = asyncio.Event()
        self.busy = 0
        self.most = 0
        self.address = ""

    def says(self, path: str, *answers: bytes | None) -> None:
        """Answer ``path`` so from now on."""
        self.answers[path] = list(answers)

    def shows(self, **changes: object) -> None:
        """Change keys of RealTimeData; None takes a key out."""
        found = {**json.loads(IDLE), **changes}
        self.says(REALTIME, said({key: value for key, value in found.items() if value is not None}))

    def asked(self) -> list[str]:
        """Return what was asked since the last time."""
        found, self.paths = self.paths, []
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        began = asyncio.get_running_loop().time()
        self.busy += 1
        self.begun.set()
        self.most = max(self.most, self.busy)
        path = head.split()[1]
        self.heads.append(head)
        self.paths.append(path)
        answers = self.answers.get(path, [MISSING])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        try:
            if answer is SILENCE:
                await reader.read()
            else:
                await asyncio.sleep(0.005)
                writer.write(answer)
                await writer.drain()
        finally:
            self.busy -= 1
            self.spans.append((began, asyncio.get_running_loop().time()))


class Clock:
    """Seconds that pass by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    """Shorten the pause before the second try."""
    monkeypatch.setattr(lan, "SECOND_TRY", SECOND_TRY)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """One client for a test."""
    async with ClientSession() as made:
        yield made


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """A box with firmware 2.4.6 on loopback."""
    made, tasks = Box(), set()

    async def connected(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await made.serve(reader, writer)
        except ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError:
            made.spans.append((0.0, 0.0))
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def clock() -> Clock:
    """The wire's clock."""
    return Clock()


@pytest.fixture
def wire(session, box, clock) -> LanWire:
    """A wire to the box, whose id is known."""
    return LanWire(session, box.address, pacer=Pacer(GAP), deadline=DEADLINE, device_id=DEVICE, clock=clock)


def keys(*names: str) -> list[Source]:
    """Return sources under these names."""
    return [Source(key=name) for name in names]


def order(key: object = "Intensity", value: object = 16) -> list[tuple[Source, object]]:
    """Return one value to write."""
    return [(Source(key=key, rw=True), value)]


async def failing(call, kind: type[EnergyError]) -> EnergyError:
    """Return the error that ``call`` ends with."""
    with pytest.raises(kind) as caught:
        await call
    assert type(caught.value) is kind
    return caught.value


class TestReading:
    """One request for nearly all."""

    async def test_one_request_serves_all_that_it_has(self, wire, box):
        """What the box does not have stands in neither list."""
        reading = await wire.read(keys("ChargePower", "FVPower", "SSID", "Nothing"))
        assert reading.values == {"ChargePower": 0.0, "FVPower": 1875.0, "SSID": 'SIM "home", net'}
        assert reading.failed == {}
        assert box.asked() == [REALTIME]

    async def test_nothing_asked_is_nothing_sent(self, wire, box):
        """Not even who is there; keys of other wires are nothing either."""
        assert (await wire.read([])).values == {}
        assert (await wire.read([Source(key=17)])).values == {}
        assert box.asked() == []

    async def test_what_is_only_told_by_name_is_asked_for_when_wanted(self, wire, box):
        """Each by one request, after RealTimeData; and not at all when nobody wants it."""
        box.says("/read/ChargeMode", said("1"))
        box.says("/read/LightLED", said("80"))
        reading = await wire.read(keys("ChargePower", "LightLED", "ChargeMode"))
        assert reading.values == {"ChargePower": 0.0, "LightLED": 80, "ChargeMode": 1}
        assert box.asked() == [REALTIME, "/read/LightLED", "/read/ChargeMode"]
        await wire.read(keys("ChargePower"))
        assert box.asked() == [REALTIME]

    async def test_alone_they_need_no_realtimedata(self, wire, box):
        """Once the firmware is known; before that, it is looked at, because old ones must not be asked."""
        box.says("/read/LogoLED", said("1"))
        assert (await wire.read(keys("LogoLED"), command=True)).values == {"LogoLED": 1}
        assert box.asked() == [REALTIME, "/read/LogoLED"]
        assert (await wire.read(keys("LogoLED", "LogoLED"), command=True)).values == {"LogoLED": 1}
        assert box.asked() == ["/read/LogoLED"]

    async def test_what_realtimedata_tells_is_not_asked_for_by_name(self, wire, box):
        """New firmware and the ALVA may tell the mode with all the rest, and stop doing so."""
        box.shows(ChargeMode=-1)
        for _ in range(2):
            assert (await wire.read(keys("ChargeMode"))).values == {"ChargeMode": -1}
        assert box.asked() == [REALTIME, REALTIME]
        box.shows()
        box.says("/read/ChargeMode", said("2"))
        assert (await wire.read(keys("ChargeMode"))).values == {"ChargeMode": 2}
        assert box.asked() == [REALTIME, "/read/ChargeMode"]

    @pytest.mark.parametrize(
        ("body", "value"), [("80%", 80), (" 80\r\n", 80), ("80\0", 80), ("-1", -1), ("0.50", 0.5), ("1.0", 1)]
    )
    async def test_a_number_may_be_untidy(self, wire, box, body, value):
        """Signs that are no part of it are dropped."""
        box.says("/read/LightLED", said(body))
        found = (await wire.read(keys("LightLED"))).values["LightLED"]
        assert (found, type(found)) == (value, type(value))

    @pytest.mark.parametrize(
        "body", ["ERROR", "OK", "", "<html>80</html>", "nan", "inf", "8_0", "1 2", b"\xff\xfe", "null", "true"]
    )
    async def test_an_answer_that_is_no_number_fails_alone(self, wire, box, body):
        """The other values are there."""
        box.says("/read/LightLED", said(body))
        box.says("/read/LogoLED", said("0"))
        reading = await wire.read(keys("ChargePower", *READ_ONLY_BY_KEYWORD))
        assert reading.values == {"ChargePower": 0.0, "LogoLED": 0}
        assert set(reading.failed) == {"LightLED", "ChargeMode"}
        assert type(reading.failed["LightLED"]) is DeviceProtocolError

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [(SILENCE, DeviceTimeoutError), (HANG_UP, DeviceConnectionError), (said("", 500), DeviceProtocolError)],
    )
    async def test_a_keyword_without_an_answer_fails_alone(self, wire, box, answer, kind):
        """Nothing is asked twice, and nothing is held against the keyword."""
        box.says("/read/LightLED", answer)
        box.says("/read/LogoLED", said("0"))
        reading = await wire.read(keys("ChargePower", "LightLED", "LogoLED"))
        assert reading.values == {"ChargePower": 0.0, "LogoLED": 0}
        assert {key: type(error) for key, error in reading.failed.items()} == {"LightLED": kind}
        assert box.asked() == [REALTIME, "/read/LightLED", "/read/LogoLED"]
        assert wire.memory.misses == {}

    async def test_a_box_that_answers_nothing_at_all_is_deaf(self, wire, box):
        """Then the reading as a whole fails, and the next one looks who is there."""
        box.says("/read/LightLED", SILENCE)
        assert set((await wire.read(keys("LightLED"))).failed) == {"LightLED"}
        await wire.identify()
        box.asked()
        await failing(wire.read(keys("LightLED"), command=True), DeviceTimeoutError)
        assert box.asked() == ["/read/LightLED"]
        box.says("/read/LightLED", said("5"))
        assert (await wire.read(keys("LightLED"))).values == {"LightLED": 5}
        assert box.asked() == [REALTIME, "/read/LightLED"]

    async def test_one_answer_is_enough_not_to_be_deaf(self, wire, box):
        """Of several that are asked for by name, one may be silent."""
        await wire.identify()
        box.says("/read/LightLED", SILENCE)
        box.says("/read/LogoLED", said("1"))
        reading = await wire.read(keys("LightLED", "LogoLED"))
        assert (reading.values, set(reading.failed)) == ({"LogoLED": 1}, {"LightLED"})

    @pytest.mark.parametrize("answer", [SILENCE, HANG_UP, said("", 404), said("[]"), said("<html>"), said("", 503)])
    async def test_without_realtimedata_nothing_is_read(self, wire, box, answer):
        """One try, no value, no keyword asked."""
        box.says(REALTIME, answer)
        with pytest.raises(EnergyError):
            await wire.read(keys("ChargePower", "LightLED"))
        assert box.asked() == [REALTIME]
        assert wire.last == {}


class TestMemory:
    """Which keywords a firmware has."""

    async def ask(self, wire, key="LightLED"):
        """Ask for a keyword, and tell whether it failed."""
        return key in (await wire.read(keys("ChargePower", key))).failed

    async def test_a_hurried_404_is_asked_again_a_little_later(self, wire, box):
        """The second answer counts, and nothing is held against the keyword."""
        box.says("/read/LightLED", MISSING, said("7"))
        assert (await wire.read(keys("LightLED"))).values == {"LightLED": 7}
        assert box.asked() == [REALTIME, "/read/LightLED", "/read/LightLED"]
        assert box.spans[2][0] - box.spans[1][1] >= SECOND_TRY * 0.9
        assert wire.memory.misses == {}

    @pytest.mark.parametrize("answer", [MISSING, said("ERROR")])
    async def test_three_misses_far_apart_are_a_keyword_that_is_not_there(self, wire, box, clock, answer):
        """Then it is neither asked for nor failed any more."""
        box.says("/read/LightLED", answer)
        assert await self.ask(wire)
        clock.now += SPACED
        assert await self.ask(wire)
        clock.now += SPACED
        assert not await self.ask(wire)
        box.asked()
        clock.now += 10 * SPACED
        assert not await self.ask(wire)
        assert box.asked() == [REALTIME]
        assert not (await wire.read(keys("LightLED"))).values
        assert box.asked() == []

    async def test_misses_that_come_together_are_one(self, wire, box, clock):
        """Reading back after a write looks several times in a row."""
        for _ in range(5):
            assert await self.ask(wire)
            clock.now += SPACED / 6
        assert wire.memory.misses == {"LightLED": 1}

    async def test_keywords_are_counted_each_for_itself(self, wire, clock):
        """One that is missing says nothing about the next."""
        await wire.read(keys("LightLED", "LogoLED"))
        clock.now += SPACED
        await wire.read(keys("LightLED"))
        assert wire.memory.misses == {"LightLED": 2, "LogoLED": 1}

    async def test_an_answer_clears_the_count(self, wire, box, clock):
        """Only misses in a row count."""
        for _ in range(4):
            for answer in (MISSING, MISSING, said("1")):
                box.says("/read/LightLED", answer)
                await self.ask(wire)
                clock.now += SPACED
        assert not wire.memory.lacks("LightLED")

    async def test_new_firmware_is_asked_again(self, wire, box, clock):
        """What the old one lacked the new one may have."""
        for _ in range(3):
            await self.ask(wire)
            clock.now += SPACED
        assert wire.memory.lacks("LightLED")
        box.shows(FirmwareVersion="2.5.1")
        box.says("/read/LightLED", said("9"))
        assert (await wire.read(keys("ChargePower", "LightLED"))).values["LightLED"] == 9
        assert wire.memory.as_dict() == {"firmware": "2.5.1", "misses": {}}

    @pytest.mark.parametrize("firmware", ["1.6.13", "1.6.18", "2.1.7", "2.3.20", "2.3.99", "v2.3.1", "0.9"])
    async def test_old_firmware_is_never_asked_by_name(self, wire, box, firmware):
        """It has no such path; the keys stand in neither list."""
        box.shows(FirmwareVersion=firmware)
        reading = await wire.read(keys("ChargePower", *READ_ONLY_BY_KEYWORD))
        assert (set(reading.values), reading.failed) == ({"ChargePower"}, {})
        assert (await wire.read(keys(*READ_ONLY_BY_KEYWORD))).failed == {}
        assert box.asked() == [REALTIME]

    @pytest.mark.parametrize("firmware", ["2.4.0", "2.4.6", "2.10.1", "3.0.0", "V2.4", "ALVA", "", None, 5])
    async def test_all_other_firmware_is_asked(self, wire, box, firmware):
        """A version that says nothing too: the answers will tell."""
        box.shows(FirmwareVersion=firmware)
        box.says("/read/LightLED", said("3"))
        assert (await wire.read(keys("LightLED"))).values == {"LightLED": 3}

    async def test_memory_survives_a_restart(self, session, box, clock):
        """A keyword that was missing three times in an earlier life is not asked for in this one."""
        saved = json.loads(json.dumps({"firmware": "2.4.6", "misses": {"LightLED": 3, "LogoLED": 1}}))
        memory = Memory.restored(saved)
        assert memory.as_dict() == saved
        wire = LanWire(session, box.address, pacer=Pacer(GAP), memory=memory, clock=clock)
        assert set((await wire.read(keys("LightLED", "LogoLED"))).failed) == {"LogoLED"}
        assert wire.memory is memory

    @pytest.mark.parametrize(
        "saved",
        [
            None,
            1,
            "x",
            [],
            {},
            {"firmware": "2.4.6"},
            {"misses": {}},
            {"firmware": 2, "misses": {}},
            {"firmware": "2", "misses": []},
        ],
    )
    def test_what_is_no_memory_is_forgotten(self, saved):
        """Corrupt storage is a memory of nothing."""
        assert Memory.restored(saved) == Memory()

    def test_only_counts_of_known_keywords_come_back(self):
        """Anything else in the storage is not ours."""
        saved = {"firmware": "2.4.6", "misses": {"LightLED": "3", "LogoLED": True, "ChargeMode": 2, "Other": 3}}
        assert Memory.restored(saved).as_dict() == {"firmware": "2.4.6", "misses": {"ChargeMode": 2}}


class TestIdentity:
    """Who is believed."""

    async def test_one_look_tells_who_is_there(self, session, box):
        """For a set-up that knows nothing yet; the answer is on record."""
        recorder = Recorder()
        wire = LanWire(session, box.address, pacer=Pacer(GAP), recorder=recorder)
        assert (wire.firmware, wire.shown_id, wire.last) == (None, None, {})
        found = await wire.identify()
        assert found == wire.last == json.loads(IDLE)
        assert (wire.firmware, wire.shown_id) == ("2.4.6", DEVICE)
        assert box.asked() == [REALTIME]
        exchanges = recorder.capture()["exchanges"]
        assert exchanges == [{"request": "GET /RealTimeData", "status": "ok", "body": found}]

    async def test_nothing_that_another_charger_says_is_used(self, wire, box):
        """Neither its values nor its firmware; and no keyword is asked of it."""
        await wire.read(keys("ChargePower"))
        box.shows(ID="OTHER1", ChargePower=7000.0, FirmwareVersion="9.9.9")
        error = await failing(wire.read(keys("ChargePower", "LightLED")), WrongDeviceError)
        assert "OTHER1" not in str(error) + str(error.placeholders)
        assert (wire.last["ChargePower"], wire.firmware, wire.shown_id, wire.memory.firmware) == (0.0, "2.4.6", DEVICE, "2.4.6")
        assert wire.recorder.capture()["exchanges"][0]["body"]["ID"] == DEVICE
        box.asked()
        await failing(wire.read(keys("LightLED")), WrongDeviceError)
        assert box.asked() == [REALTIME]
        await failing(wire.identify(), WrongDeviceError)

    @pytest.mark.parametrize("shown", [None, "", "  "])
    async def test_old_firmware_shows_no_id(self, wire, box, shown):
        """Then the shape of its answer has to do."""
        box.shows(ID=shown)
        assert (await wire.read(keys("ChargePower"))).values
        assert wire.shown_id is None

    async def test_an_id_of_digits_may_come_without_quotes(self, session, box):
        """It is a text all the same."""
        box.shows(ID=123456)
        wire = LanWire(session, box.address, pacer=Pacer(GAP), device_id="123456")
        assert (await wire.identify())["ID"] == 123456
        assert wire.shown_id == "123456"


class TestWriting:
    """What is sent, and what its answer means."""

    @pytest.mark.parametrize("keyword", WRITABLE)
    async def test_every_writable_keyword_goes_in_one_request(self, wire, box, keyword):
        """As the box wants it, with a literal equals sign."""
        box.says(f"/write/{keyword}=6", said("OK"))
        await wire.write(order(keyword, 6))
        assert box.asked() == [REALTIME, f"/write/{keyword}=6"]

    def test_there_are_fourteen_of_them(self):
        """Those that the maker's sheet marks."""
        assert len(set(WRITABLE)) == 14

    async def test_values_may_be_negative(self, wire, box):
        """The contracted power may be a target for the sun."""
        box.says("/write/ContractedPower=-500", said("OK"))
        await wire.write(order("ContractedPower", -500))
        assert box.asked()[1:] == ["/write/ContractedPower=-500"]

    async def test_a_write_goes_where_its_source_says(self, wire, box):
        """Some are written under another name than they are read."""
        box.says("/write/Paused=1", said("OK"))
        await wire.write([(Source(key="ReadyState", write_key="Paused"), 1)])
        assert box.asked()[1:] == ["/write/Paused=1"]

    @pytest.mark.parametrize(
        "keyword",
        ["ChargeState", "ID", "paused", "Paused=1&x", "../read/Paused", "Paused/..", "", "FirmwareVersion", 7, None, "SSID"],
    )
    async def test_other_keywords_are_refused_before_the_first_byte(self, wire, box, keyword):
        """With a name, as far as it has one."""
        error = await failing(wire.write(order(keyword, 1)), DeviceRefusedError)
        assert error.key == "not_writable"
        assert box.asked() == []

    @pytest.mark.parametrize(
        "value",
        [
            1.5,
            16.0,
            "16",
            True,
            None,
            "1/../2",
            "1%",
            "1?",
            float("nan"),
            10**30,
            -(10**7),
            pytest.param(10**5000, id="endless"),
            b"1",
            [1],
        ],
    )
    async def test_what_is_no_whole_number_is_refused_before_the_first_byte(self, wire, box, value):
        """Also when it is the second of two."""
        error = await failing(wire.write(order("Intensity", 16) + order("Paused", value)), DeviceRefusedError)
        assert error.key == "invalid_value"
        assert box.asked() == []

    @pytest.mark.parametrize("body", ["OK", "ok", " Ok \r\n", "OK\0"])
    async def test_ok_is_yes(self, wire, box, body):
        """In any case and with blanks around it."""
        box.says("/write/Intensity=16", said(body))
        await wire.write(order())

    @pytest.mark.parametrize("body", ["ERROR", "error", " Error\n", "ERROR\0"])
    async def test_error_is_no(self, wire, box, body):
        """The status is 200 all the same."""
        box.says("/write/Intensity=16", said(body))
        error = await failing(wire.write(order()), DeviceRefusedError)
        assert (error.key, error.placeholders) == ("device_refused", {"name": "Intensity"})
        assert box.asked() == [REALTIME, "/write/Intensity=16"]

    @pytest.mark.parametrize("body", ["", "OK!", "OK%", "NOT OK", "<html>OK</html>", '"OK"', "1", "ERROR 5", b"\xff\xfe"])
    async def test_anything_else_is_unclear(self, wire, box, body):
        """Whoever asked has to look what became of it; it is not sent again."""
        box.says("/write/Intensity=16", said(body))
        error = await failing(wire.write(order()), DeviceProtocolError)
        assert error.key == "write_unclear"
        assert box.asked() == [REALTIME, "/write/Intensity=16"]

    async def test_an_empty_answer_with_its_own_status_is_one_of_those(self, wire, box):
        """No Trydan says 204."""
        box.says("/write/Intensity=16", said("", 204))
        error = await failing(wire.write(order()), DeviceProtocolError)
        assert error.placeholders == {"status": "204"}

    async def test_a_404_may_be_haste(self, wire, box):
        """The second try counts."""
        box.says("/write/Intensity=16", MISSING, said("OK"))
        await wire.write(order())
        assert box.asked() == [REALTIME, "/write/Intensity=16", "/write/Intensity=16"]
        assert box.spans[2][0] - box.spans[1][1] >= SECOND_TRY * 0.9

    async def test_two_404_are_a_keyword_that_is_not_there(self, wire, box):
        """Nothing more is tried."""
        error = await failing(wire.write(order("LogoLED", 1)), DeviceRefusedError)
        assert (error.key, error.placeholders) == ("keyword_unknown", {"name": "LogoLED"})
        assert box.asked() == [REALTIME, "/write/LogoLED=1", "/write/LogoLED=1"]

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (SILENCE, DeviceTimeoutError),
            (HANG_UP, DeviceConnectionError),
            (said("OK", 500), DeviceProtocolError),
            (said("", 302, Location=f"http://127.0.0.1:1{REALTIME}"), DeviceProtocolError),
        ],
    )
    async def test_without_an_answer_nothing_is_sent_again(self, wire, box, answer, kind):
        """It may have been done."""
        box.says("/write/Intensity=16", answer)
        await failing(wire.write(order()), kind)
        assert box.asked() == [REALTIME, "/write/Intensity=16"]

    async def test_several_values_go_one_after_the_other(self, wire, box):
        """The first refusal ends it."""
        box.says("/write/MinIntensity=8", said("OK"))
        box.says("/write/MaxIntensity=10", said("ERROR"))
        await failing(wire.write(order("MinIntensity", 8) + order("MaxIntensity", 10) + order("Paused", 1)), DeviceRefusedError)
        assert box.asked() == [REALTIME, "/write/MinIntensity=8", "/write/MaxIntensity=10"]


class TestWritingToWhom:
    """No write goes to anybody but this charger."""

    @pytest.fixture(autouse=True)
    def _accepts(self, box):
        box.says("/write/Intensity=16", said("OK"))

    async def test_who_answered_a_minute_ago_is_not_asked_again(self, wire, box, clock):
        """Neither after a reading nor after a write."""
        await wire.read(keys("ChargePower"))
        clock.now += CONFIRMED_FOR
        await wire.write(order())
        assert box.asked() == [REALTIME, "/write/Intensity=16"]

    async def test_who_answered_earlier_is_asked_first(self, wire, box, clock):
        """An address may have been given to somebody else meanwhile."""
        await wire.read(keys("ChargePower"))
        clock.now += CONFIRMED_FOR + 1
        await wire.write(order())
        assert box.asked() == [REALTIME, REALTIME, "/write/Intensity=16"]

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (said({"ChargeState": 0, "ID": "OTHER1"}), WrongDeviceError),
            (said({"model": "LaserJet", "state": "ready"}), DeviceProtocolError),
            (said("<html>printer</html>"), DeviceProtocolError),
            (MISSING, DeviceProtocolError),
            (SILENCE, DeviceTimeoutError),
        ],
    )
    async def test_a_stranger_gets_no_write(self, wire, box, clock, answer, kind):
        """Another charger, a printer, or nobody."""
        await wire.read(keys("ChargePower"))
        clock.now += CONFIRMED_FOR + 1
        box.says(REALTIME, answer)
        await failing(wire.write(order()), kind)
        assert box.asked() == [REALTIME, REALTIME]

    async def test_after_a_failure_it_is_asked_who_is_there(self, wire, box):
        """A lost connection is how a moved address looks at first."""
        box.says("/write/Intensity=16", HANG_UP, said("OK"))
        await failing(wire.write(order()), DeviceConnectionError)
        await wire.write(order())
        assert box.asked() == [REALTIME, "/write/Intensity=16"] * 2

    async def test_what_a_poll_finds_out_stops_the_write_that_waits(self, wire, box):
        """The write was given while the poll was under way."""
        await wire.read(keys("ChargePower"))
        box.shows(ID="OTHER1")
        box.begun.clear()
        poll = asyncio.ensure_future(wire.read(keys("ChargePower")))
        await box.begun.wait()
        results = await asyncio.gather(poll, wire.write(order()), return_exceptions=True)
        assert [type(each) for each in results] == [WrongDeviceError, WrongDeviceError]
        assert box.asked() == [REALTIME] * 3

    async def test_old_firmware_without_an_id_gets_its_writes(self, wire, box):
        """It is known by its answers alone."""
        box.shows(ID=None)
        await wire.write(order())
        assert box.asked() == [REALTIME, "/write/Intensity=16"]


class TestTransport:
    """How it is talked to."""

    @pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 401, 403, 404, 418, 429, 500, 503])
    async def test_every_other_status_is_a_stranger(self, wire, box, status):
        """A demand for a password or for patience too: neither our user's key nor our quota is meant."""
        box.says(REALTIME, said(IDLE if status != 204 else b"", status, Location=f"http://127.0.0.1:1{REALTIME}"))
        error = await failing(wire.read(keys("ChargePower")), DeviceProtocolError)
        assert (error.key, error.placeholders) == ("http_status", {"status": str(status)})
        assert box.asked() == [REALTIME]

    async def test_nobody_at_the_address(self, session):
        """A port that nobody listens on."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            wire = LanWire(session, f"127.0.0.1:{taken.getsockname()[1]}", pacer=Pacer(GAP))
            await failing(wire.identify(), DeviceConnectionError)

    async def test_a_body_without_end_is_cut(self, wire, box):
        """A charger has little to say."""
        box.says(REALTIME, said(b'{"ChargeState":1,"x":"' + b"x" * 1_000_000 + b'"}'))
        await failing(wire.identify(), DeviceProtocolError)

    async def test_one_at_a_time_with_a_pause_after_each_answer(self, wire, box):
        """Polls and commands at once; each has a connection of its own, which is closed."""
        box.says("/write/Intensity=16", said("OK"))
        box.says("/read/LightLED", said("1"))
        polls = [wire.read(keys("ChargePower", "LightLED")) for _ in range(3)]
        await asyncio.gather(*polls, *(wire.write(order()) for _ in range(3)))
        assert box.most == 1
        assert sorted(box.paths) == [REALTIME] * 4 + ["/read/LightLED"] * 3 + ["/write/Intensity=16"] * 3
        spans = sorted(box.spans)
        assert min(later[0] - earlier[1] for earlier, later in pairwise(spans)) >= GAP * 0.9
        assert all("Connection: close" in head for head in box.heads)

    async def test_a_new_wire_waits_a_moment(self, session, box):
        """Another one may just have asked the same box."""
        started = asyncio.get_running_loop().time()
        await LanWire(session, box.address, pacer=Pacer(0.05)).identify()
        assert box.spans[0][0] - started >= 0.045

    async def test_the_log_tells_neither_host_nor_values(self, wire, box, caplog):
        """One line for each request."""
        caplog.set_level(logging.DEBUG, logger=lan.__name__)
        box.says("/write/Intensity=16", said("OK"), HANG_UP)
        await wire.write(order())
        await failing(wire.write(order()), DeviceConnectionError)
        lines = [record.getMessage() for record in caplog.records if record.name == lan.__name__]
        assert re.fullmatch(r"lan GET /RealTimeData 200 \d+ B in 0\.\d{3} s", lines[0])
        assert re.fullmatch(r"lan GET /write/Intensity 200 2 B in 0\.\d{3} s", lines[1])
        assert re.fullmatch(r"lan GET /write/Intensity failed after 0\.\d{3} s: .+", lines[2])
        assert len(lines) == 3
        assert not any(secret in line for line in lines for secret in ("127.0.0.1", box.address[-5:], "=16", "SIM"))

    @pytest.mark.parametrize(
        ("host", "url"),
        [("192.168.1.4", "http://192.168.1.4"), ("box.lan:81", "http://box.lan:81"), ("[fd00::1]:81", "http://[fd00::1]:81"), ("fd00::1", "http://[fd00::1]")],
    )  # fmt: skip
    async def test_hosts_become_urls(self, session, host, url):
        """With brackets where they belong; the host stays as it was given."""
        wire = LanWire(session, host, pacer=Pacer(GAP))
        assert (wire.name, wire.host, wire.url) == ("lan", host, url)

    @pytest.mark.parametrize("host", ["", "box/path", "me@box", "http://box", "box:0"])
    async def test_what_is_no_host_makes_no_wire(self, session, host):
        """Nothing is ever put into a URL unseen."""
        with pytest.raises(DeviceRefusedError):
            LanWire(session, host, pacer=Pacer(GAP))


class TestSimulated:
    """Against the simulated charger, at the real pace."""

    ALL = ("ID", "ChargeState", "ChargePower", "FirmwareVersion", *READ_ONLY_BY_KEYWORD)

    @pytest.fixture
    def meet(self, session, monkeypatch):
        """Return a wire to a simulator."""
        monkeypatch.setattr(lan, "SECOND_TRY", 0.3)

        def make(sim: TrydanSimulator, gap: float = 0.15, **more) -> LanWire:
            return LanWire(session, sim.address, pacer=Pacer(gap), device_id=DEVICE, **{"deadline": 2, **more})

        return make

    async def test_a_box_that_hates_haste_is_never_hurried(self, meet):
        """No 404 at our pace, and never two requests at once."""
        async with TrydanSimulator(device_id=DEVICE, hurried_404=True, response_delay=0.05) as sim:
            wire = meet(sim)
            readings = await asyncio.gather(wire.read(keys(*self.ALL)), wire.write(order("Intensity", 10)), wire.identify())
            assert set(readings[0].values) == set(self.ALL)
            assert sim.written == [("Intensity", "10")]
            assert {each.outcome for each in sim.requests} == {"ok", "OK"}
            assert (sim.most_open, sim.smallest_gap >= 0.14) == (1, True)

    async def test_a_box_that_another_client_has_hurried_is_asked_again(self, meet):
        """Its 404 means nothing the first time."""
        async with TrydanSimulator(device_id=DEVICE, hurried_404=True) as sim:
            wire = meet(sim, gap=0.0)
            await asyncio.sleep(0)
            assert (await wire.read(keys("ChargePower", "LightLED"))).values["LightLED"] == sim.value("LightLED")
            assert [each.outcome for each in sim.requests] == ["ok", "hurried", "ok"]

    @pytest.mark.parametrize(
        ("firmware", "by_name"),
        [("1.6.13", 0), ("1.6.18", 0), ("2.1.7", 0), ("2.1.17", 0), ("2.3.20", 0), ("2.4.6", 3), ("2.5.0", 3), ("2.5.1", 3), ("alva", 3)],
    )  # fmt: skip
    async def test_every_firmware_is_read(self, meet, firmware, by_name):
        """By name only from 2.4.0 on; nothing ever fails."""
        async with TrydanSimulator(device_id=DEVICE, firmware=firmware) as sim:
            reading = await meet(sim, gap=0.0).read(keys(*self.ALL))
            assert not reading.failed
            assert [each.function for each in sim.requests] == ["RealTimeData", *["read"] * by_name]
            assert {"ChargeState", "ChargePower", "FirmwareVersion"} <= set(reading.values)
            assert reading.values["FirmwareVersion"] == ("2.5.1" if firmware == "alva" else firmware)

    @pytest.mark.parametrize("quirk", [*sorted(QUIRKS), "all"])
    async def test_every_blemish_is_understood(self, meet, quirk):
        """Each by itself, and all at once."""
        async with TrydanSimulator(device_id=DEVICE, firmware="2.5.1") as sim:
            wire = meet(sim, gap=0.0)
            plain = (await wire.read(keys(*sim.values.snapshot(), "LightLED"))).values
            sim.quirks.update(QUIRKS if quirk == "all" else {quirk})
            found = (await wire.read(keys(*sim.values.snapshot(), "LightLED"))).values
            lost = {"ID"} if quirk in {"no_id", "all"} else set()
            assert set(found) == set(plain) - lost
            floats = {key for key, value in plain.items() if isinstance(value, float)}
            for key, value in found.items():
                broken = quirk in {"nan", "all"} and key in floats and key != "LightLED"
                assert value is None if broken else str(value) == str(plain[key]) or float(value) == plain[key], key

    @pytest.mark.parametrize(
        "fault", ["redirect", "huge", "nested", "html", "empty", "list", "object", "garbage", "unauthorized", "too_many"]
    )
    async def test_strange_answers_are_strangers(self, meet, fault):
        """Read or written, it is our error, and the write is not done."""
        async with TrydanSimulator(device_id=DEVICE) as sim:
            wire = meet(sim, gap=0.0)
            sim.faults.http = fault
            await failing(wire.read(keys("ChargePower")), DeviceProtocolError)
            await failing(wire.write(order("Intensity", 10)), DeviceProtocolError)
            assert sim.written == []
            sim.faults.clear()
            assert (await wire.read(keys("ChargePower"))).values

    async def test_a_refused_write_is_told(self, meet):
        """As the box tells it."""
        async with TrydanSimulator(device_id=DEVICE) as sim:
            wire = meet(sim, gap=0.0)
            await failing(wire.write(order("Intensity", 99)), DeviceRefusedError)
            await wire.write(order("Intensity", 9))
            assert (await wire.read(keys("Intensity"))).values == {"Intensity": 9}

    async def test_another_charger_at_the_address_is_found_out(self, meet):
        """It gets nothing from us."""
        async with TrydanSimulator(device_id="OTHER1") as sim:
            wire = meet(sim, gap=0.0)
            await failing(wire.write(order()), WrongDeviceError)
            await failing(wire.read(keys("ChargePower")), WrongDeviceError)
            assert sim.written == []
