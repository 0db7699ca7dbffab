"""The wire of the gateway: who is let in, over what, and every fault does what its name says."""

import asyncio
from hashlib import sha256
import json
import ssl
from time import monotonic

import aiohttp
import pytest

from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.enphase_jwt import CLAIMS, TokenError, make_token, new_key, read_token
from simulators.envoy import EnvoySimulator
from simulators.envoy_auth import installer_password
from simulators.envoy_faults import REPLACING, SPOILING
from simulators.envoy_profiles import HARDWARE, Firmware
from simulators.http_bodies import BOMB, NESTING
from tests.simulators.raw_clients import RawHttp

READINGS = "/ivp/meters/readings"
CHECK = "/auth/check_jwt"


def test_tokens_can_be_read_and_forged_ones_are_seen() -> None:
    key = new_key()
    token = make_token(key, serial="122000000001", issued=1000)
    claims = read_token(token, key.public_key())
    assert (
        claims | {"aud": "122000000001", "iss": "Entrez", "enphaseUser": "owner", "iat": 1000, "exp": 1000 + 31536000} == claims
    )
    assert read_token(make_token(key, serial="1", role="installer", issued=0), None)["exp"] == 43200
    for bad in ("", "a.b.c", token[:-4] + "AAAA", make_token(new_key(), serial="1")):
        with pytest.raises(TokenError):
            read_token(bad, key.public_key())
    assert set(CLAIMS) <= set(claims)


@pytest.mark.parametrize(
    ("serial", "password"),
    [
        ("123456789012", "7edE24ed"),
        ("122000000001", "7bc46h5D"),
        ("202300000002", "h5fgcBf7"),
        ("121900000042", "624e8e2h"),
    ],
)
def test_the_password_of_the_installer(serial: str, password: str) -> None:
    assert installer_password(serial) == password


def test_versions_compare_by_number() -> None:
    names = ["3.7", "3.9", "3.18", "4.10", "5.0", "7.3", "7.6", "8.2", "8.3"]
    assert sorted(names, key=lambda name: Firmware(name).version) == names
    assert Firmware("8.3.5433").hardware is HARDWARE["8.3"]
    assert [Firmware(name).software for name in ("3.9", "8.3", "8.3.5433")] == ["R3.9.36", "D8.3.5289", "D8.3.5433"]


# -- tokens --------------------------------------------------------------------------------------------------------


async def test_only_a_good_token_opens_the_door(envoy, house) -> None:
    gateway = await envoy()
    now = house.now.timestamp()
    assert (await gateway.call("GET", CHECK))[1] == "<!DOCTYPE html><h2>Valid token.</h2>\n"
    assert "sessionId=" in gateway.headers["Set-Cookie"]
    assert await gateway.status("/info", headers={}) == 200
    assert "Content-Type" not in gateway.headers or gateway.headers["Content-Type"] == "text/xml"
    bad = [
        {"Authorization": f"Bearer {token}"}
        for token in (
            "rubbish",
            gateway.token(serial="122000000002"),
            gateway.token(issued=now - 31536001),
            make_token(new_key(), serial="122000000001", issued=now),
        )
    ]
    for headers in [{}, *bad, {"Cookie": "sessionId=nobody"}]:
        for path in (CHECK, READINGS):
            status, text = await gateway.call("GET", path, headers=headers)
            assert status == 401
            assert "/login.html" in text
    assert await gateway.status(READINGS) == 200
    gateway.sim.change(clock_offset=32_000_000.0)
    assert await gateway.status(READINGS, token=gateway.token(issued=now)) == 401
    gateway.sim.change(clock_offset=0.0)
    assert await gateway.status(READINGS, token=gateway.token(issued=now + 600)) == 200
    gateway.sim.change(refuse_future_tokens=True)
    assert await gateway.status(READINGS, token=gateway.token(issued=now + 600)) == 401


async def test_a_cookie_alone_is_enough_for_ten_minutes(envoy, clock) -> None:
    gateway = await envoy(profile="7.6")
    assert await gateway.status(READINGS) == 200
    assert "Set-Cookie" not in gateway.headers
    await gateway.call("POST", CHECK)
    cookie = {"Cookie": gateway.headers["Set-Cookie"].split(";")[0]}
    checks = gateway.sim.site.gate.token_checks
    for _ in range(3):
        clock.now += 590
        assert await gateway.status(READINGS, headers=cookie) == 200
    assert gateway.sim.site.gate.token_checks == checks
    assert gateway.sim.requests[-1].credentials == "cookie"
    clock.now += 601
    assert await gateway.status(READINGS, headers=cookie) == 401
    await gateway.call("GET", CHECK)
    cookie = {"Cookie": gateway.headers["Set-Cookie"].split(";")[0]}
    gateway.sim.forget_sessions()
    assert await gateway.status(READINGS, headers=cookie) == 401
    gateway.sim.change(profile="8.3")
    assert await gateway.status(READINGS) == 200
    assert "sessionId=" in gateway.headers["Set-Cookie"]


async def test_a_token_of_the_simulated_cloud(house, socket_enabled) -> None:
    cloud = EnphaseCloudSimulator()
    async with EnvoySimulator(house, token_key=cloud.public_key) as sim, aiohttp.ClientSession() as session:
        token = cloud.token(sim.serial, issued=house.now.timestamp())
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(sim.base_url + READINGS, headers=headers, ssl=False) as response:
            assert response.status == 200


async def test_roles(envoy) -> None:
    gateway = await envoy(role_too_low={"/ivp/ensemble/secctrl"})
    for path in ("/ivp/ss/dpel", "/ivp/mod/603980032/mode/power", "/installer/pcu_comm_check", "/ivp/ensemble/secctrl"):
        assert await gateway.status(path) == 401
    assert await gateway.status(CHECK) == 200
    gateway.role = "installer"
    assert await gateway.status("/ivp/ss/dpel") == 200
    assert await gateway.status("/ivp/ensemble/secctrl") == 401
    gateway.role = "owner"
    gateway.sim.change(profile="7.6")
    assert (await gateway.call("GET", "/ivp/pdm/energy"))[0] == 401
    assert "/home'" in (await gateway.call("GET", "/ivp/pdm/energy"))[1]


# -- digest --------------------------------------------------------------------------------------------------------


async def digest(sim: EnvoySimulator, path: str, user: str, password: str) -> int:
    """Ask with digest credentials."""
    middleware = aiohttp.DigestAuthMiddleware(user, password)
    async with aiohttp.ClientSession(middlewares=(middleware,)) as session, session.get(sim.base_url + path) as response:
        await response.read()
        return response.status


INVERTERS = "/api/v1/production/inverters"


@pytest.mark.parametrize(
    ("profile", "envoy_user", "installer_user"),
    [("3.9", 200, 200), ("3.18", 401, 200), ("4.10", 200, 200), ("5.0", 401, 200)],
)
async def test_digest_by_firmware(envoy, profile: str, envoy_user: int, installer_user: int) -> None:
    sim = (await envoy(profile=profile, envoy_password=None)).sim
    assert sim.scheme == "http"
    assert await digest(sim, INVERTERS, "envoy", "000001") == envoy_user
    assert await digest(sim, INVERTERS, "installer", "7bc46h5D") == installer_user
    assert await digest(sim, INVERTERS, "installer", "000001") == 401
    assert await digest(sim, INVERTERS, "somebody", "") == 401
    sim.change(envoy_password="changed", installer_password="too")
    assert await digest(sim, INVERTERS, "envoy", "000001") == await digest(sim, INVERTERS, "installer", "7bc46h5D") == 401
    assert await digest(sim, INVERTERS, "installer", "too") == 200
    assert {request.credentials for request in sim.requests} == {"none", "digest"}


async def test_the_challenge_and_the_connection_after_it(envoy) -> None:
    gateway = await envoy(profile="3.18", drop_after_401=True)
    answer = await RawHttp(gateway.sim.port).raw(INVERTERS)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b'Digest qop="auth", realm="enphaseenergy.com", nonce="' in answer
    assert b"connection: close" not in answer.lower()
    assert answer.endswith(b"Error: 401\n")
    assert (await gateway.call("GET", "/ivp/meters", headers={})) == (401, "Error: 401\n")
    gateway.sim.change(malformed_challenge=True)
    async with gateway.session.get(gateway.sim.base_url + INVERTERS) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].count('"') % 2
    gateway.sim.change(profile="5.0", drop_after_401=False)
    answer = await RawHttp(gateway.sim.port).raw("/production.json")
    assert b"connection: close" in answer.lower()


async def test_connections_stay_open_where_they_do_on_real_ones(envoy) -> None:
    gateway = await envoy(profile="8.3")
    for _ in range(3):
        await gateway.get(READINGS)
    assert len(gateway.sim.server._server.connections) == 1
    old = await envoy(profile="5.0")
    await old.call("GET", "/production.json", headers={})
    await asyncio.sleep(0.01)
    assert len(old.sim.server._server.connections) == 0


# -- transport -----------------------------------------------------------------------------------------------------


async def certificate(sim: EnvoySimulator) -> str:
    """Give the fingerprint that a new connection sees."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", sim.port, ssl=context)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return sha256(found).hexdigest()


async def test_the_certificate_can_change(envoy) -> None:
    gateway = await envoy()
    sim = gateway.sim
    await gateway.get(READINGS)
    first = sim.fingerprint
    assert await certificate(sim) == first
    assert sim.new_certificate() == await certificate(sim) != first
    await gateway.get(READINGS)
    sim.replace_serial("122000000077")
    assert "<sn>122000000077</sn>" in (await gateway.call("GET", "/info", headers={}))[1]
    assert await certificate(sim) == sim.fingerprint


async def test_plain_http_is_sent_elsewhere_by_young_firmware(envoy) -> None:
    gateway = await envoy()
    url = f"http://{gateway.sim.address}/info?a=1"
    async with gateway.session.get(url, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (301, f"https://{gateway.sim.address}/info?a=1")
    gateway.sim.change(redirect_localhost=True)
    async with gateway.session.get(url, allow_redirects=False) as response:
        assert response.headers["Location"] == "https://localhost/info?a=1"


async def test_old_firmware_knows_no_tls(envoy) -> None:
    gateway = await envoy(profile="5.0")
    with pytest.raises(aiohttp.ClientError):
        await gateway.session.get(f"https://{gateway.sim.address}/info", ssl=False)
    gateway.sim.update_firmware("8.3")
    assert gateway.sim.scheme == "https"
    assert "D8.3.5289" in (await gateway.call("GET", "/info", headers={}))[1]
    assert await gateway.status(READINGS, headers={}) == 401
    assert (await gateway.get("/admin/lib/tariff"))["tariff"]["storage_settings"]["mode"] == "self-consumption"


# -- what is there -------------------------------------------------------------------------------------------------

OPEN = {
    "3.9": {"/info", "/production", "/api/v1/production", "/home"},
    "4.10": {"/info", "/production.json", "/api/v1/production", "/ivp/meters", READINGS, "/inventory.json", "/home.json"},
    "5.0": {"/info", "/production.json", "/api/v1/production", "/ivp/meters", READINGS, "/inventory.json", "/home.json"},
    "7.6": {"/info"},
    "8.3": {"/info"},
}


@pytest.mark.parametrize("profile", OPEN)
async def test_what_is_open(envoy, profile: str) -> None:
    gateway = await envoy(profile=profile)
    for path in OPEN[profile] | {"/info.xml"}:
        assert await gateway.status(path, headers={}) == 200, path
    for path in {INVERTERS, "/production.json", "/ivp/meters", "/admin/lib/tariff"} - OPEN[profile]:
        if profile != "3.9" or path == INVERTERS:
            assert await gateway.status(path, headers={}) == 401, path


@pytest.mark.parametrize(
    ("path", "profiles"),
    [
        (READINGS, {"4.10", "5.0", "7.6", "8.2", "8.3"}),
        ("/ivp/ensemble/inventory", {"7.6", "8.2", "8.3"}),
        ("/ivp/pdm/device_data", {"8.2", "8.3"}),
        ("/ivp/meters/pvReading", {"8.3"}),
        (CHECK, {"7.6", "8.2", "8.3"}),
        ("/nothing/of/that/kind", set()),
    ],
)
async def test_what_is_missing_is_404(envoy, path: str, profiles: set[str]) -> None:
    gateway = await envoy()
    for profile in ("4.10", "5.0", "7.6", "8.2", "8.3"):
        gateway.sim.change(profile=profile)
        status, text = await gateway.call("GET", path)
        assert (status == 404) == (profile not in profiles), profile
        assert status != 404 or text == '{ "error" : "404 - Not Found" }\n'
    assert (await gateway.call("DELETE", READINGS))[0] == 405


async def test_firmware_3_speaks_html(envoy, house, clock) -> None:
    gateway = await envoy(profile="3.9")
    house.pv_w = 4320.0
    _, page = await gateway.call("GET", "/production", headers={})
    assert "<td> 4.32 kW</td>" in page
    status, page = await gateway.call("GET", "/production.json", headers={})
    assert status == 200
    assert "Page Not Found" in page
    _, info = await gateway.call("GET", "/info", headers={})
    assert "imeter" not in info
    assert "web-tokens" not in info
    gateway.sim.reboot(0)
    assert json.loads((await gateway.call("GET", "/api/v1/production", headers={}))[1])["wattsNow"] == 0
    clock.now += 60
    assert json.loads((await gateway.call("GET", "/api/v1/production", headers={}))[1])["wattsNow"] == 4320


# -- the log -------------------------------------------------------------------------------------------------------


async def test_requests_are_counted_and_parallel_ones_are_seen(envoy, clock) -> None:
    gateway = await envoy(response_delay=0.02)
    sim = gateway.sim
    for _ in range(3):
        await gateway.get(READINGS)
        clock.now += 10
    assert (sim.most_open, sim.violations, sim.asked(READINGS), sim.busiest_minute) == (1, [], 3, 3)
    assert sim.smallest_gap > 0
    assert all(request.ended - request.began >= 0.02 and request.status == 200 for request in sim.requests)
    clock.now += 45
    await gateway.get(READINGS)
    assert sim.busiest_minute == 3
    began = monotonic()
    await asyncio.gather(*(gateway.get(READINGS) for _ in range(3)))
    assert monotonic() - began >= 0.06
    assert (sim.most_open, sim.smallest_gap) == (3, 0)
    assert {violation.kind for violation in sim.violations} == {"parallel"}
    sim.forget()
    assert (sim.requests, sim.violations, sim.most_open) == ([], [], 0)
    sim.change(response_delay=0.0, path_delay={"/home": 0.03})
    await gateway.get("/home")
    assert sim.requests[0].ended - sim.requests[0].began >= 0.03
    assert sim.writes == []


# -- faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("503", 503, None),
        ("500", 500, None),
        ("502", 502, None),
        ("401", 401, None),
        ("403", 403, None),
        ("404", 404, None),
        ("429", 429, None),
        ("html", 200, "<html><body><h1>It works!</h1></body></html>"),
        ("empty", 200, ""),
        ("null", 200, "null"),
        ("object", 200, "{}"),
        ("list", 200, "[1,2,3]"),
        ("redirect", 301, ""),
        ("nested", 200, "[" * NESTING + "]" * NESTING),
    ],
)
async def test_faults_that_replace_the_answer(envoy, kind: str, status: int, body: str | None) -> None:
    gateway = await envoy()
    gateway.sim.fail(READINGS, kind)
    found, text = await gateway.call("GET", READINGS)
    assert found == status
    assert body is None or text == body
    assert await gateway.status("/ivp/meters") == 200
    gateway.sim.heal(READINGS)
    assert await gateway.status(READINGS) == 200


async def test_faults_that_spoil_the_delivery(envoy) -> None:
    gateway = await envoy()
    sim = gateway.sim
    _, good = await gateway.call("GET", READINGS)
    sim.fail(READINGS, "truncated", times=1)
    assert len((await gateway.call("GET", READINGS))[1]) == len(good) // 2
    sim.fail(READINGS, "nan", times=1)
    assert (await gateway.call("GET", READINGS))[1].count("NaN") == good.count('": ') - good.count('": [')
    sim.fail(READINGS, "text_numbers", times=1)
    assert json.loads((await gateway.call("GET", READINGS))[1])[0]["eid"] == "704643328"
    sim.fail(READINGS, "huge:1", times=1)
    assert len((await gateway.call("GET", READINGS))[1]) >= 1_000_000
    sim.fail(READINGS, "delay:0.05", times=1)
    began = monotonic()
    assert await gateway.status(READINGS) == 200
    assert monotonic() - began >= 0.05
    for kind in ("reset", "close"):
        sim.fail(READINGS, kind)
        with pytest.raises(aiohttp.ClientError):
            await gateway.call("GET", READINGS)
        sim.heal()
    assert (await gateway.call("GET", READINGS))[1] == good
    with pytest.raises(ValueError, match="unknown fault"):
        sim.fail(READINGS, "nonsense")
    assert not REPLACING & SPOILING


async def test_answers_that_are_delivered_badly(envoy) -> None:
    gateway = await envoy()
    sim = gateway.sim
    good = (await gateway.call("GET", READINGS))[1]
    sim.fail(CHECK, "drip:0.0001", times=1)
    assert (await gateway.call("GET", CHECK))[0] == 200
    for kind in ("close_after_each", "content_type"):
        sim.fail(READINGS, kind, times=1)
        assert await gateway.call("GET", READINGS) == (200, good)
    assert gateway.headers["Content-Type"] == "text/plain"
    for kind in ("reset_mid_frame", "close_mid_frame", "not_http"):
        sim.fail(READINGS, kind)
        with pytest.raises(aiohttp.ClientError):
            await gateway.call("GET", READINGS)
    sim.fail(READINGS, "bomb", times=1)
    assert len((await gateway.call("GET", READINGS))[1]) > BOMB
    sim.fail(READINGS, "endless")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await gateway.call("GET", READINGS)
    for kind in ("reset_on_connect", "no_tls"):
        sim.fail("*", kind)
        with pytest.raises(aiohttp.ClientError):
            await gateway.call("GET", READINGS)
        sim.heal()
    assert await gateway.call("GET", READINGS) == (200, good)
    assert sim.log.open == 0


async def test_a_fault_of_all_paths_and_one_of_its_own(envoy) -> None:
    gateway = await envoy()
    gateway.sim.fail("*", "502", times=2)
    gateway.sim.fail("/home", "404")
    assert [await gateway.status(path) for path in ("/home", "/info", READINGS, READINGS)] == [404, 502, 502, 200]
    assert gateway.sim.faults.kinds == {"/home": "404"}
    gateway.sim.fail(CHECK, "503*1")
    assert [await gateway.status(CHECK) for _ in range(2)] == [503, 200]


async def test_a_client_that_gives_up_leaves_the_gateway_free(envoy, house) -> None:
    gateway = await envoy(hang_at_eleven=True)
    sim = gateway.sim
    sim.fail(READINGS, "hang")
    house.set_time(house.now.replace(hour=23, minute=1, second=30))
    for path in (READINGS, "/ivp/pdm/device_data"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await gateway.call("GET", path)
        await asyncio.sleep(0.02)
        assert sim.log.open == 0
        assert sim.requests[-1].status == 0
    assert await gateway.status("/ivp/meters") == 200
    assert sim.most_open == 1
    house.set_time(house.now.replace(minute=3, second=0))
    assert await gateway.status("/ivp/pdm/device_data") == 200


async def test_a_restart_takes_its_time_and_forgets_sessions(envoy, clock) -> None:
    gateway = await envoy()
    await gateway.call("GET", CHECK)
    cookie = {"Cookie": gateway.headers["Set-Cookie"].split(";")[0]}
    gateway.sim.reboot(300)
    assert [await gateway.status(path) for path in ("/info", CHECK, READINGS)] == [503, 503, 503]
    clock.now += 300
    assert await gateway.status("/info", headers={}) == 200
    assert await gateway.status(READINGS, headers=cookie) == 401
    assert await gateway.status(READINGS) == 200


async def test_gone_and_back_at_the_same_address(envoy) -> None:
    gateway = await envoy()
    sim = gateway.sim
    address = sim.address
    await gateway.get(READINGS)
    await sim.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await gateway.call("GET", READINGS)
    await sim.start()
    assert sim.address == address
    await gateway.get(READINGS)


async def test_stop_leaves_nothing_behind(socket_enabled) -> None:
    async with EnvoySimulator(profile="5.0", path_delay={"/info": 30.0}) as sim:
        task = asyncio.create_task(RawHttp(sim.port).raw("/info", seconds=20))
        _, idle = await asyncio.open_connection("127.0.0.1", sim.port)
        await asyncio.sleep(0.02)
        assert sim.log.open == 1
    with pytest.raises(ConnectionResetError):
        await task
    idle.close()
    assert [each for each in asyncio.all_tasks() if each is not asyncio.current_task()] == []


def test_an_unknown_option_is_an_error() -> None:
    sim = EnvoySimulator()
    with pytest.raises(AttributeError, match="no option phase"):
        sim.change(phase=3)
