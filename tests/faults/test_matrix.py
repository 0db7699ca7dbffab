"""Every fault on every way to every device: what a user sees, how often it is said, and how soon it is over."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
import json
import logging
import os
from pathlib import Path
import time
from typing import Any

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
import pytest

from tests.faults.columns import COLUMNS, ENVOY, MODBUS, NEIGHBOURS, Column, Site, site
from tests.faults.rows import ROWS, Row
from tests.virtual_time import StuckError, VirtualTime

OURS = "custom_components"
CELLS = [
    pytest.param(row, column, id=f"{row.number} {row.what}-{column}")
    for row in ROWS
    for column in COLUMNS
    if row.of(column.name) is not None
]
NOTHING = ("unavailable", "unknown")
# These tell of the connection itself, or go on by their own clock.
TELLING = ("_calls_left", "_data_source", "_reachable", "_charge_time", "_session_time", "_token_expires")
SETTLED = 120.0
LASTS = 5
# Requests beyond the usual pace: settings that come due meanwhile, and who is there, which is asked on a new link.
MORE = 7
RESULTS = "ENERGY_CORE_RELIABILITY"
# The Modbus library says each broken link as an error of its own; it is Home Assistant's, and not ours to silence.
NOT_OURS = ("tmodbus.", "asyncio")


@dataclass
class Watch:
    """What was seen of a device while something was wrong with it."""

    hass: HomeAssistant
    before: dict[str, str]
    wrong: list[str] = field(default_factory=list)
    gone_at: float | None = None

    @callback
    def see(self, event: Event[EventStateChangedData]) -> None:
        """Look at a change of a state."""
        new: State | None = event.data["new_state"]
        if new is None or (known := self.before.get(new.entity_id)) is None:
            return
        if new.state == "unavailable" and self.gone_at is None:
            self.gone_at = time.monotonic()
        if new.state not in (known, *NOTHING):
            self.wrong.append(f"{new.entity_id}: {new.state} instead of {known}")

    def missing(self) -> set[str]:
        """Return what is not shown now and was before."""
        return {each for each in self.before if (state := self.hass.states.get(each)) is None or state.state in NOTHING}


def shown(hass: HomeAssistant, entry_id: str) -> dict[str, str]:
    """Return the states of an entry that have a value and do not tell of the connection."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry_id)
    states = {each.entity_id: hass.states.get(each.entity_id) for each in entities if not each.unique_id.endswith(TELLING)}
    return {name: state.state for name, state in states.items() if state is not None and state.state not in NOTHING}


def said(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return what our code logged at a level."""
    return [each.getMessage() for each in caplog.records if each.name.startswith(OURS) and each.levelno == level]


def traces(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return every error and every exception in the log."""
    bad = [each for each in caplog.records if each.levelno > logging.WARNING or each.exc_info]
    return [f"{each.name}: {each.getMessage()}" for each in bad if not each.name.startswith(NOT_OURS)]


@pytest.fixture
async def there(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncIterator[Site]:
    """The house; without the debugging of asyncio, which costs more than all the rest."""
    hass.loop.set_debug(False)
    async with site() as found:
        yield found


async def others(hass: HomeAssistant, there: Site, column: Column) -> list[Any]:
    """Add a device of each other kind."""
    return [await each.add(hass, there) for each in NEIGHBOURS[column.name]]


@pytest.mark.parametrize(("row", "column"), CELLS)
async def test_cell(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, row: Row, column: Column, caplog: pytest.LogCaptureFixture
) -> None:
    """Several intervals of it, and the time after."""
    neighbours = await others(hass, there, column)
    entry = await column.add(hass, there)
    await virtual_time.run(max(SETTLED, 2 * column.interval))
    watch = Watch(hass, shown(hass, entry.entry_id))
    beside = Watch(hass, {name: state for each in neighbours for name, state in shown(hass, each.entry_id).items()})
    for each in (watch, beside):
        hass.bus.async_listen("state_changed", each.see)
    asked = column.asked(there)
    await virtual_time.run(LASTS * column.interval)
    pace = (column.asked(there) - asked) / (LASTS * column.interval)
    assert watch.missing() == set()
    caplog.clear()
    outcome = row.expected(column.name)
    fault = row.of(column.name)
    assert fault is not None
    began, asked = time.monotonic(), column.asked(there)
    await column.fail(there, fault)
    await virtual_time.run(max(LASTS * column.interval, column.grace))
    missing, tried = watch.missing(), column.asked(there) - asked
    lasted = time.monotonic() - began
    await column.heal(there)
    healed = time.monotonic()
    if outcome == "asks":
        (flow,) = hass.config_entries.flow.async_progress()
        assert (flow["handler"], flow["context"]["source"]) == (column.domain, "reauth")
        hass.config_entries.flow.async_abort(flow["flow_id"])
        await hass.config_entries.async_reload(entry.entry_id)
    # What is read every five minutes, and was nothing when it was read, is there with the next reading.
    with suppress(StuckError):
        await virtual_time.until(lambda: watch.missing() == set(), within=320 if outcome == "unknown" else column.back, every=1)
    assert watch.missing() == set()
    back = time.monotonic() - healed
    told = said(caplog, logging.WARNING), said(caplog, logging.INFO)
    note(
        row,
        column,
        gone=watch.gone_at and watch.gone_at - began,
        back=back,
        warnings=len(told[0]),
        infos=len(told[1]),
        wrong=len(watch.wrong) + len(beside.wrong),
        traces=sum(bool(each.exc_info) for each in caplog.records if each.levelno >= logging.WARNING),
    )
    assert watch.wrong == [], "\n".join(watch.wrong)
    assert (beside.wrong, beside.gone_at) == ([], None)
    assert outcome == "through" or tried <= pace * lasted + MORE, (tried, pace * lasted)
    assert outcome == "asks" or traces(caplog) == []
    # A fault that ends by itself is over by now.
    if "*" in fault and outcome == "lost":
        assert missing == set()
        missing = {"what was gone, and is back"}
    judge(outcome, watch, missing, column, began=began, told=told)
    for each in (entry, *neighbours):
        assert await hass.config_entries.async_unload(each.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await virtual_time.until(lambda: column.open(there) == 0, within=5)


def judge(
    outcome: str, watch: Watch, missing: set[str], column: Column, *, began: float, told: tuple[list[str], list[str]]
) -> None:
    """Say whether that came of it which must."""
    match outcome:
        case "lost":
            assert watch.gone_at is not None
            assert missing
            assert watch.gone_at - began <= column.grace
            # Each endpoint of a gateway fails alone, and comes back alone; a unit may begin to refuse, or end, in mid-poll.
            lines = range(1, 4) if column is ENVOY else range(1, 3) if column is MODBUS else (1,)
            assert len(told[0]) in lines, told
            assert len(told[1]) in lines, told
        case "asks":
            assert watch.gone_at is not None
            assert missing
        case "unknown":
            assert missing
            assert watch.gone_at is None
            assert len(told[0]) <= 1
        case _:
            assert (watch.gone_at, missing) == (None, set())
            assert told[0] == []


def note(row: Row, column: Column, **measured: float | None) -> None:
    """Write what a cell came to where the table is made of it: ``python -m tests.faults``."""
    if into := os.environ.get(RESULTS):
        name = f"{ROWS.index(row)}-{COLUMNS.index(column)}.json"
        Path(into, name).write_text(json.dumps(measured), encoding="utf-8")
