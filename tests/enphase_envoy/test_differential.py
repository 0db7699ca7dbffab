"""Ours and core's on the same captures: same ids, units and values, or a line in ``differences.md``.

Every capture is served twice, to core's integration and then to ours, in one Home Assistant with one entry,
as for a user who changes from one to the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any, Final

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
import pytest

from tests.enphase_envoy.capture_gateway import OWN, PUBLIC, CaptureGateway, captures, every_capture, label
from tests.enphase_envoy.differences import ABSENT, FILE, Differences, number
from tests.enphase_envoy.oracle import (
    DOMAIN,
    OF_THE_CONTRACT,
    CoreEntity,
    Key,
    Snapshot,
    core_snapshot,
    load,
    ours_is_here,
    read_entities,
    registry_of,
    use_core,
    use_ours,
)

pytestmark = [
    OF_THE_CONTRACT,
    pytest.mark.skipif(not ours_is_here(), reason="custom_components/enphase_envoy cannot be loaded yet"),
]

# What must be as with core, besides the value.
SAME: Final = ("unit", "state_class", "device_class")


@dataclass(frozen=True, slots=True)
class Pair:
    """What core and ours show on one capture."""

    capture: str
    serial: str
    core: Snapshot
    ours: Snapshot


# A capture is compared once in a run; whichever test needs it first does it.
_DONE: Final[dict[Path, Pair]] = {}


async def compared(hass: HomeAssistant, folder: Path) -> Pair:
    """Return what both show on a capture."""
    if folder not in _DONE:
        async with CaptureGateway(folder) as gateway:
            core = await core_snapshot(hass, gateway)
            (entry,) = hass.config_entries.async_entries(DOMAIN)
            await use_ours(hass)
            await load(hass, entry, enable_all=True)
            await read_again(hass, entry)
            _DONE[folder] = Pair(label(folder), gateway.serial, core, read_entities(hass, entry))
            await hass.config_entries.async_remove(entry.entry_id)
    return _DONE[folder]


async def read_again(hass: HomeAssistant, entry: Any) -> None:
    """Let every coordinator of ours read once more, so that no slow one is still to come."""
    for coordinator in set(_coordinators(entry.runtime_data)):
        await coordinator.async_refresh()
    await hass.async_block_till_done()


def _coordinators(found: Any, depth: int = 2) -> Iterator[DataUpdateCoordinator[Any]]:
    """Find the coordinators in what an entry keeps, however it keeps them."""
    if isinstance(found, DataUpdateCoordinator):
        yield found
    elif depth:
        if isinstance(found, dict):
            within: Iterable[Any] = found.values()
        elif isinstance(found, list | tuple | set | frozenset):
            within = found
        else:
            names = [*getattr(found, "__dict__", ()), *getattr(type(found), "__slots__", ())]
            within = [getattr(found, name, None) for name in names]
        for each in within:
            yield from _coordinators(each, depth - 1)


def equal(core: Any, ours: Any, unit: str | None = None) -> bool:
    """Say whether two values are the same; core rounds watts and watt-hours, which ours need not."""
    if not (number(core) and number(ours)):
        return type(core) is type(ours) and bool(core == ours)
    rounded = unit in ("W", "Wh") and isinstance(core, int) and isinstance(ours, float)
    return math.isclose(core, ours, rel_tol=1e-6, abs_tol=0.5 + 1e-6 if rounded else 1e-9)


def problems(pair: Pair, known: Differences) -> list[str]:
    """Return what differs and is not listed, one line each."""
    found = []
    for (domain, unique_id), core in sorted(pair.core.items()):
        ours = pair.ours.get((domain, unique_id))
        value = ABSENT if ours is None else ours.value
        if ours is not None:
            found += [
                f"{domain} {unique_id}: {name} is {getattr(ours, name)!r}, not {getattr(core, name)!r}"
                for name in SAME
                if getattr(core, name) != getattr(ours, name)
            ]
            if equal(core.value, value, core.unit):
                continue
        if known.explained(pair.capture, unique_id, core.value, value, serial=pair.serial) is None:
            found.append(f"{domain} {unique_id}: {value!r}, core has {core.value!r}")
    return found


def listed() -> Differences:
    """Return the list, with no line used yet."""
    return Differences.parsed(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("core", "ours", "unit", "same"),
    [
        (488, 488.4, "W", True),
        (488, 488.6, "W", False),
        (488, 489, "W", False),
        (42, 42.4, "%", False),
        (1_000_000.0, 1_000_000.5, "Wh", True),
        (231.5, 231.6, "V", False),
        (0, 0.0, "V", True),
        (None, None, "W", True),
        (None, 0, "W", False),
        (True, 1, None, False),
        ("on_grid", "on_grid", None, True),
    ],
)
def test_equal(core: Any, ours: Any, unit: str | None, *, same: bool) -> None:
    """Rounding is no difference, anything else is."""
    assert equal(core, ours, unit) is same


@pytest.mark.parametrize("folder", every_capture())
async def test_same_ids_units_and_values(hass: HomeAssistant, folder: Path) -> None:
    """Every entity of core's that has a real device behind it, with its number."""
    found = problems(await compared(hass, folder), listed())
    assert not found, f"{len(found)} differences:\n" + "\n".join(found)


async def test_every_line_is_needed(hass: HomeAssistant) -> None:
    """A difference that is gone leaves the list, too."""
    known = listed()
    pairs = [await compared(hass, folder) for folder in [*captures(OWN), *captures(PUBLIC)]]
    for pair in pairs:
        problems(pair, known)
    unused = known.unused(pair.capture for pair in pairs)
    assert not unused, "\n" + "\n".join(map(str, unused))


@pytest.mark.parametrize("folder", every_capture())
async def test_there_and_back(hass: HomeAssistant, folder: Path) -> None:
    """A user of core's changes to ours and back: every id is found again, with a value, under its old name."""
    known = listed()
    async with CaptureGateway(folder) as gateway:
        first = await core_snapshot(hass, gateway, enable_all=False)
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        data, version = dict(entry.data), (entry.version, entry.unique_id)
        before = registry_of(hass, entry)

        await use_ours(hass)
        await load(hass, entry)
        await read_again(hass, entry)
        between, ours = registry_of(hass, entry), read_entities(hass, entry)
        lost = [
            f"{domain} {unique_id}"
            for (domain, unique_id), core in sorted(first.items())
            if known.explained(label(folder), unique_id, core.value, ABSENT, serial=gateway.serial) is None
            and not alive(hass, core, ours)
        ]
        assert not lost, "\n" + "\n".join(lost)
        assert kept(before, between) == kept(before, before)
        assert (entry.version, entry.unique_id) == version
        assert data.items() <= dict(entry.data).items()

        await use_core(hass)
        await load(hass, entry)
        assert kept(before, registry_of(hass, entry)) == kept(before, before)
        again = read_entities(hass, entry)
        assert {key: again[key].value for key in first} == {key: each.value for key, each in first.items()}
        await hass.config_entries.async_unload(entry.entry_id)


def kept(wanted: Iterable[Key], registry: dict[Key, Any]) -> dict[Key, Any]:
    """Return what a user and the recorder know of each entity."""
    return {
        key: (found.entity_id, found.unit_of_measurement, found.disabled_by, found.device_id)
        for key in wanted
        if (found := registry.get(key)) is not None
    }


def alive(hass: HomeAssistant, core: CoreEntity, ours: Snapshot) -> bool:
    """Say whether an entity goes on under its entity id."""
    found, state = ours.get(core.key), hass.states.get(core.entity_id)
    if found is None or state is None or found.entity_id != core.entity_id:
        return False
    return state.state != STATE_UNAVAILABLE and not state.attributes.get("restored")
