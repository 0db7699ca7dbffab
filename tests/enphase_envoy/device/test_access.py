"""A refusal is the token, or our role, or a gateway that is starting: three things, three answers."""

import ssl
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
import pytest

from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceRefusedError,
    EnergyError,
    RateLimitedError,
    WrongDeviceError,
)
from custom_components.energy_core.http import Answer
from custom_components.energy_core.tokens import read_token
from custom_components.enphase_envoy.connect import Gateway, digest_of, identify, pin_of
from custom_components.enphase_envoy.envoy.auth import Bearer, Digest
from custom_components.enphase_envoy.envoy.health import DENIED
from custom_components.enphase_envoy.envoy.points import Meter
from simulators.enphase_jwt import make_token
from tests.enphase_envoy.capture_gateway import OWN, Answer as Canned, CaptureGateway, new_tls
from tests.enphase_envoy.device.rig import KEY, READINGS, SERIAL, Clock, Rig, captured, device, keeper, simulated

CHECK = "/auth/check_jwt"
POWER = "/ivp/ensemble/power"
BATTERY = OWN / "8.2.127_battery"


class Cloud:
    """What fetches tokens; counts how often."""

    def __init__(self, rig: Rig, *, good: bool = True) -> None:
        self.rig, self.good, self.asked = rig, good, 0

    async def __call__(self) -> str:
        self.asked += 1
        key = KEY if self.good else None
        serial = SERIAL if key is not None else "122000000099"
        return make_token(KEY, serial=serial, issued=self.rig.clock.wall() + self.asked)


def bearer(rig: Rig) -> Bearer:
    """Return how requests prove themselves."""
    assert isinstance(rig.auth, Bearer)
    return rig.auth


def renewable(rig: Rig, *, good: bool = True) -> Cloud:
    """Let the token be fetched, and be one that the gateway does not want any more."""
    cloud = Cloud(rig, good=good)
    stale = make_token(KEY, serial="122000000099", issued=rig.clock.wall())
    bearer(rig).keeper = keeper(stale, rig.clock, cloud)
    rig.server.forget_sessions()
    bearer(rig)._cookie = ""
    return cloud


class TestToken:
    """The token itself is refused."""

    async def test_trap_6_a_refused_token_is_renewed_once_and_the_reading_goes_on(self):
        """One renewal for the whole round, and no value is lost by it."""
        async with simulated(encharges=1, storage_ct=True) as rig:
            await rig.all_at_once(2)
            cloud = renewable(rig)
            rig.server.forget()
            report = await rig.all_at_once()
            assert not report.failed
            assert cloud.asked == 1
            assert rig.asked(CHECK) == 2
            rig.server.forget()
            await rig.live(60.0)
            assert (cloud.asked, rig.asked(CHECK)) == (1, 0)

    async def test_f22_a_new_token_that_is_refused_too_is_the_end(self):
        """401 to everything and to a fresh token: one renewal, then an error that the user sees; no storm."""
        async with simulated() as rig:
            await rig.all_at_once(2)
            cloud = renewable(rig, good=False)
            rig.server.forget()
            with pytest.raises(DeviceAuthError) as caught:
                await rig.poll(every=5.0)
            assert caught.value.key == "token_refused"
            assert cloud.asked == 1
            assert len(rig.server.requests) <= 3
            for _ in range(10):
                with pytest.raises(EnergyError) as caught_again:
                    await rig.poll(every=5.0)
                # Renewal has its pauses: the cloud is left alone.
                assert isinstance(caught_again.value, RateLimitedError | DeviceAuthError)
            assert cloud.asked == 1
            assert len(rig.server.requests) <= 3 + 10 * 2

    async def test_a_token_that_the_user_keeps_is_not_renewed(self):
        """Only he can give another."""
        async with simulated() as rig:
            await rig.all_at_once(2)
            bearer(rig).keeper = keeper(make_token(KEY, serial="122000000099", issued=rig.clock.wall()), rig.clock)
            bearer(rig)._cookie = ""
            rig.server.forget()
            with pytest.raises(DeviceAuthError) as caught:
                await rig.poll(every=5.0)
            assert caught.value.key == "token_refused"
            assert len(rig.server.requests) == 2

    @pytest.mark.parametrize("status", ["503", "500", "reset"])
    async def test_trap_7_a_gateway_that_starts_does_not_refuse_a_token(self, status: str):
        """401 of an endpoint and no answer of check_jwt is trouble, never the credentials."""
        async with captured(BATTERY) as rig:
            await rig.all_at_once(2)
            every = {known.path.partition("?")[0]: "401" for known in rig.local.endpoints.values()}
            rig.server.broken = every | {CHECK: status, "/info": "503"}
            rig.server.forget()
            for _ in range(3):
                with pytest.raises(DeviceConnectionError) as caught:
                    await rig.poll(every=5.0)
                assert not isinstance(caught.value, DeviceAuthError)
            assert len(rig.server.requests) <= 3 * 3
            assert rig.local.health.denied == {}
            rig.server.broken = {}
            assert not (await rig.all_at_once()).failed

    async def test_a_check_without_a_token_is_no_verdict(self):
        """Nobody has been asked, so nobody has refused: the error says what is missing."""
        async with simulated() as rig:
            bearer(rig).keeper = keeper("", rig.clock)
            rig.server.forget()
            with pytest.raises(DeviceAuthError):
                await rig.local.link.token_holds()
            assert rig.server.requests == []

    async def test_before_the_first_request_there_is_nothing_to_renew(self):
        """A token that was never sent was never refused."""
        async with simulated() as rig:
            cloud = renewable(rig)
            await bearer(rig).renew()
            assert cloud.asked == 0


class TestRole:
    """The token is good, and yet an endpoint is not for us."""

    async def test_an_endpoint_that_is_denied_is_left_alone_for_hours(self):
        """401 with a good token: asked twice with one look at the token, then not for six hours, and all else goes on."""
        async with captured(BATTERY) as rig:
            await rig.all_at_once(2)
            rig.server.broken = {POWER: "401"}
            rig.server.forget()
            report = await rig.all_at_once()
            assert not report.failed
            assert (rig.asked(POWER), rig.asked(CHECK)) == (2, 1)
            await rig.all_at_once(5)
            assert (rig.asked(POWER), rig.asked(CHECK)) == (2, 1)
            rig.clock.pass_(DENIED)
            rig.server.broken = {}
            await rig.all_at_once()
            assert rig.asked(POWER) == 3
            assert rig.local.health.denied == {}

    async def test_403_is_no_different(self):
        """Same family."""
        async with captured(BATTERY, overrides={POWER: Canned(b"no", 403)}) as rig:
            await rig.all_at_once(2)
            assert rig.local.health.skips("power")
            assert rig.asked(POWER) == 2


class TestSession:
    """The cookie of a session spares the gateway the check of a signature."""

    async def test_the_cookie_is_sent_with_the_token(self):
        """Whichever answer gave it, the next requests carry both, and the signature is checked once."""
        async with simulated() as rig:
            await rig.poll(3, every=5.0)
            assert bearer(rig)._cookie.startswith("sessionId=")
            checks = rig.server.site.gate.token_checks
            await rig.live(60.0)
            assert rig.server.site.gate.token_checks == checks

    async def test_a_session_that_ended_costs_nothing(self):
        """The token goes along, so a new session begins with the next answer."""
        async with simulated() as rig:
            await rig.poll(3, every=5.0)
            rig.server.forget_sessions()
            rig.server.forget()
            assert not (await rig.poll(every=5.0)).failed
            assert rig.asked(CHECK) == 0

    @pytest.mark.parametrize("cookie", ["a/b=1; sessionId", "sessionId=ü", "sessionId=", "=;=;", "x" * 3000])
    async def test_odd_cookies_are_no_trouble(self, cookie: str):
        """Whatever a gateway sets, it is a session or nothing."""
        auth = Bearer(keeper("", Clock()))
        auth.heard(Answer(status=200, headers={"Set-Cookie": cookie}, body=b"", cookies={"a/b": "1", "sessionId": cookie[10:]}))
        assert auth._cookie.isascii()

    async def test_another_token_begins_another_session(self):
        """The cookie of the old one is not sent with it."""
        clock = Clock()
        auth = Bearer(keeper(make_token(KEY, serial=SERIAL, issued=clock.wall()), clock))
        await auth.headers()
        auth.heard(Answer(status=200, headers={}, body=b"", cookies={"sessionId": "abc"}))
        assert (await auth.headers())["Cookie"] == "sessionId=abc"
        auth.keeper.current = read_token(make_token(KEY, serial=SERIAL, issued=clock.wall() + 5))
        assert "Cookie" not in await auth.headers()


class TestCertificate:
    """Known since the first visit."""

    async def test_f36_another_certificate_gets_no_token(self):
        """Not a single request arrives, and the error says what changed."""
        async with simulated() as rig:
            pin = await pin_of(rig.gateway)
            assert pin is not None
            assert pin.hex() == rig.server.fingerprint.replace(":", "").lower()
            pinned = device(rig.session, rig.gateway, rig.auth, rig.clock, pin=pin)
            assert not (await pinned.update(set())).failed
            rig.server.new_certificate()
            rig.server.forget()
            for _ in range(3):
                with pytest.raises(WrongDeviceError) as caught:
                    await pinned.update(set(pinned.blocks))
                assert caught.value.key == "certificate_changed"
                rig.clock.pass_(5.0)
            assert rig.server.requests == []
            with pytest.raises(WrongDeviceError):
                await identify(rig.session, rig.server.address, pin)
            assert rig.server.requests == []

    async def test_f35_another_serial_number_is_another_gateway(self):
        """Nothing that it says is shown."""
        async with simulated() as rig:
            await rig.all_at_once(2)
            rig.server.site.options.serial = "122000000777"
            rig.server.site.options.token_key = None
            with pytest.raises(EnergyError) as caught:
                await rig.all_at_once()
            assert isinstance(caught.value, WrongDeviceError | DeviceAuthError)

    async def test_a_write_to_a_stranger_is_not_sent(self):
        """Commands, too, go to the known certificate only."""
        async with simulated(encharges=1, enpower=True) as rig:
            pin = await pin_of(rig.gateway)
            pinned = device(rig.session, rig.gateway, rig.auth, rig.clock, pin=pin)
            for _ in range(2):
                await pinned.update(set())
            rig.server.new_certificate()
            rig.server.forget()
            with pytest.raises(WrongDeviceError):
                await pinned.write(pinned.settings, pinned.settings.points["reserve"], 55)
            assert rig.server.requests == []


class TestDigest:
    """Firmware before 7."""

    @pytest.mark.parametrize("profile", ["3.9", "3.18", "4.10", "5.0"])
    async def test_old_firmware_is_read_with_the_passwords_that_it_comes_with(self, profile: str):
        """One of three fits; a connection that ends after the challenge is no obstacle (3.18)."""
        async with simulated(profile=profile, drop_after_401=profile == "3.18") as rig:
            await rig.all_at_once(2)
            assert rig.site.production is not None
            assert len([each for each in rig.envoy.blocks if each.startswith("inverter_")]) == 10
            assert not isinstance(rig.auth, Bearer)

    async def test_a_challenge_that_nobody_can_answer_costs_the_inverters_only(self):
        """3.9.36 was seen with one: the rest is open."""
        async with simulated(profile="3.9", malformed_challenge=True) as rig:
            await rig.all_at_once(2)
            assert rig.site.production is not None
            assert not [each for each in rig.envoy.blocks if each.startswith("inverter_")]
            rig.server.forget()
            await rig.all_at_once(3)
            assert rig.asked("/api/v1/production/inverters") == 0

    async def test_a_password_that_was_changed_is_asked_for(self):
        """Both usual ones fail: only the user knows."""
        async with simulated(profile="5.0") as rig:
            rig.server.change(envoy_password="x", installer_password="y")
            with pytest.raises(DeviceAuthError):
                await digest_of(rig.session, rig.gateway, "")


async def test_secrets_are_not_in_errors():
    """Whatever goes wrong, an error tells neither the token nor the cookie."""
    async with simulated() as rig:
        await rig.all_at_once(2)
        token = bearer(rig).keeper.current
        assert token is not None
        for fault in ("503", "html", "reset", "redirect", "truncated"):
            rig.server.fail("*", fault)
            try:
                report: Any = await rig.all_at_once()
                told = [str(each) for each in report.failed.values()]
            except EnergyError as error:
                told = [str(error), repr(error.placeholders)]
            assert told
            assert not any(token.text in each or bearer(rig)._cookie[10:] in each for each in told)


def test_what_can_be_asked_without_a_password():
    """A digest without a user answers no challenge."""
    assert Digest().middlewares == ()
    assert isinstance(ssl.create_default_context(), ssl.SSLContext)


async def test_a_refused_value_is_told_before_anything_is_sent():
    """Out of range, or not for this gateway."""
    async with simulated(encharges=1, enpower=True) as rig:
        await rig.poll(3)
        rig.server.forget()
        for value in (101, -1, float("nan")):
            with pytest.raises(DeviceRefusedError):
                await rig.envoy.write(rig.envoy.settings, rig.envoy.settings.points["reserve"], value)
        meter = rig.envoy.parts(Meter)[0]
        with pytest.raises(DeviceRefusedError):
            await rig.envoy.write(meter, Meter.power, 5)
        assert rig.server.requests == []


async def test_two_gateways_do_not_share_a_certificate():
    """The fake ones of these tests included."""
    async with CaptureGateway(BATTERY, tls_context=new_tls()) as one, ClientSession(cookie_jar=DummyCookieJar()) as session:
        gateway: Gateway = await identify(session, one.address)
        assert await pin_of(gateway) == await pin_of(gateway)
        assert one.asked(READINGS) == []
