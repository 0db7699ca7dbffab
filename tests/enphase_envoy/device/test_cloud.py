"""The cloud's client against the simulated cloud on loopback: both ways to a token, and what each failure means."""

import asyncio
from collections.abc import AsyncGenerator
import logging
import re
import time
import traceback

from aiohttp import ClientSession, DummyCookieJar
import pytest

from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
)
from custom_components.energy_core.tokens import TokenKeeper, read_token
from custom_components.enphase_envoy.envoy import cloud as cloud_module, token_claims
from custom_components.enphase_envoy.envoy.cloud import HOSTS, EnphaseCloud, Hosts
from simulators.enphase_cloud import LOGIN, TOKENS, WEB, EnphaseCloudSimulator
from simulators.enphase_jwt import make_token, new_key, read_token as read_claims

SERIAL = "122000000001"
OTHER = "122000000002"
MAIL = "owner@example.org"
PASSWORD = "sunny dÄy &=+%[]#"


@pytest.fixture
def enable_custom_integrations() -> None:
    """Start no Home Assistant."""


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncGenerator[EnphaseCloudSimulator]:
    """The cloud, with an account of one gateway."""
    async with EnphaseCloudSimulator(serials=(SERIAL,), username=MAIL, password=PASSWORD) as made:
        yield made


@pytest.fixture
async def session(socket_enabled: None) -> AsyncGenerator[ClientSession]:
    """A session that forgets cookies, as the integration makes it."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as made:
        yield made


@pytest.fixture
def cloud(simulator: EnphaseCloudSimulator, session: ClientSession) -> EnphaseCloud:
    """A client of that cloud."""
    return client(session, simulator)


def client(session: ClientSession, simulator: EnphaseCloudSimulator, **more) -> EnphaseCloud:
    """Return a client with the right credentials, unless told otherwise."""
    usual = {"username": MAIL, "password": PASSWORD, "deadline": 2.0}
    return EnphaseCloud(session, hosts=hosts(simulator), **(usual | more))


def hosts(simulator: EnphaseCloudSimulator) -> Hosts:
    """Return where the simulated cloud is."""
    return Hosts(enlighten=simulator.base_url, entrez=simulator.base_url)


def paths(simulator: EnphaseCloudSimulator) -> list[str]:
    """Return what was asked, in order."""
    return [call.path for call in simulator.calls]


async def failing(call, kind: type[EnergyError], key: str, simulator: EnphaseCloudSimulator | None = None) -> EnergyError:
    """Return the error that a call ends with; it tells no secret, nor does its traceback."""
    with pytest.raises(EnergyError) as caught:
        await call
    assert (type(caught.value), caught.value.key) == (kind, key)
    said = "".join(traceback.format_exception(caught.value)) + str(caught.value.placeholders)
    issued = simulator.issued if simulator is not None else []
    assert not any(secret in said for secret in (MAIL, PASSWORD, SERIAL, OTHER, "eyJ", *issued))
    return caught.value


class TestToken:
    """Both ways, and the forms an answer can have."""

    async def test_a_login_and_a_token(self, simulator, cloud):
        """Two calls, one of them a login; the token is the cloud's own."""
        text = await cloud.fetch_token(SERIAL)
        assert paths(simulator) == [LOGIN, TOKENS]
        claims = read_claims(text, simulator.key.public_key())
        assert (claims["aud"], claims["enphaseUser"], claims["username"]) == (SERIAL, "owner", MAIL)
        assert simulator.issued == [text]

    @pytest.mark.parametrize("shape", ["text", "json"])
    async def test_bare_or_in_an_object(self, simulator, cloud, shape):
        """Both are found in the wild."""
        simulator.options.tokens_shape = shape
        assert await cloud.fetch_token(SERIAL) == simulator.issued[-1]
        assert simulator.logins == 1

    @pytest.mark.parametrize("closed", [404, 405, 406, "html", "empty"])
    async def test_the_other_way_where_the_first_is_closed(self, simulator, cloud, closed):
        """With the cookies of the same login."""
        simulator.path_outage[TOKENS] = closed
        assert await cloud.fetch_token(SERIAL) == simulator.issued[-1]
        assert paths(simulator) == [LOGIN, TOKENS, WEB]

    @pytest.mark.parametrize("shape", ["empty", "html", "null", "garbage", "cut", "foreign"])
    async def test_the_other_way_where_the_first_gives_no_token(self, simulator, cloud, shape):
        """Nothing that is no whole token for this gateway is taken."""
        simulator.options.tokens_shape = shape
        assert await cloud.fetch_token(SERIAL) == simulator.issued[-1]
        assert paths(simulator) == [LOGIN, TOKENS, WEB]

    @pytest.mark.parametrize("shape", ["text", "json"])
    async def test_the_other_way_has_both_forms_too(self, simulator, cloud, shape):
        """It is not told apart."""
        simulator.options.tokens_shape, simulator.options.web_shape = "empty", shape
        assert await cloud.fetch_token(SERIAL) == simulator.issued[-1]

    async def test_an_account_with_many_gateways(self, simulator, cloud):
        """Each gets its own."""
        simulator.options.serials = (OTHER, SERIAL)
        for serial in (SERIAL, OTHER):
            assert read_token(await cloud.fetch_token(serial)).audience == serial

    async def test_the_address_is_typed_with_blanks_around(self, simulator, session):
        """They belong to the paste; those of a password do not."""
        assert await client(session, simulator, username=f" {MAIL}\n").fetch_token(SERIAL)
        await failing(
            client(session, simulator, password=PASSWORD + " ").fetch_token(SERIAL), DeviceAuthError, "invalid_auth", simulator
        )

    async def test_no_cookie_stays_behind(self, simulator, session):
        """The next account starts from nothing."""
        simulator.options.tokens_shape = "empty"
        await client(session, simulator).fetch_token(SERIAL)
        assert len(list(session.cookie_jar)) == 0
        async with session.get(f"{simulator.base_url}{WEB}?serial_num={SERIAL}") as response:
            assert response.status == 401

    async def test_a_session_that_keeps_cookies_is_a_mistake_of_ours(self, simulator):
        """It might be the one that all of Home Assistant uses."""
        async with ClientSession() as keeping:
            with pytest.raises(TypeError, match="cookies"):
                client(keeping, simulator)

    async def test_the_hosts_can_be_put_elsewhere(self, simulator, session, monkeypatch):
        """For the demo, and for tests of the whole integration."""
        assert Hosts() == HOSTS
        assert all(
            host.startswith("https://") and host.endswith(".enphaseenergy.com") for host in (HOSTS.enlighten, HOSTS.entrez)
        )
        monkeypatch.setattr(cloud_module, "HOSTS", hosts(simulator))
        assert await EnphaseCloud(session, username=MAIL, password=PASSWORD).fetch_token(SERIAL)


class TestAccount:
    """What only the user can mend."""

    async def test_a_wrong_password(self, simulator, session):
        """One call, no second try."""
        call = client(session, simulator, password="wrong").fetch_token(SERIAL)
        await failing(call, DeviceAuthError, "invalid_auth")
        assert paths(simulator) == [LOGIN]

    @pytest.mark.parametrize(("username", "password"), [("", PASSWORD), (" ", PASSWORD), (MAIL, ""), (MAIL, "\ud800")])
    async def test_nothing_to_sign_in_with(self, simulator, session, username, password):
        """It is not even sent."""
        call = client(session, simulator, username=username, password=password).fetch_token(SERIAL)
        await failing(call, DeviceAuthError, "invalid_auth")
        assert simulator.calls == []

    async def test_a_second_factor(self, simulator, cloud):
        """There is no way around; with a wrong password it does not come to that."""
        simulator.options.mfa = True
        await failing(cloud.fetch_token(SERIAL), DeviceAuthError, "mfa_required")
        assert paths(simulator) == [LOGIN]
        simulator.options.password = "changed"
        await failing(cloud.fetch_token(SERIAL), DeviceAuthError, "invalid_auth")

    async def test_a_blocked_account(self, simulator, cloud):
        """Said with status 200."""
        simulator.options.blocked = True
        await failing(cloud.fetch_token(SERIAL), DeviceAuthError, "account_blocked")

    async def test_no_right_on_this_gateway(self, simulator, cloud):
        """Either way; the other one is not tried in vain."""
        await failing(cloud.fetch_token(OTHER), DeviceAuthError, "no_right")
        assert paths(simulator) == [LOGIN, TOKENS]
        simulator.path_outage[TOKENS] = 405
        await failing(cloud.fetch_token(OTHER), DeviceAuthError, "no_right")

    @pytest.mark.parametrize("shape", ["text", "empty"])
    async def test_a_gateway_that_is_not_at_work_yet(self, simulator, cloud, shape):
        """The cloud gives a token, for nobody."""
        simulator.options.uncommissioned, simulator.options.tokens_shape = (OTHER,), shape
        await failing(cloud.fetch_token(OTHER), DeviceAuthError, "gateway_uncommissioned", simulator)

    async def test_a_session_that_is_refused(self, simulator, cloud):
        """By Entrez it is the credentials; by Enlighten, a moment after the login, it is the way."""
        simulator.path_outage[TOKENS] = 401
        await failing(cloud.fetch_token(SERIAL), DeviceAuthError, "invalid_auth")
        simulator.path_outage |= {TOKENS: 405, WEB: 401}
        error = await failing(cloud.fetch_token(SERIAL), DeviceProtocolError, "cloud_changed")
        assert error.placeholders == {"status": "401"}


class TestOutage:
    """What waiting mends, or nobody."""

    @pytest.mark.parametrize("path", [LOGIN, TOKENS])
    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    async def test_a_cloud_that_is_down(self, simulator, cloud, path, status):
        """Never a matter of credentials; the other way is not tried."""
        simulator.path_outage[path] = status
        error = await failing(cloud.fetch_token(SERIAL), DeviceConnectionError, "cloud_unavailable")
        assert error.placeholders == {"status": str(status)}
        assert paths(simulator)[-1] == path

    @pytest.mark.parametrize("path", [LOGIN, TOKENS])
    async def test_too_many_calls(self, simulator, cloud, path):
        """With the time that the server names; nothing is repeated."""
        simulator.path_outage[path], simulator.options.retry_after = 429, 120
        error = await failing(cloud.fetch_token(SERIAL), RateLimitedError, "rate_limited")
        assert (error.retry_after, error.named) == (120, True)
        assert simulator.calls_by_path()[path] == 1

    @pytest.mark.parametrize("path", [LOGIN, TOKENS])
    async def test_a_connection_that_breaks(self, simulator, cloud, path):
        """It is sent once."""
        simulator.path_outage[path] = "reset"
        await failing(cloud.fetch_token(SERIAL), DeviceConnectionError, "cloud_unreachable")
        assert simulator.calls_by_path()[path] == 1

    async def test_nobody_there(self, simulator, cloud):
        """No internet."""
        simulator.outage = "refuse"
        await failing(cloud.fetch_token(SERIAL), DeviceConnectionError, "cloud_unreachable")
        simulator.outage = None
        assert await cloud.fetch_token(SERIAL)

    @pytest.mark.parametrize("path", [LOGIN, TOKENS])
    async def test_nobody_who_answers(self, simulator, session, path):
        """The deadline is for each exchange."""
        simulator.path_outage[path] = "hang"
        started = time.monotonic()
        await failing(client(session, simulator, deadline=0.05).fetch_token(SERIAL), DeviceTimeoutError, "cloud_timeout")
        assert time.monotonic() - started < 2

    @pytest.mark.parametrize("status", [302, 404, 405, 406])
    async def test_a_login_that_moved(self, simulator, cloud, status):
        """It is not followed, and nobody is asked for a password."""
        simulator.path_outage[LOGIN] = status
        error = await failing(cloud.fetch_token(SERIAL), DeviceProtocolError, "cloud_changed")
        assert error.placeholders == {"status": str(status)}
        assert paths(simulator) == [LOGIN]

    @pytest.mark.parametrize("status", [302, 400, 418])
    async def test_a_status_that_means_nothing_opens_no_other_way(self, simulator, cloud, status):
        """Only what says that it is closed does."""
        simulator.path_outage[TOKENS] = status
        await failing(cloud.fetch_token(SERIAL), DeviceProtocolError, "cloud_changed")
        assert paths(simulator) == [LOGIN, TOKENS]

    @pytest.mark.parametrize("fault", ["html", "empty", "null", "list", "object", "garbage", "truncated", "nested", "huge:1"])
    async def test_a_login_that_says_nothing(self, simulator, cloud, fault):
        """A portal, a proxy, an empty page: no answer, and no second factor."""
        simulator.faults.http = fault
        await failing(cloud.fetch_token(SERIAL), DeviceProtocolError, "cloud_answer")

    @pytest.mark.parametrize("fault", ["reset_mid_frame", "close_mid_frame"])
    async def test_half_an_answer(self, simulator, cloud, fault):
        """It is not used."""
        simulator.faults.http = fault
        with pytest.raises((DeviceProtocolError, DeviceConnectionError)):
            await cloud.fetch_token(SERIAL)

    @pytest.mark.parametrize(
        ("closed", "key", "kind"),
        [
            (404, "cloud_changed", DeviceProtocolError),
            ("html", "cloud_answer", DeviceProtocolError),
            ("empty", "cloud_answer", DeviceProtocolError),
            (503, "cloud_unavailable", DeviceConnectionError),
            ("reset", "cloud_unreachable", DeviceConnectionError),
        ],
    )
    async def test_both_ways_are_closed(self, simulator, cloud, closed, key, kind):
        """What the second one says is told."""
        simulator.path_outage |= {TOKENS: 406, WEB: closed}
        await failing(cloud.fetch_token(SERIAL), kind, key)
        assert paths(simulator) == [LOGIN, TOKENS, WEB]

    async def test_without_cookies_there_is_one_way(self, simulator, cloud):
        """The second one would fail."""
        simulator.options.cookies = False
        assert await cloud.fetch_token(SERIAL)
        simulator.path_outage[TOKENS] = 405
        error = await failing(cloud.fetch_token(SERIAL), DeviceProtocolError, "cloud_changed")
        assert error.placeholders == {"status": "405"}
        assert WEB not in paths(simulator)

    async def test_a_call_that_is_cancelled_stays_cancelled(self, simulator, cloud):
        """Home Assistant may stop at any time."""
        simulator.path_outage[LOGIN] = "hang"
        task = asyncio.ensure_future(cloud.fetch_token(SERIAL))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_nothing_secret_is_logged(simulator, cloud, caplog):
    """Names of calls, statuses and times; not even of failures more."""
    caplog.set_level(logging.DEBUG)
    simulator.options.tokens_shape = "empty"
    token = await cloud.fetch_token(SERIAL)
    for outage in (401, 403, 405, 503, "html", "reset"):
        simulator.path_outage = {TOKENS: outage, WEB: 500}
        with pytest.raises(EnergyError):
            await cloud.fetch_token(SERIAL)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components")]
    assert any("cloud POST /login/login.json 200" in message for message in ours)
    assert any(re.match(r"cloud POST /tokens failed after .* s: status 403", message) for message in ours)
    assert not any(secret in caplog.text for secret in (MAIL, PASSWORD, SERIAL, token, "eyJ", "session_id"))


class TestKeeper:
    """The keeper of the core with this cloud behind it."""

    async def test_a_stored_token_never_touches_the_cloud(self, simulator, cloud):
        """Which may be down for a year."""
        simulator.outage = 503
        keeper = TokenKeeper(
            read_token(simulator.token()), renew=lambda: cloud.fetch_token(SERIAL), clock=time.time, changed=lambda _: None
        )
        assert (await keeper.token()).audience == SERIAL
        assert simulator.calls == []

    async def test_an_expired_one_is_replaced_by_one_login_for_all(self, simulator, cloud):
        """However many wait."""
        stored = []
        old = read_token(simulator.token(issued=time.time() - 50_000, lifetime=43_200))
        keeper = TokenKeeper(
            old,
            renew=lambda: cloud.fetch_token(SERIAL),
            clock=time.time,
            changed=stored.append,
            read=lambda text: token_claims.token_for(text, SERIAL, now=time.time()),
        )
        tokens = await asyncio.gather(*(keeper.token() for _ in range(20)), keeper.refused(old))
        assert {token.text for token in tokens} == {simulator.issued[0]} == {stored[0].text}
        assert (simulator.logins, len(stored)) == (1, 1)

    async def test_a_second_factor_ends_the_attempts(self, simulator, cloud):
        """The account is not locked by us."""
        simulator.options.mfa = True
        keeper = TokenKeeper(None, renew=lambda: cloud.fetch_token(SERIAL), clock=time.time, changed=lambda _: None)
        for _ in range(5):
            await failing(keeper.token(), DeviceAuthError, "mfa_required")
        assert simulator.logins == 1


class TestClaims:
    """What this maker's tokens say."""

    @pytest.mark.parametrize(
        ("said", "role"), [("owner", "owner"), ("installer", "installer"), ("factory", "unknown"), ("", "unknown")]
    )
    def test_the_role(self, said, role):
        """One of three."""
        token = read_token(make_token(new_key(), serial=SERIAL, role=said))
        assert token_claims.role(token) == role
        assert role in token_claims.ROLES

    async def test_an_installer_has_half_a_day(self, simulator, cloud):
        """An owner a year."""
        assert read_token(await cloud.fetch_token(SERIAL)).lifetime == 31_536_000
        simulator.options.role = "installer"
        token = read_token(await cloud.fetch_token(SERIAL))
        assert (token.lifetime, token_claims.role(token)) == (43_200, "installer")

    def test_the_published_key_recognises_no_stranger(self):
        """It is a key at all, and a no is all that can be tested without a real token."""
        token = read_token(make_token(new_key(), serial=SERIAL))
        assert not token_claims.recognised(token)

    @pytest.mark.parametrize(
        ("audience", "issued", "key"),
        [
            ("un-commissioned", None, "gateway_uncommissioned"),
            (OTHER, None, "token_foreign"),
            (SERIAL, 1_700_000_000, "token_expired"),
        ],
    )
    def test_a_token_that_was_typed_is_checked(self, audience, issued, key):
        """Before the gateway is asked."""
        text = make_token(new_key(), serial=audience, issued=issued, lifetime=3600)
        with pytest.raises(DeviceAuthError) as caught:
            token_claims.token_for(text, SERIAL, now=time.time())
        assert caught.value.key == key
        assert SERIAL not in str(caught.value)

    def test_a_good_one_comes_back(self):
        """With its quotes off."""
        text = make_token(new_key(), serial=SERIAL)
        assert token_claims.token_for(f'"{text}"\n', SERIAL, now=time.time()).text == text
