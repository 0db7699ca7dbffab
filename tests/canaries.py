"""No secret of the simulated house may show up anywhere: this looks through every test, and fails the one that leaks.

Two kinds. *Secrets* open something: keys, passwords, tokens, sessions, and the e-mail address that goes with them. They
may stand in the data of an entry and on the wire, nowhere else. *Personal* is what tells whose house it is: serial
numbers, addresses, networks, cards. People see it in names and states; our log and diagnostics do not have it.
"""

import base64
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
import json
import logging
import re
import traceback
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import quote, quote_plus

from homeassistant.components import diagnostics
from homeassistant.core import EventBus, HomeAssistant, ServiceRegistry
from homeassistant.data_entry_flow import FlowManager
from homeassistant.helpers import issue_registry
import pytest

OURS: Final = "custom_components"
# Simulators, tests and the plugin that fills stores say what they please; and Home Assistant, when pytest is verbose, every
# message of a browser's, with the tokens of its own users.
NOT_THE_PRODUCT: Final = (
    *("simulators", "tests", "pytest_homeassistant_custom_component"),
    "homeassistant.components.websocket_api.http.connection",
)
# What the simulators, and tests with values of their own, use; ``canary-`` begins what exists for this alone.
SECRETS: Final = (
    "SIM-KEY", "s3cr3t-key", "sunny day", "sunny dÄy &=+%[]#", "owner@example.org", "s3cret", "sesame",
    "CANARY-KEY", "CANARY-PASSWORD", "canary-session",
)  # fmt: skip
PERSONAL: Final = (
    "122000000001", "SIM-TITAN-0001", "SIMV2C", "CANARYID", "28:56:2F:00:00:01", "127.0.0.1",
    "SIM-WIFI", "CANARY-WIFI", "CANARY-SSID", "CANARY-CARD", "aa23b601", "ca0a09",
)  # fmt: skip
# A form may offer the account's name again; it never offers what opens the account.
OFFERED: Final = ("owner@example.org",)
# A line of ours in the log, whatever a device or a cloud has to say.
LONGEST: Final = 1000
TOKEN: Final = re.compile(r"eyj[\w-]{8,}\.")


def forms(word: str) -> set[str]:
    """Return how a word looks as it is, in a URL, in JSON, in a Python text, and in Base64 wherever it begins there."""
    raw = word.encode()
    found = {word, quote(word, safe=""), quote_plus(word), json.dumps(word)[1:-1], repr(word)[1:-1], raw.hex()}
    if len(raw) > 5:
        for lead in range(3):
            # The first and last characters depend on the neighbours.
            packed = base64.b64encode(bytes(lead) + raw).decode().rstrip("=")
            found.add(packed[(0, 2, 3)[lead] : len(packed) - (0 if (lead + len(raw)) % 3 == 0 else 1)])
    return {each.lower() for each in found}


def spellings(words: Iterable[str]) -> dict[str, str]:
    """Return each form of each word, and the word that it gives away."""
    return {form: word for word in words for form in forms(word)}


SECRET_FORMS: Final = spellings(SECRETS)
PERSONAL_FORMS: Final = spellings(PERSONAL)
ALL_FORMS: Final = SECRET_FORMS | PERSONAL_FORMS


def told(text: str, known: dict[str, str] = SECRET_FORMS) -> set[str]:
    """Return what a text gives away."""
    lower = text.lower()
    found = {known[form] for form in known if form in lower}
    if "eyj" in lower and TOKEN.search(lower):
        found.add("a token")
    return found


class Log(logging.Handler):
    """Reads what everybody says; of ours also what is only said at debug: one line each, without even personal things."""

    def __init__(self, found: set[str]) -> None:
        """Tell ``found``."""
        super().__init__(logging.DEBUG)
        self.found = found

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a record, and at the trace of its error."""
        # Why an entry is not loaded, Home Assistant says through our logger, and calls the entry by its title.
        ours = record.name.startswith(OURS) and record.module != "config_entries"
        if record.name.startswith(NOT_THE_PRODUCT):
            return
        text = record.getMessage()
        if ours and not (text.isprintable() and len(text) <= LONGEST):
            self.found.add(f"the log of {record.name} is not one printable line: {text[:300]!r}")
        if record.exc_info and record.exc_info[1] is not None:
            text += "".join(chain(record.exc_info[1]))
        for word in told(text, ALL_FORMS if ours else SECRET_FORMS):
            self.found.add(f"the log of {record.name} tells {word}: {text[:300]}")


class Valve(logging.Handler):
    """Lets debug records of ours pass to the others only where a test has asked for them: most count what is said."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on if it would have been made without us."""
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None and (logger.level == logging.NOTSET or logger.name == OURS):
            logger = logger.parent
        if record.levelno >= (logger.level if logger is not None else logging.WARNING):
            logging.getLogger().callHandlers(record)


def chain(error: BaseException) -> list[str]:
    """Return an error and what it came of, as the log would show it, without the lines of the sources."""
    return [line for line in traceback.format_exception(error) if not line.startswith(("  ", "Traceback"))]


def of_error(error: BaseException) -> set[str]:
    """Return what an error gives away to who sees it."""
    shown = [str(error), repr(error), str(getattr(error, "translation_placeholders", "")), *chain(error)]
    return told("\n".join(shown))


def of_form(result: Any) -> set[str]:
    """Return what a step of a flow gives away before anything is typed."""
    schema = result.get("data_schema")
    shown = [str(result.get(key)) for key in ("description_placeholders", "errors", "reason", "menu_options")]
    for marker in schema.schema if schema is not None else ():
        default = getattr(marker, "default", None)
        shown += [str(getattr(marker, "description", "")), str(default() if callable(default) else "")]
    return told("\n".join(shown)) - {*OFFERED}


def of_house(hass: HomeAssistant, domains: Iterable[str]) -> set[str]:
    """Return what Home Assistant shows when a test is over: states, repairs, and of our entries all but their data."""
    found = {
        f"{state.entity_id} tells {word}"
        for state in hass.states.async_all()
        for word in told(f"{state.entity_id} {state.state} {dict(state.attributes)}")
    }
    if (issues := hass.data.get(issue_registry.DATA_REGISTRY)) is not None:
        found |= {f"repair {issue.issue_id} tells {word}" for issue in issues.issues.values() for word in told(repr(issue))}
    for domain in domains:
        for entry in hass.config_entries.async_entries(domain):
            shown = [entry.title, entry.unique_id, entry.reason, repr(entry), dict(entry.options)]
            shown += [(each.title, dict(each.data)) for each in entry.subentries.values()]
            found |= {f"entry {entry.title} tells {word}" for word in told(str(shown))}
    return found


@contextmanager
def watching() -> Generator[set[str]]:
    """Collect what is given away as long as this lasts: in logs, events, errors, forms and diagnostics."""
    found: set[str] = set()
    ours, root, log, valve = logging.getLogger(OURS), logging.getLogger(), Log(found), Valve()
    before = ours.level, ours.propagate
    with ExitStack() as stack:
        for owner, name, make in (
            (EventBus, "async_fire", _events),
            (ServiceRegistry, "async_call", _calls),
            (FlowManager, "_async_handle_step", _steps),
            (diagnostics, "_async_get_json_file_response", _downloads),
        ):
            stack.enter_context(patch.object(owner, name, make(found, getattr(owner, name))))
        ours.setLevel(logging.DEBUG)
        ours.propagate = False
        for logger, handler in ((ours, log), (ours, valve), (root, log)):
            logger.addHandler(handler)
            stack.callback(logger.removeHandler, handler)
        yield found
    ours.setLevel(before[0])
    ours.propagate = before[1]


def _events(found: set[str], original: Callable[..., Any]) -> Callable[..., Any]:
    def fire(self: Any, event_type: Any, event_data: Any = None, *args: Any, **more: Any) -> Any:
        found.update(f"event {event_type} tells {word}" for word in told(str(event_data)))
        return original(self, event_type, event_data, *args, **more)

    return fire


def _calls(found: set[str], original: Callable[..., Any]) -> Callable[..., Any]:
    async def call(self: Any, domain: str, service: str, *args: Any, **more: Any) -> Any:
        try:
            answer = await original(self, domain, service, *args, **more)
        except Exception as error:
            found.update(f"the error of {domain}.{service} tells {word}" for word in of_error(error))
            raise
        found.update(f"the answer of {domain}.{service} tells {word}" for word in (told(str(answer)) if answer else ()))
        return answer

    return call


def _steps(found: set[str], original: Callable[..., Any]) -> Callable[..., Any]:
    async def step(self: Any, *args: Any, **more: Any) -> Any:
        result = await original(self, *args, **more)
        found.update(f"form {result.get('step_id')} tells {word}" for word in of_form(result))
        return result

    return step


def _downloads(found: set[str], original: Callable[..., Any]) -> Callable[..., Any]:
    async def download(hass: HomeAssistant, data: Any, *args: Any, **more: Any) -> Any:
        found.update(f"diagnostics tell {word}" for word in told(json.dumps(data, default=str), ALL_FORMS))
        return await original(hass, data, *args, **more)

    return download


@pytest.fixture(autouse=True)
def canaries() -> Generator[set[str]]:
    """Fail a test in which a secret gets out."""
    with watching() as found:
        yield found
    if found:
        pytest.fail("\n".join(sorted(found)), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Look at Home Assistant as a test leaves it."""
    result = yield
    values = getattr(item, "funcargs", {})
    if isinstance(hass := values.get("hass"), HomeAssistant) and "canaries" in values:
        values["canaries"].update(of_house(hass, ("titan_izypower", "v2c_cloud", "enphase_envoy")))
    return result
