"""What else can be written to a gateway: generator, AC batteries, export limit, live stream."""

from copy import deepcopy
from math import inf
from typing import TYPE_CHECKING, Any, Final

from .envoy_settings import WriteError

if TYPE_CHECKING:
    from .envoy_ensemble import Ensemble
    from .envoy_inverters import Inverters

type Json = dict[str, Any]

GENERATOR_MODES: Final = ("off", "on", "auto")
GENERATOR_CONFIG: Final[Json] = {
    "max_cont_gen_amps": 58.3,
    "min_gen_loading_perc": 5,
    "max_gen_efficiency_perc": 100,
    # Called watts; kilowatts in practice.
    "name_plate_rating_wat": 14.0,
    "start_method": "Auto",
    "warm_up_mins": 0,
    "cool_down_mins": 0,
    "gen_type": "Standby",
    "model": "Simulated 14 kW",
    "manufacturer": "Simulated",
    "last_updated_by": "ITK",
    "generator_id": "",
    "charge_from_generator": True,
}
GENERATOR_SCHEDULE: Final[Json] = {
    "exercise_config": {"freq_in_weeks": 1, "start": 750, "duration": 30, "day": "Sun"},
    "default_soc": {"start_soc": 30, "stop_soc": 70},
    "schedule": {
        "default": [
            {
                "id": "always_on",
                "start": "1/1",
                "end": "12/31",
                "days": [
                    {
                        "id": "all_days",
                        "week_days": "Mon,Tue,Wed,Thu,Fri,Sat,Sun",
                        "periods": [
                            {
                                "id": "normal_1",
                                "start": 0.0,
                                "duration": 1440.0,
                                "start_soc": 100.0,
                                "stop_soc": -1.0,
                                "setting": "AON",
                            }
                        ],
                    }
                ],
            }
        ]
    },
    "last_updated_by": "ITK",
}
LIMITING: Final[Json] = {
    "PEL": False,
    "Hard_PEL": False,
    "Soft_PEL": False,
    "Export_Limit_Type": "Aggregate",
    "percent": False,
    "apparent": False,
    "PEL_Limit": 0.0,
    "Comm_Time_Loss": 0.0,
    "Resp_Time_SoftPEL": 0.0,
    "Resp_Time_HardPEL": 0.0,
    "msReset_HardPEL": 0.0,
    "PEL_db": 0.0,
}
DYNAMIC: Final[Json] = {
    "dynamic_pel_settings": {
        "enable": False,
        "export_limit": True,
        "limit_value_W": 0.0,
        "slew_rate": 2000.0,
        "enable_dynamic_limiting": False,
    },
    "filename": "site_settings",
    "version": "00.00.01",
}


class Extras:
    """The rest of what a write changes and a later reading shows."""

    def __init__(self, inverters: Inverters) -> None:
        """Begin with everything at rest."""
        self.inverters = inverters
        self.options = inverters.options
        self.generator_mode = "auto"
        self.generator_config = deepcopy(GENERATOR_CONFIG)
        self.generator_schedule = deepcopy(GENERATOR_SCHEDULE)
        self.limiting = deepcopy(LIMITING)
        self.dynamic = deepcopy(DYNAMIC)
        self.pv_limit: Json = {"enable": False, "pv_limit_pct": 100}
        self.forced_off = False
        self._streams_until = -inf
        self._shown: Json | None = None

    # -- generator -------------------------------------------------------------------------------------------------

    @property
    def generator_runs(self) -> bool:
        """Whether the generator runs."""
        return self.options.generator and self.generator_mode == "on"

    def generator(self) -> Json:
        """Give the state of the generator; without one there is still an answer."""
        young = self.options.firmware.since(8)
        if not self.options.generator:
            none = {"admin_state": "unknown", "oper_state": "open", "admin_mode": 0, "schedule": 0}
            return none | {"start_soc": 100, "stop_soc": -1, "exc_on": 0, "present": int(not young), "type": int(young)}
        state = "close" if self.generator_runs else "open"
        soc = self.generator_schedule["default_soc"]
        mode = GENERATOR_MODES.index(self.generator_mode)
        found = {"admin_state": state, "oper_state": state, "admin_mode": mode, "schedule": 1}
        return found | {"start_soc": soc["start_soc"], "stop_soc": soc["stop_soc"], "exc_on": 0, "present": 1, "type": 1}

    def write_generator(self, name: str, body: Json) -> Json:
        """Change mode, configuration or schedule; the last two only as a whole."""
        if not self.options.generator:
            raise WriteError(400, "no_generator", name)
        if name == "gen_mode":
            if body.get("gen_cmd") not in GENERATOR_MODES:
                raise WriteError(400, "bad_value", f"gen_cmd {body.get('gen_cmd')!r}")
            self.generator_mode = str(body["gen_cmd"])
            return {"gen_cmd": self.generator_mode}
        kept = self.generator_config if name == "gen_config" else self.generator_schedule
        if missing := sorted(set(kept) - set(body) - {"last_updated_by"}):
            raise WriteError(400, f"partial_{name}", f"without {missing}")
        kept.update(deepcopy(body))
        return kept

    # -- AC batteries ----------------------------------------------------------------------------------------------

    def acb_config(self) -> Json:
        """Give the AC batteries that sleep, or were told to."""
        rows = self.inverters.sleeping.items()
        return {
            "acb_sleep": [{"serial_num": serial, "sleep_min_soc": low, "sleep_max_soc": high} for serial, (low, high) in rows]
        }

    def write_acb(self, method: str, body: Json) -> Json:
        """PUT sends AC batteries to sleep, DELETE wakes them; an unknown serial is refused."""
        rows = body.get("acb_sleep")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise WriteError(400, "bad_body", "a list under acb_sleep is expected")
        for row in rows:
            if row.get("serial_num") not in self.inverters.acb_serials:
                raise WriteError(404, "unknown_id", f"AC battery {row.get('serial_num')!r}")
        for row in rows:
            if method == "DELETE":
                self.inverters.sleeping.pop(row["serial_num"], None)
            else:
                self.inverters.sleeping[row["serial_num"]] = (int(row["sleep_min_soc"]), int(row["sleep_max_soc"]))
        return self.acb_config()

    # -- export limit and inverters, for installers ----------------------------------------------------------------

    def pel_settings(self) -> Json:
        """Give the export limit; without batteries only whether there is one."""
        options = self.options
        full = options.enpower or options.collar or (options.encharges and options.firmware.since(8))
        return self.limiting if full else {"PEL": self.limiting["PEL"]}

    def write_dynamic(self, body: Json) -> Json:
        """Change the dynamic export limit, the whole of it."""
        wanted = body.get("dynamic_pel_settings")
        if not isinstance(wanted, dict) or set(wanted) < set(self.dynamic["dynamic_pel_settings"]):
            raise WriteError(400, "partial_dpel", "the whole of dynamic_pel_settings is expected")
        self.dynamic["dynamic_pel_settings"] = deepcopy(wanted)
        return self.dynamic

    def write_power(self, body: Json) -> Json:
        """Stop all inverters, or start them; the sun of the house is not touched."""
        wanted = body.get("arr")
        if body.get("length") != 1 or wanted not in ([0], [1]):
            raise WriteError(400, "bad_value", f"arr {wanted!r}")
        self.forced_off = wanted == [1]
        return {"powerForcedOff": self.forced_off}

    # -- live stream -----------------------------------------------------------------------------------------------

    @property
    def streams(self) -> bool:
        """Whether the live data move; that ends by itself."""
        return self.inverters.model.house.clock() < self._streams_until

    def write_stream(self, body: Json, *, installer: bool) -> Json:
        """Switch the live data on for a while, or off."""
        if self.options.stream_refuses_owner and not installer:
            raise WriteError(400, "", "the role is too low")
        if body.get("enable") not in (0, 1):
            raise WriteError(400, "bad_value", f"enable {body.get('enable')!r}")
        now = self.inverters.model.house.clock()
        self._streams_until = now + self.options.stream_seconds if body["enable"] else -inf
        return {"sc_stream": "enabled" if body["enable"] else "disabled"}

    def livedata(self, ensemble: Ensemble) -> Json:
        """Give the live data: of now while they stream, else the last that were shown."""
        if self.streams or self._shown is None:
            self._shown = ensemble.livedata()
        stream = "enabled" if self.streams else "disabled"
        return {
            "connection": {
                "mqtt_state": "connected",
                "prov_state": "configured",
                "auth_state": "ok",
                "sc_stream": stream,
                "sc_debug": "disabled",
            },
            "meters": self._shown,
            "tasks": {"task_id": 0, "timestamp": 0},
            "counters": {"main_CfgLoad": 1, "main_CfgChanged": 1, "main_taskUpdate": 1, "MqttClient_publish": 1},
            "dry_contacts": {},
        }
