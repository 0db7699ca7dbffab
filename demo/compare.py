"""Compares what Home Assistant shows with what the simulated house holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .console import Row
from .registry import House

# Home Assistant shows energies in the unit its user likes; the house counts Wh.
TO_BASE = {"kWh": 1000.0, "MWh": 1_000_000.0, "kW": 1000.0}

COMPLAINTS = frozenset({"WARNING", "ERROR", "CRITICAL"})
# Home Assistant says this of every integration that is not its own.
CUSTOM_NOTICE = "We found a custom integration"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """A number of the house, the entity that must show it and how far rounding may take them apart."""

    key: str
    value: float
    tolerance: float
    unit: str
    domain: str = "sensor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Saying:
    """A warning that must stand in the log, because of what was done to the devices: the end of its text, how often."""

    text: str
    times: int = 1


def base_value(state: Mapping[str, Any] | None) -> float | None:
    """Return a state as a number in W, Wh or %, or None when it holds no number."""
    if state is None:
        return None
    try:
        number = float(state["state"])
    except ValueError:
        return None
    return number * TO_BASE.get(state["attributes"].get("unit_of_measurement", ""), 1.0)


def agrees(expected: Expected, got: float | None) -> bool:
    """Tell whether the number in Home Assistant is the one of the house, rounding aside."""
    return got is not None and abs(got - expected.value) <= expected.tolerance


def compare(expected: Iterable[Expected], house: House, states: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Return one row for each number."""
    rows = []
    for one in expected:
        entity = house.find(one.key, one.domain)
        got = base_value(states.get(entity.entity_id)) if entity else None
        rows.append(
            Row(
                check=f"{one.key} equals the simulator's",
                expected=f"{one.value:.1f} ±{one.tolerance:g} {one.unit}",
                got="no entity" if entity is None else "no number" if got is None else f"{got:.1f} {one.unit}",
                ok=agrees(one, got),
            )
        )
    return rows


def log_complaints(records: Iterable[Mapping[str, Any]], names: Iterable[str], sayings: Iterable[Saying] = ()) -> list[str]:
    """Return what is wrong with the log.

    That is each record, from warnings up, that names one of ``names`` in its logger, source, text or traceback and is
    none of ``sayings``; and each of these that was not said exactly as often as it must be.
    """
    wanted, expected = tuple(names), tuple(sayings)
    said = dict.fromkeys((one.text for one in expected), 0)
    found = []
    for record in records:
        text = " ".join((record["name"], str(record["source"]), *record["message"], record["exception"]))
        excused = any(message.startswith(CUSTOM_NOTICE) for message in record["message"])
        if record["level"] not in COMPLAINTS or not any(name in text for name in wanted) or excused:
            continue
        if (saying := _saying(record, said)) is not None:
            said[saying] += record["count"]
            continue
        last = record["exception"].strip().rsplit("\n", 1)[-1]
        found.append(f"{record['level']} {record['name']}: {'; '.join(record['message'])} {last}".strip())
    return [*found, *(f"said {said[one.text]} times: {one.text}" for one in expected if said[one.text] != one.times)]


def _saying(record: Mapping[str, Any], texts: Iterable[str]) -> str | None:
    """Return the text that a warning without a traceback ends with, if it is one of these."""
    if record["level"] != "WARNING" or record["exception"]:
        return None
    return next((text for text in texts if all(message.endswith(text) for message in record["message"])), None)
