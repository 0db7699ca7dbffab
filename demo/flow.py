"""Adds what a user adds in the browser, through the same forms: Titan, charger, gateway, and what they are to do."""

from collections.abc import Mapping
from typing import Any

from .client import HomeAssistant
from .console import DemoError
from .processes import LOOPBACK

TITAN = "titan_izypower"
V2C = "v2c_cloud"
ENVOY = "enphase_envoy"
SCAN_INTERVAL = 5
MAX_STEPS = 5
FLOW = "/api/config/config_entries/flow"
OPTIONS = "/api/config/config_entries/options/flow"
SUBENTRY = "/api/config/config_entries/subentries/flow"
# The key that the simulated cloud knows.
API_KEY = "SIM-KEY"
CLOUD_PATH = "/kong/v2c_service"
# The account that the simulated Enphase cloud knows.
OWNER: Mapping[str, str] = {"username": "owner@example.org", "password": "sunny day"}

type Form = Mapping[str, Any]


def titan_form(port: int) -> dict[str, Any]:
    """Return what a user with a Titan 2400 fills in."""
    return {
        "host": LOOPBACK,
        "port": port,
        "scan_interval": SCAN_INTERVAL,
        "model": "titan_2400",
        "advanced": {"transport": "auto", "unit_id": 1},
    }


def account_form(port: int) -> dict[str, Any]:
    """Return what a user with an account fills in, but for the address of the cloud, which is not V2C's."""
    return {"api_key": API_KEY, "advanced": {"base_url": f"http://{LOOPBACK}:{port}{CLOUD_PATH}"}}


def envoy_forms(port: int) -> list[Form]:
    """Return what the owner of a gateway fills in: its address, the way to a token, the account."""
    return [{"host": f"{LOOPBACK}:{port}"}, _choice("account"), OWNER]


def defaults(schema: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the answers of a user who clicks through a form: its defaults and suggestions."""
    answers: dict[str, Any] = {}
    for one in schema:
        if one.get("type") == "expandable":
            answers[one["name"]] = defaults(one["schema"])
        elif "default" in one:
            answers[one["name"]] = one["default"]
        elif (suggested := (one.get("description") or {}).get("suggested_value")) is not None:
            answers[one["name"]] = suggested
    return answers


async def add_titan(hass: HomeAssistant, port: int) -> str:
    """Set the Titan up and return the title of its entry."""
    step = await _walk(hass, FLOW, TITAN, [titan_form(port)])
    await _ensure_loaded(hass, TITAN)
    return str(step["title"])


async def add_charger(hass: HomeAssistant, cloud_port: int, charger_port: int) -> str:
    """Set the account up, then say how often its charger is read and where it is; return the title of the entry."""
    step = await _walk(hass, FLOW, V2C, [_choice("cloud"), account_form(cloud_port)])
    await _ensure_loaded(hass, V2C)
    entry = step["result"]["entry_id"]
    # The address comes last: with it the entry is reloaded.
    await _walk(hass, OPTIONS, entry, [_choice("preferences"), {"local_update_interval": SCAN_INTERVAL, "budget_share": 5}])
    await _walk(hass, OPTIONS, entry, [_choice("address"), {"host": f"{LOOPBACK}:{charger_port}"}])
    return str(step["title"])


async def add_envoy(hass: HomeAssistant, port: int) -> str:
    """Set the gateway up with the owner's account and return the title of its entry."""
    step = await _walk(hass, FLOW, ENVOY, envoy_forms(port))
    await _ensure_loaded(hass, ENVOY)
    return str(step["title"])


async def add_subentry(hass: HomeAssistant, domain: str, kind: str, answers: Form, *, choice: str | None = None) -> Form:
    """Add something to the entry of an integration and return what the form was filled in with.

    Where there is a menu first, ``choice`` is chosen; what ``answers`` do not name stays as the form offers it.
    """
    entry = (await hass.command("config_entries/get", domain=domain))[0]["entry_id"]
    step = await hass.post(SUBENTRY, {"handler": [entry, kind]})
    if step["type"] == "menu" and choice is not None:
        step = await hass.post(f"{SUBENTRY}/{step['flow_id']}", _choice(choice))
    if step["type"] != "form":
        raise DemoError(f"{kind}: there is no form but {step}")
    filled = {**defaults(step["data_schema"]), **answers}
    step = await hass.post(f"{SUBENTRY}/{step['flow_id']}", filled)
    if step["type"] != "create_entry":
        raise DemoError(f"{kind}: the form was not accepted: {step.get('errors') or step}")
    return filled


def _choice(option: str) -> Form:
    """Return what choosing from a menu sends."""
    return {"next_step_id": option}


async def _walk(hass: HomeAssistant, flow: str, handler: str, forms: list[Form]) -> Mapping[str, Any]:
    """Go through a flow, by its defaults once the forms are used up, and return its last step."""
    step = await hass.post(flow, {"handler": handler})
    for number in range(MAX_STEPS):
        if step["type"] == "create_entry":
            return dict(step)
        if step["type"] not in ("form", "menu") or step.get("errors"):
            break
        answers = forms[number] if number < len(forms) else defaults(step["data_schema"] or [])
        step = await hass.post(f"{flow}/{step['flow_id']}", answers)
    raise DemoError(f"the set-up form was not accepted: {step.get('errors') or step.get('reason') or step}")


async def _ensure_loaded(hass: HomeAssistant, domain: str) -> None:
    """Check the state of the new entry: creating it through the flow has waited for its set-up."""
    entries = await hass.command("config_entries/get", domain=domain)
    bad = [f"{entry['title']}: {entry['state']} ({entry.get('reason')})" for entry in entries if entry["state"] != "loaded"]
    if bad or not entries:
        raise DemoError(f"the entry was created but did not load: {', '.join(bad) or 'no entry'}")
