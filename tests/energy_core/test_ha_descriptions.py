"""From a point to a description: everything the datasheet knows comes from it."""

from homeassistant.components.number import NumberDeviceClass, NumberMode
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory
import pytest

from custom_components.energy_core.counters import CounterPolicy
from custom_components.energy_core.ha import descriptions
from custom_components.energy_core.ha.descriptions import binary, number, select, sensor, switch, time_of_day
from custom_components.energy_core.points import Point
from tests.energy_core.datasheet import Input, Meter, Options


class TestSensor:
    """What a sensor is told."""

    def test_a_measurement_has_unit_class_and_precision(self):
        """Watts are whole, and are measured."""
        told = sensor(Meter.power, SensorDeviceClass.POWER)
        assert (told.point, told.key, told.translation_key) == (Meter.power, "power", "power")
        assert (told.native_unit_of_measurement, told.device_class) == ("W", SensorDeviceClass.POWER)
        assert (told.state_class, told.suggested_display_precision) == (SensorStateClass.MEASUREMENT, 0)
        assert told.suggested_unit_of_measurement is None

    def test_energy_is_counted_in_watt_hours_and_shown_in_kilowatt_hours(self):
        """Lifetime and daily counters only rise or restart."""
        for point in (Meter.total, Meter.today):
            told = sensor(point, SensorDeviceClass.ENERGY)
            assert told.state_class is SensorStateClass.TOTAL_INCREASING
            assert (told.native_unit_of_measurement, told.suggested_unit_of_measurement) == ("Wh", "kWh")
            assert told.suggested_display_precision == 2

    def test_stored_energy_is_a_level(self):
        """Watt hours that no policy counts are measured; a given unit and precision win."""
        told = sensor(Point(float, "Wh"), SensorDeviceClass.ENERGY_STORAGE, key="stored")
        assert (told.state_class, told.suggested_unit_of_measurement) == (SensorStateClass.MEASUREMENT, "kWh")
        told = sensor(Point(float, "Wh"), key="stored", precision=0, suggested_unit_of_measurement="Wh", state_class=None)
        assert (told.state_class, told.suggested_unit_of_measurement, told.suggested_display_precision) == (None, "Wh", 0)

    def test_a_counter_stays_a_counter(self):
        """No option of a line turns a counter into a measurement."""
        told = sensor(Point(float, counter=CounterPolicy.LIFETIME), key="cycles", state_class=SensorStateClass.MEASUREMENT)
        assert told.state_class is SensorStateClass.TOTAL_INCREASING

    def test_words_are_an_enumeration(self):
        """A state has options and neither unit nor statistics, whatever class was asked for."""
        told = sensor(Meter.state, SensorDeviceClass.POWER)
        assert (told.device_class, told.options) == (SensorDeviceClass.ENUM, ["idle", "running"])
        assert (told.state_class, told.native_unit_of_measurement, told.suggested_display_precision) == (None, None, None)

    def test_text_and_plain_numbers_have_no_statistics(self):
        """A version is text; a number without a unit is not measured."""
        for point in (Options.firmware, Options.start):
            told = sensor(point)
            assert (told.state_class, told.device_class, told.options) == (None, None, None)

    def test_a_line_may_say_more(self):
        """Key, translation, precision and category are taken as given."""
        told = sensor(
            Input.current,
            SensorDeviceClass.CURRENT,
            key="dc",
            precision=3,
            translation_key="pv",
            entity_category=descriptions.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        )
        assert (told.key, told.translation_key, told.suggested_display_precision) == ("dc", "pv", 3)
        assert (told.entity_category, told.entity_registry_enabled_default) == (EntityCategory.DIAGNOSTIC, False)

    @pytest.mark.parametrize(
        ("unit", "digits"), [("V", 1), ("A", 2), ("Hz", 2), ("°C", 1), ("%", 0), ("kWh", 2), ("h", None), (None, None)]
    )
    def test_digits_follow_the_unit(self, unit, digits):
        """A device rarely knows more than these; an unlisted unit is left to Home Assistant."""
        assert sensor(Point(float, unit), key="x").suggested_display_precision == digits


def test_a_number_has_the_points_bounds():
    """What may be written is what may be chosen, typed into a box, among the settings."""
    told = number(Options.limit, NumberDeviceClass.POWER)
    assert (told.native_min_value, told.native_max_value, told.native_step) == (100, 8000, 50)
    assert (told.native_unit_of_measurement, told.device_class, told.mode) == ("W", NumberDeviceClass.POWER, NumberMode.BOX)
    assert (told.key, told.translation_key, told.entity_category) == ("limit", "limit", EntityCategory.CONFIG)
    told = number(Point(float), key="x", entity_category=None, translation_key="y")
    assert (told.native_max_value, told.entity_category, told.key, told.translation_key) == (0, None, "x", "y")


@pytest.mark.parametrize("make", [binary, select, switch, time_of_day])
def test_the_name_is_the_points_unless_given(make):
    """Key and translation follow the point, or the line."""
    told = make(Options.locked)
    assert (told.point, told.key, told.translation_key) == (Options.locked, "locked", "locked")
    told = make(Options.locked, key="lock", translation_key="bolt")
    assert (told.key, told.translation_key) == ("lock", "bolt")


@pytest.mark.parametrize(
    ("make", "category"),
    [(binary, None), (select, None), (switch, EntityCategory.CONFIG), (time_of_day, EntityCategory.CONFIG)],
)
def test_settings_stand_among_the_settings(make, category):
    """Switches and times configure the unit; a choice of mode is an everyday control; a line may decide otherwise."""
    assert make(Options.locked).entity_category is category
    assert make(Options.locked, entity_category=EntityCategory.DIAGNOSTIC).entity_category is EntityCategory.DIAGNOSTIC
