"""What each action does: its fields, and one function. A stranger reads this as the list of actions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..energy_core.device import CommandResult
from ..energy_core.errors import DeviceRefusedError
from ..energy_core.points import Block, Point, Value
from .const import EVENT_CONNECTED, EVENT_DEVICE_STATISTICS, EVENT_POWER_PROFILES, EVENT_WIFI_SCAN
from .coordinator import AccountCoordinator, TrydanCoordinator
from .v2c import endpoints, parse, verbs
from .v2c.endpoints import Endpoint
from .v2c.plan import Kind
from .v2c.points import Cloud, Settings

type Data = Mapping[str, Any]
type Answer = dict[str, Any]

PV_MODES: Final = {0: "solar_minimum", 1: "solar_only", 2: "solar_grid"}


@dataclass(frozen=True, kw_only=True)
class Action[Target]:
    """An action: the fields that it takes and what it does; ``event`` is fired with its answer.

    ``admin``: it changes who the box talks to or who may charge, and only administrators may.
    """

    run: Callable[[Target, Data], Awaitable[Answer]]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    event: str | None = None
    admin: bool = False


def _done(result: CommandResult) -> Answer:
    """Tell what became of a command; one that the cloud took is confirmed later."""
    return {"applied": result.applied, "confirmed": result.latency is not None or not result.writes, "writes": result.writes}


def _write(point: Point[Any], read: Callable[[Data], Value]) -> Callable[[TrydanCoordinator, Data], Awaitable[Answer]]:
    """Write what ``read`` finds in the fields."""

    async def run(charger: TrydanCoordinator, data: Data) -> Answer:
        return _done(await charger.write(_block(charger, point), point, read(data)))

    return run


def _block(charger: TrydanCoordinator, point: Point[Any]) -> Block:
    return charger.device.cloud_block if point.block is Cloud else charger.device.settings


def _truth(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    raise DeviceRefusedError(key="invalid_value", value=str(given)[:40])


def _pv_mode(given: Any) -> str:
    return PV_MODES[verbs.whole(given, 0, 2)]


def _send(
    endpoint: Endpoint, build: Callable[[Data], Mapping[str, Any]] = lambda _data: {}, *, after: tuple[Kind, ...] = ()
) -> Callable[[TrydanCoordinator, Data], Awaitable[Answer]]:
    """Make one cloud call; ``after`` is what the cloud is asked again soon."""

    async def run(charger: TrydanCoordinator, data: Data) -> Answer:
        await verbs.ask(charger.device, endpoint, **build(data))
        if charger.account is not None and after:
            charger.account.ask_again(charger.device_id, *after)
        return {"applied": True, "confirmed": False, "writes": 1}

    return run


def _timer(data: Data) -> Answer:
    active = _truth(data.get("active", True))
    days = verbs.weekdays(data.get("days_of_week", "1234567"))
    content = {
        "daysOfWeek": days if active else verbs.TIMER_OFF,
        "timeStart": verbs.clock(data["start_time"]),
        "timeEnd": verbs.clock(data["end_time"]),
    }
    return {"timerId": verbs.whole(data["timer_id"], 0, 1), "content": content}


def _profile(data: Data) -> Answer:
    return {
        "name": verbs.words(data["name"]),
        "updateAt": verbs.moment(data.get("updated_at") or dt_util.utcnow().isoformat()),
        "content": verbs.profile(data["profile"]),
    }


async def _get_profile(charger: TrydanCoordinator, data: Data) -> Answer:
    stamp = verbs.moment(data["timestamp"])
    return {"profile": await verbs.ask(charger.device, endpoints.PROFILE, updateAt=stamp), "timestamp": stamp}


async def _list_profiles(charger: TrydanCoordinator, _data: Data) -> Answer:
    answer = await verbs.ask(charger.device, endpoints.PROFILES)
    return {"profiles": parse.profiles(answer) or []}


async def _scan_wifi(charger: TrydanCoordinator, _data: Data) -> Answer:
    return {"networks": parse.networks(await verbs.ask(charger.device, endpoints.WIFI_SCAN))}


async def _connected(charger: TrydanCoordinator, _data: Data) -> Answer:
    return {"connected": parse.connected(await verbs.ask(charger.device, endpoints.CONNECTED))}


async def _statistics(charger: TrydanCoordinator, data: Data) -> Answer:
    start, end = verbs.period(data.get("date_start"), data.get("date_end"))
    dates = {"chargeDateStart": start, "chargeDateEnd": end} if start and end else {}
    return {"statistics": await verbs.ask(charger.device, endpoints.SESSIONS, **dates), "date_start": start, "date_end": end}


async def _global_statistics(account: AccountCoordinator, data: Data) -> Answer:
    start, end = verbs.period(data.get("date_start"), data.get("date_end"))
    dates = {"endChargeDateStart": start, "endChargeDateEnd": end} if start and end else {}
    answer = await account.device.client.call(endpoints.TOTALS, command=True, **dates)
    return {"statistics": answer, "date_start": start, "date_end": end}


async def _wake(charger: TrydanCoordinator, _data: Data) -> Answer:
    await charger.wake()
    return {"applied": True}


async def _operating_mode(charger: TrydanCoordinator, data: Data) -> Answer:
    mode = str(data["mode"])
    if mode not in charger.device.status.points["operating_mode"].options:
        raise DeviceRefusedError(key="unsupported_value", value=mode[:40])
    return _done(await charger.set_mode(mode))


CARDS = (Kind.CARDS,)
REPORTED = (Kind.REPORTED,)
PROFILES = (Kind.PROFILES,)

ACTIONS: Final[Mapping[str, Action[TrydanCoordinator]]] = {
    # Charging
    "start_charge": Action(run=_write(Settings.paused, lambda _data: False)),
    "pause_charge": Action(run=_write(Settings.paused, lambda _data: True)),
    "wake_car": Action(run=_wake),
    "set_operating_mode": Action(run=_operating_mode, required=("mode",)),
    "set_charge_intensity": Action(run=_write(Settings.intensity, itemgetter("amps")), required=("amps",)),
    "set_min_car_intensity": Action(run=_write(Settings.min_intensity, itemgetter("amps")), required=("amps",)),
    "set_max_car_intensity": Action(run=_write(Settings.max_intensity, itemgetter("amps")), required=("amps",)),
    "set_locked": Action(run=_write(Settings.locked, lambda data: _truth(data["locked"])), required=("locked",)),
    "set_dynamic": Action(run=_write(Settings.dynamic, lambda data: _truth(data["enabled"])), required=("enabled",)),
    "set_fv_mode": Action(run=_write(Settings.power_mode, lambda data: _pv_mode(data["mode"])), required=("mode",)),
    "set_charge_stop_energy": Action(
        run=_send(endpoints.STOP_AT_ENERGY, lambda data: {"value": verbs.within(data["kwh"], 0.1, verbs.MOST_KWH)}),
        required=("kwh",),
    ),
    "set_charge_stop_minutes": Action(
        run=_send(endpoints.STOP_AT_MINUTES, lambda data: {"value": verbs.whole(data["minutes"], 1, verbs.MOST_MINUTES)}),
        required=("minutes",),
    ),
    "start_charge_for_energy": Action(
        run=_send(
            endpoints.START_FOR_ENERGY, lambda data: {"kw": verbs.within(data["kwh"], 0.1, verbs.MOST_KWH)}, after=REPORTED
        ),
        required=("kwh",),
    ),
    "start_charge_for_minutes": Action(
        run=_send(
            endpoints.START_FOR_MINUTES,
            lambda data: {"minutes": verbs.whole(data["minutes"], 1, verbs.MOST_MINUTES)},
            after=REPORTED,
        ),
        required=("minutes",),
    ),
    "program_timer": Action(
        run=_send(endpoints.TIMER, _timer),
        required=("timer_id", "start_time", "end_time"),
        optional=("active", "days_of_week"),
    ),
    # Installation
    "set_installation_voltage": Action(run=_write(Settings.installation_voltage, itemgetter("voltage")), required=("voltage",)),
    "set_denka_max_power": Action(
        run=_send(endpoints.DENKA_MAX_POWER, lambda data: {"value": verbs.whole(data["watts"], 1000, 22000)}),
        required=("watts",),
    ),
    "set_inverter_ip": Action(
        run=_send(endpoints.INVERTER_IP, lambda data: {"value": verbs.ipv4(data["ip_address"])}),
        required=("ip_address",),
        admin=True,
    ),
    "set_wifi_credentials": Action(
        run=_send(endpoints.WIFI, lambda data: verbs.wifi(data["ssid"], data.get("password", ""))),
        required=("ssid",),
        optional=("password",),
        admin=True,
    ),
    "scan_wifi_networks": Action(run=_scan_wifi, event=EVENT_WIFI_SCAN, admin=True),
    "trigger_update": Action(run=_send(endpoints.UPDATE)),
    "get_connected_status": Action(run=_connected, event=EVENT_CONNECTED),
    # OCPP
    "set_ocpp_enabled": Action(run=_write(Cloud.ocpp, lambda data: _truth(data["enabled"])), required=("enabled",)),
    "set_ocpp_id": Action(
        run=_send(endpoints.OCPP_ID, lambda data: {"value": verbs.words(data["ocpp_id"])}), required=("ocpp_id",), admin=True
    ),
    "set_ocpp_address": Action(
        run=_send(endpoints.OCPP_ADDRESS, lambda data: {"value": verbs.ocpp_address(data["ocpp_url"])}),
        required=("ocpp_url",),
        admin=True,
    ),
    # Cards
    "register_rfid": Action(
        run=_send(endpoints.RFID_LEARN, lambda data: {"tag": verbs.words(data["tag"])}, after=CARDS),
        required=("tag",),
        admin=True,
    ),
    "add_rfid_card": Action(
        run=_send(
            endpoints.RFID_ADD, lambda data: {"code": verbs.card(data["code"]), "tag": verbs.words(data["tag"])}, after=CARDS
        ),
        required=("code", "tag"),
        admin=True,
    ),
    "update_rfid_tag": Action(
        run=_send(
            endpoints.RFID_RENAME, lambda data: {"code": verbs.card(data["code"]), "tag": verbs.words(data["tag"])}, after=CARDS
        ),
        required=("code", "tag"),
        admin=True,
    ),
    "delete_rfid": Action(
        run=_send(endpoints.RFID_DELETE, lambda data: {"code": verbs.card(data["code"])}, after=CARDS),
        required=("code",),
        admin=True,
    ),
    # Power profiles
    "create_power_profile": Action(
        run=_send(endpoints.PROFILE_CREATE, _profile, after=PROFILES), required=("name", "profile"), optional=("updated_at",)
    ),
    "update_power_profile": Action(
        run=_send(endpoints.PROFILE_UPDATE, _profile, after=PROFILES), required=("name", "profile"), optional=("updated_at",)
    ),
    "get_power_profile": Action(run=_get_profile, required=("timestamp",), event=EVENT_POWER_PROFILES),
    "delete_power_profile": Action(
        run=_send(
            endpoints.PROFILE_DELETE,
            lambda data: {"name": verbs.words(data["name"]), "updateAt": verbs.moment(data["updated_at"])},
            after=PROFILES,
        ),
        required=("name", "updated_at"),
    ),
    "list_power_profiles": Action(run=_list_profiles, event=EVENT_POWER_PROFILES),
    # Statistics
    "get_device_statistics": Action(run=_statistics, optional=("date_start", "date_end"), event=EVENT_DEVICE_STATISTICS),
}
ACCOUNT_ACTIONS: Final[Mapping[str, Action[AccountCoordinator]]] = {
    "get_global_statistics": Action(run=_global_statistics, optional=("date_start", "date_end")),
}
