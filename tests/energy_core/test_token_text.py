"""What a token says, exactly at the bounds of what is believed, and what is said of one that is none."""

import base64
import json

import pytest

from custom_components.energy_core.errors import DeviceAuthError
from custom_components.energy_core.token_text import LATEST, MAX_CHARACTERS, Token, bare, check, read_token, skew

NOW = 1_780_000_000.0
ES256 = {"alg": "ES256"}
CLAIMS = {"exp": NOW + 3600, "aud": "me"}


def part(content: object) -> str:
    """Return a part of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def made(claims: object = CLAIMS, header: object = ES256, signature: bytes = b"s" * 64) -> str:
    """Return the text of a token."""
    return ".".join(map(part, (header, claims, signature)))


GOOD = made()


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        (GOOD.rpartition(".")[0], "token_truncated", "it ends before its signature"),
        (GOOD.partition(".")[0], "token_truncated", "it ends before its signature"),
        ("hunter2", "token_malformed", "not three parts in base64"),
        ("a.b", "token_malformed", "not three parts in base64"),
        (made(header={"alg": "HS256"}), "token_malformed", "signed in a way that is not allowed"),
        (made(signature=b"s" * 63), "token_truncated", "its signature ends too early"),
        (made(header=[]), "token_malformed", "a part of it is no object"),
        (made(b"\xff"), "token_malformed", "a part of it is no object"),
        (made({"aud": "me"}), "token_malformed", "no time of expiry"),
    ],
)
def test_what_is_wrong_is_said(text: str, key: str, why: str) -> None:
    """In the log, and to the user by the key of a text."""
    with pytest.raises(DeviceAuthError) as caught:
        read_token(text)
    assert (caught.value.key, str(caught.value)) == (key, why)


@pytest.mark.parametrize(("algorithm", "size"), [("ES256", 64), ("ES384", 96), ("ES512", 132), ("EdDSA", 1)])
def test_a_signature_has_its_length(algorithm: str, size: int) -> None:
    """Of each algorithm that is known; of others there is one at least."""
    whole = made(header={"alg": algorithm}, signature=b"s" * size)
    assert read_token(whole, algorithms=[algorithm]).audience == "me"
    if size > 1:
        with pytest.raises(DeviceAuthError):
            read_token(made(header={"alg": algorithm}, signature=b"s" * (size - 1)), algorithms=[algorithm])


@pytest.mark.parametrize(("more", "good"), [(0, True), (1, False)])
def test_a_token_has_at_most_8192_characters(more: int, good: bool) -> None:
    """Signatures of an unknown kind may be long."""
    head = f"{part({'alg': 'X'})}.{part(CLAIMS)}."
    text = head + "s" * (MAX_CHARACTERS - len(head) + more)
    if good:
        assert read_token(text, algorithms=["X"]).text == text
    else:
        with pytest.raises(DeviceAuthError):
            read_token(text, algorithms=["X"])


def test_a_paste_may_be_four_times_as_long() -> None:
    """Nothing longer is even looked at."""
    room = 4 * MAX_CHARACTERS - len(GOOD)
    assert bare(GOOD + " " * room) == GOOD
    assert bare(GOOD + " " * (room + 1)) == ""


@pytest.mark.parametrize(
    ("paste", "text"),
    [
        ("abc", "abc"),
        ('{"token": 5}', ""),
        ('{"other": "abc"}', ""),
        ('{"token": "abc"', ""),
        ('{"token": "Bearer abc"}', "abc"),
        ('"Authorization: Bearer abc"', "abc"),
        ("Bearer bearer abc", "bearerabc"),
        ("'a b\u200bc';", "abc"),
        ("XX", "XX"),
    ],
)
def test_what_surrounds_a_token_is_taken_off(paste: str, text: str) -> None:
    """Once; and where there is none nothing comes back."""
    assert bare(paste) == text


@pytest.mark.parametrize(
    ("claims", "expires", "issued"),
    [
        ({"exp": LATEST, "iat": 1e9}, LATEST, 1e9),
        ({"exp": LATEST, "iat": 1e9 - 1}, LATEST, None),
        ({"exp": 1e9}, 1e9, None),
        ({"exp": NOW, "iat": NOW}, NOW, None),
        ({"exp": NOW, "iat": NOW - 1}, NOW, NOW - 1),
        ({"exp": NOW, "iat": str(NOW - 1)}, NOW, None),
    ],
)
def test_times_are_those_of_a_calendar(claims: dict[str, object], expires: float, issued: float | None) -> None:
    """2001 to 9999; what begins does so before it ends."""
    token = read_token(made(claims))
    assert (token.expires, token.issued) == (expires, issued)
    assert token.lifetime == (None if issued is None else expires - issued)
    assert (token.audience, read_token(made({**claims, "aud": ["me"]})).audience) == ("", "me")


@pytest.mark.parametrize("exp", [1e9 - 1, LATEST + 1, str(NOW)])
def test_a_time_outside_is_none(exp: object) -> None:
    """And then the token has no end."""
    with pytest.raises(DeviceAuthError, match="no time of expiry"):
        read_token(made({"exp": exp}))


def test_it_is_good_until_it_ends() -> None:
    """Not in the second of its end."""
    token = Token(text="t", expires=NOW, audience="me")
    assert token.valid(NOW - 0.001)
    assert not token.valid(NOW)
    with pytest.raises(DeviceAuthError, match="its time is over"):
        check(token, audience="me", now=NOW)
    assert dict(token.claims) == {}


@pytest.mark.parametrize(("ahead", "told"), [(300, 0), (300.5, 300.5), (-300, 0), (-300.5, -300.5)])
def test_five_minutes_are_no_matter(ahead: float, told: float) -> None:
    """Either way."""
    assert skew(NOW + ahead, NOW) == told
