"""A device: which blocks are read when, and writes that are never blind and never twice."""

import asyncio
from contextlib import suppress
from datetime import timedelta
import json

import pytest

from custom_components.energy_core.device import FRESH, CommandResult
from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    DeviceTimeoutError,
    RateLimitedError,
)
from tests.energy_core.clock import NOON
from tests.energy_core.datasheet import SEED, Input, Meter, Options, Unit
from tests.energy_core.fake_wire import FakeWire

NOT_HEARD = [DeviceTimeoutError, DeviceConnectionError, DeviceProtocolError]


def names(blocks):
    return [block.name for block in blocks]


async def refused(write):
    """Return the key of the refusal that ``write`` ends with."""
    with pytest.raises(DeviceRefusedError) as caught:
        await write
    return caught.value.key


class TestReading:
    """Which blocks are read."""

    async def test_the_first_reading_shows_everything_but_what_may_wait(self, unit, wire):
        """At the start each block is read once so that its entities can appear; late ones follow with the second reading."""
        report = await unit.update()
        assert report.updated == {"meter", "options"}
        assert wire.asked == [["power", "voltage", "state", "total", "today", "serial",
                               "limit", "mode", "locked", "start", "label", "firmware"]]  # fmt: skip
        assert wire.commands == [False]
        assert names(unit.due(())) == ["input_1", "input_2"]
        await unit.update()
        assert wire.asked[1:] == [["current_1", "alarm_1", "current_2"]]

    async def test_once_shown_a_block_is_read_for_its_listeners_only(self, unit, clock):
        """The meter rests while nobody listens, and comes back with the first listener."""
        await unit.update()
        await unit.update()
        clock.advance(10)
        assert names(unit.due(())) == []
        assert names(unit.due({"meter", "input_2", "strange"})) == ["meter", "input_2"]

    async def test_an_essential_block_is_read_by_its_own_clock(self, unit, clock):
        """Settings are due after 300 s, not a moment before, whether or not anybody listens."""
        await unit.update()
        await unit.update()
        clock.advance(299.9)
        assert names(unit.due({"options"})) == []
        clock.advance(0.1)
        assert names(unit.due(())) == ["options"]

    async def test_a_block_without_a_pause_is_read_each_time(self, unit):
        """A wanted meter is due again at once."""
        await unit.update()
        assert "meter" in names(unit.due({"meter"}))

    async def test_nothing_due_asks_nothing(self, unit, wire):
        """A poll without listeners costs the unit nothing."""
        await unit.update()
        await unit.update()
        wire.asked.clear()
        report = await unit.update()
        assert wire.asked == []
        assert (report.updated, dict(report.failed)) == (frozenset(), {})

    async def test_only_what_is_asked_for_is_read(self, unit, wire):
        """Meeting a unit reads one block, and does not count as the first reading."""
        report = await unit.update(["options"], only=True)
        assert report.updated == {"options"}
        assert wire.asked == [["limit", "mode", "locked", "start", "label", "firmware"]]
        assert names(unit.due(())) == ["meter"]

    async def test_expired_blocks_are_read_again(self, unit, clock):
        """One by name or all of them: what expired is due, the rest is not."""
        await unit.update()
        await unit.update()
        unit.expire("options", "never heard of")
        assert names(unit.due(())) == ["options"]
        await unit.update()
        assert names(unit.due(())) == []
        unit.expire()
        assert names(unit.due({"meter", "input_1"})) == ["meter", "options", "input_1"]

    async def test_a_forgotten_block_is_gone_and_may_come_back(self, unit):
        """A part that was taken out is not read; fitted again it is shown as if for the first time."""
        await unit.update()
        await unit.update()
        unit.forget("input_2")
        unit.forget("input_2")
        assert "input_2" not in unit.blocks
        again = unit.add(Input("input_2", 1))
        assert unit.due(()) == [again]
        unit.forget("options")
        unit.add(Options("options"))
        assert "options" in names(unit.due(()))

    async def test_a_block_that_failed_leaves_the_others_alone(self, unit, wire):
        """One dead register makes one block fail, with the reason, and it is asked again with the next poll."""
        error = DeviceProtocolError("no such register")
        wire.fail("mode", "limit", error=error)
        report = await unit.update()
        assert report.updated == {"meter"}
        assert dict(report.failed) == {"options": error}
        assert unit.meter.power == -1200
        assert unit.options.values == {}
        assert "options" in names(unit.due(()))

    async def test_a_failed_block_keeps_what_it_showed(self, unit, wire, clock):
        """Values of a block that fails are neither lost nor mixed with half an answer."""
        await unit.update()
        wire.give(limit=100, locked=1)
        wire.fail("mode")
        unit.expire("options")
        await unit.update()
        assert (unit.options.limit, unit.options.locked) == (4000, False)

    async def test_a_silent_unit_raises_and_stays_due(self, unit, wire):
        """When nothing answers the error comes out, and nothing counts as read."""
        wire.go_silent()
        with pytest.raises(DeviceTimeoutError):
            await unit.update()
        assert names(unit.due(())) == ["meter", "options"]

    async def test_a_key_that_is_missing_three_times_is_unknown(self, unit, wire):
        """Firmware that drops a point leaves an unknown value, not a stale one."""
        await unit.update()
        wire.drop("voltage")
        shown = []
        for _ in range(3):
            await unit.update({"meter"})
            shown.append(unit.meter.voltage)
        assert shown == [230.1, 230.1, None]

    async def test_what_no_wire_says_is_derived_after_each_reading(self, unit, wire):
        """Derived values follow the values they come from."""
        await unit.update()
        assert unit.meter.half == -600
        wire.give(power=-50)
        await unit.update({"meter"})
        assert unit.meter.half == 25

    async def test_a_derived_block_alone_needs_no_wire(self, wire, clock):
        """On a wire that has none of the points a block is up to date without a request."""
        other = FakeWire(name="other")
        unit = Unit(other, clock=clock, now=clock.now)
        assert (await unit.update()).updated == {"meter", "options"}
        assert other.asked == []
        assert not unit.meter.has(Meter.power)


class TestCounting:
    """Energy counters of a device."""

    async def test_a_glitch_of_a_counter_never_shows(self, unit, wire, clock):
        """Zero, once, at noon: neither the lifetime nor the daily counter moves."""
        await unit.update()
        wire.give(total=0, today=0)
        clock.advance(10)
        await unit.update({"meter"})
        assert (unit.meter.total, unit.meter.today) == (50_000, 900)
        wire.give(total=50_010, today=910)
        clock.advance(10)
        await unit.update({"meter"})
        assert (unit.meter.total, unit.meter.today) == (50_010, 910)

    async def test_a_daily_counter_turns_with_the_local_day(self, unit, wire, clock):
        """After midnight the small level is followed at once; the lifetime counter is not fooled."""
        await unit.update()
        clock.advance(timedelta(hours=12, minutes=1).total_seconds())
        wire.give(today=5, total=5)
        await unit.update({"meter"})
        assert (unit.meter.total, unit.meter.today) == (50_000, 5)

    async def test_counters_are_capped_by_what_this_unit_can_move(self, wire, clock):
        """A small unit's counter may rise less: 100 W for an hour, headroom and slack are 250 Wh."""
        unit = Unit(wire, clock=clock, now=clock.now)
        unit.max_power = 100
        await unit.update()
        clock.advance(3600)
        wire.give(total=50_251, today=1150)
        await unit.update({"meter"})
        assert (unit.meter.total, unit.meter.today) == (50_000, 1150)

    async def test_a_counter_without_a_value_waits(self, unit, wire):
        """A unit that shows no number yet has no level to remember."""
        wire.give(total="n/a")
        await unit.update()
        assert unit.meter.total is None
        assert set(unit.counters) == {"meter.today"}

    async def test_counters_survive_a_restart(self, unit, wire, clock, reborn):
        """The level of before the restart is what the first reading after it is measured by."""
        await unit.update()
        saved = json.loads(json.dumps(unit.saved()))
        again = reborn()
        again.restore(saved)
        wire.give(total=0, today=905)
        clock.advance(60)
        await again.update()
        assert (again.meter.total, again.meter.today) == (50_000, 905)
        assert again.counters["meter.today"].reset == NOON

    @pytest.mark.parametrize(
        "saved",
        [
            {},
            {"counters": None},
            {"counters": ["meter.total"]},
            {
                "counters": {
                    "meter.total": 7,
                    "meter.power": {"value": 1},
                    "gone.total": {"value": 1},
                    "meter.gone": {"value": 1},
                    "": {},
                }
            },
        ],
    )
    async def test_corrupt_memory_is_no_memory(self, unit, saved):
        """What was saved by another firmware, or by nobody, neither crashes nor sticks."""
        unit.restore(saved)
        assert unit.counters == {}
        await unit.update()
        assert unit.meter.total == 50_000

    async def test_local_time_is_used_when_none_is_given(self, wire):
        """Without a clock of its own the unit counts by this computer's."""
        unit = Unit(wire)
        await unit.update()
        assert unit.counters["meter.total"].seen.utcoffset() is not None
        assert unit.due({"options"}) == unit.inputs


class TestWriting:
    """One write, at most twice on the wire, and only when it is needed."""

    async def test_a_write_is_sent_read_back_and_shown(self, unit, wire, clock):
        """The value goes out encoded, the unit is asked whether it has it, and the entity shows it at once."""
        await unit.update()
        wire.asked.clear()
        result = await unit.write(unit.options, Options.limit, 2500)
        assert wire.written == [[("limit", 2500)]]
        assert (wire.asked, wire.commands[1:]) == ([["limit"]], [True])
        assert result == CommandResult(applied=True, latency=0, writes=1)
        assert unit.options.limit == 2500

    async def test_a_choice_is_written_where_and_how_the_datasheet_says(self, unit, wire):
        """Another key and another code than those it is read with."""
        await unit.update()
        wire.ignoring.add("set_mode")
        wire.on_write = lambda: obey(wire, mode=2)
        result = await unit.write(unit.options, Options.mode, "boost")
        assert wire.written == [[("set_mode", 5)]]
        assert result.applied

    @pytest.mark.parametrize(
        ("point", "value", "key"),
        [
            (Options.limit, 99, "out_of_range"),
            (Options.limit, 8001, "out_of_range"),
            (Options.limit, float("nan"), "invalid_value"),
            (Options.locked, "yes", "invalid_value"),
            (Options.mode, "service", "unsupported_value"),
            (Options.mode, "0/../../write/Locked=1", "unsupported_value"),
            (Options.firmware, "9.9", "not_writable"),
            (Meter.half, 5, "out_of_range"),
        ],
    )
    async def test_what_may_not_be_written_never_reaches_the_wire(self, unit, wire, point, value, key):
        """Each refusal comes before the first byte, read or written."""
        assert await refused(unit.write(unit.options, point, value)) == key
        assert (wire.asked, wire.written) == ([], [])

    def test_a_point_of_another_wire_is_not_writable(self, unit):
        """Neither a derived point nor one that this part lacks has a place to write to."""
        for block, point in ((unit.meter, Meter.half), (unit.inputs[1], Input.alarm), (unit.meter, Meter.power)):
            with pytest.raises(DeviceRefusedError) as caught:
                unit.writable(block, point)
            assert caught.value.placeholders == {"name": point.name}
            assert not unit.can_write(block, point)
        assert unit.writable(unit.options, Options.limit).key == "limit"
        assert unit.can_write(unit.options, Options.limit)

    def test_choices_are_what_this_wire_can_write(self, unit):
        """Write codes win, words come once, and a point without codes or source has no choices."""
        assert unit.choices(unit.options, Options.mode) == ["eco", "boost"]
        assert unit.choices(unit.meter, Meter.state) == ["idle", "running"]
        assert unit.choices(unit.options, Options.limit) == []
        assert unit.choices(unit.meter, Meter.half) == []

    async def test_an_identical_write_costs_nothing_while_the_reading_is_fresh(self, unit, wire, clock):
        """What was read less than 30 s ago is known to be so."""
        await unit.update()
        clock.advance(FRESH - 0.1)
        assert await unit.write(unit.options, Options.limit, 4000) == CommandResult(applied=True)
        assert (len(wire.asked), wire.written) == (1, [])

    async def test_an_identical_write_costs_one_look_when_the_reading_is_old(self, unit, wire, clock):
        """Old knowledge is checked once, and then is fresh again."""
        await unit.update()
        clock.advance(FRESH)
        wire.asked.clear()
        for _ in range(3):
            assert (await unit.write(unit.options, Options.limit, 4000)).applied
        assert (wire.asked, wire.written) == ([["limit"]], [])
        clock.advance(FRESH)
        await unit.write(unit.options, Options.limit, 4000)
        assert wire.asked == [["limit"], ["limit"]]

    async def test_a_write_that_was_confirmed_is_fresh_too(self, unit, wire, clock):
        """The same value again after a write is neither sent nor checked, until it is old."""
        clock.advance(FRESH)
        await unit.write(unit.options, Options.limit, 3000)
        wire.asked.clear()
        await unit.write(unit.options, Options.limit, 3000)
        assert wire.asked == []
        clock.advance(FRESH)
        await unit.write(unit.options, Options.limit, 3000)
        assert wire.asked == [["limit"]]
        assert len(wire.written) == 1

    async def test_an_identical_write_is_sent_when_the_unit_has_changed_meanwhile(self, unit, wire, clock):
        """Our memory says 4000, the unit says 500 since somebody used the vendor's app: 4000 is sent."""
        await unit.update()
        wire.give(limit=500)
        clock.advance(FRESH)
        assert (await unit.write(unit.options, Options.limit, 4000)).writes == 1
        assert wire.values["limit"] == 4000

    async def test_of_many_waiting_writes_only_the_newest_is_sent(self, unit, wire):
        """A slider that is dragged writes where it started and where it stopped."""
        await unit.update()
        gate = asyncio.Event()
        wire.on_write = gate.wait
        writes = [asyncio.ensure_future(unit.write(unit.options, Options.limit, value)) for value in (1000, 2000, 3000, 4500)]
        await asyncio.sleep(0)
        gate.set()
        results = await asyncio.gather(*writes)
        assert wire.sent == [("limit", 1000), ("limit", 4500)]
        assert [result.writes for result in results] == [1, 0, 0, 1]
        assert unit.options.limit == 4500

    async def test_a_poll_under_way_does_not_undo_a_write(self, unit, wire, clock):
        """What a poll read before the write is thrown away for the block that was written, and only for that one."""
        await unit.update()
        wire.give(power=77)
        unit.expire("options")
        read = wire.read

        async def slowly(sources, *, command=False):
            reading = await read(sources, command=command)
            if not command:
                clock.advance(1)
                await unit.write(unit.options, Options.limit, 1000)
            return reading

        wire.read = slowly
        report = await unit.update({"meter"})
        assert (unit.options.limit, unit.meter.power) == (1000, -77)
        assert "options" not in report.updated
        assert "options" not in report.failed
        wire.read = read
        clock.advance(1)
        assert "options" in names(unit.due(()))
        assert "options" in (await unit.update({"meter"})).updated

    async def test_what_this_unit_cannot_do_is_refused(self, unit, wire, monkeypatch):
        """A model with a lower ceiling refuses by it."""
        assert unit.highest(unit.options, Options.limit) == 8000
        monkeypatch.setattr(unit, "highest", lambda block, point: 3000)
        assert await refused(unit.write(unit.options, Options.limit, 3001)) == "out_of_range"
        assert (await unit.write(unit.options, Options.limit, 3000)).applied

    async def test_writes_to_different_points_do_not_replace_each_other(self, unit, wire):
        """Two settings at once are two writes."""
        await unit.update()
        await asyncio.gather(unit.write(unit.options, Options.limit, 1000), unit.write(unit.options, Options.locked, value=True))
        assert sorted(wire.sent) == [("limit", 1000), ("locked", 1)]

    @pytest.mark.parametrize("error", NOT_HEARD)
    async def test_a_write_without_an_answer_that_was_done_is_not_repeated(self, unit, wire, error):
        """The answer is lost, the read back shows the value: one write."""
        await unit.update()
        wire.lose(error(), done=True)
        result = await unit.write(unit.options, Options.limit, 1000)
        assert (result.applied, result.writes, len(wire.written)) == (True, 1, 1)

    @pytest.mark.parametrize("error", NOT_HEARD)
    async def test_a_write_that_got_lost_is_repeated_once(self, unit, wire, error):
        """The unit answers and clearly does not have the value: one more write."""
        await unit.update()
        wire.lose(error(), done=False)
        result = await unit.write(unit.options, Options.limit, 1000)
        assert (result.applied, result.writes, len(wire.written)) == (True, 2, 2)
        assert wire.asked[1:] == [["limit"]] * 4

    async def test_a_write_that_got_lost_twice_is_given_up(self, unit, wire):
        """Not a third time: the loss comes out, and nothing is shown."""
        await unit.update()
        for _ in range(2):
            wire.lose(DeviceTimeoutError(), done=False)
        with pytest.raises(DeviceTimeoutError):
            await unit.write(unit.options, Options.limit, 1000)
        assert len(wire.written) == 2
        assert unit.options.limit == 4000

    async def test_a_write_is_never_repeated_blindly(self, unit, wire):
        """The answer is lost and the unit is silent: nobody knows, so nothing is sent again."""
        await unit.update()
        wire.on_write = lambda: silence(wire)
        with pytest.raises(DeviceTimeoutError):
            await unit.write(unit.options, Options.limit, 1000)
        assert len(wire.written) == 1

    async def test_silence_after_an_accepted_write_is_not_a_refusal(self, unit, wire):
        """The unit took the value and then said nothing: the user hears of the silence."""
        await unit.update()
        wire.on_write = lambda: later_silence(wire)
        with pytest.raises(DeviceTimeoutError):
            await unit.write(unit.options, Options.limit, 1000)

    async def test_a_moment_of_silence_is_borne(self, unit, wire):
        """A unit that restarts after a write is asked again; what it shows then counts."""
        await unit.update()
        wire.on_write = lambda: later_silence(wire, times=2)
        assert (await unit.write(unit.options, Options.limit, 1000)).applied

    async def test_an_answer_after_a_silence_counts(self, unit, wire):
        """Silent at first, then clearly without the value: not applied, and not a silence."""
        await unit.update()
        wire.ignoring.add("limit")
        wire.on_write = lambda: later_silence(wire, times=2)
        assert not (await unit.write(unit.options, Options.limit, 1000)).applied

    async def test_a_refused_write_is_not_repeated(self, unit, wire):
        """No is no."""
        await unit.update()
        wire.refusing.add("limit")
        assert await refused(unit.write(unit.options, Options.limit, 1000)) == "write_rejected"
        assert len(wire.written) == 1
        assert unit.options.limit == 4000

    async def test_a_write_that_is_accepted_and_ignored_is_not_applied(self, unit, wire):
        """Accepted is not applied: the unit is looked at each settle moment, and nothing is sent again."""
        await unit.update()
        wire.ignoring.add("limit")
        wire.asked.clear()
        assert await unit.write(unit.options, Options.limit, 1000) == CommandResult(applied=False, writes=1)
        assert wire.asked == [["limit"]] * 3
        assert (len(wire.written), unit.options.limit) == (1, 4000)

    @pytest.mark.parametrize("outcome", ["lost", "refused", "ignored"])
    async def test_after_a_write_in_doubt_memory_is_not_trusted(self, unit, wire, outcome):
        """A late unit may have done it after all: going back to the old value is checked, not taken for done."""
        await unit.update()
        if outcome == "lost":
            wire.on_write = lambda: silence(wire)
        wire.ignoring |= {"limit"} if outcome == "ignored" else set()
        wire.refusing |= {"limit"} if outcome == "refused" else set()
        with suppress(DeviceTimeoutError, DeviceRefusedError):
            await unit.write(unit.options, Options.limit, 1000)
        wire.recover()
        wire.ignoring.clear()
        wire.refusing.clear()
        wire.on_write = None
        wire.give(limit=1000)
        assert (await unit.write(unit.options, Options.limit, 4000)).writes == 1
        assert wire.values["limit"] == 4000
        assert "options" in names(unit.due(()))

    async def test_a_block_that_loses_the_key_is_not_confirmed(self, unit, wire):
        """A read back that leaves the point out shows nothing."""
        await unit.update()
        wire.on_write = lambda: dropped(wire, "limit")
        wire.ignoring.add("limit")
        assert not (await unit.write(unit.options, Options.limit, 1000)).applied

    @pytest.mark.parametrize("error", [DeviceAuthError(), RateLimitedError(retry_after=5)])
    async def test_lost_rights_come_out_at_once(self, unit, wire, error):
        """A write that nobody may send is neither read back nor repeated."""
        await unit.update()
        wire.lose(error, done=False)
        with pytest.raises(type(error)):
            await unit.write(unit.options, Options.limit, 1000)
        assert (len(wire.asked), len(wire.written)) == (1, 1)

    async def test_each_write_is_paid_for_before_it_is_sent(self, unit, wire):
        """The budget is asked by the name of the point, for the repetition too; an empty one stops the write."""
        await unit.update()
        spent = []

        def spend(kind):
            spent.append((kind, len(wire.written)))
            if len(spent) == 3:
                raise RateLimitedError(retry_after=60)

        unit.spend = spend
        wire.lose(DeviceTimeoutError(), done=False)
        await unit.write(unit.options, Options.limit, 1000)
        with pytest.raises(RateLimitedError):
            await unit.write(unit.options, Options.limit, 2000)
        assert spent == [("options.limit", 0), ("options.limit", 1), ("options.limit", 2)]
        assert len(wire.written) == 2

    async def test_the_latency_is_what_the_user_waits(self, unit, wire, clock):
        """From before the write to the look that shows it."""
        await unit.update()
        wire.on_write = lambda: passing(clock, 2.5)
        assert (await unit.write(unit.options, Options.limit, 1000)).latency == 2.5

    async def test_looks_are_made_at_their_moments(self, unit, wire, clock, monkeypatch):
        """A slow answer eats the wait for the next look instead of adding to it."""
        await unit.update()
        wire.ignoring.add("limit")
        unit.settle = (1.0, 2.0, 4.0)
        waits = []

        async def sleep(seconds):
            waits.append(round(seconds, 3))
            clock.advance(seconds + 1.25)

        monkeypatch.setattr(asyncio, "sleep", sleep)
        await unit.write(unit.options, Options.limit, 1000)
        assert waits == [1.0, 1.75]


async def obey(wire, **values):
    wire.give(**values)


async def silence(wire):
    wire.go_silent()


async def passing(clock, seconds):
    clock.advance(seconds)


async def dropped(wire, key):
    wire.drop(key)


async def later_silence(wire, times=99):
    """Take the write, then answer nothing for ``times`` reads."""
    read = wire.read
    left = [times]

    async def deaf(sources, *, command=False):
        left[0] -= 1
        if left[0] < 0:
            return await read(sources, command=command)
        raise DeviceTimeoutError("restarting")

    wire.read = deaf


def test_the_seed_covers_the_datasheet():
    """Everything that the invented datasheet names is on the invented wire."""
    unit = Unit(FakeWire(SEED))
    keys = {source.key for block in unit.blocks.values() for source in block.sources("fake").values()}
    assert keys == set(SEED)
