"""What owners write to a gateway: relay, dry contacts and tariff."""

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .envoy_model import EnvoyModel

type Json = dict[str, Any]

CONTACTS: Final = ("NC1", "NC2", "NO1", "NO2")
MODES: Final = ("self-consumption", "backup", "savings-mode", "economy")
DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
SEASONS: Final[list[Json]] = [
    {
        "id": "all_year_long",
        "start": "1/1",
        "days": [
            {
                "id": "all_days",
                "days": "Mon,Tue,Wed,Thu,Fri,Sat,Sun",
                "must_charge_start": 0,
                "must_charge_duration": 0,
                "must_charge_mode": "CP",
                "peak_rule": "DL",
                "enable_discharge_to_grid": False,
                "periods": [{"id": "filler", "start": 1320, "rate": 0.1034}, {"id": "period_1", "start": 480, "rate": 0.1898}],
            }
        ],
        "tiers": [],
    }
]
BASE_CONTACT: Final[Json] = {
    "type": "NONE",
    "grid_action": "none",
    "micro_grid_action": "none",
    "gen_action": "none",
    "override": "false",
    "load_name": "",
    "mode": "manual",
    "soc_low": 30.0,
    "soc_high": 70.0,
    "pv_serial_nb": [],
}
USED_CONTACT: Final[Json] = BASE_CONTACT | {
    "type": "LOAD",
    "grid_action": "apply",
    "micro_grid_action": "shed",
    "gen_action": "shed",
    "essential_start_time": 32400.0,
    "essential_end_time": 57600.0,
    "black_s_start": 5.0,
    "override": "true",
    "manual_override": "true",
}
YOUNG_CONTACT: Final[Json] = {
    "safe_state_action": "shed",
    "black_start_retries": 10000.0,
    "action_retries": 1.0,
    "pv_phase_select": [],
}


class WriteError(Exception):
    """A write that the gateway refuses, with the status and what is wrong with it."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        """Say what the client did."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail


class CrashError(WriteError):
    """A write that brings the gateway down: the connection is reset."""


class Settings:
    """Everything that a write changes and a later reading shows."""

    def __init__(self, model: EnvoyModel) -> None:
        """Begin with what an installer would leave behind."""
        self.model = model
        self.options = model.options
        self.mains_wanted = "closed"
        self.complaints: list[WriteError] = []
        self.contacts = {name: {"id": name, "status": "open"} for name in CONTACTS}
        self._contact_settings: dict[str, Json] = {}
        self._contacts_of: object = None
        self._tariff: Json = {}
        self._tariff_of: object = None
        self._later: list[tuple[float, Callable[[], None]]] = []

    # -- time ------------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Do what had to wait and is due now."""
        now = self.model.house.clock()
        due = [action for at, action in self._later if at <= now]
        self._later = [each for each in self._later if each[0] > now]
        for action in due:
            action()

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        if seconds <= 0:
            action()
        else:
            self._later.append((self.model.house.clock() + seconds, action))

    # -- relay -----------------------------------------------------------------------------------------------------

    @property
    def off_grid(self) -> bool:
        """Whether the house is off the grid."""
        return self.model.off_grid

    def write_relay(self, body: Json) -> Json:
        """Leave the grid or come back; it takes relay_seconds."""
        wanted = body.get("mains_admin_state")
        if not (self.options.enpower or self.options.collar):
            raise WriteError(400, "no_relay", "there is no grid relay here")
        if wanted not in ("open", "closed"):
            raise WriteError(400, "bad_value", f"mains_admin_state {wanted!r}")
        self.mains_wanted = str(wanted)
        self._after(self.options.relay_seconds, lambda: self.model.island(off_grid=self.mains_wanted == "open"))
        return {"mains_admin_state": wanted}

    # -- dry contacts ----------------------------------------------------------------------------------------------

    @property
    def contact_settings(self) -> dict[str, Json]:
        """Settings of each dry contact; new hardware and new firmware begin anew."""
        built_for = (self.options.enpower or self.options.collar, self.options.firmware.since(8, 3))
        if built_for != self._contacts_of:
            self._contacts_of, self._contact_settings = built_for, self._first_contacts()
        return self._contact_settings

    def _first_contacts(self) -> dict[str, Json]:
        used = self.options.enpower or self.options.collar
        more = YOUNG_CONTACT if used and self.options.firmware.since(8, 3) else {}
        found = {}
        for index, name in enumerate(CONTACTS):
            base = USED_CONTACT | {"priority": index + 1.0, "load_name": f"Load {name}"} if used else BASE_CONTACT
            found[name] = deepcopy({"id": name} | base | more)
        return found

    def write_contact(self, body: Json) -> Json:
        """Open or close one dry contact."""
        wanted = self._contact(body)
        if wanted.get("status") not in ("open", "closed"):
            raise WriteError(400, "bad_value", f"status {wanted.get('status')!r}")
        self.contacts[str(wanted["id"])]["status"] = str(wanted["status"])
        return {"dry_contacts": [dict(contact) for contact in self.contacts.values()]}

    def write_contact_settings(self, body: Json) -> Json:
        """Replace the settings of one dry contact; a partial object crashes the gateway."""
        wanted = self._contact(body)
        known = self.contact_settings[str(wanted["id"])]
        if missing := sorted(set(known) - set(wanted)):
            raise CrashError(0, "partial_dry_contact", f"{wanted['id']} without {missing}")
        taken = deepcopy(wanted)
        for name, value in wanted.items():
            if isinstance(value, bool):
                # It is taken all the same, but it should have been a string.
                self.complaints.append(WriteError(200, "boolean_dry_contact", f"{name}: {value}"))
                taken[name] = str(value).lower()
        self.contact_settings[str(wanted["id"])] = taken
        return {"dry_contacts": list(self.contact_settings.values())}

    def _contact(self, body: Json) -> Json:
        wanted = body.get("dry_contacts")
        if not isinstance(wanted, dict):
            raise WriteError(400, "bad_body", "one object under dry_contacts is expected")
        if wanted.get("id") not in self.contacts:
            raise WriteError(404, "unknown_id", f"dry contact {wanted.get('id')!r}")
        return wanted

    # -- tariff ----------------------------------------------------------------------------------------------------

    @property
    def reserved_soc(self) -> float:
        """What is kept for a power cut, percent."""
        storage = self.tariff["tariff"].get("storage_settings", {})
        return float(storage.get("reserved_soc", self.options.reserved_soc))

    @property
    def storage_mode(self) -> str:
        """The mode of the batteries."""
        return str(self.tariff["tariff"].get("storage_settings", {}).get("mode", ""))

    @property
    def tariff(self) -> Json:
        """The whole tariff; another generation of firmware begins anew."""
        built_for = (self.options.firmware.tokens, self.options.firmware.since(8, 2, 4200))
        if built_for != self._tariff_of:
            self._tariff_of, self._tariff = built_for, self._first_tariff()
        return self._tariff

    def _first_tariff(self) -> Json:
        options, stamp = self.options, str(int(self.model.epoch))
        tariff: Json = {
            "currency": {"code": "EUR"},
            "single_rate": {"rate": 0.2, "sell": 0.0},
            "seasons": deepcopy(SEASONS) if options.firmware.tokens else [],
            "seasons_sell": [],
        }
        schedule: Json = {"source": "Tariff", "date": "2026-01-01 00:00:00 UTC", "version": "00.00.02"}
        if not options.firmware.tokens:
            return {"tariff": tariff, "schedule": schedule}
        storage: Json = {
            "mode": options.storage_mode,
            "operation_mode_sub_type": "",
            "reserved_soc": options.reserved_soc,
            "very_low_soc": 5,
            "charge_from_grid": False,
            "date": stamp,
        }
        if options.firmware.since(8, 2, 4200):
            storage["opt_schedules"] = options.optimises
        tariff = {"currency": tariff.pop("currency"), "logger": "mylogger", "date": stamp, "storage_settings": storage} | tariff
        if options.firmware.since(8):
            schedule = {"filename": "Tariff"} | schedule | {"batt_mode": options.storage_mode}
        return {"tariff": tariff, "schedule": schedule | self._plan(storage)}

    @staticmethod
    def _plan(storage: Json) -> Json:
        """Give the part of the schedule that repeats the storage settings."""
        names = ("reserved_soc", "very_low_soc", "charge_from_grid", "operation_mode_sub_type", "opt_schedules")
        week = [{day: [{"start": 0, "duration": 1440, "setting": "ID"}]} for day in DAYS]
        every = {day: [{"start": 0, "duration": 1440, "setting": "ZN"}] for day in DAYS}
        override: Json = {
            "override": False,
            "override_backup_soc": 30.0,
            "override_chg_dischg_rate": 0.0,
            "override_tou_mode": "StorageTouMode_DEFAULT_TOU_MODE",
            "schedule": {"Disable": week, "tariff": [{"start": "1/1", "end": "1/1"} | every]},
        }
        return {name: storage[name] for name in names if name in storage} | {"battery_mode": storage["mode"]} | override

    def read_tariff(self) -> Json:
        """Give the tariff; opt_schedules is what the cloud wants of it now."""
        storage = self.tariff["tariff"].get("storage_settings", {})
        if self.options.opt_schedules is not None and "opt_schedules" in storage:
            storage["opt_schedules"] = self.options.opt_schedules
        return self.tariff

    def write_tariff(self, body: Json) -> Json:
        """Replace the tariff; while the cloud plans the battery, the mode stays what it was, without a word."""
        wanted = body.get("tariff")
        if not isinstance(wanted, dict):
            raise WriteError(400, "bad_body", "the whole tariff is expected")
        known = self.read_tariff()["tariff"]
        # An empty list may be left out, and clients do.
        empty: Json = {name: [] for name, value in known.items() if value == []}
        if missing := sorted(set(known) - set(wanted) - set(empty)):
            raise WriteError(400, "partial_tariff", f"without {missing}")
        old, new = known.get("storage_settings", {}), wanted.get("storage_settings", {})
        if missing := sorted(set(old) - set(new)):
            raise WriteError(400, "partial_tariff", f"storage_settings without {missing}")
        if new and new.get("mode") not in MODES:
            raise WriteError(400, "bad_value", f"mode {new.get('mode')!r}")
        self.tariff["tariff"] = taken = empty | deepcopy(wanted)
        if old.get("opt_schedules"):
            taken["storage_settings"]["mode"] = old["mode"]
            taken["storage_settings"]["opt_schedules"] = True
        if "storage_settings" in taken:
            self._repeat(taken["storage_settings"])
        if self.options.cloud_reverts_after > 0:
            self._after(self.options.cloud_reverts_after, lambda: self._put_back(taken, old))
        return self.tariff

    def _repeat(self, storage: Json) -> None:
        """Let the schedule say what the storage settings say."""
        schedule = self.tariff["schedule"]
        schedule |= {name: storage[name] for name in storage if name in schedule and name != "date"}
        schedule |= {name: storage["mode"] for name in ("batt_mode", "battery_mode") if name in schedule}

    def _put_back(self, tariff: Json, old: Json) -> None:
        """Undo a write, as the cloud does when it knows better."""
        tariff["storage_settings"] = deepcopy(old)
        self._repeat(old)
