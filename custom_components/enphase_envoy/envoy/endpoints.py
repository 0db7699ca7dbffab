"""Every endpoint of the gateway that is read: its path, its reader, how long it may take.

Source: research brief, sections 2.1 to 2.4. How often each is read stands with the blocks in ``points``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...energy_core.http import Json, parse as parse_json
from . import parse
from .parse import Flat
from .points import AcbStore, AcbSum, Eim, Meter, MeterDetail, fields_of

# The meters answer within tens of milliseconds, the others within seconds; a busy gateway takes its time.
QUICK: Final = 10.0
SLOW: Final = 30.0
# 250 inverters make 40 KB, an inventory of them 250 KB.
LARGE: Final = 2 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One line of the table; ``read`` turns the body into flat values."""

    path: str
    read: Callable[[bytes], Flat]
    deadline: float = SLOW


def _json(read: Callable[[Json], Flat]) -> Callable[[bytes], Flat]:
    return lambda body: read(parse_json(body))


def _plain(name: str, *known: str) -> Callable[[bytes], Flat]:
    return _json(lambda document: parse.plain(name, document, *known))


def _get(path: str, read: Callable[[Any], Flat], **more: Any) -> Endpoint:
    return Endpoint(path=path, read=_json(read), **more)


OF_METERS: Final = (*fields_of(Meter), *fields_of(MeterDetail))
OF_REPORT: Final = tuple(dict.fromkeys(field for part in (Eim, AcbSum, AcbStore) for field in fields_of(part)))
ENDPOINTS: Final[dict[str, Endpoint]] = {
    "info": Endpoint(path="/info", read=parse.info, deadline=QUICK),
    "meters": _get("/ivp/meters", parse.meters),
    "readings": _get("/ivp/meters/readings", partial(parse.readings, fields=OF_METERS), deadline=QUICK),
    "production": _get("/production.json?details=1", partial(parse.production, fields=OF_REPORT)),
    "v1": _get("/api/v1/production", parse.v1_production),
    "inverters": _get("/api/v1/production/inverters", parse.inverters),
    "device_data": _get("/ivp/pdm/device_data", parse.device_data),
    "inventory": _get("/inventory.json", parse.inventory),
    "ensemble": _get("/ivp/ensemble/inventory", parse.ensemble_inventory),
    "power": _get("/ivp/ensemble/power", parse.ensemble_power),
    "secctrl": Endpoint(path="/ivp/ensemble/secctrl", read=_plain("secctrl", "ENC_agg_soc", "agg_soc")),
    "contacts": _get("/ivp/ensemble/dry_contacts", partial(parse.contacts, "contacts")),
    "contact_settings": _get("/ivp/ss/dry_contact_settings", partial(parse.contacts, "contact_settings")),
    "tariff": _get("/admin/lib/tariff", parse.tariff),
    "generator": Endpoint(path="/ivp/ensemble/generator", read=_plain("generator")),
    "export_limit": Endpoint(path="/ivp/ss/pel_settings", read=_plain("export_limit")),
    "home": _get("/home", parse.home),
}
# Firmware before 3.9 has a page for people and nothing else.
PAGE: Final = Endpoint(path="/production", read=parse.page_production)
