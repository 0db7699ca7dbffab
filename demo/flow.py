"""Adds the simulated Titan through the config flow, as a user does in the browser."""

from collections.abc import Mapping
from typing import Any

from .client import HomeAssistant
from .console import DemoError
from .processes import LOOPBACK

DOMAIN = "titan_izypower"
SCAN_INTERVAL = 5
MAX_STEPS = 5
FLOW = "/api/config/config_entries/flow"


def titan_form(port: int) -> dict[str, Any]:
    """Return what a user with a Titan 2400 fills in."""
    return {
        "host": LOOPBACK,
        "port": port,
        "scan_interval": SCAN_INTERVAL,
        "model": "titan_2400",
        "advanced": {"transport": "auto", "unit_id": 1},
    }


def defaults(schema: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the answers of a user who clicks through a form: its defaults and suggestions."""
    answers: dict[str, Any] = {}
    for one in schema:
        if one.get("type") == "expandable":
            answers[one["name"]] = defaults(one["schema"])
        elif "default" in one:
            answers[one["name"]] = one["default"]
        elif "suggested_value" in (one.get("description") or {}):
            answers[one["name"]] = one["description"]["suggested_value"]
    return answers


async def add_titan(hass: HomeAssistant, port: int) -> str:
    """Set the Titan up and return the title of its entry."""
    step = await hass.post(FLOW, {"handler": DOMAIN})
    for number in range(MAX_STEPS):
        if step["type"] == "create_entry":
            await _ensure_loaded(hass)
            return str(step["title"])
        if step["type"] != "form" or step.get("errors"):
            break
        answers = defaults(step["data_schema"] or []) if number else titan_form(port)
        step = await hass.post(f"{FLOW}/{step['flow_id']}", answers)
    raise DemoError(f"the set-up form was not accepted: {step.get('errors') or step.get('reason') or step}")


async def _ensure_loaded(hass: HomeAssistant) -> None:
    """Check the state of the new entry: creating it through the flow has waited for its set-up."""
    entries = await hass.command("config_entries/get", domain=DOMAIN)
    bad = [f"{entry['title']}: {entry['state']} ({entry.get('reason')})" for entry in entries if entry["state"] != "loaded"]
    if bad or not entries:
        raise DemoError(f"the entry was created but did not load: {', '.join(bad) or 'no entry'}")
