"""The table, the comparisons and the reading of the log."""

import pytest

from demo.compare import Expected, agrees, base_value, compare, log_complaints
from demo.console import MAX_CELL, Row, failures, table
from demo.registry import Entity, House, without_value
from demo.simulator import expectations

SERIAL = "SIM-1"
DEVICE = {"id": "d1", "identifiers": [["titan_izypower", SERIAL]], "via_device_id": None, "name": "Titan", "name_by_user": None}
PACK = {"id": "d2", "identifiers": [["titan_izypower", f"{SERIAL}_pack_0"]], "parent_device_id": "d1"}


def entity(key, entity_id, device="d1", category=None):
    return Entity(entity_id=entity_id, unique_id=f"{SERIAL}_{key}", name=key, category=category, device_id=device)


def state(value, unit=None):
    return {"state": value, "attributes": {"unit_of_measurement": unit} if unit else {}}


def test_table_aligns_its_columns_and_marks_failures():
    rows = [Row(check="a", expected="1", got="1", ok=True), Row(check="longer", expected="2", got="x" * 200, ok=False)]
    lines = table(rows).splitlines()
    column = lines[0].index("expected")
    assert (lines[2][column], lines[3][column]) == ("1", "2")
    assert lines[2].endswith("yes")
    assert lines[3].endswith("NO")
    assert "x" * (MAX_CELL - 1) + "…" in lines[3]
    assert failures(rows) == rows[1:]


def test_table_keeps_a_row_on_one_line():
    assert len(table([Row(check="a", expected="1", got="x\ny", ok=False)]).splitlines()) == 3


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [("1.5", "kWh", 1500.0), ("1.5", "Wh", 1.5), ("50", "%", 50.0), ("unknown", None, None), ("2", "kW", 2000.0)],
)
def test_base_value(value, unit, expected):
    assert base_value(state(value, unit)) == expected


def test_base_value_of_nothing():
    assert base_value(None) is None


def test_agrees_within_rounding_only():
    number = Expected(key="k", value=100.0, tolerance=4.0, unit="W")
    assert agrees(number, 104.0)
    assert not agrees(number, 104.1)
    assert not agrees(number, None)


def test_entities_are_found_by_unique_id_and_platform():
    house = House(
        devices=(PACK, DEVICE),
        entities=(entity("power", "sensor.b"), entity("dc_power", "sensor.a"), entity("power", "number.c")),
    )
    assert house.main is DEVICE
    assert house.parts == [PACK]
    assert house.find("power").entity_id == "sensor.b"
    assert house.find("power", "number").entity_id == "number.c"
    assert house.find("absent") is None
    assert house.ids(("absent", "dc_power")) == ["sensor.a"]


def test_compare_names_what_is_missing():
    house = House(devices=(DEVICE,), entities=(entity("a", "sensor.a"), entity("b", "sensor.b")))
    numbers = [Expected(key=key, value=1.0, tolerance=0.1, unit="W") for key in ("a", "b", "c")]
    rows = compare(numbers, house, {"sensor.a": state("1"), "sensor.b": state("unavailable")})
    assert [(row.ok, row.got) for row in rows] == [(True, "1.0 W"), (False, "no number"), (False, "no entity")]


def test_values_that_may_be_unknown():
    entities = [
        entity("stop", "button.stop"),
        entity("lost", "button.lost"),
        entity("remaining_charge_time", "sensor.left"),
        entity("power", "sensor.power"),
        entity("absent", "sensor.absent"),
        entity("soc", "sensor.soc"),
    ]
    states = {
        "button.stop": state("unknown"),
        "button.lost": state("unavailable"),
        "sensor.left": state("unknown"),
        "sensor.power": state("unknown"),
        "sensor.soc": state("50"),
    }
    found = without_value(entities, states)
    assert [one.split()[0] for one in found] == ["button.lost", "sensor.power", "sensor.absent"]


def record(level="ERROR", name="homeassistant.helpers.entity", message="x", source="helpers/entity.py", exception=""):
    return {"level": level, "name": name, "message": [message], "source": [source, 1], "exception": exception, "count": 1}


def test_log_complaints_are_ours_only():
    ours = [
        record(name="custom_components.titan_izypower"),
        record(source="custom_components/titan_izypower/sensor.py"),
        record(message="Error adding entity None for domain select with platform titan_izypower"),
        record(exception="Traceback\n File custom_components/x.py\nValueError: no"),
    ]
    others = [
        record(name="haffmpeg.core"),
        record(name="custom_components.titan_izypower", level="INFO"),
        record(level="WARNING", message="We found a custom integration titan_izypower which has not been tested"),
    ]
    found = log_complaints([*others, *ours], ("custom_components", "titan_izypower"))
    assert len(found) == len(ours)
    assert found[-1].endswith("ValueError: no")


def test_expectations_follow_the_house():
    energy = {name: [1000.0, 10.0] for name in ("pv", "charge", "discharge")}
    numbers = {
        one.key: one.value
        for one in expectations(
            {"pv_w": 100, "battery_w": -500, "pv_inputs": [40, 30, 20, 10], "grid_w": 820, "soc": 55.0, "energy": energy}
        )
    }
    assert numbers["ac_output_power"] == 0
    assert numbers["ac_input_power"] == 400
    assert numbers["dc_input_power_3"] == 20
    assert numbers["battery_power"] == -500
    assert numbers["battery_daily_charging_energy"] == 10
    assert numbers["battery_total_discharging_energy"] == 1000
