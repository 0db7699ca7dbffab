"""The checks of the gateway: set up with an account, its numbers, how it is treated, a restart of it, a new token."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from .client import HomeAssistant
from .compare import Expected, Saying, base_value
from .console import Row
from .envoy import INVERTERS, envoy_expectations, read_envoy
from .flow import ENVOY, SCAN_INTERVAL
from .registry import House
from .simulator import Simulator
from .waiting import agree, reaches, state_of, wait_values

KEYS = (
    *("production", "consumption", "net_consumption", "import_power", "export_power"),
    *(f"daily_{name}" for name in ("production", "consumption", "import", "export", "net_consumption")),
    *("seven_days_production", "seven_days_consumption", "seven_days_import", "seven_days_export"),
    *("lifetime_production", "lifetime_consumption", "lifetime_net_consumption", "lifetime_net_production"),
    *("inverter_count", "token_expires", "token_role"),
)
# Twelve or thirteen of the fast tier, one of the report, and of those that are due in five minutes and more the few that
# fall into this minute.
MOST_REQUESTS = 18
# A year, as the cloud gives it to owners; the clocks are the same.
TOKEN_DAYS = 365
RENEWED_WITHIN = 15
# For so long the gateway answers 503; the second such answer tells that it is lost, and it is tried again ever less often.
RESTART_SECONDS = 30
LOST_WITHIN = 25
BACK_WITHIN = 90
GATEWAY_LOST = Saying(text="does not answer: status 503")


async def set_up_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Look at what the set-up cost the gateway and the cloud; then measure anew, as it is read day by day."""
    entries = await hass.command("config_entries/get", domain=ENVOY)
    states = [entry["state"] for entry in entries]
    state = await simulator.state()
    rows = [
        Row(check="gateway: entry", expected="loaded", got=", ".join(states), ok=states == ["loaded"]),
        cloud_calls("gateway: set-up at the cloud", state["enphase_cloud"], 1),
        gentle("gateway: requests of the set-up", state["envoy"]),
    ]
    await simulator.change({"envoy": {"forget": True}})
    return rows


async def value_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Look at every value, at the token, and at how often the gateway was asked."""
    envoy, missing, took = await wait_values(partial(read_envoy, hass), hass, parts=INVERTERS)
    got = ", ".join(missing) or f"{len(envoy.entities)} of {len(envoy.devices)} devices after {took:.0f} s more"
    absent = [key for key in KEYS if envoy.find(key) is None]
    parts = len(envoy.parts)
    rows = [
        Row(check="gateway: entities with a value", expected="none without", got=got, ok=not missing),
        Row(check="gateway: entities", expected="all", got=", ".join(absent) or "all", ok=not absent),
        Row(check="inverters as sub-devices", expected=str(INVERTERS), got=str(parts), ok=parts == INVERTERS),
    ]

    async def numbers() -> Iterable[Expected]:
        return envoy_expectations((await simulator.state())["envoy"])

    rows += await agree(hass, envoy, numbers, SCAN_INTERVAL / 2)
    rows += await _token(hass, simulator, envoy)
    gateway = (await simulator.state())["envoy"]
    return [*rows, gentle("gateway: requests since then", gateway, MOST_REQUESTS)]


async def lost_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Restart the gateway: its entities must say that it is away."""
    envoy = await read_envoy(hass)
    await simulator.change({"envoy": {"reboot": RESTART_SECONDS}})
    read = state_of(hass, envoy.find("production"))
    return [
        await reaches(
            "gateway restarts: production", "unavailable", read, lambda state: state == "unavailable", limit=LOST_WITHIN
        )
    ]


async def back_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Wait until the gateway is back; nobody may have been asked for a password, and the cloud for nothing."""
    envoy = await read_envoy(hass)
    before = (await simulator.state())["enphase_cloud"]

    async def shown() -> float | None:
        entity = envoy.find("production")
        return base_value((await hass.states()).get(entity.entity_id)) if entity else None

    back = await reaches("gateway back: production", "a number", shown, lambda got: got is not None, limit=BACK_WITHIN)
    asked = [flow["step_id"] for flow in await hass.command("config_entries/flow/progress") if flow["handler"] == ENVOY]
    return [
        back,
        Row(check="gateway back: questions to the user", expected="none", got=", ".join(asked) or "none", ok=not asked),
        cloud_calls("gateway back: calls to its cloud in all", before, 2),
    ]


async def _token(hass: HomeAssistant, simulator: Simulator, envoy: House) -> list[Row]:
    """Look at the token and fetch another one with the button."""
    role, expires = state_of(hass, envoy.find("token_role")), state_of(hass, envoy.find("token_expires"))
    before, left = await expires(), None
    if before is not None:
        left = datetime.fromisoformat(before) - datetime.now(UTC)
    rows = [
        await reaches("token: role", "owner", role, lambda state: state == "owner", limit=0),
        Row(
            check="token: expiry",
            expected=f"in {TOKEN_DAYS} days",
            got=str(left),
            ok=left is not None and abs(left - timedelta(days=TOKEN_DAYS)) < timedelta(minutes=30),
        ),
    ]
    button = envoy.find("renew_token", "button")
    if button is None or before is None:
        return [*rows, Row(check="token: renewal", expected="a button", got="none", ok=False)]
    await hass.action("button.press", entity_id=button.entity_id)
    later = await reaches(
        "token: expiry after renewal",
        f"after {before}",
        expires,
        lambda state: state is not None and state > before,
        limit=RENEWED_WITHIN,
    )
    return [*rows, later, cloud_calls("token: renewal at the cloud", (await simulator.state())["enphase_cloud"], 2)]


def cloud_calls(check: str, cloud: Mapping[str, Any], times: int) -> Row:
    """Judge what the cloud was asked: for each token a login and the token, nothing else."""
    calls, logins, issued = cloud["calls"], cloud["logins"], cloud["issued"]
    return Row(
        check=check,
        expected=f"{times} logins, {times} tokens",
        got=f"{logins} logins, {issued} tokens, {calls} calls",
        ok=(logins, issued, calls) == (times, times, 2 * times),
    )


def gentle(check: str, gateway: Mapping[str, Any], most: int | None = None) -> Row:
    """Judge how the gateway was treated: how often it was asked, how much at once, and nothing that harms it."""
    open_at_once, busiest, violations = gateway["most_open"], gateway["busiest_minute"], gateway["violations"]
    often = "" if most is None else f", at most {most} a minute"
    return Row(
        check=check,
        expected=f"one at a time{often}, no harm",
        got=f"{open_at_once} at once, {busiest} in a minute, harm: {violations or 'none'}, {gateway['requests_by_path']}",
        ok=open_at_once <= 1 and not violations and (most is None or busiest <= most),
    )
