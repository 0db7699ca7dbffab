"""Diagnostics of a gateway: what it says, what it does not answer, how its token does; the raw answers if the user wants."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_TOKEN, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

from ..energy_core.capture import Recorder
from ..energy_core.ha.diagnostics import device_diagnostics, loops_report
from .const import CONF_CAPTURE
from .coordinator import EnvoyConfigEntry, EnvoyCoordinator
from .devices import present
from .envoy.privacy import secrets_in
from .envoy.token_claims import recognised, role

PRIVATE: Final = (CONF_HOST, CONF_NAME, CONF_USERNAME, CONF_PASSWORD, CONF_TOKEN)


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: EnvoyConfigEntry) -> dict[str, Any]:
    """Return everything that a bug report needs and nothing that identifies the gateway or its owner."""
    coordinator = entry.runtime_data
    bodies = {path: _read(answer.body) for path, answer in coordinator.device.local.bodies.items()}
    recorder = Recorder()
    if entry.options.get(CONF_CAPTURE):
        for path, answer in coordinator.device.local.bodies.items():
            recorder.note(f"GET {path}", bodies[path], answer.status)
    about = {
        "entry": {
            "version": f"{entry.version}.{entry.minor_version}",
            "data": {name: value for name, value in entry.data.items() if name not in PRIVATE},
            "options": dict(entry.options),
        },
        "gateway": {
            "scheme": urlsplit(coordinator.gateway.base).scheme,
            "firmware": coordinator.gateway.firmware,
            "part_number": coordinator.gateway.part_number,
            "certificate": coordinator.pin,
        },
        "token": _token(coordinator),
        "endpoints": _endpoints(coordinator),
        "ledger": _ledger(coordinator),
        "surplus_levels": loops_report(coordinator.loops),
    }
    secrets = {text for text in (*_known(entry), *secrets_in(list(bodies.values()))) if text}
    return device_diagnostics(coordinator, recorder, secrets=secrets, about=about)


def _read(body: bytes) -> Any:
    """Return JSON where it is JSON, else text."""
    try:
        return json_loads(body)
    except JSON_DECODE_EXCEPTIONS:
        return body.decode(errors="replace")


def _token(coordinator: EnvoyCoordinator) -> dict[str, Any] | None:
    """Return how the token does; old firmware needs none."""
    if (keeper := coordinator.keeper) is None:
        return None
    token = keeper.current
    said = {} if token is None else {"role": role(token), "issued": token.issued, "signature_known": recognised(token)}
    return {**keeper.report(), **said}


def _endpoints(coordinator: EnvoyCoordinator) -> dict[str, Any]:
    """Return what the gateway does not answer, and why."""
    health = coordinator.device.local.health
    return {
        "answered": sorted(health.answered),
        "absent": sorted(health.absent),
        "denied": sorted(name for name in health.denied if health.skips(name)),
        "troubles": {
            name: {"error": str(trouble.error), "failures": trouble.failures} for name, trouble in health.troubles.items()
        },
    }


def _ledger(coordinator: EnvoyCoordinator) -> dict[str, Any]:
    """Return how far the counted days reach."""
    return {
        name: {
            "level": account.level,
            "read": account.read.isoformat() if account.read else None,
            "days": len(account.marks),
            "estimated": len(account.estimated),
        }
        for name, account in coordinator.device.ledger.accounts.items()
    }


def _known(entry: EnvoyConfigEntry) -> Iterator[str]:
    """Yield every secret that we know as such."""
    coordinator = entry.runtime_data
    yield from (str(entry.data.get(name) or "") for name in (CONF_HOST, CONF_USERNAME, CONF_PASSWORD, CONF_TOKEN))
    yield urlsplit(coordinator.gateway.base).hostname or ""
    yield coordinator.serial
    yield from present(coordinator)
    if coordinator.keeper is not None and coordinator.keeper.current is not None:
        yield coordinator.keeper.current.text
