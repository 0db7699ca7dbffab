"""Commands to the gateway: each reads what is there, changes what is meant, and sends the whole back.

Source: research brief, section 2.4. A partial dry contact can crash the gateway; a tariff is the user's
own prices, which must come back as they were.
"""

from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from ...energy_core.errors import DeviceProtocolError, DeviceRefusedError
from ...energy_core.http import Json
from ...energy_core.points import Key, Raw
from .link import Link

TARIFF: Final = "/admin/lib/tariff"
RELAY: Final = "/ivp/ensemble/relay"
CONTACTS: Final = "/ivp/ensemble/dry_contacts"
CONTACT_SETTINGS: Final = "/ivp/ss/dry_contact_settings"
ACB_CONFIG: Final = "/admin/lib/acb_config"
# While the cloud optimises, the gateway takes another mode and drops it (trap 5).
OPTIMISED: Final = "opt_schedules"

type Changes = Mapping[tuple[str, ...], Raw]
type Writer = Callable[[Link, Changes], Awaitable[None]]


async def write(link: Link, values: Mapping[Key, Raw]) -> None:
    """Send ``values``, which all belong to one endpoint."""
    changes: dict[tuple[str, ...], Raw] = {tuple(map(str, key)): raw for key, raw in values.items() if isinstance(key, tuple)}
    await WRITERS[next(iter(changes))[0]](link, changes)


async def _tariff(link: Link, changes: Changes) -> None:
    document = await link.call("GET", TARIFF)
    whole = document.get("tariff") if isinstance(document, dict) else None
    if not isinstance(whole, dict) or not isinstance(whole.get("storage_settings"), dict):
        raise DeviceProtocolError("no storage settings in the tariff")
    changed = deepcopy(whole)
    settings: dict[str, Any] = changed["storage_settings"]
    asked = {key[-1]: raw for key, raw in changes.items()}
    if settings.get(OPTIMISED) is True and "mode" in asked and OPTIMISED not in asked:
        raise DeviceRefusedError(key="optimised")
    settings |= asked
    if asked.get("mode") == "economy" and whole["storage_settings"].get("mode") == "savings-mode":
        settings["mode"] = "savings-mode"
    await link.call("PUT", TARIFF, {"tariff": changed})


async def _relay(link: Link, changes: Changes) -> None:
    await link.call("POST", RELAY, {key[-1]: raw for key, raw in changes.items()})


async def _contact(link: Link, changes: Changes) -> None:
    for (_, name, _), raw in changes.items():
        await link.call("POST", CONTACTS, {"dry_contacts": {"id": name, "status": raw}})


async def _contact_settings(link: Link, changes: Changes) -> None:
    _, name, _ = next(iter(changes))
    document = await link.call("GET", CONTACT_SETTINGS)
    entry = _entry(document, name)
    changed = deepcopy(entry) | {key[-1]: raw for key, raw in changes.items()}
    low, high = changed.get("soc_low"), changed.get("soc_high")
    if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
        raise DeviceRefusedError(key="levels_crossed", low=low, high=high)
    await link.call("POST", CONTACT_SETTINGS, {"dry_contacts": changed})


def _entry(document: Json, name: str) -> dict[str, Any]:
    entries = document.get("dry_contacts") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("id") == name:
            return entry
    raise DeviceProtocolError("no such dry contact")


async def set_acb_sleep(link: Link, serials: list[str], low: int, high: int) -> None:
    """Let AC batteries sleep at a charge between ``low`` and ``high`` percent."""
    entries = [{"serial_num": serial, "sleep_min_soc": low, "sleep_max_soc": high} for serial in serials]
    await link.call("PUT", ACB_CONFIG, {"acb_sleep": entries})


async def wake_acb(link: Link, serials: list[str]) -> None:
    """Wake AC batteries."""
    await link.call("DELETE", ACB_CONFIG, {"acb_sleep": [{"serial_num": serial} for serial in serials]})


WRITERS: Final[Mapping[str, Writer]] = {
    "tariff": _tariff,
    "relay": _relay,
    "contacts": _contact,
    "contact_settings": _contact_settings,
}
