"""Writes: every alias, every range, and the ways a write may be acknowledged and yet not happen."""

import pytest

from tests.simulators.raw_clients import RawHttp

# write point, values, register it sets, read point, what that shows.
ALIASES = [
    (47005, [4], 1144, 7101, 4),
    (47005, [5], 1144, 7101, 5),
    (4, [6], 1144, 7101, 6),
    (1138, [1500], 1138, 11009, 1500),
    (11009, [1600], 1138, 11009, 1600),
    (1142, [25], 1142, 6105, 25),
    (6505, [30], 1142, 6105, 30),
    (1143, [0], 1143, 2618, 1000),
    (2618, [1], 1143, 2618, 1001),
    (1146, [700], 1146, 11010, 700),
    (11010, [800], 1146, 11010, 800),
    (1147, [900], 1147, 11011, 900),
    (7265, [2], 7265, 7171, 2),
    (35005, [0], 7265, 7171, 0),
    (7266, [0], 7266, 680, 0),
    (8646, [10], 7268, 8646, 10),
    (8647, [513], 7269, 8647, 513),
    (2802, [300], 7270, 2802, 300),
    (35001, [512], 1155, 35001, 512),
    (35002, [1024], 1156, 35002, 1024),
    (12197, [111], 7080, 26000, 111),
    (12244, [222], 7127, 26047, 222),
]


@pytest.mark.parametrize(("point", "values", "register", "back", "shown"), ALIASES)
async def test_write_alias(titan, dial, point: int, values: list[int], register: int, back: int, shown: int) -> None:
    sim = await titan()
    http = RawHttp(sim.http_port)
    assert await http.set(point, *values)
    assert (await http.get(back))[str(back)] == shown
    assert (await (await dial(sim)).read(register))[0] == values[0]
    assert [w.points for w in sim.writes] == [(point,)]


async def test_realtime_order_combined_and_separate(titan, house, clock) -> None:
    sim = await titan()
    http = RawHttp(sim.http_port)
    await http.set(47005, 4)
    assert await http.set(47015, 1, 700, 90)
    assert await http.get(6107, 6108, 6109) == {"6107": 1001, "6108": 90, "6109": 700}
    clock.now += 5
    assert house.battery_w == pytest.approx(-700)
    assert await http.set(47016, 800)
    assert await http.set(47017, 20)
    assert await http.set(47015, 2)
    clock.now += 10
    assert house.battery_w == pytest.approx(800)


@pytest.mark.parametrize(
    ("point", "values"),
    [
        (47005, [2]),
        (47005, [6]),
        (4, [5]),
        (47015, [3]),
        (47016, [3601]),
        (47017, [101]),
        (1138, [99]),
        (1142, [101]),
        (1143, [2]),
        (1147, [3601]),
        (7265, [3]),
        (8646, [61]),
        (2802, [99]),
        (8647, [60]),
        (1, [9]),
        (99999, [1]),
        (6000, [1]),
        (1138, []),
    ],
)
async def test_refused_on_opendata(titan, point: int, values: list[int]) -> None:
    sim = await titan()
    before = dict(sim.model.settings)
    assert not await RawHttp(sim.http_port).set(point, *values)
    assert sim.model.settings == before
    assert sim.writes[0].outcome == "false"


async def test_injection_points(titan) -> None:
    sim = await titan()
    http = RawHttp(sim.http_port)
    assert await http.set(15203, 0xFFFF, 0xFF38)
    assert await http.get(11016) == {"11016": -200}
    assert await http.set(15204, 0xFF00)
    assert await http.get(11016) == {"11016": -256}
    assert await http.set(18000, 1)
    assert await http.set(18001, 450)
    assert (sim.value(7238), sim.value(7239)) == (1, 450)
    assert await http.set(1, 3)


async def test_modbus_writes(titan, dial, house, clock) -> None:
    sim = await titan()
    client = await dial(sim)
    assert await client.write(1144, 4) == 0
    assert await client.write(1150, 2, 900, 10) == 0
    clock.now += 5
    assert await client.read(1150, 3) == [2, 900, 10]
    assert await client.read(6563, 2) == [2, 900]
    assert await client.write(1151, 3601) == 3
    assert await client.write(1144, 5) == 3
    assert await client.write(70, 1) == 2
    assert await client.write(1145, 1) == 2
    assert await client.write(1247, 5) == 2
    assert await client.write(1247, 0xFFFF, 0xFFFE) == 0
    assert await client.read(1247, 2) == [0xFFFF, 0xFFFE]
    assert await client.write(1154, 4) == 3
    assert [w.outcome for w in sim.writes].count("ok") == 3
    sim.options.cluster_role = "master"
    assert await client.write(1151, 10800) == 0


async def test_custom_periods_by_modbus(titan, dial, house, clock) -> None:
    sim = await titan()
    client = await dial(sim)
    assert await client.write(7300, 11 << 8, 13 << 8, 5, 600, 10) == 0
    assert await client.write(7300, 25 << 8) == 3
    assert await client.write(1144, 6) == 0
    clock.now += 5
    assert house.battery_w == pytest.approx(600)


async def test_calibration_now(titan, dial, house, clock) -> None:
    sim = await titan()
    client = await dial(sim)
    house.soc = 99.5
    assert await client.write(7271, 1) == 0
    clock.now += 5
    assert await client.read(138) == [15]
    clock.now += 3600
    assert await client.read(7271) == [0]
    assert house.soc == pytest.approx(100, abs=0.1)


async def test_meter_link_turns_the_two_encodings_around(titan, dial) -> None:
    sim = await titan()
    client, http = await dial(sim), RawHttp(sim.http_port)
    assert await http.get(7120) == {"7120": 1000}
    assert await client.write(1246, 0) == 0
    assert await http.get(7120) == {"7120": 1001}


async def test_latency_delays_the_read_back(titan, clock) -> None:
    sim = await titan(latency=4.0)
    http = RawHttp(sim.http_port)
    await http.set(47005, 4)
    assert await http.get(7101) == {"7101": 1}
    clock.now += 4.1
    assert await http.get(7101) == {"7101": 4}
    await http.set(47015, 1, 500, 80)
    assert (await http.get(6107))["6107"] == 1000
    clock.now += 4.1
    assert (await http.get(6107, 6109)) == {"6107": 1001, "6109": 500}


async def test_combined_writes_may_be_acknowledged_and_ignored(titan, dial) -> None:
    sim = await titan(reject_combined=True)
    http, client = RawHttp(sim.http_port), await dial(sim)
    await http.set(47005, 4)
    assert await http.set(47015, 1, 500, 80)
    assert await client.write(1150, 1, 500, 80) == 0
    assert sim.value(1150) == 0
    await http.set(47016, 500)
    await http.set(47017, 80)
    await http.set(47015, 1)
    assert (sim.value(1150), sim.value(1151)) == (1, 500)


async def test_outside_realtime_and_strict_range(titan, dial) -> None:
    sim = await titan(strict_range=True)
    http, client = RawHttp(sim.http_port), await dial(sim)
    assert await http.set(47015, 1, 500, 80)
    assert sim.value(1150) == 0
    sim.options.outside_realtime = "refuse"
    assert not await http.set(47015, 1, 500, 80)
    assert await client.write(1150, 1, 500, 80) == 3
    await http.set(47005, 4)
    assert not await http.set(47015, 0, 0, 0)
    assert await http.set(47015, 0, 50, 5)


async def test_a_slave_always_reports_mode_one(titan) -> None:
    sim = await titan(cluster_role="slave")
    http = RawHttp(sim.http_port)
    await http.set(47005, 4)
    assert await http.get(7101, 606) == {"7101": 1, "606": "1001"}


@pytest.mark.parametrize("wire", ["modbus", "http"])
async def test_lost_writes_and_silent_writes(titan, dial, wire: str) -> None:
    sim = await titan()
    http, client = RawHttp(sim.http_port), await dial(sim)
    sim.faults.set(wire, "lost_write*1")
    done = await http.set(1142, 40) if wire == "http" else await client.write(1142, 40) == 0
    assert done
    assert sim.value(1142) == 5
    sim.faults.set(wire, "no_answer*1")
    if wire == "http":
        target = "/rpc/Indevolt.SetData?config=%7B%22f%22:16,%22t%22:1142,%22v%22:[41]%7D"
        with pytest.raises(TimeoutError):
            await http.raw(target, seconds=0.2)
    else:
        await client.send(6, 1142, 41)
        assert await client.rest(0.2) == b""
    assert sim.value(1142) == 41
