"""The runner of control loops: when it decides, holds, gives the safe command, and tries again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, override
from unittest.mock import patch

from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_core.errors import DeviceConnectionError, DeviceRefusedError, EnergyError
from custom_components.energy_core.ha.loop import Loop
from custom_components.energy_core.ha.loop_settings import setting
from custom_components.energy_core.ha.loops import Loops, store_of
from tests.virtual_time import VirtualTime

METER, OTHER, SCHEDULE = "sensor.meter", "sensor.other", "schedule.day"
DOMAIN = "sample"


class Follower(Loop):
    """Orders whatever the meter shows; ``done`` has what it did, in words."""

    settings = (setting("limit", 500, 0, 1000, UnitOfPower.WATT),)
    needed = ("grid",)

    def __init__(self, *args: Any) -> None:
        """Follow the meter, and another one if there is one."""
        super().__init__(*args)
        self.follow("grid")
        self.follow("other")
        self.done: list[str] = []
        self.looks: list[tuple[float, ...]] = []
        self.trouble: EnergyError | None = None
        self.block: str | None = None
        self.takes = 0.0
        self._last: float | None = None

    @override
    def needs(self) -> tuple[str, ...]:
        return tuple(self.sources)

    @override
    def blocked(self) -> str | None:
        return self.block

    @override
    def decide(self, now: float) -> Awaitable[None] | None:
        self.status = "following"
        values = tuple(each.sample.value for each in self.sources.values() if each.sample)
        self.looks.append(values)
        return None if values[0] == self._last else self._order(values[0])

    async def _order(self, watts: float) -> None:
        self.note(acting=True)
        await asyncio.sleep(self.takes)
        self.done.append(f"order {watts:g}")
        self._raise()
        self._last = watts

    @override
    async def rest(self) -> None:
        self.done.append("rest")
        self._last = None
        await asyncio.sleep(self.takes)
        self._raise()

    def _raise(self) -> None:
        if self.trouble is not None:
            raise self.trouble


class Rig:
    """An entry with one loop or more, and a meter that reports by itself."""

    def __init__(self, hass: HomeAssistant, time: VirtualTime) -> None:
        """Prepare the entry."""
        self.hass, self.time = hass, time
        self.power: float | None = 100
        self.entry = MockConfigEntry(domain=DOMAIN)
        self._meter: asyncio.Task[None] | None = None
        self.loops: Loops

    async def start(self, count: int = 1, **data: Any) -> Follower:
        """Run loops that were set up with ``data``; return the first."""
        given = {"grid": METER, **data}
        subentries = tuple(
            ConfigSubentryData(data=given, subentry_id=f"l{each}", subentry_type="follower", title=f"Loop {each}", unique_id=None)
            for each in range(1, count + 1)
        )
        self.entry = MockConfigEntry(domain=DOMAIN, entry_id="e1", subentries_data=subentries)
        self.entry.add_to_hass(self.hass)
        if self._meter is None:
            self._meter = self.hass.loop.create_task(self._report())
        return await self.again()

    async def again(self) -> Follower:
        """Begin a new life of the same entry."""
        self.loops = Loops(self.hass, self.entry)

        def make(subentry: ConfigSubentry, memory: dict[str, Any]) -> Loop:
            return Follower(self.hass, self.entry, subentry, memory)

        await self.loops.load({"follower": make})
        self.loops.start()
        await self.time.run(0.01)
        return self.loop("l1")

    def loop(self, name: str) -> Follower:
        """Return a loop."""
        found = self.loops.all[name]
        assert isinstance(found, Follower)
        return found

    async def _report(self) -> None:
        while True:
            if self.power is not None:
                self.hass.states.async_set(METER, str(self.power), {"unit_of_measurement": "W"})
            await asyncio.sleep(2)

    async def close(self) -> None:
        """End."""
        await self.loops.stop()
        if self._meter is not None:
            self._meter.cancel()
            await asyncio.wait([self._meter])
        for end in self.entry._on_unload or ():
            end()


@pytest.fixture
async def rig(hass: HomeAssistant, virtual_time: VirtualTime) -> Any:
    """A house with a meter of 100 W."""
    found = Rig(hass, virtual_time)
    yield found
    await found.close()


def issues(hass: HomeAssistant) -> list[Any]:
    """Return what the user was told."""
    return [each.translation_placeholders for each in ir.async_get(hass).issues.values() if each.domain == DOMAIN]


# Deciding


async def test_it_follows_again_and_again(rig: Rig) -> None:
    """A decision that takes no time does not end the looking; neither does one that takes long."""
    loop = await rig.start()
    for power in (100, 200, 300):
        rig.power = power
        await rig.time.run(3)
    assert loop.done == ["order 100", "order 200", "order 300"]
    assert len(loop.looks) > 8
    loop.takes = 5
    for power in (400, 500):
        rig.power = power
        await rig.time.run(10)
    assert loop.done[-2:] == ["order 400", "order 500"]
    assert loop.status == "following"


async def test_entities_of_one_poll_are_looked_at_together(hass: HomeAssistant, rig: Rig) -> None:
    """Between the two states stands a power that never was."""
    rig.power = None
    for each in (METER, OTHER):
        hass.states.async_set(each, "0", {"unit_of_measurement": "W"})
    loop = await rig.start(other=OTHER)
    loop.looks.clear()
    hass.states.async_set(METER, "-2000", {"unit_of_measurement": "W"})
    hass.states.async_set(OTHER, "2000", {"unit_of_measurement": "W"})
    await rig.time.run(0.1)
    assert set(loop.looks) == {(-2000, 2000)}


async def test_another_loop_can_have_it_look_now(hass: HomeAssistant, rig: Rig) -> None:
    """And knows when that is done, or that it took too long; one that is stopped does not look."""
    loop = await rig.start()
    rig.power = None
    hass.states.async_set(METER, "7", {"unit_of_measurement": "W"})
    await loop.look(10)
    assert loop.done[-1] == "order 7"
    loop.takes = 60
    hass.states.async_set(METER, "8", {"unit_of_measurement": "W"})
    before = rig.time.elapsed
    await loop.look(10)
    assert rig.time.elapsed - before == pytest.approx(10, abs=0.1)
    await loop.stop()
    looks = len(loop.looks)
    await loop.look(10)
    assert len(loop.looks) == looks


# Meters


async def test_a_meter_that_is_late_and_then_lost(hass: HomeAssistant, rig: Rig) -> None:
    """Held for a minute, then at rest, once, and the user is told; it goes on by itself."""
    loop = await rig.start()
    await rig.time.run(10)
    rig.power = None
    await rig.time.run(20)
    assert (loop.status, loop.acting, loop.done) == ("meter_late", True, ["order 100"])
    assert issues(hass) == []
    await rig.time.run(300)
    assert (loop.status, loop.acting, loop.done) == ("meter_lost", False, ["order 100", "rest"])
    assert issues(hass) == [{"title": "Loop 1", "entity": METER}]
    rig.power = 50
    await rig.time.run(3)
    assert (loop.status, loop.done[2:], issues(hass)) == ("following", ["order 50"], [])


async def test_a_constant_meter_is_not_late(rig: Rig) -> None:
    """What repeats itself is alive."""
    loop = await rig.start()
    await rig.time.run(600)
    assert (loop.status, loop.done) == ("following", ["order 100"])


async def test_a_meter_that_never_came(hass: HomeAssistant, rig: Rig) -> None:
    """Is waited for, and there is nothing to put to rest."""
    rig.power = None
    loop = await rig.start()
    await rig.time.run(30)
    assert (loop.status, issues(hass)) == ("waiting", [])
    await rig.time.run(40)
    assert (loop.status, loop.done) == ("meter_lost", [])
    assert len(issues(hass)) == 1


async def test_a_slow_meter_gets_longer(hass: HomeAssistant, rig: Rig) -> None:
    """Every two minutes is its pace, once that is known, and in the next life from the start."""
    rig.power = None
    hass.states.async_set(METER, "1", {"unit_of_measurement": "W"})
    loop = await rig.start()
    await rig.time.run(120)
    assert loop.status == "meter_lost"
    for _ in range(2):
        loop.done.clear()
        for value in range(5):
            hass.states.async_set(METER, str(value), {"unit_of_measurement": "W"})
            await rig.time.run(120)
            assert loop.status == "following"
        await rig.time.run(100)
        assert (loop.status, "rest" in loop.done) == ("following", False)
        await rig.time.run(200)
        assert (loop.status, loop.done[-1]) == ("meter_lost", "rest")
        await rig.loops.stop()
        loop = await rig.again()


# What stands in the way


@pytest.mark.parametrize("way", ["switch", "schedule", "block"])
async def test_it_rests_once_when_it_may_not_act(hass: HomeAssistant, rig: Rig, way: str) -> None:
    """The user, the schedule, or something of the device; then it goes on."""
    hass.states.async_set(SCHEDULE, "on")
    loop = await rig.start(active_while=SCHEDULE)

    def let(*, go: bool) -> None:
        match way:
            case "switch":
                loop.switch(on=go)
            case "schedule":
                hass.states.async_set(SCHEDULE, "on" if go else "off")
            case _:
                loop.block = None if go else "busy"
                loop.kick()

    let(go=False)
    await rig.time.run(0.1)
    assert loop.done == ["order 100", "rest"]
    await rig.time.run(300)
    assert loop.done == ["order 100", "rest"]
    assert loop.status == {"switch": "off", "schedule": "outside_schedule", "block": "busy"}[way]
    let(go=True)
    await rig.time.run(0.1)
    assert loop.done == ["order 100", "rest", "order 100"]


async def test_what_never_acted_needs_no_rest(rig: Rig) -> None:
    """Switched off from the start, and stopped."""
    loop = await rig.start()
    loop.switch(on=False)
    await rig.time.run(1)
    await rig.loops.stop()
    again = await rig.again()
    assert (again.enabled, again.status, again.acting) == (False, "off", False)
    await rig.time.run(10)
    await rig.loops.stop()
    assert again.done == []


# Trouble


@pytest.mark.parametrize(
    ("trouble", "word"), [(DeviceConnectionError("away"), "unreachable"), (DeviceRefusedError("no"), "refused")]
)
async def test_what_fails_is_tried_again_with_pauses(
    rig: Rig, trouble: EnergyError, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning, one word for as long as it lasts, and never more than one try in five seconds."""
    loop = await rig.start()
    loop.trouble = trouble
    rig.power = 200
    words = set()
    for _ in range(100):
        await rig.time.run(3)
        words.add(loop.status)
    assert words == {word}
    assert 3 < loop.done.count("order 200") < 12
    assert len([each for each in caplog.records if each.levelname == "WARNING" and str(trouble) in each.getMessage()]) == 1
    loop.trouble = None
    await rig.time.run(300)
    assert loop.status == "following"


async def test_a_rest_that_fails_is_owed(rig: Rig) -> None:
    """It says so until it is done: that the loop is off is only half of the truth."""
    loop = await rig.start()
    loop.trouble, loop.takes = DeviceConnectionError("away"), 2.5
    loop.switch(on=False)
    await rig.time.run(3)
    words = set()
    for _ in range(60):
        await rig.time.run(1)
        words.add(loop.status)
    assert (words, loop.acting) == ({"unreachable"}, True)
    assert 2 < loop.done.count("rest") < 8
    loop.trouble = None
    await rig.time.run(60)
    assert (loop.status, loop.acting) == ("off", False)


# Ends and beginnings


async def test_stopping_ends_what_runs_the_last_first(hass: HomeAssistant, rig: Rig, hass_storage: dict[str, Any]) -> None:
    """Once, also in the middle of an order, also when Home Assistant stops; nothing listens any more."""
    first = await rig.start(count=2)
    second = rig.loop("l2")
    order: list[str] = []
    for loop in (first, second):
        loop.rest = _noted(order, loop.subentry.subentry_id)  # type: ignore[method-assign]
    first.takes = 30
    rig.power = 300
    await rig.time.run(5)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await rig.time.run(0.1)
    assert order == ["l2", "l1"]
    assert "order 300" not in first.done
    await rig.time.run(300)
    assert order == ["l2", "l1"]
    assert [kept["acting"] for kept in hass_storage["sample.loops.e1"]["data"].values()] == [False, False]


def _noted(order: list[str], name: str) -> Callable[[], Awaitable[None]]:
    async def rest() -> None:
        order.append(name)

    return rest


async def test_what_the_user_set_survives(rig: Rig) -> None:
    """The numbers and the switch; a number that is out of bounds by now is cut."""
    loop = await rig.start()
    assert loop.value("limit") == 500
    loop.set_value("limit", 700)
    await rig.loops.stop()
    again = await rig.again()
    assert (again.value("limit"), again.enabled) == (700, True)
    again.memory["settings"]["limit"] = 5000
    assert again.value("limit") == 1000


async def test_what_was_in_force_is_known_after_a_power_cut(hass: HomeAssistant, rig: Rig) -> None:
    """And ended when the loop may not act."""
    await store_of(hass, rig.entry).async_save({})
    hass.states.async_set(SCHEDULE, "off")
    memory = {"l1": {"acting": True}, "l9": {"acting": True}, "l2": "nonsense"}
    rig.entry = MockConfigEntry(domain=DOMAIN, entry_id="e1")
    await store_of(hass, rig.entry).async_save(memory)  # type: ignore[arg-type]
    loop = await rig.start(count=2, active_while=SCHEDULE)
    await rig.time.run(1)
    assert (loop.done, rig.loop("l2").done) == (["rest"], [])


async def test_a_changed_subentry_reloads_the_entry(hass: HomeAssistant, rig: Rig) -> None:
    """Added, removed, renamed, changed in place; whatever else changes does not."""
    await rig.start()
    entries = hass.config_entries
    with patch.object(entries, "async_schedule_reload") as reload:
        entries.async_update_entry(rig.entry, data={"token": "new"}, title="Other")
        assert reload.call_count == 0
        subentry = rig.entry.subentries["l1"]
        entries.async_update_subentry(rig.entry, subentry, data={"grid": OTHER})
        assert reload.call_count == 1
        # Reloading changes the entry's state, of which we hear as well.
        entries.async_update_entry(rig.entry, data={"token": "newer"})
        assert reload.call_count == 1
        entries.async_update_subentry(rig.entry, subentry, data={"grid": METER})
        reload.reset_mock()
        entries.async_update_subentry(rig.entry, subentry, title="Renamed")
        assert reload.call_count == 1
        entries.async_remove_subentry(rig.entry, "l1")
        assert reload.call_count == 2


async def test_a_flow_may_reload_the_entry_itself(rig: Rig) -> None:
    """Home Assistant refuses that to an entry with an update listener."""
    await rig.start()
    assert rig.entry.update_listeners == []
