"""The simulated Enphase cloud: logins, both ways to a token, who may have one, and outages."""

from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
import json
import time
from typing import Any

import aiohttp
import pytest

from simulators.control import Control
from simulators.enphase_cloud import LOGIN, METHODS, TOKENS, WEB, CloudCall, EnphaseCloudSimulator
from simulators.enphase_jwt import new_key, read_token

SERIAL = "122000000001"
FORM = {"user[email]": "owner@example.org", "user[password]": "sunny day"}


class Client:
    """A client that knows the paths and nothing else."""

    def __init__(self, cloud: EnphaseCloudSimulator, session: aiohttp.ClientSession) -> None:
        self.cloud, self.session = cloud, session

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        """Give status and text."""
        async with self.session.request(method, self.cloud.base_url + path, allow_redirects=False, **more) as response:
            self.cookies = {name: each.value for name, each in response.cookies.items()}
            self.headers = response.headers
            return response.status, await response.text(errors="replace")

    async def login(self, **changed: str) -> dict[str, Any]:
        """Sign in, and give what is said."""
        status, text = await self.call("POST", LOGIN, data=FORM | changed)
        assert status == 200
        return json.loads(text)

    async def tokens(self, session_id: str, serial: str = SERIAL, username: str = FORM["user[email]"]) -> tuple[int, str]:
        """Ask Entrez for a token."""
        return await self.call("POST", TOKENS, json={"session_id": session_id, "serial_num": serial, "username": username})

    async def web(self, cookies: dict[str, str], serial: str = SERIAL) -> tuple[int, str]:
        """Ask Enlighten for a token."""
        head = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        return await self.call("GET", f"{WEB}?serial_num={serial}", headers=head)


@pytest.fixture
async def enphase(socket_enabled: None) -> AsyncIterator[Callable[..., Awaitable[Client]]]:
    """Give a function that starts a cloud with options."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: Any) -> Client:
            cloud = await stack.enter_async_context(EnphaseCloudSimulator(**options))
            session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            return Client(cloud, await stack.enter_async_context(session))

        yield start


async def test_a_login_opens_both_ways(enphase) -> None:
    client = await enphase()
    said = await client.login()
    cookies = client.cookies
    assert {"message", "session_id", "manager_token", "is_consumer", "system_id", "redirect_url"} == said.keys()
    assert said["message"] == "success"
    assert cookies["locale"] == "en"
    assert len(cookies) == 2
    status, bare = await client.tokens(said["session_id"])
    assert status == 200
    claims = read_token(bare, client.cloud.public_key)
    assert (claims["aud"], claims["enphaseUser"], claims["exp"] - claims["iat"]) == (SERIAL, "owner", 31_536_000)
    status, text = await client.web(cookies)
    answer = json.loads(text)
    assert (status, answer.keys()) == (200, {"generation_time", "token", "expires_at"})
    assert read_token(answer["token"], client.cloud.public_key)["exp"] == answer["expires_at"]
    assert client.cloud.issued == [bare, answer["token"]]
    assert client.cloud.logins == 1
    assert [call[1:] for call in client.cloud.calls] == [("POST", LOGIN, 200), ("POST", TOKENS, 200), ("GET", WEB, 200)]


async def test_who_signs_in_wrongly(enphase) -> None:
    client = await enphase()
    for wrong in ({"user[email]": "x@example.org"}, {"user[password]": "sunny"}, {"user[password]": "sunny day "}):
        assert (await client.call("POST", LOGIN, data=FORM | wrong))[0] == 401
    assert (await client.call("POST", LOGIN, json=FORM))[0] == 401
    assert (await client.call("POST", LOGIN))[0] == 401
    assert client.cookies == {}
    assert client.cloud.logins == 5


async def test_a_session_and_its_cookies_are_needed(enphase) -> None:
    client = await enphase()
    session_id = (await client.login())["session_id"]
    cookies = client.cookies
    assert (await client.tokens("other"))[0] == 401
    assert (await client.tokens(session_id, username="x@example.org"))[0] == 401
    for bad in ({}, {"session_id": session_id}, []):
        assert (await client.call("POST", TOKENS, json=bad))[0] == 400
    assert (await client.call("POST", TOKENS, data=b"{"))[0] == 400
    assert (await client.web({}))[0] == 401
    assert (await client.web({"_enlighten_4_session": "x"}))[0] == 401
    client.cloud.forget_logins()
    assert (await client.tokens(session_id))[0] == 401
    assert (await client.web(cookies))[0] == 401
    assert client.cloud.issued == []


async def test_a_second_factor_a_blocked_account_and_no_cookies(enphase) -> None:
    client = await enphase(mfa=True)
    assert await client.login() == {"success": True, "isBlocked": False}
    assert list(client.cookies) == ["login_otp_nonce"]
    client.cloud.options.blocked = True
    assert await client.login() == {"success": True, "isBlocked": True}
    client.cloud.options.mfa = client.cloud.options.blocked = client.cloud.options.cookies = False
    assert "session_id" in await client.login()
    assert client.cookies == {}
    client.cloud.options.password = "changed"
    assert (await client.call("POST", LOGIN, data=FORM))[0] == 401


async def test_which_gateways_an_account_may_see(enphase) -> None:
    client = await enphase(serials=(SERIAL, "122000000002"), uncommissioned=("122000000003",))
    session_id = (await client.login())["session_id"]
    cookies = client.cookies
    for serial, audience in ((SERIAL, SERIAL), ("122000000002", "122000000002"), ("122000000003", "un-commissioned")):
        assert read_token((await client.tokens(session_id, serial))[1], None)["aud"] == audience
        assert read_token(json.loads((await client.web(cookies, serial))[1])["token"], None)["aud"] == audience
    for serial in ("122000000004", ""):
        assert (await client.tokens(session_id, serial))[0] == 403
        assert (await client.web(cookies, serial))[0] == 403


async def test_roles_and_lifetimes_can_be_changed(enphase) -> None:
    client = await enphase(role="installer", key=new_key())
    session_id = (await client.login())["session_id"]

    async def life() -> tuple[str, int]:
        claims = read_token((await client.tokens(session_id))[1], client.cloud.public_key)
        return claims["enphaseUser"], claims["exp"] - claims["iat"]

    assert await life() == ("installer", 43_200)
    client.cloud.options.lifetime = 60.0
    assert await life() == ("installer", 60)
    client.cloud.options.role, client.cloud.options.lifetime = "owner", None
    assert await life() == ("owner", 31_536_000)
    client.cloud.options.clock = lambda: 1_800_000_000.0
    assert read_token((await client.tokens(session_id))[1], None)["iat"] == 1_800_000_000
    assert read_token(client.cloud.token(issued=5.0, lifetime=7.0), None)["exp"] == 12


@pytest.mark.parametrize("option", ["tokens_shape", "web_shape"])
async def test_a_token_can_have_many_shapes(enphase, option: str) -> None:
    client = await enphase()
    session_id = (await client.login())["session_id"]
    cookies = client.cookies

    async def shaped(shape: str) -> str:
        setattr(client.cloud.options, option, shape)
        status, text = await (client.tokens(session_id) if option == "tokens_shape" else client.web(cookies))
        assert status == 200
        return text

    assert read_token(await shaped("text"), None)["aud"] == SERIAL
    assert json.loads(await shaped("json"))["token"] == client.cloud.issued[-1]
    assert await shaped("empty") == ""
    assert await shaped("null") == "null"
    assert (await shaped("html")).startswith("<html")
    assert "eyJ" not in await shaped("garbage")
    assert await shaped("cut") == client.cloud.issued[-1][:-20]
    assert read_token(await shaped("foreign"), None)["aud"] != SERIAL


async def test_other_paths_and_methods(enphase) -> None:
    client = await enphase()
    for path, method in METHODS.items():
        wrong = "GET" if method == "POST" else "POST"
        assert (await client.call(wrong, path))[0] == 405
        assert client.headers["Allow"] == method
    assert (await client.call("GET", "/login"))[0] == 404
    assert client.cloud.issued == []


@pytest.mark.parametrize("status", [302, 401, 403, 405, 406, 429, 500, 503])
async def test_a_status_in_place_of_an_answer(enphase, status: int) -> None:
    client = await enphase(retry_after=30)
    client.cloud.outage = status
    assert (await client.call("POST", LOGIN, data=FORM))[0] == status
    assert client.headers.get("Retry-After") == ("30" if status == 429 else None)
    assert client.cloud.calls_by_path() == {LOGIN: 1}
    assert client.cloud.calls[0].status == status


async def test_an_outage_of_one_path(enphase) -> None:
    client = await enphase()
    client.cloud.path_outage = {TOKENS: "html"}
    session_id = (await client.login())["session_id"]
    cookies = client.cookies
    assert (await client.tokens(session_id))[1].startswith("<html")
    client.cloud.path_outage = {TOKENS: "empty"}
    assert await client.tokens(session_id) == (200, "")
    assert (await client.web(cookies))[0] == 200


async def test_nobody_answers(enphase) -> None:
    client = await enphase()
    for outage in ("refuse", "reset"):
        client.cloud.outage = outage
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.call("POST", LOGIN, data=FORM)
    client.cloud.outage = "hang"
    with pytest.raises(TimeoutError):
        await client.call("POST", LOGIN, data=FORM, timeout=aiohttp.ClientTimeout(total=0.05))
    client.cloud.outage, client.cloud.options.slow = None, 0.05
    started = time.monotonic()
    assert "session_id" in await client.login()
    assert time.monotonic() - started >= 0.05
    assert [call.status for call in client.cloud.calls] == [0, 0, 200]
    assert isinstance(client.cloud.calls[0], CloudCall)


@pytest.mark.parametrize("outage", ["nonsense", 200, 999, 1.5])
async def test_an_outage_that_does_not_exist(enphase, outage: object) -> None:
    client = await enphase()
    with pytest.raises(ValueError, match="unknown outage"):
        client.cloud.outage = outage


@pytest.mark.parametrize(
    ("fault", "status"), [("status:502", 502), ("unauthorized", 401), ("too_many:9", 429), ("redirect", 302), ("empty", 200)]
)
async def test_faults_strike_here_too(enphase, fault: str, status: int) -> None:
    client = await enphase()
    client.cloud.faults.http = f"{fault}*1"
    assert (await client.call("POST", LOGIN, data=FORM))[0] == status
    assert client.cloud.calls[0].status == status
    assert "session_id" in await client.login()


async def test_nothing_secret_is_shown(enphase) -> None:
    client = await enphase()
    assert "sunny day" not in repr(client.cloud.options)


async def test_the_control_api_shows_and_changes_it(enphase, titan, bare_house) -> None:
    client = await enphase()
    control = Control(bare_house, await titan(), enphase_cloud=client.cloud)
    await control.start()
    url = f"http://127.0.0.1:{control.port}/api/state"

    async def patch(change: object) -> tuple[int, Any]:
        async with client.session.post(url, json={"enphase_cloud": change}) as response:
            return response.status, (await response.json()).get("enphase_cloud")

    session_id = (await client.login())["session_id"]
    await client.tokens(session_id)
    status, state = await patch({"options": {"mfa": True, "serials": ["122000000009"]}, "path_outage": {WEB: 503}})
    assert (status, state["logins"], state["issued"], state["calls_by_path"]) == (200, 1, 1, {LOGIN: 1, TOKENS: 1})
    assert (state["options"]["mfa"], client.cloud.options.serials) == (True, ("122000000009",))
    assert (state["path_outage"], state["outage"], state["base_url"]) == ({WEB: 503}, None, client.cloud.base_url)
    assert not any(secret in json.dumps(state) for secret in ("sunny day", "eyJ"))
    _, state = await patch({"outage": "html", "faults": {"http": "delay:0.01"}, "forget_logins": True})
    assert (state["outage"], state["faults"]) == ("html", {"http": "delay"})
    await patch({"outage": None, "faults": {"http": None}})
    assert (await client.tokens(session_id))[0] == 401
    for bad in (
        {"nonsense": 1},
        {"outage": "nonsense"},
        {"path_outage": {WEB: "x"}},
        {"options": {"nonsense": 1}},
        {"faults": {"http": "x"}},
        1,
    ):
        assert (await patch(bad))[0] == 400
    await control.stop()
    without = Control(bare_house, control.titan)
    assert "enphase_cloud" not in without.state()
    with pytest.raises(ValueError, match="enphase_cloud"):
        without.patch({"enphase_cloud": {}})
