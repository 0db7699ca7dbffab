"""The checks of the charger: a car that charges, the numbers of the box, and a LAN that goes away and comes back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from .charger import DEVICE_ID, VOLTS, charger_expectations, history, read_charger, session_energies
from .client import HomeAssistant
from .compare import Expected, Saying
from .console import DemoError, Row
from .flow import SCAN_INTERVAL, V2C
from .registry import House
from .simulator import Simulator
from .waiting import agree, number_of, reaches, reaches_number, state_of, wait_values

# The address was given last, and the entry is loaded anew with it.
LAN_WITHIN = 60
# What is written is read back, and the next reading shows the power.
FOLLOW_WITHIN = 30
# The first silence is borne, at the second the cloud takes over; a lost LAN is tried again ever less often.
CLOUD_WITHIN = 90
BACK_WITHIN = 120
# The cloud is asked for sessions two minutes after the start, in stretches.
SESSIONS_WITHIN = 120
POWER_TOLERANCE = 5.0
ENERGY_TOLERANCE = 2.0
FULL_A, LESS_A = 16, 8
# A thousand a day are allowed.
MOST_CALLS = 25
# The box wants 100 ms between two requests.
LEAST_GAP = 0.1
ASKED_FOR = [["Paused", "0"], ["Intensity", str(LESS_A)], ["Paused", "1"]]
LAN_LOST = Saying(text="values come from the cloud now")
# Settings of the charger, and what Home Assistant knows of it, that only the LAN knows.
KEYS = (
    *("charge_state", "charge_power", "charge_energy", "charge_time", "session_energy", "session_time", "session_started"),
    *("house_power", "fv_power", "battery_power", "grid_power", "slave_error", "contracted_power"),
    *("firmware_version", "signal_status", "data_source"),
)


async def plug_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Plug a car in and start its charge."""
    charger = await read_charger(hass)
    rows = [await _shows(hass, charger, "charger: data source", "data_source", "lan", limit=LAN_WITHIN)]
    charger = await read_charger(hass)
    rows.append(await _shows(hass, charger, "charger: state before", "charge_state", "disconnected"))
    await simulator.change({"car": {"connected": True, "soc": 40}})
    rows.append(await _shows(hass, charger, "car plugged in: state", "charge_state", "paused"))
    rows += await _order(hass, simulator, charger, "start_charge", FULL_A * VOLTS)
    rows.append(await _shows(hass, charger, "start_charge: state", "charge_state", "charging"))
    return rows


async def charge_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Limit and pause the charge; what the car got must be counted."""
    charger = await read_charger(hass)
    rows = await _order(hass, simulator, charger, "set_charge_intensity", LESS_A * VOLTS, amps=LESS_A)
    rows += await _order(hass, simulator, charger, "pause_charge", 0.0)
    rows.append(await _shows(hass, charger, "pause_charge: state", "charge_state", "paused"))
    return rows


async def lan_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Look at every value while the charger rests; then take its LAN away, and give it back."""
    charger, missing, took = await wait_values(partial(read_charger, hass), hass)
    got = ", ".join(missing) or f"{len(charger.entities)} of {len(charger.devices)} devices after {took:.0f} s more"
    absent = [key for key in KEYS if charger.find(key) is None]
    rows = [
        Row(check="charger: entities with a value", expected="none without", got=got, ok=not missing),
        Row(check="charger: entities of the LAN", expected="all", got=", ".join(absent) or "all", ok=not absent),
    ]

    async def numbers() -> Iterable[Expected]:
        return charger_expectations(await _trydan(simulator))

    rows += await agree(hass, charger, numbers, SCAN_INTERVAL / 2)
    await simulator.change({"trydan": {"faults": {"http": "refuse"}}})
    rows.append(await _shows(hass, charger, "LAN lost: data source", "data_source", "cloud", limit=CLOUD_WITHIN))
    rows.append(await _shows(hass, charger, "LAN lost: state", "charge_state", "paused"))
    await simulator.change({"trydan": {"faults": {"http": None}}})
    rows.append(await _shows(hass, charger, "LAN back: data source", "data_source", "lan", limit=BACK_WITHIN))
    return rows


async def after_checks(hass: HomeAssistant, simulator: Simulator) -> list[Row]:
    """Look at the sessions that the cloud has in its books, and at what all of it cost box and cloud."""
    energies = session_energies(history(datetime.now().astimezone()))

    async def last() -> float | None:
        # The sensor appears with the first answer.
        return await number_of(hass, (await read_charger(hass)).find("last_session_energy"))()

    rows = [
        await reaches_number("last session", energies[0], ENERGY_TOLERANCE, last, unit="Wh", limit=SESSIONS_WITHIN),
        await _statistics(hass, sum(energies)),
    ]
    state = await simulator.state()
    calls, paths = state["v2c"]["calls"], state["v2c"]["calls_by_path"]
    rows.append(
        Row(check="calls to the cloud", expected=f"at most {MOST_CALLS}", got=f"{calls}: {paths}", ok=calls <= MOST_CALLS)
    )
    return [*rows, *_gentle(state["trydan"])]


def _gentle(trydan: Mapping[str, Any]) -> list[Row]:
    """Judge how the box was treated."""
    open_at_once, gap, writes = trydan["most_open"], trydan["smallest_gap"], trydan["writes"]
    gentle = open_at_once <= 1 and gap is not None and gap >= LEAST_GAP
    return [
        Row(
            check="requests to the charger",
            expected=f"one at a time, {LEAST_GAP:g} s apart",
            got=f"{open_at_once} at once, {gap} s apart",
            ok=gentle,
        ),
        Row(check="writes to the charger", expected=str(ASKED_FOR), got=str(writes), ok=writes == ASKED_FOR),
    ]


async def _order(
    hass: HomeAssistant, simulator: Simulator, charger: House, action: str, watts: float, **data: object
) -> list[Row]:
    """Give an order; the simulated car must follow it, and Home Assistant must show it."""
    name = " ".join((action, *(str(value) for value in data.values())))
    try:
        answer: Any = await hass.action(f"{V2C}.{action}", response=True, **data)
    except DemoError as error:
        return [Row(check=f"{name}: answer", expected="applied", got=str(error), ok=False)]
    applied = isinstance(answer, dict) and answer.get("applied") is True
    rows = [Row(check=f"{name}: answer", expected="applied", got=str(answer), ok=applied)]

    async def in_house() -> float | None:
        return float((await _trydan(simulator))["car"]["power"])

    in_hass = number_of(hass, charger.find("charge_power"))
    for where, read in (("simulated car", in_house), ("charge_power in HA", in_hass)):
        rows.append(await reaches_number(f"{name}: {where}", watts, POWER_TOLERANCE, read, unit="W", limit=FOLLOW_WITHIN))
    return rows


async def _shows(hass: HomeAssistant, charger: House, check: str, key: str, wanted: str, *, limit: float = FOLLOW_WITHIN) -> Row:
    """Wait until a sensor of the charger shows a word."""
    return await reaches(check, wanted, state_of(hass, charger.find(key)), lambda state: state == wanted, limit=limit)


async def _statistics(hass: HomeAssistant, energy: float) -> Row:
    """Sum up what the long-term statistics have of the sessions."""
    name = f"{V2C}:{DEVICE_ID.lower()}_session_energy"
    start = datetime.fromtimestamp(0).astimezone().isoformat()

    async def summed() -> float | None:
        asked = {"start_time": start, "statistic_ids": [name], "period": "hour", "types": ["sum"]}
        hours = (await hass.command("recorder/statistics_during_period", **asked)).get(name)
        return 1000 * float(hours[-1]["sum"]) if hours else None

    return await reaches_number("sessions in the statistics", energy, ENERGY_TOLERANCE, summed, unit="Wh", limit=FOLLOW_WITHIN)


async def _trydan(simulator: Simulator) -> dict[str, Any]:
    trydan: dict[str, Any] = (await simulator.state())["trydan"]
    return trydan
