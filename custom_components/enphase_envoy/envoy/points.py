"""The gateway's datasheet: every value, where it stands and what it means.

Source of every line: research brief, sections 2 and 3. W, Wh, V, A, Hz, °C and %; grid + = import,
battery + = discharging, production + = producing, as the gateway has them. Powers and energies are
whole numbers: the decimals of a CT are noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Final, override

from ...energy_core.counters import CounterPolicy
from ...energy_core.points import Block, Key, Point, Raw, Source, Value

WIRE: Final = "local"
LIFETIME: Final = CounterPolicy.LIFETIME
# What homes do not reach: a reading beyond it is garbage.
MOST_W: Final = 1e6
MOST_WH: Final = 4e9
# What 16 bits say that have no value.
NOTHING: Final = frozenset({-0x8000, 0x7FFF, 0xFFFF})

METERING_STATUS: Final[Mapping[int | str, Value]] = {
    "normal": "normal",
    "not-metering": "not-metering",
    "check-wiring": "check-wiring",
}
# Two names for one thing, by firmware.
STORAGE_MODES: Final[Mapping[int | str, Value]] = {
    "backup": "backup",
    "self-consumption": "self_consumption",
    "economy": "savings",
    "savings-mode": "savings",
}
CONTACT_MODES: Final[Mapping[int | str, Value]] = {"manual": "standard", "soc": "battery"}
CONTACT_ACTIONS: Final[Mapping[int | str, Value]] = {
    "apply": "powered",
    "shed": "not_powered",
    "schedule": "schedule",
    "none": "none",
}
LEDS: Final[Mapping[int | str, Value]] = {12: "charging", 13: "discharging", 14: "idle", 15: "idle", 16: "idle", 17: "idle"}
ACB_STATES: Final[Mapping[int | str, Value]] = {each: each for each in ("discharging", "idle", "charging", "full")}
GRID: Final[Mapping[int | str, Value]] = {"closed": True, "close": True, "open": False}
MAINS: Final[Mapping[Value, int | str]] = {True: "closed", False: "open"}
# What is also there for each phase has a second text, which says for which.
OF_PHASES: Final = {"_phase": ("phase_name",)}
FLOWS: Final = ("charging", "discharging", "idle")


@dataclass
class Part(Block):
    """One of several like things: ``item`` is its name in the answers, ``prefix`` starts the ids of its entities.

    ``phase`` is 1 to 3 for a part that is one phase of another, ``family`` the endpoint that shows that it exists.
    """

    named: ClassVar[bool] = True

    item: str = ""
    prefix: str = ""
    phase: int = 0
    family: str = ""

    @cached_property
    def _of_item(self) -> Mapping[str, Source]:
        found = super().sources(WIRE)
        if not self.item:
            return found
        return {name: _moved(source, (source.key[0], self.item, *source.key[1:])) for name, source in found.items()}  # type: ignore[index]

    @override
    def sources(self, wire: str) -> Mapping[str, Source]:
        """Return where each value of this item stands."""
        return self._of_item


def _moved(source: Source, key: Key) -> Source:
    """Return the same under another key; there are thousands, and ``dataclasses.replace`` takes ten times as long."""
    found = object.__new__(Source)
    vars(found).update(vars(source), key=key)
    return found


def fields_of(block: type[Block]) -> list[str]:
    """Return the names of the fields that the points of a class read."""
    sources = (point.source(WIRE) for point in block.points.values())
    return [str(source.key[-1]) for source in sources if source is not None and isinstance(source.key, tuple)]


def _at(endpoint: str, name: str, **more: Any) -> Source:
    return Source(key=(endpoint, name), **more)


def _watts(endpoint: str, name: str, **more: Any) -> Point[float]:
    return Point(float, "W", low=-MOST_W, high=MOST_W, digits=0, local=_at(endpoint, name, **{"missing": NOTHING} | more))


def _energy(endpoint: str, name: str, counter: CounterPolicy | None = LIFETIME, **more: Any) -> Point[float]:
    low, source = 0 if counter else -MOST_WH, _at(endpoint, name, **{"missing": NOTHING} | more)
    return Point(float, "Wh", low=low, high=MOST_WH, digits=0, counter=counter, local=source)


def _number(endpoint: str, name: str, unit: str | None = None, **more: Any) -> Point[float]:
    bounds = {key: more.pop(key) for key in ("low", "high", "digits") if key in more}
    return Point(float, unit, **bounds, local=_at(endpoint, name, **more))


def _flag(endpoint: str, name: str) -> Point[bool]:
    return Point(bool, local=_at(endpoint, name))


def _text(endpoint: str, name: str, **more: Any) -> Point[str]:
    return Point(str, local=_at(endpoint, name, **more))


def _percent(endpoint: str, name: str) -> Point[float]:
    return _number(endpoint, name, "%", low=0, high=100)


def _flow(unit: str) -> Point[float]:
    return Point(float, unit)


class Info(Block):
    """The gateway itself."""

    every: ClassVar[float] = 3600
    essential: ClassVar[bool] = True

    serial = Point(str, secret=True, local=_at("info", "serial"))
    firmware = _text("info", "firmware")
    part_number = _text("info", "part_number")
    metered = _flag("info", "metered")
    time = _number("info", "time", "s")


class Meters(Block):
    """Which CTs there are; read to find them."""

    every: ClassVar[float] = 300
    essential: ClassVar[bool] = True

    count = _number("meters", "count")


class MeterState(Part):
    """How a CT does."""

    variants: ClassVar[Mapping[str, tuple[str, ...]]] = OF_PHASES
    every: ClassVar[float] = 300

    metering_status = _text("meters", "meteringStatus", codes=METERING_STATUS)
    status_flags = _number("meters", "flags")


@dataclass
class Meter(Part):
    """What flows through a CT, or through one phase of it."""

    variants: ClassVar[Mapping[str, tuple[str, ...]]] = OF_PHASES

    _before: dict[str, Value | None] = field(default_factory=dict, repr=False)

    power = _watts("readings", "activePower")
    delivered = _energy("readings", "actEnergyDlvd")
    received = _energy("readings", "actEnergyRcvd")

    @override
    def decode(self, wire: str, raw: Mapping[Key, Raw]) -> None:
        """Take over a reading, and remember the one before."""
        self._before = dict(self.values)
        super().decode(wire, raw)

    @property
    def fell_to_zero(self) -> bool:
        """Tell whether registers that had counted are at zero now."""
        return self.delivered == 0 == self.received and any(self._before.get(name) for name in ("delivered", "received"))

    def take_back(self) -> None:
        """Believe the registers of the reading before; how much flows is not known."""
        self.values |= {name: self._before.get(name) for name in ("delivered", "received")} | {"power": None}


class MeterDetail(Part):
    """What else a CT measures, which most people never look at; the voltage of several phases is their sum (trap 20)."""

    variants: ClassVar[Mapping[str, tuple[str, ...]]] = OF_PHASES

    voltage = _number("readings", "voltage", "V", low=0, high=2000)
    current = _number("readings", "current", "A", low=-10_000, high=10_000)
    frequency = _number("readings", "freq", "Hz", low=0, high=100)
    power_factor = _number("readings", "pwrFactor")
    apparent_power = Point(float, "VA", low=-MOST_W, high=MOST_W, digits=0, local=_at("readings", "apparentPower"))
    reactive_power = Point(float, "var", low=-MOST_W, high=MOST_W, digits=0, local=_at("readings", "reactivePower"))


class MeterTotal(Part):
    """The registers of a CT, or of one phase of it, as they are shown: they move slowly, and are brought up now and then."""

    variants: ClassVar[Mapping[str, tuple[str, ...]]] = OF_PHASES

    delivered = _flow("Wh")
    received = _flow("Wh")


class Eim(Part):
    """A segment of the production report, or one phase of it: what the gateway itself makes of its meters."""

    every: ClassVar[float] = 60

    active = _number("production", "activeCount")
    power = _watts("production", "wNow")
    lifetime = _energy("production", "whLifetime", None)
    today = _energy("production", "whToday", None)
    week = _energy("production", "whLastSevenDays", None)


class AcbSum(Part):
    """All AC batteries as the production report has them; + = discharging."""

    every: ClassVar[float] = 60

    power = _watts("production", "wNow")
    soc = _percent("production", "percentFull")
    state = _text("production", "state", codes=ACB_STATES)


class AcbStore(Part):
    """What is left in all AC batteries; a value of the gateway, as Home Assistant's own integration has it."""

    every: ClassVar[float] = 60

    energy = _energy("production", "whNow", None)


class Production(Block):
    """The sum of a gateway without meters."""

    every: ClassVar[float] = 60

    power = _watts("v1", "wattsNow")
    # Some firmware says 0 for a while after a start, or for ever: that is no register.
    lifetime = _energy("v1", "wattHoursLifetime", None, missing=frozenset({0}))
    today = _energy("v1", "wattHoursToday", None)
    week = _energy("v1", "wattHoursSevenDays", None)


class Inverters(Block):
    """How many inverters report; read to find them. New reports come every 5 or 15 minutes."""

    every: ClassVar[float] = 300
    essential: ClassVar[bool] = True

    inverter_count = _number("inverters", "count")


class Inverter(Part):
    """An inverter's last report."""

    every: ClassVar[float] = 300

    power = _watts("inverters", "lastReportWatts")
    max_power = _watts("inverters", "maxReportWatts")
    last_reported = _number("inverters", "lastReportDate", low=1)


@dataclass
class InverterDetail(Part):
    """What firmware 8.2.4345 and newer tell of an inverter's last interval; its day is ``estimated`` before that."""

    estimated: bool = False

    every: ClassVar[float] = 300
    late: ClassVar[bool] = True

    dc_voltage = _number("device_data", "dcVoltageINmV", "V", scale=0.001)
    dc_current = _number("device_data", "dcCurrentINmA", "A", scale=0.001)
    ac_voltage = _number("device_data", "acVoltageINmV", "V", scale=0.001)
    ac_current = _number("device_data", "acCurrentInmA", "A", scale=0.001)
    ac_frequency = _number("device_data", "acFrequencyINmHz", "Hz", scale=0.001)
    temperature = _number("device_data", "channelTemp", "°C", low=-60, high=150)
    lifetime_energy = _energy("device_data", "produced")
    energy_today = _energy("device_data", "today", CounterPolicy.DAILY)
    energy_yesterday = _energy("device_data", "yesterday", None)
    energy_week = _energy("device_data", "week", None)
    last_report_duration = _number("device_data", "duration", "s", low=0)
    energy_produced = _number("device_data", "interval_energy", "mWh", digits=3)

    @override
    def decode(self, wire: str, raw: Mapping[Key, Raw]) -> None:
        """Take over a reading; an estimate stays where the gateway has no figure of its own."""
        kept = self.energy_today
        super().decode(wire, raw)
        if self.estimated and self.lacks("energy_today"):
            self.values["energy_today"] = kept


class Inventory(Block):
    """What is installed; read to find it. ``who`` are the ``silent`` inverters, apart by commas."""

    every: ClassVar[float] = 900
    essential: ClassVar[bool] = True

    silent = Point(float)
    who = Point(str)
    acb_count = _number("inventory", "ACB")


class InverterState(Part):
    """Whether an inverter is known to the cloud, heard of, and at work."""

    every: ClassVar[float] = 900

    provisioned = _flag("inventory", "provisioned")
    communicating = _flag("inventory", "communicating")
    producing = _flag("inventory", "producing")
    operating = _flag("inventory", "operating")
    status = _text("inventory", "status")


class QRelay(Part):
    """A Q-Relay, which disconnects the inverters from the grid."""

    every: ClassVar[float] = 900

    part_number = _text("inventory", "part_num")
    communicating = _flag("inventory", "communicating")
    relay = _text("inventory", "relay")


class Acb(Part):
    """An AC battery of the first generation."""

    every: ClassVar[float] = 300

    part_number = _text("inventory", "part_num")
    soc = _percent("inventory", "percentFull")
    temperature = _number("inventory", "maxCellTemp", "°C", low=-60, high=150)
    charge_status = _text("inventory", "charge_status", codes={each: each for each in FLOWS})
    provisioned = _flag("inventory", "provisioned")
    communicating = _flag("inventory", "communicating")
    operating = _flag("inventory", "operating")
    producing = _flag("inventory", "producing")
    sleep_enabled = _flag("inventory", "sleep_enabled")
    sleeping = _flag("inventory", "sleeping")
    sleep_min_soc = _percent("inventory", "sleep_min_soc")
    sleep_max_soc = _percent("inventory", "sleep_max_soc")
    sleep_state = Point(str, names=("awake", "going_to_sleep", "asleep", "waking"))
    sleep_soc_target = Point(str)


class AcbPower(Part):
    """What an AC battery last reported, among the inverters (trap 16)."""

    every: ClassVar[float] = 300

    power = _watts("inverters", "acb_lastReportWatts")
    last_reported = _number("inverters", "acb_lastReportDate", low=1)


class AcbGroup(Block):
    """All AC batteries together."""

    sleep_state = Point(str, names=("awake", "going_to_sleep", "asleep", "waking", "mixed"))


class Ensemble(Block):
    """Which batteries and controllers there are; read to find them."""

    every: ClassVar[float] = 300
    essential: ClassVar[bool] = True

    battery_count = _number("ensemble", "ENCHARGE")


class Encharge(Part):
    """An IQ battery."""

    every: ClassVar[float] = 60

    part_number = _text("ensemble", "part_num")
    temperature = _number("ensemble", "temperature", "°C", low=-60, high=150)
    max_cell_temperature = _number("ensemble", "maxCellTemp", "°C", low=-60, high=150)
    last_reported = _number("ensemble", "last_rpt_date", low=1)
    communicating = _flag("ensemble", "communicating")
    dc_switch_off = _flag("ensemble", "dc_switch_off")
    dc_switch = Point(bool)
    operating = _flag("ensemble", "operating")
    sleep_enabled = _flag("ensemble", "sleep_enabled")
    led = _text("ensemble", "led_status", codes=LEDS)
    capacity = _number("ensemble", "encharge_capacity", "Wh", low=0)
    provisioned = Point(bool)
    producing = Point(bool)
    state_text = _text("ensemble", "admin_state_str")
    installed_firmware = _text("ensemble", "img_pnum_running")


class EnchargePower(Part):
    """What an IQ battery does now, in thousandths (trap 18); + = discharging."""

    every: ClassVar[float] = 30

    soc = _percent("power", "soc")
    real_power = _number("power", "real_power_mw", "W", scale=0.001, low=-MOST_W, high=MOST_W)
    apparent_power = _number("power", "apparent_power_mva", "VA", scale=0.001, low=-MOST_W, high=MOST_W)
    max_power = Point(float, "W")


class Storage(Block):
    """All IQ batteries together, and together with the AC batteries."""

    every: ClassVar[float] = 60

    level = _percent("secctrl", "ENC_agg_soc")
    reserve = _percent("secctrl", "adjusted_backup_soc")
    health = _percent("secctrl", "ENC_agg_soh")
    available = _energy("secctrl", "ENC_agg_avail_energy", None)
    reserve_energy = _energy("secctrl", "ENC_agg_backup_energy", None)
    capacity = _energy("secctrl", "Enc_max_available_capacity", None)
    all_level = _percent("secctrl", "agg_soc")
    all_capacity = _energy("secctrl", "Max_energy", None)
    acb_available = _energy("secctrl", "ACB_agg_energy", None)
    all_available = Point(float, "Wh")


class StorageSettings(Part):
    """How the batteries are used; written whole, on what was read the moment before."""

    every: ClassVar[float] = 300

    mode = Point(str, local=_at("tariff", "mode", codes=STORAGE_MODES, rw=True))
    reserve = Point(float, "%", low=0, high=100, write_high=100, local=_at("tariff", "reserved_soc", rw=True))
    charge_from_grid = Point(bool, local=_at("tariff", "charge_from_grid", rw=True))
    optimised = Point(bool, local=_at("tariff", "opt_schedules", rw=True))


class Enpower(Part):
    """The system controller; its temperature is in °F (trap 19)."""

    every: ClassVar[float] = 60

    part_number = _text("ensemble", "part_num")
    temperature = _number("ensemble", "temperature", "°F", low=-80, high=300)
    last_reported = _number("ensemble", "last_rpt_date", low=1)
    communicating = _flag("ensemble", "communicating")
    grid_connected = Point(bool, local=_at("ensemble", "mains_oper_state", codes=GRID))
    grid_enabled = Point(
        bool, local=_at("ensemble", "mains_admin_state", codes=GRID, write_codes=MAINS, write_key=("relay", "mains_admin_state"))
    )
    installed_firmware = _text("ensemble", "img_pnum_running")


class Collar(Part):
    """A meter collar; off the grid only its administrative state tells."""

    every: ClassVar[float] = 60

    part_number = _text("ensemble", "part_num")
    temperature = _number("ensemble", "temperature", "°C", low=-60, high=150)
    last_reported = _number("ensemble", "last_rpt_date", low=1)
    communicating = _flag("ensemble", "communicating")
    grid_state = Point(str, names=("on_grid", "off_grid", "synchronizing"), local=_at("ensemble", "grid_state"))
    admin_state = _text("ensemble", "admin_state_str", codes={"ENCMN_MDE_ON_GRID": "on_grid", "ENCMN_MDE_OFF_GRID": "off_grid"})
    mid_state = Point(str, names=("close", "open"), local=_at("ensemble", "mid_state"))
    installed_firmware = _text("ensemble", "img_pnum_running")


class Combiner(Part):
    """The controller of an IQ Combiner 6C."""

    every: ClassVar[float] = 60

    part_number = _text("ensemble", "part_num")
    last_reported = _number("ensemble", "last_rpt_date", low=1)
    communicating = _flag("ensemble", "communicating")
    installed_firmware = _text("ensemble", "fw_version")


class Contacts(Block):
    """Which dry contacts there are; read to find them."""

    every: ClassVar[float] = 300

    count = _number("contact_settings", "count")


class Contact(Part):
    """Whether a dry contact is closed."""

    every: ClassVar[float] = 60

    closed = Point(bool, local=_at("contacts", "status", codes=GRID, write_codes=MAINS, rw=True))


class ContactSettings(Part):
    """What a dry contact does by itself; written whole: a partial object can crash the gateway."""

    every: ClassVar[float] = 300

    load_name = _text("contact_settings", "load_name")
    mode = _text("contact_settings", "mode", codes=CONTACT_MODES, rw=True)
    grid_action = _text("contact_settings", "grid_action", codes=CONTACT_ACTIONS, rw=True)
    microgrid_action = _text("contact_settings", "micro_grid_action", codes=CONTACT_ACTIONS, rw=True)
    generator_action = _text("contact_settings", "gen_action", codes=CONTACT_ACTIONS, rw=True)
    soc_low = Point(float, "%", low=0, high=100, write_high=100, local=_at("contact_settings", "soc_low", rw=True))
    soc_high = Point(float, "%", low=0, high=100, write_high=100, local=_at("contact_settings", "soc_high", rw=True))


class Generator(Block):
    """A generator behind the system controller."""

    every: ClassVar[float] = 60

    present = _number("generator", "present")
    running = Point(bool, local=_at("generator", "oper_state", codes=GRID))
    enabled = Point(bool, local=_at("generator", "admin_state", codes=GRID))
    start_level = _percent("generator", "start_soc")
    stop_level = _percent("generator", "stop_soc")


class ExportLimit(Block):
    """How much may be fed into the grid."""

    every: ClassVar[float] = 3600
    late: ClassVar[bool] = True

    limited = _flag("export_limit", "PEL")
    limit = _number("export_limit", "PEL_Limit", "W", low=0, high=MOST_W)


class Home(Block):
    """How the gateway itself does."""

    every: ClassVar[float] = 3600
    late: ClassVar[bool] = True

    cloud = _flag("home", "cloud")
    cloud_report = _number("home", "cloud_report", low=1)
    signal = _number("home", "signal", "%", low=0, high=100, digits=0)
    database = _number("home", "database", "%", low=0, high=100)


class Token(Block):
    """The key to the gateway; its text is never a value."""

    expires = Point(float)
    role = Point(str, names=("owner", "installer", "unknown"))


class Site(Part):
    """What follows from all of it for the house, or for one phase of it; grid + = import.

    ``house`` is what the house itself takes: total consumption holds the battery's charging too (trap 3).
    """

    variants: ClassVar[Mapping[str, tuple[str, ...]]] = OF_PHASES

    production = _flow("W")
    consumption = _flow("W")
    net = _flow("W")
    importing = _flow("W")
    exporting = _flow("W")
    house = _flow("W")
    reported_net = _flow("W")
    production_lifetime = _flow("Wh")
    production_today = _flow("Wh")
    production_week = _flow("Wh")
    consumption_lifetime = _flow("Wh")
    consumption_today = _flow("Wh")
    consumption_week = _flow("Wh")
    net_lifetime = _flow("Wh")
    net_today = _flow("Wh")
    net_week = _flow("Wh")
    import_today = _flow("Wh")
    import_week = _flow("Wh")
    export_today = _flow("Wh")
    export_week = _flow("Wh")


class Batteries(Block):
    """All batteries as one; + = discharging."""

    power = _flow("W")
    state = Point(str, names=FLOWS)
    charged_today = _flow("Wh")
    discharged_today = _flow("Wh")
