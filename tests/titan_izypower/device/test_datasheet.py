"""The datasheet in code against the vendor's tables: the simulators' copy always, the researched one where it is."""

from collections.abc import Iterator
import csv
from pathlib import Path
from typing import Any

import pytest

from custom_components.energy_core.points import Block, Point
from custom_components.titan_izypower.titan import codes, points
from custom_components.titan_izypower.titan.sources import DataPoint, Register
from simulators.titan_table import read_points, registers, write_points

RESEARCH = Path(__file__).resolve().parents[4] / "shared/research"
KINDS = {
    "uint16": "u16",
    "enum16": "u16",
    "int16": "s16",
    "uint32": "u32",
    "acc32": "u32",
    "bitfield32": "u32",
    "int32": "s32",
    "string": "text",
}
UNITS = {"": None, "degC": "°C", "kWh": "Wh", "hh:mm": None, "% (or ratio)": "%"}

# Registers that no point declares, each with its reason.
LEFT_OUT = {
    **dict.fromkeys([*range(92, 100), 10000, 10001], "firmware of the extension packs: nobody asked for it"),
    **dict.fromkeys([1132, 1133, 1134], "clock: never written, and no use to read"),
    7075: "cloud link: never written",
    **dict.fromkeys(range(7080, 7128), "load curve"),
    **dict.fromkeys([7238, 7239], "injection of a smart socket's power"),
    **dict.fromkeys(range(7300, 7420), "periods of one's own"),
    **dict.fromkeys([7537, 7538], "ratings that are the grid's own"),
    7560: "reset request of the communication module",
}
# Our unit, where it is not the table's.
OTHER_UNITS = {
    122: "the table has a ratio, we show percent: scale x 100",
    7268: "days; the table has no unit",
    7270: "W; the table has no unit",
    8646: "days",
}
# What we allow to be written, where the table allows something else.
OTHER_RANGES = {
    1140: ((0, 720), "the table has no upper bound: 30 days are enough"),
    1142: ((5, 100), "OpenData and the App refuse less than 5 %"),
    1147: ((50, 10800), "the App's minimum, and a cluster's maximum; a single unit refuses more than 3600 itself"),
    1151: ((0, 10800), "a cluster's maximum"),
}
# OpenData points whose twin by the table is another register than ours, or none.
OTHER_TWINS = {
    1501: "total PV power; the table's twin of 2250 is 8500, PV charging power: equal on a unit with its own PV only",
}
# Readable points of the second generation that nothing declares.
POINTS_LEFT_OUT = {
    0: "Sys.GetConfig has the serial number as text",
    150: "alias of 9008",
    6100: "bus voltage: the pack's own is there",
    6101: "bus current: the pack's own is there",
    7121: "alias of 9080",
    8500: "1501 is the total",
    9405: "alias of 6002",
    9267: "alias of 19177",
    11005: "transformer temperature: not in Modbus",
    11008: "clock",
    11028: "rating that is the grid's own",
    11029: "rating that is the grid's own",
    11037: "Wh in one document, kWh in the other",
    **dict.fromkeys([1098, 1099, *range(1136, 1144)], "firmware of the extension packs"),
    **dict.fromkeys(range(26000, 26048), "load curve"),
}
BLOCKS = [found for found in vars(points).values() if isinstance(found, type) and issubclass(found, Block) and found is not Block]


def declared(wire: str) -> Iterator[tuple[Point[Any], int, Any]]:
    """Give each point with its index and its source on a wire."""
    for block in BLOCKS:
        for point in block.points.values():
            for index in range(6):
                source = point.source(wire, index)
                if source is not None and (index == 0 or isinstance(point.sources[wire], tuple)):
                    yield point, index, source


# 52 stands in SunSpec's common model, which the vendor's table does not have.
MODBUS = [pytest.param(*each, id=f"{each[0]!r}-{each[1]}") for each in declared("modbus") if each[2].key != 52]
OPENDATA = [pytest.param(*each, id=f"{each[0]!r}-{each[1]}") for each in declared("opendata") if isinstance(each[2].key, int)]
GEN1 = [pytest.param(*each, id=f"{each[0]!r}-{each[1]}") for each in declared("gen1") if isinstance(each[2].key, int)]


def research(name: str) -> list[dict[str, str]]:
    """Read one of the researched tables; skip, visibly, where it is not there."""
    if not (RESEARCH / name).exists():
        pytest.skip(f"{RESEARCH / name} is not there")
    with (RESEARCH / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def unit_of(table: str) -> str | None:
    """Give our name of the table's unit."""
    return UNITS.get(table, table)


@pytest.mark.parametrize(("point", "index", "source"), MODBUS)
def test_each_register_is_the_tables(point: Point[Any], index: int, source: Register) -> None:
    """Address, words, type, scale and unit are the vendor's."""
    vendor = registers()[source.key]
    assert source.kind == KINDS[vendor.type]
    assert source.words == vendor.words
    if vendor.address == 122:
        assert (source.scale, point.unit) == (vendor.scale * 100, "%"), OTHER_UNITS[122]
        return
    assert source.scale == vendor.scale
    assert source.sign == 1
    if vendor.address not in OTHER_UNITS:
        assert point.unit == unit_of(vendor.unit)


@pytest.mark.parametrize(("point", "index", "source"), MODBUS)
def test_each_register_is_the_researched_tables(point: Point[Any], index: int, source: Register) -> None:
    """The same against the table that the simulators' copy was made from."""
    rows = {int(row["address"]): row for row in research("titan_modbus.csv")}
    row = rows[source.key]
    assert source.kind == KINDS[row["type"]]
    assert source.words == int(row["words"])
    assert source.scale == float(row["scale"]) * (100 if source.key == 122 else 1)
    if source.key not in OTHER_UNITS:
        assert point.unit == unit_of(row["unit"])
    safety = row["write_safety"]
    assert not source.writable or safety.startswith(("control", "persistent", "one-shot")), safety


@pytest.mark.parametrize(("point", "index", "source"), MODBUS)
def test_what_is_written_over_modbus_may_be(point: Point[Any], index: int, source: Register) -> None:
    """A writable source is a writable register, written where it is read, within its range."""
    if not source.writable:
        return
    vendor = registers()[source.key]
    assert vendor.writable
    assert source.target == source.key
    if source.codes is not None:
        raw = set((source.write_codes or {}).values()) or set(source.codes)
        assert all((vendor.low or 0) <= code <= (vendor.high or 0) for code in raw)
        return
    ours = (point.write_low, point.write_high)
    if source.key in OTHER_RANGES:
        assert ours == OTHER_RANGES[source.key][0], OTHER_RANGES[source.key][1]
        assert ours != (vendor.low, vendor.high), "no difference any more"
    else:
        assert ours == (vendor.low, vendor.high)


def test_every_register_is_declared_or_left_out_for_a_reason() -> None:
    """No register of the table is forgotten, and none that is left out is there after all."""
    ours = {source.key for _, _, source in declared("modbus")}
    assert set(registers()) - ours == set(LEFT_OUT)
    assert ours - set(registers()) == {52}


def test_every_researched_register_is_declared_or_left_out_for_a_reason() -> None:
    """The same for the researched table, array by array."""
    ours = {source.key for _, _, source in declared("modbus")}
    assert {int(row["address"]) for row in research("titan_modbus.csv")} - ours == set(LEFT_OUT)


@pytest.mark.parametrize(("point", "index", "source"), OPENDATA)
def test_each_opendata_point_is_the_tables(point: Point[Any], index: int, source: DataPoint) -> None:
    """Number, unit, scale and Modbus twin are the vendor's."""
    vendor = read_points()[source.key]
    assert source.scale == (1000 if vendor.unit == "kWh" else 1)
    assert source.sign == 1
    if source.key not in OTHER_UNITS:
        assert point.unit == unit_of(vendor.unit)
    twin = point.source("modbus", index)
    if source.key in OTHER_TWINS:
        assert vendor.register is None, OTHER_TWINS[source.key]
    else:
        assert (twin.key if twin else None) == vendor.register


@pytest.mark.parametrize(("point", "index", "source"), OPENDATA)
def test_what_is_written_over_opendata_may_be(point: Point[Any], index: int, source: DataPoint) -> None:
    """A writable source goes to a write point, which is the twin of the register that Modbus writes."""
    if not source.writable:
        assert source.target == source.key
        return
    vendor = write_points()[source.target]
    twin = point.source("modbus", index)
    assert vendor.register == twin.key
    assert twin.writable


@pytest.mark.parametrize(
    ("points", "generations"), [(OPENDATA, {"gen2", "both"}), (GEN1, {"gen1", "both"})], ids=["gen2", "gen1"]
)
def test_each_generation_has_what_it_is_asked(points: list[Any], generations: set[str]) -> None:
    """The researched table knows each point for the generation that it is asked of, with its unit and scale."""
    rows: dict[int, dict[str, str]] = {}
    for row in research("titan_points.csv"):
        if row["read_or_write"] in ("R", "RW") and row["generation"] in generations:
            rows[int(row["point"])] = row
    # The brief: documented for gen 2, and Home Assistant's own integration asks gen 1 for them too.
    extra = {1666, 1667} if "gen1" in generations else set()
    for point, _, source in (each.values for each in points):
        if source.key in extra:
            continue
        row = rows[source.key]
        assert source.scale == (1000 if row["unit"] == "kWh" else 1), point
        if source.key not in OTHER_UNITS:
            assert point.unit == unit_of(row["unit"]), point


@pytest.mark.parametrize(("wire", "generations"), [("opendata", {"gen2", "both"}), ("gen1", {"gen1", "both"})])
def test_each_write_point_is_the_researched_one(wire: str, generations: set[str]) -> None:
    """What is written exists as a write point of that generation."""
    rows = {
        int(row["point"])
        for row in research("titan_points.csv")
        if "W" in row["read_or_write"] and row["generation"] in generations
    }
    written = {source.target for _, _, source in declared(wire) if source.writable}
    assert written <= rows


def test_every_opendata_point_is_declared_or_left_out_for_a_reason() -> None:
    """No readable point is forgotten, and none that is left out is there after all."""
    ours = {source.key for _, _, source in declared("opendata")}
    assert set(read_points()) - ours == set(POINTS_LEFT_OUT)


def test_no_two_points_read_the_same_place_by_mistake() -> None:
    """Only the packs' SoC is declared twice: of the battery, for the mean, and of each pack."""
    for wire in ("modbus", "opendata", "gen1"):
        keys = [source.key for _, _, source in declared(wire)]
        twice = {key for key in keys if keys.count(key) > 1}
        assert twice == ({7593, 7594, 7595, 7596, 7597, 7598} if wire == "modbus" else set())


# Codes of the vendor's table, in our words.
WORDS = {
    138: ["off", "sleeping", "starting", "running", "throttled", "shutting_down", "fault", "standby", "grid_charging",
          "grid_discharging", "off_grid_charging", "off_grid_discharging", "charging_to_backup", "deep_sleep", "calibrating",
          "off_grid_deep_sleep"],
    1143: [False, True],
    1144: ["self_consumption", "realtime", "custom_time"],
    1150: ["standby", "charge", "discharge"],
    1246: [False, True],
    2227: ["off", "sleeping", "starting", "running", "throttled", "shutting_down", "fault", "standby", "test"],
    6563: ["idle", "charging", "discharging"],
    6588: ["standby", "charging", "discharging", "protection"],
    6593: [False, True],
    7240: ["vde_ar_n_4105", "g98", "en_50549_nl", "cei_0_21", "c10_26", "france", "austria", "switzerland", "nts_2_1"],
    7241: ["standalone", "master", "slave"],
    7242: ["centralised", "coordinated"],
    7265: ["off", "on", "half"],
    7266: [False, True],
    7267: [False, True],
    7272: [False, True],
}  # fmt: skip
SAME = (
    {2247: 2227, 2268: 2227, 2288: 2227}
    | dict.fromkeys((6620, 6652, 6684, 6716), 6588)
    | dict.fromkeys((6625, 6657, 6689, 6721, 6865), 6593)
)


def numbers(enum: str) -> list[int]:
    """Give the codes of a table's enumeration."""
    return [int(part.split("=")[0].removeprefix("bit")) for part in enum.split(";")]


def test_every_code_of_the_table_has_its_word() -> None:
    """Each enumerated register reads each of the vendor's codes as the word for it, and nothing else as a word."""
    by_key = {source.key: (point, source) for point, _, source in declared("modbus")}
    checked = set()
    for row in research("titan_modbus.csv"):
        address = int(row["address"])
        if not row["enum"] or address not in by_key or address in (7271, 140, 2228, 2248, 2269, 2289):
            continue
        point, source = by_key[address]
        words = WORDS[SAME.get(address, 6588 if address == 6860 else address)]
        found = numbers(row["enum"])
        assert [point.decode(source, code) for code in found] == words[: len(found)], point
        assert point.decode(source, 999) is None
        checked.add(address)
    assert checked >= {138, 1143, 1144, 1150, 1246, 2227, 6563, 6588, 6593, 7240, 7241, 7242, 7265, 7266, 7267, 7272}


def test_every_alarm_bit_of_the_table_has_its_name() -> None:
    """The alarm words' bits are the vendor's, all of them and no more."""
    rows = {int(row["address"]): row["enum"] for row in research("titan_modbus.csv")}
    assert numbers(rows[140]) == list(codes.ALARMS)
    for address in (2228, 2248, 2269, 2289):
        assert numbers(rows[address]) == list(codes.PV_ALARMS)


@pytest.mark.parametrize(
    ("point", "raw"),
    [
        (points.Battery.state, {1000: "idle", 1001: "charging", 1002: "discharging"}),
        (points.System.order, {0: "standby", 1: "charge", 2: "discharge", 1000: "standby", 1001: "charge", 1002: "discharge"}),
        (points.System.working_mode, {0: "outdoor", 1: "self_consumption", 2: "schedule", 4: "realtime", 5: "schedule", 6: "custom_time"}),
        (points.Settings.cluster_role, {"1000": "master", "1001": "slave", "1002": "standalone", "1": "master", "0": "standalone"}),
        (points.Settings.grid_charging, {1000: False, 1001: True}),
        (points.Settings.bypass, {0: False, 1: True, "1": True}),
        (points.Grid.meter_connected, {1000: True, 1001: False, "1000": True}),
        (points.Grid.bypass_mode, {0: "eps", 1: "microinverter"}),
        (points.Pack.heater, {0: False, 1: True, 1000: False, 1001: True}),
    ],
    ids=repr,
)  # fmt: skip
def test_opendata_codes(point: Point[Any], raw: dict[Any, Any]) -> None:
    """OpenData's own numbering, as number or as text, reads as the same words."""
    source = point.source("opendata")
    assert {code: point.decode(source, code) for code in raw} == raw


def test_writes_take_other_codes_than_reads() -> None:
    """Grid charging reads 1000/1001 and is written 0/1; modes and orders are 0-based when written."""
    for point, value, modbus, opendata in (
        (points.Settings.grid_charging, True, 1, 1),
        (points.Settings.grid_charging, False, 0, 0),
        (points.Settings.bypass, True, 1, 1),
        (points.System.order, "discharge", 2, 2),
        (points.System.order, "standby", 0, 0),
        (points.System.working_mode, "realtime", 4, 4),
        (points.Settings.led, "half", 2, 2),
    ):
        assert point.encode(point.source("modbus"), value) == modbus
        assert point.encode(point.source("opendata"), value) == opendata
    assert points.System.working_mode.encode(points.System.working_mode.source("modbus"), "custom_time") == 6
    assert points.System.working_mode.encode(points.System.working_mode.source("opendata"), "schedule") == 5


NEVER = {7240, 7241, 7242, 1132, 1133, 1134, 7075, 7560}


def test_nothing_can_write_what_must_never_be_written() -> None:
    """Grid code, cluster, clock, cloud and reset are no target of any source on any wire."""
    write_points_of_never = {number for number, point in write_points().items() if point.register in NEVER}
    for wire in ("modbus", "opendata", "gen1"):
        targets = {source.target for _, _, source in declared(wire) if source.writable}
        assert not targets & (NEVER | write_points_of_never)


def test_injection_is_not_written_either() -> None:
    """The meter's own registers may be written by the vendor's rules, but not by us."""
    for point in (points.Grid.meter_connected, points.Grid.meter_power):
        assert not any(point.source(wire).writable for wire in ("modbus", "opendata", "gen1"))


def test_every_derived_point_has_no_source_and_every_other_has_one() -> None:
    """A point without sources is one that the device computes."""
    derived = {repr(point) for block in BLOCKS for point in block.points.values() if not point.sources}
    assert derived == {
        "System.alarm", "System.has_alarm", "Battery.power", "Battery.charge_power", "Battery.discharge_power", "Battery.soc",
        "PvInput.alarm", "Radio.signal", "Link.transport", "Link.settings_writes_left", "Link.mode_writes", "Link.command_latency",
        "Link.running", "Pack.imbalance",
    }  # fmt: skip


def test_everything_that_identifies_the_unit_is_secret() -> None:
    """Serial numbers and the MAC address are scrubbed from diagnostics."""
    for block in BLOCKS:
        for name, point in block.points.items():
            identifies = "serial" in name or name == "mac" or block is points.Serials
            assert point.secret == identifies, point
