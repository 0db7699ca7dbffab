"""HTTP against real servers on loopback, kind and hostile: JSON or one of our errors, in time and in little memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import gzip
import json
import math
from pathlib import Path
import socket
import struct
import time
import tracemalloc

from aiohttp import ClientSession, DigestAuthMiddleware, web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core import http
from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
)
from custom_components.energy_core.http import MAX_BYTES, MAX_DEPTH, RETRY_AFTER, parse, request, request_json

type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRET = "token=s3cr3t"


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """One client for a test."""
    async with ClientSession() as made:
        yield made


@pytest.fixture
async def get(session):
    """Ask a URL and return its JSON."""

    async def ask(url, **more):
        return await request_json(session, "GET", f"{url}?{SECRET}", **{"deadline": 5, **more})

    return ask


@pytest.fixture
async def serve():
    """Start an aiohttp server whose every path is answered by a handler; return its URL."""
    servers = []

    async def start(handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("/x"))

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def raw():
    """Start a server that says exactly what a test wants, byte by byte; return its URL."""
    servers, tasks = [], set()

    async def start(talk: Talk) -> str:
        async def connected(reader, writer):
            tasks.add(asyncio.current_task())
            try:
                await reader.readuntil(b"\r\n\r\n")
                await talk(reader, writer)
            except ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError:
                pass
            finally:
                writer.close()

        servers.append(await asyncio.start_server(connected, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}/x"

    yield start
    for task in tasks:
        task.cancel()
    for server in servers:
        server.close()
    await asyncio.gather(*tasks, return_exceptions=True)


def answer(body: bytes = b"{}", *, status: int = 200, **headers: str):
    """Return a handler that always says the same."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={key.replace("_", "-"): value for key, value in headers.items()})

    return handle


async def failing(call: Awaitable[object], kind: type[EnergyError]) -> EnergyError:
    """Return the error that ``call`` ends with; no error may tell the query."""
    with pytest.raises(kind) as caught:
        await call
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value) + str(caught.value.placeholders)
    return caught.value


class TestStatus:
    """What a status means."""

    async def test_an_answer_is_json(self, serve, get):
        """A good answer is its JSON, and the request was what was asked for."""
        seen = []

        async def handle(request):
            seen.append((request.method, request.raw_path, request.headers.get("X-Unit")))
            return web.json_response({"power": 12})

        assert await get(await serve(handle), headers={"X-Unit": "7"}) == {"power": 12}
        assert seen == [("GET", f"/x?{SECRET}", "7")]

    async def test_an_encoded_address_is_sent_as_it_is(self, serve, session):
        """What is percent-encoded is neither decoded nor encoded twice."""
        seen = []

        async def handle(request):
            seen.append((request.method, request.raw_path))
            return web.json_response(1)

        url = await serve(handle)
        assert await request_json(session, "POST", f"{url}%2Fy?config=%7B%22t%22%3A%5B1%5D%7D", deadline=5) == 1
        assert seen == [("POST", "/x%2Fy?config=%7B%22t%22%3A%5B1%5D%7D")]

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_never_followed(self, serve, get, status):
        """Neither to another host nor to another path: the second request is never made."""
        seen = []

        async def handle(request):
            seen.append(request.path)
            return web.Response(status=status, headers={"Location": "/elsewhere"})

        error = await failing(get(await serve(handle)), DeviceProtocolError)
        assert (error.key, error.placeholders) == ("http_status", {"status": str(status)})
        assert seen == ["/x"]

    @pytest.mark.parametrize("status", [401, 403])
    @pytest.mark.parametrize(
        ("challenges", "challenge"),
        [
            ([], "none"),
            (["Basic realm=x"], "none"),
            (['Digest realm="x", nonce="y"'], "Digest"),
            (["Basic realm=x", "DIGEST realm=x"], "Digest"),
        ],
    )
    async def test_missing_rights_say_how_to_ask(self, serve, get, status, challenges, challenge):
        """The kind of challenge is told, among several too."""

        async def handle(request):
            response = web.Response(status=status)
            for each in challenges:
                response.headers.add("WWW-Authenticate", each)
            return response

        error = await failing(get(await serve(handle)), DeviceAuthError)
        assert error.placeholders == {"challenge": challenge, "status": str(status)}
        assert str(error) == f"status {status}"

    async def test_a_digest_challenge_is_answered_by_the_middleware(self, serve, get):
        """The second request carries the answer to the challenge of the first."""
        seen = []

        async def handle(request):
            seen.append(request.headers.get("Authorization", ""))
            if not seen[-1]:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Digest realm="x", nonce="y", qop="auth"'})
            return web.json_response("welcome")

        digest = DigestAuthMiddleware(login="me", password="mine")
        assert await get(await serve(handle), middlewares=(digest,)) == "welcome"
        assert seen[0] == ""
        assert seen[1].startswith('Digest username="me"')

    @pytest.mark.parametrize(
        ("header", "wait"),
        [
            (None, RETRY_AFTER), ("17", 17), ("0", 0), ("99999", 99999), ("100000", RETRY_AFTER), ("-5", RETRY_AFTER), ("1.5", RETRY_AFTER),
            ("soon", RETRY_AFTER), ("", RETRY_AFTER), ("Wed, 21 Oct 2026 07:28:00 GMT", RETRY_AFTER), ("\u0661\u0662", RETRY_AFTER),
        ],
    )  # fmt: skip
    async def test_too_many_requests_says_for_how_long(self, serve, get, header, wait):
        """Whole seconds are believed up to a day; anything else is a minute."""
        headers = {} if header is None else {"Retry_After": header}
        error = await failing(get(await serve(answer(b"", status=429, **headers))), RateLimitedError)
        assert error.retry_after == wait

    @pytest.mark.parametrize("status", [201, 400, 404, 418, 500, 502, 503])
    async def test_any_other_status_is_told_and_its_body_is_not_used(self, serve, get, status):
        """JSON with a status of failure is not a value."""
        error = await failing(get(await serve(answer(b'{"power": 1}', status=status))), DeviceProtocolError)
        assert (error.key, error.placeholders) == ("http_status", {"status": str(status)})


class TestRequest:
    """The answer as it came, for those who speak something else than JSON."""

    @pytest.mark.parametrize(("status", "content"), [(200, b"OK"), (204, b""), (200, b"")])
    async def test_status_headers_and_body_come_back(self, serve, session, status, content):
        """Nothing is parsed, and no body is a body too."""

        async def handle(_request):
            return web.Response(status=status, body=content or None, headers={"RateLimit-Remaining": "12"})

        got = await request(session, "POST", await serve(handle), deadline=5.0)
        assert (got.status, got.body, got.headers["ratelimit-remaining"]) == (status, content, "12")

    async def test_content_goes_as_json(self, serve, session):
        """A body is sent where there is one."""
        seen = []

        async def handle(http_request):
            seen.append((http_request.method, http_request.content_type, await http_request.json()))
            return web.Response(text="fine")

        await request(session, "PUT", await serve(handle), deadline=5.0, content={"daysOfWeek": "123"})
        assert seen == [("PUT", "application/json", {"daysOfWeek": "123"})]

    @pytest.mark.parametrize("text", ["plain", "a b+c", "a&user[email]=x", "Ünder …%41", "\0\n", ""])
    async def test_a_form_goes_as_a_browser_sends_it(self, serve, session, text):
        """Every character of every field arrives as it is, and none can make another field."""
        seen = []

        async def handle(http_request):
            seen.append((http_request.content_type, dict(await http_request.post())))
            return web.Response(text="fine")

        form = {"user[email]": text, "user[password]": text}
        await request(session, "POST", await serve(handle), deadline=5.0, form=form)
        assert seen == [("application/x-www-form-urlencoded", form)]

    async def test_without_content_nothing_is_sent(self, serve, session):
        """Neither JSON nor a form."""
        seen = []

        async def handle(http_request):
            seen.append((http_request.headers.get("Content-Type"), await http_request.read()))
            return web.Response()

        await request(session, "GET", await serve(handle), deadline=5.0)
        assert seen == [(None, b"")]

    async def test_a_form_is_sent_once(self, raw, session):
        """A login that got no answer is not repeated behind our back."""
        asked = []

        async def talk(reader, writer):
            asked.append(1)

        url = await raw(talk)
        await failing(request(session, "POST", url, deadline=5.0, form={"a": "b"}), DeviceConnectionError)
        assert asked == [1]

    async def test_a_form_that_cannot_be_sent_is_our_error(self, serve, session):
        """Half a character is none."""
        url = await serve(answer())
        error = await failing(request(session, "POST", url, deadline=5.0, form={"a": "s3cr3t\ud800"}), DeviceProtocolError)
        assert "s3cr3t" not in str(error)

    async def test_cookies_come_back(self, serve, session):
        """Those that the answer sets, as they would be sent again."""

        async def handle(_request):
            made = web.Response()
            made.headers.add("Set-Cookie", 'one=1; path=/; HttpOnly; expires=Wed, 21 Oct 2037 07:28:00 GMT, two="a b"; path=/')
            made.headers.add("Set-Cookie", "three=x%3D; path=/")
            return made

        got = await request(session, "GET", await serve(handle), deadline=5.0)
        assert got.cookies["one"] == "1"
        assert got.cookies["three"] == "x%3D"
        assert (await request(session, "GET", await serve(answer()), deadline=5.0)).cookies == {}


class TestBody:
    """What a body may be."""

    @pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "nonsense"])
    async def test_the_content_type_is_not_trusted(self, serve, get, kind):
        """Small devices send JSON as anything."""
        assert await get(await serve(answer(b'{"a": 1}', Content_Type=kind))) == {"a": 1}

    @pytest.mark.parametrize(
        "body", [b"", b"<html>login</html>", b'{"a": 1', b'{"a" 1}', b'{"a": "\xff\xfe"}', b"\xff\xfe\x00", b"[1,]", b"{'a': 1}"]
    )
    async def test_what_is_not_json_is_refused(self, serve, get, body):
        """An empty body, a login page, a truncated object and bad UTF-8 are no answers."""
        assert (await failing(get(await serve(answer(body))), DeviceProtocolError)).key == "not_json"

    async def test_a_body_at_the_cap_is_read_and_one_byte_more_is_not(self, serve, get):
        """The cap is a number of bytes, and the default is 256 kB."""
        url = await serve(answer(b'"' + b"x" * 98 + b'"'))
        assert len(await get(url, max_bytes=100)) == 98
        assert "99" in str(await failing(get(url, max_bytes=99), DeviceProtocolError))
        assert await get(await serve(answer(b"1" + b" " * (MAX_BYTES - 1)))) == 1
        await failing(get(await serve(answer(b"1" + b" " * MAX_BYTES))), DeviceProtocolError)
        assert MAX_BYTES == 262_144

    async def test_an_endless_body_is_cut_and_not_held(self, raw, get):
        """A server that never stops is left at the cap: little is held, and the connection ends."""
        sent, gone = [0], asyncio.Event()

        async def talk(reader, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while True:
                    writer.write(b"10000\r\n" + b"[" * 65_536 + b"\r\n")
                    sent[0] += 65_536
                    await writer.drain()
            except ConnectionError:
                gone.set()

        url = await raw(talk)
        tracemalloc.start()
        await failing(get(url, max_bytes=100_000), DeviceProtocolError)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        async with asyncio.timeout(2):
            await gone.wait()
        assert peak < 8_000_000

    async def test_a_gzip_bomb_does_not_go_off(self, serve, get):
        """100 MB of nothing in 100 kB: refused at the cap, without ever being unpacked whole."""
        bomb = gzip.compress(b" " * 100_000_000)
        url = await serve(answer(bomb, Content_Encoding="gzip"))
        del bomb
        tracemalloc.start()
        await failing(get(url), DeviceProtocolError)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8_000_000

    async def test_what_is_packed_honestly_is_unpacked(self, serve, get):
        """Compression itself is fine."""
        assert await get(await serve(answer(gzip.compress(b"[1]"), Content_Encoding="gzip"))) == [1]

    async def test_what_is_packed_badly_is_refused(self, serve, get):
        """Garbage that claims to be packed is not an answer."""
        await failing(get(await serve(answer(b"garbage" * 9, Content_Encoding="gzip"))), DeviceProtocolError)


class TestLink:
    """What a network does."""

    async def test_nobody_listens(self, get, unused_tcp_port):
        """A closed port is a connection error."""
        await failing(get(f"http://127.0.0.1:{unused_tcp_port}/x"), DeviceConnectionError)

    async def test_an_address_that_is_none(self, get):
        """Nonsense in place of an address never leaves as another kind of error."""
        await failing(get("nonsense://x"), DeviceProtocolError)
        await failing(get("http://:80/"), DeviceProtocolError)

    async def test_a_mistake_of_ours_is_no_trouble_of_the_network(self, serve, get):
        """It comes out as what it is, and nobody waits for the device to come back."""

        async def mistaken(outgoing, handler):
            raise RuntimeError("mistake")

        async def handle(_):
            return web.json_response({})

        with pytest.raises(RuntimeError, match="mistake"):
            await get(await serve(handle), middlewares=(mistaken,))

    async def test_a_session_that_was_let_go_is_one(self, session, get):
        """Home Assistant closes it when it stops, whoever still asks."""
        await session.close()
        assert "closed" in str(await failing(get("http://127.0.0.1:9/"), DeviceConnectionError))

    async def test_a_link_that_is_closed_without_an_answer(self, raw, get):
        """The server took the request and hung up."""

        async def talk(reader, writer):
            return

        assert "closed" in str(await failing(get(await raw(talk)), DeviceConnectionError))

    @pytest.mark.parametrize(
        ("said", "kind"), [(b"", DeviceConnectionError), (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", DeviceProtocolError)]
    )
    async def test_a_reset_is_never_an_answer(self, raw, get, said, kind):
        """A reset before the answer is a lost connection, one in the middle leaves half an answer: neither is used."""

        async def talk(reader, writer):
            writer.write(said)
            await asyncio.sleep(0.005)
            linger_zero = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
            writer.transport.abort()

        await failing(get(await raw(talk)), kind)

    async def test_a_body_that_ends_too_early_is_not_used(self, raw, get):
        """Ten bytes were promised and two came: no partial value."""

        async def talk(reader, writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")

        await failing(get(await raw(talk)), DeviceProtocolError)

    async def test_an_answer_in_crumbs_is_put_together(self, raw, get):
        """Byte by byte is slow, not wrong."""

        async def talk(reader, writer):
            for byte in b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a": 12}':
                writer.write(bytes([byte]))
                await writer.drain()

        assert await get(await raw(talk)) == {"a": 12}

    @pytest.mark.parametrize(
        "said", [b"SSH-2.0-dropbear\r\n", b"\x00\x01\x00\x00\x00\x06", b"HTTP/1.1 two hundred\r\n\r\n", b"\xff" * 10_000]
    )
    async def test_what_is_not_http_is_refused_at_once(self, raw, get, said):
        """Another service at that port does not take the whole deadline."""

        async def talk(reader, writer):
            writer.write(said)

        started = time.monotonic()
        with pytest.raises((DeviceProtocolError, DeviceConnectionError)):
            await get(await raw(talk))
        assert time.monotonic() - started < 2

    async def test_a_half_open_link_ends_with_the_deadline(self, raw, get):
        """No answer and no end: after the deadline it is a time-out that says how long it waited."""
        error = await failing(get(await raw(silent), deadline=0.05), DeviceTimeoutError)
        assert "0.05 s" in str(error)

    @pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
    async def test_a_slow_drip_ends_with_the_deadline(self, raw, get, head):
        """A byte now and then keeps no connection alive: the deadline is for the whole exchange."""

        async def talk(reader, writer):
            writer.write(head)
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 5000:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.005)

        started = time.monotonic()
        await failing(get(await raw(talk), deadline=0.08), DeviceTimeoutError)
        assert 0.07 < time.monotonic() - started < 1.5

    async def test_after_any_failure_the_next_request_is_good(self, raw, session):
        """No late answer of a request that was given up reaches the next one."""
        count = [0]

        async def talk(reader, writer):
            count[0] += 1
            if count[0] == 1:
                await asyncio.sleep(0.05)
            body = json.dumps(count[0]).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
            await asyncio.sleep(1)

        url = await raw(talk)
        await failing(request_json(session, "GET", url, deadline=0.02), DeviceTimeoutError)
        assert await request_json(session, "GET", url, deadline=5) == 2

    async def test_a_cancelled_request_stays_cancelled(self, raw, get):
        """Home Assistant may stop at any time: that is no device error."""
        task = asyncio.ensure_future(get(await raw(silent)))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def silent(reader, writer):
    """Say nothing, for longer than any test."""
    await asyncio.sleep(60)


class TestParse:
    """From bytes to values."""

    @pytest.mark.parametrize("spelling", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1E400"])
    def test_what_is_no_number_is_null(self, spelling):
        """NaN and infinity, however they are spelt, are missing values."""
        assert parse(f'{{"a": {spelling}, "b": [1.5, {spelling}]}}'.encode()) == {"a": None, "b": [1.5, None]}

    def test_numbers_are_what_they_say(self):
        """Whole numbers stay whole, others are as close as can be."""
        assert parse(b"[1, -2, 1.5, 1e3, 9007199254740993]") == [1, -2, 1.5, 1000.0, 9007199254740993]

    def test_a_nest_is_refused_before_it_hurts(self):
        """32 levels are deep enough for any device; one more, or a hundred thousand, is an attack."""
        assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
        assert parse(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH) is not None
        assert MAX_DEPTH == 32
        for level in (MAX_DEPTH + 1, 5_000, 100_000):
            for opening, inner, closing in ((b"[", b"", b"]"), (b'[1,{"a":', b"1", b"}]"), (b'{"a":', b"{}", b"}")):
                with pytest.raises(DeviceProtocolError) as caught:
                    parse(opening * level + inner + closing * level)
                assert caught.value.key == "not_json"

    def test_endless_digits_are_refused(self):
        """A number of 5000 digits is no value."""
        with pytest.raises(DeviceProtocolError):
            parse(b"1" * 5000)

    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    @settings(derandomize=True, deadline=None)
    def test_json_comes_back_as_it_was(self, value):
        """What a device meant is what we read, surrogates and all."""
        assert parse(json.dumps(value).encode()) == value

    @given(
        body=st.binary(max_size=200) | st.text(alphabet='{}[]",:0123456789.eE+-NaInfity truls\\u', max_size=60).map(str.encode)
    )
    @settings(derandomize=True, deadline=None, max_examples=500)
    def test_any_bytes_are_json_or_our_error(self, body):
        """Nothing else ever comes out, and no number that is none."""
        try:
            parsed = parse(body)
        except DeviceProtocolError:
            return
        assert all(math.isfinite(number) for number in _numbers(parsed))


def _numbers(value):
    match value:
        case dict():
            for item in value.values():
                yield from _numbers(item)
        case list():
            for item in value:
                yield from _numbers(item)
        case float():
            yield value


def test_only_this_module_of_the_core_knows_aiohttp():
    """The only door to HTTP is the only one."""
    users = [path.name for path in Path(http.__file__).parent.rglob("*.py") if "aiohttp" in path.read_text()]
    assert users == ["http.py"]
