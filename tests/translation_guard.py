"""Every text that a test makes Home Assistant show must exist, in every language, with what it needs filled in.

Home Assistant falls back silently: a missing title becomes a file name, a missing placeholder an empty
label. So this stands in the five doors through which our texts reach a user: steps of a flow, repairs,
errors of actions, the reason why an entry is not loaded, and the choices in a form. What it misses
there fails the test.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import cache
import inspect
import json
import string
from typing import Any
from unittest.mock import patch

from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.config_entries import ConfigEntry, ConfigSubentryFlowManager, OptionsFlowManager
from homeassistant.core import ServiceRegistry
from homeassistant.data_entry_flow import FlowHandler, FlowManager, FlowResultType, section
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers.issue_registry import IssueRegistry, async_get
from homeassistant.helpers.selector import SelectSelector
import pytest

from tests.source_tree import integrations

# Flat keys (``config.error.timeout``) to texts, by language, by domain.
type Catalogue = Mapping[str, Mapping[str, Mapping[str, str]]]


@cache
def our_texts() -> Catalogue:
    """Return every text of every integration of this repository."""
    return {
        each.domain: {
            path.stem: flat(json.loads(path.read_text(encoding="utf-8")))
            for path in sorted(each.path.glob("translations/*.json"))
        }
        for each in integrations()
    }


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return a tree of texts as one level, its keys joined with dots."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": str(value)}
    return found


def placeholders(text: str) -> set[str]:
    """Return the names between braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class Guard:
    """Collects what is missing, as sentences that say where to add it."""

    def __init__(self, texts: Catalogue) -> None:
        """Compare with ``texts``; domains that it does not know are not ours."""
        self.texts = texts
        self.problems: set[str] = set()

    def need(self, domain: str, key: str, given: Mapping[str, Any] | None = None, *, optional: bool = False) -> None:
        """Require the text ``key`` in every language, and that ``given`` fills it."""
        languages = self.texts.get(domain)
        if languages is None:
            return
        if not languages and not optional:
            self.problems.add(f"{domain} has no translations at all")
        for language, texts in languages.items():
            if key not in texts:
                if not optional:
                    self.problems.add(f"{domain}/translations/{language}.json lacks {key}")
            elif lacking := placeholders(texts[key]) - (given or {}).keys():
                self.problems.add(f"{domain}/translations/{language}.json: {key} waits for {sorted(lacking)}, which nobody gives")

    # Flows

    def step(self, manager: object, flow: FlowHandler[Any, Any, Any], result: Mapping[str, Any]) -> None:
        """Look at what one step of a flow shows."""
        place = self._place(manager, flow)
        if place is None:
            return
        domain, prefix = place
        given = result.get("description_placeholders") or {}
        match result["type"]:
            case FlowResultType.FORM:
                self._form(domain, prefix, result, given)
            case FlowResultType.MENU:
                self._menu(domain, prefix, result, given)
            case FlowResultType.ABORT:
                domain = result.get("translation_domain") or domain
                if domain in self.texts:
                    self.need(domain, f"{prefix}.abort.{result['reason']}", given)
            case FlowResultType.CREATE_ENTRY:
                wanted = result.get("description")
                self.need(domain, f"{prefix}.create_entry.{wanted or 'default'}", given, optional=wanted is None)
            case FlowResultType.SHOW_PROGRESS:
                self.need(domain, f"{prefix}.progress.{result['progress_action']}", given)
        shown = getattr(flow, "context", {}).get("title_placeholders")
        if shown is not None:
            self.need(domain, f"{prefix}.flow_title", shown, optional=True)

    def _place(self, manager: object, flow: FlowHandler[Any, Any, Any]) -> tuple[str, str] | None:
        """Return the domain whose texts a flow shows, and below which key; None when it is not ours."""
        handler: Any = flow.handler
        match manager:
            case OptionsFlowManager():
                entry = manager.hass.config_entries.async_get_entry(handler)
                place = (entry.domain if entry else "", "options")
            case ConfigSubentryFlowManager():
                entry = manager.hass.config_entries.async_get_entry(handler[0])
                place = (entry.domain if entry else "", f"config_subentries.{handler[1]}")
            case RepairsFlowManager():
                issue = async_get(manager.hass).async_get_issue(handler, getattr(flow, "issue_id", ""))
                place = (handler, f"issues.{issue.translation_key if issue else None}.fix_flow")
            case _:
                place = (handler, "config")
        return place if place[0] in self.texts else None

    def _form(self, domain: str, prefix: str, result: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        step = f"{prefix}.step.{result['step_id']}"
        self.need(domain, f"{step}.title", given)
        self.need(domain, f"{step}.description", given, optional=True)
        self._fields(domain, step, result.get("data_schema"), given)
        for error in (result.get("errors") or {}).values():
            self.need(domain, f"{prefix}.error.{error}", given)

    def _fields(self, domain: str, place: str, schema: Any, given: Mapping[str, Any]) -> None:
        for marker, field in (schema.schema if schema is not None else {}).items():
            name = str(getattr(marker, "schema", marker))
            if isinstance(field, section):
                self.need(domain, f"{place}.sections.{name}.name", given)
                self.need(domain, f"{place}.sections.{name}.description", given, optional=True)
                self._fields(domain, f"{place}.sections.{name}", field.schema, given)
                continue
            self.need(domain, f"{place}.data.{name}", given)
            self.need(domain, f"{place}.data_description.{name}", given)
            for choice in _choices(field):
                self.need(domain, choice)

    def _menu(self, domain: str, prefix: str, result: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        step = f"{prefix}.step.{result['step_id']}"
        self.need(domain, f"{step}.title", given)
        self.need(domain, f"{step}.description", given, optional=True)
        if not isinstance(result["menu_options"], Mapping):
            for option in result["menu_options"]:
                self.need(domain, f"{step}.menu_options.{option}", given)

    # The other doors

    def issue(self, domain: str, key: str, given: Mapping[str, Any] | None, *, fixable: bool) -> None:
        """Look at a repair: what can be fixed explains itself in its own flow."""
        if domain in self.texts:
            self.need(domain, f"issues.{key}.title", given)
            self.need(domain, f"issues.{key}.description", given, optional=fixable)

    def error(self, domain: str, error: HomeAssistantError) -> None:
        """Look at an error that reaches the user from an action of ``domain``."""
        if error.translation_key is None:
            # Who may call an action is Home Assistant's to say.
            if domain in self.texts and not isinstance(error, Unauthorized):
                self.problems.add(f"an action of {domain} fails with an error that is not translated: {error!r}")
        elif error.translation_domain in self.texts:
            self.reason(error.translation_domain, error.translation_key, error.translation_placeholders)

    def reason(self, domain: str | None, key: str | None, given: Mapping[str, Any] | None) -> None:
        """Look at the text of an error."""
        if domain in self.texts and key is not None:
            self.need(domain, f"exceptions.{key}.message", given)


def _choices(field: Any) -> list[str]:
    """Return the keys of the texts of a choice, also of one inside other validators."""
    if isinstance(field, SelectSelector) and (key := field.config.get("translation_key")):
        return [f"selector.{key}.options.{option}" for option in field.config["options"] if isinstance(option, str)]
    return [choice for inner in getattr(field, "validators", ()) for choice in _choices(inner)]


@contextmanager
def watching(texts: Catalogue) -> Generator[set[str]]:
    """Collect what is missing in ``texts`` as long as this lasts."""
    guard = Guard(texts)
    with (
        patch.object(FlowManager, "_async_handle_step", _steps(guard, FlowManager._async_handle_step)),
        patch.object(IssueRegistry, "async_get_or_create", _issues(guard, IssueRegistry.async_get_or_create)),
        patch.object(ServiceRegistry, "async_call", _calls(guard, ServiceRegistry.async_call)),
        patch.object(ConfigEntry, "_async_set_state", _states(guard, ConfigEntry._async_set_state)),
    ):
        yield guard.problems


def _steps(guard: Guard, original: Callable[..., Any]) -> Callable[..., Any]:
    async def handle_step(self: Any, flow: Any, *args: Any, **more: Any) -> Any:
        result = await original(self, flow, *args, **more)
        guard.step(self, flow, result)
        return result

    return handle_step


def _issues(guard: Guard, original: Callable[..., Any]) -> Callable[..., Any]:
    def get_or_create(self: Any, domain: str, issue_id: str, **more: Any) -> Any:
        guard.issue(domain, more["translation_key"], more.get("translation_placeholders"), fixable=more["is_fixable"])
        return original(self, domain, issue_id, **more)

    return get_or_create


def _calls(guard: Guard, original: Callable[..., Any]) -> Callable[..., Any]:
    async def call(self: Any, domain: str, *args: Any, **more: Any) -> Any:
        try:
            return await original(self, domain, *args, **more)
        except HomeAssistantError as error:
            guard.error(domain, error)
            raise

    return call


def _states(guard: Guard, original: Callable[..., Any]) -> Callable[..., Any]:
    parameters = inspect.signature(original)

    def set_state(self: Any, *args: Any, **more: Any) -> Any:
        given = parameters.bind(self, *args, **more).arguments
        guard.reason(
            given.get("error_reason_translation_domain"),
            given.get("error_reason_translation_key"),
            given.get("error_reason_translation_placeholders"),
        )
        return original(self, *args, **more)

    return set_state


@pytest.fixture(autouse=True)
def translation_guard() -> Generator[None]:
    """Fail a test that makes Home Assistant look for a text that we do not have."""
    with watching(our_texts()) as problems:
        yield
    if problems:
        pytest.fail("\n".join(sorted(problems)), pytrace=False)
