"""The coordinator: what is polled and when, and how a loss is told."""

import logging
from types import SimpleNamespace

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, Platform
import pytest

from custom_components.energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceRefusedError,
    WrongDeviceError,
)
from custom_components.energy_core.ha import coordinator as module
from tests.energy_core.datasheet import Options
from tests.energy_core.ha_unit import DOMAIN


@pytest.fixture
async def entry(house):
    """A unit that has answered twice: everything is shown."""
    made = await house.add()
    await house.wait()
    return made


@pytest.fixture
def unit(house, entry):
    return house.units[entry.entry_id]


@pytest.fixture
def wire(unit):
    return unit.wire


@pytest.fixture
def told(caplog):
    """Return what users find in their log: warnings, and news of a return."""
    caplog.set_level(logging.INFO)

    def lines():
        return [(each.levelname, each.getMessage()) for each in caplog.records if each.name == DOMAIN]

    return lines


class TestStart:
    """The first reading."""

    async def test_a_unit_that_is_silent_at_the_start_is_tried_again(self, house, wire, told):
        """Without a first answer there is nothing to show: Home Assistant retries, with the reason, without log spam."""
        wire.go_silent(DeviceConnectionError("nobody at 10.0.0.9"))
        again = await house.add("SN2", wire=wire)
        assert again.state is ConfigEntryState.SETUP_RETRY
        assert again.error_reason_translation_key == "cannot_connect"
        assert told() == []

    async def test_a_unit_that_refuses_us_at_the_start_asks_for_credentials(self, house, wire, hass):
        """Wrong credentials are for the user to correct, not for retries."""
        wire.go_silent(DeviceAuthError())
        again = await house.add("SN2", wire=wire)
        assert again.state is ConfigEntryState.SETUP_ERROR
        assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == [SOURCE_REAUTH]


class TestPolling:
    """What is asked, and when."""

    async def test_only_what_somebody_looks_at_is_polled(self, house, wire, hass, entry):
        """Once shown, a block is read for its enabled entities only; essential ones keep their own rhythm."""
        wire.asked.clear()
        await house.wait()
        assert wire.asked == [["power", "voltage", "state", "total", "today", "serial", "current_1", "alarm_1", "current_2"]]
        await hass.config_entries.async_unload_platforms(entry, [Platform.SENSOR])
        house.platforms.remove(Platform.SENSOR)
        wire.asked.clear()
        await house.wait()
        assert wire.asked == [["current_1", "alarm_1"]]

    async def test_a_unit_without_listeners_is_left_in_peace(self, house, wire, hass, entry):
        """An entry that is unloaded polls no more."""
        assert await hass.config_entries.async_unload(entry.entry_id)
        wire.asked.clear()
        await house.wait(1000)
        assert wire.asked == []

    async def test_a_slow_unit_is_polled_less_often(self, house, wire, entry, monkeypatch):
        """A poll that takes 8 s is followed by a pause of 8 s: the unit is ours for half of the time at most."""
        ticks = iter([100.0, 108.0, 200.0, 201.0])
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
        await house.wait()
        wire.asked.clear()
        assert entry.runtime_data.update_interval.total_seconds() == 8
        await house.wait(6)
        assert wire.asked == []
        await house.wait(10)
        assert len(wire.asked) == 1
        assert entry.runtime_data.update_interval.total_seconds() == pytest.approx(9, abs=0.5)

    async def test_a_new_interval_counts_at_once(self, house, wire, entry):
        """A change of the option does not wait for the old interval to end."""
        coordinator = entry.runtime_data
        coordinator.set_interval(3)
        wire.asked.clear()
        await house.wait(5)
        assert len(wire.asked) == 1
        assert (coordinator.interval, coordinator.update_interval.total_seconds()) == (3, pytest.approx(3, abs=0.5))
        coordinator.set_interval(60)
        wire.asked.clear()
        await house.wait(50)
        assert wire.asked == []
        await house.wait(62)
        assert len(wire.asked) == 1

    async def test_a_new_interval_without_listeners_starts_nothing(self, house, wire, hass, entry):
        """An unloaded entry does not come back to life by its options."""
        coordinator = entry.runtime_data
        await hass.config_entries.async_unload(entry.entry_id)
        wire.asked.clear()
        coordinator.set_interval(3)
        await house.wait(1000)
        assert wire.asked == []


class TestLoss:
    """A unit that falls silent."""

    async def test_one_silence_is_borne(self, house, wire, told):
        """Small devices miss a poll: states stay, and nobody hears of it."""
        wire.go_silent()
        await house.wait()
        assert house.shown("power") == "-1200"
        wire.recover()
        await house.wait()
        assert told() == []

    async def test_the_second_silence_in_a_row_is_a_loss(self, house, wire):
        """Every entity turns unavailable, and comes back with the first good answer."""
        wire.go_silent()
        await house.wait()
        await house.wait()
        assert house.shown("power") == house.shown("limit", Platform.NUMBER) == STATE_UNAVAILABLE
        wire.recover()
        wire.give(power=5)
        await house.wait(61)
        assert house.shown("power") == "-5"

    async def test_silences_that_are_not_in_a_row_are_borne(self, house, wire, told):
        """Every other poll fails: the unit is never lost."""
        for _ in range(4):
            wire.go_silent()
            await house.wait()
            assert house.shown("power") == "-1200"
            wire.recover()
            await house.wait()
        assert told() == []

    async def test_a_long_outage_is_told_in_two_lines(self, house, wire, told):
        """Ten failed polls: one warning with the reason, one line at the return, and the same for the next outage."""
        for _ in range(2):
            wire.go_silent(DeviceConnectionError("host is down"))
            for _ in range(10):
                await house.wait(61)
            wire.recover()
            await house.wait(61)
        down, up = ("WARNING", "Unit does not answer: host is down"), ("INFO", "Fetching Unit data recovered")
        assert told() == [down, up, down, up]

    async def test_the_silent_are_asked_ever_less_often(self, house, wire, entry):
        """10 s after the first failure, then 10, 20, 40, and 60 s for ever; after the return each 10 s again."""
        wire.go_silent()
        await house.wait()
        for delay in (10, 10, 20, 40, 60, 60):
            wire.asked.clear()
            await house.wait(delay - 2)
            assert wire.asked == [], delay
            await house.wait(delay + 1)
            assert len(wire.asked) == 1, delay
        wire.recover()
        await house.wait(61)
        wire.asked.clear()
        await house.wait()
        assert len(wire.asked) == 1
        assert entry.runtime_data.update_interval.total_seconds() == pytest.approx(10, abs=0.5)

    async def test_a_stranger_at_the_address_is_never_borne(self, house, wire, told):
        """Nothing that another unit says may be shown: unavailable at once."""
        wire.go_silent(WrongDeviceError("another unit"))
        await house.wait()
        assert house.shown("power") == STATE_UNAVAILABLE
        assert told() == [("WARNING", "Unit does not answer: another unit")]

    async def test_what_follows_from_a_reading_may_find_a_loss(self, house, entry, monkeypatch):
        """A sibling that refuses what it read makes the whole unit lost."""

        async def refuse(report):
            raise WrongDeviceError

        monkeypatch.setattr(entry.runtime_data, "after_update", refuse)
        await house.wait()
        assert house.shown("power") == STATE_UNAVAILABLE

    async def test_lost_rights_start_a_new_login(self, house, wire, hass):
        """Entities turn unavailable, the user is asked once, and the unit is not asked again until then."""
        wire.go_silent(DeviceAuthError())
        await house.wait()
        await house.wait(100)
        flows = hass.config_entries.flow.async_progress()
        assert [(flow["handler"], flow["context"]["source"]) for flow in flows] == [(DOMAIN, SOURCE_REAUTH)]
        assert house.shown("power") == STATE_UNAVAILABLE
        assert wire.commands.count(False) == len(wire.asked) == 3


class TestBlockLoss:
    """A part that falls silent while the unit lives."""

    async def test_only_the_entities_of_a_silent_block_are_lost(self, house, wire, told):
        """The input is unavailable, the meter goes on; told once, and once when it is back."""
        wire.fail("current_1", error=DeviceProtocolError("register 7"))
        for _ in range(3):
            await house.wait()
        assert house.shown("input_current_1") == house.shown("alarm_1", Platform.BINARY_SENSOR) == STATE_UNAVAILABLE
        assert (house.shown("input_current_2"), house.shown("power")) == ("4.98", "-1200")
        wire.recover()
        for _ in range(2):
            await house.wait()
        assert house.shown("input_current_1") == "5.12"
        assert told() == [
            ("WARNING", "Unit: no values of input_1: register 7"),
            ("INFO", "Unit: values of input_1 are back"),
        ]

    async def test_one_silence_of_a_block_is_borne(self, house, wire, told):
        """As of a whole device: the values stay, nobody is told, and the count begins anew after an answer."""
        for _ in range(2):
            wire.fail("current_1", error=DeviceProtocolError("register 7"))
            await house.wait()
            assert house.shown("input_current_1") == "5.12"
            wire.recover()
            await house.wait()
        assert told() == []

    async def test_blocks_that_fail_together_are_told_together(self, house, wire, told):
        """One thing went wrong: one line, and one when it is over."""
        wire.fail("current_1", "current_2", error=DeviceProtocolError("register 7"))
        for _ in range(3):
            await house.wait()
        assert house.shown("input_current_1") == house.shown("input_current_2") == STATE_UNAVAILABLE
        wire.recover()
        await house.wait()
        assert told() == [
            ("WARNING", "Unit: no values of input_1, input_2: register 7"),
            ("INFO", "Unit: values of input_1, input_2 are back"),
        ]

    async def test_a_slow_block_stays_silent_until_it_is_read_again(self, house, wire, clock, entry):
        """Settings that failed stay unavailable, and are asked again with each poll until they answer."""
        wire.fail("mode")
        await house.wait(301)
        assert house.shown("limit", Platform.NUMBER) == "4000.0"
        await house.wait()
        assert house.shown("limit", Platform.NUMBER) == STATE_UNAVAILABLE
        assert "mode" in wire.asked[-1]
        wire.recover()
        await house.wait()
        assert house.shown("limit", Platform.NUMBER) == "4000.0"
        await house.wait()
        assert "mode" not in wire.asked[-1]


class TestWriting:
    """A command by an entity."""

    async def test_what_was_written_shows_at_once(self, house, unit, entry):
        """No poll is needed for the new value to appear."""
        result = await entry.runtime_data.write(unit.options, Options.limit, 2000)
        assert result.applied
        assert house.shown("limit", Platform.NUMBER) == "2000.0"

    async def test_what_did_not_show_is_an_error(self, unit, wire, entry):
        """Accepted and ignored is not done."""
        wire.ignoring.add("limit")
        with pytest.raises(DeviceRefusedError) as caught:
            await entry.runtime_data.write(unit.options, Options.limit, 2000)
        assert caught.value.key == "not_applied"
