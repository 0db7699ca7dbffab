"""The simulated charger: how the demo finds it, what it has behind it, and what Home Assistant must show of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .client import HomeAssistant
from .compare import Expected
from .flow import V2C
from .registry import House, read_house

DEVICE_ID = "SIMV2C"
LEAD = "v2c_"
# As in Home Assistant's configuration: the cloud writes local times without a zone.
TIME_ZONE = "Europe/Paris"
VOLTS = 230.0
# The box pauses, and looks at its meter without following it: so it shows what the house does.
AT_REST: Mapping[str, object] = {"write": {"Paused": 1, "Dynamic": 1, "PauseDynamic": 1, "Intensity": 16}}
# The evenings on which a car came home: days ago, hour, minute, minutes of charging.
EVENINGS = (
    (1, 18, 40, 155),
    (3, 20, 5, 165),
    (5, 19, 15, 95),
    (8, 18, 30, 180),
    (11, 17, 50, 130),
    (12, 20, 0, 60),
    (15, 18, 45, 210),
    (18, 21, 30, 165),
    (22, 19, 5, 110),
    (26, 18, 20, 140),
)
CARDS = ("Family car", "Guest")
USUAL_KW = 3.68
# The box says its energy in hundredths of a kWh, and its time in whole seconds.
ROUND_WH = 6.0
ROUND_S = 2.0
ROUND_A = 0.1
# The box rounds nothing, but its house has the Titan in it, which settles to a few watts.
ROUND_W = 4.0


async def read_charger(hass: HomeAssistant) -> House:
    """Read the charger and the account from the registries."""
    return await read_house(hass, V2C, LEAD)


def history(now: datetime) -> dict[str, object]:
    """Return the change that gives the cloud its past: the sessions of the last weeks."""
    days = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    sessions = [
        past_session(days - timedelta(days=ago) + timedelta(hours=hour, minutes=minute), length)
        | {"rfidCode": f"0{number % 2}5AC21B", "rfidName": CARDS[number % 2]}
        for number, (ago, hour, minute, length) in enumerate(EVENINGS)
    ]
    return {"v2c": {"options": {"timezone": TIME_ZONE}, "sessions": sessions}}


def past_session(start: datetime, minutes: int) -> dict[str, object]:
    """Return a session at the usual power, with what each clock hour brought."""
    end = start + timedelta(minutes=minutes)
    hour, by_hour = start.replace(minute=0), []
    while hour < end:
        later = hour + timedelta(hours=1)
        by_hour.append(round((min(end, later) - max(start, hour)) / timedelta(hours=1) * USUAL_KW, 3))
        hour = later
    return {"device_id": DEVICE_ID, "start": start.isoformat(), "end": end.isoformat(), "kwh_by_hour": by_hour}


def session_energies(change: Mapping[str, Any]) -> list[float]:
    """Return the energies in Wh of the sessions in a change, the newest first."""
    return [round(1000 * sum(session["kwh_by_hour"]), 1) for session in change["v2c"]["sessions"]]


def charger_expectations(trydan: Mapping[str, Any]) -> list[Expected]:
    """Return the numbers that Home Assistant must show while the charger is in this state and rests."""
    values = trydan["values"]
    watts = {"charge_power": "ChargePower", "house_power": "HousePower", "fv_power": "FVPower", "battery_power": "BatteryPower"}
    energy = 1000 * values["ChargeEnergy"]
    return [
        *(Expected(key=key, value=values[name], tolerance=ROUND_W, unit="W") for key, name in watts.items()),
        Expected(key="grid_power", value=values["HousePower"] - values["FVPower"], tolerance=ROUND_W, unit="W"),
        Expected(key="contracted_power", value=values["ContractedPower"], tolerance=ROUND_W, unit="W"),
        Expected(key="charge_energy", value=energy, tolerance=ROUND_WH, unit="Wh"),
        Expected(key="session_energy", value=energy, tolerance=ROUND_WH, unit="Wh"),
        Expected(key="charge_time", value=values["ChargeTime"], tolerance=ROUND_S, unit="s"),
        *(
            Expected(key=f"{key}_number", value=values[name], tolerance=ROUND_A, unit="A", domain="number")
            for key, name in (("intensity", "Intensity"), ("min_intensity", "MinIntensity"), ("max_intensity", "MaxIntensity"))
        ),
    ]
