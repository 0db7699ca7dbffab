"""One charger as the V2C cloud knows it: strings, kilowatts, hundreds of watts, and its own codes."""

from collections.abc import Callable
import json
from typing import Final

from .trydan import TrydanSimulator
from .trydan_values import Value

# The cloud numbers the faults in its own way: LAN 6 is 3 there, and 4 and 5 change places.
CHARGE_STATES: Final = {6: 3, 5: 4, 4: 5}
CONTROL_PILOT: Final = "248.000000"

type Json = dict[str, object]


class CloudDevice:
    """The shadow of a charger, and what only the cloud knows of it."""

    def __init__(self, sim: TrydanSimulator, clock: Callable[[], float]) -> None:
        """Follow this charger."""
        self.sim = sim
        self.tag = f"Trydan {sim.options.device_id}"
        self.pole = False
        # Seen once: the mean over three phases of which one is connected.
        self.third_of_voltage = False
        self.ocpp_id = self.ocpp_addr = self.inverter_ip = ""
        self.settings: dict[str, int] = {
            "inst_type": 1 if sim.options.phases == 3 else 0,
            "slave_type": 0,
            "language": 0,
            "maxpower": 5750,
            "set_rfid": 0,
            "ocpp": 0,
        }
        self.extras: Json = {}
        self.wifi: tuple[str, str] = (sim.options.ssid, "")
        self.cards: list[dict[str, str]] = []
        self.learning: tuple[str, float] | None = None
        self.profiles: list[Json] = []
        self.sessions_seen = 0
        self.late: list[tuple[float, Callable[[], None]]] = []
        self._clock = clock
        self._frozen: tuple[Json, Json] | None = None

    @property
    def id(self) -> str:
        """Device id, the same as on the LAN."""
        return self.sim.options.device_id

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after so many seconds of the cloud's clock, at once when none."""
        if seconds <= 0:
            action()
        else:
            self.late.append((self._clock() + seconds, action))

    def settle(self, *, offline: bool) -> None:
        """Do what has become due; a charger that is offline keeps the shadow that it had."""
        if not offline:
            self._frozen = None
            due = [action for at, action in self.late if at <= self._clock()]
            self.late = [(at, action) for at, action in self.late if at > self._clock()]
            for action in due:
                action()
        elif self._frozen is None:
            self._frozen = (self._reported(), self._state())

    def reported(self) -> Json:
        """Give the answer of /device/reported."""
        return self._frozen[0] if self._frozen is not None else self._reported()

    def state(self) -> Json:
        """Give the answer of /device/currentstatecharge."""
        found = self._frozen[1] if self._frozen is not None else self._state()
        return self._of_pole() if self.pole else found

    def _reported(self) -> Json:
        options, value = self.sim.options, self.sim.value
        ssid = options.ssid if options.lan else ""
        ip = options.ip or (options.host if options.lan else "")
        wifi = {"ssid": ssid, "ip": ip, "static_mode": 0, "status": int(options.lan)}
        lowest, highest = _text(value("MinIntensity")), _text(value("MaxIntensity"))
        found: Json = {
            "device_id": self.id,
            "deviceId": self.id,
            "version": _text(value("FirmwareVersion")),
            "mac": options.mac,
            "wifi_info": json.dumps(wifi),
            "wifi_static": "0",
            "intensity": _text(value("Intensity")),
            "min_car_int": lowest,
            "min_car_int_fb": lowest,
            "max_car_int": highest,
            "max_car_int_fb": highest,
            "light_led": f"{number(value('LightLED')) / 100.0:.6f}",
            "logo_led": _text(value("LogoLED")),
            "contract_power": f"{number(value('ContractedPower')) / 100.0:.0f}",
            "dynamic": _text(value("Dynamic")),
            "locked": _text(value("Locked")),
            "pause": _text(value("Paused")),
            **{key: str(code) for key, code in self.settings.items()},
            "maxpowerinstallation": str(self.settings["maxpower"]),
        }
        if self.inverter_ip:
            found["huawei_ip"] = self.inverter_ip
        return found | self.extras

    def _state(self) -> Json:
        model, value = self.sim.model, self.sim.value
        error = _text(value("SlaveError"))
        found = {
            "error": "" if error == "0" else error,
            "battery": kilo(value("BatteryPower")),
            "voltage": kilo(model.options.voltage / (3 if self.third_of_voltage else 1)),
            "intensity": str(model.offered),
            "seconds": _text(value("ChargeTime")),
            "photovoltaic_on": str(int(bool(model.settings["Dynamic"]) and model.settings["DynamicPowerMode"] in (2, 3, 4))),
            "house_power": kilo(value("HousePower")),
            "sun_power": kilo(value("FVPower")),
            "grid_power": kilo(number(value("HousePower")) - number(value("FVPower"))),
            "charge_state": self._charge_state(),
            "power": kilo(value("ChargePower")),
            "phases": str(model.phases if model.charging else 0),
            "cp_level": CONTROL_PILOT,
            "energy": f"{number(value('ChargeEnergy')):.6f}",
        }
        model.shown()
        return dict(found)

    def _of_pole(self) -> Json:
        """Give what the public pole answers: numbers, and fewer of them."""
        value = self.sim.value
        return {
            "seconds": value("ChargeTime"),
            "photovoltaic_on": 0,
            "charge_state": int(self._charge_state()),
            "power": number(value("ChargePower")) / 1000.0,
            "error": "",
            "energy": number(value("ChargeEnergy")),
        }

    def _charge_state(self) -> str:
        state = int(number(self.sim.value("ChargeState")))
        return str(CHARGE_STATES.get(state, state))


def kilo(value: Value) -> str:
    """Write thousandths with six decimals, as the cloud writes kW and kV."""
    return f"{number(value) / 1000.0:.6f}"


def number(value: Value) -> float:
    """Give a value as a number, 0 when a test pinned something that is none."""
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)
