"""Entities: who they are, when they appear, what they show, and what they write."""

from datetime import time
import logging

from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest

from custom_components.energy_core.errors import DeviceTimeoutError
from custom_components.energy_core.ha.entity import EnergyEntity
from tests.energy_core.datasheet import Input, Meter
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
def call(house, hass):
    """Call an action of Home Assistant on an entity."""

    async def act(platform, service, key, **data):
        target = {"entity_id": house.id(platform, key)}
        await hass.services.async_call(platform, service, target | data, blocking=True)

    return act


class TestIdentity:
    """Who an entity is."""

    async def test_an_entity_is_known_by_serial_and_key(self, house, hass, entry):
        """The unique id never depends on names or addresses, and all belong to the one device."""
        found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        assert {each.unique_id for each in found} == {
            "SN1_power", "SN1_voltage", "SN1_total", "SN1_state", "SN1_firmware", "SN1_input_current_1", "SN1_input_current_2",
            "SN1_alarm_1", "SN1_limit", "SN1_mode", "SN1_locked", "SN1_start",
        }  # fmt: skip
        (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert device.identifiers == {(DOMAIN, "SN1")}
        assert {each.device_id for each in found} == {device.id}
        assert all(each.has_entity_name for each in found)

    async def test_parts_are_named_by_their_number(self, house, hass, entry):
        """The second input's entity fills the number into its translated name; a single block has no number."""
        entities = hass.data["entity_components"]["sensor"].entities
        placeholders = {each.unique_id: getattr(each, "_attr_translation_placeholders", None) for each in entities}
        assert placeholders["SN1_input_current_2"] == {"number": "2"}
        assert placeholders["SN1_power"] is None


class TestAppearing:
    """When entities come and go."""

    async def test_late_parts_appear_with_the_second_reading(self, house):
        """The start does not wait for the inputs; nothing needs to be reloaded for them."""
        await house.add()
        assert house.shown("power") == "-1200"
        assert house.id(Platform.SENSOR, "input_current_1") is None
        await house.wait()
        assert house.shown("input_current_1") == "5.12"

    async def test_what_the_unit_never_shows_has_no_entity(self, house, wire):
        """A point that this firmware lacks makes no entity until it is shown."""
        wire.drop("voltage")
        await house.add("SN2", wire=wire)
        assert house.id(Platform.SENSOR, "voltage", "SN2") is None
        wire.give(voltage=2300)
        await house.wait()
        assert house.state("voltage", serial="SN2").state == "230"

    async def test_a_part_without_a_point_has_no_entity_for_it(self, house, entry):
        """Only the first input has an alarm."""
        assert house.shown("alarm_1", Platform.BINARY_SENSOR) == STATE_OFF
        assert house.id(Platform.BINARY_SENSOR, "alarm_2") is None

    async def test_a_part_that_is_taken_out_and_put_back(self, house, unit, caplog):
        """Its entities are unavailable meanwhile and live again afterwards, without an error."""
        unit.forget("input_2")
        await house.wait()
        assert house.shown("input_current_2") == STATE_UNAVAILABLE
        assert house.shown("input_current_1") == "5.12"
        caplog.clear()
        unit.wire.give(current_2=700)
        unit.add(Input("input_2", 1))
        await house.wait()
        await house.wait()
        assert house.shown("input_current_2") == "7"
        assert not [each for each in caplog.records if each.levelno >= logging.WARNING]

    async def test_a_part_that_was_exchanged_is_followed_at_once(self, house, unit, hass, caplog):
        """Another pack in the same place shows its own values under the same ids, without an error."""
        caplog.clear()
        unit.forget("input_2")
        unit.wire.give(current_2=900)
        unit.add(Input("input_2", 1))
        await house.wait()
        await house.wait()
        assert house.shown("input_current_2") == "9"
        assert not [each for each in caplog.records if each.levelno >= logging.WARNING]

    async def test_an_entity_that_the_user_disabled_stays_so(self, house, hass):
        """A part that goes and comes back brings back no entity that was switched off."""
        registry = er.async_get(hass)
        entry = await house.add()
        registry.async_get_or_create(
            "sensor", DOMAIN, "SN1_input_current_2", config_entry=entry, disabled_by=er.RegistryEntryDisabler.USER
        )
        await house.wait()
        unit = house.units[entry.entry_id]
        unit.forget("input_2")
        await house.wait()
        unit.add(Input("input_2", 1))
        await house.wait()
        await house.wait()
        assert house.shown("input_current_1") == "5.12"
        assert house.id(Platform.SENSOR, "input_current_2") is not None
        assert house.state("input_current_2") is None

    async def test_what_cannot_be_written_has_no_control(self, house, entry):
        """What the wire only tells is shown, and is no switch, number, choice or time, whatever the platform lists."""
        told = {Platform.SWITCH: "alarm_1", Platform.NUMBER: "voltage", Platform.SELECT: "state", Platform.TIME: "total"}
        assert [house.id(platform, key) for platform, key in told.items()] == [None] * 4
        assert house.shown("voltage") == "230.1"
        assert house.shown("alarm_1", Platform.BINARY_SENSOR) == STATE_OFF

    async def test_a_part_that_never_comes_back_is_polled_no_more(self, house, unit):
        """No entity keeps a block alive that the unit does not have."""
        unit.forget("input_2")
        await house.wait()
        assert "current_2" not in unit.wire.asked[-1]


class TestShowing:
    """What entities show, and how often they say it."""

    async def test_each_platform_shows_its_kind(self, house, entry):
        """Numbers, words, facts and times, each as Home Assistant wants it."""
        assert house.shown("power") == "-1200"
        assert house.shown("state") == "running"
        assert house.shown("total") == "50.0"
        assert house.shown("alarm_1", Platform.BINARY_SENSOR) == STATE_OFF
        assert house.shown("limit", Platform.NUMBER) == "4000.0"
        assert house.shown("mode", Platform.SELECT) == "eco"
        assert house.shown("locked", Platform.SWITCH) == STATE_OFF
        assert house.shown("start", Platform.TIME) == "07:30:00"

    async def test_each_platform_shows_what_is_not_known(self, house, wire, unit):
        """Nonsense from the unit is unknown on every platform, never a made-up value and never an exception."""
        wire.give(power="?", alarm_1=9, limit=-5, mode=77, locked="maybe", start=None)
        unit.expire()
        await house.wait()
        await house.wait()
        assert house.shown("power") == STATE_UNKNOWN
        assert house.shown("alarm_1", Platform.BINARY_SENSOR) == STATE_UNKNOWN
        assert house.shown("limit", Platform.NUMBER) == STATE_UNKNOWN
        assert house.shown("mode", Platform.SELECT) == STATE_UNKNOWN
        assert house.shown("locked", Platform.SWITCH) == STATE_UNKNOWN
        assert house.shown("start", Platform.TIME) == STATE_UNKNOWN

    @pytest.mark.parametrize(
        ("packed", "shown"),
        [
            (0x0000, "00:00:00"),
            (0x173B, "23:59:00"),
            (0x1800, STATE_UNKNOWN),
            (0x003C, STATE_UNKNOWN),
            (70_000, STATE_UNKNOWN),
            (1.9, "00:01:00"),
        ],
    )
    async def test_a_time_that_is_none_is_unknown(self, house, wire, unit, packed, shown):
        """Hour 24 and minute 60 are no times."""
        wire.give(start=packed)
        unit.expire("options")
        await house.wait()
        assert house.shown("start", Platform.TIME) == shown

    async def test_a_time_before_midnight_is_none(self, house, unit, entry, monkeypatch):
        """A datasheet without a lower bound may bring a negative number: still no exception."""
        unit.options.values["start"] = -226
        entry.runtime_data.async_update_listeners()
        assert house.shown("start", Platform.TIME) == STATE_UNKNOWN

    async def test_a_number_goes_as_far_as_this_unit(self, house, entry, unit, monkeypatch):
        """The highest number is the unit's own, or the datasheet's where the unit has none."""
        entity = house.hass.data["entity_components"]["number"].get_entity(house.id(Platform.NUMBER, "limit"))
        assert house.state("limit", Platform.NUMBER).attributes["max"] == 8000
        monkeypatch.setattr(unit, "highest", lambda block, point: 3000)
        entity.async_write_ha_state()
        assert house.state("limit", Platform.NUMBER).attributes["max"] == 3000
        monkeypatch.setattr(unit, "highest", lambda block, point: None)
        entity.async_write_ha_state()
        assert house.state("limit", Platform.NUMBER).attributes["max"] == 8000

    async def test_a_choice_shows_what_nobody_can_ask_for(self, house, wire, unit):
        """In service mode the unit says so, although only two modes can be chosen."""
        options = {"options": ["eco", "boost"]}
        assert house.state("mode", Platform.SELECT).attributes.items() >= options.items()
        wire.give(mode=9)
        unit.expire("options")
        await house.wait()
        state = house.state("mode", Platform.SELECT)
        assert (state.state, state.attributes["options"]) == ("service", ["eco", "boost", "service"])

    async def test_state_is_written_when_it_changed_and_not_otherwise(self, house, wire, unit):
        """A level that stays is not written again; power and other integrated values are, now and then."""
        await house.wait()
        shown = [*((key, Platform.SENSOR) for key in ("total", "power", "voltage", "state", "input_current_1"))]
        shown += [("alarm_1", Platform.BINARY_SENSOR), ("limit", Platform.NUMBER)]
        before = {each: house.state(*each).last_reported for each in shown}
        await house.wait()
        written = {key for (key, platform), when in before.items() if house.state(key, platform).last_reported != when}
        assert written == {"power", "voltage", "input_current_1"}
        wire.give(state=0)
        await house.wait()
        assert house.shown("state") == "idle"

    async def test_a_power_that_stays_is_reported_every_few_seconds(self, house, wire, unit, entry):
        """With fast polls not each time: but so often that who regulates by it does not call it late after 15 s."""
        coordinator, told = entry.runtime_data, []
        for _ in range(12):
            before = house.state("power").last_reported
            house.clock.advance(5)
            await coordinator.async_refresh()
            told.append(house.state("power").last_reported != before)
        assert told[:4] in ([True, False] * 2, [False, True] * 2)
        assert told == told[:2] * 6
        wire.give(power=-700)
        house.clock.advance(1)
        await coordinator.async_refresh()
        assert house.shown("power") == "700"

    @pytest.mark.parametrize("sparse", [False, True])
    async def test_one_entity_that_fails_does_not_keep_others_from_their_values(
        self, house, wire, entry, monkeypatch, caplog, sparse
    ):
        """Whatever Home Assistant objects to in one of them."""
        coordinator = entry.runtime_data
        monkeypatch.setattr(type(coordinator), "sparse", sparse)
        await house.wait()

        def fails() -> None:
            raise ValueError("no such option")

        # Dictionaries keep their order: this one is asked first.
        remove = coordinator.async_add_listener(fails, "meter")
        coordinator._listeners = dict(reversed(coordinator._listeners.items()))
        wire.give(power=100)
        await house.wait()
        assert house.shown("power") == "-100"
        assert "no such option" in caplog.text
        remove()

    async def test_who_begins_to_listen_is_heard(self, house, entry, unit):
        """What to read follows the listeners: a block is read from the moment that somebody wants it."""
        coordinator = entry.runtime_data
        unit.add(Meter("more"))
        await coordinator.async_refresh()
        assert "more" in coordinator.fresh, "it had never been shown"
        await coordinator.async_refresh()
        assert "more" not in coordinator.fresh
        remove = coordinator.async_add_listener(lambda: None, "more")
        await coordinator.async_refresh()
        assert "more" in coordinator.fresh
        remove()
        await coordinator.async_refresh()
        assert "more" not in coordinator.fresh

    async def test_availability_alone_is_a_change(self, house, wire):
        """A unit that is lost and found with the same level writes both."""
        await house.wait()
        wire.go_silent()
        await house.wait()
        await house.wait()
        assert house.shown("state") == STATE_UNAVAILABLE
        wire.recover()
        await house.wait(61)
        assert house.shown("state") == "running"

    async def test_an_entity_of_a_sibling_shows_its_block_at_least(self, house, hass, unit, entry):
        """An entity that is no point, a button for example, is there while its block is, and has nothing to show."""
        bare = EnergyEntity(entry.runtime_data, unit.meter, None, "press")
        assert (bare.unique_id, bare.shown(), bare.available) == ("SN1_press", None, True)
        unit.forget("meter")
        assert not bare.available


class TestWriting:
    """What entities write."""

    async def test_each_platform_writes_its_kind(self, house, wire, call, entry):
        """A number, a choice, a fact and a time reach the wire in the device's own dress."""
        await call(Platform.NUMBER, "set_value", "limit", value=2000)
        await call(Platform.SWITCH, "turn_on", "locked")
        await call(Platform.TIME, "set_value", "start", time=time(22, 15))
        await call(Platform.SWITCH, "turn_off", "locked")
        assert wire.sent == [("limit", 2000), ("locked", 1), ("start", 22 * 256 + 15), ("locked", 0)]
        assert house.shown("limit", Platform.NUMBER) == "2000.0"
        assert house.shown("start", Platform.TIME) == "22:15:00"
        assert house.shown("locked", Platform.SWITCH) == STATE_OFF

    async def test_a_choice_is_written_by_its_word(self, house, wire, call, entry):
        """The unit shows the mode only after it was asked for it."""

        async def obey():
            wire.give(mode=2)

        wire.on_write = obey
        wire.ignoring.add("set_mode")
        await call(Platform.SELECT, "select_option", "mode", option="boost")
        assert wire.sent == [("set_mode", 5)]
        assert house.shown("mode", Platform.SELECT) == "boost"

    async def test_what_was_asked_wrongly_is_the_users_to_correct(self, wire, call, unit):
        """A mode that can be read and not written is refused in the user's language, before any byte."""
        wire.give(mode=9)
        unit.expire("options")
        await unit.update()
        with pytest.raises(ServiceValidationError) as caught:
            await call(Platform.SELECT, "select_option", "mode", option="service")
        assert (caught.value.translation_domain, caught.value.translation_key) == (DOMAIN, "unsupported_value")
        assert caught.value.translation_placeholders == {"value": "service"}
        assert wire.written == []

    async def test_what_went_wrong_is_told(self, wire, call):
        """A write into silence fails visibly."""
        wire.go_silent(DeviceTimeoutError())
        with pytest.raises(HomeAssistantError) as caught:
            await call(Platform.SWITCH, "turn_on", "locked")
        assert caught.value.translation_key == "timeout"
        assert not isinstance(caught.value, ServiceValidationError)
