"""What the reading endpoints of the V2C cloud answer, in every dialect that was seen or suspected."""

from collections.abc import Callable
from datetime import date, datetime
import json
from typing import Final

from .http_front import HttpAnswer
from .v2c_cloud_commands import TEXT, BadParameterError, Call, UnknownThingError
from .v2c_cloud_device import CloudDevice, Json
from .v2c_cloud_options import V2CCloudOptions
from .v2c_cloud_sessions import SessionBook

MODEL: Final = "Trydan"
NETWORKS: Final = ((-48, "SIM-WIFI"), (-71, "Neighbour"), (-83, "Café ☕"))
PAIRED: Final = "2024-03-01T09:00:00.000+00:00"


class Reads:
    """The reading endpoints by name; mine holds the chargers of the account that asks."""

    def __init__(self, options: V2CCloudOptions, book: SessionBook, offline: Callable[[], set[str]]) -> None:
        """Answer with these options."""
        self.options = options
        self.book = book
        self.offline = offline
        self._known: dict[str, Callable[[Call], HttpAnswer]] = {
            "reported": lambda call: self._json(call.device.reported(), self.options.reported_shape),
            "currentstatecharge": lambda call: self._json(call.device.state(), self.options.reported_shape),
            "connected": self._connected,
            "version": self._version,
            "rfid_list": lambda call: self._json(call.device.cards, self.options.rfid_shape, "cards"),
            "wifilist": self._networks,
            "statistics": self._statistics,
            "profile_all": lambda call: self._json(call.device.profiles, self.options.profiles_shape, "profiles"),
            "profile_get": self._profile,
            "mac": lambda call: HttpAnswer(200, call.device.sim.options.mac.encode(), TEXT),
        }

    def answer(self, call: Call) -> HttpAnswer:
        """Answer about one charger."""
        return self._known[call.name](call)

    def pairings(self, mine: list[CloudDevice]) -> HttpAnswer:
        """Answer /pairings/me."""
        shape = self.options.pairings_shape
        if shape == "openapi":
            return self._json([{"id": device.id, "name": device.tag} for device in mine])
        found: list[Json] = [
            {
                "deviceId": device.id,
                "tag": device.tag,
                "model": 1,
                "priceMode": 1,
                "price": self.options.price,
                "coCost": self.options.co_cost,
                "master": True,
                "latitude": 39.4699,
                "longitude": -0.3763,
                "createdAt": PAIRED,
                "updatedAt": PAIRED,
            }
            for device in mine
        ]
        return self._json(found, "double" if shape == "double" else "")

    def totals(self, mine: list[CloudDevice], params: dict[str, str]) -> HttpAnswer:
        """Answer /stadistic/global/me."""
        for device in mine:
            self.book.collect(device)
        first, last = _days(params, "endChargeDateStart", "endChargeDateEnd")
        return self._json(self.book.totals([device.id for device in mine], first, last))

    def _json(self, value: object, shape: str = "", wrapper: str = "") -> HttpAnswer:
        """Write JSON: as it is, wrapped in an object, as JSON within a JSON string, or as no JSON at all."""
        if shape == "text":
            return HttpAnswer(200, b"No data", TEXT)
        text = json.dumps({wrapper: value} if shape == "wrapped" else value, ensure_ascii=False)
        return HttpAnswer(200, (json.dumps(text) if shape == "double" else text).encode(), self.options.json_type)

    def _connected(self, call: Call) -> HttpAnswer:
        connected, shape = call.device.id not in self.offline(), self.options.connected_shape
        if shape == "text":
            return HttpAnswer(200, str(connected).lower().encode(), TEXT)
        if connected and shape == "empty":
            return HttpAnswer(200, b"", TEXT)
        return self._json({"connected": connected})

    def _version(self, call: Call) -> HttpAnswer:
        version = call.device.sim.model.firmware.shown
        match self.options.version_shape:
            case "text":
                return HttpAnswer(200, version.encode(), TEXT)
            case "init":
                return self._json({"versionId": "INIT", "modelName": "INIT"})
            case _:
                return self._json({"versionId": version, "modelName": MODEL})

    def _networks(self, _: Call) -> HttpAnswer:
        return self._json([{"ssid": name, "rssi": rssi} for rssi, name in NETWORKS], self.options.wifilist_shape, "networks")

    def _statistics(self, call: Call) -> HttpAnswer:
        self.book.collect(call.device)
        return self._json(self.book.of_device(call.device.id, *_days(call.params, "chargeDateStart", "chargeDateEnd")))

    def _profile(self, call: Call) -> HttpAnswer:
        for profile in call.device.profiles:
            if profile["updateAt"] == call.params["updateAt"]:
                return self._json(profile)
        raise UnknownThingError(call.params["updateAt"])


def _days(params: dict[str, str], *names: str) -> tuple[date | None, date | None]:
    """Read two dates, either of which may be missing; a date with a time is a date too."""
    first, last = (_day(params.get(name)) for name in names)
    return first, last


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise BadParameterError(text) from None
