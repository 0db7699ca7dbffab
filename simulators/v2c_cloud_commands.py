"""What each command of the V2C cloud does to the charger, or to what the cloud keeps of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
import json
import re
from typing import Final

from .http_front import HttpAnswer
from .trydan_timer import Slot
from .v2c_cloud_device import CloudDevice, Json
from .v2c_cloud_options import V2CCloudOptions

DONE: Final = "Command executed successfully"
TEXT: Final = "text/plain;charset=UTF-8"
# LAN mode = cloud mode + 2.
MODE_OFFSET: Final = 2
PROFILE_MODES: Final = {"solar": 3, "dynamic": 4}
TIMES: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
LAN_SETTINGS: Final = {
    "intensity": "Intensity",
    "locked": "Locked",
    "dynamic": "Dynamic",
    "max_car_int": "MaxIntensity",
    "min_car_int": "MinIntensity",
    "logo_led": "LogoLED",
}
SHADOW_SETTINGS: Final = {
    "inst_type": (0, 2),
    "slave_type": (0, 11),
    "language": (0, 9),
    "maxpower": (0, 100_000),
    "denka/max_power": (0, 100_000),
}
SLOW_SETTINGS: Final = ("set_rfid", "ocpp")
# How the vendor answers these; every other command answers with the text.
EMPTY_ANSWERS: Final = frozenset({"wifi", "reboot", "update", "ocpp_id", "ocpp_addr", "inverter_ip"})
JSON_ANSWERS: Final = frozenset({"chargefvmode", "timer", "rfid_learn", "rfid_add", "rfid_rename", "rfid_delete"})


class BadParameterError(Exception):
    """A value that the cloud answers with 400."""


class UnknownThingError(Exception):
    """Something that is not there: 404."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an endpoint, its parameters already checked for presence."""

    name: str
    device: CloudDevice
    params: dict[str, str]
    body: object = field(default=None)

    @property
    def value(self) -> str:
        """The parameter that most commands have."""
        return self.params["value"]

    def number(self, name: str = "value", low: float = 0, high: float = 100_000) -> float:
        """Give a parameter as a number within bounds."""
        try:
            found = float(self.params[name])
        except ValueError:
            raise BadParameterError(name) from None
        if not low <= found <= high:
            raise BadParameterError(name)
        return found

    def whole(self, name: str = "value", low: float = 0, high: float = 100_000) -> int:
        """Give a parameter as a whole number within bounds."""
        found = self.number(name, low, high)
        if found != int(found):
            raise BadParameterError(name)
        return int(found)


class Commands:
    """The commands by name."""

    def __init__(self, options: V2CCloudOptions) -> None:
        """Execute commands with these options."""
        self.options = options
        self._known: dict[str, Callable[[Call], None]] = {
            **dict.fromkeys(LAN_SETTINGS, self._lan),
            **dict.fromkeys(SHADOW_SETTINGS, self._shadow),
            **dict.fromkeys(SLOW_SETTINGS, self._slow),
            **dict.fromkeys(("startcharge", "pausecharge"), self._pause),
            **dict.fromkeys(("startchargekw", "startchargeminutes"), self._start_for),
            **dict.fromkeys(("charger_until_energy", "charger_until_minutes"), self._until),
            **dict.fromkeys(("ocpp_id", "ocpp_addr", "inverter_ip"), self._word),
            "chargefvmode": self._sun_mode,
            "timer": self._timer,
            "thirdparty_mode": self._third_party,
            "wifi": self._wifi,
            "reboot": lambda call: call.device.sim.reboot(),
            "update": self._update,
            "rfid_learn": self._learn,
            "rfid_add": self._add_card,
            "rfid_rename": self._rename_card,
            "rfid_delete": self._delete_card,
            "profile_save": self._save_profile,
            "profile_update": self._update_profile,
            "profile_delete": self._delete_profile,
        }

    def check(self, call: Call) -> Callable[[], None]:
        """Give what the command will do; what can be refused at once is refused here."""
        known = self._known[call.name]
        if call.name in LAN_SETTINGS:
            call.whole(high=call.device.sim.model.limits(LAN_SETTINGS[call.name])[1])
        return lambda: known(call)

    def confirm(self, name: str) -> HttpAnswer:
        """Give the answer to a command that was accepted."""
        style = self.options.answers
        if style == "no_content":
            return HttpAnswer(204)
        if style == "empty" or (style == "mixed" and name in EMPTY_ANSWERS):
            return HttpAnswer(200, b"", TEXT)
        if style == "json" or (style == "mixed" and name in JSON_ANSWERS):
            return HttpAnswer(200, json.dumps({"message": DONE}).encode())
        return HttpAnswer(200, DONE.encode(), TEXT)

    # -- charging --------------------------------------------------------------------------------------------------

    def _lan(self, call: Call) -> None:
        self._write(call, LAN_SETTINGS[call.name], call.whole())

    def _sun_mode(self, call: Call) -> None:
        self._write(call, "DynamicPowerMode", call.whole(high=2) + MODE_OFFSET)

    def _pause(self, call: Call) -> None:
        self._write(call, "Paused", int(call.name == "pausecharge"))

    def _start_for(self, call: Call) -> None:
        model = call.device.sim.model
        if call.name == "startchargekw":
            model.stop_at(wh=call.number("kw") * 1000.0, more=True)
        else:
            model.stop_at(seconds=call.number("minutes") * 60.0, more=True)
        self._write(call, "Paused", 0)

    def _until(self, call: Call) -> None:
        if call.name == "charger_until_energy":
            call.device.sim.model.stop_at(wh=call.number() * 1000.0)
        else:
            call.device.sim.model.stop_at(seconds=call.number() * 60.0)

    def _timer(self, call: Call) -> None:
        body = call.body
        fields = ("daysOfWeek", "timeStart", "timeEnd")
        if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in fields):
            raise BadParameterError("body")
        days, start, end = (str(body[name]) for name in fields)
        if not re.fullmatch(r"8|[1-7]+", days) or not TIMES.fullmatch(start) or not TIMES.fullmatch(end):
            raise BadParameterError("body")
        slot = call.whole("timerId", high=1)
        call.device.sim.house.advance()
        call.device.sim.model.slots[slot] = Slot(days, start, end)

    def _write(self, call: Call, key: str, value: int) -> None:
        if not call.device.sim.model.write(key, value):
            raise BadParameterError(key)

    # -- what the cloud keeps --------------------------------------------------------------------------------------

    def _shadow(self, call: Call) -> None:
        low, high = SHADOW_SETTINGS[call.name]
        call.device.settings[call.name.removeprefix("denka/")] = call.whole(low=low, high=high)

    def _slow(self, call: Call) -> None:
        value = call.whole(high=1)
        call.device.later(self.options.slow_settings, lambda: call.device.settings.update({call.name: value}))

    def _word(self, call: Call) -> None:
        if call.name == "ocpp_addr" and not call.value.startswith(("ws://", "wss://")):
            raise BadParameterError("value")
        if call.name == "inverter_ip" and not re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", call.value):
            raise BadParameterError("value")
        setattr(call.device, call.name, call.value)

    def _third_party(self, call: Call) -> None:
        call.device.extras["thirdparty_mode"] = call.params["mode"]

    def _wifi(self, call: Call) -> None:
        call.device.wifi = (call.params["ssid"], call.params["password"])
        call.device.sim.options.ssid = call.params["ssid"]

    def _update(self, call: Call) -> None:
        options = call.device.sim.options

        def done() -> None:
            options.firmware = options.next_firmware
            call.device.sim.reboot()

        call.device.later(self.options.update_seconds, done)

    # -- cards -----------------------------------------------------------------------------------------------------

    def _learn(self, call: Call) -> None:
        call.device.learning = (call.params["tag"], self.options.clock() + self.options.learning_seconds)

    def _add_card(self, call: Call) -> None:
        add_card(call.device, call.params["code"], call.params["tag"])

    def _rename_card(self, call: Call) -> None:
        for card in call.device.cards:
            if card["code"] == call.params["code"]:
                card["tag"] = call.params["tag"]
                return
        raise UnknownThingError(call.params["code"])

    def _delete_card(self, call: Call) -> None:
        left = [card for card in call.device.cards if card["code"] != call.params["code"]]
        if len(left) == len(call.device.cards):
            raise UnknownThingError(call.params["code"])
        call.device.cards = left

    # -- profiles --------------------------------------------------------------------------------------------------

    def _save_profile(self, call: Call) -> None:
        mode, value = _profile(call.body)
        fresh: Json = {"name": call.params["name"], "updateAt": call.params["updateAt"], "mode": mode, "value": value}
        call.device.profiles.append(fresh | {"active": False})

    def _update_profile(self, call: Call) -> None:
        mode, value = _profile(call.body)
        for profile in call.device.profiles:
            if profile["name"] == call.params["name"]:
                profile.update({"updateAt": call.params["updateAt"], "mode": mode, "value": value})
                return
        raise UnknownThingError(call.params["name"])

    def _delete_profile(self, call: Call) -> None:
        wanted = (call.params["name"], call.params["updateAt"])
        left = [profile for profile in call.device.profiles if (profile["name"], profile["updateAt"]) != wanted]
        if len(left) == len(call.device.profiles):
            raise UnknownThingError(call.params["name"])
        call.device.profiles = left


def add_card(device: CloudDevice, code: str, tag: str) -> None:
    """Store a card under a name; one that is known gets the new name."""
    device.cards = [card for card in device.cards if card["code"] != code]
    device.cards.append({"code": code, "tag": tag})


def _profile(body: object) -> tuple[str, int]:
    if not isinstance(body, dict) or not isinstance(body.get("mode"), str) or not isinstance(body.get("value"), int):
        raise BadParameterError("body")
    return str(body["mode"]), int(body["value"])
