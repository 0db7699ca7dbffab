"""The watch over the whole suite finds a secret wherever it gets out, in whatever spelling; and a test fails for it."""

import base64
import json
import logging
from pathlib import Path
import subprocess
import sys
from urllib.parse import quote_plus, urlencode

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from hypothesis import given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.titan_izypower.connect import Address
from custom_components.v2c_cloud.connect import FoundAccount
from tests.canaries import LONGEST, PERSONAL, SECRETS, of_error, of_house, told, watching
from tests.source_tree import ROOT

OURS = logging.getLogger("custom_components.enphase_envoy.envoy.link")
THEIRS = logging.getLogger("homeassistant.components.websocket_api")
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiIxIn0.c2ln"


@pytest.fixture(autouse=True)
def canaries() -> set[str]:
    """Let the tests of this file leak: each has a watch of its own."""
    return set()


@pytest.mark.parametrize("word", SECRETS)
def test_each_secret_is_found_in_each_spelling(word: str) -> None:
    """As it is, shouted, in a URL, in a form, in JSON, in a Python text, in hexadecimal."""
    spelt = [
        word,
        word.upper(),
        quote_plus(word),
        urlencode({"key": word}),
        json.dumps([word]),
        repr([word]),
        word.encode().hex(),
    ]
    assert [each for each in spelt if told(f"said {each} there") != {word}] == []


@given(st.sampled_from([each for each in SECRETS if len(each) > 6]), st.binary(max_size=9), st.binary(max_size=9))
@settings(max_examples=200, deadline=None)
def test_a_secret_in_base64_is_found_wherever_it_begins(word: str, before: bytes, after: bytes) -> None:
    """Digest, Basic and JWT pack it together with other things."""
    assert told(base64.b64encode(before + word.encode() + after).decode()) == {word}


def test_nothing_is_found_where_nothing_is() -> None:
    """Words of every day, and of our own texts, are no secrets."""
    assert told("Envoy …001 does not answer: no answer within 10 s") == set()
    assert told((ROOT / "README.md").read_text(encoding="utf-8")) == set()
    assert told(f"Bearer {TOKEN}") == {"a token"}


@pytest.mark.parametrize("word", [*SECRETS, TOKEN])
@pytest.mark.parametrize("logger", [OURS, THEIRS], ids=["ours", "theirs"])
def test_a_log_that_tells_a_secret_is_found(logger: logging.Logger, word: str) -> None:
    """In a message, in its arguments, in the trace of an error; of ours at debug too."""
    for level, message, more in (
        (logging.DEBUG if logger is OURS else logging.ERROR, f"asked for {word}", ()),
        (logging.WARNING, "asked for %s", (word,)),
    ):
        with watching() as found:
            logger.log(level, message, *more)
        assert len(found) == 1, (level, found)
    with watching() as found:
        try:
            raise ValueError(word)
        except ValueError:
            logger.exception("failed")
    assert len(found) == 1


@pytest.mark.parametrize("word", PERSONAL)
def test_our_log_tells_nothing_personal_and_theirs_may(word: str) -> None:
    """Home Assistant names entries and entities as people do."""
    with watching() as found:
        THEIRS.error("Error in sensor.envoy_%s", word)
        assert found == set()
        OURS.debug("asked %s", word)
    assert len(found) == 1


@pytest.mark.parametrize(
    "text", ["one\ntwo", "\r2026-11-21 CRITICAL", "\x1b[31mred", "\u202eevil", "x" * LONGEST], ids=lambda text: repr(text[:9])
)
def test_a_line_of_ours_is_one_printable_line(text: str) -> None:
    """What a device says forges no lines, colours none, and fills no disk."""
    with watching() as found:
        THEIRS.warning("said %s", text)
        OURS.warning("said %s", text)
    assert len(found) == 1


def test_debug_lines_reach_nobody_who_did_not_ask() -> None:
    """The watch listens at debug; the others, and who counts lines, hear what they would without it."""
    heard: list[str] = []
    other, root = logging.Handler(), logging.getLogger()
    other.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    root.addHandler(other)
    with watching() as found:
        OURS.debug("quiet")
        OURS.warning("loud")
        OURS.setLevel(logging.DEBUG)
        OURS.debug("asked for")
        OURS.setLevel(logging.NOTSET)
    root.removeHandler(other)
    assert heard == ["loud", "asked for"]
    assert found == set()


async def test_what_home_assistant_shows_is_looked_at(hass: HomeAssistant) -> None:
    """States and their attributes, repairs, titles and options of entries; their data is where secrets belong."""
    secret = "SIM-KEY"
    entry = MockConfigEntry(domain="v2c_cloud", title="V2C", data={"api_key": secret}, options={})
    entry.add_to_hass(hass)
    assert of_house(hass, ["v2c_cloud"]) == set()
    hass.states.async_set("sensor.one", secret)
    hass.states.async_set("sensor.two", "1", {"key": secret})
    ir.async_create_issue(
        hass, "other", "one", is_fixable=False, severity=ir.IssueSeverity.WARNING, translation_key="x",
        translation_placeholders={"key": secret},
    )  # fmt: skip
    hass.config_entries.async_update_entry(entry, options={"key": secret})
    told_by = {each.partition(" tells")[0] for each in of_house(hass, ["v2c_cloud"])}
    assert told_by == {"sensor.one", "sensor.two", "repair one", "entry V2C"}
    for name in ("sensor.one", "sensor.two"):
        hass.states.async_remove(name)
    ir.async_delete_issue(hass, "other", "one")
    hass.config_entries.async_update_entry(entry, options={})


async def test_events_answers_and_errors_are_looked_at(hass: HomeAssistant) -> None:
    """Also an error's placeholders, and what it came of."""

    @callback
    def fail(_call: object) -> None:
        try:
            raise ValueError("at https://example.test/?key=SIM-KEY")
        except ValueError as error:
            raise HomeAssistantError("failed") from error

    hass.services.async_register("test", "fail", fail)
    with watching() as found:
        hass.bus.async_fire("test_done", {"answer": {"password": "sunny day"}})
        with pytest.raises(HomeAssistantError):
            await hass.services.async_call("test", "fail", {}, blocking=True)
    assert found == {"event test_done tells sunny day", "the error of test.fail tells SIM-KEY"}
    quiet = HomeAssistantError("failed")
    quiet.__cause__, quiet.__suppress_context__ = None, True
    assert of_error(quiet) == set()


def test_our_objects_do_not_show_what_they_hold() -> None:
    """A trace may show any of them."""
    account = FoundAccount(unique_id="u", data={"api_key": "SIM-KEY"})
    assert told(repr([account, Address(host="box", port=80, password="sesame")])) == set()


INNER = """
import logging


async def test_clean(hass):
    hass.states.async_set("sensor.one", "SIM-KE")


async def test_log():
    logging.getLogger("custom_components.x").debug("the key is %s", "SIM-KEY")


async def test_state(hass):
    hass.states.async_set("sensor.one", "1", {"key": "SIM-KEY"})
"""


def test_a_test_that_leaks_fails(tmp_path: Path) -> None:
    """In a run of its own, with the fixtures that every test here has."""
    inner = tmp_path / "test_inner.py"
    inner.write_text(INNER)
    (tmp_path / "conftest.py").write_text("from tests.canaries import canaries, pytest_runtest_call\n")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=--import-mode=importlib"]
    command = [sys.executable, "-m", "pytest", *options, f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml"), str(inner)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "3 passed, 2 errors" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]
    assert "the log of custom_components.x tells SIM-KEY" in done.stdout
    assert "sensor.one tells SIM-KEY" in done.stdout
