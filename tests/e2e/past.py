"""A past for a house that began a minute ago: the powers of more than a week, as the recorder would have them.

The recorder takes hours through its own command. Steps of five minutes it takes from nobody: they go into its database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import math
import sqlite3
from zoneinfo import ZoneInfo

from demo.charger import TIME_ZONE, read_charger
from demo.envoy import read_envoy
from demo.flow import TITAN
from demo.registry import House, read_house
from tests.e2e.stage import Stage

STEP = timedelta(minutes=5)
STEPS_PER_HOUR = 12
# The first day is out of sight: what it began with is not known, so its energy is not either.
DAYS = 9
# The sun stands highest a little ago, so that the curves lead to what the simulated house does now.
NOON_AGO_H, DAYLIGHT_H = 1.5, 9.5
SUN_W, BASE_W = 1900.0, 320.0
# Hours before now on each day, how long, and how many W more: kettles, ovens, and the car.
MEALS = ((21.5, 1.2, 1100.0), (17.5, 0.5, 1500.0), (5.0, 0.5, 1500.0), (1.2, 0.8, 900.0))
CAR = ((20.0, 1.6, 2760.0), (2.6, 1.1, 1150.0))
BATTERY_WH, MOST_W, LEAST_SOC = 5400.0, 1200.0, 10.0
CLASSES = {"W": "power", "kW": "power", "Wh": "energy", "kWh": "energy", "MWh": "energy", "%": "unitless"}
SCALES = {"kW": 0.001, "kWh": 0.001, "MWh": 0.000001}


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Five minutes of the house, in W; battery + = discharging, grid + = import."""

    start: datetime
    pv: float
    load: float
    car: float
    battery: float
    soc: float

    @property
    def grid(self) -> float:
        """What the grid gives."""
        return self.load + self.car - self.pv - self.battery


def moments(now: datetime) -> list[Moment]:
    """Return the past, from a midnight to the last five minutes that are over."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    soc, found, start = 45.0, [], midnight
    while start + STEP <= now:
        ago = (now - start) / timedelta(hours=1)
        pv, load, car = _sun(ago), BASE_W + _extra(ago, MEALS), _extra(ago, CAR)
        battery = max(-MOST_W, min(MOST_W, load - pv))
        battery = 0.0 if (battery > 0 and soc <= LEAST_SOC) or (battery < 0 and soc >= 100) else battery
        soc = min(100.0, max(0.0, soc - battery * (STEP / timedelta(hours=1)) / BATTERY_WH * 100))
        found.append(Moment(start=start, pv=pv, load=load, car=car, battery=battery, soc=soc))
        start += STEP
    return found


def give(stage: Stage) -> None:
    """Write the past of everything that the dashboards draw."""
    hass = stage.demo.hass
    titan, envoy = stage.do(read_house(hass, TITAN)), stage.do(read_envoy(hass))
    charger = stage.do(read_charger(hass))
    past, states = moments(datetime.now(ZoneInfo(TIME_ZONE))), stage.do(hass.states())
    stage.house(soc=round(past[-1].soc))
    for house, key, of in _measured(titan, envoy, charger):
        if entity := house.find(key):
            values = [of(moment) for moment in past]
            unit = states[entity.entity_id]["attributes"].get("unit_of_measurement")
            _write(stage, entity.entity_id, unit, past, values, counted=False)
    for house, key, of in _counted(titan, envoy, charger):
        if entity := house.find(key):
            values = [of(moment) / STEPS_PER_HOUR for moment in past]
            unit = states[entity.entity_id]["attributes"].get("unit_of_measurement")
            _write(stage, entity.entity_id, unit, past, values, counted=True)


def _measured(titan: House, envoy: House, charger: House):
    return (
        (titan, "battery_power", lambda one: one.battery),
        (titan, "battery_soc", lambda one: one.soc),
        (titan, "dc_input_power", lambda one: one.pv),
        (titan, "meter_power", lambda one: one.grid),
        (titan, "ac_output_power", lambda one: max(0.0, one.pv + one.battery)),
        (envoy, "production", lambda one: one.pv),
        (envoy, "consumption", lambda one: one.load + one.car),
        (envoy, "net_consumption", lambda one: one.grid),
        (charger, "charge_power", lambda one: one.car),
    )


def _counted(titan: House, envoy: House, charger: House):
    return (
        (titan, "cumulative_production", lambda one: one.pv),
        (titan, "daily_production", lambda one: one.pv),
        (titan, "battery_total_charging_energy", lambda one: max(0.0, -one.battery)),
        (titan, "battery_total_discharging_energy", lambda one: max(0.0, one.battery)),
        (titan, "battery_daily_charging_energy", lambda one: max(0.0, -one.battery)),
        (titan, "battery_daily_discharging_energy", lambda one: max(0.0, one.battery)),
        (envoy, "lifetime_production", lambda one: one.pv),
        (envoy, "lifetime_consumption", lambda one: one.load + one.car),
        (envoy, "lifetime_net_consumption", lambda one: max(0.0, one.grid)),
        (envoy, "lifetime_net_production", lambda one: max(0.0, -one.grid)),
        (envoy, "daily_production", lambda one: one.pv),
        (envoy, "daily_consumption", lambda one: one.load + one.car),
        (envoy, "daily_import", lambda one: max(0.0, one.grid)),
        (envoy, "daily_export", lambda one: max(0.0, -one.grid)),
        (charger, "session_energy", lambda one: one.car),
    )


def _sun(ago: float) -> float:
    """Return what the panels gave so many hours ago."""
    height = math.cos(math.pi * ((ago - NOON_AGO_H + 12) % 24 - 12) / DAYLIGHT_H)
    inside = abs((ago - NOON_AGO_H + 12) % 24 - 12) < DAYLIGHT_H / 2
    cloud = 1 - 0.3 * max(0.0, math.sin(ago * 2.7)) * max(0.0, math.sin(ago * 7.3))
    return SUN_W * height * cloud * _strength(ago) if inside else 0.0


def _extra(ago: float, hours: Iterable[tuple[float, float, float]]) -> float:
    """Return the W of what ran so many hours ago."""
    return sum(watts for begin, long, watts in hours if begin - long < ago % 24 <= begin) * _strength(ago)


def _strength(ago: float) -> float:
    """Return how much of the usual a day brought; today all of it."""
    return 1 - 0.4 * abs(math.sin(1.7 * (ago // 24)))


def _write(stage: Stage, statistic: str, unit: str | None, past: list[Moment], values: list[float], *, counted: bool) -> None:
    """Write one statistic: hours by command, then five minutes where the command has made room for them.

    Sums end at 0, where those of the recorder begin.
    """
    scale = SCALES.get(unit or "", 1.0)
    scaled = [value * scale for value in values]
    left = sum(scaled)
    sums = [total - left for total in _running(scaled)]
    rows = [
        {"start": moment.start, "state": max(0.0, total + left), "sum": total}
        if counted
        else {"start": moment.start, "mean": value, "min": value, "max": value}
        for moment, value, total in zip(past, scaled, sums, strict=True)
    ]
    hours = [rows[place : place + STEPS_PER_HOUR] for place in range(0, len(rows), STEPS_PER_HOUR)]
    whole = [_hour(hour, counted=counted) for hour in hours if len(hour) == STEPS_PER_HOUR]
    kind = {
        "has_sum": counted,
        "mean_type": 0 if counted else 1,
        "has_mean": not counted,
        "unit_class": CLASSES.get(unit or ""),
        "name": None,
    }
    metadata = {"statistic_id": statistic, "source": "recorder", "unit_of_measurement": unit} | kind
    stage.command("recorder/import_statistics", metadata=metadata, stats=whole)
    _write_steps(stage, statistic, rows)


def _write_steps(stage: Stage, statistic: str, rows: list[dict[str, object]]) -> None:
    """Put steps of five minutes into the database, as soon as the recorder knows of the statistic."""
    with sqlite3.connect(stage.demo.folder / "home-assistant_v2.db", timeout=30) as database:
        found: list[int] = []

        def known() -> bool:
            query = "SELECT id FROM statistics_meta WHERE statistic_id = ?"
            found.extend(row[0] for row in database.execute(query, (statistic,)))
            return bool(found)

        stage.until(known)
        names = [name for name in rows[0] if name != "start"]
        columns = ", ".join(("metadata_id", "created_ts", "start_ts", *names))
        marks = ", ".join("?" * (3 + len(names)))
        now = datetime.now(UTC).timestamp()
        database.executemany(
            f"INSERT OR IGNORE INTO statistics_short_term ({columns}) VALUES ({marks})",
            [(found[0], now, row["start"].timestamp(), *(row[name] for name in names)) for row in rows],
        )


def _hour(steps: list[dict[str, object]], *, counted: bool) -> dict[str, object]:
    """Return the hour of twelve steps, as the recorder sums them up."""
    start = {"start": steps[0]["start"].astimezone(UTC).isoformat()}
    if counted:
        return start | {name: steps[-1][name] for name in ("state", "sum")}
    means = [step["mean"] for step in steps]
    return start | {"mean": sum(means) / len(means), "min": min(means), "max": max(means)}


def _running(values: Iterable[float]) -> Iterable[float]:
    """Yield the sum so far."""
    total = 0.0
    for value in values:
        total += value
        yield total
