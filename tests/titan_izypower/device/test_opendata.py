"""The OpenData wire against a simulated unit: batches, odd answers, digest, pacing."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
import json
from pathlib import Path
import time
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
)
from custom_components.titan_izypower.titan import opendata
from custom_components.titan_izypower.titan.device import meet
from custom_components.titan_izypower.titan.opendata import Batching, invented_digest
from custom_components.titan_izypower.titan.points import Battery, Pack, Settings, Solar
from simulators.titan import TitanSimulator
from tests.titan_izypower.device.units import LIVE, Bench, Clock, everything, flow, no_connection, writes

CAPTURE = Path(__file__).resolve().parents[4] / "shared/captures/titan/opendata_gen2_idle.json"


@pytest.fixture
def capture() -> dict[str, Any]:
    """Give the points of a real unit; skip, visibly, where the capture is not there."""
    if not CAPTURE.exists():
        pytest.skip(f"{CAPTURE} is not there")
    found: dict[str, Any] = json.loads(CAPTURE.read_text())
    return found


def counts(sim: TitanSimulator) -> list[int]:
    """Give the number of points of each request for data."""
    return [each.count for each in sim.requests if each.function == "Indevolt.GetData"]


# What is asked


async def test_a_live_poll_is_two_requests(bench: Bench) -> None:
    """All that changes with each poll comes in two requests, and nothing else is asked."""
    sim = await bench.start(packs=2)
    titan = await everything(await bench.opendata(sim))
    sim.log.clear()
    await titan.update(LIVE)
    assert [each.function for each in sim.requests] == ["Indevolt.GetData"] * 2
    assert counts(sim) == [40, 25]
    sim.log.clear()
    titan.expire("network", "radio")
    await titan.update(tuple(titan.blocks))
    assert [each.function for each in sim.requests] == ["Indevolt.GetData"] * 2 + ["Sys.GetConfig", "WiFi.GetConfig"]


async def test_one_request_in_flight_and_the_gap_between(bench: Bench) -> None:
    """Polls that come at once wait for each other; requests start a gap apart; each connection is closed."""
    sim = await bench.start()
    titan = await bench.opendata(sim, gap=0.1)
    await meet(titan)
    sim.log.clear()
    await asyncio.gather(titan.update(LIVE, only=True), titan.update(LIVE, only=True))
    times = [each.at for each in sim.requests]
    assert len(times) == 4
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.05
    await no_connection(sim)


class Recording:
    """A web server that notes headers and URLs, and answers what it is told."""

    def __init__(self, answer: Callable[[web.Request], Any]) -> None:
        self.answer, self.requests = answer, list[web.Request]()
        self.runner = web.AppRunner(self._app())

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        found = self.answer(request)
        return found if isinstance(found, web.StreamResponse) else web.json_response(found)

    async def start(self, bench: Bench) -> int:
        """Listen on a free port."""
        await self.runner.setup()
        bench.stack.push_async_callback(self.runner.cleanup)
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return int(site._server.sockets[0].getsockname()[1])


async def test_headers_and_url(bench: Bench) -> None:
    """Each request closes its connection; the config travels percent-encoded in the query of a POST without body."""
    server = Recording(lambda request: {"6000": 5} if "Get" in request.path else {"result": True})
    port = await server.start(bench)
    titan = await bench.opendata(None, port=port)
    assert await titan.wire.call("Indevolt.GetData", {"t": [6000, 6001]}) == {"6000": 5}
    asked = server.requests[0]
    assert asked.method == "POST"
    assert asked.headers["Connection"] == "close"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.raw_path == "/rpc/Indevolt.GetData?config=%7B%22t%22%3A%5B6000%2C6001%5D%7D"
    assert await asked.read() == b""
    await titan.wire.call("Sys.GetConfig")
    assert (server.requests[1].method, server.requests[1].raw_path) == ("GET", "/rpc/Sys.GetConfig")
    await titan.wire.write([(titan.settings.sources("opendata")["charge_limit"], 500)])
    assert json.loads(server.requests[2].query["config"]) == {"f": 16, "t": 1138, "v": [500]}


async def test_an_ipv6_address(bench: Bench) -> None:
    """An IPv6 literal stands in brackets."""
    session = await bench.stack.enter_async_context(aiohttp.ClientSession())
    wire = opendata.OpenDataWire(session, "fe80::1", 8080, opendata.Pacer(0), logger=opendata.logging.getLogger("test"))
    assert wire._base == "http://[fe80::1]:8080/rpc/"


# What is answered


@pytest.mark.parametrize("style", ["number", "string"])
@pytest.mark.parametrize("role", ["none", "master", "slave"])
async def test_numbers_and_texts_are_the_same(bench: Bench, clock: Clock, style: str, role: str) -> None:
    """Firmware that quotes its numbers gives the same values."""
    sim = await bench.start(packs=2, value_style=style, cluster_role=role)
    flow(sim, clock, load=300, pv=1000)
    titan = await everything(await bench.opendata(sim))
    assert titan.battery.soc == pytest.approx(sim.house.soc, abs=0.05)
    assert titan.battery.power == pytest.approx(sim.house.battery_w, abs=0.5)
    assert titan.battery.state == "charging"
    assert titan.settings.cluster_role == {"none": "standalone"}.get(role, role)
    assert titan.serial == "SIM-TITAN-0001"
    assert titan.info.rated_capacity == 5376


@pytest.mark.parametrize("content", [None, "", "abc", True, [], {}, "1e400", "NaN", 10**30], ids=str)
async def test_a_point_without_a_usable_value(bench: Bench, content: Any) -> None:
    """Null and nonsense are no value, of that point alone."""
    server = Recording(
        lambda request: {key: content if key == "6002" else 7 for key in map(str, json.loads(request.query["config"])["t"])}
    )
    titan = await bench.opendata(None, port=await server.start(bench))
    await titan.update(("battery",), only=True)
    assert titan.battery.system_soc is None
    assert titan.battery.raw_power == 7


async def test_a_serial_number_of_digits_stays_text(bench: Bench) -> None:
    """A number where text belongs is text."""
    sim = await bench.start(serial="20250101")
    sim.set("9008", 12345)
    titan = await bench.opendata(sim)
    await meet(titan)
    assert titan.serials == {"device": "20250101", "pack": "12345"}
    assert titan.secrets.count("20250101") >= 1


async def test_missing_points_are_asked_for_three_times_and_then_daily(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A point that three answers lacked is left out of later requests until the next day."""
    now = [1_000_000.0]
    monkeypatch.setattr(opendata.time, "time", lambda: now[0])
    sim = await bench.start(missing_points={5000, 2278})
    titan = await bench.opendata(sim)
    for _ in range(3):
        sim.log.clear()
        await titan.update(("grid",), only=True)
        assert 5000 in sim.requests[0].points
    sim.log.clear()
    await titan.update(("grid",), only=True)
    assert not {5000, 2278} & set(sim.requests[0].points)
    assert not titan.grid.has(titan.grid.points["home_power"])
    sim.options.missing_points = set()
    now[0] += 86_401
    await titan.update(("grid",), only=True)
    assert titan.grid.home_power == 0


async def test_a_value_is_kept_while_a_point_is_missing_for_a_moment(bench: Bench) -> None:
    """One answer without a point changes nothing, three make it unknown."""
    sim = await bench.start()
    titan = await everything(await bench.opendata(sim))
    sim.options.missing_points = {6002}
    for expected in (50, 50, None):
        await titan.update(("battery",), only=True)
        assert titan.battery.system_soc == expected


# Batches


@pytest.mark.parametrize(("most", "sizes"), [(39, [40, 20]), (20, [40, 20]), (10, [40, 20, 10]), (8, [40, 20, 10, 8])])
async def test_smaller_batches_are_found_and_remembered(bench: Bench, most: int, sizes: list[int]) -> None:
    """The size goes down step by step until the unit can answer, and is not probed again."""
    sim = await bench.start(max_points=most)
    titan = await bench.opendata(sim)
    await titan.update(LIVE, only=True)
    assert counts(sim)[: len(sizes)] == sizes
    assert titan.wire.memory.size == sizes[-1]
    sim.log.clear()
    await titan.update(LIVE, only=True)
    assert max(counts(sim)) == sizes[-1]
    assert {each.outcome for each in sim.requests} == {"ok"}
    saved = titan.saved()["opendata"]
    sim.log.clear()
    again = await bench.opendata(sim, memory=Batching.restored(saved))
    await again.update(LIVE, only=True)
    assert max(counts(sim)) == sizes[-1]


async def test_below_the_smallest_batch_there_is_an_error(bench: Bench) -> None:
    """A unit that cannot answer eight points cannot be read, and says so."""
    sim = await bench.start(max_points=7)
    titan = await bench.opendata(sim)
    with pytest.raises(DeviceProtocolError) as caught:
        await titan.update(LIVE, only=True)
    assert caught.value.placeholders["status"] == "500"
    assert counts(sim) == [40, 20, 10, 8]


async def test_a_bad_moment_does_not_shrink_a_proven_batch(bench: Bench) -> None:
    """Two failures are the unit's trouble; only the third in a row throws doubt on the size."""
    sim = await bench.start()
    titan = await everything(await bench.opendata(sim))
    sim.faults.http = "status:500"
    for _ in range(3):
        with pytest.raises(DeviceProtocolError):
            await titan.update(LIVE)
        assert titan.wire.memory.size == 40
    sim.faults.clear()
    await titan.update(LIVE)
    assert titan.wire.memory.size == 40


async def test_a_batch_that_does_not_work_any_more_is_doubted(bench: Bench) -> None:
    """After three failed polls smaller batches are tried, and found."""
    sim = await bench.start()
    titan = await everything(await bench.opendata(sim))
    sim.options.max_points = 10
    for _ in range(3):
        with pytest.raises(DeviceProtocolError):
            await titan.update(LIVE)
    await titan.update(LIVE)
    assert titan.wire.memory.size == 10


@pytest.mark.parametrize("fault", ["garbage", "status:500", "half_open"])
async def test_an_outage_teaches_nothing_about_batches(bench: Bench, fault: str) -> None:
    """Was wrong: where smaller ones fail, too, the size was not to blame, and yet the unit was asked five times as often for days."""
    sim = await bench.start()
    titan = await everything(await bench.opendata(sim, deadline=0.5 if fault == "half_open" else None))
    sim.faults.http = fault
    for _ in range(6):
        with pytest.raises(EnergyError):
            await titan.update(LIVE)
    assert titan.wire.memory.size == 40
    sim.faults.clear()
    titan.wire._deadline = None
    sim.log.clear()
    await titan.update(LIVE)
    assert counts(sim)[0] == 40


async def test_once_a_day_a_larger_batch_is_tried(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step up a day: kept when it works, given up at once when it does not."""
    now = [1_000_000.0]
    monkeypatch.setattr(opendata.time, "time", lambda: now[0])
    sim = await bench.start(max_points=10)
    titan = await bench.opendata(sim)
    await titan.update(LIVE, only=True)
    sim.log.clear()
    now[0] += 86_401
    await titan.update(LIVE, only=True)
    assert counts(sim)[:2] == [20, 10]
    assert titan.wire.memory.size == 10
    sim.options.max_points = 200
    for size in (20, 40, 40):
        now[0] += 86_401
        await titan.update(LIVE, only=True)
        assert titan.wire.memory.size == size


async def test_an_answer_that_was_cut_short(bench: Bench) -> None:
    """When much of what exists is missing, the answer is not believed and asked for in smaller parts."""
    asked: list[list[int]] = []

    def answer(request: web.Request) -> dict[str, int]:
        points = json.loads(request.query["config"])["t"]
        asked.append(points)
        return dict.fromkeys(map(str, points[:12]), 1) if len(asked) > 2 else dict.fromkeys(map(str, points), 1)

    titan = await bench.opendata(None, port=await Recording(answer).start(bench))
    await titan.update(LIVE, only=True)
    for _ in range(3):
        with pytest.raises(DeviceProtocolError, match="are missing"):
            await titan.update(LIVE, only=True)
    asked.clear()
    asked.extend([[], []])
    await titan.update(LIVE, only=True)
    assert titan.wire.memory.size == 10
    assert titan.wire.memory.misses[6007] == 0


# What goes wrong

FAULTS: dict[str, type[EnergyError]] = {
    "object": DeviceProtocolError,
    "null": DeviceProtocolError,
    "list": DeviceProtocolError,
    "html": DeviceProtocolError,
    "empty": DeviceProtocolError,
    "truncated": DeviceProtocolError,
    "garbage": DeviceProtocolError,
    "nested": DeviceProtocolError,
    "huge": DeviceProtocolError,
    "redirect": DeviceProtocolError,
    "unauthorized": DeviceAuthError,
    "status:403": DeviceAuthError,
    "too_many:9": RateLimitedError,
    "status:400": DeviceProtocolError,
    "status:404": DeviceProtocolError,
    "status:500": DeviceProtocolError,
    "status:503": DeviceProtocolError,
    "half_open": DeviceTimeoutError,
    "no_answer": DeviceTimeoutError,
    "delay:0.5": DeviceTimeoutError,
    "drip:0.02": DeviceTimeoutError,
    "reset": DeviceConnectionError,
    "reset_on_connect": DeviceConnectionError,
    "reset_mid_frame": EnergyError,
    "close_mid_frame": EnergyError,
    "refuse": DeviceConnectionError,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_our_error(bench: Bench, fault: str) -> None:
    """Whatever answers, the error is ours, in time; the next poll is right, and no connection stays."""
    sim = await bench.start()
    titan = await everything(await bench.opendata(sim, deadline=0.2))
    sim.faults.http = fault
    started = time.monotonic()
    with pytest.raises(FAULTS[fault]):
        await titan.update(LIVE)
    assert time.monotonic() - started < 1.5
    assert titan.wire.memory.size == 40
    sim.faults.clear()
    flow(sim, bench.clock, load=400)
    report = await titan.update(LIVE)
    assert "identity" in report.updated, "after a failure it is asked who is there"
    assert titan.battery.power == 400
    await no_connection(sim)


async def test_too_many_says_for_how_long(bench: Bench) -> None:
    """The unit's own Retry-After is passed on."""
    sim = await bench.start()
    sim.faults.http = "too_many:9"
    with pytest.raises(RateLimitedError) as caught:
        await (await bench.opendata(sim)).update()
    assert caught.value.retry_after == 9


@pytest.mark.parametrize("fault", ["content_type:text/plain", "text_numbers"])
async def test_what_does_no_harm(bench: Bench, fault: str) -> None:
    """A wrong content type and numbers in quotes are read all the same."""
    sim = await bench.start()
    titan = await everything(await bench.opendata(sim))
    sim.faults.http = fault
    await titan.update(LIVE)
    assert titan.battery.soc == 50


async def test_not_a_number_is_no_value(bench: Bench) -> None:
    """Python's NaN in JSON never reaches a value."""
    sim = await bench.start()
    titan = await everything(await bench.opendata(sim))
    sim.faults.http = "nan"
    await titan.update(LIVE)
    assert titan.battery.soc is None
    assert titan.battery.power is None


async def test_a_system_call_that_is_missing(bench: Bench) -> None:
    """Firmware without a system call still gives its points."""
    answers = {"/rpc/Indevolt.GetData": {"9008": "PK0"}, "/rpc/WiFi.GetConfig": {"sta": 5}}
    server = Recording(lambda request: answers.get(request.path) or web.Response(status=404))
    titan = await bench.opendata(None, port=await server.start(bench))
    await titan.update(("identity", "radio"), only=True)
    assert titan.serials == {"pack": "PK0"}
    assert titan.serial == "pack-PK0"
    assert titan.radio.signal is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"result": True}, None),
        ({"result": 1}, None),
        ({"result": False}, DeviceRefusedError),
        ({"result": 0}, DeviceRefusedError),
        ({"result": None}, DeviceProtocolError),
        ({"result": "yes"}, DeviceProtocolError),
        ({"result": []}, DeviceProtocolError),
        ({}, DeviceProtocolError),
        ([], DeviceProtocolError),
        (None, DeviceProtocolError),
    ],
    ids=str,
)
async def test_the_answer_to_a_write(bench: Bench, answer: Any, kind: type[EnergyError] | None) -> None:
    """Only a clear yes is accepted, only a clear no is a refusal."""
    server = Recording(lambda _: web.json_response(answer))
    titan = await bench.opendata(None, port=await server.start(bench))
    values = [(titan.settings.sources("opendata")["charge_limit"], 500)]
    if kind is None:
        await titan.wire.write(values)
        return
    with pytest.raises(kind):
        await titan.wire.write(values)


# Digest


@pytest.mark.parametrize("forms", ["both", "challenge", "invented"])
async def test_digest(bench: Bench, forms: str) -> None:
    """The right password reads and writes in whichever form the firmware wants."""
    sim = await bench.start(digest_password="s3cret", digest_forms=forms)
    titan = await everything(await bench.opendata(sim, password="s3cret"))
    assert titan.battery.soc == 50
    await titan.write(titan.settings, Settings.charge_limit, 600)
    assert sim.value(1138) == 600
    await titan.update()
    sim.log.clear()
    await titan.update(LIVE)
    # A challenge costs a second request each time; one's own nonce, once found out, does not.
    assert len(sim.requests) == (2 if forms == "invented" else 4)


@pytest.mark.parametrize("forms", ["both", "challenge", "invented"])
@pytest.mark.parametrize("password", [None, "wrong"])
async def test_a_wrong_password(bench: Bench, forms: str, password: str | None) -> None:
    """Without the right password the user is asked for it, and the password is in no message."""
    sim = await bench.start(digest_password="s3cret", digest_forms=forms)
    titan = await bench.opendata(sim, password=password)
    with pytest.raises(DeviceAuthError) as caught:
        await meet(titan)
    assert "wrong" not in str(caught.value)


async def test_a_password_that_nobody_asks_for(bench: Bench) -> None:
    """A unit in plain mode answers whatever the password."""
    sim = await bench.start()
    titan = await bench.opendata(sim, password="anything")
    await meet(titan)
    assert titan.serial == "SIM-TITAN-0001"


def test_an_invented_header_is_different_each_time() -> None:
    """Realm and nonces are random; the header names the vendor's user and the URI."""
    first, second = invented_digest("key", "POST", "/rpc/x"), invented_digest("key", "POST", "/rpc/x")
    assert first != second
    assert 'username="opend"' in first
    assert 'uri="/rpc/x"' in first
    assert "key" not in first.replace('"opend"', "")


# Whole units


async def test_the_capture_of_a_real_unit(bench: Bench, capture: dict[str, Any]) -> None:
    """An idle unit of the second generation, as it answered."""

    def answer(request: web.Request) -> Any:
        if "GetData" not in request.path:
            return {"device": {"sn": capture["0"], "type": "CMS-SF2000", "fw": "V1", "run_time": 5}}
        return {key: capture[key] for key in map(str, json.loads(request.query["config"])["t"]) if key in capture}

    titan = await bench.opendata(None, port=await Recording(answer).start(bench))
    await meet(titan)
    await titan.update(LIVE)
    assert titan.serial == "SF2000-CAPTURE-0001"
    assert titan.info.rated_capacity == 1790
    assert titan.battery.state == "idle"
    assert titan.battery.power == 0
    assert titan.battery.soc == 4
    assert titan.battery.charged_today == 70
    assert titan.battery.charged_total == 380580
    assert titan.battery.discharged_total == 338070
    assert titan.solar.total == 321134
    assert titan.grid.ac_input_total == 289970
    assert titan.grid.meter_connected is False
    assert titan.system.working_mode == "self_consumption"
    assert titan.settings.backup_soc == 5


async def test_the_first_generation(bench: Bench, clock: Clock) -> None:
    """The older class is asked for its own points only, and shows what it has."""
    sim = await bench.start(model_type="BK1600", packs=1)
    for number, value in {"21028": -120, "7170": 1, "1107": 105, "311": 203}.items():
        sim.set(number, value)
    flow(sim, clock, load=300, pv=800)
    titan = await everything(await bench.opendata(sim, name="gen1"))
    assert titan.generation == 1
    assert titan.is_titan()
    assert titan.grid.meter_power == -120
    assert titan.grid.bypass_mode == "microinverter"
    assert titan.info.bms_firmware == "105"
    assert titan.info.mppt_firmware == "203"
    assert titan.battery.power == pytest.approx(-500, abs=0.5)
    asked = {point for each in sim.requests for point in each.points}
    assert not asked & {11016, 11039, 1109, 1120, 11006, 9000, 11009}
    assert titan.wire.name in titan.saved()
    with pytest.raises(DeviceRefusedError) as caught:
        await titan.write(titan.settings, Settings.backup_soc, 20)
    assert caught.value.key == "not_writable"
    assert not writes(sim)


# Memory


@pytest.mark.parametrize(
    "saved",
    [
        None,
        5,
        [],
        {},
        {"size": 7, "misses": {}},
        {"size": 10, "misses": []},
        {"size": [], "misses": {}},
        {"size": 10, "misses": {"1": "x"}},
        {"size": 10, "misses": {"²": 3}},
        {"size": 10, "misses": {"1": None}},
        {"size": 10, "misses": {"1": []}},
        {"size": 10, "misses": {"a": 1}, "firmware": []},
    ],
    ids=str,
)
def test_a_memory_of_garbage(saved: Any) -> None:
    """What cannot be read from storage is forgotten; what can is kept."""
    batching = Batching.restored(saved)
    assert batching.misses == {}
    assert batching.size in (40, 10)
    assert batching.firmware is None


def test_a_memory_goes_to_storage_and_back() -> None:
    """Size, firmware and misses are equal after a restart."""
    batching = Batching(firmware="a/b", size=20, misses={6000: 2, 11: 0})
    again = Batching.restored(json.loads(json.dumps(batching.as_dict())))
    assert (again.firmware, again.size, again.misses) == ("a/b", 20, {6000: 2, 11: 0})


async def test_new_firmware_is_learned_anew(bench: Bench) -> None:
    """After an update the largest batch and every point are tried again."""
    sim = await bench.start(max_points=10, missing_points={5000})
    titan = await everything(await bench.opendata(sim))
    assert titan.wire.memory.size == 10
    sim.options.max_points, sim.options.missing_points = 200, set()
    sim.set("1118", 14600)
    titan.expire("info")
    await titan.update(LIVE)
    await titan.update(LIVE)
    assert titan.wire.memory.size == 40
    assert titan.grid.home_power == 0


def test_what_the_datasheet_of_the_packs_lacks() -> None:
    """The main pack has no minimum temperature over OpenData; the extensions have."""
    assert Pack.min_temperature.source("opendata", 0) is None
    assert Pack.min_temperature.source("opendata", 1) is not None
    assert Pack.min_temperature.source("opendata", 6) is None
    assert (Battery.soc_of_pack_1.source("opendata"), Solar.power.source("gen1").key) == (None, 1501)
