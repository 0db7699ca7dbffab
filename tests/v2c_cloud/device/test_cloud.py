"""The cloud's client against a real server on loopback: what is sent, what it costs, and what each failure means."""

import asyncio
from dataclasses import dataclass, field
import hashlib
import logging
import re
import socket
import struct
import time
import traceback
from urllib.parse import parse_qsl

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.energy_core.capture import Recorder
from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
)
from custom_components.energy_core.pacing import Pacer
from custom_components.v2c_cloud.v2c import cloud, endpoints, parse
from custom_components.v2c_cloud.v2c.cloud import BASE_URL, CloudClient, account_id, check_base_url
from custom_components.v2c_cloud.v2c.endpoints import Endpoint

KEY = "s3cr3t-key"
BOX = "XQUXDU"
PASSWORD = "Ünder &=?#/+% 100"


@dataclass
class Purse:
    """Counts what is spent and what it is told, and may be empty."""

    left: int = 100
    spent: list[bool] = field(default_factory=list)
    told: list[str | None] = field(default_factory=list)
    refusals: list[float | None] = field(default_factory=list)

    def spend(self, *, command: bool) -> None:
        if len(self.spent) >= self.left:
            raise RateLimitedError(key="budget_exhausted", retry_after=60, limit=self.left)
        self.spent.append(command)

    def heard(self, headers) -> None:
        self.told.append(headers.get("ratelimit-remaining"))

    def refused(self, retry_after: float | None) -> None:
        self.refusals.append(retry_after)


@dataclass
class Cloud:
    """A server that keeps what it was asked and says what it was told to; the last answer is repeated."""

    url: str = ""
    answers: list = field(default_factory=list)
    asked: list[tuple[str, str, dict, object]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    peers: list[tuple[str, int]] = field(default_factory=list)
    open: int = 0
    most: int = 0
    pause: float = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        query = dict(parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True))
        content = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path, query, content))
        self.keys.append(request.headers["apikey"])
        self.peers.append(request.transport.get_extra_info("peername"))
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await asyncio.sleep(self.pause)
            return self._say(request, self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        finally:
            self.open -= 1

    def _say(self, request, answer) -> web.StreamResponse:
        if answer == "reset":
            request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.transport.abort()
            return web.Response()
        if answer == "close":
            request.transport.close()
            return web.Response()
        if isinstance(answer, bytes):
            return web.Response(body=answer or None, headers={"RateLimit-Limit": "1000", "RateLimit-Remaining": "321"})
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return web.Response(status=status, headers=headers, body=None if status == 204 else b"never read")


@pytest.fixture
async def server():
    """A cloud on loopback that accepts everything."""
    made = Cloud(answers=[b"OK"])
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    running = TestServer(app)
    await running.start_server()
    made.url = str(running.make_url("/kong/v2c_service"))
    yield made
    await running.close()


@pytest.fixture
def purse():
    """The quota."""
    return Purse()


@pytest.fixture
async def client(server, purse, monkeypatch):
    """A client of that cloud."""
    monkeypatch.setattr(cloud, "RETRY_PAUSE", 0.001)
    async with ClientSession() as session:
        yield CloudClient(session, f" {KEY}\n", quota=purse, base_url=f"{server.url}/", pacer=Pacer(0.0), deadline=5.0)


async def failing(call, kind: type[EnergyError]) -> EnergyError:
    """Return the error that a call ends with; none tells a key, an id or a value."""
    with pytest.raises(EnergyError) as caught:
        await call
    assert type(caught.value) is kind
    said = "".join(traceback.format_exception(caught.value)) + str(caught.value.placeholders)
    assert not any(secret in said for secret in (KEY, BOX, PASSWORD))
    return caught.value


class TestRequest:
    """What reaches the server."""

    async def test_a_poll_and_a_command(self, server, client, purse):
        """Method, path, query and key are the vendor's, and each call is paid for as what it is."""
        server.answers = [b'[{"deviceId": "XQUXDU"}]', b"Command executed successfully", b""]
        assert await client.call(endpoints.PAIRINGS) == [{"deviceId": BOX}]
        assert await client.call(endpoints.INTENSITY, BOX, command=True, value=16) == "Command executed successfully"
        assert await client.call(endpoints.CONNECTED, BOX) is None
        assert server.asked == [
            ("GET", "/kong/v2c_service/pairings/me", {}, None),
            ("POST", "/kong/v2c_service/device/intensity", {"deviceId": BOX, "value": "16"}, None),
            ("GET", "/kong/v2c_service/device/connected", {"deviceId": BOX}, None),
        ]
        assert server.keys == [KEY] * 3
        assert purse.spent == [False, True, False]
        assert purse.told == ["321"] * 3

    async def test_the_id_has_two_names(self, server, client):
        """Six endpoints call it differently."""
        await client.call(endpoints.OCPP, BOX, command=True, value=1)
        assert server.asked[-1][2] == {"id": BOX, "value": "1"}

    async def test_a_body_travels_as_json(self, server, client):
        """A timer's times are in the body, its number in the query."""
        times = {"daysOfWeek": "12345", "timeStart": "23:00", "timeEnd": "07:00"}
        await client.call(endpoints.TIMER, BOX, command=True, content=times, timerId=0)
        assert server.asked[-1][2:] == ({"deviceId": BOX, "timerId": "0"}, times)

    @pytest.mark.parametrize("text", [PASSWORD, "a&value=9", "…", "a b+c", "%41", "x#y", "\0\n", ""])
    async def test_nothing_in_a_value_can_change_the_request(self, server, client, text):
        """Every character arrives as it is, in the id too."""
        await client.call(endpoints.WIFI, text, command=True, ssid=text, password=text)
        assert server.asked[-1][1:3] == ("/kong/v2c_service/device/wifi", {"deviceId": text, "ssid": text, "password": text})

    @pytest.mark.parametrize(
        ("value", "sent"),
        [(7, "7"), (7.0, "7"), (5.5, "5.5"), (0.1 + 0.2, "0.3"), (True, "1"), (False, "0"), (-3, "-3"), ("7.0", "7.0")],
    )
    async def test_numbers_are_plain(self, server, client, value, sent):
        """No trailing zero, no dust, no Python truths; text stays as it is."""
        await client.call(endpoints.STOP_AT_ENERGY, BOX, command=True, value=value)
        assert server.asked[-1][2]["value"] == sent

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "\ud800"])
    async def test_what_cannot_be_sent_is_refused_for_free(self, server, client, purse, value):
        """A value that is none costs nothing."""
        error = await failing(client.call(endpoints.INTENSITY, BOX, command=True, value=value), DeviceRefusedError)
        assert (error.key, error.placeholders) == ("invalid_value", {"value": "-"})
        assert (server.asked, purse.spent) == ([], [])

    @pytest.mark.parametrize("content", [{"a": float("nan")}, {"a": {1, 2}}, {"a": b""}, {"a": "\ud800"}])
    async def test_content_that_is_no_json_is_refused_for_free(self, server, client, purse, content):
        """A profile comes from people, who may put anything into it."""
        call = client.call(endpoints.PROFILE_CREATE, BOX, command=True, content=content, name="a", updateAt="b")
        assert (await failing(call, DeviceRefusedError)).key == "invalid_value"
        assert (server.asked, purse.spent) == ([], [])

    @pytest.mark.parametrize(
        ("endpoint", "device_id", "more"),
        [
            (endpoints.INTENSITY, BOX, {}),
            (endpoints.INTENSITY, BOX, {"value": 1, "kw": 2}),
            (endpoints.INTENSITY, None, {"value": 1}),
            (endpoints.PAIRINGS, BOX, {}),
            (endpoints.START, BOX, {"content": {}}),
            (endpoints.TIMER, BOX, {"timerId": 0}),
            (endpoints.SESSIONS, BOX, {"chargeDate": "x"}),
        ],
    )
    async def test_a_mistake_of_ours_is_a_type_error(self, server, client, purse, endpoint, device_id, more):
        """Exactly what the table says may be given."""
        with pytest.raises(TypeError, match=endpoint.path):
            await client.call(endpoint, device_id, **more)
        assert (server.asked, purse.spent) == ([], [])

    async def test_optional_parameters_may_be_given(self, server, client):
        """Dates are such."""
        server.answers = [b"[]"]
        assert await client.call(endpoints.SESSIONS, BOX) == []
        await client.call(endpoints.TOTALS, endChargeDateStart="2026-01-01", endChargeDateEnd="2026-02-01")
        assert [query for _, _, query, _ in server.asked] == [
            {"deviceId": BOX},
            {"endChargeDateStart": "2026-01-01", "endChargeDateEnd": "2026-02-01"},
        ]

    @pytest.mark.parametrize("key", ["", " \n", "naïve", "a\0b", "\ud800"])
    async def test_a_key_that_cannot_be_one_is_never_sent(self, server, purse, key):
        """Neither nothing nor what a header cannot hold."""
        async with ClientSession() as session:
            client = CloudClient(session, key, quota=purse, base_url=server.url, pacer=Pacer(0.0))
            error = await failing(client.call(endpoints.PAIRINGS), DeviceAuthError)
        assert error.placeholders["status"] == "401"
        assert (server.asked, purse.spent) == ([], [])

    async def test_a_key_is_taken_without_the_breaks_of_its_copy(self, server, purse):
        """A key that was copied from two lines is one key."""
        async with ClientSession() as session:
            await CloudClient(session, "abc\r\n def\t", quota=purse, base_url=server.url, pacer=Pacer(0.0)).call(
                endpoints.PAIRINGS
            )
        assert server.keys == ["abcdef"]


class TestTurns:
    """One at a time, commands first."""

    async def test_calls_never_overlap_and_commands_go_first(self, server, client):
        """Five at once are five in a row."""
        server.pause = 0.01
        polls = [asyncio.ensure_future(client.call(endpoints.REPORTED, f"BOX{index}")) for index in range(3)]
        await asyncio.sleep(0)
        await asyncio.gather(client.call(endpoints.PAUSE, BOX, command=True), *polls)
        assert server.most == 1
        assert [path.rpartition("/")[2] for _, path, _, _ in server.asked] == ["reported", "pausecharge", "reported", "reported"]

    async def test_a_call_that_waited_is_paid_when_it_is_sent(self, server, client, purse):
        """What was used up while it waited is used up."""
        server.pause, purse.left = 0.01, 1
        first = asyncio.ensure_future(client.call(endpoints.REPORTED, BOX))
        await asyncio.sleep(0)
        assert (await failing(client.call(endpoints.LIVE, BOX), RateLimitedError)).key == "budget_exhausted"
        assert await first == "OK"
        assert len(server.asked) == 1

    async def test_a_cancelled_call_frees_its_turn(self, server, client):
        """Home Assistant may stop at any time."""
        server.pause = 30
        task = asyncio.ensure_future(client.call(endpoints.REPORTED, BOX))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.pause = 0
        assert await client.call(endpoints.REPORTED, BOX) == "OK"


class TestStatus:
    """What each status means."""

    @pytest.mark.parametrize(
        ("status", "kind", "key"),
        [
            (400, DeviceRefusedError, "cloud_refused"),
            (404, DeviceRefusedError, "cloud_unknown"),
            (401, DeviceAuthError, "invalid_auth"),
            (403, DeviceAuthError, "invalid_auth"),
            (405, DeviceProtocolError, "cloud_error"),
            (302, DeviceProtocolError, "cloud_error"),
            (500, DeviceProtocolError, "cloud_error"),
            (503, DeviceProtocolError, "cloud_error"),
        ],
    )
    @pytest.mark.parametrize("endpoint", [endpoints.REPORTED, endpoints.REBOOT], ids=["read", "write"])
    async def test_a_failure_is_told_and_never_repeated(self, server, client, purse, endpoint, status, kind, key):
        """It says whose fault it is, costs one call, and teaches the quota nothing."""
        server.answers = [status]
        error = await failing(client.call(endpoint, BOX), kind)
        assert error.key == key
        assert error.placeholders.get("status", str(status)) == str(status)
        assert (len(server.asked), len(purse.spent), purse.told, purse.refusals) == (1, 1, [], [])

    @pytest.mark.parametrize(
        ("header", "named"),
        [
            (None, None),
            ("120", 120.0),
            ("60", 60.0),
            ("0", 0.0),
            ("soon", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("", None),
        ],
    )
    async def test_too_many_calls_are_never_repeated(self, server, client, purse, header, named):
        """The quota learns for how long, and None where the server did not say."""
        server.answers = [(429, {} if header is None else {"Retry-After": header})]
        await failing(client.call(endpoints.REPORTED, BOX), RateLimitedError)
        assert (len(server.asked), purse.refusals, purse.told) == (1, [named], [])

    async def test_a_time_that_was_named_once_is_not_taken_for_the_next(self, server, client, purse):
        """Each refusal stands for itself."""
        server.answers = [(429, {"Retry-After": "90"}), (429, {})]
        for _ in range(2):
            await failing(client.call(endpoints.REPORTED, BOX), RateLimitedError)
        assert purse.refusals == [90.0, None]

    async def test_no_content_is_success(self, server, client, purse):
        """204 means accepted."""
        server.answers = [204]
        assert await client.call(endpoints.REBOOT, BOX, command=True) is None
        assert len(purse.told) == 1

    @pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>Login", b"  \n<html>", b'"<html>"'])
    async def test_a_web_page_is_not_the_cloud(self, server, client, page):
        """A portal or a gateway answers 200 to everything, to commands too."""
        server.answers = [page]
        assert (
            await failing(client.call(endpoints.LOCKED, BOX, command=True, value=1), DeviceProtocolError)
        ).key == "cloud_error"
        assert client.recorder.capture()["exchanges"] == []

    async def test_a_nest_is_refused(self, server, client):
        """JSON that is deeper than any answer is none."""
        server.answers = [b"[" * 100 + b"]" * 100]
        assert (await failing(client.call(endpoints.REPORTED, BOX), DeviceProtocolError)).key == "not_json"

    async def test_a_year_of_sessions_is_read_and_a_flood_is_not(self, server, client):
        """There is room for much, not for everything."""
        server.answers = [b"[" + b" " * 1_000_000 + b"]", b" " * 1_100_000]
        assert await client.call(endpoints.SESSIONS, BOX) == []
        await failing(client.call(endpoints.SESSIONS, BOX), DeviceProtocolError)


class TestLost:
    """What is repeated, and what never is."""

    READS = (endpoints.REPORTED, endpoints.LIVE, endpoints.WIFI_SCAN)
    WRITES = (
        (endpoints.START, {}),
        (endpoints.RFID_RENAME, {"code": "a1", "tag": "b"}),
        (endpoints.RFID_DELETE, {"code": "a1"}),
        (endpoints.PROFILE_DELETE, {"name": "a", "updateAt": "b"}),
    )

    @pytest.mark.parametrize("loss", ["reset", "close"])
    @pytest.mark.parametrize("endpoint", READS, ids=lambda each: each.path)
    async def test_a_read_is_repeated_once_and_paid_again(self, server, client, purse, endpoint, loss):
        """The second answer counts."""
        server.answers = [loss, b"[7]"]
        assert await client.call(endpoint, BOX) == [7]
        assert (len(server.asked), len(purse.spent)) == (2, 2)

    @pytest.mark.parametrize("loss", ["reset", "close"])
    async def test_a_read_that_stays_lost_is_an_error(self, server, client, purse, loss):
        """Twice and no more, whatever aiohttp thinks of GET."""
        server.answers = [loss]
        await failing(client.call(endpoints.REPORTED, BOX), DeviceConnectionError)
        assert (len(server.asked), len(purse.spent)) == (2, 2)

    @pytest.mark.parametrize("loss", ["reset", "close"])
    @pytest.mark.parametrize(("endpoint", "params"), WRITES, ids=lambda each: getattr(each, "name", ""))
    async def test_a_write_is_sent_once(self, server, client, purse, endpoint, params, loss):
        """It may have been done: PUT and DELETE are no exception."""
        server.answers = [loss]
        await failing(client.call(endpoint, BOX, command=True, **params), DeviceConnectionError)
        assert (len(server.asked), purse.spent) == (1, [True])

    async def test_silence_ends_in_time_and_a_write_is_not_repeated(self, server, client, purse):
        """The deadline is for each try."""
        server.pause, client._deadline = 30, 0.03
        await failing(client.call(endpoints.START, BOX, command=True), DeviceTimeoutError)
        assert len(server.asked) == 1
        await failing(client.call(endpoints.REPORTED, BOX), DeviceTimeoutError)
        assert (len(server.asked), len(purse.spent)) == (3, 3)

    async def test_a_repetition_that_is_refused_ends_it(self, server, client, purse):
        """A 429 after a loss is a 429."""
        server.answers = ["reset", (429, {}), b"OK"]
        await failing(client.call(endpoints.REPORTED, BOX), RateLimitedError)
        assert (len(server.asked), purse.refusals) == (2, [None])

    async def test_a_repetition_needs_a_call_that_is_left(self, server, client, purse):
        """With nothing left there is no second try."""
        server.answers, purse.left = ["reset"], 1
        assert (await failing(client.call(endpoints.REPORTED, BOX), RateLimitedError)).key == "budget_exhausted"
        assert len(server.asked) == 1

    async def test_nobody_listens(self, purse, unused_tcp_port, monkeypatch):
        """A read is tried twice, with a pause in between."""
        monkeypatch.setattr(cloud, "RETRY_PAUSE", 0.05)
        started = time.monotonic()
        async with ClientSession() as session:
            client = CloudClient(session, KEY, quota=purse, base_url=f"http://127.0.0.1:{unused_tcp_port}", pacer=Pacer(0.0))
            await failing(client.call(endpoints.REPORTED, BOX), DeviceConnectionError)
        assert len(purse.spent) == 2
        assert time.monotonic() - started >= 0.05

    async def test_each_call_has_its_own_connection(self, server, client):
        """One that was kept may be gone just when a command needs it."""
        for _ in range(3):
            await client.call(endpoints.REPORTED, BOX)
        assert len(set(server.peers)) == 3


class TestTraces:
    """What is told, and what never is."""

    async def test_the_log_has_paths_and_no_secrets(self, server, client, caplog):
        """Neither key, id, value, query nor body."""
        caplog.set_level(logging.DEBUG, logger="custom_components.v2c_cloud")
        server.answers = [b'"secret body"', 503, "reset"]
        await client.call(endpoints.WIFI, BOX, command=True, ssid="my net", password=PASSWORD)
        await failing(client.call(endpoints.LOCKED, BOX, value=1), DeviceProtocolError)
        await failing(client.call(endpoints.REBOOT, BOX), DeviceConnectionError)
        lines = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components.v2c_cloud")]
        assert [re.sub(r"\d\.\d{3} s", "… s", line) for line in lines] == [
            "cloud POST /device/wifi 200 13 B in … s",
            "cloud POST /device/locked failed after … s: status 503",
            "cloud POST /device/reboot failed after … s: the connection was closed (ClientOSError)",
        ]

    async def test_the_capture_has_the_answers_under_their_paths(self, server, client):
        """No id and no query; the newest answer of each."""
        server.answers = [b'"{\\"a\\": 1}"', b"", b"later"]
        await client.call(endpoints.REPORTED, BOX)
        await client.call(endpoints.INTENSITY, BOX, value=6)
        await client.call(endpoints.REPORTED, BOX)
        assert client.recorder.capture()["exchanges"] == [
            {"request": "GET /device/reported", "status": 200, "body": "later"},
            {"request": "POST /device/intensity", "status": 200, "body": None},
        ]

    async def test_a_recorder_can_be_shared(self, server, purse):
        """Several clients may note in one place."""
        recorder = Recorder()
        async with ClientSession() as session:
            client = CloudClient(session, KEY, quota=purse, base_url=server.url, pacer=Pacer(0.0), recorder=recorder)
            await client.call(endpoints.REPORTED, BOX)
        assert client.recorder is recorder
        assert len(recorder.capture()["exchanges"]) == 1


class TestBaseUrl:
    """Where a key may travel to."""

    @pytest.mark.parametrize(
        ("url", "normal"),
        [
            (BASE_URL, BASE_URL),
            (f" {BASE_URL}/ \n", BASE_URL),
            ("HTTPS://V2C.Cloud:443/kong/", "https://v2c.cloud/kong"),
            ("https://staging.v2c.cloud:8443", "https://staging.v2c.cloud:8443"),
            ("https://192.168.1.9/x", "https://192.168.1.9/x"),
            ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x"),
            ("http://127.0.0.1:8080/kong/v2c_service", "http://127.0.0.1:8080/kong/v2c_service"),
            ("http://127.9.9.9:80", "http://127.9.9.9"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://LOCALHOST:1", "http://localhost:1"),
        ],
    )
    def test_a_good_address_comes_out_in_one_spelling(self, url, normal):
        """Encrypted, or on this machine."""
        assert check_base_url(url) == normal
        assert check_base_url(normal) == normal

    @pytest.mark.parametrize(
        "url",
        [
            "", "v2c.cloud", "//v2c.cloud", "https://", "https:///x", "ftp://v2c.cloud", "ws://v2c.cloud", "javascript:1",
            "http://v2c.cloud", "http://192.168.1.9", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
            "http://2130706433", "http://[::2]", "http://0.0.0.0", "http://169.254.1.1",
            "https://me@v2c.cloud", "https://me:pw@v2c.cloud", "https://v2c.cloud@evil.example", "https://@v2c.cloud",
            "https://v2c.cloud?x=1", "https://v2c.cloud/?", "https://v2c.cloud/#", "https://v2c.cloud/x#y", "https://v2c.cloud\\@evil.example",
            "https://v2c.cloud:0", "https://v2c.cloud:99999", "https://v2c.cloud:x", "https://[::1", "https://[fe80::1%25eth0]",
            "https://v2c cloud", "https://v2c.cloud/a b", "https://v2c.\ncloud", "https://v2c.cloud/\0", "https://v2c.clöud", "https://-v2c.cloud",
            "https://v2c.cloud/%2e%2e", "https://v2c.cloud//x", "https://v2c.cloud/é",
        ],
    )  # fmt: skip
    def test_a_bad_address_is_refused(self, url):
        """Nothing but scheme, host, port and path."""
        with pytest.raises(DeviceRefusedError) as caught:
            check_base_url(url)
        assert caught.value.key == "invalid_base_url"


# What a person might send; the order is that of a life: what is renamed or deleted was added before.
SAMPLES: dict[str, object] = {
    "value": 1, "kw": 5.5, "minutes": 30, "timerId": 0, "mode": 1, "ssid": "my net", "password": PASSWORD, "tag": "Anna & Bob",
    "code": "aa23b601", "name": "Sun #1", "updateAt": "2026-01-01T00:00:00+01:00",
}  # fmt: skip
OTHER_VALUES: dict[Endpoint, object] = {
    endpoints.INTENSITY: 16,
    endpoints.MAX_CURRENT: 20,
    endpoints.MIN_CURRENT: 6,
    endpoints.MAX_POWER: 5750,
    endpoints.DENKA_MAX_POWER: 5750,
    endpoints.OCPP_ADDRESS: "wss://ocpp.example:9000/x?y=1",
    endpoints.INVERTER_IP: "192.168.1.66",
}
BODIES = {endpoints.TIMER: {"daysOfWeek": "12345", "timeStart": "23:00", "timeEnd": "07:00"}}
PROFILE_BODY = {"mode": "solar", "value": 32}


class TestSimulator:
    """The same calls against the simulated cloud, which knows the vendor's description and nothing of ours."""

    @pytest.fixture
    async def caller(self, cloud, purse):
        """A client of the simulated cloud."""
        async with ClientSession() as session:
            yield CloudClient(session, cloud.options.api_key, quota=purse, base_url=cloud.base_url, pacer=Pacer(0.0))

    async def test_every_endpoint_is_known_there(self, cloud, sim, caller, purse):
        """No 400, no 404, no 405: method, path, id and parameters are right for all of them."""
        box = sim.options.device_id
        for endpoint in sorted(
            endpoints.ALL, key=lambda each: each == endpoints.PROFILE_DELETE or 2 * (each == endpoints.PROFILE)
        ):
            if endpoint == endpoints.PROFILE:
                await caller.call(endpoints.PROFILE_CREATE, box, content=PROFILE_BODY, name="b", updateAt=SAMPLES["updateAt"])
            params = {name: SAMPLES[name] for name in endpoint.params}
            if "value" in params:
                params["value"] = OTHER_VALUES.get(endpoint, 1)
            content = BODIES.get(endpoint, PROFILE_BODY) if endpoint.body else None
            await caller.call(endpoint, None if endpoint.device is None else box, content=content, **params)
        assert {(call.method, call.path) for call in cloud.calls} == {(each.method, each.path) for each in endpoints.ALL}
        assert {call.status for call in cloud.calls} == {200}
        assert len(purse.told) == len(endpoints.ALL) + 1
        assert set(purse.told) <= {str(left) for left in range(1000)}

    @pytest.mark.parametrize(
        "shapes",
        [
            {},
            {"pairings_shape": "openapi", "connected_shape": "json", "version_shape": "text", "global_shape": "swagger"},
            {"rfid_shape": "wrapped", "wifilist_shape": "wrapped", "profiles_shape": "wrapped", "connected_shape": "text"},
            {"pairings_shape": "double", "reported_shape": "double", "rfid_shape": "double", "wifilist_shape": "double",
             "profiles_shape": "double", "json_type": "text/plain"},
        ],
    )  # fmt: skip
    async def test_its_dialects_all_mean_the_same(self, cloud, sim, caller, shapes):
        """What is read does not depend on how it is packed."""
        for name, shape in shapes.items():
            setattr(cloud.options, name, shape)
        box = sim.options.device_id
        await caller.call(endpoints.RFID_ADD, box, code="aa23b601", tag="Anna")
        await caller.call(endpoints.PROFILE_CREATE, box, content=PROFILE_BODY, name="Sun", updateAt="now")
        found = parse.pairings(await caller.call(endpoints.PAIRINGS))
        assert found is not None
        assert [each.device_id for each in found] == [box]
        reported = parse.reported(await caller.call(endpoints.REPORTED, box))
        assert (reported["version"], reported["wifi_ssid"]) == ("2.4.6", "SIM-WIFI")
        assert parse.live(await caller.call(endpoints.LIVE, box))["voltage"] == pytest.approx(230, abs=20)
        assert parse.connected(await caller.call(endpoints.CONNECTED, box)) is True
        assert parse.version(await caller.call(endpoints.VERSION, box))[0] == "2.4.6"
        assert parse.cards(await caller.call(endpoints.RFID_CARDS, box)) == [{"code": "aa23b601", "tag": "Anna"}]
        profiles = parse.profiles(await caller.call(endpoints.PROFILES, box))
        assert [(each["name"], each["active"]) for each in profiles or []] == [("Sun", False)]
        assert [each["ssid"] for each in parse.networks(await caller.call(endpoints.WIFI_SCAN, box))][:1] == ["SIM-WIFI"]
        assert parse.totals(await caller.call(endpoints.TOTALS))[0] == 0

    @pytest.mark.parametrize("answers", ["mixed", "text", "empty", "json", "no_content"])
    async def test_every_way_of_saying_yes_is_understood(self, cloud, sim, caller, answers):
        """None of them is an error."""
        cloud.options.answers = answers
        for value in (1, 0):
            await caller.call(endpoints.LOCKED, sim.options.device_id, command=True, value=value)
        await caller.call(endpoints.REBOOT, sim.options.device_id, command=True)


def test_the_account_id_is_the_one_that_the_domain_has_always_had():
    """Entries of before are recognised; white space of copying changes nothing."""
    plain = hashlib.pbkdf2_hmac("sha256", KEY.encode(), b"v2c_cloud_unique_id", 200_000).hex()
    assert account_id(KEY) == account_id(f" {KEY}\n") == plain
    assert KEY not in plain
    assert len(account_id("\ud800")) == 64
