"""The Titan's datasheet: every value, on Modbus TCP (``modbus``) and OpenData HTTP (``opendata``).

Facts: the vendor's register and point tables. Units W, Wh, A, V, Hz, °C, %. ``gen1`` is OpenData of
the older 1600 class, for what that class has. Where the two wires disagree on a unit, a code or a
direction, the point turns it here and nowhere else.
"""

from typing import Final

from ...energy_core.counters import CounterPolicy
from ...energy_core.points import Block, Point
from . import codes
from .sources import coded, each, point, register

SETTINGS_EVERY: Final = 300
PACKS_EVERY: Final = 300
INFO_EVERY: Final = 86400

LIFETIME, DAILY = CounterPolicy.LIFETIME, CounterPolicy.DAILY
KWH: Final = 1000
# A cluster of three units moves 10.8 kW; no power beyond twice that is real.
MAX_W: Final = 21600
MAX_WH: Final = 1e9
NOT_AVAILABLE: Final = 9999


class System(Block):
    """What the unit is doing and what it was told; decides every command."""

    essential = True

    state = Point(str, modbus=coded(138, codes.SYSTEM_STATE), opendata=point(11006, codes=codes.SYSTEM_STATE))
    alarm_word = Point(float, low=0, high=0xFFFF_FFFF, modbus=register(140, "u32"), opendata=point(8100))
    working_mode = Point(
        str,
        modbus=coded(1144, codes.WORKING_MODE, write_codes=codes.MODE_WRITES_MODBUS),
        opendata=point(7101, codes=codes.WORKING_MODE, write_key=47005, write_codes=codes.MODE_WRITES_OPENDATA),
        gen1=point(7101, codes=codes.WORKING_MODE, write_key=47005, write_codes=codes.MODE_WRITES_OPENDATA),
    )
    order = Point(
        str,
        modbus=coded(1150, codes.ORDER, write_codes=codes.ORDER_WRITES),
        opendata=point(6107, codes=codes.ORDER, write_key=47015, write_codes=codes.ORDER_WRITES),
        gen1=point(6107, codes=codes.ORDER, write_key=47015, write_codes=codes.ORDER_WRITES),
    )
    order_power = Point(
        float, "W", low=0, high=MAX_W, write_high=10800,
        modbus=register(1151, rw=True), opendata=point(6109, write_key=47016), gen1=point(6109, write_key=47016),
    )  # fmt: skip
    order_soc = Point(
        float, "%", low=0, high=100, write_high=100,
        modbus=register(1152, rw=True), opendata=point(6108, write_key=47017), gen1=point(6108, write_key=47017),
    )  # fmt: skip
    shutdown_count = Point(float, modbus=register(7586))
    hours_since_full = Point(float, "h", modbus=register(7600))
    # Derived: the first alarm by name, and whether there is any.
    alarm = Point(str, names=("none", *codes.ALARMS.values(), "other"))
    has_alarm = Point(bool)


class Battery(Block):
    """The battery as one, whatever the number of packs."""

    essential = True

    state = Point(
        str,
        modbus=coded(6563, codes.BATTERY_STATE),
        opendata=point(6001, codes=codes.BATTERY_STATE),
        gen1=point(6001, codes=codes.BATTERY_STATE),
    )
    # Sources contradict each other on the sign of both: never shown, only an input of `power`.
    raw_power = Point(float, "W", low=-MAX_W, high=MAX_W, modbus=register(6564, "s16"), opendata=point(6000), gen1=point(6000))
    system_soc = Point(float, "%", low=0, high=100, modbus=register(7599, scale=0.1), opendata=point(6002), gen1=point(6002))
    soc_of_main = Point(float, "%", low=0, high=100, modbus=register(7593, scale=0.1), opendata=point(6009))
    soc_of_pack_1 = Point(float, "%", low=0, high=100, modbus=register(7594, scale=0.1))
    soc_of_pack_2 = Point(float, "%", low=0, high=100, modbus=register(7595, scale=0.1))
    soc_of_pack_3 = Point(float, "%", low=0, high=100, modbus=register(7596, scale=0.1))
    soc_of_pack_4 = Point(float, "%", low=0, high=100, modbus=register(7597, scale=0.1))
    soc_of_pack_5 = Point(float, "%", low=0, high=100, modbus=register(7598, scale=0.1))
    charged_today = Point(
        float, "Wh", low=0, high=MAX_WH, counter=DAILY,
        modbus=register(7519, "u32"), opendata=point(6004, KWH), gen1=point(6004, KWH),
    )  # fmt: skip
    discharged_today = Point(
        float, "Wh", low=0, high=MAX_WH, counter=DAILY,
        modbus=register(7521, "u32"), opendata=point(6005, KWH), gen1=point(6005, KWH),
    )  # fmt: skip
    charged_total = Point(
        float, "Wh", low=0, high=MAX_WH, counter=LIFETIME,
        modbus=register(1269, "u32"), opendata=point(6006, KWH), gen1=point(6006, KWH),
    )  # fmt: skip
    discharged_total = Point(
        float, "Wh", low=0, high=MAX_WH, counter=LIFETIME,
        modbus=register(1271, "u32"), opendata=point(6007, KWH), gen1=point(6007, KWH),
    )  # fmt: skip
    charge_time_left = Point(
        float, "min", low=0, modbus=register(1282, missing=NOT_AVAILABLE), opendata=point(11019, missing=NOT_AVAILABLE)
    )
    discharge_time_left = Point(
        float, "min", low=0, modbus=register(1283, missing=NOT_AVAILABLE), opendata=point(11020, missing=NOT_AVAILABLE)
    )
    # Derived: + = discharging, and its two unsigned halves; SoC on any protocol version.
    power = Point(float, "W")
    charge_power = Point(float, "W")
    discharge_power = Point(float, "W")
    soc = Point(float, "%")


class Solar(Block):
    """All PV inputs together."""

    power = Point(float, "W", low=0, high=MAX_W, modbus=register(2250), opendata=point(1501), gen1=point(1501))
    today = Point(
        float, "Wh", low=0, high=MAX_WH, counter=DAILY,
        modbus=register(124, "u32"), opendata=point(1502, KWH), gen1=point(1502, KWH),
    )  # fmt: skip
    total = Point(
        float, "Wh", low=0, high=MAX_WH, counter=LIFETIME,
        modbus=register(7512, "u32"), opendata=point(1505), gen1=point(1505),
    )  # fmt: skip


class PvInput(Block):
    """One PV input of up to four."""

    current = Point(
        float, "A", low=0, high=100,
        modbus=each(register, 2219, 2239, 2260, 2280, scale=0.01), opendata=each(point, 1632, 1633, 1634, 1635),
        gen1=each(point, 1632, 1633),
    )  # fmt: skip
    voltage = Point(
        float, "V", low=0, high=1000,
        modbus=each(register, 2220, 2240, 2261, 2281, scale=0.1), opendata=each(point, 1600, 1601, 1602, 1603),
        gen1=each(point, 1600, 1601),
    )  # fmt: skip
    power = Point(
        float, "W", low=0, high=MAX_W,
        modbus=each(register, 2221, 2241, 2262, 2282), opendata=each(point, 1664, 1665, 1666, 1667),
        gen1=each(point, 1664, 1665, 1666, 1667),
    )  # fmt: skip
    state = Point(
        str,
        modbus=each(coded, 2227, 2247, 2268, 2288, codes=codes.PV_STATE),
        opendata=each(point, 7119, 7124, 7126, 7127, codes=codes.PV_STATE),
    )
    alarm_word = Point(
        float,
        modbus=each(register, 2228, 2248, 2269, 2289, kind="u32"),
        opendata=each(point, 8138, 8102, 8132, 8133),
    )
    # Derived: the first alarm by name.
    alarm = Point(str, names=("none", *codes.PV_ALARMS.values(), "other"))


class Grid(Block):
    """The AC side: the unit's own port, the grid meter, the bypass socket, the home."""

    # OpenData splits the net AC power; Modbus gives it signed, + = taking from AC. `ac_*` on Modbus are derived.
    net_ac_power = Point(float, "W", low=-MAX_W, high=MAX_W, modbus=register(1284, "s16"), opendata=point(2278))
    ac_input_power = Point(float, "W", low=0, high=MAX_W, opendata=point(2101), gen1=point(2101))
    ac_output_power = Point(float, "W", low=0, high=MAX_W, opendata=point(2108), gen1=point(2108))
    inverter_power = Point(float, "W", low=-MAX_W, high=MAX_W, modbus=register(174, "s16"), opendata=point(2275))
    inverter_voltage = Point(float, "V", low=0, high=1000, modbus=register(110, scale=0.1), opendata=point(2083))
    inverter_current = Point(float, "A", low=0, high=200, modbus=register(103, scale=0.1), opendata=point(2086))
    inverter_frequency = Point(float, "Hz", low=0, high=100, modbus=register(116, scale=0.01), opendata=point(2095))
    apparent_power = Point(float, "VA", low=-MAX_W, high=MAX_W, modbus=register(118, "s16"), opendata=point(2098))
    reactive_power = Point(float, "var", low=-MAX_W, high=MAX_W, modbus=register(120, "s16"), opendata=point(2097))
    # Documents disagree on the unit: a ratio or percent. The device normalises it to percent.
    power_factor = Point(float, "%", low=-100, high=100, modbus=register(122, "s16", 0.1), opendata=point(2099))
    grid_voltage = Point(float, "V", low=0, high=1000, modbus=register(7591, scale=0.1), opendata=point(2600))
    grid_frequency = Point(float, "Hz", low=0, high=100, modbus=register(7592, scale=0.01), opendata=point(2612))
    home_power = Point(float, "W", low=-MAX_W, high=MAX_W, modbus=register(154, "s16"), opendata=point(5000))
    meter_connected = Point(
        bool,
        modbus=coded(1246, codes.SWITCH),
        opendata=point(7120, codes=codes.METER_LINK_OPENDATA),
        gen1=point(7120, codes=codes.METER_LINK_OPENDATA),
    )
    meter_power = Point(
        float, "W", low=-1e6, high=1e6, modbus=register(1247, "s32"), opendata=point(11016, missing=-0x8000), gen1=point(21028)
    )
    bypass_power = Point(float, "W", low=-MAX_W, high=MAX_W, modbus=register(7553, "s16"), opendata=point(667), gen1=point(667))
    bypass_mode = Point(
        str,
        modbus=coded(7554, codes.BYPASS_MODE),
        opendata=point(11039, codes=codes.BYPASS_MODE),
        gen1=point(7170, codes=codes.BYPASS_MODE),
    )
    ac_input_total = Point(
        float, "Wh", low=0, high=MAX_WH, counter=LIFETIME,
        modbus=register(7510, "u32"), opendata=point(2107, KWH), gen1=point(2107, KWH),
    )  # fmt: skip
    ac_output_total = Point(float, "Wh", low=0, high=MAX_WH, counter=LIFETIME, opendata=point(2104, KWH), gen1=point(2104, KWH))
    off_grid_total = Point(float, "Wh", low=0, high=MAX_WH, counter=LIFETIME, opendata=point(2105, KWH), gen1=point(2105, KWH))
    inverter_input_total = Point(
        float, "Wh", low=0, high=MAX_WH, counter=LIFETIME, modbus=register(170, "u32"), opendata=point(11007)
    )
    on_grid_today = Point(float, "Wh", low=0, high=MAX_WH, counter=DAILY, modbus=register(7549, "u32"), opendata=point(11036))
    # OpenData 11037 is Wh in the new table and kWh in the old one: only Modbus is unambiguous.
    off_grid_today = Point(float, "Wh", low=0, high=MAX_WH, counter=DAILY, modbus=register(7551, "u32"))
    bypass_total = Point(float, "Wh", low=0, high=MAX_WH, counter=LIFETIME, modbus=register(196, "u32"), opendata=point(9284))
    bypass_today = Point(float, "Wh", low=0, high=MAX_WH, counter=DAILY, modbus=register(198, "u32"), opendata=point(9285))
    microinverter_total = Point(
        float, "Wh", low=0, high=MAX_WH, counter=LIFETIME, modbus=register(7545, "u32"), opendata=point(11034), gen1=point(11034)
    )
    microinverter_today = Point(
        float, "Wh", low=0, high=MAX_WH, counter=DAILY, modbus=register(7547, "u32"), opendata=point(11035)
    )


class Settings(Block):
    """What was configured; persistent in the unit, so written on change only and within a budget."""

    every = SETTINGS_EVERY
    essential = True

    charge_limit = Point(
        float, "W", low=0, high=MAX_W, write_low=100, write_high=10800,
        modbus=register(1138, rw=True), opendata=point(11009, write_key=1138),
    )  # fmt: skip
    standby_timeout = Point(float, "h", low=0, write_high=720, modbus=register(1140, rw=True), opendata=point(632))
    backup_soc = Point(
        float, "%", low=0, high=100, write_low=5, write_high=100,
        modbus=register(1142, rw=True), opendata=point(6105, write_key=1142), gen1=point(6105),
    )  # fmt: skip
    grid_charging = Point(
        bool,
        modbus=coded(1143, codes.SWITCH, rw=True),
        opendata=point(2618, codes=codes.SWITCH_1000, write_key=1143, write_codes={False: 0, True: 1}),
        gen1=point(2618, codes=codes.SWITCH_1000),
    )
    feed_in_limit = Point(
        float, "W", low=0, high=MAX_W, write_high=10800,
        modbus=register(1146, rw=True), opendata=point(11010, write_key=1146),
    )  # fmt: skip
    output_limit = Point(
        float, "W", low=0, high=MAX_W, write_low=50, write_high=10800,
        modbus=register(1147, rw=True), opendata=point(11011, write_key=1147),
    )  # fmt: skip
    off_grid_backup_soc = Point(float, "%", low=0, high=100, write_low=5, write_high=100, modbus=register(1154, rw=True))
    # Packed times: high byte hour, low byte minute.
    sleep_start = Point(float, low=0, write_high=0x173B, modbus=register(1155, rw=True), opendata=point(35001, rw=True))
    sleep_end = Point(float, low=0, write_high=0x173B, modbus=register(1156, rw=True), opendata=point(35002, rw=True))
    grid_code = Point(str, modbus=coded(7240, codes.GRID_CODE))
    cluster_role = Point(
        str,
        modbus=coded(7241, codes.CLUSTER_ROLE_MODBUS),
        opendata=point(606, codes=codes.CLUSTER_ROLE_OPENDATA),
        gen1=point(606, codes=codes.CLUSTER_ROLE_OPENDATA),
    )
    cluster_type = Point(str, modbus=coded(7242, codes.CLUSTER_TYPE), opendata=point(669, codes=codes.CLUSTER_TYPE))
    led = Point(str, modbus=coded(7265, codes.LED, rw=True), opendata=point(7171, codes=codes.LED, write_key=7265))
    bypass = Point(
        bool,
        modbus=coded(7266, codes.SWITCH, rw=True),
        opendata=point(680, codes=codes.SWITCH_1000, write_key=7266, write_codes={False: 0, True: 1}),
    )
    key_load = Point(bool, modbus=coded(7267, codes.SWITCH, rw=True), opendata=point(64100, codes=codes.SWITCH))
    calibration_interval = Point(
        float, "d", low=0, high=60, write_high=60, modbus=register(7268, rw=True), opendata=point(8646, rw=True)
    )
    calibration_start = Point(float, low=0, write_high=0x173B, modbus=register(7269, rw=True), opendata=point(8647, rw=True))
    forced_charge_power = Point(
        float,
        "W",
        low=0,
        high=MAX_W,
        write_low=100,
        write_high=2400,
        modbus=register(7270, rw=True),
        opendata=point(2802, rw=True),
    )
    calibrate_now = Point(float, low=0, write_high=1, modbus=register(7271, rw=True))
    reverse_charging = Point(bool, modbus=coded(7272, codes.SWITCH, rw=True))
    # What the unit can do at this moment: temperature, packs and firmware move it.
    available_power = Point(float, "W", low=0, high=MAX_W, modbus=register(83), opendata=point(614))
    max_charge_power = Point(float, "W", low=0, high=MAX_W, modbus=register(90), opendata=point(114))
    max_discharge_power = Point(float, "W", low=0, high=MAX_W, modbus=register(91), opendata=point(115))


class Identity(Block):
    """Who is at this address; checked again after every lost connection."""

    every = INFO_EVERY
    essential = True

    device_serial = Point(str, secret=True, opendata=point("Sys.GetConfig.device.sn"), gen1=point("Sys.GetConfig.device.sn"))
    sunspec_serial = Point(str, secret=True, modbus=register(52, "text", alone=True))
    pack_serial = Point(str, secret=True, modbus=register(6022, "text"), opendata=point(9008))
    device_type = Point(str, opendata=point("Sys.GetConfig.device.type"), gen1=point("Sys.GetConfig.device.type"))


class Info(Block):
    """What the unit is: versions and ratings. They change with firmware and hardware only."""

    every = INFO_EVERY
    essential = True

    ems_firmware = Point(str, modbus=register(70), opendata=point(1118), gen1=point(1118))
    bms_firmware = Point(str, modbus=register(71), opendata=point(1109), gen1=point(1107))
    inverter_firmware = Point(str, modbus=register(72), opendata=point(1119), gen1=point(1119))
    mppt_firmware = Point(str, modbus=register(73), opendata=point(1120), gen1=point(311))
    protocol = Point(float, low=1, modbus=register(7534), opendata=point(1127))
    product_code = Point(str, opendata=point(1))
    pv_inputs = Point(float, low=0, high=4, modbus=register(78), opendata=point(120))
    max_packs = Point(float, low=0, high=100, modbus=register(80), opendata=point(6010))
    rated_power = Point(float, "W", low=0, high=MAX_W, modbus=register(81), opendata=point(4), gen1=point(4))
    rated_capacity = Point(float, "Wh", low=0, high=1e6, modbus=register(89), opendata=point(142, KWH), gen1=point(142, KWH))
    off_grid_rated_power = Point(float, "W", low=0, high=MAX_W, modbus=register(7539), opendata=point(11030))
    mppt_rated_power = Point(float, "W", low=0, high=MAX_W, modbus=register(7540), opendata=point(11031))
    on_grid_rated_power = Point(float, "W", low=0, high=MAX_W, modbus=register(7541), opendata=point(11032))
    cms_firmware = Point(str, opendata=point("Sys.GetConfig.device.fw"), gen1=point("Sys.GetConfig.device.fw"))
    mac = Point(str, secret=True, opendata=point("Sys.GetConfig.device.mac"), gen1=point("Sys.GetConfig.device.mac"))


class Network(Block):
    """The communication module, which only OpenData shows."""

    every = SETTINGS_EVERY
    essential = True

    uptime = Point(
        float, "s", low=0, opendata=point("Sys.GetConfig.device.run_time"), gen1=point("Sys.GetConfig.device.run_time")
    )


class Radio(Block):
    """The Wi-Fi link, asked for only when somebody wants to know."""

    every = SETTINGS_EVERY
    late = True

    # The unit says 0..100; half of it less 100 is dBm.
    quality = Point(float, "%", low=0, high=100, opendata=point("WiFi.GetConfig.sta.rssi"))
    signal = Point(float, "dBm")


class Link(Block):
    """How we talk to the unit. All derived."""

    transport = Point(str, names=("modbus_tcp", "opendata"))
    settings_writes_left = Point(float)
    mode_writes = Point(float)
    command_latency = Point(float, "ms")
    running = Point(str, names=("none", "charge", "discharge"))


class Serials(Block):
    """Which extension packs are fitted: an empty serial number is an empty slot."""

    every = INFO_EVERY
    essential = True
    late = True

    pack_1 = Point(str, secret=True, modbus=register(6134, "text"), opendata=point(9032))
    pack_2 = Point(str, secret=True, modbus=register(6246, "text"), opendata=point(9051))
    pack_3 = Point(str, secret=True, modbus=register(6358, "text"), opendata=point(9070))
    pack_4 = Point(str, secret=True, modbus=register(6470, "text"), opendata=point(9165))
    pack_5 = Point(str, secret=True, modbus=register(6745, "text"), opendata=point(9218))


class Pack(Block):
    """One battery pack: index 0 is the main unit, 1 to 5 the extensions."""

    every = PACKS_EVERY
    late = True
    counts_from = 0

    soc = Point(
        float, "%", low=0, high=100,
        modbus=each(register, 7593, 7594, 7595, 7596, 7597, 7598, scale=0.1),
        opendata=each(point, 9000, 9016, 9035, 9054, 9149, 9202),
    )  # fmt: skip
    soh = Point(
        float, "%", low=0, high=100,
        modbus=each(register, 6007, 6119, 6231, 6343, 6455, 6730), opendata=each(point, 9002, 9018, 9037, 9056, 9151, 9204),
    )  # fmt: skip
    cycles = Point(
        float, low=0, high=1e6,
        modbus=each(register, 6008, 6120, 6232, 6344, 6456, 6731, kind="u32"),
        opendata=each(point, 9003, 9019, 9038, 9057, 9152, 9205),
    )  # fmt: skip
    voltage = Point(
        float, "V", low=0, high=100,
        modbus=each(register, 6010, 6122, 6234, 6346, 6458, 6733, scale=0.01),
        opendata=each(point, 9004, 9020, 9039, 9058, 9153, 9206),
    )  # fmt: skip
    current = Point(
        float, "A", low=-500, high=500,
        modbus=each(register, 6108, 6220, 6332, 6444, 6556, 6831, kind="s16", scale=0.01),
        opendata=each(point, 9013, 19173, 19174, 19175, 19176, 19177),
    )  # fmt: skip
    temperature = Point(float, "°C", low=-60, high=150, opendata=each(point, 9012, 9030, 9049, 9068, 9163, 9216))
    min_temperature = Point(
        float, "°C", low=-60, high=150,
        modbus=each(register, 6018, 6130, 6242, 6354, 6466, 6741, kind="s16"),
        opendata=each(point, None, 9028, 9047, 9066, 9161, 9214),
    )  # fmt: skip
    mosfet_temperature = Point(float, "°C", low=-60, high=200, opendata=each(point, 11042, 9085, 9101, 9117, 9133, 9270))
    cell_1_voltage = Point(float, "V", low=0, high=10, opendata=each(point, 9009, 9021, 9040, 9059, 9154, 9219))
    cell_2_voltage = Point(float, "V", low=0, high=10, opendata=each(point, 9011, 9023, 9042, 9061, 9156, 9222))
    dcdc_state = Point(
        str,
        modbus=each(coded, 6588, 6620, 6652, 6684, 6716, 6860, codes=codes.DCDC_STATE),
        opendata=each(point, 9079, 9095, 9111, 9127, 9143, 9278, codes=codes.DCDC_STATE),
    )
    heater = Point(
        bool,
        modbus=each(coded, 6593, 6625, 6657, 6689, 6721, 6865, codes=codes.SWITCH_1000),
        opendata=each(point, 9080, 9096, 9112, 9128, 9144, 9279, codes=codes.SWITCH_1000),
    )
    heater_temperature = Point(
        float, "°C", low=-60, high=200,
        modbus=each(register, 6594, 6626, 6658, 6690, 6722, 6866, kind="s16"),
        opendata=each(point, 9081, 9097, 9113, 9129, 9145, 9280),
    )  # fmt: skip
    heater_power = Point(
        float, "W", low=0, high=1000,
        modbus=each(register, 6595, 6627, 6659, 6691, 6723, 6867), opendata=each(point, 9082, 9098, 9114, 9130, 9146, 9281),
    )  # fmt: skip
    # Derived: how far apart the two cell groups are.
    imbalance = Point(float, "mV")
