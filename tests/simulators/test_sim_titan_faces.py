"""The Titan's two wires: the vendor table is complete, and both show the same house."""

import csv
import hashlib
from pathlib import Path
import struct

import pytest

from simulators import titan_table
from tests.simulators.raw_clients import RawHttp

SIGNED = {"int16", "int32"}
ORDER = {"6107": 1150, "6109": 1151, "6108": 1152}


def test_the_table_has_every_vendor_register() -> None:
    table = titan_table.registers()
    assert len(table) == 351
    assert sum(register.vendor for register in table.values()) == 195
    assert all(register.low is not None for register in table.values() if register.writable and register.tier != "never")
    with (Path(titan_table.__file__).parent / "titan_registers.csv").open() as handle:
        assert len({row["name"] for row in csv.DictReader(handle)}) == 351


async def raw_value(client, register) -> float | str:
    words = await client.read(register.address, register.words)
    if register.type == "string":
        return b"".join(w.to_bytes(2) for w in words).rstrip(b"\0").decode()
    raw = words[0] if register.words == 1 else words[0] << 16 | words[1]
    bits = 16 * register.words
    if register.type in SIGNED and raw >= 1 << bits - 1:
        raw -= 1 << bits
    return raw * register.scale


async def test_both_faces_agree_on_every_shared_quantity(titan, dial, house, clock) -> None:
    sim = await titan(packs=5, max_points=400)
    house.load_w, house.pv_w, house.bypass_w, house.ev_w = 400, 1500, 120, 50
    clock.now += 1800
    client = await dial(sim)
    points = await RawHttp(sim.http_port).get(*(p for p in titan_table.read_points() if p < 12000))
    checked = 0
    for point in titan_table.read_points().values():
        if point.register is None or str(point.point) not in points:
            continue
        shown, form = points[str(point.point)], point.form
        value = await raw_value(client, titan_table.registers()[point.register])
        checked += 1
        if form == "kwh":
            assert shown * 1000 == pytest.approx(value, abs=1), point
        elif form == "thousand":
            assert shown == 1000 + value, point
        elif form == "link":
            assert (shown == 1000) == (value == 1), point
        elif form == "role":
            assert shown == "1002"
            assert value == 0
        elif form == "percent":
            assert shown == pytest.approx(value * 100)
        else:
            assert shown == value or shown == pytest.approx(value, abs=1e-6), point
    assert checked > 120


async def test_every_gen2_read_point_has_data_with_all_packs(titan) -> None:
    sim = await titan(packs=5)
    wanted = list(titan_table.read_points())
    found: dict = {}
    for start in range(0, len(wanted), 100):
        found |= await RawHttp(sim.http_port).get(*wanted[start : start + 100])
    assert set(found) == {str(point) for point in wanted}


async def test_packs_that_are_not_fitted_are_absent(titan, dial) -> None:
    sim = await titan(packs=1)
    found = await RawHttp(sim.http_port).get(9008, 9032, 9051, 9035, 1136, 1138, 6002)
    assert set(found) == {"9008", "9032", "1136", "6002"}
    client = await dial(sim)
    assert await client.read(6246, 16) == [0] * 16
    assert (await client.read(6134, 1)) != [0]


async def test_word_order_strings_and_signs(titan, dial, house, clock) -> None:
    sim = await titan(word_order="little", string_words=4, string_swapped=True, battery_sign="charging_positive")
    house.load_w = 600
    clock.now += 10
    client = await dial(sim)
    low, high = await client.read(7512, 2)
    assert high << 16 | low == pytest.approx(house.energy.pv.total, abs=1)
    words = await client.read(6022, 16)
    assert words[4:] == [0] * 12
    assert struct.pack("<4H", *words[:4]).decode() == str(sim.value(6022))[:8]
    assert (await client.read(6564))[0] == 600
    found = await RawHttp(sim.http_port).get(6000, 6001)
    assert found == {"6000": -600, "6001": 1002}


async def test_small_powers_read_static(titan, house, clock) -> None:
    sim = await titan()
    house.load_w = 55
    clock.now += 5
    assert (sim.value(6563), sim.value(6564)) == (0, 55)
    house.load_w, house.pv_w = 0, 55
    clock.now += 5
    assert sim.value(6563) == 1


async def test_holes_length_function_and_unit(titan, dial) -> None:
    sim = await titan(holes="undocumented", extra_holes={103}, max_words=60, functions={4})
    client = await dial(sim)
    assert await client.read(70, 1) == 1
    assert await client.read(70, 4, 4) == [14501, 10212, 108, 10107]
    assert await client.read(70, 10, 4) == 2
    assert await client.read(103, 1, 4) == 2
    assert await client.read(0, 61, 4) == 3
    assert isinstance(await client.read(0, 60, 4), list)
    assert (await client.ask(3, 70, 1, unit=7))[1] == 11
    sim.options.foreign_units = "answer"
    assert (await client.ask(4, 70, 1, unit=7))[0] == 4


async def test_sunspec_common_model(titan, dial) -> None:
    sim = await titan()
    client = await dial(sim)
    words = await client.read(0, 70)
    assert words[:4] == [0x5375, 0x6E53, 1, 66]
    assert b"".join(w.to_bytes(2) for w in words[52:68]).rstrip(b"\0") == b"SIM-TITAN-0001"
    sim.options.sunspec = False
    assert await client.read(0, 2) == [0, 0]
    sim.options.holes = "undocumented"
    assert await client.read(0, 2) == 2


async def test_protocol_version_gates_registers(titan, dial) -> None:
    sim = await titan(protocol=15, holes="undocumented")
    client = await dial(sim)
    assert await client.read(7534) == [15]
    assert await client.read(7599) == 2
    assert await client.write(7300, 0) == 2
    assert await client.write(1144, 6) == 3


async def test_opendata_answers(titan, house) -> None:
    sim = await titan(missing_points={6002}, value_style="string", max_points=3)
    http = RawHttp(sim.http_port)
    assert await http.get(0, 6002, 142) == {"0": "SIM-TITAN-0001", "142": "5.376"}
    status, _ = await http.call("/rpc/Indevolt.GetData?config=%7B%22t%22:[1,2,3,4]%7D")
    assert status == 500
    status, config = await http.call("/rpc/Sys.GetConfig")
    assert config["device"]["type"] == "CMS-SF2000"
    assert config["device"]["sn"] == "SIM-TITAN-0001"
    for name in ("WiFi.GetConfig", "WiFi.GetStatus", "Cloud.GetStatus"):
        assert (await http.call(f"/rpc/{name}"))[0] == 200
    assert (await http.call("/rpc/Nothing"))[0] == 404
    assert (await http.call("/rpc/Indevolt.GetData"))[0] == 400
    sim.options.braces = "encoded"
    assert (await http.call('/rpc/Indevolt.GetData?config={"t":[1]}'))[0] == 400


def authorization(realm: str, nonce: str, target: str, password: str) -> str:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    first, second = md5(f"opend:{realm}:{password}"), md5(f"GET:{target}")
    response = md5(f"{first}:{nonce}:00000001:abc:auth:{second}")
    return (
        f'Authorization: Digest username="opend", realm="{realm}", nonce="{nonce}", uri="{target}", '
        f'qop=auth, nc=00000001, cnonce="abc", response="{response}"\r\n'
    )


async def test_digest_in_both_forms(titan) -> None:
    sim = await titan(digest_password="secret")
    http, target = RawHttp(sim.http_port), "/rpc/Sys.GetConfig"
    data = await http.raw(target)
    assert data.startswith(b"HTTP/1.1 401")
    nonce = data.split(b'nonce="')[1].split(b'"')[0].decode()
    good = authorization("IGEN", nonce, target, "secret")
    invented = authorization("cmFuZG9t", "mine", target, "secret")
    assert (await http.call(target, head=good))[0] == 200
    assert (await http.call(target, head=invented))[0] == 200
    assert (await http.call(target, head=authorization("x", "y", target, "wrong")))[0] == 401
    sim.options.digest_forms = "invented"
    assert (await http.call(target, head=good))[0] == 401
    sim.options.digest_forms = "challenge"
    assert (await http.call(target, head=invented))[0] == 401


async def test_override_shows_on_both_wires_until_cleared(titan, dial) -> None:
    sim = await titan()
    client, http = await dial(sim), RawHttp(sim.http_port)
    sim.set("System SOC", 33.3)
    sim.set("9405", "odd")
    assert await client.read(7599) == [333]
    assert await http.get(6002, 9405) == {"6002": 33.3, "9405": "odd"}
    sim.set("9405", None)
    assert await http.get(9405) == {}
    sim.clear()
    assert await http.get(6002, 9405) == {"6002": 50.0, "9405": 50.0}


async def test_meter_period_and_disabled_wires(titan, house, clock) -> None:
    sim = await titan(meter_period=5, http_enabled=False)
    house.set_mode(4)
    clock.now += 10
    assert sim.value(1247) == 0
    house.load_w = 700
    clock.now += 1
    assert sim.value(1247) == 0
    clock.now += 5
    assert sim.value(1247) == 700
    assert sim.http_port == 0


async def test_reboot(titan, dial, house, clock) -> None:
    sim = await titan()
    house.set_mode(4)
    house.realtime(1, 500, 90)
    clock.now += 60
    client = await dial(sim)
    await client.read(70)
    before = (await client.read(7586))[0]
    sim.reboot()
    with pytest.raises((ConnectionError, EOFError)):
        await client.read(70)
    client = await dial(sim)
    assert await client.read(7586) == [before + 1]
    assert await client.read(1144) == [4]
    assert await client.read(1150) == [0]
    _, config = await RawHttp(sim.http_port).call("/rpc/Sys.GetConfig")
    assert config["device"]["run_time"] == 0
    sim.reboot(keep_mode=False)
    assert sim.value(1144) == 1
