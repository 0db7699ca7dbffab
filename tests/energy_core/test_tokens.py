"""Tokens: what is read of them, and a keeper that never lets one run out, never storms, and never bothers."""

import asyncio
import base64
from contextlib import suppress
from dataclasses import FrozenInstanceError
import json
import subprocess
import sys

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings, strategies as st
import jwt
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
from custom_components.energy_core.renewal import PAUSES, Attempts
from custom_components.energy_core.tokens import (
    Renewal,
    Token,
    TokenKeeper,
    bare,
    check,
    read_token,
    signed_by,
    skew,
)
from tests.energy_core.clock import Clock

NOW = 1_780_000_000.0
HOUR, DAY = 3600.0, 86_400.0
YEAR = 365 * DAY
SERIAL = "122000000001"
MAIL = "owner@example.org"
KEY = generate_private_key(SECP256R1())
SPKI = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def text_of(issued: float = NOW, lifetime: float = YEAR, **claims) -> str:
    """Return a token that the key signed."""
    usual = {"aud": SERIAL, "iat": int(issued), "exp": int(issued + lifetime), "username": MAIL, "role": "owner"}
    return jwt.encode({**usual, **claims}, KEY, algorithm="ES256")


def forged(header: object, claims: object, signature: bytes = b"s" * 64) -> str:
    """Return three parts that hold whatever a test wants."""
    parts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, claims, signature)]
    return ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts)


GOOD = text_of()


def steady_name(value: object) -> str:
    """Name a case by what is the same in each process: signatures are made anew."""
    return value if isinstance(value, str) and len(value) < 40 and "." not in value else type(value).__name__


ES256 = {"alg": "ES256", "typ": "JWT"}
CLAIMS = {"exp": int(NOW + YEAR), "aud": SERIAL}


def refusal(text: str, **more) -> str:
    """Return the key of the error that a text ends with; the error tells nothing of it."""
    with pytest.raises(DeviceAuthError) as caught:
        read_token(text, **more)
    error = caught.value
    assert error.placeholders == {}
    assert error.__cause__ is None
    assert not any(part in str(error) for part in (SERIAL, MAIL, "eyJ"))
    return error.key


class TestReading:
    """From text to a token."""

    def test_what_a_token_says(self):
        """Times in seconds, audience and claims as they are."""
        token = read_token(text_of(lifetime=12 * HOUR))
        assert (token.issued, token.expires, token.lifetime) == (NOW, NOW + 12 * HOUR, 12 * HOUR)
        assert (token.audience, token.claims["username"], token.claims["role"]) == (SERIAL, MAIL, "owner")
        assert token == read_token(token.text)
        assert len({token, read_token(token.text)}) == 1

    def test_nothing_secret_is_shown_and_nothing_can_be_changed(self):
        """A token may stand in a log by mistake."""
        token = read_token(GOOD)
        assert not any(secret in repr(token) for secret in (GOOD, SERIAL, MAIL, "owner"))
        with pytest.raises(FrozenInstanceError):
            token.text = ""
        with pytest.raises(TypeError):
            token.claims["aud"] = "other"

    @pytest.mark.parametrize(
        "paste",
        [
            "  {}\n",
            '"{}"',
            "'{}',",
            "\t`{}`;\r\n",
            "\u201c{}\u201d",
            "\ufeff{}\u200b",
            "Bearer {}",
            "bearer  {}",
            "Authorization: Bearer {}",
            '{{"generation_time": 1, "token": "{}", "expires_at": 2}}',
            '\n {{"token": " {} "}} ',
        ],
    )
    def test_what_a_paste_brings_along_is_taken_off(self, paste):
        """Quotes, blanks, headers and the whole answer of a web page."""
        assert read_token(paste.format(GOOD)).text == GOOD
        assert bare(paste.format(GOOD)) == GOOD

    def test_a_token_that_was_broken_into_lines_is_one(self):
        """Mail programs wrap at 76 characters."""
        wrapped = "\r\n ".join(GOOD[start : start + 76] for start in range(0, len(GOOD), 76))
        assert read_token(wrapped).text == GOOD

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("", "token_malformed"),
            ("hunter2", "token_malformed"),
            ("a.b.c", "token_malformed"),
            (GOOD + ".x", "token_malformed"),
            (GOOD.replace(".", "/", 1), "token_truncated"),
            (GOOD.rpartition(".")[0], "token_truncated"),
            (GOOD.partition(".")[0], "token_truncated"),
            (GOOD[:30], "token_truncated"),
            (GOOD[:-1], "token_truncated"),
            (GOOD.rpartition(".")[0] + ".", "token_malformed"),
            (GOOD[3:], "token_malformed"),
            ("é" + GOOD, "token_malformed"),
            ("\ud800" * 3, "token_malformed"),
            ("{}", "token_malformed"),
            ('{"token": null}', "token_malformed"),
            ('{"token"', "token_malformed"),
            ('{"a":' * 5000, "token_malformed"),
            ("<html>Error</html>", "token_malformed"),
            ("A" * 50_000, "token_malformed"),
            (f"{GOOD}{'A' * 9000}", "token_malformed"),
            (forged([], CLAIMS), "token_malformed"),
            (forged({}, CLAIMS), "token_malformed"),
            (forged({"alg": None}, CLAIMS), "token_malformed"),
            (forged({"alg": ["ES256"]}, CLAIMS), "token_malformed"),
            (forged({"alg": "none"}, CLAIMS), "token_malformed"),
            (forged({"alg": "HS256"}, CLAIMS), "token_malformed"),
            (forged(b"\xff\xfe", CLAIMS), "token_malformed"),
            (forged(ES256, []), "token_malformed"),
            (forged(ES256, b"null"), "token_malformed"),
            (forged(ES256, b"\xff"), "token_malformed"),
            (forged(ES256, b"[" * 5000), "token_malformed"),
            (forged(ES256, b'{"exp": ' + b"9" * 4400 + b"}"), "token_malformed"),
            (forged(ES256, {"aud": SERIAL}), "token_malformed"),
            (forged(ES256, CLAIMS, b"short"), "token_truncated"),
        ],
        ids=steady_name,
    )
    def test_what_is_no_token_is_refused(self, text, key):
        """Each with the one of two reasons that helps the user."""
        assert refusal(text) == key

    @pytest.mark.parametrize("exp", [None, "1780000000", True, 0, -1, 1e8, 1e300, float("nan"), float("inf"), [NOW], {}])
    def test_a_token_without_an_end_is_refused(self, exp):
        """Also one that ends before tokens were invented, or after calendars do."""
        assert refusal(forged(ES256, CLAIMS | {"exp": exp})) == "token_malformed"

    @pytest.mark.parametrize("iat", [None, "1", 0, NOW + 2 * YEAR, float("nan"), []])
    def test_a_beginning_that_makes_no_sense_is_no_beginning(self, iat):
        """It is not needed."""
        token = read_token(forged(ES256, CLAIMS | {"iat": iat}))
        assert (token.issued, token.lifetime, token.expires) == (None, None, NOW + YEAR)

    @pytest.mark.parametrize(
        ("aud", "audience"),
        [(SERIAL, SERIAL), ([SERIAL], SERIAL), ([SERIAL, "x"], ""), ([], ""), (None, ""), (12, ""), ([7], "")],
    )
    def test_an_audience_is_one_text(self, aud, audience):
        """Two are none."""
        assert read_token(forged(ES256, CLAIMS | {"aud": aud})).audience == audience

    def test_only_plain_claims_are_kept(self):
        """A nest in a claim cannot trip those who show it."""
        token = read_token(forged(ES256, CLAIMS | {"nest": [[[]]], "more": {"a": 1}, "jti": "x", "n": 1.5}))
        assert dict(token.claims) == {**CLAIMS, "jti": "x", "n": 1.5}

    def test_other_algorithms_can_be_allowed(self):
        """One whose length is not known needs a signature all the same."""
        text = forged({"alg": "HS256"}, CLAIMS, b"x")
        assert read_token(text, algorithms=["HS256"]).audience == SERIAL
        assert refusal(GOOD, algorithms=["HS256"]) == "token_malformed"

    @given(
        text=st.text(max_size=60)
        | st.text(alphabet="eyJhbGciOi._-=0123456789{}\"' \n", max_size=300)
        | st.builds(
            forged,
            st.just(ES256) | st.binary(max_size=40),
            st.dictionaries(st.sampled_from(["exp", "iat", "aud", "x"]), st.none() | st.floats() | st.integers() | st.text())
            | st.binary(max_size=80),
            st.binary(max_size=80),
        )
        | st.tuples(st.integers(0, len(GOOD)), st.integers(0, len(GOOD))).map(lambda cut: GOOD[min(cut) : max(cut)])
        | st.tuples(st.integers(0, len(GOOD) - 1), st.characters()).map(lambda at: GOOD[: at[0]] + at[1] + GOOD[at[0] + 1 :])
    )
    @settings(derandomize=True, deadline=None, max_examples=600)
    def test_any_text_is_a_token_or_our_error(self, text):
        """Nothing else ever comes out, and what comes out can be used."""
        try:
            token = read_token(text)
        except EnergyError as error:
            key = error.key
        else:
            key = None
        if key is not None:
            assert key in ("token_malformed", "token_truncated")
            return
        assert 1e9 <= token.expires <= 253_402_300_799
        assert token.issued is None or token.issued < token.expires
        assert read_token(token.text) == token
        assert signed_by(token, SPKI) in (True, False)


class TestChecks:
    """Whether a token can be used."""

    def test_what_it_is_for_and_until_when(self):
        """Both are certain, whoever signed."""
        token = read_token(GOOD)
        check(token, audience=SERIAL, now=NOW)
        check(token, audience=SERIAL, now=NOW + YEAR - 1)
        for audience, now, key, why in (
            (SERIAL, NOW + YEAR, "token_expired", "its time is over"),
            ("other", NOW, "token_foreign", "for somebody else"),
            ("", 9e9, "token_foreign", "for somebody else"),
        ):
            with pytest.raises(DeviceAuthError) as caught:
                check(token, audience=audience, now=now)
            assert (caught.value.key, caught.value.placeholders, str(caught.value)) == (key, {}, why)

    def test_the_key_that_signed_is_recognised(self):
        """And no other, nor what is no key at all."""
        token = read_token(GOOD)
        other = generate_private_key(SECP256R1()).public_key()
        foreign = base64.b64encode(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        rsa = generate_rsa_key(65537, 2048).public_key()
        wrong_kind = base64.b64encode(rsa.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        assert signed_by(token, SPKI)
        assert not any(signed_by(token, key) for key in (foreign, wrong_kind, "", "AAAA", "nonsense", SPKI[:-8]))
        tampered = read_token(".".join([GOOD.split(".")[0], text_of(aud="x").split(".")[1], GOOD.split(".")[2]]))
        assert not signed_by(tampered, SPKI)
        assert signed_by(read_token(text_of(issued=NOW - 2 * YEAR)), SPKI)

    @pytest.mark.parametrize(("ahead", "told"), [(0, 0), (299, 0), (-300, 0), (301, 301), (-3600, -3600)])
    def test_clocks_that_differ_are_told_apart(self, ahead, told):
        """Five minutes do no harm."""
        assert skew(NOW + ahead, NOW) == told


class TestPolicy:
    """When a token is due."""

    def test_a_year_is_renewed_in_its_last_month(self):
        """At a random time, then once a day and a bit."""
        token, policy = read_token(GOOD), Renewal()
        assert policy.due_at(token, 0.0) == NOW + YEAR - 30 * DAY
        assert policy.due_at(token, 0.5) == NOW + YEAR - 30 * DAY + 2 * HOUR
        assert (policy.pause(token, 0.0), policy.pause(token, 1.0)) == (DAY, DAY + 4 * HOUR)

    @pytest.mark.parametrize("lifetime", [HOUR, 12 * HOUR, 60 * DAY])
    def test_a_short_one_after_two_thirds(self, lifetime):
        """Whatever the draw."""
        token, policy = read_token(text_of(lifetime=lifetime)), Renewal()
        assert policy.due_at(token, 0.7) == pytest.approx(NOW + lifetime * 2 / 3)
        assert policy.pause(token, 0.7) == 0.0

    def test_one_that_does_not_say_counts_as_long(self):
        """Its end is known."""
        assert Renewal().due_at(Token(text="x", expires=NOW + YEAR), 0.0) == NOW + YEAR - 30 * DAY

    def test_a_policy_is_data(self):
        """Another one needs no code."""
        policy = Renewal(long=HOUR, lead=60.0, spread=0.0)
        assert policy.due_at(read_token(GOOD), 1.0) == NOW + YEAR - 60

    def test_pauses_grow_and_hold(self):
        """15 minutes, an hour, six hours, six hours."""
        state, waits = Attempts(), []
        for _ in range(5):
            state.began(NOW)
            state.failed(DeviceConnectionError(), NOW)
            waits.append(state.wait(NOW))
        assert waits == [*PAUSES, PAUSES[-1], PAUSES[-1]] == [900, 3600, 21_600, 21_600, 21_600]
        assert state.wait(NOW + 21_600) == 0
        state.succeeded(NOW)
        assert state.wait(NOW) == 900


class Cloud:
    """Gives out tokens, or raises what it was told to; counts, and can be held up."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lifetime = YEAR
        self.asked: list[float] = []
        self.wrong: Exception | None = None
        self.says: str | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def renew(self) -> str:
        self.asked.append(self.clock())
        await self.open.wait()
        if self.wrong is not None:
            raise self.wrong
        return text_of(self.clock(), self.lifetime, jti=len(self.asked)) if self.says is None else self.says


class Home:
    """A keeper, its cloud and its clock; the draw is 0.5."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)
        self.cloud = Cloud(self.clock)
        self.stored: list[Token] = []

    def keeper(self, token: Token | str | None = GOOD, *, manual: bool = False, **more) -> TokenKeeper:
        """Return a keeper with a token."""
        return TokenKeeper(
            read_token(token) if isinstance(token, str) else token,
            renew=None if manual else self.cloud.renew,
            clock=self.clock,
            changed=self.stored.append,
            random=lambda: 0.5,
            **more,
        )

    def reborn(self, keeper: TokenKeeper, **more) -> TokenKeeper:
        """Return the keeper of the next life of Home Assistant."""
        saved = json.loads(json.dumps(keeper.saved()))
        assert not any(secret in json.dumps(saved) for secret in (SERIAL, MAIL, "eyJ"))
        return self.keeper(keeper.current, **more).restored(saved)

    async def quiet(self) -> None:
        """Let an attempt in the background end."""
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
def home() -> Home:
    """A home."""
    return Home()


async def failing(call, kind: type[EnergyError]) -> EnergyError:
    """Return the error that a call ends with."""
    with pytest.raises(EnergyError) as caught:
        await call
    assert type(caught.value) is kind
    return caught.value


class TestKeeping:
    """A token that is valid is used, and nothing else matters."""

    async def test_a_valid_token_never_touches_the_cloud(self, home):
        """Not at the start, and not for eleven months."""
        home.cloud.wrong = AssertionError()
        keeper = home.keeper()
        for _ in range(334):
            assert await keeper.token() is keeper.current
            home.clock.advance(DAY)
        assert (home.cloud.asked, home.stored) == ([], [])

    async def test_a_year_is_renewed_in_time(self, home):
        """Within its last 30 days, once; the new one is stored and used."""
        keeper = home.keeper()
        home.clock.advance(YEAR - 30 * DAY + 2 * HOUR - 1)
        assert not keeper.due(home.clock())
        await keeper.token()
        assert home.cloud.asked == []
        home.clock.advance(1)
        assert keeper.due(home.clock())
        first = await keeper.token()
        await home.quiet()
        second = await keeper.token()
        assert first.text == GOOD != second.text
        assert home.stored == [second]
        assert second.expires == home.clock() + YEAR
        await home.quiet()
        assert len(home.cloud.asked) == 1

    async def test_a_token_that_is_due_is_not_held_up(self, home):
        """A cloud that hangs costs nobody anything."""
        keeper = home.keeper()
        home.clock.advance(YEAR - DAY)
        home.cloud.open.clear()
        for _ in range(5):
            assert (await keeper.token()).text == GOOD
            await home.quiet()
        assert len(home.cloud.asked) == 1
        home.cloud.open.set()
        await home.quiet()
        assert (await keeper.token()).text != GOOD

    async def test_twelve_hours_are_renewed_after_eight_without_a_gap(self, home):
        """Three days of an installer's tokens: each poll has a valid one, nine are fetched."""
        home.cloud.lifetime = 12 * HOUR
        keeper = home.keeper(text_of(lifetime=12 * HOUR))
        for _ in range(3 * 1440):
            assert (await keeper.token()).valid(home.clock())
            await home.quiet()
            home.clock.advance(60)
        assert [asked - NOW for asked in home.cloud.asked] == pytest.approx([8 * HOUR * n for n in range(1, 9)], abs=600)

    @pytest.mark.parametrize(
        "wrong",
        [
            DeviceConnectionError(),
            DeviceTimeoutError(),
            DeviceProtocolError(),
            RateLimitedError(retry_after=60),
            DeviceAuthError(),
        ],
    )
    async def test_a_valid_token_is_used_whatever_is_wrong_with_the_cloud(self, home, wrong):
        """For a month, at one attempt a day; a refusal of the account ends the attempts."""
        keeper = home.keeper()
        home.cloud.wrong = wrong
        home.clock.advance(YEAR - 30 * DAY)
        while home.clock() < NOW + YEAR:
            assert (await keeper.token()).text == GOOD
            await home.quiet()
            home.clock.advance(1800)
        assert len(home.cloud.asked) == (1 if isinstance(wrong, DeviceAuthError) else 28)
        gaps = [later - earlier for earlier, later in zip(home.cloud.asked, home.cloud.asked[1:], strict=False)]
        assert all(gap >= DAY + 2 * HOUR for gap in gaps)
        assert keeper.rejected == ("invalid_auth" if isinstance(wrong, DeviceAuthError) else None)
        await failing(keeper.token(), type(wrong))

    async def test_a_short_token_is_tried_again_sooner(self, home):
        """After 15 minutes, an hour, six hours: the cloud may come back in time."""
        keeper = home.keeper(text_of(lifetime=12 * HOUR))
        home.cloud.wrong = DeviceConnectionError()
        for _ in range(12 * 60):
            await keeper.token()
            await home.quiet()
            home.clock.advance(60)
        assert [asked - NOW for asked in home.cloud.asked] == [8 * HOUR, 8.25 * HOUR, 9.25 * HOUR]

    async def test_an_expired_token_is_replaced_before_it_is_used(self, home):
        """Home Assistant was off for a year."""
        keeper = home.keeper()
        home.clock.advance(YEAR)
        assert (await keeper.token()).valid(home.clock())
        assert len(home.cloud.asked) == len(home.stored) == 1

    async def test_without_a_token_one_is_fetched(self, home):
        """As after a set-up that was interrupted."""
        keeper = home.keeper(None)
        assert keeper.due(NOW)
        assert await keeper.token() is keeper.current
        assert home.stored == [keeper.current]

    async def test_an_expired_token_and_no_cloud(self, home):
        """The reason of the attempt comes out; between attempts, until when to wait."""
        keeper = home.keeper()
        home.clock.advance(YEAR)
        home.cloud.wrong = DeviceConnectionError(key="down")
        assert (await failing(keeper.token(), DeviceConnectionError)).key == "down"
        error = await failing(keeper.token(), RateLimitedError)
        assert (error.key, error.retry_after, error.placeholders) == ("token_renewal_paused", 900, {"retry_after": "0 h 15 min"})
        assert len(home.cloud.asked) == 1
        home.cloud.wrong = None
        home.clock.advance(900)
        assert (await keeper.token()).valid(home.clock())


class TestRefusal:
    """The device says no."""

    async def test_one_renewal_serves_all(self, home):
        """Fifty requests were refused at once; each gets the same new token."""
        keeper = home.keeper()
        old = await keeper.token()
        home.cloud.open.clear()
        waiting = [asyncio.ensure_future(keeper.refused(old)) for _ in range(50)]
        await home.quiet()
        home.cloud.open.set()
        tokens = await asyncio.gather(*waiting)
        assert {token.text for token in tokens} == {keeper.current.text} != {old.text}
        assert len(home.cloud.asked) == len(home.stored) == 1

    async def test_who_comes_late_gets_what_is_there(self, home):
        """The refused token is no longer the present one."""
        keeper = home.keeper()
        old = await keeper.token()
        new = await keeper.refused(old)
        assert await keeper.refused(old) is new
        assert len(home.cloud.asked) == 1

    async def test_all_get_the_same_error(self, home):
        """And the cloud one call."""
        keeper = home.keeper()
        old = await keeper.token()
        home.cloud.wrong = DeviceTimeoutError()
        home.cloud.open.clear()
        waiting = [asyncio.ensure_future(keeper.refused(old)) for _ in range(20)]
        await home.quiet()
        home.cloud.open.set()
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(error) for error in errors} == {DeviceTimeoutError}
        assert len(home.cloud.asked) == 1

    async def test_one_who_gives_up_does_not_stop_the_others(self, home):
        """Home Assistant may cancel one request of many."""
        keeper = home.keeper()
        old = await keeper.token()
        home.cloud.open.clear()
        first, second = (asyncio.ensure_future(keeper.refused(old)) for _ in range(2))
        await home.quiet()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        home.cloud.open.set()
        assert (await second).text != old.text
        assert len(home.cloud.asked) == 1

    async def test_an_attempt_in_the_background_is_shared(self, home):
        """The token was due, and then refused."""
        keeper = home.keeper()
        home.clock.advance(YEAR - DAY)
        home.cloud.open.clear()
        old = await keeper.token()
        waiting = asyncio.ensure_future(keeper.refused(old))
        await home.quiet()
        home.cloud.open.set()
        assert (await waiting).text != old.text
        assert len(home.cloud.asked) == 1

    async def test_a_refused_token_stays_as_long_as_there_is_no_other(self, home):
        """A gateway that lost its memory may find it again."""
        keeper = home.keeper()
        home.cloud.wrong = DeviceConnectionError()
        old = await keeper.token()
        await failing(keeper.refused(old), DeviceConnectionError)
        assert await keeper.token() is old

    async def test_a_device_that_refuses_everything_does_not_make_a_storm(self, home):
        """A day of polls every 5 s, each refused: 15 minutes, an hour, then six hours between logins."""
        keeper = home.keeper()
        for _ in range(17_280):
            with suppress(RateLimitedError):
                await keeper.refused(await keeper.token())
            home.clock.advance(5)
        assert [round((asked - NOW) / 60) for asked in home.cloud.asked] == [0, 15, 75, 435, 795, 1155]

    async def test_a_refusal_long_after_is_a_new_story(self, home):
        """A firmware update, months later: no old pause counts."""
        keeper = home.keeper()
        for _ in range(4):
            await keeper.refused(await keeper.token())
            home.clock.advance(30 * DAY)
        assert keeper.attempts.refusals == 0
        assert len(home.cloud.asked) == 4

    async def test_a_token_that_is_refused_again_after_a_restart_counts_once(self, home):
        """The pause stays what it was."""
        keeper = home.keeper()
        for pause in (0, 900):
            home.clock.advance(pause)
            await keeper.refused(await keeper.token())
        for _ in range(3):
            assert (await failing(keeper.refused(keeper.current), RateLimitedError)).retry_after == HOUR
            keeper = home.reborn(keeper)
        assert keeper.attempts.refusals == 2

    async def test_a_cloud_that_gives_the_same_token_again(self, home):
        """It is handed on; the device decides, and the pause protects the cloud."""
        keeper = home.keeper()
        home.cloud.says = GOOD
        old = await keeper.token()
        assert (await keeper.refused(old)).text == GOOD
        await failing(keeper.refused(old), RateLimitedError)
        assert len(home.cloud.asked) == 1

    @pytest.mark.parametrize(
        ("says", "why"),
        [
            ("", "not three parts in base64"),
            ("<html>", "not three parts in base64"),
            (GOOD[:-9], "its signature ends too early"),
            (text_of(NOW - 2 * YEAR), "expired already"),
        ],
        ids=steady_name,
    )
    async def test_a_token_that_cannot_be_used_is_not_taken(self, home, says, why):
        """Nothing that the user could mend: the old one stays, nobody asks for a password, and the log says what it was."""
        keeper = home.keeper()
        home.cloud.says = says
        error = await failing(keeper.renewed(), DeviceProtocolError)
        assert (error.key, str(error)) == ("token_unusable", why)
        assert (keeper.current.text, home.stored, keeper.rejected) == (GOOD, [], None)

    async def test_another_check_may_be_made_of_new_tokens(self, home):
        """The sibling knows what its device wants."""

        def read(text):
            token = read_token(text)
            check(token, audience="other", now=home.clock())
            return token

        keeper = home.keeper(read=read)
        assert (await failing(keeper.renewed(), DeviceProtocolError)).key == "token_unusable"
        with pytest.raises(DeviceAuthError) as caught:
            keeper.set_manual(GOOD)
        assert caught.value.key == "token_foreign"


class TestBreaker:
    """The cloud is left alone."""

    async def test_the_account_is_refused(self, home):
        """Once; then nobody asks until there are new credentials, not even after a restart."""
        keeper = home.keeper()
        home.clock.advance(YEAR)
        home.cloud.wrong = DeviceAuthError("said so", key="mfa_required")
        assert (await failing(keeper.token(), DeviceAuthError)).key == "mfa_required"
        home.clock.advance(30 * DAY)
        for each in (keeper, home.reborn(keeper)):
            for call in (each.token(), each.refused(each.current), each.renewed()):
                assert (await failing(call, DeviceAuthError)).key == "mfa_required"
            assert (each.rejected, each.report()["next_attempt"]) == ("mfa_required", None)
        assert len(home.cloud.asked) == 1
        home.cloud.wrong = None
        keeper.credentials_changed()
        assert (await keeper.token()).valid(home.clock())
        assert keeper.rejected is None

    async def test_new_credentials_need_not_wait(self, home):
        """Pauses were for the old ones."""
        keeper = home.keeper(None)
        home.cloud.wrong = DeviceConnectionError()
        for _ in range(3):
            await failing(keeper.token(), DeviceConnectionError)
            home.clock.advance(6 * HOUR)
        await failing(keeper.token(), DeviceConnectionError)
        home.cloud.wrong = None
        keeper.credentials_changed()
        assert await keeper.token() is keeper.current

    async def test_new_credentials_during_an_attempt(self, home):
        """Who waits gets the answer to the new ones."""
        keeper = home.keeper(None)
        home.cloud.open.clear()
        waiting = asyncio.ensure_future(keeper.token())
        await home.quiet()
        keeper.credentials_changed()
        await home.quiet()
        home.cloud.open.set()
        assert await waiting is keeper.current
        assert len(home.cloud.asked) == 2
        assert len(home.stored) == 1

    async def test_a_token_that_is_typed_during_an_attempt_wins(self, home):
        """The attempt is given up."""
        keeper = home.keeper(None)
        home.cloud.open.clear()
        waiting = asyncio.ensure_future(keeper.token())
        await home.quiet()
        token = keeper.set_manual(f" {GOOD}\n")
        home.cloud.open.set()
        assert await waiting is token is keeper.current
        await home.quiet()
        assert home.stored == [token]

    async def test_pauses_survive_a_restart(self, home):
        """A user who restarts again and again does not get the account locked."""
        keeper = home.keeper(None)
        home.cloud.wrong = DeviceTimeoutError()
        for _ in range(100):
            keeper = home.reborn(keeper)
            with pytest.raises(EnergyError):
                await keeper.token()
            home.clock.advance(300)
        assert [asked - NOW for asked in home.cloud.asked] == [0, 900, 4500, 26_100]

    async def test_another_token_makes_what_was_saved_void(self, home):
        """A new sign-in brought it, so it works."""
        keeper = home.keeper()
        home.cloud.wrong = DeviceAuthError()
        await failing(keeper.renewed(), DeviceAuthError)
        saved = keeper.saved()
        assert home.keeper().restored(saved).rejected == "invalid_auth"
        assert home.keeper(text_of(NOW + 1)).restored(saved).rejected is None

    @pytest.mark.parametrize("saved", [None, [], "x", {}, {"token": None}, {"attempts": -1, "last": "x", "rejected": 7}])
    async def test_what_was_saved_badly_is_ignored(self, home, saved):
        """A file that was edited by hand stops nobody."""
        keeper = home.keeper().restored(saved)
        assert keeper.attempts == Attempts()
        mark = home.keeper().saved()["token"]
        if isinstance(saved, dict):
            assert home.keeper().restored(saved | {"token": mark}).attempts == Attempts()

    async def test_a_server_that_names_a_time_is_heeded(self, home):
        """Longer than our pause; but for no more than a day."""
        keeper = home.keeper(None)
        home.cloud.wrong = RateLimitedError(retry_after=7200)
        assert (await failing(keeper.token(), RateLimitedError)).key == "rate_limited"
        home.clock.advance(7100)
        assert (await failing(keeper.token(), RateLimitedError)).retry_after == 100
        home.clock.advance(100)
        home.cloud.wrong = RateLimitedError(retry_after=99_999)
        await failing(keeper.token(), RateLimitedError)
        assert (await failing(keeper.token(), RateLimitedError)).retry_after == DAY

    @pytest.mark.parametrize("jump", [-10 * DAY, -HOUR])
    async def test_a_clock_that_is_set_back_freezes_nothing(self, home, jump):
        """At most the pause begins anew."""
        keeper = home.keeper(None)
        home.cloud.wrong = DeviceConnectionError()
        await failing(keeper.token(), DeviceConnectionError)
        home.clock.advance(jump)
        assert (await failing(keeper.token(), RateLimitedError)).retry_after == 900
        home.clock.advance(900)
        await failing(keeper.token(), DeviceConnectionError)

    async def test_a_button_does_not_get_around_the_pause(self, home):
        """It renews a good token, but not twice in a quarter of an hour."""
        keeper = home.keeper()
        assert (await keeper.renewed()).text != GOOD
        assert (await failing(keeper.renewed(), RateLimitedError)).retry_after == 900
        home.clock.advance(899.5)
        assert (await failing(keeper.renewed(), RateLimitedError)).retry_after == 0.5
        home.clock.advance(0.5)
        await keeper.renewed()
        assert len(home.cloud.asked) == 2

    async def test_an_end_during_an_attempt(self, home):
        """Home Assistant unloads: who still waits gets an error of ours, and nothing stays behind."""
        keeper = home.keeper(None)
        keeper.stop()
        home.cloud.open.clear()
        waiting = asyncio.ensure_future(keeper.token())
        await home.quiet()
        keeper.stop()
        error = await failing(waiting, DeviceConnectionError)
        assert (error.key, str(error)) == ("token_renewal_stopped", "the attempt was given up")
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def test_a_mistake_of_ours_is_not_hidden(self, home):
        """It reaches who waits."""
        keeper = home.keeper(None)
        home.cloud.wrong = ZeroDivisionError()
        with pytest.raises(ZeroDivisionError):
            await keeper.token()

    async def test_the_task_can_be_somebody_elses(self, home):
        """Home Assistant ends the tasks of an entry when it unloads, and starts them at once."""
        started = []

        def spawn(work):
            started.append(asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True))
            return started[-1]

        keeper = home.keeper(None, spawn=spawn)
        assert await keeper.token() is keeper.current
        assert len(started) == 1
        home.clock.advance(YEAR)
        assert (await keeper.token()).valid(home.clock())


class TestManual:
    """The user keeps the token: no cloud, ever."""

    async def test_it_is_used_to_its_end(self, home):
        """And then the user is asked."""
        keeper = home.keeper(manual=True)
        assert keeper.manual
        for _ in range(365):
            assert (await keeper.token()).text == GOOD
            assert not keeper.due(home.clock())
            home.clock.advance(DAY)
        assert (await failing(keeper.token(), DeviceAuthError)).key == "token_expired"
        assert keeper.report()["next_attempt"] is None

    async def test_what_only_the_user_can_mend(self, home):
        """No token, a refused token, a button that does not fit."""
        assert (await failing(home.keeper(None, manual=True).token(), DeviceAuthError)).key == "token_missing"
        keeper = home.keeper(manual=True)
        assert (await failing(keeper.refused(keeper.current), DeviceAuthError)).key == "token_refused"
        assert (await failing(keeper.renewed(), DeviceRefusedError)).key == "token_manual"
        assert keeper.attempts.attempts == 0

    async def test_a_new_token_is_taken_and_stored(self, home):
        """With what a paste brings along; a bad one changes nothing."""
        keeper = home.keeper(manual=True)
        old = keeper.current
        with pytest.raises(DeviceAuthError):
            keeper.set_manual(GOOD[:-5])
        assert (keeper.current, home.stored) == (old, [])
        home.clock.advance(YEAR)
        text = text_of(home.clock())
        token = keeper.set_manual(f'"{text}"')
        assert home.stored == [token]
        assert (await keeper.token()).text == text
        assert await keeper.refused(old) is token


class TestReport:
    """What diagnostics show."""

    async def test_counters_keys_and_times(self, home):
        """Nothing secret."""
        keeper = home.keeper()
        fresh = keeper.report()
        assert (fresh["attempts"], fresh["last_error"], fresh["due"], fresh["next_attempt"]) == (0, None, False, NOW)
        home.cloud.wrong = DeviceConnectionError(key="down")
        await failing(keeper.renewed(), DeviceConnectionError)
        shown = keeper.report()
        assert (shown["attempts"], shown["failures"], shown["last_error"], shown["last"]) == (1, 1, "down", NOW)
        assert shown["next_attempt"] == NOW + DAY + 2 * HOUR
        assert shown["expires"] == NOW + YEAR
        assert not any(secret in json.dumps(shown) for secret in (SERIAL, MAIL, "eyJ"))
        assert shown.keys() == {
            "manual", "due", "expires", "next_attempt", "attempts", "successes", "failures", "refusals", "last", "quiet_until",
            "last_error", "rejected",
        }  # fmt: skip
        assert (shown["manual"], home.keeper(manual=True).report()["manual"]) == (False, True)
        home.cloud.wrong = None
        home.clock.advance(900)
        await keeper.renewed()
        assert (keeper.report()["successes"], keeper.report()["failures"], keeper.report()["last_error"]) == (1, 0, None)

    def test_without_a_token(self, home):
        """There is none that could expire, and one is due."""
        shown = home.keeper(None).report()
        assert (shown["expires"], shown["due"], shown["next_attempt"]) == (None, True, NOW)


def test_reading_a_token_needs_no_library():
    """What they say is plain JSON; only the signature needs more."""
    code = "import sys; sys.modules['jwt'] = None; from custom_components.energy_core import token_text, renewal"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("later", [0, -HOUR])
async def test_without_patience_a_token_that_is_due_is_renewed_at_once(home, later) -> None:
    """In the first moment, and when the clock was set back since."""
    keeper = home.keeper(text_of(NOW - YEAR + 5 * DAY))
    home.clock.advance(later)
    await keeper.token()
    await home.quiet()
    assert len(home.stored) == 1


async def test_a_good_token_is_not_renewed_while_everything_starts() -> None:
    """It is due, and good for days: the first minutes of a life are for other things."""
    clock, asked = [NOW], []

    async def renew() -> str:
        asked.append(clock[0])
        return text_of(NOW)

    due = read_token(text_of(NOW - YEAR + 5 * DAY))
    keeper = TokenKeeper(due, renew=renew, clock=lambda: clock[0], changed=lambda _token: None, patience=600)
    assert await keeper.token() is due
    await asyncio.sleep(0)
    assert asked == []
    clock[0] += 601
    assert await keeper.token() is due
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asked == [NOW + 601]
