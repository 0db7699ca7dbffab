"""Every wire that speaks HTTP, and every server that means harm: one error of ours, little memory, no second address."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
import logging
import time
import tracemalloc
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar
import pytest

from custom_components.energy_core.errors import EnergyError
from custom_components.energy_core.pacing import Pacer
from custom_components.energy_core.tokens import TokenKeeper, read_token
from custom_components.enphase_envoy.connect import identify
from custom_components.enphase_envoy.envoy.auth import Bearer
from custom_components.enphase_envoy.envoy.cloud import EnphaseCloud, Hosts
from custom_components.enphase_envoy.envoy.link import Link
from custom_components.titan_izypower.titan.opendata import OpenDataWire
from custom_components.v2c_cloud.v2c import cloud as v2c_cloud, endpoints
from custom_components.v2c_cloud.v2c.lan import LanWire
from custom_components.v2c_cloud.v2c.quota import Quota
from simulators.enphase_jwt import make_token, new_key
from tests.security.hostile import BODIES, ENDLESS, REDIRECTS, redirect, serving
from tests.source_tree import ROOT

SERIAL: Final = "122000000001"
# Seconds that a request may take; the product's are longer.
DEADLINE: Final = 4.0
# What may be held at once beyond what was held before: the largest cap is 2 MiB, and it is copied and parsed.
MOST: Final = 24_000_000

type Ask = Callable[[ClientSession, str], Awaitable[Any]]


async def titan(session: ClientSession, address: str) -> Any:
    """Ask a Titan by HTTP."""
    host, _, port = address.partition(":")
    wire = OpenDataWire(session, host, int(port), Pacer(0.0), logger=logging.getLogger("custom_components.x"), deadline=DEADLINE)
    return await wire.call("Indevolt.GetData", {"t": [1]})


async def charger(session: ClientSession, address: str) -> Any:
    """Ask a charger."""
    return await LanWire(session, address, pacer=Pacer(0.0), deadline=DEADLINE).identify()


async def v2c(session: ClientSession, address: str) -> Any:
    """Ask the cloud of V2C; a read that was lost is repeated once."""
    base = f"http://{address}/kong"
    client = v2c_cloud.CloudClient(session, "SIM-KEY", quota=Quota(), base_url=base, pacer=Pacer(0.0), deadline=DEADLINE)
    return await client.call(endpoints.PAIRINGS)


async def enphase(session: ClientSession, address: str) -> Any:
    """Ask the cloud of Enphase for a token."""
    hosts = Hosts(enlighten=f"http://{address}", entrez=f"http://{address}")
    account = {"username": "owner@example.org", "password": "sunny day"}
    return await EnphaseCloud(session, **account, hosts=hosts, deadline=DEADLINE).fetch_token(SERIAL)


async def gateway(session: ClientSession, address: str) -> Any:
    """Ask a gateway what everybody may ask."""
    return await identify(session, address)


async def gateway_value(session: ClientSession, address: str) -> Any:
    """Ask a gateway for JSON, with a token, as a command does."""
    return await Link(session, f"http://{address}", bearer()).call("GET", "/ivp/ss/gen_config", deadline=DEADLINE)


async def gateway_token(session: ClientSession, address: str) -> Any:
    """Ask a gateway whether a token holds."""
    return await Link(session, f"http://{address}", bearer()).token_holds()


def bearer() -> Bearer:
    """Return a token."""
    token = read_token(make_token(new_key(), serial=SERIAL, issued=time.time()))
    return Bearer(TokenKeeper(token, renew=None, clock=time.time, changed=lambda _token: None))


WIRES: Final[dict[str, Ask]] = {
    each.__name__: each for each in (titan, charger, v2c, enphase, gateway, gateway_value, gateway_token)
}
EACH_WIRE = pytest.mark.parametrize("ask", WIRES.values(), ids=WIRES)


@pytest.fixture
async def session(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[ClientSession]:
    """A session that verifies nothing more than what it is told, and does not wait before it repeats."""
    monkeypatch.setattr(v2c_cloud, "RETRY_PAUSE", 0.0)
    async with ClientSession(cookie_jar=DummyCookieJar()) as made:
        yield made


async def outcome(ask: Ask, session: ClientSession, address: str) -> object:
    """Return what came, or the error of ours; nothing else may be raised, and nothing may take for ever."""
    async with asyncio.timeout(3 * DEADLINE):
        try:
            return await ask(session, address)
        except EnergyError as error:
            found = error
    assert len(str(found)) < 300
    return found


async def peak(ask: Ask, session: ClientSession, address: str) -> tuple[object, int]:
    """Return what came, and how much memory it took."""
    tracemalloc.start()
    try:
        found = await outcome(ask, session, address)
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", BODIES)
@EACH_WIRE
async def test_a_body_that_means_harm(session: ClientSession, ask: Ask, kind: str) -> None:
    """Bombs, depths, lengths that are none: refused at the cap, without ever being held whole."""
    async with serving(BODIES[kind]()) as server:
        found, most = await peak(ask, session, server.address)
        assert server.requests
    # Of the token only the status counts, and what the cloud of V2C says may be a text.
    assert isinstance(found, EnergyError) or ask is gateway_token or (ask is v2c and isinstance(found, str))
    assert most < MOST


@pytest.mark.parametrize("kind", ENDLESS)
@EACH_WIRE
async def test_an_answer_without_end(session: ClientSession, ask: Ask, kind: str) -> None:
    """Left at the cap, or at the deadline."""
    async with serving(*ENDLESS[kind]) as server:
        found, most = await peak(ask, session, server.address)
    assert isinstance(found, EnergyError)
    assert most < MOST


@pytest.mark.parametrize("status", REDIRECTS)
@EACH_WIRE
async def test_no_redirect_is_followed(session: ClientSession, ask: Ask, status: int) -> None:
    """To another host, to another scheme, to ourselves: nobody is asked there, and nothing is handed on."""
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]") as elsewhere:
        for to in (f"http://{elsewhere.address}/", f"//{elsewhere.address}/stolen", f"http://user:pw@{elsewhere.address}/"):
            async with serving(redirect(status, to)) as server:
                assert isinstance(await outcome(ask, session, server.address), EnergyError)
                assert len(server.requests) == 1
        async with serving(redirect(status, "/again")) as server:
            assert isinstance(await outcome(ask, session, server.address), EnergyError)
            assert len(server.requests) == 1
        assert elsewhere.requests == []


def test_there_is_one_door() -> None:
    """What the tests above show of seven ways holds for all: no other module of ours sends a request."""
    senders = ("session.request(", ".get(url", "session.post(", "session.get(", "ws_connect(", "urlopen(", "httpx", "socket.")
    found = {
        path.relative_to(ROOT / "custom_components").as_posix()
        for path in (ROOT / "custom_components").rglob("*.py")
        if any(sender in path.read_text(encoding="utf-8") for sender in senders)
    }
    assert found - {"energy_core/http.py"} == set()
