"""The Trydan's datasheet: what it says on the LAN (keywords of ``/RealTimeData`` and ``/read``) and in the cloud.

Cloud keys name the answer they stand in: ``live.`` is ``/device/currentstatecharge`` (powers in kW), ``reported.``
is ``/device/reported``; a ``write_key`` names the command in ``routes.py``. Points without a source are derived.
Source: research brief of the two protocols, sections 1.2, 1.5 and 2.4.
"""

from ...energy_core.points import Block, Point, Source
from . import codes

KILO = 1000
# More than three phases of 32 A can carry, with room for a house on a big connection.
MOST_W = 100_000
LOWEST_A, HIGHEST_A = 6, 32
# What a meter of 16 bits says when it has no value, and the box passes on.
NO_WATTS = frozenset({-0x8000, 0x7FFF, 0xFFFF})
# A year; nobody charges longer.
LONGEST_S = 31_536_000


def _lan(key: str, **more: object) -> Source:
    return Source(key=key, **more)  # type: ignore[arg-type]


def _watts(key: str) -> Source:
    return Source(key=key, missing=NO_WATTS)


def _live(key: str, **more: object) -> Source:
    return Source(key=f"live.{key}", **more)  # type: ignore[arg-type]


def _reported(key: str, write: str | None = None, **more: object) -> Source:
    return Source(key=f"reported.{key}", write_key=write, **more)  # type: ignore[arg-type]


def _flag(lan: str, cloud: str | None = None) -> Point[bool]:
    """Return a switch; where the cloud has it too, it reads and sets it by the same name."""
    source = _lan(lan, codes=codes.ON_OFF, rw=True)
    if cloud is None:
        return Point(bool, lan=source)
    return Point(bool, lan=source, cloud=_reported(cloud, cloud, codes=codes.ON_OFF))


def _amps(lan: str, cloud: str) -> Point[float]:
    """Return a current that can be set."""
    return Point(
        float,
        "A",
        low=0,
        high=100,
        write_low=LOWEST_A,
        write_high=HIGHEST_A,
        lan=_lan(lan, rw=True),
        cloud=_reported(cloud, cloud),
    )


class Charge(Block):
    """What flows now."""

    essential = True

    state = Point(
        str, lan=_lan("ChargeState", codes=codes.CHARGE_STATES), cloud=_live("charge_state", codes=codes.CLOUD_CHARGE_STATES)
    )
    power = Point(float, "W", low=-MOST_W, high=MOST_W, lan=_watts("ChargePower"), cloud=_live("power", scale=KILO))
    # Predecessors keep it in kWh, and automations compare with that; it starts again whenever the box likes.
    energy = Point(float, "kWh", low=0, high=10_000, lan=_lan("ChargeEnergy"), cloud=_live("energy"))
    time = Point(float, "s", low=0, high=LONGEST_S, lan=_lan("ChargeTime"), cloud=_live("seconds"))
    house_power = Point(float, "W", low=-MOST_W, high=MOST_W, lan=_watts("HousePower"), cloud=_live("house_power", scale=KILO))
    pv_power = Point(float, "W", low=-MOST_W, high=MOST_W, lan=_watts("FVPower"), cloud=_live("sun_power", scale=KILO))
    battery_power = Point(float, "W", low=-MOST_W, high=MOST_W, lan=_watts("BatteryPower"), cloud=_live("battery", scale=KILO))
    meter_error = Point(str, lan=_lan("SlaveError", codes=codes.METER_ERRORS), cloud=_live("error", codes=codes.METER_ERRORS))
    mains_voltage = Point(float, "V", low=50, high=500, cloud=_live("voltage"))


class Meter(Block):
    """What the cloud alone says of the grid."""

    essential = True

    cloud_grid_power = Point(float, "W", low=-MOST_W, high=MOST_W, cloud=_live("grid_power", scale=KILO))
    solar_on = Point(bool, cloud=_live("photovoltaic_on", codes=codes.ON_OFF))


class Settings(Block):
    """What can be set, and is part of every reading."""

    essential = True

    paused = _flag("Paused", "pause")
    locked = _flag("Locked", "locked")
    timer = _flag("Timer")
    dynamic = _flag("Dynamic", "dynamic")
    pause_dynamic = _flag("PauseDynamic")
    power_mode = Point(
        str,
        lan=_lan("DynamicPowerMode", codes=codes.POWER_MODES, write_codes=codes.POWER_MODES_WRITE),
        cloud=_reported(
            "chargefvmode",
            "chargefvmode",
            codes={code: name for name, code in codes.CLOUD_POWER_MODES_WRITE.items()},
            write_codes=codes.CLOUD_POWER_MODES_WRITE,
        ),
    )
    intensity = _amps("Intensity", "intensity")
    min_intensity = _amps("MinIntensity", "min_car_int")
    max_intensity = _amps("MaxIntensity", "max_car_int")
    contracted_power = Point(
        float,
        "W",
        low=-MOST_W,
        high=MOST_W,
        write_low=1000,
        write_high=50_000,
        step=100,
        lan=_lan("ContractedPower", missing=NO_WATTS | {-1}, rw=True),
        cloud=_reported("contract_power", scale=100),
    )
    installation_voltage = Point(
        float, "V", low=1, high=500, write_low=100, write_high=450, lan=_lan("VoltageInstallation", rw=True)
    )


class Raw(Block):
    """The same settings as words, for those who watched them as sensors before."""

    ready_state = Point(str, lan=_lan("ReadyState", codes=codes.READY_STATES))
    paused = Point(str, lan=_lan("Paused", codes=codes.PAUSED), cloud=_reported("pause", codes=codes.PAUSED))
    locked = Point(str, lan=_lan("Locked", codes=codes.LOCKED), cloud=_reported("locked", codes=codes.LOCKED))
    timer = Point(str, lan=_lan("Timer", codes=codes.ENABLED))
    dynamic = Point(str, lan=_lan("Dynamic", codes=codes.ENABLED), cloud=_reported("dynamic", codes=codes.ENABLED))
    pause_dynamic = Point(str, lan=_lan("PauseDynamic", codes=codes.MODULATING))


class Phases(Block):
    """What each phase carries; firmware 2.5.0 and newer."""

    essential = True

    current_l1 = Point(float, "A", low=0, high=100, lan=_lan("IntensityMeasure_L1"))
    current_l2 = Point(float, "A", low=0, high=100, lan=_lan("IntensityMeasure_L2"))
    current_l3 = Point(float, "A", low=0, high=100, lan=_lan("IntensityMeasure_L3"))
    voltage_l1 = Point(float, "V", low=0, high=500, lan=_lan("VoltageMeasure_L1"))
    voltage_l2 = Point(float, "V", low=0, high=500, lan=_lan("VoltageMeasure_L2"))
    voltage_l3 = Point(float, "V", low=0, high=500, lan=_lan("VoltageMeasure_L3"))


class Extra(Block):
    """What firmware 2.4.6 answers only when asked for it by name."""

    every = 360
    late = True

    charge_mode = Point(str, lan=_lan("ChargeMode", codes=codes.CHARGE_MODES, rw=True))
    light_led = Point(
        float,
        "%",
        low=0,
        high=100,
        write_high=100,
        lan=_lan("LightLED", rw=True),
        cloud=_reported("light_led", scale=100),
    )
    logo_led = Point(
        bool,
        lan=_lan("LogoLED", codes=codes.LOGO, write_codes=codes.LOGO_WRITE),
        cloud=_reported("logo_led", "logo_led", codes=codes.LOGO, write_codes=codes.LOGO_WRITE),
    )


class Info(Block):
    """Who it is and how it is connected."""

    essential = True

    device_id = Point(str, secret=True, lan=_lan("ID"), cloud=_reported("device_id"))
    firmware = Point(str, lan=_lan("FirmwareVersion"), cloud=_reported("version"))
    ssid = Point(str, secret=True, lan=_lan("SSID"), cloud=_reported("wifi_ssid"))
    ip = Point(str, secret=True, lan=_lan("IP"), cloud=_reported("wifi_ip"))
    signal = Point(str, lan=_lan("SignalStatus", codes=codes.SIGNALS))


class Cloud(Block):
    """What only the cloud knows and sets."""

    essential = True

    rfid_reader = Point(bool, cloud=_reported("set_rfid", "set_rfid", codes=codes.ON_OFF))
    ocpp = Point(bool, cloud=_reported("ocpp", "ocpp", codes=codes.ON_OFF))
    installation_type = Point(str, cloud=_reported("inst_type", "inst_type", codes=codes.INSTALLATION_TYPES))
    meter_type = Point(
        str, cloud=_reported("slave_type", "slave_type", codes=codes.METER_TYPES, write_codes=codes.METER_TYPES_WRITE)
    )
    language = Point(str, cloud=_reported("language", "language", codes=codes.LANGUAGES))
    max_power = Point(
        float,
        "W",
        low=0,
        high=MOST_W,
        write_low=1000,
        write_high=50_000,
        step=100,
        cloud=_reported("maxpower", "maxpower"),
    )
    max_power_installation = Point(float, "W", low=0, high=MOST_W, cloud=_reported("maxpowerinstallation"))
    # Derived from answers that are no flat objects.
    connected = Point(bool)
    latest_firmware = Point(str)
    model = Point(str)
    cards = Point(float)
    profiles = Point(float)
    active_profile = Point(str)


class Status(Block):
    """What follows from several values."""

    state = Point(str, names=("disconnected", "connected", "charging", "paused", *codes.FAULTS))
    plugged = Point(bool)
    charging = Point(bool)
    ready = Point(bool)
    fault = Point(bool)
    meter_problem = Point(bool)
    grid_power = Point(float, "W")
    operating_mode = Point(str, names=("stop", "charge", "dynamic", "solar"))


class Session(Block):
    """The charging session, from plug to plug."""

    energy = Point(float, "Wh")
    active_time = Point(float, "s")
    started = Point(float)


class LastSession(Block):
    """The newest finished session that the cloud has in its books."""

    started = Point(float)
    ended = Point(float)
    duration = Point(float, "s")
    energy = Point(float, "Wh")
    cost = Point(float)
    badge = Point(str)
    message = Point(str)


class Link(Block):
    """How we reach it."""

    source = Point(str, names=("lan", "cloud", "offline"))


class Account(Block):
    """What the account has, all chargers together."""

    total_energy = Point(float, "Wh")
    total_sessions = Point(float)
    calls_left = Point(float)
    calls_limit = Point(float)
    reachable = Point(bool)
