"""Every endpoint of the V2C Cloud: its method, its path, and what it wants in the query.

Source: the vendor's two API descriptions and what other clients send; research brief, section 2.3.
"""

from dataclasses import dataclass
from typing import Final, Literal

type Method = Literal["GET", "POST", "PUT", "DELETE"]
type DeviceName = Literal["deviceId", "id"]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One line of the table.

    ``device`` is what the charger's id is called, None where no charger is meant; ``params`` must be
    given, ``optional`` may be; ``body`` is whether JSON goes along; ``reads`` whether nothing changes.
    """

    method: Method
    path: str
    device: DeviceName | None = "deviceId"
    params: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    body: bool = False
    reads: bool = False

    @property
    def name(self) -> str:
        """What logs and captures call it."""
        return f"{self.method} {self.path}"


def _get(path: str, *params: str, device: DeviceName | None = "deviceId", optional: tuple[str, ...] = ()) -> Endpoint:
    return Endpoint(method="GET", path=path, device=device, params=params, optional=optional, reads=True)


def _post(path: str, *params: str, device: DeviceName = "deviceId", body: bool = False, reads: bool = False) -> Endpoint:
    return Endpoint(method="POST", path=path, device=device, params=params, body=body, reads=reads)


# Reading; two of them are POSTs all the same.
PAIRINGS: Final = _get("/pairings/me", device=None)
REPORTED: Final = _get("/device/reported")
LIVE: Final = _post("/device/currentstatecharge", reads=True)
CONNECTED: Final = _get("/device/connected")
VERSION: Final = _get("/version")
RFID_CARDS: Final = _get("/device/rfid")
WIFI_SCAN: Final = _get("/device/wifilist", device="id")
SESSIONS: Final = _get("/stadistic/device", optional=("chargeDateStart", "chargeDateEnd"))
TOTALS: Final = _get("/stadistic/global/me", device=None, optional=("endChargeDateStart", "endChargeDateEnd"))
PROFILES: Final = _get("/device/personalicepower/all")
PROFILE: Final = _get("/device/personalicepower/v2", "updateAt")
MAC: Final = _post("/device/mac", reads=True)

# Charging
START: Final = _post("/device/startcharge")
PAUSE: Final = _post("/device/pausecharge")
INTENSITY: Final = _post("/device/intensity", "value")
LOCKED: Final = _post("/device/locked", "value")
DYNAMIC: Final = _post("/device/dynamic", "value")
PV_MODE: Final = _post("/device/chargefvmode", "value")
MAX_CURRENT: Final = _post("/device/max_car_int", "value")
MIN_CURRENT: Final = _post("/device/min_car_int", "value")
STOP_AT_ENERGY: Final = _post("/device/charger_until_energy", "value")
STOP_AT_MINUTES: Final = _post("/device/charger_until_minutes", "value")
START_FOR_ENERGY: Final = _post("/device/startchargekw", "kw")
START_FOR_MINUTES: Final = _post("/device/startchargeminutes", "minutes")
TIMER: Final = _post("/device/timer", "timerId", body=True)
THIRD_PARTY_MODE: Final = _post("/device/thirdparty_mode", "mode", "value")

# Configuration
MAX_POWER: Final = _post("/device/maxpower", "value")
DENKA_MAX_POWER: Final = _post("/device/denka/max_power", "value")
INSTALLATION_TYPE: Final = _post("/device/inst_type", "value")
METER_TYPE: Final = _post("/device/slave_type", "value")
LANGUAGE: Final = _post("/device/language", "value")
RFID_READER: Final = _post("/device/set_rfid", "value")
LOGO_LED: Final = _post("/device/logo_led", "value")
OCPP: Final = _post("/device/ocpp", "value", device="id")
OCPP_ID: Final = _post("/device/ocpp_id", "value", device="id")
OCPP_ADDRESS: Final = _post("/device/ocpp_addr", "value", device="id")
INVERTER_IP: Final = _post("/device/inverter_ip", "value", device="id")
WIFI: Final = _post("/device/wifi", "ssid", "password")
REBOOT: Final = _post("/device/reboot")
UPDATE: Final = _post("/device/update")

# RFID cards
RFID_LEARN: Final = _post("/device/rfid", "tag")
RFID_ADD: Final = _post("/device/rfid/tag", "code", "tag")
RFID_RENAME: Final = Endpoint(method="PUT", path="/device/rfid/tag", params=("code", "tag"))
RFID_DELETE: Final = Endpoint(method="DELETE", path="/device/rfid", params=("code",))

# Power profiles
PROFILE_CREATE: Final = _post("/device/savepersonalicepower/v2", "name", "updateAt", body=True)
PROFILE_UPDATE: Final = _post("/device/personalicepower/v2", "name", "updateAt", device="id", body=True)
PROFILE_DELETE: Final = Endpoint(method="DELETE", path="/device/personalicepower/v2", params=("name", "updateAt"))

ALL: Final[tuple[Endpoint, ...]] = tuple(found for found in list(globals().values()) if isinstance(found, Endpoint))
