"""The endpoints of the V2C cloud: which method, which name the device id has, which parameters must be there."""

from dataclasses import dataclass
from typing import Final

DEVICE: Final = "deviceId"
# Six endpoints call it so; the others do not know it.
SHORT: Final = "id"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: the name of its handler, its id parameter and what else it needs."""

    name: str
    id: str | None = DEVICE
    params: tuple[str, ...] = ()
    body: bool = False

    @property
    def is_command(self) -> bool:
        """Whether it changes something."""
        return self.name not in READS


def _valued(*paths: str, id_name: str = DEVICE) -> dict[str, dict[str, Endpoint]]:
    return {f"/device/{path}": {"POST": Endpoint(path, id_name, ("value",))} for path in paths}


READS: Final = frozenset(
    {
        "pairings",
        "reported",
        "currentstatecharge",
        "connected",
        "version",
        "rfid_list",
        "wifilist",
        "statistics",
        "global_statistics",
        "profile_all",
        "profile_get",
        "mac",
    }
)
VALUED: Final = (
    "intensity",
    "locked",
    "dynamic",
    "chargefvmode",
    "max_car_int",
    "min_car_int",
    "charger_until_energy",
    "charger_until_minutes",
    "maxpower",
    "denka/max_power",
    "inst_type",
    "slave_type",
    "language",
    "set_rfid",
    "logo_led",
)
ENDPOINTS: Final[dict[str, dict[str, Endpoint]]] = {
    "/pairings/me": {"GET": Endpoint("pairings", None)},
    "/device/reported": {"GET": Endpoint("reported")},
    "/device/currentstatecharge": {"POST": Endpoint("currentstatecharge")},
    "/device/connected": {"GET": Endpoint("connected")},
    "/version": {"GET": Endpoint("version")},
    "/device/wifilist": {"GET": Endpoint("wifilist", SHORT)},
    "/stadistic/device": {"GET": Endpoint("statistics")},
    "/stadistic/global/me": {"GET": Endpoint("global_statistics", None)},
    "/device/mac": {"POST": Endpoint("mac")},
    "/device/startcharge": {"POST": Endpoint("startcharge")},
    "/device/pausecharge": {"POST": Endpoint("pausecharge")},
    "/device/startchargekw": {"POST": Endpoint("startchargekw", DEVICE, ("kw",))},
    "/device/startchargeminutes": {"POST": Endpoint("startchargeminutes", DEVICE, ("minutes",))},
    "/device/timer": {"POST": Endpoint("timer", DEVICE, ("timerId",), body=True)},
    "/device/thirdparty_mode": {"POST": Endpoint("thirdparty_mode", DEVICE, ("mode", "value"))},
    **_valued(*VALUED),
    **_valued("ocpp", "ocpp_id", "ocpp_addr", "inverter_ip", id_name=SHORT),
    "/device/wifi": {"POST": Endpoint("wifi", DEVICE, ("ssid", "password"))},
    "/device/reboot": {"POST": Endpoint("reboot")},
    "/device/update": {"POST": Endpoint("update")},
    "/device/rfid": {
        "GET": Endpoint("rfid_list"),
        "POST": Endpoint("rfid_learn", DEVICE, ("tag",)),
        "DELETE": Endpoint("rfid_delete", DEVICE, ("code",)),
    },
    "/device/rfid/tag": {
        "POST": Endpoint("rfid_add", DEVICE, ("code", "tag")),
        "PUT": Endpoint("rfid_rename", DEVICE, ("code", "tag")),
    },
    "/device/savepersonalicepower/v2": {"POST": Endpoint("profile_save", DEVICE, ("name", "updateAt"), body=True)},
    "/device/personalicepower/v2": {
        "POST": Endpoint("profile_update", SHORT, ("name", "updateAt"), body=True),
        "GET": Endpoint("profile_get", DEVICE, ("updateAt",)),
        "DELETE": Endpoint("profile_delete", DEVICE, ("name", "updateAt")),
    },
    "/device/personalicepower/all": {"GET": Endpoint("profile_all")},
}
